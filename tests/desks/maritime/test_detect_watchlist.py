"""Watchlist hits: which identifier agreed, which did not, and what speaks against it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from ayni.desks.maritime import DESK
from ayni.desks.maritime.callings import call_key, figures, name_key
from ayni.desks.maritime.tables import IDENTITY, WATCH
from ayni.engine.detect import Request, detect
from ayni.engine.duckdb import DuckDBEngine
from ayni.engine.session import Engine
from ayni.model.signal import Fact, Signal, SignalState
from tests.desks.maritime.seas import HOUR_MS, MADE_AT, MIDNIGHT_MS, OTHER, SHIP, Row, sail, table

RULE = "maritime.watchlist/1"
IMO = 9074729
"""A number whose check digit is right; the textbook example of the standard, not a ship at sea in any test."""
DUCKDB = DuckDBEngine(threads=1)


def entry(number: int = 1, **said: Any) -> Row:  # noqa: ANN401 -- any column
    """Return an entry of the watchlist as a node would write it."""
    row: dict[str, Fact | None] = {"entry_id": number, "record": f"0000-{number}", "name_edits": said.get("edits", 0)}
    if "name" in said:
        key = name_key(said["name"])
        row |= {"name_key": key, "figures": figures(key)}
    if "call_sign" in said:
        row["call_key"] = call_key(said["call_sign"])
    named = {"mmsi": "listed_mmsi", "imo": "listed_imo", "until_ms": "until_ms"}
    return row | {column: said[name] for name, column in named.items() if name in said}


def says(mmsi: int = SHIP, *, hour: int = 1, **words: Any) -> Row:  # noqa: ANN401 -- any column
    """Return one report of identity."""
    return {
        "mmsi": mmsi,
        "ts": MIDNIGHT_MS + hour * HOUR_MS,
        "source": "0" * 64,
        "offset": hour,
        "length": 9,
        **words,
    }


def hits(
    entries: Sequence[Row], identities: Sequence[Row], *, rows: Sequence[Row] | None = None, engine: Engine = DUCKDB
) -> list[Signal]:
    """Return what the rule says of one day of two ships."""
    positions = [*sail(0, 6), *sail(0, 6, lon=-86.0, mmsi=OTHER)] if rows is None else rows
    tables = {"position": table(positions), "identity": table(identities, IDENTITY), "watch": table(entries, WATCH)}
    found = detect(DESK, tables, engine=engine, request=Request(made_at=MADE_AT, rules=(RULE,)))
    assert not found.not_run
    return list(found.signals)


def reasons(signal: Signal) -> set[str]:
    """Return the sentences of a signal."""
    return {reason.says for reason in signal.reasons}


def test_numbers_agree_and_the_signal_says_which() -> None:
    """IMO, MMSI, call sign and name of one entry: one hit with four reasons for, evidence, and the record."""
    listed = [entry(mmsi=SHIP, imo=IMO, call_sign="HC-1234", name="M/V Estrella II")]
    (signal,) = hits(listed, [says(imo=IMO, callsign="hc 1234", name="ESTRELLA 2"), says(OTHER, name="OTRA")])
    assert [one.properties["mmsi"] for one in signal.subjects] == [(f"{SHIP:09d}",)]
    assert {
        "it sends the IMO number that is listed, which stays with the hull",
        "it sends under the MMSI that is listed",
        "it sends the call sign that is listed",
        "it sends the name that is listed",
        "listed in record {entry_record}",
    } == reasons(signal)
    assert signal.evidence
    assert signal.quality[0].says.startswith("what a vessel says of itself")
    assert signal.state is SignalState.OPEN
    assert signal.place is not None


@pytest.mark.parametrize(
    ("listed", "heard", "edits", "found"),
    [
        ("ESTRELLA DEL MAR", "ESTRELA DEL MAR", 1, True),
        ("ESTRELLA DEL MAR", "ESTRELA DEL MARE", 1, False),
        ("ESTRELLA DEL MAR", "ESTRELA DEL MARE", 2, True),
        ("ESTRELLA DEL MAR", "ESTRELA DEL MAR", 0, False),
        ("ESTRELLA 2", "ESTRELLA 3", 1, False),
        ("ESTRELLA 12", "ESTRELA 12", 1, True),
        ("Niña Sofía", "F/V NINA SOFIA", 0, True),
    ],
)
def test_a_name_within_its_tolerance(listed: str, heard: str, edits: int, found: bool) -> None:  # noqa: FBT001 -- a row of a table
    """Letters may differ as far as the entry allows; figures never."""
    assert len(hits([entry(name=listed, edits=edits)], [says(name=heard)])) == int(found)


def test_namesakes_and_other_numbers_speak_against_it() -> None:
    """Two ships bear the name, and the hull's number is another: below a hit on one number."""
    listed = [entry(name="ESTRELLA DEL MAR", imo=IMO, mmsi=299000099, edits=1)]
    found = hits(listed, [says(name="ESTRELLA DEL MAR", imo=9319466), says(OTHER, name="ESTRELA DEL MAR")])
    assert len(found) == 2
    first = next(one for one in found if one.subjects[0].properties["mmsi"] == (f"{SHIP:09d}",))
    assert {
        "its IMO number is another than the one listed",
        "its MMSI is another than the one listed",
        "nothing but the name agrees",
        "{bearers:plural one{# vessel bears} other{# vessels bear}} such a name in this data",
    } <= reasons(first)
    assert sum(reason.weight for reason in first.reasons) < 0
    assert first.score == 0.0


def test_one_hit_a_day_and_none_after_the_entry_ceased() -> None:
    """Yesterday's is closed and keeps its id when today's begins; an entry that ended tells nothing later."""
    two_days = [*sail(0, 6), *sail(24, 30, lat=2.0)]
    found = hits([entry(mmsi=SHIP)], [], rows=two_days)
    assert [one.state for one in found] == [SignalState.CLOSED, SignalState.OPEN]
    assert hits([entry(mmsi=SHIP)], [], rows=two_days[: len(sail(0, 6))])[0].id == found[0].id
    ended = [entry(mmsi=SHIP, until_ms=MIDNIGHT_MS + 24 * HOUR_MS)]
    assert [one.id for one in hits(ended, [], rows=two_days)] == [found[0].id]


def test_empty_words_and_numbers_that_nobody_sent_match_nothing() -> None:
    """A blank name is nobody's; a null number is not a number."""
    listed = [entry(1, imo=IMO), entry(2, name="ESTRELLA"), entry(3, call_sign="HC1234")]
    assert hits(listed, [says(name="  ", callsign="", imo=None), says(OTHER, name="@@@", imo=0)]) == []


@pytest.mark.spark
@pytest.mark.timeout(600)
def test_spark_says_the_same() -> None:
    """Ids, reasons, weights and evidence are equal on both engines, tolerance and namesakes included."""
    from ayni.engine.spark import SparkEngine

    listed = [
        entry(1, mmsi=SHIP, imo=IMO),
        entry(2, name="ESTRELLA DEL MAR", edits=2, call_sign="HC1234"),
        entry(3, name="Niña Sofía"),
    ]
    heard = [says(name="ESTRELA DEL MAR", imo=IMO, callsign="HC 1234"), says(OTHER, name="ESTRELLA DEL MAR")]
    expected = hits(listed, heard)
    assert len(expected) == 3
    small = {"spark.sql.shuffle.partitions": "1", "spark.sql.codegen.wholeStage": "false"}
    assert hits(listed, heard, engine=SparkEngine(master="local[1]", config=small)) == expected
