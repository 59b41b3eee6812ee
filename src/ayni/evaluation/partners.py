"""What each partner and we gave one another in a period, and what came of it.

Reciprocity is counted, not scored: records each way, requests each way with how soon they were
answered, and results of one that rest on what the other gave. A small service that gave one
record which led to a boarding is not weighed against a large one that gave a thousand.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from ayni.evaluation.chain import Chain, Mark
from ayni.evaluation.figures import Spread, spread
from ayni.exchange.holdings import EXPOSURE, HELD, HOLDING, REFUSED, UNDELIVERED, exposure_in, holding_in
from ayni.exchange.requests import REQUEST, request_in
from ayni.model.record import Record
from ayni.model.store import Query, Work

PAGE = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Asking:
    """Requests that one side put to the other."""

    asked: int
    answered: int
    late: int
    """Answered after the clock of their urgency had run out, or not at all until then."""
    took: Spread


@dataclass(frozen=True, slots=True, kw_only=True)
class Reciprocity:
    """What a partner and we gave one another."""

    partner: str
    given: Mapping[str, int]
    """Records of ours that went to it, by kind; those it refused are not among them."""
    held: int
    """Of these, how many it has receipted."""
    refused: int
    undelivered: int
    received: Mapping[str, int]
    """Records that it gave us, by kind."""
    we_asked: Asking
    it_asked: Asking
    our_results: tuple[str, ...]
    """Results of ours that rest on something it gave us."""
    its_results: tuple[str, ...]
    """Results of its that rest on something we gave it."""


@dataclass(slots=True)
class _Tally:
    given: dict[str, int] = field(default_factory=dict[str, int])
    received: dict[str, int] = field(default_factory=dict[str, int])
    states: dict[str, int] = field(default_factory=dict[str, int])
    we_asked: list[_Answered] = field(default_factory=list["_Answered"])
    it_asked: list[_Answered] = field(default_factory=list["_Answered"])


@dataclass(frozen=True, slots=True)
class _Answered:
    took: timedelta | None
    late: bool


def reciprocity(
    *, since: datetime, until: datetime, chains: Sequence[Chain], node: str, work: Work
) -> tuple[Reciprocity, ...]:
    """Return what was given and received between *since* and *until*, partner by partner, by name."""
    tallies = dict[str, _Tally]()
    for record in _pages(EXPOSURE, since, until, work):
        exposure = exposure_in(record)
        tally = tallies.setdefault(exposure.to, _Tally())
        _count(tally.states, record.header.state)
        if record.header.state != REFUSED:
            _count(tally.given, exposure.kind)
    for record in _pages(HOLDING, since, until, work):
        holding = holding_in(record)
        _count(tallies.setdefault(holding.sender, _Tally()).received, holding.kind)
    for record in _pages(REQUEST, since, until, work):
        request = request_in(record)
        mine = request.by == node
        tally = tallies.setdefault(request.of if mine else request.by, _Tally())
        late = request.late(work.now) if request.took is None else request.replies[0].at > request.asked.due_at
        (tally.we_asked if mine else tally.it_asked).append(_Answered(took=request.took, late=late))
    for chain in chains:
        for step in chain.steps:
            if step.partner:
                tallies.setdefault(step.partner, _Tally())
    return tuple(_row(partner, tallies[partner], chains, node) for partner in sorted(tallies))


def _row(partner: str, tally: _Tally, chains: Sequence[Chain], node: str) -> Reciprocity:
    return Reciprocity(
        partner=partner,
        given=tally.given,
        held=tally.states.get(HELD, 0),
        refused=tally.states.get(REFUSED, 0),
        undelivered=tally.states.get(UNDELIVERED, 0),
        received=tally.received,
        we_asked=_asking(tally.we_asked),
        it_asked=_asking(tally.it_asked),
        our_results=tuple(_resting(chains, partner, Mark.RECEIVED, of=node)),
        its_results=tuple(_resting(chains, partner, Mark.SHARED, of=partner)),
    )


def _resting(chains: Iterable[Chain], partner: str, mark: Mark, *, of: str) -> Iterator[str]:
    """Yield the results of a node that rest on what crossed the border to or from *partner*."""
    for chain in chains:
        if chain.originator == of and any(step.mark is mark and step.partner == partner for step in chain.steps):
            yield chain.outcome


def _asking(requests: Sequence[_Answered]) -> Asking:
    took = [one.took for one in requests if one.took is not None]
    return Asking(asked=len(requests), answered=len(took), late=sum(one.late for one in requests), took=spread(took))


def _count(counts: dict[str, int], name: str) -> None:
    counts[name] = counts.get(name, 0) + 1


def _pages(kind: str, since: datetime, until: datetime, work: Work) -> Iterator[Record[object]]:
    after = ""
    while True:
        headers = work.find(Query(kind=kind, since=since, until=until, after=after, limit=PAGE))
        for header in headers:
            yield work.get(header.id)
        if len(headers) < PAGE:
            return
        after = headers[-1].id
