"""`Work` over SQLite and PostgreSQL: everything of one act becomes durable together, or nothing.

Reading needs no transaction. The first change opens one, and from then on whatever
was read with `get` must still be as it was read, or `ChangedMeanwhileError` is
raised. On SQLite a writer waits for the writer before it; on PostgreSQL rows are
locked as they are touched.

Order of a commit, chosen so that every crash between two steps is harmless:

    1. rows written            nothing visible yet
    2. keys of new records     durable in the ring; without a row they open nothing and are swept
    3. files renamed           without a row they are swept
    4. database commit         the act has happened
    5. keys destroyed          of deleted records; a crash before this is completed at the next start
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from django.db import IntegrityError, connections, transaction

from ayni.errors import ChangedMeanwhileError, HeldError, RestoredError, UnknownError, UnreadableError
from ayni.model.act import Entry, leaf_of
from ayni.model.codec import from_own_json, to_json
from ayni.model.memory import check_accounted, check_filed
from ayni.model.record import Header, Record
from ayni.model.store import Outgoing, Place, Query
from ayni.node.key_ring import DEK, KeyRing
from ayni.node.keys import NodeKeys
from ayni.node.records.blobs import WrittenBlob, blob_path, place_blob, read_blob, write_blob
from ayni.node.records.faults import translated
from ayni.node.records.finding import matching
from ayni.node.records.models import (
    StoredBlob,
    StoredEntry,
    StoredOutgoing,
    StoredRecord,
    StoredTombstone,
)
from ayni.node.records.rows import Rows
from ayni.node.records.sealing import (
    bound_to,
    from_us,
    header_of,
    seal,
    seal_record,
    to_us,
    unseal,
    unseal_row,
)
from ayni.node.records.turnstile import writing


@dataclass(frozen=True, slots=True, kw_only=True)
class DjangoStore:
    """Where units of work over a node's database come from."""

    alias: str
    """Database alias, as `django_setup.configure` returned it."""
    folder: Path
    """The node's folder; errors name it."""
    keys: NodeKeys
    ring: KeyRing
    clock: Callable[[], datetime]
    kinds: Mapping[str, type[object]]
    """Record kinds and the type of their body."""
    restored_from: Callable[[], str]
    """The instant of the backup this node was restored from, or empty when all is reconciled."""

    @contextmanager
    def work(self) -> Iterator[DjangoWork]:
        """Open a unit of work; leaving the block without `commit` undoes everything.

        Raises:
            RestoredError: if the node was restored and not reconciled.
        """
        if made_at := self.restored_from():
            raise RestoredError(folder=str(self.folder), made_at=made_at)
        with translated(self.folder, "opening a unit of work"):
            last = Rows(self.alias).last_entry_at()
        now = self.clock()
        work = DjangoWork(self, now if last is None else max(now, from_us(last)))
        try:
            yield work
        finally:
            work.close()

    @property
    def entries(self) -> Sequence[Entry]:
        """Every entry committed, in order of writing."""
        rows = StoredEntry.objects.using(self.alias).order_by("row")
        return tuple(self.open_entry(row) for row in rows.iterator())

    @property
    def outbox(self) -> Sequence[Outgoing]:
        """Every message committed whose fate is not known yet, in order of writing."""
        rows = StoredOutgoing.objects.using(self.alias).filter(done_at=None).order_by("row")
        return tuple(self.open_outgoing(row) for row in rows.iterator())

    @property
    def blobs(self) -> Path:
        """Where files lie."""
        return self.folder / "blobs"

    def finish_deletions(self) -> int:
        """Destroy the keys of deleted records that a crash left; return how many."""
        with translated(self.folder, "reading tombstones"):
            gone = list(StoredTombstone.objects.using(self.alias).values_list("id", flat=True).iterator())
        left = [record for record in gone if record in self.ring]
        self.ring.destroy(left)
        return len(left)

    def record_ids(self) -> list[str]:
        """Return the id of every record there is a row of, in order."""
        return list(StoredRecord.objects.using(self.alias).order_by("id").values_list("id", flat=True))

    def blob_tokens(self) -> set[bytes]:
        """Return the keyed hash of every file there is a row of."""
        return {bytes(token) for token in StoredBlob.objects.using(self.alias).values_list("token", flat=True)}

    def open_entry(self, row: StoredEntry) -> Entry:
        """Return the entry of a row of the history."""
        return from_own_json(unseal(self.keys.history, row.sealed, f"entry|{row.id}".encode()), Entry)

    def open_outgoing(self, row: StoredOutgoing) -> Outgoing:
        """Return the message of a row of the outbox."""
        return Outgoing(
            id=row.id,
            to=row.to,
            type=row.type,
            control=row.control,
            payload=unseal(self.keys.history, row.payload, f"outgoing|{row.id}".encode()),
            expires_at=from_us(row.expires_at),
        )

    def open_row(self, row: StoredRecord) -> Record[object]:
        """Return the record of a row.

        Raises:
            UnknownError: if its key was destroyed.
            UnreadableError: if it does not open, or its kind is not known here.
        """
        key = self.ring.get(row.id)
        if key is None:
            raise UnknownError(kind="record", name=row.id)
        hidden, body = unseal_row(key, row)
        kind = self.kinds.get(row.kind)
        if kind is None:
            raise UnreadableError(file=f"record {row.id}", why=f"records of kind {row.kind} are not known here")
        return Record(header=header_of(row, hidden), body=from_own_json(body, kind))

    def read_blob(self, record: str, digest: str) -> Iterator[bytes]:
        """Yield the content of a file of a record, by the digest `put_blob` returned.

        Raises:
            UnknownError: if it is not there, or the record was deleted.
            UnreadableError: if it was changed or cut.
        """
        token = self.file_token(record, digest)
        known = StoredBlob.objects.using(self.alias).filter(token=token).exists()
        key = self.ring.get(record) if known else None
        if key is None:
            raise UnknownError(kind="file", name=digest)
        return read_blob(blob_path(self.blobs, token), key)

    def file_token(self, record: str, digest: str) -> bytes:
        """Return the name of a file: a keyed hash of its record and its content."""
        return self.keys.token(f"blob:{record}:{digest}")


class DjangoWork:
    """A unit of work over `DjangoStore`. See `ayni.model.store.Work` for the contract."""

    def __init__(self, store: DjangoStore, now: datetime) -> None:
        self._store = store
        self._now = now
        self._using = store.alias
        self._rows = Rows(store.alias)
        self._atomic: Any = None
        self._reset()

    def _reset(self) -> None:
        self._read: dict[str, int] = {}
        self._named: dict[str, tuple[str, ...]] = {}
        """By what the version last read or put is found, so that what stays is not written again."""
        self._put: dict[str, Record[object]] = {}
        self._new_keys: dict[str, bytes] = {}
        self._doomed: list[str] = []
        self._written: list[tuple[WrittenBlob, bytes]] = []
        self._filed: set[str] = set()
        self._unfiled: list[bytes] = []
        self._kinds: set[str] = set()
        """Kinds of what was put."""
        self._none: dict[tuple[str, tuple[str, ...], str], bool] = {}
        """Whether there is no record at all of a kind, in some states, of an originator: asked once a transaction."""
        self._changed: set[tuple[str, int]] = set()
        self._accounted: set[tuple[str, int]] = set()

    @property
    def now(self) -> datetime:
        """The instant of this work, aware UTC, never before that of the last entry."""
        return self._now

    def get(self, record: str) -> Record[object]:
        """Return a record with its body, also one put in this same work."""
        if record in self._put:
            return self._put[record]
        with translated(self._store.folder, "reading a record"):
            row = self._rows.record(record, lock=self._atomic is not None)
        if row is None:
            raise UnknownError(kind="record", name=record)
        found = self._store.open_row(row)
        self._read[record] = found.header.version
        self._named[record] = found.header.identifiers
        return found

    def find(self, query: Query) -> Sequence[Header]:
        """Return headers that match, newest first, at most `query.limit`."""
        store = self._store
        if self._are_none(query):
            return []
        with translated(store.folder, "searching records"):
            rows = self._rows.records(matching(query, using=self._using, token=store.keys.token))
        found = []
        for row in rows:
            key = self._new_keys.get(row.id) or store.ring.get(row.id)
            if key is not None:
                found.append(header_of(row, unseal_row(key, row)[0]))
        return found

    def _are_none(self, query: Query) -> bool:
        """Say whether nothing can match, because there is nothing of that sort; of a delivery each message asks that.

        Only within a transaction, in which others' changes are not looked for again, and not for what it put itself.
        """
        if self._atomic is None or not query.identifier or not query.kind:
            return False
        if query.kind in self._kinds:
            return False
        asked = (query.kind, query.states, query.originator)
        if asked not in self._none:
            with translated(self._store.folder, "searching records"):
                self._none[asked] = not self._rows.any_of(*asked)
        return self._none[asked]

    def put(self, record: Record[object], *, replacing: int | None) -> None:
        """Store a new record (`replacing=None`, version 1) or the next version of one."""
        header = record.header
        self._begin()
        with translated(self._store.folder, "storing a record"):
            if replacing is None:
                gone, stored = self._rows.taken(header.id)
            else:
                gone, stored = False, self._rows.versions([header.id], lock=True).get(header.id)
            if gone or stored != replacing or header.version != (replacing or 0) + 1:
                raise ChangedMeanwhileError(record=header.id, stored=stored, yours=replacing)
            row = seal_record(self._key_of(header.id, new=replacing is None), record)
            try:
                (self._rows.insert if replacing is None else self._rows.update)(row)
            except IntegrityError as error:
                raise ChangedMeanwhileError(record=header.id, stored="another", yours=replacing) from error
            if self._named.get(header.id) != header.identifiers:
                self._put_tokens(header, fresh=replacing is None)
                self._named[header.id] = header.identifiers
        self._put[header.id] = record
        self._kinds.add(header.kind)
        self._changed.add((header.id, header.version))

    def tombstone(self, record: str, *, why: str) -> None:
        """Destroy the key of a record: its body is gone for good; id, kind and time of deletion stay."""
        self._begin()
        with translated(self._store.folder, "deleting a record"):
            row = self._rows.record(record, lock=True)
            if row is None:
                raise UnknownError(kind="record", name=record)
            self._refuse_held(row)
            self._unfiled += self._rows.delete(record)
            why_sealed = seal(self._store.keys.history, why.encode(), bound_to(record, "tombstone", 0))
            self._rows.bury(record, row.kind, to_us(self._now), why_sealed)
        self._put.pop(record, None)
        self._read.pop(record, None)
        if self._new_keys.pop(record, None) is None:
            self._doomed.append(record)
        self._changed.add((record, 0))

    def append_entry(self, entry: Entry) -> None:
        """Write an entry of the ledger in this transaction."""
        self._begin()
        with translated(self._store.folder, "writing the history"):
            sealed = seal(self._store.keys.history, to_json(entry), f"entry|{entry.id}".encode())
            self._rows.add_entry(entry.id, to_us(entry.at), leaf_of(entry).to_bytes(), sealed)
        self._accounted |= {(touched.record, touched.version) for touched in entry.touched if not touched.opened}

    def enqueue(self, message: Outgoing) -> None:
        """Put a message into the outbox in this transaction."""
        self._begin()
        with translated(self._store.folder, "writing the outbox"):
            sealed = seal(self._store.keys.history, message.payload, f"outgoing|{message.id}".encode())
            self._rows.enqueue(
                (message.id, message.to, message.type, message.control, to_us(message.expires_at), sealed)
            )

    def take_in(self, sender: str, message: str) -> bool:
        """Note that a partner's message arrived; False if it had arrived before."""
        self._begin()
        with translated(self._store.folder, "writing the inbox"):
            return self._rows.arrived(sender, message, to_us(self._now))

    def has_taken_in(self, sender: str, message: str) -> bool:
        """Say whether a partner's message arrived before and was accepted."""
        with translated(self._store.folder, "reading the inbox"):
            return self._rows.has_arrived(sender, message)

    def place_of(self, sender: str, stream: str) -> Place:
        """Return how far a partner's stream has come here; number 0 for one not heard of."""
        with translated(self._store.folder, "reading the inbox"):
            found = self._rows.place(sender, stream)
        return Place() if found is None else Place(seq=found[0], digest=found[1])

    def move_on(self, sender: str, stream: str, place: Place) -> None:
        """Note how far a partner's stream has come."""
        self._begin()
        with translated(self._store.folder, "writing the inbox"):
            if not self._rows.move_on(sender, stream, (place.seq, place.digest)):
                raise ChangedMeanwhileError(record=stream, stored="further on", yours=place.seq)

    def put_blob(self, record: str, chunks: Iterable[bytes]) -> str:
        """Store bytes (write, fsync, rename, row) as a file of a record, and return their SHA-256 in hex."""
        store = self._store
        key = store.ring.get(record) or self._new_keys.setdefault(record, os.urandom(DEK))
        written = write_blob(store.blobs, chunks, key)
        token = store.file_token(record, written.digest)
        self._begin()
        with translated(store.folder, "storing a file"):
            fresh = self._rows.add_blob(token, record, written.size, to_us(self._now))
        self._filed.add(record)
        if fresh:
            self._written.append((written, token))
        else:
            written.path.unlink(missing_ok=True)
        return written.digest

    def commit(self) -> None:
        """Make everything durable, or nothing."""
        check_accounted(self._changed, self._accounted)
        check_filed(self._filed, self._changed)
        store = self._store
        if self._atomic is not None:
            store.ring.add(self._new_keys)
            for written, token in self._written:
                place_blob(store.blobs, written, token)
            with translated(store.folder, "committing"):
                atomic, self._atomic = self._atomic, None
                atomic.__exit__(None, None, None)
            store.ring.destroy(self._doomed)
            for token in self._unfiled:
                blob_path(store.blobs, token).unlink(missing_ok=True)
        self._reset()

    def close(self) -> None:
        """Undo what was not committed."""
        if self._atomic is not None:
            atomic, self._atomic = self._atomic, None
            with translated(self._store.folder, "undoing"):
                if not connections[self._using].closed_in_transaction:
                    transaction.set_rollback(True, using=self._using)
                atomic.__exit__(None, None, None)
        for written, _ in self._written:
            written.path.unlink(missing_ok=True)
        self._reset()

    def _refuse_held(self, row: StoredRecord) -> None:
        """Refuse to delete what a court holds; a record whose key is gone (after a restore) is past holding."""
        key = self._new_keys.get(row.id) or self._store.ring.get(row.id)
        held = unseal_row(key, row)[0].hold if key is not None and row.held else None
        if held is not None:
            raise HeldError(record=row.id, court=held.court, review_on=held.review_on.date())

    def _begin(self) -> None:
        """Open the transaction at the first change, and check that what was read still holds."""
        if self._atomic is not None:
            return
        with translated(self._store.folder, "opening a transaction"):
            atomic = writing(self._using)
            atomic.__enter__()
            self._atomic = atomic
            if not self._read:
                return
            now = self._rows.versions(list(self._read), lock=True)
        for record, version in self._read.items():
            if now.get(record) != version:
                raise ChangedMeanwhileError(record=record, stored=now.get(record), yours=version)

    def _key_of(self, record: str, *, new: bool) -> bytes:
        key = self._new_keys.get(record)
        if key is None and new:
            key = self._new_keys[record] = os.urandom(DEK)
        if key is None:
            key = self._store.ring.get(record)
        if key is None:
            raise UnknownError(kind="record", name=record)
        return key

    def _put_tokens(self, header: Header, *, fresh: bool) -> None:
        if not fresh:
            self._rows.forget_tokens(header.id)
        if header.identifiers:
            tokens = {self._store.keys.token(identifier) for identifier in header.identifiers}
            self._rows.add_tokens(header.id, tokens)
