"""A node's folder and storage: made whole or not at all, and never mistaken for another."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from ayni.errors import (
    ChangedMeanwhileError,
    HeldError,
    KeysError,
    NewerNodeError,
    NodeError,
    NodeInUseError,
    NotANodeError,
    NotEntitledError,
    SettingsError,
    UnknownError,
    UnreadableError,
    WrongStateError,
)
from ayni.model.act import acting, leaf_of
from ayni.model.handling import Handling, Hold
from ayni.model.officer import Officer, Role
from ayni.model.record import Header
from ayni.node.clock import Clock
from ayni.node.creating import create_node
from ayni.node.folder import served_by
from ayni.node.holds import hold, lift
from ayni.node.jobs import expire, retention_officer, sweep
from ayni.node.opening import OpenNode, open_node
from tests.node.stores import KEEP, MANDATE, NOON, OFFICER, a_node, a_record, delete, find_damage, keep, settings_for

OVERSIGHT = Officer(id="o", name="O", roles=frozenset({Role.OVERSIGHT}))
INVESTIGATOR = Officer(id="i", name="I", roles=frozenset({Role.INVESTIGATOR}))
ORDER = Hold(court="Juzgado Primero", ground="causa de prueba", review_on=NOON + timedelta(days=90))
SRC = str(Path(__file__).parents[2] / "src")


def test_a_new_node_is_private_and_whole(tmp_path: Path) -> None:
    """Folders 0700, secrets 0600, nothing left beside it."""
    settings = create_node(tmp_path / "node", name="Capitanía de prueba", country="EC")
    assert settings.node.id == "ec-capitania-de-prueba"
    for path in [tmp_path / "node", *(tmp_path / "node").rglob("*")]:
        assert path.stat().st_mode & 0o777 in ({0o700} if path.is_dir() else {0o600}), path
    assert [path.name for path in tmp_path.iterdir()] == ["node"]
    with open_node(tmp_path / "node") as node:
        assert not list(find_damage(node))


def test_an_empty_folder_may_become_a_node(tmp_path: Path) -> None:
    """As `mkdir` and then init."""
    (tmp_path / "node").mkdir()
    create_node(tmp_path / "node", name="X", country="PE")
    with open_node(tmp_path / "node") as node:
        assert node.settings.node.country == "PE"


@pytest.mark.parametrize(
    ("prepare", "error", "said"),
    [
        (lambda path: (path.mkdir(), (path / "a").touch()), NodeError, "not empty"),
        (lambda path: path.write_text(""), NodeError, "a file of that name"),
        (lambda path: path.symlink_to("elsewhere"), NodeError, "a file of that name"),
    ],
)
def test_init_refuses_what_is_there(tmp_path: Path, prepare: object, error: type[Exception], said: str) -> None:
    """And leaves it as it was."""
    prepare(tmp_path / "node")  # type: ignore[operator]  # one of the callables above
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(error, match=said):
        create_node(tmp_path / "node", name="X", country="EC")
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.parametrize(
    ("text", "error"),
    [
        (settings_for() + "[key]\n", SettingsError),
        (settings_for() + '[keys]\nprotection = "passphrase"\npassphrase_env = "TEST_NOT_SET"\n', SettingsError),
        (settings_for() + '[storage]\nengine = "postgresql"\nurl_env = "TEST_NOT_SET"\n', SettingsError),
        (
            settings_for() + '[keys]\nprotection = "pkcs11"\nmodule = "/no.so"\ntoken = "t"\npin_env = "HOME"\n',
            KeysError,
        ),
    ],
)
def test_a_failed_init_leaves_nothing(tmp_path: Path, text: str, error: type[Exception]) -> None:
    """No half-made node, no temporary folder."""
    with pytest.raises(error) as caught:
        create_node(tmp_path / "node", name="", country="", settings=text)
    assert str(tmp_path / "node") in str(caught.value)
    assert not list(tmp_path.iterdir())


def test_init_refuses_a_used_database(node: OpenNode, tmp_path: Path) -> None:
    """Two nodes never share one PostgreSQL database."""
    if node.settings.storage.engine == "sqlite":
        create_node(tmp_path / "second", name="X", country="EC")  # a file of its own: nothing to share
        return
    with pytest.raises(NodeError, match="already holds tables"):
        create_node(tmp_path / "second", name="", country="", settings=settings_for("TEST_AYNI_DATABASE"))
    assert not (tmp_path / "second").exists()


def test_a_database_that_is_not_there_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A wrong port is no traceback."""
    monkeypatch.setenv("TEST_URL", "postgresql://nobody@127.0.0.1:1/none")
    with pytest.raises(NodeError, match="refused"):
        create_node(tmp_path / "node", name="", country="", settings=settings_for("TEST_URL"))
    assert not list(tmp_path.iterdir())


def test_a_folder_that_is_no_node_says_so(tmp_path: Path) -> None:
    """With the command that makes one."""
    with pytest.raises(NotANodeError, match="ayni node init"), open_node(tmp_path):
        pass


def test_a_newer_layout_is_refused(tmp_path: Path) -> None:
    """Nothing is changed."""
    create_node(tmp_path / "node", name="X", country="EC")
    card = tmp_path / "node" / "node.json"
    card.write_text(json.dumps(json.loads(card.read_text()) | {"layout": 99}))
    with pytest.raises(NewerNodeError, match="newer Ayni"), open_node(tmp_path / "node"):
        pass
    card.write_text("{}")
    with pytest.raises(NodeError, match="damaged"), open_node(tmp_path / "node"):
        pass


def test_a_newer_database_is_refused(tmp_path: Path) -> None:
    """A migration this version does not know."""
    create_node(tmp_path / "node", name="X", country="EC")
    with sqlite3.connect(tmp_path / "node" / "storage" / "node.sqlite") as connection:
        connection.execute(
            "INSERT INTO django_migrations (app, name, applied) VALUES ('records', '9999_later', '2030-01-01')"
        )
    with pytest.raises(NewerNodeError, match="9999_later"), open_node(tmp_path / "node"):
        pass


def test_an_older_database_asks_for_its_upgrade(tmp_path: Path) -> None:
    """Instead of failing in the middle of something."""
    create_node(tmp_path / "node", name="X", country="EC")
    with sqlite3.connect(tmp_path / "node" / "storage" / "node.sqlite") as connection:
        connection.execute("DELETE FROM django_migrations WHERE app = 'records'")
    with pytest.raises(NodeError, match="ayni node upgrade"), open_node(tmp_path / "node"):
        pass


def test_a_database_that_is_garbage_says_so(tmp_path: Path) -> None:
    """Overwritten by something else."""
    create_node(tmp_path / "node", name="X", country="EC")
    (tmp_path / "node" / "storage" / "node.sqlite").write_bytes(b"not a database" * 1000)
    with pytest.raises(NodeError, match="not a database"), open_node(tmp_path / "node"):
        pass


def test_two_servers_on_one_node_are_refused(tmp_path: Path) -> None:
    """The second is told which process is the first; commands may still look."""
    create_node(tmp_path / "node", name="X", country="EC")
    code = (
        "import sys, pathlib; from ayni.node.opening import open_node\n"
        "with open_node(pathlib.Path(sys.argv[1]), serving=True): print('up', flush=True); sys.stdin.read()"
    )
    server = subprocess.Popen(
        [sys.executable, "-c", code, str(tmp_path / "node")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": SRC},
    )
    with server:
        assert server.stdout is not None
        assert server.stdout.readline() == b"up\n"
        with pytest.raises(NodeInUseError, match=str(server.pid)), open_node(tmp_path / "node", serving=True):
            pass
        assert served_by(tmp_path / "node") == server.pid
        with open_node(tmp_path / "node") as node:
            keep(node.store, a_record())
        server.kill()
    assert served_by(tmp_path / "node") is None
    with open_node(tmp_path / "node", serving=True):
        assert served_by(tmp_path / "node") == os.getpid()


def test_clear_columns_are_the_closed_list() -> None:
    """A field added to the header is sealed unless somebody decides otherwise, here."""
    from ayni.node.records.models import StoredRecord
    from ayni.node.records.sealing import Hidden

    clear = {field.name for field in StoredRecord._meta.concrete_fields} - {"sealed"}
    derived = {"at", "held", "cell_lat", "cell_lon", "codes", "tlp", "pap"}
    hidden = set(Hidden.__dataclass_fields__) - {"caveats"}
    header = set(Header.__dataclass_fields__)
    assert (clear - derived) | hidden | {"cell", "handling"} == header
    assert set(Handling.__dataclass_fields__) == {"codes", "tlp", "pap", "caveats"}
    assert not clear & set(Hidden.__dataclass_fields__)


def test_a_sealed_body_cannot_be_moved_to_another_record(node: OpenNode) -> None:
    """Nor an older version put back: what is sealed is bound to id, kind and version."""
    from ayni.node.records.models import StoredRecord

    record = a_record()
    keep(node.store, record)
    rows = StoredRecord.objects.using(node.alias)
    older = rows.get(id=record.header.id).sealed
    newer = replace(record, header=replace(record.header, version=2, state="validated"))
    keep(node.store, newer, replacing=1)
    rows.filter(id=record.header.id).update(sealed=older)
    with node.store.work() as work, pytest.raises(UnreadableError, match="does not open"):
        work.get(record.header.id)
    assert any("does not open" in said for said in find_damage(node))


def test_leaves_and_entries_agree(node: OpenNode) -> None:
    """What will be hashed into the log is made from what was written down."""
    from ayni.node.records.models import StoredEntry

    keep(node.store, a_record(), a_record())
    (row,) = StoredEntry.objects.using(node.alias)
    (entry,) = node.store.entries
    assert bytes(row.leaf) == leaf_of(entry).to_bytes()
    assert row.seq is None
    assert entry.id.encode() not in bytes(row.sealed)


def test_a_file_comes_back_and_a_changed_one_does_not(node: OpenNode) -> None:
    """Byte by byte, across chunks; cut or changed it is refused."""
    content, record = os.urandom(200_000), a_record()
    with node.store.work() as work:
        with acting(KEEP, by=OFFICER, under=MANDATE, work=work) as acts:
            digest = acts.put_blob(record.header.id, [content[:70_001], content[70_001:]])
            acts.put(record, replacing=None)
        work.commit()
    assert b"".join(node.store.read_blob(record.header.id, digest)) == content
    (path,) = (path for path in node.store.blobs.rglob("*") if path.is_file())
    assert digest not in path.name
    sealed = path.read_bytes()
    for spoiled in (b"", sealed[:32], sealed[:-65_568], sealed[:-1], sealed[:100] + b"x" + sealed[101:]):
        path.write_bytes(spoiled)
        with pytest.raises(UnreadableError):
            list(node.store.read_blob(record.header.id, digest))
        assert list(find_damage(node))
    with pytest.raises(UnknownError):
        node.store.read_blob(record.header.id, "0" * 64)
    delete(node.store, record.header.id)
    assert not [path for path in node.store.blobs.rglob("*") if path.is_file()]
    assert not node.store.blob_tokens()


def test_the_sweeper_removes_what_was_never_confirmed(node: OpenNode) -> None:
    """Keys without a record, files without a row; nothing that lives."""
    record = a_record()
    with node.store.work() as work:
        with acting(KEEP, by=OFFICER, under=MANDATE, work=work) as acts:
            acts.put(record, replacing=None)
            digest = acts.put_blob(record.header.id, [b"kept"])
        work.commit()
    node.ring.add({"never": os.urandom(32)})
    (node.store.blobs / "stray.new").write_bytes(b"half")
    assert sweep(node) == type(sweep(node))(keys=0, files=0)
    swept = sweep(node, older_than_s=-1)
    assert (swept.keys, swept.files) == (1, 1)
    assert b"".join(node.store.read_blob(record.header.id, digest)) == b"kept"
    assert not list(find_damage(node))


def test_what_expires_is_forgotten_by_the_service_officer(node: OpenNode) -> None:
    """Its key destroyed, one entry a page, in the name of whoever answers for the machine."""
    old = [a_record(keep_until=NOON - timedelta(days=n)) for n in range(1, 4)]
    young = a_record(keep_until=datetime.now(UTC) + timedelta(days=1))
    keep(node.store, *old, young)
    done = expire(node, by=retention_officer("a.quispe"), legal_basis="Test Act, art. 9")
    assert (done.deleted, done.held) == (3, ())
    entry = node.store.entries[-1]
    assert (entry.act, entry.by, entry.answerable) == ("record.expire", "retention", "a.quispe")
    assert {touched.record for touched in entry.touched} == {record.header.id for record in old}
    assert [record.header.id in node.ring for record in (*old, young)] == [False, False, False, True]
    assert expire(node, by=retention_officer("a.quispe"), legal_basis="Test Act, art. 9").deleted == 0
    assert len(node.store.entries) == 2
    with pytest.raises(NotEntitledError):
        expire(node, by=OFFICER, legal_basis="Test Act, art. 9")


def test_what_a_court_holds_does_not_expire(node: OpenNode) -> None:
    """Until oversight lifts the hold; then it does."""
    record = a_record(keep_until=NOON - timedelta(days=1))
    keep(node.store, record)
    with node.store.work() as work:
        hold(record.header.id, ORDER, by=INVESTIGATOR, under=MANDATE, work=work)
        work.commit()
    officer = retention_officer("a.quispe")
    assert expire(node, by=officer, legal_basis="Test Act, art. 9").held == (record.header.id,)
    with pytest.raises(HeldError):
        delete(node.store, record.header.id)
    with node.store.work() as work:
        assert work.get(record.header.id).header.hold == ORDER
        with pytest.raises(NotEntitledError):
            lift(record.header.id, words="x", by=INVESTIGATOR, under=MANDATE, work=work)
        lift(record.header.id, words="Auto de 1 de junio.", by=OVERSIGHT, under=MANDATE, work=work)
        work.commit()
    with node.store.work() as work, pytest.raises(WrongStateError):
        lift(record.header.id, words="again", by=OVERSIGHT, under=MANDATE, work=work)
    assert expire(node, by=officer, legal_basis="Test Act, art. 9").deleted == 1
    assert [entry.act for entry in node.store.entries] == ["test.keep", "record.hold", "record.lift", "record.expire"]


def test_what_was_read_must_still_hold_when_something_is_written(node: OpenNode) -> None:
    """A decision rests on what the officer saw."""
    ground, decided = a_record(), a_record()
    keep(node.store, ground)
    with node.store.work() as work:
        work.get(ground.header.id)
        newer = replace(ground, header=replace(ground.header, version=2, state="dismissed"))
        in_another_thread(lambda: keep(node.store, newer, replacing=1))
        with pytest.raises(ChangedMeanwhileError):
            work.put(decided, replacing=None)


def test_two_writers_lose_nothing(node: OpenNode) -> None:
    """Each of forty increments by two writers is counted once, whoever came first."""
    record = a_record(state="0")
    keep(node.store, record)
    failures: list[BaseException] = []

    def count(times: int) -> None:
        done = 0
        try:
            while done < times:
                try:
                    increment(node, record.header.id)
                    done += 1
                except ChangedMeanwhileError:
                    continue
        except BaseException as error:  # noqa: BLE001 -- carried to the main thread and raised there
            failures.append(error)

    writers = [threading.Thread(target=closing(node, count), args=(20,)) for _ in range(2)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert not failures
    with node.store.work() as work:
        found = work.get(record.header.id).header
    assert (found.state, found.version) == ("40", 41)
    assert len(node.store.entries) == 41


def increment(node: OpenNode, record: str) -> None:
    """Read a record, add one, write it back."""
    with node.store.work() as work:
        with acting(KEEP, by=OFFICER, under=MANDATE, work=work) as acts:
            found = acts.get(record)
            header = found.header
            state = str(int(header.state) + 1)
            acts.put(
                replace(found, header=replace(header, version=header.version + 1, state=state)),
                replacing=header.version,
            )
        work.commit()


def closing(node: OpenNode, job: Callable[..., None]) -> Callable[..., None]:
    """Return *job* for a thread that closes its own connection."""

    def run(*args: object) -> None:
        from django.db import connections

        try:
            job(*args)
        finally:
            connections[node.alias].close()

    return run


def in_another_thread(job: Callable[[], None]) -> None:
    """Run *job* to its end on a connection of its own."""
    from django.db import connections

    def run() -> None:
        job()
        connections.close_all()

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()


def test_a_clock_that_jumps_back_never_reorders_history(tmp_path: Path) -> None:
    """Work after the jump is not earlier than the last entry, and the jump is noted."""
    with a_node(tmp_path / "node") as node:
        said = {"wall": datetime(2026, 6, 1, tzinfo=UTC), "steady": 0.0}
        clock = Clock(wall=lambda: said["wall"], steady=lambda: said["steady"])  # type: ignore[arg-type,return-value]
        store = replace(node.store, clock=clock)
        keep(store, a_record())
        said["wall"] -= timedelta(days=400)  # type: ignore[operator]
        keep(store, a_record())
        first, second = (entry.at for entry in store.entries)
        assert second >= first
        assert [jump.by for jump in clock.jumps] == [timedelta(days=-400)]
        said["wall"] += timedelta(days=401)  # type: ignore[operator]
        said["steady"] += 86_400.0  # type: ignore[operator]
        assert clock() == said["wall"]
        assert [jump.by for jump in clock.jumps] == [timedelta(days=-400), timedelta(days=400)]


def test_migrations_make_exactly_the_tables_of_the_code(tmp_path: Path) -> None:
    """A changed model without its migration would work in tests alone."""
    from django.core.management import call_command

    with a_node(tmp_path / "node"):
        call_command("makemigrations", "records", check=True, dry_run=True, verbosity=0)
