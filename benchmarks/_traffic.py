"""Weeks of generated traffic, many ships at a time: the raw material of `traffic.py`.

Every ship draws one of five ways of life: passages from place to place, lying at
anchor for half of its days, trawling to and fro, drifting for some hours a day, or
crossing between two ports. A twentieth falls silent for 7 to 20 hours, a two hundredth
leaps once, another shares its number with a second ship, and one in fifty lies beside
another for four hours. The MMSIs bear MID 299, which is allocated to no country.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Whole = NDArray[np.int64]

SEED = 20_261_126
DAY_MS = 86_400_000
START_MS = 1_790_000_000_000 // DAY_MS * DAY_MS
FIRST_MMSI = 299_000_001
REPORTS_A_DAY = 250
"""One every 5.76 minutes."""
SHIPS_AT_ONCE = 500
SOUTH, NORTH, WEST, EAST = -35.0, 15.0, -110.0, -78.0
"""The eastern Pacific from Central America to Chile, its coast included."""
NM = 1 / 60


def write_days(folder: Path, ships: int, days: int) -> int:
    """Write one Parquet file a day, in the order of time; return how many positions there are."""
    parts: list[list[pa.Table]] = [[] for _ in range(days)]
    for first in range(0, ships, SHIPS_AT_ONCE):
        rows = positions(first, min(SHIPS_AT_ONCE, ships - first), days)
        day = (rows["ts"].to_numpy() - START_MS) // DAY_MS
        for number in range(days):
            parts[number].append(rows.take(np.flatnonzero(day == number)))
    written = 0
    for number, pieces in enumerate(parts):
        table = pa.concat_tables(pieces).combine_chunks()
        pieces.clear()
        table = table.take(np.argsort(table["ts"].to_numpy(), kind="stable"))
        size = table.num_rows
        table = (
            table.append_column("source", pa.array(np.full(size, f"{number:064x}")))
            .append_column("offset", pa.array(np.arange(size) * 80))
            .append_column("length", pa.array(np.full(size, 80)))
        )
        pq.write_table(table, folder / f"position-{number:03}.parquet", compression="zstd")
        written += size
    return written


def positions(first: int, ships: int, days: int) -> pa.Table:
    """Return the reports of some ships, without their evidence columns."""
    dice = np.random.default_rng([SEED, first])
    count = REPORTS_A_DAY * days
    every = DAY_MS / REPORTS_A_DAY
    ts = START_MS + (np.arange(count) * every + dice.uniform(0, 0.6 * every, (ships, count))).astype(np.int64)
    hours = (ts - START_MS) / 3_600_000
    speed, course = _motion(dice, ships, count)
    step_h = np.diff(hours, axis=1, prepend=hours[:, :1])
    lat = dice.uniform(SOUTH, NORTH, (ships, 1)) + np.cumsum(speed * np.cos(course) * step_h * NM, axis=1)
    east = speed * np.sin(course) * step_h * NM / np.cos(np.radians(np.clip(lat, -60, 60)))
    lon = dice.uniform(WEST, EAST, (ships, 1)) + np.cumsum(east, axis=1)
    lat, lon = _folded(lat, SOUTH, NORTH), _folded(lon, WEST, EAST)
    course = np.arctan2(np.gradient(lon, axis=1) * np.cos(np.radians(lat)), np.gradient(lat, axis=1))
    _meet(dice, lat, lon, speed)
    leaps = dice.random(ships) < 1 / 200
    lat[leaps, count // 2] += 3.0
    shared = np.flatnonzero(dice.random(ships) < 1 / 200)
    lat[shared, ::2], lon[shared, ::2] = lat[(shared + 1) % ships, ::2], lon[(shared + 1) % ships, ::2]
    kept = _heard(dice, hours)
    mmsi = np.broadcast_to(FIRST_MMSI + first + np.arange(ships)[:, None], (ships, count))
    return pa.table(
        {
            "mmsi": mmsi[kept],
            "ts": ts[kept],
            "lat_udeg": np.round(lat[kept] * 1e6).astype(np.int64),
            "lon_udeg": np.round(lon[kept] * 1e6).astype(np.int64),
            "speed_kn": np.round(speed[kept], 1),
            "course_deg": np.round(np.degrees(course[kept]) % 360, 1) % 360,
            "heading_deg": np.round(np.degrees(course[kept]) % 360) % 360,
            "status": np.where(speed[kept] < 0.5, 1, 0),
            "msg_type": np.ones(int(kept.sum()), np.int64),
        }
    )


def identities(ships: int, days: int) -> pa.Table:
    """Return what the ships say about themselves, every six hours: a number, a name, a kind and a size."""
    dice = np.random.default_rng([SEED, 1])
    kinds = dice.choice([30, 52, 60, 70, 80], ships)
    said = days * 4
    ship = np.repeat(np.arange(ships), said)
    ts = START_MS + np.tile(np.arange(said) * (DAY_MS // 4), ships) + ship % 3_600_000
    return pa.table(
        {
            "mmsi": FIRST_MMSI + ship,
            "ts": ts,
            "imo": pa.nulls(ship.size, pa.int64()),
            "name": pa.array(np.char.add("GENERATED ", ship.astype(str))),
            "callsign": pa.array(np.char.add("ZZ", ship.astype(str))),
            "ship_type": kinds[ship],
            "length_m": 40.0 + ship % 200,
            "destination": pa.array(np.where(ts % 2 == 0, "NOWHERE", "ELSEWHERE")),
            "source": pa.array(np.full(ship.size, "f" * 64)),
            "offset": np.arange(ship.size) * 80,
            "length": np.full(ship.size, 80),
        }
    )


def _motion(dice: np.random.Generator, ships: int, count: int) -> tuple[Floats, Floats]:
    """Return knots and radians: a leg lasts one to three days; at each report the helm strays a little."""
    legs = np.cumsum(dice.random((ships, count)) < 1 / (2 * REPORTS_A_DAY), axis=1)
    course = np.take_along_axis(dice.uniform(0, 2 * np.pi, (ships, int(legs.max()) + 1)), legs, axis=1)
    speed = dice.uniform(8, 18, (ships, 1)) + dice.normal(0, 0.2, (ships, count))
    life = dice.choice(5, ships, p=[0.5, 0.15, 0.15, 0.1, 0.1])
    day = np.arange(count) % REPORTS_A_DAY
    anchored = (life[:, None] == 1) & (legs % 2 == 0)
    trawls = life == 2
    drifts = (life[:, None] == 3) & (day < REPORTS_A_DAY // 4)
    speed = np.where(anchored, np.abs(dice.normal(0, 0.05, (ships, count))), speed)
    speed[trawls] = dice.uniform(3, 5, (int(trawls.sum()), count))
    course[trawls] += np.where((np.arange(count) // 12) % 2 == 0, 0.0, np.pi * 0.95)
    speed = np.where(drifts, np.abs(dice.normal(0.8, 0.2, (ships, count))), speed)
    return np.maximum(speed, 0.0), course + dice.normal(0, 0.02, (ships, count))


def _folded(values: Floats, low: float, high: float) -> Floats:
    """Return values that turn back where the sea of this traffic ends."""
    width = high - low
    return low + width - np.abs((values - low) % (2 * width) - width)


def _meet(dice: np.random.Generator, lat: Floats, lon: Floats, speed: Floats) -> None:
    """Let one ship in fifty lie for four hours a hundred metres from the next one, which lies still too."""
    ships, count = lat.shape
    for one in np.flatnonzero(dice.random(ships) < 1 / 50):
        other, start = (one + 1) % ships, int(dice.integers(0, count - REPORTS_A_DAY))
        span = slice(start, start + REPORTS_A_DAY // 6)
        for ship, aside in ((one, 0.0), (other, 0.001)):
            lat[ship, span] = lat[one, start] + aside + dice.normal(0, 1e-5, REPORTS_A_DAY // 6)
            lon[ship, span] = lon[one, start] + dice.normal(0, 1e-5, REPORTS_A_DAY // 6)
            speed[ship, span] = 0.2


def _heard(dice: np.random.Generator, hours: Floats) -> NDArray[np.bool_]:
    """Say which reports arrive: a twentieth of the ships are not heard for 7 to 20 hours."""
    ships = hours.shape[0]
    start = dice.uniform(12, hours[0, -1] - 24, (ships, 1))
    silent = (dice.random((ships, 1)) < 1 / 20) & (hours > start) & (hours < start + dice.uniform(7, 20, (ships, 1)))
    return ~silent
