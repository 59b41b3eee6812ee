"""A record that was lent: ciphertext at the holder, a key for some hours, and none any more when trust ends."""

from __future__ import annotations

import base64
from dataclasses import replace
from datetime import timedelta

import pytest

from ayni.agreements.vocabulary import State
from ayni.errors import InvalidValueError, NotEntitledError, WrongStateError
from ayni.exchange.holdings import UNCORRECTED, holding_in, holding_of
from ayni.exchange.lease import LONGEST, Lent, ask_key, unlock
from ayni.exchange.payload import About, Type, Under
from ayni.exchange.post import Draft, post
from ayni.exchange.recall import Stand
from ayni.exchange.recall_records import LEASE
from ayni.exchange.receipt import Item, Outcome
from ayni.exchange.refusals import Cause
from ayni.exchange.sharing import Terms, share
from ayni.exchange.wire import LEASED, Leased
from ayni.model.act import Act, acting
from ayni.model.codec import to_json
from ayni.model.handling import TLP, Handling, HandlingCode
from ayni.model.officer import Officer
from ayni.model.signal import Signal
from ayni.model.store import Query
from tests.exchange.test_correction import corrects, stand
from tests.exchange.test_delivery import causes
from tests.exchange.test_onward import consents
from tests.exchange.test_recall import change, take_back, tree_of
from tests.exchange.two_nodes import AMONG, ANA, BETWEEN, BR, EC, INBOX, LIA, PE, UNDER, Node, World
from tests.people import NOON, a_signal

SECRET = Handling(codes=(HandlingCode.H3,), tlp=TLP.RED, caveats="For the head of the centre alone.")
WATCH = timedelta(hours=4)


def lends(node: Node, to: str = PE, agreement: str = BETWEEN, lasts: timedelta = WATCH, number: int = 1) -> str:
    """Share a record of the most sensitive sort under a key of its own."""
    record = node.a_signal(number, SECRET)
    change(node, record, parents=(node.a_signal(number + 100),))
    with node.working() as work:
        terms = Terms(agreement=agreement, lease=lasts, acknowledged=True)
        share(record, to, terms=terms, by=LIA, under=UNDER, work=work, house=node.house, book=node.book())
    return record


def asks(node: Node, record: str, by: Officer = ANA) -> str:
    """Ask for the key; return the message."""
    with node.working() as work:
        return ask_key(record, by=by, under=UNDER, work=work, house=node.house, book=node.book())


def opens(node: Node, record: str, by: Officer = ANA) -> object:
    """Open it."""
    with node.working() as work:
        return unlock(record, node.inbox.lent, by=by, under=UNDER, work=work, house=node.house)


def refused(item: Item, *expected: Cause) -> bool:
    """Say whether a message was refused, and for these causes where any are given."""
    return item.outcome is Outcome.REFUSED and (not expected or causes(item.reasons) == set(expected))


def test_ciphertext_until_it_is_asked_for_and_again_when_its_hours_are_over() -> None:
    """The holder has not a word of it; with the key it has all of it; after four hours nothing again."""
    world = World(EC, PE)
    ec, pe = world[EC], world[PE]
    record = lends(ec)
    assert {item.outcome for item in world.deliver().values()} == {Outcome.ACCEPTED}
    with pe.store.work() as work:
        stored = work.get(record)
    assert (stored.header.kind, stored.header.cell, stored.header.identifiers) == (LEASED, None, ())
    assert isinstance(stored.body, Leased)
    plain = to_json(a_signal(1))
    assert plain[20:60] not in base64.b64decode(stored.body.sealed)
    with pytest.raises(WrongStateError):
        opens(pe, record)
    asks(pe, record)
    assert {item.outcome for item in world.deliver().values()} == {Outcome.ACCEPTED}
    seen = opens(pe, record)
    assert isinstance(seen, Signal)
    assert seen.subjects == a_signal(1).subjects
    world.clock.now += WATCH
    with pytest.raises(WrongStateError):
        opens(pe, record)
    asks(pe, record)
    world.deliver()
    assert opens(pe, record) == seen
    acts = [entry.act for entry in pe.store.entries]
    assert (acts.count("lease.ask"), acts.count("lease.open")) == (2, 2)


def test_suspended_no_key_is_lent() -> None:
    """The originator's agreement is asked each time; what was lent runs out by itself."""
    world = World(EC, PE)
    record = lends(world[EC])
    world.deliver()
    world[EC].standing(BETWEEN, State.SUSPENDED)
    message = asks(world[PE], record)
    assert refused(world.deliver()[message])
    with pytest.raises(WrongStateError):
        opens(world[PE], record)


def test_recalled_it_is_gone_with_its_key() -> None:
    """Proven like any other; the key here is forgotten, and the originator's destroyed."""
    world = World(EC, PE)
    record = lends(world[EC])
    world.deliver()
    asks(world[PE], record)
    world.deliver()
    assert opens(world[PE], record)
    take_back(world[EC], record)
    world.deliver()
    (branch,) = tree_of(world[EC], record).branches
    assert branch.stand is Stand.DELETED
    assert world[PE].inbox.lent.get(record, NOON) is None
    with world[EC].store.work() as work:
        assert not work.find(Query(kind=LEASE))


def test_what_was_corrected_opens_no_more() -> None:
    """The old bytes have no key any more, and the originator sees who has them."""
    world = World(EC, PE)
    record = lends(world[EC])
    world.deliver()
    assert corrects(world[EC], record).to == ()
    assert stand(world[EC], record) == {UNCORRECTED}
    message = asks(world[PE], record)
    assert refused(world.deliver()[message], Cause.NOT_LENT)


def test_keys_that_lie_are_not_taken() -> None:
    """Of another than the originator, for what is not here, or one that opens nothing."""
    world = World(EC, PE, BR)
    record = lends(world[EC], agreement=AMONG)
    world.deliver()
    with world[PE].store.work() as work:
        holding = holding_of(work, record)
        assert holding is not None
        sha256 = holding_in(holding).sha256
    key = base64.b64encode(b"k" * 32).decode()
    lent = Lent(record=record, sha256=sha256, key=key, until=NOON + WATCH)
    for by, body in (
        (BR, lent),
        (EC, lent),
        (EC, replace(lent, record="00000000-0000-7000-8000-000000000000")),
        (EC, replace(lent, key="AAAA")),
    ):
        message = tells(world[by], body)
        assert refused(world.deliver()[message], Cause.NOT_LENT)
    assert world[PE].inbox.lent.get(record, NOON) is None


def tells(node: Node, body: Lent) -> str:
    """Post a key as a node that keeps to no rules would; return the message."""
    held = node.book().find(AMONG)
    assert held is not None
    with (
        node.working() as work,
        acting(Act(name="test.post", roles=LIA.roles), by=LIA, under=UNDER, work=work) as acts,
    ):
        draft = Draft(
            type=Type.LEASE_KEY,
            to=(PE,),
            purpose=UNDER.purpose,
            legal_basis=UNDER.legal_basis,
            body=to_json(body),
            record=About(id=body.record, sha256=body.sha256, originator=EC),
            under=Under(id=AMONG, version=held.text.version, sha256=held.slice.sha256),
            articles=("R-1/1",),
        )
        return post(acts, draft, node.house)[0]


def test_who_may_not_and_what_is_not_lent() -> None:
    """A machine asks for nothing; too long is refused; a record in clear has no key; it is not passed on."""
    world = World(EC, PE, BR)
    with pytest.raises(InvalidValueError):
        lends(world[EC], lasts=LONGEST + timedelta(seconds=1))
    record = lends(world[EC], agreement=AMONG, number=2)
    world.deliver()
    with pytest.raises(NotEntitledError):
        asks(world[PE], record, by=INBOX)
    with pytest.raises(WrongStateError):
        asks(world[PE], world[PE].a_signal(5))
    with pytest.raises(WrongStateError):
        consents(world[EC], record, PE, BR)
