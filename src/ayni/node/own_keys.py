"""The node's own keys through a change of identity, so that no crash leaves keys without their event.

    1. the new ring is written beside the old one    keys/staged.keys
    2. the key event is committed to the records     with its entry in the ledger
    3. the new ring takes the old one's place        keys/exchange.keys, keys/next.keys

A crash before 2 leaves a staged ring that the history does not know: it is destroyed. A
crash after 2 leaves one that it does: it takes its place when the keys are opened next.

A sealing key is renewed without anybody's doing. Its secret is stored before it is announced,
so that a crash between the two leaves a key that the next turn announces.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, cast

from ayni.errors import KeysError
from ayni.exchange import key_acts
from ayni.exchange.key_acts import KeyHistory, Secrets
from ayni.exchange.key_events import EventKind
from ayni.exchange.keys import Identity, KeyRing, PublicIdentity, SealingKey, SealingSecret
from ayni.node.doors import house_of
from ayni.node.files import sync_folder, write_private
from ayni.node.keys import FOLDER as KEYS_FOLDER
from ayni.node.ledger import KEY_FILE, NEXT_FILE, STAGED_FILE, exchange_keys, keeper_of, read_ring

if TYPE_CHECKING:
    from ayni.model.handling import Mandate
    from ayni.model.officer import Officer
    from ayni.node.opening import OpenNode

LOCK = "keys.lock"
SEALING_AHEAD = timedelta(days=14)
"""A sealing key is followed by the next this long before it ends. Ours: as long as a message waits to be delivered,
so that a partner cut off for that long still has a key to seal for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnKeys:
    """The keys of this node as its officers see them."""

    history: KeyHistory
    current: PublicIdentity

    @property
    def first(self) -> PublicIdentity:
        """The identity whose fingerprint partners hold on paper."""
        known = self.history.known
        return self.current if known is None else known.identities[0]


def own_keys(node: OpenNode) -> OwnKeys:
    """Return the history and the identity in use; keys are made the first time.

    Raises:
        KeysError: if they cannot be opened.
    """
    current = exchange_keys(node).current.public
    return OwnKeys(history=history_of(node), current=current)


def history_of(node: OpenNode) -> KeyHistory:
    """Return the node's own key history."""
    with node.store.work() as work:
        return key_acts.find(node.settings.node.id, work)


def confirm(
    node: OpenNode, kind: EventKind, *, by: Officer, under: Mandate, next_file: Path | None = None
) -> KeyHistory:
    """Confirm a proposed change, and put the new keys in place of the old ones.

    *next_file* is where the promised next identity lies, if it was moved out of the keys folder.

    Raises:
        KeysError: if the promised identity is not there or cannot be opened.
        NotEntitledError, WrongStateError, KeyHistoryError: as `key_acts.confirm`; the keys stay as they are.
    """
    exchange_keys(node)
    with _alone(node):
        return _confirm(node, kind, by=by, under=under, next_file=next_file)


def _confirm(node: OpenNode, kind: EventKind, *, by: Officer, under: Mandate, next_file: Path | None) -> KeyHistory:
    ring = _with_sealing(node, read_ring(node))
    promised = _promised(node, ring, next_file)
    following, sealing = promised, ring.sealing
    if kind is not EventKind.BEGIN:
        following = Identity.generate(promised.node, promised.epoch + 1)
    if kind is EventKind.COMPROMISE:
        sealing = (SealingSecret.generate(node.clock()), *sealing)
    newest = _newest(replace(ring, sealing=sealing))
    secrets = Secrets(current=ring.current, promised=promised, following=following, sealing=newest)
    staged = _folder(node) / STAGED_FILE
    if kind is not EventKind.BEGIN:
        after = KeyRing(current=promised, next=following, sealing=sealing)
        write_private(staged, after.to_bytes(keeper_of(node)))
    try:
        with node.store.work() as work:
            record = key_acts.confirm(kind, secrets, by=by, under=under, work=work, house=house_of(node.settings))
            work.commit()
    finally:
        _settle(node)
    return cast("KeyHistory", record.body)


def renew_sealing(node: OpenNode, *, by: Officer, under: Mandate) -> SealingKey | None:
    """Announce a new sealing key when the one in use ends soon, and destroy secrets whose time has come.

    Returns the key that was announced, or None when it was not time, or the key history has not begun.
    """
    exchange_keys(node)
    with _alone(node):
        ring = _with_sealing(node, read_ring(node))
        known = history_of(node).known
        newest = _newest(ring)
        if known is None or newest.recipient in {key.recipient for key in known.sealing}:
            return None
        with node.store.work() as work:
            house = house_of(node.settings)
            key_acts.announce(newest, ring.current, by=by, under=under, work=work, house=house)
            work.commit()
    return newest


def _with_sealing(node: OpenNode, ring: KeyRing) -> KeyRing:
    """Store and return the ring with a sealing key that is good for a while, and without those that are due."""
    now = node.clock()
    after = ring.destroying(now)
    if not any(one.key.not_after - now > SEALING_AHEAD for one in after.sealing):
        after = replace(after, sealing=(SealingSecret.generate(now), *after.sealing))
    if after != ring:
        write_private(_folder(node) / KEY_FILE, after.to_bytes(keeper_of(node)))
    return after


def _newest(ring: KeyRing) -> SealingKey:
    return max((one.key for one in ring.sealing), key=lambda key: key.not_before)


def settle(node: OpenNode) -> None:
    """Finish or undo a change of identity that was left half done."""
    if (_folder(node) / STAGED_FILE).exists():
        with _alone(node):
            _settle(node)


def _settle(node: OpenNode) -> None:
    staged = _folder(node) / STAGED_FILE
    if not staged.exists():
        return
    ring = KeyRing.from_bytes(staged.read_bytes(), node.settings.node.id, keeper_of(node))
    known = history_of(node).known
    if known is not None and known.identity == ring.current.public:
        keeper = keeper_of(node)
        write_private(staged.with_name(NEXT_FILE), ring.for_the_safe().to_bytes(keeper))
        write_private(staged.with_name(KEY_FILE), ring.without_next().to_bytes(keeper))
    staged.unlink()
    sync_folder(staged.parent)


@contextmanager
def _alone(node: OpenNode) -> Iterator[None]:
    """Keep other processes from settling what is being changed."""
    descriptor = os.open(_folder(node) / LOCK, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _promised(node: OpenNode, ring: KeyRing, next_file: Path | None) -> Identity:
    path = next_file or _folder(node) / NEXT_FILE
    try:
        sealed = path.read_bytes()
    except OSError as error:
        why = f"the next identity is not at {path}: bring it from the safe and name it with --next"
        raise KeysError(folder=str(node.folder), why=why) from error
    found = KeyRing.from_bytes(sealed, node.settings.node.id, keeper_of(node)).next
    if found is None or found.epoch != ring.current.epoch + 1:
        raise KeysError(folder=str(node.folder), why=f"{path} does not hold the identity after {ring.current.kid}")
    return found


def _folder(node: OpenNode) -> Path:
    return node.folder / KEYS_FOLDER
