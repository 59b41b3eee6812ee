"""The clock of a node: what it says, and when it jumped.

A wall clock is set by hand, by a receiver, by a flat battery. The order of acts never
depends on it alone: a `Work` is never earlier than the last entry, and a jump of more
than a few seconds against the machine's steady clock is noted for the people who must
explain a time later.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

LOG = logging.getLogger("ayni.node")
TOLERATED = timedelta(seconds=2)
"""A clock that is disciplined by NTP or GNSS slews; it does not step by more than this. Ours."""
KEPT = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Jump:
    """The wall clock moved by itself."""

    at: datetime
    """What the clock said afterwards."""
    by: timedelta
    """Forward (> 0) or backward (< 0)."""


class Clock:
    """Says the time in UTC and remembers jumps."""

    def __init__(
        self,
        wall: Callable[[], datetime] = lambda: datetime.now(UTC),
        steady: Callable[[], float] = time.monotonic,
    ) -> None:
        self._wall = wall
        self._steady = steady
        self._lock = threading.Lock()
        self._before = (wall(), steady())
        self.jumps: list[Jump] = []

    def __call__(self) -> datetime:
        """Return the instant, aware UTC, as the wall clock says it."""
        with self._lock:
            now, ticks = self._wall(), self._steady()
            expected = self._before[0] + timedelta(seconds=ticks - self._before[1])
            self._before = (now, ticks)
            if abs(now - expected) > TOLERATED:
                jump = Jump(at=now, by=now - expected)
                self.jumps = [*self.jumps, jump][-KEPT:]
                LOG.warning("the clock of this machine jumped by %s at %s", jump.by, jump.at.isoformat())
            return now
