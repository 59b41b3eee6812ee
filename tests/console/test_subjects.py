"""The page of one vessel: found from a signal, told through time, looked at under a purpose."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from ayni.console.timeline import TICKS, Scale
from ayni.model.officer import Role
from ayni.node.histories import Spot, stretches
from ayni.node.observations import Observations
from tests.console.test_search import someone
from tests.node.test_histories import IDENTITY, NOON, OTHER, OURS, POSITION, names, positions
from tests.web_node import TestNode, fresh_node, raise_signal

ADDRESS = f"/subjects/maritime/{OURS}/"


@pytest.fixture
def node(tmp_path: Path) -> Iterator[TestNode]:
    """Give each test a node of its own."""
    with fresh_node(tmp_path / "node") as opened:
        yield opened


def test_a_signal_leads_to_its_vessel_and_the_vessel_back(node: TestNode) -> None:
    """What was heard, what it said, every signal; a name that is a script stays a name."""
    record = raise_signal(node, hour=2)
    kept = Observations(folder=node.node.folder)
    kept.append("maritime", POSITION, "coast", positions(OURS, -12, -11.5, -11, 3, 3.5), stretch=(0, 1))
    kept.append("maritime", IDENTITY, "coast", names(OURS, (-12, "<script>x</script>", 9_999_993)), stretch=(0, 1))
    kept.append("maritime", IDENTITY, "coast", names(OTHER, (0, "TRES PALMAS", 9_999_993)), stretch=(1, 2))
    client = someone(node, Role.ANALYST)
    assert f'href="{ADDRESS}"' in client.get(f"/signals/{record}/").content.decode()
    seen = client.get(f"{ADDRESS}?until=2026-03-02&days=7").content.decode()
    assert f'href="/signals/{record}/"' in seen
    assert "&lt;script&gt;x&lt;/script&gt;" in seen
    assert "<script>x" not in seen
    assert seen.count("<rect ") == 2
    assert f'href="/subjects/maritime/{OTHER}/"' in seen
    assert '<dd class="num">5</dd>' in seen
    far = client.get(f"{ADDRESS}?until=2026-02-01&days=7").content.decode()
    assert f'href="/signals/{record}/"' not in far
    assert "holds no position of it in this time" in far


def test_the_map_is_told_its_way_and_only_its_own(node: TestNode) -> None:
    """Columns of one vessel's positions with the break; the map page names their address, garbage names none."""
    kept = Observations(folder=node.node.folder)
    kept.append("maritime", POSITION, "coast", positions(OURS, -12, -11.5, 3), stretch=(0, 1))
    kept.append("maritime", POSITION, "coast", positions(OTHER, 0, 1), stretch=(1, 2))
    client = someone(node, Role.ANALYST)
    way = client.get(f"/map/trails/maritime/{OURS}.json?since=2026-03-01&until=2026-03-01").json()
    assert [at - way["minute"][0] for at in way["minute"]] == [0, 30, 900]
    assert way["begins"] == [True, False, True]
    assert way["lat"] == [-2.0, -2.0, -2.0]
    assert node.store.entries[-1].act == "subject.open"
    page = client.get(f"/map/?trail=maritime/{OURS}&since=2026-03-01&until=2026-03-01").content.decode()
    assert f"/map/trails/maritime/{OURS}.json?since=2026-03-01" in page
    unstated = someone(node, Role.ANALYST, mandate=False)
    assert unstated.get(f"/map/?trail=maritime/{OURS}")["Location"].startswith("/mandate/?next=%2Fmap")
    assert unstated.get("/map/").status_code == 200
    assert '"trail": ""' in client.get("/map/?trail=..%2F..%2Fetc").content.decode()
    for absurd in ("since=0001-01-01&until=0001-01-01", "until=9999-12-31", "since=2030-01-01&until=2001-01-01"):
        assert client.get(f"/map/trails/maritime/{OURS}.json?{absurd}").status_code == 200
    assert client.get("/map/trails/sky/1.json").status_code == 404
    assert someone(node, Role.OVERSIGHT).get(f"/map/trails/maritime/{OURS}.json").status_code == 403


def test_the_look_is_written_down_without_saying_at_whom(node: TestNode) -> None:
    """Purpose and count go into the history, the number never does."""
    raise_signal(node, hour=2)
    someone(node, Role.ANALYST).get(f"{ADDRESS}?until=2026-03-02")
    entry = next(one for one in reversed(node.store.entries) if one.act == "subject.open")
    assert entry.facts == {"found": 1}
    assert entry.purpose == "counter-narcotics"
    assert str(OURS) not in str(entry)


def test_who_may_not_read_records_sees_nothing(node: TestNode) -> None:
    """Oversight and administrators are refused; without a mandate one is asked first."""
    for role in (Role.OVERSIGHT, Role.ADMINISTRATOR):
        assert someone(node, role).get(ADDRESS).status_code == 403
    asked = someone(node, Role.ANALYST, mandate=False).get(ADDRESS)
    assert asked.status_code == 302
    assert asked["Location"].startswith("/mandate/")


@pytest.mark.parametrize(
    "address", ["/subjects/sky/100000001/", "/subjects/maritime/name/", f"/subjects/maritime/{'9' * 40}/"]
)
def test_what_no_desk_knows_is_not_here(node: TestNode, address: str) -> None:
    """Another desk, no number, a number of forty digits."""
    assert someone(node, Role.ANALYST).get(address).status_code == 404


@pytest.mark.parametrize("asked", ["until=0001-01-01", "until=9999-12-31", "until=x&days=-3", "days=100000000"])
def test_absurd_periods_are_the_usual_one(node: TestNode, asked: str) -> None:
    """The first and the last day of the calendar, words and large numbers: a page all the same."""
    assert someone(node, Role.ANALYST).get(f"{ADDRESS}?{asked}").status_code == 200


def test_stretches_end_where_the_next_begins() -> None:
    """A trail of two stretches and one single position."""
    hours = ((0, True), (1, False), (9, True), (20, True), (21, False))
    trail = [
        Spot(at=NOON + timedelta(hours=hour), lat=0.0, lon=0.0, knots=None, begins=begins) for hour, begins in hours
    ]
    assert [((one - NOON).seconds // 3600, (two - NOON).seconds // 3600) for one, two in stretches(trail)] == [
        (0, 1),
        (9, 9),
        (20, 21),
    ]
    assert list(stretches([])) == []


@pytest.mark.parametrize("days", [7, 30, 90])
def test_the_axis_names_few_days_at_midnight(days: int) -> None:
    """At most so many that a telephone can show, evenly apart, within the picture."""
    until = datetime(2026, 3, 2, tzinfo=UTC)
    ticks = Scale(since=until - timedelta(days=days), until=until).ticks()
    assert 3 <= len(ticks) <= TICKS
    assert all(tick.at.hour == 0 and 0 < tick.x < 100 for tick in ticks)
    assert len({two.at - one.at for one, two in itertools.pairwise(ticks)}) == 1
