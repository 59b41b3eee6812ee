"""What an act needs of storage: a unit of work. Three implementations, one contract test.

`model/memory.py` keeps everything in dictionaries, for notebooks and tests;
`node/` has SQLite and PostgreSQL. All changes of one `Work` become visible
together or not at all, and `commit` refuses a change that no entry accounts for.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

from ayni.model.columns import Where
from ayni.model.record import Cell, Header, Record

if TYPE_CHECKING:
    from ayni.model.act import Entry


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """A question about headers, answerable from clear columns alone; newest first.

    Pages are walked by key: give the id of the last header seen as `after`.
    """

    kind: str = ""
    states: tuple[str, ...] = ()
    rule: str = ""
    originator: str = ""
    agreement: str = ""
    identifier: str = ""
    """`mmsi:…`; compared as a keyed hash."""
    identified: tuple[str, ...] | None = None
    """Records found by any of these identifiers: none at all when empty, any record when None."""
    made_from: str = ""
    """Records that name this one among their parents."""
    since: datetime | None = None
    """`started_at` (or `made_at` where there is none) at or after."""
    until: datetime | None = None
    south_west: Cell | None = None
    north_east: Cell | None = None
    """Cells, inclusive; a box across the dateline has its west greater than its east."""
    expired_at: datetime | None = None
    """`keep_until` before this instant."""
    among: tuple[str, ...] | None = None
    """Only these records: none at all when empty, any when None."""
    where: Where | None = None
    """A condition on clear columns; rows that only may meet it are found too."""
    after: str = ""
    limit: int = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Outgoing:
    """A message that leaves with the transaction that caused it."""

    id: str
    to: str
    type: str
    control: bool
    """Recall, revoke, suspend and receipts overtake data."""
    payload: bytes
    expires_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """How far a stream of messages has come: the number and the hash of its last one."""

    seq: int = 0
    digest: str = ""
    """SHA-256 of the last payload; empty before the first."""


class Work(Protocol):
    """One transaction over records, entries, outbox, inbox and blobs."""

    @property
    def now(self) -> datetime:
        """The instant of this work, aware UTC, never before that of the last entry."""
        ...

    def get(self, record: str) -> Record[object]:
        """Return a record with its body, also one put in this same work.

        Raises:
            UnknownError: if it is not there, or its key was destroyed.
        """
        ...

    def find(self, query: Query) -> Sequence[Header]:
        """Return headers that match, newest first, at most `query.limit`."""
        ...

    def put(self, record: Record[object], *, replacing: int | None) -> None:
        """Store a new record (`replacing=None`, version 1) or the next version of one.

        Raises:
            ChangedMeanwhileError: if the stored version is not *replacing*, or the id is taken.
        """
        ...

    def tombstone(self, record: str, *, why: str) -> None:
        """Destroy the key of a record: its body is gone for good; id, kind and time of deletion stay.

        Raises:
            UnknownError: if it is not there.
            HeldError: if a court holds it.
        """
        ...

    def append_entry(self, entry: Entry) -> None:
        """Write an entry of the ledger in this transaction."""
        ...

    def enqueue(self, message: Outgoing) -> None:
        """Put a message into the outbox in this transaction."""
        ...

    def take_in(self, sender: str, message: str) -> bool:
        """Note that a partner's message arrived; False if it had arrived before."""
        ...

    def has_taken_in(self, sender: str, message: str) -> bool:
        """Say whether a partner's message arrived before and was accepted."""
        ...

    def place_of(self, sender: str, stream: str) -> Place:
        """Return how far a partner's stream has come here; number 0 for one not heard of."""
        ...

    def move_on(self, sender: str, stream: str, place: Place) -> None:
        """Note how far a partner's stream has come.

        Raises:
            ChangedMeanwhileError: if it has come as far, or further, already.
        """
        ...

    def put_blob(self, record: str, chunks: Iterable[bytes]) -> str:
        """Store bytes (write, fsync, rename, row) as a file of a record, and return their SHA-256 in hex.

        The record is put in this same work. A file is sealed for its record alone and gone with it.
        """
        ...

    def commit(self) -> None:
        """Make everything durable, or nothing.

        Raises:
            ValueError: if a record was changed and no entry of this work names it, an entry names a change
                that did not happen, or a file was stored for a record that was not put: a defect of the
                act, never of the officer.
            NoSpaceError: if the disk is full; nothing was written.
        """
        ...


class Store(Protocol):
    """Where units of work come from."""

    def work(self) -> AbstractContextManager[Work]:
        """Open a unit of work; leaving the block without `commit` undoes everything."""
        ...
