"""Agreements, requests and recalls from the page: what an officer may do there, and what it writes down."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from ayni.exchange import requests
from ayni.exchange.request_words import Boarding, Urgency
from ayni.exchange.requests import Question
from ayni.model.officer import Role
from ayni.node.doors import house_of
from tests.console.test_pages import problems_for
from tests.console.test_search import someone
from tests.exchange.posts import BETWEEN, LIA, UNDER, Post, a_record, behind_pages, two_posts
from tests.exchange.test_by_hand import read, write
from tests.web_node import TestNode

if TYPE_CHECKING:
    from django.test import Client

BOARDING = {
    "vessel": "Caleta Imaginaria",
    "flag": "PA",
    "mmsi": "999000001",
    "seen_at": "2026-03-01T03:00",
    "place": "-2.2, -85.0",
    "grounds": "It met a vessel without lights for two hours.",
    "measures": ["board", "search"],
}


@pytest.fixture(scope="module")
def posts(tmp_path_factory: pytest.TempPathFactory) -> tuple[Post, Post]:
    """Two nodes that have pinned one another and hold an agreement in force."""
    return two_posts(tmp_path_factory.mktemp("posts"))


@pytest.fixture(scope="module")
def asked(posts: tuple[Post, Post], tmp_path_factory: pytest.TempPathFactory) -> tuple[str, str]:
    """A question and a request to board, asked by the partner and carried here by hand."""
    boarding = Boarding(
        vessel="Caleta <i>Imaginaria</i>",
        flag="EC",
        seen_at=datetime(2026, 3, 1, 3, tzinfo=UTC),
        lat_deg=-2.2,
        lon_deg=-85.0,
        grounds="It met a vessel without lights for two hours.",
    )
    one, two = posts
    questions = (
        Question(question="Whose boat is <b>this</b>?", urgency=Urgency.USUAL),
        Question(question="May we board?", urgency=Urgency.URGENT, boarding=boarding),
    )
    ids = []
    with two.open() as exchange:
        node = exchange.node
        for question in questions:
            with node.store.work() as work:
                made = requests.ask(
                    question,
                    one.node,
                    agreement=BETWEEN,
                    by=LIA,
                    under=UNDER,
                    work=work,
                    house=house_of(node.settings),
                    book=exchange.book(),
                )
                work.commit()
            ids.append(made.header.id)
    stick = tmp_path_factory.mktemp("stick") / "there"
    write(two, one, stick)
    assert read(one, stick)[0] == len(ids)
    return ids[0], ids[1]


@pytest.fixture
def node(posts: tuple[Post, Post]) -> Iterator[TestNode]:
    """Open the first of them behind its pages."""
    with behind_pages(posts[0]) as opened:
        yield opened


def ask(client: Client, to: str, **more: object) -> str:
    """Ask a question from the page and return the address of the request."""
    form = {"whom": f"{to} {BETWEEN}", "question": "Who owns it?", "urgency": "urgent", **more}
    done = client.post("/exchange/requests/ask/", form, follow=True)
    assert done.status_code == 200, done.content.decode()
    return str(done.redirect_chain[-1][0])


def test_asked_with_its_clock_and_listed(node: TestNode, posts: tuple[Post, Post]) -> None:
    """The flag State is told everything at once or not asked; eight hours are on the clock."""
    to, client = posts[1].node, someone(node, Role.LIAISON)
    half = client.post(
        "/exchange/requests/ask/",
        {"whom": f"{to} {BETWEEN}", "question": "May we board?", "urgency": "urgent", **BOARDING, "flag": ""},
    )
    assert half.status_code == 422
    assert "needs this to decide" in half.content.decode()
    address = ask(client, to, **BOARDING)
    seen = client.get(address).content.decode()
    assert "Caleta Imaginaria" in seen
    assert "due in 7 h 59 min" in seen or "due in 8 h" in seen
    assert "to board, to search" in seen
    assert f'action="{address}answer/"' not in seen
    listed = client.get("/exchange/requests/?state=waiting").content.decode()
    assert f'href="{address}"' in listed
    assert "request.ask" in [entry.act for entry in node.store.entries]
    assert someone(node, Role.ANALYST).get("/exchange/requests/ask/").status_code == 403


def test_long_lists_are_walked_by_key(
    node: TestNode, posts: tuple[Post, Post], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Requests and what a partner holds, two a page: every one is seen once, the last page has no next."""
    from ayni.console.views import exchange, requests
    from ayni.node.running import running

    for pages in (requests, exchange):
        monkeypatch.setattr(pages, "MOST", 2)
    to, client = posts[1].node, someone(node, Role.LIAISON)
    for number in range(20, 23):
        ask(client, to, question=f"Number {number}?")
        client.post(f"/share/{a_record(running().exchange, number)}/send/", {"agreement": BETWEEN, "to": to})
    for base, one in (
        ("/exchange/requests/", "/exchange/requests/0"),
        (f"/exchange/at/{to}/", "/exchange/records/0"),
    ):
        seen, address = list[str](), base
        while address:
            page = client.get(address).content.decode()
            shown = [part.split('"')[0] for part in page.split(f'href="{one}')[1:]]
            assert 0 < len(shown) <= 2
            seen += shown
            after = page.split('href="?after=')
            address = f"{base}?after={after[1][:36]}" if len(after) > 1 else ""
        assert len(seen) == len(set(seen)) >= 3


def test_asked_of_us_and_answered_once(asked: tuple[str, str], node: TestNode) -> None:
    """A refusal without its ground is sent back; an answer closes the request and leaves no form."""
    client, address = someone(node, Role.LIAISON), f"/exchange/requests/{asked[0]}/"
    seen = client.get(address).content.decode()
    assert "&lt;b&gt;this&lt;/b&gt;" in seen
    assert f'action="{address}answer/"' in seen
    form = {"says": "refused", "words": "", "ground": ""}
    refused = client.post(f"{address}answer/", form)
    assert refused.status_code >= 400
    assert client.get(address).content.decode().count("<article") == 0
    done = client.post(f"{address}answer/", {**form, "ground": "Secrecy of the inquiry, art. 8"}, follow=True)
    after = done.content.decode()
    assert "Secrecy of the inquiry, art. 8" in after
    assert f'action="{address}answer/"' not in after
    assert f'action="{address}answer/"' not in someone(node, Role.INVESTIGATOR).get(address).content.decode()


def test_consent_is_given_with_its_conditions_and_taken_back(asked: tuple[str, str], node: TestNode) -> None:
    """A time that is none is told, not an error of ours; a condition a line; only the withdrawal may follow."""
    client, address = someone(node, Role.LIAISON), f"/exchange/requests/{asked[1]}/"
    form = {"says": "conditions", "words": "", "ground": "", "conditions": "Tell us first.\n\nNo force."}
    wrong = client.post(f"{address}answer/", {**form, "until": "tomorrow"}, follow=True)
    assert wrong.status_code == 200
    assert "Write date and time" in wrong.content.decode()
    given = client.post(f"{address}answer/", {**form, "until": "2099-01-01T00:00"}, follow=True).content.decode()
    assert "<li>Tell us first.</li><li>No force.</li>" in given
    assert "Holds until 1 Jan 2099" in given
    assert "Take the consent back" in given
    assert client.post(f"{address}answer/", {**form, "says": "granted", "conditions": ""}).status_code >= 400
    back = {"says": "withdrawn", "words": "", "ground": "The vessel entered our waters."}
    assert "Withdrawn" in client.post(f"{address}answer/", back, follow=True).content.decode()


def test_recalled_from_the_page_and_the_tree_shows_who_is_silent(node: TestNode, posts: tuple[Post, Post]) -> None:
    """The order needs its reason; afterwards there is a tree and no second button."""
    from ayni.node.running import running

    record, to = a_record(running().exchange, 7), posts[1].node
    client = someone(node, Role.LIAISON)
    assert "Nobody has been given" in client.get(f"/exchange/records/{record}/").content.decode()
    client.post(f"/share/{record}/send/", {"agreement": BETWEEN, "to": to})
    address = f"/exchange/records/{record}/"
    assert f'action="{address}recall/"' in client.get(address).content.decode()
    client.post(f"{address}recall/", {"why": "", "within": "8"})
    assert "record.recall" not in [entry.act for entry in node.store.entries]
    done = client.post(f"{address}recall/", {"why": "Another ship.", "within": "8"}, follow=True).content.decode()
    assert "Another ship." in done
    assert "No answer yet" in done or "Destroyed" in done
    assert f'action="{address}recall/"' not in done


def test_an_agreement_is_proven_suspended_and_resumed(node: TestNode, posts: tuple[Post, Post]) -> None:
    """A reason is needed; suspended, nothing may be asked; each step is told to the partner."""
    client, address = someone(node, Role.LIAISON), f"/exchange/agreements/{BETWEEN}/"
    proven = client.get(f"{address}?proof=1").content.decode()
    assert "No loophole" in proven
    assert proven.count('class="holds"') >= 20
    assert "Suspend at once" in proven
    client.post(f"{address}suspend/", {"words": " "})
    assert "agreement.suspend" not in [entry.act for entry in node.store.entries]
    after = client.post(f"{address}suspend/", {"words": "A leak."}, follow=True).content.decode()
    assert "Suspended" in after
    assert "Lift our suspension" in after
    assert [entry.act for entry in node.store.entries][-3:].count("agreement.tell") == 1
    form = {"whom": f"{posts[1].node} {BETWEEN}", "question": "Who owns it?", "urgency": "soon"}
    assert client.post("/exchange/requests/ask/", form).status_code == 422
    back = client.post(f"{address}resume/", {"words": "Mended."}, follow=True).content.decode()
    assert "Lift our suspension" not in back
    assert "In force" in client.post(f"{address}enter/", follow=True).content.decode()
    assert client.post(f"{address}sign/").status_code >= 400
    assert client.post(f"{address}expire/").status_code == 404
    assert someone(node, Role.INVESTIGATOR).post(f"{address}suspend/", {"words": "No."}).status_code == 403


@pytest.mark.browser
def test_the_pages_are_accessible(node: TestNode, posts: tuple[Post, Post]) -> None:
    """Both themes, four languages, a narrow screen: axe finds nothing, nothing is too wide."""
    from ayni.node.running import running

    record, officer = a_record(running().exchange, 8), someone(node, Role.LIAISON)
    officer.post(f"/share/{record}/send/", {"agreement": BETWEEN, "to": posts[1].node})
    officer.post(f"/exchange/records/{record}/recall/", {"why": "Another ship.", "within": "1"})
    address_of_request = ask(officer, posts[1].node, **BOARDING)
    username = officer.session["_auth_user_id"]
    from ayni.node.officers.models import Account

    name = Account.objects.get(pk=username).username
    paths = (
        f"/exchange/records/{record}/",
        f"/exchange/agreements/{BETWEEN}/?proof=1",
        "/exchange/requests/",
        address_of_request,
        "/exchange/requests/ask/",
    )
    assert problems_for(name, paths) == []
