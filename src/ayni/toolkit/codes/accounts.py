"""Numbers of accounts, institutions, securities, and of taxpayers and citizens of the region.

The rules are python-stdnum's, one module a number; here they get one way of answering.
"""

from __future__ import annotations

import importlib

from ayni.toolkit.codes.checked import Checked, by_stdnum, plain, wrong
from ayni.toolkit.phrases import phrase

NATIONAL = (
    *(
        "ar.cuit",
        "ar.dni",
        "br.cnpj",
        "br.cpf",
        "cl.rut",
        "co.nit",
        "cr.cpf",
        "cr.cpj",
        "cu.ni",
        "do.cedula",
        "do.rnc",
    ),
    *("ec.ci", "ec.ruc", "es.cif", "es.nie", "es.nif", "fr.nif", "fr.siren", "gt.nit", "mx.curp", "mx.rfc", "pe.cui"),
    *("pe.ruc", "pt.nif", "py.ruc", "sv.nit", "us.ein", "us.ssn", "uy.rut", "ve.rif"),
)
"""Tax and identity numbers that `check_national` knows: country, then the number's own name."""

NOT_KNOWN = phrase("no rule is known for numbers of the kind {kind}")


def check_iban(text: object) -> Checked:
    """Check an account number: country, length, structure, check digits. Source: ISO 13616."""
    from stdnum import iban  # noqa: PLC0415 -- only who checks a code pays for it

    return by_stdnum("iban", text, iban, country=lambda code: code[:2])


def check_bic(text: object) -> Checked:
    """Check a bank's code: four letters, country, place, optional branch; it has no check digit. Source: ISO 9362."""
    from stdnum import bic  # noqa: PLC0415 -- only who checks a code pays for it

    return by_stdnum("bic", text, bic, country=lambda code: code[4:6])


def check_lei(text: object) -> Checked:
    """Check a legal entity identifier. Source: ISO 17442."""
    from stdnum import lei  # noqa: PLC0415 -- only who checks a code pays for it

    return by_stdnum("lei", text, lei)


def check_isin(text: object) -> Checked:
    """Check a security's number. Source: ISO 6166."""
    from stdnum import isin  # noqa: PLC0415 -- only who checks a code pays for it

    return by_stdnum("isin", text, isin, country=lambda code: code[:2])


def check_national(kind: str, text: object) -> Checked:
    """Check a tax or identity number of one of `NATIONAL`, e.g. `ec.ruc`."""
    if kind not in NATIONAL:
        return Checked(kind=kind, code=plain(text), wrong=(wrong(NOT_KNOWN, kind=kind),))
    return by_stdnum(kind, text, importlib.import_module(f"stdnum.{kind}"), country=lambda _: kind[:2].upper())
