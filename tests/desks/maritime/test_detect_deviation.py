from __future__ import annotations

import math

import pytest

from tests.desks.maritime.seas import Row, report, sail, seen


def detour(
    lateral_nm: float,
    hold_h: float,
    *,
    start_h: float = 15.0,
    ramp_h: float = 2.5,
    course: float = 70.0,
    end_h: float = 50.0,
    lat: float = -4.0,
) -> list[Row]:
    """Return a passage at 12 kn that lies *lateral_nm* beside its line for *hold_h* hours."""
    rows: list[Row] = []
    for step in range(round(end_h * 10)):
        hour = step / 10
        share = min(1.0, max(0.0, (hour - start_h) / ramp_h))
        share = min(share, max(0.0, (start_h + 2 * ramp_h + hold_h - hour) / ramp_h))
        along, beside = 12.0 * hour, lateral_nm * share
        head = math.radians(course)
        north = (along * math.cos(head) + beside * math.cos(head + math.pi / 2)) / 60
        east = (along * math.sin(head) + beside * math.sin(head + math.pi / 2)) / 60 / math.cos(math.radians(lat))
        rows.append(report(hour, lat + north, (-110 + east + 180) % 360 - 180))
    return rows


@pytest.mark.parametrize(
    ("lateral_nm", "hold_h", "count"), [(25, 3, 1), (40, 6, 1), (-25, 3, 1), (19, 6, 0), (25, 0.5, 0), (10, 20, 0)]
)
def test_over_twenty_miles_for_over_two_hours(lateral_nm: float, hold_h: float, count: int) -> None:
    """Both limits are strict, on either side."""
    found = seen(detour(lateral_nm, hold_h), "deviation")
    assert len(found) == count
    for signal in found:
        facts = signal.reasons[0].facts
        assert float(facts["lateral_nm"]) == pytest.approx(abs(lateral_nm), abs=1.5)
        assert signal.evidence


def test_the_time_told_is_the_time_of_the_detour() -> None:
    """It begins where the line is left and ends where it is taken up, within an hour."""
    (signal,) = seen(detour(30, 4), "deviation")
    assert signal.ended_at is not None
    hours = (signal.ended_at - signal.started_at).total_seconds() / 3600
    assert hours == pytest.approx(9, abs=1.6)


@pytest.mark.parametrize("turn", [20, 45, 90, 150])
def test_a_change_of_course_for_good_is_left_alone(turn: float) -> None:
    """It does not come back to its line."""
    first = sail(0, 30, course=0.0)
    second = sail(30.1, 60, lat=1.0, course=turn)
    assert seen([*first, *second], "deviation") == []


def test_there_and_back_again_is_no_detour() -> None:
    """A voyage out, a call elsewhere, and the way home on the same line in the other direction."""
    rows = [*sail(0, 20, course=90.0), *sail(20.1, 25, lon=-88 + 200 / 60, course=0.0)]
    rows += sail(25.1, 45, lat=-4 + 49 / 60, lon=-88 + 200 / 60, course=270.0)
    assert seen(rows, "deviation") == []


def test_a_ship_that_stops_where_its_line_ran_has_not_taken_it_up_again() -> None:
    """It drifts there along the line for six hours, slower than any voyage, and sails off across it."""
    rows = list(detour(30, 4))[: 24 * 10 + 1]
    last = rows[-1]
    north, east = (int(last[name] or 0) / 1e6 for name in ("lat_udeg", "lon_udeg"))
    rows += sail(24.1, 30, lat=north, lon=east, course=70.0, knots=1.2)
    rows += sail(30.1, 50, lat=north + 0.04, lon=east + 0.11, course=340.0)
    assert seen(rows, "deviation") == []


def test_a_stop_beside_the_line_adds_weight() -> None:
    """The ship drifts for four hours 30 miles off its line."""
    rows = list(detour(30, 8))
    start, stop = 18 * 10, 22 * 10
    waiting = [dict(rows[start]) | {"ts": row["ts"]} for row in rows[start:stop]]
    later = [dict(row) | {"ts": int(row["ts"] or 0) + 4 * 3_600_000} for row in rows[start:]]
    (signal,) = seen([*rows[:start], *waiting, *later], "deviation")
    assert any(reason.says.startswith("it all but stopped there") for reason in signal.reasons)


def test_high_latitudes_and_the_dateline() -> None:
    """Great circles, not lines on a chart."""
    rows = [dict(row) | {"lon_udeg": int(row["lon_udeg"] or 0)} for row in detour(30, 5, lat=52.0, course=90.0)]
    moved = [
        row | {"lon_udeg": (int(row["lon_udeg"] or 0) - 65_000_000 + 180_000_000) % 360_000_000 - 180_000_000}
        for row in rows
    ]
    assert len(seen(moved, "deviation")) == 1


def test_nothing_is_no_detour() -> None:
    """No rows, one row, a short passage."""
    assert seen([], "deviation") == []
    assert seen([report(1)], "deviation") == []
    assert seen(sail(0, 3), "deviation") == []
