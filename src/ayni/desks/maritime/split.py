"""Telling apart the ships that transmit under one MMSI.

Positions arrive in the order of time. Each goes to the open track that explains it
best, or opens a new one when none can have reached it. A track explains a position
by how far it lies from where the ship should be, against how far a ship can go in
the time; long silences widen the reach ever more slowly, because over many hours
everything can be reached and nothing is explained.

Source: the scoring follows the published description and defaults of Global Fishing
Watch's gpsdio-segment (max_hours, max_knots, buffer_hours, penalty_hours, hours_exp).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING

from ayni.model.desk import Column

if TYPE_CHECKING:
    import pyarrow as pa

    from ayni.model.signal import Fact

OUTPUT = (
    Column(name="mmsi", type="BIGINT", holds="MMSI that several ships transmit"),
    Column(name="ship", type="BIGINT", holds="which of them, from 1 in order of appearance"),
    Column(name="ts", type="BIGINT", holds="when it was received, ms since 1970 UTC"),
    Column(name="lat_udeg", type="BIGINT", holds="latitude, microdegrees"),
    Column(name="lon_udeg", type="BIGINT", holds="longitude, microdegrees"),
    Column(name="speed_kn", type="DOUBLE", holds="reported speed over ground, knots"),
    Column(name="is_fine", type="BOOLEAN", holds="false for reports of type 27, 185 m coarse"),
)

EARTH_NM = 3440.065
"""Mean radius of the Earth in nautical miles."""
MAX_HOURS, MAX_KNOTS, BUFFER_H, PENALTY_H = 8.0, 25.0, 0.25, 4.0
EXPECTED_SHARE = 5.0
"""A ship is usually within a fifth of its reach."""


def split_ships(rows: pa.Table, params: Mapping[str, Fact]) -> pa.Table:  # noqa: ARG001 -- the shape of a kernel
    """Return the rows of one MMSI with the ship each belongs to."""
    import pyarrow as pa  # noqa: PLC0415 -- only where an MMSI is contested

    ships = assign(
        [ts / 3_600_000 for ts in rows.column("ts").to_pylist()],
        [lat / 1e6 for lat in rows.column("lat_udeg").to_pylist()],
        [lon / 1e6 for lon in rows.column("lon_udeg").to_pylist()],
    )
    return rows.append_column("ship", pa.array(ships, pa.int64()))


def assign(hours: list[float], lats_deg: list[float], lons_deg: list[float]) -> list[int]:
    """Return the ship of each position, from 1 in order of appearance; positions come in the order of time."""
    open_tracks: list[tuple[int, float, float, float]] = []
    ships: list[int] = []
    count = 0
    for hour, lat, lon in zip(hours, lats_deg, lons_deg, strict=True):
        open_tracks = [track for track in open_tracks if hour - track[1] <= MAX_HOURS]
        scored = [(_score(track, hour, lat, lon), -track[0], place) for place, track in enumerate(open_tracks)]
        best, _, place = max(scored, default=(0.0, 0, -1))
        if best > 0.0:
            ship = open_tracks.pop(place)[0]
        else:
            count += 1
            ship = count
        open_tracks.append((ship, hour, lat, lon))
        ships.append(ship)
    return ships


def _score(track: tuple[int, float, float, float], hour: float, lat: float, lon: float) -> float:
    passed = hour - track[1]
    padded = math.hypot(passed / (1 + math.sqrt(passed / PENALTY_H)), BUFFER_H)
    reach = padded * MAX_KNOTS
    distance = _distance_nm(track[2], track[3], lat, lon)
    return math.exp(-((EXPECTED_SHARE * distance / reach) ** 2)) / padded if distance <= reach else 0.0


def _distance_nm(lat_a: float, lon_a: float, lat_b: float, lon_b: float) -> float:
    north, east = math.radians(lat_b - lat_a) / 2, math.radians(lon_b - lon_a) / 2
    chord = math.sin(north) ** 2 + math.cos(math.radians(lat_a)) * math.cos(math.radians(lat_b)) * math.sin(east) ** 2
    return 2 * EARTH_NM * math.asin(min(1.0, math.sqrt(chord)))
