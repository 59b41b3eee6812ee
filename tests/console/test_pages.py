"""Every page in real browsers: readable, reachable by keyboard, light on the link, deaf to scripts."""

from __future__ import annotations

import gzip
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from ayni import console
from ayni.model.officer import Role
from tests.browsers import chromium, sign_in
from tests.pages import Lived, enter, live
from tests.web_node import PASSWORD, TestNode, fresh_node, served

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.browser
AXE = gzip.decompress((Path(__file__).parent / "axe" / "axe.min.js.gz").read_bytes()).decode()
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
FIRST_CONTENT = 14_000
WHOLE_LIST = 34_000
"""Bytes over the wire. Source: what 64 kbit/s carries in some 2 s and 4 s."""
SCRIPT = "<script>window.taken=1</script><img src=x onerror='window.taken=1'>"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One Chromium for the file."""
    with chromium() as started:
        yield started


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestNode]:
    """One node for the pages that only look."""
    with fresh_node(tmp_path_factory.mktemp("pages") / "node") as opened:
        yield opened


@pytest.fixture(scope="module")
def lived(node: TestNode) -> Lived:
    """Something on every page, a script in every text."""
    return live(node, script=SCRIPT)


@pytest.fixture(scope="module")
def address(node: TestNode) -> Iterator[str]:
    """Serve it on loopback."""
    del node
    with served() as url:
        yield url


def problems_of(page: Page) -> list[str]:
    """Return what axe finds wrong, one line a place."""
    found = page.evaluate(
        "([source, rules]) => { (0, eval)(source); return axe.run(document, {runOnly: rules}); }", [AXE, RULES]
    )
    return [f"{one['id']}: {place['html'][:120]}" for one in found["violations"] for place in one["nodes"]]


def problems_for(username: str, paths: Iterable[str]) -> list[str]:
    """Return what is wrong with pages on a narrow screen, as one officer sees them: both themes, four languages."""
    wrong: list[str] = []
    with served() as address, chromium() as browser:
        for theme, language in (("light", "en"), ("dark", "es"), ("light", "pt-BR"), ("dark", "fr")):
            context = browser.new_context(
                color_scheme="dark" if theme == "dark" else "light",
                locale=language,
                viewport={"width": 390, "height": 844},
            )
            page = context.new_page()
            enter(page, address, username)
            for path in paths:
                page.goto(f"{address}{path}")
                wrong += [f"{language} {path} {one}" for one in problems_of(page)]
                wide = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
                wrong += [f"{language} {path} {wide} px too wide"] if wide > 0 else []
            context.close()
    return wrong


@pytest.mark.parametrize(
    ("language", "width", "theme"),
    [("es", 1366, "dark"), ("pt-BR", 1366, "light"), ("en", 390, "light"), ("fr", 390, "dark")],
)
def test_every_page_is_accessible_and_deaf_to_scripts(
    browser: Browser, lived: Lived, address: str, theme: str, language: str, width: int
) -> None:
    """No axe violation, no script run, nothing asked of another host, nothing wider than the screen."""
    wrong: list[str] = []
    for role, pages in lived.pages.items():
        context = browser.new_context(
            viewport={"width": width, "height": 768},
            color_scheme="dark" if theme == "dark" else "light",
            locale=language,
            bypass_csp=False,
        )
        page = context.new_page()
        asked: list[str] = []
        _listen(page, asked)
        if role:
            enter(page, address, lived.names[role])
        client = context.new_cdp_session(page)
        for path in pages:
            page.goto(f"{address}{path}")
            assert page.evaluate("window.taken") is None, path
            wide = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
            wrong += [f"{path} is {wide} px too wide"] if wide > 0 else []
            client.send("Page.setBypassCSP", {"enabled": True})
            page.reload()
            wrong += [f"{path} {problem}" for problem in problems_of(page)]
            client.send("Page.setBypassCSP", {"enabled": False})
        assert all(url.startswith((address, "data:")) for url in asked)
        context.close()
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("es", "9 h 12 min"),
        ("pt-BR", "9 h 12 min"),
        ("en", "no position received for 9 h 12 min"),
        ("fr", "9 h 12 min"),
    ],
)
def test_reasons_are_read_in_the_readers_language(
    browser: Browser, lived: Lived, address: str, language: str, words: str
) -> None:
    """The same signal: sentence, number and date as each language writes them."""
    context = browser.new_context(locale=language)
    page = context.new_page()
    enter(page, address, lived.names["analyst"])
    page.goto(f"{address}{lived.signal}")
    said = page.locator("main").inner_text()
    assert words in said
    assert ("no position received" in said) is (language == "en")
    assert ("2 Mar 2026" in said) is (language == "en")
    context.close()


def test_the_list_is_light(browser: Browser, lived: Lived, address: str) -> None:
    """First content within 14 kB, the whole page within 34 kB, cold."""
    context = browser.new_context()
    page = context.new_page()
    enter(page, address, lived.names["analyst"])
    kept = context.storage_state()
    context.close()
    cold = browser.new_context(storage_state=kept)
    page = cold.new_page()
    client = cold.new_cdp_session(page)
    client.send("Network.enable")
    received: dict[str, int] = {}
    kinds: dict[str, str] = {}
    client.on("Network.responseReceived", lambda event: kinds.update({event["requestId"]: event["type"]}))
    client.on(
        "Network.loadingFinished",
        lambda event: received.update({event["requestId"]: int(event["encodedDataLength"])}),
    )
    page.goto(f"{address}/signals/", wait_until="networkidle")
    first = sum(size for request, size in received.items() if kinds.get(request) in {"Document", "Stylesheet"})
    assert page.locator(".items a").count() == 30
    assert 0 < first <= FIRST_CONTENT, first
    assert sum(received.values()) <= WHOLE_LIST, received
    cold.close()


def test_the_whole_way_by_keyboard(browser: Browser, lived: Lived, address: str) -> None:
    """j, Enter, d, choose, Enter: a signal is set aside without a mouse."""
    context = browser.new_context(viewport={"width": 1366, "height": 768})
    page = context.new_page()
    enter(page, address, lived.names["analyst"])
    page.goto(f"{address}/signals/?state=pending")
    page.keyboard.press("j")
    page.keyboard.press("j")
    page.keyboard.press("k")
    page.keyboard.press("Enter")
    page.wait_for_url("**/signals/*-*/**")
    page.keyboard.press("?")
    assert page.locator("dialog[open]").count() == 1
    page.keyboard.press("Escape")
    page.keyboard.press("d")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Tab")
    page.keyboard.type("heard by the neighbour")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.wait_for_selector(".note.done")
    assert page.locator(".head .tag.dismissed").count() == 1
    context.close()


def test_everything_on_the_page_is_reached_from_the_palette(browser: Browser, lived: Lived, address: str) -> None:
    """p, part of a name without its accent, Enter: a room, a decision, a search; Escape closes; axe finds nothing."""
    context = browser.new_context(viewport={"width": 1366, "height": 768}, locale="es", bypass_csp=True)
    page = context.new_page()
    enter(page, address, lived.names["analyst"])
    page.goto(f"{address}/signals/?state=pending")
    page.keyboard.press("p")
    assert page.locator("#palette[open] li[aria-selected=true]").count() == 1
    assert not problems_of(page)
    page.keyboard.press("Escape")
    assert page.locator("#palette[open]").count() == 0
    page.keyboard.press("Control+k")
    page.keyboard.type("vigilancia")
    page.keyboard.press("Enter")
    page.wait_for_url("**/watchlist/")
    page.goto(f"{address}/signals/?state=pending")
    page.locator(".items a").nth(12).click()
    page.wait_for_selector("details[data-key=d]")
    page.keyboard.press("p")
    page.keyboard.type("descartar")
    page.keyboard.press("Enter")
    assert page.locator("details[data-key=d][open]").count() == 1
    page.keyboard.press("Escape")
    page.keyboard.press("p")
    page.keyboard.type("caleta imag")
    page.keyboard.press("Enter")
    page.wait_for_url("**/search/?q=caleta+imag")
    context.close()


def test_two_officers_do_not_decide_past_each_other(browser: Browser, lived: Lived, address: str) -> None:
    """The second one is told that the signal changed, and nothing is overwritten."""
    pages = []
    for role in ("analyst", "coordinator"):
        page = browser.new_context().new_page()
        enter(page, address, lived.names[role])
        pages.append(page)
    pages[0].goto(f"{address}/signals/?state=pending")
    one = pages[0].locator(".items a").nth(9).get_attribute("href") or ""
    for page in pages:
        page.goto(f"{address}{one}")
        page.locator("details[data-key=v] summary").click()
    pages[0].locator("details[data-key=v] button").click()
    pages[0].wait_for_selector(".note.done")
    pages[1].locator("details[data-key=v] button").click()
    pages[1].wait_for_selector(".wrong")
    for page in pages:
        page.context.close()


def test_a_session_that_ends_in_the_middle_of_a_form_loses_nothing(
    browser: Browser, node: TestNode, lived: Lived, address: str
) -> None:
    """The draft comes back after sign-in, goes once it is filed, and no other officer sees it."""
    from ayni.node.officers.models import Account

    context = browser.new_context()
    page = context.new_page()
    enter(page, address, lived.names["analyst"])
    page.goto(f"{address}/report/")
    page.fill("#id_words", "Skiff without lights, two outboards")
    page.select_option("#id_kind", "sighting")
    page.fill("#id_latitude", "-1.25")
    page.fill("#id_longitude", "-80.5")
    page.select_option("#id_source", "B")
    page.select_option("#id_information", "3")
    account = Account.objects.get(username=lived.names["analyst"])
    account.epoch += 1
    account.save(update_fields=["epoch"])
    before = len(node.store.entries)
    page.locator("main button.first").click()
    page.wait_for_load_state()
    assert len(node.store.entries) == before
    enter(page, address, node.add(Role.ANALYST).username)
    page.goto(f"{address}/report/")
    assert page.input_value("#id_words") == ""
    context.clear_cookies()
    enter(page, address, lived.names["analyst"])
    page.goto(f"{address}/report/")
    assert page.input_value("#id_words") == "Skiff without lights, two outboards"
    page.locator("main button.first").click()
    page.wait_for_url("**/signals/**")
    page.goto(f"{address}/report/")
    assert page.input_value("#id_words") == ""
    context.close()


def test_the_page_of_components_shows_every_one(browser: Browser, lived: Lived, address: str) -> None:
    """Every state and colour that the stylesheet knows is on it, so that nothing is added without being shown."""
    page = browser.new_context().new_page()
    enter(page, address, lived.names["analyst"])
    page.goto(f"{address}/components/")
    sheet = (Path(console.__file__).parent / "static" / "ayni" / "ayni.css").read_text("utf-8")
    for state in sorted(set(re.findall(r"\.tag\.([\w-]+)", sheet))):
        assert page.locator(f"main .tag.{state}").count(), state
    for colour in re.findall(r"--([\w-]+): light-dark", sheet):
        assert colour.endswith("tide-ink") or page.locator(f"main .of-{colour}").count(), colour
    page.context.close()


def test_what_one_may_not_see_is_refused_with_a_sentence(browser: Browser, lived: Lived, address: str) -> None:
    """Oversight does not open records; nobody opens what is not there; neither learns more."""
    page = browser.new_context().new_page()
    enter(page, address, lived.names["oversight"])
    answer = page.goto(f"{address}{lived.signal}")
    assert answer is not None
    assert answer.status == 403
    assert "may not open records" in page.locator("main").inner_text()
    page.context.clear_cookies()
    enter(page, address, lived.names["analyst"])
    answer = page.goto(f"{address}/signals/00000000-0000-7000-8000-000000000000/")
    assert answer is not None
    assert answer.status == 404
    for path in ("/officers/", "/oversight/", "/node/"):
        answer = page.goto(f"{address}{path}")
        assert answer is not None
        assert answer.status == 403, path
    page.context.close()


def test_without_a_mandate_no_record_opens(browser: Browser, node: TestNode, lived: Lived, address: str) -> None:
    """The page asks for purpose and legal basis first, then goes on to the signal."""
    page = browser.new_context().new_page()
    sign_in(page, address, lived.names["analyst"], PASSWORD)
    before = len(node.store.entries)
    page.goto(f"{address}{lived.signal}")
    assert "/mandate/" in page.url
    assert len(node.store.entries) == before
    page.select_option("#id_purpose", "counter-narcotics")
    page.fill("#id_legal_basis", "art. 12")
    page.locator("main button.first").click()
    page.wait_for_url(f"**{lived.signal}")
    entry = node.store.entries[-1]
    assert (entry.act, entry.purpose, entry.legal_basis) == ("record.open", "counter-narcotics", "art. 12")
    page.context.close()


def _listen(page: Page, asked: list[str]) -> None:
    page.on("request", lambda request: asked.append(request.url))
