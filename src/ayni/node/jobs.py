"""What a node does by itself: forget what has expired, and clear away what crashes left.

Machines act as service officers with a person who answers for them. They may raise,
receive and expire; they never validate, share or task.
"""

from __future__ import annotations

from dataclasses import dataclass

from django.db import connections

from ayni.errors import ChangedMeanwhileError, HeldError, UnknownError
from ayni.model.act import Act, acting
from ayni.model.handling import Mandate, Purpose
from ayni.model.officer import Officer
from ayni.model.store import Query
from ayni.node.opening import OpenNode
from ayni.node.records.blobs import sweep_blobs
from ayni.node.records.faults import translated

EXPIRE = Act(name="record.expire", machine=True)
PAGE = 500
"""Records deleted in one transaction: a writer never waits longer than a fraction of a second. Ours."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Expired:
    """What one run of the retention job did."""

    deleted: int
    held: tuple[str, ...]
    """Records past their time that a court holds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Swept:
    """What one run of the sweeper removed."""

    keys: int
    files: int


def retention_officer(answerable: str) -> Officer:
    """Return the service officer `retention`, for whom the officer *answerable* answers."""
    return Officer(id="retention", name="retention", machine=True, answerable=answerable)


def expire(node: OpenNode, *, by: Officer, legal_basis: str) -> Expired:
    """Destroy the key of every record past its `keep_until`, unless a court holds it.

    Each page is one act with one entry. A record that changes meanwhile is left to the next run.

    Raises:
        NotEntitledError: if *by* is not a machine.
        NoSpaceError: if the disk is full; what was confirmed before is done.
    """
    deleted, held, after = 0, list[str](), ""
    under = Mandate(purpose=Purpose.ADMINISTRATION, legal_basis=legal_basis)
    while True:
        with node.store.work() as work:
            page = work.find(Query(expired_at=work.now, after=after, limit=PAGE))
            held += [header.id for header in page if header.hold is not None]
            due = [header.id for header in page if header.hold is None]
            kept = [header.id for header in page if header.hold is not None]
            try:
                with acting(EXPIRE, by=by, under=under, work=work) as acts:
                    for record in due:
                        acts.tombstone(record, why="retention")
                    acts.note(why="retention", records=len(due))
                if due:
                    work.commit()
                    deleted += len(due)
            except (ChangedMeanwhileError, HeldError, UnknownError):
                kept = [header.id for header in page]
        if len(page) < PAGE:
            return Expired(deleted=deleted, held=tuple(held))
        after = kept[-1] if kept else after


def sweep(node: OpenNode, *, older_than_s: int = 3600) -> Swept:
    """Remove keys without a record, files without a row, and deleted pages from the database's own log.

    What is younger than *older_than_s* stays, because its transaction may still be open.
    """
    with translated(node.folder, "clearing away"):
        keys = node.ring.sweep(node.store.record_ids, older_than_s=older_than_s)
        files = sweep_blobs(node.store.blobs, node.store.blob_tokens(), older_than_s=older_than_s)
        _forget_pages(node.alias)
    return Swept(keys=keys, files=files)


def _forget_pages(alias: str) -> None:
    connection = connections[alias]
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        else:
            for table in ("ayni_record", "ayni_token", "ayni_blob"):
                cursor.execute(f"VACUUM {table}")
