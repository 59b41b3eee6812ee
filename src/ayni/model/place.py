"""Where: GeoJSON geometries (RFC 7946), WGS 84, longitude before latitude."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from ayni.model.checks import finite, require

if TYPE_CHECKING:
    from collections.abc import Iterable

Position = tuple[float, float]
"""Longitude and latitude in degrees: the order of GeoJSON."""

MAX_LATITUDE_DEG = 90.0
MAX_LONGITUDE_DEG = 180.0
MIN_LINE = 2
MIN_RING = 4


class Point(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="Point"):
    """One position."""

    coordinates: Position

    def __post_init__(self) -> None:
        _check([self.coordinates])

    @property
    def centre(self) -> Position:
        """The position itself."""
        return self.coordinates


class LineString(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="LineString"):
    """A path of two positions or more."""

    coordinates: tuple[Position, ...]

    def __post_init__(self) -> None:
        require(len(self.coordinates) >= MIN_LINE, "coordinates", "a line has two positions or more")
        _check(self.coordinates)

    @property
    def centre(self) -> Position:
        """The middle position of the path."""
        return self.coordinates[len(self.coordinates) // 2]


class Polygon(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="Polygon"):
    """An area: outer ring first, then holes; every ring closed."""

    coordinates: tuple[tuple[Position, ...], ...]

    def __post_init__(self) -> None:
        require(bool(self.coordinates), "coordinates", "an area has an outer ring")
        for ring in self.coordinates:
            require(len(ring) >= MIN_RING and ring[0] == ring[-1], "coordinates", "a ring is closed, four or more")
            _check(ring)

    @property
    def centre(self) -> Position:
        """Middle of the bounding box of the outer ring."""
        lons = [lon for lon, _ in self.coordinates[0]]
        lats = [lat for _, lat in self.coordinates[0]]
        return (min(lons) + max(lons)) / 2, (min(lats) + max(lats)) / 2


Place = Point | LineString | Polygon


def _check(positions: Iterable[Position]) -> None:
    for lon, lat in positions:
        finite(lon, "longitude", -MAX_LONGITUDE_DEG, MAX_LONGITUDE_DEG)
        finite(lat, "latitude", -MAX_LATITUDE_DEG, MAX_LATITUDE_DEG)
