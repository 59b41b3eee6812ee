"""A store in memory: for notebooks, tests and the contract that SQLite and PostgreSQL must meet."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime

from ayni.errors import ChangedMeanwhileError, HeldError, UnknownError
from ayni.model.act import Entry
from ayni.model.columns import may_match
from ayni.model.record import Header, Record
from ayni.model.store import Outgoing, Place, Query


@dataclass(slots=True)
class _Shelves:
    records: dict[str, Record[object]] = field(default_factory=dict[str, Record[object]])
    tombstones: dict[str, str] = field(default_factory=dict[str, str])
    entries: list[Entry] = field(default_factory=list[Entry])
    outbox: list[Outgoing] = field(default_factory=list[Outgoing])
    inbox: set[tuple[str, str]] = field(default_factory=set[tuple[str, str]])
    places: dict[tuple[str, str], Place] = field(default_factory=dict[tuple[str, str], Place])
    blobs: dict[tuple[str, str], bytes] = field(default_factory=dict[tuple[str, str], bytes])

    def copy(self) -> _Shelves:
        return _Shelves(
            records=dict(self.records),
            tombstones=dict(self.tombstones),
            entries=list(self.entries),
            outbox=list(self.outbox),
            inbox=set(self.inbox),
            places=dict(self.places),
            blobs=dict(self.blobs),
        )


class MemoryStore:
    """Keeps records, entries, outbox, inbox and blobs in dictionaries. One work at a time."""

    def __init__(self, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._clock = clock
        self._shelves = _Shelves()

    @contextmanager
    def work(self) -> Iterator[MemoryWork]:
        """Open a unit of work; leaving the block without `commit` undoes everything."""
        last = self._shelves.entries[-1].at if self._shelves.entries else None
        now = self._clock()
        yield MemoryWork(self, now if last is None else max(now, last))

    @property
    def entries(self) -> Sequence[Entry]:
        """Every entry committed, in order."""
        return tuple(self._shelves.entries)

    @property
    def outbox(self) -> Sequence[Outgoing]:
        """Every message committed, in order."""
        return tuple(self._shelves.outbox)

    def read_blob(self, record: str, digest: str) -> Iterator[bytes]:
        """Yield the content of a file of a record, by the digest `put_blob` returned.

        Raises:
            UnknownError: if it is not there, or the record was deleted.
        """
        if (record, digest) not in self._shelves.blobs:
            raise UnknownError(kind="file", name=digest)
        return iter((self._shelves.blobs[record, digest],))


class MemoryWork:
    """A unit of work over `MemoryStore`. See `ayni.model.store.Work` for the contract."""

    def __init__(self, store: MemoryStore, now: datetime) -> None:
        self._store = store
        self._shelves = store._shelves.copy()  # noqa: SLF001 -- the two classes are one implementation
        self._now = now
        self._changed: set[tuple[str, int]] = set()
        self._accounted: set[tuple[str, int]] = set()
        self._filed: set[str] = set()

    @property
    def now(self) -> datetime:
        """The instant of this work, aware UTC."""
        return self._now

    def get(self, record: str) -> Record[object]:
        """Return a record with its body."""
        found = self._shelves.records.get(record)
        if found is None:
            raise UnknownError(kind="record", name=record)
        return found

    def find(self, query: Query) -> Sequence[Header]:
        """Return headers that match, newest first."""
        ordered = sorted((record.header for record in self._shelves.records.values()), key=_order, reverse=True)
        if query.after:
            last = self._shelves.records.get(query.after)
            if last is not None:
                ordered = [header for header in ordered if _order(header) < _order(last.header)]
        return [header for header in ordered if _matches(header, query)][: query.limit]

    def put(self, record: Record[object], *, replacing: int | None) -> None:
        """Store a new record or the next version of one."""
        header = record.header
        stored = self._shelves.records.get(header.id)
        version = stored.header.version if stored else None
        gone = header.id in self._shelves.tombstones
        if gone or version != replacing or header.version != (replacing or 0) + 1:
            raise ChangedMeanwhileError(record=header.id, stored=version, yours=replacing)
        self._shelves.records[header.id] = record
        self._changed.add((header.id, header.version))

    def tombstone(self, record: str, *, why: str) -> None:
        """Destroy a record; id and reason stay."""
        held = self.get(record).header.hold
        if held is not None:
            raise HeldError(record=record, court=held.court, review_on=held.review_on.date())
        del self._shelves.records[record]
        self._shelves.tombstones[record] = why
        for name in [name for name in self._shelves.blobs if name[0] == record]:
            del self._shelves.blobs[name]
        self._changed.add((record, 0))

    def append_entry(self, entry: Entry) -> None:
        """Write an entry."""
        self._shelves.entries.append(entry)
        self._accounted |= {(touched.record, touched.version) for touched in entry.touched if not touched.opened}

    def enqueue(self, message: Outgoing) -> None:
        """Put a message into the outbox."""
        self._shelves.outbox.append(message)

    def take_in(self, sender: str, message: str) -> bool:
        """Note that a partner's message arrived; False if it had arrived before."""
        if (sender, message) in self._shelves.inbox:
            return False
        self._shelves.inbox.add((sender, message))
        return True

    def has_taken_in(self, sender: str, message: str) -> bool:
        """Say whether a partner's message arrived before and was accepted."""
        return (sender, message) in self._shelves.inbox

    def place_of(self, sender: str, stream: str) -> Place:
        """Return how far a partner's stream has come here."""
        return self._shelves.places.get((sender, stream), Place())

    def move_on(self, sender: str, stream: str, place: Place) -> None:
        """Note how far a partner's stream has come."""
        if self.place_of(sender, stream).seq >= place.seq:
            raise ChangedMeanwhileError(record=stream, stored="further on", yours=place.seq)
        self._shelves.places[sender, stream] = place

    def put_blob(self, record: str, chunks: Iterable[bytes]) -> str:
        """Store bytes as a file of a record, and return their SHA-256 in hex."""
        data = b"".join(chunks)
        digest = hashlib.sha256(data).hexdigest()
        self._shelves.blobs[record, digest] = data
        self._filed.add(record)
        return digest

    def commit(self) -> None:
        """Make everything visible, or refuse a change that no entry accounts for."""
        check_accounted(self._changed, self._accounted)
        check_filed(self._filed, self._changed)
        self._store._shelves = self._shelves.copy()  # noqa: SLF001 -- the two classes are one implementation


def check_accounted(changed: set[tuple[str, int]], accounted: set[tuple[str, int]]) -> None:
    """Refuse changes without entries and entries without changes; every `Work` calls it before committing.

    Raises:
        ValueError: naming the records.
    """
    if changed != accounted:
        silent = sorted(record for record, _ in changed - accounted)
        claimed = sorted(record for record, _ in accounted - changed)
        message = f"changed without an entry: {silent}; entered without a change: {claimed}"
        raise ValueError(message)


def check_filed(filed: set[str], changed: set[tuple[str, int]]) -> None:
    """Refuse files of records that the same work did not put; every `Work` calls it before committing.

    Raises:
        ValueError: naming the records.
    """
    if strays := sorted(filed - {record for record, _ in changed}):
        message = f"a file was stored for a record that was not put: {strays}"
        raise ValueError(message)


def _order(header: Header) -> tuple[datetime, str]:
    return header.started_at or header.made_at, header.id


def _matches(header: Header, query: Query) -> bool:
    at = header.started_at or header.made_at
    return all(
        (
            not query.kind or header.kind == query.kind,
            not query.states or header.state in query.states,
            not query.rule or header.rule == query.rule,
            not query.originator or header.originator == query.originator,
            not query.agreement or header.agreement == query.agreement,
            not query.identifier or query.identifier in header.identifiers,
            not query.made_from or query.made_from in header.parents,
            query.among is None or header.id in query.among,
            query.identified is None or not set(query.identified).isdisjoint(header.identifiers),
            query.since is None or at >= query.since,
            query.until is None or at < query.until,
            query.expired_at is None or header.keep_until < query.expired_at,
            query.where is None or may_match(query.where, header),
            _inside(header, query),
        )
    )


def _inside(header: Header, query: Query) -> bool:
    if query.south_west is None or query.north_east is None:
        return True
    if header.cell is None:
        return False
    south, west = query.south_west
    north, east = query.north_east
    lat, lon = header.cell
    across = west > east
    return south <= lat <= north and (lon >= west or lon <= east if across else west <= lon <= east)
