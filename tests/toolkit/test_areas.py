"""Laws of boxes and rings: what is inside stays inside, wherever the dateline and the poles are."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ayni.errors import InvalidValueError
from ayni.model.place import LineString, Polygon
from ayni.toolkit import areas, geo

lats = st.floats(min_value=-85, max_value=85)
lons = st.floats(min_value=-180, max_value=180)


@given(st.lists(st.tuples(lats, lons), min_size=1, max_size=8))
def test_a_box_holds_what_it_was_made_of(positions: list[tuple[float, float]]) -> None:
    """Every position is inside, and the box is never wider than the Earth less its widest empty span."""
    lat, lon = np.array(positions).T
    box = areas.box_of(lat, lon)
    assert box.contains(lat, lon).all()


def test_a_box_crosses_the_dateline_when_that_is_the_short_way() -> None:
    """Two positions either side of 180° make a box 2° wide, not 358°."""
    box = areas.box_of([10, 12], [179, -179])
    assert (box.west, box.east, box.crosses_dateline) == (179, -179, True)
    assert box.contains([11, 11, 11], [180, -180, 0]).tolist() == [True, True, False]


@given(lat=st.floats(min_value=-90, max_value=90), lon=lons, radius=st.floats(min_value=1, max_value=3_000_000))
def test_a_box_around_holds_the_circle(lat: float, lon: float, radius: float) -> None:
    """Every position at that distance lies in the box, poles included."""
    lat2, lon2 = geo.destination(lat, lon, np.arange(0, 360, 10), radius * 0.999)
    assert areas.box_around(lat, lon, radius).contains(lat2, lon2).all()


@given(
    lat=st.floats(min_value=-60, max_value=60),
    lon=lons,
    radius=st.floats(min_value=1_000, max_value=500_000),
    bearing=st.floats(min_value=0, max_value=360),
)
def test_in_a_circle_is_nearer_than_its_radius(lat: float, lon: float, radius: float, bearing: float) -> None:
    """Well inside is inside, well outside is outside, also across the dateline."""
    ring = areas.circle(lat, lon, radius)
    inner = geo.destination(lat, lon, bearing, radius * 0.97)
    outer = geo.destination(lat, lon, bearing, radius * 1.03)
    assert bool(areas.in_polygon(*inner, ring))
    assert not bool(areas.in_polygon(*outer, ring))
    assert bool(areas.in_polygon(inner[0], inner[1] + 360, ring))


def test_a_ring_around_the_pole_holds_the_pole() -> None:
    """South of 60° S, all the way round."""
    ring = tuple((float(lon), -60.0) for lon in range(-180, 181, 30))
    inside = areas.in_ring([-90, -75, -61, -59, 80], [0, 179.9, -180, 10, 10], ring)
    assert inside.tolist() == [True, True, True, False, False]


def test_a_hole_is_outside() -> None:
    """Inside the ring but in the hole is outside."""
    outer = ((170.0, 0.0), (-170.0, 0.0), (-170.0, 10.0), (170.0, 10.0), (170.0, 0.0))
    hole = ((178.0, 4.0), (-178.0, 4.0), (-178.0, 6.0), (178.0, 6.0), (178.0, 4.0))
    area = Polygon(coordinates=(outer, hole))
    assert areas.in_polygon([5, 5, 5, 5], [180, 175, -175, 160], area).tolist() == [False, True, True, False]


def test_a_path_is_split_at_the_dateline() -> None:
    """Both parts end on the meridian at the same latitude."""
    line = LineString(coordinates=((178.0, 0.0), (-178.0, 4.0), (-170.0, 4.0)))
    west, east = areas.split_at_dateline(line)
    assert west.coordinates == ((178.0, 0.0), (180.0, 2.0))
    assert east.coordinates == ((-180.0, 2.0), (-178.0, 4.0), (-170.0, 4.0))


def test_a_box_is_refused_upside_down() -> None:
    """South above north, or no position at all."""
    with pytest.raises(InvalidValueError):
        areas.Box(south=2, west=0, north=1, east=1)
    with pytest.raises(InvalidValueError):
        areas.box_of([], [])
