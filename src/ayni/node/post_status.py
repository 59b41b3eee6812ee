"""What waits in the outbox, what arrived, and what a person must look at."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from ayni.errors import UnknownError
from ayni.exchange.clocks import late_requests
from ayni.model.act import Act, acting
from ayni.model.officer import Role
from ayni.model.signal import Reason
from ayni.node.outbox import DELIVERED, OPEN, OVERDUE, REFUSED, WITHDRAWN, Outbox, Told
from ayni.node.records.faults import translated
from ayni.node.records.models import StoredIncoming
from ayni.node.records.sealing import from_us
from ayni.toolkit.phrases import phrase

if TYPE_CHECKING:
    from ayni.model.handling import Mandate
    from ayni.model.officer import Officer
    from ayni.node.opening import OpenNode
    from ayni.node.records.models import StoredLine

SEEN = Act(name="exchange.seen", roles=frozenset({Role.LIAISON, Role.COORDINATOR, Role.ADMINISTRATOR}))
LOOK_AT: Final = (REFUSED, WITHDRAWN, OVERDUE)
SILENT: Final = timedelta(hours=24)
"""A line that failed this long, with messages waiting, is an alarm. Source: specification, a recall within 24 h."""

NOT_DELIVERED: Final = phrase(
    "{count:plural one{# message was} other{# messages were}} refused or not delivered: ayni exchange status"
)
NOT_REACHED: Final = phrase(
    "{partner} has not been reached for a day, {count:plural one{# message waits} other{# messages wait}}: {line}"
)
LATE: Final = phrase(
    "{count:plural one{# request waits} other{# requests wait}} beyond the clock: ayni exchange requests --waiting"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class PartnerPost:
    """How the exchange with one partner fares."""

    partner: str
    waiting: int
    delivered: int
    refused: int
    undelivered: int
    line: str
    """What went wrong last, or when it was reached; empty if it was never tried."""
    next_at: datetime | None
    ledger_size: int
    """Entries of its ledger as it last signed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PostStatus:
    """How the exchange of a node fares."""

    partners: tuple[PartnerPost, ...]
    attention: tuple[Told, ...]
    """Messages that were refused or not delivered, and that nobody has looked at yet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrived:
    """A partner's message that was taken in."""

    row: int
    """Where it stands in the inbox: a page begins after the last one seen."""
    sender: str
    message: str
    at: datetime


def arrived(node: OpenNode, *, sender: str = "", before: int = 0, limit: int = 100) -> Sequence[Arrived]:
    """Return what partners' messages were taken in, newest first, those before a row alone."""
    with translated(node.folder, "reading the inbox"):
        rows = StoredIncoming.objects.using(node.alias).order_by("-id")
        if sender:
            rows = rows.filter(sender=sender)
        if before:
            rows = rows.filter(id__lt=before)
        return [
            Arrived(row=row.id, sender=row.sender, message=row.message, at=from_us(row.at)) for row in rows[:limit]
        ]


def post_status(node: OpenNode) -> PostStatus:
    """Return how the exchange fares, by partner."""
    outbox = Outbox(node)
    counts, lines = outbox.counts(), {line.partner: line for line in outbox.lines()}
    partners = [
        PartnerPost(
            partner=name,
            waiting=sum(counts.get((name, state), 0) for state in OPEN),
            delivered=counts.get((name, DELIVERED), 0),
            refused=counts.get((name, REFUSED), 0),
            undelivered=sum(counts.get((name, state), 0) for state in (WITHDRAWN, OVERDUE)),
            line=_fares(lines.get(name)),
            next_at=_next(lines.get(name)),
            ledger_size=lines[name].ledger_size if name in lines else 0,
        )
        for name in sorted({name for name, _ in counts} | set(lines))
    ]
    return PostStatus(partners=tuple(partners), attention=tuple(outbox.told(states=LOOK_AT, unseen=True)))


def last_reached(node: OpenNode) -> Mapping[str, datetime]:
    """Return when the line to each partner last worked."""
    lines = Outbox(node).lines()
    return {line.partner: from_us(line.reached_at) for line in lines if line.reached_at is not None}


def acknowledge(node: OpenNode, message: str, *, by: Officer, under: Mandate) -> None:
    """Note that an officer has looked at a message that was refused or not delivered.

    Raises:
        NotEntitledError: if the officer may not.
        UnknownError: if there is no such message.
    """
    with node.store.work() as work:
        with acting(SEEN, by=by, under=under, work=work) as acts:
            acts.note(message=message)
            if not Outbox(node).mark_seen(message, by.id):
                raise UnknownError(kind="message to look at", name=message)
        work.commit()


def post_alarms(node: OpenNode) -> Sequence[Reason]:
    """Return what a person should look at."""
    found, now = post_status(node), node.clock()
    lines = {line.partner: line for line in Outbox(node).lines()}
    with node.store.work() as work:
        late = late_requests(work)
    told = [Reason(says=NOT_DELIVERED, facts={"count": len(found.attention)}, weight=0.0)] if found.attention else []
    told += [
        Reason(says=NOT_REACHED, facts={"partner": one.partner, "count": one.waiting, "line": one.line}, weight=0.0)
        for one in found.partners
        if one.waiting and _silent(lines.get(one.partner), now)
    ]
    return [*told, Reason(says=LATE, facts={"count": late}, weight=0.0)] if late else told


def _silent(line: StoredLine | None, now: datetime) -> bool:
    return line is not None and line.failed_at is not None and now - from_us(line.failed_at) > SILENT


def _fares(line: StoredLine | None) -> str:
    if line is None:
        return ""
    if line.error:
        return f"{line.error} (tried {line.attempts} times)"
    return "" if line.reached_at is None else f"reached {from_us(line.reached_at):%Y-%m-%d %H:%MZ}"


def _next(line: StoredLine | None) -> datetime | None:
    return None if line is None or not line.next_at else from_us(line.next_at)
