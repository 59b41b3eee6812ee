"""A rate never says more than its cases: no rate for few, and an interval that is right at the edges."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ayni.errors import InvalidValueError
from ayni.evaluation.figures import ENOUGH, Portion, spread


@given(st.integers(0, 10_000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_an_interval_holds_its_rate_and_stays_within_nothing_and_everything(case: tuple[int, int]) -> None:
    """For every part of every whole; the mirror image has the mirrored interval."""
    of, out_of = case
    low, high = Portion(of=of, out_of=out_of).interval
    assert 0.0 <= low <= high <= 1.0
    if out_of:
        assert low <= of / out_of <= high
    mirrored = Portion(of=out_of - of, out_of=out_of).interval
    assert mirrored == pytest.approx((1.0 - high, 1.0 - low), abs=1e-12)


def test_the_interval_is_that_of_wilson() -> None:
    """Eight of ten: 49.0 % to 94.3 %, as tables of the score interval give it."""
    assert Portion(of=8, out_of=10).interval == pytest.approx((0.4902, 0.9433), abs=5e-5)
    assert Portion(of=0, out_of=10).interval == pytest.approx((0.0, 0.2775), abs=5e-5)


def test_few_cases_give_no_rate() -> None:
    """Four of four is not a hundred percent."""
    assert Portion(of=ENOUGH - 1, out_of=ENOUGH - 1).rate is None
    assert Portion(of=ENOUGH, out_of=ENOUGH).rate == 1.0
    with pytest.raises(InvalidValueError, match="whole"):
        Portion(of=3, out_of=2)


@given(st.lists(st.integers(0, 10**6), max_size=50))
def test_half_lie_below_the_median(seconds: list[int]) -> None:
    """In whatever order the durations come; nothing is said of none, and no tenth of few."""
    made = spread([timedelta(seconds=one) for one in seconds])
    assert made.count == len(seconds)
    if not seconds:
        assert made.median is None
        return
    assert made.median is not None
    below = sum(one <= made.median for one in seconds)
    above = sum(one >= made.median for one in seconds)
    assert 2 * below >= len(seconds)
    assert 2 * above >= len(seconds)
    assert (made.slowest_tenth is None) == (len(seconds) < ENOUGH)
    if made.slowest_tenth is not None:
        assert made.median <= made.slowest_tenth <= max(seconds)
