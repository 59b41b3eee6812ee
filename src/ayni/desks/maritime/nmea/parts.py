"""Messages that need several sentences: their parts may interleave, be cut off, or arrive in any order.

Parts belong together when talker, channel, sequence number and tag group are the same. Other sentences may
stand between them. What waits too long (lines, or seconds where lines carry a time) will not be completed
any more: it is counted, and its sequence number is free for the next message.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ayni.desks.maritime.layouts.checked import UNREADABLE

if TYPE_CHECKING:
    from ayni.model.desk import Tally

ORPHAN = "part of a message whose other parts never came"
PATIENCE_LINES = 1000
"""A busy station hears some 50 sentences a second; parts that belong together arrive within a few lines."""
PATIENCE_MS = 30_000
"""Sequence numbers run from 0 to 9 and are soon used again. Ours: half a minute is many times a slot."""


@dataclass(frozen=True, slots=True)
class Part:
    """One sentence of a message that has several. Offsets count in the source."""

    line: int
    """How many AIS sentences came before it."""
    number: int
    payload: bytes
    fill: int
    at: int
    station: int
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Whole:
    """A message put together."""

    line: int
    """Number of the sentence that completed it."""
    payload: bytes
    fill: int
    at: int
    station: int
    start: int
    end: int
    lines: int


class Parts:
    """Keeps parts until their message is whole."""

    def __init__(self, tally: Tally) -> None:
        self._tally = tally
        self.waiting: dict[tuple[int, int, int], dict[int, Part]] = {}
        """Key, tag group and number of parts → the parts that came."""

    def add(self, key: tuple[int, int, int], part: Part) -> Whole | None:
        """Take a part of a message of `key[2]` parts; return the message when this completes it."""
        parts = self.waiting.get(key)
        if parts and (part.number in parts or _stale(parts, part)):
            self._tally.reject(ORPHAN, len(parts))
            parts = None
        if not parts:
            parts = self.waiting[key] = {}
        parts[part.number] = part
        if len(parts) < key[2]:
            self._forget_stale(part)
            return None
        del self.waiting[key]
        return _joined(parts, part.line)

    def close(self) -> None:
        """Count what is still waiting."""
        for parts in self.waiting.values():
            self._tally.reject(ORPHAN, len(parts))
        self.waiting.clear()

    def _forget_stale(self, now: Part) -> None:
        if len(self.waiting) <= PATIENCE_LINES:
            return
        for key in [key for key, parts in self.waiting.items() if _too_far_back(parts, now)]:
            self._tally.reject(ORPHAN, len(self.waiting.pop(key)))


def _stale(parts: dict[int, Part], now: Part) -> bool:
    if _too_far_back(parts, now):
        return True
    first = next(iter(parts.values()))
    return UNREADABLE not in {now.at, first.at} and abs(now.at - first.at) > PATIENCE_MS


def _too_far_back(parts: dict[int, Part], now: Part) -> bool:
    return now.line - next(iter(parts.values())).line > PATIENCE_LINES


def _joined(parts: dict[int, Part], line: int) -> Whole:
    ordered = [parts[number] for number in sorted(parts)]
    return Whole(
        line=line,
        payload=b"".join(part.payload for part in ordered),
        fill=ordered[-1].fill,
        at=next((part.at for part in ordered if part.at != UNREADABLE), UNREADABLE),
        station=next((part.station for part in ordered if part.station), 0),
        start=min(part.start for part in ordered),
        end=max(part.end for part in ordered),
        lines=len(ordered),
    )
