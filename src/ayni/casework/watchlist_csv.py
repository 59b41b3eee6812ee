"""A watchlist in a CSV file: every good row is proposed, every bad one refused with its line and reason.

Columns: `ground`, `instruction`, `until` (always), and `mmsi`, `imo`, `call_sign`, `name`,
`name_edits` (as far as known). Another column is refused, because nobody would notice
what it meant. `until` is an instant with its zone, or a day (its end in UTC).
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from ayni.casework.watchlist import NewEntry, propose_entry
from ayni.errors import InvalidValueError, UnreadableError
from ayni.model.handling import Mandate
from ayni.model.officer import Officer
from ayni.model.record import House
from ayni.model.store import Work

NEEDED: Final = frozenset({"ground", "instruction", "until"})
KNOWN: Final = NEEDED | {"mmsi", "imo", "call_sign", "name", "name_edits"}
MOST_BYTES: Final = 16 << 20
"""A list of some 100,000 vessels; more is another kind of data. Ours."""
DAY_LETTERS: Final = len("2026-03-01")


@dataclass(frozen=True, slots=True, kw_only=True)
class RefusedRow:
    """A row that was not proposed."""

    line: int
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Imported:
    """What became of a file: records proposed, and rows refused."""

    proposed: tuple[str, ...]
    refused: tuple[RefusedRow, ...]


def import_entries(file: Path, *, house: House, by: Officer, under: Mandate, work: Work) -> Imported:
    """Propose every row of a CSV file, one entry of the ledger each. The caller commits.

    Raises:
        UnreadableError: if it is not a CSV of these columns in UTF-8. Nothing is written.
        NotEntitledError: if the officer may not propose entries. Nothing is written.
    """
    proposed: list[str] = []
    refused: list[RefusedRow] = []
    for line, row in _rows(file):
        try:
            record = propose_entry(_entry(row), house=house, by=by, under=under, work=work)
        except InvalidValueError as error:
            refused.append(RefusedRow(line=line, why=str(error)))
        else:
            proposed.append(record.header.id)
    return Imported(proposed=tuple(proposed), refused=tuple(refused))


def _rows(file: Path) -> Iterator[tuple[int, dict[str, str]]]:
    if file.stat().st_size > MOST_BYTES:
        raise UnreadableError(file=str(file), why=f"larger than {MOST_BYTES >> 20} MB")
    try:
        text = file.read_text("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UnreadableError(file=str(file), why="not UTF-8") from error
    reader = csv.reader(text.splitlines(keepends=True), strict=True)
    try:
        head = [name.strip() for name in next(reader, [])]
        if missing := sorted(NEEDED - set(head)):
            raise UnreadableError(file=str(file), why=f"lacks the columns {', '.join(missing)}")
        if strange := sorted(set(head) - KNOWN):
            raise UnreadableError(file=str(file), why=f"unknown columns {', '.join(strange)}")
        rows = [(reader.line_num, row) for row in reader if any(cell.strip() for cell in row)]
    except csv.Error as error:
        raise UnreadableError(file=str(file), why=f"line {reader.line_num}: {error}") from error
    for line, row in rows:
        extra = {"": "more cells than columns"} if len(row) > len(head) else {}
        yield line, {**dict(zip(head, (cell.strip() for cell in row), strict=False)), **extra}


def _entry(row: dict[str, str]) -> NewEntry:
    if "" in row:
        raise InvalidValueError(field="row", why=row[""])
    edits = row.get("name_edits", "") or "0"
    if edits not in {"0", "1", "2"}:
        raise InvalidValueError(field="name_edits", why=f"{edits!r} is not 0, 1 or 2")
    return NewEntry(
        mmsi=row.get("mmsi", ""),
        imo=row.get("imo", ""),
        call_sign=row.get("call_sign", ""),
        name=row.get("name", ""),
        name_edits=int(edits),
        ground=row.get("ground", ""),
        instruction=row.get("instruction", ""),
        until=_until(row.get("until", "")),
    )


def _until(text: str) -> datetime:
    try:
        at = datetime.fromisoformat(text)
    except ValueError as error:
        raise InvalidValueError(field="until", why=f"{text!r} is neither a day nor an instant") from error
    if len(text) == DAY_LETTERS:
        return at.replace(tzinfo=UTC) + timedelta(days=1)
    if at.tzinfo is None:
        raise InvalidValueError(field="until", why=f"{text!r} has no time zone; add Z for UTC")
    return at
