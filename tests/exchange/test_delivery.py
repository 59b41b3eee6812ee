"""From one institution to another: decided twice, taken in once, in order, answered and written down."""

from __future__ import annotations

from typing import cast

import pytest

from ayni.agreements.vocabulary import State
from ayni.errors import NotAgreedError, NotEntitledError, WrongStateError
from ayni.exchange.holdings import EXPOSURE, HELD, REFUSED, exposure_in, exposures, holding_in, holding_of
from ayni.exchange.payload import read_payload
from ayni.exchange.post import NotSentError
from ayni.exchange.receipt import Outcome
from ayni.exchange.refusals import SENTENCES, Cause
from ayni.exchange.sending import Fate, expected_in, fate
from ayni.exchange.sharing import Shared, Terms, preview, share
from ayni.exchange.wire import leaving
from ayni.model.act import acting
from ayni.model.codec import to_json
from ayni.model.officer import Officer
from ayni.model.signal import Reason
from ayni.model.store import Query
from ayni.model.triage import TriagedSignal, TriageState
from tests.exchange.two_nodes import AGREED, ANA, BETWEEN, EC, LIA, PE, UNDER, Node, World

SUSPENDED = ("core/suspended", "EC-PE-1/12")
"""What refuses under a suspended agreement: the core rule, and its own article on suspension."""


def send(node: Node, record: str, to: str = PE, by: Officer = LIA) -> Shared:
    """Share a record under the bilateral agreement."""
    with node.working() as work:
        return share(
            record,
            to,
            terms=Terms(agreement=BETWEEN),
            by=by,
            under=UNDER,
            work=work,
            house=node.house,
            book=node.book(),
        )


def causes(reasons: tuple[Reason, ...]) -> set[Cause]:
    """Return the causes that sentences stand for."""
    return {cause for cause, says in SENTENCES.items() for reason in reasons if reason.says == says}


def test_a_record_arrives_as_its_originator_wrote_it() -> None:
    """Same id, originator and markings; no longer than agreed; in the list beside our own."""
    world = World(EC, PE)
    ec, pe = world[EC], world[PE]
    shared = send(ec, ec.a_signal())
    told = world.deliver()
    assert {item.outcome for item in told.values()} == {Outcome.ACCEPTED}
    assert shared.articles
    with ec.store.work() as here, pe.store.work() as there:
        ours = here.get(next(iter(here.find(Query(kind="signal")))).id)
        theirs = there.get(ours.header.id)
        held = holding_of(there, ours.header.id)
        assert held is not None
        assert theirs.header.originator == EC
        assert theirs.header.agreement == BETWEEN
        assert theirs.header.keep_until <= ours.header.keep_until
        assert theirs.header.identifiers == ("mmsi:799000001",)
        assert cast("TriagedSignal", theirs.body).signal == cast("TriagedSignal", ours.body).signal
        assert cast("TriagedSignal", theirs.body).triage.state is TriageState.PENDING
        assert bytes(holding_in(held).payload().body) == to_json(leaving(ours))
        exposure = exposure_in(here.get(exposures(here, record=ours.header.id, partner=PE)[0].id))
        assert (exposure.to, exposure.sha256, exposure.articles) == (PE, holding_in(held).sha256, shared.articles)
        assert exposures(here, record=ours.header.id, states=(HELD,))
        assert exposure.keep_until == theirs.header.keep_until


def test_what_was_delivered_again_does_nothing_again() -> None:
    """The answer says so, and nothing is written."""
    world = World(EC, PE)
    send(world[EC], world[EC].a_signal())
    world[EC].pack()
    envelope = world[EC].under_way[0].envelope
    assert [item.outcome for item in world[PE].inbox.receive([envelope, envelope])] == [Outcome.ACCEPTED]
    before = world[PE].store.entries
    assert [item.outcome for item in world[PE].inbox.receive([envelope])] == [Outcome.REPEATED]
    assert world[PE].store.entries == before


def test_what_overtook_is_sent_again_from_where_the_gap_is() -> None:
    """Nothing is taken in out of order; when the gap is closed everything follows."""
    world = World(EC, PE)
    for number in range(1, 5):
        send(world[EC], world[EC].a_signal(number))
    world[EC].pack()
    first, second, third, fourth = (one.envelope for one in world[EC].under_way)
    assert [item.outcome for item in world[PE].inbox.receive([first])] == [Outcome.ACCEPTED]
    (item,) = world[PE].inbox.receive([third])
    assert (causes(item.reasons), expected_in(item), fate(item)) == ({Cause.GAP}, 2, Fate.LATER)
    assert [item.outcome for item in world[PE].inbox.receive([second, third, fourth, first])] == [
        *(Outcome.ACCEPTED, Outcome.ACCEPTED, Outcome.ACCEPTED, Outcome.REPEATED)
    ]


def test_the_receiver_decides_for_itself() -> None:
    """An agreement that only the receiver has heard is suspended: refused, told why, written down, nothing kept."""
    world = World(EC, PE)
    world[PE].standing(BETWEEN, State.SUSPENDED)
    record = world[EC].a_signal()
    shared = send(world[EC], record)
    world[EC].pack()
    envelope = world[EC].under_way[0].envelope
    item = world.deliver()[shared.message]
    assert (item.outcome, item.articles, fate(item)) == (Outcome.REFUSED, SUSPENDED, Fate.REFUSED)
    with world[PE].store.work() as work:
        assert not work.find(Query(kind="signal"))
        assert holding_of(work, record) is None
    assert world[PE].store.entries[-1].facts["outcome"] == "refused"
    with world[EC].store.work() as work:
        assert [header.state for header in work.find(Query(kind=EXPOSURE))] == [REFUSED]
    again = world[PE].inbox.receive([envelope])
    assert again[0].articles == SUSPENDED
    world[PE].standing(BETWEEN, State.IN_FORCE)
    assert causes(world[PE].inbox.receive([envelope])[0].reasons) == {Cause.REFUSED_BEFORE}


def test_the_stream_goes_on_after_a_refusal() -> None:
    """One refused record does not hold up the next."""
    world = World(EC, PE)
    world[PE].standing(BETWEEN, State.SUSPENDED)
    send(world[EC], world[EC].a_signal(1))
    world.deliver()
    world[PE].standing(BETWEEN, State.IN_FORCE)
    shared = send(world[EC], world[EC].a_signal(2))
    assert world.deliver()[shared.message].outcome is Outcome.ACCEPTED


def test_the_sender_decides_first() -> None:
    """What the agreement refuses is not even put into the outbox, and the officer reads why."""
    world = World(EC, PE)
    world[EC].standing(BETWEEN, State.SUSPENDED)
    record = world[EC].a_signal()
    with pytest.raises(NotSentError) as caught:
        send(world[EC], record)
    assert caught.value.reasons
    with pytest.raises(NotAgreedError):
        send(world[EC], record, to="xx.ayni.example")
    with pytest.raises(NotEntitledError):
        send(world[EC], record, by=ANA)
    assert not world[EC].store.outbox
    with world[EC].store.work() as work:
        assert not work.find(Query(kind=EXPOSURE))


def test_an_officer_sees_first_what_would_leave() -> None:
    """Every field, each agreement's answer, and that our own thoughts about a signal stay at home."""
    world = World(EC, PE)
    node, record = world[EC], world[EC].a_signal()
    with node.working() as work:
        shown = preview(record, PE, under=UNDER, work=work, house=node.house, book=node.book(), by=LIA)
    paths = {field.path for field in shown.fields}
    assert {"id", "kind", "body.subjects[0].properties.mmsi[0]", "handling.tlp", "purposes[0]"} <= paths
    assert not any("triage" in path or path[:0] == "legal_basis" for path in paths)
    (option,) = shown.options
    assert (option.agreement, option.verdict.permitted, shown.already) == (BETWEEN, True, False)
    assert option.verdict.explain("es")
    send(node, record)
    with node.working() as work:
        assert preview(record, PE, under=UNDER, work=work, house=node.house, book=node.book(), by=LIA).already
    with pytest.raises(WrongStateError, match="shared with"):
        send(node, record)


def test_messages_of_one_delivery_stand_alone_when_one_cannot_be_done() -> None:
    """A record that is here already is refused; those before and after it are taken in."""
    world = World(EC, PE)
    records = [world[EC].a_signal(number) for number in (1, 2, 3)]
    messages = [send(world[EC], record).message for record in records]
    taken = read_payload(world[EC].store.outbox[1].payload).record
    assert taken is not None
    with world[PE].working() as work:
        with world[EC].store.work() as theirs:
            copy = theirs.get(taken.id)
        with acting(AGREED, by=LIA, under=UNDER, work=work) as acts:
            acts.put(copy, replacing=None)
    told = world.deliver()
    assert [told[message].outcome for message in messages] == [Outcome.ACCEPTED, Outcome.REFUSED, Outcome.ACCEPTED]
    assert causes(told[messages[1]].reasons) == {Cause.HERE_ALREADY}
