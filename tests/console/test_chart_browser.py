"""The map in a real browser: drawn in software, by keyboard, within its bytes, from no other host, without script."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest

from ayni.model.officer import Role
from tests.browsers import chromium
from tests.pages import enter
from tests.web_node import TestNode, fresh_node, raise_signal, served

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.browser
AXE = Path(__file__).parent / "axe" / "axe.min.js.gz"
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
COLD_BYTES = 700_000
WARM_BYTES = 30_000
"""Source: the promise for a link of 64 kbit/s."""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One Chromium for the file."""
    with chromium() as started:
        yield started


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestNode]:
    """A node with signals of one place over a day and a half."""
    with fresh_node(tmp_path_factory.mktemp("map") / "node") as opened:
        for hour in range(36):
            raise_signal(opened, hour=hour)
        yield opened


@pytest.fixture(scope="module")
def address(node: TestNode) -> Iterator[str]:
    """Serve it on loopback."""
    del node
    with served() as url:
        yield url


def opened(page: Page, address: str, node: TestNode, path: str = "/map/") -> None:
    """Sign in and open the map, drawn to its last tile."""
    enter(page, address, node.add(Role.ANALYST, name="Luz Andrade").username)
    page.goto(address + path)
    drawn(page)


def drawn(page: Page) -> None:
    """Wait until the map has nothing more to draw."""
    page.locator(".chart-map[data-drawn]:not([data-drawn='-1'])").wait_for(timeout=60_000)


def press_and_settle(page: Page, key: str) -> None:
    """Press a key that moves the map, and wait until the address says where it came to rest."""
    before = page.url
    page.keyboard.press(key)
    page.wait_for_url(lambda url: url != before)


def test_bytes_hosts_and_errors(browser: Browser, node: TestNode, address: str) -> None:
    """Cold below 700 kB, warm below 30 kB, nothing from any other host, nothing said in the console."""
    context = browser.new_context(viewport={"width": 1366, "height": 768})
    page = context.new_page()
    enter(page, address, node.add(Role.ANALYST, name="Luz Andrade").username)
    said: list[str] = []
    hosts: set[str] = set()
    page.on("console", lambda message: said.append(message.text) if message.type in {"error", "warning"} else None)
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("request", lambda request: hosts.add(urlsplit(request.url).netloc))
    session = context.new_cdp_session(page)
    session.send("Network.enable")
    bytes_: list[float] = []
    session.on("Network.loadingFinished", lambda event: bytes_.append(event["encodedDataLength"]))
    page.goto(f"{address}/map/")
    drawn(page)
    cold = sum(bytes_)
    bytes_.clear()
    page.reload()
    drawn(page)
    warm = sum(bytes_)
    context.close()
    assert 300_000 < cold < COLD_BYTES
    assert 0 < warm < WARM_BYTES
    assert {host for host in hosts if host} == {urlsplit(address).netloc}
    assert [line for line in said if "GPU stall" not in line and "GL Driver" not in line] == []


@pytest.mark.parametrize("language", ["es", "pt-br", "en", "fr"])
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_no_barrier(browser: Browser, node: TestNode, address: str, language: str, theme: str) -> None:
    """Axe finds nothing against WCAG 2.2 A and AA, with the legend open and a tool in hand."""
    context = browser.new_context(viewport={"width": 1366, "height": 768})
    for name, value in (("ayni_language", language), ("ayni_theme", theme)):
        context.add_cookies([{"name": name, "value": value, "domain": "localhost", "path": "/"}])
    page = context.new_page()
    opened(page, address, node)
    page.locator(".chart-legend summary").click()
    page.locator("[data-tool=measure]").click()
    page.evaluate(gzip.decompress(AXE.read_bytes()).decode())
    answer = page.evaluate("(rules) => axe.run({runOnly: rules})", RULES)
    found = [(one["id"], [node_["target"] for node_ in one["nodes"]][:3]) for one in answer["violations"]]
    context.close()
    assert found == []


def test_by_keyboard(browser: Browser, node: TestNode, address: str) -> None:
    """A length is measured and an area drawn without a mouse; a row of the table marks its square and opens."""
    page = browser.new_page(viewport={"width": 1366, "height": 768})
    opened(page, address, node)
    page.locator("[data-tool=measure]").focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Enter")
    press_and_settle(page, "ArrowRight")
    page.keyboard.press("Enter")
    assert " nm, last leg " in page.locator("[data-said]").inner_text()
    page.locator("[data-tool=draw]").focus()
    page.keyboard.press("Enter")
    for key in ("ArrowRight", "ArrowUp", "ArrowLeft"):
        page.keyboard.press("Enter")
        press_and_settle(page, key)
    watch = page.locator("[data-watch]")
    watch.wait_for()
    page.goto(address + (watch.get_attribute("href") or ""))
    assert len(page.locator("#id_corners").input_value().splitlines()) == 3
    page.goto(f"{address}/map/")
    drawn(page)
    row = page.locator("tr[data-cell] a").first
    row.focus()
    assert page.locator("tr.here").count()
    page.keyboard.press("Enter")
    page.wait_for_url("**/signals/**")
    page.close()


def test_time_takes_signals_off_the_map(browser: Browser, node: TestNode, address: str) -> None:
    """The slider at its beginning leaves the first signal alone."""
    page = browser.new_page(viewport={"width": 1366, "height": 768})
    opened(page, address, node)
    assert page.locator("[data-count]").inner_text() == "36 of 36 signals shown"
    page.locator("#chart-until").focus()
    page.keyboard.press("Home")
    assert page.locator("[data-count]").inner_text() == "1 of 36 signals shown"
    page.close()


def test_the_watch_has_a_map_beside_it(browser: Browser, node: TestNode, address: str) -> None:
    """Asked for once, remembered on this machine; list and map show the same signal, from either side."""
    page = browser.new_page(viewport={"width": 1366, "height": 768})
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    enter(page, address, node.add(Role.ANALYST, name="Luz Andrade").username)
    page.goto(f"{address}/watch/")
    assert not [url for url in asked if url.endswith("map.js")], "a slow link never pays for a map nobody asked for"
    page.get_by_role("link", name="With the map").click()
    page.locator(".home-map[data-drawn='36']").wait_for(timeout=60_000)
    page.locator("li[data-cell] a").nth(1).focus()
    assert page.locator("li.here").count() > 1, "all signals of the square"
    page.evaluate("document.activeElement.blur()")
    canvas = page.locator(".home-map canvas.maplibregl-canvas")
    box = canvas.bounding_box()
    assert box
    middle = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.click(middle[0] - 8, middle[1])  # the group of 36, left of the middle by what the buttons need
    page.wait_for_timeout(1500)
    page.mouse.click(*middle)  # the first of them, in the middle of its square
    page.wait_for_function("document.activeElement.closest('li.here') !== null")
    page.goto(f"{address}/watch/")
    page.locator(".home-map[data-drawn='36']").wait_for(timeout=60_000)
    page.evaluate(gzip.decompress(AXE.read_bytes()).decode())
    answer = page.evaluate("(rules) => axe.run({runOnly: rules})", RULES)
    assert [one["id"] for one in answer["violations"]] == []
    page.get_by_role("link", name="Without the map").click()
    page.goto(f"{address}/watch/")
    assert page.locator(".home-map").count() == 0
    page.close()


def test_without_script(browser: Browser, node: TestNode, address: str) -> None:
    """The page is a list with filters, page by page."""
    context = browser.new_context(java_script_enabled=False, viewport={"width": 390, "height": 844})
    page = context.new_page()
    enter(page, address, node.add(Role.ANALYST, name="Luz Andrade").username)
    page.goto(f"{address}/map/")
    assert not page.locator("#map").is_visible()
    assert page.locator("tr[data-cell]").count() == 30
    page.locator("nav.more a").last.click()
    page.wait_for_load_state()
    assert page.locator("tr[data-cell]").count() == 6
    page.goto(f"{address}/map/?since={datetime(2026, 3, 2, tzinfo=UTC):%Y-%m-%d}&state=pending")
    assert page.locator("tr[data-cell]").count() == 12
    context.close()
