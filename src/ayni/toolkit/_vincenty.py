"""Geodesics on the WGS 84 ellipsoid after Vincenty, a column at a time. Use `ayni.toolkit.geo`.

Source: T. Vincenty, Direct and Inverse Solutions of Geodesics on the Ellipsoid with Application of
Nested Equations, Survey Review XXIII/176, 1975.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from ayni.toolkit.geo import (
    FLATTENING,
    ROUNDS,
    SEMI_MAJOR_M,
    SEMI_MINOR_M,
    SETTLED_RAD,
    Way,
    wrap_bearing,
    wrap_lon,
)
from ayni.toolkit.units import Floats

SECOND_ECCENTRICITY_2 = (SEMI_MAJOR_M / SEMI_MINOR_M) ** 2 - 1
GOLDEN = (np.sqrt(5.0) - 1) / 2
RELAY_M = 10_000_000.0
"""Half way round is about 20,000 km: from a point this far on, the iteration always converges."""
TRIALS = 72


def direct(lat: ArrayLike, lon: ArrayLike, bearing: ArrayLike, distance: ArrayLike) -> tuple[Floats, Floats]:
    """Solve the direct problem: where one comes out."""
    reduced = _reduced(lat)
    alpha, way = np.radians(np.asarray(bearing, dtype=float)), np.asarray(distance, dtype=float)
    sin_u, cos_u = np.sin(reduced), np.cos(reduced)
    sigma1 = np.arctan2(sin_u, cos_u * np.cos(alpha))
    sin_alpha = cos_u * np.sin(alpha)
    cos2_alpha = 1 - sin_alpha**2
    a, b = _series(cos2_alpha)
    first = way / (SEMI_MINOR_M * a)
    sigma = first
    for _ in range(ROUNDS):
        before, sigma = sigma, first + _delta(b, np.sin(sigma), np.cos(sigma), np.cos(2 * sigma1 + sigma))
        if np.all(np.abs(sigma - before) < SETTLED_RAD):
            break
    sin_s, cos_s = np.sin(sigma), np.cos(sigma)
    north = sin_u * cos_s + cos_u * sin_s * np.cos(alpha)
    rest = sin_u * sin_s - cos_u * cos_s * np.cos(alpha)
    lat2 = np.arctan2(north, (1 - FLATTENING) * np.hypot(sin_alpha, rest))
    sphere = np.arctan2(sin_s * np.sin(alpha), cos_u * cos_s - sin_u * sin_s * np.cos(alpha))
    lon2 = sphere - _lag(cos2_alpha, sin_alpha, sigma, sin_s, cos_s, np.cos(2 * sigma1 + sigma))
    return np.asarray(np.degrees(lat2)), wrap_lon(np.asarray(lon, dtype=float) + np.degrees(lon2))


def inverse(lat1: ArrayLike, lon1: ArrayLike, lat2: ArrayLike, lon2: ArrayLike) -> Way:
    """Solve the inverse problem: how far, and which way."""
    columns = np.broadcast_arrays(*(np.asarray(angle, dtype=float) for angle in (lat1, lon1, lat2, lon2)))
    shape = columns[0].shape
    one, lam1, two, lam2 = (np.atleast_1d(column) for column in columns)
    way, settled = _iterate(one, two, wrap_lon(lam2 - lam1))
    known = np.isfinite(one) & np.isfinite(two) & np.isfinite(lam1) & np.isfinite(lam2)
    for at in np.argwhere(~settled & known):
        here = tuple(at)
        found = _search(float(one[here]), float(lam1[here]), float(two[here]), float(lam2[here]))
        for column, value in zip(way, found, strict=True):
            column[here] = value
    for column in way:
        column[~known] = np.nan
    return Way(*(column.reshape(shape) for column in way))


def _iterate(
    one: Floats, two: Floats, apart_deg: Floats
) -> tuple[Way, np.ndarray[tuple[int, ...], np.dtype[np.bool_]]]:
    u1, u2, apart = _reduced(one), _reduced(two), np.radians(apart_deg)
    sin1, cos1, sin2, cos2 = np.sin(u1), np.cos(u1), np.sin(u2), np.cos(u2)
    sphere, settled = apart.copy(), np.zeros(apart.shape, dtype=bool)
    for _ in range(ROUNDS):
        sin_l, cos_l = np.sin(sphere), np.cos(sphere)
        sin_s = np.hypot(cos2 * sin_l, cos1 * sin2 - sin1 * cos2 * cos_l)
        cos_s = sin1 * sin2 + cos1 * cos2 * cos_l
        sigma = np.arctan2(sin_s, cos_s)
        same = sin_s == 0
        sin_alpha = np.where(same, 0.0, cos1 * cos2 * sin_l / np.where(same, 1.0, sin_s))
        cos2_alpha = 1 - sin_alpha**2
        equator = cos2_alpha < SETTLED_RAD
        middle = np.where(equator, 0.0, cos_s - 2 * sin1 * sin2 / np.where(equator, 1.0, cos2_alpha))
        after = apart + _lag(cos2_alpha, sin_alpha, sigma, sin_s, cos_s, middle)
        # Beyond half a turn the iteration has lost its way: the points are nearly antipodal.
        settled = (np.abs(after - sphere) < SETTLED_RAD) & (np.abs(after) <= np.pi) & (~same | (cos_s > 0))
        sphere = after
        if settled.all():
            break
    a, b = _series(cos2_alpha)
    distance = SEMI_MINOR_M * a * (sigma - _delta(b, sin_s, cos_s, middle))
    start = np.arctan2(cos2 * sin_l, cos1 * sin2 - sin1 * cos2 * cos_l)
    end = np.arctan2(cos1 * sin_l, cos1 * sin2 * cos_l - sin1 * cos2)
    return Way(distance, wrap_bearing(np.degrees(start)), wrap_bearing(np.degrees(end))), settled


def _search(lat1: float, lon1: float, lat2: float, lon2: float) -> tuple[float, float, float]:
    """Find the bearing whose relay point, half a world away, is nearest to the destination."""

    def rest(bearing: Floats) -> Way:
        relay = direct(lat1, lon1, bearing, RELAY_M)
        return _iterate(np.atleast_1d(relay[0]), np.full(bearing.shape, lat2), wrap_lon(lon2 - relay[1]))[0]

    bearings = np.arange(TRIALS) * 360.0 / TRIALS
    best = float(bearings[int(np.argmin(rest(bearings).distance_m))])
    low, high = best - 360.0 / TRIALS, best + 360.0 / TRIALS
    for _ in range(60):
        left, right = high - GOLDEN * (high - low), low + GOLDEN * (high - low)
        near = rest(np.array([left, right])).distance_m
        low, high = (low, right) if near[0] <= near[1] else (left, high)
    middle = np.array([(low + high) / 2])
    way = rest(middle)
    return RELAY_M + float(way.distance_m[0]), float(wrap_bearing(middle)[0]), float(way.arrival_deg[0])


def _reduced(lat: ArrayLike) -> Floats:
    phi = np.radians(np.asarray(lat, dtype=float))
    return np.asarray(np.arctan2((1 - FLATTENING) * np.sin(phi), np.cos(phi)))


def _series(cos2_alpha: Floats) -> tuple[Floats, Floats]:
    u2 = cos2_alpha * SECOND_ECCENTRICITY_2
    a = 1 + u2 / 16384 * (4096 + u2 * (-768 + u2 * (320 - 175 * u2)))
    b = u2 / 1024 * (256 + u2 * (-128 + u2 * (74 - 47 * u2)))
    return a, b


def _delta(b: Floats, sin_s: Floats, cos_s: Floats, middle: Floats) -> Floats:
    inner = cos_s * (2 * middle**2 - 1) - b / 6 * middle * (4 * sin_s**2 - 3) * (4 * middle**2 - 3)
    return np.asarray(b * sin_s * (middle + b / 4 * inner))


def _lag(
    cos2_alpha: Floats, sin_alpha: Floats, sigma: Floats, sin_s: Floats, cos_s: Floats, middle: Floats
) -> Floats:
    c = FLATTENING / 16 * cos2_alpha * (4 + FLATTENING * (4 - 3 * cos2_alpha))
    along = sigma + c * sin_s * (middle + c * cos_s * (2 * middle**2 - 1))
    return np.asarray((1 - c) * FLATTENING * sin_alpha * along)
