"""`Query` to SQL, from clear columns alone.

Only the ids of one page, from a covering index; the rows are fetched by id. Rows carry
their sealed body, so that scanning them instead of the index would read fifty
times as many pages.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final

from django.core.exceptions import EmptyResultSet, FullResultSet
from django.db import connections
from django.db.models import Q

from ayni.model.store import Query
from ayni.node.records.conditions import condition_of
from ayni.node.records.models import StoredRecord
from ayni.node.records.sealing import to_us

Value = str | int | bytes
_EQUAL: Final = ("kind", "rule", "originator", "agreement")


@dataclass(slots=True)
class _Where:
    """What must hold of a row: conditions, and the values of their holes in the same order."""

    conditions: list[str] = field(default_factory=list[str])
    values: list[Value] = field(default_factory=list[Value])

    def add(self, condition: str, *values: Value) -> None:
        self.conditions.append(condition)
        self.values += values

    def among(self, column: str, values: Sequence[Value]) -> None:
        self.add(f"{column} IN ({_holes(values)})" if values else "1 = 0", *values)


def matching(query: Query, *, using: str, token: Callable[[str], bytes]) -> list[str]:
    """Return the ids of the records that match, newest first, at most `query.limit`."""
    where = _where(query)
    if query.where is not None:
        where.add(*_composed(condition_of(query.where), using))
    if query.identifier:
        where.add("id IN (SELECT record_id FROM ayni_token WHERE token = %s)", token(query.identifier))
    if query.identified is not None:
        tokens = [token(identifier) for identifier in query.identified]
        held = f"SELECT record_id FROM ayni_token WHERE token IN ({_holes(tokens)})"  # noqa: S608 -- holes only
        where.add(f"id IN ({held})" if tokens else "1 = 0", *tokens)
    with connections[using].cursor() as cursor:
        if query.after:
            cursor.execute("SELECT at FROM ayni_record WHERE id = %s", [query.after])
            for (last,) in cursor.fetchall():
                where.add("at <= %s AND (at < %s OR id < %s)", last, last, query.after)
        holds = f" WHERE {' AND '.join(where.conditions)}" if where.conditions else ""
        statement = f"SELECT id FROM ayni_record{holds} ORDER BY at DESC, id DESC LIMIT %s"  # noqa: S608 -- holes only
        cursor.execute(statement, [*where.values, query.limit])
        return [row[0] for row in cursor.fetchall()]


def _where(query: Query) -> _Where:
    where = _Where()
    for column in _EQUAL:
        if value := getattr(query, column):
            where.add(f"{column} = %s", value)
    if query.states:
        where.among("state", query.states)
    if query.made_from:
        where.add("parents LIKE %s ESCAPE '!'", f"%{_literally(query.made_from)}%")
    if query.among is not None:
        where.among("id", query.among)
    if query.since is not None:
        where.add("at >= %s", to_us(query.since))
    if query.until is not None:
        where.add("at < %s", to_us(query.until))
    if query.expired_at is not None:
        where.add("keep_until < %s", to_us(query.expired_at))
    _inside(query, where)
    return where


def _composed(condition: Q, using: str) -> tuple[str, *tuple[Value, ...]]:
    """Return a condition that Django composes, and the values of its holes."""
    compiler = StoredRecord.objects.filter(condition).query.get_compiler(using)
    compiler.pre_sql_setup()
    try:
        composed, values = compiler.compile(compiler.query.where)
    except EmptyResultSet:
        return ("1 = 0",)
    except FullResultSet:
        return ("1 = 1",)
    return (f"({composed})", *values) if composed else ("1 = 1",)


def _inside(query: Query, where: _Where) -> None:
    if query.south_west is None or query.north_east is None:
        return
    south, west = query.south_west
    north, east = query.north_east
    where.add("cell_lat >= %s AND cell_lat <= %s", south, north)
    where.add(f"(cell_lon >= %s {'OR' if west > east else 'AND'} cell_lon <= %s)", west, east)


def _holes(values: Sequence[Value]) -> str:
    return ", ".join(["%s"] * len(values))


def _literally(text: str) -> str:
    """Return *text* with what LIKE takes for patterns escaped."""
    for sign in "!%_":
        text = text.replace(sign, f"!{sign}")
    return text
