"""Over HTTPS with pinned certificates, between two nodes on disk."""

from __future__ import annotations

import ssl
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, cast

import pytest

from ayni.agreements.life_cycle import find
from ayni.agreements.standing import Agreement
from ayni.agreements.vocabulary import State
from ayni.exchange.asking import PATH
from ayni.exchange.asking import ask as ask_as
from ayni.exchange.holdings import HELD, exposures
from ayni.model.act import acting
from ayni.model.record import next_version
from ayni.model.store import Query
from ayni.node.doors import house_of
from ayni.node.lines import Line
from tests.exchange.posts import LIA, UNDER, Post, a_record, give, two_posts
from tests.exchange.two_nodes import AGREED
from tests.node.test_serving import ask, serving

if TYPE_CHECKING:
    from ayni.node.exchange import Exchange


@pytest.fixture(scope="module")
def posts(tmp_path_factory: pytest.TempPathFactory) -> tuple[Post, Post]:
    """Return two nodes that have pinned one another and hold an agreement in force."""
    return two_posts(tmp_path_factory.mktemp("posts"))


def answers(post: Post) -> None:
    """Wait until a node that is being served answers."""
    context = ssl.create_default_context(cafile=str(post.folder / "tls" / "tls.crt"))
    with ask(f"{post.address}/sign-in/", context):
        pass


def signals_at(post: Post) -> list[str]:
    """Return the ids of signals in a node's records that came from elsewhere."""
    with post.open() as exchange, exchange.node.store.work() as work:
        return [one.id for one in work.find(Query(kind="signal", limit=1000)) if one.originator != post.node]


def test_a_weak_line_and_then_everything_arrives(posts: tuple[Post, Post]) -> None:
    """Nobody answers: the pause grows. Then the partner is there: each record once, in order, receipted."""
    one, two = posts
    with one.open() as exchange:
        messages = [give(exchange, two.node, number).message for number in range(40)]
        (turn,) = exchange.send()
        assert (turn.delivered, bool(turn.error)) == (0, True)
        line = exchange.outbox.line(two.node)
        assert line.attempts == 1
        line.next_at += 3_600_000_000
        exchange.outbox.keep_line(line)
        assert not exchange.send(), "its pause is not over"
        ready = [row.envelope for row in exchange.outbox.ready(two.node)]
    with serving(two.folder), one.open() as exchange:
        answers(two)
        assert [row.envelope for row in exchange.outbox.ready(two.node)] == ready, "a retry sends the same bytes"
        (turn,) = exchange.send(now=True)
        assert (turn.sent, turn.delivered, turn.refused, turn.error) == (40, 40, 0, "")
        assert not exchange.outbox.partners()
        assert exchange.outbox.line(two.node).attempts == 0
        assert {told.id for told in exchange.outbox.told(states=("delivered",))} == set(messages)
        with exchange.node.store.work() as work:
            assert len(exposures(work, partner=two.node, states=(HELD,))) == 40
    arrived = signals_at(two)
    assert len(set(arrived)) == len(arrived) == 40


def test_control_overtakes_what_was_packed_before_it(tmp_path: Path) -> None:
    """Forty records lie packed when one of them is recalled: the recall is the first thing that leaves."""
    one, two = two_posts(tmp_path)
    with one.open() as exchange:
        from ayni.exchange.recall import URGENT, recall

        shared = [give(exchange, two.node, number) for number in range(40)]
        first = exchange.prepare(two.node)
        assert [row.id for row in first] == [each.message for each in shared[:32]]
        with exchange.node.store.work() as work:
            record = str(getattr(work.get(shared[39].exposure).body, "record"))  # noqa: B009 -- the body is an object here
            recall(
                record,
                why="EXERCISE",
                answer_within=URGENT,
                by=LIA,
                under=UNDER,
                work=work,
                house=house_of(exchange.node.settings),
                identity=exchange.identity,
            )
            work.commit()
        then = exchange.prepare(two.node)
        assert then[0].stream.startswith("control")
        assert [row.id for row in then[1:]] == [row.id for row in first[:31]]


def test_who_is_not_known_is_turned_away(posts: tuple[Post, Post]) -> None:
    """Without a word of its own, with another's, for another request, or too large: nothing is opened."""
    one, two = posts
    with serving(two.folder), one.open() as exchange:
        answers(two)
        line = Line(address=two.address, certificate=(two.folder / "tls" / "tls.crt").read_text("ascii"))
        path, now = f"{PATH}/envelopes", exchange.node.clock()
        assert _status(line, path, b"x", "") == 401
        good = ask_as(exchange.identity, two.node, "POST", path, b"x", now)
        assert _status(line, path, b"y", good) == 401
        assert _status(line, path, b"x", ask_as(exchange.identity, "xc-exercise", "POST", path, b"x", now)) == 401
        assert _status(line, path, b"x", good) == 400
        huge = bytes(9 << 20)
        assert _status(line, path, huge, ask_as(exchange.identity, two.node, "POST", path, huge, now)) == 413
        line.close()


def _status(line: Line, path: str, body: bytes, authorization: str) -> int:
    return line.ask("POST", path, body, headers={"Authorization": authorization}, longest=1 << 20).status


def test_what_its_agreement_no_longer_permits_is_held_back(posts: tuple[Post, Post]) -> None:
    """The officer shared it, and before it left the agreement was suspended: it does not leave."""
    one, two = posts
    with one.open() as exchange:
        shared = give(exchange, two.node, 77)
        _stand(exchange, "suspended")
        assert not exchange.prepare(two.node)
        (told,) = exchange.outbox.told(states=("withdrawn",))
        assert told.id == shared.message
        assert told.reasons[0].facts["agreement"] == "XA-XB-1"
        _stand(exchange, "in-force")
        assert a_record(exchange, 78)


def _stand(exchange: Exchange, state: str) -> None:
    with exchange.node.store.work() as work:
        with acting(AGREED, by=LIA, under=UNDER, work=work) as acts:
            record = find("XA-XB-1", work)
            body = replace(cast("Agreement", record.body), state=State(state))
            acts.put(next_version(record, body, now=acts.now, state=state), replacing=record.header.version)
        work.commit()
