"""Sharing a record: what would leave, whether it may, and what it becomes on the other side.

    look at      `preview`: every field that would leave, what each agreement says, until when
    share        the agreement decides, the exposure is written, the message waits to be sent
    arrive       decided again by the receiver's own copy of the agreement, and kept as a
                 record of the originator: same id, same markings, no longer than agreed

A tip-off is a share that nobody asked for; it travels and is decided in the same way.
What we were given ourselves is passed on only as its originator wrote it, with its consent.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import msgspec

from ayni.agreements.book import Book, Held, Parents, Verdict, walk
from ayni.agreements.request import Ask, Consent
from ayni.agreements.vocabulary import Action
from ayni.errors import ChangedMeanwhileError, InvalidValueError, NotAgreedError, UnknownError, WrongStateError
from ayni.exchange.consent import believed, kept_for
from ayni.exchange.correction import overtook
from ayni.exchange.holdings import (
    AWAITED,
    CORRECTING,
    EXPOSURE,
    HELD,
    HOLDING,
    SENT,
    UNCORRECTED,
    Exposure,
    Holding,
    exposures,
    holding_in,
    holding_of,
    names,
)
from ayni.exchange.lease import keep_lease, lend
from ayni.exchange.payload import About, Attachment, Evaluation, Type
from ayni.exchange.post import Draft, permitted, post
from ayni.exchange.recall_records import recalled_by
from ayni.exchange.receiving import Context, Effect, Question, Received
from ayni.exchange.refusals import Cause, reason_of
from ayni.exchange.wire import WireRecord, leaving, read_wire, wire_of
from ayni.model.act import Act, Acting, acting
from ayni.model.codec import to_json
from ayni.model.handling import Mandate, Purpose
from ayni.model.officer import Officer, Role
from ayni.model.record import Header, House, Record
from ayni.model.signal import Reason
from ayni.model.store import Query, Work

SHARE = Act(name="record.share", roles=frozenset({Role.LIAISON, Role.COORDINATOR, Role.INVESTIGATOR}))
PREVIEW = Act(name="record.preview", roles=SHARE.roles)
_GIVEN = (SENT, HELD, CORRECTING, UNCORRECTED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One thing that would leave: where it stands, and what it says."""

    path: str
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """What one agreement says to the share."""

    agreement: str
    title: Mapping[str, str]
    verdict: Verdict
    keep_until: datetime
    """Until when the partner might keep it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """What an officer sees before anything leaves."""

    record: str
    kind: str
    to: str
    fields: tuple[Field, ...]
    options: tuple[Option, ...]
    """One for every agreement with that partner, those that permit it first."""
    already: bool
    """Whether the partner was given it before."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """How a share is meant: under which agreement, and what belongs to it beside the record."""

    agreement: str
    acknowledged: bool = False
    """True when the officer has acknowledged the restrictions that H3 refers to."""
    tip_off: bool = False
    evaluation: Evaluation | None = None
    attachments: tuple[Attachment, ...] = ()
    lease: timedelta | None = None
    """With it the partner keeps ciphertext only, and asks for a key that lasts this long (`ayni.exchange.lease`)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shared:
    """What was done: the exposure that remembers it, the message that carries it, the articles that permit it."""

    exposure: str
    message: str
    articles: tuple[str, ...]


def preview(record: str, to: str, *, under: Mandate, work: Work, house: House, book: Book, by: Officer) -> Preview:
    """Show what would leave, without letting anything leave. Opening the record is written down.

    Raises:
        UnknownError: if the record is not there.
        NotEntitledError: if the officer may not share.
        InvalidValueError: if records of its kind do not travel.
    """
    with acting(PREVIEW, by=by, under=under, work=work) as acts:
        found = acts.open(record)
        acts.note(record=record, to=to)
        wire = read_wire(_bytes_of(found, work, house))
        options = [
            Option(
                agreement=held.text.id,
                title=held.text.title,
                verdict=_decide(
                    found.header, to, Terms(agreement=held.text.id), under=under, work=work, book=book, house=house
                ),
                keep_until=_until(found.header, held, acts.now),
            )
            for held in book.between(house.node, to)
        ]
        already = bool(exposures_at(work, record, to))
    return Preview(
        record=record,
        kind=found.header.kind,
        to=to,
        fields=tuple(_fields(wire)),
        options=tuple(sorted(options, key=lambda one: (not one.verdict.permitted, one.agreement))),
        already=already,
    )


def share(
    record: str, to: str, *, terms: Terms, by: Officer, under: Mandate, work: Work, house: House, book: Book
) -> Shared:
    """Share a record with a partner under an agreement. The caller commits the work.

    Raises:
        NotAgreedError: if the agreement refuses (`NotSentError` with the reasons), or there is none of that id.
        WrongStateError: if the partner has it already.
        NotEntitledError, UnknownError, InvalidValueError: as `preview`; nothing is written.
    """
    with acting(SHARE, by=by, under=under, work=work) as acts:
        found = acts.open(record)
        held = book.find(terms.agreement)
        if held is None or to not in held.text.party_ids or house.node not in held.text.party_ids:
            raise NotAgreedError(partner=to, purpose=under.purpose)
        if exposures_at(work, record, to):
            raise WrongStateError(
                thing=f"record {record}", state=f"shared with {to}", act=SHARE.name, needs="not yet shared with it"
            )
        verdict = _decide(found.header, to, terms, under=under, work=work, book=book, house=house)
        foreign = found.header.originator != house.node
        tokens = tuple(one.token for one in kept_for(work, record, to, under.purpose)) if foreign else ()
        body = _bytes_of(found, work, house)
        if terms.lease is not None and terms.attachments:
            raise InvalidValueError(field="lease", why="files are not lent: share it without them")
        if terms.lease is not None:
            body, lease = lend(found, to, terms.lease, house=house)
            keep_lease(lease, under=under, acts=acts, house=house)
        about = About(id=record, sha256=hashlib.sha256(body).hexdigest(), originator=found.header.originator)
        draft = Draft(
            type=Type.TIP_OFF if terms.tip_off else Type.SHARE,
            to=(to,),
            purpose=under.purpose,
            legal_basis=under.legal_basis,
            body=body,
            handling=found.header.handling,
            record=about,
            evaluation=terms.evaluation,
            attachments=terms.attachments,
            onward_consent=tokens,
        )
        (message,) = post(acts, draft := permitted(draft, verdict, held), house)
        exposure = _expose(
            acts,
            found.header,
            draft,
            message,
            until=_until(found.header, held, acts.now),
            house=house,
            leased=terms.lease is not None,
        )
        acts.note(record=record, to=to, agreement=terms.agreement, articles=" ".join(draft.articles), message=message)
    return Shared(exposure=exposure, message=message, articles=draft.articles)


def exposures_at(work: Work, record: str, to: str) -> Sequence[Header]:
    """Return the exposures of a record at one partner that were not refused there, taken back or deleted."""
    return [one for one in exposures(work, record=record, states=_GIVEN) if f"partner:{to}" in one.identifiers]


def _decide(
    header: Header, to: str, terms: Terms, *, under: Mandate, work: Work, book: Book, house: House
) -> Verdict:
    ours = header.originator == house.node
    ask = Ask(
        action=Action.SHARE if ours else Action.FORWARD,
        principal=to,
        holder=house.node,
        under=under,
        at=work.now,
        acknowledged=terms.acknowledged,
        consents=_consents(header, to, under.purpose, work=work, house=house),
    )
    return book.decide(ask, header, under=terms.agreement, parents=parents_in(work))


def _consents(header: Header, to: str, purpose: Purpose, *, work: Work, house: House) -> tuple[Consent, ...]:
    """Return what originators consented to, for a record and for all that it was made from."""
    lineage, _ = walk(header, parents_in(work))
    foreign = [one.id for one in (header, *lineage) if one.originator != house.node]
    return tuple(kept.said.consent() for one in foreign for kept in kept_for(work, one, to, purpose))


def parents_in(work: Work) -> Parents:
    """Return what finds the header of a record's parent."""

    def parent(record: str) -> Header | None:
        found = work.find(Query(among=(record,), limit=1))
        return found[0] if found else None

    return parent


def _bytes_of(record: Record[object], work: Work, house: House) -> bytes:
    """Return a record as its originator wrote it for others."""
    if record.header.originator == house.node:
        return to_json(leaving(record))
    holding = holding_of(work, record.header.id)
    if holding is None:
        raise UnknownError(kind="original of record", name=record.header.id)
    return bytes(holding_in(holding).payload().body)


def _until(header: Header, held: Held, now: datetime) -> datetime:
    return min(header.keep_until, now + timedelta(days=held.text.retention_days))


def _expose(
    acts: Acting, header: Header, draft: Draft, message: str, *, until: datetime, house: House, leased: bool
) -> str:
    about, to = draft.record, draft.to[0]
    mandate = Mandate(purpose=draft.purpose, legal_basis=draft.legal_basis)
    new = house.header(
        EXPOSURE, under=mandate, now=acts.now, identifiers=names(record=header.id, partner=to, message=message)
    )
    exposure = Exposure(
        record=header.id,
        kind=header.kind,
        to=to,
        originator=header.originator,
        agreement=draft.under,
        articles=draft.articles,
        message=message,
        sha256="" if about is None else about.sha256,
        shared_at=acts.now,
        keep_until=until,
        leased=leased,
    )
    acts.put(
        Record(header=replace(new, state=SENT, keep_until=max(new.keep_until, until)), body=exposure), replacing=None
    )
    return new.id


def _fields(wire: WireRecord) -> Iterator[Field]:
    for name, value in msgspec.json.decode(to_json(wire)).items():
        yield from _flat(name, value)


def _flat(path: str, value: object) -> Iterator[Field]:
    """Yield every leaf of a value that says something."""
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from _flat(f"{path}.{name}", inner)
    elif isinstance(value, list | tuple):
        for number, inner in enumerate(value):
            yield from _flat(f"{path}[{number}]", inner)
    elif value is not None and value != "":
        yield Field(path=path, value=str(value))


def _may_receive(received: Received, context: Context) -> Question | Sequence[Reason]:
    wire, payload = wire_of(received.payload), received.payload
    if wire is None:
        return (reason_of(Cause.MALFORMED, what="record", detail="it is not the one that the envelope names"),)
    tokens = believed(payload, context.known, node=context.house.node, now=context.work.now)
    if wire.originator != payload.sender and not tokens:
        return (reason_of(Cause.NOT_THEIRS, originator=wire.originator, sender=payload.sender),)
    return Question(
        action=Action.RECEIVE,
        header=wire.asked(),
        principal=context.house.node,
        holder=payload.sender,
        consents=tuple(token.consent() for token in tokens),
    )


def _keep(received: Received, acts: Acting, context: Context) -> Sequence[Reason]:
    payload, wire = received.payload, wire_of(received.payload)
    held = None if payload.agreement is None else context.book.find(payload.agreement.id)
    if wire is None or held is None or payload.record is None:
        return (reason_of(Cause.MALFORMED, what="record", detail="it is not the one that the envelope names"),)
    if recalled_by(context.work, wire.id, wire.originator) is not None:
        return (reason_of(Cause.RECALLED, record=wire.id, originator=wire.originator),)
    until = _until(wire.header(), held, acts.now)
    kept = wire.arriving(agreement=held.text.id, keep_until=until, now=acts.now)
    holding = Holding(
        record=wire.id,
        kind=wire.kind,
        sender=payload.sender,
        originator=wire.originator,
        agreement=payload.agreement,
        articles=() if received.verdict is None else received.verdict.articles,
        message=payload.id,
        sha256=payload.record.sha256,
        received_at=acts.now,
        keep_until=kept.header.keep_until,
        signed=base64.b64encode(received.opened.signed).decode(),
    )
    try:
        acts.put(kept, replacing=None)
    except ChangedMeanwhileError:
        return (reason_of(Cause.HERE_ALREADY, record=wire.id),)
    header = context.house.header(
        HOLDING,
        under=received.mandate,
        now=acts.now,
        identifiers=names(record=wire.id, partner=payload.sender, message=payload.id),
    )
    header = replace(
        header,
        originator=wire.originator,
        agreement=held.text.id,
        purposes=wire.purposes,
        handling=wire.handling,
        categories=wire.categories,
        keep_until=kept.header.keep_until,
        state=AWAITED if payload.attachments else HELD,
    )
    acts.put(Record(header=header, body=holding), replacing=None)
    overtook(wire, acts, context)
    return ()


EFFECTS: Mapping[Type, Effect] = {
    Type.SHARE: Effect(does=_keep, asks=_may_receive),
    Type.TIP_OFF: Effect(does=_keep, asks=_may_receive),
}
"""What the messages of this module do on arrival."""
