"""Sharing from the page: what would leave is shown first, a refusal is told, nothing leaves by looking."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from ayni.model.officer import Role
from tests.browsers import chromium
from tests.console.test_pages import problems_of
from tests.console.test_search import someone
from tests.exchange.posts import BETWEEN, Post, a_record, behind_pages, two_posts
from tests.pages import enter
from tests.web_node import TestNode, served


@pytest.fixture(scope="module")
def posts(tmp_path_factory: pytest.TempPathFactory) -> tuple[Post, Post]:
    """Two nodes that have pinned one another and hold an agreement in force."""
    return two_posts(tmp_path_factory.mktemp("posts"))


@pytest.fixture
def node(posts: tuple[Post, Post]) -> Iterator[TestNode]:
    """Open the first of them behind its pages."""
    with behind_pages(posts[0]) as opened:
        yield opened


def test_looked_at_then_shared_then_held(node: TestNode, posts: tuple[Post, Post]) -> None:
    """Looking sends nothing and names the article; the button sends once; after that there is no button."""
    from ayni.node.running import running

    record, to = a_record(running().exchange), posts[1].node
    client = someone(node, Role.LIAISON)
    assert f"/share/{record}/" in client.get(f"/signals/{record}/").content.decode()
    address = f"/share/{record}/?to={to}"
    seen = client.get(address).content.decode()
    assert "May leave" in seen
    assert "Article " in seen
    assert "body.rule" in seen
    before = [entry.act for entry in node.store.entries]
    assert before[-1] == "record.preview"
    form = {"agreement": BETWEEN, "to": to, "source": "B", "accuracy": "2"}
    half = client.post(f"/share/{record}/send/", {**form, "accuracy": ""}, follow=True).content.decode()
    assert "Rate both" in half
    assert "record.share" not in [entry.act for entry in node.store.entries]
    done = client.post(f"/share/{record}/send/", form, follow=True).content.decode()
    assert "Shared. It leaves" in done
    assert "holds this record already" in done
    assert f'action="/share/{record}/send/"' not in done
    assert [entry.act for entry in node.store.entries].count("record.share") == 1


def test_a_refusal_is_told_and_offers_no_button(node: TestNode, posts: tuple[Post, Post]) -> None:
    """For a purpose that the agreement does not name; whoever posts all the same is refused too."""
    from ayni.node.running import running

    record, to = a_record(running().exchange, 2), posts[1].node
    client = someone(node, Role.LIAISON)
    client.post("/mandate/", {"purpose": "fisheries-monitoring", "legal_basis": "art. 12"})
    seen = client.get(f"/share/{record}/?to={to}").content.decode()
    assert "May not leave" in seen
    assert f'action="/share/{record}/send/"' not in seen
    form = {"agreement": BETWEEN, "to": to}
    answer = client.post(f"/share/{record}/send/", form)
    assert answer.status_code >= 400
    assert "record.share" not in {
        entry.act for entry in node.store.entries if record in {one.record for one in entry.touched}
    }


def test_who_may_not_share_sees_no_way_to(node: TestNode, posts: tuple[Post, Post]) -> None:
    """An analyst reads the signal, without the button; the address itself is refused."""
    from ayni.node.running import running

    record = a_record(running().exchange, 3)
    client = someone(node, Role.ANALYST)
    assert f"/share/{record}/" not in client.get(f"/signals/{record}/").content.decode()
    assert client.get(f"/share/{record}/?to={posts[1].node}").status_code == 403


def test_the_exchange_tells_how_lines_fare_what_was_agreed_and_what_is_there(
    node: TestNode, posts: tuple[Post, Post]
) -> None:
    """One message waits; articles stand in two languages; the look at what is there is written down."""
    from ayni.node.running import running

    record, to = a_record(running().exchange, 5), posts[1].node
    client = someone(node, Role.LIAISON)
    client.post(f"/share/{record}/send/", {"agreement": BETWEEN, "to": to})
    seen = client.get("/exchange/").content.decode()
    assert f'href="/exchange/agreements/{BETWEEN}/"' in seen
    assert f'href="/exchange/at/{to}/"' in seen
    text = client.get(f"/exchange/agreements/{BETWEEN}/?beside=pt").content.decode()
    assert text.count('lang="pt"><h3>') == text.count('lang="en"><h3>') > 5
    there = client.get(f"/exchange/at/{to}/").content.decode()
    assert record in there
    assert "sent, not yet receipted" in there
    assert node.store.entries[-1].act == "exchange.exposure"
    assert client.get("/exchange/agreements/nothing-of-the-kind/").status_code == 404
    analyst = someone(node, Role.ANALYST)
    assert analyst.get(f"/exchange/at/{to}/").status_code == 403
    assert someone(node, Role.OVERSIGHT).get("/exchange/").status_code == 403


@pytest.mark.browser
def test_the_pages_are_accessible(node: TestNode, posts: tuple[Post, Post]) -> None:
    """Both themes, four languages, a narrow screen: axe finds nothing, nothing is too wide."""
    from ayni.node.running import running

    record, officer = a_record(running().exchange, 4), node.add(Role.LIAISON)
    wrong: list[str] = []
    with chromium() as browser, served() as address:
        for language, width in (("es", 1366), ("pt-BR", 390), ("en", 390), ("fr", 1366)):
            context = browser.new_context(
                viewport={"width": width, "height": 768},
                color_scheme="dark" if language in {"es", "en"} else "light",
                locale=language,
                bypass_csp=True,
            )
            page = context.new_page()
            enter(page, address, officer.username)
            for path in (
                f"/share/{record}/",
                f"/share/{record}/?to={posts[1].node}",
                "/exchange/",
                f"/exchange/agreements/{BETWEEN}/",
                f"/exchange/at/{posts[1].node}/",
            ):
                page.goto(f"{address}{path}")
                wrong += [f"{language} {path} {one}" for one in problems_of(page)]
                wide = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
                wrong += [f"{language} {path} is {wide} px too wide"] if wide > 0 else []
            context.close()
    assert not wrong, "\n".join(wrong)
