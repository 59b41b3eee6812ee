"""The node's ledger over SQLite and PostgreSQL: every act gets a place, a proof, and no second history."""

from __future__ import annotations

import subprocess
import sys
import threading
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from django.db import connections

from ayni.errors import AyniError, KeysError, LedgerError, NotEntitledError, UnknownError, WrongStateError
from ayni.exchange.keys import Identity
from ayni.ledger.checkpoint import SignedCheckpoint
from ayni.ledger.export import verify_export
from ayni.ledger.files import FileLog
from ayni.ledger.log import Pace, Sequencer
from ayni.ledger.policy import Policy, quorum_of
from ayni.ledger.tree import consistency_proof, leaf_hash
from ayni.ledger.witness import Submission, Suspicion, Witness
from ayni.ledger.witness_files import FileWitnessStore
from ayni.ledger.witnessing import Outcome, Partner
from ayni.model.act import acting, leaf_of
from ayni.model.codec import to_json
from ayni.model.officer import Officer, Role
from ayni.node.backup import backup, restore
from ayni.node.ledger import Ledger, exchange_keys, open_ledger
from ayni.node.opening import OpenNode, open_node
from ayni.node.reconcile import reconcile
from ayni.node.supervision import Supervisor, standing_jobs
from tests.node.stores import KEEP, MANDATE, OFFICER, a_node, a_record

ADMINISTRATOR = Officer(id="b.mamani", name="B. Mamani", roles=frozenset({Role.ADMINISTRATOR}))


def act(node: OpenNode, times: int = 1) -> None:
    """Let an officer keep records: one act, one entry each."""
    for _ in range(times):
        with node.store.work() as work:
            with acting(KEEP, by=OFFICER, under=MANDATE, work=work) as acts:
                acts.put(a_record(), replacing=None)
            work.commit()


def a_partner(folder: Path, ledger: Ledger, name: str = "pe-test") -> Partner:
    """A partner node's witness over this ledger, in files."""
    identity = Identity.generate(name)
    store = FileWitnessStore(folder / name)
    door = Witness(store, identity.witness_signers(), {ledger.log.origin: ledger.keys}, ledger.node.clock)
    return Partner(name=name, keys=identity.public.witness_keys(), door=door)


def test_every_act_gets_its_place_and_its_proof(node: OpenNode, tmp_path: Path) -> None:
    """In the order of writing; receipt and export verify without the node."""
    act(node, 30)
    ledger = open_ledger(node)
    assert ledger.step() == 30
    act(node, 5)
    assert ledger.step() == 5
    assert ledger.step() == 0
    entries = node.store.entries
    assert [ledger.log.index_of(entry.id) for entry in entries] == list(range(35))
    with ledger.log.view() as log:
        assert log.leaves(0, 35) == [leaf_of(entry).to_bytes() for entry in entries]
        assert log.hash_at(0, 7) == leaf_hash(leaf_of(entries[7]).to_bytes())
    partner = a_partner(tmp_path, ledger)
    ledger.partners = [partner]
    ledger.sequencer.sign_now()
    assert ledger.witnessing.ask(partner).outcome is Outcome.COSIGNED
    policy = quorum_of(1, {partner.name: partner.keys}, ledger.keys)
    receipt = ledger.receipt(entries[7].id)
    receipt.verify(policy)
    assert (receipt.index, receipt.leaf) == (7, leaf_of(entries[7]).to_bytes())
    assert ledger.sequencer.audit() == 35
    ledger.export(tmp_path / "export.zip", policy)
    assert verify_export(tmp_path / "export.zip", policy.to_bytes()).entries == 35
    (tmp_path / "entry.json").write_bytes(to_json(entries[7]))
    program = Path(sys.modules["ayni.ledger.verifier"].__file__ or "")
    found = subprocess.run(
        [sys.executable, "-I", program, tmp_path / "export.zip", "--entry", tmp_path / "entry.json"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert "the entry is number 7 of this ledger" in found.stdout


def test_what_has_no_place_has_no_receipt(node: OpenNode) -> None:
    """And an unknown entry has none either."""
    act(node)
    ledger = open_ledger(node)
    with pytest.raises(UnknownError):
        ledger.receipt(node.store.entries[0].id)
    ledger.step()
    ledger.receipt(node.store.entries[0].id)
    act(node)
    ledger.step()
    with pytest.raises(UnknownError):
        ledger.receipt(node.store.entries[1].id)
    with pytest.raises(UnknownError):
        ledger.receipt("no such entry")


def test_the_keys_are_made_once_and_kept_sealed(node: OpenNode) -> None:
    """The promised next identity lies in a file of its own; neither opens with another root."""
    ring = exchange_keys(node)
    assert exchange_keys(node) == ring
    assert ring.next is None
    kept = (node.folder / "keys" / "exchange.keys").read_bytes()
    assert all(seed not in kept for seed in ring.current.seeds.values())
    assert (node.folder / "keys" / "next.keys").stat().st_mode & 0o077 == 0
    other = replace(node, keys=replace(node.keys, root=bytes(32)))
    with pytest.raises(KeysError):
        exchange_keys(other)


def test_tiles_grow_like_plain_files(node: OpenNode, tmp_path: Path) -> None:
    """The same entries in turns of many sizes give the same root as a log in files."""
    ledger = open_ledger(node)
    plain = FileLog(tmp_path / "plain", ledger.log.origin)
    order = Sequencer(plain, ledger.ring.current.log_signers(), node.clock)
    for times in (1, 2, 40, 3, 220):
        act(node, times)
        ledger.step()
    plain.submit([leaf_of(entry).to_bytes() for entry in node.store.entries])
    order.step()
    assert order.sign_now().checkpoint == ledger.sequencer.sign_now().checkpoint
    with ledger.log.view() as log, plain.view() as same:
        assert consistency_proof(log, 43, 266) == consistency_proof(same, 43, 266)
    plain.close()
    assert ledger.sequencer.audit() == 266


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM ayni_entry WHERE seq = 9",
        "DELETE FROM ayni_entry WHERE seq = 3",
        "UPDATE ayni_entry SET leaf = (SELECT leaf FROM ayni_entry WHERE seq = 4) WHERE seq = 5",
        "DELETE FROM ayni_tile",
        "UPDATE ayni_checkpoint SET note = (SELECT leaf FROM ayni_entry WHERE seq = 4)",
    ],
)
def test_an_administrator_with_sql_is_found(node: OpenNode, statement: str) -> None:
    """Whatever is deleted or changed in the tables, the audit names it."""
    act(node, 10)
    ledger = open_ledger(node)
    ledger.step()
    assert ledger.sequencer.audit() == 10
    with connections[node.alias].cursor() as cursor:
        cursor.execute(statement)
    with pytest.raises(AyniError):
        ledger.sequencer.audit()


def test_entries_cut_from_the_end_do_not_go_on(node: OpenNode) -> None:
    """Even those that no checkpoint covers yet: the tiles remember that there were more."""
    act(node, 5)
    ledger = open_ledger(node, pace=Pace(checkpoint=timedelta(days=1)))
    ledger.step()
    act(node, 3)
    ledger.step()
    with connections[node.alias].cursor() as cursor:
        cursor.execute("DELETE FROM ayni_entry WHERE seq = 7")
    act(node)
    with pytest.raises(LedgerError, match="does not hold the hashes of 7 entries"):
        ledger.step()


def test_two_sequencers_make_one_history(node: OpenNode) -> None:
    """Threads, each with a connection of its own, while acts go on."""
    ledger = open_ledger(node)
    stop, failed = threading.Event(), list[BaseException]()

    def work() -> None:
        try:
            ledger.run(stop)
        except AyniError as error:
            failed.append(error)
        finally:
            connections[node.alias].close()

    ledger.pace = Pace(turn=timedelta(milliseconds=5))
    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    act(node, 40)
    stop.set()
    for thread in threads:
        thread.join(timeout=60)
    assert failed == []
    assert ledger.sequencer.audit() == 40


def test_the_standing_job_places_entries(tmp_path: Path) -> None:
    """A served node runs the sequencer by itself, and stopping it leaves nothing waiting."""
    with a_node(tmp_path / "node") as node:
        act(node, 3)
        supervisor = Supervisor([job for job in standing_jobs(node) if job.name == "ledger"])
        supervisor.start()
        assert supervisor.stop() == ()
        assert [health.failures for health in supervisor.health] == [0]
        assert open_ledger(node).log.index_of(node.store.entries[2].id) == 2


def test_our_witness_in_the_database(node: OpenNode, tmp_path: Path) -> None:
    """The same promises as in files: compare and persist is one step, evidence is kept once."""
    other = Identity.generate("co-test")
    log = FileLog(tmp_path / "theirs", "co-test/ledger")
    order = Sequencer(log, other.log_signers(), node.clock)
    witness = open_ledger(node).witness({"co-test/ledger": other.public.log_keys()})

    def submission(old: int) -> bytes:
        signed = order.sign_now()
        with log.view() as view:
            proof = tuple(consistency_proof(view, old, view.size)) if old <= view.size else ()
        return Submission(old=old, proof=proof, signed=signed).to_bytes()

    log.submit([b"a", b"b"])
    order.step()
    first = submission(0)
    assert witness.add_checkpoint(first).status == 200
    assert witness.add_checkpoint(first).status == 409
    log.submit([b"c"])
    order.step()
    good = Submission.parse(submission(2))
    bad = replace(good, proof=(bytes(32),)).to_bytes()
    for _ in range(2):
        assert witness.add_checkpoint(bad).status == 422
    answers: list[int] = []

    def submit() -> None:
        answers.append(witness.add_checkpoint(good.to_bytes()).status)
        connections[node.alias].close()

    threads = [threading.Thread(target=submit) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert sorted(answers) == [200, 409, 409, 409]
    from ayni.node.merkle.witness import DatabaseWitnessStore

    kept = DatabaseWitnessStore(alias=node.alias, folder=node.folder).evidence("co-test/ledger")
    assert [one.kind for one in kept] == [Suspicion.UNPROVEN]
    assert kept[0].proof == (bytes(32),)
    log.close()


def test_a_restored_node_goes_on_only_under_a_new_name(tmp_path: Path) -> None:
    """Backup, work, loss, restore: no checkpoint is signed, the partner's copy halts it, a successor says why."""
    with a_node(tmp_path / "node") as node:
        ledger = open_ledger(node)
        partner = a_partner(tmp_path, ledger)
        ledger.partners = [partner]
        act(node, 4)
        ledger.step()
        assert ledger.witnessing.ask(partner).outcome is Outcome.COSIGNED
        backup(node, data=tmp_path / "data", keys=tmp_path / "keys")
        act(node, 3)
        ledger.step()
        ledger.sequencer.sign_now()
        assert ledger.witnessing.ask(partner).outcome is Outcome.COSIGNED
    restore(tmp_path / "again", data=tmp_path / "data", keys=tmp_path / "keys")
    with open_node(tmp_path / "again") as node:
        ledger = open_ledger(node, [partner])
        assert ledger.step() == 0
        with pytest.raises(WrongStateError, match="restored"):
            ledger.witness({})
        reconcile(node, tombstones=(), asked=["pe-test"], by=ADMINISTRATOR, under=MANDATE)
        act(node, 2)
        assert ledger.step() == 0
        with ledger.log.view() as log:
            halt = log.halt()
        assert halt is not None
        assert (halt.kind, halt.witness) == (Suspicion.ROLLBACK, "pe-test")
        with pytest.raises(LedgerError, match="signs nothing"):
            ledger.sequencer.sign_now()
        assert ledger.export(tmp_path / "before").checkpoint.size == 4
        with pytest.raises(NotEntitledError):
            ledger.succeed(by=OFFICER, under=MANDATE)
        successor = ledger.succeed(by=ADMINISTRATOR, under=MANDATE)
        assert successor.log.origin == "ec-test/ledger/2"
        assert successor.step() == 4, "the reconciliation, two acts, and why there is a successor"
        successor.export(tmp_path / "export", Policy(logs=successor.keys))
        assert verify_export(tmp_path / "export").entries == 4
        said = [entry for entry in node.store.entries if entry.act == "ledger.succeed"]
        assert [(one.facts["shared_entries"], one.facts["shown_entries"]) for one in said] == [(4, 7)]
        assert open_ledger(node).log.origin == successor.log.origin
        with pytest.raises(WrongStateError):
            successor.succeed(by=ADMINISTRATOR, under=MANDATE)


CHILD = """
import os, signal, sys
from pathlib import Path
from ayni.node.opening import open_node
from ayni.node.ledger import open_ledger
folder, step = Path(sys.argv[1]), int(sys.argv[2])
with open_node(folder) as node:
    ledger = open_ledger(node)
    from django.db import connections
    count = 0
    def dying(execute, sql, params, many, context):
        global count
        count += 1
        if count == step:
            os.kill(os.getpid(), signal.SIGKILL)
        found = execute(sql, params, many, context)
        return found
    with connections[node.alias].execute_wrapper(dying):
        print(ledger.step(), count)
"""


@pytest.mark.parametrize("every", [7, pytest.param(1, marks=pytest.mark.long)])
def test_no_kill_between_two_statements_loses_a_place(tmp_path: Path, every: int) -> None:
    """Killed before each statement of a turn over SQLite, or each seventh: all of it happened, or nothing."""
    with a_node(tmp_path / "node") as node:
        act(node, 10)
        open_ledger(node)
    step, killed = 5, 0
    while True:
        done = subprocess.run(
            [sys.executable, "-c", CHILD, tmp_path / "node", str(step)], capture_output=True, text=True, check=False
        )
        with open_node(tmp_path / "node") as node:
            ledger = open_ledger(node)
            with ledger.log.view() as log:
                placed, note = log.size, log.latest()
            assert (placed, note is None) in {(0, True), (10, False)}
            assert ledger.sequencer.audit() == placed
        if done.returncode == 0:
            break
        assert done.returncode == -9, done.stderr
        killed, step = killed + 1, step + every
    assert killed >= 2
    assert done.stdout.startswith("10 ")
    assert note is not None
    assert SignedCheckpoint.parse(note).checkpoint.size == 10
