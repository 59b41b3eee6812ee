"""The index in memory finds what bodies say, forgets what was deleted, and follows other processes."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ayni.model.entity import Entity
from ayni.model.place import Point
from ayni.model.record import Record
from ayni.model.triage import TriagedSignal
from ayni.node.opening import OpenNode
from tests.node.stores import NOON, a_record, delete, keep

if TYPE_CHECKING:
    from ayni.node.index import NameIndex


@pytest.fixture
def index(node: OpenNode) -> NameIndex:
    """An index over a new node."""
    from ayni.node.index import NameIndex

    return NameIndex(node.store)


def vessel(name: str, imo: str, *, minute: int = 0, lon: float = -80.0) -> Record[object]:
    """Return a signal about a ship of that name."""
    record = a_record(at=NOON + timedelta(minutes=minute), name=name, identifiers=(f"imo:{imo}",))
    body = record.body
    assert isinstance(body, TriagedSignal)
    subject = Entity(id="v", schema="Vessel", properties={"name": (name,), "imoNumber": (imo,), "flag": ("zz",)})
    signal = replace(body.signal, subjects=(subject,), place=Point(coordinates=(lon, -2.0)))
    return replace(record, body=replace(body, signal=signal))


def ids(found: object) -> list[str]:
    """Return record ids, in order."""
    return [each.record for each in found]  # type: ignore[attr-defined]  # what find and within return


def test_names_and_numbers_are_found_however_they_are_written(node: OpenNode, index: NameIndex) -> None:
    """By accent, case, part of a number, words in any order; a flag is not a name."""
    one, other = vessel("Peñón de Ifach", "9999991"), vessel("Peñasco Águila", "9999992", minute=1)
    keep(node.store, one, other)
    index.build()
    for asked in ("penon", "PEÑÓN", "ifach pen", "9999991", "imo 9999991"[4:]):
        assert ids(index.find(asked)) == [one.header.id], asked
    assert ids(index.find("pen")) == [other.header.id, one.header.id]
    assert ids(index.find("99999", limit=1)) == [other.header.id]
    assert ids(index.find("pen", kind="task")) == []
    for asked in ("zz", "", "…", "enon", "penon aguila"):
        assert ids(index.find(asked)) == [], asked


def test_exact_places_are_found_across_the_dateline(node: OpenNode, index: NameIndex) -> None:
    """West greater than east."""
    near, far = vessel("A", "1", lon=179.95), vessel("B", "2", lon=-179.95, minute=1)
    keep(node.store, near, far)
    index.build()
    assert ids(index.within(west=179.9, south=-3, east=-179.9, north=0)) == [far.header.id, near.header.id]
    assert ids(index.within(west=179.0, south=-3, east=180.0, north=0)) == [near.header.id]
    assert ids(index.within(west=179.0, south=0, east=-179.0, north=3)) == []


def test_what_is_deleted_leaves_the_memory(node: OpenNode, index: NameIndex) -> None:
    """Not one word of it stays."""
    record = vessel("Gaviota Parda", "9999993")
    keep(node.store, record)
    index.build()
    delete(node.store, record.header.id)
    assert index.refresh() == 1
    assert ids(index.find("gaviota")) == []
    assert not index._words
    assert not index._holders
    assert len(index) == 0


NAMES = st.sampled_from(["Alba", "Albatros", "Bruma", "Brújula", "Cóndor"])
CHANGES = st.lists(st.tuples(st.sampled_from(["new", "rename", "delete"]), NAMES, st.booleans()), max_size=12)


@given(changes=CHANGES)
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_refreshing_equals_building_anew(
    node: OpenNode, index: NameIndex, changes: list[tuple[str, str, bool]]
) -> None:
    """After any changes, looked at now and then."""
    from ayni.node.index import NameIndex

    index.build()
    living: list[Record[object]] = []
    for change, name, look in changes:
        if change == "new" or not living:
            living.append(vessel(name, "9999994"))
            keep(node.store, living[-1])
        elif change == "rename":
            header = living[0].header
            renamed = replace(vessel(name, "9999995"), header=replace(header, version=header.version + 1))
            living[0] = renamed
            keep(node.store, renamed, replacing=header.version)
        else:
            delete(node.store, living.pop(0).header.id)
        if look:
            index.refresh()
    index.refresh()
    anew = NameIndex(node.store)
    anew.build()
    assert index._words == anew._words
    assert index._holders == anew._holders
    assert {each.record for each in index.find("a")} == {each.record for each in anew.find("a")}
    assert index.refresh() == 0
