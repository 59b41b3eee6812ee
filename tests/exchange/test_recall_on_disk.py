"""A recall between nodes on disk: forced checkpoint, proof, and not a byte of the key left anywhere."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from ayni.casework.raising import raise_signals
from ayni.errors import UnknownError
from ayni.exchange.holdings import exposures, holding_of
from ayni.exchange.recall import URGENT, Stand, recall, tree
from ayni.exchange.recall_records import SENT, answer_in, answers_on, recall_of
from ayni.exchange.recall_words import Told, read_answer
from ayni.exchange.sharing import Terms, share
from ayni.model.entity import Entity
from ayni.model.officer import Officer, Role
from ayni.node.backup import backup, restore
from ayni.node.doors import house_of
from ayni.node.jobs import sweep
from ayni.node.key_ring import NAME, STAMP, slot_name
from ayni.node.opening import OpenNode, open_node
from ayni.node.reconcile import reconcile
from tests.exchange.posts import ANA, BETWEEN, LIA, UNDER, two_posts
from tests.node.test_canary import CANARY, forms, places
from tests.people import a_signal

if TYPE_CHECKING:
    from ayni.node.exchange import Exchange

ADM = Officer(id="ada", name="Ada", roles=frozenset({Role.ADMINISTRATOR}))


@pytest.fixture
def pair(tmp_path: Path) -> Iterator[tuple[Exchange, Exchange]]:
    """Return two open nodes that hold an agreement."""
    one, two = two_posts(tmp_path)
    with one.open() as first, two.open() as second:
        yield first, second


def carry(sender: Exchange, receiver: Exchange) -> int:
    """Hand over what waits, once in each direction, until nothing does; return how many envelopes."""
    moved = 0
    for one, other in ((sender, receiver), (receiver, sender)) * 2:
        to = other.node.settings.node.id
        while ready := one.prepare(to):
            receipt = other.receive(one.node.settings.node.id, [row.envelope for row in ready])
            one.believe(to, receipt, {row.id: row.sha256 for row in ready}, one.officer())
            moved += len(ready)
    return moved


def a_suspicious_record(exchange: Exchange) -> str:
    """Raise a signal whose vessel bears the canary's name."""
    signal = a_signal()
    vessel = Entity(id="v", schema="Vessel", properties={"mmsi": ("799000001",), "name": (CANARY,)})
    node = exchange.node
    with node.store.work() as work:
        named = replace(signal, subjects=(vessel,))
        raised = raise_signals([named], house=house_of(node.settings), by=ANA, under=UNDER, work=work)
        work.commit()
    return raised.new[0]


def give(exchange: Exchange, record: str, to: str) -> None:
    """Share it."""
    with exchange.node.store.work() as work:
        share(
            record,
            to,
            terms=Terms(agreement=BETWEEN),
            by=LIA,
            under=UNDER,
            work=work,
            house=house_of(exchange.node.settings),
            book=exchange.book(),
        )
        work.commit()


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


def stand(exchange: Exchange, record: str) -> Stand:
    """Return how the only holder stands."""
    with exchange.node.store.work() as work:
        found = tree(record, by=LIA, under=UNDER, work=work)
        work.commit()
    return found.branches[0].stand


def remains(node: OpenNode, record: str) -> list[bytes]:
    """Return every byte that would show that a record's key is still there."""
    dek = node.ring.get(record)
    slot = next(slot for name, slot in node.ring.all().items() if name == slot_name(record))
    assert dek is not None
    return [dek, slot[NAME + STAMP :], slot_name(record)]


def test_not_a_byte_is_left_at_the_holder(pair: tuple[Exchange, Exchange], tmp_path: Path) -> None:
    """Database, log, keys, index, backup; and not after a restore from before the recall either."""
    from ayni.node.index import NameIndex

    one, two = pair
    record = a_suspicious_record(one)
    give(one, record, two.node.settings.node.id)
    assert carry(one, two) == 1
    node, data, keys = two.node, tmp_path / "data", tmp_path / "keys"
    names = NameIndex(node.store)
    names.build()
    assert names.find(CANARY)
    with node.store.work() as work:
        holding = holding_of(work, record)
    assert holding is not None
    backup(node, data=data, keys=keys)
    traces = [*remains(node, record), *remains(node, holding.header.id)]
    assert places(traces, node.folder) == ["records.keys"], "the scan must be able to find what is there"
    take_back(one, record)
    carry(one, two)
    assert stand(one, record) is Stand.DELETED
    sweep(node)
    names.refresh()
    assert not names.find(CANARY)
    assert places(traces, node.folder, data) == []
    backup(node, data=tmp_path / "newer", keys=keys)
    assert places([*traces, *forms(CANARY)], node.folder, data, keys, tmp_path / "newer") == []
    restore(tmp_path / "again", data=data, keys=keys)
    with open_node(tmp_path / "again") as again:
        reconcile(again, tombstones=[], asked=[one.node.settings.node.id], by=ADM, under=UNDER)
        with again.store.work() as work:
            for gone in (record, holding.header.id):
                with pytest.raises(UnknownError):
                    work.get(gone)
        later = NameIndex(again.store)
        later.build()
        assert not later.find(CANARY)


def test_the_proof_follows_a_forced_checkpoint(pair: tuple[Exchange, Exchange]) -> None:
    """Nothing waits for the minute of the ledger; the proof verifies, and nothing is proven twice."""
    from ayni.node.recalls import Recalls

    one, two = pair
    record = a_suspicious_record(one)
    give(one, record, two.node.settings.node.id)
    carry(one, two)
    take_back(one, record)
    carry(one, two)
    assert Recalls(two).step() == 1
    assert Recalls(two).step() == 0
    carry(one, two)
    assert stand(one, record) is Stand.PROVEN
    with one.node.store.work() as work:
        kept = answer_in(answers_on(work, record)[0])
    answer, checkpoint = read_answer(Told(answer=kept.answer, proof=kept.proof), one.known())
    assert checkpoint is not None
    assert (answer.holder, checkpoint.size) == (two.node.settings.node.id, kept.size)
    assert len(base64.b64decode(kept.proof)) < 15_000


def test_what_has_not_left_is_emptied(pair: tuple[Exchange, Exchange]) -> None:
    """A record recalled while its message waits never leaves; what follows it does."""
    from ayni.node.recalls import Recalls

    one, two = pair
    to = two.node.settings.node.id
    record = a_suspicious_record(one)
    give(one, record, to)
    assert one.prepare(to), "it is packed already"
    take_back(one, record)
    with one.node.store.work() as work:
        raised = raise_signals([a_signal(2)], house=house_of(one.node.settings), by=ANA, under=UNDER, work=work)
        work.commit()
    other = raised.new[0]
    give(one, other, to)
    assert Recalls(one).step() == 1
    assert [told.state for told in one.outbox.told(states=("withdrawn",))] == ["withdrawn"]
    with one.node.store.work() as work:
        stored = recall_of(work, record)
        assert stored is not None
        assert stored.header.state == SENT
        assert exposures(work, record=record, states=("recalled",))
    carry(one, two)
    assert stand(one, record) is Stand.NEVER_HERE
    with two.node.store.work() as work:
        assert work.get(other)
        with pytest.raises(UnknownError):
            work.get(record)
