"""Exports: what an auditor receives, and that nothing in it can be changed unnoticed."""

from __future__ import annotations

import hashlib
import json
import random
import re
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from ayni.errors import LedgerError, WrongStateError
from ayni.ledger import verifier
from ayni.ledger.checkpoint import SignedCheckpoint, Signer
from ayni.ledger.export import export_ledger, verify_export
from ayni.ledger.files import FileLog
from ayni.ledger.log import Sequencer
from ayni.ledger.note import Kind
from ayni.ledger.policy import Policy, quorum_of
from ayni.ledger.proof import receipt_for
from ayni.ledger.tiles import bundle_of, entries_of
from ayni.ledger.witness import Witness
from ayni.ledger.witness_files import FileWitnessStore
from ayni.ledger.witnessing import Outcome, Partner, Witnessing
from ayni.model.act import Entry, leaf_of
from ayni.model.codec import to_json
from ayni.model.handling import Purpose

ORIGIN = "pe.ayni.example/ledger"
EPOCH = datetime(2027, 1, 1, tzinfo=UTC)
LOG = [Signer(name=ORIGIN, kind=kind, seed=bytes([kind]) * 32) for kind in (Kind.ED25519, Kind.ML_DSA_44)]
SIZE = 300


def entry(number: int) -> Entry:
    """An entry as acts write them."""
    return Entry(
        id=f"01940000-0000-7000-8000-{number:012x}",
        act="signal.validate",
        at=EPOCH + timedelta(milliseconds=number),
        by="officer-1",
        purpose=Purpose.COUNTER_NARCOTICS,
        legal_basis="Ley 1, art. 2",
        salt=f"{number:032x}",
    )


def witness_keys(name: str) -> list[Signer]:
    """Both keys of a witness."""
    kinds = (Kind.ED25519_COSIGNATURE, Kind.ML_DSA_44)
    seeds = [hashlib.sha256(f"{name} {kind}".encode()).digest() for kind in kinds]
    return [
        Signer(name=f"{name}.ayni.example/witness", kind=kind, seed=seed)
        for kind, seed in zip(kinds, seeds, strict=True)
    ]


NAMES = ("bo", "co", "ec")
POLICY = quorum_of(
    3,
    {name: [signer.verifier for signer in witness_keys(name)] for name in NAMES},
    [signer.verifier for signer in LOG],
)


class Sample:
    """A witnessed log of 300 entries with three checkpoints, and its export."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        log = FileLog(folder / "log", ORIGIN)
        order = Sequencer(log, LOG, lambda: EPOCH)
        partners = []
        for name in NAMES:
            store = FileWitnessStore(folder / name)
            door = Witness(store, witness_keys(name), {ORIGIN: order.keys}, lambda: EPOCH)
            keys = tuple(signer.verifier for signer in witness_keys(name))
            partners.append(Partner(name=name, keys=keys, door=door))
        asking = Witnessing(log, order.keys, partners, lambda: EPOCH)
        notes = []
        for start in range(0, SIZE, 100):
            log.submit(leaf_of(entry(number)).to_bytes() for number in range(start, start + 100))
            order.step()
            order.sign_now()
            assert [heard.outcome for heard in asking.ask_all()] == [Outcome.COSIGNED] * 3
            with log.view() as view:
                notes.append(view.latest() or b"")
        self.export = folder / "export"
        with log.view() as view:
            export_ledger(view, POLICY, self.export, notes)
            export_ledger(view, POLICY, folder / "export.zip", notes)
            leaf = leaf_of(entry(42)).to_bytes()
            self.receipt = receipt_for(view, 42, leaf, SignedCheckpoint.parse(notes[-1])).to_bytes()
        log.close()


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Sample:
    """One sample for all tests, which copy it before they change it."""
    return Sample(tmp_path_factory.mktemp("sample"))


@pytest.fixture
def copy(sample: Sample, tmp_path: Path) -> Path:
    """An export that a test may damage."""
    shutil.copytree(sample.export, tmp_path / "export")
    return tmp_path / "export"


def forge_manifest(export: Path) -> None:
    """What anybody can do who changes a file: the manifest is no signature."""
    lines = [
        f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.relative_to(export)}\n"
        for path in sorted(export.rglob("*"))
        if path.is_file() and path.name != "manifest"
    ]
    (export / "manifest").write_text("".join(lines))


def test_an_export_holds_in_a_folder_and_in_a_zip(sample: Sample) -> None:
    """With our keys, and with the auditor's own."""
    for place in (sample.export, sample.folder / "export.zip"):
        for policy in (None, POLICY.to_bytes()):
            verdict = verify_export(place, policy)
            assert (verdict.origin, verdict.entries, verdict.checkpoints) == (ORIGIN, SIZE, 3)
            assert verdict.witnesses == [f"{name}.ayni.example/witness" for name in NAMES]
            assert verdict.own_keys is (policy is None)
            assert len(verdict.fingerprints) == 8


def test_the_verifier_in_the_export_runs_alone(sample: Sample, tmp_path: Path) -> None:
    """Without Ayni on its path; in four languages; it finds a disclosed entry and checks a receipt."""
    (tmp_path / "entry.json").write_bytes(to_json(entry(42)))
    (tmp_path / "receipt").write_bytes(sample.receipt)
    (tmp_path / "policy").write_bytes(POLICY.to_bytes())
    program = [sys.executable, "-I", str(sample.export / "verifier.py"), str(sample.export)]
    more = ["--entry", str(tmp_path / "entry.json"), "--receipt", str(tmp_path / "receipt")]
    done = subprocess.run([*program, *more, "--lang", "es"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "está íntegro; asientos: 300; puntos de control: 3" in done.stdout
    assert "el asiento es el número 42" in done.stdout
    assert "el recibo es válido: asiento 42" in done.stdout
    assert "compare estas huellas" in done.stdout
    told = subprocess.run(
        [*program, "--json", "--policy", str(tmp_path / "policy")], capture_output=True, text=True, check=True
    )
    assert json.loads(told.stdout)["entries"] == SIZE
    (tmp_path / "entry.json").write_bytes(to_json(entry(SIZE)))
    done = subprocess.run([*program, *more, "--lang", "fr"], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (1, "REFUSÉ : ce registre ne contient pas cette inscription\n")


def test_a_file_that_is_not_there_is_a_sentence(sample: Sample, capsys: pytest.CaptureFixture[str]) -> None:
    """Not a traceback."""
    for option in ("--policy", "--entry", "--receipt"):
        assert verifier.main([str(sample.export), option, "/no/such/file", "--lang", "pt"]) == 1
        assert capsys.readouterr().err == "RECUSADO: falta /no/such/file\n"


def test_the_verifier_imports_nothing_of_ayni() -> None:
    """It is handed to people who have only Python and `cryptography`."""
    lines = Path(verifier.__file__).read_text(encoding="utf-8").splitlines()
    statements = [line.split() for line in lines if line.lstrip().startswith(("import ", "from "))]
    imported = {words[1].partition(".")[0] for words in statements}
    assert "ayni" not in imported
    assert imported - set(sys.stdlib_module_names) == {"cryptography"}


def test_every_sentence_exists_in_four_languages() -> None:
    """With the same facts in each."""
    for about, sentences in verifier.SENTENCES.items():
        assert set(sentences) == {"en", "es", "pt", "fr"}, about
        holes = {language: set(re.findall(r"{(\w+)}", text)) for language, text in sentences.items()}
        assert len({frozenset(found) for found in holes.values()}) == 1, about


def test_every_bit_flip_in_a_small_file_is_found(copy: Path) -> None:
    """Every byte of policy, manifest and README, one bit each: the manifest finds it."""
    verify_export(copy)
    for name in ("README.txt", "policy", "manifest"):
        path = copy / name
        whole = path.read_bytes()
        step = max(1, len(whole) // 150)
        for place in range(0, len(whole), step):
            damaged = bytearray(whole)
            damaged[place] ^= 1 << place % 8
            path.write_bytes(damaged)
            with pytest.raises(LedgerError):
                verify_export(copy)
        path.write_bytes(whole)


@pytest.mark.parametrize(
    "name", ["checkpoint", "tile/0/000", "tile/0/001.p/44", "tile/1/000.p/1", "tile/entries/001.p/44"]
)
def test_a_forger_who_mends_the_manifest_is_found(copy: Path, name: str) -> None:
    """Sixty seeded bit flips in each file, with a manifest that agrees: signatures or tree find each."""
    chance = random.Random(name)
    path = copy / name
    whole = path.read_bytes()
    manifest = (copy / "manifest").read_text()
    before = hashlib.sha256(whole).hexdigest()
    assert manifest.count(before) == 1
    for _ in range(60):
        damaged = bytearray(whole)
        damaged[chance.randrange(len(whole))] ^= 1 << chance.randrange(8)
        path.write_bytes(damaged)
        (copy / "manifest").write_text(manifest.replace(before, hashlib.sha256(damaged).hexdigest()))
        with pytest.raises(LedgerError):
            verify_export(copy)


@pytest.mark.parametrize("step", [13, pytest.param(1, marks=pytest.mark.long)])
def test_every_bit_of_a_tiny_ledger(tmp_path: Path, step: int) -> None:
    """Each bit of checkpoint, tile and entries of a ledger of two entries, manifest mended; or every thirteenth."""
    log = FileLog(tmp_path / "log", ORIGIN)
    log.submit(leaf_of(entry(number)).to_bytes() for number in range(2))
    order = Sequencer(log, LOG[:1], lambda: EPOCH)
    order.step()
    policy = Policy(logs=(LOG[0].verifier,))
    with log.view() as view:
        export_ledger(view, policy, tmp_path / "export")
    log.close()
    export = tmp_path / "export"
    manifest = (export / "manifest").read_text()
    flips = 0
    for name in ("checkpoint", "tile/0/000.p/2", "tile/entries/000.p/2"):
        whole = (export / name).read_bytes()
        before = hashlib.sha256(whole).hexdigest()
        for bit in range(0, 8 * len(whole), step):
            damaged = bytearray(whole)
            damaged[bit // 8] ^= 1 << bit % 8
            (export / name).write_bytes(damaged)
            (export / "manifest").write_text(manifest.replace(before, hashlib.sha256(damaged).hexdigest()))
            with pytest.raises(verifier.Refuted):
                verifier.verify_export(export)
            flips += 1
        (export / name).write_bytes(whole)
    assert flips > 4000 // step
    (export / "manifest").write_text(manifest)
    verifier.verify_export(export)


def _last_bundle(change: Callable[[list[bytes]], object]) -> Callable[[Path], None]:
    def mutate(export: Path) -> None:
        path = export / "tile/entries/001.p/44"
        entries = list(entries_of(path.read_bytes(), 44))
        change(entries)
        path.write_bytes(bundle_of(entries))

    return mutate


def _swap(entries: list[bytes]) -> None:
    entries[3], entries[4] = entries[4], entries[3]


def _swap_checkpoints(export: Path) -> None:
    one, two = export / "checkpoints/000000000000100", export / "checkpoints/000000000000200"
    first, second = one.read_bytes(), two.read_bytes()
    one.write_bytes(second)
    two.write_bytes(first)


def _strip_witnesses(export: Path) -> None:
    path = export / "checkpoint"
    text, _, lines = path.read_text(encoding="utf-8").rpartition("\n\n")
    kept = [line for line in lines.splitlines(keepends=True) if "/witness" not in line]
    path.write_text(f"{text}\n\n{''.join(kept)}", encoding="utf-8")


def _strip_post_quantum(export: Path) -> None:
    path = export / "checkpoint"
    text, _, lines = path.read_text(encoding="utf-8").rpartition("\n\n")
    kept = [line for line in lines.splitlines(keepends=True) if "/ledger" not in line or len(line) < 200]
    path.write_text(f"{text}\n\n{''.join(kept)}", encoding="utf-8")


def _foreign_policy(export: Path) -> None:
    foreign = Signer(name=ORIGIN, kind=Kind.ED25519, seed=bytes(32)).verifier
    (export / "policy").write_bytes(Policy(logs=(foreign,)).to_bytes())


def _old_checkpoint(export: Path) -> None:
    shutil.copy(export / "checkpoints/000000000000200", export / "checkpoint")


MUTATIONS: dict[str, Callable[[Path], object]] = {
    "an entry dropped": _last_bundle(lambda entries: entries.pop(7)),
    "an entry doubled": _last_bundle(lambda entries: entries.insert(7, entries[7])),
    "an entry in place of another": _last_bundle(lambda entries: entries.__setitem__(7, entries[8])),
    "two entries swapped": _last_bundle(_swap),
    "an entry added": _last_bundle(lambda entries: entries.append(leaf_of(entry(SIZE)).to_bytes())),
    "an entry changed": _last_bundle(lambda entries: entries.__setitem__(7, leaf_of(entry(999)).to_bytes())),
    "an entry of no format": _last_bundle(lambda entries: entries.__setitem__(7, b"a note to myself")),
    "checkpoints swapped": _swap_checkpoints,
    "an older checkpoint as the newest": _old_checkpoint,
    "witnesses stripped": _strip_witnesses,
    "the second log signature stripped": _strip_post_quantum,
    "keys exchanged": _foreign_policy,
    "a tile gone": lambda export: (export / "tile/0/000").unlink(),
    "a bundle cut short": lambda export: (export / "tile/entries/000").write_bytes(
        (export / "tile/entries/000").read_bytes()[:-9]
    ),
    "a tile too many": lambda export: (export / "tile/0/002").write_bytes(bytes(32)),
    "a strange file": lambda export: (export / "note.txt").write_text("trust me"),
    "no policy": lambda export: (export / "policy").unlink(),
    "a policy that permits everything": lambda export: (export / "policy").write_text("quorum none\n"),
}


@pytest.mark.parametrize("mended", [False, True], ids=["as it is", "manifest mended"])
@pytest.mark.parametrize("mutation", MUTATIONS)
def test_every_mutation_is_found(copy: Path, mutation: str, mended: bool) -> None:  # noqa: FBT001 -- a test parameter
    """By the manifest; and where that was mended, by tree, signatures or quorum."""
    MUTATIONS[mutation](copy)
    if mended:
        forge_manifest(copy)
    if mended and mutation == "a strange file":
        return
    policy = POLICY.to_bytes() if mutation == "a policy that permits everything" and not mended else None
    with pytest.raises(LedgerError):
        verify_export(copy, policy)


def test_the_auditors_own_policy_decides(copy: Path) -> None:
    """An export that brings weaker keys of its own does not pass with the auditor's."""
    (copy / "policy").write_bytes(Policy(logs=tuple(signer.verifier for signer in LOG)).to_bytes())
    _strip_witnesses(copy)
    forge_manifest(copy)
    with pytest.raises(LedgerError):
        verify_export(copy, POLICY.to_bytes())


def test_a_damaged_zip_is_refused(sample: Sample, tmp_path: Path) -> None:
    """Cut short, doubled, or no zip at all."""
    whole = (sample.folder / "export.zip").read_bytes()
    path = tmp_path / "export.zip"
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(LedgerError, match="malformed"):
        verify_export(path)
    with pytest.raises(LedgerError, match="missing"):
        verify_export(tmp_path / "nothing.zip")
    path.write_bytes(whole)
    with zipfile.ZipFile(path, "a") as archive, pytest.warns(UserWarning, match="Duplicate"):
        archive.writestr("checkpoint", b"")
    with pytest.raises(LedgerError, match="stands twice"):
        verify_export(path)


def test_an_export_is_never_half_there_and_never_overwritten(sample: Sample, tmp_path: Path) -> None:
    """Nor made of a log that its policy would not believe."""
    log = FileLog(tmp_path / "log", ORIGIN)
    with log.view() as view, pytest.raises(LedgerError, match="no checkpoint yet"):
        export_ledger(view, POLICY, tmp_path / "export")
    log.submit([leaf_of(entry(1)).to_bytes()])
    Sequencer(log, LOG, lambda: EPOCH).step()
    with log.view() as view:
        with pytest.raises(LedgerError, match="quorum"):
            export_ledger(view, POLICY, tmp_path / "export")
        with pytest.raises(WrongStateError):
            export_ledger(view, Policy(logs=POLICY.logs), sample.export)
    log.close()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["log"]
