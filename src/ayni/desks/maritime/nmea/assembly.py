"""Sentences to messages: most need one sentence, static messages need two, some up to nine.

Two parts that follow each other, with nothing of their own message family between them, are joined as columns.
Whatever is less orderly (interleaved, out of order, cut by the end of a chunk) goes part by part through `Parts`;
a key that such a part uses takes all its sentences with it, so that both ways always give the same messages.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np

from ayni.desks.maritime.layouts.checked import UNREADABLE
from ayni.desks.maritime.nmea.columns import Messages
from ayni.desks.maritime.nmea.parts import PATIENCE_LINES, PATIENCE_MS, Part, Parts, Whole
from ayni.desks.maritime.nmea.sentences import MARGIN, Sentences
from ayni.desks.maritime.nmea.tags import Tags

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ayni.model.desk import Tally

    Ints = NDArray[np.int64]

COLUMNS = ("payload", "chars", "fill", "at", "station", "offset", "length", "lines")


class Assembly:
    """Puts messages together; remembers parts from chunk to chunk."""

    def __init__(self, tally: Tally) -> None:
        self._parts = Parts(tally)
        self._count = 0
        """AIS sentences seen before this chunk."""

    def messages(self, sentences: Sentences, tags: Tags, at: Ints, station: Ints, base: int) -> Messages:
        """Return the messages that become whole in this chunk, in the order in which they do.

        Args:
            sentences: sound sentences of one chunk.
            tags: their tag blocks.
            at: when each was received, ms or UNREADABLE.
            station: number of the station that heard it, 0 for none.
            base: offset of the chunk in its source.
        """
        several = sentences.total > 1
        rows = np.flatnonzero(~several)
        columns = [
            sentences.payload,
            sentences.chars,
            sentences.fill,
            at,
            station,
            sentences.line + base,
            sentences.end - sentences.line,
            np.ones(len(sentences), np.int64),
        ]
        buffer = sentences.buffer
        if len(rows) < len(sentences):
            groups = _groups(tags, len(sentences))
            order, joined, payloads = self._joined(sentences, np.flatnonzero(several), groups, at, station, base)
            place = np.searchsorted(rows, order)
            columns = [np.insert(column[rows], place, more) for column, more in zip(columns, joined, strict=True)]
            buffer = np.concatenate([buffer, payloads, np.zeros(MARGIN, np.uint8)])
        self._count += len(sentences)
        return Messages(buffer=buffer, **dict(zip(COLUMNS, columns, strict=True)))

    def close(self) -> None:
        """Count the parts that are still waiting."""
        self._parts.close()

    def _joined(
        self, sentences: Sentences, rows: Ints, groups: Ints, at: Ints, station: Ints, base: int
    ) -> tuple[Ints, list[Ints], NDArray[np.uint8]]:
        """Return where joined messages belong among the sentences, their columns, and their payloads."""
        some = sentences.only(rows)
        group = groups[rows]
        first = self._orderly(some, rows, group, at[rows])
        loose = np.ones(len(rows), bool)
        loose[first] = loose[first + 1] = False
        order, columns, payloads = _pairs(some, rows, first, at, station, base)
        whole = list(self._one_by_one(some, rows, np.flatnonzero(loose), group, at, station, base))
        if whole:
            lengths = np.array([len(each.payload) for each in whole])
            begin = len(payloads) + np.cumsum(lengths) - lengths
            each_row = [(w.fill, w.at, w.station, w.start, w.end - w.start, w.lines) for w in whole]
            more = [begin, lengths, *np.array(each_row, np.int64).T]
            order = np.concatenate([order, np.array([each.line - self._count for each in whole])])
            sort = np.argsort(order, kind="stable")
            order = order[sort]
            columns = [np.concatenate(both)[sort] for both in zip(columns, more, strict=True)]
            payloads = np.concatenate([payloads, np.frombuffer(b"".join(w.payload for w in whole), np.uint8)])
        columns[0] = columns[0] + len(sentences.buffer)
        return order, columns, payloads

    def _orderly(self, some: Sentences, rows: Ints, group: Ints, at: Ints) -> Ints:
        """Return which sentences are a first of two parts whose second follows, in nobody else's way."""
        here, after = slice(None, -1), slice(1, None)
        fits = (some.total[here] == 2) & (some.total[after] == 2)  # noqa: PLR2004 -- two parts
        fits &= (some.number[here] == 1) & (some.number[after] == 2)  # noqa: PLR2004 -- as above
        fits &= (some.key[here] == some.key[after]) & (group[here] == group[after])
        undated = (at[here] == UNREADABLE) | (at[after] == UNREADABLE)
        with np.errstate(over="ignore"):
            fits &= undated | (np.abs(at[after] - at[here]) <= PATIENCE_MS)
        fits &= rows[after] - rows[here] <= PATIENCE_LINES
        first = np.flatnonzero(fits)
        loose = np.ones(len(some), bool)
        loose[first] = loose[first + 1] = False
        taken = {key for key, _, _ in self._parts.waiting} | set(some.key[loose].tolist())
        return first[~np.isin(some.key[first], list(taken))] if taken else first

    def _one_by_one(
        self, some: Sentences, rows: Ints, loose: Ints, group: Ints, at: Ints, station: Ints, base: int
    ) -> Iterable[Whole]:
        for row in loose.tolist():
            start, chars = int(some.payload[row]), int(some.chars[row])
            part = Part(
                self._count + int(rows[row]),
                int(some.number[row]),
                some.buffer[start : start + chars].tobytes(),
                int(some.fill[row]),
                int(at[rows[row]]),
                int(station[rows[row]]),
                int(some.line[row]) + base,
                int(some.end[row]) + base,
            )
            if whole := self._parts.add((int(some.key[row]), int(group[row]), int(some.total[row])), part):
                yield whole


def _groups(tags: Tags, count: int) -> Ints:
    """Return a number for the tag group of each sentence, the same for the same id in every chunk; 0 for none."""
    numbers = np.zeros(count, np.int64)
    codes, names = tags.groups()
    if names:
        known = [0, *(int.from_bytes(hashlib.blake2b(name, digest_size=7).digest(), "big") for name in names)]
        numbers[tags.rows] = np.array(known, np.int64)[codes]
    return numbers


def _pairs(
    some: Sentences, rows: Ints, first: Ints, at: Ints, station: Ints, base: int
) -> tuple[Ints, list[Ints], NDArray[np.uint8]]:
    second = first + 1
    chars = some.chars[first] + some.chars[second]
    own, later = at[rows[first]], at[rows[second]]
    heard, heard_later = station[rows[first]], station[rows[second]]
    columns = [
        np.cumsum(chars) - chars,
        chars,
        some.fill[second],
        np.where(own == UNREADABLE, later, own),
        np.where(heard == 0, heard_later, heard),
        some.line[first] + base,
        some.end[second] - some.line[first],
        np.full(len(first), 2, np.int64),
    ]
    both = np.stack([first, second], axis=1).ravel()
    lengths = some.chars[both]
    shift = np.repeat(some.payload[both] - (np.cumsum(lengths) - lengths), lengths)
    return rows[second], columns, some.buffer[shift + np.arange(len(shift))]
