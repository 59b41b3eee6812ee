"""Where no line holds: a courier carries the same envelopes, or a node that nobody reaches fetches for itself."""

from __future__ import annotations

from pathlib import Path

import pytest

from ayni.errors import EnvelopeError, NotEntitledError
from ayni.exchange.holdings import HELD, exposures
from ayni.model.store import Query
from tests.exchange.posts import ANA, LIA, UNDER, Post, give, two_posts
from tests.exchange.test_over_the_line import answers, signals_at
from tests.node.test_serving import serving

DELIVERED, REFUSED = "delivered", "refused"


@pytest.fixture
def posts(tmp_path: Path) -> tuple[Post, Post]:
    """Two nodes under an agreement; the first is behind a router, so that nobody reaches it."""
    return two_posts(tmp_path, reachable=False)


def write(post: Post, to: Post, path: Path) -> tuple[int, int]:
    """Write a courier file; return how many messages and receipts it holds."""
    with post.open() as exchange:
        from ayni.node.couriers import write_file

        written = write_file(exchange, to.node, path, by=LIA, under=UNDER)
    return written.messages, written.receipts


def read(post: Post, path: Path) -> tuple[int, int, int, int]:
    """Read a courier file; return accepted, repeated, turned away, and how many of ours were delivered."""
    with post.open() as exchange:
        from ayni.node.couriers import read_file

        brought = read_file(exchange, path, by=LIA, under=UNDER)
    return brought.accepted, brought.repeated, brought.turned_away, brought.delivered


def state(post: Post) -> tuple[int, int]:
    """Return how many entries and signals a node has."""
    with post.open() as exchange, exchange.node.store.work() as work:
        return len(exchange.node.store.entries), len(work.find(Query(kind="signal", limit=1000)))


def test_there_and_back_by_courier(posts: tuple[Post, Post], tmp_path: Path) -> None:
    """Forty records go on a stick, receipts come back on it; each arrives once, however often it is read."""
    one, two = posts
    with one.open() as exchange:
        for number in range(40):
            give(exchange, two.node, number)
    with two.open() as exchange:
        give(exchange, one.node, 50)
    there, back = tmp_path / "there", tmp_path / "back"
    assert write(one, two, there) == (40, 0)
    assert read(two, there) == (40, 0, 0, 0)
    assert len(signals_at(two)) == 40
    assert read(two, there) == (0, 40, 0, 0), "read again by mistake"
    assert len(signals_at(two)) == 40
    assert write(two, one, back) == (1, 4), "its own message travels with the receipts"
    assert read(one, back) == (1, 0, 0, 40)
    assert read(one, back) == (0, 1, 0, 0)
    with one.open() as exchange, exchange.node.store.work() as work:
        assert len(exposures(work, partner=two.node, states=(HELD,))) == 40
        assert exchange.outbox.counts() == {(two.node, DELIVERED): 40}
    assert write(one, two, there) == (0, 2), "nothing waits any more; the receipts go back"
    assert read(two, there) == (0, 0, 0, 1)
    assert read(one, back) == (0, 1, 0, 0)


def test_a_file_that_is_not_whole_changes_nothing(posts: tuple[Post, Post], tmp_path: Path) -> None:
    """Cut short, one bit changed, for another node, of a stranger: refused with a sentence, nothing taken in."""
    one, two = posts
    with one.open() as exchange:
        give(exchange, two.node, 1)
        give(exchange, two.node, 2)
    there, wrong = tmp_path / "there", tmp_path / "wrong"
    write(one, two, there)
    data = there.read_bytes()
    before = state(two)
    flipped = bytearray(data)
    flipped[-100] ^= 1
    for bad in (data[:-1], data[:40], bytes(flipped), data + b"x", b"", b"ayni-courier/1\n99999999999\n"):
        wrong.write_bytes(bad)
        with pytest.raises(EnvelopeError):
            read(two, wrong)
    with pytest.raises(EnvelopeError, match=f"it is for {two.node}"):
        read(one, there)
    stranger = Post.make(tmp_path, "xc-exercise")
    with pytest.raises(EnvelopeError, match="believed"):
        read(stranger, there)
    assert state(two) == before
    assert read(two, there)[0] == 2, "the whole file is still good"


def test_carried_and_sent_at_once(posts: tuple[Post, Post], tmp_path: Path) -> None:
    """A file is on its way when the line comes back: what arrives twice is done once, and every receipt fits."""
    one, two = posts
    with one.open() as exchange:
        for number in range(3):
            give(exchange, two.node, number)
    there, back = tmp_path / "there", tmp_path / "back"
    write(one, two, there)
    with one.open() as exchange:
        give(exchange, two.node, 3)
    with serving(two.folder), one.open() as exchange:
        answers(two)
        (turn,) = exchange.send(now=True)
        assert (turn.delivered, turn.error) == (4, "")
    assert read(two, there) == (0, 3, 0, 0)
    assert write(two, one, back) == (0, 1)
    assert read(one, back) == (0, 0, 0, 0), "they were settled by the line"
    assert len(signals_at(two)) == 4


def test_only_who_may_carries(posts: tuple[Post, Post], tmp_path: Path) -> None:
    """An analyst neither takes a file out nor brings one in; nothing is written."""
    one, two = posts
    path = tmp_path / "there"
    with one.open() as exchange:
        from ayni.node.couriers import read_file, write_file

        give(exchange, two.node)
        with pytest.raises(NotEntitledError):
            write_file(exchange, two.node, path, by=ANA, under=UNDER)
        assert not list(tmp_path.glob("*there*"))
        write_file(exchange, two.node, path, by=LIA, under=UNDER)
        assert exchange.node.store.entries[-1].act == "exchange.courier_write"
    with two.open() as exchange:
        with pytest.raises(NotEntitledError):
            read_file(exchange, path, by=ANA, under=UNDER)
        assert not exchange.node.store.entries[-1].act.startswith("exchange")


def test_a_node_that_nobody_reaches_fetches(posts: tuple[Post, Post]) -> None:
    """What waits at the partner is fetched, receipted there, and fetched once; its own goes by line as always."""
    one, two = posts
    with two.open() as exchange:
        for number in range(40):
            give(exchange, one.node, number)
        assert not exchange.send(now=True), "there is nowhere to send it to"
    with one.open() as exchange:
        give(exchange, two.node, 77)
    with serving(two.folder), one.open() as exchange:
        from ayni.node.fetching import fetch

        answers(two)
        fetched = fetch(exchange, two.node)
        assert (fetched.accepted, fetched.refused, fetched.error) == (40, 0, "")
        fetched = fetch(exchange, two.node)
        assert (fetched.accepted, fetched.repeated, fetched.error) == (0, 0, "")
        (turn,) = exchange.send(now=True)
        assert (turn.delivered, turn.error) == (1, "")
    assert len(signals_at(one)) == 40
    with two.open() as exchange:
        assert exchange.outbox.counts() == {(one.node, DELIVERED): 40}
        assert exchange.outbox.line(one.node).reached_at


def test_a_receipt_that_was_lost_is_given_again(posts: tuple[Post, Post]) -> None:
    """The envelopes came, the receipt did not get back: the same bytes come again, and nothing is done twice."""
    one, two = posts
    with two.open() as partner:
        for number in range(3):
            give(partner, one.node, number)
        from ayni.node.fetching import hand_out, settle

        ready = hand_out(partner, one.node)
        assert ready
    with one.open() as exchange:
        exchange.take(two.node, [row.envelope for row in ready])
        items, receipt = exchange.take(two.node, [row.envelope for row in ready])
        assert [item.outcome.value for item in items] == ["repeated"] * 3
    with two.open() as partner:
        again = hand_out(partner, one.node)
        assert again == ready
        with pytest.raises(EnvelopeError):
            settle(partner, two.node, receipt)
        assert settle(partner, one.node, receipt)
        assert settle(partner, one.node, receipt), "and once more changes nothing"
        assert hand_out(partner, one.node) == []
        assert REFUSED not in {key[1] for key in partner.outbox.counts()}


def test_asking_has_its_rounds(posts: tuple[Post, Post]) -> None:
    """Who is to ask asks each partner as often as settings say, and waits when a line has failed."""
    one, two = posts
    with one.open() as exchange:
        from ayni.node.fetching import Rounds, fetch

        at = [0.0]
        rounds = Rounds(every_s=30, steady=lambda: at[0])
        assert list(rounds.due(exchange)) == [two.node]
        assert not rounds.due(exchange)
        at[0] = 30.0
        assert list(rounds.due(exchange)) == [two.node]
        assert fetch(exchange, two.node).error, "nobody answers"
        line = exchange.outbox.line(two.node)
        line.next_at += 3_600_000_000
        exchange.outbox.keep_line(line)
        at[0] = 90.0
        assert not rounds.due(exchange)
        assert not Rounds(every_s=0).due(exchange)
