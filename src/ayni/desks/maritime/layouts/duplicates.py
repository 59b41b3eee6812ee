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
_SLOT_BITS = 22
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
        self._older = np.zeros(1 << _SLOT_BITS, np.uint64)
        self._newer = np.zeros(1 << _SLOT_BITS, np.uint64)
        self._owner = np.zeros(1 << _SLOT_BITS, np.int32)
        self._count = 0

    def among(self, hashes: NDArray[np.uint64]) -> NDArray[np.bool_]:
        """Return which rows were seen before, counting earlier ones of this call, and remember all of them."""
        again = np.zeros(len(hashes), bool)
        done = 0
        while done < len(hashes):
            part = hashes[done : done + self._size - self._count]
            again[done : done + len(part)] = self._put(part) | self._among_older(part)
            done += len(part)
            self._count += len(part)
            if self._count == self._size:
                self._older, self._newer, self._count = self._newer, self._older, 0
                self._newer.fill(_EMPTY)
        return again

    def _put(self, hashes: NDArray[np.uint64]) -> NDArray[np.bool_]:
        """Insert into an open-addressed table, all rows at once; the first of equal rows is the new one."""
        table, owner = self._newer, self._owner
        again = np.zeros(len(hashes), bool)
        rows = np.arange(len(hashes), dtype=np.int32)
        slots = _first_slot(hashes)
        while len(rows):
            here = table[slots]
            same = here == hashes
            again[rows[same]] = True
            free = np.flatnonzero(here == _EMPTY)
            # Assigned backwards, so that of several rows wanting one slot the first remains in it.
            owner[slots[free][::-1]] = rows[free][::-1]
            won = free[owner[slots[free]] == rows[free]]
            table[slots[won]] = hashes[won]
            done = same
            done[won] = True
            # A row that lost a free slot looks at it again: its winner may be its equal.
            slots = np.where(here == _EMPTY, slots, _next_slot(slots))[~done]
            rows, hashes = rows[~done], hashes[~done]
        return again

    def _among_older(self, hashes: NDArray[np.uint64]) -> NDArray[np.bool_]:
        again = np.zeros(len(hashes), bool)
        rows = np.arange(len(hashes))
        slots = _first_slot(hashes)
        while len(rows):
            here = self._older[slots]
            again[rows[here == hashes]] = True
            going = (here != hashes) & (here != _EMPTY)
            rows, hashes, slots = rows[going], hashes[going], _next_slot(slots[going])
        return again


def _first_slot(hashes: NDArray[np.uint64]) -> NDArray[np.int64]:
    return (hashes >> np.uint64(64 - _SLOT_BITS)).astype(np.int64)


def _next_slot(slots: NDArray[np.int64]) -> NDArray[np.int64]:
    return (slots + 1) & ((1 << _SLOT_BITS) - 1)
