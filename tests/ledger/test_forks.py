"""Forks and rollbacks: whatever was done to a ledger, one honest witness refuses it at the very next checkpoint.

Each of 100 trials draws a ledger, the moments of its checkpoints, and one to five
witnesses of which a single one is honest; the others sign whatever they are shown.
Then history is changed behind the witnesses' backs and signed with the ledger's own
keys. The honest witness is shown the first checkpoint after that, and no other.

In every trial the same ledger without the change is accepted by all of them.
"""

from __future__ import annotations

import random
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

import pytest

from ayni.errors import LedgerError
from ayni.ledger.checkpoint import SignedCheckpoint, Signer
from ayni.ledger.files import FileLog
from ayni.ledger.log import Pace, Seen, Sequencer
from ayni.ledger.policy import LOG_KINDS, WITNESS_KINDS, Policy, quorum_of
from ayni.ledger.tree import HASH_BYTES, MemoryHashes, consistency_proof, grow, leaf_hash
from ayni.ledger.witness import SIZE, Answer, Submission, Suspicion, Witness
from ayni.ledger.witness_files import FileWitnessStore
from ayni.ledger.witnessing import Outcome, Partner
from tests.ledger.test_witness import EPOCH, ORIGIN, House, witness_signer

TRIALS = 100
MEMORY = Path("/dev/shm")  # noqa: S108 -- each trial makes a private folder in it, of a name nobody knows before
INTERVAL = Pace().checkpoint
NAMES = ("bo", "br", "cl", "co", "ec")
LOG_SIGNERS = [Signer(name=ORIGIN, kind=kind, seed=bytes([1 + at]) * 32) for at, kind in enumerate(LOG_KINDS)]
LOG_KEYS = [signer.verifier for signer in LOG_SIGNERS]
SIGNERS = {name: [witness_signer(name, kind) for kind in WITNESS_KINDS] for name in NAMES}
KEYS = {name: tuple(signer.verifier for signer in signers) for name, signers in SIGNERS.items()}


class Attack(StrEnum):
    """What is done to a history that was witnessed."""

    FORK = "another leaf in one place"
    ROLLBACK = "fewer leaves, signed anew"
    RESTORED = "a backup restored, which then grows differently"
    REMOVED = "a leaf removed"
    EXCHANGED = "two leaves exchanged"


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """Everything that chance decides, before anything is signed."""

    attack: Attack
    witnesses: tuple[str, ...]
    """In the order in which they are asked."""
    honest: str
    entries: tuple[bytes, ...]
    """The true history, with what waits for its first checkpoint at the end."""
    moments: tuple[int, ...]
    """Numbers of entries at which a checkpoint was signed and witnessed, ascending."""
    backup: int
    """The moment at which the backup was made, before the last one."""
    false: tuple[bytes, ...]
    """The history after the attack."""
    reminded: bool
    """Whether the changed ledger still knows what each witness saw, as one changed in place does."""

    @property
    def held(self) -> int:
        """Entries of the newest checkpoint that was witnessed."""
        return self.moments[-1]

    @property
    def kind(self) -> Suspicion:
        """What the witness must take the attack for."""
        if len(self.false) == self.held:
            return Suspicion.FORK
        return Suspicion.ROLLBACK if len(self.false) < self.held else Suspicion.UNPROVEN

    @staticmethod
    def draw(seed: int) -> Trial:
        """The same trial for the same seed."""
        chance = random.Random(seed)
        entries = tuple(b"entry %d" % at for at in range(chance.randint(2, 200)))
        moments = sorted(chance.sample(range(1, len(entries) + 1), chance.randint(2, min(4, len(entries)))))
        backup, held = chance.choice(moments[:-1]), moments[-1]
        attack = chance.choice(list(Attack))
        witnesses = tuple(chance.sample(NAMES, chance.randint(1, len(NAMES))))
        return Trial(
            attack=attack,
            witnesses=witnesses,
            honest=chance.choice(witnesses),
            entries=entries,
            moments=tuple(moments),
            backup=backup,
            false=tuple(_changed(chance, attack, entries[:held], backup)),
            reminded=chance.random() < 1 / 2,
        )


def _changed(chance: random.Random, attack: Attack, held: Sequence[bytes], backup: int) -> Sequence[bytes]:
    """Return the history that is put in place of *held*: shorter, as long, or longer."""
    changed, lost = list(held), len(held) - backup
    growth = chance.choice((0, 1, chance.randint(2, 60)))
    match attack:
        case Attack.FORK:
            changed[chance.randrange(len(held))] = b"as the administrator would have it"
        case Attack.ROLLBACK:
            del changed[chance.randrange(len(held)) :]
            growth = 0
        case Attack.RESTORED:
            del changed[backup:]
            growth = chance.choice((chance.randint(1, lost), lost, lost + chance.randint(1, 60)))
        case Attack.REMOVED:
            del changed[chance.randrange(len(held))]
        case Attack.EXCHANGED:
            one, two = chance.sample(range(len(held)), 2)
            changed[one], changed[two] = changed[two], changed[one]
    return [*changed, *(b"after the attack %d" % at for at in range(growth))]


class Ledger(House):
    """A ledger that signs with both kinds of key, as a node does."""

    def open(self) -> None:
        """Open the folder, as after a restart."""
        self.log = FileLog(self.folder, ORIGIN)
        self.order = Sequencer(self.log, LOG_SIGNERS, lambda: self.now)

    def remember(self, witnesses: Sequence[str], size: int) -> None:
        """Know that each witness has seen *size* entries."""
        with self.log.turn() as turn:
            for name in witnesses:
                turn.put_seen(name, Seen(size=size, at=self.now))

    def newest(self) -> SignedCheckpoint:
        """The newest checkpoint with every signature it has gathered."""
        with self.log.view() as view:
            note = view.latest()
        assert note is not None
        return SignedCheckpoint.parse(note)


class Complicit:
    """Cosigns whatever it is shown with every key it has, and remembers nothing."""

    def __init__(self, name: str) -> None:
        self.signers = SIGNERS[name]

    def add_checkpoint(self, body: bytes) -> Answer:
        """Sign without looking."""
        shown = Submission.parse(body).signed.checkpoint
        return Answer(status=200, body="".join(str(signer.sign(shown, 0)) for signer in self.signers).encode())

    def show(self, origin: str) -> Answer:
        """Know nothing."""
        return Answer(status=404, body=origin.encode())


class Scene:
    """One trial under way: the true ledger, its witnesses, and what the honest one remembers."""

    def __init__(self, trial: Trial, folder: Path) -> None:
        self.trial, self.folder = trial, folder
        self.house = Ledger(folder / "log")
        self.memory = FileWitnessStore(folder / "honest")
        self.witness = Witness(self.memory, SIGNERS[trial.honest], {ORIGIN: LOG_KEYS}, lambda: self.house.now)
        self.partners = [
            Partner(name=name, keys=KEYS[name], door=self.witness if name == trial.honest else Complicit(name))
            for name in trial.witnesses
        ]

    def grow(self) -> None:
        """Sign at every moment, be witnessed by the honest one, at last by all, and make the backup on the way."""
        honest, start = [one for one in self.partners if one.name == self.trial.honest], 0
        for moment in self.trial.moments:
            self.house.sign(*self.trial.entries[start:moment])
            asked = self.partners if moment == self.trial.held else honest
            assert self.house.ask(*asked) == [Outcome.COSIGNED] * len(asked)
            if moment == self.trial.backup:
                shutil.copytree(self.house.folder, self.folder / "backup")
            start = moment
            self.house.now += INTERVAL

    def attacked(self) -> Ledger:
        """Return the ledger after the attack, its next checkpoint signed."""
        if self.trial.attack is not Attack.RESTORED:
            return self.written_anew("false", self.trial.false)
        restored = Ledger(self.folder / "backup")
        restored.now = self.house.now
        restored.sign(*self.trial.false[self.trial.backup :])
        return restored

    def written_anew(self, folder: str, entries: Sequence[bytes]) -> Ledger:
        """Return a ledger of the same name and keys that holds *entries*, its next checkpoint signed."""
        ledger = Ledger(self.folder / folder)
        ledger.now = self.house.now
        if self.trial.reminded:
            ledger.remember(self.trial.witnesses, self.trial.held)
        ledger.sign(*entries)
        return ledger

    def policy(self) -> Policy:
        """What somebody asks for who wants the word of every witness."""
        return quorum_of(len(self.partners), {name: KEYS[name] for name in self.trial.witnesses}, LOG_KEYS)

    def pretences(self, false: Ledger) -> list[tuple[int, tuple[bytes, ...]]]:
        """Old sizes and proofs that a forger may send instead of what the standard asks for."""
        held, size = self.trial.held, len(self.trial.false)
        early, chance = min(self.trial.backup, size), random.Random(held)
        made_up = tuple(chance.randbytes(HASH_BYTES) for _ in range(chance.randint(1, 9)))
        with false.log.view() as other:
            from_early = tuple(consistency_proof(other, early, size))
        true = MemoryHashes()
        leaves = (*self.trial.entries[:held], *self.trial.false[held:])
        true.add(grow(true, 0, map(leaf_hash, leaves)))
        of_the_true_tree = tuple(consistency_proof(true, held, len(leaves)))
        proofs = [(held, proof) for proof in ((), made_up, of_the_true_tree)]
        return [*proofs, (0, ()), (early, from_early), (size, ()), (size + 1, ())]


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder in memory, where the system has such a place: nothing here loses power, and a disk is slow."""
    with tempfile.TemporaryDirectory(dir=MEMORY if MEMORY.is_dir() else None) as made:
        yield Path(made)


@pytest.mark.parametrize("seed", range(TRIALS))
def test_one_honest_witness_refuses_the_next_checkpoint(folder: Path, seed: int) -> None:
    """The first checkpoint after an attack is refused as a conflict, and the true history is still accepted."""
    trial = Trial.draw(seed)
    scene = Scene(trial, folder)
    scene.grow()
    remembered = scene.memory.latest(ORIGIN)
    assert remembered is not None

    false = scene.attacked()
    size = len(trial.false)
    answer = scene.witness.add_checkpoint(false.submission(min(trial.held, size)))
    if trial.kind is Suspicion.UNPROVEN:
        assert answer.status == 422
    else:
        assert (answer.status, answer.content_type, answer.body) == (409, SIZE, b"%d\n" % trial.held)
    (evidence,) = scene.memory.evidence(ORIGIN)
    assert (evidence.kind, evidence.held) == (trial.kind, remembered[0])
    assert SignedCheckpoint.parse(evidence.shown).checkpoint == false.newest().checkpoint
    for note in (evidence.held, evidence.shown):
        SignedCheckpoint.parse(note).require_signed(LOG_KEYS)

    for old, proof in scene.pretences(false):
        body = Submission(old=old, proof=proof, signed=false.newest()).to_bytes()
        assert scene.witness.add_checkpoint(body).status in {400, 409, 422}, (old, len(proof))
    assert scene.memory.latest(ORIGIN) == remembered

    outcomes = dict(zip(trial.witnesses, false.ask(*scene.partners), strict=True))
    assert outcomes.pop(trial.honest) is (Outcome.ROLLBACK if size < trial.held else Outcome.FORK)
    assert set(outcomes.values()) <= {Outcome.COSIGNED}, "those that sign anything have signed this"
    with pytest.raises(LedgerError, match=f"{trial.honest} has shown a"):
        false.order.sign_now()
    with pytest.raises(LedgerError, match="quorum"):
        scene.policy().check(false.newest())
    assert scene.memory.latest(ORIGIN) == remembered

    control = scene.written_anew("control", trial.entries)
    assert control.ask(*scene.partners) == [Outcome.COSIGNED] * len(trial.witnesses)
    scene.policy().check(control.newest())
    shown = SignedCheckpoint.parse(scene.witness.show(ORIGIN).body).checkpoint
    assert shown == control.newest().checkpoint
    assert shown.size == len(trial.entries)
    assert len(scene.memory.evidence(ORIGIN)) == 1, "the true history is no evidence"
    for ledger in (scene.house, false, control):
        ledger.log.close()


def test_the_trials_are_attacks_of_every_kind() -> None:
    """No trial leaves witnessed history as it was; every kind, length and number of witnesses occurs."""
    trials = [Trial.draw(seed) for seed in range(TRIALS)]
    for trial in trials:
        assert trial.false[: trial.held] != trial.entries[: trial.held]
        assert (trial.attack is Attack.ROLLBACK) <= (trial.false == trial.entries[: len(trial.false)])
        assert trial.honest in trial.witnesses
    lengths = set(Suspicion)
    assert {trial.attack for trial in trials} == set(Attack)
    assert {len(trial.witnesses) for trial in trials} == {1, 2, 3, 4, 5}
    assert {trial.kind for trial in trials if trial.attack in {Attack.RESTORED, Attack.REMOVED}} == lengths
    for attack in (Attack.FORK, Attack.EXCHANGED):
        assert {trial.kind for trial in trials if trial.attack is attack} == lengths - {Suspicion.ROLLBACK}
    assert {trial.reminded for trial in trials if trial.kind is Suspicion.ROLLBACK} == {True, False}


@pytest.mark.parametrize("beyond", [1, 2, 41])
def test_a_shorter_ledger_that_claims_more_than_it_shows_is_kept(folder: Path, beyond: int) -> None:
    """The standard calls such a request malformed; what the ledger signed is evidence all the same."""
    house = Ledger(folder / "log")
    memory = FileWitnessStore(folder / "honest")
    witness = Witness(memory, SIGNERS["bo"], {ORIGIN: LOG_KEYS}, lambda: EPOCH)
    house.sign(*(b"entry %d" % at for at in range(41)))
    assert witness.add_checkpoint(house.submission(0)).status == 200
    remembered = memory.latest(ORIGIN)
    short = Ledger(folder / "short")
    short.sign(*(b"entry %d" % at for at in range(41 - beyond)))
    assert witness.add_checkpoint(short.submission(41)).status == 400
    assert [one.kind for one in memory.evidence(ORIGIN)] == [Suspicion.ROLLBACK]
    assert memory.latest(ORIGIN) == remembered
    house.log.close()
    short.log.close()
