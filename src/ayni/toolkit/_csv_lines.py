"""A file's lines in blocks of bounded size, with what cannot be a line counted. Use `ayni.toolkit.tables`."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, cast

import numpy as np

from ayni.errors import UnreadableError
from ayni.model.desk import Tally
from ayni.toolkit.units import Integers

BLOCK_BYTES = 8 << 20
PIECE_BYTES = 256 << 10
LONGEST_LINE = 1 << 20
"""A row of any table we read is below a thousand bytes; longer than this it is no row."""
GZIP, ZSTD = b"\x1f\x8b", b"\x28\xb5\x2f\xfd"
BOM = b"\xef\xbb\xbf"
STRANGE = {b"PK\x03\x04": "a ZIP archive", b"\xff\xfe": "UTF-16 text", b"\xfe\xff": "UTF-16 text", b"SQLi": "SQLite"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """Whole lines of text, each ended by a line feed, and where each lies in the file."""

    text: str
    offsets: Integers
    lengths: Integers

    def split_first(self) -> tuple[str, Block]:
        """Return the first line, and the block without it."""
        first, _, rest = self.text.partition("\n")
        return first.rstrip("\r"), Block(text=rest, offsets=self.offsets[1:], lengths=self.lengths[1:])


def blocks(path: Path, tally: Tally, *, latin_1: bool) -> Iterator[Block]:
    """Yield the file's lines; empty ones are left out, impossible ones counted.

    Raises:
        UnreadableError: if the file is of another kind, or not one line could be read of a broken one.
    """
    at, rest, skipping, latin = 0, b"", False, 0
    for data, cut in _chunks(path, tally):
        whole = rest + data
        end = len(whole) if cut else whole.rfind(b"\n") + 1
        lines, rest = whole[:end], whole[end:]
        if skipping and end:
            gone = lines.find(b"\n") + 1 or end
            at, lines, skipping = at + gone, lines[gone:], False
        if lines:
            block, read_so = _block(lines, at, tally, latin_1=latin_1)
            at, latin = at + len(lines), latin + read_so
            if block.offsets.size:
                yield block
        if skipping or len(rest) > LONGEST_LINE:
            if not skipping:
                tally.read += 1
                tally.reject(f"line longer than {LONGEST_LINE} bytes")
            at, rest, skipping = at + len(rest), b"", True
    if latin:
        tally.notes.append(f"{latin} lines were not UTF-8 and were read as Latin-1")


def _chunks(path: Path, tally: Tally) -> Iterator[tuple[bytes, bool]]:
    """Yield the decompressed bytes, then an empty chunk marked as the end."""
    with path.open("rb") as raw:
        start = raw.read(4)
        raw.seek(0)
        for magic, kind in STRANGE.items():
            if start.startswith(magic):
                raise UnreadableError(file=path.name, why=f"it is {kind}, not CSV in UTF-8")
        file = _opened(raw, start)
        first = True
        while True:
            data, damage = _read_on(file)
            if damage and first and not data:
                raise UnreadableError(file=path.name, why=f"the compressed file is damaged: {damage}")
            if damage:
                tally.notes.append("the compressed file is cut off or damaged: what follows could not be read")
            if not data:
                break
            # The mark is not text; a blank-less offset of 3 bytes is kept by replacing it with line feeds.
            yield (b"\n\n\n" + data[3:] if first and data.startswith(BOM) else data), False
            first = False
            if damage:
                break
    yield b"", True


def _read_on(file: IO[bytes]) -> tuple[bytes, str]:
    """Read up to one block in pieces, so that what lies before a damage is kept; say what the damage is."""
    pieces = list[bytes]()
    for _ in range(BLOCK_BYTES // PIECE_BYTES):
        try:
            piece = file.read(PIECE_BYTES)
        except (EOFError, OSError, zlib.error) as error:
            return b"".join(pieces), str(error)
        if not piece:
            break
        pieces.append(piece)
    return b"".join(pieces), ""


def _opened(raw: IO[bytes], start: bytes) -> IO[bytes]:
    if start.startswith(GZIP):
        return cast("IO[bytes]", gzip.GzipFile(fileobj=raw))
    if start == ZSTD:
        import pyarrow as pa  # noqa: PLC0415 -- heavy; only who reads zstd pays for it

        return cast("IO[bytes]", pa.CompressedInputStream(pa.PythonFile(raw, "r"), "zstd"))
    return raw


def _block(lines: bytes, at: int, tally: Tally, *, latin_1: bool) -> tuple[Block, int]:
    if not lines.endswith(b"\n"):
        lines += b"\n"
    ends = np.flatnonzero(np.frombuffer(lines, dtype=np.uint8) == ord("\n"))
    starts = np.concatenate([[0], ends[:-1] + 1])
    text = _utf8(lines)
    if text is not None and _simple(text) and int((ends - starts).max()) <= LONGEST_LINE:
        return Block(text=text, offsets=starts + at, lengths=ends - starts), 0
    kept, good, latin = list[str](), list[int](), 0
    for number, (first, last) in enumerate(zip(starts.tolist(), ends.tolist(), strict=True)):
        line = lines[first:last]
        if not line.strip(b"\r"):
            continue
        words, reason = _line(line, latin_1=latin_1)
        if words is None:
            tally.read += 1
            tally.reject(reason)
            continue
        latin += reason == LATIN
        kept.append(words)
        good.append(number)
    joined = "".join(f"{line}\n" for line in kept)
    return Block(text=joined, offsets=starts[good] + at, lengths=(ends - starts)[good]), latin


LATIN = "Latin-1"


def _simple(text: str) -> bool:
    """Return whether every line can go to the parser as it is: no NUL, no empty line, no carriage return inside."""
    return (
        text[0] not in "\r\n"
        and "\0" not in text
        and "\n\n" not in text
        and "\n\r\n" not in text
        and text.count("\r") == text.count("\r\n")
    )


def _line(line: bytes, *, latin_1: bool) -> tuple[str | None, str]:
    if len(line) > LONGEST_LINE:
        return None, f"line longer than {LONGEST_LINE} bytes"
    if b"\0" in line:
        return None, "NUL byte"
    line = line.removesuffix(b"\r")
    if b"\r" in line:
        return None, "carriage return inside the line"
    text = _utf8(line)
    if text is None and latin_1:
        return line.decode("latin-1"), LATIN
    return (None, "not UTF-8") if text is None else (text, "")


def _utf8(data: bytes) -> str | None:
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return None
