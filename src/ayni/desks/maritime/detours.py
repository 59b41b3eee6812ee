"""Finding where a ship left the line it was sailing, ran beside it for hours, and came back to it.

A ship on passage keeps a line for hours. When it leaves the line, lies more than twenty
miles beside it for hours, and then takes up the same line again, it went somewhere and
came back. An ordinary change of course does not come back; a coast or a cape is gone
round without a return to one and the same line, seldom apart from islands.

Every pair of places is tried where the ship turns: the first ends a steady leg, the
second begins one. Both legs must lie along the great circle through the two places,
and the way between must lie far from it, all on one side, for long enough.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ayni.model.desk import Column
from ayni.toolkit.units import Floats, Integers

if TYPE_CHECKING:
    import pyarrow as pa

    from ayni.model.signal import Fact

EARTH_NM = 3440.0695
"""Mean radius of the Earth, R1, in nautical miles. Source: IUGG 1980."""
HOUR_MS = 3_600_000
TURN_NM = 1.0
"""A place after which the next hours lie further than this from the line of the last ones is a turn."""
LOOK_H = 2.0
BEARINGS_DEG = 12.0
"""The line from place to place may differ so much from either leg; the legs themselves are checked after."""
SLOWEST_KN = 2.0
"""Slower progress over the whole detour is a stay, not a passage."""

OUTPUT = (
    Column(name="key_0", type="BIGINT", holds="MMSI"),
    Column(name="key_1", type="BIGINT", holds="which of the ships that use it"),
    Column(name="key_2", type="BIGINT", holds="when it left its line, ms since 1970 UTC"),
    Column(name="mmsi", type="BIGINT", holds="MMSI"),
    Column(name="started_ms", type="BIGINT", holds="when it left its line, ms since 1970 UTC"),
    Column(name="ended_ms", type="BIGINT", holds="when it was back on it, ms since 1970 UTC"),
    Column(name="lat_udeg", type="BIGINT", holds="where it lay furthest from its line, microdegrees"),
    Column(name="lon_udeg", type="BIGINT", holds="where it lay furthest from its line, microdegrees"),
    Column(name="uncertainty_m", type="DOUBLE", holds="how far it lay from its line, metres"),
    Column(name="lateral_nm", type="DOUBLE", holds="greatest distance from its line, nautical miles"),
    Column(name="beside_s", type="DOUBLE", holds="how long it lay beyond the limit, seconds"),
    Column(name="longer_nm", type="DOUBLE", holds="how much further it went than along its line, nautical miles"),
    Column(name="slowest_kn", type="DOUBLE", holds="slowest half hour beside its line, knots"),
    Column(name="lingered", type="BOOLEAN", holds="true when it all but stopped beside its line"),
    Column(name="sparse", type="BOOLEAN", holds="true when few positions were received meanwhile"),
    Column(name="slight", type="BOOLEAN", holds="true when it lay little beyond the limit"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Detour:
    """One departure from a line: indexes of the last place on it and the first one back, and its measures."""

    leave: int
    back: int
    furthest: int
    lateral_nm: float
    beside_s: float
    longer_nm: float
    slowest_kn: float


def find_detours(rows: pa.Table, params: Mapping[str, Fact]) -> pa.Table:
    """Return the detours of one ship, one row each."""
    import pyarrow as pa  # noqa: PLC0415 -- only where a ship turns

    t = np.asarray(rows.column("ts").to_numpy(zero_copy_only=False), dtype=np.int64)
    lat = np.asarray(rows.column("lat_udeg").to_numpy(zero_copy_only=False), dtype=float) / 1e6
    lon = np.asarray(rows.column("lon_udeg").to_numpy(zero_copy_only=False), dtype=float) / 1e6
    breaks = np.asarray(rows.column("breaks").to_numpy(zero_copy_only=False), dtype=bool)
    edges = [*sorted({0, *np.flatnonzero(breaks).tolist()}), t.size]
    mmsi, ship = int(rows.column("mmsi")[0].as_py()), int(rows.column("ship")[0].as_py())
    found = [
        _row(mmsi, ship, start, detour, t, lat, lon)
        for start, stop in itertools.pairwise(edges)
        if stop - start >= 6  # noqa: PLR2004 -- two legs and a way between need as many
        for detour in detours(t[start:stop], lat[start:stop], lon[start:stop], params)
    ]
    kinds = {"BIGINT": pa.int64(), "DOUBLE": pa.float64(), "BOOLEAN": pa.bool_()}
    return pa.table({one.name: pa.array([row[one.name] for row in found], kinds[one.type]) for one in OUTPUT})


def detours(t: Integers, lat: Floats, lon: Floats, params: Mapping[str, Fact]) -> list[Detour]:
    """Return the detours in one unbroken stretch of track, none overlapping another."""
    steady_ms = float(params["steady_h"]) * HOUR_MS
    points = _vectors(lat, lon)
    leaves = _turns(t, points, steady_ms)
    backs = t.size - 1 - _turns(-t[::-1], points[::-1], steady_ms)
    tried = (
        _detour(leave, back, t, points, params)
        for back in backs.tolist()
        for leave in _candidates(back, leaves, t, points, params)
    )
    found: list[Detour] = []
    # The shortest explanation first: a line drawn from far away explains anything.
    for one in sorted(
        (one for one in tried if one is not None), key=lambda one: (t[one.back] - t[one.leave], one.leave)
    ):
        if all(one.back <= other.leave or one.leave >= other.back for other in found):
            found.append(one)
    return sorted(found, key=lambda one: one.leave)


def _vectors(lat: Floats, lon: Floats) -> Floats:
    phi, lam = np.radians(lat), np.radians(lon)
    return np.stack([np.cos(phi) * np.cos(lam), np.cos(phi) * np.sin(lam), np.sin(phi)], axis=1)


def _turns(t: Integers, points: Floats, steady_ms: float) -> Integers:
    """Return the places that end a leg of *steady_ms* and after which the way leaves its line."""
    before = np.searchsorted(t, t - steady_ms, side="right") - 1
    after = np.searchsorted(t, t + LOOK_H * HOUR_MS, side="left")
    inside = (before >= 0) & (after < t.size)
    place = np.flatnonzero(inside)
    if not place.size:
        return place
    normal = np.cross(points[before[place]], points[place])
    size = np.linalg.norm(normal, axis=1)
    moved = size * EARTH_NM > SLOWEST_KN
    normal = normal / np.where(size > 0, size, 1.0)[:, None]
    off = np.abs(np.einsum("ij,ij->i", normal, points[after[place]])) * EARTH_NM
    turning: Integers = place[moved & (off > TURN_NM)]
    return turning


def _candidates(
    back: int, leaves: Integers, t: Integers, points: Floats, params: Mapping[str, Fact]
) -> Iterator[int]:
    """Return the places that lie behind on the line of the next leg, within the longest detour."""
    least_ms, most_ms = float(params["least_h"]) * HOUR_MS, float(params["most_h"]) * HOUR_MS
    earlier = leaves[(t[back] - t[leaves] > least_ms) & (t[back] - t[leaves] <= most_ms)]
    if not earlier.size:
        return
    steady_ms = float(params["steady_h"]) * HOUR_MS
    stop = min(t.size - 1, int(np.searchsorted(t, t[back] + steady_ms, side="left")))
    behind = _bearing(points[stop], points[back][None, :])[0]
    off = np.abs((_bearing(points[stop], points[earlier]) - behind + 180.0) % 360.0 - 180.0)
    yield from earlier[off <= BEARINGS_DEG].tolist()


def _bearing(origin: Floats, targets: Floats) -> Floats:
    east = np.array([-origin[1], origin[0], 0.0])
    east /= max(float(np.linalg.norm(east)), 1e-12)
    north = np.cross(origin, east)
    return np.asarray(np.degrees(np.arctan2(targets @ east, targets @ north)))


def _detour(leave: int, back: int, t: Integers, points: Floats, params: Mapping[str, Fact]) -> Detour | None:
    steady_ms, lane_nm = float(params["steady_h"]) * HOUR_MS, float(params["lane_nm"])
    start = max(0, int(np.searchsorted(t, t[leave] - steady_ms, side="right")) - 1)
    stop = min(t.size - 1, int(np.searchsorted(t, t[back] + steady_ms, side="left")))
    normal = np.cross(points[start], points[stop])
    size = float(np.linalg.norm(normal))
    if size * EARTH_NM < SLOWEST_KN:
        return None
    side = np.arcsin(np.clip(points[start : stop + 1] @ (normal / size), -1.0, 1.0)) * EARTH_NM
    on_line = np.abs(np.concatenate([side[: leave - start + 1], side[back - start :]])) <= lane_nm
    along = points @ np.cross(normal / size, points[start])
    ahead = along[start] <= along[leave] < along[back] <= along[stop]
    if not (on_line.all() and ahead):
        return None
    between = side[leave - start : back - start + 1]
    near = np.flatnonzero(np.abs(between) <= lane_nm)
    farthest = int(np.argmax(np.abs(between)))
    if not (near < farthest).any() or not (near > farthest).any():
        return None
    leave, back = leave + int(near[near < farthest][-1]), leave + int(near[near > farthest][0])
    between = side[leave - start : back - start + 1]
    steps = np.diff(t[leave : back + 1])
    limit = float(params["lateral_nm"])
    beyond = max(
        float(steps[(between[:-1] * sign > limit) & (between[1:] * sign > limit)].sum()) for sign in (1.0, -1.0)
    )
    if beyond <= float(params["least_h"]) * HOUR_MS:
        return None
    ways = _apart_nm(points[leave:back], points[leave + 1 : back + 1])
    speeds = ways / np.maximum(steps / HOUR_MS, 1e-9)
    furthest = int(np.argmax(np.abs(between)))
    straight = float(_apart_nm(points[leave][None, :], points[back][None, :])[0])
    if straight < SLOWEST_KN * float(t[back] - t[leave]) / HOUR_MS:
        return None
    return Detour(
        leave=leave,
        back=back,
        furthest=leave + furthest,
        lateral_nm=float(np.abs(between[furthest])),
        beside_s=beyond / 1000.0,
        longer_nm=float(ways.sum()) - straight,
        slowest_kn=float(speeds.min()),
    )


def _apart_nm(one: Floats, other: Floats) -> Floats:
    chord = np.linalg.norm(one - other, axis=1)
    return np.asarray(2 * EARTH_NM * np.arcsin(np.clip(chord / 2, 0.0, 1.0)))


def _row(mmsi: int, ship: int, start: int, detour: Detour, t: Integers, lat: Floats, lon: Floats) -> dict[str, Fact]:
    leave, back, furthest = start + detour.leave, start + detour.back, start + detour.furthest
    hours = float(t[back] - t[leave]) / HOUR_MS
    return {
        "key_0": mmsi,
        "key_1": ship,
        "key_2": int(t[leave]),
        "mmsi": mmsi,
        "started_ms": int(t[leave]),
        "ended_ms": int(t[back]),
        "lat_udeg": round(float(lat[furthest]) * 1e6),
        "lon_udeg": round(float(lon[furthest]) * 1e6),
        "uncertainty_m": detour.lateral_nm * 1852.0,
        "lateral_nm": detour.lateral_nm,
        "beside_s": detour.beside_s,
        "longer_nm": detour.longer_nm,
        "slowest_kn": detour.slowest_kn,
        "lingered": detour.slowest_kn < 3.0,  # noqa: PLR2004 -- as good as stopped, at sea
        "sparse": back - leave < hours,
        "slight": detour.lateral_nm < 22.0,  # noqa: PLR2004 -- two miles beyond the limit
    }
