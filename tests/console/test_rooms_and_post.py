"""Rooms, outbox and inbox, courier files from the page: what is shown, taken in, refused and written down."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from ayni.model.officer import Role
from tests.console.test_pages import problems_for
from tests.console.test_search import someone
from tests.exchange.posts import BETWEEN, Post, behind_pages, give, two_posts
from tests.exchange.posts import a_record as made
from tests.exchange.test_by_hand import read, write
from tests.web_node import TestNode


@pytest.fixture(scope="module")
def posts(tmp_path_factory: pytest.TempPathFactory) -> tuple[Post, Post]:
    """Two nodes that have pinned one another and hold an agreement in force; nothing has passed yet."""
    return two_posts(tmp_path_factory.mktemp("posts"))


@pytest.fixture(scope="module")
def brought(posts: tuple[Post, Post], tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A courier file with one record of the partner."""
    one, two = posts
    with two.open() as exchange:
        give(exchange, one.node, 3)
    path = tmp_path_factory.mktemp("stick") / "here"
    assert write(two, one, path) == (1, 0)
    return path.read_bytes()


@pytest.fixture
def node(posts: tuple[Post, Post], brought: bytes) -> Iterator[TestNode]:
    """Open the first of them behind its pages."""
    del brought  # written before this node opens
    with behind_pages(posts[0]) as opened:
        yield opened


def a_record(number: int) -> str:
    """Make a record at the node behind the pages."""
    from ayni.node.running import running

    return made(running().exchange, number)


def test_a_room_is_founded_and_spoken_in(node: TestNode, posts: tuple[Post, Post]) -> None:
    """Members are parties to the agreement; words stay words; the look is written down; an analyst only reads."""
    client, to = someone(node, Role.LIAISON), posts[1].node
    form = {"name": "Marea <b>12</b>", "agreement": BETWEEN, "members": [to]}
    assert client.post("/exchange/rooms/found/", {**form, "members": ["nobody"]}).status_code == 422
    assert client.post("/exchange/rooms/found/", {**form, "agreement": ""}).status_code == 422
    done = client.post("/exchange/rooms/found/", form, follow=True)
    address, page = done.redirect_chain[-1][0], done.content.decode()
    assert "Marea &lt;b&gt;12&lt;/b&gt;" in page
    assert "On its way to" in page
    record = a_record(31)
    said = {
        "words": "It sails <i>at noon</i>.",
        "records": f"{record}\n{record} 01a21b9c-7b8f-71e3-805a-ef19d783da02",
    }
    page = client.post(f"{address}say/", said, follow=True).content.decode()
    assert "It sails &lt;i&gt;at noon&lt;/i&gt;." in page
    assert page.count(f'href="/signals/{record}/"') == 1
    assert "has not been shared with us" in page
    assert f'href="{address}"' in client.get("/exchange/rooms/").content.decode()
    assert [one.act for one in node.store.entries[-2:]] == ["room.read", "room.list"]
    analyst = someone(node, Role.ANALYST)
    assert "say/" not in analyst.get(address).content.decode()
    assert analyst.post(f"{address}say/", said).status_code == 403
    assert analyst.get("/exchange/rooms/found/").status_code == 403
    assert someone(node, Role.ADMINISTRATOR).get("/exchange/rooms/").status_code == 403
    assert "On its way" in client.post(f"{address}members/", {"members": [to]}, follow=True).content.decode()
    gone = client.post(f"{address}members/", {"members": []}, follow=True).content.decode()
    assert gone.count("Members from here on") == 3


def test_a_file_is_carried_both_ways(
    node: TestNode, posts: tuple[Post, Post], brought: bytes, tmp_path: Path
) -> None:
    """What is taken in counts once and stands in the inbox; the file given out opens at the partner."""
    client, to = someone(node, Role.LIAISON), posts[1].node
    answer = client.post("/exchange/courier/read/", {"file": SimpleUploadedFile("stick", brought)})
    assert '<dt>Messages taken in</dt><dd class="num">1</dd>' in answer.content.decode()
    again = client.post("/exchange/courier/read/", {"file": SimpleUploadedFile("stick", brought)})
    assert '<dt>Were here before</dt><dd class="num">1</dd>' in again.content.decode()
    arrived = client.get("/exchange/post/in/").content.decode()
    assert arrived.count('href="/signals/0') == 1
    assert (
        client.get("/exchange/post/in/?sender=nobody&after=999999999999999999999")
        .content.decode()
        .count("Nothing has arrived")
    )
    for wrong in (b"", brought[:-1], brought[:90] + b"x" + brought[91:], b"<script>"):
        refused = client.post("/exchange/courier/read/", {"file": SimpleUploadedFile("stick", wrong)})
        assert refused.status_code == 422
        assert 'class="errorlist"' in refused.content.decode()
    client.post(f"/share/{a_record(33)}/send/", {"agreement": BETWEEN, "to": to})
    given = client.post("/exchange/courier/write/", {"to": to})
    assert given["Content-Disposition"].startswith("attachment")
    path = tmp_path / "there"
    path.write_bytes(b"".join(given))
    acts = [one.act for one in node.store.entries]
    assert acts.count("exchange.courier_read") == 2
    assert acts.count("exchange.courier_write") == 1
    assert [one.name for one in node.node.folder.iterdir() if one.name.startswith("tmp")] == []
    accepted, repeated, turned_away, _ours = read(posts[1], path)
    assert (accepted > 0, repeated, turned_away) == (True, 0, 0)
    assert someone(node, Role.INVESTIGATOR).get("/exchange/courier/").status_code == 403


def test_the_outbox_tells_what_became_of_it_and_who_looked(node: TestNode, posts: tuple[Post, Post]) -> None:
    """By partner and state, page by page; a message not delivered in time is looked at once."""
    from ayni.node.records.models import StoredOutgoing

    client = someone(node, Role.LIAISON)
    client.post(f"/share/{a_record(35)}/send/", {"agreement": BETWEEN, "to": posts[1].node})
    listed = client.get("/exchange/post/").content.decode()
    assert "Shared record" in listed
    rows = StoredOutgoing.objects.using(node.node.alias).order_by("-row")
    name = rows.values_list("id", flat=True)[0]
    rows.filter(id=name).update(state="overdue", done_at=1_790_000_000_000_000)
    late = client.get("/exchange/post/?state=overdue").content.decode()
    assert late.count("I have looked at it") == 1
    assert "I have looked at it" not in someone(node, Role.ANALYST).get("/exchange/post/").content.decode()
    assert someone(node, Role.INVESTIGATOR).post(f"/exchange/post/{name}/seen/").status_code == 403
    after = client.post(f"/exchange/post/{name}/seen/?state=overdue", follow=True).content.decode()
    assert "looked at by Officer" in after
    assert "I have looked at it" not in after
    assert client.post(f"/exchange/post/{name}/seen/").status_code == 404
    assert f"{name}</span>" not in client.get(f"/exchange/post/?after={name}").content.decode()
    assert "No message fits" in client.get("/exchange/post/?to=nobody&state=nonsense").content.decode()


@pytest.mark.browser
def test_the_pages_are_accessible(node: TestNode, posts: tuple[Post, Post]) -> None:
    """Both themes, four languages, a narrow screen: axe finds nothing, nothing is too wide."""
    from ayni.node.officers.models import Account

    officer = someone(node, Role.LIAISON)
    form = {"name": "Marea", "agreement": BETWEEN, "members": [posts[1].node]}
    room = officer.post("/exchange/rooms/found/", form, follow=True).redirect_chain[-1][0]
    name = Account.objects.get(pk=officer.session["_auth_user_id"]).username
    paths = (
        "/exchange/",
        "/exchange/rooms/",
        room,
        "/exchange/rooms/found/",
        "/exchange/post/",
        "/exchange/post/in/",
        "/exchange/courier/",
    )
    assert problems_for(name, paths) == []
