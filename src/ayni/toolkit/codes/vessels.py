"""A vessel's numbers: the hull's (IMO) and the radio's (MMSI).

The IMO number stays with the hull for life; six digits and a check digit. Source: IMO Resolution
A.1117(30). The MMSI is the radio station's, and changes with the flag: its shape tells what kind of
station it is, three of its digits (MID) which State gave it. Source: ITU-R M.585-9 (2022).
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from importlib import resources

from ayni.toolkit.codes.checked import NO_CODE, WRONG_CHECK_DIGIT, Checked, plain, wrong
from ayni.toolkit.phrases import phrase

IMO_DIGITS = 7
MMSI_DIGITS = 9

UNALLOCATED_MID = phrase("no State has been given the digits {mid} that its number begins with")
SAME_DIGIT = phrase("its number is one digit repeated or a row of digits: {text}")
NOT_A_STATION = phrase("its number has the form of no radio station: {text}")


class Station(StrEnum):
    """What kind of radio station an MMSI belongs to. Source: ITU-R M.585-9."""

    SHIP = "ship"
    GROUP = "group-of-ships"
    COAST = "coast-station"
    AIRCRAFT = "search-and-rescue-aircraft"
    HANDHELD = "handheld"
    CRAFT = "craft-of-a-parent-ship"
    AID_TO_NAVIGATION = "aid-to-navigation"
    SART = "search-and-rescue-transmitter"
    MOB = "man-overboard"
    EPIRB = "distress-beacon"
    AMRD = "autonomous-device"
    """Such as a fishing-gear beacon (group B)."""
    UNKNOWN = "unknown"

    @property
    def distress(self) -> bool:
        """True for a beacon that somebody sets off in need."""
        return self in {Station.SART, Station.MOB, Station.EPIRB}


SHAPES: tuple[tuple[str, Station, int | None], ...] = (
    ("111", Station.AIRCRAFT, 3),
    ("970", Station.SART, None),
    ("972", Station.MOB, None),
    ("974", Station.EPIRB, None),
    ("979", Station.AMRD, None),
    ("98", Station.CRAFT, 2),
    ("99", Station.AID_TO_NAVIGATION, 2),
    ("00", Station.COAST, 2),
    ("0", Station.GROUP, 1),
    ("8", Station.HANDHELD, 1),
    *((digit, Station.SHIP, 0) for digit in "234567"),
)
"""First digits, the station they mean, and where the MID stands."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mmsi(Checked):
    """An MMSI with its station and the three digits of its State."""

    station: Station = Station.UNKNOWN
    mid: str = ""


def check_imo(text: object) -> Checked:
    """Check an IMO number, with or without the letters; the last digit proves the six before it."""
    given = plain(text).removeprefix("IMO").removeprefix(":")
    if len(given) != IMO_DIGITS or not _digits(given):
        return Checked(kind="imo", code=given, wrong=(wrong(NO_CODE, text=given),))
    total = sum(int(digit) * weight for digit, weight in zip(given, range(7, 1, -1), strict=False))
    found = () if total % 10 == int(given[-1]) and set(given) != {"0"} else (wrong(WRONG_CHECK_DIGIT, text=given),)
    return Checked(kind="imo", code=given, wrong=found)


def check_mmsi(text: object) -> Mmsi:
    """Check an MMSI and read station and State from it. A number may have lost its leading zeros."""
    given = plain(text)
    if isinstance(text, int) and 0 < text < 10**MMSI_DIGITS:
        given = given.zfill(MMSI_DIGITS)
    if len(given) != MMSI_DIGITS or not _digits(given):
        return Mmsi(kind="mmsi", code=given, wrong=(wrong(NO_CODE, text=given),))
    if len(set(given)) == 1 or given in "1234567890123456789":
        return Mmsi(kind="mmsi", code=given, wrong=(wrong(SAME_DIGIT, text=given),))
    for start, station, at in SHAPES:
        if given.startswith(start):
            return _with_country(given, station, at)
    return Mmsi(kind="mmsi", code=given, wrong=(wrong(NOT_A_STATION, text=given),))


def _with_country(given: str, station: Station, at: int | None) -> Mmsi:
    if at is None:
        return Mmsi(kind="mmsi", code=given, station=station)
    mid = given[at : at + 3]
    country = countries_by_mid().get(mid, "")
    found = () if country else (wrong(UNALLOCATED_MID, mid=mid),)
    return Mmsi(kind="mmsi", code=given, station=station, mid=mid, country=country, wrong=found)


def _digits(text: str) -> bool:
    return text.isascii() and text.isdigit()


@lru_cache(maxsize=1)
def countries_by_mid() -> dict[str, str]:
    """Return maritime identification digits → ISO 3166-1 alpha-2, from `mid.toml`."""
    table = tomllib.loads(resources.files(__package__).joinpath("mid.toml").read_text("utf-8"))
    return {str(mid): country for country, mids in table["countries"].items() for mid in mids}
