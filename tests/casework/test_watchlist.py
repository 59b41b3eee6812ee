"""One officer proposes, a second confirms; bad rows of a list are refused with their line; time ends an entry."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from ayni.casework.raising import raise_signals
from ayni.casework.watchlist import (
    NewEntry,
    confirm_entry,
    end_entry,
    entry_of,
    expire_entries,
    propose_entry,
    refuse_entry,
)
from ayni.casework.watchlist_csv import import_entries
from ayni.desks.maritime import DESK as CARD
from ayni.desks.maritime.tables import IDENTITY
from ayni.engine.detect import Request, detect
from ayni.engine.duckdb import DuckDBEngine
from ayni.errors import InvalidValueError, NotEntitledError, UnreadableError, WrongStateError
from ayni.model.memory import MemoryStore
from ayni.model.officer import Officer
from ayni.model.signal import Signal
from ayni.model.store import Query
from ayni.node.watched import watched_tables
from tests.desks.maritime.seas import MADE_AT, MIDNIGHT_MS, SHIP, Row, sail, table
from tests.people import ANALYST, COORDINATOR, DESK, HOUSE, LIAISON, MANDATE, OVERSIGHT, Clock, a_store

RETENTION = Officer(id="retention", name="retention", machine=True, answerable="ana")
SHAPES = {one.name: one for one in CARD.tables}


def a_new(clock: Clock, **said: Any) -> NewEntry:  # noqa: ANN401 -- any field of it
    """Return an entry of thirty days for the ship of `sail`."""
    whole: dict[str, Any] = {
        "mmsi": f"{SHIP:09d}",
        "ground": "named in exercise request 7",
        "instruction": "do not hail; call the duty officer",
        "until": clock.now + timedelta(days=30),
    }
    return NewEntry(**(whole | said))


def proposed(store: MemoryStore, new: NewEntry, by: Officer = ANALYST) -> str:
    """Propose and return the record."""
    with store.work() as work:
        record = propose_entry(new, house=HOUSE, by=by, under=MANDATE, work=work)
        work.commit()
    return record.header.id


def confirmed(store: MemoryStore, record: str, by: Officer = COORDINATOR) -> None:
    """Confirm it."""
    with store.work() as work:
        confirm_entry(record, by=by, under=MANDATE, work=work)
        work.commit()


def told(store: MemoryStore) -> list[Signal]:
    """Return what the rule says of a day's sail, given what is listed now."""
    with store.work() as work:
        tables = watched_tables(SHAPES, work)
    said: list[Row] = [{"mmsi": SHIP, "ts": MIDNIGHT_MS, "name": "BARCO DE EJERCICIO", "callsign": "TEST1"}]
    found = detect(
        CARD,
        {"position": table(sail(0, 6)), "identity": table(said, IDENTITY), **tables},
        engine=DuckDBEngine(threads=1),
        request=Request(made_at=MADE_AT, rules=("maritime.watchlist/1",)),
    )
    return list(found.signals)


def test_nothing_is_watched_for_until_a_second_officer_confirms() -> None:
    """Not on a proposal, not by the proposer's own word; then it is, and the proposer is told."""
    clock = Clock(MADE_AT)
    store = a_store(clock)
    record = proposed(store, a_new(clock, name="Barco de Ejercício"))
    assert told(store) == []
    with store.work() as work, pytest.raises(NotEntitledError):
        confirm_entry(record, by=ANALYST, under=MANDATE, work=work)
    confirmed(store, record)
    (signal,) = told(store)
    assert "BARCO" not in str([reason.facts for reason in signal.reasons]).upper()
    with store.work() as work:
        raise_signals([signal], house=HOUSE, by=DESK, under=MANDATE, work=work)
        work.commit()
    with store.work() as work:
        (mine,) = work.find(Query(kind="signal", identifier=f"told:{ANALYST.id}"))
        assert mine.parents == (record,)
        assert entry_of(work.get(record)).confirmed_by == COORDINATOR.id
    assert [entry.act for entry in store.entries] == ["watch.propose", "watch.confirm", "signal.raise"]


def test_a_second_officer_turns_it_down_saying_why() -> None:
    """Refused is the end of it; without words nothing is refused."""
    clock = Clock(MADE_AT)
    store = a_store(clock)
    record = proposed(store, a_new(clock))
    with store.work() as work, pytest.raises(InvalidValueError):
        refuse_entry(record, words=" ", by=COORDINATOR, under=MANDATE, work=work)
    with store.work() as work:
        refuse_entry(record, words="no ground in law", by=COORDINATOR, under=MANDATE, work=work)
        work.commit()
    with store.work() as work, pytest.raises(WrongStateError):
        confirm_entry(record, by=COORDINATOR, under=MANDATE, work=work)
    assert told(store) == []


def test_what_was_found_stays_when_an_entry_ends_or_expires() -> None:
    """The day's hit is still told for two days, so that no stream retracts it; nothing later is."""
    clock = Clock(MADE_AT)
    store = a_store(clock)
    record = proposed(store, a_new(clock))
    confirmed(store, record)
    before = [one.id for one in told(store)]
    with store.work() as work:
        end_entry(record, words="found", by=ANALYST, under=MANDATE, work=work)
        work.commit()
    assert [one.id for one in told(store)] == before != []
    clock.now += timedelta(days=3)
    assert told(store) == []
    again = proposed(store, a_new(clock, until=clock.now + timedelta(hours=1)))
    clock.now += timedelta(hours=2)
    with store.work() as work, pytest.raises(WrongStateError):
        confirm_entry(again, by=COORDINATOR, under=MANDATE, work=work)
    with store.work() as work:
        assert expire_entries(by=RETENTION, under=MANDATE, work=work) == (again,)
        work.commit()
    with store.work() as work:
        assert work.get(again).header.state == "expired"


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ({"mmsi": ""}, "say whom"),
        ({"mmsi": "12345"}, "nine digits"),
        ({"imo": "9074728"}, "check digit"),
        ({"mmsi": "970123456"}, "rescue centre"),
        ({"call_sign": "A"}, "three to seven"),
        ({"name": "Mar", "name_edits": 1}, "3 letters"),
        ({"name_edits": 1}, "no name"),
        ({"name": "Estrella del mar", "name_edits": 3}, "0 to 2"),
        ({"ground": " "}, "ground"),
        ({"instruction": ""}, "instruction"),
        ({"until": MADE_AT}, "not in the future"),
        ({"until": MADE_AT + timedelta(days=400)}, "366 days"),
    ],
)
def test_what_cannot_be_listed_is_refused_by_name(said: dict[str, Any], why: str) -> None:
    """Nobody, numbers that cannot be, distress beacons, names too short, no ground, no end."""
    clock = Clock(MADE_AT)
    store = a_store(clock)
    with pytest.raises(InvalidValueError, match=why):
        proposed(store, a_new(clock, **said))
    assert store.entries == ()


def test_a_vessel_is_listed_once() -> None:
    """A second proposal names the first; after that one ended it is free again."""
    clock = Clock(MADE_AT)
    store = a_store(clock)
    record = proposed(store, a_new(clock))
    with pytest.raises(InvalidValueError, match=record):
        proposed(store, a_new(clock, imo="9074729"), by=COORDINATOR)
    with store.work() as work:
        end_entry(record, by=ANALYST, under=MANDATE, work=work)
        work.commit()
    proposed(store, a_new(clock))


@pytest.mark.parametrize("by", [OVERSIGHT, LIAISON, DESK, RETENTION])
def test_only_whoever_watches_proposes(by: Officer) -> None:
    """No machine, nobody who does not answer for a watch."""
    clock = Clock(MADE_AT)
    store = a_store(clock)
    with pytest.raises(NotEntitledError):
        proposed(store, a_new(clock), by=by)


def test_a_list_is_proposed_row_by_row(tmp_path: Path) -> None:
    """Good rows are proposed, each with its entry of the ledger; bad ones are named by line and reason."""
    file = tmp_path / "list.csv"
    day = f"{MADE_AT + timedelta(days=20):%Y-%m-%d}"
    rows = [
        "mmsi,imo,name,name_edits,ground,instruction,until",
        f"299000011,,,,exercise,call,{day}",
        f"299000012,9074728,,,exercise,call,{day}",
        "",
        f'299000013,,"Dos\nLineas",,exercise,call,{day}',
        f"299000011,,,,exercise,call,{day}",
        f"299000014,,Mar,1,exercise,call,{day}",
        "299000015,,,,exercise,call,tomorrow",
        f"299000016,,,,exercise,call,{day},surplus",
        "299000017,,,,exercise,call,2031-01-01T00:00",
    ]
    file.write_text("\n".join(rows), "utf-8")
    store = a_store(Clock(MADE_AT))
    with store.work() as work:
        done = import_entries(file, house=HOUSE, by=ANALYST, under=MANDATE, work=work)
        work.commit()
    assert len(done.proposed) == 2
    assert [row.line for row in done.refused] == [3, 7, 8, 9, 10, 11]
    for row, word in zip(
        done.refused, ("check digit", "listed already", "3 letters", "tomorrow", "more cells", "zone"), strict=True
    ):
        assert word in row.why
    assert [entry.act for entry in store.entries] == ["watch.propose"] * 2


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (b"", "lacks the columns"),
        (b"mmsi,ground\n", "lacks the columns instruction, until"),
        (b"mmsi,ground,instruction,until,flag\n", "unknown columns flag"),
        (b"\xff\xfe", "not UTF-8"),
        (b'mmsi,ground,instruction,until\n"2990', "line 2"),
    ],
)
def test_a_file_that_is_no_such_list_is_refused_whole(tmp_path: Path, text: bytes, why: str) -> None:
    """Nothing is proposed from a file that is not understood."""
    file = tmp_path / "list.csv"
    file.write_bytes(text)
    store = a_store(Clock(MADE_AT))
    with store.work() as work, pytest.raises(UnreadableError, match=why):
        import_entries(file, house=HOUSE, by=ANALYST, under=MANDATE, work=work)
    assert store.entries == ()
