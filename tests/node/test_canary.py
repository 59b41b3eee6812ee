"""What a record says is nowhere in clear, at any time; once deleted, nothing opens it again.

The test writes a word that occurs nowhere else into every field that may hold
words, and reads every byte of database, log, backup, keys and files after each step.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from ayni.errors import RestoredError, UnknownError
from ayni.model.act import acting
from ayni.model.handling import Handling, HandlingCode, Hold
from ayni.model.officer import Officer, Role
from ayni.model.record import Record
from ayni.model.store import Outgoing
from ayni.model.triage import Dismissal, Triage, TriagedSignal, TriageState
from ayni.node.backup import backup, restore
from ayni.node.jobs import sweep
from ayni.node.key_ring import NAME, STAMP, slot_name
from ayni.node.opening import OpenNode, open_node
from ayni.node.reconcile import reconcile
from tests.node.stores import (
    KEEP,
    MANDATE,
    NOON,
    OFFICER,
    a_node,
    a_record,
    delete,
    find_damage,
    fresh_database,
    keep,
)
from tests.postgres import Postgres

CANARY = "Zunzuncillo Querandi"
CONTROL = "colibri-control"
ADMINISTRATOR = Officer(id="adm", name="Adm", roles=frozenset({Role.ADMINISTRATOR}))


def forms(word: str) -> list[bytes]:
    """Return the ways a careless program would write *word*."""
    raw = word.encode()
    hexed = raw.hex()
    inner = base64.b64encode(raw)[:-4]
    return [raw, raw.upper(), raw.lower(), word.encode("utf-16-le"), hexed.encode(), hexed.upper().encode(), inner]


def places(what: list[bytes], *folders: Path) -> list[str]:
    """Return the name of every file under *folders* that holds any of *what*."""
    found = []
    for folder in folders:
        for path in folder.rglob("*"):
            content = path.read_bytes() if path.is_file() else b""
            if any(each in content for each in what):
                found.append(path.name)
    return found


def suspicious() -> Record[object]:
    """Return a record with the canary in every field that may hold words."""
    record = a_record(
        name=CANARY,
        identifiers=(f"name:{CANARY}", "mmsi:100000001"),
        legal_basis=f"{CANARY} art. 1",
        handling=Handling(codes=(HandlingCode.H3,), caveats=f"Never to {CANARY}"),
        state=CONTROL,
    )
    body = record.body
    assert isinstance(body, TriagedSignal)
    triage = Triage(
        state=TriageState.DISMISSED, by="a", at=NOON, dismissal=Dismissal.OTHER, words=f"It was {CANARY}."
    )
    return replace(record, body=replace(body, triage=triage))


def write(node: OpenNode, record: Record[object]) -> str:
    """Write the record in two versions, with its message and its file; return the file's digest."""
    with node.store.work() as work:
        with acting(KEEP, by=OFFICER, under=MANDATE, work=work) as acts:
            acts.put(record, replacing=None)
            acts.note(words=CANARY)
            acts.enqueue(
                Outgoing(id="m", to="pe", type="data", control=False, payload=CANARY.encode(), expires_at=NOON)
            )
            digest = acts.put_blob(record.header.id, [CANARY.encode() * 5000])
        work.commit()
    hold = Hold(court=f"Juzgado {CANARY}", ground=CANARY, review_on=NOON + timedelta(days=1))
    held = replace(record, header=replace(record.header, version=2, hold=hold))
    keep(node.store, held, replacing=1)
    keep(node.store, replace(record, header=replace(record.header, version=3)), replacing=2)
    return digest


@pytest.fixture
def databases(node: OpenNode, request: pytest.FixtureRequest) -> Iterator[list[Path]]:
    """Return the folders in which the database of *node* keeps its bytes."""
    if node.settings.storage.engine == "sqlite":
        yield [node.folder]
        return
    server: Postgres = request.getfixturevalue("postgres")
    yield [node.folder, server.data]


def test_nothing_lies_in_clear_and_nothing_deleted_comes_back(
    node: OpenNode, databases: list[Path], tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    """Write, back up, delete, sweep, restore; every byte is read after each step."""
    words, control = forms(CANARY), forms(CONTROL)[:1]
    data, keys = tmp_path / "data", tmp_path / "keys"

    def nowhere(*more: Path) -> None:
        assert not places(words, *databases, *more)

    record = suspicious()
    write(node, record)
    nowhere()
    assert places(control, *databases), "the scan itself must be able to find what lies in clear"
    with node.store.work() as work:
        assert CANARY in repr(work.get(record.header.id).body)
    backup(node, data=data, keys=keys)
    nowhere(data, keys)
    assert places(control, data)

    dek = node.ring.get(record.header.id)
    slot = next(slot for name, slot in node.ring.all().items() if name == slot_name(record.header.id))
    assert dek is not None
    remains = [dek, slot[NAME + STAMP :], slot_name(record.header.id)]
    assert places(remains, *databases) == ["records.keys"]
    with node.store.work() as work:
        with acting(KEEP, by=OFFICER, under=MANDATE, work=work) as acts:
            acts.tombstone(record.header.id, why=CANARY)
        work.commit()
    assert places(remains, *databases, data) == []
    assert places(remains, keys) == ["records.keys"]
    backup(node, data=tmp_path / "newer", keys=keys)
    assert places(remains, *databases, data, keys, tmp_path / "newer") == []
    sweep(node)
    nowhere(data, keys, tmp_path / "newer")
    assert not list(find_damage(node))

    with fresh_database(node, request):
        restore(tmp_path / "again", data=data, keys=keys)
        with open_node(tmp_path / "again") as again:
            with pytest.raises(RestoredError), again.store.work():
                pass
            reconcile(again, tombstones=[], asked=["pe"], by=ADMINISTRATOR, under=MANDATE)
            with again.store.work() as work, pytest.raises(UnknownError):
                work.get(record.header.id)
            nowhere(tmp_path / "again")
            assert places(remains, tmp_path / "again", *databases) == []


def test_sqlite_forgets_deleted_rows_once_swept(tmp_path: Path) -> None:
    """Even the sealed bytes and the clear header leave the file: secure_delete, then an emptied log."""
    record = suspicious()
    with a_node(tmp_path / "node") as node:
        storage = node.folder / "storage"
        keep(node.store, record)
        assert places(forms(CONTROL)[:1], storage)
        delete(node.store, record.header.id)
        sweep(node)
        assert not places(forms(CONTROL)[:1], storage)
