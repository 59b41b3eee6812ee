"""Distances, bearings and positions on the Earth (WGS 84), for numbers and whole columns at once.

Two models, and how far each can be trusted:

* the **mean sphere** (`haversine_m`, `cross_track_m`, `along_track_m`): distances wrong by up to
  0.56 %, 56 m in 10 km; ten times faster. For thresholds that are themselves round numbers.
* the **ellipsoid** (`inverse`, `distance_m`, `destination`, `midpoint`): geodesics after Vincenty, within
  1 mm; where his iteration does not converge (the two points nearly opposite on the globe) the
  shortest way is searched for, within 1 m. For what a court, a patrol or an intercept relies on.

A vessel that keeps its course sails a **rhumb line**, not a geodesic: `rhumb_destination`.

Angles are degrees; bearings clockwise from true north, in [0, 360); longitudes come back in [-180, 180).

Sources: WGS 84, NGA.STND.0036; mean radius, IUGG 1980; T. Vincenty, Survey Review XXIII/176, 1975;
rhumb lines with the isometric latitude, J. P. Snyder, USGS Professional Paper 1395, 1987.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from ayni.toolkit.units import Floats

MEAN_RADIUS_M = 6_371_008.8
"""Mean radius R1 = (2a + b) / 3. Source: IUGG 1980, for WGS 84."""
SEMI_MAJOR_M = 6_378_137.0
FLATTENING = 1 / 298.257223563
SEMI_MINOR_M = SEMI_MAJOR_M * (1 - FLATTENING)
ECCENTRICITY = float(np.sqrt(FLATTENING * (2 - FLATTENING)))
ROUNDS = 100
"""Vincenty's iteration converges in under ten unless the points are nearly antipodal."""
SETTLED_RAD = 1e-12
"""0.006 mm on the ground."""


class Way(NamedTuple):
    """The geodesic from one place to another."""

    distance_m: Floats
    bearing_deg: Floats
    """At departure."""
    arrival_deg: Floats
    """Direction of travel at arrival."""


def wrap_lon(lon_deg: ArrayLike) -> Floats:
    """Return longitudes in [-180, 180)."""
    lon = np.asarray(lon_deg, dtype=float)
    return np.where((lon >= -180.0) & (lon < 180.0), lon, (lon + 180.0) % 360.0 - 180.0)  # noqa: PLR2004 -- degrees


def wrap_bearing(bearing_deg: ArrayLike) -> Floats:
    """Return bearings in [0, 360)."""
    # A tiny negative angle rounds to 360 itself; the second remainder makes that 0.
    return np.asarray(bearing_deg, dtype=float) % 360.0 % 360.0


def turn_deg(before_deg: ArrayLike, after_deg: ArrayLike) -> Floats:
    """Return the turn from one course to the next in [-180, 180): to starboard positive."""
    return wrap_lon(np.asarray(after_deg, dtype=float) - np.asarray(before_deg, dtype=float))


def haversine_m(lat1: ArrayLike, lon1: ArrayLike, lat2: ArrayLike, lon2: ArrayLike) -> Floats:
    """Return the great-circle distance on the mean sphere, metres; within 0.56 % of the ellipsoid."""
    phi1, lam1, phi2, lam2 = _radians(lat1, lon1, lat2, lon2)
    half = np.sin((phi2 - phi1) / 2) ** 2 + np.cos(phi1) * np.cos(phi2) * np.sin((lam2 - lam1) / 2) ** 2
    return np.asarray(2 * MEAN_RADIUS_M * np.arcsin(np.sqrt(np.clip(half, 0.0, 1.0))))


def sphere_bearing_deg(lat1: ArrayLike, lon1: ArrayLike, lat2: ArrayLike, lon2: ArrayLike) -> Floats:
    """Return the great-circle bearing at departure on the sphere; within 0.2° of the ellipsoid, away from poles."""
    phi1, lam1, phi2, lam2 = _radians(lat1, lon1, lat2, lon2)
    east = np.sin(lam2 - lam1) * np.cos(phi2)
    north = np.cos(phi1) * np.sin(phi2) - np.sin(phi1) * np.cos(phi2) * np.cos(lam2 - lam1)
    return wrap_bearing(np.degrees(np.arctan2(east, north)))


def cross_track_m(
    lat: ArrayLike, lon: ArrayLike, *, lat1: ArrayLike, lon1: ArrayLike, lat2: ArrayLike, lon2: ArrayLike
) -> Floats:
    """Return how far a position lies off the great circle from 1 to 2 on the sphere: to starboard positive."""
    away = haversine_m(lat1, lon1, lat, lon) / MEAN_RADIUS_M
    off = np.radians(sphere_bearing_deg(lat1, lon1, lat, lon) - sphere_bearing_deg(lat1, lon1, lat2, lon2))
    return np.asarray(np.arcsin(np.sin(away) * np.sin(off)) * MEAN_RADIUS_M)


def along_track_m(
    lat: ArrayLike, lon: ArrayLike, *, lat1: ArrayLike, lon1: ArrayLike, lat2: ArrayLike, lon2: ArrayLike
) -> Floats:
    """Return how far along the great circle from 1 towards 2 the position lies abeam: behind 1 negative."""
    away = haversine_m(lat1, lon1, lat, lon) / MEAN_RADIUS_M
    off = np.radians(sphere_bearing_deg(lat1, lon1, lat, lon) - sphere_bearing_deg(lat1, lon1, lat2, lon2))
    return np.asarray(np.arctan2(np.sin(away) * np.cos(off), np.cos(away)) * MEAN_RADIUS_M)


def inverse(lat1: ArrayLike, lon1: ArrayLike, lat2: ArrayLike, lon2: ArrayLike) -> Way:
    """Return distance and bearings of the geodesic on the ellipsoid, within 1 mm (nearly antipodal: 1 m)."""
    from ayni.toolkit._vincenty import inverse as solve  # noqa: PLC0415 -- it builds on this module

    return solve(lat1, lon1, lat2, lon2)


def distance_m(lat1: ArrayLike, lon1: ArrayLike, lat2: ArrayLike, lon2: ArrayLike) -> Floats:
    """Return the geodesic distance on the ellipsoid, metres."""
    return inverse(lat1, lon1, lat2, lon2).distance_m


def bearing_deg(lat1: ArrayLike, lon1: ArrayLike, lat2: ArrayLike, lon2: ArrayLike) -> Floats:
    """Return the bearing at departure of the geodesic on the ellipsoid."""
    return inverse(lat1, lon1, lat2, lon2).bearing_deg


def destination(lat: ArrayLike, lon: ArrayLike, bearing: ArrayLike, distance: ArrayLike) -> tuple[Floats, Floats]:
    """Return latitude and longitude after *distance* metres along the geodesic that starts with *bearing*."""
    from ayni.toolkit._vincenty import direct  # noqa: PLC0415 -- it builds on this module

    return direct(lat, lon, bearing, distance)


def midpoint(lat1: ArrayLike, lon1: ArrayLike, lat2: ArrayLike, lon2: ArrayLike) -> tuple[Floats, Floats]:
    """Return the position halfway along the geodesic."""
    way = inverse(lat1, lon1, lat2, lon2)
    return destination(lat1, lon1, way.bearing_deg, way.distance_m / 2)


def rhumb_destination(
    lat: ArrayLike, lon: ArrayLike, course: ArrayLike, distance: ArrayLike
) -> tuple[Floats, Floats]:
    """Return the position after *distance* metres on a constant true course, on the ellipsoid.

    A course that would pass a pole ends there. Negative distances go back the same line.
    """
    phi, lam = np.radians(np.asarray(lat, dtype=float)), np.asarray(lon, dtype=float)
    alpha, way = np.radians(np.asarray(course, dtype=float)), np.asarray(distance, dtype=float)
    start = _meridian_m(phi)
    north = np.clip(start + way * np.cos(alpha), -_QUARTER_M, _QUARTER_M)
    phi2 = _latitude_of(north)
    rise = north - start
    # Δψ/Δm where the vessel moves along the meridian; on a parallel its limit, 1/(N cos φ).
    level = np.abs(rise) < 1.0
    middle = (phi + phi2) / 2
    radius = SEMI_MAJOR_M / np.sqrt(1 - (ECCENTRICITY * np.sin(middle)) ** 2) * np.cos(middle)
    with np.errstate(divide="ignore", invalid="ignore"):
        slope = np.where(level, 1 / radius, (_isometric(phi2) - _isometric(phi)) / np.where(level, 1.0, rise))
        lam2 = lam + np.degrees(np.where(np.isfinite(slope), way * np.sin(alpha) * slope, 0.0))
    return np.asarray(np.degrees(phi2)), wrap_lon(lam2)


_N = FLATTENING / (2 - FLATTENING)
_RECTIFYING_M = SEMI_MAJOR_M / (1 + _N) * (1 + _N**2 / 4 + _N**4 / 64)
_QUARTER_M = _RECTIFYING_M * np.pi / 2
"""From the equator to a pole, 10,002 km."""


def _meridian_m(phi: Floats) -> Floats:
    # Helmert's series in the third flattening, to n^4: below a tenth of a millimetre.
    n = _N
    return np.asarray(
        _RECTIFYING_M
        * (
            phi
            - (3 / 2 * n - 9 / 16 * n**3) * np.sin(2 * phi)
            + (15 / 16 * n**2 - 15 / 32 * n**4) * np.sin(4 * phi)
            - 35 / 48 * n**3 * np.sin(6 * phi)
            + 315 / 512 * n**4 * np.sin(8 * phi)
        )
    )


def _latitude_of(meridian_m: Floats) -> Floats:
    n, mu = _N, meridian_m / _RECTIFYING_M
    return np.asarray(
        mu
        + (3 / 2 * n - 27 / 32 * n**3) * np.sin(2 * mu)
        + (21 / 16 * n**2 - 55 / 32 * n**4) * np.sin(4 * mu)
        + 151 / 96 * n**3 * np.sin(6 * mu)
        + 1097 / 512 * n**4 * np.sin(8 * mu)
    )


def _isometric(phi: Floats) -> Floats:
    sine = np.sin(phi)
    return np.asarray(np.arctanh(sine) - ECCENTRICITY * np.arctanh(ECCENTRICITY * sine))


def _radians(*angles: ArrayLike) -> tuple[Floats, ...]:
    return tuple(np.radians(np.asarray(angle, dtype=float)) for angle in angles)
