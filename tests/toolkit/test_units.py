"""Laws of units: there and back, and the standards' own figures."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ayni.toolkit import units

numbers = st.floats(min_value=-1e9, max_value=1e9)


@given(numbers)
def test_there_and_back(number: float) -> None:
    """Every pair of conversions undoes itself."""
    for there, back in (
        (units.kn_to_mps, units.mps_to_kn),
        (units.nm_to_m, units.m_to_nm),
        (units.ft_to_m, units.m_to_ft),
    ):
        assert back(there(number)) == pytest.approx(number, rel=1e-12)


def test_the_standards_figures() -> None:
    """A knot is 1,852 m an hour; FL100 is 3,048 m; an array stays an array."""
    assert units.kn_to_mps(1.0) * 3600 == pytest.approx(1852.0)
    assert units.ft_to_m(10_000.0) == pytest.approx(3048.0)
    assert units.nm_to_m(np.array([1.0, 2.0])).tolist() == [1852.0, 3704.0]


@given(st.integers(min_value=-180_000_000, max_value=180_000_000))
def test_microdegrees_are_exact(udeg: int) -> None:
    """No microdegree is lost on the way through degrees."""
    assert units.deg_to_udeg(units.udeg_to_deg(udeg)) == udeg


@given(st.integers(min_value=-(10**12), max_value=10**14))
def test_milliseconds_are_exact(at_ms: int) -> None:
    """Instants survive, also as text, also in another zone."""
    at = units.from_ms(at_ms)
    assert units.to_ms(at) == at_ms
    assert units.to_ms(datetime.fromisoformat(units.rfc3339(at))) == at_ms
    assert units.to_ms(at.astimezone(timezone(timedelta(hours=-5)))) == at_ms


def test_text_of_an_instant() -> None:
    """UTC with Z."""
    assert units.rfc3339(datetime(2026, 3, 1, 4, 0, tzinfo=UTC)) == "2026-03-01T04:00:00Z"
