"""What each partner holds of ours, under which article, until when; and copies that a person took out.

    exposure     record by record: where it is, through whom it got there, how sure we are of that
    copied       an officer says that a copy left the node by hand: printed, handed over, written to a disk

What a machine sent, a machine takes back. A copy on paper it does not: it is listed here, and
the answer to a recall says how many there are, so that whoever recalls knows whom to call.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import cast

from ayni.exchange.holdings import MOST, THERE, UNDELIVERED, exposure_in, exposures
from ayni.exchange.recall import TAKEN_BACK
from ayni.exchange.recall_records import COPY, Copy, answer_in, answers_on, copies_of
from ayni.exchange.recall_words import Did
from ayni.model.act import Act, acting
from ayni.model.checks import require
from ayni.model.handling import Mandate
from ayni.model.officer import Officer, Role
from ayni.model.record import House, Record
from ayni.model.store import Query, Work

LOOK = Act(
    name="exchange.exposure",
    roles=frozenset({Role.LIAISON, Role.COORDINATOR, Role.INVESTIGATOR, Role.OVERSIGHT}),
)
TAKE_OUT = Act(name="record.copy", roles=frozenset({Role.LIAISON, Role.COORDINATOR, Role.INVESTIGATOR, Role.ANALYST}))
ON_PAPER = "copied"
"""State of a copy that a person took out."""
GONE = "deleted"
"""State of what was recalled, and is signed to be gone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """One place where a record of ours is, or may be."""

    record: str
    kind: str
    holder: str
    """The partner; of a copy, who was given it, as the officer wrote it."""
    state: str
    originator: str
    agreement: str
    articles: tuple[str, ...]
    via: str
    """Who passed it on; empty for what we gave ourselves."""
    since: datetime
    until: datetime | None
    """Until when it may stay; nobody ends a copy on paper."""


def copied(record: str, *, to: str, how: str, by: Officer, under: Mandate, work: Work, house: House) -> str:
    """Write down that a copy of a record leaves by hand, to whom and how; return its id. The caller commits.

    Raises:
        UnknownError: if the record is not here.
        NotEntitledError: if the officer may not.
        InvalidValueError: without recipient or way.
    """
    with acting(TAKE_OUT, by=by, under=under, work=work) as acts:
        require(bool(to.strip()) and bool(how.strip()), "to, how", "a copy is given to somebody in some way")
        stored = acts.open(record)
        names = (f"record:{record}",)
        header = house.header(COPY, under=under, now=acts.now, identifiers=names)
        body = Copy(record=record, originator=stored.header.originator, to=to, how=how, by=by.id, at=acts.now)
        acts.put(Record(header=header, body=body), replacing=None)
        acts.note(record=record, to=to, how=how)
    return header.id


def exposure(*, by: Officer, under: Mandate, work: Work, partner: str = "", record: str = "") -> tuple[Place, ...]:
    """Return where records given from here are, newest first; of one partner, or one record. The caller commits.

    Raises:
        NotEntitledError: if the officer may not look.
    """
    with acting(LOOK, by=by, under=under, work=work) as acts:
        states = (*THERE, UNDELIVERED, TAKEN_BACK)
        found = exposures(work, record=record, partner="" if record else partner, states=states)
        answered: dict[str, Mapping[str, Did]] = {}
        places = list[Place]()
        for header in found:
            body = exposure_in(work.get(header.id))
            if partner not in {"", body.to}:
                continue
            state = header.state
            if state == TAKEN_BACK:
                told = answered.setdefault(body.record, _answers(work, body.record))
                state = GONE if told.get(body.to) in {Did.DELETED, Did.NEVER_HERE} else state
            places.append(
                Place(
                    record=body.record,
                    kind=body.kind,
                    holder=body.to,
                    state=state,
                    originator=body.originator,
                    agreement="" if body.agreement is None else body.agreement.id,
                    articles=body.articles,
                    via=body.via,
                    since=body.shared_at,
                    until=body.keep_until,
                )
            )
        if not partner:
            places += _copies(work, record)
        acts.note(partner=partner, record=record, places=len(places))
    return tuple(sorted(places, key=lambda place: place.since, reverse=True))


def _answers(work: Work, record: str) -> Mapping[str, Did]:
    return {one.holder: one.did for one in map(answer_in, answers_on(work, record))}


def _copies(work: Work, record: str) -> Sequence[Place]:
    found = copies_of(work, record) if record else work.find(Query(kind=COPY, limit=MOST))
    bodies = [cast("Copy", work.get(header.id).body) for header in found]
    return [
        Place(
            record=body.record,
            kind=COPY,
            holder=body.to,
            state=ON_PAPER,
            originator=body.originator,
            agreement="",
            articles=(),
            via=body.by,
            since=body.at,
            until=None,
        )
        for body in bodies
    ]
