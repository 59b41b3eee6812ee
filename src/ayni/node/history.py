"""The history, for those who watch over it: who did what, why, when. Reading it is written down too."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from ayni.model.act import Act, Entry, acting
from ayni.model.handling import Mandate
from ayni.model.officer import Officer, Role
from ayni.model.store import Work
from ayni.node.records.models import StoredEntry
from ayni.node.records.store import DjangoStore

READ_HISTORY: Final = Act(name="ledger.read", roles=frozenset({Role.OVERSIGHT}))
SCAN: Final = 2000
"""Entries looked through at most for one page when a filter is set; the page then says that there is more."""


def read_history(*, by: Officer, under: Mandate, work: Work) -> None:
    """Write down that somebody reads the history. The caller commits.

    Raises:
        NotEntitledError: if the officer does not watch over this node.
    """
    with acting(READ_HISTORY, by=by, under=under, work=work):
        pass


def entry_page(
    store: DjangoStore, *, act: str = "", by: str = "", after: str = "", limit: int = 50
) -> tuple[Sequence[Entry], bool]:
    """Return one page of entries, newest first, and whether there are more.

    *act* may be a prefix (`signal.`); *by* is an officer's id. What an entry says is sealed,
    so a filter opens entries one by one, at most 2,000 for a page.
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
        if entry.act.startswith(act) and by in {"", entry.by}:
            found.append(entry)
    return found, False
