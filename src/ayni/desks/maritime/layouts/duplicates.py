"""Which rows were seen before: receivers hear the same transmission, archives repeat lines.

A row is the same when sender, time, place, speed, course, heading and message type are the same. The
memory reaches between two and four million rows back and is cut at fixed row numbers, so that the answer
never depends on how a file was cut into chunks, and a file of any size costs the same memory.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

GENERATION_ROWS = 1 << 21
FIRST_SLOT_BITS = 20
_ODD = np.uint64(0x9E3779B97F4A7C15)
_MIX = np.uint64(0xBF58476D1CE4E5B9)
_EMPTY = np.uint64(0)


def row_hashes(columns: list[NDArray[np.int64]]) -> NDArray[np.uint64]:
    """Return 64 bits for each row, equal for equal rows, never zero. Source: the finalizer of SplitMix64."""
    state = np.zeros(len(columns[0]), np.uint64)
    for column in columns:
        state += column.view(np.uint64)
        state *= _ODD
        state ^= state >> np.uint64(29)
        state *= _MIX
        state ^= state >> np.uint64(32)
    state[state == _EMPTY] = 1
    return state


class Duplicates:
    """Remembers rows; says which ones come again."""

    def __init__(self, generation_rows: int = GENERATION_ROWS) -> None:
        self._size = generation_rows
        self._older = _Seen()
        self._newer = _Seen()
        self._count = 0

    def among(self, hashes: NDArray[np.uint64]) -> NDArray[np.bool_]:
        """Return which rows were seen before, counting earlier ones of this call, and remember all of them."""
        again = np.zeros(len(hashes), bool)
        done = 0
        while done < len(hashes):
            part = hashes[done : done + self._size - self._count]
            again[done : done + len(part)] = self._newer.add(part) | self._older.has(part)
            done += len(part)
            self._count += len(part)
            if self._count == self._size:
                self._older, self._newer, self._count = self._newer, _Seen(), 0
        return again


class _Seen:
    """A set of hashes in one array with open addressing, at most half full; many are added at once."""

    def __init__(self) -> None:
        self._bits = FIRST_SLOT_BITS
        self._slots = np.zeros(1 << self._bits, np.uint64)
        self._owner = np.zeros(1 << self._bits, np.int32)
        self._count = 0

    def add(self, hashes: NDArray[np.uint64]) -> NDArray[np.bool_]:
        """Add hashes and return which were there before; of equal ones among them the first is the new one."""
        self._grow(len(hashes))
        return self._put(hashes)

    def has(self, hashes: NDArray[np.uint64]) -> NDArray[np.bool_]:
        """Return which hashes were added before."""
        again = np.zeros(len(hashes), bool)
        if not self._count:
            return again
        rows, slots = np.arange(len(hashes)), self._first(hashes)
        while len(rows):
            here = self._slots[slots]
            again[rows[here == hashes]] = True
            going = (here != hashes) & (here != _EMPTY)
            rows, hashes, slots = rows[going], hashes[going], slots[going]
            slots = self._following(slots, hashes)
        return again

    def _put(self, hashes: NDArray[np.uint64]) -> NDArray[np.bool_]:
        again = np.zeros(len(hashes), bool)
        rows = np.arange(len(hashes), dtype=np.int32)
        slots = self._first(hashes)
        while len(rows):
            here = self._slots[slots]
            same = here == hashes
            again[rows[same]] = True
            free = here == _EMPTY
            wanted = slots[free]
            # Assigned backwards, so that of several rows wanting one slot the first remains in it.
            self._owner[wanted[::-1]] = rows[free][::-1]
            won = np.flatnonzero(free)[self._owner[wanted] == rows[free]]
            self._slots[slots[won]] = hashes[won]
            self._count += len(won)
            going = ~same
            going[won] = False
            # A row that lost a free slot looks at it again: its winner may be its equal.
            slots = np.where(free, slots, self._following(slots, hashes))[going]
            rows, hashes = rows[going], hashes[going]
        return again

    def _grow(self, more: int) -> None:
        if 2 * (self._count + more) <= len(self._slots):
            return
        kept = self._slots[self._slots != _EMPTY]
        while 2 * (len(kept) + more) > 1 << self._bits:
            self._bits += 2
        self._slots = np.zeros(1 << self._bits, np.uint64)
        self._owner = np.zeros(1 << self._bits, np.int32)
        self._count = 0
        self._put(kept)

    def _first(self, hashes: NDArray[np.uint64]) -> NDArray[np.int64]:
        return (hashes >> np.uint64(64 - self._bits)).view(np.int64)

    def _following(self, slots: NDArray[np.int64], hashes: NDArray[np.uint64]) -> NDArray[np.int64]:
        """Step by an odd number of each hash's own, so that full slots never gather into long runs."""
        return (slots + (hashes.view(np.int64) | 1)) & (len(self._slots) - 1)
