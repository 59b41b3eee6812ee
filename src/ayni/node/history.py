"""The history, for those who watch over it: who did what, why, when. Reading it is written down too."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from ayni.model.act import Act, Entry, acting
from ayni.model.handling import Mandate, Purpose
from ayni.model.officer import Officer, Role
from ayni.model.store import Work
from ayni.node.records.models import StoredEntry
from ayni.node.records.store import DjangoStore

READ_HISTORY: Final = Act(name="ledger.read", roles=frozenset({Role.OVERSIGHT}))
EXPORT_HISTORY: Final = Act(name="ledger.export", roles=frozenset({Role.OVERSIGHT}))
LOOKS: Final = ("record.open", "record.search", "subject.open", "record.preview")
"""Acts that look at content and change nothing."""
SCAN: Final = 2000
"""Entries looked through at most for one page when a filter is set; the page then says that there is more."""


def read_history(*, by: Officer, under: Mandate, work: Work) -> None:
    """Write down that somebody reads the history. The caller commits.

    Raises:
        NotEntitledError: if the officer does not watch over this node.
    """
    with acting(READ_HISTORY, by=by, under=under, work=work):
        pass


def note_export(*, entries: int, root: bytes, by: Officer, under: Mandate, work: Work) -> None:
    """Write down that somebody takes the history away for an auditor, and up to where. The caller commits.

    Raises:
        NotEntitledError: if the officer does not watch over this node.
    """
    with acting(EXPORT_HISTORY, by=by, under=under, work=work) as acts:
        acts.note(entries=entries, root=root.hex())


@dataclass(frozen=True, slots=True, kw_only=True)
class Looks:
    """How often records were looked at, by officer and purpose, over the newest entries."""

    counts: Mapping[tuple[str, Purpose], int]
    since: datetime | None
    """The oldest entry counted; None where there is none."""


def consultations(store: DjangoStore, *, newest: int = SCAN) -> Looks:
    """Count looks by officer and purpose among the *newest* entries; what they looked at is not told."""
    counts: Counter[tuple[str, Purpose]] = Counter()
    since = None
    rows = StoredEntry.objects.using(store.alias).order_by("-row")[:newest]
    for row in rows.iterator():
        entry = store.open_entry(row)
        since = entry.at
        if entry.act in LOOKS:
            counts[entry.by, entry.purpose] += 1
    return Looks(counts=counts, since=since)


def entry_page(
    store: DjangoStore, *, act: str = "", by: str = "", purpose: str = "", after: str = "", limit: int = 50
) -> tuple[Sequence[Entry], bool]:
    """Return one page of entries, newest first, and whether there are more.

    *act* may be a prefix (`signal.`); *by* is an officer's id, *purpose* the value of one. What an
    entry says is sealed, so a filter opens entries one by one, at most 2,000 for a page.
    """
    rows = StoredEntry.objects.using(store.alias).order_by("-row")
    if after:
        last = StoredEntry.objects.using(store.alias).filter(id=after).values_list("row", flat=True).first()
        rows = rows.filter(row__lt=last) if last is not None else rows.none()
    found: list[Entry] = []
    for looked_at, row in enumerate(rows[: SCAN + 1].iterator()):
        if len(found) == limit or looked_at == SCAN:
            return found, bool(found)
        entry = store.open_entry(row)
        if entry.act.startswith(act) and by in {"", entry.by} and purpose in {"", entry.purpose.value}:
            found.append(entry)
    return found, False
