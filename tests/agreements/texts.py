"""Agreements and requests that tests share. Every institution is fictional."""

from __future__ import annotations

from datetime import date
from functools import lru_cache

from ayni.agreements.decide import Slice, compile_text
from ayni.agreements.drafting import new_text
from ayni.agreements.request import sample
from ayni.agreements.text import AgreementText, Party
from ayni.agreements.vocabulary import Value

STARTS = date(2026, 1, 1)
PARTIES = (
    Party(id="ec.armada", name="Armada de Ejercicio", country="EC", parent="ec.defensa"),
    Party(id="pe.dicapi", name="Dirección de Ejercicio", country="PE"),
    Party(id="br.marinha", name="Marinha de Exercício", country="BR"),
)


def a_text(template: str = "maritime-bilateral", agreement: str = "EC-PE-1") -> AgreementText:
    """Return a complete text made from a template."""
    parties = PARTIES if template == "regional-multilateral" else PARTIES[:2]
    return new_text(template, agreement=agreement, parties=parties, starts_on=STARTS)


@lru_cache(maxsize=16)
def a_slice(template: str = "maritime-bilateral") -> Slice:
    """Return the compiled slice of a template's text."""
    return compile_text(a_text(template))


def a_request(**changes: Value) -> dict[str, Value]:
    """Return facts that the maritime template permits, with *changes*."""
    plain: dict[str, Value] = {
        "principal": "pe.dicapi",
        "resource__originator": "ec.armada",
        "resource__purposes": ("counter-narcotics",),
        "context__holder": "pe.dicapi",
        "context__purpose": "counter-narcotics",
    }
    return sample(**{**plain, **changes})
