"""The rows a stream still looks at: the last 36 hours of each subject, counted from its own last row.

Events are followed for 24 hours from their start, and the 12 hours before that are
there because rules look at what was heard before an event. A vessel that fell silent
two days ago keeps its last 36 hours here, so that when it reappears the silence is
found whole. It is let go when nothing was heard of it for `forget`. A table without a subject looks back from its
newest row; one without instants is kept whole.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq

from ayni.engine.duckdb import DuckDBEngine, quoted, shape_of
from ayni.model.desk import Desk, Table

HOUR_MS = 3_600_000
MOST_PIECES = 128
"""A table of more pieces is copied into one: ours; what a stream adds is small, and a thousand pieces scan slowly."""


@dataclass(slots=True, kw_only=True)
class Window:
    """Rows of one desk's tables, in memory."""

    desk: Desk
    look_back_ms: int = 36 * HOUR_MS
    forget_ms: int = 30 * 24 * HOUR_MS
    engine: DuckDBEngine = field(default_factory=DuckDBEngine)
    cuts: dict[int, int] = field(default_factory=dict[int, int])
    """Subject → the instant (milliseconds) before which its rows were let go; absent while it is whole."""
    _rows: dict[str, pa.Table] = field(default_factory=dict[str, pa.Table])

    def add(self, name: str, rows: pa.Table) -> None:
        """Put rows of a table of the desk into the window."""
        shape = shape_of(self._shape(name).columns)
        whole = pa.table({column.name: _column(rows, column.name, column.type) for column in shape}, schema=shape)
        joined = pa.concat_tables([self._rows.get(name, shape.empty_table()), whole])
        pieces = joined.column(0).num_chunks if joined.num_columns else 0
        self._rows[name] = joined.combine_chunks() if pieces > MOST_PIECES else joined

    @property
    def tables(self) -> Mapping[str, pa.Table]:
        """Every table that holds rows, as detectors take them."""
        return dict(self._rows)

    @property
    def count(self) -> int:
        """How many rows there are."""
        return sum(rows.num_rows for rows in self._rows.values())

    def trim(self) -> None:
        """Let go of what lies further back than detectors look, and note from where on each subject is whole."""
        for name, rows in self._rows.items():
            table = self._shape(name)
            if not table.day_column:
                continue
            kept = self.engine.run(self._kept(table), {}, {"held": rows}).combine_chunks()
            if kept.num_rows < rows.num_rows:
                self._note_cuts(table, rows)
                self._rows[name] = kept

    def save(self, folder: Path) -> None:
        """Write every table as Parquet into an empty folder."""
        for name, rows in self._rows.items():
            pq.write_table(rows, folder / f"{name}.parquet")
        (folder / "cuts.json").write_bytes(msgspec.json.encode(self.cuts))

    def load(self, folder: Path) -> None:
        """Take the tables that `save` wrote."""
        for path in sorted(folder.glob("*.parquet")):
            self._rows[path.stem] = pq.read_table(path)
        self.cuts = msgspec.json.decode((folder / "cuts.json").read_bytes(), type=dict[int, int])

    def _note_cuts(self, table: Table, rows: pa.Table) -> None:
        if not table.subject:
            return
        at, subject = quoted(table.day_column), quoted(table.subject)
        sql = (
            f"SELECT {subject} AS subject, MAX({at}) - {self.look_back_ms} AS cut FROM held "
            f"GROUP BY 1 HAVING MIN({at}) < MAX({at}) - {self.look_back_ms}"
        )
        for row in self.engine.run(sql, {}, {"held": rows}).to_pylist():
            self.cuts[row["subject"]] = max(row["cut"], self.cuts.get(row["subject"], row["cut"]))

    def _shape(self, name: str) -> Table:
        return next(table for table in self.desk.tables if table.name == name)

    def _kept(self, table: Table) -> str:
        at, newest = quoted(table.day_column), f"MAX({quoted(table.day_column)})"
        if not table.subject:
            return f"SELECT * FROM held WHERE {at} >= (SELECT {newest} FROM held) - {self.look_back_ms}"
        subject = quoted(table.subject)
        return (
            f"WITH last AS (SELECT {subject} AS subject, {newest} AS newest FROM held GROUP BY 1) "
            f"SELECT held.* FROM held JOIN last ON held.{subject} = last.subject "
            f"WHERE held.{at} >= last.newest - {self.look_back_ms} "
            f"AND last.newest >= (SELECT {newest} FROM held) - {self.forget_ms}"
        )


def _column(rows: pa.Table, name: str, kind: pa.DataType) -> pa.Array:
    return rows.column(name).cast(kind) if name in rows.column_names else pa.nulls(rows.num_rows, kind)
