from __future__ import annotations

import json
import math

import pytest

from tests.desks.maritime.seas import MIDNIGHT_MS, OTHER, SEA_LAT, SEA_LON, SHIP, Row, sail, seen
from tests.shared_data import shared_data, vectors

PUBLISHED: dict[str, float] = {
    "grid.max_gap_s": 4200,
    "encounter.raw_min": 30,
    "encounter.final_h": 0.5,
    "encounter.speed_kn": 1000,
    "encounter.port_km": 0,
}
"""The parameters that stand in the file of vectors."""


@shared_data
@pytest.mark.shared_data
@pytest.mark.parametrize("series", ["simple", "dateline", "fastsep"])
def test_published_encounters_come_out_exactly(series: str) -> None:
    """Two ships on their way, across the dateline, and one that leaps away. Source: pipe-encounters, tests."""
    vectors_ = json.loads(vectors("maritime", "encounter_vectors.json").read_text("utf-8"))
    rows = [
        {
            "mmsi": SHIP if vessel == "1" else OTHER,
            "ts": round(at_s * 1000),
            "lat_udeg": round(lat * 1e6),
            "lon_udeg": round(lon * 1e6),
        }
        for vessel, at_s, lat, lon in vectors_["series"][series]
    ]
    expected = vectors_["expected"][series]
    merge_h = 4
    if isinstance(expected, dict):
        merge_h, expected = expected["merged_with_min_hours_between_encounters"], expected["events"]
    found = seen(rows, "encounter", settings={**PUBLISHED, "encounter.merge_h": merge_h})
    assert len(found) == len(expected)
    for signal, event in zip(found, expected, strict=True):
        assert signal.started_at.timestamp() == event["start_ts"]
        assert signal.ended_at is not None
        assert signal.ended_at.timestamp() == event["end_ts"]
        assert signal.reasons[0].facts["median_m"] == pytest.approx(event["median_km"] * 1000, rel=1e-3)
        if "mean_lon" in event:
            assert signal.place is not None
            assert signal.place.centre == pytest.approx((event["mean_lon"], event["mean_lat"]), abs=2e-6)


def together(hours: float, apart_m: float = 100, knots: float = 0.5, lat: float = -4, lon: float = -88) -> list[Row]:
    """Two ships side by side, drifting north."""
    east = apart_m / 111_195 / math.cos(math.radians(lat))
    return [
        *sail(0.1, 0.1 + hours, knots=knots, every_min=5, lat=lat, lon=lon),
        *sail(0.1, 0.1 + hours, knots=knots, every_min=5, lat=lat, lon=lon + east, mmsi=OTHER),
    ]


@pytest.mark.parametrize(("hours", "count"), [(1.9, 0), (2.4, 1), (5, 1)])
def test_two_hours_together_are_an_encounter(hours: float, count: int) -> None:
    """Shorter is not told."""
    found = seen(together(hours), "encounter")
    assert len(found) == count
    assert all({entity.first("mmsi") for entity in signal.subjects} == {str(SHIP), str(OTHER)} for signal in found)


@pytest.mark.parametrize(("apart_m", "count"), [(480, 1), (520, 0)])
def test_half_a_kilometre_is_together(apart_m: float, count: int) -> None:
    """Source: pipe-encounters, 0.5 km."""
    assert len(seen(together(4, apart_m), "encounter")) == count


def test_ships_that_keep_company_at_speed_do_not_meet() -> None:
    """Median speed counts."""
    assert seen(together(4, knots=9), "encounter") == []


def test_an_encounter_across_the_dateline_is_one() -> None:
    """179.9999° E and 179.9999° W are 22 m apart, and the place is there."""
    (signal,) = seen(together(4, lon=179.9999, lat=-4, apart_m=60), "encounter")
    assert signal.place is not None
    assert abs(signal.place.centre[0]) > 179.99


def test_ships_at_the_quay_do_not_meet() -> None:
    """Ten kilometres around a port nothing is an encounter: here at Manta."""
    assert seen(together(6, lat=-0.93, lon=-80.72), "encounter", settings={"encounter.port_km": 10}) == []


def test_fishing_gear_does_not_meet_its_tender() -> None:
    """Numbers 98… and numbers of eight digits are gear beacons."""
    rows = [{**row, "mmsi": 982_990_001} if row["mmsi"] == OTHER else row for row in together(6)]
    assert seen(rows, "encounter") == []
    rows = [{**row, "mmsi": 94_100_001} if row["mmsi"] == OTHER else row for row in together(6)]
    assert seen(rows, "encounter") == []


def test_coarse_reports_do_not_meet() -> None:
    """Type 27 gives places to 185 m: two ships seem to lie on one another."""
    assert seen([{**row, "msg_type": 27} for row in together(6)], "encounter") == []


@pytest.mark.parametrize(("minutes", "count"), [(30, 0), (32, 1), (50, 1)])
def test_half_an_hour_very_close_is_a_rendezvous(minutes: float, count: int) -> None:
    """Strictly more than thirty minutes within 250 m. Source: Skylight."""
    hours = minutes / 60
    rows = [
        *sail(0, 6, knots=0.5, every_min=1),
        *sail(1, 1 + hours, knots=0.5, every_min=1, lat=SEA_LAT + 0.5 / 60, lon=SEA_LON + 0.001, mmsi=OTHER),
        *sail(1 + hours + 1 / 60, 3, knots=6, course=90, every_min=1, lat=SEA_LAT, lon=SEA_LON + 0.02, mmsi=OTHER),
        *sail(0, 1 - 1 / 60, knots=6, course=90, every_min=1, lat=SEA_LAT, lon=SEA_LON - 0.2, mmsi=OTHER),
    ]
    assert len(seen(rows, "rendezvous")) == count


def test_a_pilot_that_says_so_is_left_out() -> None:
    """Ship type 50."""
    pilot = [{"mmsi": OTHER, "ts": MIDNIGHT_MS, "ship_type": 50}]
    assert len(seen(together(1), "rendezvous")) == 1
    assert seen(together(1), "rendezvous", identities=pilot) == []
    (met,) = seen(together(4), "encounter", identities=pilot)
    assert any(reason.weight == -0.4 for reason in met.reasons)
