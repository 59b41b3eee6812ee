"""One desk over tables: answers, reasons, evidence, and why a detector did not run."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.dataset as pads
import pyarrow.parquet as pq
import pytest

from ayni.engine.detect import NO_COLUMN, NO_TABLE, NO_VALUES, Detected, Request, detect, to_ndjson
from ayni.engine.duckdb import DuckDBEngine
from ayni.engine.session import Tables
from ayni.errors import DetectorError, InvalidValueError, UnknownError
from ayni.model.desk import Clue, Column, Table
from ayni.model.signal import SignalState
from tests.engine import pier

NOW = datetime(2026, 11, 1, tzinfo=UTC)
ENGINE = DuckDBEngine(threads=2)


def run(tables: Tables, request: Request | None = None) -> Detected:
    """Run the test desk."""
    return detect(pier.DESK, tables, engine=ENGINE, request=request or Request(made_at=NOW))


def count(found: Detected, rule: str) -> int:
    """Count the signals of a rule."""
    return sum(signal.rule == rule for signal in found.signals)


def test_a_row_becomes_a_signal_with_place_span_subject_and_both_sides() -> None:
    """Every column of the contract arrives where a reader looks for it."""
    rows = pa.table(
        {"badge": [7, 7], "at_ms": [0, 7 * pier.HOUR_MS], "lat_udeg": [-500_000, 0], "lon_udeg": [-81_000_000, 0]}
    )
    (signal,) = run({"pass": rows}, Request(made_at=NOW, rules=("pier.silence/1",))).signals
    assert signal.state is SignalState.CLOSED
    assert signal.started_at == datetime(1970, 1, 1, tzinfo=UTC)
    assert signal.ended_at == datetime(1970, 1, 1, 7, tzinfo=UTC)
    assert signal.place is not None
    assert signal.place.coordinates == ((-81.0, -0.5), (0.0, 0.0))
    assert [subject.first("idNumber") for subject in signal.subjects] == ["7"]
    assert [(reason.says, dict(reason.facts), reason.weight) for reason in signal.reasons] == [
        (
            "not seen for {silence_s:duration} since {last_at}",
            {"silence_s": 25200.0, "last_at": "1970-01-01T00:00:00Z"},
            0.6,
        ),
        ("only {before} passes in the 12 hours before", {"before": 1}, -0.2),
        ("{before} passes in the 12 hours before", {"before": 1}, 0.1),
    ]
    assert [reason.weight for reason in signal.quality] == [0.0, 0.0]
    assert signal.parameters == {"few": 3, "silence_h": 6, "step.longest_h": 1000}
    assert signal.uncertainty_m == 50.0


def test_the_same_rows_in_any_order_from_any_source_give_the_same_bytes(tmp_path: Path) -> None:
    """Order, threads, memory, dataset or Parquet files: NDJSON is identical."""
    rows = pier.passes(5_000)
    half = rows.num_rows // 2
    files = [tmp_path / "one.parquet", tmp_path / "two.parquet"]
    pq.write_table(pier.shuffled(rows, 2).slice(half), files[0])
    pq.write_table(pier.shuffled(rows, 2).slice(0, half), files[1])
    expected = to_ndjson(run({"pass": rows}).signals)
    assert expected.count(b"\n") > 200
    for other in (pier.shuffled(rows, 3), pads.dataset(files), files):
        assert to_ndjson(run({"pass": other}).signals) == expected
    one_thread = detect(
        pier.DESK, {"pass": rows}, engine=DuckDBEngine(threads=1, memory_limit="200MB"), request=Request(made_at=NOW)
    )
    assert to_ndjson(one_thread.signals) == expected


def test_ids_change_with_parameters_and_not_with_the_clock() -> None:
    """An overridden threshold is another question; running later is not."""
    rows = {"pass": pier.passes(500)}
    rules = ("pier.silence/1",)
    usual = run(rows, Request(made_at=NOW, rules=rules))
    later = run(rows, Request(made_at=datetime(2027, 1, 1, tzinfo=UTC), rules=rules))
    other = run(rows, Request(made_at=NOW, rules=rules, overrides={"silence.silence_h": "4"}))
    beneath = run(rows, Request(made_at=NOW, rules=rules, overrides={"step.longest_h": 900}))
    ids = {signal.id for signal in usual.signals}
    assert ids
    assert ids == {signal.id for signal in later.signals}
    assert not ids & {signal.id for signal in other.signals}
    assert not ids & {signal.id for signal in beneath.signals}
    assert len(other.signals) > len(usual.signals)


def test_a_detector_without_its_data_says_so() -> None:
    """No table, no column, no value: three ways of not having looked."""
    rows = pier.passes(100)
    without = {one.rule: one.why for one in run({"pass": rows.drop_columns(["speed_kn"])}).not_run}
    assert without["pier.fast/1"].says == NO_VALUES
    assert without["pier.fast/1"].facts == {"table": "pass", "column": "speed_kn", "what": "speed, knots"}
    assert without["pier.watched/1"].says == NO_TABLE
    assert set(without) == {"pier.fast/1", "pier.watched/1"}
    broken = run({"pass": rows.drop_columns(["badge"])})
    assert {one.why.says for one in broken.not_run} == {NO_COLUMN}
    assert len(broken.not_run) == len(pier.DESK.detectors)
    assert broken.rules_run == ()
    assert {one.why.says for one in run({}).not_run} == {NO_TABLE}


def test_a_table_the_desk_does_not_declare_is_used_when_given() -> None:
    """A watchlist is somebody's own table."""
    found = run({"pass": pier.passes(100, badges=5), "watchlist": pa.table({"badge": [3]})})
    assert count(found, "pier.watched/1") == 1
    assert found.not_run == ()


def test_empty_tables_give_no_signals_and_no_error() -> None:
    """No rows: every detector looked, and there was nothing."""
    found = run({"pass": pier.passes(10).slice(0, 0), "watchlist": pa.table({"badge": pa.array([], pa.int64())})})
    assert found.signals == ()
    assert found.not_run == ()
    assert len(found.rules_run) == len(pier.DESK.detectors)


def test_evidence_is_hashed_from_the_cited_bytes(tmp_path: Path) -> None:
    """Anyone holding the file can check the line; without the file the offsets still stand."""
    rows, file, digest = pier.passes_in_file(tmp_path, 60)
    request = Request(made_at=NOW, rules=("pier.silence/1",), files=lambda source: file if source == digest else None)
    signals = run({"pass": rows}, request).signals
    assert signals
    for signal in signals:
        assert len(signal.evidence) == 2
        for cited in signal.evidence:
            raw = file.read_bytes()[cited.offset : cited.offset + cited.length]
            assert hashlib.sha256(raw).hexdigest() == cited.line
            assert raw.startswith(signal.subjects[0].first("idNumber").encode())
    unhashed = run({"pass": rows}, replace(request, files=lambda _: None)).signals
    assert {cited.line for signal in unhashed for cited in signal.evidence} == {""}
    assert {cited.source for signal in unhashed for cited in signal.evidence} == {digest}
    file.write_bytes(b"short")
    with pytest.raises(DetectorError, match=r"pier.silence/1.*ends before byte"):
        run({"pass": rows}, request)


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("silence.silence", "4", "did you mean silence.silence_h"),
        ("gap.silence_h", "4", "did you mean silence.silence_h"),
        ("silence.silence_h", "4.5", "not a whole number"),
        ("silence.silence_h", "soon", "no number of h"),
        ("silence.silence_h", "1001", "not between 0 and 1000"),
        ("fast.speed_kn", "nan", "not between"),
        ("zzz", "1", "ayni desk list pier"),
    ],
)
def test_an_override_that_is_not_understood_is_refused(name: str, value: str, says: str) -> None:
    """Misspelt, mistyped, out of bounds: never guessed."""
    with pytest.raises(InvalidValueError, match=says):
        run({"pass": pier.passes(10)}, Request(made_at=NOW, overrides={name: value}))


def test_an_unknown_rule_is_refused() -> None:
    """Asking for a rule the desk does not have is an error."""
    with pytest.raises(UnknownError, match=r"pier\.slience/1"):
        run({}, Request(made_at=NOW, rules=("pier.slience/1",)))


@pytest.mark.parametrize(
    ("sql", "says"),
    [
        ("SELECT nonsense FROM pass", "nonsense"),
        ("SELECT badge AS key_0, badge, at_ms AS started_ms, at_ms AS ended_ms FROM pass", "same keys"),
        ("SELECT badge, at_ms AS started_ms FROM pass", "lacks before, ended_ms, key_0, last_at_ms, silence_s"),
        (
            "SELECT at_ms AS key_0, badge AS key_1, badge, NULL AS started_ms, 1 AS ended_ms FROM pass",
            "started_ms",
        ),
        (
            "SELECT at_ms * 9223372036854775807 AS key_0, badge, at_ms AS started_ms, at_ms AS ended_ms FROM pass",
            "Overflow",
        ),
    ],
)
def test_a_detector_that_breaks_its_contract_is_named(sql: str, says: str) -> None:
    """A defect of a rule is an error with the rule's name, never a signal with a hole."""
    clues = (Clue(says="that is all", weight=0),) if "lacks" not in says else pier.SILENCE.clues
    broken = replace(pier.SILENCE, sql=sql, requires={"pass": ("badge",)}, evidence="", clues=clues)
    desk = replace(pier.DESK, detectors=(broken,))
    with pytest.raises(DetectorError, match=f"pier.silence/1.*{says}"):
        detect(desk, {"pass": pier.passes(1000, badges=2)}, engine=ENGINE, request=Request(made_at=NOW))


def test_a_column_is_only_looked_into_where_its_own_table_may_lack_it() -> None:
    """Another table's optional column of the same name says nothing of this one."""
    badge = Table(
        name="badge",
        row="one badge",
        columns=(
            Column(name="badge", type="BIGINT", holds="number of the badge"),
            Column(name="speed_kn", type="DOUBLE", holds="speed the owner stated, knots"),
        ),
    )
    fast = replace(pier.FAST, requires={"pass": ("badge", "at_ms"), "badge": ("badge", "speed_kn")})
    desk = replace(pier.DESK, tables=(*pier.DESK.tables, badge), detectors=(fast,))
    badges = pa.table({"badge": [1], "speed_kn": pa.array([None], pa.float64())})
    found = detect(desk, {"pass": pier.passes(100), "badge": badges}, engine=ENGINE, request=Request(made_at=NOW))
    assert found.not_run == ()
    assert found.rules_run == (fast.rule,)
