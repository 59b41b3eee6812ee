from __future__ import annotations

import json
import random

import pytest

from ayni.model.signal import SignalState
from tests.desks.maritime.seas import HOUR_MS, MIDNIGHT_MS, OTHER, SHIP, Row, report, sail, seen
from tests.shared_data import shared_data, vectors


def silent(hours: float) -> list[Row]:
    """Six hours of sailing north, a silence, and two hours more, further on."""
    return [*sail(0, 6), *sail(6 + hours, 8 + hours, lat=-4 + (6 + hours) / 6)]


def test_a_silence_of_more_than_six_hours_is_seen() -> None:
    """The rule asks for strictly more than its limit."""
    found = seen(silent(7), "gap")
    assert len(found) == 1
    assert found[0].state is SignalState.CLOSED
    assert found[0].reasons[0].facts["silence_s"] == 7 * 3600


@pytest.mark.parametrize(("hours", "count"), [(5.99, 0), (6.0, 0), (6.001, 1)])
def test_exactly_six_hours_is_not_more_than_six(hours: float, count: int) -> None:
    """Source: pipe-gaps compares with >."""
    assert len(seen(silent(hours), "gap")) == count


def test_a_silence_that_lasts_is_open_and_keeps_its_id_when_it_ends() -> None:
    """Late data closes what was open instead of telling it twice."""
    other = sail(0, 20, mmsi=OTHER, lon=-87.8)
    opened = seen([*sail(0, 6), *other], "gap")
    closed = seen([*sail(0, 6), *sail(15, 16, lat=-2.5), *other], "gap")
    assert [signal.state for signal in opened] == [SignalState.OPEN]
    assert [signal.state for signal in closed] == [SignalState.CLOSED]
    assert opened[0].id == closed[0].id
    assert opened[0].ended_at is None


def test_the_last_ship_heard_is_not_silent() -> None:
    """Nobody was heard after it, so nothing says that anybody was listening."""
    assert seen(sail(0, 6), "gap") == []


def test_a_message_without_a_position_ends_a_silence() -> None:
    """The ship was heard, only not where it was."""
    mute = report(12, lat=0, lon=0) | {"lat_udeg": None, "lon_udeg": None}
    assert len(seen(silent(11.5), "gap")) == 1
    assert seen([*silent(11.5), mute], "gap") == []


def test_hours_in_which_nobody_was_heard_are_our_own_silence() -> None:
    """Eight ships fall silent together and return together: the receiver was down."""
    fleet = [
        row
        for ship in range(8)
        for row in (
            *sail(0, 6, mmsi=SHIP + ship, lon=-88 + ship / 10),
            *sail(14, 20, mmsi=SHIP + ship, lon=-88 + ship / 10, lat=-1.6),
        )
    ]
    assert seen(fleet, "gap") == []


def test_order_and_repeats_change_nothing() -> None:
    """Shuffled and doubled reports give the same signals."""
    rows = silent(9)
    mixed = [*rows, *rows[::3]]
    random.Random(4).shuffle(mixed)
    assert [signal.id for signal in seen(rows, "gap")] == [signal.id for signal in seen(mixed, "gap")]


def test_nothing_and_one_position_are_no_silence() -> None:
    """No rows, no signals, no errors."""
    assert seen([], "gap") == []
    assert seen([report(1)], "gap") == []


@shared_data
@pytest.mark.shared_data
def test_published_messages_give_the_published_number_of_gaps() -> None:
    """84 messages, one without a position, hold seven gaps over 1 h 20 min. Source: pipe-gaps, core tests."""
    messages = json.loads(vectors("maritime", "gap_vectors.json").read_text("utf-8"))
    rows = [
        {
            "mmsi": int(message["ssvid"]),
            "ts": round(message["timestamp"] * 1000),
            "lat_udeg": None if message["lat"] is None else round(message["lat"] * 1e6),
            "lon_udeg": None if message["lon"] is None else round(message["lon"] * 1e6),
            "receiver": message["receiver_type"],
        }
        for message in messages
    ]
    hours = [row["ts"] for row in rows]
    wanted = sorted(
        early for early, late in zip(sorted(hours), sorted(hours)[1:], strict=False) if late - early > 4_800_000
    )
    assert len(wanted) == 7
    found = seen(rows, "gap", settings={"gap.silence_h": 4 / 3})
    assert [round(signal.started_at.timestamp() * 1000) for signal in found] == wanted


def test_positions_before_are_counted_by_receiver() -> None:
    """The instant six hours before counts, the last position itself does not. Source: pipe-gaps, core tests."""
    rows = [
        report(hour, receiver=receiver)
        for hour, receiver in ((-6, "terrestrial"), (-5, "terrestrial"), (-4, "terrestrial"), (-1, "satellite"))
    ] + [report(0, receiver="satellite"), report(3, receiver="terrestrial")]
    (signal,) = [
        one for one in seen(rows, "gap", settings={"gap.silence_h": 2, "gap.before_h": 6}) if one.started_at.hour == 0
    ]
    (quality,) = signal.quality
    assert quality.facts == {"before_satellite": 1, "before_terrestrial": 3}
    assert MIDNIGHT_MS % (24 * HOUR_MS) == 0


def test_a_silence_near_a_coast_asks_about_distress_first_and_counts_artisanal_fishing_against_it() -> None:
    """Two miles off Malpelo, a fishing boat of nine metres: the question stands before what was seen."""

    def drift(start_h: float, end_h: float) -> list[Row]:
        return [*sail(start_h, end_h, lat=4.0, lon=-81.64, knots=0.5)]

    rows = [*drift(0, 6), *drift(14, 16), *sail(0, 16, lat=4.3, lon=-81.9, knots=1, mmsi=OTHER)]
    words = [{"mmsi": SHIP, "ts": MIDNIGHT_MS, "ship_type": 30, "length_m": 9.0}]
    (signal,) = seen(rows, "gap", identities=words)
    assert "rescue coordination centre" in signal.reasons[0].says
    assert [reason.weight for reason in signal.reasons if "artisanal" in reason.says] == [-0.2]


def test_a_craft_adrift_asks_about_distress_first() -> None:
    """The bow points aside of the course for an hour and a half; it is a fishing vessel, which counts against it."""
    rows = [
        {**row, "speed_kn": 3.0, "course_deg": 350.0, "heading_deg": 60.0}
        for row in sail(0, 1.5, knots=3, course=350, every_min=3)
    ]
    words = [{"mmsi": SHIP, "ts": MIDNIGHT_MS, "ship_type": 30, "length_m": 9.0}]
    (signal,) = seen(rows, "drifting", identities=words)
    assert "rescue coordination centre" in signal.reasons[0].says
    assert any("artisanal" in reason.says and reason.weight < 0 for reason in signal.reasons)
