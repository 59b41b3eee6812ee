from __future__ import annotations

import pytest

from tests.desks.maritime.seas import MIDNIGHT_MS, OTHER, SHIP, Row, report, sail, seen, watch


@pytest.mark.parametrize(("hours", "count"), [(3, 0), (5, 1)])
def test_slow_hours_far_out_are_loitering(hours: float, count: int) -> None:
    """Four hours below two knots. Source: pipe-loitering."""
    rows = [
        *sail(0, 2),
        *sail(2.1, 2.1 + hours, lat=-4 + 20.5 / 60, knots=0.8),
        *sail(2.2 + hours, 4 + hours, lat=-4 + 25 / 60),
    ]
    assert len(seen(rows, "loitering")) == count


def test_slow_near_the_coast_is_not_loitering() -> None:
    """Within twenty miles of land many lie still: here off the coast of Ecuador."""
    assert seen(sail(0, 8, lat=-1.0, lon=-80.95, knots=0.8), "loitering") == []


def test_reports_an_hour_apart_still_show_loitering() -> None:
    """Satellite data has few reports; the row of slow hours does not break."""
    assert len(seen(sail(0, 12, knots=0.5, every_min=95), "loitering")) == 1


def adrift(minutes: float, angle: float = 70, knots: float = 3.0) -> list[Row]:
    """A ship whose bow points aside of its course."""
    return [
        row | {"speed_kn": knots, "course_deg": 350.0, "heading_deg": (350 + angle) % 360}
        for row in sail(0, minutes / 60, knots=knots, course=350, every_min=3)
    ]


@pytest.mark.parametrize(
    ("minutes", "angle", "knots", "count"),
    [(60, 70, 3.0, 1), (24, 70, 3.0, 0), (60, 40, 3.0, 0), (60, 41, 3.0, 1), (60, 70, 2.6, 0)],
)
def test_a_bow_that_points_aside_is_adrift(minutes: float, angle: float, knots: float, count: int) -> None:
    """More than 40° for half an hour at 2.7 kn or more, also across north. Source: RTEC."""
    assert len(seen(adrift(minutes, angle, knots), "drifting")) == count


def test_without_heading_nobody_says_that_nothing_was_found() -> None:
    """A source that lacks a column gives "not run"."""
    found = watch(sail(0, 3), "drifting")
    assert found.signals == ()
    assert [one.rule for one in found.not_run] == ["maritime.drifting/1"]


def test_a_tug_works_sideways() -> None:
    """Left out where it says that it is one."""
    tug = [{"mmsi": SHIP, "ts": MIDNIGHT_MS, "ship_type": 52}]
    assert seen(adrift(60), "drifting", identities=tug) == []


def call() -> list[Row]:
    """Into Manta from the north-west, six hours at the pier, out again."""
    return [
        *sail(0, 2, lat=-0.6, lon=-80.72, knots=9.85, course=180),
        *sail(2.1, 8, lat=-0.93, lon=-80.72, knots=0.01),
        *sail(8.2, 10, lat=-0.91, lon=-80.72, knots=10),
    ]


def test_a_call_at_a_port_is_seen_with_entry_stop_and_exit() -> None:
    """Confidence 4 of 4. Source: pipe-anchorages."""
    (visit,) = seen(call(), "port_visit")
    facts = {name: fact for reason in visit.reasons for name, fact in reason.facts.items()}
    assert facts["confidence"] == 4
    assert facts["port_name"] == "Manta"


def test_silence_in_port_is_no_gap() -> None:
    """The equipment was off at the pier: nothing to tell."""
    away = [row for row in call() if not 2.5 < (float(row["ts"] or 0) - MIDNIGHT_MS) / 3_600_000 < 9]
    late = [{**row, "ts": int(row["ts"] or 0) + 3_600_000 * 3} for row in away if row["lat_udeg"] == -910_000]
    rows = [*sail(0, 2, lat=-0.6, lon=-80.72, knots=9.85, course=180), *sail(11, 12, lat=-0.93, lon=-80.72), *late]
    assert seen(rows, "gap") == []


def test_a_stop_away_from_port_is_seen() -> None:
    """Longer than half an hour, off the coast, no port within 4 km."""
    rows = [
        *sail(0, 1, lat=-1.6, lon=-81.2),
        *sail(1.1, 4, lat=-1.44, lon=-81.2, knots=0.02),
        *sail(4.1, 5, lat=-1.44, lon=-81.2),
    ]
    (stop,) = seen(rows, "anchorage_stop")
    assert stop.ended_at is not None
    assert (stop.ended_at - stop.started_at).total_seconds() == pytest.approx(2.9 * 3600, abs=900)


def test_two_ships_under_one_number_are_told_apart() -> None:
    """Eight hours each, sixty miles from one another."""
    rows = [*sail(0, 8, every_min=7), *sail(0.05, 8.05, lat=-5, course=90, every_min=7)]
    (signal,) = seen(rows, "shared_mmsi")
    assert signal.subjects[0].first("mmsi") == str(SHIP)
    assert seen(rows, "impossible_speed") == []


def test_a_ship_with_its_own_number_shares_it_with_nobody() -> None:
    """Two ships, two numbers; and one wrong position is no second ship."""
    assert seen([*sail(0, 8), *sail(0, 8, lat=-5, mmsi=OTHER)], "shared_mmsi") == []
    assert seen([*sail(0, 8), report(4.05, lat=20, lon=-100)], "shared_mmsi") == []


@pytest.mark.parametrize(("seconds", "count"), [(60, 0), (61, 1)])
def test_a_leap_takes_more_than_a_minute_to_count(seconds: float, count: int) -> None:
    """Over shorter times clocks look like speed."""
    rows = [report(0), report(0.1, lat=-3.9), report(0.1 + seconds / 3600, lat=-3.4), report(1, lat=-3.3)]
    assert len(seen(rows, "impossible_speed")) == count


def test_a_short_leap_is_a_late_clock() -> None:
    """Five miles onward, once."""
    rows = [report(0), report(0.1, lat=-3.98), report(0.13, lat=-3.9), report(1, lat=-3.8)]
    assert seen(rows, "impossible_speed") == []


def test_positions_far_inland_are_seen() -> None:
    """The ship was at sea, then three reports lie in the mountains, then it is at sea again."""
    inland = [report(4.02 + n / 60, lat=4.65 + n / 1000, lon=-74.15) for n in range(3)]
    (signal,) = seen([*sail(0, 4), *inland, *sail(4.2, 8, lat=-3.3)], "on_land")
    assert signal.rule == "maritime.on_land/1"


def test_a_river_ship_is_not_on_land() -> None:
    """One that is always inland sails inland waters."""
    assert seen(sail(0, 4, lat=4.65, lon=-74.15, knots=2), "on_land") == []
