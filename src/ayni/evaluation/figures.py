"""Figures that do not say more than they know: a share with its interval, a spread of durations."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from ayni.model.checks import require

Z_95 = 1.959_964
"""Standard normal quantile of a two-sided 95 % interval."""
ENOUGH = 5
"""Fewer cases than this give no rate and no tenth, only the cases. Ours, as for similar signals of the past."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Portion:
    """So many out of so many.

    Raises:
        InvalidValueError: if it is more than the whole, or negative.
    """

    of: int
    out_of: int

    def __post_init__(self) -> None:
        require(0 <= self.of <= self.out_of, "of", "a part lies between nothing and the whole")

    @property
    def enough(self) -> bool:
        """Say whether there are cases enough for a rate."""
        return self.out_of >= ENOUGH

    @property
    def rate(self) -> float | None:
        """Fraction, 0 to 1; None for fewer than five cases."""
        return self.of / self.out_of if self.enough else None

    @property
    def interval(self) -> tuple[float, float]:
        """Return the 95 % interval of the rate. Source: Wilson (1927), J. Am. Stat. Assoc. 22, 209-212.

        It never leaves [0, 1], and is right for few cases and for rates near 0 and 1, where the usual
        interval around the mean is not. Without any case it is the whole range.
        """
        if not self.out_of:
            return 0.0, 1.0
        n, p, z2 = self.out_of, self.of / self.out_of, Z_95 * Z_95
        middle = (p + z2 / (2 * n)) / (1 + z2 / n)
        half = Z_95 / (1 + z2 / n) * math.sqrt(p * (1 - p) / n + z2 / (4 * n * n))
        low = 0.0 if self.of == 0 else middle - half
        high = 1.0 if self.of == n else middle + half
        return low, high


@dataclass(frozen=True, slots=True, kw_only=True)
class Spread:
    """How long something took, over several cases; seconds, shortest first."""

    seconds: tuple[float, ...]

    @property
    def count(self) -> int:
        """How many cases."""
        return len(self.seconds)

    @property
    def median(self) -> float | None:
        """Seconds within which half of the cases lie, from one case on; None without any."""
        return _quantile(self.seconds, 0.5) if self.seconds else None

    @property
    def slowest_tenth(self) -> float | None:
        """Seconds within which nine of ten cases lie; None for fewer than five cases."""
        return _quantile(self.seconds, 0.9) if self.count >= ENOUGH else None


def spread(durations: Sequence[timedelta]) -> Spread:
    """Return the spread of durations."""
    return Spread(seconds=tuple(sorted(one.total_seconds() for one in durations)))


def _quantile(ordered: Sequence[float], at: float) -> float:
    """Return a quantile by linear interpolation (type 7 of Hyndman and Fan, 1996)."""
    place = (len(ordered) - 1) * at
    below = math.floor(place)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (ordered[above] - ordered[below]) * (place - below)
