from __future__ import annotations

from collections.abc import Sequence

import pytest

from ayni.desks.maritime import DESK
from ayni.desks.maritime.tables import AREA, IDENTITY
from ayni.engine.detect import Request, detect
from ayni.engine.duckdb import DuckDBEngine
from ayni.model.signal import Signal, SignalState
from tests.desks.maritime.seas import (
    HOUR_MS,
    MADE_AT,
    MIDNIGHT_MS,
    OTHER,
    SHIP,
    Row,
    report,
    sail,
    seen,
    table,
    watch,
)

COAST_LON = -80.0
"""About the meridian of the coast of Manabí at 1° S; positions west of it are at sea."""


def inside(rows: Sequence[Row], corners: list[tuple[float, float]]) -> list[Signal]:
    """Return the entries into one area."""
    area: list[Row] = [
        {
            "area_id": 7,
            "name": "Zona 7",
            "seq": seq,
            "lat_udeg": round(lat * 1e6),
            "lon_udeg": round(lon * 1e6),
        }
        for seq, (lat, lon) in enumerate(corners, 1)
    ]
    found = detect(
        DESK,
        {"position": table(rows), "identity": table([], IDENTITY), "area": table(area, AREA)},
        engine=DuckDBEngine(threads=1),
        request=Request(made_at=MADE_AT, rules=("maritime.area_entry/1",)),
    )
    assert not found.not_run
    return list(found.signals)


SQUARE = [(-3.5, -88.5), (-3.5, -87.5), (-3.0, -87.5), (-3.0, -88.5)]


def test_a_visit_is_told_from_entry_to_exit() -> None:
    """North through a square of half a degree: three hours at ten knots."""
    (signal,) = inside(sail(0, 9), SQUARE)
    assert signal.state is SignalState.CLOSED
    assert (signal.started_at.hour, signal.ended_at.hour if signal.ended_at else None) == (3, 5)
    assert "it came in from outside" in {reason.says for reason in signal.reasons}
    assert signal.evidence


def test_a_visit_that_lasts_is_open_and_one_beside_the_area_is_none() -> None:
    """The last position is inside; the other ship passes a mile east of it."""
    assert [one.state for one in inside(sail(0, 4), SQUARE)] == [SignalState.OPEN]
    assert inside(sail(0, 9, lon=-87.48), SQUARE) == []


def test_a_notch_is_outside_and_the_dateline_is_no_edge() -> None:
    """An area is a ring of corners, not a box."""
    notched = [(-3.5, -88.5), (-3.5, -87.5), (-3.0, -87.5), (-3.4, -88.0), (-3.0, -88.5)]
    (signal,) = inside(sail(0, 9), notched)
    assert signal.ended_at is not None
    assert signal.ended_at.hour == 3
    across = [(-3.5, 179.5), (-3.5, -179.5), (-3.0, -179.5), (-3.0, 179.5)]
    assert len(inside(sail(0, 9, lon=179.9), across)) == 1
    assert len(inside(sail(0, 9, lon=-179.9), across)) == 1


def test_without_areas_the_rule_says_so() -> None:
    """Not run is not the same as nothing found."""
    assert [one.rule for one in watch(sail(0, 3), "area_entry").not_run] == ["maritime.area_entry/1"]


def approach(far_nm: float, close_nm: float, silent_h: float) -> list[Row]:
    """Return a ship that falls silent west of the coast at 1° S and is heard again nearer to it."""
    west, near = COAST_LON - 0.9 - far_nm / 60, COAST_LON - 0.9 - close_nm / 60
    first = sail(0, 3, lat=-1.0, lon=west, knots=0.5)
    return [*first, *sail(3 + silent_h, 5 + silent_h, lat=-1.0, lon=near, knots=0.5)]


@pytest.mark.parametrize(("far", "close", "hours", "count"), [(60, 2, 9, 1), (60, 40, 9, 0), (60, 2, 5.9, 0)])
def test_silent_from_far_out_to_close_in(far: float, close: float, hours: float, count: int) -> None:
    """It must begin beyond 24 nm, end within 12 nm, and last more than six hours."""
    found = seen(approach(far, close, hours), "dark_approach")
    assert len(found) == count
    for signal in found:
        assert "distress" in signal.reasons[0].says
        assert signal.evidence


@pytest.mark.parametrize(("lat", "lon", "count"), [(31.55, -91.43, 0), (27.5, -90.0, 1)])
def test_a_river_boat_does_not_come_from_far_out(lat: float, lon: float, count: int) -> None:
    """Silent for sixteen hours, then off the Mississippi's mouth: from Natchez on the river, or from the Gulf."""
    rows = [*sail(0, 2, lat=lat, lon=lon, every_min=10, knots=1.0)]
    rows += sail(18, 20, lat=28.90, lon=-89.42, every_min=10, knots=1.0)
    assert len(seen(rows, "dark_approach")) == count


@pytest.mark.parametrize(("minutes", "speed", "count"), [(12, 50.0, 1), (6, 50.0, 0), (12, 44.9, 0), (12, 45.0, 1)])
def test_a_speed_in_the_range_for_ten_minutes(minutes: float, speed: float, count: int) -> None:
    """Both limits are included."""
    rows = sail(0, minutes / 60, every_min=2, speed_kn=speed, knots=speed)
    assert len(seen(rows, "speed_range")) == count


@pytest.mark.parametrize(("length", "count"), [(9.0, 1), (60.0, 0)])
def test_small_craft_fast_along_a_coast(length: float, count: int) -> None:
    """Within three miles of Malpelo, away from ports; a ship of sixty metres is no small craft."""
    rows = sail(0, 0.5, lat=4.0, lon=-81.63, every_min=2, speed_kn=35.0, knots=35.0)
    words = [{"mmsi": SHIP, "ts": MIDNIGHT_MS, "ship_type": 30, "length_m": length}]
    found = seen(rows, "fast_near_coast", identities=words)
    assert len(found) == count
    assert all("distress" in signal.reasons[0].says for signal in found)


@pytest.mark.parametrize(("kind", "knots", "count"), [(52, 6.0, 1), (70, 6.0, 0), (52, 0.5, 0), (52, 18.0, 0)])
def test_a_tug_and_its_tow(kind: int, knots: float, count: int) -> None:
    """One is a tug, and they move at 1.2 to 15 knots."""
    rows = [*sail(0, 4, knots=knots), *sail(0, 4, knots=knots, lon=-87.998, mmsi=OTHER)]
    words = [
        {"mmsi": SHIP, "ts": MIDNIGHT_MS, "ship_type": kind},
        {"mmsi": OTHER, "ts": MIDNIGHT_MS, "ship_type": 70},
    ]
    assert len(seen(rows, "towing", identities=words)) == count


def test_nothing_is_nothing() -> None:
    """No rows, no signals."""
    for rule in ("dark_approach", "fast_near_coast", "speed_range"):
        assert list(watch([report(1, speed_kn=1.0)], rule).signals) == []
    assert HOUR_MS == 3_600_000
