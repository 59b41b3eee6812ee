"""The one mechanism through which every change passes.

An act has an officer, a purpose and a legal basis, none with a default. It checks
entitlement first, changes state, and is written down in the ledger in the same
transaction. Machines may raise, receive and expire; they never validate, share
or task.

    with acting(VALIDATE, by=officer, under=mandate, work=work) as acts:
        record = acts.get(signal)
        acts.put(replace(record, ...), replacing=record.header.version)
    work.commit()

What is written down is an `Entry`; what enters the Merkle log is its `Leaf`, which
holds a salted hash and no personal data, so that deletion never fights the log.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime

from ayni.errors import NotEntitledError, UnreadableError
from ayni.model.checks import aware, require, uuid7
from ayni.model.codec import to_json
from ayni.model.handling import Mandate, Purpose
from ayni.model.officer import Officer, Role
from ayni.model.record import Header, Record
from ayni.model.signal import Fact, check_facts
from ayni.model.store import Outgoing, Query, Work

LEAF_PREFIX = "ayni-leaf/1"
SALT_BYTES = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """A thing that can be done, and who may do it."""

    name: str
    """`signal.validate`, `task.accept`…"""
    roles: frozenset[Role] = frozenset()
    machine: bool = False
    """True when a service officer may do it: raise, receive, expire; never validate, share or task."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Touched:
    """A record an act changed or opened. `version` 0 means that its key was destroyed."""

    record: str
    version: int
    opened: bool = False
    """True when it was read, not changed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One line of the node's history: who did what to which records, why, and when."""

    id: str
    """UUIDv7."""
    act: str
    at: datetime
    by: str
    answerable: str = ""
    purpose: Purpose
    legal_basis: str
    touched: tuple[Touched, ...] = ()
    facts: Mapping[str, Fact] = field(default_factory=dict[str, Fact])
    salt: str
    """32 hex digits: without it the hash in the log could be guessed."""

    def __post_init__(self) -> None:
        aware(self.at, "at")
        check_facts(self.facts, "facts")
        require(len(self.salt) == 2 * SALT_BYTES, "salt", f"needs {SALT_BYTES} bytes in hex")


@dataclass(frozen=True, slots=True, kw_only=True)
class Leaf:
    """What the Merkle log holds of an entry. The format is fixed: `ayni-leaf/1`.

    Five lines of ASCII, each ended by a line feed: prefix, entry id, act, milliseconds
    since 1970 in UTC, and SHA-256 in hex over the salt followed by the entry's JSON.
    """

    id: str
    act: str
    at_ms: int
    digest: str

    def to_bytes(self) -> bytes:
        """Return the bytes that are hashed into the log."""
        return f"{LEAF_PREFIX}\n{self.id}\n{self.act}\n{self.at_ms}\n{self.digest}\n".encode("ascii")

    @staticmethod
    def from_bytes(data: bytes) -> Leaf:
        """Read a leaf back.

        Raises:
            UnreadableError: if it is not exactly of this format.
        """
        try:
            prefix, entry, act, at_ms, digest, rest = data.decode("ascii").split("\n")
            leaf = Leaf(id=entry, act=act, at_ms=int(at_ms), digest=digest)
        except ValueError as error:
            raise UnreadableError(file="ledger leaf", why="not five lines of ASCII") from error
        if prefix != LEAF_PREFIX or rest or leaf.to_bytes() != data:
            raise UnreadableError(file="ledger leaf", why=f"not of format {LEAF_PREFIX}")
        return leaf


def leaf_of(entry: Entry) -> Leaf:
    """Return the leaf of *entry*; anyone given the entry can recompute it."""
    digest = hashlib.sha256(bytes.fromhex(entry.salt) + to_json(entry)).hexdigest()
    return Leaf(id=entry.id, act=entry.act, at_ms=round(entry.at.timestamp() * 1000), digest=digest)


def check_entitled(act: Act, by: Officer) -> None:
    """Refuse an officer whose roles do not allow *act*.

    Raises:
        NotEntitledError: naming officer and act.
    """
    allowed = act.machine if by.machine else bool(act.roles & by.roles)
    if not allowed:
        raise NotEntitledError(officer=by.name, act=act.name)


class Acting:
    """What an act may do while it lasts; everything it touches goes into its entry."""

    def __init__(self, work: Work) -> None:
        self._work = work
        self._touched: list[Touched] = []
        self._facts: dict[str, Fact] = {}

    @property
    def now(self) -> datetime:
        """The instant of the work, aware UTC."""
        return self._work.now

    def get(self, record: str) -> Record[object]:
        """Return a record in order to change it."""
        return self._work.get(record)

    def open(self, record: str) -> Record[object]:
        """Return a record in order to read it: the consultation itself is written down."""
        found = self._work.get(record)
        self._touched.append(Touched(record=record, version=found.header.version, opened=True))
        return found

    def find(self, query: Query) -> Sequence[Header]:
        """Return headers that match."""
        return self._work.find(query)

    def put(self, record: Record[object], *, replacing: int | None) -> None:
        """Store a record and name it in the entry."""
        self._work.put(record, replacing=replacing)
        self._touched.append(Touched(record=record.header.id, version=record.header.version))

    def tombstone(self, record: str, *, why: str) -> None:
        """Destroy a record's key and name it in the entry."""
        self._work.tombstone(record, why=why)
        self._touched.append(Touched(record=record, version=0))

    def enqueue(self, message: Outgoing) -> None:
        """Put a message into the outbox."""
        self._work.enqueue(message)

    def take_in(self, sender: str, message: str) -> bool:
        """Note that a partner's message arrived; False if it had arrived before."""
        return self._work.take_in(sender, message)

    def put_blob(self, record: str, chunks: Iterable[bytes]) -> str:
        """Store bytes as a file of a record that this act puts, and return their SHA-256 in hex."""
        return self._work.put_blob(record, chunks)

    def note(self, **facts: Fact) -> None:
        """Add facts to the entry: the reason given, the state before and after."""
        self._facts.update(facts)

    def entry(self, act: Act, by: Officer, under: Mandate) -> Entry:
        """Return the entry that accounts for everything done so far."""
        at = self._work.now.astimezone(UTC)
        return Entry(
            id=uuid7(round(at.timestamp() * 1000)),
            act=act.name,
            at=at,
            by=by.id,
            answerable=by.answerable,
            purpose=under.purpose,
            legal_basis=under.legal_basis,
            touched=tuple(self._touched),
            facts=dict(self._facts),
            salt=os.urandom(SALT_BYTES).hex(),
        )


@contextmanager
def acting(act: Act, *, by: Officer, under: Mandate, work: Work) -> Iterator[Acting]:
    """Check entitlement, let the block change state, and write it down. The caller commits the work.

    Raises:
        NotEntitledError: before anything is touched.
    """
    check_entitled(act, by)
    acts = Acting(work)
    yield acts
    work.append_entry(acts.entry(act, by, under))
