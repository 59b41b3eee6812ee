"""Opening a node: settings, keys, storage, checked in that order and put together once.

with open_node(folder) as node:
    with node.store.work() as work:
        ...
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from ayni.errors import NewerNodeError, NodeError
from ayni.exchange.lent_keys import LentKeys
from ayni.node.clock import Clock
from ayni.node.django_setup import configure, forget
from ayni.node.folder import check_folder, restored_from, serving_lock
from ayni.node.keys import FOLDER as KEYS_FOLDER
from ayni.node.keys import NodeKeys, open_keys
from ayni.node.settings import Settings, read_settings

if TYPE_CHECKING:
    from ayni.node.key_ring import KeyRing
    from ayni.node.records.store import DjangoStore


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenNode:
    """A node that can be worked with."""

    folder: Path
    settings: Settings
    keys: NodeKeys
    ring: KeyRing
    alias: str
    """Its database, for Django's ORM."""
    clock: Clock
    store: DjangoStore
    lent: LentKeys = field(default_factory=LentKeys)
    """Keys that partners have lent, in the memory of this process alone."""


@contextmanager
def open_node(
    folder: Path,
    *,
    serving: bool = False,
    more: Mapping[str, object] | None = None,
    kinds: Mapping[str, type[object]] | None = None,
) -> Iterator[OpenNode]:
    """Open the node at *folder*; `serving` holds it against a second server.

    *more* adds Django settings of a door, *kinds* record kinds beyond those of this release.
    What a crash left half done (keys of deleted records) is completed before anything opens.

    Raises:
        NotANodeError, NewerNodeError, SettingsError, KeysError, NodeInUseError: each saying what to do.
        NodeError: if the storage cannot be reached or is older than this version.
    """
    check_folder(folder)
    settings = read_settings(folder)
    with ExitStack() as stack:
        if serving:
            stack.enter_context(serving_lock(folder))
        keys = open_keys(folder, settings)
        alias = configure(folder, settings, more=more, keys=keys)
        stack.callback(forget, folder)
        check_schema(folder, alias)
        from ayni.node.key_ring import FILE_NAME, KeyRing  # noqa: PLC0415 -- cryptography, only for an open node
        from ayni.node.kinds import ALL_KINDS  # noqa: PLC0415 -- the parts above load only for an open node
        from ayni.node.records.store import DjangoStore  # noqa: PLC0415 -- needs Django configured

        ring = KeyRing(folder / KEYS_FOLDER / FILE_NAME, keys.wrapping)
        stack.callback(ring.close)
        clock = Clock()
        store = DjangoStore(
            alias=alias,
            folder=folder,
            keys=keys,
            ring=ring,
            clock=clock,
            kinds={**ALL_KINDS, **kinds} if kinds else ALL_KINDS,
            restored_from=lambda: restored_from(folder),
        )
        store.finish_deletions()
        yield OpenNode(folder=folder, settings=settings, keys=keys, ring=ring, alias=alias, clock=clock, store=store)


def check_schema(folder: Path, alias: str) -> None:
    """Refuse a storage that this version does not understand.

    Raises:
        NewerNodeError: if it was written by a newer version.
        NodeError: if it was written by an older one and needs `upgrade_storage`, or cannot be read.
    """
    from django.db import connections  # noqa: PLC0415 -- needs Django configured
    from django.db.migrations.loader import MigrationLoader  # noqa: PLC0415 -- as above

    from ayni.node.records.faults import translated  # noqa: PLC0415 -- as above

    with translated(folder, "reading the schema"):
        loader = MigrationLoader(connections[alias])
    known, stored = set(loader.disk_migrations), set(loader.applied_migrations)
    ours = {app for app, _ in known}
    if newer := sorted(name for app, name in stored - known if app in ours):
        latest = max(name for app, name in known if app == "records")
        raise NewerNodeError(folder=str(folder), stored=newer[-1], known=latest)
    if missing := sorted(known - stored):
        app, name = missing[0]
        raise NodeError(
            folder=str(folder), why=f"its storage lacks {app}.{name}; run `ayni node upgrade --node {folder}`"
        )


def upgrade_storage(folder: Path, *, more: Mapping[str, object] | None = None) -> None:
    """Bring the storage of an older node to this version's schema; nothing is lost.

    Raises:
        NewerNodeError: if it was written by a newer version.
        NodeInUseError: if it is being served.
    """
    check_folder(folder)
    settings = read_settings(folder)
    with serving_lock(folder):
        alias = configure(folder, settings, more=more)
        try:
            migrate(folder, alias)
            check_schema(folder, alias)
        finally:
            forget(folder)


def migrate(folder: Path, alias: str) -> None:
    """Apply every migration that the storage lacks.

    Raises:
        NoSpaceError: if the disk is full.
        NodeError: if the database cannot be reached.
    """
    from django.core.management import call_command  # noqa: PLC0415 -- needs Django configured

    from ayni.node.records.faults import translated  # noqa: PLC0415 -- as above

    with translated(folder, "preparing the storage"):
        call_command("migrate", database=alias, verbosity=0, interactive=False)
