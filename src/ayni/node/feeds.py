"""Feeds: what the settings name is received, journalled, read, watched over and raised as signals.

One thread receives and journals, another runs the detectors over what was journalled;
the second may take seconds without the first losing a line. Where the second falls
behind by more than 64 MB the first stops reading, and the sender waits.

A feed's folder under the node's `feeds/` holds its journal, what was said, and its
window; its rows go to the node's observations.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

import msgspec
import pyarrow as pa

from ayni.desks import find_desk
from ayni.engine.duckdb import DuckDBEngine
from ayni.engine.journal import Batch
from ayni.engine.session import Engine, TableSource
from ayni.engine.standing import Change
from ayni.engine.stream import Following, Stream
from ayni.errors import NodeError, SettingsError
from ayni.model.codec import from_json
from ayni.model.desk import Desk, Source
from ayni.model.handling import Handling, Mandate
from ayni.node.doors import house_of
from ayni.node.files import write_private
from ayni.node.observations import Observations, today
from ayni.node.receivers import Receiver, receiver_of
from ayni.node.settings import FeedKind, FeedSettings, RetentionSettings
from ayni.node.supervision import Job

if TYPE_CHECKING:
    from ayni.node.opening import OpenNode

STEP_S: Final = 1.0
"""How often the detectors look at what has arrived: ours; signals within seconds, not minutes."""
BEHIND_BYTES: Final = 64 << 20
GATHER_S: Final = 0.5
GATHER_BYTES: Final = 1 << 20
"""Half a second or a megabyte of lines is made durable together: ours; a power cut costs no more."""
TEND_S: Final = 3600.0
HEALTH_S: Final = 5.0
HEALTH: Final = "health.json"
QUIET: Final = timedelta(minutes=5)
SEGMENT_BITS: Final = 40

Raise = Callable[[FeedSettings, Sequence[Change]], None]
"""Takes what changed into the casebook. It may be told the same change twice, under the same id and revision."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedHealth:
    """How one feed fares, in figures that `ayni node status` shows."""

    name: str
    state: str
    address: str
    last_error: str
    connections: int
    bytes: int
    lines: int
    accepted: int
    rejected: Mapping[str, int]
    """Lines that were not understood, by reason."""
    last_at: datetime | None
    """When the last line arrived."""
    clock_offset_s: float | None
    """How far the times in the lines lie behind their arrival; far from 0 means a clock that is off."""
    own_gaps: tuple[tuple[datetime, datetime], ...]
    """Times in which we received nothing at all, newest last."""
    behind_bytes: int
    rows: int
    not_run: tuple[str, ...]
    """Rules that could not look at this feed's data."""
    changes: Mapping[str, int]
    """Signals new, revised, closed and retracted since the feed started."""


@dataclass(slots=True)
class _Archive:
    """Rows on their way to the observations; written at every save of the window."""

    desk: Desk
    source: str
    observations: Observations
    waiting: dict[str, list[pa.Table]] = field(default_factory=dict[str, list[pa.Table]])
    reached: dict[str, int] = field(default_factory=dict[str, int])
    since: dict[str, int] = field(default_factory=dict[str, int])

    def keep(self, batch: Batch, name: str, rows: pa.Table, /) -> None:
        """Take the rows of one batch, unless the observations hold them already."""
        table = next(table for table in self.desk.tables if table.name == name)
        if not table.day_column:
            return
        if name not in self.reached:
            self.reached[name] = self.observations.reached(self.desk.name, table, self.source)
        at = batch.segment << SEGMENT_BITS | batch.end
        if at > self.reached[name]:
            self.since.setdefault(name, batch.segment << SEGMENT_BITS | batch.start)
            self.waiting.setdefault(name, []).append(rows)
            self.reached[name] = at

    def flush(self) -> None:
        """Write what was taken, one stretch a table."""
        for table in self.desk.tables:
            rows = self.waiting.pop(table.name, [])
            if rows:
                stretch = (self.since.pop(table.name), self.reached[table.name])
                whole = pa.concat_tables(rows, promote_options="default")
                self.observations.append(self.desk.name, table, self.source, whole, stretch=stretch)


@dataclass(slots=True)
class _Gathered:
    """Lines on their way to the journal: one promise for what arrives within half a second, not one a datagram."""

    stream: Stream
    lines: list[bytes] = field(default_factory=list[bytes])
    size: int = 0
    since: float = 0.0
    at_ms: int = 0
    position: str = ""

    def add(self, lines: Sequence[bytes], at_ms: int, position: str) -> int:
        """Take what arrived, which may be nothing; journal when it is time to; return how many lines that were."""
        if lines:
            self.since = self.since if self.lines else time.monotonic()
            self.lines += lines
            self.size += sum(map(len, lines))
            self.at_ms, self.position = at_ms, position
        full = self.size > GATHER_BYTES or time.monotonic() - self.since > GATHER_S
        return self.journal() if full or not lines else 0

    def journal(self) -> int:
        """Make durable what was gathered; return how many lines that were."""
        lines, self.lines, self.size = self.lines, [], 0
        if lines:
            self.stream.take(lines, at_ms=self.at_ms, position=self.position)
        return len(lines)


class Feed:
    """One feed, run by the node's supervisor: `Job(name=…, run=feed.run)`.

    Raises:
        SettingsError: if the desk cannot follow the feed's layout, or the watched folder is not there.
    """

    def __init__(
        self,
        settings: FeedSettings,
        folder: Path,
        *,
        raise_signals: Raise,
        retention: RetentionSettings | None = None,
        engine: Engine | None = None,
        receiver: Receiver | None = None,
        desk: Desk | None = None,
        watched: Mapping[str, TableSource] | None = None,
    ) -> None:
        self.settings = settings
        self._folder = folder
        self._raise = raise_signals
        self._retention = retention or RetentionSettings()
        self._desk = desk or find_desk(settings.desk)
        self._watched = watched if watched is not None else {}
        self._source = followed(self._desk, settings)
        self._engine = engine or DuckDBEngine(temp_directory=folder / "tmp")
        self._receiver = receiver or receiver_of(settings, folder)
        self._observations = Observations(folder=folder)
        self._stream: Stream | None = None
        self._failed: BaseException | None = None
        self._changes: dict[str, int] = {}
        self._lines = 0
        self._noted = -HEALTH_S

    def run(self, stop: threading.Event) -> None:
        """Receive until *stop* is set or the source ends.

        Raises:
            Exception: whatever stopped receiving or detecting; the supervisor starts the feed again.
        """
        archive = _Archive(self._desk, self.settings.name, self._observations)
        stream = self._stream = Stream(
            self._desk,
            self._source,
            self._folder / "feeds" / self.settings.name,
            engine=self._engine,
            following=self._following(),
            archive=archive,
        )
        ended = threading.Event()
        self._failed = None
        receiving = threading.Thread(
            target=self._receive, args=(stream, stop, ended), name=f"receive {self.settings.name}", daemon=True
        )
        receiving.start()
        try:
            self._watch(stream, stop, ended)
        finally:
            ended.set()
            receiving.join()
            stream.close()
        if self._failed is not None:
            raise self._failed

    def health(self) -> FeedHealth:
        """Return how the feed fares now."""
        link, stream = self._receiver.link, self._stream
        tally = stream.tally if stream else None
        last = stream.journal.last if stream else None
        gaps = stream.journal.own_gaps(quiet_ms=QUIET // timedelta(milliseconds=1)) if stream else ()
        found = stream.found if stream else None
        offset = stream.clock_offset_ms if stream else None
        return FeedHealth(
            name=self.settings.name,
            state=link.state,
            address=link.address,
            last_error=link.last_error,
            connections=link.connections,
            bytes=link.bytes,
            lines=self._lines,
            accepted=tally.accepted if tally else 0,
            rejected={**(tally.rejected if tally else {}), **link.refused},
            last_at=_instant(last.at_ms) if last else None,
            clock_offset_s=None if offset is None else offset / 1000,
            own_gaps=tuple((_instant(since), _instant(until)) for since, until in gaps),
            behind_bytes=stream.backlog_bytes if stream else 0,
            rows=stream.rows if stream else 0,
            not_run=tuple(one.rule for one in found.not_run) if found else (),
            changes=dict(self._changes),
        )

    def _following(self) -> Following:
        live = self.settings.kind is not FeedKind.FOLDER
        offset = timedelta(seconds=self.settings.clock_offset_s)
        handling = Handling(tlp=self.settings.tlp)
        return Following(live=live, quiet=QUIET, clock_offset=offset, tables=self._watched, handling=handling)

    def _receive(self, stream: Stream, stop: threading.Event, ended: threading.Event) -> None:
        """Journal what arrives. Runs in a thread of its own, whose end is told by *ended*."""
        gathered = _Gathered(stream)
        try:
            try:
                for arrived in self._receiver.receive(_Either(stop, ended), stream.journal.position):
                    at_ms = time.time_ns() // 1_000_000
                    lines = [self._stamped(line, at_ms) for line in arrived.lines]
                    self._lines += gathered.add(lines, at_ms, arrived.position)
                    while stream.backlog_bytes > BEHIND_BYTES and not stop.is_set() and not ended.is_set():
                        stop.wait(STEP_S)
            finally:
                self._lines += gathered.journal()
        except Exception as error:  # noqa: BLE001 -- a thread's door: handed to `run`, which raises it
            self._failed = error
        finally:
            ended.set()

    def _watch(self, stream: Stream, stop: threading.Event, ended: threading.Event) -> None:
        tended = 0.0
        while True:
            last = stop.is_set() or ended.is_set()
            now = datetime.now(UTC)
            stream.step(now, self._hand_on)
            if time.monotonic() - tended > TEND_S or not tended:
                self._tend(stream)
                tended = time.monotonic()
            self._note_health(last=last)
            if last and not stream.backlog_bytes:
                stream.save(now)
                return
            if not last:
                ended.wait(STEP_S)

    def _note_health(self, *, last: bool = False) -> None:
        """Write how the feed fares where `ayni node status` finds it, at most every five seconds."""
        if last or time.monotonic() - self._noted > HEALTH_S:
            self._noted = time.monotonic()
            write_private(self._folder / "feeds" / self.settings.name / HEALTH, msgspec.json.encode(self.health()))

    def _hand_on(self, changes: Sequence[Change]) -> None:
        self._raise(self.settings, changes)
        for change in changes:
            self._changes[change.kind.value] = self._changes.get(change.kind.value, 0) + 1

    def _tend(self, stream: Stream) -> None:
        """Once an hour: delete days beyond their retention, merge small files, forget old segments."""
        for table in self._desk.tables:
            if table.day_column:
                self._observations.expire(self._desk.name, table, today=today(), keep_days=self._keep_days)
                self._observations.compact(self._desk.name, table)
        oldest = datetime.now(UTC) - timedelta(days=self._keep_days(self.settings.name))
        stream.journal.forget_before(round(oldest.timestamp() * 1000))

    def _keep_days(self, source: str) -> int:
        return self._retention.sources.get(source, self._retention.observations_days)

    def _stamped(self, line: bytes, at_ms: int) -> bytes:
        live = self.settings.kind is not FeedKind.FOLDER
        return self._source.stamp(line, at_ms, self.settings.receiver) if self._source.stamp and live else line


def feed_jobs(node: OpenNode) -> tuple[Job, ...]:
    """Return a job for each feed of the settings; a feed that cannot start fails alone and is tried again."""
    return tuple(Job(name=f"feed {feed.name}", run=partial(_run, node, feed)) for feed in node.settings.feeds)


def _run(node: OpenNode, settings: FeedSettings, stop: threading.Event) -> None:
    from ayni.node.watched import Watched  # noqa: PLC0415 -- Django is configured once a node is open

    watched = Watched(node, find_desk(settings.desk))
    retention = node.settings.retention
    Feed(settings, node.folder, raise_signals=into_casebook(node), retention=retention, watched=watched).run(stop)


def into_casebook(node: OpenNode) -> Raise:
    """Return what raises signals in the name of `desk:<name>`, for the purpose of the feed.

    A machine may raise; it never validates, shares or tasks. Without an account for it, and so without
    a person who answers, nothing is raised. Ordinary events (a port visit) stay out of the casebook.
    """

    def take(feed: FeedSettings, changes: Sequence[Change]) -> None:
        desk = find_desk(feed.desk)
        signals = [change.signal for change in changes if change.signal.rule not in desk.context_rules]
        if not signals:
            return
        from ayni.casework.raising import raise_signals  # noqa: PLC0415 -- Django is configured once a node is open
        from ayni.node.officers.models import Account  # noqa: PLC0415 -- as above

        machine = Account.objects.of(f"desk:{feed.desk}")
        if machine is None:
            raise NodeError(folder=node.folder, why=f"nobody answers for the machine desk:{feed.desk}")
        under = Mandate(purpose=feed.purpose, legal_basis=feed.legal_basis or desk.lawful_basis)
        with node.store.work() as work:
            raise_signals(signals, house=house_of(node.settings), by=machine.as_officer(), under=under, work=work)
            work.commit()

    return take


class _Either(threading.Event):
    """Set when the node stops or when the other thread has ended."""

    def __init__(self, *events: threading.Event) -> None:
        super().__init__()
        self._events = events

    def is_set(self) -> bool:
        """Say whether any of them is set."""
        return any(event.is_set() for event in self._events)

    def wait(self, timeout: float | None = None) -> bool:
        """Wait for the first of them."""
        until = None if timeout is None else time.monotonic() + timeout
        while not self.is_set() and (until is None or time.monotonic() < until):
            left = 0.1 if until is None else min(0.1, max(0.0, until - time.monotonic()))
            self._events[0].wait(left)
        return self.is_set()


def health_of(folder: Path, name: str) -> FeedHealth | None:
    """Return what a feed last noted about itself; None if it never ran.

    Raises:
        UnreadableError: if the note is damaged.
    """
    path = folder / "feeds" / name / HEALTH
    return from_json(path.read_bytes(), FeedHealth) if path.exists() else None


def followed(desk: Desk, settings: FeedSettings) -> Source:
    """Return the source of *desk* that reads the feed line by line.

    Raises:
        SettingsError: if there is none, or several and the settings name none.
    """
    able = [source for source in desk.sources if source.follow is not None]
    found = [source for source in able if settings.layout in {"", source.layout}]
    if len(found) == 1:
        return found[0]
    names = ", ".join(source.layout for source in able) or "none"
    raise SettingsError(
        file=f"feed {settings.name}", why=f"layout “{settings.layout}”: desk {desk.name} can follow {names}"
    )


def _instant(at_ms: int) -> datetime:
    return datetime.fromtimestamp(0, UTC) + timedelta(milliseconds=at_ms)
