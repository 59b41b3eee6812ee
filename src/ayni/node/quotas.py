"""How much each partner may ask of the node: one request at a time, so many envelopes and bytes.

A quota fills again steadily (token bucket): a partner that was silent may send a minute's, or
an hour's, worth at once. What is turned away was not taken in, and is sent again later.
"""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final

MINUTE_S: Final = 60.0
HOUR_S: Final = 3600.0


@dataclass(slots=True)
class Bucket:
    """So much at once, filling again within a span."""

    holds: float
    within_s: float
    left: float
    at: float

    def wait_s(self, wanted: float, now: float) -> float:
        """Return how long to wait until *wanted* is there; more than it can ever hold counts as all of it."""
        self.left = min(self.holds, self.left + (now - self.at) * self.holds / self.within_s)
        self.at = now
        missing = min(wanted, self.holds) - self.left
        return max(0.0, missing * self.within_s / self.holds)

    def take(self, wanted: float) -> None:
        """Take it; what a bucket cannot hold at once is owed."""
        self.left -= wanted


@dataclass(slots=True, kw_only=True)
class Quotas:
    """The quotas of all partners, in the memory of the process that serves. Safe among threads."""

    envelopes_a_minute: int
    bytes_an_hour: int
    steady: Callable[[], float] = time.monotonic
    _buckets: dict[str, tuple[Bucket, Bucket]] = field(default_factory=dict[str, tuple[Bucket, Bucket]])
    _asking: set[str] = field(default_factory=set[str])
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @contextmanager
    def one_of(self, partner: str) -> Iterator[bool]:
        """Yield True if no other request of that partner is being answered, and keep others out meanwhile."""
        with self._lock:
            admitted = partner not in self._asking
            if admitted:
                self._asking.add(partner)
        try:
            yield admitted
        finally:
            if admitted:
                with self._lock:
                    self._asking.discard(partner)

    def ask(self, partner: str, envelopes: int, size: int) -> int:
        """Take envelopes and bytes from a partner's quota, and return 0; or nothing, and whole seconds to wait."""
        now = self.steady()
        with self._lock:
            if partner not in self._buckets:
                self._buckets[partner] = (
                    Bucket(self.envelopes_a_minute, MINUTE_S, self.envelopes_a_minute, now),
                    Bucket(self.bytes_an_hour, HOUR_S, self.bytes_an_hour, now),
                )
            count, volume = self._buckets[partner]
            pause_s = max(count.wait_s(envelopes, now), volume.wait_s(size, now))
            if pause_s:
                return math.ceil(pause_s)
            count.take(envelopes)
            volume.take(size)
        return 0
