"""Areas and the watchlist in a real browser: drawn by keyboard, confirmed by a second, shown on the signal."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from ayni.model.entity import Entity
from ayni.model.officer import Officer, Role
from ayni.model.signal import Reason, Signal, SignalState
from tests.browsers import chromium
from tests.pages import enter
from tests.web_node import UNDER, TestNode, fresh_node, served

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One Chromium for the file."""
    with chromium() as started:
        yield started


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestNode]:
    """One node for the file."""
    with fresh_node(tmp_path_factory.mktemp("watches") / "node") as opened:
        yield opened


@pytest.fixture(scope="module")
def address(node: TestNode) -> Iterator[str]:
    """Serve it on loopback."""
    del node
    with served() as url:
        yield url


def signed_in(browser: Browser, address: str, node: TestNode, name: str, *roles: Role) -> Page:
    """Return a page of a new officer."""
    page = browser.new_context(locale="en").new_page()
    enter(page, address, node.add(*roles, name=name).username)
    return page


def watched_now(page: Page) -> list[str]:
    """Return the names of the areas that the map is given."""
    names: list[str] = page.evaluate(
        "async () => (await (await fetch('/areas.geojson')).json()).features.map(one => one.properties.name)"
    )
    return names


def told_under(node: TestNode, record: str) -> str:
    """Have the desk raise a signal that names a watch; return its record."""
    from ayni.casework.raising import raise_signals
    from ayni.node.doors import house_of

    at = datetime.now(UTC)
    signal = Signal(
        id=record.replace("-", ""),
        state=SignalState.CLOSED,
        desk="maritime",
        rule="maritime.area_entry/1",
        made_at=at,
        started_at=at - timedelta(hours=1),
        ended_at=at,
        subjects=(Entity(id="v", schema="Vessel", properties={"mmsi": ("299000001",)}),),
        reasons=(Reason(says="drawn in record {area_record}", facts={"area_record": record}, weight=0.0),),
    )
    desk = Officer(id="desk:maritime", name="desk:maritime", machine=True, answerable=node.administrator.id)
    with node.store.work() as work:
        raised = raise_signals([signal], house=house_of(node.node.settings), by=desk, under=UNDER, work=work)
        work.commit()
    return raised.new[0]


def test_an_area_is_drawn_by_keyboard_changed_and_ended(browser: Browser, node: TestNode, address: str) -> None:
    """Corners that cross are refused with a sentence; nothing typed is lost; the signal says what to do."""
    page = signed_in(browser, address, node, "Luz", Role.ANALYST)
    page.goto(f"{address}/areas/draw/?corners=-2.6,-81.2;-2.2,-80.6;-2.6,-80.6;-2.2,-81.2")
    page.locator("#id_name").focus()
    page.keyboard.type("Boca del golfo")
    page.keyboard.press("Tab")
    page.keyboard.type("Call the duty officer")
    page.locator("main button.first").focus()
    page.keyboard.press("Enter")
    page.wait_for_selector(".errorlist")
    assert "cross or touch" in page.locator(".errorlist").inner_text()
    assert page.input_value("#id_instruction") == "Call the duty officer"
    page.fill("#id_corners", "02°36.0′ S 081°12.0′ W\n-2.6, -80.6\n-2.2, -80.6\n-2.2, -81.2")
    page.locator("main button.first").focus()
    page.keyboard.press("Enter")
    page.wait_for_selector(".note.done")
    found = re.search(r"/areas/([0-9a-f-]{36})/", page.url)
    assert found is not None
    assert page.locator("svg.sketch polygon").count() == 1
    signal = told_under(node, found[1])
    page.goto(f"{address}/signals/{signal}/")
    assert "Call the duty officer" in page.locator("main").inner_text()
    page.goto(f"{address}/areas/{found[1]}/")
    assert page.locator(f"a[href$='/signals/{signal}/']").count() >= 1
    page.locator("a.button", has_text="Change").click()
    page.fill("#id_low_kn", "0")
    page.locator("main button.first").click()
    page.wait_for_selector(".errorlist")
    page.fill("#id_high_kn", "3")
    page.locator("main button.first").click()
    page.wait_for_selector(".note.done")
    assert "3.0 kn" in page.locator("main").inner_text()
    assert watched_now(page) == ["Boca del golfo"]
    page.locator("main section.card button").click()
    page.wait_for_selector(".head .tag.ended")
    assert watched_now(page) == []
    assert [entry.act for entry in node.store.entries if entry.act.startswith("area.")] == [
        "area.draw",
        "area.change",
        "area.end",
    ]
    page.context.close()


def test_a_vessel_needs_two_officers(browser: Browser, node: TestNode, address: str) -> None:
    """The proposer sees that it waits, the second officer decides; wrong numbers and a second listing are refused."""
    first = signed_in(browser, address, node, "Luz", Role.ANALYST)
    second = signed_in(browser, address, node, "Inés", Role.COORDINATOR)
    first.goto(f"{address}/watchlist/propose/?imo=9074728")
    first.fill("#id_ground", "Exercise request 7")
    first.fill("#id_instruction", "Do not hail; call the duty officer")
    first.locator("main button.first").click()
    first.wait_for_selector(".errorlist")
    assert "last digit" in first.locator(".errorlist").inner_text()
    first.fill("#id_imo", "9074729")
    first.locator("main button.first").click()
    first.wait_for_selector(".head .tag.proposed")
    entry = first.url
    said = first.locator("main").inner_text()
    assert "waits for a second officer" in said
    assert first.locator("button[formaction$='/confirm/']").count() == 0
    second.goto(entry)
    second.locator("button[formaction$='/refuse/']").click()
    second.wait_for_selector(".note.wrong, .wrong")
    assert "Say why" in second.locator("main").inner_text()
    second.locator("button[formaction$='/confirm/']").focus()
    second.keyboard.press("Enter")
    second.wait_for_selector(".head .tag.live")
    assert "Inés" in second.locator("dl.facts").first.inner_text()
    first.goto(f"{address}/watchlist/propose/?imo=9074729")
    first.fill("#id_ground", "again")
    first.fill("#id_instruction", "again")
    first.locator("main button.first").click()
    first.wait_for_selector(".errorlist")
    assert "listed already" in first.locator(".errorlist").inner_text()
    first.goto(entry)
    first.locator("main section.card button").click()
    first.wait_for_selector(".head .tag.ended")
    for page in (first, second):
        page.context.close()
