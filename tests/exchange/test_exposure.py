"""What is where, until when; what was taken out by hand; and what an agreement has brought each side."""

from __future__ import annotations

from datetime import timedelta

import pytest

from ayni.errors import InvalidValueError, NotEntitledError
from ayni.exchange.balance import Balance, balance
from ayni.exchange.exposure import GONE, ON_PAPER, Place, copied, exposure
from ayni.exchange.holdings import CONSENTED, HELD, SENT
from ayni.exchange.recall import TAKEN_BACK
from ayni.exchange.request_words import Says
from ayni.model.officer import Officer
from tests.exchange.test_delivery import send
from tests.exchange.test_onward import REGION, along, passes
from tests.exchange.test_recall import take_back, tree_of
from tests.exchange.test_requests import WHO, asks, replies
from tests.exchange.two_nodes import AMONG, ANA, BETWEEN, BR, EC, INBOX, LIA, PE, UNDER, Node, World


def looks(node: Node, partner: str = "", record: str = "", by: Officer = LIA) -> tuple[Place, ...]:
    """Return what a node sees of its records elsewhere."""
    with node.working() as work:
        return exposure(by=by, under=UNDER, work=work, partner=partner, record=record)


def counts(node: Node, partner: str = "") -> dict[tuple[str, str], Balance]:
    """Return a node's balances by agreement and partner."""
    with node.working() as work:
        found = balance(by=LIA, under=UNDER, work=work, house=node.house, partner=partner)
    return {(one.agreement, one.partner): one for one in found}


def test_every_place_of_a_record_until_it_is_gone() -> None:
    """On its way, held, passed on with consent, taken back, signed to be gone."""
    world = World(EC, PE, BR)
    ec = world[EC]
    record = ec.a_signal(7, REGION)
    passes(ec, record, PE)
    assert [(one.holder, one.state) for one in looks(ec)] == [(PE, SENT)]
    world.deliver()
    along(world, EC, BR)
    places = looks(ec, record=record)
    assert [(one.holder, one.state, one.agreement) for one in places] == [(PE, HELD, AMONG)]
    assert places[0].articles
    assert places[0].until is not None
    assert {one.holder for one in looks(ec)} == {PE, BR}
    assert [one.holder for one in looks(ec, partner=BR)] == [BR]
    take_back(ec, record)
    assert [one.state for one in looks(ec, record=record)] == [TAKEN_BACK]
    world.deliver()
    assert [one.state for one in looks(ec, record=record)] == [GONE]
    assert not looks(world[PE])


def test_whoever_may_have_it_through_another_is_listed() -> None:
    """From the consent on, also before it is used."""
    world = World(EC, PE, BR)
    record = along(world, EC, PE, BR)
    assert {(one.holder, one.via, one.state) for one in looks(world[EC], record=record)} == {
        (PE, "", HELD),
        (BR, PE, CONSENTED),
    }
    assert [(one.holder, one.originator) for one in looks(world[PE])] == [(BR, EC)]
    take_back(world[EC], record)
    world.deliver()
    assert {one.state for one in looks(world[EC], record=record)} == {GONE}


def test_a_copy_on_paper_is_listed_and_a_recall_says_so() -> None:
    """Nobody can prove that it is gone: whoever recalls knows that it exists, and how many."""
    world = World(EC, PE, BR)
    record = along(world, EC, PE)
    with world[PE].working() as work:
        copied(record, to="Fiscal 3", how="printed", by=ANA, under=UNDER, work=work, house=world[PE].house)
    (place,) = looks(world[PE])
    assert (place.holder, place.state, place.via, place.until) == ("Fiscal 3", ON_PAPER, "ana", None)
    take_back(world[EC], record)
    world.deliver()
    (branch,) = tree_of(world[EC], record).branches
    assert branch.copies == 1
    assert [one.holder for one in looks(world[PE], record=record)] == ["Fiscal 3"], "it outlives the record"
    with world[EC].working() as work, pytest.raises(InvalidValueError):
        copied(record, to=" ", how="printed", by=ANA, under=UNDER, work=work, house=world[EC].house)


def test_both_sides_count_the_same() -> None:
    """What one gave the other received; what one asked the other was asked; time is the same time."""
    world = World(EC, PE, BR)
    ec, pe = world[EC], world[PE]
    for number in range(3):
        send(ec, ec.a_signal(number))
    send(pe, first := pe.a_signal(9), EC)
    slow, quick, never = asks(ec, WHO), asks(ec), asks(pe, WHO, to=EC)
    world.deliver()
    world.clock.now += timedelta(hours=9)
    replies(pe, quick, Says.REFUSED, ground="Our own patrol is on its way.")
    world.clock.now += timedelta(days=1)
    replies(pe, slow, Says.ANSWERED, words="A company.")
    world.clock.now += timedelta(days=3)
    take_back(pe, first)
    world.deliver()
    here, there = counts(ec)[BETWEEN, PE], counts(pe)[BETWEEN, EC]
    assert (here.gave, there.received, there.gave, there.taken_back, here.received) == (3, 3, 1, 1, 0)
    assert here.we_asked == there.they_asked
    assert here.they_asked == there.we_asked
    assert (here.we_asked.asked, here.we_asked.answered, here.we_asked.refused, here.we_asked.late) == (2, 2, 1, 1)
    assert here.we_asked.median == timedelta(hours=21)
    assert (here.they_asked.asked, here.they_asked.answered, here.they_asked.late) == (1, 0, 1)
    assert never
    assert not counts(ec, partner=BR)


def test_who_may_not_look() -> None:
    """Neither a machine nor an analyst."""
    world = World(EC, PE)
    for by in (ANA, INBOX):
        with pytest.raises(NotEntitledError):
            looks(world[EC], by=by)
