"""A stream of lines becomes signals that are opened, revised, closed and retracted.

Lines are journalled first (see `journal`), then read into a window that looks back 24
hours (see `window`), the detectors run over the window, and what they say is compared
with what was said before (see `standing`).

Restart: changes are handed on first and noted after, so that a kill between the two
hands them on again under the same id and revision, and the receiver keeps the one. The
window is saved now and then; the journal after it is read again.

The detectors run over the whole window rather than over the subjects a batch touched:
reception density, encounters and jumps of several vessels are about the others too.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Protocol

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ayni.engine.detect import Detected, Request, detect
from ayni.engine.evidence import EPOCH, instant
from ayni.engine.journal import Batch, Journal
from ayni.engine.parameters import Overrides
from ayni.engine.session import Engine, TableSource
from ayni.engine.standing import Change, Standing
from ayni.engine.window import MOST_ROWS, Window
from ayni.model.codec import from_json, to_json
from ayni.model.desk import Batches, Desk, LineReader, Source, Tally
from ayni.model.handling import Handling
from ayni.model.signal import Signal

MS = timedelta(milliseconds=1)
PLACEHOLDER = "0" * 64
STEP_BYTES = 16 << 20
"""At most this much is read in one step, so that a flood is worked off in pieces: ours."""
GROWTH = 1.1
"""The window is trimmed when it has grown by a tenth: ours; trimming costs a pass over its rows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Following:
    """How a stream is followed."""

    look_back: timedelta = timedelta(hours=24)
    """How long after its start a signal may still be revised or retracted."""
    context: timedelta = timedelta(hours=12)
    """What rules look at before an event: the longest, the counts before a silence, is 12 h."""
    quiet: timedelta = timedelta(minutes=5)
    """Longer than this without a single line is a gap of our own reception: ours."""
    refresh: timedelta = timedelta(hours=1)
    """How often an open signal that only grew longer is said again."""
    save_every: timedelta = timedelta(minutes=10)
    most_rows: int = MOST_ROWS
    """Tables of more rows are thinned where the desk says how."""
    live: bool = True
    """False for files: lines arrive long after they were received, and our being down costs none of them."""
    clock_offset: timedelta = timedelta()
    """What is added to the times of this source, whose clock is known to be off."""
    rules: tuple[str, ...] = ()
    overrides: Overrides = field(default_factory=dict[str, str | int | float])
    tables: Mapping[str, TableSource] = field(default_factory=dict[str, TableSource])
    """Tables that do not come from the stream: watchlist, areas."""
    handling: Handling = field(default_factory=Handling)


Emit = Callable[[Sequence[Change]], None]


class Archive(Protocol):
    """Where rows are kept beyond the window. `flush` makes durable what was kept; it comes before every save."""

    def keep(self, batch: Batch, name: str, rows: pa.Table, /) -> None:
        """Take the rows of one batch; after a crash the same batch may come again."""
        ...

    def flush(self) -> None:
        """Write what was taken."""
        ...


class Stream:
    """One source of lines, followed by one desk.

    Raises:
        UnreadableError: if the journal in *folder* was changed.
    """

    def __init__(
        self,
        desk: Desk,
        source: Source,
        folder: Path,
        *,
        engine: Engine,
        following: Following | None = None,
        archive: Archive | None = None,
    ) -> None:
        if source.follow is None:
            message = f"layout {source.layout} cannot be followed line by line"
            raise ValueError(message)
        self.following = following or Following()
        self.tally = Tally()
        self.journal = Journal(folder / "journal")
        self.found: Detected | None = None
        """What the last run of the detectors gave, with the rules that did not run."""
        self.clock_offset_ms: int | None = None
        """How far the times in the lines of the last batch lie behind (+) or before (-) their arrival: the median."""
        self._desk = desk
        self._engine = engine
        self._archive = archive
        self._folder = folder
        self._said = Journal(folder / "said")
        self._standing = Standing(self._told(), refresh=self.following.refresh)
        self._ids: dict[int, tuple[str, ...]] = {}
        look_back_ms = (self.following.look_back + self.following.context) // MS
        self._window = Window(desk=desk, look_back_ms=look_back_ms, most_rows=self.following.most_rows)
        self._feeding = _Feeding(source.follow(PLACEHOLDER, self.tally))
        self._saved_at_ms = 0
        self._trimmed = 0
        self._restored = False
        self._restore()

    def take(self, lines: Sequence[bytes], *, at_ms: int, position: str = "") -> Batch:
        """Journal lines; when this returns, no power cut loses them."""
        return self.journal.append(lines, at_ms=at_ms, position=position)

    def step(self, now: datetime, emit: Emit) -> list[Change]:
        """Read what was journalled since, run the detectors, hand on what changed.

        *now* is when the run is made; a silence that has not ended is measured to it.
        """
        if self._restored:
            self._settle(now)
            self._restored = False
        if not self._read_on():
            return []
        dense_from = instant(self._window.dense_from_ms)
        changes = self._standing.compare(self._detect(now), kept_from=self._kept_from(), dense_from=dense_from)
        if changes:
            emit(changes)
            self._said.append([to_json(change.signal) for change in changes], at_ms=(now - EPOCH) // MS)
            self._standing.note(change.signal for change in changes)
        if self._window.count > self._trimmed * GROWTH:
            self._trim(now)
        if (now - EPOCH) // MS - self._saved_at_ms >= self.following.save_every // MS:
            self.save(now)
        return changes

    @property
    def known(self) -> Mapping[str, Signal]:
        """The last word on every signal that was handed on, by id."""
        return self._standing.signals

    @property
    def backlog_bytes(self) -> int:
        """How much was journalled and not read yet."""
        return sum(batch.end - batch.start for batch in self.journal.since(*self._feeding.reached))

    @property
    def rows(self) -> int:
        """How many rows the window holds."""
        return self._window.count

    def save(self, now: datetime) -> None:
        """Keep the window, so that a restart reads the journal from here on."""
        oldest_ms = self._window.oldest_ms
        self._standing.forget(instant(oldest_ms))
        self._said.forget_before(min(oldest_ms, (now - EPOCH) // MS))
        if self._archive is not None:
            self._archive.flush()
        segment, end = self._feeding.reached
        target = self._folder / f"window-{segment:08d}-{end:012d}"
        if not target.exists():
            fresh = self._folder / "window.new"
            shutil.rmtree(fresh, ignore_errors=True)
            fresh.mkdir(parents=True)
            self._window.save(fresh)
            fresh.rename(target)
        for old in self._folder.glob("window-*"):
            if old != target:
                shutil.rmtree(old)
        self._saved_at_ms = (now - EPOCH) // MS

    def close(self) -> None:
        """Let go of the files; everything handed on is noted."""
        self.journal.close()
        self._said.close()

    def _told(self) -> list[Signal]:
        return [
            from_json(line, Signal) for batch in self._said.batches for line in self._said.read(batch).splitlines()
        ]

    def _restore(self) -> None:
        saved = sorted(self._folder.glob("window-*"))
        if not saved:
            return
        _, segment, end = saved[-1].name.split("-")
        reached = int(segment), int(end)
        self._window.load(saved[-1])
        self._restored = True
        # The reader's own memory: parts of messages that are still waiting.
        for batch in self.journal.batches_of(reached[0]):
            if batch.end <= reached[1]:
                for _ in self._feeding.feed(self.journal, batch):
                    pass
        self._feeding.reached = reached

    def _read_on(self) -> bool:
        arrived, read = False, 0
        for batch in self.journal.since(*self._feeding.reached):
            for name, rows in self._feeding.feed(self.journal, batch):
                self._take_rows(batch, name, rows)
                arrived = arrived or rows.num_rows > 0
            read += batch.end - batch.start
            if read > STEP_BYTES:
                break
        return arrived

    def _take_rows(self, batch: Batch, name: str, rows: pa.Table) -> None:
        column = next(table.day_column for table in self._desk.tables if table.name == name)
        if column and rows.num_rows:
            shift = self.following.clock_offset // MS
            times = pc.add(rows.column(column), shift)
            rows = rows.set_column(rows.column_names.index(column), column, times)
            self.clock_offset_ms = batch.at_ms - int(np.median(times.drop_null().to_numpy()))
        self._window.add(name, rows)
        if self._archive is not None:
            self._archive.keep(batch, name, rows)

    def _detect(self, now: datetime) -> Detected:
        gaps = self.journal.own_gaps(quiet_ms=self.following.quiet // MS) if self.following.live else ()
        request = Request(
            made_at=now,
            rules=self.following.rules,
            overrides=self.following.overrides,
            own_gaps=gaps,
            files=self.journal.file_of,
            handling=self.following.handling,
        )
        tables = {**self._window.tables, **self.following.tables}
        self.found = detect(self._desk, tables, engine=self._engine, request=request)
        return self.found

    def _kept_from(self) -> dict[str, datetime]:
        """Return, by entity, the instant before which signals about it are settled; absent while it is whole."""
        return {
            entity: instant(cut) + self.following.context
            for subject, cut in self._window.cuts.items()
            for entity in self._entities(subject)
        }

    def _entities(self, subject: int) -> tuple[str, ...]:
        """Return the ids under which signals may speak of a subject of the window."""
        if subject not in self._ids:
            columns = {column for detector in self._desk.detectors for column in detector.subjects}
            self._ids[subject] = tuple({self._desk.entity(column, subject, {}).id for column in columns})
        return self._ids[subject]

    def _trim(self, now: datetime) -> None:
        cited = [one for signal in self._standing.signals.values() for one in signal.evidence]
        places = pa.table(
            {
                "source": pa.array([one.source for one in cited], pa.string()),
                "offset": pa.array([one.offset for one in cited], pa.int64()),
            }
        )
        self._window.trim(places, now_ms=(now - EPOCH) // MS if self.following.live else None)
        self._trimmed = self._window.count
        self._settle(now)

    def _settle(self, now: datetime) -> None:
        if self._window.dense_from_ms:
            self._standing.settle(self._detect(now), slack=self._window.slack)


class _Feeding:
    """A reader being fed, and where in the journal each row it gives lies."""

    def __init__(self, reader: LineReader) -> None:
        self._reader = reader
        self._starts: list[int] = []
        self._batches: list[Batch] = []
        self._fed = 0
        self.reached = (0, 0)

    def feed(self, journal: Journal, batch: Batch) -> list[tuple[str, pa.Table]]:
        """Return the rows that are complete with *batch*, each citing its place in the journal."""
        data = journal.read(batch)
        self._starts.append(self._fed)
        self._batches.append(batch)
        self._fed += len(data)
        self.reached = (batch.segment, batch.end)
        return [(name, self._cited(rows)) for name, rows in _tables(self._reader.feed(data))]

    def _cited(self, rows: pa.Table) -> pa.Table:
        """Say where in its segment a row lies; the reader counts from the first byte it was ever fed."""
        if "offset" not in rows.column_names or "source" not in rows.column_names:
            return rows
        counted = rows.column("offset").to_numpy()
        place = np.searchsorted(np.asarray(self._starts), counted, side="right") - 1
        batches = [self._batches[index] for index in place]
        began = np.asarray([self._starts[index] for index in place], np.int64)
        offsets = counted - began + np.asarray([batch.start for batch in batches], np.int64)
        sources = pa.array([batch.sha256 for batch in batches], pa.string())
        columns = {**{name: rows.column(name) for name in rows.column_names}, "source": sources}
        return pa.table({**columns, "offset": pa.array(offsets, pa.int64())})


def _tables(batches: Batches) -> list[tuple[str, pa.Table]]:
    return [(name, pa.Table.from_batches([rows])) for name, rows in batches]
