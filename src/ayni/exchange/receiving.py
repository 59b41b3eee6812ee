"""The inbox: what a partner's message does here, once, in one transaction with its ledger entry.

    opened       signatures, recipient, times, agreement's text          (`envelope.Opener`)
    new?         accepted before: answered "repeated", nothing is done again
    in order?    a stream's messages come one after another; one that overtook is refused, and sent again
    permitted?   the agreement as we hold it decides, whatever the sender decided
    done         the effect of its type, and the entry `exchange.receive`

A refusal is written down too and changes nothing else. Messages that arrive together are
taken in together; if one of them cannot be done, each is taken alone, so that it alone is
refused.

What a type of message does is declared by the module that knows it, as an `Effect`; the
inbox knows none of them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TypeVar

from ayni.agreements.book import Book, Verdict
from ayni.agreements.request import Ask, Consent
from ayni.agreements.shelf import Shelf
from ayni.agreements.vocabulary import Action
from ayni.errors import AyniError, ChangedMeanwhileError, EnvelopeError, NodeError
from ayni.exchange.envelope import Envelope, Opened, Opener
from ayni.exchange.keys import Identity, PublicIdentity
from ayni.exchange.lent_keys import LentKeys
from ayni.exchange.payload import MAX_LISTED, Payload, Type
from ayni.exchange.recall_records import header_of
from ayni.exchange.receipt import MAX_REASONS, Item, Outcome
from ayni.exchange.refusals import Cause, reason_of
from ayni.model.act import Act, Acting, acting
from ayni.model.codec import from_json
from ayni.model.handling import Mandate
from ayni.model.officer import Officer
from ayni.model.record import Header, House
from ayni.model.signal import Reason
from ayni.model.store import Place, Store, Work

T = TypeVar("T")

RECEIVE = Act(name="exchange.receive", machine=True)
TRIES = 3
"""How often a message is tried when other acts change the same records meanwhile. Ours."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """A message that was opened and believed."""

    opened: Opened
    verdict: Verdict | None = None
    """What the agreement said; None for a type of which no agreement is asked."""

    @property
    def payload(self) -> Payload:
        """What was said."""
        return self.opened.payload

    @property
    def sender(self) -> str:
        """Who said it."""
        return self.opened.payload.sender

    @property
    def mandate(self) -> Mandate:
        """For what, by what right, in the sender's words."""
        return Mandate(purpose=self.payload.purpose, legal_basis=self.payload.legal_basis)

    def body(self, kind: type[T]) -> T:
        """Return the body as a value; unknown fields are refused.

        Raises:
            UnreadableError: if it is not one; the inbox then refuses the message.
        """
        return from_json(bytes(self.payload.body), kind)


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """What an effect may use beside the act it belongs to."""

    work: Work
    house: House
    book: Book
    known: Mapping[str, PublicIdentity]
    """Identities in use: pinned partners and ourselves, by node."""
    by: Officer
    """The service officer `inbox`, with the person who answers for it."""
    identity: Identity
    """Our own keys: an effect may have to sign an answer."""
    lent: LentKeys
    """Keys that partners have lent to this process."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What the agreement named in the message is asked: may *principal* do this with what *holder* holds."""

    action: Action
    header: Header
    principal: str
    holder: str
    consents: tuple[Consent, ...] = ()


Does = Callable[[Received, Acting, Context], Sequence[Reason]]
"""Does what the message asks for; returns nothing, or the reasons for a refusal, having changed nothing."""
Asks = Callable[[Received, Context], Question | Sequence[Reason] | None]
"""What the agreement is asked; reasons refuse at once; None where no agreement is asked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    """What messages of one type do."""

    does: Does
    asks: Asks


def no_agreement(received: Received, context: Context) -> None:
    """Ask no agreement: keys, checkpoints and the steps of agreements themselves."""
    del received, context


def message_header(payload: Payload, kind: str) -> Header:
    """Return the header under which an agreement sees a message that is no record: a request, an answer."""
    return Header(
        id=payload.id,
        kind=kind,
        originator=payload.sender,
        purposes=(payload.purpose,),
        legal_basis=payload.legal_basis,
        handling=payload.handling,
        keep_until=payload.expires,
        made_at=payload.created,
        changed_at=payload.created,
    )


def asks_as(kind: str) -> Asks:
    """Return what asks whether we may receive a message as a record of *kind*."""

    def asks(received: Received, context: Context) -> Question:
        header = message_header(received.payload, kind)
        return Question(
            action=Action.RECEIVE, header=header, principal=context.house.node, holder=received.payload.sender
        )

    return asks


Known = Callable[[Work], Mapping[str, PublicIdentity]]
"""Gives the identities in use of pinned partners."""
OpenerOf = Callable[[Mapping[str, PublicIdentity], Book], Opener]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Arrived:
    """One envelope of a delivery: opened, or why not."""

    id: str
    sha256: str
    opened: Opened | None
    reasons: tuple[Reason, ...] = ()

    def item(self, outcome: Outcome, reasons: Sequence[Reason] = (), articles: Sequence[str] = ()) -> Item:
        return Item(
            envelope=self.id,
            sha256=self.sha256,
            outcome=outcome,
            articles=tuple(articles)[:MAX_LISTED],
            reasons=tuple(reasons)[:MAX_REASONS],
        )


@dataclass(slots=True, kw_only=True)
class Inbox:
    """Takes in what partners send to one node."""

    house: House
    by: Officer
    identity: Identity
    effects: Mapping[Type, Effect]
    known: Known
    opener: OpenerOf
    store: Store
    shelf: Shelf = field(default_factory=Shelf)
    lent: LentKeys = field(default_factory=LentKeys)

    def receive(self, envelopes: Sequence[bytes]) -> tuple[Item, ...]:
        """Take in envelopes in the order given; return what became of each, once that is durable.

        Raises:
            NodeError: if this node cannot store anything now; nothing was taken in, send again later.
            ChangedMeanwhileError: if others were faster every time; as above.
        """
        try:
            return self._take_in(envelopes)
        except NodeError:
            raise
        except AyniError as error:
            if len(envelopes) == 1:
                return self._alone(envelopes, error)
        return tuple(item for envelope in envelopes for item in self.receive([envelope]))

    def _alone(self, envelope: Sequence[bytes], error: AyniError) -> tuple[Item, ...]:
        """Try again what another process disturbed; refuse, and write down, what cannot be done."""
        for _ in range(TRIES if isinstance(error, ChangedMeanwhileError) else 0):
            try:
                return self._take_in(envelope)
            except ChangedMeanwhileError:
                continue
        return self._take_in(envelope, failed=reason_of(Cause.NOT_DONE, why=str(error)))

    def _take_in(self, envelopes: Sequence[bytes], failed: Reason | None = None) -> tuple[Item, ...]:
        with self.store.work() as work:
            book, known = self.shelf.book(work), self.known(work)
            context = Context(
                work=work,
                house=self.house,
                book=book,
                known=known,
                by=self.by,
                identity=self.identity,
                lent=self.lent,
            )
            turn = _Turn(context, self.effects, failed)
            opener = self.opener(known, book)
            items = [turn.take(one) for one in _open(envelopes, opener, work.now)]
            turn.keep_places()
            work.commit()
        return tuple(items)


class _Turn:
    """One delivery, message by message, in one unit of work."""

    def __init__(self, context: Context, effects: Mapping[Type, Effect], failed: Reason | None) -> None:
        self._context = context
        self._effects = effects
        self._failed = failed
        """Why the only message of this turn is refused whatever it says: its effect failed before."""
        self._places: dict[tuple[str, str], Place] = {}

    def take(self, one: _Arrived) -> Item:
        """Take in one message, or refuse it."""
        if one.opened is None:
            return one.item(Outcome.REFUSED, one.reasons)
        payload, work = one.opened.payload, self._context.work
        if work.has_taken_in(payload.sender, payload.id):
            return one.item(Outcome.REPEATED)
        at, now = self._place(payload), Place(seq=payload.seq, digest=one.opened.digest)
        if payload.seq > at.seq + 1:
            gap = reason_of(Cause.GAP, stream=payload.stream, got=payload.seq, expected=at.seq + 1)
            return one.item(Outcome.REFUSED, [gap])
        if payload.seq == at.seq + 1:
            if payload.prev != at.digest:
                forked = reason_of(Cause.FORKED, stream=payload.stream, got=payload.seq)
                return one.item(Outcome.REFUSED, [forked])
            self._places[payload.sender, payload.stream] = now
            return self._take_new(one, one.opened)
        verdict, reasons = self._decide(Received(opened=one.opened))
        again = reasons or (reason_of(Cause.REFUSED_BEFORE),)
        return one.item(Outcome.REFUSED, again, () if verdict is None else verdict.articles)

    def keep_places(self) -> None:
        """Note how far each stream has come."""
        for (sender, stream), place in self._places.items():
            self._context.work.move_on(sender, stream, place)

    def _place(self, payload: Payload) -> Place:
        key = (payload.sender, payload.stream)
        return self._places.get(key) or self._context.work.place_of(*key)

    def _take_new(self, one: _Arrived, opened: Opened) -> Item:
        context, payload = self._context, opened.payload
        received = Received(opened=opened)
        verdict, reasons = self._decide(received)
        with acting(RECEIVE, by=context.by, under=received.mandate, work=context.work) as acts:
            acts.note(message=payload.id, sender=payload.sender, type=payload.type, sha256=one.sha256)
            if payload.agreement is not None:
                acts.note(agreement=payload.agreement.id, version=payload.agreement.version)
            if not reasons:
                reasons = self._effects[payload.type].does(Received(opened=opened, verdict=verdict), acts, context)
            articles = () if verdict is None else verdict.articles
            acts.note(outcome="refused" if reasons else "accepted", articles=" ".join(articles))
            if reasons:
                acts.note(says=reasons[0].says)
        if reasons:
            return one.item(Outcome.REFUSED, reasons, articles)
        if not context.work.take_in(payload.sender, payload.id):
            raise ChangedMeanwhileError(record=payload.id, stored="taken in", yours="new")
        return one.item(Outcome.ACCEPTED, articles=articles)

    def _decide(self, received: Received) -> tuple[Verdict | None, Sequence[Reason]]:
        """Return what the agreement says, and the reasons if it, or anything before it, refuses."""
        payload, context = received.payload, self._context
        effect = self._effects.get(payload.type)
        if self._failed is not None:
            return None, (self._failed,)
        if effect is None:
            return None, (reason_of(Cause.NOT_UNDERSTOOD, type=payload.type),)
        asked = effect.asks(received, context)
        if not isinstance(asked, Question):
            return None, asked or ()
        verdict = context.book.decide(
            Ask(
                action=asked.action,
                principal=asked.principal,
                holder=asked.holder,
                under=received.mandate,
                at=context.work.now,
                consents=asked.consents,
            ),
            asked.header,
            under="" if payload.agreement is None else payload.agreement.id,
            parents=lambda record: header_of(context.work, record),
        )
        return verdict, () if verdict.permitted else verdict.reasons


def _open(envelopes: Sequence[bytes], opener: Opener, now: datetime) -> Sequence[_Arrived]:
    """Open what came, each id once: of two envelopes of one id in one delivery the second is passed over."""
    arrived: dict[str, _Arrived] = {}
    for number, data in enumerate(envelopes):
        one = _opened(data, opener, now, f"?{number}")
        arrived.setdefault(one.id, one)
    return tuple(arrived.values())


def _opened(data: bytes, opener: Opener, now: datetime, unnamed: str) -> _Arrived:
    name, digest = unnamed, hashlib.sha256(data.partition(b"\n")[2]).hexdigest()
    try:
        envelope = Envelope.parse(data)
        name = envelope.clear.id
        return _Arrived(id=name, sha256=digest, opened=opener.open(envelope, now.astimezone(UTC)))
    except EnvelopeError as error:
        reason = error.facts.get("reason")
        reasons = (reason,) if isinstance(reason, Reason) else (reason_of(Cause.NOT_DONE, why=str(error)),)
        said = str(error.facts.get("envelope", "?"))
        return _Arrived(id=unnamed if said == "?" else said, sha256=digest, opened=None, reasons=reasons)
