"""One vessel in the observations: its own rows alone, in order, with breaks where nothing connects them."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pytest

from ayni.desks import find_desk
from ayni.engine.detect import shared
from ayni.engine.duckdb import DuckDBEngine
from ayni.errors import UnknownError
from ayni.node.histories import Spot, thinned, told
from ayni.node.observations import Observations

DESK = find_desk("maritime")
POSITION, IDENTITY = (next(one for one in DESK.tables if one.name == name) for name in ("position", "identity"))
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
OURS, OTHER = 100000001, 100000002


def ms(at: datetime) -> int:
    """Return milliseconds since 1970."""
    return round(at.timestamp() * 1000)


def positions(mmsi: int, *hours: float) -> pa.Table:
    """Return positions of a ship that goes east at ten knots, heard at these hours from noon."""
    return pa.table(
        {
            "mmsi": pa.array([mmsi] * len(hours), pa.int64()),
            "ts": pa.array([ms(NOON + timedelta(hours=hour)) for hour in hours], pa.int64()),
            "lat_udeg": pa.array([-2_000_000] * len(hours), pa.int64()),
            "lon_udeg": pa.array([-85_000_000 + round(hour * 166_700) for hour in hours], pa.int64()),
            "speed_kn": pa.array([10.0] * len(hours), pa.float64()),
            "source": pa.array(["a" * 64] * len(hours), pa.string()),
            "offset": pa.array(range(len(hours)), pa.int64()),
            "length": pa.array([40] * len(hours), pa.int64()),
        }
    )


def names(mmsi: int, *said: tuple[float, str, int | None]) -> pa.Table:
    """Return what a ship called itself: hours from noon, name, IMO number."""
    return pa.table(
        {
            "mmsi": pa.array([mmsi] * len(said), pa.int64()),
            "ts": pa.array([ms(NOON + timedelta(hours=hour)) for hour, _name, _imo in said], pa.int64()),
            "name": pa.array([name for _hour, name, _imo in said], pa.string()),
            "imo": pa.array([imo for _hour, _name, imo in said], pa.int64()),
            "source": pa.array(["a" * 64] * len(said), pa.string()),
            "offset": pa.array(range(len(said)), pa.int64()),
            "length": pa.array([40] * len(said), pa.int64()),
        }
    )


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A node's folder in which two ships were heard."""
    kept = Observations(folder=tmp_path)
    # out of order and twelve hours apart, as late batches arrive
    kept.append("maritime", POSITION, "coast", positions(OURS, 14, 14.5, 15), stretch=(0, 1))
    kept.append("maritime", POSITION, "coast", positions(OURS, 0, 0.5, 1, 1.5, 2), stretch=(1, 2))
    kept.append("maritime", POSITION, "coast", positions(OTHER, 0, 1), stretch=(2, 3))
    said = names(
        OURS, (0, "CALETA IMAGINARIA", 9_999_993), (1, "CALETA IMAGINARIA", 9_999_993), (14, "ROSA", 9_999_993)
    )
    kept.append("maritime", IDENTITY, "coast", said, stretch=(0, 1))
    kept.append("maritime", IDENTITY, "coast", names(OTHER, (0, "TRES PALMAS", 9_999_993)), stretch=(1, 2))
    return tmp_path


def test_its_own_rows_in_order_with_the_silence_as_a_break(folder: Path) -> None:
    """Twelve hours of silence part two stretches; what it called itself is told with its times."""
    found = told(DESK, folder, OURS, since=date(2026, 3, 1), until=date(2026, 3, 2))
    assert found.positions == len(found.trail) == 8
    assert [spot.at for spot in found.trail] == sorted(spot.at for spot in found.trail)
    assert [spot.at for spot in found.trail if spot.begins] == [NOON, NOON + timedelta(hours=14)]
    assert found.trail[0].lat == -2.0
    assert found.trail[0].knots == 10.0
    claims = [(one.what, one.value, one.times, one.first) for one in found.claims]
    assert ("name", "CALETA IMAGINARIA", 2, NOON) in claims
    assert ("name", "ROSA", 1, NOON + timedelta(hours=14)) in claims
    assert ("imoNumber", "9999993", 3, NOON) in claims
    assert found.sharers == [("imoNumber", "9999993", str(OTHER))]


def test_only_the_days_asked_for_and_a_stranger_has_nothing(folder: Path) -> None:
    """Another day, another number: nothing, and no error."""
    assert told(DESK, folder, OURS, since=date(2026, 3, 2), until=date(2026, 3, 2)).positions == 3
    for subject, day in ((OURS, 9), (999999999, 1)):
        found = told(DESK, folder, subject, since=date(2026, 3, day), until=date(2026, 3, day))
        assert (found.positions, found.trail, found.claims, found.sharers) == (0, (), (), ())


def test_a_damaged_file_is_counted_and_the_rest_told(folder: Path) -> None:
    """What cannot be read is said, never silently lacking."""
    day = folder / "observations" / "maritime" / "position" / "coast" / "2026-03-01"
    (day / f"{8:020d}-{9:020d}.parquet").write_bytes(b"PAR1 cut short")
    found = told(DESK, folder, OURS, since=date(2026, 3, 1), until=date(2026, 3, 2))
    assert (found.positions, found.damaged) == (8, 1)


def test_a_long_trail_keeps_the_ends_of_its_stretches() -> None:
    """Ten thousand positions are told as some hundred, and no silence is bridged."""
    spots = [
        Spot(at=NOON + timedelta(minutes=n), lat=0.0, lon=n / 1000, knots=None, begins=n in {0, 5003})
        for n in range(10_000)
    ]
    few = thinned(spots, 100)
    assert 100 <= len(few) <= 110
    assert {spots[0], spots[5002], spots[5003], spots[-1]} <= set(few)
    assert thinned(spots[:50], 100) == spots[:50]
    assert thinned([], 100) == []


def test_a_table_no_desk_has_is_refused() -> None:
    """A misspelt name is an error, not an empty answer."""
    with pytest.raises(UnknownError):
        shared(DESK, {}, engine=DuckDBEngine(), name="trial")
