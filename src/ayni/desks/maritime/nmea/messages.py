"""Every field of all 27 message types, one message at a time: what a line says, for people and for tests.

A message is a table of fields: name, first bit, width, and how to read it. Names and units are those of the
field's common reference; a value that stands for "not available" is None, and a field that lies beyond the end
of a shorter message is absent. The contents of binary messages (types 6, 8, 17, 25, 26) are given whole, as
`bits:hex`, because their meaning belongs to whoever issued the application identifier.

Source: ITU-R M.1371-5, annex 8; field names of gpsd, "AIVDM/AIVDO protocol decoding".
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ayni.desks.maritime.layouts.lines import Lines
from ayni.desks.maritime.layouts.stream import Chunk
from ayni.desks.maritime.nmea.assembly import Assembly
from ayni.desks.maritime.nmea.sentences import sentences_of
from ayni.desks.maritime.nmea.tags import Tags
from ayni.desks.maritime.nmea.times import Stations, received
from ayni.errors import InvalidValueError

if TYPE_CHECKING:
    from ayni.model.desk import Tally

Value = int | float | str | bool | None


@dataclass(frozen=True, slots=True)
class Field:
    """One field: `u` unsigned, `i` signed, `b` yes or no, `t` text, `x` the rest as hex, `r` radio state."""

    name: str
    start: int
    width: int = 1
    kind: str = "b"
    divide: int = 1
    nothing: int | None = None


def _u(name: str, start: int, width: int, divide: int = 1, nothing: int | None = None) -> Field:
    return Field(name, start, width, "u", divide, nothing)


def _place(lon: int, lat: int) -> tuple[Field, Field]:
    return (
        Field("lon", lon, 28, "i", 600_000, 181 * 600_000),
        Field("lat", lat, 27, "i", 600_000, 91 * 600_000),
    )


def _coarse(lon_name: str, lon: int, lat_name: str, lat: int) -> tuple[Field, Field]:
    """Return a place in tenths of a minute."""
    return Field(lon_name, lon, 18, "i", 600, 181 * 600), Field(lat_name, lat, 17, "i", 600, 91 * 600)


def _size(start: int) -> tuple[Field, ...]:
    return (
        _u("to_bow", start, 9),
        _u("to_stern", start + 9, 9),
        _u("to_port", start + 18, 6),
        _u("to_starboard", start + 24, 6),
    )


def _text(name: str, start: int, chars: int) -> Field:
    return Field(name, start, 6 * chars, "t")


SPEED_A = _u("speed", 50, 10, 10, 1023)
COURSE_A = _u("course", 116, 12, 10, 3600)
CLASS_A = (
    _u("status", 38, 4),
    Field("turn", 42, 8, "i", 1, -128),
    SPEED_A,
    Field("accuracy", 60),
    *_place(61, 89),
    COURSE_A,
    _u("heading", 128, 9, 1, 511),
    _u("second", 137, 6),
    _u("maneuver", 143, 2),
    Field("raim", 148),
    Field("radio", 149, 19, "r"),
)
CLOCK = (
    _u("year", 38, 14),
    _u("month", 52, 4),
    _u("day", 56, 5),
    _u("hour", 61, 5),
    _u("minute", 66, 6),
    _u("second", 72, 6),
    Field("accuracy", 78),
    *_place(79, 107),
    _u("epfd", 134, 4),
    Field("raim", 148),
    Field("radio", 149, 19, "r"),
)
CLASS_B = (
    _u("reserved", 38, 8),
    _u("speed", 46, 10, 10, 1023),
    Field("accuracy", 56),
    *_place(57, 85),
    _u("course", 112, 12, 10, 3600),
    _u("heading", 124, 9, 1, 511),
    _u("second", 133, 6),
)
ACKNOWLEDGE = tuple(_u(f"mmsi{number}", 8 + 32 * number, 30) for number in range(1, 5))

FIELDS: Mapping[int, Sequence[Field]] = {
    1: CLASS_A,
    2: CLASS_A,
    3: CLASS_A,
    4: CLOCK,
    5: (
        _u("ais_version", 38, 2),
        _u("imo", 40, 30),
        _text("callsign", 70, 7),
        _text("shipname", 112, 20),
        _u("shiptype", 232, 8),
        *_size(240),
        _u("epfd", 270, 4),
        _u("month", 274, 4),
        _u("day", 278, 5),
        _u("hour", 283, 5),
        _u("minute", 288, 6),
        _u("draught", 294, 8, 10),
        _text("destination", 302, 20),
        _u("dte", 422, 1),
    ),
    6: (
        _u("seqno", 38, 2),
        _u("dest_mmsi", 40, 30),
        Field("retransmit", 70),
        _u("dac", 72, 10),
        _u("fid", 82, 6),
        Field("data", 88, 0, "x"),
    ),
    7: ACKNOWLEDGE,
    8: (_u("dac", 40, 10), _u("fid", 50, 6), Field("data", 56, 0, "x")),
    9: (
        _u("alt", 38, 12, 1, 4095),
        _u("speed", 50, 10, 1, 1023),
        Field("accuracy", 60),
        *_place(61, 89),
        COURSE_A,
        _u("second", 128, 6),
        _u("regional", 134, 8),
        _u("dte", 142, 1),
        Field("assigned", 146),
        Field("raim", 147),
        Field("radio", 148, 20, "r"),
    ),
    10: (_u("dest_mmsi", 40, 30),),
    11: CLOCK,
    12: (_u("seqno", 38, 2), _u("dest_mmsi", 40, 30), Field("retransmit", 70), _text("text", 72, 156)),
    13: ACKNOWLEDGE,
    14: (_text("text", 40, 161),),
    15: (
        _u("mmsi1", 40, 30),
        _u("type1_1", 70, 6),
        _u("offset1_1", 76, 12),
        _u("type1_2", 90, 6),
        _u("offset1_2", 96, 12),
        _u("mmsi2", 110, 30),
        _u("type2_1", 140, 6),
        _u("offset2_1", 146, 12),
    ),
    16: (
        _u("mmsi1", 40, 30),
        _u("offset1", 70, 12),
        _u("increment1", 82, 10),
        _u("mmsi2", 92, 30),
        _u("offset2", 122, 12),
        _u("increment2", 134, 10),
    ),
    17: (*_coarse("lon", 40, "lat", 58), Field("data", 80, 0, "x")),
    18: (
        *CLASS_B,
        _u("regional", 139, 2),
        Field("cs", 141),
        Field("display", 142),
        Field("dsc", 143),
        Field("band", 144),
        Field("msg22", 145),
        Field("assigned", 146),
        Field("raim", 147),
        Field("radio", 148, 20, "r"),
    ),
    19: (
        *CLASS_B,
        _u("regional", 139, 4),
        _text("shipname", 143, 20),
        _u("shiptype", 263, 8),
        *_size(271),
        _u("epfd", 301, 4),
        Field("raim", 305),
        _u("dte", 306, 1),
        Field("assigned", 307),
    ),
    20: tuple(
        field
        for number in range(1, 5)
        for field in (
            _u(f"offset{number}", 10 + 30 * number, 12),
            _u(f"number{number}", 22 + 30 * number, 4),
            _u(f"timeout{number}", 26 + 30 * number, 3),
            _u(f"increment{number}", 29 + 30 * number, 11),
        )
    ),
    21: (
        _u("aid_type", 38, 5),
        _text("name", 43, 20),
        Field("accuracy", 163),
        *_place(164, 192),
        *_size(219),
        _u("epfd", 249, 4),
        _u("second", 253, 6),
        Field("off_position", 259),
        _u("regional", 260, 8),
        Field("raim", 268),
        Field("virtual_aid", 269),
        Field("assigned", 270),
        _text("extension", 272, 14),
    ),
    22: (
        _u("channel_a", 40, 12),
        _u("channel_b", 52, 12),
        _u("txrx", 64, 4),
        Field("power", 68),
        Field("addressed", 139),
        Field("band_a", 140),
        Field("band_b", 141),
        _u("zonesize", 142, 3),
    ),
    23: (
        *_coarse("ne_lon", 40, "ne_lat", 58),
        *_coarse("sw_lon", 75, "sw_lat", 93),
        _u("stationtype", 110, 4),
        _u("shiptype", 114, 8),
        _u("txrx", 144, 2),
        _u("interval", 146, 4),
        _u("quiet", 150, 4),
    ),
    24: (_u("partno", 38, 2),),
    25: (Field("addressed", 38), Field("structured", 39)),
    26: (Field("addressed", 38), Field("structured", 39)),
    27: (
        Field("accuracy", 38),
        Field("raim", 39),
        _u("status", 40, 4),
        *_coarse("lon", 44, "lat", 62),
        _u("speed", 79, 6, 1, 63),
        _u("course", 85, 9, 1, 511),
        Field("gnss", 94),
    ),
}
"""Fields of each type after type, repeat indicator and MMSI."""

TRIMMED = 10
"""Bits of a plain number that may be missing at the end: transmitters trim zeros. Source: gpsd's test file."""
RADIO_BITS = 20
"""Communication state at the end of a type 26."""
AUXILIARY = 98


class Bits:
    """One payload as a number whose bits can be asked for."""

    def __init__(self, payload: bytes, fill: int) -> None:
        number = 0
        for byte in payload:
            six = byte - 48
            six -= 8 if six > 40 else 0  # noqa: PLR2004 -- where the table of characters has its gap
            if not 0 <= six <= 63 or 88 <= byte <= 95:  # noqa: PLR2004 -- as above
                raise InvalidValueError(field="payload", why=f"character {byte:#x} is not of the six-bit table")
            number = number << 6 | six
        self.size = 6 * len(payload) - fill
        self._number = number >> fill

    def unsigned(self, start: int, width: int) -> int:
        """Return the bits from *start* on as a number, zeros beyond the end of the message."""
        spare = self.size - start - width
        return (self._number >> spare if spare >= 0 else self._number << -spare) & ((1 << width) - 1)

    def field(self, field: Field) -> Value:
        """Return one field in its unit."""
        if field.kind == "t":
            return self._text(field.start, min(field.width, (self.size - field.start) // 6 * 6))
        if field.kind == "x":
            return self._rest(field.start, self.size)
        # A radio state cut at its end (163 bits where 168 belong) is read as far as it goes.
        width = min(field.width, self.size - field.start) if field.kind == "r" else field.width
        raw = self.unsigned(field.start, width)
        if field.kind == "b":
            return bool(raw)
        if field.kind == "i" and raw >> (field.width - 1):
            raw -= 1 << field.width
        if raw == field.nothing:
            return None
        return raw / field.divide if field.divide > 1 else raw

    def rest(self, start: int, end: int) -> str:
        """Return the bits between two places as `bits:hex`, the last byte filled with zeros."""
        return self._rest(start, end)

    def _rest(self, start: int, end: int) -> str:
        width = max(0, end - start)
        padding = -width % 8
        digits = (width + padding) // 4
        value = self.unsigned(start, width) << padding if width else 0
        return f"{width}:{value:0{digits}x}" if digits else "0:"

    def _text(self, start: int, width: int) -> str:
        letters = []
        for at in range(start, start + width, 6):
            six = self.unsigned(at, 6)
            if not six:
                break
            letters.append(chr(six + 64 if six < 32 else six))  # noqa: PLR2004 -- where the table of letters turns
        return "".join(letters).rstrip()


def fields_of(payload: bytes, fill: int = 0) -> dict[str, Value]:
    """Return the fields of one message by name: `type`, `repeat`, `mmsi`, then those of its type.

    Raises:
        InvalidValueError: for a character that is not of the six-bit table, fewer than 38 bits, or an unknown type.
    """
    bits = Bits(payload, fill)
    if bits.size < 38:  # noqa: PLR2004 -- type, repeat indicator and MMSI
        raise InvalidValueError(field="payload", why=f"{bits.size} bits are too few for a message")
    kind = bits.unsigned(0, 6)
    if kind not in FIELDS:
        raise InvalidValueError(field="type", why=f"there is no message type {kind}")
    said: dict[str, Value] = {"type": kind, "repeat": bits.unsigned(6, 2), "mmsi": bits.unsigned(8, 30)}
    _add(said, bits, FIELDS[kind])
    if kind == 22:  # noqa: PLR2004 -- channel management
        _add(said, bits, (_u("dest1", 69, 30), _u("dest2", 104, 30)) if said.get("addressed") else AREA)
    elif kind == 24:  # noqa: PLR2004 -- static data, class B
        _add(said, bits, _static_part(said))
    elif kind in {25, 26}:
        _add_binary(said, bits, kind)
    elif kind == 21 and said.get("extension"):  # noqa: PLR2004 -- aid to navigation
        said["name"] = f"{said['name']}{said.pop('extension')}"
    return said


AREA = (*_coarse("ne_lon", 69, "ne_lat", 87), *_coarse("sw_lon", 104, "sw_lat", 122))


def _add(said: dict[str, Value], bits: Bits, fields: Sequence[Field]) -> None:
    for field in fields:
        width = {"t": 6, "r": 1}.get(field.kind, field.width)
        trimmed = TRIMMED if field.kind == "u" and field.divide == 1 else 0
        if field.start + width <= bits.size + trimmed:
            said[field.name] = bits.field(field)


def _static_part(said: Mapping[str, Value]) -> Sequence[Field]:
    if said.get("partno") == 0:
        return (_text("shipname", 40, 20),)
    auxiliary = isinstance(said["mmsi"], int) and said["mmsi"] // 10_000_000 == AUXILIARY
    return (
        _u("shiptype", 40, 8),
        _text("vendorid", 48, 3),
        _u("model", 66, 4),
        _u("serial", 70, 20),
        _text("callsign", 90, 7),
        *((_u("mothership_mmsi", 132, 30),) if auxiliary else _size(132)),
    )


def _add_binary(said: dict[str, Value], bits: Bits, kind: int) -> None:
    at, end = 40, bits.size - (RADIO_BITS if kind == 26 else 0)  # noqa: PLR2004 -- with communication state
    if said.get("addressed"):
        _add(said, bits, (_u("dest_mmsi", at, 30),))
        at += 30
    if said.get("structured"):
        _add(said, bits, (_u("app_id", at, 16),))
        at += 16
    said["data"] = bits.rest(at, end)
    if kind == 26:  # noqa: PLR2004 -- as above
        _add(said, bits, (Field("radio", end, RADIO_BITS, "r"),))


def read_messages(data: bytes, tally: Tally) -> Iterator[dict[str, Value]]:
    """Yield the fields of every message in some whole lines of NMEA, with `received_ms` where a time is known.

    For looking at lines, not at files: everything is held in memory. What is no message is counted in the tally.
    """
    lines = Lines(Chunk(offset=0, data=data))
    sentences = sentences_of(lines, tally)
    assembly = Assembly(tally)
    tags = Tags(sentences)
    at, station = received(sentences, tags, Stations())
    messages = assembly.messages(sentences, tags, at, station, 0)
    assembly.close()
    for row in range(len(messages)):
        start, chars = int(messages.payload[row]), int(messages.chars[row])
        payload = messages.buffer[start : start + chars].tobytes()
        count = int(messages.lines[row])
        try:
            said = fields_of(payload, int(messages.fill[row]))
        except InvalidValueError as error:
            tally.reject(str(error), count)
            continue
        tally.accepted += count
        if messages.at[row] > 0:
            said["received_ms"] = int(messages.at[row])
        yield said
