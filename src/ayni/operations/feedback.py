"""What came of it reaches everyone who contributed: whose record led there, and who consented to a boarding.

A contributor is told our own findings: what, when, where, how much, in whose words. It is not told
what others contributed: of the records that led there only its own are named, so that no partner's
record is passed on with an outcome. Each gets a record of its own, which says of which outcome it
tells: whoever counts, counts under that id, and once.

Source: 1988 Convention, article 17(8): the flag State concerned is promptly informed of the
results of the action.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from ayni.agreements.book import Book, Verdict, walk
from ayni.agreements.request import Ask
from ayni.agreements.vocabulary import Action
from ayni.exchange.holdings import holding_in, holding_of
from ayni.exchange.requests import request_in
from ayni.exchange.sharing import Terms, parents_in, share
from ayni.model.act import Act, acting
from ayni.model.handling import Mandate
from ayni.model.officer import Officer, Role
from ayni.model.outcome import TOLD, Contribution, Outcome
from ayni.model.record import Header, House, Record, next_version
from ayni.model.signal import Reason
from ayni.model.store import Query, Work
from ayni.model.task import Task
from ayni.operations.results import outcome_of

TELL = Act(name="outcome.tell", roles=frozenset({Role.LIAISON, Role.COORDINATOR, Role.INVESTIGATOR}))
SHARED, CONSENTED = "shared", "consented"
"""Roles of a contribution: its record led there; it consented to the boarding."""


@dataclass(slots=True)
class Contributor:
    """One institution, and what it contributed."""

    node: str
    records: dict[str, None] = field(default_factory=dict[str, None])
    """Its own records that led to the outcome."""
    agreements: dict[str, None] = field(default_factory=dict[str, None])
    """Agreements under which it contributed, in the order found."""
    roles: dict[str, None] = field(default_factory=dict[str, None])


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """A contributor that is told."""

    node: str
    record: str
    message: str
    agreement: str
    articles: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Untold:
    """A contributor that no agreement lets us tell, and what each says."""

    node: str
    reasons: tuple[Reason, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Feedback:
    """Who is told now, who may not be, who had been told before."""

    told: tuple[Told, ...]
    untold: tuple[Untold, ...]
    before: tuple[str, ...]


def contributors(outcome: str, *, work: Work, house: House) -> Mapping[str, Contributor]:
    """Return who contributed to an outcome, by node.

    Raises:
        UnknownError: if it is not here, or no outcome.
    """
    record = work.get(outcome)
    body = outcome_of(record)
    found: dict[str, Contributor] = {}
    lineage, _ = walk(record.header, parents_in(work))
    for header in lineage:
        if header.originator != house.node:
            one = found.setdefault(header.originator, Contributor(header.originator))
            one.records[header.id] = None
            one.roles[SHARED] = None
            one.agreements[header.agreement] = None
            holding = holding_of(work, header.id)
            sender = header.originator if holding is None else holding_in(holding).sender
            if sender != header.originator:
                via = found.setdefault(sender, Contributor(sender))
                via.roles[SHARED] = None
                via.agreements[header.agreement] = None
    for node, agreement in _consenting(body, work):
        one = found.setdefault(node, Contributor(node))
        one.roles[CONSENTED] = None
        one.agreements[agreement] = None
    return found


def tell_contributors(outcome: str, *, by: Officer, under: Mandate, work: Work, house: House, book: Book) -> Feedback:
    """Tell every contributor of an outcome what came of it, once. The caller commits.

    Raises:
        NotEntitledError: if the officer may not. Nothing is written.
        UnknownError: if the outcome is not here.
    """
    before, untold, chosen = list[str](), list[Untold](), list[tuple[str, str, str]]()
    with acting(TELL, by=by, under=under, work=work) as acts:
        stored = acts.open(outcome)
        body = outcome_of(stored)
        helped = contributors(outcome, work=work, house=house)
        for one in helped.values():
            name = f"told:{outcome}:{one.node}"
            if work.find(Query(kind="outcome", identifier=name, limit=1)):
                before.append(one.node)
                continue
            new = house.header("outcome", under=under, now=acts.now, identifiers=(name,))
            new = _copy(new, stored.header, one)
            agreement, reasons = _permits(new, one, under=under, work=work, house=house, book=book)
            if not agreement:
                untold.append(Untold(node=one.node, reasons=reasons))
                continue
            acts.put(Record(header=new, body=_said(body, outcome, one)), replacing=None)
            chosen.append((one.node, new.id, agreement))
        credited = tuple(Contribution(node=one.node, role=role) for one in helped.values() for role in one.roles)
        credited = (*body.contributions, *(one for one in credited if one not in body.contributions))
        if credited != body.contributions:
            kept = next_version(
                stored, replace(body, contributions=credited), now=acts.now, state=stored.header.state
            )
            acts.put(kept, replacing=stored.header.version)
        acts.note(outcome=outcome, told=len(chosen), untold=len(untold), before=len(before))
    told = []
    for node, record, agreement in chosen:
        shared = share(
            record, node, terms=Terms(agreement=agreement), by=by, under=under, work=work, house=house, book=book
        )
        told.append(
            Told(node=node, record=record, message=shared.message, agreement=agreement, articles=shared.articles)
        )
    return Feedback(told=tuple(told), untold=tuple(untold), before=tuple(before))


def _consenting(body: Outcome, work: Work) -> tuple[tuple[str, str], ...]:
    """Return the node whose consent the task of an outcome waited for, and the agreement of that request."""
    task = work.get(body.task).body if body.task else None
    if not isinstance(task, Task) or not task.consent.request:
        return ()
    request = request_in(work.get(task.consent.request))
    return ((request.of, "" if request.agreement is None else request.agreement.id),) if request.replies else ()


def _copy(new: Header, header: Header, to: Contributor) -> Header:
    """Return the header of what a contributor is told: of the lineage only its own records."""
    return replace(
        new,
        state=TOLD,
        handling=header.handling,
        categories=header.categories,
        purposes=tuple(dict.fromkeys((*header.purposes, *new.purposes))),
        keep_until=header.keep_until,
        started_at=header.started_at,
        ended_at=header.ended_at,
        cell=header.cell,
        parents=tuple(to.records),
    )


def _said(body: Outcome, outcome: str, to: Contributor) -> Outcome:
    """Return our own findings, and of what led there only the contributor's part."""
    return Outcome(
        kind=body.kind,
        at=body.at,
        place=body.place,
        quantities=body.quantities,
        value_method=body.value_method,
        words=body.words,
        signals=tuple(to.records),
        contributions=tuple(Contribution(node=to.node, role=role) for role in to.roles),
        legal_follow_up=body.legal_follow_up,
        confirmed_by=body.confirmed_by,
        told_of=outcome,
    )


def _permits(
    header: Header, to: Contributor, *, under: Mandate, work: Work, house: House, book: Book
) -> tuple[str, tuple[Reason, ...]]:
    """Return the agreement that lets it be told, first those under which it contributed; or every refusal."""
    others = (held.text.id for held in book.between(house.node, to.node))
    ask = Ask(action=Action.SHARE, principal=to.node, holder=house.node, under=under, at=work.now)
    reasons = list[Reason]()
    for agreement in dict.fromkeys((*(name for name in to.agreements if name), *others)):
        held = book.find(agreement)
        if held is None or not {to.node, house.node} <= set(held.text.party_ids):
            continue
        verdict: Verdict = book.decide(ask, header, under=agreement, parents=parents_in(work))
        if verdict.permitted:
            return agreement, ()
        reasons += verdict.reasons
    return "", tuple(reasons)
