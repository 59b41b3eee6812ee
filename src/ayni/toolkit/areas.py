"""Boxes, rings and GeoJSON, right across the dateline and around the poles.

A box whose west is greater than its east crosses the dateline. The edges of a
ring are straight in longitude and latitude, as RFC 7946 says they are, and take
the short way: an edge from 179° E to 179° W is 2° long. A ring that goes once
around the Earth encloses the pole it is nearer to.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ayni.model.checks import finite, require
from ayni.model.place import MAX_LATITUDE_DEG, LineString, Polygon, Position
from ayni.toolkit.geo import destination, wrap_lon
from ayni.toolkit.units import Floats

HALF_TURN, FULL_TURN = 180.0, 360.0
METRES_A_DEGREE = 110_574.0
"""Shortest degree of latitude (at the equator): dividing by it never makes a box too small. Source: WGS 84."""
DECIMALS = 6
"""Microdegrees, 0.11 m: more would pretend to know more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Box:
    """A rectangle of latitudes and longitudes, edges included; `west > east` crosses the dateline.

    Raises:
        InvalidValueError: for a south above its north, or an edge that is not on the globe.
    """

    south: float
    west: float
    north: float
    east: float

    def __post_init__(self) -> None:
        finite(self.south, "south", -MAX_LATITUDE_DEG, MAX_LATITUDE_DEG)
        finite(self.north, "north", -MAX_LATITUDE_DEG, MAX_LATITUDE_DEG)
        finite(self.west, "west", -HALF_TURN, HALF_TURN)
        finite(self.east, "east", -HALF_TURN, HALF_TURN)
        require(self.south <= self.north, "south", "lies above north")

    @property
    def crosses_dateline(self) -> bool:
        """True when the box runs over 180°."""
        return self.west > self.east

    def contains(self, lat: ArrayLike, lon: ArrayLike) -> NDArray[np.bool_]:
        """Return which positions lie inside or on the edge."""
        phi, lam = np.asarray(lat, dtype=float), np.asarray(lon, dtype=float)
        lam = np.where(np.abs(lam) > HALF_TURN, wrap_lon(lam), lam)
        inside = (phi >= self.south) & (phi <= self.north)
        if self.crosses_dateline:
            return np.asarray(inside & ((lam >= self.west) | (lam <= self.east)))
        # -180 and 180 are the same meridian.
        edge = (np.abs(lam) == HALF_TURN) & ((self.east == HALF_TURN) | (self.west == -HALF_TURN))
        return np.asarray(inside & (((lam >= self.west) & (lam <= self.east)) | edge))


def box_of(lat: ArrayLike, lon: ArrayLike) -> Box:
    """Return the smallest box around positions: it leaves out the widest empty span of longitudes.

    Raises:
        InvalidValueError: if there is no position.
    """
    phi, lam = np.atleast_1d(np.asarray(lat, dtype=float)), np.unique(wrap_lon(np.atleast_1d(lon)))
    require(phi.size > 0 and lam.size > 0, "positions", "a box needs at least one position")
    spans = np.diff(np.append(lam, lam[0] + FULL_TURN))
    widest = int(np.argmax(spans))
    west, east = lam[(widest + 1) % lam.size], lam[widest]
    return Box(south=float(phi.min()), west=float(west), north=float(phi.max()), east=float(east))


def box_around(lat: float, lon: float, radius_m: float) -> Box:
    """Return a box that holds every position within *radius_m*; over a pole it goes all the way round."""
    reach = radius_m / METRES_A_DEGREE
    south, north = max(lat - reach, -MAX_LATITUDE_DEG), min(lat + reach, MAX_LATITUDE_DEG)
    widest = np.cos(np.radians(max(abs(south), abs(north))))
    span = reach / widest if widest > np.radians(reach) / HALF_TURN else HALF_TURN
    if span >= HALF_TURN or max(abs(south), abs(north)) >= MAX_LATITUDE_DEG:
        return Box(south=south, west=-HALF_TURN, north=north, east=HALF_TURN)
    return Box(south=south, west=float(wrap_lon(lon - span)), north=north, east=float(wrap_lon(lon + span)))


def in_ring(lat: ArrayLike, lon: ArrayLike, ring: Sequence[Position]) -> NDArray[np.bool_]:
    """Return which positions lie inside a closed ring of (longitude, latitude)."""
    corners = np.asarray(ring, dtype=float)
    x, y = np.rad2deg(np.unwrap(np.deg2rad(corners[:, 0]))), corners[:, 1]
    around = x[-1] - x[0]
    if abs(around) > HALF_TURN:
        pole = np.copysign(MAX_LATITUDE_DEG, y.mean())
        x, y = np.concatenate([x, [x[-1], x[0]], x[:1]]), np.concatenate([y, [pole, pole], y[:1]])
    phi, lam = np.broadcast_arrays(np.asarray(lat, dtype=float), np.asarray(lon, dtype=float))
    inside = np.zeros(phi.shape, dtype=bool)
    for turn in range(int((x.min() - HALF_TURN) // FULL_TURN), int((x.max() + HALF_TURN) // FULL_TURN) + 1):
        inside |= _odd_crossings(lam + turn * FULL_TURN, phi, x, y)
    return inside


def _odd_crossings(px: Floats, py: Floats, x: Floats, y: Floats) -> NDArray[np.bool_]:
    inside = np.zeros(px.shape, dtype=bool)
    for x1, y1, x2, y2 in zip(x[:-1], y[:-1], x[1:], y[1:], strict=True):
        if y1 == y2:
            continue
        crosses = ((y1 > py) != (y2 > py)) & (px < (x2 - x1) * (py - y1) / (y2 - y1) + x1)
        inside ^= crosses
    return inside


def in_polygon(lat: ArrayLike, lon: ArrayLike, area: Polygon) -> NDArray[np.bool_]:
    """Return which positions lie inside the outer ring and in none of the holes."""
    inside = in_ring(lat, lon, area.coordinates[0])
    for hole in area.coordinates[1:]:
        inside &= ~in_ring(lat, lon, hole)
    return inside


def circle(lat: float, lon: float, radius_m: float, *, corners: int = 72) -> Polygon:
    """Return the area within *radius_m* of a position as a ring of geodesics' ends, counter-clockwise (RFC 7946)."""
    bearings = -np.arange(corners) * FULL_TURN / corners
    phi, lam = destination(lat, lon, bearings, max(radius_m, 0.1))
    ring = positions(phi, lam)
    return Polygon(coordinates=((*ring, ring[0]),))


def positions(lat: ArrayLike, lon: ArrayLike) -> tuple[Position, ...]:
    """Return GeoJSON positions, longitude first, to a microdegree."""
    phi = np.round(np.atleast_1d(np.asarray(lat, dtype=float)), DECIMALS)
    lam = np.round(np.atleast_1d(np.asarray(lon, dtype=float)), DECIMALS)
    return tuple(zip(lam.tolist(), phi.tolist(), strict=True))


def path(lat: ArrayLike, lon: ArrayLike) -> LineString:
    """Return a path as GeoJSON."""
    return LineString(coordinates=positions(lat, lon))


def split_at_dateline(line: LineString) -> tuple[LineString, ...]:
    """Return the parts of a path on either side of the dateline, as RFC 7946 section 3.1.9 asks for drawing."""
    parts: list[list[Position]] = [[line.coordinates[0]]]
    for (lon1, lat1), (lon2, lat2) in zip(line.coordinates[:-1], line.coordinates[1:], strict=True):
        if abs(lon2 - lon1) > HALF_TURN:
            edge = HALF_TURN if lon1 > 0 else -HALF_TURN
            span = FULL_TURN - abs(lon2 - lon1)
            lat = lat1 + (lat2 - lat1) * (abs(edge - lon1) / span if span else 0.0)
            parts[-1].append((edge, lat))
            parts.append([(-edge, lat)])
        parts[-1].append((lon2, lat2))
    return tuple(LineString(coordinates=tuple(part)) for part in parts if len(part) > 1)
