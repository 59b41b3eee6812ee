"""The node's ledger: every act's entry gets its place here, and leaves as proof.

    ledger = open_ledger(node)
    ledger.run(stop)                  the sequencer, until told to stop: the job `ledger`
    ledger.receipt(entry_id)          proof that an entry is in the witnessed history
    ledger.export(Path("…"))          everything an auditor needs

Entries are written by acts in their own transaction; the sequencer places them, at
most 200 ms later while it runs. A node that was restored places nothing before a
partner has said what it holds of ours: see `Ledger.step`.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from ayni.errors import KeysError, UnknownError, WrongStateError
from ayni.exchange.keys import KeyRing, PublicIdentity, origin_of
from ayni.ledger.checkpoint import SignedCheckpoint
from ayni.ledger.export import export_ledger
from ayni.ledger.log import Pace, Sequencer
from ayni.ledger.policy import Policy
from ayni.ledger.proof import Receipt, receipt_for
from ayni.ledger.witness import Witness
from ayni.ledger.witnessing import Partner, Witnessing
from ayni.model.act import Act, acting
from ayni.model.handling import Mandate
from ayni.model.officer import Officer, Role
from ayni.node.files import write_private
from ayni.node.folder import restored_from
from ayni.node.keys import EXCHANGE_FILES, NONCE_BYTES, derive
from ayni.node.keys import FOLDER as KEYS_FOLDER

if TYPE_CHECKING:
    from ayni.ledger.note import VerifierKey
    from ayni.node.merkle.log import DatabaseLog
    from ayni.node.opening import OpenNode

KEY_FILE, NEXT_FILE = EXCHANGE_FILES
STAGED_FILE = "staged.keys"
"""Keys in use, and the promised next identity: move the second to a safe, it answers a theft of the first."""
SUCCEED = Act(name="ledger.succeed", roles=frozenset({Role.ADMINISTRATOR}))
RECONCILED = b"\nnode.reconcile\n"
"""In a leaf: the act that `ayni.node.reconcile` wrote after a restore."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeKeeper:
    """Seals key rings under a key derived from the node's root secret (AES-256-GCM)."""

    key: bytes
    folder: Path

    def seal(self, secret: bytes, context: str) -> bytes:
        """Encrypt and authenticate *secret*, bound to *context*."""
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM  # noqa: PLC0415 -- 30 ms at start

        nonce = os.urandom(NONCE_BYTES)
        return nonce + AESGCM(self.key).encrypt(nonce, secret, context.encode())

    def open(self, sealed: bytes, context: str) -> bytes:
        """Return the secret.

        Raises:
            KeysError: if it was changed or is of another node.
        """
        from cryptography.exceptions import InvalidTag  # noqa: PLC0415 -- as above
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM  # noqa: PLC0415 -- as above

        try:
            return AESGCM(self.key).decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], context.encode())
        except (InvalidTag, ValueError) as error:
            raise KeysError(
                folder=str(self.folder), why="the exchange keys were changed or are of another node"
            ) from error


def keeper_of(node: OpenNode) -> NodeKeeper:
    """Return what seals this node's exchange keys."""
    return NodeKeeper(key=derive(node.keys.root, "exchange"), folder=node.folder)


def exchange_keys(node: OpenNode) -> KeyRing:
    """Return the keys with which this node signs, seals, logs and witnesses; they are made the first time.

    Raises:
        KeysError: if they cannot be opened with this node's root secret.
    """
    from ayni.node.own_keys import settle  # noqa: PLC0415 -- it builds on this module

    keeper = keeper_of(node)
    path = node.folder / KEYS_FOLDER / KEY_FILE
    settle(node)
    if path.exists():
        return read_ring(node)
    ring = KeyRing.begin(node.settings.node.id, node.clock())
    write_private(path.with_name(NEXT_FILE), ring.for_the_safe().to_bytes(keeper))
    write_private(path, ring.without_next().to_bytes(keeper))
    return ring.without_next()


def read_ring(node: OpenNode) -> KeyRing:
    """Return the keys in use as they are stored."""
    path = node.folder / KEYS_FOLDER / KEY_FILE
    return KeyRing.from_bytes(path.read_bytes(), node.settings.node.id, keeper_of(node))


@dataclass(slots=True, kw_only=True)
class Ledger:
    """The ledger of one open node."""

    node: OpenNode
    log: DatabaseLog
    ring: KeyRing
    partners: Sequence[Partner] = ()
    pace: Pace = field(default_factory=Pace)
    former: Sequence[PublicIdentity] = ()
    """Identities this node had before: their checkpoints remain part of its history."""

    @property
    def keys(self) -> tuple[VerifierKey, ...]:
        """The keys that check this ledger's newest checkpoints."""
        return self.ring.current.public.log_keys(self.log.origin)

    @property
    def every_key(self) -> tuple[VerifierKey, ...]:
        """Those, and the keys that signed before a rotation; one of each kind is enough."""
        return (*self.keys, *(key for keys in self._former_keys for key in keys))

    @property
    def _former_keys(self) -> tuple[tuple[VerifierKey, ...], ...]:
        return tuple(identity.log_keys(self.log.origin) for identity in self.former)

    @property
    def sequencer(self) -> Sequencer:
        """What orders, hashes and signs."""
        return Sequencer(self.log, self.ring.current.log_signers(self.log.origin), self.node.clock, self.pace)

    @property
    def witnessing(self) -> Witnessing:
        """What asks partners to witness."""
        return Witnessing(self.log, self.keys, self.partners, self.node.clock, former=self._former_keys)

    def witness(self, logs: dict[str, Sequence[VerifierKey]]) -> Witness:
        """Return this node's witness over partners' logs.

        Raises:
            WrongStateError: if the node was restored and not reconciled: it has forgotten what it signed.
        """
        from ayni.node.merkle.witness import DatabaseWitnessStore  # noqa: PLC0415 -- needs Django configured

        if restored_from(self.node.folder):
            raise WrongStateError(thing="the node", state="restored", act="witnessing", needs="reconciled")
        store = DatabaseWitnessStore(alias=self.node.alias, folder=self.node.folder)
        return Witness(store, self.ring.current.witness_signers(), logs, self.node.clock)

    def step(self) -> int:
        """Place what waits, sign what is due, and return how many entries were placed.

        A restored node places and signs nothing before it is reconciled; and after that, where it has
        partners, nothing before one of them has been asked what it holds of ours.
        """
        if restored_from(self.node.folder) or not self._confirmed():
            return 0
        return self.sequencer.step()

    def run(self, stop: threading.Event) -> None:
        """Check the log once, then take turns until *stop* is set, and one last turn.

        Raises:
            LedgerError: if the log does not fit its own newest checkpoint.
        """
        self.sequencer.check()
        stored = stamp(self.node)
        while not stop.wait(self.pace.turn.total_seconds()):
            if (now := stamp(self.node)) != stored:  # another process has rotated the keys
                self.ring, self.former, stored = exchange_keys(self.node), _former(self.node), now
            self.step()
        self.step()

    def receipt(self, entry: str) -> Receipt:
        """Return the proof that an entry is in the ledger, under the newest checkpoint.

        Raises:
            UnknownError: if there is no such entry in the log in use, or it has no signed place yet.
        """
        index = self.log.index_of(entry)
        with self.log.view() as log:
            note = log.latest()
            signed = SignedCheckpoint.parse(note) if note is not None else None
            if index is None or signed is None or index >= signed.checkpoint.size:
                raise UnknownError(kind="witnessed entry", name=entry)
            return receipt_for(log, index, log.leaves(index, index + 1)[0], signed)

    def export(self, to: Path, policy: Policy | None = None) -> SignedCheckpoint:
        """Write everything an auditor needs to *to*, a new folder or a `.zip` file.

        Entries that wait are placed and signed first; of a halted ledger, what was signed before is exported.

        Raises:
            LedgerError: if the quorum of *policy* is not reached; without one, our own signatures suffice.
        """
        self.step()
        if not self._covered():
            self.sequencer.sign_now()
        with self.log.view() as log:
            return export_ledger(log, policy or Policy(logs=self.every_key), to, self.log.checkpoints())

    def succeed(self, *, by: Officer, under: Mandate) -> Ledger:
        """Begin a new log, because this one cannot reach again what a witness was shown.

        What both histories share stays in the old log, which is signed no more; everything after it gets its
        place in the new one, whose first pages say why. Partners pin the new origin by hand.

        Raises:
            NotEntitledError: if the officer is no administrator.
            WrongStateError: if the log is not halted.
        """
        with self.log.view() as log:
            halt = log.halt()
        if halt is None:
            raise WrongStateError(thing="the ledger", state="in order", act="a successor", needs="halted")
        shown = SignedCheckpoint.parse(halt.shown).checkpoint
        shared = self._shared(halt.witness)
        origin = f"{origin_of(self.node.settings.node.id)}/{self.log.epoch + 2}"
        with self.node.store.work() as work:
            with acting(SUCCEED, by=by, under=under, work=work) as acts:
                acts.note(
                    predecessor=self.log.origin,
                    shared_entries=shared,
                    shown_entries=shown.size,
                    shown_root=shown.root.hex(),
                    shown_by=halt.witness,
                )
            work.commit()
        return replace(self, log=self.log.succeed(origin, keeping=shared))

    def _shared(self, witness: str) -> int:
        """Return the size of the largest checkpoint we hold that *witness* has cosigned."""
        keys = next((partner.keys for partner in self.partners if partner.name == witness), ())
        names = {(key.name, key.key_id) for key in keys}
        signed = [SignedCheckpoint.parse(note) for note in self.log.checkpoints()]
        sizes = [one.checkpoint.size for one in signed if {(s.name, s.key_id) for s in one.signatures} & names]
        return max(sizes, default=0)

    def _covered(self) -> bool:
        """Say whether the newest checkpoint covers every entry that has a place, or none can be signed."""
        with self.log.view() as log:
            note = log.latest()
            if note is not None and log.halt() is not None:
                return True
            return note is not None and SignedCheckpoint.parse(note).checkpoint.size == log.size

    def _confirmed(self) -> bool:
        """Say whether a partner has been asked since this node was restored."""
        if not self.partners:
            return True
        with self.log.view() as log:
            if not any(RECONCILED in leaf for leaf in log.waiting(self.pace.most)):
                return True
        return self.witnessing.confirm()


def open_ledger(node: OpenNode, partners: Sequence[Partner] = (), pace: Pace | None = None) -> Ledger:
    """Return the ledger of an open node.

    Raises:
        KeysError: if its keys cannot be opened.
    """
    from ayni.node.merkle.log import DatabaseLog  # noqa: PLC0415 -- needs Django configured

    log = DatabaseLog.open(node.alias, node.folder, origin_of(node.settings.node.id))
    ring = exchange_keys(node)
    return Ledger(node=node, log=log, ring=ring, partners=partners, pace=pace or Pace(), former=_former(node))


def _former(node: OpenNode) -> tuple[PublicIdentity, ...]:
    from ayni.node.own_keys import history_of  # noqa: PLC0415 -- it builds on this module

    known = None if restored_from(node.folder) else history_of(node).known
    return () if known is None else known.identities[:-1]


def stamp(node: OpenNode) -> int:
    """Return when the keys in use were last written, in nanoseconds."""
    return (node.folder / KEYS_FOLDER / KEY_FILE).stat().st_mtime_ns
