"""The embedded engine: DuckDB in this process, no server, no extension, no network.

Memory, threads and the folder it spills to are settings of the node. A table larger
than memory is read from its Parquet files piece by piece, and what a query must keep
goes to the temp folder. DuckDB's own defaults differ from Spark's in two places, and
both are set to the safe answer: a division by zero is NULL, and names in a query never
refer to variables of the calling program.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as pads

from ayni.engine.session import ARROW_TYPES, PARAMETER, Session, Tables, TableSource, plain, used
from ayni.errors import DetectorError
from ayni.model.desk import Column, Kernel
from ayni.model.signal import Fact

KERNEL_BATCH_ROWS = 100_000
"""Rows fetched at a time when a kernel runs: bounds memory, not the answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DuckDBEngine:
    """Runs SQL in this process. Zero or empty settings leave DuckDB's own choice.

    DuckDB takes 80 % of the machine's memory by default and spills beyond it.
    """

    memory_limit: str = ""
    """e.g. `2GB`."""
    temp_directory: Path | None = None
    """Where it spills; None spills beside the working directory's `.tmp`."""
    threads: int = 0

    @property
    def name(self) -> str:
        """`duckdb`."""
        return "duckdb"

    @contextmanager
    def session(self, tables: Tables) -> Iterator[Session]:
        """Open a database in memory over *tables*; it is gone when the block ends."""
        with duckdb.connect(config=self._config()) as connection:
            # Its own bar would go to standard output, among the signals.
            connection.execute("SET enable_progress_bar = false")
            held = DuckDBSession(connection)
            for name, source in tables.items():
                held.register(name, source)
            yield held

    def run(self, sql: str, params: Mapping[str, Fact], tables: Tables) -> pa.Table:
        """Answer one question over *tables* and forget them."""
        with self.session(tables) as session:
            return session.query(sql, params)

    def _config(self) -> dict[str, str | bool | int | float | list[str]]:
        config: dict[str, str | bool | int | float | list[str]] = {
            "autoinstall_known_extensions": "false",
            "autoload_known_extensions": "false",
            "python_enable_replacements": "false",
            "error_on_division_by_zero": "false",
            "ieee_floating_point_ops": "false",
            "preserve_insertion_order": "false",
        }
        if self.memory_limit:
            config["memory_limit"] = self.memory_limit
        if self.temp_directory is not None:
            config["temp_directory"] = str(self.temp_directory)
        if self.threads:
            config["threads"] = str(self.threads)
        return config


class DuckDBSession:
    """Tables in one DuckDB database in memory. See `Session` for the contract."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self._connection = connection

    def register(self, name: str, source: TableSource) -> None:
        """Put a table, a dataset or Parquet files under a name."""
        if isinstance(source, pa.Table | pads.Dataset):
            self._connection.register(name, source)
            return
        paths = [source] if isinstance(source, Path) else list(source)
        files = ", ".join("'" + str(path).replace("'", "''") + "'" for path in paths)
        self._execute(
            f"CREATE OR REPLACE TEMP VIEW {quoted(name)} AS "
            f"SELECT * FROM read_parquet([{files}], union_by_name = true)",
            {},
        )

    def columns(self, name: str) -> tuple[str, ...]:
        """Return the column names of a table, empty when there is no such table."""
        try:
            described = self._connection.execute(f"SELECT * FROM {quoted(name)} LIMIT 0").description
        except duckdb.CatalogException:
            return ()
        return tuple(str(column[0]) for column in described or ())

    def view(self, name: str, sql: str) -> None:
        """Give a name to a query."""
        self._execute(f"CREATE OR REPLACE TEMP VIEW {quoted(name)} AS {sql}", {})

    def define(self, name: str, sql: str, params: Mapping[str, Fact]) -> None:
        """Compute a query once; the table lives in DuckDB and spills with it."""
        self._execute(f"CREATE OR REPLACE TEMP TABLE {quoted(name)} AS {sql}", params)

    def query(self, sql: str, params: Mapping[str, Fact]) -> pa.Table:
        """Return the answer of a query."""
        bound = used(sql, params)
        try:
            return plain(self._connection.sql(typed(sql, bound), params=bound).to_arrow_table())
        except duckdb.Error as error:
            raise _refused(error) from error

    def apply(self, name: str, kernel: Kernel, params: Mapping[str, Fact]) -> None:
        """Run a kernel over its groups, sorted, a bounded number of rows in memory at a time."""
        order = ", ".join(quoted(column) for column in (*kernel.by, *kernel.order))
        reader = self._connection.sql(f"SELECT * FROM {quoted(kernel.table)} ORDER BY {order}").to_arrow_reader(
            KERNEL_BATCH_ROWS
        )
        shape = shape_of(kernel.output)
        answers = (kernel.run(group, params) for group in groups(reader, kernel.by))
        found = [answer.select(shape.names).cast(shape) for answer in answers if answer.num_rows]
        self.register(name, pa.concat_tables([shape.empty_table(), *found]))

    def _execute(self, sql: str, params: Mapping[str, Fact]) -> None:
        bound = used(sql, params)
        try:
            self._connection.execute(typed(sql, bound), bound)
        except duckdb.Error as error:
            raise _refused(error) from error


def groups(batches: Iterator[pa.RecordBatch] | pa.RecordBatchReader, by: Sequence[str]) -> Iterator[pa.Table]:
    """Cut rows sorted by *by* into one table a group, holding back only the group not finished yet."""
    held: list[pa.Table] = []
    for batch in batches:
        rows = plain(pa.Table.from_batches([batch]))
        if not rows.num_rows:
            continue
        for start, stop in _runs(rows, by):
            piece = rows.slice(start, stop - start)
            if held and not _same_group(held[-1], piece, by):
                yield pa.concat_tables(held)
                held = []
            held.append(piece)
    if held:
        yield pa.concat_tables(held)


def _runs(rows: pa.Table, by: Sequence[str]) -> Iterator[tuple[int, int]]:
    changed = pa.array([False] * (rows.num_rows - 1), pa.bool_())
    for name in by:
        column = rows.column(name).combine_chunks()
        differs = pc.fill_null(pc.not_equal(column[1:], column[:-1]), True)  # noqa: FBT003 -- Arrow's own signature
        changed = pc.or_(changed, differs)
    cuts = [int(position) + 1 for position in pc.indices_nonzero(changed).to_pylist()]
    edges = [0, *cuts, rows.num_rows]
    return itertools.pairwise(edges)


def _same_group(left: pa.Table, right: pa.Table, by: Sequence[str]) -> bool:
    return all(left.column(name)[0].as_py() == right.column(name)[0].as_py() for name in by)


def shape_of(columns: Sequence[Column]) -> pa.Schema:
    """Return the Arrow schema of declared columns."""
    return pa.schema([pa.field(column.name, ARROW_TYPES[column.type]) for column in columns])


def quoted(name: str) -> str:
    """Return an identifier that may also be a reserved word."""
    return '"' + name.replace('"', '""') + '"'


def typed(sql: str, params: Mapping[str, Fact]) -> str:
    """Write each `$name` with its 64-bit type: DuckDB would bind 6 as 32 bits, and a product would overflow."""
    kinds = {name: _kind(value) for name, value in params.items()}
    return PARAMETER.sub(lambda found: f"CAST({found[0]} AS {kinds[found[1]]})", sql)


def _kind(value: Fact) -> str:
    if isinstance(value, bool):
        return "BOOLEAN"
    if isinstance(value, int):
        return "BIGINT"
    return "DOUBLE" if isinstance(value, float) else "VARCHAR"


def _refused(error: duckdb.Error) -> DetectorError:
    return DetectorError(rule="query", why=str(error))
