"""The raw lines a signal cites, found again and hashed.

A row of a table remembers the SHA-256 of the file it came from, and the first byte and
the length of its line in that file's uncompressed bytes. Where the file is at hand the
line itself is hashed, so that a court can compare it with the file it holds. A row of
a Parquet file has a number and no bytes: it is cited without a line hash.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import os
import zipfile
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Protocol

import pyarrow as pa

from ayni.errors import DetectorError
from ayni.model.signal import Evidence, Fact

Row = Mapping[str, Fact | None]
Keys = tuple[int, ...]
Files = Callable[[str], Path | None]
"""SHA-256 of a source → where it lies, or None."""

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
SKIP_BYTES = 1 << 20
GZIP, ZSTD, ZIP = b"\x1f\x8b", b"\x28\xb5\x2f\xfd", b"PK\x03\x04"


class _Readable(Protocol):
    def read(self, size: int, /) -> bytes: ...


def no_files(source: str) -> Path | None:  # noqa: ARG001 -- the shape of `Files`
    """Find no source file: evidence keeps its offsets, lines stay unhashed."""
    return None


def files_by_hash(paths: Iterable[Path]) -> Files:
    """Return a `Files` over *paths*, each hashed now."""
    known: dict[str, Path] = {}
    for path in paths:
        with path.open("rb") as file:
            known[hashlib.file_digest(file, "sha256").hexdigest()] = path
    return known.get


def instant(ms: int) -> datetime:
    """Return milliseconds since 1970 as an aware instant, exactly (no floating seconds)."""
    return EPOCH + timedelta(milliseconds=ms)


def keys_of(row: Row, rule: str) -> Keys:
    """Return `key_0`, `key_1`… of a row of an answer.

    Raises:
        DetectorError: if there is none, or one is not a whole number: ids hash integers only.
    """
    keys = [row[name] for name in key_columns(tuple(row))]
    whole = [key for key in keys if isinstance(key, int)]
    if not keys or len(whole) != len(keys):
        raise DetectorError(rule=rule, why="key_0, key_1… must be whole numbers and never null")
    return tuple(whole)


@lru_cache(maxsize=128)
def key_columns(names: tuple[str, ...]) -> tuple[str, ...]:
    """Return `key_0`, `key_1`… as far as they are there."""
    numbered = {name for name in names if name.startswith("key_") and name[4:].isdigit()}
    return tuple(sorted(numbered, key=lambda name: int(name[4:])))


def evidence_of(rows: Iterable[Row], rule: str, files: Files) -> dict[Keys, list[Evidence]]:
    """Return evidence by signal keys, each raw line hashed where its source file is at hand.

    Raises:
        DetectorError: if a row has no instant, or cites bytes beyond the end of its file.
    """
    cited = [(keys_of(row, rule), row) for row in rows if row.get("source")]
    wanted: dict[str, set[tuple[int, int]]] = defaultdict(set)
    for _, row in cited:
        wanted[str(row["source"])].add(_span(row, rule))
    lines = {source: _line_hashes(files(source), source, spans, rule) for source, spans in wanted.items()}
    found: dict[Keys, set[Evidence]] = defaultdict(set)
    for keys, row in cited:
        source, span = str(row["source"]), _span(row, rule)
        found[keys].add(_evidence(row, source, span, lines[source].get(span, ""), rule))
    return {
        keys: sorted(several, key=lambda one: (one.source, one.offset, one.at)) for keys, several in found.items()
    }


def _span(row: Row, rule: str) -> tuple[int, int]:
    offset, length = row.get("offset"), row.get("length")
    if not (isinstance(offset, int) and isinstance(length, int)):
        raise DetectorError(rule=rule, why="evidence needs offset and length")
    return offset, length


def _evidence(row: Row, source: str, span: tuple[int, int], line: str, rule: str) -> Evidence:
    at_ms, receiver = row.get("at_ms"), row.get("receiver")
    if not isinstance(at_ms, int):
        raise DetectorError(rule=rule, why="evidence needs at_ms")
    said = receiver if isinstance(receiver, str) else ""
    return Evidence(source=source, offset=span[0], length=span[1], at=instant(at_ms), line=line, receiver=said)


def _line_hashes(
    path: Path | None, source: str, spans: Iterable[tuple[int, int]], rule: str
) -> dict[tuple[int, int], str]:
    if path is None:
        return {}
    hashes: dict[tuple[int, int], str] = {}
    with _uncompressed(path) as stream:
        position, last = 0, b""
        for offset, length in sorted(span for span in spans if span[1]):
            if offset < position:  # lines that overlap: the shared bytes are still in hand
                kept = last[len(last) - (position - offset) :]
                last = kept + stream.read(max(0, length - len(kept)))
            else:
                _skip(stream, offset - position)
                last = stream.read(length)
            position = max(position, offset + len(last))
            raw = last[:length]
            if len(raw) != length:
                raise DetectorError(rule=rule, why=f"source {source} ends before byte {offset + length}")
            hashes[offset, length] = hashlib.sha256(raw).hexdigest()
    return hashes


def _skip(stream: _Readable, count: int) -> None:
    if isinstance(stream, io.BufferedReader):  # a plain file: a journal's segment is cited thousands of times over
        stream.seek(count, os.SEEK_CUR)
        return
    while count > 0:
        skipped = len(stream.read(min(count, SKIP_BYTES)))
        if not skipped:
            return
        count -= skipped


@contextmanager
def _uncompressed(path: Path) -> Iterator[_Readable]:
    with path.open("rb") as file:
        start = file.read(4)
        file.seek(0)
        if start.startswith(GZIP):
            yield gzip.GzipFile(fileobj=file)
        elif start.startswith(ZSTD):
            yield pa.CompressedInputStream(file, "zstd")
        elif start.startswith(ZIP):
            with zipfile.ZipFile(file) as archive, archive.open(archive.namelist()[0]) as member:
                yield member
        else:
            yield file
