"""Bytes of a file, in chunks that end where a line ends, in bounded memory.

Files of AIS arrive plain, gzipped, with Zstandard, or as the single member of a zip. Offsets always
count in the uncompressed bytes, so that whoever holds the file finds the line. A line that never ends
is skipped to its end and counted: one gigabyte without a line feed costs one chunk of memory.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from ayni.errors import UnreadableError

if TYPE_CHECKING:
    from ayni.model.desk import Tally

CHUNK_BYTES = 4 << 20
LONGEST_LINE_BYTES = 1 << 16
"""The longest legal line of any line layout is below 1 kB (NMEA 0183 with tag block, 26 CSV columns)."""

TOO_LONG = "line too long"
GZIP, ZSTD, ZIP = b"\x1f\x8b", b"\x28\xb5\x2f\xfd", b"PK\x03\x04"


class Readable(Protocol):
    """Anything bytes can be read from."""

    def read(self, size: int = -1, /) -> bytes:
        """Return at most *size* bytes, empty at the end."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Chunk:
    """Whole lines, and where their first byte lies in the source."""

    offset: int
    data: bytes


def sha256_of(path: Path) -> str:
    """Return the SHA-256 of the file as it lies on disk, in hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@contextmanager
def opened(path: Path) -> Iterator[Readable]:
    """Open a file for reading its uncompressed bytes.

    Raises:
        UnreadableError: if it cannot be opened, is damaged, or is a zip with more than one file in it.
    """
    try:
        with path.open("rb") as file:
            start = file.read(4)
            file.seek(0)
            yield _uncompressed(file, start, path)
    except (OSError, EOFError, zlib.error, zipfile.BadZipFile) as error:
        raise UnreadableError(file=path, why=f"cannot be opened or is damaged ({error})") from error


def _uncompressed(file: io.BufferedReader, start: bytes, path: Path) -> Readable:
    if start.startswith(GZIP):
        return gzip.GzipFile(fileobj=file)
    if start.startswith(ZSTD):
        import pyarrow as pa  # noqa: PLC0415 -- only for this compression

        stream: Readable = pa.CompressedInputStream(file, "zstd")
        return stream
    if start.startswith(ZIP):
        archive = zipfile.ZipFile(file)
        names = [name for name in archive.namelist() if not name.endswith("/")]
        if len(names) != 1:
            raise UnreadableError(file=path, why=f"a zip of {len(names)} files; unpack it and name the ones to read")
        return archive.open(names[0])
    return file


def head(path: Path, size: int = 4096) -> bytes:
    """Return the first uncompressed bytes of a file.

    Raises:
        UnreadableError: as `opened`.
    """
    with opened(path) as file:
        return file.read(size)


def line_chunks(file: Readable, tally: Tally, longest: int = LONGEST_LINE_BYTES) -> Iterator[Chunk]:
    """Cut a stream of bytes into chunks of whole lines; the last line may lack its line feed.

    A line longer than *longest* bytes is counted as read and rejected.
    """
    cutter = LineCutter(tally, longest)
    while block := file.read(CHUNK_BYTES):
        if chunk := cutter.feed(block):
            yield chunk
    if chunk := cutter.close():
        yield chunk


class LineCutter:
    """Bytes in, whole lines out: for files and for sockets, whatever way the bytes are cut."""

    def __init__(self, tally: Tally, longest: int = LONGEST_LINE_BYTES) -> None:
        self._tally = tally
        self._longest = longest
        self._rest = b""
        self._offset = 0
        self._skipping = False

    def feed(self, block: bytes) -> Chunk | None:
        """Take bytes; return the whole lines there are now, if any."""
        if self._skipping:
            block = self._skip(block)
        data = self._rest + block if self._rest else block
        end = data.rfind(b"\n") + 1
        self._rest = data[end:]
        chunk = Chunk(offset=self._offset, data=data[:end]) if end else None
        self._offset += end
        if len(self._rest) > self._longest:
            self._offset += len(self._rest)
            self._rest = b""
            self._skipping = True
        return chunk

    def close(self) -> Chunk | None:
        """Return the last line when the source ended without a line feed."""
        if self._skipping:
            self._refuse()
        rest, self._rest = self._rest, b""
        return Chunk(offset=self._offset, data=rest) if rest else None

    def _skip(self, block: bytes) -> bytes:
        end = block.find(b"\n") + 1
        if not end:
            self._offset += len(block)
            return b""
        self._offset += end
        self._refuse()
        return block[end:]

    def _refuse(self) -> None:
        self._skipping = False
        self._tally.read += 1
        self._tally.reject(TOO_LONG)
