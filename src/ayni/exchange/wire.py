"""A record as it travels: what of it leaves, in which bytes, and what it becomes elsewhere.

    {"v":"ayni-record/1","id":…,"kind":"signal",…,"body":{…}}

The bytes are written once, by the originator, and never again: whoever passes a record on
passes on these bytes, and their SHA-256 names them in envelopes, recalls and courts.
Parents stay at home: which agreements a record came through is decided where it is known.

What leaves of a kind is a table (`TRAVELS`). Of a signal leaves what the rule saw, with its
reasons for and against; what our officers thought of it does not. Of an area or an entry of
the watchlist leaves what is asked for; a receiver's own officers decide whether to ask the same.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import cast

import msgspec

from ayni.errors import InvalidValueError, UnreadableError
from ayni.exchange.payload import MAX_DEPTH, Payload
from ayni.exchange.strict import read_strictly
from ayni.model.area import Area
from ayni.model.checks import require
from ayni.model.codec import from_json, to_json
from ayni.model.handling import Category, Handling, Purpose
from ayni.model.outcome import Outcome
from ayni.model.record import Cell, Header, Record
from ayni.model.report import Report
from ayni.model.signal import Signal
from ayni.model.task import Task
from ayni.model.triage import TriagedSignal, TriageState
from ayni.model.watch_entry import WatchEntry

FORMAT = "ayni-record/1"
FINDABLE = frozenset({"mmsi", "imo", "callsign", "registration", "icao24", "name", "number"})
"""Prefixes of identifiers that travel: numbers of things in the world, never ids of a node's own book-keeping."""
MAX_IDENTIFIERS = 64
RECEIVED = "received"
"""State of a partner's area or entry: it is read here, and watched only if an officer of ours asks for it."""
ORIGINATOR = "originator"
"""In place of the officer who owns a record: who that is, its institution alone knows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Travels:
    """How one kind of record leaves and arrives."""

    kind: type[object]
    """Type of what travels."""
    leaves: Callable[[object], object] = lambda body: body
    """From the body as we keep it to what travels."""
    arrives: Callable[[object], object] = lambda value: value
    """From what travels to the body as the receiver keeps it."""
    state: str | None = None
    """State in which it arrives; None for the one it left in."""


def _seen(body: object) -> object:
    return cast("TriagedSignal", body).signal


def _outlined(body: object) -> object:
    """Return an area as it is now, without the officer who owns it."""
    return replace(cast("Area", body), owner=ORIGINATOR, former=(), words="")


def _listed(body: object) -> object:
    """Return an entry without the officers who stand behind it."""
    return replace(cast("WatchEntry", body), owner=ORIGINATOR, confirmed_by="", words="")


def _pending(value: object) -> object:
    return TriagedSignal(signal=cast("Signal", value))


LEASED = "leased"
"""Kind of a record of which a holder has ciphertext only (`ayni.exchange.lease`)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Leased:
    """Body of a leased record, as it travels and as its holder keeps it."""

    kind: str
    """Kind of the record inside: agreements are asked about that."""
    sealed: str
    """Base64: nonce and ciphertext."""


TRAVELS: Mapping[str, Travels] = {
    "signal": Travels(kind=Signal, leaves=_seen, arrives=_pending, state=TriageState.PENDING.value),
    "report": Travels(kind=Report),
    "task": Travels(kind=Task),
    "outcome": Travels(kind=Outcome),
    LEASED: Travels(kind=Leased),
    "area": Travels(kind=Area, leaves=_outlined, state=RECEIVED),
    "watch_entry": Travels(kind=WatchEntry, leaves=_listed, state=RECEIVED),
}
"""Kinds of record that may travel."""


class WireRecord(msgspec.Struct, frozen=True, kw_only=True):
    """A record as its originator wrote it for others.

    Raises:
        InvalidValueError: if it is of another format, without purpose, or names what no header may hold.
    """

    v: str = FORMAT
    id: str
    kind: str
    version: int
    originator: str
    purposes: tuple[Purpose, ...]
    legal_basis: str
    handling: Handling
    keep_until: datetime
    made_at: datetime
    changed_at: datetime
    state: str
    rule: str
    started_at: datetime | None
    ended_at: datetime | None
    priority: float
    cell: Cell | None
    identifiers: tuple[str, ...]
    categories: tuple[Category, ...]
    body: msgspec.Raw

    def __post_init__(self) -> None:
        require(self.v == FORMAT, "v", f"not {FORMAT}")
        require(len(self.identifiers) <= MAX_IDENTIFIERS, "identifiers", f"at most {MAX_IDENTIFIERS}")
        strange = [one for one in self.identifiers if one.partition(":")[0] not in FINDABLE]
        require(not strange, "identifiers", "an id of a node's own book-keeping does not travel")
        for name in ("keep_until", "made_at", "changed_at"):
            require(getattr(self, name).utcoffset() == timedelta(0), name, "an instant is given in UTC")
        _ = self.header()

    def header(self) -> Header:
        """Return the header that both ends put to the agreement: the originator's, without what stayed at home."""
        return Header(
            id=self.id,
            kind=self.kind,
            version=self.version,
            originator=self.originator,
            purposes=self.purposes,
            legal_basis=self.legal_basis,
            handling=self.handling,
            keep_until=self.keep_until,
            made_at=self.made_at,
            changed_at=self.changed_at,
            state=self.state,
            rule=self.rule,
            started_at=self.started_at,
            ended_at=self.ended_at,
            priority=self.priority,
            cell=self.cell,
            identifiers=self.identifiers,
            categories=self.categories,
        )

    def asked(self) -> Header:
        """Return the header that agreements are asked about: of a leased record, that of what is inside.

        Raises:
            UnreadableError: as `value`.
        """
        value = self.value() if self.kind == LEASED else None
        return replace(self.header(), kind=value.kind) if isinstance(value, Leased) else self.header()

    def value(self) -> object:
        """Return what travelled in it.

        Raises:
            UnreadableError: if its kind does not travel, or the body is not one of that kind.
        """
        travels = TRAVELS.get(self.kind)
        if travels is None:
            raise UnreadableError(file=f"record {self.id}", why=f"records of kind {self.kind} are not taken in")
        return from_json(bytes(self.body), travels.kind)

    def arriving(self, *, agreement: str, keep_until: datetime, now: datetime) -> Record[object]:
        """Return the record that it becomes at a receiver: its own id, originator and markings, version 1.

        Raises:
            UnreadableError: as `value`.
        """
        value, travels = self.value(), TRAVELS[self.kind]
        return Record(header=_kept(self, agreement, keep_until, now, travels), body=travels.arrives(value))


def _kept(wire: WireRecord, agreement: str, keep_until: datetime, now: datetime, travels: Travels) -> Header:
    return Header(
        id=wire.id,
        kind=wire.kind,
        originator=wire.originator,
        purposes=wire.purposes,
        legal_basis=wire.legal_basis,
        handling=wire.handling,
        keep_until=min(wire.keep_until, keep_until),
        made_at=wire.made_at,
        changed_at=now,
        state=wire.state if travels.state is None else travels.state,
        rule=wire.rule,
        started_at=wire.started_at,
        ended_at=wire.ended_at,
        priority=wire.priority,
        cell=wire.cell,
        agreement=agreement,
        identifiers=wire.identifiers,
        categories=wire.categories,
    )


def leaving(record: Record[object]) -> WireRecord:
    """Return one of our own records as it leaves.

    Raises:
        InvalidValueError: if records of its kind do not travel.
    """
    header, travels = record.header, TRAVELS.get(record.header.kind)
    if travels is None:
        raise InvalidValueError(field="kind", why=f"records of kind {header.kind} do not travel")
    return WireRecord(
        id=header.id,
        kind=header.kind,
        version=header.version,
        originator=header.originator,
        purposes=header.purposes,
        legal_basis=header.legal_basis,
        handling=header.handling,
        keep_until=header.keep_until.astimezone(UTC),
        made_at=header.made_at.astimezone(UTC),
        changed_at=header.changed_at.astimezone(UTC),
        state=header.state,
        rule=header.rule,
        started_at=header.started_at,
        ended_at=header.ended_at,
        priority=header.priority,
        cell=header.cell,
        identifiers=tuple(one for one in header.identifiers if one.partition(":")[0] in FINDABLE),
        categories=header.categories,
        body=msgspec.Raw(to_json(travels.leaves(record.body))),
    )


def read_wire(data: bytes) -> WireRecord:
    """Read a record that travelled, in its one spelling.

    Raises:
        UnreadableError: naming the field.
    """
    return read_strictly(data, WireRecord, depth=MAX_DEPTH)


def wire_of(payload: Payload) -> WireRecord | None:
    """Return the record in a message, or None if it is not the one that the message names.

    Raises:
        UnreadableError: naming the field.
    """
    wire, about = read_wire(bytes(payload.body)), payload.record
    named = about is not None and (wire.id, wire.originator) == (about.id, about.originator)
    return wire if named else None
