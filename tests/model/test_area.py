"""A ring that is watched is closed, simple, of a sane size, and may lie across the dateline."""

from __future__ import annotations

import math
from datetime import timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ayni.errors import InvalidValueError
from ayni.model.area import EntryWatch, Outline, SpeedWatch, check_ring, outline_number
from ayni.model.place import Polygon, Position
from ayni.toolkit.areas import in_ring
from tests.people import NOON


def closed(*corners: Position) -> tuple[Position, ...]:
    """Return the corners with the first one again at the end."""
    return (*corners, corners[0])


@settings(max_examples=60, deadline=None)
@given(
    lon=st.floats(-180, 180),
    lat=st.floats(-60, 60),
    angles=st.lists(st.integers(0, 359), min_size=3, max_size=40, unique=True),
    reach=st.lists(st.floats(0.5, 9.0), min_size=40, max_size=40),
)
def test_a_star_round_a_point_is_accepted_and_holds_the_point(
    lon: float, lat: float, angles: list[int], reach: list[float]
) -> None:
    """Corners in order of their bearing never cross, wherever on the globe; turned inside out they do."""
    ordered = sorted(angles)
    gaps = [(ordered[(at + 1) % len(ordered)] - angle) % 360 for at, angle in enumerate(ordered)]
    if max(gaps) >= 179:
        return
    corners = [
        (
            (lon + far * math.sin(math.radians(angle)) + 180) % 360 - 180,
            lat + far * math.cos(math.radians(angle)),
        )
        for angle, far in zip(ordered, reach, strict=False)
    ]
    check_ring(closed(*corners))
    assert bool(np.asarray(in_ring(lat, lon, closed(*corners))))


@pytest.mark.parametrize(
    ("ring", "why"),
    [
        (((0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0)), "not closed"),
        (closed((0.0, 0.0), (1.0, 1.0), (1.0, 0.0), (0.0, 1.0)), "cross"),
        (closed((0.0, 0.0), (2.0, 0.0), (1.0, 0.0), (1.0, 1.0)), "cross or touch"),
        (closed((0.0, 0.0), (1.0, 0.0), (0.0, 0.0), (0.0, 1.0)), "twice"),
        (closed((0.0, 0.0), (50.0, 0.0), (25.0, 20.0)), "40°"),
        (closed((0.0, 0.0), (0.0005, 0.0), (0.0, 0.0005)), "narrower"),
        (closed((0.0, 80.0), (5.0, 80.0), (0.0, 86.0)), "pole"),
        (closed(*((0.1 * n, 0.1 * (n % 2) * n) for n in range(101))), "100 corners"),
        (closed((179.0, 0.0), (-179.0, 1.0), (-179.0, 0.0), (179.0, 1.0)), "cross"),
    ],
)
def test_what_no_rule_could_ask_about_is_refused_with_its_reason(ring: tuple[Position, ...], why: str) -> None:
    """Open, bow-tied, folded back, too wide, too narrow, too near a pole, too many corners, bow-tied at 180°."""
    with pytest.raises(InvalidValueError, match=why):
        check_ring(ring)


def test_an_outline_asks_for_something_and_has_no_holes() -> None:
    """A shape alone watches nothing."""
    ring = closed((0.0, 0.0), (1.0, 0.0), (1.0, 1.0))
    with pytest.raises(InvalidValueError, match="entries, speeds or both"):
        Outline(shape=Polygon(coordinates=(ring,)))
    hole = closed((0.7, 0.2), (0.8, 0.2), (0.8, 0.3))
    with pytest.raises(InvalidValueError, match="no holes"):
        Outline(shape=Polygon(coordinates=(ring, hole)), entry=EntryWatch())
    with pytest.raises(InvalidValueError, match="above the lower"):
        SpeedWatch(low_kn=3.0, high_kn=3.0)


def test_another_outline_has_another_number() -> None:
    """Rules tell what was said under each apart; the number fits a signal's key."""
    shape = Polygon(coordinates=(closed((0.0, 0.0), (1.0, 0.0), (1.0, 1.0)),))
    first = Outline(shape=shape, entry=EntryWatch())
    later = Outline(shape=shape, entry=EntryWatch(), from_at=NOON)
    numbers = {
        outline_number("a", first),
        outline_number("b", first),
        outline_number("a", later),
        outline_number("a", Outline(shape=shape, entry=EntryWatch(), from_at=NOON + timedelta(hours=1))),
    }
    assert len(numbers) == 4
    assert all(0 <= number < 2**56 for number in numbers)
