"""Looking for records by what they say: found, forgotten, written down without the words, refused to oversight."""

from __future__ import annotations

import re
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.test import Client

from ayni.model.officer import Role
from tests.node.stores import delete
from tests.web_node import TestNode, fresh_node, raise_signal

SCRIPT = "<script>window.taken=1</script>"
ROOT = Path(__file__).parents[2]
ANOTHER = """
import sys
from pathlib import Path
from ayni.model.officer import Officer, Role
from ayni.node.opening import open_node
from tests.web_node import TestNode, raise_signal
with open_node(Path(sys.argv[1])) as node:
    ana = Officer(id="ana", name="Ana", roles=frozenset({Role.ADMINISTRATOR}))
    print(raise_signal(TestNode(node=node, administrator=ana), name="Gaviota Parda"))
"""
"""A program that raises a signal in a process of its own."""


@pytest.fixture
def node(tmp_path: Path) -> Iterator[TestNode]:
    """Give each test a node of its own."""
    with fresh_node(tmp_path / "node") as opened:
        yield opened


def ready() -> None:
    """Have the process know every name, as the served worker does soon after its start."""
    from ayni.node.running import running

    running().names.build()


def someone(node: TestNode, *roles: Role, language: str = "en", mandate: bool = True) -> Client:
    """Return a browser in which such an officer is signed in, and has stated a mandate."""
    client = Client(headers={"Host": "localhost", "Accept-Language": language})
    client.force_login(node.add(*roles), backend="allauth.account.auth_backends.AuthenticationBackend")
    if mandate:
        client.post("/mandate/", {"purpose": "counter-narcotics", "legal_basis": "art. 12"})
    return client


def page(client: Client, words: str) -> tuple[int, str]:
    """Search; return status and text of the page."""
    answer = client.get("/search/", {"q": words})
    return answer.status_code, answer.content.decode()


def results(text: str) -> list[str]:
    """Return the records the page links to, in order."""
    return re.findall(r'href="/signals/([0-9a-f-]{36})/"', text)


def test_names_are_found_without_accents_from_their_beginning(node: TestNode) -> None:
    """By name, by two surnames in any order, by the first digits of the MMSI; newest first."""
    old = raise_signal(node, name="Peñón Quishpe Águila")
    new = raise_signal(node, hour=1, name="Peñasco")
    ready()
    client = someone(node, Role.ANALYST)
    assert results(page(client, "penon")[1]) == [old]
    assert results(page(client, "aguila QUISHPE")[1]) == [old]
    assert results(page(client, "peñ")[1]) == results(page(client, "1000")[1]) == [new, old]
    status, text = page(client, "penasco aguila")
    assert (status, results(text)) == (200, [])
    assert "No record matches all these words" in text
    assert "maritime.gap/1" in page(client, "penon")[1]
    assert "2 records match." in page(client, "pen")[1]


def test_more_than_fifty_are_counted(node: TestNode) -> None:
    """The newest fifty, and how many there are."""
    for hour in range(52):
        raise_signal(node, hour=hour)
    ready()
    text = page(someone(node, Role.ANALYST), "caleta")[1]
    assert len(results(text)) == 50
    assert "The newest 50 of 52 records" in text


def test_what_was_deleted_is_not_found(node: TestNode) -> None:
    """Not even by a search that comes first after the deletion."""
    record = raise_signal(node, name="Gaviota Parda")
    ready()
    client = someone(node, Role.ANALYST)
    assert results(page(client, "gaviota")[1]) == [record]
    delete(node.store, record)
    assert results(page(client, "gaviota")[1]) == []


def test_what_another_process_writes_is_found(node: TestNode) -> None:
    """The index follows the history, whoever wrote it."""
    ready()
    client = someone(node, Role.ANALYST)
    assert results(page(client, "gaviota")[1]) == []
    told = subprocess.run(
        [sys.executable, "-c", ANOTHER, str(node.node.folder)], check=True, capture_output=True, text=True, cwd=ROOT
    )
    assert results(page(client, "gaviota")[1]) == [told.stdout.strip()]


def test_hostile_text_is_only_text(node: TestNode) -> None:
    """Neither what is searched nor what is found becomes markup."""
    raise_signal(node, name="Caleta " + SCRIPT)
    ready()
    status, text = page(someone(node, Role.ANALYST), f"caleta{SCRIPT}\"'")
    assert status == 200
    assert "<script>window" not in text
    assert "&lt;script&gt;window" in text


def test_a_search_is_written_down_without_its_words(node: TestNode) -> None:
    """Who, why, how many; no word and no hash of one."""
    raise_signal(node, name="Gaviota Parda")
    ready()
    client = someone(node, Role.ANALYST)
    before = len(node.store.entries)
    page(client, "gaviota")
    entry = node.store.entries[-1]
    assert len(node.store.entries) == before + 1
    assert (entry.act, entry.purpose, entry.legal_basis) == ("record.search", "counter-narcotics", "art. 12")
    assert entry.facts == {"found": 1, "shown": 1}
    assert entry.touched == ()
    page(client, "   ")
    assert len(node.store.entries) == before + 1


def test_only_whoever_may_open_records_may_search(node: TestNode) -> None:
    """Oversight is refused, sees no box, and nothing is written; without a mandate one is asked for it."""
    raise_signal(node)
    ready()
    for role in (Role.OVERSIGHT, Role.ADMINISTRATOR):
        client = someone(node, role)
        before = len(node.store.entries)
        status, text = page(client, "caleta")
        assert (status, results(text)) == (403, [])
        assert "may not search records" in text
        assert 'name="q"' not in text
        assert len(node.store.entries) == before
    answer = someone(node, Role.ANALYST, mandate=False).get("/search/", {"q": "caleta"})
    assert answer.status_code == 302
    assert answer["Location"] == "/mandate/?next=%2Fsearch%2F%3Fq%3Dcaleta"


def test_before_the_names_are_read_a_search_says_so(node: TestNode) -> None:
    """503 in the reader's language, and nothing written; then the job has read them."""
    from ayni.node.running import running

    record = raise_signal(node)
    client = someone(node, Role.ANALYST, language="es")
    before = len(node.store.entries)
    status, text = page(client, "caleta")
    assert status == 503
    assert "todavía no se puede buscar" in text
    assert len(node.store.entries) == before
    stop = threading.Event()
    job = threading.Thread(target=running().names.keep, args=(stop,))
    job.start()
    until = time.monotonic() + 30
    while page(client, "caleta")[0] == 503 and time.monotonic() < until:
        pass
    stop.set()
    job.join()
    assert results(page(client, "caleta")[1]) == [record]


def test_every_kind_of_record_is_found(node: TestNode) -> None:
    """A task by what it asks, an outcome by its words; each under its own address."""
    from tests.pages import live

    lived = live(node, signals=3)
    ready()
    client = someone(node, Role.COORDINATOR)
    assert f'href="{lived.pages["coordinator"][1]}"' in page(client, "identify vessel")[1]
    assert f'href="{lived.pages["coordinator"][4]}"' in page(client, "fishing gear")[1]


def test_programs_search_with_a_mandate(node: TestNode) -> None:
    """403 without one; with one, headers and a count; an empty question is refused."""
    record = raise_signal(node, name="Gaviota Parda")
    ready()
    client = someone(node, Role.LIAISON, mandate=False)
    assert client.get("/api/v1/search", {"q": "gaviota"}).status_code == 403
    why = {"Ayni-Purpose": "counter-narcotics", "Ayni-Legal-Basis": "art.%2012"}
    answer = client.get("/api/v1/search", {"q": "gaviota", "limit": "1"}, headers=why)
    assert answer.status_code == 200
    assert [item["id"] for item in answer.json()["items"]] == [record]
    assert answer.json()["total"] == 1
    assert "Parda" not in answer.content.decode()
    assert client.get("/api/v1/search", {"q": ""}, headers=why).status_code == 422
    oversight = someone(node, Role.OVERSIGHT, mandate=False)
    assert oversight.get("/api/v1/search", {"q": "gaviota"}, headers=why).status_code == 403
