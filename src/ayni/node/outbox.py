"""The outbox of a node: rows that acts have written, on their way to a receipt.

    waiting ──pack──> packed ──receipt──> delivered | refused
       └─ agreement no longer in force ──> withdrawn     └─ past its time ──> overdue, and a person looks

Packing and every change that follows from a receipt are transactions. A crash between them
means that bytes already sent are sent again, and answered "repeated".
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from django.db import connections

from ayni.agreements.book import Book
from ayni.agreements.vocabulary import State
from ayni.exchange.bundle import MOST, MOST_BYTES
from ayni.exchange.delivered import note_overdue, note_receipt
from ayni.exchange.keys import Identity, SealingKey
from ayni.exchange.payload import Payload, Priority
from ayni.exchange.receipt import Item, Receipt
from ayni.exchange.sending import TAG_BYTES, Fate, Packed, expected_in, fate, pack
from ayni.model.codec import from_own_json, to_json
from ayni.model.signal import Reason
from ayni.model.store import Place
from ayni.node.records.faults import translated
from ayni.node.records.models import StoredLine, StoredOutgoing, StoredReceipt
from ayni.node.records.sealing import from_us, seal, to_us, unseal
from ayni.node.records.turnstile import writing
from ayni.toolkit.phrases import phrase

if TYPE_CHECKING:
    from ayni.model.handling import Mandate
    from ayni.model.officer import Officer
    from ayni.node.opening import OpenNode

WAITING, PACKED = "waiting", "packed"
DELIVERED, REFUSED, WITHDRAWN, OVERDUE = "delivered", "refused", "withdrawn", "overdue"
OPEN: Final = (WAITING, PACKED)
AT_ONCE: Final = 256
"""Messages packed in one transaction: four batches. Ours."""
NO_LONGER = phrase("agreement {agreement} was no longer in force when it was to leave")
RECALLED = phrase("its record was recalled before it had left")
TOO_LATE = phrase("it could not be delivered within its time")


@dataclass(frozen=True, slots=True, kw_only=True)
class Ready:
    """An envelope to send."""

    id: str
    sha256: str
    stream: str
    seq: int
    envelope: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What became of a message, as `ayni exchange status` shows it."""

    id: str
    to: str
    type: str
    state: str
    expires_at: datetime
    done_at: datetime | None
    reasons: tuple[Reason, ...]
    seen_by: str = ""
    """Officer who has looked at one that was refused or not delivered."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Reasons:
    reasons: tuple[Reason, ...]


class Outbox:
    """The rows of one open node. One sender at a time (`Exchange.alone`)."""

    def __init__(self, node: OpenNode) -> None:
        self._node = node

    def partners(self) -> Sequence[str]:
        """Return the partners for whom something waits."""
        with translated(self._node.folder, "reading the outbox"):
            rows = StoredOutgoing.objects.using(self._node.alias).filter(done_at=None)
            return sorted(set(rows.order_by().values_list("to", flat=True).distinct()))

    def withdraw(self, to: str, *, book: Book, by: Officer, under: Mandate) -> int:
        """Hold back data whose agreement has ended, or was changed, since its officer shared it; return how much."""
        node = self._node
        with translated(node.folder, "reading the outbox"):
            rows = list(self._waiting(to).filter(control=False)[:AT_ONCE])
        with node.store.work() as work:
            gone = [
                (row.id, agreement)
                for row in rows
                if (
                    agreement := _ended(from_own_json(node.store.open_outgoing(row).payload, Payload), book, work.now)
                )
            ]
            if gone:
                note_overdue([name for name, _ in gone], by=by, under=under, work=work)
                with translated(node.folder, "writing the outbox"):
                    self._done([self._withdrawn(name, agreement, work.now) for name, agreement in gone])
                work.commit()
        return len(gone)

    def take_back(self, messages: Sequence[str]) -> int:
        """Empty those of *messages* that still wait, because their record was recalled; return how many.

        What follows in their streams is packed anew: the partner will never hear of what is missing.
        """
        node, gone = self._node, list[tuple[str, str, str]]()
        with translated(node.folder, "writing the outbox"), writing(node.alias):
            rows = StoredOutgoing.objects.using(node.alias).filter(done_at=None)
            for start in range(0, len(messages), AT_ONCE):
                gone += rows.filter(id__in=messages[start : start + AT_ONCE]).values_list("id", "to", "state")
            now, why = to_us(node.clock()), (Reason(says=RECALLED, facts={}, weight=0.0),)
            self._done([(WITHDRAWN, now, self._sealed(name, why), "", name) for name, _, _ in gone])
            for to in {to for _, to, state in gone if state == PACKED}:
                self._anew(to)
        return len(gone)

    def pack(self, to: str, *, identity: Identity, sealing: Callable[[str], SealingKey]) -> int:
        """Pack what waits for one partner, at most 256 messages, control first; return how many.

        Raises:
            KeyHistoryError: if the partner has announced no sealing key for today.
        """
        alias, store = self._node.alias, self._node.store
        with translated(self._node.folder, "packing the outbox"), writing(alias):
            rows = list(self._waiting(to)[:AT_ONCE])
            if not rows:
                return 0
            streams = {(to, name): (tag, place) for name, tag, place in self._streams(to)}
            packed = pack([store.open_outgoing(row) for row in rows], streams, identity, sealing)
            self._keep(packed)
            for (_, name), (tag, place) in streams.items():
                self._keep_stream(to, name, tag, place)
        return len(rows)

    def ready(self, to: str, *, beside: Sequence[str] = ()) -> Sequence[Ready]:
        """Return the next envelopes for one partner: at most 32, or 4 MiB, control first, each stream in order.

        Those in *beside* are left out: they are on their way.
        """
        found: list[Ready] = []
        size = 0
        with translated(self._node.folder, "reading the outbox"):
            rows = self._rows(to).filter(state=PACKED).exclude(id__in=beside).order_by("-control", "row")[:MOST]
            for row in rows.values_list("id", "digest", "stream", "seq", "envelope"):
                size += len(row[4])
                if found and size > MOST_BYTES:
                    break
                found.append(Ready(id=row[0], sha256=row[1], stream=row[2], seq=row[3], envelope=bytes(row[4])))
        return found

    def control_waits(self, to: str) -> bool:
        """Say whether a message of control waits to be packed for a partner."""
        with translated(self._node.folder, "reading the outbox"):
            return bool(self._rows(to).filter(state=WAITING, control=True).exists())

    def packed(self, to: str, limit: int) -> Sequence[str]:
        """Return the ids of packed messages for one partner, in the order in which they are to arrive."""
        with translated(self._node.folder, "reading the outbox"):
            rows = self._rows(to).filter(state=PACKED).order_by("-control", "row")
            return list(rows.values_list("id", flat=True)[:limit])

    def envelope(self, message: str) -> bytes:
        """Return a packed message as it travels; empty if its fate is known meanwhile."""
        with translated(self._node.folder, "reading the outbox"):
            rows = StoredOutgoing.objects.using(self._node.alias).filter(id=message)
            return bytes(rows.values_list("envelope", flat=True).first() or b"")

    def open_digests(self, to: str, messages: Sequence[str]) -> Mapping[str, str]:
        """Return the SHA-256 of those of *messages* that were packed for a partner and await a receipt."""
        with translated(self._node.folder, "reading the outbox"):
            rows = self._rows(to).filter(state=PACKED, id__in=list(messages))
            return dict(rows.values_list("id", "digest"))

    def has_receipt(self, receipt: str) -> bool:
        """Say whether a receipt was settled before."""
        with translated(self._node.folder, "reading the outbox"):
            return bool(StoredReceipt.objects.using(self._node.alias).filter(id=receipt).exists())

    def settle(
        self,
        receipt: Receipt,
        items: Mapping[str, Item],
        data: bytes,
        *,
        by: Officer,
        under: Mandate,
        line: StoredLine,
    ) -> None:
        """Write down what a verified receipt says, act on it, and keep how the line fares, in one transaction."""
        node, now = self._node, to_us(self._node.clock())
        with node.store.work() as work:
            digest = hashlib.sha256(data).hexdigest()
            note_receipt(receipt, items, sha256=digest, by=by, under=under, work=work)
            with translated(node.folder, "writing the outbox"):
                final = []
                for name, item in items.items():
                    state = _STATES.get(fate(item))
                    if state is not None:
                        why = b"" if state == DELIVERED else self._sealed(name, item.reasons)
                        final.append((state, now, why, receipt.id, name))
                self._done(final)
                self._restart(receipt.sender, items)
                StoredReceipt(
                    id=receipt.id,
                    partner=receipt.sender,
                    at=now,
                    data=seal(node.keys.history, data, f"receipt|{receipt.id}".encode()),
                ).save(using=node.alias, force_insert=True)
                line.save(using=node.alias)
            work.commit()

    def give_up(self, *, by: Officer, under: Mandate) -> int:
        """Put aside what was not delivered within its time, for a person to look at; return how many."""
        node = self._node
        with node.store.work() as work, translated(node.folder, "writing the outbox"):
            now = work.now
            late = StoredOutgoing.objects.using(node.alias).filter(done_at=None, expires_at__lte=to_us(now))
            rows = list(late.values_list("id", "to", "stream")[:AT_ONCE])
            if not rows:
                return 0
            note_overdue([name for name, _, _ in rows], by=by, under=under, work=work)
            why = (Reason(says=TOO_LATE, facts={}, weight=0.0),)
            self._done([(OVERDUE, to_us(now), self._sealed(name, why), "", name) for name, _, _ in rows])
            for to in {to for _, to, stream in rows if stream}:
                self._anew(to)
            work.commit()
        return len(rows)

    def told(
        self,
        *,
        states: Sequence[str] = (),
        to: str = "",
        unseen: bool = False,
        after: str = "",
        limit: int = 100,
    ) -> Sequence[Told]:
        """Return messages, newest first: in some states, for one partner, beyond the message *after*.

        With *unseen*, those alone that nobody has looked at.
        """
        with translated(self._node.folder, "reading the outbox"):
            every = StoredOutgoing.objects.using(self._node.alias)
            rows = every.order_by("-row")
            if states:
                rows = rows.filter(state__in=states)
            if to:
                rows = rows.filter(to=to)
            if unseen:
                rows = rows.filter(seen_by="")
            if after:
                rows = rows.filter(row__lt=every.filter(id=after).values_list("row", flat=True).first() or 0)
            return [
                Told(
                    id=row.id,
                    to=row.to,
                    type=row.type,
                    state=row.state,
                    expires_at=from_us(row.expires_at),
                    done_at=None if row.done_at is None else from_us(row.done_at),
                    reasons=self._opened(row),
                    seen_by=row.seen_by,
                )
                for row in rows[:limit]
            ]

    def mark_seen(self, message: str, officer: str) -> bool:
        """Note who has looked at a message whose fate is known; False if there is none such, or it was seen."""
        with translated(self._node.folder, "writing the outbox"):
            rows = StoredOutgoing.objects.using(self._node.alias).filter(id=message, seen_by="")
            return bool(rows.exclude(done_at=None).exclude(state=DELIVERED).update(seen_by=officer))

    def counts(self) -> Mapping[tuple[str, str], int]:
        """Return how many messages there are by partner and state."""
        from django.db.models import Count  # noqa: PLC0415 -- Django is configured

        rows = (
            StoredOutgoing.objects.using(self._node.alias).order_by().values("to", "state").annotate(n=Count("row"))
        )
        return {(row["to"], row["state"]): row["n"] for row in rows}

    def line(self, partner: str) -> StoredLine:
        """Return how the line to one partner fares."""
        found = StoredLine.objects.using(self._node.alias).filter(partner=partner).first()
        return found or StoredLine(partner=partner)

    def lines(self) -> Sequence[StoredLine]:
        """Return how every line fares that was ever tried."""
        return list(StoredLine.objects.using(self._node.alias).order_by("partner"))

    def keep_line(self, line: StoredLine) -> None:
        """Note how a line fares."""
        with translated(self._node.folder, "writing the outbox"):
            line.save(using=self._node.alias)

    def forget(self, before: datetime) -> int:
        """Remove rows and receipts whose fate was known before an instant; return how many messages."""
        alias, limit = self._node.alias, to_us(before)
        with translated(self._node.folder, "clearing the outbox"):
            gone = StoredOutgoing.objects.using(alias).filter(done_at__lt=limit).exclude(state=OVERDUE)
            count: int = gone.delete()[0]
            StoredReceipt.objects.using(alias).filter(at__lt=limit).delete()
        return count

    def _rows(self, to: str) -> Any:  # noqa: ANN401 -- a query set of a model without stubs
        return StoredOutgoing.objects.using(self._node.alias).filter(to=to, done_at=None)

    def _waiting(self, to: str) -> Any:  # noqa: ANN401 -- as above
        return self._rows(to).filter(state=WAITING).order_by("-control", "row")

    def _withdrawn(self, message: str, agreement: str, now: datetime) -> tuple[str, int, bytes, str, str]:
        why = (Reason(says=NO_LONGER, facts={"agreement": agreement}, weight=0.0),)
        return WITHDRAWN, to_us(now), self._sealed(message, why), "", message

    def _keep(self, packed: Sequence[Packed]) -> None:
        statement = (
            "UPDATE ayni_outbox SET state = 'packed', stream = %s, seq = %s, digest = %s, envelope = %s WHERE id = %s"
        )
        with connections[self._node.alias].cursor() as cursor:
            cursor.executemany(
                statement, [(one.stream, one.place.seq, one.sha256, one.envelope, one.id) for one in packed]
            )

    def _streams(self, to: str) -> Iterator[tuple[str, str, Place]]:
        with connections[self._node.alias].cursor() as cursor:
            cursor.execute("SELECT stream, tag, seq, digest FROM ayni_stream WHERE sender = %s", [f">{to}"])
            for name, tag, seq, digest in cursor.fetchall():
                yield name, tag, Place(seq=seq, digest=digest)

    def _keep_stream(self, to: str, name: str, tag: str, place: Place) -> None:
        statement = (
            "INSERT INTO ayni_stream (sender, stream, tag, seq, digest) VALUES (%s, %s, %s, %s, %s) ON CONFLICT "
            "(sender, stream) DO UPDATE SET tag = excluded.tag, seq = excluded.seq, digest = excluded.digest"
        )
        with connections[self._node.alias].cursor() as cursor:
            cursor.execute(statement, [f">{to}", name, tag, place.seq, place.digest])

    def _done(self, rows: Sequence[tuple[str, int, bytes, str, str]]) -> None:
        """Note fates (state, when, why, receipt, message), and empty what was said."""
        statement = (
            "UPDATE ayni_outbox SET state = %s, done_at = %s, reasons = %s, receipt = %s, payload = %s, "
            "envelope = %s WHERE id = %s AND done_at IS NULL"
        )
        with connections[self._node.alias].cursor() as cursor:
            cursor.executemany(
                statement, [(state, at, why, receipt, b"", b"", name) for state, at, why, receipt, name in rows]
            )

    def _restart(self, to: str, items: Mapping[str, Item]) -> None:
        """Leave the streams in which something will never follow; what waits in them is packed again."""
        for name, item in items.items():
            what, expected = fate(item), expected_in(item)
            if what in {Fate.ANEW, Fate.LOST} or (expected and not self._can_send(to, name, expected)):
                self._anew(to)
                return

    def _can_send(self, to: str, message: str, number: int) -> bool:
        """Say whether we still hold the message with which the stream of *message* goes on at the partner."""
        row = self._rows(to).filter(id=message).values_list("stream", flat=True).first()
        return row is None or self._rows(to).filter(stream=row, seq=number).exists()

    def _anew(self, to: str) -> None:
        with connections[self._node.alias].cursor() as cursor:
            cursor.execute(
                "UPDATE ayni_outbox SET state = 'waiting', stream = '', seq = 0, digest = '', envelope = %s "
                'WHERE "to" = %s AND state = %s AND done_at IS NULL',
                [b"", to, PACKED],
            )
            cursor.execute("SELECT stream FROM ayni_stream WHERE sender = %s", [f">{to}"])
            for (name,) in cursor.fetchall():
                self._keep_stream(to, name, secrets.token_hex(TAG_BYTES), Place())

    def _sealed(self, message: str, reasons: Sequence[Reason]) -> bytes:
        return seal(self._node.keys.history, to_json(_Reasons(reasons=tuple(reasons))), f"reasons|{message}".encode())

    def _opened(self, row: StoredOutgoing) -> tuple[Reason, ...]:
        if not row.reasons:
            return ()
        data = unseal(self._node.keys.history, row.reasons, f"reasons|{row.id}".encode())
        return from_own_json(data, _Reasons).reasons


_STATES: Final = {Fate.DELIVERED: DELIVERED, Fate.REFUSED: REFUSED, Fate.LOST: REFUSED}


def _ended(payload: Payload, book: Book, now: datetime) -> str:
    """Return the id of the agreement a message names, if it permits nothing any more; empty otherwise."""
    under = payload.agreement
    if under is None or payload.type.priority is Priority.CONTROL:
        return ""
    held = book.find(under.id)
    if held is None or held.slice.sha256 != under.sha256:
        return under.id
    return "" if held.standing.state is State.IN_FORCE and held.standing.in_term(now) else under.id
