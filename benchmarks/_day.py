"""A real day of ship positions with known events put into it: the harder half of the injection benchmark.

The day is the public one that `ayni demo` reads (235,967 positions of 1,185 numbers off the
United States, from the package tracktable-data). It has no speed and no course: every
ship is given those that its positions make. Events go into ships of which no rule says
anything in the untouched day, that bear the number of a ship, and that were heard at
least hourly for two hours before the event, during it, and two hours after; the harness
checks with its own arithmetic that what it made is what it claims (how far off the
coast, how far apart), and draws anew when it is not. Truth is written down, results are
counted, and nothing is published: the ships are real, the events are not.
"""

from __future__ import annotations

import importlib.resources
import itertools
import math
import tempfile
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from _events import CLOSE_NM, FAR_NM, KINDS, Dice, Made
from _ocean import HOUR_MS, NM, START_MS, Floats, Sea, Track, Truth, at, motion

from ayni.cli.demo import DAY, PACKAGE
from ayni.desks.maritime import DESK
from ayni.desks.maritime.reference import ROW_CELLS, load_shore, shore_nm
from ayni.engine.reading import read_files

AT_ONCE = 3
"""Events of each kind put into one copy of the day."""
TRIES = 60_000
AROUND_H, HOLE_H = 2.0, 1.0
MADE_FAST_NM = 2.0
APART_NM = 10.0
LOITERING_NM = 20.5
SHIPS_FROM, SHIPS_TO = 200_000_000, 799_999_999
STEADY_NM, STEADY_KN, STEADY_H = 3.0, 3.0, 3.0
LEAP_KN = 65.0
LEG_KN = (4.0, 25.0)
COME_NM = 80.0
LEAST_SILENCE_H = 6.5
PROFILE = 20
"""The distance to the coast is known of every so many reports of a ship."""


@dataclass(frozen=True, slots=True)
class Day:
    """The day's tracks by MMSI, and of the ships into which events may be put how far off the coast they were."""

    tracks: Mapping[int, Track]
    off: Mapping[int, Floats]

    def sea(self) -> Sea:
        """Return the day as it was."""
        return Sea({mmsi: [track] for mmsi, track in self.tracks.items()})

    def fit_for(self, kind: str) -> list[int]:
        """Return the ships that were where an event of this kind can happen."""
        if kind == "dark_approach":
            return [mmsi for mmsi, off in self.off.items() if _comes_in(self.tracks[mmsi], off)]
        least = {"encounter": APART_NM, "loitering": LOITERING_NM, "deviation": APART_NM}.get(kind, -1.0)
        return [mmsi for mmsi, off in self.off.items() if off.max() > least]


def read_day() -> Mapping[int, Track]:
    """Return the tracks of the day, with the speed and course that their positions make."""
    file = Path(str(importlib.resources.files(PACKAGE) / "python_example_data" / DAY))
    with tempfile.TemporaryDirectory() as scratch:
        paths = read_files(DESK, [file], folder=Path(scratch)).tables["position"]
        rows = pa.concat_tables([pq.read_table(path, partitioning=None) for path in paths])
    rows = rows.sort_by([("mmsi", "ascending"), ("ts", "ascending"), ("offset", "ascending")])
    mmsi, hours = rows["mmsi"].to_numpy(), (rows["ts"].to_numpy() - START_MS) / HOUR_MS
    lat, lon = rows["lat_udeg"].to_numpy() / 1e6, rows["lon_udeg"].to_numpy() / 1e6
    edges = np.flatnonzero(np.diff(mmsi, prepend=-1, append=-1))
    tracks = {}
    for start, stop in itertools.pairwise(edges):
        still = np.zeros(stop - start)
        part = slice(start, stop)
        tracks[int(mmsi[start])] = _moving(Track(int(mmsi[start]), hours[part], lat[part], lon[part], still, still))
    return tracks


def fit(tracks: Mapping[int, Track], spoken_of: Collection[int]) -> Day:
    """Return the day, its events to be put into ships that no signal speaks of, with one position an instant."""
    ships = (
        track
        for mmsi, track in tracks.items()
        if mmsi not in spoken_of and SHIPS_FROM <= mmsi <= SHIPS_TO and np.all(np.diff(track.hours) > 0)
    )
    return Day(
        tracks,
        {
            ship.mmsi: np.array(
                [_off(*place) for place in zip(ship.lat[::PROFILE], ship.lon[::PROFILE], strict=True)]
            )
            for ship in ships
        },
    )


def copies(day: Day, seed: int, events: int) -> Iterator[Sea]:
    """Yield copies of the day with events in them, until there are *events* of each kind or no room for more."""
    dice = np.random.default_rng([seed, 20])
    ships = {kind: day.fit_for(kind) for kind in KINDS}
    # What finds least room comes first: few ships could have met that day.
    left = dict.fromkeys(sorted(KINDS, key=lambda kind: (kind != "encounter", len(ships[kind]))), events)
    while any(left.values()):
        sea = day.sea()
        taken: set[int] = set()
        for kind, wanted in left.items():
            for nth in range(min(1 if kind == "encounter" else AT_ONCE, wanted)):
                found = _placed(day, dice, kind, ships[kind], taken)
                if found is None:
                    left[kind] = left[kind] if nth else 0
                    break
                tracks, truths, used = found
                left[kind] -= 1
                taken |= used
                for mmsi in used:
                    sea.tracks.pop(mmsi, None)
                for track in tracks:
                    sea.tracks.setdefault(track.mmsi, []).append(track)
                sea.truths += truths
        if sea.truths:
            yield sea


def _moving(track: Track) -> Track:
    """Return the track with speed and course, except where two positions bear one instant."""
    if track.hours.size < 3 or np.any(np.diff(track.hours) == 0):
        return track
    return motion(track)


def _placed(
    day: Day, dice: Dice, kind: str, ships: Sequence[int], taken: Collection[int]
) -> tuple[list[Track], list[Truth], set[int]] | None:
    """Return the changed tracks, what is true of them and the numbers they replace; None after many tries."""
    two = kind in {"encounter", "shared_mmsi"}
    free = [day.tracks[mmsi] for mmsi in ships if mmsi not in taken]
    for _ in range(TRIES if free else 0):
        track = free[int(dice.integers(len(free)))]
        hour = float(dice.uniform(track.hours[0], track.hours[-1]))
        if not _heard(track, hour, hour):
            continue
        other = _another(dice, kind, track, hour, free) if two else None
        if two and other is None:
            continue
        try:
            made = _made(dice, kind, track, other if other is not None else track, hour, day)
        except IndexError:  # it would outlast what was heard of the ship
            continue
        if made is not None and _good(day, kind, track, other, made):
            lender = [other] if kind == "shared_mmsi" and other is not None else []
            tracks = [one for one in made[0] if one is not track or two]
            return [*tracks, *lender], made[1], {track.mmsi} | ({other.mmsi} if other is not None else set())
    return None


def _another(dice: Dice, kind: str, track: Track, hour: float, free: Sequence[Track]) -> Track | None:
    """Return another ship that was heard around the hour; for a meeting, one that could come."""
    near = (
        ship
        for ship in free
        if ship is not track
        and _heard(ship, hour, hour)
        and (kind != "encounter" or _miles(at(track, hour), at(ship, hour)) < COME_NM)
    )
    ships = list(near)
    return ships[int(dice.integers(len(ships)))] if ships else None


def _made(dice: Dice, kind: str, track: Track, other: Track, hour: float, day: Day) -> Made | None:
    """Return the event as on the ocean, except where a ship must find its way back to where it really was."""
    match kind:
        case "dark_approach":
            return _approach(dice, track, day.off[track.mmsi])
        case "shared_mmsi":
            return _borrowed(dice, track, other, hour)
        case "loitering":
            return _drift(
                dice, [track], kind, hour, float(dice.uniform(5.5, 8) if dice.random() < 0.4 else dice.uniform(8, 14))
            )
        case "encounter":
            return _drift(
                dice,
                [track, other],
                kind,
                hour,
                float(dice.uniform(2.5, 4) if dice.random() < 0.4 else dice.uniform(4, 8)),
            )
        case _:
            return KINDS[kind](dice, track, other, hour)


def _borrowed(dice: Dice, track: Track, other: Track, hour: float) -> Made:
    """Return the positions of the other ship for some hours under the number of the first as well."""
    inside = (other.hours >= hour) & (other.hours <= hour + dice.uniform(2, 10))
    borrowed = replace(other.cut(inside), mmsi=track.mmsi)
    when = (START_MS + round(float(borrowed.hours[end]) * HOUR_MS) for end in (0, -1))
    return [track, borrowed], [Truth("shared_mmsi", (track.mmsi,), *when)]


def _drift(dice: Dice, ships: Sequence[Track], kind: str, start: float, long: float) -> Made | None:
    """Return ships that leave their ways, drift together for some hours, and sail back to where they really were."""
    stop = start + long
    lat, lon = (float(np.mean([at(ship, start)[axis] for ship in ships])) for axis in (0, 1))
    away, angle = float(dice.uniform(3, 25)) * NM, float(dice.uniform(0, 2 * math.pi))
    lat, lon = lat + away * math.cos(angle), lon + away * math.sin(angle) / math.cos(math.radians(lat))
    knots, set_ = float(dice.uniform(0.3, 1.2)), float(dice.uniform(0, 2 * math.pi))
    moved = []
    for nth, ship in enumerate(ships):
        apart = nth * float(dice.uniform(30, 350)) / 1852 * NM
        come, leave = (float(dice.uniform(2, 4)) for _ in range(2))
        if not _heard(ship, start - come, stop + leave):
            return None
        clock = np.array([start - come, start, stop, stop + leave])
        way = long * knots * NM
        to = (lat + way * math.cos(set_), lon + way * math.sin(set_) / math.cos(math.radians(lat)))
        places = [at(ship, clock[0]), (lat + apart, lon), (to[0] + apart, to[1]), at(ship, clock[3])]
        if not all(
            LEG_KN[0] < _miles(places[one], places[one + 1]) / hours < LEG_KN[1]
            for one, hours in ((0, come), (2, leave))
        ):
            return None
        inside = (ship.hours > clock[0]) & (ship.hours < clock[3])
        north, east = (np.interp(ship.hours, clock, [place[axis] for place in places]) for axis in (0, 1))
        moved.append(
            motion(replace(ship, lat=np.where(inside, north, ship.lat), lon=np.where(inside, east, ship.lon)))
        )
    when = (START_MS + round(hour * HOUR_MS) for hour in (start, stop))
    return moved, [Truth(kind, tuple(ship.mmsi for ship in ships), *when)]


def _comes_in(track: Track, off: Floats) -> bool:
    """Say whether the ship was far out and, longer than a silence later, close to the coast."""
    far, close = np.flatnonzero(off > FAR_NM), np.flatnonzero(off < CLOSE_NM)
    if not far.size or not close.size:
        return False
    return bool(track.hours[close[-1] * PROFILE] - track.hours[far[0] * PROFILE] > LEAST_SILENCE_H)


def _approach(dice: Dice, track: Track, off: Floats) -> Made | None:
    """Return the track silent from far out until close to the coast."""
    start, stop = (int(dice.choice(np.flatnonzero(where))) * PROFILE for where in (off > FAR_NM, off < CLOSE_NM))
    if track.hours[stop] - track.hours[start] <= LEAST_SILENCE_H:
        return None
    keep = np.ones(track.hours.size, dtype=bool)
    keep[start + 1 : stop] = False
    before, after = (START_MS + round(float(track.hours[nth]) * HOUR_MS) for nth in (start, stop))
    return [track.cut(keep)], [Truth("dark_approach", (track.mmsi,), before, after)]


def _good(day: Day, kind: str, track: Track, other: Track | None, made: Made) -> bool:
    """Say whether the event is what it claims to be, and the ships were heard before, during and after it."""
    truth = made[1][0]
    start, stop = ((instant - START_MS) / HOUR_MS for instant in (truth.from_ms, truth.to_ms))
    if not _heard(track, start, stop) or (other is not None and not _heard(other, start, stop)):
        return False
    changed = made[0][0]
    checks: Mapping[str, Callable[[], bool]] = {
        "gap": lambda: _miles(at(track, start), at(track, stop)) > MADE_FAST_NM,
        "encounter": lambda: _off(*_middle(changed, start, stop)) > APART_NM,
        "loitering": lambda: _off(*_middle(changed, start, stop)) > LOITERING_NM,
        "impossible_speed": lambda: _leap_kn(changed, start) > LEAP_KN and _leap_kn(changed, stop) > LEAP_KN,
        "shared_mmsi": lambda: _apart(track, made[0][1], stop - start),
        "identity_change": lambda: (
            truth.vessels[1] not in day.tracks and all(one.hours.size >= 6 for one in made[0][:2])
        ),
        "deviation": lambda: _steady(track, start, stop),
    }
    return kind not in checks or checks[kind]()


def _heard(track: Track, start: float, stop: float) -> bool:
    """Say whether the ship was heard hourly from two hours before until two hours after."""
    if track.hours[0] > start - AROUND_H or track.hours[-1] < stop + AROUND_H:
        return False
    first = np.searchsorted(track.hours, start - AROUND_H, side="right") - 1
    last = np.searchsorted(track.hours, stop + AROUND_H)
    return bool(np.all(np.diff(track.hours[first : last + 1]) < HOLE_H))


def _leap_kn(track: Track, hour: float) -> float:
    """Return the fastest step that begins or ends at an hour, knots."""
    nth = int(np.argmin(np.abs(track.hours - hour)))
    steps = [(one, one + 1) for one in (nth - 1, nth) if 0 <= one < track.hours.size - 1]
    return max(
        _miles((track.lat[one], track.lon[one]), (track.lat[next_], track.lon[next_]))
        / (track.hours[next_] - track.hours[one])
        for one, next_ in steps
    )


def _apart(track: Track, borrowed: Track, hours: float) -> bool:
    """Say whether the two ships of one number were far from each other throughout."""
    apart = [_miles(at(track, float(hour)), at(borrowed, float(hour))) for hour in borrowed.hours[::10]]
    return borrowed.hours.size >= 12 and hours > 1 and min(apart) > APART_NM


def _steady(track: Track, start: float, stop: float) -> bool:
    """Say whether the ship kept under way, on one line, from three hours before until three hours after."""
    if track.hours[0] > start - STEADY_H or track.hours[-1] < stop + STEADY_H:
        return False
    clock = np.arange(start - STEADY_H, stop + STEADY_H, 0.25)
    lat, lon = np.interp(clock, track.hours, track.lat), np.interp(clock, track.hours, track.lon)
    north, east = (lat - lat[0]) / NM, (lon - lon[0]) / NM * np.cos(np.radians(lat))
    slow = np.hypot(np.diff(north), np.diff(east)) < STEADY_KN * 0.25
    angle = np.arctan2(east[-1], north[-1])
    beside = np.abs(east * np.cos(angle) - north * np.sin(angle))
    return not slow.any() and bool(np.max(beside) < STEADY_NM)


def _middle(track: Track, start: float, stop: float) -> tuple[float, float]:
    inside = (track.hours >= start) & (track.hours <= stop)
    return float(np.mean(track.lat[inside])), float(np.mean(track.lon[inside]))


def _off(lat: float, lon: float) -> float:
    """Return the distance to the coast, nautical miles; on a river, a lake and in a cell with land it is none.

    Nobody was beyond 200 miles on this day, so where no coast is near is inland.
    """
    cell = (math.floor(lat * 10) + 900) * ROW_CELLS + (math.floor(lon * 10) + 1800) % ROW_CELLS
    return (shore_nm(lat, lon) or 0.0) if cell in _at_sea() else 0.0


@cache
def _at_sea() -> frozenset[int]:
    shore = load_shore()
    return frozenset(shore["cell"].to_numpy()[shore["land_share"].to_numpy() == 0].tolist())


def _miles(one: tuple[float, float], other: tuple[float, float]) -> float:
    return float(np.hypot(one[0] - other[0], (one[1] - other[1]) * np.cos(np.radians(one[0]))) / NM)
