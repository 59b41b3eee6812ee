"""Laws of written positions: what is written is read back, what is ambiguous is refused."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ayni.errors import InvalidValueError
from ayni.toolkit.positions import format_position, parse_position


@given(
    lat=st.floats(min_value=-90, max_value=90),
    lon=st.floats(min_value=-180, max_value=180),
    language=st.sampled_from(["es", "pt", "en", "fr"]),
)
def test_what_is_written_is_read_back(lat: float, lon: float, language: str) -> None:
    """Within half of a tenth of a minute, in every language."""
    lat2, lon2 = parse_position(format_position(lat, lon, language))
    assert abs(lat2 - lat) <= 0.0501 / 60
    assert abs(lon2 - lon) <= 0.0501 / 60


@pytest.mark.parametrize(
    "text",
    [
        "02°34.5′ S 079°55.0′ W",
        "02°34,5' S, 079°55,0' O",
        "S 2 34.5 W 79 55",
        "0234.5S 07955.0W",
        "079°55.0′W 02°34.5′S",
        "2°34'30\" S 79°55'00\" W",
        "-2.575, -79.916666667",
        "−2.575 −79.916666667",
        "2.575S 79.916666667W",
    ],
)
def test_one_place_written_in_many_ways(text: str) -> None:
    """Chart, radio log, letter before or after, decimals with comma, signed degrees."""
    assert parse_position(text) == pytest.approx((-2.575, -79.9166667), abs=1e-6)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "here",
        "2.5",
        "1 2 3",
        "91, 0",
        "0, 181",
        "2°61′ S 79° W",
        "2.5°30′ S 79° W",
        "2 S 3 N",
        "2 S",
        "95 N 10 E",
        "2 S 3",
        "1" * 500,
    ],
)
def test_what_is_no_position_is_refused(text: str) -> None:
    """With the reason, and never another exception."""
    with pytest.raises(InvalidValueError):
        parse_position(text)


@given(st.text(alphabet="0123456789°′'\". ,NSEWO-", max_size=30))
def test_any_text_is_a_position_or_refused(text: str) -> None:
    """On the globe, or an error of ours."""
    try:
        lat, lon = parse_position(text)
    except InvalidValueError:
        return
    assert abs(lat) <= 90
    assert abs(lon) <= 180
