"""What a check returns, and the plain spelling every check starts from."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from types import ModuleType

from ayni.model.signal import Fact, Reason
from ayni.toolkit.phrases import phrase

LONGEST = 64
"""No code checked here is longer; more text than this is not a code and is not looked at."""

NO_CODE = phrase("is not written like one: {text}")
WRONG_LENGTH = phrase("has the wrong length: {text}")
WRONG_CHECK_DIGIT = phrase("its check digit does not agree: {text}")
WRONG_PART = phrase("a part of it does not exist: {text}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """A number, what it is, and what was found wrong with it."""

    kind: str
    """`imo`, `mmsi`, `icao24`, `container`, `iban`, `ec.ruc`…"""
    code: str
    """In its usual spelling where it could be read, else as given (shortened)."""
    country: str = ""
    """ISO 3166-1 alpha-2 of the State or territory whose block it is from; empty where the code does not say."""
    wrong: tuple[Reason, ...] = ()

    @property
    def valid(self) -> bool:
        """True when nothing was found wrong."""
        return not self.wrong


def plain(text: object) -> str:
    """Return *text* as capital letters and digits: full-width digits read as digits, blanks, dots and dashes gone."""
    shown = unicodedata.normalize("NFKC", str(text))[: 4 * LONGEST]
    return "".join(sign for sign in shown.upper() if sign not in " .-‐‑–—/\t\u00a0")[:LONGEST]  # noqa: RUF001 -- the dashes people type


def wrong(says: str, **facts: Fact) -> Reason:
    """Return a finding: a reason to ask, without weight of its own."""
    return Reason(says=says, facts=facts, weight=0.0)


def by_stdnum(kind: str, text: object, module: ModuleType, country: Callable[[str], str] = lambda _: "") -> Checked:
    """Check *text* with one module of python-stdnum."""
    from stdnum import exceptions  # noqa: PLC0415 -- only who checks a code pays for it

    given = plain(text)
    says = {
        exceptions.InvalidLength: WRONG_LENGTH,
        exceptions.InvalidChecksum: WRONG_CHECK_DIGIT,
        exceptions.InvalidComponent: WRONG_PART,
    }
    try:
        code = str(module.validate(given))
    except exceptions.ValidationError as error:
        return Checked(kind=kind, code=given, wrong=(wrong(says.get(type(error), NO_CODE), text=given),))
    return Checked(kind=kind, code=code, country=country(code))
