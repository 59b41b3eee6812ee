"""From proposal to termination: every step an act, no step out of order, no officer twice."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ayni.agreements import life_cycle
from ayni.agreements.drafting import annotated
from ayni.agreements.standing import Agreement, Did, Move, Signature, advance, begin
from ayni.agreements.text import AgreementText, sha256
from ayni.agreements.vocabulary import State
from ayni.errors import (
    AyniError,
    ChangedMeanwhileError,
    EnvelopeError,
    InvalidValueError,
    NotEntitledError,
    UnknownError,
    UnreadableError,
    UnsoundAgreementError,
    WrongStateError,
)
from ayni.exchange import jws
from ayni.exchange.keys import Identity
from ayni.model.codec import from_json, to_json
from ayni.model.handling import Mandate, Purpose
from ayni.model.memory import MemoryStore
from ayni.model.officer import Officer, Role
from ayni.model.record import House, Record
from tests.agreements.texts import a_text
from tests.people import Clock

HOUSE = House(node="ec.armada")
UNDER = Mandate(purpose=Purpose.ADMINISTRATION, legal_basis="Exercise law, article 3")
LIA = Officer(id="lia", name="Lia", roles=frozenset({Role.LIAISON}))
CORO = Officer(id="coro", name="Coro", roles=frozenset({Role.COORDINATOR}))
ANA = Officer(id="ana", name="Ana", roles=frozenset({Role.ANALYST}))
INBOX = Officer(id="inbox", name="inbox", machine=True, answerable="lia")
SPRING = datetime(2026, 3, 1, 12, tzinfo=UTC)


TYP = "ayni-agreement+jws"
KEYS = {node: Identity.generate(node) for node in ("ec.armada", "ec.defensa", "pe.dicapi", "xx.other")}


def seal(institution: str) -> Callable[[bytes], str]:
    """Return what signs with an institution's real pair of keys."""
    identity = KEYS[institution]
    return lambda data: jws.sign(data, TYP, [(identity.kid, identity.sign)]).decode()


def opens(signature: Signature, data: bytes) -> bool:
    """Verify with the keys of the institution where the officer sits."""
    try:
        return jws.verify(signature.value.encode(), TYP, [KEYS[signature.institution].public.signing]) == data
    except (UnreadableError, EnvelopeError):
        return False


class Desk:
    """Our node, and the partner's moves as they arrive."""

    def __init__(self) -> None:
        self.clock = Clock(SPRING)
        self.store = MemoryStore(self.clock)

    def do(self, act: Callable[..., Record[object]], *args: object, by: Officer = LIA, **more: object) -> Agreement:
        """Perform one act and commit it."""
        with self.store.work() as work:
            record = act(*args, by=by, under=UNDER, work=work, house=HOUSE, **more)
            work.commit()
        return cast("Agreement", record.body)

    def sign(self, by: Officer, **more: object) -> Agreement:
        """Sign for our party."""
        keys = seal(str(more.get("institution", "ec.armada")))
        return self.do(life_cycle.sign, "EC-PE-1", sign_bytes=keys, verify=opens, by=by, **more)

    def hears(self, move: Move) -> Agreement:
        """Take in a partner's move through the inbox."""
        return self.do(life_cycle.hear, "EC-PE-1", move, verify=opens, by=INBOX)

    def now(self) -> Agreement:
        """Return the agreement as it is stored."""
        with self.store.work() as work:
            return cast("Agreement", life_cycle.find("EC-PE-1", work).body)


def theirs(
    did: Did,
    *,
    party: str = "pe.dicapi",
    officer: str = "rosa",
    words: str = "",
    text: AgreementText | None = None,
    signature: Signature | None = None,
) -> Move:
    """Return a move of the Peruvian exercise authority."""
    return Move(did=did, party=party, officer=officer, at=SPRING, words=words, text=text, signature=signature)


def their_signature(
    officer: str, text: AgreementText, *, party: str = "pe.dicapi", institution: str = "pe.dicapi"
) -> Move:
    """Return a partner officer's signature."""
    unsigned = Signature(
        party=party,
        institution=institution,
        officer=officer,
        name=officer.title(),
        at=SPRING,
        sha256=sha256(text),
    )
    signature = replace(unsigned, value=seal(institution)(unsigned.signed_bytes()))
    return theirs(Did.SIGN, officer=officer, signature=signature, party=party)


def accepted() -> Desk:
    """Return a desk whose text both parties have accepted."""
    desk = Desk()
    desk.do(life_cycle.propose, a_text())
    desk.hears(theirs(Did.ACCEPT))
    return desk


def in_force() -> Desk:
    """Return a desk whose agreement is in force."""
    desk = accepted()
    desk.sign(LIA)
    desk.sign(CORO)
    desk.hears(their_signature("rosa", a_text()))
    desk.hears(their_signature("raul", a_text()))
    desk.do(life_cycle.enter, "EC-PE-1")
    return desk


def test_the_whole_life() -> None:
    """Proposed, countered, accepted, signed by two officers a party, in force, suspended, resumed, terminated."""
    desk = Desk()
    assert desk.do(life_cycle.propose, a_text()).state is State.PROPOSED
    second = replace(a_text(), version=2)
    assert desk.hears(theirs(Did.COUNTER, text=second)).state is State.COUNTERED
    assert desk.do(life_cycle.accept, "EC-PE-1").state is State.ACCEPTED
    desk.sign(LIA)
    assert desk.sign(CORO).state is State.ACCEPTED
    assert desk.now().standing.signatures == 0, "the other party has not signed"
    desk.hears(their_signature("rosa", second))
    assert desk.now().standing.signatures == 1
    assert desk.hears(their_signature("raul", second)).state is State.SIGNED
    assert desk.do(life_cycle.enter, "EC-PE-1").standing.state is State.IN_FORCE
    assert desk.hears(theirs(Did.SUSPEND, words="a leak is being looked into")).state is State.SUSPENDED
    assert desk.hears(theirs(Did.RESUME, words="closed")).state is State.IN_FORCE
    assert desk.do(life_cycle.terminate, "EC-PE-1", words="replaced").state is State.IN_FORCE
    assert desk.now().ends_on == (SPRING + timedelta(days=60)).date(), "the notice of the text"
    desk.clock.now = SPRING + timedelta(days=60)
    assert not desk.now().standing.in_term(desk.clock.now)
    assert desk.do(life_cycle.expire, "EC-PE-1", by=INBOX).state is State.TERMINATED
    acts = [entry.act for entry in desk.store.entries]
    assert acts[0] == "agreement.propose"
    assert acts[-1] == "agreement.expire"
    assert len(acts) == len(desk.now().steps) == 12
    assert [entry.facts["after"] for entry in desk.store.entries][-1] == "terminated"


def refuses(desk: Desk, kind: type[AyniError], match: str, do: Callable[[], object]) -> None:
    """Expect a refusal that leaves the record and the ledger as they were."""
    before, entries = desk.now(), len(desk.store.entries)
    with pytest.raises(kind, match=match):
        do()
    assert desk.now() == before
    assert len(desk.store.entries) == entries


def test_one_officer_never_signs_twice() -> None:
    """Neither for one party again, nor under another spelling, nor from the parent institution."""
    desk = accepted()
    desk.sign(LIA)
    refuses(desk, InvalidValueError, "signed already", lambda: desk.sign(LIA))
    refuses(desk, InvalidValueError, "signed already", lambda: desk.sign(replace(LIA, id="LIA")))
    refuses(desk, InvalidValueError, "signed already", lambda: desk.sign(LIA, institution="ec.defensa"))
    desk.hears(their_signature("rosa", a_text()))
    again = their_signature("rosa", a_text())
    refuses(desk, InvalidValueError, "signed already", lambda: desk.hears(again))
    desk.hears(their_signature("lia", a_text()))
    assert len(desk.now().signatures) == 3, "a namesake at another institution is another officer"


def test_a_second_officer_may_sit_at_the_parent_institution() -> None:
    """One of the party's own and one of its parent: enough; two of the parent: not."""
    desk = accepted()
    desk.sign(LIA)
    seconded = their_signature("olga", a_text(), party="ec.armada", institution="ec.defensa")
    assert len(desk.hears(seconded).signed_by("ec.armada")) == 2
    other = accepted()
    other.hears(seconded)
    away = their_signature("oscar", a_text(), party="ec.armada", institution="ec.defensa")
    refuses(other, InvalidValueError, "itself signs", lambda: other.hears(away))
    stranger = their_signature("igor", a_text(), institution="xx.other")
    refuses(other, InvalidValueError, "neither pe.dicapi nor its parent", lambda: other.hears(stranger))


def test_signatures_that_do_not_count() -> None:
    """Forged, under another text, for another party, or a third one: each with its reason."""
    desk = accepted()
    good = their_signature("rosa", a_text())
    assert good.signature is not None
    stolen = seal("xx.other")(good.signature.signed_bytes())
    later = replace(good.signature, at=SPRING + timedelta(hours=1))
    for bad in (replace(good.signature, value="00"), replace(good.signature, value=stolen), later):
        forged = replace(good, signature=bad)
        refuses(desk, InvalidValueError, "does not verify", partial(desk.hears, forged))
    other = their_signature("rosa", replace(a_text(), version=9))
    refuses(desk, InvalidValueError, "under another text", lambda: desk.hears(other))
    crossed = replace(good, party="ec.armada", signature=good.signature)
    refuses(desk, InvalidValueError, "another party", lambda: desk.hears(crossed))
    desk.sign(LIA)
    desk.sign(CORO)
    third = replace(LIA, id="luz", name="Luz")
    refuses(desk, WrongStateError, "still to be signed", lambda: desk.sign(third))


def test_steps_out_of_order_are_refused() -> None:
    """Signing before acceptance, entering unsigned, countering after a signature, resuming what others stopped."""
    desk = Desk()
    with pytest.raises(UnknownError):
        desk.sign(LIA)
    desk.do(life_cycle.propose, a_text())
    refuses(desk, ChangedMeanwhileError, "EC-PE-1", lambda: desk.do(life_cycle.propose, a_text()))
    refuses(desk, WrongStateError, "is proposed", lambda: desk.sign(LIA))
    refuses(desk, WrongStateError, "not yet accepted", lambda: desk.do(life_cycle.accept, "EC-PE-1"))
    refuses(desk, WrongStateError, "is proposed", lambda: desk.do(life_cycle.enter, "EC-PE-1"))
    refuses(desk, WrongStateError, "suspend", lambda: desk.do(life_cycle.suspend, "EC-PE-1", words="x"))
    same = a_text()
    refuses(desk, InvalidValueError, "version 2", lambda: desk.do(life_cycle.counter, "EC-PE-1", same))
    desk.hears(theirs(Did.ACCEPT))
    desk.sign(LIA)
    second = replace(a_text(), version=2)
    refuses(desk, WrongStateError, "signature", lambda: desk.do(life_cycle.counter, "EC-PE-1", second))
    desk = in_force()
    desk.hears(theirs(Did.SUSPEND, words="their reason"))
    refuses(desk, WrongStateError, "suspended by", lambda: desk.do(life_cycle.resume, "EC-PE-1", words="ours"))
    refuses(desk, WrongStateError, "past 2029", lambda: desk.do(life_cycle.expire, "EC-PE-1"))


def test_any_party_suspends_at_once_and_both_must_resume() -> None:
    """Each lifts only its own suspension."""
    desk = in_force()
    desk.hears(theirs(Did.SUSPEND, words="theirs"))
    desk.do(life_cycle.suspend, "EC-PE-1", words="ours")
    assert desk.do(life_cycle.resume, "EC-PE-1", words="done").state is State.SUSPENDED
    assert desk.hears(theirs(Did.RESUME, words="done")).state is State.IN_FORCE


def test_both_parties_terminate_at_once() -> None:
    """Consent of all parties needs no notice."""
    desk = in_force()
    desk.do(life_cycle.terminate, "EC-PE-1", words="ours")
    assert desk.hears(theirs(Did.TERMINATE, words="theirs")).state is State.TERMINATED


def test_who_may_do_what() -> None:
    """An analyst negotiates nothing; a machine hears and expires, and never signs; nobody speaks in our name."""
    desk = Desk()
    with pytest.raises(NotEntitledError):
        desk.do(life_cycle.propose, a_text(), by=ANA)
    desk.do(life_cycle.propose, a_text())
    refuses(desk, NotEntitledError, "accept", lambda: desk.do(life_cycle.accept, "EC-PE-1", by=INBOX))
    refuses(desk, NotEntitledError, "sign", lambda: desk.sign(INBOX))
    ours = replace(theirs(Did.ACCEPT), party="ec.armada")
    refuses(desk, UnsoundAgreementError, "in our name", lambda: desk.hears(ours))
    nobody = replace(theirs(Did.ACCEPT), party="xx.other")
    refuses(desk, InvalidValueError, "not a party", lambda: desk.hears(nobody))


def with_policy(number: str, policy: str) -> AgreementText:
    """Return the text with another policy for one article."""
    text = a_text()
    return replace(
        text,
        articles=tuple(
            replace(each, policy=annotated(text.id, number, policy)) if each.number == number else each
            for each in text.articles
        ),
    )


def test_what_does_not_validate_is_not_proposed_and_what_is_not_proven_is_not_signed() -> None:
    """Neither leaves a trace in store or ledger."""
    desk = Desk()
    with pytest.raises(UnsoundAgreementError, match="article 4"):
        desk.do(life_cycle.propose, with_policy("4", "permit (principal, action, resource);"))
    assert not desk.store.entries
    wider = 'permit (principal, action == Action::"court", resource) when { resource.kind == "case" };'
    desk.do(life_cycle.propose, with_policy("7", wider))
    desk.hears(theirs(Did.ACCEPT))
    refuses(desk, UnsoundAgreementError, "beyond what the tables", lambda: desk.sign(LIA))


def test_a_body_survives_its_journey() -> None:
    """As JSON and back, the agreement is the same value and the same hash."""
    body = in_force().now()
    again = from_json(to_json(body), Agreement)
    assert again == body
    assert sha256(again.text) == sha256(body.text)


@given(
    st.lists(st.tuples(st.sampled_from(Did), st.sampled_from(["ec.armada", "pe.dicapi", "xx.other"])), max_size=14)
)
@settings(max_examples=60, deadline=None)
def test_no_order_of_steps_reaches_force_without_four_signatures(steps: list[tuple[Did, str]]) -> None:
    """Whatever is tried, in force means two officers of each party signed; refused steps change nothing."""
    agreement = begin(Move(did=Did.PROPOSE, party="ec.armada", officer="lia", at=SPRING, text=a_text()))
    for at, (did, party) in enumerate(steps):
        try:
            agreement = advance(agreement, a_move(did, party, agreement, f"officer-{at % 5}"), opens)
        except (InvalidValueError, WrongStateError):
            continue
        if agreement.state in {State.IN_FORCE, State.SUSPENDED, State.SIGNED}:
            assert agreement.standing.signatures == 2


def a_move(did: Did, party: str, agreement: Agreement, officer: str) -> Move:
    """Return a move with everything its step needs."""
    if did is Did.SIGN:
        move = their_signature(officer, agreement.text, party=party, institution=party)
        return replace(move, party=party)
    text = replace(agreement.text, version=agreement.text.version + 1) if did in {Did.COUNTER, Did.PROPOSE} else None
    return Move(did=did, party=party, officer=officer, at=SPRING, words="a reason", text=text)
