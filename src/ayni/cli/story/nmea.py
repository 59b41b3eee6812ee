r"""Reports of the story's ships as AIS sentences, each with its time and the mark of an exercise.

    \s:exercise-synthetic,c:1772323200*3A\!AIVDM,1,1,,A,…

The station name in every tag block says that nothing of it was received from the air.
Source: ITU-R M.1371-5 (messages 1 and 5); IEC 61162-450 (tag blocks).
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import reduce
from itertools import pairwise

from pyais import encode_dict

from ayni.cli.story.traffic import HOURS, UNDER_WAY, Ship
from ayni.toolkit.geo import haversine_m, sphere_bearing_deg

STATION = "exercise-synthetic"
METRES_A_MILE = 1852.0
RESTING_KN = 2.5
"""Below it a ship shows the status it has at rest."""
VOYAGE_EVERY_MIN = 12.0
"""Twice the six minutes of the standard: half of them are lost on the way."""
SEED = 2024
Told = dict[str, str | int | float | bytes | bool]


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One sentence, or all parts of one message, and the hour at which it is heard."""

    hour: float
    text: str


def write_nmea(ships: Sequence[Ship], start: datetime, *, until_h: float = HOURS) -> bytes:
    """Return what is heard of *ships* from *start* (aware) on, as AIS sentences in order of time."""
    heard = sorted((line for ship in ships for line in lines_of(ship, start)), key=lambda line: line.hour)
    return "".join(line.text for line in heard if line.hour <= until_h).encode("ascii")


def lines_of(ship: Ship, start: datetime) -> Iterator[Line]:
    """Yield what is heard of one ship; the same for the same ship and start."""
    chance = random.Random(SEED + ship.mmsi)  # noqa: S311 -- no secret: the same traffic in every run
    next_voyage = chance.random() * VOYAGE_EVERY_MIN / 60
    hour = chance.random() * ship.every_min / 60
    while hour <= min(HOURS, ship.track.hour):
        if not any(start_h < hour < end_h for start_h, end_h in ship.track.silences):
            yield Line(hour=hour, text=_position(ship, hour, start, chance))
            if hour >= next_voyage:
                yield Line(hour=hour, text=_voyage(ship, hour, start))
                next_voyage = hour + VOYAGE_EVERY_MIN / 60
        hour += ship.every_min / 60 * (0.9 + 0.2 * chance.random())


def _position(ship: Ship, hour: float, start: datetime, chance: random.Random) -> str:
    lat, lon, kn, course = _motion(ship, hour)
    status = UNDER_WAY if kn >= RESTING_KN else ship.at_rest
    told: Told = {
        "type": 1,
        "mmsi": ship.mmsi,
        "status": status,
        "speed": max(0.0, round(kn + chance.gauss(0, 0.1), 1)),
        "lat": lat + chance.gauss(0, 0.00003),
        "lon": lon + chance.gauss(0, 0.00003),
        "course": round((course + chance.gauss(0, 0.6)) % 360, 1) % 360,
        "heading": round(course + chance.gauss(0, 1.0)) % 360,
        "second": (start + timedelta(hours=hour)).second,
    }
    return _sentences(told, hour, start)


def _voyage(ship: Ship, hour: float, start: datetime) -> str:
    told: Told = {
        "type": 5,
        "mmsi": ship.mmsi,
        "imo": 0,
        "callsign": "",
        "shipname": ship.name,
        "ship_type": ship.kind,
        "to_bow": ship.length_m * 2 // 3,
        "to_stern": ship.length_m - ship.length_m * 2 // 3,
        "to_port": max(1, ship.length_m // 14),
        "to_starboard": max(1, ship.length_m // 14),
        "draught": round(ship.length_m / 25, 1),
        "destination": ship.destination_at(hour),
    }
    return _sentences(told, hour, start)


def _motion(ship: Ship, hour: float) -> tuple[float, float, float, float]:
    for (at, lat_0, lon_0), (end, lat_1, lon_1) in pairwise(ship.track.points):
        if at <= hour <= end and end > at:
            share = (hour - at) / (end - at)
            kn = float(haversine_m(lat_0, lon_0, lat_1, lon_1)) / METRES_A_MILE / (end - at)
            course = float(sphere_bearing_deg(lat_0, lon_0, lat_1, lon_1))
            return lat_0 + share * (lat_1 - lat_0), lon_0 + share * (lon_1 - lon_0), kn, course
    return *ship.track.place, 0.0, 0.0


def _sentences(told: Told, hour: float, start: datetime) -> str:
    tag = f"s:{STATION},c:{int((start + timedelta(hours=hour)).timestamp())}"
    check = reduce(lambda total, letter: total ^ ord(letter), tag, 0)
    parts = encode_dict(told, radio_channel="A", talker_id="AI", sentence_type="VDM", seq_id=int(hour * 100) % 10)
    return "".join(f"\\{tag}*{check:02X}\\{part}\n" for part in parts)
