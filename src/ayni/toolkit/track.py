"""A track: fixes of one vessel, aircraft or vehicle in order of time.

Columns, not objects: milliseconds since 1970 (UTC), latitude and longitude in
degrees. Nothing here decides what a silence means; it only refuses to draw a
line across one (`max_gap_ms`).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ayni.toolkit.geo import SEMI_MAJOR_M, inverse, rhumb_destination, wrap_lon
from ayni.toolkit.units import Floats, Integers, kn_to_mps, mps_to_kn

MS_A_SECOND = 1000.0
UNDER_WAY_M = 1.0
"""A course between fixes closer than this is noise. Source: ours; AIS positions step by 0.18 m (1/10,000 min)."""


class Legs(NamedTuple):
    """What lies between each fix and the next; one element fewer than there are fixes."""

    seconds: Floats
    distance_m: Floats
    speed_kn: Floats
    """NaN where no time passed."""
    course_deg: Floats
    """True, of the geodesic at departure; NaN where the two fixes are the same place."""


class Samples(NamedTuple):
    """Positions at round instants."""

    t_ms: Integers
    lat: Floats
    lon: Floats


def legs(t_ms: ArrayLike, lat: ArrayLike, lon: ArrayLike) -> Legs:
    """Return time, distance, speed and course from each fix to the next, on the ellipsoid."""
    t, phi, lam = _columns(t_ms, lat, lon)
    seconds = np.diff(t) / MS_A_SECOND
    way = inverse(phi[:-1], lam[:-1], phi[1:], lam[1:])
    speed = np.full(seconds.shape, np.nan)
    np.divide(way.distance_m, seconds, out=speed, where=seconds > 0)
    course = np.where(way.distance_m >= UNDER_WAY_M, way.bearing_deg, np.nan)
    return Legs(seconds=seconds, distance_m=way.distance_m, speed_kn=mps_to_kn(speed), course_deg=course)


def resample(t_ms: ArrayLike, lat: ArrayLike, lon: ArrayLike, *, every_ms: int, max_gap_ms: int) -> Samples:
    """Return positions at every multiple of *every_ms* since 1970, interpolated between neighbouring fixes.

    Two vessels resampled alike have their positions at the same instants. Linear in latitude and
    longitude, the short way across the dateline: over a leg of 10 minutes at 30 kn and 60° of
    latitude that is 1 m from the geodesic. No sample lies inside a silence longer than *max_gap_ms*,
    nor before the first or after the last fix.
    """
    t, phi, lam = _columns(t_ms, lat, lon)
    if t.size == 0:
        return Samples(t, phi, lam)
    grid = np.arange(-(-t[0] // every_ms) * every_ms, t[-1] + 1, every_ms, dtype=np.int64)
    after = np.clip(np.searchsorted(t, grid, side="left"), 0, t.size - 1)
    exact = t[after] == grid
    before = np.where(exact, after, after - 1)
    gap = t[after] - t[before]
    keep = gap <= max_gap_ms
    grid, before, after, gap = grid[keep], before[keep], after[keep], gap[keep]
    part = (grid - t[before]) / np.maximum(gap, 1)
    return Samples(
        t_ms=grid,
        lat=phi[before] + part * (phi[after] - phi[before]),
        lon=wrap_lon(lam[before] + part * wrap_lon(lam[after] - lam[before])),
    )


def simplify(lat: ArrayLike, lon: ArrayLike, *, tolerance_m: float) -> NDArray[np.bool_]:
    """Return which fixes to keep so that none left out lies farther than *tolerance_m* from the line drawn.

    Douglas and Peucker's rule (1973), in a plane around each stretch; first and last are always kept.
    """
    phi, lam = np.asarray(lat, dtype=float), np.asarray(lon, dtype=float)
    keep = np.zeros(phi.shape, dtype=bool)
    if phi.size == 0:
        return keep
    keep[[0, -1]] = True
    waiting = [(0, phi.size - 1)]
    while waiting:
        first, last = waiting.pop()
        if last - first < 2:  # noqa: PLR2004 -- nothing lies between
            continue
        off = _off_line_m(phi[first : last + 1], lam[first : last + 1])
        farthest = int(np.argmax(off))
        if off[farthest] > tolerance_m:
            middle = first + farthest
            keep[middle] = True
            waiting += [(first, middle), (middle, last)]
    return keep


def _off_line_m(lat: Floats, lon: Floats) -> Floats:
    # A plane that touches the Earth at the first fix: good to 1 % within some 500 km, away from the poles.
    metres = np.radians(1.0) * SEMI_MAJOR_M
    x = wrap_lon(lon - lon[0]) * metres * np.cos(np.radians((lat + lat[0]) / 2))
    y = (lat - lat[0]) * metres
    length2 = x[-1] ** 2 + y[-1] ** 2
    along = np.clip((x * x[-1] + y * y[-1]) / length2, 0.0, 1.0) if length2 else np.zeros(x.shape)
    return np.asarray(np.hypot(x - along * x[-1], y - along * y[-1]))


def dead_reckon(
    lat: ArrayLike, lon: ArrayLike, *, course_deg: ArrayLike, speed_kn: ArrayLike, seconds: ArrayLike
) -> tuple[Floats, Floats]:
    """Return where a vessel that keeps course and speed is *seconds* later, or was, if negative.

    On a rhumb line: a constant course is one. No wind, no current: an estimate to be said as one.
    """
    way = kn_to_mps(np.asarray(speed_kn, dtype=float)) * np.asarray(seconds, dtype=float)
    return rhumb_destination(lat, lon, course_deg, way)


def _columns(t_ms: ArrayLike, lat: ArrayLike, lon: ArrayLike) -> tuple[Integers, Floats, Floats]:
    return np.asarray(t_ms, dtype=np.int64), np.asarray(lat, dtype=float), np.asarray(lon, dtype=float)
