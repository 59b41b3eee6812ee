"""Laws of the intercept: the patrol is there when the vessel is, and never sooner than possible."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from ayni.toolkit import areas, geo
from ayni.toolkit.intercept import Asset, CannotReach, Meeting, Target, meet, reach
from ayni.toolkit.phrases import errors_catalogue, render
from ayni.toolkit.track import dead_reckon
from ayni.toolkit.units import kn_to_mps

SEEN = datetime(2026, 3, 1, 4, 0, tzinfo=UTC)

targets = st.builds(
    lambda lat, lon, course, speed, more: Target(
        lat_deg=lat,
        lon_deg=float(geo.wrap_lon(lon)),
        at=SEEN,
        course_deg=course,
        speed_kn=speed,
        max_speed_kn=speed + more,
        uncertainty_m=100.0,
    ),
    st.floats(min_value=-65, max_value=65),
    st.floats(min_value=170, max_value=190),
    st.floats(min_value=0, max_value=360),
    st.floats(min_value=0, max_value=45),
    st.floats(min_value=0, max_value=10),
)
assets = st.builds(
    lambda north, east, minutes, speed: (north, east, minutes, speed),
    st.floats(min_value=-4, max_value=4),
    st.floats(min_value=-4, max_value=4),
    st.integers(min_value=0, max_value=180),
    st.floats(min_value=5, max_value=60),
)


def patrol(target: Target, where: tuple[float, float, int, float]) -> Asset:
    """Place a patrol some degrees away."""
    north, east, minutes, speed = where
    return Asset(
        lat_deg=target.lat_deg + north,
        lon_deg=float(geo.wrap_lon(target.lon_deg + east)),
        ready_at=SEEN + timedelta(minutes=minutes),
        max_speed_kn=speed,
    )


@settings(max_examples=60, deadline=None)
@given(target=targets, where=assets)
def test_the_patrol_arrives_when_the_vessel_does(target: Target, where: tuple[float, float, int, float]) -> None:
    """Run the patrol on its course at its speed: within 50 m and 10 s of the vessel; and not a minute sooner."""
    asset = patrol(target, where)
    meeting = meet(target, asset)
    if isinstance(meeting, CannotReach):
        # With less speed than the vessel only; a faster patrol has 72 hours for 600 miles at a closing speed above.
        assert asset.max_speed_kn < target.speed_kn + 12
        return
    running_s = (meeting.at - asset.ready_at).total_seconds()
    there = geo.destination(
        asset.lat_deg, asset.lon_deg, meeting.course_deg, kn_to_mps(asset.max_speed_kn) * running_s
    )
    vessel = dead_reckon(
        target.lat_deg,
        target.lon_deg,
        course_deg=target.course_deg,
        speed_kn=target.speed_kn,
        seconds=(meeting.at - target.at).total_seconds(),
    )
    lon, lat = meeting.place.coordinates
    assert float(geo.distance_m(*vessel, lat, lon)) < 1.0
    if running_s > 0:
        assert float(geo.distance_m(*there, *vessel)) < 50.0
        assert abs(meeting.distance_m / kn_to_mps(asset.max_speed_kn) - running_s) < 10.0
    for earlier_s in np.linspace(0, running_s - 60, 7) if running_s > 60 else ():
        sooner = dead_reckon(
            target.lat_deg,
            target.lon_deg,
            course_deg=target.course_deg,
            speed_kn=target.speed_kn,
            seconds=(asset.ready_at - target.at).total_seconds() + earlier_s,
        )
        assert (
            float(geo.distance_m(asset.lat_deg, asset.lon_deg, *sooner)) > kn_to_mps(asset.max_speed_kn) * earlier_s
        )


@settings(max_examples=60, deadline=None)
@given(target=targets, where=assets)
def test_the_two_bounds_hold(target: Target, where: tuple[float, float, int, float]) -> None:
    """Soonest is never after the meeting, certain never before it; the area holds where it would be."""
    asset = patrol(target, where)
    found, meeting = reach(target, asset), meet(target, asset)
    if isinstance(meeting, Meeting):
        assert isinstance(found.soonest_at, datetime)
        assert found.soonest_at <= meeting.at + timedelta(seconds=1)
        if isinstance(found.certain_at, datetime):
            # On the globe, the way round is a little longer than the sum of the ways: a second a day.
            assert found.certain_at >= meeting.at - timedelta(seconds=5)
    if isinstance(found.certain_at, CannotReach) and asset.max_speed_kn > target.max_speed_kn + 1:
        assert "needed_s" in found.certain_at.because.facts
    now = dead_reckon(
        target.lat_deg,
        target.lon_deg,
        course_deg=target.course_deg,
        speed_kn=target.speed_kn * 0.95,
        seconds=(asset.ready_at - target.at).total_seconds(),
    )
    assert bool(areas.in_polygon(*now, found.area))


def test_a_faster_vessel_that_runs_is_not_reached_and_the_reason_is_said() -> None:
    """The reason reads in Spanish."""
    target = Target(lat_deg=1.5, lon_deg=-81.2, at=SEEN, course_deg=0, speed_kn=35, max_speed_kn=45)
    asset = Asset(lat_deg=0.5, lon_deg=-81.2, ready_at=SEEN, max_speed_kn=20)
    answer = meet(target, asset)
    assert isinstance(answer, CannotReach)
    assert render(answer.because, language="es", catalogue=errors_catalogue()).text == (
        "la patrulla no la alcanza en 3 d: está a 59,7 millas náuticas, 20 nudos frente a 35 nudos"
    )
    bounds = reach(target, asset)
    assert isinstance(bounds.certain_at, CannotReach)
    assert isinstance(bounds.soonest_at, datetime)


def test_a_vessel_that_comes_along_meets_a_slow_patrol() -> None:
    """A slower patrol ahead of the vessel waits for it."""
    target = Target(lat_deg=0, lon_deg=-80, at=SEEN, course_deg=90, speed_kn=20, max_speed_kn=20)
    asset = Asset(lat_deg=0, lon_deg=-79, ready_at=SEEN, max_speed_kn=5)
    meeting = meet(target, asset)
    assert isinstance(meeting, Meeting)
    assert abs((meeting.at - SEEN).total_seconds() - 60.107 / 25 * 3600) < 5


def test_already_there() -> None:
    """A patrol alongside has met it."""
    target = Target(lat_deg=0, lon_deg=-80, at=SEEN, course_deg=90, speed_kn=20, max_speed_kn=20)
    meeting = meet(target, Asset(lat_deg=0, lon_deg=-80, ready_at=SEEN, max_speed_kn=5))
    assert isinstance(meeting, Meeting)
    assert meeting.at == SEEN
