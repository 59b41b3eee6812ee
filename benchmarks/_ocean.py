"""Generated ocean traffic, and events put into it: the raw material of the injection benchmark.

Ships of an unallocated country code sail great circles between random places of the open
Pacific for weeks, with the turns, speeds and reporting intervals of real traffic; others
come in to the coast of Chile from far out and go back, again and again. An event changes
the positions of one ship, or of two, and is written down as truth: rule, vessels, from
when to when.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from ayni.desks.maritime.reference import shore_nm

Floats = NDArray[np.float64]

START_MS = 1_790_000_000_000 // 86_400_000 * 86_400_000
HOUR_MS = 3_600_000
FIRST_MMSI = 299_000_001
"""MID 299 is allocated to no country."""
SOUTH, NORTH, WEST, EAST = -42.0, -30.0, -128.0, -100.0
"""Open Pacific, south of Easter Island."""
LEAST_LEG_DEG = 8.0
"""Ships cross an ocean in legs of days, not hours: 480 nautical miles and more."""
COAST_SOUTH, COAST_NORTH, OFF_COAST = -36.0, -20.0, -76.0
"""The coast of Chile, looked for eastward from this meridian."""
OUT_NM = 600.0
NM = 1 / 60


@dataclass(frozen=True, slots=True)
class Track:
    """One ship's reports: hours since the start, degrees, knots, degrees."""

    mmsi: int
    hours: Floats
    lat: Floats
    lon: Floats
    speed: Floats
    course: Floats
    imo: int = 0
    turns: tuple[float, ...] = ()
    """Hours at which it changes its course for good."""

    def cut(self, keep: NDArray[np.bool_]) -> Track:
        """Return the reports that *keep* names."""
        return replace(
            self,
            hours=self.hours[keep],
            lat=self.lat[keep],
            lon=self.lon[keep],
            speed=self.speed[keep],
            course=self.course[keep],
        )


@dataclass(frozen=True, slots=True)
class Truth:
    """What was put in: a hit needs the same rule, half of the time and all of the vessels."""

    rule: str
    vessels: tuple[int, ...]
    from_ms: int
    to_ms: int


@dataclass(slots=True)
class Sea:
    """Tracks by MMSI, and what was put into them."""

    tracks: dict[int, list[Track]]
    truths: list[Truth] = field(default_factory=list)


def sail(dice: np.random.Generator, mmsi: int, hours: float) -> Track:
    """Return a ship that sails great circles from place to place for *hours*, reporting every few minutes."""
    every = float(dice.choice([0.1, 0.15, 0.2, 0.25]))
    count = int(hours / every)
    clock = np.arange(count) * every + dice.uniform(-0.3, 0.3, count) * every
    knots = float(dice.uniform(9, 18))
    ways = knots * (clock - clock[0]) * NM
    points = [_somewhere(dice)]
    lengths = [0.0]
    while lengths[-1] < ways[-1]:
        goal = _somewhere(dice)
        leg = _degrees_apart(points[-1], goal)
        if leg > LEAST_LEG_DEG:
            points.append(goal)
            lengths.append(lengths[-1] + leg)
    leg = np.clip(np.searchsorted(lengths, ways, side="right") - 1, 0, len(points) - 2)
    lat, lon = np.empty(count), np.empty(count)
    for number in np.unique(leg):
        here = leg == number
        share = (ways[here] - lengths[number]) / (lengths[number + 1] - lengths[number])
        lat[here], lon[here] = _along(points[number], points[number + 1], share)
    lat += dice.normal(0, 2e-5, count)
    lon += dice.normal(0, 2e-5, count)
    turns = tuple(clock[0] + length / (knots * NM) for length in lengths[1:-1])
    return motion(Track(mmsi, clock, lat, lon, np.full(count, knots), np.zeros(count), turns=turns))


def come_in(dice: np.random.Generator, mmsi: int, hours: float) -> Track:
    """Return a ship that comes in from 600 miles out to a few miles off the coast, goes back out, and comes again."""
    every = float(dice.choice([0.1, 0.15, 0.2, 0.25]))
    count = int(hours / every)
    clock = np.arange(count) * every + dice.uniform(-0.3, 0.3, count) * every
    knots = float(dice.uniform(5, 9) if dice.random() < 0.4 else dice.uniform(9, 18))
    lat = float(dice.uniform(COAST_SOUTH, COAST_NORTH))
    lon = _off_the_coast(lat, float(dice.uniform(3, 8)))
    bearing = math.radians(float(dice.uniform(240, 300)))
    half_h = OUT_NM / knots
    arrival = float(dice.uniform(72, 96))
    turns = arrival + half_h * np.arange(-math.ceil(arrival / half_h), math.ceil(hours / half_h) + 1)
    out = OUT_NM - np.abs((clock - arrival) * knots % (2 * OUT_NM) - OUT_NM)
    north = lat + out * NM * math.cos(bearing) + dice.normal(0, 2e-5, count)
    east = lon + out * NM * math.sin(bearing) / math.cos(math.radians(lat)) + dice.normal(0, 2e-5, count)
    inside = tuple(float(turn) for turn in turns if clock[0] < turn < clock[-1])
    return motion(Track(mmsi, clock, north, east, np.full(count, knots), np.zeros(count), turns=inside))


def _off_the_coast(lat: float, miles: float) -> float:
    """Return the longitude at which a ship that comes from the west has *miles* left to the coast."""
    lon = OFF_COAST
    while (left := shore_nm(lat, lon)) is None or left > miles:
        lon += 0.02
    return lon


def _somewhere(dice: np.random.Generator) -> tuple[float, float]:
    return float(dice.uniform(SOUTH, NORTH)), float(dice.uniform(WEST, EAST))


def _vector(place: tuple[float, float]) -> Floats:
    lat, lon = np.radians(place)
    return np.array([np.cos(lat) * np.cos(lon), np.cos(lat) * np.sin(lon), np.sin(lat)])


def _degrees_apart(one: tuple[float, float], other: tuple[float, float]) -> float:
    return math.degrees(math.acos(float(np.clip(_vector(one) @ _vector(other), -1.0, 1.0))))


def _along(one: tuple[float, float], other: tuple[float, float], share: Floats) -> tuple[Floats, Floats]:
    angle = math.radians(_degrees_apart(one, other))
    points = (
        np.outer(np.sin((1 - share) * angle), _vector(one)) + np.outer(np.sin(share * angle), _vector(other))
    ) / math.sin(angle)
    return np.degrees(np.arcsin(points[:, 2])), np.degrees(np.arctan2(points[:, 1], points[:, 0]))


def motion(track: Track) -> Track:
    """Return the track with the speed and course that its positions make."""
    scale = np.cos(np.radians(track.lat))
    north = np.gradient(track.lat, track.hours) / NM
    east = np.gradient(track.lon, track.hours) / NM * scale
    return replace(
        track, speed=np.minimum(np.hypot(north, east), 60.0), course=np.degrees(np.arctan2(east, north)) % 360
    )


def at(track: Track, hour: float) -> tuple[float, float]:
    """Return where the ship is at an hour."""
    return float(np.interp(hour, track.hours, track.lat)), float(np.interp(hour, track.hours, track.lon))


def delayed(track: Track, start: float, stop: float) -> Track:
    """Return the track with its voyage held up from *start* to *stop*, where it lies still; later it sails on."""
    voyage = np.where(track.hours < start, track.hours, np.maximum(start, track.hours - (stop - start)))
    return replace(
        track,
        lat=np.interp(voyage, track.hours, track.lat),
        lon=np.interp(voyage, track.hours, track.lon),
    )


def ms(hour: float) -> int:
    """Return an hour as milliseconds since 1970."""
    return START_MS + round(hour * HOUR_MS)


def positions(sea: Sea) -> pa.Table:
    """Return every report as the desk's table of positions."""
    tracks = [track for many in sea.tracks.values() for track in many]
    mmsi = np.concatenate([np.full(track.hours.size, track.mmsi) for track in tracks])
    size = mmsi.size
    joined = {
        name: np.concatenate([getattr(track, name) for track in tracks])
        for name in ("hours", "lat", "lon", "speed", "course")
    }
    return pa.table(
        {
            "mmsi": pa.array(mmsi, pa.int64()),
            "ts": pa.array(START_MS + np.round(joined["hours"] * HOUR_MS).astype(np.int64)),
            "lat_udeg": pa.array(np.round(joined["lat"] * 1e6).astype(np.int64)),
            "lon_udeg": pa.array(np.round(((joined["lon"] + 180) % 360 - 180) * 1e6).astype(np.int64)),
            "speed_kn": pa.array(np.round(joined["speed"], 1)),
            "course_deg": pa.array(np.round(joined["course"], 1) % 360),
            "source": pa.array(np.full(size, "0" * 64)),
            "offset": pa.array(np.arange(size, dtype=np.int64) * 80),
            "length": pa.array(np.full(size, 80, dtype=np.int64)),
        }
    )


def identities(sea: Sea) -> pa.Table:
    """Return what the ships say about themselves, every hour, where they say an IMO number."""
    rows = [
        (track.mmsi, START_MS + round(hour * HOUR_MS), track.imo)
        for many in sea.tracks.values()
        for track in many
        if track.imo
        for hour in np.arange(math.ceil(track.hours[0]), track.hours[-1], 1.0)
    ]
    size = len(rows)
    return pa.table(
        {
            "mmsi": pa.array([row[0] for row in rows], pa.int64()),
            "ts": pa.array([row[1] for row in rows], pa.int64()),
            "imo": pa.array([row[2] for row in rows], pa.int64()),
            "source": pa.array(["1" * 64] * size, pa.string()),
            "offset": pa.array(np.arange(size, dtype=np.int64) * 80),
            "length": pa.array([80] * size, pa.int64()),
        }
    )


def imo_number(serial: int) -> int:
    """Return the IMO number with a right check digit that begins with the six digits of *serial*."""
    total = sum(int(digit) * weight for digit, weight in zip(str(serial), range(7, 1, -1), strict=True))
    return serial * 10 + total % 10
