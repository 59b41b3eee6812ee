"""`ayni maritime decode`: files of any known layout to one Parquet file that any tool can read."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ayni.errors import InvalidValueError
from ayni.model.desk import Source, Tally

if TYPE_CHECKING:
    import pyarrow as pa
    import pyarrow.parquet as pq

EVIDENCE = ("source", "offset", "length")


@dataclass(frozen=True, slots=True, kw_only=True)
class Decoded:
    """What became of one file."""

    file: Path
    layout: str
    tally: Tally


@click.command("decode")
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--out", required=True, type=click.Path(path_type=Path), help="Parquet file of positions to write.")
@click.option(
    "--identities", type=click.Path(path_type=Path), help="Parquet file of names, numbers and sizes to write."
)
@click.option("--start", help="Time of NMEA lines that carry none, e.g. 2024-03-01T00:00:00Z.")
@click.option("--layout", default="", help="Name the layout instead of having it recognised.")
@click.option(
    "--evidence", is_flag=True, help="Also write where each row lies: source hash, offset, length, receiver."
)
@click.option("--json", "as_json", is_flag=True, help="Print what was read, rejected and why as JSON.")
def decode(
    *,
    files: tuple[Path, ...],
    out: Path,
    identities: Path | None,
    start: str | None,
    layout: str,
    evidence: bool,
    as_json: bool,
) -> int:
    """Read FILES of AIS and write one table of positions.

    Ends with a table of what was read, accepted, and rejected by reason. Exit code 1 if a file
    is refused (then nothing is written) or if not one row could be accepted.
    """
    stated = None if start is None else _instant(start)
    done: list[Decoded] = []
    with _written({"position": out} | ({"identity": identities} if identities else {}), evidence=evidence) as write:
        for file in _shown(files):
            source, tally = _source(file, layout), Tally()
            for name, batch in _read(source, file, tally, stated):
                write(name, batch)
            done.append(Decoded(file=file, layout=source.layout, tally=tally))
    click.echo(_as_json(done) if as_json else _as_table(done))
    if any(each.tally.accepted for each in done):
        return 0
    click.echo("ayni: no row could be accepted; the table above says why", err=True)
    return 1


def _shown(files: Sequence[Path]) -> Iterator[Path]:
    """Yield the files, with a progress bar on a terminal."""
    if not sys.stderr.isatty():
        yield from files
        return
    with click.progressbar(files, label="decoding", file=sys.stderr) as bar:
        yield from bar


def _source(file: Path, layout: str) -> Source:
    from ayni.desks.maritime.read import SOURCES, source_of  # noqa: PLC0415 -- numpy loads when there is something to read

    if not layout:
        return source_of(file)
    known = {source.layout: source for source in SOURCES}
    if layout not in known:
        raise click.BadParameter(f"{layout} is not one of {', '.join(known)}", param_hint="--layout")
    return known[layout]


def _read(source: Source, file: Path, tally: Tally, stated: datetime | None) -> Iterator[tuple[str, pa.RecordBatch]]:
    from ayni.desks.maritime.nmea.files import NMEA_1, read  # noqa: PLC0415 -- as above

    if stated is not None and source.layout == NMEA_1.layout:
        yield from read(file, tally, start=stated)
    else:
        yield from source.read(file, tally)


def _instant(text: str) -> datetime:
    try:
        at = datetime.fromisoformat(text)
    except ValueError as error:
        raise InvalidValueError(field="--start", why=f"{text} is not a time like 2024-03-01T00:00:00Z") from error
    if at.tzinfo is None:
        raise InvalidValueError(field="--start", why="needs its time zone, e.g. 2024-03-01T00:00:00Z")
    return at.astimezone(UTC)


@contextmanager
def _written(paths: dict[str, Path], *, evidence: bool) -> Iterator[Writer]:
    """Write tables beside their final names, and rename them when everything is there."""
    writer = Writer(paths, evidence=evidence)
    try:
        yield writer
        writer.finish()
    finally:
        writer.abandon()


class Writer:
    """Parquet files that appear whole or not at all."""

    def __init__(self, paths: dict[str, Path], *, evidence: bool) -> None:
        self._paths = paths
        self._evidence = evidence
        self._open: dict[str, pq.ParquetWriter] = {}

    def __call__(self, name: str, batch: pa.RecordBatch) -> None:
        """Add rows to one table; tables nobody asked for are left out."""
        if name in self._paths:
            import pyarrow as pa  # noqa: PLC0415 -- as above

            self._writer(name).write_table(public(pa.Table.from_batches([batch]), evidence=self._evidence))

    def finish(self) -> None:
        """Give every table its name, also one without rows."""
        for name, path in self._paths.items():
            self._writer(name).close()
            _partial(path).replace(path)
        self._open.clear()

    def abandon(self) -> None:
        """Remove what was not finished."""
        for name, writer in self._open.items():
            writer.close()
            _partial(self._paths[name]).unlink(missing_ok=True)

    def _writer(self, name: str) -> pq.ParquetWriter:
        import pyarrow.parquet as pq  # noqa: PLC0415 -- as above

        from ayni.desks.maritime.tables import TABLES, arrow_schema  # noqa: PLC0415 -- as above

        if name not in self._open:
            shape = next(arrow_schema(table) for table in TABLES if table.name == name).empty_table()
            schema = public(shape, evidence=self._evidence).schema
            self._open[name] = pq.ParquetWriter(_partial(self._paths[name]), schema, compression="zstd")
        return self._open[name]


def public(rows: pa.Table, *, evidence: bool) -> pa.Table:
    """Return rows as other tools expect them: `ts` a timestamp (µs, UTC), places in degrees.

    Columns of positions: `mmsi, ts, lat_deg, lon_deg, speed_kn, course_deg, heading_deg, status, msg_type`; with
    *evidence* also `receiver, source, offset, length`.
    """
    import pyarrow as pa  # noqa: PLC0415 -- as above
    import pyarrow.compute as pc  # noqa: PLC0415 -- as above

    columns: dict[str, pa.ChunkedArray] = {}
    for name in rows.column_names:
        column = rows[name]
        if name == "ts":
            column = column.cast(pa.timestamp("ms", "UTC")).cast(pa.timestamp("us", "UTC"))
        elif name.endswith("_udeg"):
            name, column = name.replace("_udeg", "_deg"), pc.divide(column.cast(pa.float64()), 1e6)  # noqa: PLW2901 -- one column becomes another
        if evidence or name not in {*EVIDENCE, "receiver"}:
            columns[name] = column
    return pa.table(columns)


def _partial(path: Path) -> Path:
    return path.with_name(path.name + ".partial")


def _as_json(done: Sequence[Decoded]) -> str:
    return json.dumps(
        {
            "files": [
                {
                    "file": str(each.file),
                    "layout": each.layout,
                    "read": each.tally.read,
                    "accepted": each.tally.accepted,
                    "rejected": dict(each.tally.rejected),
                    "notes": each.tally.notes,
                }
                for each in done
            ]
        },
        ensure_ascii=False,
    )


def _as_table(done: Sequence[Decoded]) -> str:
    lines = []
    for each in done:
        tally = each.tally
        lines.append(f"{each.file}  ({each.layout})")
        lines.append(f"  {tally.read:>12,}  read")
        lines.append(f"  {tally.accepted:>12,}  accepted")
        lines += [f"  {count:>12,}  rejected: {reason}" for reason, count in tally.rejected.most_common()]
        lines += [f"  {'note':>12}  {note}" for note in tally.notes]
    return "\n".join(lines)
