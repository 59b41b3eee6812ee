"""An area and an entry of the watchlist at a partner: read there, watched there only if its own officers ask."""

from __future__ import annotations

from datetime import timedelta

import pytest

from ayni.casework.areas import NewArea, area_of, draw_area, end_area
from ayni.casework.watchlist import NewEntry, confirm_entry, entry_of, propose_entry
from ayni.desks.maritime import DESK as CARD
from ayni.errors import WrongStateError
from ayni.exchange.holdings import holding_of
from ayni.exchange.receipt import Outcome
from ayni.exchange.wire import RECEIVED
from ayni.model.area import EntryWatch
from ayni.model.officer import Officer, Role
from ayni.model.place import Polygon
from ayni.model.store import Query
from ayni.node.watched import watched_tables
from tests.exchange.test_delivery import send
from tests.exchange.two_nodes import ANA, EC, LIA, PE, UNDER, Node, World

CORO = Officer(id="coro", name="Coro", roles=frozenset({Role.COORDINATOR}))
SHAPES = {one.name: one for one in CARD.tables}
SHAPE = Polygon(coordinates=(((-81.2, -2.6), (-80.6, -2.6), (-80.7, -2.2), (-81.2, -2.6)),))


def an_area(world: World, node: Node) -> str:
    """Have a node watch an area."""
    new = NewArea(
        name="Boca",
        instruction="call",
        until=world.clock.now + timedelta(days=20),
        shape=SHAPE,
        entry=EntryWatch(least_min=20),
    )
    with node.working() as work:
        return draw_area(new, house=node.house, by=ANA, under=UNDER, work=work).header.id


def an_entry(world: World, node: Node, *, parents: tuple[str, ...] = ()) -> str:
    """Have a node watch for a vessel, with two officers."""
    new = NewEntry(
        mmsi="299000001", ground="request 7", instruction="call", until=world.clock.now + timedelta(days=20)
    )
    with node.working() as work:
        record = propose_entry(new, house=node.house, by=ANA, under=UNDER, work=work, parents=parents).header.id
        confirm_entry(record, by=CORO, under=UNDER, work=work)
    return record


def watched_at(node: Node) -> set[str]:
    """Return the tables of what a node watches."""
    with node.store.work() as work:
        return set(watched_tables(SHAPES, work))


def test_what_is_shared_is_read_there_and_watched_by_nobody() -> None:
    """Shape, name, instruction, numbers and expiry arrive; the officers behind them do not; no rule is fed."""
    world = World(EC, PE)
    area, entry = an_area(world, world[EC]), an_entry(world, world[EC])
    for record in (area, entry):
        send(world[EC], record)
    assert {item.outcome for item in world.deliver().values()} == {Outcome.ACCEPTED}
    assert watched_at(world[EC]) == {"area", "watch"}
    assert watched_at(world[PE]) == set()
    with world[PE].store.work() as work:
        kept, listed = work.get(area), work.get(entry)
        assert (kept.header.state, listed.header.state) == (RECEIVED, RECEIVED)
        assert area_of(kept).outline.shape == SHAPE
        assert (entry_of(listed).mmsi, entry_of(listed).ground) == ("299000001", "request 7")
        assert ANA.id not in {area_of(kept).owner, entry_of(listed).owner}
        assert entry_of(listed).confirmed_by == ""
        assert holding_of(work, entry) is not None
        assert [one.id for one in work.find(Query(identifier="mmsi:299000001", kind="watch_entry"))] == [entry]
        with pytest.raises(WrongStateError):
            end_area(area, by=LIA, under=UNDER, work=work)
        with pytest.raises(WrongStateError):
            confirm_entry(entry, by=LIA, under=UNDER, work=work)


def test_its_own_officers_may_ask_the_same_and_the_lineage_is_kept() -> None:
    """An entry of their own, proposed and confirmed there, names the shared one as its parent."""
    world = World(EC, PE)
    entry = an_entry(world, world[EC])
    send(world[EC], entry)
    world.deliver()
    own = an_entry(world, world[PE], parents=(entry,))
    assert watched_at(world[PE]) == {"watch"}
    with world[PE].store.work() as work:
        assert work.get(own).header.parents == (entry,)
        assert [one.id for one in work.find(Query(kind="watch_entry", made_from=entry))] == [own]
