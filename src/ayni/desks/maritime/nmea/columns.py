"""Bit fields of the messages that hold a position or an identity, as columns.

Each family of messages is a row in a table: which types, where its fields lie, in which unit. What a field sends
for "not available" becomes NaN, zero or empty here, and null in the tables.

Source: ITU-R M.1371-5, annex 8, tables 48 (types 1 to 3), 51 (4, 11), 52 (5), 56 (9), 65 to 68 (18, 19, 24), 70 (21),
76 (27).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ayni.desks.maritime.layouts.checked import UNREADABLE
from ayni.desks.maritime.nmea.sixbit import WORD_BITS, bits, words_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ayni.desks.maritime.nmea.sixbit import Words

    Ints = NDArray[np.int64]
    Floats = NDArray[np.float64]
    Flags = NDArray[np.bool_]

LARGEST_TYPE = 27


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """A number in a message: its first bit, its width, what divides it, and what it sends for nothing."""

    start: int
    length: int
    divide: float = 1.0
    nothing: int = -1
    signed: bool = False

    def of(self, words: Words) -> Floats:
        """Return the field of every message in its unit, NaN where nothing was sent."""
        raw = bits(words, self.start, self.length, signed=self.signed)
        value: Floats = raw / self.divide
        if self.nothing >= 0:
            value[raw == self.nothing] = np.nan
        return value


@dataclass(frozen=True, slots=True, kw_only=True)
class PositionFamily:
    """Where messages of some types hold their position."""

    types: tuple[int, ...]
    lon: Field
    lat: Field
    speed: Field | None = None
    course: Field | None = None
    heading: Field | None = None
    status: Field | None = None

    @property
    def needs(self) -> int:
        """Bits without which a message of this family has no position."""
        used = (self.lon, self.lat, self.speed, self.course, self.heading, self.status)
        return max(field.start + field.length for field in used if field)


def _degrees(start: int, length: int) -> Field:
    return Field(start=start, length=length, divide=600_000.0, signed=True)


POSITIONS = (
    PositionFamily(
        types=(1, 2, 3),
        status=Field(start=38, length=4),
        speed=Field(start=50, length=10, divide=10.0, nothing=1023),
        lon=_degrees(61, 28),
        lat=_degrees(89, 27),
        course=Field(start=116, length=12, divide=10.0, nothing=3600),
        heading=Field(start=128, length=9, nothing=511),
    ),
    PositionFamily(
        types=(18, 19),
        speed=Field(start=46, length=10, divide=10.0, nothing=1023),
        lon=_degrees(57, 28),
        lat=_degrees(85, 27),
        course=Field(start=112, length=12, divide=10.0, nothing=3600),
        heading=Field(start=124, length=9, nothing=511),
    ),
    PositionFamily(
        types=(9,),
        speed=Field(start=50, length=10, nothing=1023),
        lon=_degrees(61, 28),
        lat=_degrees(89, 27),
        course=Field(start=116, length=12, divide=10.0, nothing=3600),
    ),
    PositionFamily(types=(4, 11), lon=_degrees(79, 28), lat=_degrees(107, 27)),
    PositionFamily(types=(21,), lon=_degrees(164, 28), lat=_degrees(192, 27)),
    PositionFamily(
        types=(27,),
        status=Field(start=40, length=4),
        lon=Field(start=44, length=18, divide=600.0, signed=True),
        lat=Field(start=62, length=17, divide=600.0, signed=True),
        speed=Field(start=79, length=6, nothing=63),
        course=Field(start=85, length=9, nothing=511),
    ),
)


FAMILY_OF = np.full(65, -1, np.int8)
"""Which row of POSITIONS a message type belongs to; -1 for none, also for the unreadable type -1."""
for _number, _family in enumerate(POSITIONS):
    FAMILY_OF[list(_family.types)] = _number


@dataclass(frozen=True, slots=True, kw_only=True)
class IdentityFamily:
    """Where messages of some types say who the sender is. First bit and, for texts, number of characters."""

    types: tuple[int, ...]
    part: int = -1
    """For type 24: which of its two parts."""
    ais_class: str | None = None
    imo: int | None = None
    name: tuple[int, int] | None = None
    callsign: tuple[int, int] | None = None
    ship_type: int | None = None
    dimensions: int | None = None
    eta: int | None = None
    draught: int | None = None
    destination: tuple[int, int] | None = None
    needs: int


IDENTITIES = (
    IdentityFamily(
        types=(5,),
        ais_class="A",
        imo=40,
        callsign=(70, 7),
        name=(112, 20),
        ship_type=232,
        dimensions=240,
        eta=274,
        draught=294,
        destination=(302, 20),
        needs=422,
    ),
    IdentityFamily(types=(19,), ais_class="B", name=(143, 20), ship_type=263, dimensions=271, needs=301),
    IdentityFamily(types=(21,), name=(43, 20), dimensions=219, needs=249),
    IdentityFamily(types=(24,), part=0, ais_class="B", name=(40, 20), needs=160),
    IdentityFamily(types=(24,), part=1, ais_class="B", ship_type=40, callsign=(90, 7), dimensions=132, needs=162),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Messages:
    """Whole messages of one chunk in the order in which they became whole; payloads lie in `buffer`."""

    buffer: NDArray[np.uint8]
    payload: Ints
    chars: Ints
    fill: Ints
    at: Ints
    station: Ints
    offset: Ints
    length: Ints
    lines: Ints
    """Sentences the message came in."""

    def __len__(self) -> int:
        return len(self.payload)

    @property
    def size(self) -> Ints:
        """Bits of each message."""
        return 6 * self.chars - self.fill

    def words(self, rows: Ints, needs: int) -> tuple[Words, Flags]:
        """Return the first words of some messages, and which of them are of legal characters."""
        return words_of(self.buffer, self.payload[rows], self.chars[rows], -(-needs // WORD_BITS))


@dataclass(slots=True, kw_only=True)
class Positions:
    """What position messages hold, one element a message; NaN or UNREADABLE in those that hold none."""

    mmsi: Ints
    lat_deg: Floats
    lon_deg: Floats
    speed_kn: Floats
    course_deg: Floats
    heading_deg: Floats
    status: Ints


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What static messages of one family say; `rows` are their messages."""

    family: IdentityFamily
    rows: Ints
    words: Words
    mmsi: Ints


def positions_of(messages: Messages, kind: Ints) -> tuple[Positions, Flags, Flags]:
    """Return the positions, which messages are long enough, and which are of legal characters."""
    count = len(messages)
    empty = [np.full(count, np.nan) for _ in range(5)]
    found = Positions(
        mmsi=np.full(count, UNREADABLE, np.int64),
        lat_deg=empty[0],
        lon_deg=empty[1],
        speed_kn=empty[2],
        course_deg=empty[3],
        heading_deg=empty[4],
        status=np.full(count, UNREADABLE, np.int64),
    )
    complete, legal = np.zeros(count, bool), np.ones(count, bool)
    size = messages.size
    of_family = FAMILY_OF[kind]
    for number, family in enumerate(POSITIONS):
        rows = np.flatnonzero((of_family == number) & (size >= family.needs))
        if not len(rows):
            continue
        complete[rows] = True
        words, legal[rows] = messages.words(rows, family.needs)
        found.mmsi[rows] = bits(words, 8, 30)
        found.lat_deg[rows], found.lon_deg[rows] = family.lat.of(words), family.lon.of(words)
        for column, field in (
            (found.speed_kn, family.speed),
            (found.course_deg, family.course),
            (found.heading_deg, family.heading),
        ):
            if field:
                column[rows] = field.of(words)
        if family.status:
            found.status[rows] = bits(words, family.status.start, family.status.length)
    return found, complete, legal


def identities_of(messages: Messages, kind: Ints) -> Iterator[tuple[Said, Flags]]:
    """Yield what the static messages of each family say, and which of them are of legal characters."""
    size = messages.size
    for family in IDENTITIES:
        rows = np.flatnonzero((kind == family.types[0]) & (size >= family.needs))
        if not len(rows):
            continue
        words, legal = messages.words(rows, family.needs)
        if family.part >= 0:
            mine = bits(words, 38, 2) == family.part
            rows, legal, words = rows[mine], legal[mine], [word[mine] for word in words]
        if len(rows):
            yield Said(family=family, rows=rows, words=words, mmsi=bits(words, 8, 30)), legal


def base_station_ms(messages: Messages, rows: Ints) -> Ints:
    """Return the time that base stations (type 4) report, ms since 1970 UTC; UNREADABLE where it is none."""
    words, legal = messages.words(rows, 78)
    year, month, day = bits(words, 38, 14), bits(words, 52, 4), bits(words, 56, 5)
    hour, minute, second = bits(words, 61, 5), bits(words, 66, 6), bits(words, 72, 6)
    good = legal & (year >= 1995) & (year <= 2100) & (month >= 1) & (month <= 12) & (day >= 1)  # noqa: PLR2004 -- a calendar
    good &= (hour <= 23) & (minute <= 59) & (second <= 59)  # noqa: PLR2004 -- a clock
    months = np.where(good, (year - 1970) * 12 + month - 1, 0)
    first = months.astype("datetime64[M]").astype("datetime64[D]").astype(np.int64)
    days_of_month = (months + 1).astype("datetime64[M]").astype("datetime64[D]").astype(np.int64) - first
    good &= day <= days_of_month
    seconds = (first + day - 1) * 86_400 + hour * 3_600 + minute * 60 + second
    return np.where(good, seconds * 1000, UNREADABLE)
