"""An area is drawn, changed, ended, and expires; what is watched is what the rules are given."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from ayni.casework.areas import NewArea, area_of, change_area, draw_area, end_area, expire_areas
from ayni.casework.raising import raise_signals
from ayni.desks.maritime import DESK as CARD
from ayni.engine.detect import Request, detect
from ayni.engine.duckdb import DuckDBEngine
from ayni.engine.evidence import instant
from ayni.errors import ChangedMeanwhileError, InvalidValueError, NotEntitledError, WrongStateError
from ayni.model.act import Act, acting
from ayni.model.area import EntryWatch, SpeedWatch
from ayni.model.memory import MemoryStore
from ayni.model.officer import Officer
from ayni.model.place import Polygon
from ayni.model.signal import Signal
from ayni.model.store import Query
from ayni.node.watched import STAYS, watched_tables
from tests.desks.maritime.seas import MADE_AT, MIDNIGHT_MS, sail, table
from tests.people import ANALYST, COORDINATOR, DESK, HOUSE, LIAISON, MANDATE, OVERSIGHT, Clock, a_store

WAY = [(-88.5, -3.5), (-87.5, -3.5), (-87.5, -3.0), (-88.5, -3.0)]
ELSEWHERE = [(lon, lat + 20.0) for lon, lat in WAY]
RETENTION = Officer(id="retention", name="retention", machine=True, answerable="ana")
SHAPES = {one.name: one for one in CARD.tables}


def a_square(corners: list[tuple[float, float]] = WAY) -> Polygon:
    """Return the square that the ship of `sail` crosses."""
    return Polygon(coordinates=((*corners, corners[0]),))


def a_new_area(clock: Clock, **said: Any) -> NewArea:  # noqa: ANN401 -- any field of it
    """Return an area of thirty days that asks for entries."""
    whole: dict[str, Any] = {
        "name": "Boca de ejercicio",
        "instruction": "call the duty officer",
        "until": clock.now + timedelta(days=30),
        "shape": a_square(),
        "entry": EntryWatch(),
    }
    return NewArea(**(whole | said))


def drawn(store: MemoryStore, new: NewArea, by: Officer = ANALYST) -> str:
    """Draw an area and return its record."""
    with store.work() as work:
        record = draw_area(new, house=HOUSE, by=by, under=MANDATE, work=work)
        work.commit()
    return record.header.id


def told(store: MemoryStore) -> list[Signal]:
    """Return what the two rules say of a day's sail, given what is watched now."""
    with store.work() as work:
        tables = watched_tables(SHAPES, work)
    found = detect(
        CARD,
        {"position": table([{**row, "speed_kn": 10.0} for row in sail(0, 9)]), **tables},
        engine=DuckDBEngine(threads=1),
        request=Request(made_at=MADE_AT, rules=("maritime.area_entry/1", "maritime.area_speed/1")),
    )
    return list(found.signals)


def at_sea() -> Clock:
    """Return a clock that shows when the day's run is made."""
    return Clock(MADE_AT)


def test_a_vessel_that_crosses_is_told_to_whoever_drew_the_area() -> None:
    """The signal names the area's record, has it as parent, and is found under its owner."""
    clock = at_sea()
    store = a_store(clock)
    record = drawn(store, a_new_area(clock))
    signals = told(store)
    assert [one.rule for one in signals] == ["maritime.area_entry/1"]
    assert {fact for one in signals for reason in one.reasons for fact in reason.facts.values()} >= {record}
    with store.work() as work:
        raise_signals(signals, house=HOUSE, by=DESK, under=MANDATE, work=work)
        work.commit()
    with store.work() as work:
        (mine,) = work.find(Query(kind="signal", identifier=f"told:{ANALYST.id}"))
        assert mine.parents == (record,)
        assert [one.id for one in work.find(Query(kind="signal", made_from=record))] == [mine.id]
        assert work.find(Query(kind="signal", identifier=f"told:{COORDINATOR.id}")) == []


def test_speeds_inside_are_told_where_they_are_watched_for() -> None:
    """Ten knots lies in 8 to 12, not in 0 to 3; outside the square it does not count."""
    clock = at_sea()
    store = a_store(clock)
    drawn(store, a_new_area(clock, entry=None, speed=SpeedWatch(low_kn=8.0, high_kn=12.0, least_min=60)))
    drawn(store, a_new_area(clock, entry=None, speed=SpeedWatch(low_kn=0.0, high_kn=3.0)))
    (signal,) = told(store)
    assert signal.rule == "maritime.area_speed/1"
    assert (signal.started_at.hour, signal.ended_at.hour if signal.ended_at else None) == (3, 5)
    assert signal.evidence


def test_a_stay_too_short_is_not_told() -> None:
    """The area's own limit goes before the rule's."""
    clock = at_sea()
    store = a_store(clock)
    drawn(store, a_new_area(clock, entry=EntryWatch(least_min=600)))
    assert told(store) == []


def test_what_was_said_before_a_change_or_an_end_stays_said() -> None:
    """The same signals by id after the area moved away, was ended, and until the window has passed."""
    clock = at_sea()
    store = a_store(clock)
    record = drawn(store, a_new_area(clock))
    before = [one.id for one in told(store)]
    clock.now += timedelta(hours=1)
    with store.work() as work:
        changed = change_area(
            record, a_new_area(clock, shape=a_square(ELSEWHERE)), by=COORDINATOR, under=MANDATE, work=work
        )
        work.commit()
    assert area_of(changed).owner == ANALYST.id
    assert [one.id for one in told(store)] == before
    clock.now += timedelta(hours=1)
    with store.work() as work:
        end_area(record, words="no longer needed", by=ANALYST, under=MANDATE, work=work)
        work.commit()
    assert [one.id for one in told(store)] == before
    clock.now += STAYS
    assert told(store) == []
    assert [entry.act for entry in store.entries] == ["area.draw", "area.change", "area.end"]


def test_an_area_that_was_moved_here_tells_only_what_came_after() -> None:
    """Who crossed before the area lay there is not told; the first drawing tells the last day."""
    clock = at_sea()
    store = a_store(clock)
    record = drawn(store, a_new_area(clock, shape=a_square(ELSEWHERE)))
    with store.work() as work:
        change_area(record, a_new_area(clock), by=ANALYST, under=MANDATE, work=work)
        work.commit()
    assert told(store) == []


def test_time_ends_a_watch() -> None:
    """What begins after the expiry is not told, before and after the machine has noted it."""
    clock = at_sea()
    midnight = instant(MIDNIGHT_MS)
    clock.now = midnight - timedelta(days=1)
    store = a_store(clock)
    record = drawn(store, a_new_area(clock, until=midnight + timedelta(hours=1)))
    clock.now = midnight + timedelta(hours=9)
    assert told(store) == []
    with store.work() as work:
        assert expire_areas(by=RETENTION, under=MANDATE, work=work) == (record,)
        work.commit()
    assert told(store) == []
    with store.work() as work:
        assert work.get(record).header.state == "expired"
        assert expire_areas(by=RETENTION, under=MANDATE, work=work) == ()
        with pytest.raises(WrongStateError):
            end_area(record, by=ANALYST, under=MANDATE, work=work)


def test_a_partners_area_is_nobodys_watch_here() -> None:
    """It is read, not obeyed: an officer draws their own from it."""
    clock = at_sea()
    store = a_store(clock)
    record = drawn(store, a_new_area(clock))
    with store.work() as work:
        stored = work.get(record)
        header = replace(stored.header, version=2, originator="pe.exercise", agreement="a-1")
    with store.work() as work:
        with acting(Act(name="exchange.receive", machine=True), by=RETENTION, under=MANDATE, work=work) as acts:
            acts.put(replace(stored, header=header), replacing=1)
        work.commit()
    assert told(store) == []


@pytest.mark.parametrize(
    ("change", "why"), [({"until": timedelta(0)}, "not in the future"), ({"until": timedelta(days=400)}, "366 days")]
)
def test_a_watch_has_an_end_within_a_year(change: dict[str, timedelta], why: str) -> None:
    """Neither past nor for ever."""
    clock = at_sea()
    store = a_store(clock)
    with pytest.raises(InvalidValueError, match=why):
        drawn(store, a_new_area(clock, until=clock.now + change["until"]))
    assert store.entries == ()


@pytest.mark.parametrize("by", [OVERSIGHT, LIAISON, DESK, RETENTION])
def test_only_whoever_watches_draws(by: Officer) -> None:
    """No machine, nobody who does not answer for a watch."""
    clock = at_sea()
    store = a_store(clock)
    with pytest.raises(NotEntitledError):
        drawn(store, a_new_area(clock), by=by)
    assert store.entries == ()


def test_two_officers_cannot_change_it_at_once() -> None:
    """The second is told that it changed meanwhile."""
    clock = at_sea()
    store = a_store(clock)
    record = drawn(store, a_new_area(clock))
    with store.work() as work:
        change_area(record, a_new_area(clock, name="Otra"), by=ANALYST, under=MANDATE, work=work, version=1)
        work.commit()
    with store.work() as work, pytest.raises(ChangedMeanwhileError):
        end_area(record, by=COORDINATOR, under=MANDATE, work=work, version=1)
