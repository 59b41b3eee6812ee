"""Witnesses: what they cosign, what they refuse, and that one honest witness is enough."""

from __future__ import annotations

import random
import shutil
import threading
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from ayni.errors import InvalidValueError, LedgerError, UnreadableError
from ayni.ledger.checkpoint import Checkpoint, SignedCheckpoint, Signer
from ayni.ledger.files import FileLog
from ayni.ledger.log import Halt, Sequencer
from ayni.ledger.note import Kind, VerifierKey
from ayni.ledger.policy import quorum_of
from ayni.ledger.tree import consistency_proof
from ayni.ledger.witness import Answer, Submission, Suspicion, Witness
from ayni.ledger.witness_files import FileWitnessStore
from ayni.ledger.witnessing import Outcome, Partner, Witnessing

ORIGIN = "pe.ayni.example/ledger"
LOG = Signer(name=ORIGIN, kind=Kind.ED25519, seed=bytes([1]) * 32)
EPOCH = datetime(2027, 1, 1, tzinfo=UTC)


def witness_signer(name: str, kind: Kind = Kind.ED25519_COSIGNATURE) -> Signer:
    """A witness key that every test finds again."""
    return Signer(name=f"{name}.ayni.example/witness", kind=kind, seed=name.encode().ljust(32, b"."))


class House:
    """A log, its sequencer and its clock, in one folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.now = EPOCH
        self.open()

    def open(self) -> None:
        """Open the folder, as after a restart."""
        self.log = FileLog(self.folder, ORIGIN)
        self.order = Sequencer(self.log, [LOG], lambda: self.now)

    def sign(self, *entries: bytes) -> SignedCheckpoint:
        """Place entries and sign."""
        self.log.submit(entries)
        self.order.step()
        return self.order.sign_now()

    def submission(self, old: int) -> bytes:
        """The newest checkpoint with a proof from *old*."""
        with self.log.view() as view:
            note = view.latest()
            assert note is not None
            signed = SignedCheckpoint.parse(note)
            size = signed.checkpoint.size
            proof = tuple(consistency_proof(view, old, size)) if old <= size else ()
        return Submission(old=old, proof=proof, signed=signed).to_bytes()

    def ask(self, *partners: Partner) -> list[Outcome]:
        """What each partner's answer means to this log."""
        asking = Witnessing(self.log, self.order.keys, partners, lambda: self.now)
        return [heard.outcome for heard in asking.ask_all()]


def honest(folder: Path, name: str = "bo", logs: Sequence[VerifierKey] = (LOG.verifier,)) -> Witness:
    """A witness that keeps the rules."""
    signers = [witness_signer(name)]
    return Witness(FileWitnessStore(folder / name), signers, {ORIGIN: logs}, lambda: EPOCH)


def partner(name: str, door: Witness | Complicit | Stalled | Liar) -> Partner:
    """A witness as the log knows it."""
    return Partner(name=name, keys=(witness_signer(name).verifier,), door=door)


class Complicit:
    """Cosigns whatever it is sent and remembers nothing: an administrator's best friend."""

    def __init__(self, name: str) -> None:
        self.signer = witness_signer(name)

    def add_checkpoint(self, body: bytes) -> Answer:
        """Sign without looking."""
        return Answer(status=200, body=str(self.signer.sign(Submission.parse(body).signed.checkpoint, 0)).encode())

    def show(self, origin: str) -> Answer:
        """Know nothing."""
        return Answer(status=404, body=origin.encode())


class Stalled:
    """Never answers; what a socket with a time limit makes of that."""

    def add_checkpoint(self, body: bytes) -> Answer:
        """Time out."""
        raise TimeoutError(len(body))

    def show(self, origin: str) -> Answer:
        """Time out."""
        raise TimeoutError(origin)


class Liar:
    """Gives fixed answers, true or not."""

    def __init__(self, *answers: Answer, shows: Answer | None = None) -> None:
        self.answers = list(answers)
        self.shows = shows or Answer(status=404)

    def add_checkpoint(self, body: bytes) -> Answer:
        """Give the next answer, and the last one for ever."""
        assert body
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]

    def show(self, origin: str) -> Answer:
        """Show what it was given."""
        assert origin
        return self.shows


def test_a_growing_log_is_cosigned_and_a_quorum_reached(tmp_path: Path) -> None:
    """Three partners, both kinds of key, two of three."""
    house = House(tmp_path / "log")
    kinds = (Kind.ED25519_COSIGNATURE, Kind.ML_DSA_44)
    keys = {name: [witness_signer(name, kind).verifier for kind in kinds] for name in ("bo", "co", "ec")}
    partners = []
    for name, pair in keys.items():
        signers = [witness_signer(name, kind) for kind in kinds]
        store = FileWitnessStore(tmp_path / name)
        door = Witness(store, signers, {ORIGIN: [LOG.verifier]}, lambda: EPOCH)
        partners.append(Partner(name=name, keys=tuple(pair), door=door))
    for turn in range(4):
        house.sign(*(b"entry %d of %d" % (at, turn) for at in range(turn * 3)))
        assert house.ask(*partners) == [Outcome.COSIGNED] * 3
        with house.log.view() as view:
            note = view.latest()
            assert note is not None
            quorum_of(3, keys, [LOG.verifier]).check(SignedCheckpoint.parse(note))
            assert {seen.size for seen in view.witnesses().values()} == {view.size}


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 400),
        (b"old 0\n", 400),
        (b"old -1\n\nx", 400),
        (b"old 00\n\nx", 400),
        (b"new 0\n\nx", 400),
        (b"old 0\nAAAA\n\nx", 400),
        (b"old 0\n" + b"47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n" * 64 + b"\nx", 400),
        (b"\xff", 400),
    ],
)
def test_malformed_submissions_are_refused(tmp_path: Path, body: bytes, status: int) -> None:
    """And nothing is remembered of them."""
    witness = honest(tmp_path)
    assert witness.add_checkpoint(body).status == status
    assert witness.show(ORIGIN).status == 404


def test_refusals_of_the_protocol(tmp_path: Path) -> None:
    """404, 403, 400, 409 with the size, and 422, as tlog-witness has them."""
    house, witness = House(tmp_path / "log"), honest(tmp_path)
    house.sign(b"a", b"b", b"c")
    sent = house.submission(0)
    assert (
        Witness(FileWitnessStore(tmp_path / "x"), [witness_signer("x")], {}, lambda: EPOCH)
        .add_checkpoint(sent)
        .status
        == 404
    )
    stranger = replace(LOG, seed=bytes(32)).verifier
    assert honest(tmp_path, "y", [stranger]).add_checkpoint(sent).status == 403
    assert witness.add_checkpoint(house.submission(4)).status == 400
    early = witness.add_checkpoint(house.submission(2))
    assert (early.status, early.body, early.content_type) == (409, b"0\n", "text/x.tlog.size")
    assert witness.add_checkpoint(sent).status == 200
    stale = witness.add_checkpoint(sent)
    assert (stale.status, stale.body) == (409, b"3\n")
    assert witness.add_checkpoint(house.submission(3)).status == 200, "a heartbeat over the same tree"
    house.sign(b"d", b"e")
    good = Submission.parse(house.submission(3))
    bad = replace(good, proof=(bytes(32), *good.proof[1:]))
    assert witness.add_checkpoint(bad.to_bytes()).status == 422
    assert [one.kind for one in FileWitnessStore(tmp_path / "bo").evidence(ORIGIN)] == [Suspicion.UNPROVEN]
    assert witness.add_checkpoint(good.to_bytes()).status == 200


def test_a_witness_remembers_before_it_answers(tmp_path: Path) -> None:
    """Whatever it answered with 200 is what another process of it finds."""
    house, witness = House(tmp_path / "log"), honest(tmp_path)
    size = 0
    for turn in range(5):
        signed = house.sign(b"entry %d" % turn)
        assert witness.add_checkpoint(house.submission(size)).status == 200
        size = signed.checkpoint.size
        again = honest(tmp_path).show(ORIGIN)
        assert SignedCheckpoint.parse(again.body).checkpoint == signed.checkpoint


def test_a_race_of_two_submissions_never_rolls_back(tmp_path: Path) -> None:
    """The race of the standard: many sizes at once, and the largest one cosigned stays."""
    house, witness = House(tmp_path / "log"), honest(tmp_path)
    house.sign(b"first")
    assert witness.add_checkpoint(house.submission(0)).status == 200
    bodies = []
    for turn in range(8):
        house.sign(b"entry %d" % turn)
        bodies.append(house.submission(1))
    answers: list[tuple[int, int]] = []

    def submit(body: bytes) -> None:
        size = Submission.parse(body).signed.checkpoint.size
        answers.append((size, witness.add_checkpoint(body).status))

    threads = [threading.Thread(target=submit, args=(body,)) for body in bodies]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)
    cosigned = [size for size, status in answers if status == 200]
    assert len(cosigned) == 1
    assert {status for _, status in answers} == {200, 409}
    assert SignedCheckpoint.parse(witness.show(ORIGIN).body).checkpoint.size == cosigned[0]


def test_a_stalled_witness_is_asked_again_and_missed_after_a_day(tmp_path: Path) -> None:
    """No alarm before: links drop. Both sides are told."""
    house = House(tmp_path / "log")
    house.sign(b"a")
    away, there = partner("bo", Stalled()), partner("co", honest(tmp_path, "co"))
    asking = Witnessing(house.log, house.order.keys, [away, there], lambda: house.now)
    for hour in range(25):
        house.now = EPOCH + timedelta(hours=hour)
        assert [heard.outcome for heard in asking.ask_all()] == [Outcome.UNREACHABLE, Outcome.COSIGNED]
        assert asking.silent() == []
    house.now = EPOCH + timedelta(hours=24, seconds=1)
    assert [heard.partner for heard in asking.silent()] == ["bo"]
    assert asking.silent()[0].facts["since"] == EPOCH.isoformat()
    watching = Witness(
        FileWitnessStore(tmp_path / "co"), [witness_signer("co")], {ORIGIN: [LOG.verifier]}, lambda: house.now
    )
    assert watching.quiet() == {ORIGIN: EPOCH}
    assert watching.quiet(timedelta(hours=25)) == {}


def test_a_lying_witness_is_named_and_does_not_stop_us(tmp_path: Path) -> None:
    """Signatures that do not verify, claims without proof, disputes over what is true: we go on."""
    house = House(tmp_path / "log")
    first = house.sign(b"a")
    other = Checkpoint(origin=ORIGIN, size=99, root=bytes(32))
    forged = SignedCheckpoint(
        checkpoint=other, signatures=(Signer(name=ORIGIN, kind=Kind.ED25519, seed=bytes(32)).sign(other, 0),)
    )
    wrong = str(witness_signer("bo").sign(other, 0)).encode()
    strange = str(witness_signer("xx").sign(first.checkpoint, 0)).encode()
    house.sign(b"b")
    liars = [
        Liar(Answer(status=200)),
        Liar(Answer(status=200, body=b"\xff")),
        Liar(Answer(status=200, body=wrong)),
        Liar(Answer(status=200, body=strange)),
        Liar(Answer(status=409, body=b"many\n")),
        Liar(Answer(status=409, body=b"99\n")),
        Liar(Answer(status=409, body=b"99\n"), shows=Answer(status=200, body=forged.to_bytes())),
        Liar(Answer(status=422), shows=Answer(status=200, body=first.to_bytes())),
        Liar(Answer(status=409, body=b"1\n"), Answer(status=409, body=b"0\n")),
    ]
    for liar in liars:
        assert house.ask(partner("bo", liar)) == [Outcome.AT_FAULT], liar.answers
        with house.log.view() as view:
            assert view.halt() is None
    assert house.ask(partner("bo", Liar(Answer(status=503)))) == [Outcome.REFUSED]
    house.sign(b"c")


def test_a_witness_that_answers_twice_counts_once(tmp_path: Path) -> None:
    """Two lines of one key are one signature."""
    house = House(tmp_path / "log")
    signed = house.sign(b"a")
    twice = b"".join(str(witness_signer("bo").sign(signed.checkpoint, at)).encode() for at in (1, 2))
    assert house.ask(partner("bo", Liar(Answer(status=200, body=twice)))) == [Outcome.COSIGNED]
    with house.log.view() as view:
        note = view.latest()
    assert note is not None
    keys = {"bo": [witness_signer("bo").verifier], "co": [witness_signer("co").verifier]}
    assert [one.at_s for one in SignedCheckpoint.parse(note).verify(keys["bo"])] == [2]
    with pytest.raises(LedgerError, match="quorum"):
        quorum_of(2, keys, [LOG.verifier]).check(SignedCheckpoint.parse(note))


def test_a_restored_backup_is_refused_until_it_is_reconciled(tmp_path: Path) -> None:
    """The story: backup, work, disk lost, backup back; and the newer backup that saves it."""
    house, witness = House(tmp_path / "log"), honest(tmp_path)
    bo = partner("bo", witness)
    house.sign(b"a", b"b")
    assert house.ask(bo) == [Outcome.COSIGNED]
    house.log.close()
    shutil.copytree(house.folder, tmp_path / "old backup")
    house.open()
    house.sign(b"c")
    assert house.ask(bo) == [Outcome.COSIGNED]
    house.log.close()
    shutil.copytree(house.folder, tmp_path / "new backup")
    shutil.rmtree(house.folder)
    shutil.copytree(tmp_path / "old backup", house.folder)
    house.open()
    house.order.check()
    assert house.ask(bo) == [Outcome.ROLLBACK]
    house.log.submit([b"d"])
    assert house.order.step() == 0
    with pytest.raises(LedgerError, match="bo has shown a rollback"):
        house.order.sign_now()
    asking = Witnessing(house.log, house.order.keys, [bo], lambda: house.now)
    with pytest.raises(LedgerError, match="does not hold the 3 entries that bo was shown"):
        asking.reconcile()
    house.log.close()
    halted = (house.folder / "head").read_text()
    assert '"rollback"' in halted
    shutil.rmtree(house.folder)
    shutil.copytree(tmp_path / "new backup", house.folder)
    house.open()
    house.sign(b"d")
    assert house.ask(bo) == [Outcome.COSIGNED]


def test_a_halted_log_goes_on_once_it_holds_everything_again(tmp_path: Path) -> None:
    """Reconciling compares with the checkpoint that halted it."""
    house, witness = House(tmp_path / "log"), honest(tmp_path)
    house.sign(b"a", b"b")
    assert house.ask(partner("bo", witness)) == [Outcome.COSIGNED]
    asking = Witnessing(house.log, house.order.keys, [], lambda: house.now)
    with pytest.raises(LedgerError, match="not halted"):
        asking.reconcile()
    with house.log.turn() as turn:
        turn.set_halt(Halt(kind="rollback", witness="bo", shown=witness.show(ORIGIN).body, at=EPOCH))
    assert asking.reconcile().size == 2
    house.sign(b"c")


def test_a_restored_witness_is_reminded_by_the_logs_it_watches(tmp_path: Path) -> None:
    """Its own signature proves what it had seen; a forged reminder is refused."""
    house, witness = House(tmp_path / "log"), honest(tmp_path)
    bo = partner("bo", witness)
    house.sign(b"a")
    house.ask(bo)
    shutil.copytree(tmp_path / "bo", tmp_path / "backup")
    unsigned = house.sign(b"b").to_bytes()
    house.ask(bo)
    with house.log.view() as view:
        cosigned = view.latest()
    assert cosigned is not None
    shutil.rmtree(tmp_path / "bo")
    shutil.copytree(tmp_path / "backup", tmp_path / "bo")
    restored = honest(tmp_path)
    with pytest.raises(LedgerError, match="no ED25519_COSIGNATURE signature"):
        restored.remember(unsigned)
    assert restored.remember(cosigned)
    assert not restored.remember(cosigned)
    assert SignedCheckpoint.parse(restored.show(ORIGIN).body).checkpoint.size == 2


def test_what_a_witness_needs(tmp_path: Path) -> None:
    """A key, and one of a kind that witnesses use; a damaged memory signs nothing."""
    store = FileWitnessStore(tmp_path)
    with pytest.raises(InvalidValueError):
        Witness(store, [], {}, lambda: EPOCH)
    with pytest.raises(InvalidValueError):
        Witness(store, [LOG], {}, lambda: EPOCH)
    house, witness = House(tmp_path / "log"), honest(tmp_path)
    house.sign(b"a")
    witness.add_checkpoint(house.submission(0))
    (memory,) = (tmp_path / "bo").glob("*.json")
    memory.write_bytes(memory.read_bytes()[:-1])
    with pytest.raises(LedgerError, match="damaged"):
        witness.add_checkpoint(house.submission(1))
    with pytest.raises(UnreadableError):
        witness.observe(b"nonsense")


@pytest.mark.parametrize("seed", range(20))
def test_two_faces_are_seen_when_partners_compare(tmp_path: Path, seed: int) -> None:
    """The log shows the honest witness one history and a partner another; the partner passes it on."""
    chance = random.Random(seed)
    house, witness = House(tmp_path / "log"), honest(tmp_path)
    house.sign(*(b"entry %d" % at for at in range(chance.randint(1, 20))))
    house.log.close()
    shutil.copytree(house.folder, tmp_path / "other face")
    house.open()
    house.sign(*(b"shown to bo %d" % at for at in range(chance.randint(1, 20))))
    assert house.ask(partner("bo", witness)) == [Outcome.COSIGNED]
    other = House(tmp_path / "other face")
    shown = other.sign(*(b"shown to co %d" % at for at in range(chance.randint(1, 20))))
    with house.log.view() as one, other.log.view() as two:
        small, large = sorted((one.size, two.size))
        proof = consistency_proof(two if two.size == large else one, small, large)
    found = witness.observe(shown.to_bytes(), proof)
    assert found is not None
    assert found.kind is (Suspicion.FORK if small == large else Suspicion.UNPROVEN)
    with house.log.view() as view:
        latest = view.latest()
    assert latest is not None
    assert witness.observe(latest) is None, "the history it cosigned is no evidence"
