"""Backup and restore: data and keys in two places, keys in their newest copy only.

    DATA/    backup.json · settings.toml · node.json · node.sqlite · blobs/ · observations/ · feeds/
    KEYS/    node.key · records.keys · exchange keys    one copy, written over each time

The data copy is useless without the keys, so it may lie anywhere and for long. The
key copy is written over in place: when a record is deleted, the next backup forgets
its key, and every older copy of the data keeps bytes that nothing opens. Keep the
two with different people; never archive the keys.

Observations and the lines of feeds lie in clear at the node, whose disk is encrypted, and sealed in the
copy, file by file: a position report is the trace of a person's day, and a backup travels.

The copy of the database is always one SQLite file, whatever the node uses, so that
an institution can move from one to the other by backup and restore. It holds only
living rows: no freed page, no log, no dead row travels with it.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from ayni.errors import KeysError, NodeError, NoSpaceError, UnreadableError
from ayni.node.creating import FOLDERS, refuse_used_database
from ayni.node.django_setup import SQLITE_FILE, STORAGE, configure, forget
from ayni.node.feed_copy import seal_feed_journals, seal_feed_states, unseal_feeds
from ayni.node.files import built_beside, make_private_folder, no_space, write_private
from ayni.node.folder import BACKED_UP, CARD, LAYOUT, RESTORED
from ayni.node.key_ring import FILE_NAME as RING_FILE
from ayni.node.keys import EXCHANGE_FILES, NodeKeys, fingerprint, open_keys
from ayni.node.keys import FILE_NAME as KEY_FILE
from ayni.node.keys import FOLDER as KEYS_FOLDER
from ayni.node.observation_copy import seal_observations, unseal_observations
from ayni.node.opening import OpenNode, check_schema, migrate
from ayni.node.settings import FILE_NAME, Engine, Settings
from ayni.node.settings_file import parse_settings

FORMAT = "ayni-backup/1"
MANIFEST = "backup.json"
READ_BYTES = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Backup:
    """What `backup.json` says."""

    format: str
    node: str
    fingerprint: str
    """Names the root key without revealing it."""
    made_at: str
    layout: int
    files: Mapping[str, str]
    """Path in the backup → SHA-256 of its bytes."""


def backup(node: OpenNode, *, data: Path, keys: Path) -> Backup:
    """Copy the node: its data to the new folder *data*, its keys over the ones in the folder *keys*.

    The node may be in use: the database copy is one consistent instant, and keys are
    copied after it, so that every living record in the copy has its key.

    Raises:
        NodeError: if *data* exists, or data and keys would lie together.
        NoSpaceError: if a disk is full; no half backup stays behind.
    """
    from ayni.node.records.table_copy import copy_out  # noqa: PLC0415 -- needs Django configured

    _refuse_together(node.folder, data, keys)
    made_at = datetime.now(UTC).isoformat(timespec="seconds")
    make_private_folder(data.parent)
    with built_beside(data) as new:
        for name in (FILE_NAME, CARD):
            shutil.copy2(node.folder / name, new / name)
        seal_feed_states(node.folder, new, node.keys.history)
        copy_out(node, new / SQLITE_FILE)
        shutil.copytree(node.folder / "blobs", new / "blobs", ignore=shutil.ignore_patterns("*.new"))
        seal_observations(node.folder, new, node.keys.history)
        seal_feed_journals(node.folder, new, node.keys.history)
        made = Backup(
            format=FORMAT,
            node=node.settings.node.id,
            fingerprint=fingerprint(node.keys),
            made_at=made_at,
            layout=LAYOUT,
            files={name: _sha256(new / name) for name in _names(new)},
        )
        write_private(new / MANIFEST, _to_json(made))
    with no_space(keys, "backing up the keys"):
        make_private_folder(keys)
        write_over(keys / KEY_FILE, (node.folder / KEYS_FOLDER / KEY_FILE).read_bytes())
        write_over(keys / RING_FILE, node.ring.copy())
        for name in EXCHANGE_FILES:
            if (node.folder / KEYS_FOLDER / name).is_file():
                write_over(keys / name, (node.folder / KEYS_FOLDER / name).read_bytes())
    with suppress(NoSpaceError):  # the copy is whole: a full disk of the node must not make it look like none
        write_private(node.folder / BACKED_UP, json.dumps({"made_at": made_at}).encode() + b"\n")
    return made


def restore(
    folder: Path, *, data: Path, keys: Path, settings: str = "", more: Mapping[str, object] | None = None
) -> Backup:
    """Make a node at *folder* from a backup; nothing opens in it until it is reconciled.

    *settings* is the text of another `settings.toml`, to move to another database;
    node id and protection of the key stay as they were.

    Raises:
        UnreadableError: if the backup is damaged or not one.
        KeysError: if the keys are missing, or of another node.
        NodeError: if *folder* is not empty, or the PostgreSQL database is not.
        SettingsError: if its settings cannot be obeyed here, e.g. a passphrase is not at hand.
        NoSpaceError: if the disk is full; nothing half restored stays behind.
    """
    made = read_backup(data)
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise NodeError(folder=str(folder), why="restore needs an empty or new folder")
    make_private_folder(folder.parent)
    with built_beside(folder) as new:
        for part in FOLDERS:
            make_private_folder(new / part)
        text = settings or (data / FILE_NAME).read_text(encoding="utf-8")
        chosen = parse_settings(text, file=str(folder / FILE_NAME))
        write_private(new / FILE_NAME, text.encode())
        write_private(new / CARD, (data / CARD).read_bytes())
        shutil.copytree(data / "blobs", new / "blobs", dirs_exist_ok=True)
        for name in (KEY_FILE, RING_FILE):
            if not (keys / name).is_file():
                raise KeysError(folder=str(folder), why=f"{keys / name} is missing")
            write_private(new / KEYS_FOLDER / name, (keys / name).read_bytes())
        for name in EXCHANGE_FILES:
            if (keys / name).is_file():
                write_private(new / KEYS_FOLDER / name, (keys / name).read_bytes())
        opened = open_keys(new, chosen)
        if fingerprint(opened) != made.fingerprint:
            raise KeysError(folder=str(folder), why=f"{keys} holds the keys of another node than the backup's")
        unseal_observations(data, new, opened.history)
        unseal_feeds(data, new, opened.history)
        mark = {"made_at": made.made_at, "restored_at": datetime.now(UTC).isoformat(timespec="seconds")}
        write_private(new / RESTORED, json.dumps(mark, indent=1).encode() + b"\n")
        _load(new, data / SQLITE_FILE, chosen, opened, more)
    return made


def read_backup(data: Path) -> Backup:
    """Read and check a backup: every file there and unchanged.

    Raises:
        UnreadableError: naming the first file that is not as it was written.
    """
    try:
        held = json.loads((data / MANIFEST).read_text(encoding="utf-8"))
        made = Backup(**held)
    except OSError as error:
        raise UnreadableError(file=str(data), why=f"{MANIFEST}: {error.strerror}") from error
    except (ValueError, TypeError) as error:
        raise UnreadableError(file=str(data / MANIFEST), why=str(error)) from error
    if made.format != FORMAT or made.layout > LAYOUT:
        raise UnreadableError(file=str(data), why=f"{made.format}, layout {made.layout}: made by a newer Ayni")
    for name, digest in made.files.items():
        path = data / name
        if not path.resolve().is_relative_to(data.resolve()) or not path.is_file() or _sha256(path) != digest:
            raise UnreadableError(file=str(path), why="missing or not as the backup wrote it")
    return made


def write_over(path: Path, content: bytes) -> None:
    """Put *content* in place of what *path* held, and overwrite the older bytes on the disk with zeros.

    Raises:
        NoSpaceError: if the disk is full; the older file is untouched.
    """
    old = os.open(path, os.O_RDWR) if path.exists() else None
    try:
        write_private(path, content)
        if old is not None:
            size = os.fstat(old).st_size
            for place in range(0, size, READ_BYTES):
                os.pwrite(old, bytes(min(READ_BYTES, size - place)), place)
            os.fsync(old)
    finally:
        if old is not None:
            os.close(old)


def _load(folder: Path, source: Path, settings: Settings, keys: NodeKeys, more: Mapping[str, object] | None) -> None:
    sqlite = settings.storage.engine is Engine.SQLITE
    if sqlite:
        write_private(folder / STORAGE / SQLITE_FILE, b"")
        shutil.copyfile(source, folder / STORAGE / SQLITE_FILE)
    alias = configure(folder, settings, more=more, keys=keys)
    try:
        if not sqlite:
            refuse_used_database(folder, alias)
        migrate(folder, alias)
        if not sqlite:
            from ayni.node.records.table_copy import load_in  # noqa: PLC0415 -- needs Django configured

            load_in(source, alias)
        check_schema(folder, alias)
    finally:
        forget(folder)


def _refuse_together(folder: Path, data: Path, keys: Path) -> None:
    places = [place.resolve() for place in (folder, data, keys)]
    for one in places:
        for other in places:
            if one is not other and one.is_relative_to(other):
                why = (
                    "data and keys are backed up to two separate places, neither inside the node nor inside the other"
                )
                raise NodeError(folder=str(folder), why=why)
    if data.exists():
        raise NodeError(folder=str(folder), why=f"{data} exists; each backup of the data is a new folder")


def _names(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def _sha256(path: Path) -> str:
    with path.open("rb") as source:
        return hashlib.file_digest(source, "sha256").hexdigest()


def _to_json(made: Backup) -> bytes:
    held = {name: getattr(made, name) for name in made.__slots__}
    return json.dumps(held, indent=1).encode() + b"\n"
