"""`ayni node init`: a new node, whole or not at all.

Everything is made in a folder beside the target and renamed into place as the last
step. A full disk, a refused token or a wrong address leaves nothing behind.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

from ayni.errors import NodeError
from ayni.node.django_setup import SQLITE_FILE, STORAGE, configure, forget
from ayni.node.files import built_beside, make_private_folder, write_private
from ayni.node.folder import CARD, LAYOUT
from ayni.node.key_ring import FILE_NAME as RING_FILE
from ayni.node.keys import FOLDER as KEYS_FOLDER
from ayni.node.keys import create_keys
from ayni.node.opening import migrate
from ayni.node.settings import FILE_NAME, Engine, Settings
from ayni.node.settings_file import parse_settings, settings_text

FOLDERS = (KEYS_FOLDER, STORAGE, "blobs", "observations")


def create_node(
    folder: Path,
    *,
    name: str,
    country: str,
    id: str = "",  # noqa: A002 -- the word every officer uses
    settings: str = "",
    more: Mapping[str, object] | None = None,
) -> Settings:
    """Make a node at *folder* and return its settings.

    *id* defaults to one made of country and name. *settings* is the text of a whole
    `settings.toml` in place of the default one; then name, country and id stand in it.
    *more* adds Django settings of a door, so that its tables are made too.

    Raises:
        SettingsError: if name, country, id or settings are not allowed.
        NodeError: if *folder* exists and is not empty, or its parent does not exist.
        NoSpaceError: if the disk is full.
    """
    text = settings or settings_text(name=name, country=country, id=id)
    chosen = parse_settings(text, file=str(folder / FILE_NAME))
    if folder.is_symlink() or (folder.exists() and not folder.is_dir()):
        raise NodeError(folder=str(folder), why="there is a file of that name; choose another folder")
    if folder.is_dir() and any(folder.iterdir()):
        raise NodeError(folder=str(folder), why="the folder is not empty; a node is made in an empty or new folder")
    if not folder.parent.is_dir():
        raise NodeError(folder=str(folder), why=f"there is no folder {folder.parent}; make it first")
    with built_beside(folder) as new:
        _fill(new, text, chosen, more)
    return chosen


def _fill(folder: Path, text: str, settings: Settings, more: Mapping[str, object] | None) -> None:
    for part in FOLDERS:
        make_private_folder(folder / part)
    write_private(folder / FILE_NAME, text.encode())
    card = {"layout": LAYOUT, "id": settings.node.id, "made_at": datetime.now(UTC).isoformat(timespec="seconds")}
    write_private(folder / CARD, json.dumps(card, indent=1).encode() + b"\n")
    keys = create_keys(folder, settings)
    write_private(folder / KEYS_FOLDER / RING_FILE, b"")
    if settings.storage.engine is Engine.SQLITE:
        write_private(folder / STORAGE / SQLITE_FILE, b"")  # SQLite gives its logs the mode of this file
    alias = configure(folder, settings, more=more, keys=keys)
    try:
        if settings.storage.engine is Engine.POSTGRESQL:
            refuse_used_database(folder, alias)
        migrate(folder, alias)
    finally:
        forget(folder)


def refuse_used_database(folder: Path, alias: str) -> None:
    """Refuse a PostgreSQL database that already holds a node.

    Raises:
        NodeError: naming what to do.
    """
    from django.db import connections  # noqa: PLC0415 -- needs Django configured

    from ayni.node.records.faults import translated  # noqa: PLC0415 -- as above

    with translated(folder, "reading the database"):
        tables = connections[alias].introspection.table_names()
    if tables:
        why = f"the PostgreSQL database already holds tables ({tables[0]}…); give the node an empty database"
        raise NodeError(folder=str(folder), why=why)
