"""The witness: a partner's log may only grow. Check, persist, and only then cosign.

For every log it watches, a witness remembers one thing: the newest checkpoint it
has cosigned. A new one is cosigned only with a proof that it continues the old
one, and only after the new one has been made durable in place of the old one, in
one atomic step; a witness that answers before it remembers can be led to sign two
histories.

    200  cosigned; the body holds our signature lines
    400  the request is malformed, or its old size is beyond its checkpoint
    403  no signature of the log verifies
    404  not a log we watch
    409  not what we saw last; the body is the size we did see
    422  the proof does not hold: this history does not continue the one we cosigned

What is refused although the log signed it is kept, together with what we held. Two
signed trees of one size convict the log before anybody. A larger one whose proof
does not hold convicts it unless it can show a proof that does: anybody may have
sent that request. A smaller one is an old copy sent late, or a restored backup.

Source: C2SP tlog-witness, https://c2sp.org/tlog-witness.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol

from ayni.errors import LedgerError, UnreadableError
from ayni.ledger.checkpoint import Checkpoint, SignedCheckpoint, Signer
from ayni.ledger.note import VerifierKey, decode_base64, decode_decimal
from ayni.ledger.policy import WITNESS_KINDS
from ayni.ledger.tree import HASH_BYTES, verify_consistency
from ayni.model.checks import require

MAX_PROOF = 63
"""Longest consistency proof. Source: tlog-witness, "add-checkpoint"."""
TEXT = "text/plain; charset=utf-8"
SIZE = "text/x.tlog.size"
QUIET = timedelta(hours=24)
"""A log or witness unheard of for longer is worth a call; a weak link drops for hours and means no harm."""


class Suspicion(StrEnum):
    """What a checkpoint that was not cosigned may mean."""

    FORK = "fork"
    """Two trees of one size: proof by itself, of misconduct or of a restored backup that went on."""
    UNPROVEN = "unproven"
    """A larger tree, sent with a proof that does not hold: a fork, unless the log can show a proof that does."""
    ROLLBACK = "rollback"
    """A shorter history than the one we cosigned: sent late, or restored from a backup."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """Two checkpoints of one log, both with its signature, that do not fit together."""

    kind: Suspicion
    origin: str
    held: bytes
    shown: bytes
    proof: tuple[bytes, ...] = ()
    """The consistency proof that was sent with it and does not hold; empty if none was."""
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a witness answers, as HTTP would carry it."""

    status: int
    body: bytes = b""
    content_type: str = TEXT


class WitnessStore(Protocol):
    """What a witness remembers. `replace` is the one atomic step on which everything rests."""

    def latest(self, origin: str) -> tuple[bytes, datetime] | None:
        """Return the newest checkpoint cosigned of a log, and when."""
        ...

    def replace(self, origin: str, held: bytes | None, note: bytes, at: datetime) -> bool:
        """Make *note* durable in place of exactly *held*; False, changing nothing, if something else is held."""
        ...

    def keep_evidence(self, evidence: Evidence) -> None:
        """Keep evidence durably; the same two checkpoints are kept once."""
        ...

    def evidence(self, origin: str) -> Sequence[Evidence]:
        """Return what is kept against a log, oldest first."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Submission:
    """A checkpoint with the proof that it continues the tree of *old* entries."""

    old: int
    proof: tuple[bytes, ...]
    signed: SignedCheckpoint

    def to_bytes(self) -> bytes:
        """Return the body of an `add-checkpoint` request."""
        lines = [f"old {self.old}", *(base64.b64encode(step).decode() for step in self.proof)]
        return "\n".join(lines).encode() + b"\n\n" + self.signed.to_bytes()

    @staticmethod
    def parse(body: bytes) -> Submission:
        """Read the body of an `add-checkpoint` request.

        Raises:
            UnreadableError: if it is malformed.
        """
        head, _, note = body.partition(b"\n\n")
        try:
            first, *steps = head.decode("ascii").split("\n")
            word, _, size = first.partition(" ")
            old, proof = decode_decimal(size), tuple(decode_base64(step) for step in steps)
        except ValueError as error:
            raise UnreadableError(file="submission", why=f"not `old <size>` and a proof ({error})") from error
        if word != "old" or len(proof) > MAX_PROOF or any(len(step) != HASH_BYTES for step in proof):
            raise UnreadableError(file="submission", why="not `old <size>` and at most 63 hashes")
        return Submission(old=old, proof=proof, signed=SignedCheckpoint.parse(note))


class Witness:
    """Cosigns the checkpoints of the logs it watches.

    Raises:
        InvalidValueError: if it has no key, or a key of a kind that witnesses do not use.
    """

    def __init__(
        self,
        store: WitnessStore,
        signers: Sequence[Signer],
        logs: Mapping[str, Sequence[VerifierKey]],
        clock: Callable[[], datetime],
    ) -> None:
        require(bool(signers), "signers", "a witness needs a key")
        require(all(signer.kind in WITNESS_KINDS for signer in signers), "signers", "not a witness key")
        self._store = store
        self._signers = tuple(signers)
        self._logs = dict(logs)
        self._clock = clock

    def add_checkpoint(self, body: bytes) -> Answer:
        """Answer an `add-checkpoint` request. Whatever is cosigned is durable before this returns."""
        try:
            sent = Submission.parse(body)
        except UnreadableError as error:
            return Answer(status=400, body=f"{error}\n".encode())
        new = sent.signed.checkpoint
        refusal = self._refusal(sent.signed)
        if refusal is not None:
            return refusal
        found = self._store.latest(new.origin)
        held = None if found is None else found[0]
        answer = self._compare(sent, held)
        if answer is not None:
            return answer
        if not self._store.replace(new.origin, held, self._own(sent.signed), self._clock()):
            return self._conflict(new.origin)
        return Answer(status=200, body=self._cosign(new))

    def observe(self, note: bytes, proof: Sequence[bytes] = ()) -> Evidence | None:
        """Compare with what we cosigned a checkpoint that came another way: in a receipt, from a third partner.

        Where sizes differ, *proof* is what the log answers when asked to connect the two. Returns the
        evidence, which is kept, if they do not fit together.

        Raises:
            UnreadableError: if it is malformed.
            LedgerError: if the log did not sign it.
        """
        signed = SignedCheckpoint.parse(note)
        seen = signed.checkpoint
        signed.require_signed(self._logs.get(seen.origin, ()))
        found = self._store.latest(seen.origin)
        if found is None:
            return None
        held = SignedCheckpoint.parse(found[0]).checkpoint
        old, new = sorted((held, seen), key=lambda one: one.size)
        if old.size == 0 or verify_consistency(old.size, new.size, old.root, new.root, proof):
            return None
        kind = Suspicion.FORK if old.size == new.size else Suspicion.UNPROVEN
        return self._suspect(kind, found[0], signed, tuple(proof))

    def show(self, origin: str) -> Answer:
        """Return the newest checkpoint we cosigned of a log, which bears the log's own signature."""
        found = self._store.latest(origin)
        return Answer(status=404) if found is None else Answer(status=200, body=found[0])

    def remember(self, note: bytes) -> bool:
        """Take back what we had cosigned before our own storage was restored; False if we hold as much already.

        A witness restored from a backup has forgotten what it signed since. Each log can remind it: our own
        signature on its checkpoint proves that we had checked it.

        Raises:
            UnreadableError: if it is malformed.
            LedgerError: if the log or we ourselves did not sign it, or it contradicts what we hold.
        """
        signed = SignedCheckpoint.parse(note)
        claimed = signed.checkpoint
        signed.require_signed(self._logs.get(claimed.origin, ()))
        signed.require_signed([signer.verifier for signer in self._signers])
        found = self._store.latest(claimed.origin)
        held = None if found is None else SignedCheckpoint.parse(found[0]).checkpoint
        if held is not None and held.size == claimed.size and held.root != claimed.root:
            raise LedgerError(ledger=claimed.origin, why="we have cosigned two trees of the same size")
        if held is not None and held.size >= claimed.size:
            return False
        return self._store.replace(claimed.origin, None if found is None else found[0], note, self._clock())

    def quiet(self, after: timedelta = QUIET) -> Mapping[str, datetime | None]:
        """Return the logs of which nothing new was seen for longer than *after*, and when they were seen last."""
        now = self._clock()
        seen = {origin: self._store.latest(origin) for origin in self._logs}
        return {
            origin: found[1] if found else None
            for origin, found in seen.items()
            if found is None or now - found[1] > after
        }

    def _refusal(self, signed: SignedCheckpoint) -> Answer | None:
        origin = signed.checkpoint.origin
        keys = self._logs.get(origin)
        if keys is None:
            return Answer(status=404, body=b"we do not watch this log\n")
        try:
            signed.require_signed(keys)
        except LedgerError as error:
            return Answer(status=403, body=f"{error}\n".encode())
        return None

    def _compare(self, sent: Submission, held: bytes | None) -> Answer | None:
        """Return the refusal, if what was sent does not continue what is held; evidence is kept first."""
        last = None if held is None else SignedCheckpoint.parse(held).checkpoint
        size = 0 if last is None else last.size
        suspicion = None if last is None else _contradiction(last, sent.signed.checkpoint)
        fits = suspicion is None and sent.old == size
        if fits and not self._continues(last, sent):
            suspicion = Suspicion.UNPROVEN
        if held is not None and suspicion is not None:
            self._suspect(suspicion, held, sent.signed, sent.proof)
        if sent.old > sent.signed.checkpoint.size:
            return Answer(status=400, body=b"the old size is beyond the checkpoint\n")
        if not fits:
            return Answer(status=409, body=f"{size}\n".encode(), content_type=SIZE)
        if suspicion is not None:
            return Answer(status=422, body=b"this history does not continue the one we cosigned\n")
        return None

    @staticmethod
    def _continues(last: Checkpoint | None, sent: Submission) -> bool:
        new = sent.signed.checkpoint
        if last is None or last.size == 0:
            return not sent.proof
        return verify_consistency(last.size, new.size, last.root, new.root, sent.proof)

    def _suspect(
        self, kind: Suspicion, held: bytes, shown: SignedCheckpoint, proof: tuple[bytes, ...] = ()
    ) -> Evidence:
        found = Evidence(
            kind=kind,
            origin=shown.checkpoint.origin,
            held=held,
            shown=shown.to_bytes(),
            proof=proof,
            at=self._clock(),
        )
        self._store.keep_evidence(found)
        return found

    def _conflict(self, origin: str) -> Answer:
        """Another request was faster; say what is held now."""
        found = self._store.latest(origin)
        size = 0 if found is None else SignedCheckpoint.parse(found[0]).checkpoint.size
        return Answer(status=409, body=f"{size}\n".encode(), content_type=SIZE)

    def _own(self, signed: SignedCheckpoint) -> bytes:
        """Return the checkpoint with the log's signatures alone: other lines are not ours to keep."""
        known = {(key.name, key.key_id) for key in self._logs[signed.checkpoint.origin]}
        lines = tuple(line for line in signed.signatures if (line.name, line.key_id) in known)
        return SignedCheckpoint(checkpoint=signed.checkpoint, signatures=lines).to_bytes()

    def _cosign(self, checkpoint: Checkpoint) -> bytes:
        at_s = int(self._clock().timestamp())
        return "".join(str(signer.sign(checkpoint, at_s)) for signer in self._signers).encode()


def _contradiction(last: Checkpoint, new: Checkpoint) -> Suspicion | None:
    """Say what is wrong with *new* on its face, without any proof."""
    if new.size == last.size and new.root != last.root:
        return Suspicion.FORK
    return Suspicion.ROLLBACK if new.size < last.size else None
