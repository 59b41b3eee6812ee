from __future__ import annotations

import pytest

from tests.desks.maritime.seas import HOUR_MS, MIDNIGHT_MS, OTHER, SHIP, Row, report, sail, seen

GOOD, ALSO_GOOD, WRONG = 9_074_729, 9_319_466, 9_074_720
"""Numbers whose check digit agrees, and one whose does not; none is meant to be a real ship's."""


def says(first_h: float, last_h: float, mmsi: int = SHIP, **what: str | int) -> list[Row]:
    """Return what a vessel says of itself, every six minutes."""
    count = round((last_h - first_h) * 10)
    return [{"mmsi": mmsi, "ts": MIDNIGHT_MS + round((first_h + k / 10) * HOUR_MS), **what} for k in range(count + 1)]


def test_another_hull_number_under_one_mmsi_is_seen() -> None:
    """Name and IMO number change within the hour: one signal with both facts."""
    words = [*says(0, 4.9, name="ALBA", imo=GOOD), *says(5, 9, name="BRISA", imo=ALSO_GOOD)]
    (signal,) = seen(sail(0, 9), "identity_change", identities=words)
    facts = {name: fact for reason in signal.reasons for name, fact in reason.facts.items()}
    assert facts == {"old_name": "ALBA", "new_name": "BRISA", "old_imo": str(GOOD), "new_imo": str(ALSO_GOOD)}
    assert "it was under way when it changed" in {reason.says for reason in signal.reasons}
    assert signal.evidence


def test_one_damaged_message_is_no_change() -> None:
    """A value counts when it was sent twice in a row."""
    words = [*says(0, 4, name="ALBA"), *says(4.1, 4.1, name="ALBQ"), *says(4.2, 9, name="ALBA")]
    assert seen(sail(0, 9), "identity_change", identities=words) == []


def test_two_transmitters_under_one_number_are_not_a_change_of_identity() -> None:
    """What alternates is told by another rule."""
    words = [row for hour in range(10) for row in says(hour, hour + 0.9, name="ALBA" if hour % 2 else "BRISA")]
    assert seen(sail(0, 9), "identity_change", identities=words) == []


def test_case_blanks_and_type_alone_are_no_change() -> None:
    """`alba ` is ALBA, and cargo on board is not another ship."""
    words = [*says(0, 4, name="alba ", ship_type=70), *says(4.1, 9, name="ALBA", ship_type=79)]
    assert seen(sail(0, 9), "identity_change", identities=words) == []


@pytest.mark.parametrize(("days", "count"), [(29, 1), (30, 1), (31, 0)])
def test_one_hull_under_two_mmsis_within_a_month(days: int, count: int) -> None:
    """The first report of the second comes at most 30 days after the last of the first."""
    words = [*says(0, 4, imo=GOOD), *says(4 + 24 * days, 8 + 24 * days, mmsi=OTHER, imo=GOOD)]
    found = seen(sail(0, 4), "identity_change", identities=words)
    assert len(found) == count
    assert all([one.id for one in signal.subjects] == [f"mmsi-{SHIP}", f"mmsi-{OTHER}"] for signal in found)


def test_one_hull_under_two_mmsis_at_once_weighs_more() -> None:
    """Two ships at once cannot be one hull."""
    words = [*says(0, 8, imo=GOOD), *says(2, 9, mmsi=OTHER, imo=GOOD)]
    (signal,) = seen(sail(0, 4), "identity_change", identities=words)
    assert signal.score == pytest.approx(0.5)


def test_a_wrong_check_digit_is_seen_and_a_right_one_is_not() -> None:
    """The last digit proves the six before it."""
    words = [*says(0, 1, mmsi=235_000_000, imo=GOOD), *says(0, 1, mmsi=235_000_001, imo=WRONG)]
    rows = [*sail(0, 1, mmsi=235_000_000), *sail(0, 1, mmsi=235_000_001)]
    (signal,) = seen(rows, "invalid_identity", identities=words)
    assert signal.reasons[0].facts == {"hull": str(WRONG)}


def test_digits_of_no_state_are_seen() -> None:
    """299 is allocated to nobody, 235 is."""
    found = seen([*sail(0, 1), *sail(0, 1, mmsi=235_000_000)], "invalid_identity")
    assert [signal.subjects[0].id for signal in found] == [f"mmsi-{SHIP}"]
    assert found[0].reasons[0].facts == {"digits": "299"}


@pytest.mark.parametrize(("kind", "speed", "count"), [(1, 6.0, 1), (4, 6.0, 0), (1, 0.0, 0)])
def test_a_coast_station_that_sails_is_seen(kind: int, speed: float, count: int) -> None:
    """Only with a ship's messages, and only when it moves."""
    rows = [report(hour, mmsi=2_990_001, msg_type=kind, speed_kn=speed) for hour in (1, 2, 3)]
    assert len(seen(rows, "invalid_identity")) == count


@pytest.mark.parametrize(("knots", "count"), [(12.0, 1), (1.0, 0)])
def test_another_destination_in_mid_voyage(knots: float, count: int) -> None:
    """On passage it is told; at anchor it is ordinary."""
    words = [*says(0, 5, destination="MANTA"), *says(5.1, 10, destination="BALBOA")]
    found = seen(sail(0, 10, knots=knots), "destination_change", identities=words)
    assert len(found) == count


def test_the_same_destination_written_longer_counts_against() -> None:
    """`MANTA` and `MANTA EC` may be one place."""
    words = [*says(0, 5, destination="MANTA"), *says(5.1, 10, destination="MANTA EC")]
    (signal,) = seen(sail(0, 10), "destination_change", identities=words)
    assert "it may be another spelling of the same place" in {reason.says for reason in signal.reasons}


def test_no_destination_at_all_is_said() -> None:
    """Data without the field gives no silence about it."""
    from tests.desks.maritime.seas import watch

    found = watch(sail(0, 5), "destination_change", identities=says(0, 5, name="ALBA"))
    assert [one.rule for one in found.not_run] == ["maritime.destination_change/1"]
