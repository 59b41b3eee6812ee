"""The rules of this desk mean the same on every engine: ids, states, words and counts exactly, doubles to 1e-9."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from ayni.desks.maritime import DESK
from ayni.engine.detect import Detected, Request, detect
from ayni.engine.duckdb import DuckDBEngine
from ayni.engine.session import Engine, Tables
from ayni.engine.spark import SparkEngine
from ayni.model.signal import Fact, Signal
from tests.desks.maritime.busy_sea import busy_sea, passages
from tests.desks.maritime.seas import MADE_AT

DUCKDB = DuckDBEngine(threads=2)
SMALL = {
    "spark.sql.shuffle.partitions": "1",
    "spark.default.parallelism": "1",
    "spark.sql.adaptive.enabled": "false",
    "spark.sql.codegen.wholeStage": "false",
}
"""A few thousand rows: one partition, and no Java compiled for each of several hundred queries."""
LEAST_ROWS = 1_000_000
NOT_PLAYED = {
    f"maritime.{name}/1"
    for name in ("area_entry", "area_speed", "dark_approach", "fast_near_coast", "speed_range", "towing", "watchlist")
}
"""Rules without a scene in `busy_sea`: compared all the same, though they may tell nothing."""
FIRE = {detector.rule for detector in DESK.detectors} - NOT_PLAYED


@pytest.fixture(autouse=True)
def spark_stops() -> Iterator[None]:
    """Stop Spark after each test: its settings are those of the first session."""
    yield
    from pyspark.sql import SparkSession

    session = SparkSession.getActiveSession()
    if session is not None:
        session.stop()


def run(tables: Tables, engine: Engine) -> Detected:
    """Run every rule."""
    return detect(DESK, tables, engine=engine, request=Request(made_at=MADE_AT))


def assert_same(found: Detected, expected: Detected) -> None:
    """Compare two runs, signal by signal."""
    assert found.rules_run == expected.rules_run
    assert found.not_run == expected.not_run
    assert [one.id for one in found.signals] == [one.id for one in expected.signals]
    for one, other in zip(found.signals, expected.signals, strict=True):
        exact, measured = told(one)
        other_exact, other_measured = told(other)
        assert exact == other_exact
        assert measured == pytest.approx(other_measured, rel=1e-9, abs=1e-9)


def told(signal: Signal) -> tuple[tuple[object, ...], list[float]]:
    """Return what a signal says: everything that must be equal, and the doubles it was measured with."""
    reasons = (*signal.reasons, *signal.quality)
    facts = [(reason.says, name, fact) for reason in reasons for name, fact in sorted(reason.facts.items())]
    exact: list[tuple[str, str, Fact | None]] = [
        (says, name, None if isinstance(fact, float) else fact) for says, name, fact in facts
    ]
    measured = [fact for _, _, fact in facts if isinstance(fact, float)]
    whole = (signal.rule, signal.state, signal.started_at, signal.ended_at, signal.place, signal.subjects)
    said = (signal.evidence, dict(signal.parameters), [reason.says for reason in reasons], exact)
    return (*whole, *said), [*measured, signal.uncertainty_m, *(reason.weight for reason in reasons)]


@pytest.mark.spark
@pytest.mark.timeout(1200)
def test_every_rule_tells_the_same_on_spark(tmp_path: Path) -> None:
    """Every rule runs, all but a few fire on one small sea, and both engines say the same of it.

    From Parquet, as archives come: Spark plans otherwise than for tables in memory, and once lost signals there.
    """
    sea = busy_sea()
    pq.write_table(sea["position"], tmp_path / "position.parquet")
    tables: Tables = {**sea, "position": tmp_path / "position.parquet"}
    expected = run(tables, DUCKDB)
    assert {signal.rule for signal in expected.signals} >= FIRE
    assert_same(run(tables, SparkEngine(master="local[2]", config=SMALL)), expected)


@pytest.mark.spark
@pytest.mark.long
@pytest.mark.timeout(2700)
def test_a_million_positions_tell_the_same_on_spark(tmp_path: Path) -> None:
    """Partitions, shuffles and code compiled by Spark change nothing."""
    sea = busy_sea(seed=5, times=40)
    whole = pa.concat_tables([sea["position"], *passages((LEAST_ROWS - sea["position"].num_rows) // 240 + 1)])
    files = [tmp_path / "one.parquet", tmp_path / "two.parquet"]
    pq.write_table(whole.slice(0, whole.num_rows // 3), files[0])
    pq.write_table(whole.slice(whole.num_rows // 3), files[1])
    assert whole.num_rows >= LEAST_ROWS
    tables: Tables = {"position": files, "identity": sea["identity"]}
    expected = run(tables, DUCKDB)
    assert {signal.rule for signal in expected.signals} >= FIRE
    assert_same(run(tables, SparkEngine(master="local[2]", memory="4g")), expected)
