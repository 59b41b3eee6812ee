"""The few statements that every act runs, written once.

Django's ORM composes SQL anew for each call, which takes five times as long as
SQLite takes to run it. What an act does is always the same handful of statements,
so they stand here, over the same tables and the same connection; whatever is
asked in many ways (`finding`, jobs, checks) goes through the ORM.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Any, Final

from django.db import connections

from ayni.node.records.models import StoredRecord

Value = str | int | float | bytes | bool | None

_FIELDS: Final = StoredRecord._meta.concrete_fields  # noqa: SLF001 -- Django's documented interface to models
_COLUMNS: Final = tuple(field.attname for field in _FIELDS)
_LIST: Final = ", ".join(f'"{column}"' for column in _COLUMNS)
_HOLES: Final = ", ".join(["%s"] * len(_COLUMNS))
_SETS: Final = ", ".join(f'"{column}" = %s' for column in _COLUMNS)
_SELECT: Final = f"SELECT {_LIST} FROM ayni_record WHERE id"  # noqa: S608 -- our own columns
_INSERT: Final = f"INSERT INTO ayni_record ({_LIST}) VALUES ({_HOLES})"  # noqa: S608 -- as above
_UPDATE: Final = f"UPDATE ayni_record SET {_SETS} WHERE id = %s"  # noqa: S608 -- as above


@lru_cache(maxsize=256)
def _with_marks(statement: str) -> str:
    return statement.replace("%s", "?")


class Rows:
    """Fixed statements over one database connection of this thread."""

    def __init__(self, alias: str) -> None:
        """Use the database *alias*."""
        self._alias = alias
        self._locks = connections[alias].features.has_select_for_update
        self._sqlite = connections[alias].vendor == "sqlite"
        self._held: tuple[Any, Any] = (None, None)

    def _executed(self, statement: str, values: Sequence[Value]) -> Any:  # noqa: ANN401 -- cursors have no common type
        """Run a statement on a cursor that is kept: making one takes as long as many a statement.

        Django writes `%s` anew as `?` for SQLite at each call, which takes longer than the insert of a row;
        here that is done once a statement.
        """
        now = connections[self._alias]
        connection, cursor = self._held
        if connection is None or connection is not now.connection:
            cursor = now.cursor()
            self._held = (now.connection, cursor)
        if not self._sqlite or now.execute_wrappers:
            cursor.execute(statement, values)
            return cursor
        with now.wrap_database_errors:
            sqlite3.Cursor.execute(cursor.cursor, _with_marks(statement), values)
        return cursor

    def _run(self, statement: str, *values: Value) -> list[tuple[Any, ...]]:
        cursor = self._executed(statement, values)
        return cursor.fetchall() if cursor.description else []

    def _count(self, statement: str, *values: Value) -> int:
        return int(self._executed(statement, values).rowcount)

    def record(self, record: str, *, lock: bool) -> StoredRecord | None:
        """Return a row, locked until the end of the transaction where the database locks rows."""
        found = self._run(f"{_SELECT} = %s{self._lock(lock)}", record)
        return StoredRecord.from_db(self._alias, _COLUMNS, found[0]) if found else None

    def records(self, ids: Sequence[str]) -> list[StoredRecord]:
        """Return the rows that are there, in the order of *ids*."""
        if not ids:
            return []
        found = self._run(f"{_SELECT} IN ({', '.join(['%s'] * len(ids))})", *ids)
        rows = {row[0]: StoredRecord.from_db(self._alias, _COLUMNS, row) for row in found}
        return [rows[each] for each in ids if each in rows]

    def any_of(self, kind: str, states: Sequence[str], originator: str) -> bool:
        """Tell whether there is a record of a kind, in one of *states* if any is named, of an originator if named."""
        statement, values = "SELECT 1 FROM ayni_record WHERE kind = %s", [kind]
        if states:
            statement += f" AND state IN ({', '.join(['%s'] * len(states))})"
            values += states
        if originator:
            statement += " AND originator = %s"
            values.append(originator)
        return bool(self._run(f"{statement} LIMIT 1", *values))

    def versions(self, ids: Sequence[str], *, lock: bool) -> dict[str, int]:
        """Return the versions of the records that are there, locked in order of id."""
        holes = ", ".join(["%s"] * len(ids))
        statement = f"SELECT id, version FROM ayni_record WHERE id IN ({holes}) ORDER BY id{self._lock(lock)}"  # noqa: S608 -- holes only
        return dict(self._run(statement, *ids))

    def taken(self, record: str) -> tuple[bool, int | None]:
        """Tell whether there is a tombstone of that id, and the version of its record, if there is one."""
        statement = (
            "SELECT version FROM ayni_record WHERE id = %s UNION ALL SELECT 0 FROM ayni_tombstone WHERE id = %s"
        )
        found = {int(version) for (version,) in self._run(statement, record, record)}
        return 0 in found, max(found - {0}, default=None)

    def enqueue(self, values: tuple[Value, ...]) -> None:
        """Add a message to the outbox: id, to, type, control, expires_at, payload."""
        statement = (
            'INSERT INTO ayni_outbox (id, "to", type, control, expires_at, payload, state, stream, seq, digest, '
            "envelope, reasons, receipt, seen_by) "
            "VALUES (%s, %s, %s, %s, %s, %s, 'waiting', '', 0, '', %s, %s, '', '')"
        )
        self._count(statement, *values, b"", b"")

    def insert(self, row: StoredRecord) -> None:
        """Add a record."""
        self._count(_INSERT, *(getattr(row, column) for column in _COLUMNS))

    def update(self, row: StoredRecord) -> None:
        """Replace a record."""
        self._count(_UPDATE, *(getattr(row, column) for column in _COLUMNS), row.id)

    def delete(self, record: str) -> list[bytes]:
        """Remove a record, what it is found by and its files; return the names of these."""
        self.forget_tokens(record)
        files = [bytes(row[0]) for row in self._run("SELECT token FROM ayni_blob WHERE record = %s", record)]
        if files:
            self._count("DELETE FROM ayni_blob WHERE record = %s", record)
        self._count("DELETE FROM ayni_record WHERE id = %s", record)
        return files

    def forget_tokens(self, record: str) -> None:
        """Remove what a record is found by."""
        self._count("DELETE FROM ayni_token WHERE record_id = %s", record)

    def add_tokens(self, record: str, tokens: Iterable[bytes]) -> None:
        """Add what a record is found by."""
        found = [(record, token) for token in tokens]
        values = ", ".join(["(%s, %s)"] * len(found))
        statement = f"INSERT INTO ayni_token (record_id, token) VALUES {values}"  # noqa: S608 -- holes only
        self._count(statement, *(one for row in found for one in row))

    def bury(self, record: str, kind: str, at: int, why: bytes) -> None:
        """Set a tombstone."""
        self._count("INSERT INTO ayni_tombstone (id, kind, at, why) VALUES (%s, %s, %s, %s)", record, kind, at, why)

    def add_entry(self, entry: str, at: int, leaf: bytes, sealed: bytes) -> None:
        """Write a line of the history, to be ordered by the sequencer."""
        statement = "INSERT INTO ayni_entry (id, seq, at, leaf, sealed) VALUES (%s, NULL, %s, %s, %s)"
        self._count(statement, entry, at, leaf, sealed)

    def last_entry_at(self) -> int | None:
        """Return the instant of the latest entry."""
        found: int | None = self._run("SELECT MAX(at) FROM ayni_entry")[0][0]
        return found

    def count_entries(self) -> int:
        """Return how many entries the history has: those with a place, and those that wait for one."""
        placed, waiting = "SELECT MAX(seq) FROM ayni_entry", "SELECT COUNT(*) FROM ayni_entry WHERE seq IS NULL"
        last = self._run(placed)[0][0]
        return (0 if last is None else int(last) + 1) + int(self._run(waiting)[0][0])

    def arrived(self, sender: str, message: str, at: int) -> bool:
        """Note an arrival; False if it was noted before."""
        statement = "INSERT INTO ayni_inbox (sender, message, at) VALUES (%s, %s, %s) ON CONFLICT DO NOTHING"
        return self._count(statement, sender, message, at) == 1

    def has_arrived(self, sender: str, message: str) -> bool:
        """Tell whether an arrival was noted."""
        return bool(self._run("SELECT 1 FROM ayni_inbox WHERE sender = %s AND message = %s", sender, message))

    def place(self, sender: str, stream: str) -> tuple[int, str] | None:
        """Return number and hash of the last message taken of a stream."""
        found = self._run("SELECT seq, digest FROM ayni_stream WHERE sender = %s AND stream = %s", sender, stream)
        return (int(found[0][0]), str(found[0][1])) if found else None

    def move_on(self, sender: str, stream: str, place: tuple[int, str]) -> bool:
        """Note number and hash of the last message taken of a stream; False if it has come further already."""
        statement = (
            "INSERT INTO ayni_stream (sender, stream, tag, seq, digest) VALUES (%s, %s, '', %s, %s) "
            "ON CONFLICT (sender, stream) DO UPDATE SET seq = excluded.seq, digest = excluded.digest "
            "WHERE ayni_stream.seq < excluded.seq"
        )
        return self._count(statement, sender, stream, *place) == 1

    def add_blob(self, token: bytes, record: str, size: int, at: int) -> bool:
        """Note a file; False if it was there before."""
        statement = "INSERT INTO ayni_blob (token, record, size, at) VALUES (%s, %s, %s, %s) ON CONFLICT DO NOTHING"
        return self._count(statement, token, record, size, at) == 1

    def _lock(self, lock: bool) -> str:  # noqa: FBT001 -- passed on
        return " FOR UPDATE" if lock and self._locks else ""
