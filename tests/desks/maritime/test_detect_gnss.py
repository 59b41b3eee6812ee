from __future__ import annotations

import math
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.desks.maritime.seas import SHIP, Row, report, sail, seen, watch


def circle(
    count: int, *, radius_deg: float = 0.02, every_h: float = 0.1, step_deg: float = 30.0, follows: bool = False
) -> list[Row]:
    """Return positions on a circle; reported courses are random, or those of the motion."""
    dice = random.Random(7)
    rows: list[Row] = []
    for k in range(count):
        turn = math.radians(k * step_deg)
        course = (k * step_deg + 90) % 360 if follows else dice.uniform(0, 359)
        lat, lon = -4 + radius_deg * math.cos(turn), -88 + radius_deg * math.sin(turn) / math.cos(math.radians(4))
        rows.append(report(k * every_h, lat, lon, speed_kn=6.0, course_deg=course))
    return rows


def fleet(vessels: int, *, apart_min: float = 5.0, home: bool = False) -> list[Row]:
    """Return ships that sail an hour and then leap to one place, 600 nm away, and perhaps home again."""
    rows: list[Row] = []
    for number in range(vessels):
        mmsi, lon = SHIP + number, -88 + number * 0.4
        leap_h = 1.1 + number * apart_min / 60
        rows += sail(0, 1, mmsi=mmsi, lon=lon)
        rows += [report(leap_h + k * 0.05, 2.0 + k * 0.001, -80.0 + number * 0.005, mmsi) for k in range(4)]
        if home:
            rows += sail(leap_h + 0.4, leap_h + 2, mmsi=mmsi, lon=lon, lat=-3.83)
    return rows


@pytest.mark.parametrize(("vessels", "count"), [(1, 0), (2, 0), (3, 1), (8, 1)])
def test_three_vessels_make_an_event_and_one_does_not(vessels: int, count: int) -> None:
    """A single vessel's leap is a named false positive."""
    found = seen(fleet(vessels), "gnss_jump")
    assert len(found) == count
    assert all(len(signal.subjects) == min(6, vessels) and signal.evidence for signal in found)


def test_leaps_spread_over_hours_are_not_one_event() -> None:
    """Three vessels, but never three within the hour."""
    assert seen(fleet(3, apart_min=45), "gnss_jump") == []


def test_leaping_home_is_not_a_second_event() -> None:
    """Back to where they were: the end of the interference."""
    assert len(seen(fleet(4, home=True), "gnss_jump")) == 1


def test_a_hole_in_the_data_is_no_leap() -> None:
    """Vessels found elsewhere after a long silence sailed there, or nobody knows."""
    rows = [row for row in fleet(4) if row["lat_udeg"] < 0]  # type: ignore[operator]
    rows += [report(7 + k * 0.05, 2.0, -80.0, SHIP + number) for number in range(4) for k in range(3)]
    assert seen(rows, "gnss_jump", settings={"gnss_jump.hole_min": 300}) == []


@pytest.mark.parametrize(("count", "found"), [(12, 0), (13, 0), (14, 1), (30, 1)])
def test_twelve_positions_and_more_than_one_turn(count: int, found: int) -> None:
    """Twelve positions 30° apart turn by 330°, thirteen by exactly 360°: not more than once round."""
    least = count if count in {13, 14} else 12
    assert len(seen(circle(count), "gnss_circle", settings={"gnss_circle.least_points": least})) == found


@pytest.mark.parametrize("berth", ["before", "after"])
def test_a_stay_at_a_berth_does_not_lengthen_a_circle(berth: str) -> None:
    """Two hours of positions on one spot, where the circle began: the signal tells of the circle alone."""
    dice = random.Random(11)
    from_h = -2.0 if berth == "before" else 0.8
    rows = circle(40, every_h=0.02)
    rows += [report(from_h + k * 0.02, -3.98, -88.0 + 1e-6 * k, course_deg=dice.uniform(0, 359)) for k in range(99)]
    (signal,) = seen(rows, "gnss_circle")
    assert signal.ended_at is not None
    minutes = (signal.ended_at - signal.started_at).total_seconds() / 60
    assert 40 < minutes < 60, "the circle took 47 minutes, the stay two hours"


def test_a_ship_that_sails_a_circle_is_left_alone() -> None:
    """Its courses are those of a circle."""
    assert seen(circle(40, follows=True), "gnss_circle") == []


def test_a_straight_course_and_an_anchorage_are_no_circles() -> None:
    """Random courses alone do not make one."""
    dice = random.Random(3)
    rows = [dict(row) | {"course_deg": dice.uniform(0, 359)} for row in sail(0, 20, speed_kn=10.0)]
    assert seen(rows, "gnss_circle") == []
    swing = [
        report(k / 20, -4 + dice.gauss(0, 2e-4), -88 + dice.gauss(0, 2e-4), course_deg=dice.uniform(0, 359))
        for k in range(400)
    ]
    assert seen(swing, "gnss_circle") == []


def test_without_reported_courses_the_rule_says_so() -> None:
    """Not run is not the same as nothing found."""
    rows = [dict(row) | {"course_deg": None} for row in circle(40)]
    assert [one.rule for one in watch(rows, "gnss_circle").not_run] == ["maritime.gnss_circle/1"]


@settings(max_examples=25, deadline=None)
@given(
    radius=st.floats(0.005, 0.08),
    step=st.floats(20, 60),
    lat=st.floats(-60, 60),
    lon=st.sampled_from([-179.999, 0.0, 88.0, 179.99]),
)
def test_circles_are_found_wherever_they_lie(radius: float, step: float, lat: float, lon: float) -> None:
    """Radius, speed, latitude and the dateline change nothing."""
    rows = []
    for row in circle(40, radius_deg=radius, step_deg=step):
        east = (row["lon_udeg"] / 1e6 + 88) * math.cos(math.radians(4)) / math.cos(math.radians(lat))  # type: ignore[operator]
        here = (lon + east + 180) % 360 - 180
        rows.append(
            dict(row) | {"lat_udeg": row["lat_udeg"] + round((lat + 4) * 1e6), "lon_udeg": round(here * 1e6)}  # type: ignore[operator]
        )
    assert len(seen(rows, "gnss_circle")) == 1
