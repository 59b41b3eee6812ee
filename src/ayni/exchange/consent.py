"""The originator's signed consent to pass its record on: who may, to whom, for what, until when.

    give       an officer of the originator consents; the token leaves for the holder
    kept       the holder keeps it, and `share` adds it to what it passes on
    believed   whoever receives a record that is not the sender's own looks for a token that the
               originator signed for this record in these very bytes, this sender, and itself

Without one a foreign record is refused, so that no record is laundered through a partner. Every
hop needs its own, and with every consent the originator writes down where its record may be now.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import cast

from ayni.agreements.book import Book
from ayni.agreements.request import Consent, ConsentKind
from ayni.errors import EnvelopeError, InvalidValueError, NotEntitledError, UnreadableError, WrongStateError
from ayni.exchange.holdings import (
    CONSENTED,
    EXPOSURE,
    THERE,
    Exposure,
    exposure_in,
    exposures,
    holding_in,
    holding_of,
    names,
)
from ayni.exchange.keys import Identity, PublicIdentity
from ayni.exchange.payload import Payload, Type, is_digest
from ayni.exchange.post import Draft, permitted, post
from ayni.exchange.recall_records import header_of
from ayni.exchange.receiving import Context, Effect, Received, asks_as
from ayni.exchange.refusals import Cause, reason_of
from ayni.exchange.requests import REQUEST, may_tell
from ayni.exchange.signed_word import Word, heard, say
from ayni.model.act import Act, Acting, acting
from ayni.model.checks import aware, require
from ayni.model.codec import to_json
from ayni.model.handling import Mandate, Purpose
from ayni.model.officer import Officer, Role
from ayni.model.record import House, Record
from ayni.model.signal import Reason
from ayni.model.store import Query, Work

GIVE = Act(name="record.consent-onward", roles=frozenset({Role.LIAISON, Role.COORDINATOR}))
CONSENT = "onward-consent"
MOST = 64
"""Consents for one record and recipient that are looked at; an envelope carries at most eight."""
MAX_CARRIED = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """What the originator signs."""

    record: str
    sha256: str
    """Of the record as the originator wrote it: the holder may pass on these bytes and no others."""
    originator: str
    via: str
    """Who may pass it on."""
    to: str
    purpose: Purpose
    at: datetime
    until: datetime

    def __post_init__(self) -> None:
        require(is_digest(self.sha256), "sha256", "not 64 hex digits")
        require(len({self.originator, self.via, self.to}) == 3, "to", "originator, holder and recipient are three")  # noqa: PLR2004 -- as it says
        aware(self.at, "at")
        aware(self.until, "until")
        require(self.until > self.at, "until", "after it was given")

    def consent(self) -> Consent:
        """Return it as an agreement sees it."""
        return Consent(
            kind=ConsentKind.ONWARD,
            record=self.record,
            originator=self.originator,
            to=self.to,
            purpose=self.purpose,
            until=self.until,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """Body of a message: the token, word for word."""

    token: str


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptConsent:
    """Body of a record of kind `onward-consent`, at whoever may pass the record on."""

    token: str
    said: Token


KINDS: Mapping[str, type[object]] = {CONSENT: KeptConsent}
"""Record kinds of this module and the type of their body."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Onward:
    """Who may pass a record on, to whom, until when; the consent is told under an agreement with the holder."""

    via: str
    to: str
    until: datetime
    agreement: str


def give(
    record: str,
    onward: Onward,
    *,
    by: Officer,
    under: Mandate,
    work: Work,
    house: House,
    book: Book,
    identity: Identity,
) -> Token:
    """Consent that a holder of one of our records passes it on. The caller commits.

    Raises:
        NotEntitledError: if the officer may not, or the record is not our own.
        WrongStateError: if the record is not at that holder, or was recalled.
        InvalidValueError: for a consent that has ended already, or to one of the two themselves.
        NotAgreedError: if the agreement does not let the consent be told.
    """
    with acting(GIVE, by=by, under=under, work=work) as acts:
        stored, via, to = acts.open(record), onward.via, onward.to
        if stored.header.originator != house.node:
            raise NotEntitledError(officer=by.name, act=f"{GIVE.name} of a record of {stored.header.originator}")
        there = None if stored.header.recalled_at else _at(work, record, via)
        if there is None or there.leased:
            raise WrongStateError(
                thing=f"record {record}", state=f"not at {via}", act=GIVE.name, needs=f"held by {via}"
            )
        at = acts.now.astimezone(UTC)
        until = min(onward.until.astimezone(UTC), there.keep_until.astimezone(UTC))
        if until <= at:
            raise InvalidValueError(field="until", why="a consent ends later than it begins")
        token = Token(
            record=record,
            sha256=there.sha256,
            originator=house.node,
            via=via,
            to=to,
            purpose=under.purpose,
            at=at,
            until=until,
        )
        header = house.header(REQUEST, under=under, now=acts.now)
        held, verdict = may_tell(header, via, onward.agreement, under=under, work=work, house=house, book=book)
        draft = Draft(
            type=Type.ONWARD_CONSENT,
            to=(via,),
            purpose=under.purpose,
            legal_basis=under.legal_basis,
            handling=stored.header.handling,
            body=to_json(Given(token=say(identity, Word.ONWARD_CONSENT, token))),
        )
        (message,) = post(acts, draft := permitted(draft, verdict, held), house)
        _note_exposure(acts, there, draft, token, message, house=house)
        acts.note(record=record, via=via, to=to, until=until.isoformat())
    return token


def kept_for(work: Work, record: str, to: str, purpose: Purpose) -> tuple[KeptConsent, ...]:
    """Return the consents we hold to pass a record on to someone for a purpose, the longest first."""
    found = work.find(Query(kind=CONSENT, identifier=f"record:{record}", limit=MOST))
    bodies = [cast("KeptConsent", work.get(header.id).body) for header in found]
    chosen = [one for one in bodies if (one.said.to, one.said.purpose) == (to, purpose) and one.said.until > work.now]
    return tuple(sorted(chosen, key=lambda one: one.said.until, reverse=True)[:MAX_CARRIED])


def believed(payload: Payload, known: Mapping[str, PublicIdentity], *, node: str, now: datetime) -> tuple[Token, ...]:
    """Return the tokens in a message that let its sender pass its record on to us, now, in these bytes."""
    about = payload.record
    if about is None:
        return ()
    found = list[Token]()
    for text in payload.onward_consent:
        try:
            signer, token = heard(text, Word.ONWARD_CONSENT, Token, known)
        except (EnvelopeError, UnreadableError):
            continue
        same = (token.record, token.sha256, token.originator) == (about.id, about.sha256, about.originator)
        way = (signer, token.via, token.to, token.purpose)
        if (
            same
            and way == (about.originator, payload.sender, node, payload.purpose)
            and token.at <= now < token.until
        ):
            found.append(token)
    return tuple(found)


def _at(work: Work, record: str, holder: str) -> Exposure | None:
    """Return the exposure of a record at a holder: given by us, or passed on with our consent."""
    for header in exposures(work, record=record, states=THERE):
        exposure = exposure_in(work.get(header.id))
        if exposure.to == holder:
            return exposure
    return None


def _note_exposure(acts: Acting, there: Exposure, draft: Draft, token: Token, message: str, *, house: House) -> None:
    """Write down where the record may be once the holder uses the consent."""
    mandate = Mandate(purpose=draft.purpose, legal_basis=draft.legal_basis)
    new = house.header(
        EXPOSURE,
        under=mandate,
        now=acts.now,
        identifiers=names(record=token.record, partner=token.to, message=message),
    )
    exposure = replace(
        there,
        to=token.to,
        via=token.via,
        agreement=draft.under,
        articles=draft.articles,
        message=message,
        shared_at=acts.now,
    )
    kept = replace(new, state=CONSENTED, keep_until=max(new.keep_until, there.keep_until))
    acts.put(Record(header=kept, body=exposure), replacing=None)


def _keep(received: Received, acts: Acting, context: Context) -> Sequence[Reason]:
    """Keep a consent that the originator gave us for a record that we hold."""
    text = received.body(Given).token
    try:
        signer, token = heard(text, Word.ONWARD_CONSENT, Token, context.known)
    except (EnvelopeError, UnreadableError) as error:
        return (reason_of(Cause.WORD, why=str(error.facts.get("why", error))),)
    work, sender = context.work, received.sender
    header = header_of(work, token.record)
    if not signer == token.originator == sender or (header is not None and header.originator != signer):
        return (reason_of(Cause.NOT_ORIGINATOR, signer=signer, record=token.record),)
    holding = holding_of(work, token.record)
    if holding is None or token.via != context.house.node or holding_in(holding).sha256 != token.sha256:
        return (reason_of(Cause.NOT_HELD, record=token.record, node=context.house.node),)
    new = context.house.header(
        CONSENT,
        under=received.mandate,
        now=acts.now,
        identifiers=names(record=token.record, partner=token.to, message=received.payload.id),
    )
    new = replace(new, originator=token.originator, ended_at=token.until)
    acts.put(Record(header=new, body=KeptConsent(token=text, said=token)), replacing=None)
    acts.note(record=token.record, to=token.to, until=token.until.isoformat())
    return ()


EFFECTS: Mapping[Type, Effect] = {Type.ONWARD_CONSENT: Effect(does=_keep, asks=asks_as(REQUEST))}
"""What the messages of this module do on arrival."""
