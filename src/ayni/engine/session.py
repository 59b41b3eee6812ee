"""What an engine offers: tables in, one SQL text in DuckDB's dialect, an Arrow table out.

A `Session` holds tables under names for as long as one run lasts. `view` gives a
name to a query, `define` computes one and keeps it where the engine keeps its
data (on disk when memory is short), `query` returns an answer. Parameters stand
in the text as `$name` and are 64-bit: whole numbers bind as BIGINT and others as
DOUBLE, so that `$silence_h * 3600000` means the same on every engine.

Answers have four types and no other: BIGINT, DOUBLE, VARCHAR, BOOLEAN, in Arrow
int64, float64, string and bool. DuckDB sums BIGINT into 128 bits; the answer is
brought back to 64 and an overflow is an error, never a wrong number.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Protocol, TypeAlias, Union

import pyarrow as pa
import pyarrow.dataset as pads

from ayni.errors import DetectorError
from ayni.model.desk import Kernel
from ayni.model.signal import Fact

TableSource: TypeAlias = Union[pa.Table, pads.Dataset, Path, Sequence[Path]]  # noqa: UP007 -- pyarrow is untyped
"""A table in memory, an Arrow dataset, or Parquet files."""

Tables = Mapping[str, TableSource]

PARAMETER = re.compile(r"\$([A-Za-z_][A-Za-z0-9_]*)")

ARROW_TYPES: Mapping[str, pa.DataType] = {
    "BIGINT": pa.int64(),
    "DOUBLE": pa.float64(),
    "VARCHAR": pa.string(),
    "BOOLEAN": pa.bool_(),
}


class Session(Protocol):
    """Tables under names, while one run lasts."""

    def columns(self, name: str) -> tuple[str, ...]:
        """Return the column names of a table, empty when there is no such table."""
        ...

    def view(self, name: str, sql: str) -> None:
        """Give a name to a query; it is computed each time it is read."""
        ...

    def define(self, name: str, sql: str, params: Mapping[str, Fact]) -> None:
        """Compute a query once and keep its answer under a name."""
        ...

    def register(self, name: str, source: TableSource) -> None:
        """Put a table under a name."""
        ...

    def query(self, sql: str, params: Mapping[str, Fact]) -> pa.Table:
        """Return the answer of a query."""
        ...

    def apply(self, name: str, kernel: Kernel, params: Mapping[str, Fact]) -> None:
        """Run a kernel over the groups of its table and keep the rows it gives under *name*."""
        ...


class Engine(Protocol):
    """A place where detectors run."""

    @property
    def name(self) -> str:
        """`duckdb` or `spark`."""
        ...

    def session(self, tables: Tables) -> AbstractContextManager[Session]:
        """Open a session over *tables*."""
        ...

    def run(self, sql: str, params: Mapping[str, Fact], tables: Tables) -> pa.Table:
        """Answer one question over *tables* and forget them."""
        ...


def names_in(sql: str) -> tuple[str, ...]:
    """Return the parameters a text names, each once, in order of appearance."""
    return tuple(dict.fromkeys(PARAMETER.findall(sql)))


def used(sql: str, params: Mapping[str, Fact]) -> dict[str, Fact]:
    """Return those of *params* that *sql* names.

    Raises:
        DetectorError: if the text names one that nobody gave.
    """
    names = names_in(sql)
    missing = [name for name in names if name not in params]
    if missing:
        raise DetectorError(rule="query", why=f"no value for ${', $'.join(missing)}")
    return {name: params[name] for name in names}


def plain(answer: pa.Table) -> pa.Table:
    """Return *answer* with only int64, float64, string and bool columns.

    Raises:
        DetectorError: if a column has another type, or a sum leaves 64 bits.
    """
    fields = [pa.field(field.name, _plain_type(field)) for field in answer.schema]
    try:
        return answer.cast(pa.schema(fields))
    except pa.ArrowInvalid as error:
        raise DetectorError(rule="query", why=f"a number leaves 64 bits: {error}") from error


def _plain_type(field: pa.Field) -> pa.DataType:
    kind = field.type
    if pa.types.is_dictionary(kind):
        kind = kind.value_type
    if pa.types.is_boolean(kind):
        return pa.bool_()
    if pa.types.is_integer(kind) or (pa.types.is_decimal(kind) and kind.scale == 0) or pa.types.is_null(kind):
        return pa.int64()
    if pa.types.is_floating(kind):
        return pa.float64()
    if pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind):
        return pa.string()
    raise DetectorError(rule="query", why=f"column {field.name} has type {kind}; allowed are {sorted(ARROW_TYPES)}")
