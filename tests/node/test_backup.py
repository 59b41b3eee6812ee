"""Backup and restore: nothing lost, nothing that was deleted comes back."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest

from ayni.errors import (
    KeysError,
    NodeError,
    NotEntitledError,
    RestoredError,
    UnknownError,
    UnreadableError,
    WrongStateError,
)
from ayni.model.act import acting
from ayni.model.officer import Officer, Role
from ayni.model.store import Outgoing
from ayni.node import observation_copy
from ayni.node.backup import backup, read_backup, restore
from ayni.node.creating import create_node
from ayni.node.observations import Observations
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
    settings_for,
)
from tests.node.test_histories import OTHER, OURS, POSITION, positions
from tests.postgres import Postgres

ADMINISTRATOR = Officer(id="adm", name="Adm", roles=frozenset({Role.ADMINISTRATOR}))


def test_what_was_backed_up_comes_back(node: OpenNode, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    """Records, history, outbox, inbox, files and observations; sealed until reconciled."""
    records = [a_record(name=f"Caleta {n}") for n in range(3)]
    keep(node.store, *records)
    filed = a_record(name="Caleta 3")
    with node.store.work() as work:
        with acting(KEEP, by=OFFICER, under=MANDATE, work=work) as acts:
            digest = acts.put_blob(filed.header.id, [b"evidence" * 20_000])
            acts.put(filed, replacing=None)
        work.enqueue(Outgoing(id="m", to="pe", type="data", control=True, payload=b"x", expires_at=NOON))
        work.take_in("pe", "1")
        work.commit()
    heard = Observations(folder=node.folder)
    heard.append("maritime", POSITION, "coast", positions(OURS, -1, 0, 3), stretch=(0, 1))
    made = backup(node, data=tmp_path / "data", keys=tmp_path / "keys")
    assert read_backup(tmp_path / "data") == made
    assert not [path for path in (tmp_path / "data").rglob("*") if path.name in {"node.key", "records.keys"}]
    assert not [path for path in (tmp_path / "data").rglob("*.parquet") if b"PAR1" in path.read_bytes()]
    with fresh_database(node, request):
        restore(tmp_path / "again", data=tmp_path / "data", keys=tmp_path / "keys")
        with open_node(tmp_path / "again") as again:
            with pytest.raises(RestoredError, match="reconcile"), again.store.work():
                pass
            done = reconcile(again, tombstones=[], asked=["pe-test"], by=ADMINISTRATOR, under=MANDATE)
            assert (done.without_key, done.replayed) == (0, 0)
            with again.store.work() as work:
                assert [work.get(record.header.id) for record in records] == records
                assert not work.take_in("pe", "1")
            assert again.store.entries[:-1] == node.store.entries
            assert again.store.outbox == node.store.outbox
            assert b"".join(again.store.read_blob(filed.header.id, digest)) == b"evidence" * 20_000
            assert _observed(again.folder) == _observed(node.folder)
            assert len(_observed(again.folder)) == 1
            assert not list(find_damage(again))
            keep(again.store, a_record())  # sequences continue after the highest row
            with pytest.raises(WrongStateError):
                reconcile(again, tombstones=[], asked=["pe-test"], by=ADMINISTRATOR, under=MANDATE)


def _observed(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*.parquet")}


def test_observations_are_sealed_in_pieces_that_cannot_be_cut_or_moved(
    node: OpenNode, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> None:
    """Small pieces, a file that vanishes while it is copied, an older backup without any."""
    monkeypatch.setattr(observation_copy, "PIECE", 1_000)
    heard = Observations(folder=node.folder)
    heard.append("maritime", POSITION, "coast", positions(OURS, *range(12)), stretch=(0, 1))
    heard.append("maritime", POSITION, "coast", positions(OTHER, 0), stretch=(1, 2))
    gone = node.folder / "observations" / "maritime" / "position" / "gone.parquet"
    gone.symlink_to(tmp_path / "merged-away")
    backup(node, data=tmp_path / "data", keys=tmp_path / "keys")
    gone.unlink()
    names = sorted(_observed(node.folder))
    assert sorted(_observed(tmp_path / "data")) == names
    with fresh_database(node, request):
        restore(tmp_path / "again", data=tmp_path / "data", keys=tmp_path / "keys")
    assert _observed(tmp_path / "again") == _observed(node.folder)
    key, one = node.keys.history, tmp_path / "data" / names[0]
    for cut in (one.read_bytes()[:-1], one.read_bytes()[: 4 + 12 + 1_000 + 16], b""):
        with pytest.raises(UnreadableError):
            observation_copy.unseal_pieces(io.BytesIO(cut), io.BytesIO(), key, names[0])
    with pytest.raises(UnreadableError):
        observation_copy.unseal_pieces(io.BytesIO(one.read_bytes()), io.BytesIO(), key, names[1])


def test_what_was_deleted_after_the_backup_stays_deleted(
    node: OpenNode, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    """The newer keys no longer open it; reconciliation writes that down."""
    kept, gone = a_record(), a_record()
    keep(node.store, kept, gone)
    backup(node, data=tmp_path / "old", keys=tmp_path / "keys")
    delete(node.store, gone.header.id)
    backup(node, data=tmp_path / "new", keys=tmp_path / "keys")
    with fresh_database(node, request):
        restore(tmp_path / "again", data=tmp_path / "old", keys=tmp_path / "keys")
        with open_node(tmp_path / "again") as again:
            assert gone.header.id not in again.ring
            done = reconcile(again, tombstones=[], asked=["pe-test"], by=ADMINISTRATOR, under=MANDATE)
            assert done.without_key == 1
            with again.store.work() as work, pytest.raises(UnknownError):
                work.get(gone.header.id)
            entry = again.store.entries[-1]
            assert (entry.act, entry.by) == ("node.reconcile", "adm")
            assert [(each.record, each.version) for each in entry.touched] == [(gone.header.id, 0)]
            assert not list(find_damage(again))


def test_what_partners_recalled_since_is_replayed(tmp_path: Path) -> None:
    """Keys as old as the data: only partners and ledger know what was deleted."""
    with a_node(tmp_path / "node") as node:
        kept, recalled = a_record(), a_record()
        keep(node.store, kept, recalled)
        backup(node, data=tmp_path / "data", keys=tmp_path / "keys")
    restore(tmp_path / "again", data=tmp_path / "data", keys=tmp_path / "keys")
    with open_node(tmp_path / "again") as again:
        named = [recalled.header.id, "never-seen-here"]
        with pytest.raises(NotEntitledError):
            reconcile(again, tombstones=named, asked=["pe"], by=OFFICER, under=MANDATE)
        with pytest.raises(WrongStateError):
            reconcile(again, tombstones=named, asked=[], by=ADMINISTRATOR, under=MANDATE)
        done = reconcile(again, tombstones=named, asked=["pe"], by=ADMINISTRATOR, under=MANDATE)
        assert (done.without_key, done.replayed) == (0, 1)
        assert recalled.header.id not in again.ring
        with again.store.work() as work:
            assert work.get(kept.header.id) == kept


@pytest.mark.postgres
def test_a_post_moves_from_sqlite_to_postgresql_and_back(
    tmp_path: Path, postgres: Postgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By backup, a changed setting and restore."""
    record = a_record()
    with a_node(tmp_path / "node") as node:
        keep(node.store, record)
        backup(node, data=tmp_path / "data", keys=tmp_path / "keys")
    with postgres.database() as url:
        monkeypatch.setenv("TEST_AYNI_DATABASE", url)
        restore(
            tmp_path / "again",
            data=tmp_path / "data",
            keys=tmp_path / "keys",
            settings=settings_for("TEST_AYNI_DATABASE"),
        )
        with open_node(tmp_path / "again") as again:
            assert again.settings.storage.engine == "postgresql"
            reconcile(again, tombstones=[], asked=["pe"], by=ADMINISTRATOR, under=MANDATE)
            with again.store.work() as work:
                assert work.get(record.header.id) == record
            assert not list(find_damage(again))
            backup(again, data=tmp_path / "back", keys=tmp_path / "keys")
    restore(tmp_path / "home", data=tmp_path / "back", keys=tmp_path / "keys", settings=settings_for())
    with open_node(tmp_path / "home") as home:
        assert home.settings.storage.engine == "sqlite"
        reconcile(home, tombstones=[], asked=["pe"], by=ADMINISTRATOR, under=MANDATE)
        with home.store.work() as work:
            assert work.get(record.header.id) == record
        assert not list(find_damage(home))
        keep(home.store, a_record())


def test_keys_never_lie_with_data(tmp_path: Path) -> None:
    """Neither together nor inside the node, and a data copy is never written over."""
    with a_node(tmp_path / "node") as node:
        for data, keys in (
            (tmp_path / "b", tmp_path / "b"),
            (tmp_path / "b", tmp_path / "b" / "keys"),
            (tmp_path / "k" / "b", tmp_path / "k"),
            (tmp_path / "node" / "b", tmp_path / "k"),
            (tmp_path / "b", tmp_path / "node" / "keys"),
        ):
            with pytest.raises(NodeError, match="two separate places"):
                backup(node, data=data, keys=keys)
        backup(node, data=tmp_path / "b", keys=tmp_path / "k")
        with pytest.raises(NodeError, match="exists"):
            backup(node, data=tmp_path / "b", keys=tmp_path / "k")


def test_a_damaged_backup_is_refused(tmp_path: Path) -> None:
    """One changed byte anywhere, a missing file, another node's keys; nothing is left behind."""
    with a_node(tmp_path / "node") as node:
        keep(node.store, a_record())
        backup(node, data=tmp_path / "data", keys=tmp_path / "keys")
    create_node(tmp_path / "other", name="", country="", settings=settings_for())
    with open_node(tmp_path / "other") as other:
        backup(other, data=tmp_path / "other-data", keys=tmp_path / "other-keys")
    with pytest.raises(KeysError, match="another node"):
        restore(tmp_path / "again", data=tmp_path / "data", keys=tmp_path / "other-keys")
    with pytest.raises(KeysError, match="missing"):
        restore(tmp_path / "again", data=tmp_path / "data", keys=tmp_path / "nowhere")
    path = tmp_path / "data" / "node.sqlite"
    whole = path.read_bytes()
    path.write_bytes(whole[:5000] + bytes([whole[5000] ^ 1]) + whole[5001:])
    with pytest.raises(UnreadableError, match=r"node\.sqlite"):
        restore(tmp_path / "again", data=tmp_path / "data", keys=tmp_path / "keys")
    path.unlink()
    with pytest.raises(UnreadableError, match="missing"):
        restore(tmp_path / "again", data=tmp_path / "data", keys=tmp_path / "keys")
    path.write_bytes(whole)
    held = json.loads((tmp_path / "data" / "backup.json").read_text())
    (tmp_path / "data" / "backup.json").write_text(json.dumps(held | {"format": "ayni-backup/9"}))
    with pytest.raises(UnreadableError, match="newer"):
        restore(tmp_path / "again", data=tmp_path / "data", keys=tmp_path / "keys")
    assert not (tmp_path / "again").exists()
    assert not [path for path in tmp_path.iterdir() if path.name.startswith(".")]


def test_an_older_key_copy_is_overwritten_on_the_disk(tmp_path: Path) -> None:
    """A second name for the old file shows that its bytes are gone, not just its name."""
    with a_node(tmp_path / "node") as node:
        keep(node.store, a_record())
        backup(node, data=tmp_path / "one", keys=tmp_path / "keys")
        (tmp_path / "witness").hardlink_to(tmp_path / "keys" / "records.keys")
        assert any((tmp_path / "witness").read_bytes())
        backup(node, data=tmp_path / "two", keys=tmp_path / "keys")
        assert not any((tmp_path / "witness").read_bytes())
        assert any((tmp_path / "keys" / "records.keys").read_bytes())
