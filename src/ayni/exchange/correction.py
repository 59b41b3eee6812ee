"""Correction: whoever was given a wrong datum is told the right one, as far as it was passed on.

    correct      the originator changes its record, or says that it has changed; the record as it is
                 now leaves, before other messages, for everyone who was given it
    corrected    the holder puts it in the place of what it held, passes it on, and flags its own
                 records that were made from it, for a person to decide about

The originator signs a word about the new bytes, so that a holder two hops away believes it whoever
brings it. A correction that overtakes its record waits for it. What a court holds is not replaced:
evidence stays as it was, the holder refuses, and the originator sees who still has the old one.

Source: Directive (EU) 2016/680, article 7(3) and article 16(6): recipients are told of wrong data.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import cast

from ayni.agreements.book import Book
from ayni.agreements.request import Ask
from ayni.agreements.vocabulary import Action
from ayni.errors import (
    EnvelopeError,
    InvalidValueError,
    NotAgreedError,
    NotEntitledError,
    UnreadableError,
    WrongStateError,
)
from ayni.exchange.batch import payload_in
from ayni.exchange.holdings import (
    CORRECTING,
    CORRECTION,
    THERE,
    UNCORRECTED,
    Exposure,
    exposure_in,
    exposures,
    holding_in,
    holding_of,
    names,
)
from ayni.exchange.keys import Identity, PublicIdentity
from ayni.exchange.payload import MAX_LIFE, About, Payload, Type, is_digest, read_payload
from ayni.exchange.post import Draft, permitted, post
from ayni.exchange.recall_records import header_of, made_from, recalled_by
from ayni.exchange.receiving import Context, Effect, Question, Received
from ayni.exchange.refusals import Cause, reason_of
from ayni.exchange.signed_word import Word, heard, say
from ayni.exchange.wire import WireRecord, leaving, read_wire, wire_of
from ayni.model.act import Act, Acting, acting
from ayni.model.checks import aware, require
from ayni.model.codec import from_json, to_json
from ayni.model.handling import Mandate
from ayni.model.officer import Officer, Role
from ayni.model.outcome import TOLD, Outcome
from ayni.model.record import Header, House, Record, cell_of, next_version
from ayni.model.report import Report
from ayni.model.signal import Reason, Signal
from ayni.model.store import Query, Work
from ayni.model.task import Task
from ayni.model.triage import TriagedSignal

CORRECT = Act(name="record.correct", roles=frozenset({Role.LIAISON, Role.COORDINATOR, Role.INVESTIGATOR}))
OURS, APPLIED, WAITS = "told", "applied", "waits"
"""States of a correction: of a record of ours; of a partner's record here; of one that has not come yet."""
MOST_FLAGGED = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Corrects:
    """What the originator signs about a record as it is now."""

    record: str
    sha256: str
    version: int
    originator: str
    why: str
    at: datetime

    def __post_init__(self) -> None:
        require(is_digest(self.sha256), "sha256", "not 64 hex digits")
        require(bool(self.why.strip()), "why", "whoever corrects says why")
        aware(self.at, "at")


@dataclass(frozen=True, slots=True, kw_only=True)
class Correction:
    """Body of a record of kind `correction`, on both sides."""

    said: Corrects
    word: str
    """The same, as it was signed."""
    sender: str
    """Who brought it; empty for our own."""
    to: tuple[str, ...]
    """Partners to whom it goes from here."""
    made_from_it: tuple[str, ...] = ()
    """Our own records that were made from the wrong one: a person decides about each."""
    signed: str = ""
    """The signed message, base64, of one that waits for its record."""


KINDS: Mapping[str, type[object]] = {CORRECTION: Correction}
"""Record kinds of this module and the type of their body."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """Why a record is corrected, and what it holds from now on; nothing, if another act has changed it already."""

    why: str
    body: object | None = None


def correct(
    record: str,
    change: Change,
    *,
    by: Officer,
    under: Mandate,
    work: Work,
    house: House,
    book: Book,
    identity: Identity,
) -> Correction:
    """Tell everyone who was given one of our records what it says now. The caller commits.

    Raises:
        UnknownError: if the record is not here.
        NotEntitledError: if the officer may not, or the record is not our own.
        WrongStateError: if it was recalled.
        InvalidValueError: without a reason, or for a body of another kind.
    """
    with acting(CORRECT, by=by, under=under, work=work) as acts:
        stored = acts.open(record)
        if stored.header.originator != house.node:
            raise NotEntitledError(officer=by.name, act=f"{CORRECT.name} of a record of {stored.header.originator}")
        if stored.header.recalled_at is not None:
            raise WrongStateError(thing=f"record {record}", state="recalled", act=CORRECT.name, needs="not recalled")
        if change.body is not None:
            stored = _changed(stored, change.body, acts.now)
            acts.put(stored, replacing=stored.header.version - 1)
        data = to_json(leaving(stored))
        said = Corrects(
            record=record,
            sha256=hashlib.sha256(data).hexdigest(),
            version=stored.header.version,
            originator=house.node,
            why=change.why,
            at=acts.now.astimezone(UTC),
        )
        told = _Telling(said, say(identity, Word.CORRECTION, said), data, under, house, book)
        to = told.tell(acts, work, beside=set())
        kept = Correction(said=said, word=told.word, sender="", to=to)
        header = house.header(
            CORRECTION, under=under, now=acts.now, identifiers=names(record=record, partner="-", message="-")
        )
        acts.put(Record(header=replace(header, state=OURS), body=kept), replacing=None)
        acts.note(record=record, why=change.why, to=" ".join(to))
    return kept


def read_body(record: str, data: bytes, work: Work) -> object:
    """Read what a record of ours says from now on: the JSON of its kind, as lists and the API show it.

    Raises:
        UnknownError: if the record is not here.
        UnreadableError: naming the field; an unknown one is refused.
    """
    body = work.get(record).body
    value = from_json(data, Signal) if isinstance(body, TriagedSignal) else from_json(data, type(body))
    return replace(body, signal=value) if isinstance(body, TriagedSignal) and isinstance(value, Signal) else value


def overtook(wire: WireRecord, acts: Acting, context: Context) -> None:
    """Put a correction that came before its record in the record's place, now that it has arrived."""
    for header in context.work.find(Query(kind=CORRECTION, identifier=f"record:{wire.id}", states=(WAITS,), limit=1)):
        stored = acts.get(header.id)
        kept = cast("Correction", stored.body)
        if kept.said.originator == wire.originator and kept.said.version > wire.version:
            payload = read_payload(payload_in(base64.b64decode(kept.signed)))
            _replace(read_wire(bytes(payload.body)), payload, kept.signed, acts, context.work)
        done = replace(kept, signed="")
        acts.put(next_version(stored, done, now=acts.now, state=APPLIED), replacing=header.version)


@dataclass(frozen=True, slots=True)
class _Telling:
    """A correction on its way to everyone whom we gave the record."""

    said: Corrects
    word: str
    data: bytes
    under: Mandate
    house: House
    book: Book

    def tell(self, acts: Acting, work: Work, *, beside: set[str]) -> tuple[str, ...]:
        """Send it to those who have other bytes; return to whom."""
        about = About(id=self.said.record, sha256=self.said.sha256, originator=self.said.originator)
        header, to = read_wire(self.data).header(), dict[str, None]()
        for found in exposures(work, record=self.said.record, states=THERE):
            stored = acts.get(found.id)
            exposure = exposure_in(stored)
            if exposure.sha256 == self.said.sha256:
                continue
            if exposure.leased:  # its old bytes open no more: no key is lent for what is corrected
                acts.put(next_version(stored, exposure, now=acts.now, state=UNCORRECTED), replacing=found.version)
                continue
            changed, state = replace(exposure, sha256=self.said.sha256), found.state
            identifiers = stored.header.identifiers
            if not (exposure.via or exposure.to in beside or exposure.to in to):
                (message,) = post(acts, self._draft(exposure, about, header, work), self.house)
                to[exposure.to] = None
                changed, state = replace(changed, message=message), CORRECTING
                identifiers = names(record=self.said.record, partner=exposure.to, message=message)
            new = next_version(stored, changed, now=acts.now, state=state)
            acts.put(replace(new, header=replace(new.header, identifiers=identifiers)), replacing=found.version)
        return tuple(to)

    def _draft(self, exposure: Exposure, about: About, header: Header, work: Work) -> Draft:
        held = None if exposure.agreement is None else self.book.find(exposure.agreement.id)
        if held is None:
            raise NotAgreedError(partner=exposure.to, purpose=self.under.purpose)
        ask = Ask(
            action=Action.CORRECT,
            principal=about.originator,
            holder=self.house.node,
            under=self.under,
            at=work.now,
        )
        draft = Draft(
            type=Type.CORRECTION,
            to=(exposure.to,),
            purpose=self.under.purpose,
            legal_basis=self.under.legal_basis,
            body=self.data,
            handling=header.handling,
            record=about,
            onward_consent=(self.word,),
            lives=MAX_LIFE,
        )
        return permitted(draft, self.book.decide(ask, header, under=held.text.id), held)


def _changed(stored: Record[object], body: object, now: datetime) -> Record[object]:
    """Return a record of ours with another body, and the clear columns that follow from it."""
    if type(body) is not type(stored.body):
        raise InvalidValueError(field="body", why=f"a record of kind {stored.header.kind} holds no such value")
    changed = next_version(stored, body, now=now, state=stored.header.state)
    value = body.signal if isinstance(body, TriagedSignal) else body
    header = changed.header
    if isinstance(value, Outcome):
        state = header.state if header.state == TOLD else value.kind.value
        header = replace(header, state=state, started_at=value.at, ended_at=value.at)
    if isinstance(value, Outcome | Report | Task | Signal):
        header = replace(header, cell=cell_of(value.place))
    return replace(changed, header=header)


def _heard(payload: Payload, known: Mapping[str, PublicIdentity]) -> tuple[Corrects, str] | Reason:
    """Return what the originator signed about the record in a message, or why it is not believed."""
    about = payload.record
    text = payload.onward_consent[0] if payload.onward_consent else ""
    try:
        signer, said = heard(text, Word.CORRECTION, Corrects, known)
    except (EnvelopeError, UnreadableError) as error:
        return reason_of(Cause.WORD, why=str(error.facts.get("why", error)))
    if signer != said.originator:
        return reason_of(Cause.NOT_ORIGINATOR, signer=signer, record=said.record)
    if about is None or (about.id, about.sha256, about.originator) != (said.record, said.sha256, said.originator):
        return reason_of(Cause.NOT_ORIGINATOR, signer=payload.sender, record="?" if about is None else about.id)
    return said, text


def _may_correct(received: Received, context: Context) -> Question | Sequence[Reason]:
    wire = wire_of(received.payload)
    if wire is None:
        return (reason_of(Cause.MALFORMED, what="record", detail="it is not the one that the envelope names"),)
    return Question(action=Action.CORRECT, header=wire.header(), principal=wire.originator, holder=context.house.node)


def _corrected(received: Received, acts: Acting, context: Context) -> Sequence[Reason]:
    payload, work = received.payload, context.work
    wire, told = wire_of(payload), _heard(payload, context.known)
    if isinstance(told, Reason):
        return (told,)
    said, word = told
    if wire is None or said.version != wire.version:
        return (reason_of(Cause.MALFORMED, what="correction", detail="it is of another version"),)
    holding = holding_of(work, wire.id)
    if refused := _refused(wire, holding, context):
        return (refused,)
    acts.note(record=wire.id, correction=said.sha256)
    signed = base64.b64encode(received.opened.signed).decode()
    kept = Correction(said=said, word=word, sender=received.sender, to=())
    if holding is None:
        _note(replace(kept, signed=signed), received, acts, context)
    elif read_wire(bytes(holding_in(holding).payload().body)).version < wire.version:
        _replace(wire, payload, signed, acts, work)
        passing = _Telling(said, word, bytes(payload.body), received.mandate, context.house, context.book)
        to = passing.tell(acts, work, beside={received.sender})
        made = tuple(made_from(work, wire.id, context.house.node))[:MOST_FLAGGED]
        _note(replace(kept, to=to, made_from_it=made), received, acts, context)
    return ()


def _refused(wire: WireRecord, holding: Record[object] | None, context: Context) -> Reason | None:
    """Return why a record here may not be put in the place of what is here, or None."""
    if recalled_by(context.work, wire.id, wire.originator) is not None:
        return reason_of(Cause.RECALLED, record=wire.id, originator=wire.originator)
    header = header_of(context.work, wire.id)
    if header is None:
        return None
    if holding is None or (header.originator, header.kind) != (wire.originator, wire.kind):
        return reason_of(Cause.NOT_ORIGINATOR, signer=wire.originator, record=wire.id)
    if header.hold is not None:
        return reason_of(Cause.HELD_BY_COURT, record=wire.id, court=header.hold.court)
    return None


def _replace(wire: WireRecord, payload: Payload, signed: str, acts: Acting, work: Work) -> None:
    """Put a record as its originator corrected it in the place of what is here, and the evidence with it."""
    stored, holding = acts.get(wire.id), holding_of(work, wire.id)
    before = stored.header
    kept = wire.arriving(agreement=before.agreement, keep_until=before.keep_until, now=acts.now)
    header = replace(kept.header, version=before.version + 1, parents=before.parents)
    acts.put(Record(header=header, body=kept.body), replacing=before.version)
    if holding is not None and payload.record is not None:
        body = replace(holding_in(holding), sha256=payload.record.sha256, message=payload.id, signed=signed)
        new = next_version(holding, body, now=acts.now, state=holding.header.state)
        acts.put(new, replacing=holding.header.version)


def _note(kept: Correction, received: Received, acts: Acting, context: Context) -> None:
    """Keep what was corrected, and what a person is to look at."""
    payload = received.payload
    header = context.house.header(
        CORRECTION,
        under=received.mandate,
        now=acts.now,
        identifiers=names(record=kept.said.record, partner=received.sender, message=payload.id),
    )
    state = WAITS if kept.signed else APPLIED
    until = min(header.keep_until, payload.expires) if kept.signed else header.keep_until
    header = replace(header, originator=kept.said.originator, state=state, keep_until=until)
    acts.put(Record(header=header, body=kept), replacing=None)


EFFECTS: Mapping[Type, Effect] = {Type.CORRECTION: Effect(does=_corrected, asks=_may_correct)}
"""What the messages of this module do on arrival. An originator may always correct."""
