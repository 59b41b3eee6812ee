"""Where a patrol can meet a vessel, beside the map: from what is known of it, in the numbers of the toolkit."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import parse_qs, urlencode, urlsplit

import pyarrow as pa
import pytest

from ayni.model.officer import Role
from ayni.node.observations import Observations
from ayni.toolkit.intercept import Asset, Meeting, Target, meet
from tests.console.test_chart import told
from tests.console.test_search import someone
from tests.node.test_histories import OURS, POSITION, ms, positions
from tests.web_node import TestNode, fresh_node, raise_signal

AT = datetime.now(UTC).replace(microsecond=0)
READY = AT + timedelta(minutes=30)
ASKED = {
    "target": "2.0, -81.0",
    "at": f"{AT:%Y-%m-%dT%H:%M:%S}",
    "course": "4",
    "speed": "12.5",
    "most": "15",
    "around": "1",
    "patrol": "03°30.0′ N 080°30.0′ W",
    "patrol_speed": "24",
    "ready": f"{READY:%Y-%m-%dT%H:%M:%S}",
    "endurance": "24",
}


@pytest.fixture
def node(tmp_path: Path) -> Iterator[TestNode]:
    """Give each test a node of its own."""
    with fresh_node(tmp_path / "node") as opened:
        yield opened


def address(**changed: str) -> str:
    """Return the address of a question."""
    return f"/map/intercept/?{urlencode({**ASKED, **changed})}"


def parts(page: str) -> dict[str, object]:
    """Return what the map is told to draw, by part."""
    plan = told(page)["plan"]
    assert isinstance(plan, dict)
    return {one["properties"]["part"]: one["geometry"]["coordinates"] for one in plan["features"]}


def test_the_answer_is_the_toolkits_and_leads_to_a_task(node: TestNode) -> None:
    """The place drawn is the place computed; the task opens with it, with the time, and with the signal."""
    record = raise_signal(node)
    client = someone(node, Role.COORDINATOR)
    answer = client.get(address(signal=record))
    assert answer.status_code == 200
    page = answer.content.decode()
    target = Target(lat_deg=2, lon_deg=-81, at=AT, course_deg=4, speed_kn=12.5, max_speed_kn=15, uncertainty_m=1852)
    asset = Asset(
        lat_deg=3.5,
        lon_deg=-80.5,
        ready_at=READY,
        max_speed_kn=24,
        endurance=timedelta(hours=24),
    )
    meeting = meet(target, asset)
    assert isinstance(meeting, Meeting)
    drawn = parts(page)
    assert drawn["meeting"] == pytest.approx(list(meeting.place.coordinates))
    assert set(drawn) == {"area", "way", "run", "meeting", "fix", "patrol"}
    assert f"{meeting.at:%H:%M} UTC" in page
    assert "nautical miles" in page
    start = page.index("/tasks/new/?")
    task = parse_qs(urlsplit(page[start : page.index('"', start)].replace("&amp;", "&")).query)
    assert task["signal"] == [record]
    lon, lat = meeting.place.coordinates
    assert task["place"] == [f"{lat:.4f}, {lon:.4f}"]
    form = client.get(f"/tasks/new/?{urlencode({name: value[0] for name, value in task.items()})}").content.decode()
    assert f'value="{lat:.4f}, {lon:.4f}"' in form
    given = {**{name: value[0] for name, value in task.items()}, "to": "LG Isla de Prueba", "priority": "immediate"}
    kept = client.post("/tasks/new/", given)
    assert kept.status_code == 302
    assert "′ N" in client.get(kept["Location"]).content.decode()


def test_it_begins_with_the_newest_fix(node: TestNode) -> None:
    """The last position heard, with the course made between the last two; else the signal's own place."""
    record = raise_signal(node)
    client = someone(node, Role.ANALYST)
    before = client.get(f"/map/intercept/?signal={record}").content.decode()
    assert 'value="-1.4000, -80.9000"' in before
    rows = positions(OURS, 0.0, 0.0)
    for name, values in (
        ("ts", [ms(AT - timedelta(minutes=20)), ms(AT - timedelta(minutes=10))]),
        ("lat_udeg", [-1_000_000, -960_000]),
        ("speed_kn", [None, None]),
    ):
        at = rows.column_names.index(name)
        rows = rows.set_column(at, name, pa.array(values, rows.schema.field(name).type))
    Observations(folder=node.node.folder).append("maritime", POSITION, "coast", rows, stretch=(0, 1))
    after = client.get(f"/map/intercept/?subject=maritime/{OURS}").content.decode()
    assert 'value="-0.9600, -85.0000"' in after
    assert 'name="course" value="0"' in after
    assert 'name="speed" value="14.3"' in after or 'name="speed" value="14.4"' in after
    assert node.store.entries[-1].act == "subject.open"


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"patrol": "at sea"}, "Not a position: at sea"),
        ({"most": "10"}, "It already goes faster than that."),
        ({"ready": f"{AT + timedelta(hours=73):%Y-%m-%dT%H:%M}"}, "within 72 hours"),
        ({"ready": f"{AT - timedelta(hours=1):%Y-%m-%dT%H:%M}"}, "within 72 hours"),
        ({"speed": "nan"}, "Enter a number."),
        ({"speed": "-3"}, "greater than or equal to 0"),
        ({"at": "yesterday"}, "Write date and time"),
    ],
)
def test_what_cannot_be_worked_out_is_said_beside_its_field(
    node: TestNode, changed: dict[str, str], said: str
) -> None:
    """Nothing is drawn, and what was typed stays."""
    answer = someone(node, Role.ANALYST).get(address(**changed))
    assert answer.status_code == 422
    assert said in answer.content.decode()
    assert told(answer.content.decode())["plan"] is None


def test_out_of_reach_is_an_answer(node: TestNode) -> None:
    """Why, in words; across the dateline the drawing stays in one piece."""
    client = someone(node, Role.ANALYST)
    page = client.get(address(patrol="-20, -81", patrol_speed="10", endurance="3")).content.decode()
    assert "the patrol does not reach it within 3 h" in page
    assert "/tasks/new/?" not in page
    assert set(parts(page)) == {"area", "fix", "patrol"}
    west = parts(client.get(address(target="2, 179.5", patrol="2, -179.5")).content.decode())
    assert west["patrol"] == [180.5, 2.0]


def test_who_may_not_open_signals_may_not_ask_through_them(node: TestNode) -> None:
    """Oversight reads no content; without a purpose nobody looks; an unknown record says so."""
    record = raise_signal(node)
    assert someone(node, Role.OVERSIGHT).get(f"/map/intercept/?signal={record}").status_code == 403
    unstated = someone(node, Role.ANALYST, mandate=False)
    assert unstated.get("/map/intercept/")["Location"].startswith("/mandate/?next=%2Fmap%2Fintercept")
    client = someone(node, Role.ANALYST)
    assert client.get("/map/intercept/?signal=01a00000-0000-7000-8000-000000000000").status_code == 404
    assert client.get("/map/intercept/?subject=..%2Fetc&signal=").status_code == 200
