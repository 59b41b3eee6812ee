"""NDJSON, GeoJSON, CSV and Parquet: the same signals, for programs, maps, spreadsheets and analysis.

CSV cells that a spreadsheet would take for a formula (`=`, `+`, `-`, `@`, tab, return
at the start) get a leading apostrophe, because vessel names are written by strangers.
Source: OWASP, CSV Injection.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence
from datetime import datetime
from typing import BinaryIO

import msgspec

from ayni.model.codec import to_json
from ayni.model.signal import Signal

COLUMNS = (
    "id",
    "revision",
    "state",
    "desk",
    "rule",
    "made_at",
    "started_at",
    "ended_at",
    "lat_deg",
    "lon_deg",
    "uncertainty_m",
    "subjects",
    "score",
    "reasons",
    "evidence",
    "tlp",
)
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")

Row = tuple[str | int | float | datetime | None, ...]


def write_ndjson(signals: Sequence[Signal], stream: BinaryIO) -> None:
    """Write one signal a line, UTF-8."""
    stream.writelines(to_json(signal) + b"\n" for signal in signals)


def write_geojson(signals: Sequence[Signal], stream: BinaryIO) -> None:
    """Write one FeatureCollection; a signal without a place has a null geometry."""
    stream.write(b'{"type":"FeatureCollection","features":[')
    for number, signal in enumerate(signals):
        properties = msgspec.to_builtins(signal)
        geometry = properties.pop("place")
        feature = {"type": "Feature", "id": signal.id, "geometry": geometry, "properties": properties}
        stream.write((b",\n" if number else b"\n") + msgspec.json.encode(feature))
    stream.write(b"\n]}\n")


def write_csv(signals: Sequence[Signal], stream: BinaryIO) -> None:
    """Write a header and one row a signal, UTF-8 with BOM so that spreadsheets read the accents."""
    text = io.TextIOWrapper(stream, encoding="utf-8-sig", newline="", write_through=True)
    writer = csv.writer(text)
    writer.writerow(COLUMNS)
    for signal in signals:
        writer.writerow([_cell(value) for value in _row(signal)])
    text.detach()


def write_parquet(signals: Sequence[Signal], stream: BinaryIO) -> None:
    """Write one row a signal; instants are microseconds in UTC."""
    import pyarrow as pa  # noqa: PLC0415 -- loads only for this format
    import pyarrow.parquet as pq  # noqa: PLC0415 -- as above

    instant = pa.timestamp("us", tz="UTC")
    kinds = {
        "revision": pa.int64(),
        "made_at": instant,
        "started_at": instant,
        "ended_at": instant,
        "lat_deg": pa.float64(),
        "lon_deg": pa.float64(),
        "uncertainty_m": pa.float64(),
        "score": pa.float64(),
        "evidence": pa.int64(),
    }
    rows = [_row(signal) for signal in signals]
    arrays = {
        name: pa.array([row[i] for row in rows], type=kinds.get(name, pa.string())) for i, name in enumerate(COLUMNS)
    }
    pq.write_table(pa.table(arrays), stream)


def _row(signal: Signal) -> Row:
    lon, lat = signal.place.centre if signal.place is not None else (None, None)
    subjects = " ".join(entity.first("mmsi") or entity.id for entity in signal.subjects)
    reasons = [{"says": r.says, "facts": dict(r.facts), "weight": r.weight} for r in signal.reasons]
    return (
        signal.id,
        signal.revision,
        signal.state.value,
        signal.desk,
        signal.rule,
        signal.made_at,
        signal.started_at,
        signal.ended_at,
        lat,
        lon,
        signal.uncertainty_m,
        subjects,
        signal.score,
        json.dumps(reasons, ensure_ascii=False),
        len(signal.evidence),
        signal.handling.tlp.value,
    )


def _cell(value: str | float | datetime | None) -> object:
    if isinstance(value, datetime):
        return value.isoformat().replace("+00:00", "Z")
    if isinstance(value, str) and value.startswith(FORMULA_STARTS):
        return "'" + value
    return value
