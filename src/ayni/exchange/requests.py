"""Requests between institutions: asked by an officer, answered by an officer, on one clock for both.

    ask        the agreement decides whether it may be asked; the clock starts
    answer     answered, in part, granted, granted with conditions, refused with its ground, withdrawn
    late       both sides see the same instant pass (`ayni.exchange.clocks`)

Asker and asked keep the same record under the same id. Nobody is answered by a machine: an
answer is an act of a named officer, and consent to board is valid only as long as it says.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import cast

from ayni.agreements.book import Book, Held, Verdict
from ayni.agreements.request import Ask
from ayni.agreements.vocabulary import Action
from ayni.errors import ChangedMeanwhileError, NotAgreedError, UnknownError, WrongStateError
from ayni.exchange.payload import SKEW, Type, Under
from ayni.exchange.post import Draft, permitted, post
from ayni.exchange.receiving import Context, Effect, Received, asks_as
from ayni.exchange.refusals import Cause, reason_of
from ayni.exchange.request_words import (
    CLOCKS,
    CONSENTS,
    FOLLOWS,
    OPEN,
    Asked,
    Boarding,
    Reply,
    RequestKind,
    Says,
    Urgency,
)
from ayni.model.act import Act, Acting, acting
from ayni.model.codec import to_json
from ayni.model.handling import Handling, Mandate
from ayni.model.officer import Officer, Role
from ayni.model.record import Header, House, Record, next_version
from ayni.model.signal import Reason
from ayni.model.store import Query, Work

ASK = Act(name="request.ask", roles=frozenset({Role.LIAISON, Role.COORDINATOR, Role.INVESTIGATOR}))
ANSWER = Act(name="request.answer", roles=frozenset({Role.LIAISON, Role.COORDINATOR}))
READ = Act(name="request.read", roles=frozenset({*ASK.roles, Role.ANALYST, Role.OVERSIGHT}))
REQUEST = "request"
MOST = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """Body of a record of kind `request`, the same on both sides."""

    asked: Asked
    by: str
    """The node that asks."""
    of: str
    """The node that is asked."""
    agreement: Under | None
    articles: tuple[str, ...]
    message: str
    """Id of the message that carried it."""
    heard_at: datetime
    """When it was asked here, or arrived here."""
    replies: tuple[Reply, ...] = ()

    @property
    def state(self) -> str:
        """Where it stands: as the last answer says, or open."""
        return self.replies[-1].says if self.replies else OPEN

    def late(self, at: datetime) -> bool:
        """Say whether a full answer was due before *at*, and there is none."""
        waits = not self.replies or self.replies[-1].says is Says.PARTIAL
        return waits and at > self.asked.due_at

    @property
    def took(self) -> timedelta | None:
        """How long the answer took, or None if there is none yet."""
        return self.replies[0].at - self.asked.asked_at if self.replies else None

    def consent(self, at: datetime) -> Reply | None:
        """Return the consent to board that holds at an instant, or None."""
        last = self.replies[-1] if self.replies else None
        if last is None or last.says not in CONSENTS or self.asked.kind is not RequestKind.BOARDING:
            return None
        return last if last.until is None or at < last.until else None


KINDS: Mapping[str, type[object]] = {REQUEST: Request}
"""Record kinds of this module and the type of their body."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What an officer asks."""

    question: str
    urgency: Urgency
    boarding: Boarding | None = None
    records: tuple[str, ...] = ()
    handling: Handling | None = None


def ask(
    question: Question,
    to: str,
    *,
    agreement: str,
    by: Officer,
    under: Mandate,
    work: Work,
    house: House,
    book: Book,
) -> Record[object]:
    """Ask a partner under an agreement. The caller commits the work.

    Raises:
        NotAgreedError: if the agreement does not let it be asked (`NotSentError` with the reasons).
        NotEntitledError: if the officer may not ask.
        InvalidValueError: without a question.
    """
    with acting(ASK, by=by, under=under, work=work) as acts:
        header = house.header(REQUEST, under=under, now=acts.now)
        header = replace(header, handling=question.handling or header.handling)
        held, verdict = may_tell(header, to, agreement, under=under, work=work, house=house, book=book)
        at = acts.now.astimezone(UTC)
        asked = Asked(
            id=header.id,
            kind=RequestKind.INFORMATION if question.boarding is None else RequestKind.BOARDING,
            question=question.question,
            urgency=question.urgency,
            asked_at=at,
            due_at=at + CLOCKS[question.urgency],
            boarding=question.boarding,
            records=question.records,
        )
        draft = Draft(
            type=Type.REQUEST,
            to=(to,),
            purpose=under.purpose,
            legal_basis=under.legal_basis,
            handling=header.handling,
            body=to_json(asked),
        )
        (message,) = post(acts, draft := permitted(draft, verdict, held), house)
        body = Request(
            asked=asked,
            by=house.node,
            of=to,
            agreement=draft.under,
            articles=draft.articles,
            message=message,
            heard_at=acts.now,
        )
        record: Record[object] = Record(header=_open(header, to, asked), body=body)
        acts.put(record, replacing=None)
        acts.note(request=asked.id, kind=asked.kind, to=to, due_at=asked.due_at.isoformat())
    return record


def answer(
    request: str, reply: Reply, *, by: Officer, under: Mandate, work: Work, house: House, book: Book
) -> Record[object]:
    """Answer a partner's request; the answer travels under the agreement of the request. The caller commits.

    Raises:
        UnknownError: if there is no such request here.
        WrongStateError: if no such answer follows where it stands, or it is one that we asked.
        NotAgreedError: if the agreement no longer permits it.
        NotEntitledError: if the officer may not answer.
    """
    with acting(ANSWER, by=by, under=under, work=work) as acts:
        stored = _find(request, work)
        body = request_in(stored)
        reply = replace(reply, request=request, at=acts.now.astimezone(UTC))
        if body.of != house.node or not _follows(body, stored.header.state, reply):
            raise WrongStateError(
                thing=f"request {request}", state=stored.header.state, act=reply.says, needs="asked of us, and open"
            )
        header = house.header(REQUEST, under=under, now=acts.now)
        agreement = "" if body.agreement is None else body.agreement.id
        held, verdict = may_tell(header, body.by, agreement, under=under, work=work, house=house, book=book)
        draft = Draft(
            type=Type.ANSWER,
            to=(body.by,),
            purpose=under.purpose,
            legal_basis=under.legal_basis,
            handling=stored.header.handling,
            body=to_json(reply),
        )
        post(acts, permitted(draft, verdict, held), house)
        changed = _with(stored, reply, acts.now)
        acts.put(changed, replacing=stored.header.version)
        acts.note(request=request, says=reply.says, ground=reply.ground, conditions=len(reply.conditions))
    return changed


def read(request: str, *, by: Officer, under: Mandate, work: Work) -> Request:
    """Return a request with its answers; the consultation is written down. The caller commits.

    Raises:
        UnknownError: if there is none of that id.
        NotEntitledError: if the officer may not read requests.
    """
    with acting(READ, by=by, under=under, work=work) as acts:
        found = request_in(_find(request, work))
        acts.open(request)
        acts.note(request=request)
    return found


def listed(work: Work, *, states: Sequence[str] = (), partner: str = "", after: str = "") -> Sequence[Header]:
    """Return the headers of requests, newest first, beyond the request *after*."""
    name = f"partner:{partner}" if partner else ""
    return work.find(Query(kind=REQUEST, states=tuple(states), identifier=name, after=after, limit=MOST))


def request_in(record: Record[object]) -> Request:
    """Return the body of a request."""
    return cast("Request", record.body)


def _find(request: str, work: Work) -> Record[object]:
    found = work.find(Query(kind=REQUEST, among=(request,), limit=1))
    if not found:
        raise UnknownError(kind="request", name=request)
    return work.get(request)


def _open(header: Header, partner: str, asked: Asked) -> Header:
    """Return the header of an open request; its clock stands in clear columns, so that a list needs no key."""
    names = _names(partner, asked)
    return replace(header, state=OPEN, started_at=asked.asked_at, ended_at=asked.due_at, identifiers=names)


def _names(partner: str, asked: Asked) -> tuple[str, ...]:
    boarding = asked.boarding
    marks = (
        () if boarding is None else (("mmsi", boarding.mmsi), ("imo", boarding.imo), ("callsign", boarding.callsign))
    )
    return (f"partner:{partner}", *(f"{kind}:{mark}" for kind, mark in marks if mark))


def may_tell(
    header: Header, to: str, agreement: str, *, under: Mandate, work: Work, house: House, book: Book
) -> tuple[Held, Verdict]:
    """Return the agreement under which a request, or what belongs to one, may be told, and what it says.

    Raises:
        NotAgreedError: if there is no such agreement between the two.
    """
    held = book.find(agreement)
    if held is None or not {to, house.node} <= set(held.text.party_ids):
        raise NotAgreedError(partner=to, purpose=under.purpose)
    question = Ask(action=Action.SHARE, principal=to, holder=house.node, under=under, at=work.now)
    return held, book.decide(question, header, under=agreement)


def _follows(body: Request, state: str, reply: Reply) -> bool:
    return reply.says in FOLLOWS[body.asked.kind].get(state, frozenset[Says]())


def _with(stored: Record[object], reply: Reply, now: datetime) -> Record[object]:
    body = request_in(stored)
    return next_version(stored, replace(body, replies=(*body.replies, reply)), now=now, state=reply.says)


def _take(received: Received, acts: Acting, context: Context) -> Sequence[Reason]:
    """Keep a partner's request, under its own id, with its clock."""
    asked, payload = received.body(Asked), received.payload
    if abs(asked.asked_at - payload.created) > SKEW:
        return (reason_of(Cause.MALFORMED, what="request", detail="its clock did not start when it was written"),)
    header = context.house.header(REQUEST, under=received.mandate, now=acts.now)
    header = replace(
        header,
        id=asked.id,
        originator=payload.sender,
        agreement="" if payload.agreement is None else payload.agreement.id,
        handling=payload.handling,
    )
    body = Request(
        asked=asked,
        by=payload.sender,
        of=context.house.node,
        agreement=payload.agreement,
        articles=() if received.verdict is None else received.verdict.articles,
        message=payload.id,
        heard_at=acts.now,
    )
    try:
        acts.put(Record(header=_open(header, payload.sender, asked), body=body), replacing=None)
    except ChangedMeanwhileError:
        return (reason_of(Cause.HERE_ALREADY, record=asked.id),)
    acts.note(request=asked.id, kind=asked.kind, due_at=asked.due_at.isoformat())
    return ()


def _hear(received: Received, acts: Acting, context: Context) -> Sequence[Reason]:
    """Write a partner's answer to our request."""
    reply, sender = received.body(Reply), received.sender
    try:
        stored = _find(reply.request, context.work)
    except UnknownError:
        return (reason_of(Cause.NOT_ASKED, node=context.house.node, holder=sender),)
    body = request_in(stored)
    if (body.by, body.of) != (context.house.node, sender):
        return (reason_of(Cause.NOT_ASKED, node=context.house.node, holder=sender),)
    if not _follows(body, stored.header.state, reply):
        return (reason_of(Cause.ANSWERED, request=reply.request, state=stored.header.state),)
    acts.put(_with(stored, reply, acts.now), replacing=stored.header.version)
    acts.note(request=reply.request, says=reply.says)
    return ()


EFFECTS: Mapping[Type, Effect] = {
    Type.REQUEST: Effect(does=_take, asks=asks_as(REQUEST)),
    Type.ANSWER: Effect(does=_hear, asks=asks_as(REQUEST)),
}
"""What the messages of this module do on arrival."""
