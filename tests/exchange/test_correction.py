"""Whoever was given a wrong datum is told the right one, wherever it went; evidence stays as it was."""

from __future__ import annotations

from dataclasses import replace
from typing import cast

import pytest

from ayni.errors import InvalidValueError, NotEntitledError, UnknownError, WrongStateError
from ayni.exchange.correction import APPLIED, WAITS, Change, Correction, correct
from ayni.exchange.holdings import CORRECTION, HELD, UNCORRECTED, exposures, holding_in, holding_of
from ayni.exchange.receipt import Outcome
from ayni.exchange.refusals import Cause
from ayni.exchange.settling import settle
from ayni.model.officer import Officer
from ayni.model.signal import Reason
from ayni.model.store import Query
from ayni.model.triage import TriagedSignal
from tests.exchange.test_delivery import causes
from tests.exchange.test_onward import REGION, along, passes
from tests.exchange.test_recall import HOLD, change, note_from, take_back
from tests.exchange.two_nodes import ANA, BR, EC, LIA, PE, UNDER, Node, World
from tests.people import a_signal

MISPLACED = Reason(says="the antenna was misplaced", facts={}, weight=-0.5)
RIGHT = TriagedSignal(signal=replace(a_signal(1), quality=(MISPLACED,)))


def corrects(
    node: Node, record: str, body: object | None = RIGHT, why: str = "mistaken", by: Officer = LIA
) -> Correction:
    """Correct one of a node's records."""
    with node.working() as work:
        return correct(
            record,
            Change(why=why, body=body),
            by=by,
            under=UNDER,
            work=work,
            house=node.house,
            book=node.book(),
            identity=node.identity,
        )


def quality(node: Node, record: str) -> tuple[Reason, ...]:
    """Return what a record says at a node."""
    with node.store.work() as work:
        return cast("TriagedSignal", work.get(record).body).signal.quality


def stand(node: Node, record: str) -> set[str]:
    """Return the states of a record's exposures."""
    with node.store.work() as work:
        return {header.state for header in exposures(work, record=record)}


def kept(node: Node) -> list[tuple[str, Correction]]:
    """Return the corrections that a node remembers."""
    with node.store.work() as work:
        return [(one.state, cast("Correction", work.get(one.id).body)) for one in work.find(Query(kind=CORRECTION))]


def test_it_reaches_every_holder_also_two_hops_away() -> None:
    """In the originator's own bytes; the evidence is the new message; once more changes nothing."""
    world = World(EC, PE, BR)
    record = along(world, EC, PE, BR)
    assert corrects(world[EC], record).to == (PE,)
    told = world.deliver()
    assert {item.outcome for item in told.values()} == {Outcome.ACCEPTED}
    assert [quality(world[name], record) for name in (EC, PE, BR)] == [(MISPLACED,)] * 3
    with world[PE].store.work() as here, world[BR].store.work() as there:
        ours, theirs = holding_of(here, record), holding_of(there, record)
        assert ours is not None
        assert theirs is not None
        assert bytes(holding_in(ours).payload().body) == bytes(holding_in(theirs).payload().body)
        assert there.get(record).header.originator == EC
    assert stand(world[PE], record) == {HELD}
    assert corrects(world[EC], record, body=None).to == (), "everyone has these bytes"
    take_back(world[EC], record)
    world.deliver()
    for name in (PE, BR):
        assert not kept(world[name])
        with world[name].store.work() as work, pytest.raises(UnknownError):
            work.get(record)


def test_own_records_made_from_the_wrong_one_are_named() -> None:
    """A person decides about each."""
    world = World(EC, PE, BR)
    record = along(world, EC, PE)
    note = note_from(world[PE], record)
    corrects(world[EC], record)
    world.deliver()
    ((state, correction),) = kept(world[PE])
    assert (state, correction.made_from_it, correction.said.why) == (APPLIED, (note,), "mistaken")
    with world[PE].working() as work:
        assert settle(record, words="rewritten", by=ANA, under=UNDER, work=work) == (note,)
    with world[PE].working() as work, pytest.raises(WrongStateError):
        settle(record, words="rewritten", by=ANA, under=UNDER, work=work)


def test_a_correction_that_overtakes_its_record_waits_for_it() -> None:
    """Control messages leave first: the wrong datum that comes later is corrected as it arrives."""
    world = World(EC, PE, BR)
    record = world[EC].a_signal(1, REGION)
    passes(world[EC], record, PE)
    corrects(world[EC], record)
    world.deliver()
    assert quality(world[PE], record) == (MISPLACED,)
    ((state, correction),) = kept(world[PE])
    assert (state, correction.signed) == (APPLIED, "")
    assert stand(world[EC], record) == {HELD}


def test_what_a_court_holds_stays_as_it_was() -> None:
    """The originator sees who still has the old one, and why."""
    world = World(EC, PE, BR)
    record = along(world, EC, PE)
    change(world[PE], record, hold=HOLD)
    corrects(world[EC], record)
    (item,) = world.deliver().values()
    assert causes(item.reasons) == {Cause.HELD_BY_COURT}
    assert quality(world[PE], record) != (MISPLACED,)
    assert stand(world[EC], record) == {UNCORRECTED}
    take_back(world[EC], record)
    assert len(world.deliver()) == 2, "recalled all the same: the order, and the answer of the court"


def test_only_the_originator_corrects() -> None:
    """With a reason, by who may, a value of the same kind, of what was not recalled."""
    world = World(EC, PE, BR)
    record = along(world, EC, PE)
    for node, more, error in (
        (PE, {}, NotEntitledError),
        (EC, {"by": ANA}, NotEntitledError),
        (EC, {"why": " "}, InvalidValueError),
        (EC, {"body": a_signal(2)}, InvalidValueError),
    ):
        with pytest.raises(error):
            corrects(world[node], record, **more)
    with pytest.raises(UnknownError):
        corrects(world[EC], "00000000-0000-7000-8000-000000000000")
    take_back(world[EC], record)
    with pytest.raises(WrongStateError):
        corrects(world[EC], record)


def test_a_correction_after_a_recall_is_refused() -> None:
    """The tombstone wins, and nothing waits for a record that will not come."""
    world = World(EC, PE, BR)
    record = along(world, EC, PE)
    corrects(world[EC], record)
    take_back(world[EC], record)
    told = world.deliver()
    assert not [state for state, _ in kept(world[PE]) if state == WAITS]
    with world[PE].store.work() as work, pytest.raises(UnknownError):
        work.get(record)
    assert told
