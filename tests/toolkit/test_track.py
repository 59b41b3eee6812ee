"""Laws of tracks: no line across a silence, and what is left out was not needed."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from ayni.toolkit import geo, track

MINUTE_MS = 60_000


def test_legs_measure_speed_and_course() -> None:
    """Six minutes at ten knots across the dateline; a repeated instant has no speed, a berth no course."""
    lat2, lon2 = geo.destination(5.0, 179.999, 90.0, 1_852.0)
    lat, lon = np.array([5.0, *[float(lat2)] * 3]), np.array([179.999, *[float(lon2)] * 3])
    legs = track.legs([0, 360_000, 360_000, 720_000], lat, lon)
    assert round(float(legs.speed_kn[0]), 6) == 10.0
    assert abs(float(legs.course_deg[0]) - 90) < 1e-6
    assert np.isnan(legs.speed_kn[1])
    assert legs.speed_kn[2] == 0
    assert np.isnan(legs.course_deg[1:]).all()


@given(
    st.lists(st.integers(min_value=1, max_value=90), min_size=1, max_size=30),
    st.integers(min_value=1, max_value=20),
)
def test_samples_lie_on_the_grid_and_never_in_a_silence(steps: list[int], every: int) -> None:
    """Each sample is at a multiple, between two fixes at most half an hour apart, and on the line between them."""
    t = np.cumsum(steps) * MINUTE_MS + 1_234
    lat, lon = t / 1e8, geo.wrap_lon(179.9 + t / 1e8)
    samples = track.resample(t, lat, lon, every_ms=every * MINUTE_MS, max_gap_ms=30 * MINUTE_MS)
    assert (samples.t_ms % (every * MINUTE_MS) == 0).all()
    assert np.allclose(samples.lat, samples.t_ms / 1e8, atol=1e-9)
    assert np.allclose(geo.wrap_lon(samples.lon - (179.9 + samples.t_ms / 1e8)), 0, atol=1e-9)
    wanted = {
        instant
        for before, after in pairwise(t.tolist())
        if after - before <= 30 * MINUTE_MS
        for instant in range(-(-before // (every * MINUTE_MS)) * every * MINUTE_MS, after + 1, every * MINUTE_MS)
    }
    assert set(samples.t_ms.tolist()) == wanted


def test_nothing_gives_nothing() -> None:
    """No fixes, no samples, nothing to keep."""
    assert track.resample([], [], [], every_ms=1000, max_gap_ms=1000).t_ms.size == 0
    assert track.simplify([], [], tolerance_m=10).size == 0
    assert track.legs([1], [2], [3]).speed_kn.size == 0


@given(
    st.lists(
        st.tuples(st.floats(min_value=-0.5, max_value=0.5), st.floats(min_value=-0.5, max_value=0.5)),
        min_size=2,
        max_size=40,
    ),
    st.floats(min_value=50, max_value=5_000),
)
def test_what_is_left_out_lies_near_what_is_drawn(walk: list[tuple[float, float]], tolerance: float) -> None:
    """First and last stay; every fix left out is within tolerance of a stretch kept, across the dateline."""
    steps = np.array(walk)
    lat, lon = np.cumsum(steps[:, 0]), 179.8 + np.cumsum(steps[:, 1])
    keep = track.simplify(lat, geo.wrap_lon(lon), tolerance_m=tolerance)
    assert keep[0]
    assert keep[-1]
    kept = np.flatnonzero(keep)
    for first, last in pairwise(kept):
        stretch = track._off_line_m(lat[first : last + 1], lon[first : last + 1])
        assert stretch.max() <= tolerance


def test_a_straight_line_needs_its_ends_only() -> None:
    """Along a meridian nothing between is needed."""
    lat = np.linspace(0, 1, 100)
    assert track.simplify(lat, np.full(100, 10.0), tolerance_m=1).sum() == 2


@given(
    lat=st.floats(min_value=-70, max_value=70),
    course=st.floats(min_value=0, max_value=359),
    speed=st.floats(min_value=0, max_value=50),
    hours=st.floats(min_value=-12, max_value=12),
)
def test_reckoning_forth_and_back(lat: float, course: float, speed: float, hours: float) -> None:
    """Where it will be, reckoned back, is where it is."""
    there = track.dead_reckon(lat, -179.99, course_deg=course, speed_kn=speed, seconds=hours * 3600)
    back = track.dead_reckon(*there, course_deg=course, speed_kn=speed, seconds=-hours * 3600)
    assert float(geo.distance_m(lat, -179.99, *back)) < 0.05
