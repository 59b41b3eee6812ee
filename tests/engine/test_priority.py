"""The order of the list: added up by hand, the same in any order, exonerating reasons included."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ayni.engine.priority import MOST_REPEATS, REPEAT, rank, worth
from ayni.model.entity import Entity
from ayni.model.signal import Reason, Signal, SignalState

START = datetime(2026, 11, 1, tzinfo=UTC)
RULES = ("pier.silence/1", "pier.fast/1", "pier.crowd/1")


def made(number: int, rule: str, weights: tuple[float, ...], *about: str) -> Signal:
    """Return a signal about badges."""
    return Signal(
        id=f"{number:032x}",
        state=SignalState.CLOSED,
        desk="pier",
        rule=rule,
        made_at=START,
        started_at=START + timedelta(minutes=number),
        subjects=tuple(Entity(id=name, schema="Person") for name in about),
        reasons=tuple(Reason(says="because", weight=weight) for weight in weights),
    )


WEIGHTS = st.lists(st.sampled_from([-0.6, -0.2, 0.0, 0.1, 0.3, 0.5]), min_size=1, max_size=3).map(tuple)
SIGNALS = st.lists(st.tuples(st.sampled_from(RULES), WEIGHTS, st.sampled_from("abc")), min_size=1, max_size=12).map(
    lambda several: [made(number, rule, weights, name) for number, (rule, weights, name) in enumerate(several)]
)


@given(SIGNALS, st.integers(0, 99))
def test_the_order_of_signals_does_not_matter_and_parts_add_up(signals: list[Signal], seed: int) -> None:
    """The same list whatever came first; a subject's place is the sum of what is shown."""
    ranked = rank(signals)
    mixed = list(signals)
    random.Random(seed).shuffle(mixed)
    assert rank(mixed) == ranked
    for one in ranked:
        assert one.priority == pytest.approx(sum(part.weight for part in one.parts))
    assert [one.priority for one in ranked] == sorted((one.priority for one in ranked), reverse=True)
    assert sum(len(one.parts) for one in ranked) == len(signals)


@given(SIGNALS, st.sampled_from(RULES))
def test_a_reason_against_never_moves_anybody_up(signals: list[Signal], rule: str) -> None:
    """More that exonerates: a lower place or the same."""
    subject = signals[0].subjects[0].id
    before = {one.subject.id: one.priority for one in rank(signals)}
    with_one = [replace(signals[0], reasons=(*signals[0].reasons, Reason(says="but", weight=-0.3))), *signals[1:]]
    assert {one.subject.id: one.priority for one in rank(with_one)}[subject] <= before[subject] + 1e-9
    exonerating = made(99, rule, (-0.4,), subject)
    after = {one.subject.id: one.priority for one in rank([*signals, exonerating])}
    assert after[subject] == pytest.approx(before[subject] - 0.4)


def test_ten_of_one_kind_are_not_ten_times_one() -> None:
    """The strongest counts, four more add a twentieth each, the rest is shown and adds nothing."""
    (one,) = rank([made(number, "pier.silence/1", (0.5,), "a") for number in range(10)])
    assert one.priority == pytest.approx(0.5 + MOST_REPEATS * REPEAT)
    assert [part.repeated for part in one.parts] == [False] + [True] * 9
    assert len(one.parts) == 10


def test_distress_comes_first_and_what_was_withdrawn_not_at_all() -> None:
    """Somebody who may need help stands above everybody; a retracted signal weighs nothing."""
    strong, drifting = made(1, "pier.fast/1", (0.9,), "a"), made(2, "pier.silence/1", (0.1,), "b")
    withdrawn = replace(made(3, "pier.crowd/1", (0.9,), "c"), state=SignalState.RETRACTED)
    ranked = rank([strong, drifting, withdrawn], distress_rules=("pier.silence/1",))
    assert [one.subject.id for one in ranked] == ["b", "a"]
    assert [one.distress for one in ranked] == [True, False]


def test_a_meeting_counts_for_both() -> None:
    """Two subjects, one signal: each has it among its parts, with its reasons."""
    meeting = made(1, "pier.crowd/1", (0.4, -0.1), "a", "b")
    ranked = rank([meeting])
    assert [(one.subject.id, one.priority) for one in ranked] == [("a", 0.3), ("b", 0.3)]
    assert ranked[0].parts[0].reasons == meeting.reasons
    assert worth(meeting) == 0.3
