"""Reciprocity: what an agreement has brought each side, and how fast each answered.

Counted per partner and agreement, from what this node has itself: what it gave and what it was
given, what it asked and was asked, how many answers came in time. Nobody is ranked: a balance
shows two institutions whether their agreement lives.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from statistics import median

from ayni.exchange.exposure import LOOK
from ayni.exchange.holdings import (
    CONSENTED,
    CORRECTING,
    HELD,
    HOLDING,
    MOST,
    UNCORRECTED,
    exposure_in,
    exposures,
    holding_in,
)
from ayni.exchange.recall import TAKEN_BACK
from ayni.exchange.request_words import Says
from ayni.exchange.requests import listed, request_in
from ayni.model.act import acting
from ayni.model.handling import Mandate
from ayni.model.officer import Officer
from ayni.model.record import House
from ayni.model.store import Query, Work


@dataclass(frozen=True, slots=True, kw_only=True)
class Answers:
    """Requests in one direction, and how they were answered."""

    asked: int
    answered: int
    """With whatever answer, also a refusal."""
    refused: int
    late: int
    """Waiting beyond their clock, or answered after it."""
    median: timedelta | None
    """From asking to the first answer; None without one."""
    slowest: timedelta | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Balance:
    """One agreement with one partner."""

    agreement: str
    partner: str
    gave: int
    """Records of ours that were accepted there, also those taken back since."""
    received: int
    """Records of theirs, or passed on by them, that are here."""
    taken_back: int
    """Of what we gave."""
    we_asked: Answers
    they_asked: Answers


@dataclass(slots=True)
class _Counting:
    gave: int = 0
    received: int = 0
    taken_back: int = 0
    ours: list[tuple[timedelta | None, bool, bool]] = field(default_factory=list[tuple[timedelta | None, bool, bool]])
    """Of each request: how long it took, whether it was refused, whether it was late."""
    theirs: list[tuple[timedelta | None, bool, bool]] = field(
        default_factory=list[tuple[timedelta | None, bool, bool]]
    )


def balance(*, by: Officer, under: Mandate, work: Work, house: House, partner: str = "") -> tuple[Balance, ...]:
    """Return the balance of each agreement with each partner, by agreement and partner. The caller commits.

    Raises:
        NotEntitledError: if the officer may not look.
    """
    counted: dict[tuple[str, str], _Counting] = {}
    with acting(LOOK, by=by, under=under, work=work) as acts:

        def of(agreement: str, node: str) -> _Counting:
            return counted.setdefault((agreement, node), _Counting())

        for header in exposures(work, partner=partner, states=(HELD, CORRECTING, UNCORRECTED, TAKEN_BACK, CONSENTED)):
            body = exposure_in(work.get(header.id))
            if body.via or body.agreement is None:
                continue
            line = of(body.agreement.id, body.to)
            line.gave += 1
            line.taken_back += header.state == TAKEN_BACK
        name = f"partner:{partner}" if partner else ""
        for header in work.find(Query(kind=HOLDING, identifier=name, limit=MOST)):
            holding = holding_in(work.get(header.id))
            of("" if holding.agreement is None else holding.agreement.id, holding.sender).received += 1
        for header in listed(work, partner=partner):
            request = request_in(work.get(header.id))
            ours = request.by == house.node
            line = of("" if request.agreement is None else request.agreement.id, request.of if ours else request.by)
            refused = any(reply.says is Says.REFUSED for reply in request.replies)
            late = (
                request.late(acts.now)
                or (request.took or timedelta(0)) > request.asked.due_at - request.asked.asked_at
            )
            (line.ours if ours else line.theirs).append((request.took, refused, late))
        acts.note(partner=partner, agreements=len(counted))
    return tuple(
        Balance(
            agreement=agreement,
            partner=node,
            gave=line.gave,
            received=line.received,
            taken_back=line.taken_back,
            we_asked=_answers(line.ours),
            they_asked=_answers(line.theirs),
        )
        for (agreement, node), line in sorted(counted.items())
    )


def _answers(requests: Sequence[tuple[timedelta | None, bool, bool]]) -> Answers:
    took = [one for one, _, _ in requests if one is not None]
    return Answers(
        asked=len(requests),
        answered=len(took),
        refused=sum(refused for _, refused, _ in requests),
        late=sum(late for _, _, late in requests),
        median=timedelta(seconds=median(one.total_seconds() for one in took)) if took else None,
        slowest=max(took, default=None),
    )
