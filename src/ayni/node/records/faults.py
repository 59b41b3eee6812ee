"""What a database says when it cannot, in the terms of `ayni.errors`."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.db.utils import DatabaseError, OperationalError

from ayni.errors import AyniError, ChangedMeanwhileError, NodeError, NoSpaceError

_PRIMARY = 0xFF
"""SQLite's extended result codes carry the primary code in the low byte."""
SPARE = 1 << 20
"""Bytes free below which an I/O error while writing is taken for a full disk. Ours."""
_FULL_SQLSTATES = frozenset({"53100"})
"""disk_full. Source: PostgreSQL, appendix A."""
_CONFLICT_SQLSTATES = frozenset({"40001", "40P01", "55P03"})
"""serialization_failure, deadlock_detected, lock_not_available. Source: as above."""


@contextmanager
def translated(folder: Path, doing: str) -> Iterator[None]:
    """Turn a database's complaint into an error that says what to do.

    Raises:
        NoSpaceError: if the disk is full; the transaction was undone.
        ChangedMeanwhileError: if two writers blocked each other.
        NodeError: if the database cannot be reached, read or locked.
    """
    try:
        yield
    except DatabaseError as error:
        known = _known(error, folder, doing)
        if known is None:
            raise
        raise known from error


def _no_space_left(folder: Path) -> bool:
    """Tell whether an I/O error has the plainest of causes: SQLite reports a log that cannot grow as such."""
    return shutil.disk_usage(folder).free < SPARE


def _known(error: DatabaseError, folder: Path, doing: str) -> AyniError | None:
    cause = error.__cause__
    if isinstance(cause, sqlite3.Error):
        code = getattr(cause, "sqlite_errorcode", 0) & _PRIMARY
        if code == sqlite3.SQLITE_FULL or (code == sqlite3.SQLITE_IOERR and _no_space_left(folder)):
            return NoSpaceError(folder=str(folder), doing=doing)
        if code == sqlite3.SQLITE_BUSY:
            return NodeError(folder=str(folder), why=f"another process kept the database locked while {doing}")
    state = getattr(cause, "sqlstate", None)
    if state in _FULL_SQLSTATES:
        return NoSpaceError(folder=str(folder), doing=doing)
    if state in _CONFLICT_SQLSTATES:
        return ChangedMeanwhileError(record="a record", stored="another", yours="an older one")
    if isinstance(error, OperationalError) or type(cause) is sqlite3.DatabaseError:
        return NodeError(folder=str(folder), why=f"{doing}: {error}")
    return None
