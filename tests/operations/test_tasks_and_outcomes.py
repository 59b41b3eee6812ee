"""A patrol is tasked, waits for the flag State, sets out, and what came of it is counted once."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ayni.errors import InvalidValueError, NotEntitledError, UnknownError, WrongStateError
from ayni.model.memory import MemoryStore
from ayni.model.outcome import Outcome, OutcomeKind, Quantity, Unit
from ayni.model.record import Record
from ayni.model.task import Priority, Task, TaskState
from ayni.operations.results import confirm_outcome, outcome_of, record_outcome
from ayni.operations.tasking import (
    STEPS,
    accept_task,
    answer_consent,
    ask_consent,
    decline_task,
    finish_task,
    propose_task,
    start_task,
    task_of,
)
from tests.people import ANALYST, COORDINATOR, HOUSE, LIAISON, MANDATE, NOON, a_store

TASK = Task(
    what="intercept and identify",
    to="LG Ejercicio",
    priority=Priority.IMMEDIATE,
    deadline=NOON + timedelta(hours=8),
)
SEIZURE = Outcome(
    kind=OutcomeKind.SEIZURE,
    at=NOON,
    quantities=(Quantity(of="cocaine hydrochloride", value=2000.0, unit=Unit.KILOGRAM),),
    double_count_key="ex-2026-17",
)


def proposed(store: MemoryStore) -> str:
    """Propose the task and return its record."""
    with store.work() as work:
        record = propose_task(TASK, house=HOUSE, by=COORDINATOR, under=MANDATE, work=work)
        work.commit()
    return record.header.id


def did(store: MemoryStore, step: Callable[..., Record[object]], record: str, **facts: object) -> Task:
    """Do one step and return the task."""
    with store.work() as work:
        facts = {"by": COORDINATOR, **facts}
        done = step(record, under=MANDATE, work=work, **facts)
        work.commit()
    return task_of(done)


def test_a_patrol_sets_out_only_after_the_flag_state_agreed() -> None:
    """Asked is not granted; granted is cited by its reference."""
    store = a_store()
    record = proposed(store)
    did(store, accept_task, record)
    did(store, ask_consent, record, flag="PA", by=LIAISON)
    with pytest.raises(WrongStateError, match="asked"):
        did(store, start_task, record)
    with pytest.raises(InvalidValueError, match="reference"):
        did(store, answer_consent, record, granted=True, reference=" ")
    did(store, answer_consent, record, granted=True, reference="AMP-2026-311")
    assert did(store, start_task, record).state is TaskState.UNDER_WAY
    assert did(store, finish_task, record, words="boarded").done_at == NOON


def test_a_refusal_of_the_flag_state_is_final() -> None:
    """A refused consent never starts; the crew declines with that reason."""
    store = a_store()
    record = proposed(store)
    did(store, accept_task, record)
    did(store, ask_consent, record, flag="PA")
    did(store, answer_consent, record, granted=False, reference="AMP-2026-312")
    with pytest.raises(WrongStateError, match="refused"):
        did(store, start_task, record)
    assert did(store, decline_task, record, words="flag State refused").state is TaskState.DECLINED


def test_an_analyst_does_not_task() -> None:
    """Seeing and sending are different offices."""
    store = a_store()
    with store.work() as work, pytest.raises(NotEntitledError):
        propose_task(TASK, house=HOUSE, by=ANALYST, under=MANDATE, work=work)


@given(st.lists(st.sampled_from([accept_task, decline_task, start_task, finish_task]), max_size=6))
def test_a_task_walks_only_the_written_steps(steps: list[Callable[..., Record[object]]]) -> None:
    """Whatever is tried in whatever order, each change is one of `STEPS`, and each has its entry."""
    store = a_store()
    record = proposed(store)
    state = TaskState.PROPOSED
    for step in steps:
        words = {"words": "because"} if step is decline_task else {}
        try:
            after = did(store, step, record, **words).state
        except WrongStateError:
            continue
        assert after in STEPS[state]
        state = after
    changes = [entry for entry in store.entries if entry.act != "task.propose"]
    assert [entry.facts["after"] for entry in changes][-1:] in ([], [state.value])


def test_one_seizure_reported_twice_is_seen_to_be_one() -> None:
    """The exhibit number stays out of the body, and the second report learns of the first."""
    store = a_store()
    with store.work() as work:
        first = record_outcome(SEIZURE, house=HOUSE, by=COORDINATOR, under=MANDATE, work=work)
        work.commit()
    with store.work() as work:
        second = record_outcome(SEIZURE, house=HOUSE, by=COORDINATOR, under=MANDATE, work=work)
        work.commit()
    assert second.same_as == (first.record.header.id,)
    assert outcome_of(first.record).double_count_key == ""


def test_nothing_found_is_an_outcome_and_the_future_is_not() -> None:
    """An honest rate of false alarms needs the first; the second is a mistake."""
    store = a_store()
    nothing = Outcome(kind=OutcomeKind.NOTHING_FOUND, at=NOON)
    with store.work() as work:
        kept = record_outcome(nothing, house=HOUSE, by=COORDINATOR, under=MANDATE, work=work).record
        confirm_outcome(kept.header.id, agency="Second agency", by=LIAISON, under=MANDATE, work=work)
        work.commit()
    later = Outcome(kind=OutcomeKind.NOTHING_FOUND, at=NOON + timedelta(hours=1))
    with store.work() as work, pytest.raises(InvalidValueError, match="future"):
        record_outcome(later, house=HOUSE, by=COORDINATOR, under=MANDATE, work=work)
    lost = Outcome(kind=OutcomeKind.NOTHING_FOUND, at=NOON, task="no-such-task")
    with store.work() as work, pytest.raises(UnknownError):
        record_outcome(lost, house=HOUSE, by=COORDINATOR, under=MANDATE, work=work)
