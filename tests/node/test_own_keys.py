"""Two officers change the keys of a node; one officer alone, a crash or a wrong file changes nothing."""

from __future__ import annotations

import shutil
from datetime import timedelta
from pathlib import Path

import pytest

from ayni.errors import AyniError, KeysError, NotEntitledError, WrongStateError
from ayni.exchange import key_acts
from ayni.exchange.key_events import EventKind
from ayni.exchange.keys import Identity, KeyRing
from ayni.ledger.export import verify_export
from ayni.model.officer import Officer, Role
from ayni.node.doors import house_of
from ayni.node.files import write_private
from ayni.node.ledger import exchange_keys, keeper_of, open_ledger
from ayni.node.opening import OpenNode
from ayni.node.own_keys import confirm, history_of, own_keys
from tests.node.stores import MANDATE

ADA = Officer(id="ada", name="Ada", roles=frozenset({Role.ADMINISTRATOR}))
BETO = Officer(id="beto", name="Beto", roles=frozenset({Role.LIAISON}))


def propose(node: OpenNode, kind: EventKind, by: Officer = ADA) -> None:
    """Propose a change; a theft is an hour old."""
    since = node.clock() - timedelta(hours=1) if kind is EventKind.COMPROMISE else None
    with node.store.work() as work:
        key_acts.propose(
            kind, reason="exercise", since=since, by=by, under=MANDATE, work=work, house=house_of(node.settings)
        )
        work.commit()


def changed(node: OpenNode, kind: EventKind) -> None:
    """Propose and confirm."""
    propose(node, kind)
    confirm(node, kind, by=BETO, under=MANDATE)


def test_keys_begin_rotate_and_are_revoked(node: OpenNode, tmp_path: Path) -> None:
    """The fingerprint on paper stays; every step is an entry; the ledger verifies across all of it."""
    changed(node, EventKind.BEGIN)
    paper = own_keys(node).first.digest
    first = exchange_keys(node).current
    open_ledger(node).step()
    open_ledger(node).sequencer.sign_now()
    changed(node, EventKind.ROTATE)
    assert exchange_keys(node).current.epoch == 1
    assert exchange_keys(node).next is None
    old_sealing = exchange_keys(node).sealing
    changed(node, EventKind.COMPROMISE)
    ring, known = exchange_keys(node), history_of(node).known
    assert known is not None
    assert (ring.current.epoch, known.number, set(known.doubtful_from)) == (2, 2, {1})
    assert len(ring.sealing) == len(old_sealing) + 1
    assert len(known.sealing) == 1
    assert own_keys(node).first.digest == paper == first.public.digest
    assert [entry.act for entry in node.store.entries] == ["key.propose", "key.confirm"] * 3
    open_ledger(node).export(tmp_path / "export.zip")
    assert verify_export(tmp_path / "export.zip").entries == 6


def test_nobody_changes_keys_alone(node: OpenNode) -> None:
    """Not who proposed it, not who may not propose, not before it was proposed, not something else."""
    with pytest.raises(NotEntitledError):
        propose(node, EventKind.BEGIN, by=BETO)
    with pytest.raises(WrongStateError):
        propose(node, EventKind.ROTATE)
    propose(node, EventKind.BEGIN)
    with pytest.raises(NotEntitledError, match="themselves"):
        confirm(node, EventKind.BEGIN, by=ADA, under=MANDATE)
    with pytest.raises(WrongStateError):
        confirm(node, EventKind.ROTATE, by=BETO, under=MANDATE)
    assert history_of(node).events == ()
    assert not (node.folder / "keys" / "staged.keys").exists()
    with node.store.work() as work:
        key_acts.withdraw(reason="not today", by=BETO, under=MANDATE, work=work, house=house_of(node.settings))
        work.commit()
    with pytest.raises(WrongStateError):
        confirm(node, EventKind.BEGIN, by=BETO, under=MANDATE)


def test_the_next_keys_come_from_the_safe(node: OpenNode, tmp_path: Path) -> None:
    """Without them nothing changes; foreign or used ones are refused."""
    changed(node, EventKind.BEGIN)
    safe = tmp_path / "next.keys"
    shutil.move(node.folder / "keys" / "next.keys", safe)
    propose(node, EventKind.ROTATE)
    with pytest.raises(KeysError, match="--next"):
        confirm(node, EventKind.ROTATE, by=BETO, under=MANDATE)
    forged = KeyRing(current=exchange_keys(node).current, next=Identity.generate(node.settings.node.id, 1))
    (tmp_path / "forged").write_bytes(forged.to_bytes(keeper_of(node)))
    with pytest.raises(AyniError, match="promised"):
        confirm(node, EventKind.ROTATE, by=BETO, under=MANDATE, next_file=tmp_path / "forged")
    assert exchange_keys(node).current.epoch == 0
    confirm(node, EventKind.ROTATE, by=BETO, under=MANDATE, next_file=safe)
    assert exchange_keys(node).current.epoch == 1
    propose(node, EventKind.ROTATE)
    with pytest.raises(KeysError, match="does not hold"):
        confirm(node, EventKind.ROTATE, by=BETO, under=MANDATE, next_file=safe)


def test_a_crash_leaves_the_old_keys_or_the_new(node: OpenNode) -> None:
    """Staged keys that the history does not know are destroyed; those that it knows take their place."""
    changed(node, EventKind.BEGIN)
    keys, keeper = node.folder / "keys", keeper_of(node)
    stray = KeyRing(current=Identity.generate(node.settings.node.id, 1))
    write_private(keys / "staged.keys", stray.to_bytes(keeper))
    assert exchange_keys(node).current.epoch == 0
    assert not (keys / "staged.keys").exists()
    before, promised = (keys / "exchange.keys").read_bytes(), (keys / "next.keys").read_bytes()
    changed(node, EventKind.ROTATE)
    (keys / "next.keys").rename(keys / "staged.keys")
    write_private(keys / "exchange.keys", before)
    write_private(keys / "next.keys", promised)
    assert exchange_keys(node).current.epoch == 1
    changed(node, EventKind.ROTATE)
    assert exchange_keys(node).current.epoch == 2
