r"""Lines to sentences: where each begins, whether its checksum holds, which part of which message it is.

    \g:1-2-73874,s:r003669945,c:1120959341*4D\!AIVDM,2,1,4,A,55O0W7`00001L@gCWGA2uItLth@DqtL5@F22220,0*0C
     tag block: group, station, time, checksum     total, number, sequence, channel, payload, fill bits, checksum

Every line of a chunk is looked at at once, as columns of positions. A line that is not a sound AIS sentence is
counted by reason and goes no further.

Source: NMEA 0183 / IEC 61162-1 (sentence), IEC 61162-450 (tag block).
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

import numpy as np

from ayni.desks.maritime.layouts.lines import Lines
from ayni.desks.maritime.layouts.stream import LONGEST_LINE_BYTES, TOO_LONG

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ayni.model.desk import Tally

    Ints = NDArray[np.int64]
    Flags = NDArray[np.bool_]

NOT_AIS = "not an AIS sentence"
NO_CHECKSUM = "no checksum"
WRONG_CHECKSUM = "wrong checksum"
WRONG_TAG = "wrong checksum in the tag block"
MALFORMED = "malformed sentence"

MARGIN = 64
"""Zero bytes after the chunk, so that fixed widths can be read at any line."""
BANG, STAR, COMMA, BACKSLASH, DOLLAR, HASH = b"!*,\\$#"

_HEX = np.full(256, 255, np.int64)
for _value, _digit in enumerate(b"0123456789ABCDEF"):
    _HEX[_digit] = _value
for _value, _digit in enumerate(b"abcdef"):
    _HEX[_digit] = 10 + _value


@dataclass(frozen=True, slots=True, kw_only=True)
class Sentences:
    """Sound AIS sentences of one chunk, one element each; positions count in `buffer`."""

    buffer: NDArray[np.uint8]
    line: Ints
    """First byte of the line, tag block or leading time included."""
    end: Ints
    """One past the last byte of the line, without its line end."""
    begin: Ints
    """Where the `!` stands."""
    star: Ints
    payload: Ints
    chars: Ints
    fill: Ints
    total: Ints
    number: Ints
    key: Ints
    """Talker, channel and sequence number in one integer: what the parts of a message have in common."""

    def __len__(self) -> int:
        return len(self.line)

    def only(self, keep: Flags | Ints) -> Sentences:
        """Return some of the sentences."""
        return Sentences(
            buffer=self.buffer,
            **{each.name: getattr(self, each.name)[keep] for each in fields(self) if each.name != "buffer"},
        )


def sentences_of(lines: Lines, tally: Tally) -> Sentences:
    """Return the sound AIS sentences among *lines*; count all lines, and the others by reason."""
    length = lines.lengths()
    filled = length > 0
    line, end = lines.starts[filled], (lines.starts + length)[filled]
    tally.read += len(line)
    buffer = np.concatenate([lines.bytes, np.zeros(MARGIN, np.uint8)])
    line, end = _sieve(tally, TOO_LONG, end - line <= LONGEST_LINE_BYTES, line, end)
    begin = _begin(buffer, line, end)
    head = _words_at(buffer, begin)
    line, end, begin, head = _sieve(tally, NOT_AIS, _is_ais(head) & (begin < end), line, end, begin, head)
    star = _star(buffer, begin, end)
    line, end, begin, head, star = _sieve(tally, NO_CHECKSUM, star + 2 < end, line, end, begin, head, star)
    sound = _xor(buffer, begin + 1, star) == _HEX[buffer[star + 1]] * 16 + _HEX[buffer[star + 2]]
    line, end, begin, head, star = _sieve(tally, WRONG_CHECKSUM, sound, line, end, begin, head, star)
    tagged = _tag_holds(buffer, line, begin)
    line, end, begin, head, star = _sieve(tally, WRONG_TAG, tagged, line, end, begin, head, star)
    return _parsed(buffer, line, end, begin, head, star, tally)


def _parsed(
    buffer: NDArray[np.uint8], line: Ints, end: Ints, begin: Ints, head: Ints, star: Ints, tally: Tally
) -> Sentences:
    rest = _words_at(buffer, begin + 8)
    # `!AIVDM,t,n,` has a fixed width; then come a sequence number and a channel of no or one character each.
    no_sequence = _byte(rest, 3) == COMMA
    channel_at = np.where(no_sequence, 4, 5)
    channel = _byte(rest, channel_at)
    no_channel = channel == COMMA
    payload = begin + 8 + channel_at + np.where(no_channel, 1, 2)
    total, number = _byte(head, 7) - ord("0"), _byte(rest, 1) - ord("0")
    sequence = _byte(rest, 3)
    fill = buffer[star - 1].astype(np.int64) - ord("0")
    good = (_byte(head, 6) == COMMA) & (_byte(rest, 0) == COMMA) & (_byte(rest, 2) == COMMA)
    good &= no_sequence | ((_byte(rest, 4) == COMMA) & (sequence >= ord("0")) & (sequence <= ord("9")))
    good &= no_channel | (_byte(rest, np.minimum(channel_at + 1, 7)) == COMMA)
    good &= (total >= 1) & (total <= 9) & (number >= 1) & (number <= total)  # noqa: PLR2004 -- one digit
    good &= (fill >= 0) & (fill <= 5) & (buffer[star - 2] == COMMA) & (star - 2 > payload)  # noqa: PLR2004 -- of six bits
    key = (head & 0xFFFF00) << 8 | np.where(no_channel, 0, channel) << 8 | np.where(no_sequence, 0, sequence)
    lost = len(good) - int(np.count_nonzero(good))
    tally.reject(MALFORMED, lost)
    found = Sentences(
        buffer=buffer,
        line=line,
        end=end,
        begin=begin,
        star=star,
        payload=payload,
        chars=star - 2 - payload,
        fill=fill,
        total=total,
        number=number,
        key=key,
    )
    return found.only(good) if lost else found


def _sieve(tally: Tally, reason: str, good: Flags, *columns: Ints) -> tuple[Ints, ...]:
    """Return the columns without the rows that are not *good*, which are counted."""
    lost = len(good) - int(np.count_nonzero(good))
    tally.reject(reason, lost)
    return tuple(column[good] for column in columns) if lost else columns


def _begin(buffer: NDArray[np.uint8], line: Ints, end: Ints) -> Ints:
    """Return where the sentence of each line begins: after a tag block, or after a time written before it."""
    first = buffer[line]
    begin = line.copy()
    tagged = np.flatnonzero(first == BACKSLASH)
    if len(tagged):
        begin[tagged] = _next(buffer == BACKSLASH, line[tagged] + 1) + 1
    other = np.flatnonzero((first != BANG) & (first != BACKSLASH) & (first != DOLLAR) & (first != HASH))
    if len(other):
        begin[other] = _next(buffer == BANG, line[other])
    return np.minimum(begin, np.maximum(end, line))


def _star(buffer: NDArray[np.uint8], begin: Ints, end: Ints) -> Ints:
    """Return where the checksum of each sentence begins: three bytes before the end, unless something follows it."""
    star = end - 3
    other = np.flatnonzero((buffer[star] != STAR) | (star <= begin))
    if len(other):
        star[other] = _next(buffer == STAR, begin[other])
    return star


def _is_ais(head: Ints) -> Flags:
    formatter = head & 0xFFFF0000FF
    last = _byte(head, 5)
    ais: Flags = (formatter == _packed(b"!\0\0VD")) & ((last == ord("M")) | (last == ord("O")))
    return ais


def _tag_holds(buffer: NDArray[np.uint8], line: Ints, begin: Ints) -> Flags:
    """Return whether the checksum of the tag block holds; lines without one have nothing to hold."""
    holds = np.ones(len(line), bool)
    tagged = np.flatnonzero(buffer[line] == BACKSLASH)
    if len(tagged):
        star = begin[tagged] - 4
        long = star > line[tagged] + 1
        at, star = tagged[long], star[long]
        want = _HEX[buffer[star + 1]] * 16 + _HEX[buffer[star + 2]]
        holds[tagged[~long]] = False
        holds[at] = (buffer[star] == STAR) & (_xor(buffer, line[at] + 1, star) == want)
    return holds


def _xor(buffer: NDArray[np.uint8], start: Ints, end: Ints) -> NDArray[np.uint8]:
    """Return the exclusive or of the bytes from *start* up to *end*, for ascending spans of at least one byte."""
    if not len(start):
        return np.zeros(0, np.uint8)
    spans = np.empty(2 * len(start), np.int64)
    spans[0::2], spans[1::2] = start, np.maximum(end, start + 1)
    folded: NDArray[np.uint8] = np.bitwise_xor.reduceat(buffer, spans)[0::2]
    return folded


def _next(where: Flags, start: Ints) -> Ints:
    """Return the first place at or after each *start* where the mark stands, or one far behind everything."""
    places = np.append(np.flatnonzero(where), 1 << 60)
    found: Ints = places[np.searchsorted(places, start)]
    return found


def _words_at(buffer: NDArray[np.uint8], at: Ints) -> Ints:
    overlapping = np.ndarray((len(buffer) - 7,), "<i8", buffer, strides=(1,))
    words: Ints = overlapping[np.minimum(at, len(overlapping) - 1)]
    return words


def _byte(words: Ints, index: int | Ints) -> Ints:
    return (words >> (8 * np.int64(index) if isinstance(index, int) else 8 * index)) & 0xFF


def _packed(text: bytes) -> int:
    return int.from_bytes(text, "little")
