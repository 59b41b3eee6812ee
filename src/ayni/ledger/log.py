"""The sequencer: gives every entry its place, hashes it into the tree, and signs checkpoints.

Entries are written down by acts, in the act's own transaction, without a place.
One sequencer a node takes what waits, in the order of writing, and appends it in
one transaction a turn, at most 200 ms later (group commit: a disk that manages 200
durable writes a second still takes thousands of entries). Every 60 s, or after
1,000 entries, it signs a checkpoint in the same transaction.

A log that witnesses have shown to be behind or beside what it once signed does not
go on: entries wait, no checkpoint is signed, until the node has been reconciled
(see `witnessing.py`). Two signed histories can never be unsigned.

Nothing here knows where entries and hashes are kept: see `LogStore`. `files.py`
keeps them in plain files, the node in its database.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from ayni.errors import LedgerError
from ayni.ledger.checkpoint import Checkpoint, SignedCheckpoint, Signer
from ayni.ledger.note import VerifierKey
from ayni.ledger.tree import StoredHash, grow, leaf_hash, root
from ayni.model.checks import require

AUDIT_ENTRIES = 4096
"""Entries held in memory at once while the whole log is hashed again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How often the sequencer does what."""

    turn: timedelta = timedelta(milliseconds=200)
    """Longest an entry waits for its place. Source: issue "Agreements and ledger", group commit."""
    checkpoint: timedelta = timedelta(seconds=60)
    """Longest a new entry waits for a signed checkpoint."""
    checkpoint_entries: int = 1000
    """Entries after which a checkpoint is signed at once."""
    heartbeat: timedelta = timedelta(hours=1)
    """A log without new entries signs its old tree again, so that partners can tell quiet from gone."""
    most: int = 10_000
    """Entries taken in one turn, so that one transaction stays short."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Halt:
    """Why this log may not sign: a witness holds a checkpoint of ours that our tree does not continue."""

    kind: str
    """`rollback` (the witness has seen more than we have) or `fork` (it has seen something else)."""
    witness: str
    shown: bytes
    """The checkpoint of ours that the witness holds, with our own signature."""
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What a witness has cosigned last."""

    size: int
    at: datetime
    """When it did; for a partner that never has, when it was asked first."""


class LogView(Protocol):
    """One consistent look at the log."""

    @property
    def size(self) -> int:
        """Entries that have a place."""
        ...

    def hash_at(self, level: int, index: int) -> bytes:
        """Return the hash of a complete subtree (see `tree.Hashes`)."""
        ...

    def leaves(self, start: int, end: int) -> Sequence[bytes]:
        """Return entries `[start, end)` in their order."""
        ...

    def latest(self) -> bytes | None:
        """Return the newest signed checkpoint, with the cosignatures it has gathered."""
        ...

    def signed_at(self) -> datetime | None:
        """Return when the newest checkpoint was signed."""
        ...

    def halt(self) -> Halt | None:
        """Return why the log may not sign, if so."""
        ...

    def waiting(self, limit: int) -> Sequence[bytes]:
        """Return the oldest entries without a place, at most *limit*, in the order of writing."""
        ...

    def witnesses(self) -> Mapping[str, Seen]:
        """Return what each witness has cosigned last, by the partner's name."""
        ...


class Turn(LogView, Protocol):
    """One exclusive transaction of the log. Leaving its block in order makes it durable, an error undoes it."""

    def append(self, leaves: Sequence[bytes], hashes: Sequence[StoredHash]) -> None:
        """Give the first waiting entries, which are *leaves*, the next places, and keep the new hashes."""
        ...

    def put_checkpoint(self, signed: SignedCheckpoint, at: datetime) -> None:
        """Keep a checkpoint, in place of an earlier one of the same size."""
        ...

    def set_halt(self, halt: Halt | None) -> None:
        """Stop signing, or go on again after reconciling."""
        ...

    def put_seen(self, partner: str, seen: Seen) -> None:
        """Keep what a witness has cosigned last."""
        ...


class LogStore(Protocol):
    """Where a log is kept."""

    @property
    def origin(self) -> str:
        """The log's name, unique for all time."""
        ...

    def view(self) -> AbstractContextManager[LogView]:
        """Look at the log."""
        ...

    def turn(self) -> AbstractContextManager[Turn]:
        """Take the log for one transaction; waits for the turn before."""
        ...


class Sequencer:
    """Orders, hashes and signs. One a log."""

    def __init__(
        self, store: LogStore, signers: Sequence[Signer], clock: Callable[[], datetime], pace: Pace | None = None
    ) -> None:
        require(bool(signers), "signers", "a log needs a key to sign its checkpoints")
        require(all(signer.name == store.origin for signer in signers), "signers", f"must sign as {store.origin}")
        self._store = store
        self._signers = tuple(signers)
        self._clock = clock
        self._pace = pace or Pace()

    @property
    def keys(self) -> Sequence[VerifierKey]:
        """The keys that check what this log signs."""
        return [signer.verifier for signer in self._signers]

    def check(self) -> None:
        """Compare the log with its own newest checkpoint; to be called before the first turn.

        Raises:
            LedgerError: if entries are missing or changed: cut short, restored or tampered with.
        """
        with self._store.view() as log:
            note = log.latest()
            if note is None:
                return
            signed = SignedCheckpoint.parse(note)
            signed.require_signed(self.keys)
            said = signed.checkpoint
            if said.size > log.size:
                why = f"it was cut short: its checkpoint has {said.size} entries, the log {log.size}"
                raise LedgerError(ledger=self._store.origin, why=why)
            if root(log, said.size) != said.root:
                raise LedgerError(ledger=self._store.origin, why="its hashes do not lead to its own checkpoint")

    def audit(self) -> int:
        """Hash every entry again, compare every stored hash, and return how many entries there are.

        Raises:
            LedgerError: naming the first entry or subtree that is not what was hashed.
        """
        self.check()
        with self._store.view() as log:
            for start in range(0, log.size, AUDIT_ENTRIES):
                leaves = log.leaves(start, min(start + AUDIT_ENTRIES, log.size))
                for one in grow(log, start, map(leaf_hash, leaves)):
                    if log.hash_at(one.level, one.index) != one.hash:
                        first, last = one.index << one.level, ((one.index + 1) << one.level) - 1
                        why = f"entries {first} to {last} are not those that were hashed"
                        raise LedgerError(ledger=self._store.origin, why=why)
            return log.size

    def step(self) -> int:
        """Give waiting entries their places, sign a checkpoint if one is due, and return how many were placed.

        A halted log places and signs nothing. Where nothing waits and nothing is due, no transaction is begun,
        so that a quiet node leaves its database to the officers.
        """
        now = self._clock()
        with self._store.view() as log:
            if log.halt() is not None or not (log.waiting(1) or self._due(log, now)):
                return 0
        with self._store.turn() as turn:
            if turn.halt() is not None:
                return 0
            leaves = turn.waiting(self._pace.most)
            if leaves:
                turn.append(leaves, grow(turn, turn.size, map(leaf_hash, leaves)))
            if self._due(turn, now):
                self._sign(turn, now)
        return len(leaves)

    def sign_now(self) -> SignedCheckpoint:
        """Sign and keep a checkpoint of the whole tree, due or not.

        Raises:
            LedgerError: if the log is halted.
        """
        now = self._clock()
        with self._store.turn() as turn:
            halt = turn.halt()
            if halt is not None:
                why = f"{halt.witness} has shown a {halt.kind}; it signs nothing until it is reconciled"
                raise LedgerError(ledger=self._store.origin, why=why)
            return self._sign(turn, now)

    def run(self, stop: threading.Event) -> None:
        """Take turns until *stop* is set, then one last turn, so that nothing waits."""
        while not stop.wait(self._pace.turn.total_seconds()):
            self.step()
        self.step()

    def _due(self, log: LogView, now: datetime) -> bool:
        note, signed_at = log.latest(), log.signed_at()
        if note is None or signed_at is None:
            return log.size > 0
        new = log.size - SignedCheckpoint.parse(note).checkpoint.size
        if new >= self._pace.checkpoint_entries:
            return True
        return now - signed_at >= (self._pace.checkpoint if new else self._pace.heartbeat)

    def _sign(self, turn: Turn, now: datetime) -> SignedCheckpoint:
        checkpoint = Checkpoint(origin=self._store.origin, size=turn.size, root=root(turn, turn.size))
        at_s = int(now.timestamp())
        signed = SignedCheckpoint(
            checkpoint=checkpoint, signatures=tuple(signer.sign(checkpoint, at_s) for signer in self._signers)
        )
        turn.put_checkpoint(signed, now)
        return signed
