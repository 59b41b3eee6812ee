"""What a signal resembles in the past: near by the same rule, or the same vessel, and nothing that came later."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ayni.casework.raising import raise_signals
from ayni.casework.similar import NEAR_NM, Past, apart_nm, box_around, similar
from ayni.casework.triage import dismiss, signal_of
from ayni.errors import NotEntitledError
from ayni.model.entity import Entity
from ayni.model.memory import MemoryStore
from ayni.model.outcome import Outcome, OutcomeKind
from ayni.model.place import Point
from ayni.model.signal import Signal
from ayni.model.triage import Dismissal
from ayni.operations.results import record_outcome
from tests.people import ANALYST, COORDINATOR, DESK, HOUSE, MANDATE, OVERSIGHT, a_signal, a_store

CELLS = st.tuples(st.integers(-900, 899), st.integers(-1800, 1799))


def seen(number: int, *, days: int, lon: float, mmsi: str, rule: str = "maritime.gap/1") -> Signal:
    """Return a signal of *mmsi* at 1°S, *days* before noon of the exercise."""
    base = a_signal()
    at = base.started_at - timedelta(days=days)
    return replace(
        base,
        id=f"{number:064d}",
        rule=rule,
        started_at=at,
        ended_at=at + timedelta(hours=1),
        place=Point(coordinates=(lon, -1.0)),
        subjects=(Entity(id="v", schema="Vessel", properties={"mmsi": (mmsi,)}),),
    )


def past_of(store: MemoryStore, *signals: Signal) -> tuple[dict[str, str], Past]:
    """Raise signals and return their records by signal id, and the past of the first."""
    with store.work() as work:
        new = raise_signals(signals, house=HOUSE, by=DESK, under=MANDATE, work=work).new
        records = {signal_of(work.get(record)).signal.id: record for record in new}
        work.commit()
    with store.work() as work:
        found = work.get(records[signals[0].id])
        return records, similar(found.header, signal_of(found).signal, by=ANALYST, work=work)


def test_near_by_the_same_rule_or_the_same_vessel() -> None:
    """Forty miles counts, seventy does not, the same vessel counts anywhere, what came later never."""
    now = seen(0, days=0, lon=-80.0, mmsi="999000001")
    near = seen(1, days=3, lon=-80.0 + 40 / 60, mmsi="999000002")
    far = seen(2, days=2, lon=-80.0 + 70 / 60, mmsi="999000002")
    other_rule = seen(3, days=2, lon=-80.0, mmsi="999000003", rule="maritime.encounter/1")
    same = seen(4, days=1, lon=-40.0, mmsi="999000001", rule="maritime.encounter/1")
    later = seen(5, days=-1, lon=-80.0, mmsi="999000001")
    records, past = past_of(a_store(), now, near, far, other_rule, same, later)
    assert [(one.header.id, one.same_vessel, one.near) for one in past.likes] == [
        (records[same.id], True, False),
        (records[near.id], False, True),
    ]
    assert past.total == 2
    assert past.few


def test_what_became_of_them_is_told() -> None:
    """Decisions are counted, outcomes named; five are enough to speak of what is usual."""
    store = a_store()
    signals = [seen(number, days=number, lon=-80.0, mmsi="999000001") for number in range(6)]
    records, _ = past_of(store, *signals)
    with store.work() as work:
        dismiss(records[signals[1].id], why=Dismissal.FISHING, by=ANALYST, under=MANDATE, work=work)
        record_outcome(
            Outcome(kind=OutcomeKind.RESCUE, at=work.now, words="towed in", signals=(records[signals[2].id],)),
            house=HOUSE,
            by=COORDINATOR,
            under=MANDATE,
            work=work,
        )
        work.commit()
    with store.work() as work:
        found = work.get(records[signals[0].id])
        past = similar(found.header, signal_of(found).signal, by=ANALYST, work=work)
    assert past.states == {"pending": 4, "dismissed": 1}
    assert not past.few
    assert [one.outcomes for one in past.likes] == [(), ("rescue",), (), (), ()]


def test_whoever_may_not_read_is_not_told() -> None:
    """Oversight reads the history, not what a signal resembles."""
    store = a_store()
    records, _ = past_of(store, a_signal())
    with store.work() as work:
        found = work.get(next(iter(records.values())))
        with pytest.raises(NotEntitledError):
            similar(found.header, signal_of(found).signal, by=OVERSIGHT, work=work)


@given(CELLS, CELLS)
def test_the_box_leaves_out_nothing_near(one: tuple[int, int], other: tuple[int, int]) -> None:
    """Whatever lies within 50 nm lies in the box, also across the dateline and near the poles."""
    (south, west), (north, east) = box_around(one)
    inside = (west <= other[1] <= east) if west <= east else (other[1] >= west or other[1] <= east)
    assert apart_nm(one, other) > NEAR_NM or (inside and south <= other[0] <= north)


@given(CELLS, st.integers(-9, 9), st.integers(-40, 40))
def test_the_box_leaves_out_no_neighbour(one: tuple[int, int], up: int, along: int) -> None:
    """The same law among cells that are near one another."""
    other = (max(-900, min(899, one[0] + up)), (one[1] + along + 1800) % 3600 - 1800)
    test_the_box_leaves_out_nothing_near.hypothesis.inner_test(one, other)  # type: ignore[attr-defined]  # the law itself
