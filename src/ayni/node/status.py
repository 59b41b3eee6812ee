"""How a node fares, from what anybody may know without opening a record."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from ayni.model.signal import Reason
from ayni.node.feeds import FeedHealth, health_of
from ayni.node.folder import backed_up_at, restored_from, served_by
from ayni.toolkit.phrases import phrase

if TYPE_CHECKING:
    from ayni.node.opening import OpenNode
    from ayni.toolkit.phrases import Catalogue

BACKUP_WITHIN: Final = timedelta(days=7)
"""A backup older than this is an alarm. Ours: what a small post loses at most should be a week."""
NEVER_BACKED_UP: Final = phrase("this node was never backed up: ayni node backup")
BACKED_UP_LONG_AGO: Final = phrase("the last backup was made {at:instant}: ayni node backup")


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """Counts and instants; no name, no place, no content."""

    id: str
    name: str
    country: str
    served_by: int | None
    """Process that serves it, or None."""
    restored_from: str
    """Instant of the backup it was restored from while it waits to be reconciled; empty otherwise."""
    storage: str
    records: Mapping[str, int]
    """Kind to how many."""
    entries: int
    last_entry_at: datetime | None
    outbox: int
    free_bytes: int
    """Left on the disk of its folder."""
    backed_up_at: datetime | None = None
    alarms: tuple[Reason, ...] = ()
    """What a person should look at: witnesses that are silent, messages not delivered, backups that are old."""
    feeds: tuple[FeedHealth, ...] = ()
    """How each feed that ever ran last fared."""

    def lines(self, language: str = "en") -> list[tuple[str, str]]:
        """Return what a person reads, one line a fact; alarms in *language*."""
        from ayni.toolkit.phrases import render  # noqa: PLC0415 -- Babel, only where a sentence is said

        kinds = ", ".join(f"{count:,} {kind}" for kind, count in self.records.items()) or "none yet"
        last = f", last {self.last_entry_at:%Y-%m-%d %H:%M:%SZ}" if self.last_entry_at else ""
        rows = [
            ("node", f"{self.id}, {self.name} ({self.country})"),
            ("served", f"by process {self.served_by}" if self.served_by else "no"),
            ("storage", self.storage),
            ("records", kinds),
            ("ledger", f"{self.entries:,} entries{last}"),
            ("outbox", f"{self.outbox:,} waiting"),
            ("disk", f"{self.free_bytes / 1e9:,.1f} GB free"),
        ]
        rows += [(f"feed {feed.name}", _fares(feed)) for feed in self.feeds]
        rows += [("alarm", render(alarm, language=language, catalogue=_said()).text) for alarm in self.alarms]
        if self.restored_from:
            rows.insert(1, ("restored", f"from a backup of {self.restored_from}; waits to be reconciled"))
        return rows


def _said() -> Catalogue:
    from ayni.toolkit.phrases import Catalogue  # noqa: PLC0415 -- as above

    return Catalogue.load("ayni.node.phrases").merge(Catalogue.load("ayni.ledger.phrases"))


def _fares(feed: FeedHealth) -> str:
    parts = [feed.state, f"{feed.accepted:,} read", f"{sum(feed.rejected.values()):,} rejected"]
    parts += [f"{reason}: {count:,}" for reason, count in sorted(feed.rejected.items())]
    if feed.clock_offset_s is not None:
        parts.append(f"clock off by {feed.clock_offset_s:,.0f} s")
    if feed.own_gaps:
        parts.append(f"{len(feed.own_gaps)} gaps of our own reception")
    if feed.last_error:
        parts.append(feed.last_error)
    return ", ".join(parts)


def _backups(node: OpenNode) -> list[Reason]:
    """Say that a node that holds something was never backed up, or not for a week."""
    from ayni.node.records.models import StoredRecord  # noqa: PLC0415 -- Django is configured once a node is open

    last = backed_up_at(node.folder)
    if last is None:
        holds = StoredRecord.objects.using(node.alias).exists()
        return [Reason(says=NEVER_BACKED_UP, weight=0.0)] if holds else []
    old = node.clock() - last > BACKUP_WITHIN
    return [Reason(says=BACKED_UP_LONG_AGO, facts={"at": last.isoformat()}, weight=0.0)] if old else []


def status_of(node: OpenNode) -> Status:
    """Return how the node fares now."""
    from django.db.models import Count  # noqa: PLC0415 -- Django is configured once a node is open

    from ayni.node.post_status import post_alarms  # noqa: PLC0415 -- as above
    from ayni.node.records.models import StoredEntry, StoredOutgoing, StoredRecord  # noqa: PLC0415 -- as above
    from ayni.node.records.sealing import from_us  # noqa: PLC0415 -- as above
    from ayni.node.witnesses import alarms  # noqa: PLC0415 -- as above

    counted = StoredRecord.objects.using(node.alias).values("kind").annotate(count=Count("id")).order_by("kind")
    last = StoredEntry.objects.using(node.alias).order_by("-at").values_list("at", flat=True).first()
    return Status(
        id=node.settings.node.id,
        name=node.settings.node.name,
        country=node.settings.node.country,
        served_by=served_by(node.folder),
        restored_from=restored_from(node.folder),
        storage=node.settings.storage.engine.value,
        records={row["kind"]: row["count"] for row in counted},
        entries=StoredEntry.objects.using(node.alias).count(),
        last_entry_at=None if last is None else from_us(last),
        outbox=StoredOutgoing.objects.using(node.alias).filter(done_at=None).count(),
        free_bytes=shutil.disk_usage(node.folder).free,
        backed_up_at=backed_up_at(node.folder),
        alarms=(
            *(Reason(says=one.says, facts=dict(one.facts), weight=0.0) for one in alarms(node)),
            *post_alarms(node),
            *_backups(node),
        ),
        feeds=tuple(
            health for feed in node.settings.feeds if (health := health_of(node.folder, feed.name)) is not None
        ),
    )
