"""Recall: the originator takes a record back, and sees who has proven what.

    recall       an officer names the record, why, and until when an answer is expected; the order,
                 signed once, leaves for everyone who was given the record, before any other message
    tree         holder by holder: proven, answered, held by a court, or silent

A holder that passed the record on passes the order on, and the answers come back the same way:
each holder says in its signed answer to whom it gave the record, so the tree shows also those
whom we do not know. What cannot be promised: that nobody has photographed a screen, or kept a
copy that a person exported. What is promised is who said what, and proof of every deletion.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from ayni.errors import InvalidValueError, NotEntitledError, UnknownError
from ayni.exchange.holdings import THERE, UNDELIVERED, exposure_in, exposures
from ayni.exchange.keys import Identity
from ayni.exchange.payload import MAX_LIFE, About, Type
from ayni.exchange.post import Draft, post
from ayni.exchange.recall_records import (
    LEASE,
    MOST,
    ORDERED,
    RECALL,
    Recall,
    answer_in,
    answers_on,
    header_of,
    named,
    recall_in,
    recall_of,
)
from ayni.exchange.recall_records import SENT as GONE
from ayni.exchange.recall_words import Did, Order, order_digest
from ayni.exchange.signed_word import Word, say
from ayni.model.act import Act, Acting, acting
from ayni.model.codec import to_json
from ayni.model.handling import Mandate
from ayni.model.officer import Officer, Role
from ayni.model.record import Header, House, Record, next_version
from ayni.model.store import Query, Work

ACT = Act(name="record.recall", roles=frozenset({Role.LIAISON, Role.COORDINATOR, Role.OVERSIGHT}))
LOOK = Act(name="record.recall-tree", roles=ACT.roles | {Role.INVESTIGATOR, Role.ANALYST})
LET_GO = Act(name="recall.let-go", machine=True)
TAKEN_BACK = "recalled"
"""State of an exposure whose record was recalled."""
MAY_BE_THERE = (*THERE, UNDELIVERED, TAKEN_BACK)
URGENT, USUAL = timedelta(hours=1), timedelta(hours=24)
"""How soon a holder is expected to answer. Source: exchange specification, "Handling semantics", clocks."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderBody:
    """Body of a message: the originator's order, word for word."""

    order: str


class Stand(StrEnum):
    """How a holder stands to a recall."""

    SILENT = "silent"
    """No answer that we can believe."""
    DELETED = "deleted"
    """It has signed that the record is gone; the proof is still to come."""
    PROVEN = "proven"
    """And its ledger proves it."""
    COURT = "court"
    """A court holds it."""
    NEVER_HERE = "never-here"
    """It had not arrived, and will be refused."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Branch:
    """One holder in the tree of a recall."""

    holder: str
    stand: Stand
    since: datetime
    """When it answered; of a silent one, when it was asked, or when its line was last seen to work."""
    late: bool
    """Silent beyond the deadline."""
    court: str
    ground: str
    review_on: datetime | None
    made_from_it: int
    """Its own records made from ours, about which a person there decides."""
    copies: int
    """Copies that persons there took out by hand."""
    onward: tuple[Branch, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Tree:
    """Who was given a recalled record, and what each has proven."""

    record: str
    why: str
    at: datetime
    deadline: datetime
    branches: tuple[Branch, ...]

    @property
    def holders(self) -> tuple[Branch, ...]:
        """Every branch, the nearest first."""
        found, waiting = list[Branch](), list(self.branches)
        while waiting:
            branch = waiting.pop(0)
            found.append(branch)
            waiting += branch.onward
        return tuple(found)

    @property
    def counts(self) -> Mapping[Stand, int]:
        """How many holders stand how."""
        return {stand: sum(one.stand is stand for one in self.holders) for stand in Stand}


def recall(
    record: str,
    *,
    why: str,
    answer_within: timedelta,
    by: Officer,
    under: Mandate,
    work: Work,
    house: House,
    identity: Identity,
) -> Record[object]:
    """Recall one of our records from everyone who was given it. The caller commits the work.

    Asked again, the same order goes again to those who have not answered.

    Raises:
        UnknownError: if the record is not here.
        NotEntitledError: if the officer may not recall, or the record is not our own.
        InvalidValueError: without a reason, or for a deadline that has passed.
    """
    with acting(ACT, by=by, under=under, work=work) as acts:
        header = header_of(work, record)
        if header is None:
            raise UnknownError(kind="record", name=record)
        if header.originator != house.node:
            raise NotEntitledError(officer=by.name, act=f"{ACT.name} of a record of {header.originator}")
        before = recall_of(work, record)
        stored = before or _ordered(acts, header, why, answer_within, under=under, house=house, identity=identity)
        body = recall_in(stored)
        answered = {answer_in(one).holder for one in answers_on(work, record)}
        draft = Draft(
            type=Type.RECALL,
            to=(house.node,),
            purpose=under.purpose,
            legal_basis=under.legal_basis,
            body=to_json(OrderBody(order=body.order)),
            lives=MAX_LIFE,
        )
        to = take_back(acts, draft, record, work=work, house=house, beside=answered)
        for lease in work.find(Query(kind=LEASE, identifier=f"record:{record}", limit=MOST)):
            acts.tombstone(lease.id, why="its record was recalled")
        body = replace(body, to=tuple(sorted({*body.to, *to})))
        replacing = None if before is None else before.header.version
        at = replace(stored.header, version=(replacing or 0) + 1, changed_at=acts.now, state=ORDERED)
        kept: Record[object] = Record(header=at, body=body)
        acts.put(kept, replacing=replacing)
        acts.note(record=record, order=body.digest, why=body.why, to=" ".join(to))
    return kept


def take_back(
    acts: Acting, draft: Draft, record: str, *, work: Work, house: House, beside: set[str]
) -> tuple[str, ...]:
    """Send an order to everyone whom we gave a record, those in *beside* left out; return to whom."""
    told = dict[str, None]()
    for header in exposures(work, record=record, states=MAY_BE_THERE):
        stored = acts.get(header.id)
        exposure = exposure_in(stored)
        if header.state != TAKEN_BACK:
            acts.put(next_version(stored, exposure, now=acts.now, state=TAKEN_BACK), replacing=header.version)
        if exposure.via or exposure.to in beside or exposure.to in told:
            continue  # whoever passed it on passes the order on, and its answer names them
        about = About(id=record, sha256=exposure.sha256, originator=exposure.originator)
        post(acts, replace(draft, to=(exposure.to,), record=about), house)
        told[exposure.to] = None
    return tuple(told)


def let_go(recalls: Sequence[str], *, by: Officer, work: Work) -> None:
    """Note that no message with these recalled records waits here any more. The caller commits."""
    for stored in map(work.get, recalls):
        under = Mandate(purpose=stored.header.purposes[0], legal_basis=stored.header.legal_basis)
        with acting(LET_GO, by=by, under=under, work=work) as acts:
            acts.put(next_version(stored, stored.body, now=acts.now, state=GONE), replacing=stored.header.version)
            acts.note(record=recall_in(stored).record)


def tree(record: str, *, by: Officer, under: Mandate, work: Work, seen: Mapping[str, datetime] | None = None) -> Tree:
    """Return who has proven what; *seen* says when the line to a partner last worked. The caller commits.

    Raises:
        UnknownError: if we have not recalled the record.
        NotEntitledError: if the officer may not look.
    """
    with acting(LOOK, by=by, under=under, work=work) as acts:
        stored = recall_of(work, record)
        if stored is None:
            raise UnknownError(kind="recall of record", name=record)
        acts.open(stored.header.id)
        acts.note(record=record)
        return _Growing(work, recall_in(stored), seen or {}, acts.now).tree()


class _Growing:
    """A tree in the making: every holder stands in it once, below whoever named it first."""

    def __init__(self, work: Work, body: Recall, seen: Mapping[str, datetime], now: datetime) -> None:
        self._body, self._seen, self._now = body, seen, now
        self._answers = {answer_in(one).holder: one for one in answers_on(work, body.record)}
        self._placed: set[str] = set()

    def tree(self) -> Tree:
        body = self._body
        self._placed = set(body.to)
        branches = tuple(self._branch(holder) for holder in body.to)
        return Tree(record=body.record, why=body.why, at=body.at, deadline=body.deadline, branches=branches)

    def _branch(self, holder: str) -> Branch:
        stored = self._answers.get(holder)
        if stored is None:
            return Branch(
                holder=holder,
                stand=Stand.SILENT,
                since=max(self._body.at, self._seen.get(holder, self._body.at)),
                late=self._now > self._body.deadline,
                court="",
                ground="",
                review_on=None,
                made_from_it=0,
                copies=0,
                onward=(),
            )
        answer = answer_in(stored)
        new = [node for node in answer.onward if node not in self._placed]
        self._placed |= set(new)
        proven = bool(answer.proof) and answer.did is Did.DELETED
        return Branch(
            holder=holder,
            stand=Stand.PROVEN if proven else _STANDS[answer.did],
            since=answer.heard_at,
            late=False,
            court=answer.court,
            ground=answer.ground,
            review_on=answer.review_on,
            made_from_it=answer.made_from_it,
            copies=answer.copies,
            onward=tuple(self._branch(node) for node in new),
        )


_STANDS: Mapping[Did, Stand] = {Did.DELETED: Stand.DELETED, Did.HELD: Stand.COURT, Did.NEVER_HERE: Stand.NEVER_HERE}


def _ordered(
    acts: Acting,
    header: Header,
    why: str,
    answer_within: timedelta,
    *,
    under: Mandate,
    house: House,
    identity: Identity,
) -> Record[object]:
    """Sign the order, and let the record be shared with nobody any more."""
    if answer_within <= timedelta(0):
        raise InvalidValueError(field="answer_within", why="a deadline lies ahead")
    at = acts.now.astimezone(UTC)
    order = Order(record=header.id, originator=house.node, why=why, at=at, deadline=at + answer_within)
    word = say(identity, Word.RECALL, order)
    stored = acts.get(header.id)
    frozen = replace(stored.header, version=header.version + 1, changed_at=acts.now, recalled_at=acts.now)
    acts.put(replace(stored, header=frozen), replacing=header.version)
    new = house.header(RECALL, under=under, now=acts.now, identifiers=named(header.id, ""))
    body = Recall(
        record=header.id,
        order=word,
        digest=order_digest(word),
        why=why,
        at=at,
        deadline=order.deadline,
        to=(),
    )
    return Record(header=new, body=body)
