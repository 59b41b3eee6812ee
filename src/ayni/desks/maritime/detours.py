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
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ayni.desks.maritime.tables import as_rows
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

ROWS_AT_ONCE, PAIRS_AT_ONCE = 64, 2048
"""How many places and pairs are asked at a time: bounds memory, not the answer."""

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
    return as_rows(found, OUTPUT)


def detours(t: Integers, lat: Floats, lon: Floats, params: Mapping[str, Fact]) -> list[Detour]:
    """Return the detours in one unbroken stretch of track, none overlapping another."""
    steady_ms = float(params["steady_h"]) * HOUR_MS
    points = _vectors(lat, lon)
    leaves = _turns(t, points, steady_ms)
    backs = t.size - 1 - _turns(-t[::-1], points[::-1], steady_ms)
    found: list[Detour] = []
    # The shortest explanation first: a line drawn from far away explains anything.
    pairs = _candidates(leaves, np.sort(backs), t, points, params)
    while pairs.size:
        one = _detour(int(pairs[0, 2]), int(pairs[0, 3]), t, points, params)
        pairs = pairs[1:]
        if one is not None and all(one.back <= other.leave or one.leave >= other.back for other in found):
            found.append(one)
            pairs = pairs[(pairs[:, 1] <= one.leave) | (pairs[:, 0] >= one.back)]
    return sorted(found, key=lambda one: one.leave)


def _vectors(lat: Floats, lon: Floats) -> Floats:
    phi, lam = np.radians(lat), np.radians(lon)
    return np.stack([np.cos(phi) * np.cos(lam), np.cos(phi) * np.sin(lam), np.sin(phi)], axis=1)


def _turns(t: Integers, points: Floats, steady_ms: float) -> Integers:
    """Return the places that end a leg of *steady_ms*, sailed all the way, and after which the way leaves its line.

    A ship that drifts or lies still keeps to any line drawn through it: that is no leg.
    """
    before = np.searchsorted(t, t - steady_ms, side="right") - 1
    after = np.searchsorted(t, t + LOOK_H * HOUR_MS, side="left")
    still = np.concatenate([[0], np.cumsum(_apart_nm(points[:-1], points[1:]) * HOUR_MS < SLOWEST_KN * np.diff(t))])
    inside = (before >= 0) & (after < t.size) & (still == still[before])
    place = np.flatnonzero(inside)
    if not place.size:
        return place
    normal = _cross(points[before[place]], points[place])
    size = np.linalg.norm(normal, axis=1)
    moved = size * EARTH_NM > SLOWEST_KN
    normal = normal / np.where(size > 0, size, 1.0)[:, None]
    off = np.abs(np.einsum("ij,ij->i", normal, points[after[place]])) * EARTH_NM
    turning: Integers = place[moved & (off > TURN_NM)]
    return turning


def _candidates(
    leaves: Integers, backs: Integers, t: Integers, points: Floats, params: Mapping[str, Fact]
) -> Integers:
    """Return pairs of places that may bound a detour: the first lies behind on the line of the leg after the second.

    A row holds where it may have left its line and come back to it, and the places through which the line is drawn.

    The shortest come first; of two alike, the one that leaves first, then the one whose line ends last.
    Every pair is asked, many at a time: a ship that wanders for weeks has a hundred thousand of them.
    """
    least_ms, most_ms = float(params["least_h"]) * HOUR_MS, float(params["most_h"]) * HOUR_MS
    found = [np.empty((0, 4), np.int64)]
    for chunk in np.split(backs, np.arange(ROWS_AT_ONCE, backs.size, ROWS_AT_ONCE)):
        near = leaves[(t[leaves] >= t[chunk[:1]] - most_ms) & (t[leaves] < t[chunk[-1:]])] if chunk.size else chunk
        if not near.size:
            continue
        towards, along = _towards(chunk, t, points, float(params["steady_h"]) * HOUR_MS)
        ahead = along @ points[near].T
        aside = np.abs(towards @ points[near].T) <= math.tan(math.radians(BEARINGS_DEG)) * ahead
        apart = t[chunk][:, None] - t[near][None, :]
        rows, columns = np.nonzero(aside & (apart > least_ms) & (apart <= most_ms))
        found += [
            _may_be(near[columns[some]], chunk[rows[some]], t, points, params)
            for some in np.split(np.arange(rows.size), np.arange(PAIRS_AT_ONCE, rows.size, PAIRS_AT_ONCE))
        ]
    pairs = np.concatenate(found)
    return pairs[np.lexsort((pairs[:, 2], -pairs[:, 3], pairs[:, 0], t[pairs[:, 1]] - t[pairs[:, 0]]))]


def _towards(backs: Integers, t: Integers, points: Floats, steady_ms: float) -> tuple[Floats, Floats]:
    """Return, for the end of the leg after each place, two axes: across the line back to that place, and along it."""
    end = points[_after(backs, t, steady_ms)]
    east = np.stack([-end[:, 1], end[:, 0], np.zeros(backs.size)], axis=1)
    east /= np.maximum(np.linalg.norm(east, axis=1), 1e-12)[:, None]
    north = _cross(end, east)
    x = np.einsum("ij,ij->i", points[backs], east)[:, None]
    y = np.einsum("ij,ij->i", points[backs], north)[:, None]
    return x * north - y * east, x * east + y * north


def _after(places: Integers, t: Integers, steady_ms: float) -> Integers:
    return np.asarray(np.minimum(t.size - 1, np.searchsorted(t, t[places] + steady_ms, side="left")))


def _before(places: Integers, t: Integers, steady_ms: float) -> Integers:
    return np.asarray(np.maximum(0, np.searchsorted(t, t[places] - steady_ms, side="right") - 1))


def _may_be(leave: Integers, back: Integers, t: Integers, points: Floats, params: Mapping[str, Fact]) -> Integers:
    """Return the pairs whose legs lie on one line, beside which the ship lay beyond the limit for long enough.

    What `_detour` then measures is asked here for many pairs at once, a hair more generously.
    """
    steady_ms, hair = float(params["steady_h"]) * HOUR_MS, 1e-9
    start, stop = _before(leave, t, steady_ms), _after(back, t, steady_ms)
    normal = _cross(points[start], points[stop])
    size = np.linalg.norm(normal, axis=1)
    kept = size * EARTH_NM >= SLOWEST_KN - hair
    normal /= np.where(size > 0, size, 1.0)[:, None]
    lane = math.sin(float(params["lane_nm"]) / EARTH_NM) + hair
    for place in (leave, back):
        kept &= np.abs(np.einsum("ij,ij->i", normal, points[place])) <= lane
    kept[kept] = _goes_far(normal[kept], leave[kept], back[kept], points, float(params["lateral_nm"]))
    if not kept.any():
        return np.empty((0, 4), np.int64)
    start, stop, leave, back = start[kept, None], stop[kept, None], leave[kept, None], back[kept, None]
    first, last = int(start.min()), int(stop.max()) + 1
    side = normal[kept] @ points[first:last].T
    place = np.arange(first, last)[None, :]
    near = np.abs(side) <= lane
    legs = ((place >= start) & (place <= leave)) | ((place >= back) & (place <= stop))
    straight = (near | ~legs).all(axis=1)
    limit, steps = math.sin(float(params["lateral_nm"]) / EARTH_NM) - hair, np.diff(t[first:last]).astype(float)
    between = (place >= leave) & (place <= back)
    far = [side * sign > limit for sign in (1.0, -1.0)]
    beyond = [(one[:, :-1] & one[:, 1:] & between[:, :-1] & between[:, 1:]) @ steps for one in far]
    straight &= np.maximum(*beyond) > float(params["least_h"]) * HOUR_MS
    furthest = first + np.argmax(np.where(between, np.abs(side), -1.0), axis=1)[:, None]
    leaves = last - 1 - np.argmax((near & between & (place < furthest))[:, ::-1], axis=1)
    backs = first + np.argmax(near & between & (place > furthest), axis=1)
    told: Integers = np.column_stack([leaves, backs, leave[:, 0], back[:, 0]])[straight]
    return told


def _goes_far(
    normal: Floats, leave: Integers, back: Integers, points: Floats, lateral_nm: float
) -> NDArray[np.bool_]:
    """Return for which pairs some place between lies beyond the limit.

    Two neighbours must lie there for a detour, so that every other place is enough to look at; and single precision,
    some metres on the Earth, is enough when 60 m are given away.
    """
    first = int(leave.min()) if leave.size else 0
    places = np.arange(first, int(back.max()) + 1 if back.size else 0, 2)
    short = np.float32
    some = points[places].astype(short)
    limit = short(math.sin(lateral_nm / EARTH_NM) - 1e-5)
    far = np.abs(normal.astype(short) @ some.T) > limit
    far &= (places >= leave[:, None]) & (places <= back[:, None])
    return np.asarray(far.any(axis=1))


def _detour(leave: int, back: int, t: Integers, points: Floats, params: Mapping[str, Fact]) -> Detour | None:
    steady_ms, lane_nm = float(params["steady_h"]) * HOUR_MS, float(params["lane_nm"])
    start = int(_before(np.array([leave]), t, steady_ms)[0])
    stop = int(_after(np.array([back]), t, steady_ms)[0])
    normal = _cross(points[start], points[stop])
    size = float(np.linalg.norm(normal))
    if size * EARTH_NM < SLOWEST_KN:
        return None
    side = np.arcsin(np.clip(points[start : stop + 1] @ (normal / size), -1.0, 1.0)) * EARTH_NM
    on_line = np.abs(np.concatenate([side[: leave - start + 1], side[back - start :]])) <= lane_nm
    along = points @ _cross(normal / size, points[start])
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


def _cross(one: Floats, other: Floats) -> Floats:
    """Return the cross products of vectors, as `np.cross` does in five times the time for a few of them."""
    (ax, ay, az), (bx, by, bz) = one.T, other.T
    return np.stack([ay * bz - az * by, az * bx - ax * bz, ax * by - ay * bx], axis=-1)


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
