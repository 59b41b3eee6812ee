"""The same signals for programs, maps, spreadsheets and analysis, opened by other programs."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import replace

import duckdb
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ayni.exchange.formats import FORMATS
from ayni.exchange.formats.flat import COLUMNS, FORMULA_STARTS
from ayni.model.codec import from_json
from ayni.model.entity import Entity
from ayni.model.signal import Signal
from tests.people import a_signal

SIGNALS = (a_signal(1), replace(a_signal(2), place=None), replace(a_signal(3), ended_at=None))


def written(name: str, signals: tuple[Signal, ...]) -> bytes:
    """Return what a format writes."""
    stream = io.BytesIO()
    FORMATS[name](signals, stream)
    return stream.getvalue()


def test_ndjson_comes_back_as_it_went() -> None:
    """One signal a line, nothing lost."""
    lines = written("ndjson", SIGNALS).splitlines()
    assert tuple(from_json(line, Signal) for line in lines) == SIGNALS


def test_geojson_is_a_feature_collection() -> None:
    """Geometry outside, everything else in properties; no place is a null geometry."""
    found = json.loads(written("geojson", SIGNALS))
    assert found["type"] == "FeatureCollection"
    assert [feature["geometry"] is None for feature in found["features"]] == [False, True, False]
    assert found["features"][0]["geometry"] == {"type": "Point", "coordinates": [-81.0, -2.2]}
    assert found["features"][0]["properties"]["rule"] == "maritime.gap/1"


def test_parquet_opens_in_polars_and_duckdb(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Two independent readers see the same rows and typed instants."""
    path = tmp_path_factory.mktemp("parquet") / "signals.parquet"
    path.write_bytes(written("parquet", SIGNALS))
    assert pl.read_parquet(path)["id"].to_list() == [signal.id for signal in SIGNALS]
    answer = duckdb.connect().execute(f"SELECT count(*), count(lat_deg), count(ended_at) FROM '{path}'").fetchone()
    assert answer == (3, 2, 2)


@pytest.mark.parametrize("name", sorted(FORMATS))
def test_no_signals_is_a_valid_file(name: str) -> None:
    """Nothing found is written as nothing found, not as an error."""
    data = written(name, ())
    if name == "csv":
        assert data.decode("utf-8-sig").strip() == ",".join(COLUMNS)
    if name == "geojson":
        assert json.loads(data)["features"] == []


@given(st.sampled_from(FORMULA_STARTS), st.text(max_size=20))
def test_a_vessel_cannot_name_itself_a_formula(start: str, rest: str) -> None:
    """Names are written by strangers: no cell of the CSV begins like a formula."""
    entity = Entity(id="vessel", schema="Vessel", properties={"mmsi": (start + rest,)})
    data = written("csv", (replace(a_signal(), subjects=(entity,)),))
    rows = list(csv.reader(io.StringIO(data.decode("utf-8-sig"), newline="")))
    subject = rows[1][COLUMNS.index("subjects")]
    assert not subject.startswith(FORMULA_STARTS)
