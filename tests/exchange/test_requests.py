"""Asked by an officer, answered by an officer, on one clock: questions, and the flag State's consent to board."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ayni.agreements.vocabulary import State
from ayni.errors import InvalidValueError, NotAgreedError, NotEntitledError, UnknownError, WrongStateError
from ayni.exchange.clocks import Clock, clocks, late_requests, overdue
from ayni.exchange.payload import Type, Under
from ayni.exchange.post import Draft, post
from ayni.exchange.receipt import Outcome
from ayni.exchange.refusals import Cause
from ayni.exchange.request_words import (
    CLOCKS,
    FOLLOWS,
    OPEN,
    WAITS,
    Asked,
    Boarding,
    Measure,
    Reply,
    RequestKind,
    Says,
    Urgency,
)
from ayni.exchange.requests import Question, Request, answer, ask, listed, read, request_in
from ayni.model.act import Act, acting
from ayni.model.codec import to_json
from ayni.model.officer import Officer, Role
from tests.exchange.test_delivery import causes
from tests.exchange.two_nodes import AMONG, ANA, BETWEEN, BR, EC, INBOX, LIA, PE, UNDER, Node, World
from tests.people import NOON

VESSEL = Boarding(
    vessel="Caleta Imaginaria",
    flag="PE",
    seen_at=NOON,
    lat_deg=-2.2,
    lon_deg=-85.0,
    grounds="It met a vessel without lights for two hours, 300 km from the coast.",
    measures=(Measure.BOARD, Measure.SEARCH),
    mmsi="799000001",
)
MAY_I = Question(question="May we board and search her?", urgency=Urgency.URGENT, boarding=VESSEL)
WHO = Question(question="Who owns the vessel?", urgency=Urgency.SOON)


def asks(node: Node, question: Question = MAY_I, to: str = PE, agreement: str = BETWEEN, by: Officer = LIA) -> str:
    """Ask, and return the id of the request."""
    with node.working() as work:
        return ask(
            question, to, agreement=agreement, by=by, under=UNDER, work=work, house=node.house, book=node.book()
        ).header.id


def replies(node: Node, request: str, says: Says, by: Officer = LIA, **more: object) -> None:
    """Answer a request."""
    reply = replace(Reply(request=request, says=Says.ANSWERED, words="-", at=NOON), says=says, **more)  # type: ignore[arg-type]
    with node.working() as work:
        answer(request, reply, by=by, under=UNDER, work=work, house=node.house, book=node.book())


def at(node: Node, request: str) -> tuple[str, Request]:
    """Return how a request stands at a node."""
    with node.store.work() as work:
        stored = work.get(request)
        return stored.header.state, request_in(stored)


def looks(node: Node, states: tuple[str, ...] = ()) -> tuple[Clock, ...]:
    """Return a node's list of requests."""
    with node.working() as work:
        return clocks(by=LIA, under=UNDER, work=work, house=node.house, states=states)


def test_both_sides_see_one_clock() -> None:
    """The same instant passes on both sides; the answer says how long it took."""
    world = World(EC, PE)
    ec, pe = world[EC], world[PE]
    request = asks(ec)
    world.deliver()
    for node in (ec, pe):
        state, found = at(node, request)
        assert (state, found.asked.due_at, found.asked.boarding) == (OPEN, NOON + timedelta(hours=8), VESSEL)
        assert not found.late(NOON + timedelta(hours=8))
        assert found.late(NOON + timedelta(hours=8, seconds=1))
        with node.store.work() as work:
            assert [one.id for one in listed(work, states=(OPEN,))] == [request]
    world.clock.now += timedelta(hours=3)
    replies(pe, request, Says.GRANTED, words="Granted.", until=world.clock.now + timedelta(days=2))
    world.deliver()
    for node in (ec, pe):
        state, found = at(node, request)
        assert (state, found.took) == (Says.GRANTED, timedelta(hours=3))
        assert found.consent(world.clock.now) == found.replies[-1]
        assert found.consent(world.clock.now + timedelta(days=2)) is None
        assert not found.late(NOON + timedelta(days=9))


def test_consent_with_conditions_and_taken_back() -> None:
    """The flag State says under which conditions, and may withdraw; then there is no consent."""
    world = World(EC, PE)
    ec, pe = world[EC], world[PE]
    request = asks(ec)
    world.deliver()
    replies(pe, request, Says.CONDITIONS, conditions=("A Peruvian officer is present.", "No force but in defence."))
    world.deliver()
    _, found = at(ec, request)
    consent = found.consent(NOON)
    assert consent is not None
    assert len(consent.conditions) == 2
    replies(pe, request, Says.WITHDRAWN, ground="The vessel entered our waters.")
    world.deliver()
    state, found = at(ec, request)
    assert (state, found.consent(NOON), len(found.replies)) == (Says.WITHDRAWN, None, 2)
    with pytest.raises(WrongStateError):
        replies(pe, request, Says.GRANTED)


def test_a_refusal_says_its_ground() -> None:
    """Without one it cannot be written; with one the asker reads it."""
    world = World(EC, PE)
    request = asks(world[EC], WHO)
    world.deliver()
    with pytest.raises(InvalidValueError):
        replies(world[PE], request, Says.REFUSED)
    with pytest.raises(WrongStateError):
        replies(world[PE], request, Says.GRANTED)
    replies(world[PE], request, Says.REFUSED, ground="Proceedings are under way (Code, article 12).")
    world.deliver()
    state, found = at(world[EC], request)
    assert (state, found.replies[0].ground) == (Says.REFUSED, "Proceedings are under way (Code, article 12).")
    with world[EC].working() as work:
        assert read(request, by=ANA, under=UNDER, work=work).replies == found.replies


def test_an_answer_in_part_lets_the_clock_run() -> None:
    """What is left out has its ground, and the rest stays due."""
    world = World(EC, PE)
    request = asks(world[EC], WHO)
    world.deliver()
    with pytest.raises(InvalidValueError):
        replies(world[PE], request, Says.PARTIAL, words="The owner is a company.")
    replies(world[PE], request, Says.PARTIAL, words="The owner is a company.", ground="Its owners are asked for.")
    world.deliver()
    world.clock.now += timedelta(days=3, seconds=1)
    for node in (world[EC], world[PE]):
        (clock,) = looks(node)
        assert (clock.state, clock.late, clock.took) == (Says.PARTIAL, True, timedelta(0))
        with node.store.work() as work:
            assert overdue(listed(work)[0], work.now)
            assert late_requests(work) == 1
    replies(world[PE], request, Says.ANSWERED, words="Two persons.")
    world.deliver()
    assert [len(at(node, request)[1].replies) for node in (world[EC], world[PE])] == [2, 2]
    assert not looks(world[EC])[0].late


def test_lists_on_both_sides_say_the_same_of_time() -> None:
    """What waits stands first, the soonest due before the others; each side knows who asked."""
    world = World(EC, PE)
    ec, pe = world[EC], world[PE]
    slow, soon = asks(ec, WHO), asks(ec)
    back = asks(pe, WHO, to=EC)
    world.deliver()
    replies(pe, slow, Says.REFUSED, ground="No such register is kept.")
    world.deliver()
    mine, theirs = looks(ec), looks(pe)
    assert [one.request for one in mine] == [one.request for one in theirs] == [soon, back, slow]
    for one, other in zip(mine, theirs, strict=True):
        assert (one.due_at, one.state, one.late, one.took) == (other.due_at, other.state, other.late, other.took)
        assert (one.ours, one.partner, other.partner) == (not other.ours, PE, EC)
    assert [one.request for one in looks(ec, states=WAITS)] == [soon, back]


def test_only_a_person_answers() -> None:
    """Neither a machine, nor an analyst, nor whoever asked."""
    world = World(EC, PE)
    request = asks(world[EC])
    world.deliver()
    for by in (INBOX, ANA):
        with pytest.raises(NotEntitledError):
            replies(world[PE], request, Says.GRANTED, by=by)
    with pytest.raises(WrongStateError):
        replies(world[EC], request, Says.GRANTED)
    with pytest.raises(NotEntitledError):
        asks(world[EC], by=ANA)
    assert at(world[PE], request)[0] == OPEN


def test_no_agreement_no_request() -> None:
    """Unknown, without the partner, or suspended: nothing is asked."""
    world = World(EC, PE, BR)
    for to, agreement in ((PE, "XX-1"), (BR, BETWEEN)):
        with pytest.raises(NotAgreedError):
            asks(world[EC], to=to, agreement=agreement)
    world[EC].standing(BETWEEN, State.SUSPENDED)
    with pytest.raises(NotAgreedError):
        asks(world[EC])
    assert not world[EC].store.outbox
    with world[EC].working() as work, pytest.raises(UnknownError):
        read("00000000-0000-7000-8000-000000000000", by=ANA, under=UNDER, work=work)


def lies(node: Node, to: str, type_: Type, body: object) -> str:
    """Post a message as a node that does not keep to the rules would; return its id."""
    held = node.book().find(AMONG)
    assert held is not None
    act = Act(name="test.post", roles=frozenset({Role.LIAISON}))
    with node.working() as work, acting(act, by=LIA, under=UNDER, work=work) as acts:
        draft = Draft(
            type=type_,
            to=(to,),
            purpose=UNDER.purpose,
            legal_basis=UNDER.legal_basis,
            body=to_json(body),
            under=Under(id=AMONG, version=held.text.version, sha256=held.slice.sha256),
            articles=("R-1/1",),
        )
        return post(acts, draft, node.house)[0]


def test_answers_of_others_and_second_answers_change_nothing() -> None:
    """Of a node that was not asked, to no request, and after the answer."""
    world = World(EC, PE, BR)
    request = asks(world[EC])
    world.deliver()
    granted = Reply(request=request, says=Says.GRANTED, words="", at=NOON)
    stray = replace(granted, request="00000000-0000-7000-8000-000000000000")
    for by, reply, cause in (
        (BR, granted, Cause.NOT_ASKED),
        (PE, stray, Cause.NOT_ASKED),
        (PE, replace(granted, says=Says.WITHDRAWN, ground="-"), Cause.ANSWERED),
        (PE, replace(granted, says=Says.ANSWERED, words="-"), Cause.ANSWERED),
    ):
        message = lies(world[by], EC, Type.ANSWER, reply)
        assert causes(world.deliver()[message].reasons) == {cause}
    assert at(world[EC], request)[0] == OPEN
    assert not at(world[EC], request)[1].replies


def test_a_clock_that_was_turned_back_is_refused() -> None:
    """Nobody is made late by a request that says it was asked last week; an id that is taken is refused."""
    world = World(EC, PE, BR)
    request = asks(world[EC], WHO)
    world.deliver()
    asked = at(world[EC], request)[1].asked
    past = NOON - timedelta(days=7)
    early = replace(
        asked, id="00000000-0000-7000-8000-000000000000", asked_at=past, due_at=past + CLOCKS[Urgency.SOON]
    )
    for body, cause in ((early, Cause.MALFORMED), (asked, Cause.HERE_ALREADY)):
        item = lies(world[EC], PE, Type.REQUEST, body)
        told = world.deliver()[item]
        assert (told.outcome, causes(told.reasons)) == (Outcome.REFUSED, {cause})
    with world[PE].store.work() as work:
        assert len(listed(work)) == 1


@given(st.sampled_from(RequestKind), st.lists(st.sampled_from(Says), max_size=6))
def test_no_order_of_answers_gives_a_consent_that_was_taken_back(kind: RequestKind, says: list[Says]) -> None:
    """Whatever answers are tried, after a withdrawal or a refusal there is no consent any more."""
    state, taken = OPEN, list[Says]()
    for one in says:
        if one in FOLLOWS[kind].get(state, frozenset()):
            state, taken = one, [*taken, one]
    asked = Asked(
        id="00000000-0000-7000-8000-000000000000",
        kind=kind,
        question="?",
        urgency=Urgency.USUAL,
        asked_at=NOON,
        due_at=NOON + CLOCKS[Urgency.USUAL],
        boarding=VESSEL if kind is RequestKind.BOARDING else None,
    )
    made = tuple(
        Reply(request="r", says=one, words="-", ground="-", conditions=("-",) * (one is Says.CONDITIONS), at=NOON)
        for one in taken
    )
    found = Request(asked=asked, by=EC, of=PE, agreement=None, articles=(), message="m", heard_at=NOON, replies=made)
    ended = {Says.WITHDRAWN, Says.REFUSED} & set(taken)
    assert (found.consent(NOON) is not None) is (kind is RequestKind.BOARDING and bool(taken) and not ended)
