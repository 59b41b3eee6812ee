"""What came of it reaches whoever contributed, and tells nobody what the others gave."""

from __future__ import annotations

from datetime import timedelta

import pytest

from ayni.agreements.vocabulary import State
from ayni.errors import NotEntitledError
from ayni.exchange.request_words import Says
from ayni.exchange.sharing import Terms, share
from ayni.model.outcome import TOLD, Contribution, Outcome, OutcomeKind, Quantity, Unit
from ayni.model.store import Query
from ayni.model.task import Task
from ayni.operations.feedback import Feedback, tell_contributors
from ayni.operations.results import outcome_of, record_outcome
from ayni.operations.tasking import accept_task, ask_consent, finish_task, propose_task, start_task
from tests.exchange.test_requests import asks, replies
from tests.exchange.two_nodes import AMONG, ANA, BETWEEN, BR, EC, LIA, PE, UNDER, Node, World
from tests.people import NOON

TONS = (Quantity(of="cocaine hydrochloride", value=2000.0, unit=Unit.KILOGRAM),)


def gives(node: Node, to: str, number: int, agreement: str = AMONG) -> str:
    """Share a signal and return its id, which is the same at the other end."""
    record = node.a_signal(number)
    with node.working() as work:
        terms = Terms(agreement=agreement)
        share(record, to, terms=terms, by=LIA, under=UNDER, work=work, house=node.house, book=node.book())
    return record


def tells(node: Node, outcome: str) -> Feedback:
    """Tell whoever contributed."""
    with node.working() as work:
        return tell_contributors(outcome, by=LIA, under=UNDER, work=work, house=node.house, book=node.book())


def boarded(node: Node, signals: tuple[str, ...], request: str = "") -> str:
    """Do a task that answers to signals, and record what came of it."""
    with node.working() as work:
        task = Task(what="board", to="LG Ejercicio", deadline=NOON + timedelta(days=1), signals=signals)
        name = propose_task(task, house=node.house, by=LIA, under=UNDER, work=work).header.id
        accept_task(name, by=LIA, under=UNDER, work=work)
        if request:
            ask_consent(name, request=request, by=LIA, under=UNDER, work=work)
        start_task(name, by=LIA, under=UNDER, work=work)
        finish_task(name, by=LIA, under=UNDER, work=work)
        seizure = Outcome(kind=OutcomeKind.SEIZURE, at=NOON, quantities=TONS, task=name, signals=signals[:1])
        return record_outcome(seizure, house=node.house, by=LIA, under=UNDER, work=work).record.header.id


def heard(node: Node) -> list[Outcome]:
    """Return what a node was told."""
    with node.store.work() as work:
        return [outcome_of(work.get(one.id)) for one in work.find(Query(kind="outcome", states=(TOLD,)))]


def test_two_who_gave_signals_and_neither_learns_of_the_other() -> None:
    """Each is told what was found, with its own signal; the outcome remembers both; nobody is told twice."""
    world = World(EC, PE, BR)
    ours, theirs = gives(world[EC], PE, 1), gives(world[BR], PE, 2)
    world.deliver()
    outcome = boarded(world[PE], (ours, theirs))
    done = tells(world[PE], outcome)
    assert {one.node for one in done.told} == {EC, BR}
    assert not done.untold
    world.deliver()
    for node, record in ((EC, ours), (BR, theirs)):
        (told,) = heard(world[node])
        assert (told.told_of, told.quantities, told.signals) == (outcome, TONS, (record,))
        assert told.contributions == (Contribution(node=node, role="shared"),)
        assert told.task == ""
        other = BR if node == EC else EC
        with world[node].store.work() as work:
            for header in work.find(Query(kind="outcome")):
                assert other not in str(work.get(header.id))
    with world[PE].store.work() as work:
        helped = outcome_of(work.get(outcome)).contributions
    assert {one.node for one in helped} == {EC, BR}
    again = tells(world[PE], outcome)
    assert (again.told, set(again.before)) == ((), {EC, BR})
    assert not world.deliver()


def test_the_flag_state_that_consented_is_told() -> None:
    """Also when it gave no record. Source: 1988 Convention, article 17(8)."""
    world = World(EC, PE)
    request = asks(world[EC])
    world.deliver()
    replies(world[PE], request, Says.GRANTED)
    world.deliver()
    done = tells(world[EC], boarded(world[EC], (), request))
    assert [(one.node, one.agreement) for one in done.told] == [(PE, BETWEEN)]
    world.deliver()
    (told,) = heard(world[PE])
    assert told.contributions == (Contribution(node=PE, role="consented"),)


def test_whoever_may_not_be_told_is_named_with_the_reasons() -> None:
    """A suspended agreement; the others are told all the same, and nothing of the refused one is kept."""
    world = World(EC, PE, BR)
    ours, theirs = gives(world[EC], PE, 1, BETWEEN), gives(world[BR], PE, 2)
    world.deliver()
    outcome = boarded(world[PE], (ours, theirs))
    world[PE].standing(AMONG, State.SUSPENDED)
    done = tells(world[PE], outcome)
    assert [one.node for one in done.told] == [EC]
    (refused,) = done.untold
    assert refused.node == BR
    assert refused.reasons
    assert len(heard(world[PE])) == 1
    world[PE].standing(AMONG, State.IN_FORCE)
    assert [one.node for one in tells(world[PE], outcome).told] == [BR]


def test_who_may_not_tell() -> None:
    """An analyst may not; nothing is written."""
    world = World(EC, PE)
    record = gives(world[EC], PE, 1, BETWEEN)
    world.deliver()
    outcome = boarded(world[PE], (record,))
    with world[PE].working() as work, pytest.raises(NotEntitledError):
        tell_contributors(outcome, by=ANA, under=UNDER, work=work, house=world[PE].house, book=world[PE].book())
    assert not heard(world[PE])
