"""Files in, tables out: each file is read by the one layout that recognises it, and nothing is dropped in silence.

Rows go to Parquet as they are read, so that a file larger than memory is read in
pieces. Whoever asks gets the tables, and for each file what was read, what was
refused and why.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from ayni.errors import UnreadableError
from ayni.model.desk import Desk, Source, Tally

HASH_CHUNK_BYTES = 1 << 20
SHOWN_BYTES = 200
"""Of a file that no layout recognises."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What became of one file."""

    file: Path
    layout: str
    sha256: str
    tally: Tally


@dataclass(frozen=True, slots=True, kw_only=True)
class Readings:
    """Tables as Parquet files, and what became of each file read."""

    tables: dict[str, tuple[Path, ...]]
    files: tuple[Reading, ...]

    def file_of(self, sha256: str) -> Path | None:
        """Return the file that bears this hash, to look up a cited line."""
        return next((reading.file for reading in self.files if reading.sha256 == sha256), None)


def read_files(
    desk: Desk,
    files: Sequence[Path],
    *,
    folder: Path,
    layout: str = "",
    done: Callable[[Path], None] = lambda _file: None,
) -> Readings:
    """Read *files* with the sources of *desk* into Parquet files under *folder*.

    Raises:
        UnreadableError: for a file that no layout recognises, or more than one, or that its reader refuses.
    """
    tables: dict[str, list[Path]] = {}
    readings: list[Reading] = []
    for number, file in enumerate(files):
        source = recognise(desk, file, layout)
        tally = Tally()
        for name, path in _to_parquet(source, file, folder, number, tally).items():
            tables.setdefault(name, []).append(path)
        readings.append(Reading(file=file, layout=source.layout, sha256=sha256_of(file), tally=tally))
        done(file)
    return Readings(tables={name: tuple(paths) for name, paths in tables.items()}, files=tuple(readings))


def recognise(desk: Desk, file: Path, layout: str = "") -> Source:
    """Return the one source of *desk* that reads *file*; never a guess.

    Raises:
        UnreadableError: if the file is not there, the layout is unknown, or none or several recognise it.
    """
    if not file.is_file():
        raise UnreadableError(file=file, why="there is no such file")
    known = {source.layout: source for source in desk.sources}
    if layout:
        if layout not in known:
            raise UnreadableError(
                file=file, why=f"desk {desk.name} knows no layout {layout}; it knows {_list(known)}"
            )
        return known[layout]
    found = [source for source in desk.sources if source.recognises(file)]
    if len(found) == 1:
        return found[0]
    if not found:
        wanted = "; ".join(f"{source.layout}: {source.title}" for source in desk.sources) or "none"
        why = f"no layout of desk {desk.name} recognises it. It {_begins(file)}. Known layouts: {wanted}"
        raise UnreadableError(file=file, why=why)
    several = ", ".join(source.layout for source in found)
    raise UnreadableError(file=file, why=f"several layouts recognise it: {several}; name one with --layout")


def sha256_of(file: Path) -> str:
    """Return the SHA-256 of a file, hex."""
    digest = hashlib.sha256()
    with file.open("rb") as stream:
        while chunk := stream.read(HASH_CHUNK_BYTES):
            digest.update(chunk)
    return digest.hexdigest()


def _to_parquet(source: Source, file: Path, folder: Path, number: int, tally: Tally) -> dict[str, Path]:
    written: dict[str, Path] = {}
    writers: dict[str, pq.ParquetWriter] = {}
    with ExitStack() as stack:
        for name, batch in source.read(file, tally):
            if name not in writers:
                written[name] = folder / f"{name}-{number:05d}.parquet"
                writers[name] = stack.enter_context(pq.ParquetWriter(written[name], batch.schema))
            writers[name].write_table(pa.Table.from_batches([batch]))
    return written


def _begins(file: Path) -> str:
    """Return the first line of a file, or as much of it as helps to tell what it is."""
    with file.open("rb") as stream:
        start = stream.read(SHOWN_BYTES)
    first = start.split(b"\n", 1)[0].rstrip(b"\r")
    return f"begins with {first.decode('utf-8', 'backslashreplace')!r}" if start else "is empty"


def _list(known: dict[str, Source]) -> str:
    return ", ".join(sorted(known)) or "none"
