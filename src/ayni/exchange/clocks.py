"""The clocks of requests: what is due, what is late, how fast each answered.

Asker and asked hold the same request with the same two instants, so that both lists say the
same: eight hours, three days or seven days after it was asked an answer is due, and whoever
has not answered by then is late on both sides at once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from ayni.exchange.request_words import WAITS, RequestKind, Urgency
from ayni.exchange.requests import READ, listed, request_in
from ayni.model.act import acting
from ayni.model.handling import Mandate
from ayni.model.officer import Officer
from ayni.model.record import Header, House
from ayni.model.store import Work


@dataclass(frozen=True, slots=True, kw_only=True)
class Clock:
    """One request, as both sides see its time."""

    request: str
    kind: RequestKind
    ours: bool
    """True when we asked."""
    partner: str
    agreement: str
    state: str
    urgency: Urgency
    asked_at: datetime
    due_at: datetime
    late: bool
    """An answer was due, and there is none, or only a part."""
    took: timedelta | None
    """From the asking to the first answer."""


def clocks(
    *,
    by: Officer,
    under: Mandate,
    work: Work,
    house: House,
    states: Sequence[str] = (),
    partner: str = "",
    after: str = "",
    limit: int = 100,
) -> tuple[Clock, ...]:
    """Return the newest requests with their clocks, the soonest due first among those that wait.

    With *after*, those that were asked before that request. The caller commits.

    Raises:
        NotEntitledError: if the officer may not read requests.
    """
    with acting(READ, by=by, under=under, work=work) as acts:
        found = []
        for header in listed(work, states=states, partner=partner, after=after)[:limit]:
            body = request_in(acts.open(header.id))
            ours = body.by == house.node
            found.append(
                Clock(
                    request=header.id,
                    kind=body.asked.kind,
                    ours=ours,
                    partner=body.of if ours else body.by,
                    agreement="" if body.agreement is None else body.agreement.id,
                    state=header.state,
                    urgency=body.asked.urgency,
                    asked_at=body.asked.asked_at,
                    due_at=body.asked.due_at,
                    late=body.late(acts.now),
                    took=body.took,
                )
            )
        acts.note(requests=len(found))
    return tuple(sorted(found, key=lambda one: (one.state not in WAITS, one.due_at)))


def late_requests(work: Work) -> int:
    """Return how many requests wait beyond their clock, on either side; none is opened."""
    return sum(overdue(header, work.now) for header in listed(work, states=WAITS))


def overdue(header: Header, at: datetime) -> bool:
    """Say of a request, from clear columns alone, whether its answer was due before *at*."""
    return header.state in WAITS and header.ended_at is not None and at > header.ended_at
