"""Observations: what sensors said, kept as Parquet under the node's folder and deleted by whole days.

    observations/<desk>/<table>/<source>/<YYYY-MM-DD>/<from>-<to>.parquet

A day is UTC and taken from the table's day column. A file's name says which stretch of
its source's journal it holds, so that a stretch written twice after a crash is one file.
Retention deletes whole days, per source, because a position report is the trace of a
person's day and nobody can pick single rows out of a backup again.

Small files are merged by day. The merged file names in its own metadata those it stands
for; where a crash left both, the small ones no longer count. A file that cannot be read
is reported and left where it is; it never stops the others.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from ayni.model.desk import Table
from ayni.node.files import make_private_folder, no_space, sync_folder

FOLDER = "observations"
DAY_MS = 86_400_000
REPLACES = b"ayni.replaces"
NAME = re.compile(r"^\d{20}-\d{20}\.parquet$")
SMALL_FILES = 8
"""A day with more files than this is merged: ours."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Damaged:
    """A file among the observations that is not what it should be."""

    path: Path
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """What is there to read, and what could not be."""

    files: tuple[Path, ...]
    damaged: tuple[Damaged, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Observations:
    """The observations of one node."""

    folder: Path
    """The node's folder."""

    def append(self, desk: str, table: Table, source: str, rows: pa.Table, *, stretch: tuple[int, int]) -> None:
        """Write rows durably, one file a day; *stretch* (from, to) names them within their source.

        Raises:
            NoSpaceError: if the disk is full; days already written stay.
        """
        at_ms = pc.fill_null(rows.column(table.day_column), 0).to_numpy()
        days = np.floor_divide(at_ms, DAY_MS)
        for number in np.unique(days).tolist():
            part = rows.filter(pa.array(days == number))
            day = date(1970, 1, 1) + timedelta(days=number)
            place = self._source(desk, table.name, source) / day.isoformat()
            make_private_folder(place)
            _write(place / f"{stretch[0]:020d}-{stretch[1]:020d}.parquet", part)

    def reached(self, desk: str, table: Table, source: str) -> int:
        """Return the end of the last stretch written for a source; 0 when there is none."""
        names = [path.name for path in self._source(desk, table.name, source).glob("*/*.parquet")]
        return max((int(name[21:41]) for name in names if NAME.match(name)), default=0)

    def find(self, desk: str, table: Table, *, since: date = date.min, until: date = date.max) -> Kept:
        """Return the files that hold the days from *since* to *until*, both included."""
        files: list[Path] = []
        damaged: list[Damaged] = []
        for day, place in self._days(desk, table):
            if since <= day <= until:
                good, bad = _readable(place)
                files += good
                damaged += bad
        return Kept(files=tuple(files), damaged=tuple(damaged))

    def expire(self, desk: str, table: Table, *, today: date, keep_days: Callable[[str], int]) -> tuple[Path, ...]:
        """Delete the days older than their source is kept; return the folders deleted."""
        old = [place for day, place in self._days(desk, table) if (today - day).days > keep_days(place.parent.name)]
        for place in old:
            gone = place.with_name(f".{place.name}.expired")
            place.rename(gone)
            shutil.rmtree(gone)
            sync_folder(place.parent)
        for left in (self.folder / FOLDER / desk / table.name).glob("*/.*.expired"):
            shutil.rmtree(left)  # a deletion that a crash interrupted
        return tuple(old)

    def compact(self, desk: str, table: Table, *, more_than: int = SMALL_FILES) -> int:
        """Merge the days that have many files, sorted by subject and time; return how many were merged."""
        merged = 0
        for _, place in self._days(desk, table):
            good, _ = _readable(place)
            _clear(place, good)
            if len(good) > more_than:
                _merge(place, good, table)
                merged += 1
        return merged

    def _source(self, desk: str, table: str, source: str) -> Path:
        return self.folder / FOLDER / desk / table / source

    def _days(self, desk: str, table: Table) -> Iterator[tuple[date, Path]]:
        for place in sorted((self.folder / FOLDER / desk / table.name).glob("*/*")):
            try:
                day = date.fromisoformat(place.name)
            except ValueError:
                continue
            yield day, place


def today() -> date:
    """Return the day in UTC."""
    return datetime.now(UTC).date()


def _readable(place: Path) -> tuple[list[Path], list[Damaged]]:
    good: dict[Path, frozenset[str]] = {}
    bad: list[Damaged] = []
    for path in sorted(path for path in place.iterdir() if not path.name.startswith(".")):
        if not NAME.match(path.name):
            bad.append(Damaged(path=path, why="not a file that Ayni writes here"))
            continue
        try:
            stands_for = _stands_for(path)
        except (OSError, pa.ArrowException) as error:
            bad.append(Damaged(path=path, why=str(error).split("\n", 1)[0]))
            continue
        good[path] = stands_for
    replaced = frozenset[str]().union(*good.values())
    return [path for path in good if path.name not in replaced], bad


def _clear(place: Path, good: list[Path]) -> None:
    """Delete what a merged file stands for and a crash left behind."""
    for path in good:
        for name in _stands_for(path) - {path.name}:
            (place / name).unlink(missing_ok=True)


def _stands_for(path: Path) -> frozenset[str]:
    return frozenset((pq.read_schema(path).metadata or {}).get(REPLACES, b"").decode().split())


def _merge(place: Path, files: list[Path], table: Table) -> None:
    order = [(name, "ascending") for name in (table.subject, table.day_column) if name]
    rows = pa.concat_tables([pq.read_table(path) for path in files], promote_options="default").sort_by(order)
    names = [path.name for path in files]
    target = place / f"{min(name[:20] for name in names)}-{max(name[21:41] for name in names)}.parquet"
    replaced = [name for name in names if name != target.name]
    _write(target, rows.replace_schema_metadata({REPLACES: " ".join(replaced).encode()}))
    for name in replaced:
        (place / name).unlink()
    sync_folder(place)


def _write(path: Path, rows: pa.Table) -> None:
    new = path.with_name(f".{path.name}.new")
    with no_space(path.parent, f"writing {path.name}"):
        with new.open("wb") as file:
            pq.write_table(rows, file, compression="zstd")
            file.flush()
            os.fsync(file.fileno())
        new.chmod(0o600)
        new.replace(path)
        sync_folder(path.parent)
