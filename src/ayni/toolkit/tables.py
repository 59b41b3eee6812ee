"""Strict reading of tables: what is not understood is refused or counted, never guessed and never dropped.

A `Layout` says which columns a file has, what each holds, and how "not available" is written in it.
`read_table` opens CSV (plain, gzip or zstd, told by its first bytes, not its name) or Parquet and yields
batches of typed columns. Three things can happen to what it meets:

* the **file is not of this layout** (no key column, no rows of text, not readable): `UnreadableError`;
* a **row** cannot be used (wrong number of columns, no position, NUL bytes, endless line): counted by reason;
* a **value** beside the key columns cannot be read: it becomes null, and is counted in the tally's notes.

Text is UTF-8, with or without a byte order mark. A layout may allow Latin-1 for lines that are not
UTF-8; how many were read so is noted. Memory stays bounded: one block at a time, whatever the file's
size, and a line longer than a megabyte is skipped over without being kept.
"""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ayni.errors import UnreadableError
from ayni.model.checks import require
from ayni.model.desk import Tally
from ayni.toolkit._csv_lines import Block, blocks
from ayni.toolkit.units import Integers

if TYPE_CHECKING:
    import polars as pl
    import pyarrow as pa

TYPES = frozenset({"BIGINT", "DOUBLE", "VARCHAR", "BOOLEAN", "INSTANT"})
"""INSTANT is BIGINT milliseconds since 1970, UTC, read by the field's formats."""
BATCH_ROWS = 65_536


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One column of a file: its name there, its name with us, its type, and what stands for "not available".

    Raises:
        InvalidValueError: for a type that does not exist, or an instant without format.
    """

    name: str
    column: str
    type: str
    key: bool = False
    """A file without this column is refused; a row without this value is rejected."""
    missing: tuple[str, ...] = ("",)
    """How the source writes "not available": `511`, `91.0`, `NULL`."""
    low: float | None = None
    high: float | None = None
    """Outside of these the value cannot be meant."""
    formats: tuple[str, ...] = ()
    """strptime formats of an instant; the text is UTC unless the format has `%z`."""

    def __post_init__(self) -> None:
        require(self.type in TYPES, self.name, f"type {self.type} is not one of {sorted(TYPES)}")
        require(self.type != "INSTANT" or bool(self.formats), self.name, "an instant needs its formats")


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """What a file of one origin looks like."""

    name: str
    fields: tuple[Field, ...]
    separator: str = ","
    latin_1: bool = False
    """True when lines that are not UTF-8 may be read as Latin-1 (and are counted)."""

    @property
    def keys(self) -> tuple[str, ...]:
        """Names of the columns without which a file is not of this layout."""
        return tuple(field.name for field in self.fields if field.key)


def read_table(path: Path, layout: Layout, tally: Tally) -> Iterator[pa.RecordBatch]:
    """Yield the rows of *path* as batches: the layout's columns in order, then `offset` and `length`.

    `offset` and `length` say where the row's bytes lie (after decompression; for Parquet the row number
    and 0), so that a signal can cite them. Columns the file lacks are null.

    Raises:
        UnreadableError: naming the columns found and expected, or what the file is instead.
    """
    try:
        with path.open("rb") as file:
            start = file.read(4)
    except OSError as error:
        raise UnreadableError(file=path.name, why=error.strerror or str(error)) from error
    if start == b"PAR1":
        yield from _read_parquet(path, layout, tally)
    else:
        yield from _read_csv(path, layout, tally)


def _read_csv(path: Path, layout: Layout, tally: Tally) -> Iterator[pa.RecordBatch]:
    header: list[str] | None = None
    unread = Counter[str]()
    for block in blocks(path, tally, latin_1=layout.latin_1):
        body = block
        if header is None:
            first, body = block.split_first()
            header = _header(first, path, layout, tally)
        if body.text:
            yield from _typed(_strings(body, header, layout, tally), layout, tally, unread)
    if header is None:
        empty = path.stat().st_size == 0
        raise UnreadableError(
            file=path.name, why=_expected("it is empty" if empty else "it holds no line that can be read", layout)
        )
    _note(unread, tally)


def _header(line: str, path: Path, layout: Layout, tally: Tally) -> list[str]:
    found = [name.strip().strip('"') for name in line.split(layout.separator)]
    _check_columns(found, path, layout, tally)
    return found


def _check_columns(found: Sequence[str], path: Path, layout: Layout, tally: Tally) -> None:
    lacking = [name for name in layout.keys if name not in found]
    twice = [name for name, count in Counter(found).items() if count > 1]
    shown = ", ".join(name[:40] for name in found[:20])
    if lacking:
        raise UnreadableError(
            file=path.name, why=_expected(f"no column {', '.join(lacking)}; found: {shown}", layout)
        )
    if twice:
        raise UnreadableError(file=path.name, why=f"column {', '.join(twice)} appears twice")
    known = {field.name for field in layout.fields}
    strange = [name for name in found if name not in known]
    if strange:
        tally.notes.append(f"{len(strange)} columns not read: {', '.join(name[:40] for name in strange[:20])}")
    absent = [field.name for field in layout.fields if field.name not in found]
    if absent:
        tally.notes.append(f"columns absent, read as null: {', '.join(absent)}")


def _expected(why: str, layout: Layout) -> str:
    return f"{why}; layout {layout.name} expects {', '.join(layout.keys)}"


def _strings(block: Block, header: list[str], layout: Layout, tally: Tally) -> pl.DataFrame:
    import polars as pl  # noqa: PLC0415 -- heavy; only who reads tables pays for it
    import pyarrow as pa  # noqa: PLC0415
    from pyarrow import csv as arrow_csv  # noqa: PLC0415

    wrong: list[int] = []

    def refuse(row: arrow_csv.InvalidRow) -> str:
        wrong.append(row.number - 1)
        return "skip"

    tally.read += len(block.offsets)
    table = arrow_csv.read_csv(
        pa.py_buffer(block.text.encode()),
        read_options=arrow_csv.ReadOptions(
            column_names=header, use_threads=False, block_size=max(len(block.text) * 5, 1024)
        ),
        parse_options=arrow_csv.ParseOptions(
            delimiter=layout.separator, invalid_row_handler=refuse, ignore_empty_lines=False
        ),
        convert_options=arrow_csv.ConvertOptions(
            column_types=dict.fromkeys(header, pa.string()), strings_can_be_null=False
        ),
    )
    rows = np.delete(np.arange(block.offsets.size), wrong)
    if table.num_rows != rows.size:
        # A quotation mark that is never closed ran over the end of its line: read line by line instead.
        table, rows = _line_by_line(block, header, layout)
    tally.reject("wrong number of columns", block.offsets.size - rows.size)
    frame = pl.DataFrame(pl.from_arrow(table))
    return frame.with_columns(
        pl.Series("\0offset", block.offsets[rows], dtype=pl.Int64),
        pl.Series("\0length", block.lengths[rows], dtype=pl.Int64),
    )


def _line_by_line(block: Block, header: list[str], layout: Layout) -> tuple[pa.Table, Integers]:
    import pyarrow as pa  # noqa: PLC0415 -- heavy; only who reads tables pays for it

    cells = [next(csv.reader([line], delimiter=layout.separator), []) for line in block.text.split("\n")[:-1]]
    rows = np.array([at for at, row in enumerate(cells) if len(row) == len(header)], dtype=np.int64)
    columns = [pa.array([cells[at][place] for at in rows], pa.string()) for place in range(len(header))]
    return pa.table(columns, names=header), rows


def _read_parquet(path: Path, layout: Layout, tally: Tally) -> Iterator[pa.RecordBatch]:
    import polars as pl  # noqa: PLC0415 -- heavy; only who reads tables pays for it
    import pyarrow as pa  # noqa: PLC0415
    from pyarrow import parquet  # noqa: PLC0415

    unread, row = Counter[str](), 0
    try:
        with parquet.ParquetFile(path) as file:
            _check_columns(file.schema_arrow.names, path, layout, tally)
            wanted = [field.name for field in layout.fields if field.name in file.schema_arrow.names]
            for batch in file.iter_batches(BATCH_ROWS, columns=wanted):
                frame = pl.DataFrame(pl.from_arrow(batch))
                tally.read += frame.height
                places = pl.int_range(row, row + frame.height, dtype=pl.Int64, eager=True)
                row += frame.height
                numbered = frame.with_columns(places.alias("\0offset"), pl.lit(0, pl.Int64).alias("\0length"))
                yield from _typed(numbered, layout, tally, unread)
    except (pa.ArrowException, OSError) as error:
        raise UnreadableError(file=path.name, why=f"the Parquet file is damaged: {error}") from error
    _note(unread, tally)


def _typed(frame: pl.DataFrame, layout: Layout, tally: Tally, unread: Counter[str]) -> Iterator[pa.RecordBatch]:
    import polars as pl  # noqa: PLC0415 -- heavy; only who reads tables pays for it

    from ayni.toolkit._columns import read_column  # noqa: PLC0415 -- imports polars

    columns: list[pl.Series] = []
    keep = pl.Series("keep", [True]).new_from_index(0, frame.height)
    for field in layout.fields:
        values, bad, absent = read_column(frame, field)
        columns.append(values)
        if not field.key:
            unread[field.name] += int(bad.sum())
            continue
        for which, reason in ((bad, f"{field.name} not understood"), (absent, f"no {field.name}")):
            tally.reject(reason, int((which & keep).sum()))
            keep &= ~which
    columns += [frame["\0offset"].alias("offset"), frame["\0length"].alias("length")]
    rows = pl.DataFrame(columns).filter(keep)
    tally.accepted += rows.height
    if rows.height:
        yield from rows.to_arrow(compat_level=pl.CompatLevel.oldest()).to_batches(max_chunksize=BATCH_ROWS)


def _note(unread: Counter[str], tally: Tally) -> None:
    for name, count in unread.items():
        if count:
            tally.notes.append(f"{count} values of {name} not understood, read as null")
