"""Laws of distances and positions, at the dateline and the poles too."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from ayni.toolkit import geo

lats = st.floats(min_value=-89.9, max_value=89.9)
lons = st.floats(min_value=-180, max_value=180)
bearings = st.floats(min_value=0, max_value=360, exclude_max=True)
GOLDEN = Path(__file__).parent / "golden" / "geodesics.csv"


def test_geodesics_agree_with_karney() -> None:
    """Within 1 mm, or 1 m where the points are nearly opposite; bearings within a millionth of a degree."""
    rows = np.loadtxt(GOLDEN, delimiter=",", skiprows=2)
    assert rows.shape == (45, 6)
    way = geo.inverse(*rows[:, :4].T)
    far = rows[:, 4] > 19_900_000
    assert far.sum() >= 8
    assert np.abs(way.distance_m - rows[:, 4])[~far].max() < 0.001
    assert np.abs(way.distance_m - rows[:, 4])[far].max() < 1.0
    assert np.abs(geo.turn_deg(way.bearing_deg, rows[:, 5]))[~far].max() < 1e-6


@given(lat=lats, lon=lons, bearing=bearings, distance=st.floats(min_value=0, max_value=15_000_000))
def test_there_and_measured(lat: float, lon: float, bearing: float, distance: float) -> None:
    """What `destination` goes, `inverse` measures; the longitude stays on the globe."""
    lat2, lon2 = geo.destination(lat, lon, bearing, distance)
    way = geo.inverse(lat, lon, lat2, lon2)
    assert abs(float(way.distance_m) - distance) < 0.002
    assert -180 <= float(lon2) < 180
    if distance > 1_000 and abs(lat) < 89:
        assert abs(float(geo.turn_deg(way.bearing_deg, bearing))) < 1e-4


@given(lat1=lats, lon1=lons, lat2=lats, lon2=lons)
def test_distance_is_the_same_both_ways_and_close_to_the_sphere(
    lat1: float, lon1: float, lat2: float, lon2: float
) -> None:
    """Symmetric, and haversine lies within its stated 0.56 %."""
    there, back = geo.distance_m(lat1, lon1, lat2, lon2), geo.distance_m(lat2, lon2, lat1, lon1)
    assert abs(float(there - back)) < 1.0
    assert abs(float(geo.haversine_m(lat1, lon1, lat2, lon2) - there)) <= 0.0057 * float(there) + 0.01


@given(lat1=lats, lon1=lons, lat2=lats, lon2=lons)
def test_the_midpoint_is_halfway(lat1: float, lon1: float, lat2: float, lon2: float) -> None:
    """Equally far from both ends, and on the way."""
    whole = float(geo.distance_m(lat1, lon1, lat2, lon2))
    assume(whole < 19_000_000)
    lat, lon = geo.midpoint(lat1, lon1, lat2, lon2)
    assert abs(float(geo.distance_m(lat1, lon1, lat, lon)) - whole / 2) < 0.01
    assert abs(float(geo.distance_m(lat, lon, lat2, lon2)) - whole / 2) < 0.01


@given(st.floats(min_value=-1e6, max_value=1e6))
def test_wrapping_keeps_the_meridian(lon: float) -> None:
    """In range, a whole number of turns away, and itself when wrapped again."""
    wrapped = float(geo.wrap_lon(lon))
    assert -180 <= wrapped < 180
    assert abs((lon - wrapped) / 360 - round((lon - wrapped) / 360)) < 1e-6
    assert float(geo.wrap_lon(wrapped)) == wrapped
    assert 0 <= float(geo.wrap_bearing(lon)) < 360


@given(
    lat=st.floats(min_value=-70, max_value=70),
    lon=lons,
    course=bearings,
    distance=st.floats(min_value=1, max_value=1_000_000),
)
def test_a_rhumb_line_goes_back_the_way_it_came(lat: float, lon: float, course: float, distance: float) -> None:
    """Out and back on the same course is where one started; it is never shorter than the geodesic."""
    lat2, lon2 = geo.rhumb_destination(lat, lon, course, distance)
    assert float(geo.distance_m(lat, lon, lat2, lon2)) <= distance + 0.01
    back = geo.rhumb_destination(lat2, lon2, course, -distance)
    assert float(geo.distance_m(lat, lon, *back)) < 0.01


def test_rhumb_lines_keep_parallels_and_meridians() -> None:
    """East along 60° N the latitude stays; north the distance is that of the meridian; the pole ends it."""
    lat, lon = geo.rhumb_destination(60.0, 179.9, 90.0, 100_000.0)
    assert (round(float(lat), 9), round(float(lon), 6)) == (60.0, -178.307885)
    north = geo.rhumb_destination(10.0, 5.0, 0.0, 500_000.0)
    assert np.allclose(north, geo.destination(10.0, 5.0, 0.0, 500_000.0), atol=1e-9)
    assert float(geo.rhumb_destination(89.0, 0.0, 30.0, 1e6)[0]) == pytest.approx(90.0)


def test_off_the_track_and_along_it() -> None:
    """East along the equator, a position to the south is to starboard."""
    line = {"lat1": 0.0, "lon1": 179.0, "lat2": 0.0, "lon2": -179.0}
    off = geo.cross_track_m([-0.1, 0.1], [180.0, 180.0], **line)
    assert off[0] == pytest.approx(11_119.5, abs=0.1)
    assert off[1] == pytest.approx(-off[0])
    along = geo.along_track_m([-0.1, 0.0], [180.0, 178.0], **line)
    assert along == pytest.approx([111_195.1, -111_195.1], abs=0.1)


def test_unknown_positions_stay_unknown() -> None:
    """NaN in, NaN out, for that row alone."""
    way = geo.inverse([np.nan, 0.0], 0.0, 1.0, [0.0, 1.0])
    assert np.isnan(way.distance_m[0])
    assert np.isfinite(way.distance_m[1])


def test_shapes_are_kept() -> None:
    """A number gives a number, a grid a grid."""
    assert geo.distance_m(0.0, 0.0, 1.0, 1.0).shape == ()
    assert geo.distance_m(np.zeros((2, 1)), 0.0, np.ones(3), 1.0).shape == (2, 3)
