"""A boarding waits for the flag State's own answer: it sets out under a consent that holds, or not at all."""

from __future__ import annotations

from datetime import timedelta

import pytest

from ayni.errors import InvalidValueError, UnknownError, WrongStateError
from ayni.exchange.request_words import Says
from ayni.model.task import ConsentState, Task, TaskState
from ayni.operations.tasking import (
    accept_task,
    answer_consent,
    ask_consent,
    consent_now,
    decline_task,
    propose_task,
    start_task,
    task_of,
)
from tests.exchange.test_requests import MAY_I, WHO, asks, replies
from tests.exchange.two_nodes import EC, LIA, PE, UNDER, Node, World
from tests.people import NOON

TASK = Task(what="board and identify", to="LG Ejercicio", deadline=NOON + timedelta(days=2))


def waits(node: Node, request: str) -> str:
    """Task a patrol that waits for a request; return the task."""
    with node.working() as work:
        task = propose_task(TASK, house=node.house, by=LIA, under=UNDER, work=work).header.id
        accept_task(task, by=LIA, under=UNDER, work=work)
        ask_consent(task, request=request, by=LIA, under=UNDER, work=work)
    return task


def starts(node: Node, task: str) -> Task:
    """Set out."""
    with node.working() as work:
        return task_of(start_task(task, by=LIA, under=UNDER, work=work))


def stands(node: Node, task: str) -> ConsentState:
    """Return how the consent of a task stands now."""
    with node.store.work() as work:
        return consent_now(task_of(work.get(task)), work).state


def test_it_starts_only_when_the_grant_has_arrived() -> None:
    """Not when asked, not when granted at the other end, but when the answer is here; and no officer says it is."""
    world = World(EC, PE)
    ec, pe = world[EC], world[PE]
    request = asks(ec)
    task = waits(ec, request)
    world.deliver()
    with ec.working() as work, pytest.raises(WrongStateError, match=request):
        answer_consent(task, granted=True, reference="by telephone", by=LIA, under=UNDER, work=work)
    replies(pe, request, Says.CONDITIONS, conditions=("A Peruvian officer is present.",))
    with pytest.raises(WrongStateError, match="asked"):
        starts(ec, task)
    world.clock.now += timedelta(hours=2)
    world.deliver()
    started = starts(ec, task)
    assert started.state is TaskState.UNDER_WAY
    assert (started.consent.state, started.consent.flag) == (ConsentState.GRANTED, "PE")
    assert (started.consent.asked_at, started.consent.answered_at) == (NOON, NOON)


def test_a_refusal_is_a_branch() -> None:
    """It never starts; the crew turns it down with the flag State's ground."""
    world = World(EC, PE)
    ec = world[EC]
    request = asks(ec)
    task = waits(ec, request)
    world.deliver()
    replies(world[PE], request, Says.REFUSED, ground="Our own patrol is on its way.")
    world.deliver()
    with pytest.raises(WrongStateError, match="refused"):
        starts(ec, task)
    with ec.working() as work:
        decline_task(task, words="The flag State sends its own patrol.", by=LIA, under=UNDER, work=work)
    assert stands(ec, task) is ConsentState.REFUSED


def test_a_consent_that_ended_is_none() -> None:
    """Run out, or withdrawn before the patrol set out."""
    world = World(EC, PE)
    ec, pe = world[EC], world[PE]
    short, taken = asks(ec), asks(ec)
    tasks = [waits(ec, request) for request in (short, taken)]
    world.deliver()
    replies(pe, short, Says.GRANTED, until=NOON + timedelta(hours=1))
    replies(pe, taken, Says.GRANTED)
    world.deliver()
    assert {stands(ec, task) for task in tasks} == {ConsentState.GRANTED}
    replies(pe, taken, Says.WITHDRAWN, ground="The vessel entered our waters.")
    world.deliver()
    world.clock.now += timedelta(hours=1)
    for task in tasks:
        with pytest.raises(WrongStateError, match="ended"):
            starts(ec, task)


def test_a_task_waits_for_nothing_else() -> None:
    """Not for a question, not for what another asked of us, not for another State, not for what is not there."""
    world = World(EC, PE)
    ec = world[EC]
    question, theirs, ours = asks(ec, WHO), asks(world[PE], MAY_I, to=EC), asks(ec)
    world.deliver()
    with ec.working() as work:
        task = propose_task(TASK, house=ec.house, by=LIA, under=UNDER, work=work).header.id
    for request, flag, error in (
        (question, "", InvalidValueError),
        (theirs, "", InvalidValueError),
        (ours, "CO", InvalidValueError),
        (task, "", UnknownError),
        ("00000000-0000-7000-8000-000000000000", "", UnknownError),
    ):
        with ec.working() as work, pytest.raises(error):
            ask_consent(task, flag=flag, request=request, by=LIA, under=UNDER, work=work)
    assert stands(ec, task) is ConsentState.NOT_NEEDED
