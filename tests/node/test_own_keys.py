"""Two officers change the keys of a node; one officer alone, a crash or a wrong file changes nothing."""

from __future__ import annotations

import shutil
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from ayni.errors import AyniError, KeysError, NotEntitledError, WrongStateError
from ayni.exchange import key_acts
from ayni.exchange.key_events import EventKind
from ayni.exchange.keys import KEPT_AFTER, SEALING_FOR, Identity, KeyRing
from ayni.ledger.export import verify_export
from ayni.model.officer import Officer, Role
from ayni.node.doors import house_of
from ayni.node.files import write_private
from ayni.node.jobs import retention_officer
from ayni.node.ledger import exchange_keys, keeper_of, open_ledger
from ayni.node.opening import OpenNode
from ayni.node.own_keys import SEALING_AHEAD, confirm, history_of, own_keys, renew_sealing
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
    safe = KeyRing.from_bytes((keys / "next.keys").read_bytes(), node.settings.node.id, keeper)
    staged = replace(safe, sealing=exchange_keys(node).sealing)
    write_private(keys / "staged.keys", staged.to_bytes(keeper))
    write_private(keys / "exchange.keys", before)
    write_private(keys / "next.keys", promised)
    assert exchange_keys(node).current.epoch == 1
    changed(node, EventKind.ROTATE)
    assert exchange_keys(node).current.epoch == 2


def after(node: OpenNode, wait: timedelta) -> OpenNode:
    """Return the node as it is opened later."""
    then = node.clock() + wait
    return replace(node, clock=lambda: then)  # type: ignore[arg-type]  # a clock is called, nothing more, by the keys


def test_a_sealing_key_is_followed_by_the_next_in_time(node: OpenNode) -> None:
    """Announced by the machine before the old one ends; the old secret is destroyed thirty days after its end."""
    machine = retention_officer(ADA.id)
    assert renew_sealing(node, by=machine, under=MANDATE) is None, "there is nobody to announce it to"
    changed(node, EventKind.BEGIN)
    first = exchange_keys(node).sealing
    soon = after(node, SEALING_FOR - SEALING_AHEAD - timedelta(hours=1))
    assert renew_sealing(soon, by=machine, under=MANDATE) is None
    due = after(node, SEALING_FOR - SEALING_AHEAD + timedelta(hours=1))
    following = renew_sealing(due, by=machine, under=MANDATE)
    assert following is not None
    assert renew_sealing(due, by=machine, under=MANDATE) is None
    known = history_of(node).known
    assert known is not None
    assert [key.recipient for key in known.sealing] == [first[0].key.recipient, following.recipient]
    assert known.sealing_at(due.clock()) == following
    assert set(first) < set(exchange_keys(node).sealing)
    gone = after(node, SEALING_FOR + KEPT_AFTER + timedelta(hours=1))
    renew_sealing(gone, by=machine, under=MANDATE)
    assert not set(first) & set(exchange_keys(node).sealing)
    assert {entry.act for entry in node.store.entries if entry.by == "retention"} == {"key.announce"}


def test_a_sealing_key_stored_before_a_crash_is_announced_after_it(node: OpenNode) -> None:
    """The same one, not yet another; only a machine announces."""
    changed(node, EventKind.BEGIN)
    due = after(node, SEALING_FOR)
    with pytest.raises(NotEntitledError):
        renew_sealing(due, by=ADA, under=MANDATE)
    stored = exchange_keys(node).sealing
    assert len(stored) == 2
    announced = renew_sealing(due, by=retention_officer(ADA.id), under=MANDATE)
    assert announced == stored[0].key
    assert exchange_keys(node).sealing == stored


def test_a_history_begun_late_announces_a_key_that_is_good(node: OpenNode) -> None:
    """Keys made a year before anybody pins the node."""
    exchange_keys(node)
    propose(node, EventKind.BEGIN)
    late = after(node, timedelta(days=365))
    confirm(late, EventKind.BEGIN, by=BETO, under=MANDATE)
    known = history_of(node).known
    assert known is not None
    assert known.sealing_at(late.clock()).open_at(late.clock())


def test_the_safe_holds_no_sealing_secret(node: OpenNode) -> None:
    """What must be destroyed in time lies where the node can destroy it."""
    changed(node, EventKind.BEGIN)
    changed(node, EventKind.ROTATE)
    held = (node.folder / "keys" / "next.keys").read_bytes()
    safe = KeyRing.from_bytes(held, node.settings.node.id, keeper_of(node))
    assert (safe.sealing, safe.next is not None) == ((), True)
