"""Finding positions that run round a circle which the ship does not sail.

Falsified satellite navigation often makes a ship seem to run round a circle, while the
course it reports has nothing to do with that motion. Windows of 12 positions and more
are laid over a stretch of track; a circle is fitted to each, and kept when the
positions keep to it, go right round it, and the reported course does not follow.
A fishing vessel or a tug that really sails a circle reports the courses of a circle.

Source: I. Kåsa, IEEE Transactions on Instrumentation and Measurement 25 (1976): the
circle whose squared residuals of r² are least, from two linear equations.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ayni.desks.maritime.tables import as_rows
from ayni.model.desk import Column
from ayni.toolkit.units import Floats, Integers

if TYPE_CHECKING:
    import pyarrow as pa

    from ayni.model.signal import Fact

WINDOWS = (12, 15, 18, 22, 27, 33, 40, 50, 60, 75, 90, 110, 135)
"""Numbers of positions looked at together; each about a quarter more than the one before, so that a circle which goes
little more than once round is seen whole and alone."""
LEAST_APART_MS = 20_000
"""Denser reports are thinned: a circle is not seen better by more of them."""
BREAK_MS = 3_600_000
OFF_COURSE_DEG = 45.0
"""A course this far from the direction of motion does not belong to it; a chord of a circle in 12 is 15° off."""
SCALE_DEG = 10.0
"""By so much less a course may seem to stray before the circle's own scale of degrees to metres is known."""
AT_REST, REST_SHARE = 0.2, 0.1
"""A step shorter than this share of the mean step is one at rest; more than this share of them is no circle, but one
with a stay at a berth before or after it."""
LEAST_RADIUS_M = 75.0
"""A smaller circle is an antenna swinging with its ship at anchor."""
METRES_A_DEGREE = 111_195.0
FULL_TURN = 360.0
HALF_TURN = 180.0
SINGULAR = 1e-6

OUTPUT = (
    Column(name="key_0", type="BIGINT", holds="MMSI"),
    Column(name="key_1", type="BIGINT", holds="first position of the circle, ms since 1970 UTC"),
    Column(name="mmsi", type="BIGINT", holds="MMSI"),
    Column(name="started_ms", type="BIGINT", holds="first position of the circle, ms since 1970 UTC"),
    Column(name="ended_ms", type="BIGINT", holds="last position of the circle, ms since 1970 UTC"),
    Column(name="lat_udeg", type="BIGINT", holds="latitude of the middle, microdegrees"),
    Column(name="lon_udeg", type="BIGINT", holds="longitude of the middle, microdegrees"),
    Column(name="uncertainty_m", type="DOUBLE", holds="radius of the circle, metres"),
    Column(name="radius_m", type="DOUBLE", holds="radius of the circle, metres"),
    Column(name="points", type="BIGINT", holds="positions on the circle"),
    Column(name="turns", type="DOUBLE", holds="times round"),
    Column(name="spread", type="DOUBLE", holds="standard deviation of the radius over its mean"),
    Column(name="off_share", type="DOUBLE", holds="share of reported courses that do not follow the motion"),
    Column(name="wide", type="BOOLEAN", holds="true for a radius over 1 km"),
    Column(name="many_turns", type="BOOLEAN", holds="true for three turns or more"),
    Column(name="small", type="BOOLEAN", holds="true for a radius under 200 m"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ring:
    """A window of positions that lie on one circle."""

    first: int
    last: int
    lat: float
    lon: float
    radius_m: float
    turn_deg: float
    spread: float
    off_share: float


def find_circles(rows: pa.Table, params: Mapping[str, Fact]) -> pa.Table:
    """Return the circles in the positions of one MMSI, one row each."""
    columns = {name: rows.column(name).to_numpy(zero_copy_only=False) for name in rows.column_names}
    t = np.asarray(columns["ts"], dtype=np.int64)
    kept = _thinned(t)
    t, lat, lon, course = (
        t[kept],
        np.asarray(columns["lat_udeg"], dtype=float)[kept] / 1e6,
        np.asarray(columns["lon_udeg"], dtype=float)[kept] / 1e6,
        np.asarray(columns["course_deg"], dtype=float)[kept],
    )
    found = [
        _row(int(columns["mmsi"][0]), t, ring)
        for start, stop in _stretches(t)
        for ring in merged(list(rings(lat[start:stop], lon[start:stop], course[start:stop], params)), start)
    ]
    return as_rows(found, OUTPUT)


def rings(lat: Floats, lon: Floats, course: Floats, params: Mapping[str, Fact]) -> Iterator[Ring]:
    """Return every window of positions that lie on a circle which the reported courses do not follow."""
    least = int(params["least_points"])
    if lat.size < least:
        return
    told, off = _off_course(lat, lon, course)
    if off[-1] < float(params["off_share"]) * (least - 1) / 2:
        return
    for width in (size for size in sorted({least, *WINDOWS}) if least <= size <= lat.size):
        starts = np.arange(0, lat.size - width + 1, max(1, width // 12))
        says, strays = (total[starts + width - 1] - total[starts] for total in (told, off))
        may_be = np.where(says * 2 >= width - 1, strays, 0) >= float(params["off_share"]) * np.maximum(says, 1)
        if may_be.any():
            yield from _on_circles(starts[may_be][:, None] + np.arange(width), lat, lon, course, params)


def _off_course(lat: Floats, lon: Floats, course: Floats) -> tuple[Integers, Integers]:
    """Return how many courses were told, and how many of them may not follow the motion, before each position.

    Most ships sail where they say they sail: their windows need no circle fitted to them.
    """
    east = _shortest(np.diff(lon)) * np.cos(np.radians((lat[1:] + lat[:-1]) / 2))
    off = np.abs(_shortest(course[1:] - np.degrees(np.arctan2(east, np.diff(lat)))))
    counts = (np.isfinite(off), off > OFF_COURSE_DEG - SCALE_DEG)
    told, strays = (np.concatenate([[0], np.cumsum(count)]) for count in counts)
    return told, strays


def _on_circles(
    index: Integers, lat: Floats, lon: Floats, course: Floats, params: Mapping[str, Fact]
) -> Iterator[Ring]:
    lat0, lon0 = lat[index].mean(axis=1), lon[index[:, 0]]
    east = (lon[index] - lon0[:, None] + HALF_TURN) % FULL_TURN - HALF_TURN
    scale = METRES_A_DEGREE * np.cos(np.radians(lat0))
    x, y = east * scale[:, None], (lat[index] - lat0[:, None]) * METRES_A_DEGREE
    a, b = _centres(x, y)
    dx, dy = x - a[:, None], y - b[:, None]
    radii = np.hypot(dx, dy)
    radius, spread = radii.mean(axis=1), radii.std(axis=1)
    round_deg = np.abs(_shortest(np.diff(np.degrees(np.arctan2(dx, dy)), axis=1)).sum(axis=1))
    steps_x, steps_y = np.diff(x, axis=1), np.diff(y, axis=1)
    way = np.hypot(steps_x, steps_y)
    rest = (way < AT_REST * way.mean(axis=1, keepdims=True)).mean(axis=1)
    heads = np.degrees(np.arctan2(steps_x, steps_y))
    off = np.abs(_shortest(course[index[:, 1:]] - heads))
    told = np.isfinite(off)
    share = np.where(told.sum(axis=1) * 2 >= off.shape[1], (off > OFF_COURSE_DEG).sum(axis=1), 0) / np.maximum(
        told.sum(axis=1), 1
    )
    good = (
        (radius >= LEAST_RADIUS_M)
        & (spread < float(params["spread"]) * radius)
        & (round_deg > float(params["turn_deg"]))
        & (share >= float(params["off_share"]))
        & (rest <= REST_SHARE)
    )
    for w in np.flatnonzero(good):
        yield Ring(
            first=int(index[w, 0]),
            last=int(index[w, -1]),
            lat=float(lat0[w] + b[w] / METRES_A_DEGREE),
            lon=float((lon0[w] + a[w] / scale[w] + HALF_TURN) % FULL_TURN - HALF_TURN),
            radius_m=float(radius[w]),
            turn_deg=float(round_deg[w]),
            spread=float(spread[w] / radius[w]),
            off_share=float(share[w]),
        )


def _centres(x: Floats, y: Floats) -> tuple[Floats, Floats]:
    mx, my = x.mean(axis=1), y.mean(axis=1)
    u, v = x - mx[:, None], y - my[:, None]
    uu, vv, uv = (u * u).sum(axis=1), (v * v).sum(axis=1), (u * v).sum(axis=1)
    square = u * u + v * v
    p, q = (square * u).sum(axis=1) / 2, (square * v).sum(axis=1) / 2
    determinant = uu * vv - uv * uv
    # Positions on a line fit any circle: no circle.
    flat = determinant <= SINGULAR * (uu + vv) ** 2
    safe = np.where(flat, 1.0, determinant)
    a = np.where(flat, np.inf, (p * vv - q * uv) / safe)
    b = np.where(flat, np.inf, (q * uu - p * uv) / safe)
    far = 1e12
    return mx + np.clip(a, -far, far), my + np.clip(b, -far, far)


def merged(found: list[Ring], start: int) -> list[tuple[Ring, int, int]]:
    """Return overlapping rings as one: the best-kept of them, with the first and the last position of all."""
    groups: list[tuple[Ring, int, int]] = []
    for ring in sorted(found, key=lambda one: (one.first, one.last)):
        first, last = start + ring.first, start + ring.last
        if groups and first <= groups[-1][2]:
            best, since, until = groups[-1]
            groups[-1] = (min(best, ring, key=lambda one: one.spread), since, max(until, last))
        else:
            groups.append((ring, first, last))
    return groups


def _row(mmsi: int, t: Integers, ring: tuple[Ring, int, int]) -> dict[str, Fact]:
    best, first, last = ring
    turns = best.turn_deg / FULL_TURN * max(1.0, (last - first) / max(1, best.last - best.first))
    return {
        "key_0": mmsi,
        "key_1": int(t[first]),
        "mmsi": mmsi,
        "started_ms": int(t[first]),
        "ended_ms": int(t[last]),
        "lat_udeg": round(best.lat * 1e6),
        "lon_udeg": round(best.lon * 1e6),
        "uncertainty_m": best.radius_m,
        "radius_m": best.radius_m,
        "points": last - first + 1,
        "turns": turns,
        "spread": best.spread,
        "off_share": best.off_share,
        "wide": best.radius_m > 1000.0,  # noqa: PLR2004 -- a kilometre
        "many_turns": turns >= 3.0,  # noqa: PLR2004 -- as its column says
        "small": best.radius_m < 200.0,  # noqa: PLR2004 -- as its column says
    }


def _thinned(t: Integers) -> Integers:
    if (np.diff(t) >= LEAST_APART_MS).all():
        return np.arange(t.size)
    kept: list[int] = []
    before = -LEAST_APART_MS
    for place, at in enumerate(t.tolist()):
        if not kept or at - before >= LEAST_APART_MS:
            kept.append(place)
            before = at
    return np.asarray(kept, dtype=np.int64)


def _stretches(t: Integers) -> Iterator[tuple[int, int]]:
    cuts = np.flatnonzero(np.diff(t) > BREAK_MS) + 1
    edges = [0, *cuts.tolist(), t.size]
    yield from itertools.pairwise(edges)


def _shortest(degrees: Floats) -> Floats:
    return (degrees + HALF_TURN) % FULL_TURN - HALF_TURN
