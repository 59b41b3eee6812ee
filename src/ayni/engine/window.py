"""The rows a stream still looks at: the last 36 hours of each subject, counted from its own last row.

Events are followed for 24 hours from their start, and the 12 hours before that are
there because rules look at what was heard before an event. A vessel that fell silent
two days ago keeps its last 36 hours here, so that when it reappears the silence is
found whole. It is let go when nothing was heard of it for `forget`. A table without a subject looks back from its
newest row; one without instants is kept whole.

Under load that is too much to look through within seconds: 500 messages a second are 65
million rows in 36 hours. A table that says how its older rows may be thinned (`Table.thinning`)
is thinned once it holds more than `most_rows`. The last hour stays dense, or what makes
up half of `most_rows` if that is less; before it one row is kept for each subject and
stretch of time, with both ends of every silence that is longer, and every row that a
signal cites. `dense_from_ms` says from where on nothing is left out.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import msgspec
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from ayni.engine.duckdb import DuckDBEngine, quoted, shape_of
from ayni.model.desk import Desk, Table

HOUR_MS = 3_600_000
DENSE_MS = HOUR_MS
MOST_ROWS = 2_000_000
"""Ours: all rules of the maritime desk look through two million rows in about 1.5 s on two cores."""
MOST_PIECES = 128
"""A table of more pieces is copied into one: ours; what a stream adds is small, and a thousand pieces scan slowly."""


@dataclass(slots=True, kw_only=True)
class Window:
    """Rows of one desk's tables, in memory."""

    desk: Desk
    look_back_ms: int = 36 * HOUR_MS
    forget_ms: int = 30 * 24 * HOUR_MS
    most_rows: int = MOST_ROWS
    dense_from_ms: int = 0
    """Before this instant rows were thinned; 0 while none were."""
    oldest_ms: int = 0
    """Nothing older is in the window, whatever its subject; 0 until it was trimmed."""
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

    @property
    def slack(self) -> timedelta:
        """The longest stretch of which thinning keeps one row."""
        stretches = [table.thinning.every_ms for table in self.desk.tables if table.thinning]
        return timedelta(milliseconds=max(stretches, default=0))

    def trim(self, cited: pa.Table, *, now_ms: int | None = None) -> None:
        """Let go of what lies further back than detectors look, and thin what is too much.

        Args:
            cited: `source` and `offset` of rows that stay while others are thinned.
            now_ms: no row counts as newer than this, so that one with an absurd instant does not age the others.
        """
        oldest = []
        for name, rows in self._rows.items():
            table = self._shape(name)
            if not table.day_column or not rows.num_rows:
                continue
            newest = int(pc.max(rows.column(table.day_column)).as_py())
            newest = newest if now_ms is None else min(newest, now_ms)
            oldest.append(newest - self.forget_ms - self.look_back_ms)
            kept = self.engine.run(self._kept(table, newest), {}, {"held": rows}).combine_chunks()
            if kept.num_rows < rows.num_rows:
                self._note_cuts(table, rows, newest)
            self._rows[name] = self._thinned(table, kept, cited, newest)
        self.oldest_ms = max(self.oldest_ms, min(oldest, default=0))

    def _thinned(self, table: Table, rows: pa.Table, cited: pa.Table, newest: int) -> pa.Table:
        if table.thinning is None or rows.num_rows <= self.most_rows:
            return rows
        at, subject = quoted(table.day_column), quoted(table.subject)
        half = f"SELECT {at} AS at FROM held ORDER BY {at} DESC LIMIT 1 OFFSET {self.most_rows // 2}"
        dense = max(newest - DENSE_MS, self.engine.run(half, {}, {"held": rows}).column("at")[0].as_py())
        self.dense_from_ms = max(self.dense_from_ms, min(dense, newest))
        every = table.thinning.every_ms
        alike = ", ".join([subject, f"{at} // {every}", *map(quoted, table.thinning.unless_other)])
        sql = (
            f"SELECT held.* FROM held LEFT JOIN (SELECT DISTINCT * FROM cited) AS cited "
            f'ON held.source = cited.source AND held."offset" = cited."offset" '
            f"WINDOW own AS (PARTITION BY held.{subject} ORDER BY held.{at}) "
            f"QUALIFY held.{at} >= {self.dense_from_ms} OR cited.source IS NOT NULL "
            f"OR ROW_NUMBER() OVER (PARTITION BY {alike} ORDER BY held.{at}) = 1 "
            f"OR COALESCE(LEAD(held.{at}) OVER own - held.{at} > {every}, TRUE) "
            f"OR COALESCE(held.{at} - LAG(held.{at}) OVER own > {every}, TRUE)"
        )
        return self.engine.run(sql, {}, {"held": rows, "cited": cited}).combine_chunks()

    def save(self, folder: Path) -> None:
        """Write every table as Parquet into an empty folder."""
        for name, rows in self._rows.items():
            pq.write_table(rows, folder / f"{name}.parquet")
        (folder / "cuts.json").write_bytes(msgspec.json.encode(self.cuts))
        (folder / "reach.json").write_bytes(msgspec.json.encode((self.dense_from_ms, self.oldest_ms)))

    def load(self, folder: Path) -> None:
        """Take the tables that `save` wrote."""
        for path in sorted(folder.glob("*.parquet")):
            self._rows[path.stem] = pq.read_table(path)
        self.cuts = msgspec.json.decode((folder / "cuts.json").read_bytes(), type=dict[int, int])
        reach = folder / "reach.json"
        if reach.exists():  # a window saved by an earlier release has none: it was never thinned
            self.dense_from_ms, self.oldest_ms = msgspec.json.decode(reach.read_bytes(), type=tuple[int, int])

    def _note_cuts(self, table: Table, rows: pa.Table, newest: int) -> None:
        """Note from where on each subject is whole; one that was forgotten is so from its last row on."""
        if not table.subject:
            return
        at, subject = quoted(table.day_column), quoted(table.subject)
        sql = (
            f"SELECT {subject} AS subject, CASE WHEN MAX({at}) < {newest - self.forget_ms} THEN MAX({at}) + 1 "
            f"ELSE MAX({at}) - {self.look_back_ms} END AS cut FROM held "
            f"GROUP BY 1 HAVING MIN({at}) < cut"
        )
        for row in self.engine.run(sql, {}, {"held": rows}).to_pylist():
            self.cuts[row["subject"]] = max(row["cut"], self.cuts.get(row["subject"], row["cut"]))

    def _shape(self, name: str) -> Table:
        return next(table for table in self.desk.tables if table.name == name)

    def _kept(self, table: Table, newest: int) -> str:
        at = quoted(table.day_column)
        if not table.subject:
            return f"SELECT * FROM held WHERE {at} >= {newest - self.look_back_ms}"
        subject = quoted(table.subject)
        return (
            f"WITH last AS (SELECT {subject} AS subject, MAX({at}) AS newest FROM held GROUP BY 1) "
            f"SELECT held.* FROM held JOIN last ON held.{subject} = last.subject "
            f"WHERE held.{at} >= last.newest - {self.look_back_ms} AND last.newest >= {newest - self.forget_ms}"
        )


def _column(rows: pa.Table, name: str, kind: pa.DataType) -> pa.Array:
    return rows.column(name).cast(kind) if name in rows.column_names else pa.nulls(rows.num_rows, kind)
