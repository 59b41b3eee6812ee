from __future__ import annotations

import itertools
import json
from collections import Counter
from collections.abc import Hashable, Sequence
from datetime import datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ayni.desks.maritime.split import assign
from tests.desks.maritime.seas import report, sail, seen
from tests.shared_data import shared_data, vectors


def rand_index(left: Sequence[Hashable], right: Sequence[Hashable]) -> float:
    """Return the adjusted Rand index of two labellings: 1 the same, 0 chance. Source: Hubert and Arabie 1985."""

    def pairs(counts: Counter[Hashable]) -> float:
        return sum(count * (count - 1) / 2 for count in counts.values())

    both = pairs(Counter(zip(left, right, strict=True)))
    one, other = pairs(Counter(left)), pairs(Counter(right))
    chance = one * other / (len(left) * (len(left) - 1) / 2)
    return (both - chance) / ((one + other) / 2 - chance)


@shared_data
@pytest.mark.shared_data
def test_ships_of_a_shared_number_come_apart_as_labelled() -> None:
    """29 labelled tracks of MMSI 416000000. Source: gpsdio-segment, segmented sample."""
    lines = vectors("maritime", "segments", "segmented-416000000.json").read_text("utf-8").splitlines()
    rows = sorted((json.loads(line) for line in lines if line.strip()), key=lambda row: str(row["timestamp"]))
    hours = [datetime.fromisoformat(row["timestamp"]).timestamp() / 3600 for row in rows]
    found = assign(hours, [row["lat"] for row in rows], [row["lon"] for row in rows])
    assert rand_index([row["segment"] for row in rows], found) >= 0.9


@pytest.mark.parametrize(("every_min", "knots"), [(3, 8), (3, 22), (20, 22), (60, 12)])
def test_two_ships_on_crossing_courses_come_apart(every_min: float, knots: float) -> None:
    """Dense and sparse reports, slow and fast ships."""
    rows = sorted(
        [(row["ts"], row["lat_udeg"], row["lon_udeg"], "a") for row in sail(0, 24, knots=knots, every_min=every_min)]
        + [
            (row["ts"], row["lat_udeg"], row["lon_udeg"], "b")
            for row in sail(0.03, 24, knots=knots, every_min=every_min, lat=-2.5, lon=-86.9, course=200)
        ],
        key=lambda row: str(row[0]),
    )
    found = assign(
        [float(row[0] or 0) / 3_600_000 for row in rows],
        [float(row[1] or 0) / 1e6 for row in rows],
        [float(row[2] or 0) / 1e6 for row in rows],
    )
    assert rand_index([row[3] for row in rows], found) >= 0.95


positions = st.lists(
    st.tuples(st.floats(0, 200), st.floats(-80, 80), st.floats(-180, 180)), min_size=0, max_size=60
).map(sorted)


@given(positions)
@settings(max_examples=60)
def test_every_position_belongs_to_one_ship_that_can_be_there(rows: list[tuple[float, float, float]]) -> None:
    """Ships are numbered in order of appearance, and none is silent for longer than sixty hours."""
    ships = assign([row[0] for row in rows], [row[1] for row in rows], [row[2] for row in rows])
    assert len(ships) == len(rows)
    assert list(dict.fromkeys(ships)) == list(range(1, len(set(ships)) + 1))
    for ship in set(ships):
        times = [row[0] for row, label in zip(rows, ships, strict=True) if label == ship]
        assert all(late - early <= 60 for early, late in itertools.pairwise(times))


def test_not_available_is_not_a_speed() -> None:
    """102.3 kn means "not available": without a speed nothing is said of it."""
    rows = [{**row, "speed_kn": 102.3, "course_deg": 0.0, "heading_deg": 90.0} for row in sail(0, 2)]
    assert seen(rows, "drifting") == []


def test_a_coast_station_and_a_buoy_are_no_ships() -> None:
    """Messages 4 and 21, and numbers 99…, leave no track."""
    assert seen([{**row, "msg_type": 21} for row in sail(0, 12, knots=0.1)], "loitering") == []
    assert seen(sail(0, 12, knots=0.1, mmsi=992_990_001), "loitering") == []
    assert len(seen(sail(0, 12, knots=0.1), "loitering")) == 1


def test_a_coarse_report_near_a_fine_one_is_dropped() -> None:
    """Type 27 within an hour of another type: the leap it seems to make is its own coarseness."""
    coarse = report(3.02, lat=10, lon=-100, msg_type=27)
    rows = [{**row, "msg_type": 1} for row in sail(0, 6)]
    assert seen([*rows, coarse], "impossible_speed") == []
    assert len(seen([*rows, {**coarse, "msg_type": 1}], "impossible_speed")) == 1


def test_a_bad_fix_does_not_lengthen_a_far_leap() -> None:
    """A leap of sixty miles and back, and three hours later one of four: the event is the far one alone."""
    rows = sail(0, 8, every_min=3)
    start = float(str(rows[60]["ts"]))
    away = [
        {**row, "lat_udeg": int(str(row["lat_udeg"])) + (1_000_000 if k in {60, 61} else 70_000 * (k == 120))}
        for k, row in enumerate(rows)
    ]
    (signal,) = seen(away, "impossible_speed")
    assert signal.ended_at is not None
    assert signal.ended_at.timestamp() * 1000 - start <= 2 * 3 * 60_000
    assert any("there" in reason.says or "back" in reason.says for reason in signal.reasons)
