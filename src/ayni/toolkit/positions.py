"""Positions as people write them: degrees, minutes, seconds, and the letters of the compass.

A chart says 02°34.5′ S 079°55.0′ W, a radio log 0234.5S 07955.0W, a spreadsheet -2.575, -79.9167. What could
be read in two ways is refused: a latitude without its letter beside a longitude with one, minutes above 60.
"""

from __future__ import annotations

import re

from ayni.errors import InvalidValueError
from ayni.model.checks import require
from ayni.model.place import MAX_LATITUDE_DEG, MAX_LONGITUDE_DEG
from ayni.toolkit.phrases.kinds import latitude, longitude
from ayni.toolkit.units import deg_to_udeg

LONGEST = 100
_NUMBER = r"\d{1,3}(?:[.,]\d{1,12})?"
_MARKS = re.compile(
    rf"(?P<deg>{_NUMBER})\s*[°º]?\s*(?:(?P<min>\d{{1,2}}(?:[.,]\d{{1,12}})?)\s*['′’]?\s*)?"
    r"(?:(?P<sec>\d{1,2}(?:[.,]\d{1,12})?)\s*[\"″”]?\s*)?"
)
_PACKED = re.compile(r"(?P<deg>\d{2,3})(?P<min>\d{2}(?:[.,]\d{1,12})?)")
_SIGNED = re.compile(r"[+\-−]?\d{1,3}(?:\.\d{1,15})?")
MINUTES, SECONDS = 60.0, 3600.0


def parse_position(text: str) -> tuple[float, float]:
    """Return latitude and longitude in degrees from text such as `02°34.5′ S 079°55.0′ W`.

    With letters in either order; without letters, signed decimal degrees with latitude first.

    Raises:
        InvalidValueError: if it is not a position, or could be two.
    """
    shown = text.strip()
    require(0 < len(shown) <= LONGEST, "position", f"{shown[:LONGEST]!r} is not a position")
    letters = re.findall(r"[NSEWO]", shown.upper())
    if not letters:
        return _plain(shown)
    halves = [half.strip(" ,;/") for half in re.split(r"(?<=[NSEWOnsewo])", shown) if half.strip(" ,;/")]
    if re.match(r"[NSEWO]", shown.upper()):
        halves = [half.strip(" ,;/") for half in re.split(r"(?=[NSEWOnsewo])", shown) if half.strip(" ,;/")]
    whole = len(letters) == len(halves) == 2  # noqa: PLR2004 -- a latitude and a longitude
    require(whole, "position", f"{shown!r} is not one latitude and one longitude")
    read = dict(_lettered(half) for half in halves)
    require(set(read) == {"lat", "lon"}, "position", f"{shown!r} is not one latitude and one longitude")
    return read["lat"], read["lon"]


def _plain(shown: str) -> tuple[float, float]:
    parts = [part for part in re.split(r"[,;\s]+", shown) if part]
    good = len(parts) == 2 and all(_SIGNED.fullmatch(part) for part in parts)  # noqa: PLR2004 -- two numbers
    require(good, "position", f"{shown!r} is not two numbers of degrees, and has no letters N, S, E or W")
    lat, lon = (float(part.replace("−", "-")) for part in parts)
    require(abs(lat) <= MAX_LATITUDE_DEG, "position", f"latitude {lat} is not on the globe")
    require(abs(lon) <= MAX_LONGITUDE_DEG, "position", f"longitude {lon} is not on the globe")
    return lat, lon


def _lettered(half: str) -> tuple[str, float]:
    letter = next(sign for sign in half.upper() if sign in "NSEWO")
    digits = re.sub(r"[NSEWOnsewo]", "", half).strip()
    axis, limit = ("lat", MAX_LATITUDE_DEG) if letter in "NS" else ("lon", MAX_LONGITUDE_DEG)
    # `O` is west in Spanish, Portuguese and French (oeste, ouest).
    degrees = _degrees(digits, axis) * (-1 if letter in "SWO" else 1)
    require(abs(degrees) <= limit, "position", f"{half!r} is not on the globe")
    return axis, degrees


def _degrees(digits: str, axis: str) -> float:
    packed = _PACKED.fullmatch(digits)
    if packed and len(packed["deg"]) == (2 if axis == "lat" else 3):
        return _sum(packed["deg"], packed["min"], None)
    found = _MARKS.fullmatch(digits)
    if found is None:
        raise InvalidValueError(field="position", why=f"{digits!r} is not degrees and minutes")
    return _sum(found["deg"], found["min"], found["sec"])


def _sum(deg: str, minutes: str | None, seconds: str | None) -> float:
    parts = [float((part or "0").replace(",", ".")) for part in (deg, minutes, seconds)]
    broken = [
        part for part, finer in ((deg, minutes), (minutes, seconds)) if finer and part and re.search("[.,]", part)
    ]
    require(not broken, "position", f"{', '.join(broken)} has decimals and is followed by a smaller unit")
    require(parts[1] < MINUTES and parts[2] < MINUTES, "position", "minutes and seconds are below 60")
    return parts[0] + parts[1] / MINUTES + parts[2] / SECONDS


def format_position(lat_deg: float, lon_deg: float, language: str = "en") -> str:
    """Return `02°34.5′ S 079°55.0′ W`: a tenth of a minute, 185 m, as on a chart; decimals as the language has them.

    Raises:
        InvalidValueError: if it is not on the globe.
    """
    lat, lon = latitude(deg_to_udeg(lat_deg), language), longitude(deg_to_udeg(lon_deg), language)
    if lat is None or lon is None:
        raise InvalidValueError(field="position", why=f"{lat_deg}, {lon_deg} is not on the globe")
    return f"{lat} {lon}"
