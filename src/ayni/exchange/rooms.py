"""Working groups of several nodes for one operation: found one, speak in it, say who is a member, read it.

    found      the founder names the members; each is told, and has a room of its own from then on
    say        an entry of our stream, sealed to every other member
    admit      the founder says anew who is a member; whoever was taken out hears nothing more
    read       this node's own copy: what came, what is missing, who told two of us different things
    overview   the rooms that this node is or was in, by name

Whoever joins later has not heard what was said before. Records are not shared by naming them in a
room: each is shared by itself, and its agreement decides.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC
from typing import cast

from ayni.agreements.book import Book
from ayni.errors import NotAgreedError, NotEntitledError, WrongStateError
from ayni.exchange.keys import Identity
from ayni.exchange.payload import Type
from ayni.exchange.post import Draft, permitted, post
from ayni.exchange.requests import may_tell
from ayni.exchange.room_words import (
    CLOSED,
    ENTRY,
    FORK,
    MOST,
    OPEN,
    ROOM,
    Entry,
    Fork,
    Head,
    KeptEntry,
    Room,
    Spoken,
    entry_names,
    find_room,
    room_in,
)
from ayni.exchange.signed_word import Word, digest_of, say
from ayni.model.act import Act, Acting, acting
from ayni.model.codec import to_json
from ayni.model.handling import Mandate
from ayni.model.officer import Officer, Role
from ayni.model.record import Header, House, Record, next_version
from ayni.model.store import Query, Work

FOUND = Act(name="room.found", roles=frozenset({Role.LIAISON, Role.COORDINATOR}))
SPEAK = Act(name="room.say", roles=frozenset({Role.LIAISON, Role.COORDINATOR, Role.INVESTIGATOR}))
READ = Act(name="room.read", roles=SPEAK.roles | {Role.ANALYST})
LIST = Act(name="room.list", roles=READ.roles)
STREAM = "room"
"""Prefix of the stream that keeps the entries of one room in order."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """An entry that was written, and who hears it."""

    room: str
    seq: int
    told: tuple[str, ...]
    untold: tuple[str, ...]
    """Members whom the agreement does not let us tell now."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Copy:
    """A room as this node has it."""

    room: Room
    entries: tuple[Entry, ...]
    """In the order of the instants that their authors give."""
    forks: tuple[Fork, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Speaking:
    """What speaking needs of the node."""

    house: House
    book: Book
    identity: Identity


def found(
    name: str, members: Sequence[str], *, agreement: str, by: Officer, under: Mandate, work: Work, node: Speaking
) -> Said:
    """Found a room with other nodes under an agreement; this node is its founder. The caller commits.

    Raises:
        NotEntitledError: if the officer may not.
        InvalidValueError: without a name, or with too many members.
        NotAgreedError: if the agreement lets none of them be told.
    """
    with acting(FOUND, by=by, under=under, work=work) as acts:
        header = node.house.header(ROOM, under=under, now=acts.now)
        header = replace(header, state=OPEN, identifiers=(f"room:{header.id}",))
        everyone = tuple(dict.fromkeys((node.house.node, *members)))
        body = Room(room=header.id, name=name, founder=node.house.node, agreement=agreement, members=everyone)
        record: Record[object] = Record(header=header, body=body)
        entry = _next(body, acts, node, name=name, members=everyone)
        return _write(record, entry, acts, under=under, work=work, node=node, replacing=None)


def admit(room: str, members: Sequence[str], *, by: Officer, under: Mandate, work: Work, node: Speaking) -> Said:
    """Say anew who is a member of a room that we founded; those taken out are told so. The caller commits.

    Raises:
        UnknownError: if there is no such room here.
        NotEntitledError: if the officer may not, or another node founded it.
        NotAgreedError: if the agreement lets none of them be told.
    """
    with acting(FOUND, by=by, under=under, work=work) as acts:
        stored = find_room(work, room)
        body = room_in(stored)
        if body.founder != node.house.node:
            raise NotEntitledError(officer=by.name, act=f"{FOUND.name} in a room of {body.founder}")
        everyone = tuple(dict.fromkeys((node.house.node, *members)))
        entry = _next(body, acts, node, name=body.name, members=everyone)
        return _write(stored, entry, acts, under=under, work=work, node=node, replacing=stored.header.version)


def speak(
    room: str,
    words: str,
    *,
    records: tuple[str, ...] = (),
    by: Officer,
    under: Mandate,
    work: Work,
    node: Speaking,
) -> Said:
    """Write into a room; every other member hears it. The caller commits.

    Raises:
        UnknownError: if there is no such room here.
        WrongStateError: if we are no member any more.
        NotEntitledError: if the officer may not.
        NotAgreedError: if the agreement lets none of the others be told.
    """
    with acting(SPEAK, by=by, under=under, work=work) as acts:
        stored = find_room(work, room)
        if stored.header.state != OPEN:
            raise WrongStateError(thing=f"room {room}", state=stored.header.state, act=SPEAK.name, needs=OPEN)
        entry = _next(room_in(stored), acts, node, words=words, records=records)
        return _write(stored, entry, acts, under=under, work=work, node=node, replacing=stored.header.version)


def read(room: str, *, by: Officer, under: Mandate, work: Work) -> Copy:
    """Return a room as this node has it; the consultation is written down. The caller commits.

    Raises:
        UnknownError: if there is no such room here.
        NotEntitledError: if the officer may not.
    """
    with acting(READ, by=by, under=under, work=work) as acts:
        stored = acts.open(find_room(work, room).header.id)
        bodies = [work.get(one.id).body for one in _of(room, ENTRY, work)]
        forks = [cast("Fork", work.get(one.id).body) for one in _of(room, FORK, work)]
        acts.note(room=room, entries=len(bodies))
    entries = sorted((cast("KeptEntry", one).said for one in bodies), key=lambda one: (one.at, one.author, one.seq))
    return Copy(room=room_in(stored), entries=tuple(entries), forks=tuple(forks))


def overview(
    *, by: Officer, under: Mandate, work: Work, after: str = "", limit: int = 100
) -> Sequence[tuple[Header, Room]]:
    """Return rooms that this node is or was in, newest first; the look is written down. The caller commits.

    Raises:
        NotEntitledError: if the officer may not.
    """
    with acting(LIST, by=by, under=under, work=work) as acts:
        headers = work.find(Query(kind=ROOM, after=after, limit=limit))
        acts.note(rooms=len(headers))
        return [(header, room_in(work.get(header.id))) for header in headers]


def keep_entry(
    stored: Record[object],
    kept: KeptEntry,
    acts: Acting,
    *,
    under: Mandate,
    house: House,
    replacing: int | None,
) -> None:
    """Keep an entry, and let this node's copy of the room move on to it."""
    body, said = room_in(stored), kept.said
    head = body.head(said.author)
    missing = said.seq - head.seq - 1 if head is not None else 0
    body = replace(
        body,
        heads=body.moved(Head(author=said.author, seq=said.seq, digest=kept.digest)),
        members=said.members or body.members,
        name=said.name or body.name,
        missing=body.missing + missing,
    )
    state = OPEN if house.node in body.members else CLOSED
    new: Record[object] = Record(header=stored.header, body=body)
    if replacing is not None:
        new = next_version(stored, body, now=acts.now, state=state)
    acts.put(new, replacing=replacing)
    header = house.header(ENTRY, under=under, now=acts.now, identifiers=entry_names(said))
    acts.put(
        Record(header=replace(header, originator=said.author, agreement=stored.header.agreement), body=kept),
        replacing=None,
    )


def _next(body: Room, acts: Acting, node: Speaking, **says: object) -> Entry:
    """Return the next entry of our own stream."""
    ours = body.head(node.house.node)
    return Entry(
        room=body.room,
        founder=body.founder,
        author=node.house.node,
        seq=1 if ours is None else ours.seq + 1,
        prev="" if ours is None else ours.digest,
        at=acts.now.astimezone(UTC),
        heads=tuple(one for one in body.heads if one.author != node.house.node),
        **says,  # type: ignore[arg-type] # checked by the value
    )


def _write(
    stored: Record[object],
    entry: Entry,
    acts: Acting,
    *,
    under: Mandate,
    work: Work,
    node: Speaking,
    replacing: int | None,
) -> Said:
    body = room_in(stored)
    word = say(node.identity, Word.ROOM_ENTRY, entry)
    kept = KeptEntry(said=entry, word=word, digest=digest_of(word), heard_at=acts.now)
    keep_entry(stored, kept, acts, under=under, house=node.house, replacing=replacing)
    told, untold = list[str](), list[str]()
    for member in dict.fromkeys((*body.members, *entry.members)):
        if member != node.house.node:
            sent = send_entry(body, word, member, acts, under=under, work=work, node=node)
            (told if sent else untold).append(member)
    if untold and not told:
        raise NotAgreedError(partner=", ".join(untold), purpose=under.purpose)
    acts.note(room=body.room, seq=entry.seq, told=" ".join(told), untold=" ".join(untold))
    return Said(room=body.room, seq=entry.seq, told=tuple(told), untold=tuple(untold))


def send_entry(
    room: Room,
    word: str,
    to: str,
    acts: Acting,
    *,
    under: Mandate,
    work: Work,
    node: Speaking,
    exhibit: bool = False,
) -> bool:
    """Seal an entry to one member; False where the agreement does not permit it."""
    header: Header = node.house.header(ROOM, under=under, now=acts.now)
    try:
        held, verdict = may_tell(header, to, room.agreement, under=under, work=work, house=node.house, book=node.book)
        draft = Draft(
            type=Type.ROOM,
            to=(to,),
            purpose=under.purpose,
            legal_basis=under.legal_basis,
            body=to_json(Spoken(entry=word, exhibit=exhibit)),
            handling=header.handling,
            stream=f"{STREAM}:{room.room}",
        )
        post(acts, permitted(draft, verdict, held), node.house)
    except NotAgreedError:
        return False
    return True


def _of(room: str, kind: str, work: Work) -> Sequence[Header]:
    return work.find(Query(kind=kind, identifier=f"room:{room}", limit=MOST))
