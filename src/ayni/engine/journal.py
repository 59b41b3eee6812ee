"""Raw lines as they arrived, appended and never changed: what a stream stands on after a power cut.

A journal is a folder of segments. `00000001.log` holds lines as received, byte for byte;
`00000001.index` one JSON line a batch: where the batch ends, the SHA-256 of the segment up
to there, when it arrived, and how far its source had been read. The line in the index is
the promise: bytes are synced first, then the index, and bytes that no index line covers
were never promised and are cut off when the journal is opened again. So a kill at any
point loses no journalled line and doubles none, and a file that was being followed is
resumed at the byte that the last promise names.

Evidence cites a segment by the SHA-256 of its bytes up to the end of a batch: it can be
checked while the segment still grows, and after.

Source: the write-ahead order of Gray and Reuter, "Transaction Processing" (1993), ch. 9.
"""

from __future__ import annotations

import hashlib
import os
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import msgspec

from ayni.errors import InvalidValueError, UnreadableError

SEGMENT_BYTES = 64 << 20
"""A segment is closed beyond this size: ours; about ten minutes of 1,000 lines a second."""
RECENT_SEGMENTS = 2
"""Promises of this many segments stay in memory, older ones are read from their index when asked for: ours."""
LEAST_QUIET_MS = 60_000
"""Pauses are remembered from this length on: ours; shorter ones are how a feed breathes."""


class Batch(msgspec.Struct, frozen=True, kw_only=True):
    """One batch of lines that is safely on disk."""

    segment: int
    start: int
    end: int
    sha256: str
    """Of the segment's bytes from 0 to `end`: what evidence in this batch cites as its source."""
    at_ms: int
    """When it was appended, milliseconds since 1970 UTC."""
    position: str = ""
    """How far the source had been read, in the source's own words (a file and a byte)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mended:
    """What opening found: bytes that were never promised, cut off."""

    segment: int
    cut_bytes: int


class Journal:
    """Appends batches of lines; one process at a time writes to a folder.

    One thread may append while another reads.

    Raises:
        UnreadableError: if a segment is shorter than its index promises, or its hash does not agree.
    """

    def __init__(self, folder: Path, *, segment_bytes: int = SEGMENT_BYTES) -> None:
        self.folder = folder
        self._segment_bytes = segment_bytes
        folder.mkdir(parents=True, exist_ok=True)
        self._recent: list[Batch] = []
        self._last: Batch | None = None
        self._newest_ms: dict[int, int] = {}
        self._gaps: list[tuple[int, int]] = []
        self._found: dict[str, int] = {}
        for number in self._numbers():
            for batch in self._index(number):
                self._note(batch)
        self._number = max([1, *self._numbers()])
        self.mended = self._mend()
        self._hash = hashlib.sha256(self._log(self._number).read_bytes())
        self._data = self._log(self._number).open("ab")
        self._promises = self._index_path(self._number).open("ab")

    @property
    def batches(self) -> Sequence[Batch]:
        """Every batch kept, in the order of arrival; older ones are read from disk."""
        return tuple(batch for number in self._numbers() for batch in self.batches_of(number))

    @property
    def last(self) -> Batch | None:
        """The newest batch; None before the first."""
        return self._last

    @property
    def position(self) -> str:
        """How far the source had been read at the last promise; empty when nothing was."""
        return self._last.position if self._last else ""

    def batches_of(self, segment: int) -> list[Batch]:
        """Return the batches of one segment, in the order of arrival."""
        recent = self._recent
        if recent and segment >= recent[0].segment:
            return [batch for batch in recent if batch.segment == segment]
        return self._index(segment)

    def append(self, lines: Sequence[bytes], *, at_ms: int, position: str = "") -> Batch:
        """Make lines durable; when this returns, no power cut loses them.

        Raises:
            InvalidValueError: if a line holds a line feed.
        """
        if any(b"\n" in line for line in lines):
            raise InvalidValueError(field="line", why="a journal keeps one line at a time")
        if self._data.tell() >= self._segment_bytes:
            self._next_segment()
        start = self._data.tell()
        data = b"".join(line + b"\n" for line in lines)
        self._data.write(data)
        _sync(self._data)
        self._hash.update(data)
        batch = Batch(
            segment=self._number,
            start=start,
            end=start + len(data),
            sha256=self._hash.hexdigest(),
            at_ms=at_ms,
            position=position,
        )
        self._promises.write(msgspec.json.encode(batch) + b"\n")
        _sync(self._promises)
        self._note(batch)
        return batch

    def read(self, batch: Batch) -> bytes:
        """Return the bytes of one batch: whole lines, each ended by a line feed."""
        with self._log(batch.segment).open("rb") as file:
            file.seek(batch.start)
            return file.read(batch.end - batch.start)

    def since(self, segment: int, end: int) -> Iterator[Batch]:
        """Return the batches after byte *end* of *segment*."""
        recent = self._recent
        oldest = recent[0].segment if recent else 0
        for number in (one for one in self._numbers() if segment <= one < oldest) if segment < oldest else ():
            yield from (batch for batch in self._index(number) if (number, batch.end) > (segment, end))
        first = bisect_right(recent, (segment, end), key=lambda batch: (batch.segment, batch.end))
        yield from recent[first:]

    def file_of(self, sha256: str) -> Path | None:
        """Return the segment that a cited hash belongs to."""
        if sha256 not in self._found:
            cited = sha256.encode()
            older = (one for one in reversed(self._numbers()) if cited in self._index_path(one).read_bytes())
            number = next(older, None)
            if number is None:
                return None
            self._found[sha256] = number
        return self._log(self._found[sha256])

    def own_gaps(self, *, quiet_ms: int) -> tuple[tuple[int, int], ...]:
        """Return the times in which nothing at all arrived for longer than *quiet_ms*: down, or deaf.

        Raises:
            InvalidValueError: if *quiet_ms* is shorter than the pauses that are remembered.
        """
        if quiet_ms < LEAST_QUIET_MS:
            raise InvalidValueError(field="quiet_ms", why=f"pauses are remembered from {LEAST_QUIET_MS} ms on")
        return tuple((before, after) for before, after in self._gaps if after - before > quiet_ms)

    def forget_before(self, at_ms: int) -> int:
        """Delete closed segments whose last batch is older than *at_ms*; return how many."""
        old = [number for number, newest in self._newest_ms.items() if newest < at_ms and number != self._number]
        for number in old:
            self._log(number).unlink(missing_ok=True)
            self._index_path(number).unlink(missing_ok=True)
        _sync_folder(self.folder)
        self._recent = [batch for batch in self._recent if batch.segment not in old]
        self._newest_ms = {number: newest for number, newest in self._newest_ms.items() if number not in old}
        self._found = {sha256: number for sha256, number in self._found.items() if number not in old}
        oldest_ms = min(self._newest_ms.values(), default=at_ms)
        self._gaps = [(before, after) for before, after in self._gaps if after >= min(at_ms, oldest_ms)]
        return len(old)

    def check(self) -> None:
        """Hash every segment again and compare with what was promised.

        Raises:
            UnreadableError: naming the first segment that does not agree.
        """
        for number in self._numbers():
            digest = hashlib.sha256()
            with self._log(number).open("rb") as file:
                for batch in self.batches_of(number):
                    digest.update(file.read(batch.end - batch.start))
                    if digest.hexdigest() != batch.sha256:
                        raise UnreadableError(file=self._log(number), why=f"changed before byte {batch.end}")

    def close(self) -> None:
        """Let go of the files; everything appended is already durable."""
        self._data.close()
        self._promises.close()

    def _note(self, batch: Batch) -> None:
        """Remember what was promised."""
        if self._last is not None:
            if batch.at_ms - self._last.at_ms > LEAST_QUIET_MS:
                self._gaps.append((self._last.at_ms, batch.at_ms))
            if batch.segment != self._last.segment:
                kept = sorted({one.segment for one in self._recent})[1 - RECENT_SEGMENTS :]
                # Bound anew, never changed in place: another thread may be reading.
                self._recent = [one for one in self._recent if one.segment in kept]
                self._found = {one.sha256: one.segment for one in self._recent}
        self._recent.append(batch)
        self._found[batch.sha256] = batch.segment
        self._last = batch
        self._newest_ms[batch.segment] = batch.at_ms

    def _next_segment(self) -> None:
        self.close()
        self._number += 1
        self._hash = hashlib.sha256()
        self._data = self._log(self._number).open("ab")
        self._promises = self._index_path(self._number).open("ab")
        _sync_folder(self.folder)

    def _mend(self) -> Mended:
        """Cut off what no index line covers: only the newest segment can hold any."""
        log, index = self._log(self._number), self._index_path(self._number)
        for path in (log, index):
            path.touch()
        _sync_folder(self.folder)
        mine = [batch for batch in self._recent if batch.segment == self._number]
        promised = mine[-1].end if mine else 0
        cut = log.stat().st_size - promised
        if cut < 0:
            raise UnreadableError(file=log, why=f"its index promises {promised} bytes; {-cut} are missing")
        os.truncate(log, promised)
        os.truncate(index, sum(len(msgspec.json.encode(batch)) + 1 for batch in mine))
        if mine and hashlib.sha256(log.read_bytes()).hexdigest() != mine[-1].sha256:
            raise UnreadableError(file=log, why="its bytes are not those its index promises")
        return Mended(segment=self._number, cut_bytes=cut)

    def _index(self, number: int) -> list[Batch]:
        path = self._index_path(number)
        if not path.exists():
            return []
        whole = path.read_bytes().split(b"\n")[:-1]
        try:
            return [msgspec.json.decode(line, type=Batch) for line in whole]
        except msgspec.DecodeError as error:
            raise UnreadableError(file=path, why=str(error)) from error

    def _numbers(self) -> list[int]:
        return sorted(int(path.stem) for path in self.folder.glob("*.log") if path.stem.isdigit())

    def _log(self, number: int) -> Path:
        return self.folder / f"{number:08d}.log"

    def _index_path(self, number: int) -> Path:
        return self.folder / f"{number:08d}.index"


def _sync(file: BinaryIO) -> None:
    file.flush()
    os.fsync(file.fileno())


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
