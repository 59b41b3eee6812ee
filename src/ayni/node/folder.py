"""The folder of a node: what lies where, who serves it, and whether this version understands it.

settings.toml       what the institution decided               (0600)
node.json           the layout of this folder, node id, instant of making
serve.lock          locked while a server runs; holds its process id
backed-up.json      when it was last backed up
restored.json       only between a restore and its reconciliation
keys/               node.key, records.keys: backed up apart     (0700)
storage/            node.sqlite, unless PostgreSQL is used      (0700)
blobs/              sealed files
observations/       what sensors said, as Parquet, in whole days
"""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from ayni.errors import NewerNodeError, NodeError, NodeInUseError, NotANodeError
from ayni.node.settings import FILE_NAME as SETTINGS_FILE

LAYOUT = 1
"""Version of this layout; a folder with a higher one is refused."""

CARD = "node.json"
LOCK = "serve.lock"
RESTORED = "restored.json"
BACKED_UP = "backed-up.json"


def check_folder(folder: Path) -> None:
    """Refuse a folder that is no node, or one that a newer Ayni laid out.

    Raises:
        NotANodeError: if there are no settings.
        NodeError: if its card is missing or damaged.
        NewerNodeError: if the layout is newer than this version knows.
    """
    if not (folder / SETTINGS_FILE).is_file():
        raise NotANodeError(folder=str(folder))
    try:
        card = json.loads((folder / CARD).read_text(encoding="utf-8"))
        layout = int(card["layout"])
    except OSError as error:
        raise NodeError(folder=str(folder), why=f"{CARD}: {error.strerror}") from error
    except (ValueError, KeyError, TypeError) as error:
        raise NodeError(folder=str(folder), why=f"{CARD} is damaged: {error}") from error
    if layout > LAYOUT:
        raise NewerNodeError(folder=str(folder), stored=layout, known=LAYOUT)


def restored_from(folder: Path) -> str:
    """Return the instant of the backup this node was restored from (RFC 3339), or empty once reconciled."""
    path = folder / RESTORED
    if not path.exists():
        return ""
    try:
        return str(json.loads(path.read_text(encoding="utf-8"))["made_at"])
    except (ValueError, KeyError, TypeError):
        return "an unknown instant"


def backed_up_at(folder: Path) -> datetime | None:
    """Return when this node was last backed up; None if never, or if that cannot be read."""
    try:
        at = datetime.fromisoformat(str(json.loads((folder / BACKED_UP).read_text(encoding="utf-8"))["made_at"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return at if at.utcoffset() is not None else None


@contextmanager
def serving_lock(folder: Path) -> Iterator[None]:
    """Hold the node for one server; the system lets go of the lock when the process ends, however it ends.

    Raises:
        NodeInUseError: naming the process that serves it.
    """
    handle = os.open(folder / LOCK, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise NodeInUseError(folder=str(folder), pid=_pid(handle)) from None
        os.ftruncate(handle, 0)
        os.pwrite(handle, f"{os.getpid()}\n".encode(), 0)
        yield
        os.ftruncate(handle, 0)
    finally:
        os.close(handle)


def served_by(folder: Path) -> int | None:
    """Return the id of the process that serves the node, or None. A lock file left by a crash counts as none."""
    try:
        handle = os.open(folder / LOCK, os.O_RDWR)
    except FileNotFoundError:
        return None
    try:
        fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return _pid(handle)
    else:
        return None
    finally:
        os.close(handle)


def _pid(handle: int) -> int:
    text = os.pread(handle, 32, 0).strip()
    return int(text) if text.isdigit() else 0
