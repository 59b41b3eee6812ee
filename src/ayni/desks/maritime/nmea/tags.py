r"""Tag blocks as columns: time (`c:`), station (`s:`) and sentence group (`g:`) of thousands of lines at once.

    \s:r003669945,c:1120959341*4D\!AIVDM,…

Sixteen bytes from where a value begins are read as two 64-bit words; arithmetic on whole words finds where the
value ends and what its digits are worth.

Source: IEC 61162-450, annex B; NMEA 0183 4.10, tag block parameter codes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ayni.desks.maritime.layouts.checked import UNREADABLE
from ayni.desks.maritime.nmea.sentences import BACKSLASH, COMMA, STAR, Sentences

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Ints = NDArray[np.int64]
    Words = NDArray[np.uint64]
    Flags = NDArray[np.bool_]

COLON, DIGIT_ZERO = ord(":"), ord("0")
SECONDS_BELOW = 100_000_000_000
"""A number below this counts seconds (until the year 5138), one above it milliseconds."""
LONGEST_VALUE = 16


def _all(byte: int) -> np.uint64:
    return np.uint64(byte * 0x0101010101010101)


_ONES, _HIGH, _ZEROS, _NINES = _all(1), _all(0x80), _all(DIGIT_ZERO), _all(0x80 - 10)


class Tags:
    """The tag blocks among some sentences."""

    def __init__(self, sentences: Sentences) -> None:
        buffer = sentences.buffer
        self._sentences = sentences
        self.rows = np.flatnonzero(buffer[sentences.line] == BACKSLASH)
        """Which sentences have a tag block."""
        self._at = self._row = np.zeros(0, np.int64)
        self._letter = np.zeros(0, np.uint8)
        if len(self.rows):
            before = (buffer[:-2] == BACKSLASH) | (buffer[:-2] == COMMA)
            at = np.flatnonzero((buffer[2:] == COLON) & before)
            row = np.searchsorted(sentences.line[self.rows], at, side="right") - 1
            inside = (row >= 0) & (at < sentences.begin[self.rows[row]])
            self._at, self._row = at[inside] + 3, row[inside]
            self._letter = buffer[at[inside] + 1]

    def times(self) -> Ints:
        """Return the time of each tag block, ms since 1970 UTC; UNREADABLE where it has none."""
        times = np.full(len(self.rows), UNREADABLE, np.int64)
        found, at = self._values("c")
        if not len(at):
            return times
        first, second = self._words(at), self._words(at + 8)
        eight, whole = _digits(first)
        # Ten digits are seconds, thirteen milliseconds: two or five of them stand in the second word.
        two, good_two = _digits(second << np.uint64(48) | _ZEROS >> np.uint64(16))
        five, good_five = _digits(second << np.uint64(24) | _ZEROS >> np.uint64(40))
        seconds = whole & good_two & ~_is_digit(second, 2)
        milliseconds = whole & good_five & ~_is_digit(second, 5)
        value = np.where(seconds, (eight * 100 + two) * 1000, eight * 100_000 + five)
        times[found] = np.where(seconds | milliseconds, value, UNREADABLE)
        return times

    def stations(self) -> tuple[Ints, list[bytes]]:
        """Return a number for the station of each tag block, 0 for none, and the names from 1 on."""
        return self._names("s", 0)

    def groups(self) -> tuple[Ints, list[bytes]]:
        """Return a number for the group of each tag block (the id of `1-2-73874`), 0 for none, and ids from 1 on."""
        return self._names("g", 4)

    def _names(self, letter: str, skip: int) -> tuple[Ints, list[bytes]]:
        codes = np.zeros(len(self.rows), np.int64)
        found, at = self._values(letter)
        if not len(at):
            return codes, []
        first, ended = _until_end(self._words(at + skip))
        second, _ = _until_end(self._words(at + skip + 8))
        second[ended] = 0
        names, code = _distinct(first, second)
        codes[found] = code + 1
        return codes, names

    def _values(self, letter: str) -> tuple[Flags, Ints]:
        """Return which tag blocks hold the field, and where its value begins in those that do; the first counts."""
        some = np.flatnonzero(self._letter == ord(letter))
        begins = np.zeros(len(self.rows), np.int64)
        begins[self._row[some][::-1]] = self._at[some][::-1]
        found = begins > 0
        return found, begins[found]

    def _words(self, at: Ints) -> Words:
        buffer = self._sentences.buffer
        overlapping = np.ndarray((len(buffer) - 7,), "<u8", buffer, strides=(1,))
        words: Words = overlapping[np.minimum(at, len(overlapping) - 1)]
        return words


def _digits(words: Words) -> tuple[Ints, Flags]:
    """Return the number that eight decimal digits write, the first in the lowest byte, and whether all are digits."""
    value = words - _ZEROS
    good = ((value | (value + _NINES)) & _HIGH) == 0
    value = value * np.uint64(10) + (value >> np.uint64(8))
    pairs = np.uint64(0x000000FF000000FF)
    value = (value & pairs) * np.uint64(0x000F424000000064) + ((value >> np.uint64(16)) & pairs) * np.uint64(
        0x0000271000000001
    )
    return (value >> np.uint64(32)).astype(np.int64), good


def _is_digit(words: Words, index: int) -> Flags:
    byte = (words >> np.uint64(8 * index)) & np.uint64(0xFF)
    return (byte >= DIGIT_ZERO) & (byte < DIGIT_ZERO + 10)


def _until_end(words: Words) -> tuple[Words, Flags]:
    """Return the words with zeros from the first comma, star or backslash on, and which held one."""
    ends = np.zeros(len(words), np.uint64)
    for byte in (COMMA, STAR, BACKSLASH):
        other = words ^ _all(byte)
        ends |= (other - _ONES) & ~other & _HIGH
    lowest = ends & (~ends + np.uint64(1))
    return words & ((lowest >> np.uint64(7)) - np.uint64(1)), ends != 0


def _distinct(first: Words, second: Words) -> tuple[list[bytes], Ints]:
    """Return the distinct pairs of words as bytes, and which of them each pair is."""
    import pyarrow as pa  # noqa: PLC0415 -- imported with the first tag block

    left, right = (pa.array(words).dictionary_encode() for words in (first, second))
    width = max(1, len(right.dictionary))
    both = left.indices.to_numpy().astype(np.int64) * width + right.indices.to_numpy()
    pairs = pa.array(both).dictionary_encode()
    left_words, right_words = left.dictionary.to_pylist(), right.dictionary.to_pylist()
    names = [
        b"".join(
            word.to_bytes(8, "little") for word in (left_words[pair // width], right_words[pair % width])
        ).rstrip(b"\0")
        for pair in pairs.dictionary.to_pylist()
    ]
    code: Ints = pairs.indices.to_numpy().astype(np.int64)
    return names, code
