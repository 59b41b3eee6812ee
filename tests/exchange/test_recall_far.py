"""A recall over three hops between nodes on disk: every holder proves, and not a byte is left at any of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from ayni.agreements.drafting import new_text
from ayni.agreements.text import Party
from ayni.casework.raising import raise_signals
from ayni.errors import UnknownError
from ayni.exchange.consent import Onward, give
from ayni.exchange.holdings import holding_of
from ayni.exchange.recall import URGENT, Stand, Tree, recall, tree
from ayni.exchange.recall_records import answer_in, answers_on
from ayni.exchange.recall_words import Told, read_answer
from ayni.exchange.sharing import Terms, share
from ayni.model.entity import Entity
from ayni.node.backup import backup, restore
from ayni.node.doors import house_of
from ayni.node.jobs import sweep
from ayni.node.opening import open_node
from ayni.node.reconcile import reconcile
from tests.exchange.posts import ANA, LIA, UNDER, Post
from tests.exchange.test_onward import REGION
from tests.exchange.test_recall_on_disk import ADM, carry, remains
from tests.node.test_canary import CANARY, forms, places
from tests.people import a_signal

if TYPE_CHECKING:
    from ayni.node.exchange import Exchange

REGIONAL = "R-9"
Ways = Mapping[str, Sequence[str]]
"""From each node to those to whom it passes the record on, in order."""
CHAIN: Ways = {"xa": ("xb",), "xb": ("xc",), "xc": ("xd",)}
TWELVE: Ways = {
    "xa": ("xb", "xc", "xd"),
    "xb": ("xe", "xf"),
    "xc": ("xg",),
    "xd": ("xh",),
    "xe": ("xi", "xj"),
    "xg": ("xk", "xl"),
}


@dataclass(frozen=True, slots=True)
class Net:
    """Open nodes, and how a record goes among them."""

    ways: Ways
    nodes: Mapping[str, Exchange]

    @property
    def first(self) -> Exchange:
        """The originator."""
        return self.nodes["xa"]

    @property
    def holders(self) -> list[Exchange]:
        """All others."""
        return [node for name, node in self.nodes.items() if name != "xa"]

    def edges(self) -> Iterator[tuple[str, str]]:
        """Yield every hop, the nearest first."""
        for via, onward in self.ways.items():
            for to in onward:
                yield via, to

    def settle(self) -> None:
        """Carry everything everywhere until nothing waits."""
        while sum(carry(self.nodes[via], self.nodes[to]) for via, to in self.edges()):
            pass

    def spread(self, record: str) -> None:
        """Pass a record along every way, each hop after the first with the originator's consent."""
        for via, to in self.edges():
            if via != "xa":
                self._consents(record, via, to)
                carry(self.first, self.nodes[via])
            with self.nodes[via].node.store.work() as work:
                share(
                    record,
                    self.name(to),
                    terms=Terms(agreement=REGIONAL),
                    by=LIA,
                    under=UNDER,
                    work=work,
                    house=house_of(self.nodes[via].node.settings),
                    book=self.nodes[via].book(),
                )
                work.commit()
            carry(self.nodes[via], self.nodes[to])

    def name(self, node: str) -> str:
        """Return the id of a node."""
        return self.nodes[node].node.settings.node.id

    def _consents(self, record: str, via: str, to: str) -> None:
        until = datetime.now(UTC) + timedelta(days=30)
        with self.first.node.store.work() as work:
            give(
                record,
                Onward(via=self.name(via), to=self.name(to), until=until, agreement=REGIONAL),
                by=LIA,
                under=UNDER,
                work=work,
                house=house_of(self.first.node.settings),
                book=self.first.book(),
                identity=self.first.identity,
            )
            work.commit()


@contextmanager
def net(folder: Path, ways: Ways) -> Iterator[Net]:
    """Make nodes under one regional agreement: each knows its neighbours and the originator."""
    names = sorted({*ways, *(to for onward in ways.values() for to in onward)})
    posts = {name: Post.make(folder, f"{name}-exercise") for name in names}
    pairs = {tuple(sorted((via, to))) for via, onward in ways.items() for to in onward}
    for one, other in sorted(pairs | {("xa", name) for name in names[1:]}):
        posts[one].pins(posts[other])
        posts[other].pins(posts[one])
    parties = [Party(id=post.node, name=post.node, country="EC") for post in posts.values()]
    text = new_text("regional-multilateral", agreement=REGIONAL, parties=parties, starts_on=datetime.now(UTC).date())
    with ExitStack() as stack:
        for post in posts.values():
            post.holds(text)
        yield Net(ways, {name: stack.enter_context(post.open()) for name, post in posts.items()})


def a_record(exchange: Exchange) -> str:
    """Raise a signal whose vessel bears the canary's name, and which may be passed on."""
    vessel = Entity(id="v", schema="Vessel", properties={"mmsi": ("799000001",), "name": (CANARY,)})
    named = replace(a_signal(), subjects=(vessel,), handling=REGION)
    node = exchange.node
    with node.store.work() as work:
        raised = raise_signals([named], house=house_of(node.settings), by=ANA, under=UNDER, work=work)
        work.commit()
    return raised.new[0]


def take_back(exchange: Exchange, record: str) -> None:
    """Recall it."""
    with exchange.node.store.work() as work:
        recall(
            record,
            why="The vessel was mistaken for another.",
            answer_within=URGENT,
            by=LIA,
            under=UNDER,
            work=work,
            house=house_of(exchange.node.settings),
            identity=exchange.identity,
        )
        work.commit()


def tree_of(exchange: Exchange, record: str) -> Tree:
    """Return who has proven what."""
    with exchange.node.store.work() as work:
        found = tree(record, by=LIA, under=UNDER, work=work)
        work.commit()
    return found


@pytest.mark.parametrize(
    "ways", [pytest.param(CHAIN, id="4 nodes"), pytest.param(TWELVE, id="12 nodes", marks=pytest.mark.long)]
)
def test_a_recall_over_three_hops_leaves_nothing_anywhere(tmp_path: Path, ways: Ways) -> None:
    """All receipts verify with public keys alone; neither database, log, index nor backup holds a byte of it."""
    from ayni.node.recalls import Recalls

    with net(tmp_path, ways) as world:
        record = a_record(world.first)
        world.spread(record)
        traces = dict[str, list[bytes]]()
        for holder in world.holders:
            node = holder.node
            with node.store.work() as work:
                holding = holding_of(work, record)
            assert holding is not None
            traces[node.settings.node.id] = [*remains(node, record), *remains(node, holding.header.id)]
            place = tmp_path / f"{node.settings.node.id}-old"
            backup(node, data=place / "data", keys=place / "keys")
            assert places(traces[node.settings.node.id], node.folder) == ["records.keys"]
        take_back(world.first, record)
        world.settle()
        for holder in world.holders:
            assert Recalls(holder).step() == 1
        world.settle()
        found = tree_of(world.first, record)
        assert found.counts[Stand.PROVEN] == len(found.holders) == len(world.holders)
        known = {node.identity.node: node.identity.public for node in world.nodes.values()}
        with world.first.node.store.work() as work:
            kept = [answer_in(one) for one in answers_on(work, record)]
        heard = [read_answer(Told(answer=one.answer, proof=one.proof), known) for one in kept]
        assert {answer.holder for answer, proof in heard if proof is not None} == set(known) - {world.name("xa")}
        for holder in world.holders:
            _nothing_left(holder, record, traces[holder.node.settings.node.id], tmp_path, world.name("xa"))


def _nothing_left(holder: Exchange, record: str, traces: list[bytes], folder: Path, originator: str) -> None:
    node = holder.node
    place = folder / f"{node.settings.node.id}-old"
    sweep(node)
    assert places([*traces, *forms(CANARY)], node.folder, place / "data") == []
    backup(node, data=place / "newer", keys=place / "keys")
    assert places([*traces, *forms(CANARY)], node.folder, place) == []
    again = place.with_name(f"{node.settings.node.id}-again")
    restore(again, data=place / "data", keys=place / "keys")
    with open_node(again) as opened:
        reconcile(opened, tombstones=[], asked=[originator], by=ADM, under=UNDER)
        with opened.store.work() as work, pytest.raises(UnknownError):
            work.get(record)
