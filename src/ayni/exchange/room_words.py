"""What is said in a room, and what each node keeps of it.

A room is a working group of several nodes for one operation. It has no server: every member signs a
stream of its own, numbered and chained by hash, and hands each entry sealed to every other member;
each node has its own copy, and nothing has to be agreed among them. Who is a member is an entry of
the founder's stream. Every entry names how far its author has heard the others (`heads`): that is
how two members find out that a third told them different things.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import cast

from ayni.errors import UnknownError
from ayni.exchange.payload import is_digest
from ayni.model.checks import aware, is_uuid7, require
from ayni.model.record import Header, Record
from ayni.model.store import Query, Work

ROOM, ENTRY, FORK = "room", "room-entry", "room-fork"
OPEN, CLOSED = "open", "closed"
"""States of a room here: closed once we are no member any more."""
MAX_MEMBERS = 64
MAX_WORDS = 16_000
"""Characters of one entry."""
MAX_LISTED = 32
MOST = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """How far the author had heard another member."""

    author: str
    seq: int
    digest: str

    def __post_init__(self) -> None:
        require(self.seq >= 1 and is_digest(self.digest), "heads", "a number and 64 hex digits")


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One entry of one member's stream, as it is signed."""

    room: str
    founder: str
    author: str
    seq: int
    """1, 2, 3… in the author's stream in this room."""
    prev: str
    """SHA-256 of the author's entry before; empty for the first."""
    at: datetime
    words: str = ""
    records: tuple[str, ...] = ()
    """Records it speaks of; they are shared by themselves, as agreements allow."""
    name: str = ""
    """Name of the room; only where members are named."""
    members: tuple[str, ...] = ()
    """Who is a member from here on, the founder with them; only in the founder's stream."""
    heads: tuple[Head, ...] = ()

    def __post_init__(self) -> None:
        aware(self.at, "at")
        require(is_uuid7(self.room), "room", "not a UUIDv7 in lower case")
        require(self.seq >= 1 and (self.seq == 1) == (not self.prev), "prev", "every entry but the first has one")
        require(not self.prev or is_digest(self.prev), "prev", "64 hex digits")
        require(len(self.words) <= MAX_WORDS, "words", f"at most {MAX_WORDS} characters")
        require(len(self.records) <= MAX_LISTED, "records", f"at most {MAX_LISTED}")
        require(max(len(self.members), len(self.heads)) <= MAX_MEMBERS, "members", f"at most {MAX_MEMBERS}")
        require(len(set(self.members)) == len(self.members), "members", "a member stands twice")
        require(not self.members or self.author == self.founder, "members", "only the founder says who is a member")
        require(not self.members or self.founder in self.members, "members", "the founder is one of them")
        require(bool(self.members) == bool(self.name.strip()), "name", "a room has a name where members are named")
        require(bool(self.members or self.words.strip() or self.records), "words", "an entry says something")


@dataclass(frozen=True, slots=True, kw_only=True)
class Spoken:
    """Body of a message: an entry as its author signed it."""

    entry: str
    exhibit: bool = False
    """True when it is shown because somebody's heads contradict it, not said anew."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """Body of a record of kind `room`: this node's own copy of how it stands."""

    room: str
    name: str
    founder: str
    agreement: str
    members: tuple[str, ...]
    heads: tuple[Head, ...] = ()
    """Last entry of each member that is here."""
    missing: int = 0
    """Entries that others have numbered and that did not come here."""

    def head(self, author: str) -> Head | None:
        """Return the last entry of a member that is here, or None."""
        return next((one for one in self.heads if one.author == author), None)

    def moved(self, head: Head) -> tuple[Head, ...]:
        """Return the heads with one member's moved on."""
        return (*(one for one in self.heads if one.author != head.author), head)


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptEntry:
    """Body of a record of kind `room-entry`."""

    said: Entry
    word: str
    digest: str
    heard_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Fork:
    """Body of a record of kind `room-fork`: two entries that one member signed and that cannot both stand.

    Both carry its signatures, so that anyone may verify it.
    """

    room: str
    author: str
    seq: int
    one: str
    other: str
    heard_from: str
    at: datetime


KINDS: Mapping[str, type[object]] = {ROOM: Room, ENTRY: KeptEntry, FORK: Fork}
"""Record kinds of this module and the type of their body."""


def room_of(work: Work, room: str) -> Record[object] | None:
    """Return this node's copy of a room, or None if it is in no such room."""
    found = work.find(Query(kind=ROOM, identifier=f"room:{room}", limit=1))
    return work.get(found[0].id) if found else None


def room_in(record: Record[object]) -> Room:
    """Return the body of a room."""
    return cast("Room", record.body)


def find_room(work: Work, room: str) -> Record[object]:
    """Return this node's copy of a room.

    Raises:
        UnknownError: if it is in no such room.
    """
    found = room_of(work, room)
    if found is None:
        raise UnknownError(kind="room", name=room)
    return found


def entry_names(entry: Entry) -> tuple[str, ...]:
    """Return the identifiers under which an entry, or a fork at it, is found."""
    return (f"room:{entry.room}", f"entry:{entry.room}:{entry.author}:{entry.seq}")


def entry_at(work: Work, room: str, author: str, seq: int) -> KeptEntry | None:
    """Return one entry of one member as it came here, or None."""
    found = work.find(Query(kind=ENTRY, identifier=f"entry:{room}:{author}:{seq}", limit=1))
    return cast("KeptEntry", work.get(found[0].id).body) if found else None


def rooms(work: Work) -> Sequence[Header]:
    """Return the headers of rooms that this node is or was in, newest first."""
    return work.find(Query(kind=ROOM, limit=MOST))
