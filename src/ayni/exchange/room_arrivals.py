"""An entry of a room arrives: believed under its author's signature, kept in this node's own copy.

Two entries that one member signed and that cannot both stand, because they bear one number, or because
the second does not follow the first, are kept together as proof (`Fork`). Whoever sees that another
member's heads contradict what came here shows it the signed entry; whoever has a different one
then has both, and shows its own.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from ayni.errors import EnvelopeError, UnreadableError
from ayni.exchange.payload import Type
from ayni.exchange.receiving import Context, Effect, Received, asks_as
from ayni.exchange.refusals import Cause, reason_of
from ayni.exchange.room_words import (
    FORK,
    OPEN,
    ROOM,
    Entry,
    Fork,
    KeptEntry,
    Room,
    Spoken,
    entry_at,
    entry_names,
    room_in,
    room_of,
)
from ayni.exchange.rooms import Speaking, keep_entry, send_entry
from ayni.exchange.signed_word import Word, digest_of, heard
from ayni.model.act import Acting
from ayni.model.record import Record
from ayni.model.signal import Reason
from ayni.model.store import Query


def _arrived(received: Received, acts: Acting, context: Context) -> Sequence[Reason]:
    spoken, payload = received.body(Spoken), received.payload
    try:
        signer, entry = heard(spoken.entry, Word.ROOM_ENTRY, Entry, context.known)
    except (EnvelopeError, UnreadableError) as error:
        return (reason_of(Cause.WORD, why=str(error.facts.get("why", error))),)
    stored = room_of(context.work, entry.room)
    if refused := _refused(received, entry, signer, stored, context, exhibit=spoken.exhibit):
        return (refused,)
    acts.note(room=entry.room, author=entry.author, seq=entry.seq)
    kept = KeptEntry(said=entry, word=spoken.entry, digest=digest_of(spoken.entry), heard_at=acts.now)
    if stored is None:
        header = context.house.header(ROOM, under=received.mandate, now=acts.now, identifiers=(f"room:{entry.room}",))
        agreement = "" if payload.agreement is None else payload.agreement.id
        header = replace(header, id=entry.room, originator=entry.founder, agreement=agreement, state=OPEN)
        body = Room(
            room=entry.room, name=entry.name, founder=entry.founder, agreement=agreement, members=entry.members
        )
        fresh: Record[object] = Record(header=header, body=body)
        keep_entry(fresh, kept, acts, under=received.mandate, house=context.house, replacing=None)
        return ()
    room = room_in(stored)
    other = _contradicted(kept, room, context)
    if other is not None:
        new = _fork(kept, other, received, acts, context)
        if new and spoken.exhibit:
            _show(room, other, received, acts, context)
    head = room.head(entry.author)
    if other is None and not spoken.exhibit and (head is None or entry.seq > head.seq):
        version = stored.header.version
        keep_entry(stored, kept, acts, under=received.mandate, house=context.house, replacing=version)
    if not spoken.exhibit:
        _compare(room, entry, received, acts, context)
    return ()


def _refused(
    received: Received, entry: Entry, signer: str, stored: Record[object] | None, context: Context, *, exhibit: bool
) -> Reason | None:
    """Return why an entry is not taken in, or None."""
    us, sender = context.house.node, received.sender
    outside = reason_of(Cause.NOT_IN_ROOM, room=entry.room, node=sender)
    if signer != entry.author or not (exhibit or sender == signer):
        return reason_of(Cause.NOT_ORIGINATOR, signer=signer, record=entry.room)
    if stored is None:
        opens = bool(entry.members) and us in entry.members and not exhibit
        return None if opens else reason_of(Cause.NOT_IN_ROOM, room=entry.room, node=us)
    room = room_in(stored)
    if entry.founder != room.founder:
        return reason_of(Cause.NOT_ORIGINATOR, signer=entry.founder, record=entry.room)
    inside = room.founder == sender or (sender in room.members and us in room.members)
    known = exhibit or entry.author in room.members
    return None if inside and known else outside


def _contradicted(kept: KeptEntry, room: Room, context: Context) -> KeptEntry | None:
    """Return an entry of the same author that cannot stand beside this one, or None."""
    said, work = kept.said, context.work
    same = entry_at(work, room.room, said.author, said.seq)
    if same is not None:
        return None if same.digest == kept.digest else same
    before = entry_at(work, room.room, said.author, said.seq - 1)
    if before is not None and before.digest != said.prev:
        return before
    after = entry_at(work, room.room, said.author, said.seq + 1)
    return after if after is not None and after.said.prev != kept.digest else None


def _fork(kept: KeptEntry, other: KeptEntry, received: Received, acts: Acting, context: Context) -> bool:
    """Keep two entries that cannot both stand; False if they were kept before."""
    for header in context.work.find(Query(kind=FORK, identifier=entry_names(kept.said)[1])):
        fork = context.work.get(header.id).body
        if isinstance(fork, Fork) and {fork.one, fork.other} == {kept.word, other.word}:
            return False
    header = context.house.header(FORK, under=received.mandate, now=acts.now, identifiers=entry_names(kept.said))
    body = Fork(
        room=kept.said.room,
        author=kept.said.author,
        seq=kept.said.seq,
        one=other.word,
        other=kept.word,
        heard_from=received.sender,
        at=acts.now,
    )
    acts.put(Record(header=header, body=body), replacing=None)
    acts.note(fork=kept.said.seq)
    return True


def _compare(room: Room, entry: Entry, received: Received, acts: Acting, context: Context) -> None:
    """Show the author what came here, where its heads say that something else came there."""
    for head in entry.heads:
        ours = entry_at(context.work, room.room, head.author, head.seq)
        if ours is not None and ours.digest != head.digest:
            _show(room, ours, received, acts, context)


def _show(room: Room, kept: KeptEntry, received: Received, acts: Acting, context: Context) -> None:
    send_entry(
        room,
        kept.word,
        received.sender,
        acts,
        under=received.mandate,
        work=context.work,
        node=Speaking(house=context.house, book=context.book, identity=context.identity),
        exhibit=True,
    )


EFFECTS: Mapping[Type, Effect] = {Type.ROOM: Effect(does=_arrived, asks=asks_as(ROOM))}
"""What the messages of this module do on arrival."""
