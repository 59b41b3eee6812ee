"""Numbers on things: containers, vehicles, telephones."""

from __future__ import annotations

import re

from ayni.toolkit.codes.checked import NO_CODE, WRONG_CHECK_DIGIT, Checked, by_stdnum, plain, wrong

VIN_VALUES = dict(
    zip("ABCDEFGHJKLMNPRSTUVWXYZ", (1, 2, 3, 4, 5, 6, 7, 8, 1, 2, 3, 4, 5, 7, 9, 2, 3, 4, 5, 6, 7, 8, 9), strict=True)
)
VIN_WEIGHTS = (8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2)
VIN_CHECK_AT = 8
VIN_LAWFUL_CHECK = frozenset("12345")
"""North America: only there is the check digit obligatory. Source: 49 CFR 565; ISO 3779 leaves it open."""


def check_container(text: object) -> Checked:
    """Check a freight container: owner, category U, J or Z, serial number, check digit. Source: ISO 6346:2022."""
    from stdnum import iso6346  # noqa: PLC0415 -- only who checks a code pays for it

    return by_stdnum("container", text, iso6346)


def check_imei(text: object) -> Checked:
    """Check a telephone's IMEI by Luhn's rule. Source: 3GPP TS 23.003."""
    from stdnum import imei  # noqa: PLC0415 -- only who checks a code pays for it

    return by_stdnum("imei", text, imei)


def check_vin(text: object) -> Checked:
    """Check a vehicle identification number; the check digit where it is obligatory. Source: ISO 3779:2009."""
    given = plain(text)
    if not re.fullmatch(r"[A-HJ-NPR-Z0-9]{17}", given):
        return Checked(kind="vin", code=given, wrong=(wrong(NO_CODE, text=given),))
    total = sum(int(VIN_VALUES.get(sign, sign)) * weight for sign, weight in zip(given, VIN_WEIGHTS, strict=True))
    expected = "0123456789X"[total % 11]
    asked = given[0] in VIN_LAWFUL_CHECK
    found = (wrong(WRONG_CHECK_DIGIT, text=given),) if asked and given[VIN_CHECK_AT] != expected else ()
    return Checked(kind="vin", code=given, wrong=found)
