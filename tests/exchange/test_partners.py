"""Partners pinned by two officers with paper, and agreements signed with the keys so known."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import cast

import pytest

from ayni.agreements import life_cycle
from ayni.agreements.standing import Agreement
from ayni.agreements.vocabulary import State
from ayni.errors import (
    AyniError,
    EnvelopeError,
    InvalidValueError,
    KeyHistoryError,
    NotEntitledError,
    WrongStateError,
)
from ayni.exchange import key_events, partners
from ayni.exchange.jws import sign
from ayni.exchange.key_acts import known_of
from ayni.exchange.key_events import Approval
from ayni.exchange.keys import Identity, PublicIdentity, SealingSecret
from ayni.exchange.partners import Card, Partner, read_card, write_card
from ayni.exchange.pins import Pin
from ayni.exchange.signatures import read_steps, send_steps, signer, unheard, verifier
from ayni.model.codec import to_json
from ayni.model.handling import Mandate, Purpose
from ayni.model.memory import MemoryStore
from ayni.model.officer import Officer, Role
from ayni.model.record import House, Record
from ayni.model.store import Query
from tests.agreements.texts import a_text
from tests.people import NOON, Clock

UNDER = Mandate(purpose=Purpose.ADMINISTRATION, legal_basis="Exercise law, article 3")
LIA = Officer(id="lia", name="Lia", roles=frozenset({Role.LIAISON}))
CORO = Officer(id="coro", name="Coro", roles=frozenset({Role.COORDINATOR}))
ANA = Officer(id="ana", name="Ana", roles=frozenset({Role.ANALYST}))
NAME = "EC-PE-1"


class Institution:
    """One party with keys, a history and a store of its own."""

    def __init__(self, node: str) -> None:
        self.house = House(node=node)
        self.clock = Clock(NOON)
        self.store = MemoryStore(self.clock)
        self.keys = [Identity.generate(node, epoch) for epoch in range(3)]
        self.both = tuple(Approval(officer=officer, institution=node) for officer in ("lia", "coro"))
        sealing = SealingSecret.generate(NOON).key
        self.events = [key_events.begin(self.keys[0], self.keys[1], sealing, NOON, self.both).decode()]

    @property
    def fingerprint(self) -> str:
        """What it prints on paper."""
        return Pin.of(self.keys[0].public).groups

    def card(self, epoch: int = 0) -> bytes:
        """Return its card, signed with the keys of *epoch*."""
        card = Card(node=self.house.node, name="Ejercicio", country="EC", events=tuple(self.events))
        return write_card(card, self.keys[epoch])

    def rotate(self) -> None:
        """Put the second identity in place of the first."""
        known = known_of(self.house.node, tuple(self.events))
        event = key_events.rotate(known, self.keys[0], self.keys[1], self.keys[2], NOON, self.both)
        self.events.append(event.decode())

    def do(self, act: Callable[..., Record[object]], *args: object, by: Officer = LIA, **more: object) -> object:
        """Perform one act and commit it; every act takes a second."""
        self.clock.now = self.clock.now.replace(second=(self.clock.now.second + 1) % 60)
        with self.store.work() as work:
            record = act(*args, by=by, under=UNDER, work=work, house=self.house, **more)
            work.commit()
        return record.body

    def believes(self) -> dict[str, PublicIdentity]:
        """Return whose keys it believes: its own and those it has pinned."""
        with self.store.work() as work:
            found = {name: one.card.known.identity for name, one in partners.pinned(work).items()}
        return {**found, self.house.node: self.keys[0].public}

    def pins(self, other: Institution) -> None:
        """Take in a card; two officers type what is on paper."""
        self.do(partners.add, other.card())
        self.do(partners.pin, other.house.node, other.fingerprint)
        self.do(partners.pin, other.house.node, other.fingerprint, by=CORO)

    def agreement(self) -> Agreement:
        """Return the agreement as it holds it."""
        with self.store.work() as work:
            return cast("Agreement", life_cycle.find(NAME, work).body)

    def signs(self, by: Officer) -> None:
        """Let one officer sign."""
        verify = verifier(self.believes())
        self.do(life_cycle.sign, NAME, sign_bytes=signer(self.keys[0]), verify=verify, by=by)

    def hears(self, other: Institution) -> int:
        """Take in the other's file; return how many steps were new."""
        heard = 0
        known = {name: keys for name, keys in self.believes().items() if name != self.house.node}
        for step in read_steps(send_steps(other.agreement(), other.house.node, other.keys[0]), known):
            with self.store.work() as work:
                held = work.find(Query(kind=life_cycle.KIND, limit=1))
            if unheard(step, self.agreement() if held else None):
                verify = verifier(self.believes())
                self.do(life_cycle.hear, step.agreement, step.move, verify=verify)
                heard += 1
        return heard


def two() -> tuple[Institution, Institution]:
    """Return two institutions that have pinned one another."""
    ours, theirs = Institution("ec.armada"), Institution("pe.dicapi")
    ours.pins(theirs)
    theirs.pins(ours)
    return ours, theirs


def test_an_agreement_is_signed_by_two_officers_a_party() -> None:
    """From proposal to force and suspension on both sides, with files that anything may carry."""
    ours, theirs = two()
    ours.do(life_cycle.propose, a_text())
    assert theirs.hears(ours) == 1
    theirs.do(life_cycle.accept, NAME)
    assert ours.hears(theirs) == 1
    ours.signs(LIA)
    with pytest.raises(InvalidValueError, match="signed already"):
        ours.signs(LIA)
    ours.signs(CORO)
    assert theirs.hears(ours) == 2
    theirs.signs(LIA)
    theirs.signs(CORO)
    assert ours.hears(theirs) == 2
    assert ours.agreement().state == theirs.agreement().state == State.SIGNED
    ours.do(life_cycle.enter, NAME)
    theirs.hears(ours)
    theirs.do(life_cycle.suspend, NAME, words="exercise")
    assert ours.hears(theirs) == 1
    assert ours.agreement().state is State.SUSPENDED
    assert ours.hears(theirs) == 0


def test_nobody_signs_in_the_name_of_a_partner() -> None:
    """Steps of a stranger, of a node that is not pinned, or signed with other keys are refused."""
    ours, theirs = two()
    ours.do(life_cycle.propose, a_text())
    steps = send_steps(ours.agreement(), "ec.armada", ours.keys[0])
    known = theirs.believes()
    assert len(read_steps(steps, known)) == 1
    with pytest.raises(KeyHistoryError, match="not pinned"):
        read_steps(steps, {})
    with pytest.raises(EnvelopeError):
        read_steps(send_steps(ours.agreement(), "ec.armada", Identity.generate("ec.armada")), known)
    theirs.hears(ours)
    theirs.do(life_cycle.accept, NAME)
    ours.hears(theirs)
    ours.signs(LIA)
    forged = replace(ours.agreement().signatures[0], officer="coro", name="Coro")
    assert not verifier(known)(forged, forged.signed_bytes())
    assert not verifier({})(ours.agreement().signatures[0], ours.agreement().signatures[0].signed_bytes())


def test_a_partner_is_pinned_by_two_officers_with_paper() -> None:
    """One officer twice, a wrong fingerprint, and an officer without the role pin nobody."""
    ours, theirs = Institution("ec.armada"), Institution("pe.dicapi")
    ours.do(partners.add, theirs.card())
    with pytest.raises(KeyHistoryError, match="paper"):
        ours.do(partners.pin, "pe.dicapi", ours.fingerprint)
    with pytest.raises(AyniError, match="52"):
        ours.do(partners.pin, "pe.dicapi", theirs.fingerprint[:-1])
    with pytest.raises(NotEntitledError):
        ours.do(partners.pin, "pe.dicapi", theirs.fingerprint, by=ANA)
    ours.do(partners.pin, "pe.dicapi", theirs.fingerprint.lower())
    with pytest.raises(NotEntitledError, match="second officer"):
        ours.do(partners.pin, "pe.dicapi", theirs.fingerprint)
    assert "pe.dicapi" not in ours.believes()
    body = cast("Partner", ours.do(partners.pin, "pe.dicapi", theirs.fingerprint, by=CORO))
    assert (body.state, body.compared_by, body.confirmed_by) == ("pinned", "lia", "coro")
    with pytest.raises(WrongStateError):
        ours.do(partners.pin, "pe.dicapi", theirs.fingerprint, by=CORO)
    assert [entry.act for entry in ours.store.entries] == ["partner.add", "partner.pin", "partner.pin"]


def test_a_later_card_continues_what_was_pinned() -> None:
    """After a rotation the partner stays pinned, under its new keys; another history is refused."""
    ours, theirs = two()
    old = theirs.card()
    theirs.rotate()
    with pytest.raises(EnvelopeError):
        ours.do(partners.add, theirs.card(epoch=0))
    ours.do(partners.add, theirs.card(epoch=1))
    assert ours.believes()["pe.dicapi"].epoch == 1
    with pytest.raises(KeyHistoryError, match="continue"):
        ours.do(partners.add, old)
    with pytest.raises(KeyHistoryError, match="continue"):
        ours.do(partners.add, Institution("pe.dicapi").card())
    assert ours.believes()["pe.dicapi"].epoch == 1


def test_a_card_is_what_it_claims() -> None:
    """A changed card, a foreign history and our own card are refused."""
    ours, theirs = Institution("ec.armada"), Institution("pe.dicapi")
    card = read_card(theirs.card())
    with pytest.raises(EnvelopeError):
        read_card(sign(to_json(replace(card, name="Otra")), partners.TYP, [("pe.dicapi/0", ours.keys[0].sign)]))
    with pytest.raises(KeyHistoryError):
        read_card(write_card(replace(card, node="br.marinha"), theirs.keys[0]))
    with pytest.raises(KeyHistoryError, match="itself"):
        ours.do(partners.add, ours.card())
    with pytest.raises(InvalidValueError):
        replace(card, address="http://198.51.100.7")
