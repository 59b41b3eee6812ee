"""Asking partners to witness our log, and telling apart what their answers mean.

After every checkpoint the node sends it to each partner with a proof from what that
partner saw last. Most answers are a cosignature, or silence. The others matter:

    the partner holds a checkpoint of ours that our log does not reach   rollback: we were restored
    the partner holds a checkpoint of ours that our log contradicts      fork: we have two histories
    the partner's signature does not verify, or it claims what it
    cannot show                                                          the partner is at fault, we go on

A claim alone never stops our log, or any partner could stop us: it must show a
checkpoint that bears **our own** signatures. If it can, the log halts at once, and
stays halted until a person has reconciled it (`reconcile`).

A partner that cannot be reached is no alarm: links drop, posts sleep. After a day
of silence both sides are told, because a witness that never answers protects nobody.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol

from ayni.errors import AyniError, LedgerError, UnreadableError
from ayni.ledger.checkpoint import Checkpoint, SignedCheckpoint
from ayni.ledger.log import Halt, LogStore, LogView, Seen
from ayni.ledger.note import SignatureLine, VerifierKey, decode_decimal
from ayni.ledger.tree import consistency_proof, root
from ayni.ledger.witness import QUIET, Answer, Submission, Suspicion
from ayni.toolkit.phrases import phrase

_TRIES = 2
"""A first answer of 409 tells the size to prove from; a second one is an answer."""
_OK, _CONFLICT, _UNPROCESSABLE = 200, 409, 422


class WitnessDoor(Protocol):
    """A way to reach a witness: HTTP to a partner, or the witness itself in a test. Both raise OSError in vain."""

    def add_checkpoint(self, body: bytes) -> Answer:
        """Send a submission."""
        ...

    def show(self, origin: str) -> Answer:
        """Ask for the newest checkpoint it has cosigned of a log."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Partner:
    """A witness as we know it: pinned keys, and a way to reach it."""

    name: str
    keys: tuple[VerifierKey, ...]
    door: WitnessDoor


class Outcome(StrEnum):
    """What came of asking."""

    COSIGNED = "cosigned"
    UNREACHABLE = "unreachable"
    REFUSED = "refused"
    AT_FAULT = "at-fault"
    ROLLBACK = "rollback"
    FORK = "fork"


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """One partner's answer: what it means, as a sentence with holes and its facts."""

    partner: str
    outcome: Outcome
    says: str
    facts: Mapping[str, str | int] = field(default_factory=dict[str, str | int])


COSIGNED = phrase("{partner} has witnessed our ledger up to entry {size:integer}")
UNREACHABLE = phrase("{partner} could not be reached; its witness will be asked again")
REFUSED = phrase("{partner} refuses to witness our ledger (answer {status})")
BAD_SIGNATURE = phrase("{partner} answered with a signature that does not verify")
NOTHING_SHOWN = phrase("{partner} disputes our ledger but shows no checkpoint that bears our signature")
NO_DISPUTE = phrase("{partner} disputes our ledger, but what it shows is part of our history")
BEHIND = phrase(
    "{partner} holds a checkpoint of ours with {theirs:integer} entries; this ledger has only {ours:integer}:"
    " it was restored or cut short and signs nothing until it is reconciled"
)
CONTRADICTED = phrase(
    "{partner} holds a checkpoint of ours with {theirs:integer} entries that contradicts this ledger:"
    " there are two histories, and it signs nothing until it is reconciled"
)
SILENT_WITNESS = phrase("{partner} has not witnessed our ledger since {since:instant}")
SILENT_LOG = phrase("no new checkpoint of {partner} has reached us since {since:instant}")


class Witnessing:
    """Sends our newest checkpoint to every partner and keeps what comes back."""

    def __init__(
        self,
        store: LogStore,
        own: Sequence[VerifierKey],
        partners: Sequence[Partner],
        clock: Callable[[], datetime],
        *,
        former: Sequence[Sequence[VerifierKey]] = (),
    ) -> None:
        self._store = store
        self._own = tuple(own)
        self._ever = (self._own, *map(tuple, former))
        self._partners = tuple(partners)
        self._clock = clock

    def ask_all(self) -> Sequence[Heard]:
        """Ask every partner once; one that fails does not keep the others from being asked."""
        return [self.ask(partner) for partner in self._partners]

    def ask(self, partner: Partner) -> Heard:
        """Ask one partner to witness the newest checkpoint, and keep its cosignature, or halt the log.

        Raises:
            LedgerError: if our own log has no checkpoint, or does not hold what it needs for a proof.
        """
        with self._store.view() as log:
            note = log.latest()
            old = log.witnesses().get(partner.name, Seen(size=0, at=self._clock())).size
        if note is None:
            raise LedgerError(ledger=self._store.origin, why="it has no checkpoint to witness yet")
        signed = self._bare(SignedCheckpoint.parse(note))
        if old == 0:
            self._note_seen(partner, 0, only_if_new=True)
        old = min(old, signed.checkpoint.size)  # a log cut short asks in due form, and is told how long it was
        try:
            return self._ask(partner, signed, old)
        except OSError:
            return Heard(partner=partner.name, outcome=Outcome.UNREACHABLE, says=UNREACHABLE, facts=_who(partner))
        except (UnreadableError, ValueError):
            return self._fault(partner, BAD_SIGNATURE)

    def confirm(self) -> bool:
        """Ask what partners hold of ours before anything is signed again; True if one answered and none contradicts.

        For a node that was restored: a checkpoint signed before this could contradict one already witnessed.
        """
        answered = False
        for partner in self._partners:
            try:
                answer = partner.door.show(self._store.origin)
            except OSError:
                continue
            answered = True
            if answer.status == _OK:
                self._dispute(partner)
        with self._store.view() as log:
            return answered and log.halt() is None

    def silent(self, after: timedelta = QUIET) -> Sequence[Heard]:
        """Return the partners that have not witnessed anything for longer than *after*."""
        with self._store.view() as log:
            seen = log.witnesses()
        now = self._clock()
        return [
            Heard(
                partner=partner.name,
                outcome=Outcome.UNREACHABLE,
                says=SILENT_WITNESS,
                facts=_who(partner) | {"since": seen[partner.name].at.isoformat()},
            )
            for partner in self._partners
            if partner.name in seen and now - seen[partner.name].at > after
        ]

    def reconcile(self) -> Checkpoint:
        """Let a halted log go on, once it holds again everything that the witness was shown.

        Raises:
            LedgerError: if it still does not: then only a successor under a new origin can go on.
        """
        with self._store.turn() as turn:
            halt = turn.halt()
            if halt is None:
                raise LedgerError(ledger=self._store.origin, why="it is not halted")
            shown = SignedCheckpoint.parse(halt.shown).checkpoint
            if not _reaches(turn, shown):
                why = f"it does not hold the {shown.size} entries that {halt.witness} was shown"
                raise LedgerError(ledger=self._store.origin, why=why)
            turn.set_halt(None)
        return shown

    def _ask(self, partner: Partner, signed: SignedCheckpoint, old: int) -> Heard:
        size = signed.checkpoint.size
        answer = Answer(status=0)
        for _ in range(_TRIES):
            body = Submission(old=old, proof=self._proof(old, size), signed=signed).to_bytes()
            answer = partner.door.add_checkpoint(body)
            if answer.status == _OK:
                return self._accept(partner, signed, answer.body)
            if answer.status != _CONFLICT:
                break
            told = decode_decimal(answer.body.decode("ascii").removesuffix("\n"))
            if told == old or told > size:
                break
            old = told
        if answer.status in {_CONFLICT, _UNPROCESSABLE}:
            return self._dispute(partner)
        facts = _who(partner) | {"status": answer.status}
        return Heard(partner=partner.name, outcome=Outcome.REFUSED, says=REFUSED, facts=facts)

    def _accept(self, partner: Partner, signed: SignedCheckpoint, body: bytes) -> Heard:
        """Keep cosignatures, if every key of the partner has signed."""
        lines = [SignatureLine.parse(line) for line in body.decode().removesuffix("\n").split("\n")]
        known = {(key.name, key.key_id) for key in partner.keys}
        lines = [line for line in lines if (line.name, line.key_id) in known]
        try:
            SignedCheckpoint(checkpoint=signed.checkpoint, signatures=tuple(lines)).require_signed(partner.keys)
        except LedgerError:
            return self._fault(partner, BAD_SIGNATURE)
        with self._store.turn() as turn:
            note, signed_at = turn.latest(), turn.signed_at()
            newest = SignedCheckpoint.parse(note) if note else signed
            if newest.checkpoint == signed.checkpoint and signed_at is not None:
                turn.put_checkpoint(newest.adding(lines), signed_at)
            turn.put_seen(partner.name, Seen(size=signed.checkpoint.size, at=self._clock()))
        facts = _who(partner) | {"size": signed.checkpoint.size}
        return Heard(partner=partner.name, outcome=Outcome.COSIGNED, says=COSIGNED, facts=facts)

    def _dispute(self, partner: Partner) -> Heard:
        """Believe a dispute only on the sight of a checkpoint that we signed ourselves."""
        answer = partner.door.show(self._store.origin)
        try:
            signed = SignedCheckpoint.parse(answer.body)
        except AyniError:
            return self._fault(partner, NOTHING_SHOWN)
        if not any(_signed_by(signed, keys) for keys in self._ever):
            return self._fault(partner, NOTHING_SHOWN)
        shown = signed.checkpoint
        with self._store.turn() as turn:
            ours = turn.size
            if shown.origin != self._store.origin:
                return self._fault(partner, NOTHING_SHOWN)
            if _reaches(turn, shown):
                return self._fault(partner, NO_DISPUTE)
            kind = Suspicion.ROLLBACK if shown.size > ours else Suspicion.FORK
            turn.set_halt(Halt(kind=kind, witness=partner.name, shown=answer.body, at=self._clock()))
        facts = _who(partner) | {"theirs": shown.size, "ours": ours}
        if kind is Suspicion.ROLLBACK:
            return Heard(partner=partner.name, outcome=Outcome.ROLLBACK, says=BEHIND, facts=facts)
        return Heard(partner=partner.name, outcome=Outcome.FORK, says=CONTRADICTED, facts=facts)

    def _proof(self, old: int, size: int) -> tuple[bytes, ...]:
        with self._store.view() as log:
            return tuple(consistency_proof(log, old, size)) if old < size else ()

    def _bare(self, signed: SignedCheckpoint) -> SignedCheckpoint:
        """Return the checkpoint with our own signatures alone."""
        own = {(key.name, key.key_id) for key in self._own}
        lines = tuple(line for line in signed.signatures if (line.name, line.key_id) in own)
        return SignedCheckpoint(checkpoint=signed.checkpoint, signatures=lines)

    def _note_seen(self, partner: Partner, size: int, *, only_if_new: bool) -> None:
        with self._store.turn() as turn:
            if not (only_if_new and partner.name in turn.witnesses()):
                turn.put_seen(partner.name, Seen(size=size, at=self._clock()))

    @staticmethod
    def _fault(partner: Partner, says: str) -> Heard:
        return Heard(partner=partner.name, outcome=Outcome.AT_FAULT, says=says, facts=_who(partner))


def _signed_by(signed: SignedCheckpoint, keys: Sequence[VerifierKey]) -> bool:
    """Say whether every one of our keys of one time has signed it."""
    try:
        signed.require_signed(keys)
    except LedgerError:
        return False
    return True


def _reaches(log: LogView, shown: Checkpoint) -> bool:
    """Say whether the log holds what *shown* says, entry for entry."""
    return shown.size <= log.size and root(log, shown.size) == shown.root


def _who(partner: Partner) -> dict[str, str | int]:
    return {"partner": partner.name}
