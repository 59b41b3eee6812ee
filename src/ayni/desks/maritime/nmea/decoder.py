"""Bytes of NMEA in, batches of `position` and `identity` out, however the bytes are cut.

The decoder keeps what the next bytes may complete: the last unfinished line, parts of messages, the rows it has
seen. A file read at once and the same bytes arriving one by one give the same rows in the same order.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

import numpy as np

from ayni.desks.maritime.layouts.checked import (
    EARLIEST_MS,
    LARGEST_MMSI,
    NO_SENDER,
    NO_TIME,
    UNREADABLE,
    WRONG_CLOCK,
    Checking,
    Found,
)
from ayni.desks.maritime.layouts.lines import Lines
from ayni.desks.maritime.layouts.stream import Chunk, LineCutter
from ayni.desks.maritime.nmea.assembly import Assembly
from ayni.desks.maritime.nmea.columns import (
    LARGEST_TYPE,
    Messages,
    Positions,
    Said,
    base_station_ms,
    identities_of,
    positions_of,
)
from ayni.desks.maritime.nmea.identities import ORDER, identity_table
from ayni.desks.maritime.nmea.sentences import sentences_of
from ayni.desks.maritime.nmea.sixbit import ARMOUR
from ayni.desks.maritime.nmea.tags import Tags
from ayni.desks.maritime.nmea.times import Stations, received
from ayni.desks.maritime.tables import IDENTITY
from ayni.model.checks import aware
from ayni.model.desk import Batches, Tally

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Ints = NDArray[np.int64]
    Flags = NDArray[np.bool_]

UNKNOWN_TYPE = "unknown message type"
OTHER_TYPE = "no position or identity in a message of type {type}"
TOO_SHORT = "message shorter than its type"
ILLEGAL = "illegal character in the payload"
EVERY_TYPE = np.arange(64)
WITH_POSITION = np.isin(EVERY_TYPE, (1, 2, 3, 4, 9, 11, 18, 19, 21, 27))
WITH_IDENTITY_ONLY = np.isin(EVERY_TYPE, (5, 24))
BASE_STATION = 4
TYPE_OF = np.full(256, -1, np.int64)
TYPE_OF[np.frombuffer(ARMOUR, np.uint8)] = EVERY_TYPE
"""Message type by the first character of the payload; -1 for a character that is not of the table."""
BASE_TIME_BITS = 78


class Decoder:
    """Decodes one source of NMEA: a file, a socket, a journal.

    Args:
        source: SHA-256 of the file or journal segment, hex; goes into every row.
        tally: where every line is counted.
        start: time of lines that carry none and follow no base station. Without it they are counted as without time.
    """

    def __init__(self, source: str, tally: Tally, *, start: datetime | None = None) -> None:
        if start is not None:
            aware(start, "start")
        self._tally = tally
        self._cutter = LineCutter(tally)
        self._checking = Checking(source=source, tally=tally)
        self._assembly = Assembly(tally)
        self._stations = Stations()
        self._clock = UNREADABLE if start is None else round(start.timestamp() * 1000)
        self._stated = start is not None
        self._dated_by: dict[str, int] = {"base station": 0, "stated": 0}
        self._base_heard = False

    def feed(self, data: bytes) -> Batches:
        """Take bytes and yield the rows they complete."""
        if chunk := self._cutter.feed(data):
            yield from self._decode(chunk)

    def decode(self, chunk: Chunk) -> Batches:
        """Take a chunk of whole lines and yield its rows; for callers that cut lines themselves."""
        yield from self._decode(chunk)

    def close(self) -> Batches:
        """Yield the rows of a last line without line end; count what will never be complete."""
        if chunk := self._cutter.close():
            yield from self._decode(chunk)
        self._assembly.close()
        self._checking.finish()
        if self._tally.rejected[NO_TIME] and not self._stated:
            self._tally.notes.append("lines carry no time: state when the file begins (`--start`) to read them")
        for by, count in self._dated_by.items():
            if count:
                self._tally.notes.append(f"{count} messages without a time of their own were dated by {SAID_BY[by]}")

    def _decode(self, chunk: Chunk) -> Batches:
        sentences = sentences_of(Lines(chunk), self._tally)
        if not len(sentences):
            return
        tags = Tags(sentences)
        at, station = received(sentences, tags, self._stations)
        messages = self._assembly.messages(sentences, tags, at, station, chunk.offset)
        if len(messages):
            yield from self._rows(messages)

    def _rows(self, messages: Messages) -> Batches:
        kind = TYPE_OF[messages.buffer[messages.payload]]
        legal = kind >= 0
        at = self._dated(messages, kind)
        found, complete, legal_position = positions_of(messages, kind)
        legal &= legal_position
        said = []
        static = np.zeros(len(messages), bool)
        for each, legal_text in identities_of(messages, kind):
            static[each.rows] = True
            legal[each.rows] &= legal_text
            said.append(each)
        positional, only_static = WITH_POSITION[kind], WITH_IDENTITY_ONLY[kind]
        usable = legal & ((positional & complete) | (only_static & static))
        self._count_unusable(messages, kind, legal, usable)
        rows = np.flatnonzero(usable & positional)
        if len(rows):
            yield from self._checking.positions(self._found(messages, rows, kind, at, found))
        self._count_static(messages, at, usable & only_static, said)
        yield from self._identities(messages, at, usable, said)

    def _dated(self, messages: Messages, kind: Ints) -> Ints:
        """Return the time of each message: its own, else that of the last base station heard, else the stated one."""
        rows = np.flatnonzero((kind == BASE_STATION) & (messages.size >= BASE_TIME_BITS))
        base = np.full(len(messages), UNREADABLE, np.int64)
        if len(rows):
            reported = base_station_ms(messages, rows)
            base[rows] = np.where(reported <= self._checking.latest_ms, reported, UNREADABLE)
        missing = messages.at == UNREADABLE
        if not missing.any():
            good = np.flatnonzero(base != UNREADABLE)
            if len(good):
                self._clock, self._base_heard = int(base[good[-1]]), True
            return messages.at
        heard = np.maximum.accumulate(np.where(base != UNREADABLE, np.arange(len(base)), -1))
        clock = np.where(heard >= 0, base[np.maximum(heard, 0)], self._clock)
        by_base = (heard >= 0) | self._base_heard
        self._dated_by["base station"] += int((missing & by_base).sum())
        if self._stated:
            self._dated_by["stated"] += int((missing & ~by_base).sum())
        self._clock = int(clock[-1])
        self._base_heard = bool(by_base[-1])
        return np.where(missing, clock, messages.at)

    def _count_unusable(self, messages: Messages, kind: Ints, legal: Flags, usable: Flags) -> None:
        known = (kind >= 1) & (kind <= LARGEST_TYPE)
        used = WITH_POSITION[kind] | WITH_IDENTITY_ONLY[kind]
        reject, lines = self._tally.reject, messages.lines
        reject(ILLEGAL, int(lines[~legal].sum()))
        reject(UNKNOWN_TYPE, int(lines[legal & ~known].sum()))
        reject(TOO_SHORT, int(lines[legal & used & ~usable].sum()))
        other = legal & known & ~used
        for number in np.unique(kind[other]).tolist():
            reject(OTHER_TYPE.format(type=number), int(lines[other & (kind == number)].sum()))

    def _found(self, messages: Messages, rows: Ints, kind: Ints, at: Ints, found: Positions) -> Found:
        import pyarrow as pa  # noqa: PLC0415 -- imported with the first row

        station = messages.station[rows]
        return Found(
            mmsi=found.mmsi[rows],
            ts=at[rows],
            lat_deg=found.lat_deg[rows],
            lon_deg=found.lon_deg[rows],
            speed_kn=found.speed_kn[rows],
            course_deg=found.course_deg[rows],
            heading_deg=found.heading_deg[rows],
            status=found.status[rows],
            msg_type=kind[rows],
            receiver=pa.array(self._stations.names, pa.string()).take(pa.array(station)) if station.any() else None,
            offset=messages.offset[rows],
            length=messages.length[rows],
            lines=messages.lines[rows],
        )

    def _count_static(self, messages: Messages, at: Ints, rows: Flags, said: list[Said]) -> None:
        mmsi = np.zeros(len(messages), np.int64)
        for each in said:
            mmsi[each.rows] = each.mmsi
        left = rows.copy()
        for reason, wrong in _wrong(mmsi, at, self._checking.latest_ms):
            self._tally.reject(reason, int(messages.lines[left & wrong].sum()))
            left &= ~wrong
        self._tally.accepted += int(messages.lines[left].sum())

    def _identities(self, messages: Messages, at: Ints, usable: Flags, said: list[Said]) -> Batches:
        import pyarrow as pa  # noqa: PLC0415 -- as above

        tables = []
        for each in said:
            good = usable[each.rows]
            for _, wrong in _wrong(each.mmsi, at[each.rows], self._checking.latest_ms):
                good &= ~wrong
            if good.any():
                table = identity_table(each, messages, at, self._checking.source)
                tables.append(table.filter(pa.array(good)))
        if tables:
            rows = pa.concat_tables(tables)
            order = np.argsort(rows[ORDER].to_numpy(), kind="stable")
            ordered = rows.drop_columns([ORDER]).take(pa.array(order)).combine_chunks()
            yield IDENTITY.name, ordered.to_batches()[0]


def _wrong(mmsi: Ints, at: Ints, latest_ms: int) -> tuple[tuple[str, Flags], ...]:
    return (
        (NO_SENDER, (mmsi < 1) | (mmsi > LARGEST_MMSI)),
        (NO_TIME, at == UNREADABLE),
        (WRONG_CLOCK, (at < EARLIEST_MS) | (at > latest_ms)),
    )


SAID_BY = {
    "base station": "the last base station report (type 4) before them",
    "stated": "the start that was stated",
}
