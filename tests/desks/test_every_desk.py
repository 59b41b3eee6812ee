"""The contract every desk meets, whoever wrote it: a new desk gets these tests for nothing."""

from __future__ import annotations

import random
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pytest

from ayni.desks import broken_desks, desk_names, find_desk
from ayni.engine.detect import NO_TABLE, Request, answers, detect, shared, to_ndjson
from ayni.engine.duckdb import DuckDBEngine, shape_of
from ayni.engine.parameters import settable
from ayni.engine.subset import check_desk, parse, spark_sql
from ayni.errors import UnreadableError
from ayni.model.desk import Desk, Source, Tally
from ayni.model.entity import check_schema
from ayni.toolkit.phrases import Catalogue, missing
from tests.desks.random_rows import rows_like

NOW = datetime(2026, 11, 1, tzinfo=UTC)
ENGINE = DuckDBEngine(threads=2)
ROWS = 400
BROKEN = broken_desks()
DESKS = [find_desk(name) for name in desk_names() if name not in BROKEN]
SOURCES = [pytest.param(desk, source, id=source.layout) for desk in DESKS for source in desk.sources]

UNREADABLE = {
    "empty": b"",
    "garbage": random.Random(1).randbytes(4096),
    "one endless line": b"A" * 300_000,
    "another table": b"colour,weight\nred,3\n",
    "no key columns": b"LAT,LON,SOG\n1.0,2.0,3.0\n",
    "text": "señal sin columnas\n".encode("latin-1"),
    "NUL bytes": b"\0" * 1000,
    "not JSON": b'{"type": "FeatureCollection", "features": [',
    "not Parquet": b"PAR1" + b"\0" * 64 + b"PAR1",
    "not gzip": b"\x1f\x8b" + b"\0" * 64,
    "not Zstandard": b"\x28\xb5\x2f\xfd" + b"\0" * 64,
}

every_desk = pytest.mark.parametrize("desk", DESKS, ids=lambda desk: desk.name)


def empty(desk: Desk) -> dict[str, pa.Table]:
    """Return the desk's tables without a row."""
    return {table.name: shape_of(table.columns).empty_table() for table in desk.tables}


def full(desk: Desk, seed: int, order: int) -> dict[str, pa.Table]:
    """Return random tables of the desk, the same rows for one *seed*, in the order of *order*."""
    tables = {table.name: rows_like(table, ROWS, random.Random(seed)) for table in desk.tables}
    shuffled = {}
    for name, rows in tables.items():
        places = list(range(rows.num_rows))
        random.Random(order).shuffle(places)
        shuffled[name] = rows.take(places)
    return shuffled


def test_every_desk_can_be_imported() -> None:
    """A desk that is there and cannot be used is a defect, named."""
    assert not BROKEN


@every_desk
def test_the_history_of_one_subject_has_its_columns(desk: Desk) -> None:
    """Whatever the rows say, a trail and the claims come in the agreed shape; random rows and none alike."""
    history = desk.history
    if history is None:
        return
    for tables in (full(desk, 3, 3), {name: rows for name, rows in empty(desk).items() if name != "identity"}):
        trail = shared(desk, tables, engine=ENGINE, name=history.trail)
        said = shared(desk, tables, engine=ENGINE, name=history.said)
        assert trail is not None
        assert {"at_ms", "lat_udeg", "lon_udeg", "speed_kn", "begins"} <= set(trail.column_names)
        assert said is not None
        assert {"what", "value", "first_ms", "last_ms", "times"} <= set(said.column_names)
        assert pa.types.is_boolean(trail.schema.field("begins").type)


SYMBOLS = frozenset({"h", "min", "s", "ms", "mm", "cm", "m", "km", "kg", "t", "hz", "khz", "mhz", "°", "°c", "%"})
"""Symbols of units that are written alike in the four languages: those of the SI, and those used beside it."""


@every_desk
def test_empty_tables_give_no_signals(desk: Desk) -> None:
    """No rows, no signals, no errors; and no detector stays silent about not having run."""
    found = detect(desk, empty(desk), engine=ENGINE, request=Request(made_at=NOW))
    assert found.signals == ()
    assert {one.why.says for one in found.not_run} <= {NO_TABLE}
    assert {*found.rules_run, *(one.rule for one in found.not_run)} == {detector.rule for detector in desk.detectors}


@every_desk
def test_no_tables_at_all_are_said(desk: Desk) -> None:
    """A detector that needs the desk's tables says that they are not there."""
    found = detect(desk, {}, engine=ENGINE, request=Request(made_at=NOW))
    assert found.signals == ()
    own = {table.name for table in desk.tables} | {derived.name for derived in desk.derived}
    needy = {detector.rule for detector in desk.detectors if own & set(detector.requires)}
    assert needy <= {one.rule for one in found.not_run}


@every_desk
@pytest.mark.parametrize("seed", [1, 2])
def test_rows_in_any_order_give_the_same_bytes(desk: Desk, seed: int) -> None:
    """Ties, nulls, the dateline: whatever is found is found again, byte for byte."""
    first, second = (
        detect(desk, full(desk, seed, order), engine=ENGINE, request=Request(made_at=NOW)).signals for order in (1, 2)
    )
    assert to_ndjson(first) == to_ndjson(second)


@every_desk
def test_sql_is_in_the_subset_and_translates(desk: Desk) -> None:
    """What DuckDB is asked, Spark can be asked."""
    check_desk(desk)
    for name, text in [
        *((detector.rule, sql) for detector in desk.detectors for sql in (detector.sql, detector.evidence)),
        *((derived.name, derived.sql) for derived in desk.derived),
    ]:
        if text:
            assert spark_sql(name, parse(name, text))


@every_desk
def test_answers_have_the_columns_that_the_card_speaks_of(desk: Desk) -> None:
    """Keys and instants are whole numbers, conditions are booleans, weights are numbers."""
    for rule, answer in answers(desk, empty(desk), engine=ENGINE, request=Request(made_at=NOW)).items():
        detector = next(one for one in desk.detectors if one.rule == rule)
        kinds = {field.name: field.type for field in answer.schema}
        for name in (*(name for name in kinds if name.startswith("key_")), "started_ms", "ended_ms"):
            assert kinds[name] == pa.int64(), f"{rule}: {name}"
        for clue in detector.clues:
            assert not clue.holds or kinds[clue.holds] == pa.bool_(), f"{rule}: {clue.holds}"
            if isinstance(clue.weight, str):
                assert kinds[clue.weight] in {pa.float64(), pa.int64()}, f"{rule}: {clue.weight}"


@every_desk
def test_rules_and_parameters_are_named_once_with_a_source(desk: Desk) -> None:
    """No rule id twice, no `gap.silence_h` that means two things, no threshold without a source."""
    rules = Counter(detector.rule for detector in desk.detectors)
    assert not [rule for rule, count in rules.items() if count > 1]
    declared = [*(one.parameters for one in desk.detectors), *(one.parameters for one in desk.derived)]
    assert len(settable(desk)) == sum(map(len, declared))
    for parameter in settable(desk).values():
        assert parameter.source.strip()
        assert parameter.unit.strip()


@every_desk
def test_parameters_have_words_or_none_has(desk: Desk) -> None:
    """A desk that names its parameters for officers names each, and nothing that does not exist."""
    own = {(one.rule, parameter.name) for one in desk.detectors for parameter in one.parameters}
    shared = {f"{one.name}.{parameter.name}" for one in desk.derived for parameter in one.parameters}
    if desk.words:
        assert {(rule, name) for rule, name in own if not desk.word(rule, name)} == set()
        assert {name for name in shared if not desk.word("", name)} == set()
    short = {f"{rule.partition('.')[2].partition('/')[0]}.{name}" for rule, name in own}
    assert set(desk.words) <= {name for _rule, name in own} | short | shared


@every_desk
def test_every_phrase_is_translated(desk: Desk) -> None:
    """What a person reads exists in Spanish, Portuguese, English and French."""
    required = {column for detector in desk.detectors for columns in detector.requires.values() for column in columns}
    said = [
        text
        for detector in desk.detectors
        for text in (
            *(detector.title, detector.asks, detector.counts_for, detector.counts_against, *detector.innocent),
            *(clue.says for clue in detector.clues),
        )
    ] + [
        column.holds
        for table in desk.tables
        for column in table.columns
        if column.optional and column.name in required
    ]
    said += [*desk.words.values(), *(one.unit for one in settable(desk).values() if one.unit.lower() not in SYMBOLS)]
    catalogue = Catalogue.load(desk.phrases) if desk.phrases else Catalogue()
    assert [str(problem) for problem in missing(dict.fromkeys(said), catalogue)] == []


@every_desk
def test_subjects_are_entities_of_followthemoney(desk: Desk) -> None:
    """Whatever random rows give rise to stands for something FollowTheMoney knows."""
    signals = detect(desk, full(desk, 3, 3), engine=ENGINE, request=Request(made_at=NOW)).signals
    wrong = {problem for signal in signals for entity in signal.subjects for problem in check_schema(entity)}
    assert not wrong


@every_desk
def test_tables_and_references_say_what_they_hold(desk: Desk) -> None:
    """Columns say what they hold; data that ships says where it comes from."""
    for table in desk.tables:
        assert table.row.strip()
        assert all(column.holds.strip() for column in table.columns)
        assert not table.day_column or table.day_column in table.column_names
        assert table.keep_days > 0
    for reference in desk.references:
        assert all(text.strip() for text in (reference.title, reference.source, reference.licence, reference.date))


@pytest.mark.parametrize(("desk", "source"), SOURCES)
@pytest.mark.parametrize("name", UNREADABLE)
def test_a_reader_refuses_what_it_does_not_understand(desk: Desk, source: Source, name: str, tmp_path: Path) -> None:
    """Never a crash, never silence: the file is refused, or every line of it is counted."""
    file = tmp_path / "file"
    file.write_bytes(UNREADABLE[name])
    tally = Tally()
    try:
        assert source.recognises(file) in {True, False}
        rows = sum(batch.num_rows for table, batch in source.read(file, tally) if table in source.tables)
    except UnreadableError:
        return
    assert rows == 0
    assert tally.accepted == 0
    assert not UNREADABLE[name].strip() or sum(tally.rejected.values()) > 0, "bytes were dropped in silence"
    assert desk.sources


@pytest.mark.parametrize(("desk", "source"), SOURCES)
def test_a_reader_fills_tables_of_its_desk(desk: Desk, source: Source) -> None:
    """A source names only tables that the desk declares."""
    assert source.tables
    assert set(source.tables) <= {table.name for table in desk.tables}
