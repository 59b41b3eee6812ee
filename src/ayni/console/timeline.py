"""A timeline: lanes under one axis of days, drawn as SVG in per cent so that it fits any width without script.

Everything on it also stands in the list below it; the picture is for the eye alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

TICKS: Final = 6
"""Dates named on the axis, at most: more do not fit on a telephone. Ours."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """A stretch of time, per cent of the whole."""

    x: float
    width: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Dot:
    """An instant, per cent of the whole, drawn as a shape in the colour of a state."""

    x: float
    shape: str
    state: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Lane:
    """One line of the timeline."""

    title: str
    bars: Sequence[Bar] = ()
    dots: Sequence[Dot] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Tick:
    """A date under the lanes."""

    x: float
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Scale:
    """Instants to per cent of a stretch of time."""

    since: datetime
    until: datetime

    def x(self, at: datetime) -> float:
        """Return where *at* stands, within 0 and 100."""
        return round(min(100.0, max(0.0, 100 * ((at - self.since) / (self.until - self.since)))), 2)

    def bar(self, since: datetime, until: datetime) -> Bar:
        """Return a stretch, wide enough to be seen."""
        x = self.x(since)
        return Bar(x=x, width=max(0.4, round(self.x(until) - x, 2)))

    def ticks(self) -> Sequence[Tick]:
        """Return midnights, evenly apart, at most `TICKS` of them."""
        first = self.since.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
        days = max(1, (self.until - first).days + 1)
        apart = timedelta(days=-(-days // TICKS))
        found, at = [], first
        while at < self.until:
            found.append(Tick(x=self.x(at), at=at))
            at += apart
        return found
