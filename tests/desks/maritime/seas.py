"""Invented ships for the tests of this desk: MMSIs of a country code that is not allocated, on open water."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime

import pyarrow as pa

from ayni.desks.maritime import DESK
from ayni.desks.maritime.tables import IDENTITY, POSITION, arrow_schema
from ayni.engine.detect import Detected, Request, detect
from ayni.engine.duckdb import DuckDBEngine
from ayni.engine.parameters import Overrides
from ayni.model.desk import Table
from ayni.model.signal import Fact, Signal

SHIP, OTHER, THIRD = 299_000_001, 299_000_002, 299_000_003
"""MID 299 is allocated to no country."""
MIDNIGHT_MS = 1_790_000_000_000 // 86_400_000 * 86_400_000
HOUR_MS, MINUTE_MS = 3_600_000, 60_000
MADE_AT = datetime(2026, 11, 22, tzinfo=UTC)
SEA_LAT, SEA_LON = -4.0, -88.0
"""Open Pacific, over 300 nautical miles from any land."""

Row = Mapping[str, Fact | None]


def report(
    hours: float, lat: float = SEA_LAT, lon: float = SEA_LON, mmsi: int = SHIP, **more: Fact | None
) -> dict[str, Fact | None]:
    """Return one position report, *hours* after midnight."""
    return {
        "mmsi": mmsi,
        "ts": MIDNIGHT_MS + round(hours * HOUR_MS),
        "lat_udeg": round(lat * 1e6),
        "lon_udeg": round(lon * 1e6),
        **more,
    }


def sail(
    start_h: float,
    end_h: float,
    *,
    lat: float = SEA_LAT,
    lon: float = SEA_LON,
    knots: float = 10.0,
    course: float = 0.0,
    every_min: float = 6.0,
    mmsi: int = SHIP,
    **more: Fact | None,
) -> list[dict[str, Fact | None]]:
    """Return the reports of a ship on a steady course, from *start_h* to *end_h* inclusive."""
    count = round((end_h - start_h) * 60 / every_min)
    rows = []
    for step in range(count + 1):
        hours = start_h + step * every_min / 60
        nm = knots * (hours - start_h)
        north = nm * math.cos(math.radians(course)) / 60
        east = nm * math.sin(math.radians(course)) / 60 / math.cos(math.radians(lat))
        here = (lon + east + 180) % 360 - 180
        rows.append(report(hours, lat + north, here, mmsi, **more))
    return rows


def table(rows: Iterable[Row], shape: Table = POSITION) -> pa.Table:
    """Return rows as a table of this desk; evidence points at invented lines of 80 bytes."""
    listed = list(rows)
    schema = arrow_schema(shape)
    filled = [
        dict.fromkeys(schema.names)
        | {"source": "0" * 64, "offset": number * 80, "length": 80, "receiver": "test"}
        | dict(row)
        for number, row in enumerate(listed)
    ]
    return pa.Table.from_pylist(filled, schema=schema)


def watch(
    rows: Iterable[Row], *rules: str, settings: Overrides | None = None, identities: Sequence[Row] = ()
) -> Detected:
    """Run this desk over reports, with settings such as `{"gap.silence_h": 4}`."""
    return detect(
        DESK,
        {"position": table(rows), "identity": table(identities, IDENTITY)},
        engine=DuckDBEngine(threads=1),
        request=Request(
            made_at=MADE_AT, rules=tuple(f"maritime.{rule}/1" for rule in rules), overrides=dict(settings or {})
        ),
    )


def seen(
    rows: Iterable[Row], rule: str, *, settings: Overrides | None = None, identities: Sequence[Row] = ()
) -> list[Signal]:
    """Return the signals of one rule; it must have run."""
    found = watch(rows, rule, settings=settings, identities=identities)
    assert not found.not_run, found.not_run
    return list(found.signals)
