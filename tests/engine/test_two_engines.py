"""One contract over every engine: ids, counts and states equal exactly, other doubles within 1e-9."""

from __future__ import annotations

import os
import random
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from ayni.engine.detect import Request, answers, detect
from ayni.engine.duckdb import DuckDBEngine
from ayni.engine.session import Engine
from ayni.engine.spark import SparkEngine
from ayni.errors import DetectorError, MissingPartError
from ayni.model.signal import Fact
from ayni.toolkit.sql import distance_mm, floored, wrapped_udeg
from tests.engine import pier

NOW = datetime(2026, 11, 1, tzinfo=UTC)
ROWS = 100_000
ENGINES = [
    pytest.param(DuckDBEngine(threads=2), id="duckdb"),
    pytest.param(SparkEngine(master="local[2]", memory="1g"), id="spark", marks=pytest.mark.spark),
]
DUCKDB = DuckDBEngine(threads=2)


@pytest.fixture(scope="module", params=ENGINES)
def engine(request: pytest.FixtureRequest) -> Iterator[Engine]:
    """Give each engine in turn; Spark is stopped when its tests are over."""
    chosen: Engine = request.param
    yield chosen
    if chosen.name == "spark":
        from pyspark.sql import SparkSession

        session = SparkSession.getActiveSession()
        if session is not None:
            session.stop()


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Return 100,000 passes in two Parquet files, in no order."""
    rows = pier.shuffled(pier.passes(ROWS, seed=7, badges=200), 8)
    folder = tmp_path_factory.mktemp("archive")
    files = [folder / "one.parquet", folder / "two.parquet"]
    pq.write_table(rows.slice(0, rows.num_rows // 2), files[0])
    pq.write_table(rows.slice(rows.num_rows // 2).drop_columns([]), files[1])
    return files


def test_every_engine_gives_the_same_signals(engine: Engine, archive: list[Path]) -> None:
    """100,000 rows from files: same ids, states, places and facts, whoever computed them."""
    request = Request(made_at=NOW, overrides={"crowd.badges": 178, "silence.silence_h": 2, "run.passes": 3})
    tables = {"pass": archive, "watchlist": pa.table({"badge": [5, 6]})}
    expected = detect(pier.DESK, tables, engine=DUCKDB, request=request)
    found = detect(pier.DESK, tables, engine=engine, request=request)
    assert found.signals == expected.signals
    assert found.not_run == expected.not_run == ()
    rules = {signal.rule for signal in found.signals}
    assert rules == {detector.rule for detector in pier.DESK.detectors}
    assert len(found.signals) > 1_000


def test_every_engine_gives_the_same_answers(engine: Engine) -> None:
    """Column by column: integers, text and booleans equal, doubles within 1e-9."""
    tables = {"pass": pier.passes(3_000), "watchlist": pa.table({"badge": [5, 6]})}
    request = Request(made_at=NOW)
    expected = answers(pier.DESK, tables, engine=DUCKDB, request=request)
    found = answers(pier.DESK, tables, engine=engine, request=request)
    assert found.keys() == expected.keys()
    for rule, answer in expected.items():
        assert_equal(found[rule], answer)


def assert_equal(found: pa.Table, expected: pa.Table) -> None:
    """Compare two answers, rows in the order of their keys."""
    assert found.schema.equals(expected.schema)
    order = [(name, "ascending") for name in expected.column_names if name.startswith("key_")]
    for name in expected.column_names:
        left, right = (table.sort_by(order).column(name).to_pylist() for table in (found, expected))
        if pa.types.is_floating(expected.schema.field(name).type):
            assert left == pytest.approx(right, rel=1e-9, abs=1e-9)
        else:
            assert left == right


def test_distances_are_equal_to_the_millimetre(engine: Engine, tmp_path: Path) -> None:
    """Near, far, across the dateline and at the poles; cells and wrapped longitudes too."""
    dice = random.Random(3)
    rows = [_pair(dice) for _ in range(50_000)]
    names = ("i", "lat_a", "lon_a", "lat_b", "lon_b")
    file = tmp_path / "pairs.parquet"
    columns = zip(*((number, *pair) for number, pair in enumerate(rows)), strict=True)
    pq.write_table(pa.table(dict(zip(names, map(list, columns), strict=True))), file)
    sql = f"""
    SELECT i AS key_0, {distance_mm("lat_a", "lon_a", "lat_b", "lon_b")} AS mm, {floored("lat_a", 10_000)} AS cell,
      {wrapped_udeg("lon_b - lon_a")} AS east FROM pair
    """
    found = engine.run(sql, {}, {"pair": file})
    assert_equal(found, DUCKDB.run(sql, {}, {"pair": file}))
    east = found.column("east").to_pylist()
    assert min(east) >= -180_000_000
    assert max(east) < 180_000_000


def _pair(dice: random.Random) -> tuple[int, int, int, int]:
    lat, lon = dice.randint(-90_000_000, 90_000_000), dice.randint(-180_000_000, 180_000_000)
    if dice.random() < 0.5:
        return lat, lon, dice.randint(-90_000_000, 90_000_000), dice.randint(-180_000_000, 180_000_000)
    near = min(90_000_000, max(-90_000_000, lat + dice.randint(-50_000, 50_000)))
    return lat, lon, near, (lon + dice.randint(-50_000, 50_000) + 180_000_000) % 360_000_000 - 180_000_000


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("SELECT $hours * 3600000 AS a, $ratio * 2 AS b, $word AS c, $yes AS d FROM one",
         [3_600_000_000, 3, "o'k", True]),
        ("SELECT $below AS a, 1 / 0 AS b, CAST(NULL AS VARCHAR) AS c, 7 % 0 AS d FROM one", [-5, None, None, None]),
        ("SELECT CAST(ROUND(-2.5e0) AS BIGINT) AS a, -7 % 3 AS b, LEAST(1, NULL) AS c, 7 / 2 AS d FROM one",
         [-3, -1, 1, 3.5]),
        (r"SELECT 'A\B' LIKE 'A\B' AS a, 'A\B' LIKE '%' || 'A\B' || '%' AS b, 'A_B' LIKE 'A\_B' AS c FROM one",
         [True, True, False]),
        ("SELECT RANK() OVER (ORDER BY n) * 99999 * 99999 AS a, LENGTH('abc') * 99999 * 99999 AS b FROM one",
         [99999**2, 3 * 99999**2]),
        ("SELECT CAST(FLOOR(-0.5e0) AS BIGINT) AS a, 'x' || n AS b, LENGTH('ñandú') AS c, 1e0 / 3e0 AS d FROM one",
         [-1, None, 5, 1 / 3]),
    ],
)  # fmt: skip
def test_small_questions_have_one_answer(engine: Engine, sql: str, expected: list[object]) -> None:
    """Parameters are 64 bits wide, division by zero is null, rounding goes away from zero."""
    one = pa.table({"n": pa.array([None], pa.string())})
    params: dict[str, Fact] = {"hours": 1000, "ratio": 1.5, "word": "o'k", "yes": True, "below": -5}
    (row,) = engine.run(sql, params, {"one": one}).to_pylist()
    assert list(row.values()) == expected


def test_nulls_sort_last_and_windows_reach_back(engine: Engine) -> None:
    """Order and frames are the same in both engines."""
    rows = pa.table({"k": [3, 1, None, 2], "ms": [30, 10, 40, 20]})
    sql = """
    WITH w AS (SELECT k, ms, COUNT(*) OVER (ORDER BY ms RANGE BETWEEN $back * 10 PRECEDING AND CURRENT ROW) AS n,
      LAST_VALUE(k IGNORE NULLS) OVER (ORDER BY ms ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS last FROM t)
    SELECT k, n, last, ROW_NUMBER() OVER (ORDER BY k, ms) AS place FROM w
    """
    rows_found = engine.run(sql, {"back": 2}, {"t": rows}).to_pylist()
    found = sorted((tuple(row.values()) for row in rows_found), key=str)
    assert found == [(1, 1, 1, 1), (2, 2, 2, 2), (3, 3, 3, 3), (None, 3, 3, 4)]


def test_a_question_that_fails_is_a_detector_error(engine: Engine) -> None:
    """No engine's own exception leaves the engine."""
    with pytest.raises(DetectorError, match=r"no_such|NO_SUCH"):
        engine.run("SELECT no_such FROM t", {}, {"t": pa.table({"a": [1]})})
    with pytest.raises(DetectorError, match=r"\$missing"):
        engine.run("SELECT $missing AS a FROM t", {}, {"t": pa.table({"a": [1]})})
    with engine.session({}) as session:
        assert session.columns("nowhere") == ()


def test_without_java_the_error_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    """A small post that asks for Spark learns which package it lacks."""
    monkeypatch.setenv("PATH", os.devnull)
    monkeypatch.delenv("JAVA_HOME", raising=False)
    with pytest.raises(MissingPartError, match="openjdk-17"):
        SparkEngine().run("SELECT 1 AS a", {}, {})


def test_without_pyspark_the_error_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    """The extra is named."""
    monkeypatch.setitem(sys.modules, "pyspark.errors", None)
    with pytest.raises(MissingPartError, match=r"ayni\[spark\]"):
        SparkEngine().run("SELECT 1 AS a", {}, {})
