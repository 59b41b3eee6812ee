"""Two nodes witness one another over HTTPS with pinned certificates; a forked copy of one is found out."""

from __future__ import annotations

import shutil
import ssl
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.db import connections

from ayni.exchange import key_acts, partners
from ayni.exchange.key_events import EventKind
from ayni.exchange.pins import Pin
from ayni.ledger.checkpoint import SignedCheckpoint
from ayni.ledger.witnessing import Outcome
from ayni.model.act import acting
from ayni.model.officer import Officer, Role
from ayni.node.certificate import ensure_certificate
from ayni.node.creating import create_node
from ayni.node.doors import house_of
from ayni.node.opening import OpenNode, open_node
from ayni.node.own_keys import confirm, own_keys
from ayni.node.partners import own_card, pinned_partners
from ayni.node.serving import _free_port
from ayni.node.status import status_of
from ayni.node.witnesses import HttpsDoor, alarms, ask_witnesses, our_witness, witnessed_ledger
from ayni.toolkit.phrases import render
from tests.node.stores import KEEP, MANDATE, OFFICER, a_record
from tests.node.test_serving import ask, serving

ADA = Officer(id="ada", name="Ada", roles=frozenset({Role.ADMINISTRATOR}))
LIA = Officer(id="lia", name="Lia", roles=frozenset({Role.LIAISON}))
SETTINGS = """
[node]
id = "{node}"
name = "Estación {node}"
country = "{country}"
[serve]
listen = "127.0.0.1:{port}"
tls_certificate = "tls/tls.crt"
tls_key = "tls/tls.key"
"""


class Post:
    """A node's folder, what it hands over, and its fingerprint on paper."""

    def __init__(self, folder: Path, node: str) -> None:
        self.folder, self.node, port = folder / node, node, _free_port("127.0.0.1")
        self.address = f"https://127.0.0.1:{port}"
        create_node(
            self.folder,
            name="",
            country="",
            settings=SETTINGS.format(node=node, country=node[:2].upper(), port=port),
        )
        ensure_certificate(self.folder / "tls", name=node, hosts=(), now=datetime.now(UTC))
        with open_node(self.folder) as opened:
            with opened.store.work() as work:
                house = house_of(opened.settings)
                key_acts.propose(EventKind.BEGIN, reason="exercise", by=ADA, under=MANDATE, work=work, house=house)
                work.commit()
            confirm(opened, EventKind.BEGIN, by=LIA, under=MANDATE)
            self.card = own_card(opened, self.address)
            self.paper = Pin.of(own_keys(opened).first).groups

    def pins(self, other: Post) -> None:
        """Two officers compare the other's fingerprint with paper."""
        with open_node(self.folder) as opened:
            house = house_of(opened.settings)
            for by in (ADA, LIA):
                with opened.store.work() as work:
                    if by is ADA:
                        partners.add(other.card, by=by, under=MANDATE, work=work, house=house)
                    work.commit()
                with opened.store.work() as work:
                    partners.pin(other.node, other.paper, by=by, under=MANDATE, work=work, house=house)
                    work.commit()


def asks(folder: Path) -> list[Outcome]:
    """Let a node keep one more record, sign its ledger and ask its partners."""
    with open_node(folder) as node:
        act(node)
        ledger = witnessed_ledger(node)
        ledger.step()
        ledger.sequencer.sign_now()
        return [heard.outcome for heard in ask_witnesses(node)]


def act(node: OpenNode) -> None:
    """Keep one record: one act, one entry."""
    with node.store.work() as work:
        with acting(KEEP, by=OFFICER, under=MANDATE, work=work) as acts:
            acts.put(a_record(), replacing=None)
        work.commit()


@pytest.fixture
def posts(tmp_path: Path) -> tuple[Post, Post]:
    """Return two nodes that have pinned one another."""
    one, two = Post(tmp_path, "ec-uno"), Post(tmp_path, "pe-dos")
    one.pins(two)
    two.pins(one)
    return one, two


def wakes(post: Post) -> None:
    """Wait until a served node answers."""
    context = ssl.create_default_context(cafile=str(post.folder / "tls" / "tls.crt"))
    with ask(f"{post.address}/sign-in/", context):
        pass


def test_two_nodes_witness_one_another_and_find_a_fork(posts: tuple[Post, Post], tmp_path: Path) -> None:
    """Each cosigns the other's ledger; the copy of one that went on by itself is refused and signs no more."""
    one, two = posts
    assert asks(one.folder) == [Outcome.UNREACHABLE]
    with ExitStack() as stack:
        for post in posts:
            stack.enter_context(serving(post.folder))
        for post in posts:
            context = ssl.create_default_context(cafile=str(post.folder / "tls" / "tls.crt"))
            with ask(f"{post.address}/sign-in/", context):
                pass
        assert asks(one.folder) == [Outcome.COSIGNED]
        assert asks(two.folder) == [Outcome.COSIGNED]
        with open_node(one.folder) as node:
            note = witnessed_ledger(node).log.checkpoints()[-1]
            names = {line.name for line in SignedCheckpoint.parse(note).signatures}
            assert names == {"ec-uno/ledger", "pe-dos/witness"}
            assert ask_witnesses(node) == []
            assert alarms(node) == []
        shutil.copytree(one.folder, tmp_path / "copy")
        assert asks(one.folder) == [Outcome.COSIGNED]
        assert asks(tmp_path / "copy") == [Outcome.FORK]
        with open_node(tmp_path / "copy") as node:
            assert any("contradicts this ledger" in render(alarm).text for alarm in status_of(node).alarms)
            assert ask_witnesses(node) == []
        with open_node(two.folder) as node:
            assert any("ec-uno showed" in render(alarm).text for alarm in status_of(node).alarms)


def test_a_ledger_cut_short_in_its_database_is_shown_at_once(posts: tuple[Post, Post]) -> None:
    """It still knows that its partner saw more; that is a reason to ask, and not to wait for an hour."""
    one, two = posts
    with serving(two.folder):
        wakes(two)
        assert asks(one.folder) == [Outcome.COSIGNED]
        with open_node(one.folder) as node:
            ledger = witnessed_ledger(node)
            with connections[node.alias].cursor() as cursor:
                cursor.execute("DELETE FROM ayni_entry WHERE seq = (SELECT max(seq) FROM ayni_entry)")
                cursor.execute("DELETE FROM ayni_checkpoint")
            ledger.sequencer.sign_now()
            assert [heard.outcome for heard in ask_witnesses(node)] == [Outcome.ROLLBACK]
            said = [render(alarm).text for alarm in status_of(node).alarms]
            assert any("it was restored or cut short" in text for text in said)


def test_only_the_pinned_certificate_and_pinned_logs_count(posts: tuple[Post, Post]) -> None:
    """Another certificate on the line is no answer; a log of nobody's is not found; nonsense is refused."""
    one, two = posts
    with serving(two.folder):
        wakes(two)
        pem = (two.folder / "tls" / "tls.crt").read_text(encoding="ascii")
        door = HttpsDoor(address=two.address, certificate=pem)
        assert door.show("br-tres/ledger").status == 404
        assert door.add_checkpoint(b"nonsense").status == 400
        other = HttpsDoor(
            address=two.address, certificate=(one.folder / "tls" / "tls.crt").read_text(encoding="ascii")
        )
        with pytest.raises(OSError, match="certificate"):
            other.show("ec-uno/ledger")


def test_a_day_of_silence_is_an_alarm(posts: tuple[Post, Post]) -> None:
    """Not before; a partner just pinned is given that day."""
    one, _ = posts
    asks(one.folder)
    with open_node(one.folder) as node:
        assert alarms(node) == []
        assert our_witness(node).quiet() == {"pe-dos/ledger": None}
        assert "pe-dos" in pinned_partners(node)
        later = node.clock() + timedelta(hours=25)
        said = [heard.says for heard in alarms(replace(node, clock=lambda: later))]  # type: ignore[arg-type]  # a clock is called
    assert said == [
        "{partner} has not witnessed our ledger since {since:instant}",
        "no checkpoint of {partner} has reached us yet",
    ]
