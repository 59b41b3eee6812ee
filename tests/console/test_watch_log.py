"""The watch in the console: taken, written in, handed over, relieved; the next reads it first."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from django.test import Client

from ayni.model.officer import Role
from ayni.model.store import Query
from ayni.operations.watch_log import WATCH, watch_in
from tests.console.test_search import someone
from tests.web_node import TestNode, fresh_node, raise_signal


@pytest.fixture
def node(tmp_path: Path) -> Iterator[TestNode]:
    """Give each test a node of its own."""
    with fresh_node(tmp_path / "node") as opened:
        yield opened


def begin(client: Client, post: str = "Sala de guardia") -> str:
    """Take the watch; return its address."""
    answer = client.post("/watch/begin/", {"post": post})
    assert answer.status_code == 302
    return str(answer["Location"])


def page(client: Client, address: str) -> str:
    """Return a page that must open."""
    answer = client.get(address)
    assert answer.status_code == 200
    return answer.content.decode()


def test_one_shift_reads_first_what_the_other_left(node: TestNode) -> None:
    """Notes with the records they speak of, a summary, what is open; the reading is written down."""
    signal = raise_signal(node, hour=2)
    luz, noe = someone(node, Role.ANALYST), someone(node, Role.COORDINATOR)
    watch = begin(luz)
    assert f"{watch}?record={signal}" in page(luz, f"/signals/{signal}/")
    assert f'href="/signals/{signal}/"' in page(luz, f"{watch}?record={signal}")
    luz.post(f"{watch}note/", {"words": "<b>Called</b> the owner", "record": signal})
    luz.post(f"{watch}hand-over/", {"words": "Fog until ten"})
    left = page(luz, watch)
    assert "Fog until ten" in left
    assert "Signals to decide" in left
    assert f"{watch}note/" not in left
    seen = page(noe, begin(noe))
    for words in ("Fog until ten", "&lt;b&gt;Called&lt;/b&gt; the owner", f'href="/signals/{signal}/"'):
        assert words in seen
    assert "<b>Called" not in seen
    assert [one.act for one in node.store.entries[-2:]] == ["watch.read", "watch.read"]
    with node.store.work() as work:
        states = [header.state for header in work.find(Query(kind=WATCH))]
    assert states == ["open", "taken"]


def test_the_home_of_the_watch_tells_what_waits_and_opens_nothing(node: TestNode) -> None:
    """Counts and headers alone, without a mandate and without an entry in the ledger."""
    signal = raise_signal(node, hour=2)
    before = len(node.store.entries)
    fresh = someone(node, Role.ANALYST, mandate=False)
    told = page(fresh, "/watch/")
    assert "Nobody is on watch" in told
    assert f'href="/signals/{signal}/"' in told
    assert "Caleta Imaginaria" not in told
    assert [one.act for one in node.store.entries[before:] if one.act.startswith(("watch.", "record."))] == []
    luz = someone(node, Role.ANALYST)
    begin(luz)
    assert "sala de guardia" in page(luz, "/watch/")
    assert luz.get("/")["Location"] == "/watch/"


def test_what_is_new_is_told_once_and_names_nobody(node: TestNode) -> None:
    """Nothing at first; what comes after the last look at the watch; nothing again when it was looked at."""
    raise_signal(node, hour=1)
    luz = someone(node, Role.ANALYST, mandate=False)
    assert luz.get("/notices/").json() == {"count": 0, "short": "", "words": ""}
    signals = [raise_signal(node, hour=hour) for hour in (2, 3)]
    told = luz.get("/notices/")
    assert told["Cache-Control"] == "no-store"
    assert (told.json()["count"], told.json()["short"]) == (2, "2 new")
    assert told.json()["words"].endswith("UTC: 2 signals to decide")
    assert "Caleta" not in told.content.decode()
    change = someone(node, Role.ANALYST)
    change.post(f"/signals/{signals[0]}/validate/", {"version": 1, "words": ""})
    assert luz.get("/notices/").json()["words"].endswith("UTC: 1 signal to decide")
    page(luz, "/watch/")
    assert luz.get("/notices/").json()["count"] == 0
    assert someone(node, Role.OVERSIGHT).get("/notices/").status_code == 403


def test_a_watch_is_its_officers_to_hand_over_and_anothers_to_relieve(node: TestNode) -> None:
    """One at a time at a post; who is not on it relieves it with a reason, on its page."""
    luz, noe = someone(node, Role.ANALYST), someone(node, Role.INVESTIGATOR)
    watch = begin(luz)
    again = noe.post("/watch/begin/", {"post": " SALA DE GUARDIA "})
    assert again.status_code == 422
    assert "A watch is open there" in again.content.decode()
    assert f"{watch}hand-over/" not in page(noe, watch)
    assert noe.post(f"{watch}hand-over/", {"words": "mine"}).status_code == 409
    assert noe.post(f"{watch}relieve/", {"words": ""}).status_code == 302
    assert f"{watch}relieve/" in page(noe, watch)
    noe.post(f"{watch}relieve/", {"words": "Taken ill"})
    assert "Taken ill" in page(noe, watch)
    assert noe.post(f"{watch}note/", {"words": "too late"}).status_code == 409
    with node.store.work() as work:
        kept = watch_in(work.get(watch.split("/")[-2]))
    assert (kept.summary, [one.words for one in kept.notes]) == ("Taken ill", [])


def test_who_keeps_no_watch_is_refused(node: TestNode) -> None:
    """Oversight and administration have no part in it; a record that is no watch is not here; nor is garbage."""
    signal = raise_signal(node, hour=2)
    watch = begin(someone(node, Role.ANALYST))
    for role in (Role.OVERSIGHT, Role.ADMINISTRATOR):
        client = someone(node, role)
        for address in ("/watch/", watch):
            assert client.get(address).status_code == 403
        assert client.post("/watch/begin/", {"post": "x"}).status_code == 403
    luz = someone(node, Role.ANALYST)
    assert luz.get(f"/watch/{signal}/").status_code == 404
    assert luz.post(f"{watch}note/", {"words": "about nothing", "record": "no-such-record"}).status_code == 404
    assert "about nothing" not in page(luz, watch)
    assert page(luz, f"{watch}?record=no-such-record")
