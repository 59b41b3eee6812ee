"""The armoured payload of AIVDM as integers, thousands of messages at a time.

Each character carries six bits: `0` is 0, `W` is 39, then a gap, `` ` `` is 40 and `w` is 63. Eight characters are
read as one 64-bit word; arithmetic on the whole word turns its eight bytes into 48 bits at once. A message is
then a few words, and a field a shift and a mask.

Source: ITU-R M.1371-5, annex 8 (fields); NMEA 0183 / IEC 61162-1, table of six-bit characters.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Words = Sequence[NDArray[np.uint64]]

ARMOUR = b"0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVW`abcdefghijklmnopqrstuvw"
"""The 64 characters in the order of their six bits."""
WORD_CHARS = 8
WORD_BITS = 48
PADDING = 8
"""Bytes that must follow the last payload in a buffer, so that a whole word can always be read."""


def _bytes_of(value: int) -> np.uint64:
    return np.uint64(value * 0x0101010101010101)


_HIGH, _ZERO, _SEVEN, _BIT_5 = _bytes_of(0x80), _bytes_of(ord("0")), _bytes_of(0x40), _bytes_of(0x20)
_ABOVE_40, _FROM_40 = _bytes_of(0x80 - 41), _bytes_of(0x80 - 40)
_KEEP = np.array([(1 << 64) - (1 << (64 - 8 * chars)) for chars in range(WORD_CHARS + 1)], np.uint64)
_PACK = (
    (np.uint64(2), np.uint64(0x0FC00FC00FC00FC0), np.uint64(0x003F003F003F003F)),
    (np.uint64(4), np.uint64(0x00FFF00000FFF000), np.uint64(0x00000FFF00000FFF)),
    (np.uint64(8), np.uint64(0x0000FFFFFF000000), np.uint64(0x0000000000FFFFFF)),
)


def words_of(
    buffer: NDArray[np.uint8], start: NDArray[np.int64], chars: NDArray[np.int64], count: int
) -> tuple[Words, NDArray[np.bool_]]:
    """Return the first *count* words of each payload, zero beyond its end, and which payloads are legal so far.

    Args:
        buffer: bytes, with `PADDING` bytes or more after the last payload.
        start: first byte of each payload.
        chars: length of each payload in characters.
        count: words of 48 bits wanted.
    """
    overlapping = np.ndarray((len(buffer) - 7,), "<u8", np.ascontiguousarray(buffer), strides=(1,))
    steps = WORD_CHARS * np.arange(count)[:, None]
    raw = overlapping[np.minimum(start + steps, len(overlapping) - 1)].byteswap(inplace=True)
    keep = _KEEP[np.minimum(np.maximum(chars - steps, 0), WORD_CHARS)]
    raw &= keep
    raw |= _ZERO & ~keep
    value = (raw | _HIGH) - _ZERO
    wrong = (raw | ~value) & _HIGH
    value &= ~_HIGH
    six = value - (((value + _ABOVE_40) & _HIGH) >> np.uint64(4))
    wrong |= (six + (((six + _FROM_40) & _HIGH) >> np.uint64(4))) ^ value
    wrong |= six & _SEVEN
    for shift, upper, lower in _PACK:
        six = ((six >> shift) & upper) | (six & lower)
    return list(six), ~wrong.any(axis=0)


def bits(words: Words, start: int, length: int, *, signed: bool = False) -> NDArray[np.int64]:
    """Return the field of *length* bits (at most 48) that begins at bit *start* of every message."""
    index, offset = divmod(start, WORD_BITS)
    spare = WORD_BITS - offset - length
    mask = np.uint64((1 << length) - 1)
    if spare >= 0:
        field = (words[index] >> np.uint64(spare)) & mask
    else:
        over = np.uint64(-spare)
        field = ((words[index] << over) | (words[index + 1] >> np.uint64(WORD_BITS + spare))) & mask
    number = field.astype(np.int64)
    if signed:
        number -= (number >> (length - 1)) << length
    return number


def text(words: Words, start: int, chars: int) -> NDArray[np.bytes_]:
    """Return a text field of *chars* six-bit characters, cut at the first `@`, spaces around it removed."""
    columns = []
    for at in range(0, chars, WORD_CHARS):
        some = min(WORD_CHARS, chars - at)
        six = bits(words, start + 6 * at, 6 * some).astype(np.uint64) << np.uint64(6 * (WORD_CHARS - some))
        for shift, upper, lower in reversed(_PACK):
            six = ((six << shift) & (upper << shift)) | (six & lower)
        # Below 32 the table holds the letters from `@` on, above it ASCII as it is.
        columns.append((six + ((~six & _BIT_5) << np.uint64(1))).byteswap(inplace=True))
    letters = np.ascontiguousarray(np.stack(columns, axis=1)).view(np.uint8)[:, :chars].copy()
    letters[np.logical_or.accumulate(letters == ord("@"), axis=1)] = ord(" ")
    blank = np.logical_and.accumulate((letters == ord(" "))[:, ::-1], axis=1)[:, ::-1]
    letters[blank] = 0
    cut: NDArray[np.bytes_] = letters.view(f"S{chars}")[:, 0]
    return np.char.lstrip(cut) if np.any(letters[:, 0] == ord(" ")) else cut
