"""The page of layouts says what the code does."""

from __future__ import annotations

from pathlib import Path

from ayni.desks.maritime import DESK
from ayni.desks.maritime.layouts import checked, delimited, stream
from ayni.desks.maritime.nmea import decoder, parts, sentences

PAGE = (Path(__file__).parents[3] / "docs" / "reference" / "layouts.md").read_text(encoding="utf-8")
REASONS = {
    checked.NO_SENDER,
    checked.NO_TIME,
    checked.WRONG_CLOCK,
    checked.NO_POSITION,
    checked.OUTSIDE,
    checked.DUPLICATE,
    delimited.WRONG_FIELDS,
    stream.TOO_LONG,
    sentences.NOT_AIS,
    sentences.NO_CHECKSUM,
    sentences.WRONG_CHECKSUM,
    sentences.WRONG_TAG,
    sentences.MALFORMED,
    parts.ORPHAN,
    decoder.ILLEGAL,
    decoder.TOO_SHORT,
    decoder.UNKNOWN_TYPE,
    decoder.OTHER_TYPE.format(type="N"),
}


def test_every_layout_stands_on_the_page() -> None:
    """A reader that is not described does not exist for whoever needs it."""
    listed = {
        line.split("`")[1] for line in PAGE.splitlines() if line.startswith("| `") and "/" in line.split("`")[1]
    }
    assert listed == {source.layout for source in DESK.sources}


def test_every_reason_stands_on_the_page() -> None:
    """Whoever sees a count can look up what it means."""
    assert {reason for reason in REASONS if f"`{reason}`" not in PAGE} == set()
