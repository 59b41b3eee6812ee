"""Several institutions in memory, with real keys and an agreement in force, whose envelopes pass by function call.

world = World()
ec, pe = world["ec.ayni.example"], world["pe.ayni.example"]
with ec.store.work() as work:
    ...                                       any act that posts
    work.commit()
world.deliver()                               until nothing waits anywhere; returns what became of each message
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import lru_cache
from typing import cast

from ayni.agreements.book import Book
from ayni.agreements.drafting import new_text
from ayni.agreements.life_cycle import KIND
from ayni.agreements.shelf import Shelf
from ayni.agreements.standing import Agreement, Signature
from ayni.agreements.text import AgreementText, Party, sha256
from ayni.agreements.vocabulary import State
from ayni.casework.raising import raise_signals
from ayni.exchange.delivered import note_receipt
from ayni.exchange.effects import ALL_EFFECTS
from ayni.exchange.envelope import Opener
from ayni.exchange.keys import Identity, PublicIdentity, SealingSecret, origin_of
from ayni.exchange.receipt import Item, check_receipt, read_receipt, sign_receipt
from ayni.exchange.receiving import Inbox
from ayni.exchange.sending import Fate, Packed, Streams, fate, pack
from ayni.model.act import Act, acting
from ayni.model.handling import Handling, Mandate, Purpose
from ayni.model.memory import MemoryStore
from ayni.model.officer import Officer, Role
from ayni.model.record import House, Record
from ayni.model.store import Work
from tests.people import NOON, Clock, a_signal

EC, PE, BR = "ec.ayni.example", "pe.ayni.example", "br.ayni.example"
UNDER = Mandate(purpose=Purpose.COUNTER_NARCOTICS, legal_basis="Exercise law, article 1")
LIA = Officer(id="lia", name="Lia", roles=frozenset({Role.LIAISON, Role.COORDINATOR}))
ANA = Officer(id="ana", name="Ana", roles=frozenset({Role.ANALYST}))
INBOX = Officer(id="inbox", name="inbox", machine=True, answerable="lia")
AGREED = Act(name="agreement.propose", roles=frozenset({Role.LIAISON}))
BETWEEN = "EC-PE-1"
"""The bilateral agreement that is in force between the first two nodes."""
AMONG = "R-1"
"""The multilateral one, in force among all."""


@lru_cache(maxsize=8)
def a_text(template: str, agreement: str, parties: tuple[str, ...]) -> AgreementText:
    """Return a text among nodes, made from a template."""
    signing = [Party(id=node, name=f"Institution {node}", country=node[:2].upper()) for node in parties]
    return new_text(template, agreement=agreement, parties=signing, starts_on=NOON.date())


@lru_cache(maxsize=16)
def keys_of(node: str) -> tuple[Identity, SealingSecret]:
    """Return the keys of a node, the same in every test of a run."""
    return Identity.generate(node), SealingSecret.generate(NOON)


def in_force(text: AgreementText) -> Agreement:
    """Return an agreement that two officers of each party have signed."""
    signatures = tuple(
        Signature(party=party, institution=party, officer=name, name=name, at=NOON, sha256=sha256(text))
        for party in text.party_ids
        for name in ("lia", "coro")
    )
    return Agreement(text=text, state=State.IN_FORCE, signatures=signatures, accepted_by=text.party_ids)


@dataclass(slots=True)
class Node:
    """One institution of the world."""

    world: World
    house: House
    store: MemoryStore
    identity: Identity
    secret: SealingSecret
    inbox: Inbox = field(init=False)
    shelf: Shelf = field(default_factory=Shelf)
    streams: Streams = field(default_factory=dict)
    sent: int = 0
    """Messages of the outbox that were packed."""
    under_way: list[Packed] = field(default_factory=list)
    """Packed, and not answered for good."""

    def __post_init__(self) -> None:
        self.inbox = Inbox(
            house=self.house,
            by=INBOX,
            identity=self.identity,
            effects=ALL_EFFECTS,
            known=lambda _work: self.world.known,
            opener=self.opener,
            store=self.store,
        )

    @property
    def name(self) -> str:
        """Its id."""
        return self.house.node

    def opener(self, known: Mapping[str, PublicIdentity], book: Book) -> Opener:
        """Return what opens envelopes sealed for it."""
        pairs = {one.kid: one.signing for one in known.values()}

        def agreed(agreement: str, version: int) -> str | None:
            held = book.find(agreement)
            return held.slice.sha256 if held is not None and held.text.version == version else None

        return Opener(node=self.name, secrets=[self.secret], trust=pairs.get, agreed=agreed)

    @contextmanager
    def working(self) -> Iterator[Work]:
        """Open a unit of work and commit it."""
        with self.store.work() as work:
            yield work
            work.commit()

    def book(self) -> Book:
        """Return its agreements of today."""
        with self.store.work() as work:
            return self.shelf.book(work)

    def hold(self, agreement: Agreement) -> None:
        """Put an agreement into its records, as if it had been negotiated."""
        with self.working() as work, acting(AGREED, by=LIA, under=UNDER, work=work) as acts:
            header = self.house.header(
                KIND, under=UNDER, now=acts.now, identifiers=(f"agreement:{agreement.text.id}",)
            )
            kept = replace(header, state=agreement.state, keep_until=acts.now + timedelta(days=3650))
            acts.put(Record(header=kept, body=agreement), replacing=None)

    def standing(self, agreement: str, state: State) -> None:
        """Let an agreement stand elsewhere, as if a step had been heard."""
        from ayni.agreements.life_cycle import find

        with self.working() as work, acting(AGREED, by=LIA, under=UNDER, work=work) as acts:
            record = find(agreement, work)
            body = replace(cast("Agreement", record.body), state=state)
            header = replace(record.header, version=record.header.version + 1, state=state)
            acts.put(Record(header=header, body=body), replacing=record.header.version)

    def a_signal(self, number: int = 1, handling: Handling | None = None) -> str:
        """Raise a signal of its own and return the id of its record."""
        signal = replace(a_signal(number), handling=handling or Handling())
        with self.working() as work:
            raised = raise_signals([signal], house=self.house, by=ANA, under=UNDER, work=work)
        return raised.new[0]

    def pack(self) -> None:
        """Pack what waits in the outbox, control first."""
        waiting = sorted(self.store.outbox[self.sent :], key=lambda one: not one.control)
        self.sent += len(waiting)
        self.under_way += pack(waiting, self.streams, self.identity, lambda node: self.world[node].secret.key)

    def receive(self, sender: str, envelopes: list[bytes]) -> bytes:
        """Take in a delivery and return the signed receipt."""
        items = self.inbox.receive(envelopes)
        ledger = (origin_of(self.name), len(self.store.entries))
        return sign_receipt(self.identity, sender, items, at=self.world.clock(), ledger=ledger)

    def answered(self, data: bytes, sent: list[Packed], by: str) -> Mapping[str, Item]:
        """Believe a partner's receipt, and write down what follows."""
        receipt = read_receipt(data, {one.kid: one.signing for one in self.world.known.values()}.get)
        names = {one.id: one.sha256 for one in sent}
        items = check_receipt(receipt, names, by=by, to=self.name, now=self.world.clock(), ledger_was=0)
        with self.working() as work:
            digest = hashlib.sha256(data).hexdigest()
            note_receipt(receipt, items, sha256=digest, by=INBOX, under=UNDER, work=work)
        done = {name for name, item in items.items() if fate(item) not in {Fate.LATER, Fate.ANEW}}
        self.under_way = [one for one in self.under_way if one.id not in done]
        return items


class World:
    """Nodes that know one another, by id."""

    def __init__(self, *names: str, clock: Clock | None = None, agreements: bool = True) -> None:
        self.clock = clock or Clock()
        self.nodes: dict[str, Node] = {}
        for name in names or (EC, PE, BR):
            identity, secret = keys_of(name)
            self.nodes[name] = Node(self, House(node=name), MemoryStore(self.clock), identity, secret)
        self.known = {name: node.identity.public for name, node in self.nodes.items()}
        everyone = tuple(self.nodes)
        if agreements:
            bilateral = in_force(a_text("maritime-bilateral", BETWEEN, everyone[:2]))
            for name in everyone[:2]:
                self[name].hold(bilateral)
            if len(everyone) > 2:
                for node in self.nodes.values():
                    node.hold(in_force(a_text("regional-multilateral", AMONG, everyone)))

    def __getitem__(self, name: str) -> Node:
        return self.nodes[name]

    def deliver(self, *, reachable: Callable[[str, str], bool] = lambda _from, _to: True) -> dict[str, Item]:
        """Carry envelopes until nothing moves; return what became of each message, by id."""
        told: dict[str, Item] = {}
        moved = True
        while moved:
            moved = False
            for node in self.nodes.values():
                node.pack()
                for partner in [name for name in self.nodes if reachable(node.name, name)]:
                    sent = [one for one in node.under_way if one.to == partner][:32]
                    if sent:
                        receipt = self[partner].receive(node.name, [one.envelope for one in sent])
                        told |= node.answered(receipt, sent, partner)
                        moved = True
        return told
