"""Feeds over real sockets, a real pseudo-terminal and real files: received, journalled, raised, accounted for."""

from __future__ import annotations

import os
import socket
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import reduce
from operator import xor
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyais import encode_dict

from ayni.desks.maritime.nmea.stamp import stamp
from ayni.engine.journal import Journal
from ayni.engine.standing import Change
from ayni.errors import SettingsError
from ayni.model.signal import Signal, SignalState
from ayni.node import feed_copy
from ayni.node.backup import backup, restore
from ayni.node.feeds import Feed, FeedHealth, health_of
from ayni.node.observation_copy import seal_file
from ayni.node.receivers import TOO_LONG, Connection, Datagrams, LineCutter, Link, Pipe, Receiver, SerialLine
from ayni.node.settings import FeedKind, FeedSettings
from tests.engine import pier
from tests.node.stores import a_node

PATIENCE_S = 60.0
START_S = 1_790_000_000
MMSI = 299_000_001
"""Of no country: MID 299 is not allocated."""
AT_THE_PIER = {"desk": "pier", "layout": "pass/1"}
SILENCE = ["pier.silence/1"]


def tagged(sentence: bytes, at_s: int) -> bytes:
    """Return a sentence with the time it was received."""
    block = b"c:%d" % at_s
    return b"\\%s*%02X\\%s" % (block, reduce(xor, block), sentence)


def position(at_s: int, mmsi: int = MMSI, *, lat: float = -2.0) -> bytes:
    """Return one position report of a fictional vessel under way, with its time."""
    fields: dict[str, str | int | float | bytes | bool] = {"type": 1, "mmsi": mmsi, "lat": lat, "lon": -84.0}
    fields |= {"speed": 9.0, "course": 90.0, "status": 0}
    (sentence,) = encode_dict(fields, radio_channel="A", talker_id="AI")
    return tagged(sentence.encode(), START_S + at_s)


def day_at_the_pier() -> list[bytes]:
    """Return a day of one badge: every ten minutes, nine hours not at all, again; and of another, throughout."""
    minutes = [*range(0, 800, 10), *range(1340, 1440, 10)]
    seen = [(1, minute) for minute in minutes] + [(2, minute) for minute in range(0, 1440, 10)]
    return [b"%d,%d,0,0" % (badge, (START_S + minute * 60) * 1000) for badge, minute in seen]


QUIET_PIER = replace(pier.DESK, detectors=(pier.SILENCE,))


class Casebook:
    """What was raised."""

    def __init__(self) -> None:
        self.changes: list[Change] = []

    def __call__(self, feed: FeedSettings, changes: Sequence[Change]) -> None:
        """Take in what changed."""
        assert feed.name == "coast"
        self.changes += changes

    @property
    def standing(self) -> list[Signal]:
        """The last word on each signal, without those that were retracted."""
        last = {change.signal.id: change.signal for change in self.changes}
        return [signal for signal in last.values() if signal.state is not SignalState.RETRACTED]

    @property
    def rules(self) -> set[str]:
        """The rules that stand by what they said."""
        return {signal.rule for signal in self.standing}


def settings_of(kind: FeedKind, **more: str) -> FeedSettings:
    """Return the settings of a feed, of the maritime desk unless another is named."""
    where = {FeedKind.UDP: "127.0.0.1:0", FeedKind.TCP: "127.0.0.1:9"}.get(kind, "")
    return FeedSettings(
        name="coast",
        desk=more.get("desk", "maritime"),
        kind=kind,
        layout=more.get("layout", "nmea/1"),
        address=where,
        path=more.get("path", ""),
        device=more.get("device", ""),
        receiver="guayas",
    )


@contextmanager
def running(feed: Feed) -> Iterator[Callable[[Callable[[FeedHealth], bool]], FeedHealth]]:
    """Run a feed in a thread; give a function that waits until its health meets a condition."""
    stop = threading.Event()
    failed: list[BaseException] = []

    def run() -> None:
        try:
            feed.run(stop)
        except BaseException as error:  # noqa: BLE001 -- shown by the test below
            failed.append(error)

    thread = threading.Thread(target=run)
    thread.start()

    def wait(condition: Callable[[FeedHealth], bool]) -> FeedHealth:
        until = time.monotonic() + PATIENCE_S
        while not condition(feed.health()):
            assert time.monotonic() < until, feed.health()
            assert not failed, failed
            stop.wait(0.02)
        return feed.health()

    try:
        yield wait
    finally:
        stop.set()
        thread.join(PATIENCE_S)
    assert not thread.is_alive()
    assert not failed, failed


@contextmanager
def server(*answers: bytes) -> Iterator[tuple[str, int]]:
    """Serve each connection one answer and close it; the last one stays open."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.settimeout(PATIENCE_S)
        kept: list[socket.socket] = []

        def serve() -> None:
            for number, answer in enumerate(answers):
                try:
                    peer, _ = listening.accept()
                except OSError:
                    return
                peer.sendall(answer)
                kept.append(peer)
                if number < len(answers) - 1:
                    peer.close()

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        host, port = listening.getsockname()[:2]
        yield host, port
        for peer in kept:
            peer.close()


def observed(folder: Path) -> int:
    """Count the rows of positions in a node's observations."""
    files = folder.glob("observations/*/*/coast/*/*.parquet")
    return sum(pq.read_metadata(path).num_rows for path in files)


def feed_with(receiver: Receiver, kind: FeedKind, folder: Path, raised: Casebook, **more: str) -> Feed:
    """Return a feed over a receiver of the test's own address."""
    return Feed(settings_of(kind, **more), folder, raise_signals=raised, receiver=receiver)


def test_tcp_reconnects_and_what_was_silent_becomes_a_signal(tmp_path: Path) -> None:
    """A connection that breaks in the middle of a line: the vessel's gap is found, garbage is counted."""
    lines = day_at_the_pier()
    first, second = b"\n".join(lines[:100]) + b"\n1,17", b"garbage\n" + b"\n".join(lines[100:]) + b"\n"
    raised = Casebook()
    with server(first, second) as address:
        feed = Feed(
            settings_of(FeedKind.TCP, **AT_THE_PIER),
            tmp_path,
            raise_signals=raised,
            receiver=Connection(address, first_pause_s=0.01),
            desk=QUIET_PIER,
        )
        with running(feed) as wait:
            health = wait(lambda now: now.accepted >= len(lines) and [one.rule for one in raised.standing] == SILENCE)
    assert health.connections == 2
    assert health.lines == len(lines) + 1
    assert sum(health.rejected.values()) >= 1
    assert health.clock_offset_s is not None
    assert health.last_at is not None
    assert health.changes["new"] >= 1
    assert health.behind_bytes == 0
    (silence,) = raised.standing
    assert silence.subjects[0].id == "badge-1"
    assert len(silence.evidence) == 2
    assert all(len(cited.line) == 64 for cited in silence.evidence)
    assert observed(tmp_path) == len(lines)
    noted = health_of(tmp_path, "coast")
    assert noted is not None
    assert noted.changes == health.changes
    assert health_of(tmp_path, "river") is None


def test_udp_takes_datagrams_of_one_line_or_many(tmp_path: Path) -> None:
    """Bound to a free port, stamped with the instant of arrival and the station's name."""
    bare = position(0).split(b"\\")[-1]
    feed = feed_with(Datagrams(("127.0.0.1", 0)), FeedKind.UDP, tmp_path, Casebook())
    with running(feed) as wait:
        host, port = wait(lambda now: now.state == "listening").address.rsplit(":", 1)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            sender.sendto(bare, (host, int(port)))
            sender.sendto(bare + b"\r\n" + bare + b"\r\n", (host, int(port)))
            wait(lambda now: now.accepted >= 1 and now.lines == 3)
    journal = (tmp_path / "feeds" / "coast" / "journal" / "00000001.log").read_bytes()
    assert journal.count(b"\\s:guayas,c:") == 3
    assert feed.health().clock_offset_s == pytest.approx(0, abs=1)


def test_a_serial_device_is_read_through_a_terminal(tmp_path: Path) -> None:
    """A pseudo-terminal stands for the cable."""
    ours, theirs = os.openpty()
    try:
        feed = feed_with(SerialLine(os.ttyname(theirs)), FeedKind.SERIAL, tmp_path, Casebook(), device="/dev/null")
        with running(feed) as wait:
            wait(lambda now: now.state == "connected")
            os.write(ours, position(0) + b"\r\n" + position(60) + b"\r\n")
            wait(lambda now: now.accepted == 2)
    finally:
        os.close(ours)
        os.close(theirs)
    assert observed(tmp_path) == 2


def test_a_folder_is_resumed_at_the_byte(tmp_path: Path) -> None:
    """Stopped and started again, with more lines meanwhile: every line once, in journal and observations."""
    lines = day_at_the_pier()
    watched = tmp_path / "drop"
    watched.mkdir()
    log = watched / "day.csv"
    log.write_bytes(b"\n".join(lines[:60]) + b"\n" + lines[60][:7])
    raised = Casebook()
    drop = settings_of(FeedKind.FOLDER, path="drop", **AT_THE_PIER)
    with running(Feed(drop, tmp_path, raise_signals=raised, desk=QUIET_PIER)) as wait:
        wait(lambda now: now.accepted == 60)
    log.write_bytes(b"\n".join(lines) + b"\n")
    later = b"2,%d,0,0\n" % ((START_S + 1440 * 60) * 1000)
    (watched / "later.csv").write_bytes(later)
    again = Feed(drop, tmp_path, raise_signals=raised, desk=QUIET_PIER)
    with running(again) as wait:
        wait(lambda now: now.lines == len(lines) - 60 + 1 and now.behind_bytes == 0 and bool(raised.rules))
    journal = (tmp_path / "feeds" / "coast" / "journal" / "00000001.log").read_bytes()
    assert journal == log.read_bytes() + later
    assert observed(tmp_path) == len(lines) + 1
    assert raised.rules == set(SILENCE)


@pytest.mark.parametrize("meanwhile", ["nothing", "a new window"])
def test_a_feed_goes_on_from_a_backup(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, meanwhile: str) -> None:
    """Copied while it runs, restored elsewhere: every line once, the lines cited are there, nothing is said twice."""
    lines, raised = day_at_the_pier(), Casebook()
    with a_node(tmp_path / "post") as node:
        (node.folder / "drop").mkdir()
        log = node.folder / "drop" / "day.csv"
        log.write_bytes(b"\n".join(lines[:60]) + b"\n")
        drop = settings_of(FeedKind.FOLDER, path="drop", **AT_THE_PIER)
        with running(Feed(drop, node.folder, raise_signals=raised, desk=QUIET_PIER)) as wait:
            wait(lambda now: now.accepted == 60)
        log.write_bytes(b"\n".join(lines[:200]) + b"\n")
        with running(Feed(drop, node.folder, raise_signals=raised, desk=QUIET_PIER)) as wait:
            wait(lambda now: now.accepted >= 140 and bool(raised.rules))
            if meanwhile == "a new window":
                _let_the_window_change(monkeypatch)
            backup(node, data=tmp_path / "data", keys=tmp_path / "keys")
    again = tmp_path / "again"
    restore(again, data=tmp_path / "data", keys=tmp_path / "keys")
    assert not [path for path in (tmp_path / "data" / "feeds").rglob("*.log") if lines[0] in path.read_bytes()]
    said = len(raised.changes)
    (again / "drop").mkdir()
    (again / "drop" / "day.csv").write_bytes(b"\n".join(lines) + b"\n")
    with running(Feed(drop, again, raise_signals=raised, desk=QUIET_PIER)) as wait:
        wait(lambda now: now.lines == len(lines) - 200 and now.behind_bytes == 0)
    assert (again / "feeds" / "coast" / "journal" / "00000001.log").read_bytes() == b"\n".join(lines) + b"\n"
    assert observed(again) == len(lines)
    assert {(one.signal.id, one.signal.revision) for one in raised.changes[said:]}.isdisjoint(
        {(one.signal.id, one.signal.revision) for one in raised.changes[:said]}
    )
    journal = Journal(again / "feeds" / "coast" / "journal")
    assert all(journal.file_of(line.source) for signal in raised.standing for line in signal.evidence)
    journal.close()


def _let_the_window_change(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the last file of the window be gone, once, when it is about to be copied: another window replaced it."""
    gone = ["reach.json"]

    def late(folder: Path, copy: Path, name: str, key: bytes) -> None:
        if gone and name.endswith(gone[0]):
            gone.pop()
            raise FileNotFoundError(name)
        seal_file(folder, copy, name, key)

    monkeypatch.setattr(feed_copy, "seal_file", late)


def test_a_pipe_ends_and_its_last_line_counts(tmp_path: Path) -> None:
    """Standard input: everything up to its end, also a last line without a line feed."""
    read, write = os.pipe()
    os.write(write, position(0) + b"\n" + position(60))
    os.close(write)
    with os.fdopen(read, "rb") as stream:
        feed = feed_with(Pipe(stream), FeedKind.TCP, tmp_path, Casebook())
        feed.run(threading.Event())
    assert feed.health().accepted == 2
    assert feed.health().state == "ended"


def test_a_source_that_stalls_is_opened_again() -> None:
    """A connection that says nothing is taken to be dead."""
    with server(b"", b"", b"!line\n") as address:
        stop = threading.Event()
        connection = Connection(address, stalled_s=0.1, first_pause_s=0.01)
        for arrived in connection.receive(stop, ""):
            if arrived.lines:
                stop.set()
    assert connection.link.connections == 3
    assert arrived.lines == (b"!line",)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.binary(max_size=30), max_size=20), st.integers(1, 20))
def test_lines_are_whole_and_memory_is_bounded(blocks: list[bytes], longest: int) -> None:
    """Whatever the cuts: short lines come through, long ones are counted, no more than one line is held."""
    link = Link()
    cutter = LineCutter(link, longest=longest)
    got: list[bytes] = []
    for block in [*blocks, b"\n"]:
        got += cutter.feed(block)
        assert len(cutter._rest) <= longest
    whole = (b"".join(blocks) + b"\n").split(b"\n")[:-1]
    short = [line.rstrip(b"\r") for line in whole if len(line) <= longest]
    assert [line for line in got if line] == [line for line in short if line]
    assert link.refused[TOO_LONG] == sum(len(line) > longest for line in whole)
    assert link.bytes == sum(map(len, blocks)) + 1


def test_a_flood_without_line_ends_is_counted_and_thrown_away(tmp_path: Path) -> None:
    """Sixteen megabytes of one line: refused once, and the line after it is read."""
    with server(b"x" * (16 << 20) + b"\n" + position(0) + b"\n") as address:
        feed = feed_with(Connection(address), FeedKind.TCP, tmp_path, Casebook())
        with running(feed) as wait:
            health = wait(lambda now: now.accepted == 1)
    assert health.rejected[TOO_LONG] == 1
    assert health.lines == 1


def test_a_layout_that_cannot_be_followed_is_refused_at_the_start(tmp_path: Path) -> None:
    """The administrator learns which layouts can."""
    wrong = FeedSettings(name="coast", desk="maritime", kind=FeedKind.UDP, layout="dma/1", address="127.0.0.1:0")
    with pytest.raises(SettingsError, match="can follow nmea/1"):
        Feed(wrong, tmp_path, raise_signals=Casebook())
    with pytest.raises(SettingsError, match="not a folder"):
        Feed(settings_of(FeedKind.FOLDER, path="nowhere"), tmp_path, raise_signals=Casebook())


@pytest.mark.parametrize(
    ("line", "stamped"),
    [
        (b"!AIVDM,1,1,,A,x,0*00", rb"\s:guayas,c:1790000000123*hh\!AIVDM,1,1,,A,x,0*00"),
        (rb"\s:other*11\!AIVDM,1,1,,A,x,0*00", rb"\s:other,c:1790000000123*hh\!AIVDM,1,1,,A,x,0*00"),
        (rb"\c:1790000000*5A\!AIVDM,1,1,,A,x,0*00", None),
        (b"!AIVDM,1,1,,A,x,0*00,rguayas,1790000000", None),
        (b"2026-09-21T00:00:00Z !AIVDM,1,1,,A,x,0*00", None),
        (b"# a comment", None),
    ],
)
def test_a_line_is_stamped_only_when_it_does_not_say_when(line: bytes, stamped: bytes | None) -> None:
    """What already carries its time is kept byte for byte."""
    found = stamp(line, 1_790_000_000_123, "guayas")
    if stamped is None:
        assert found == line
    else:
        block = found.split(b"\\")[1].split(b"*")
        assert found == stamped.replace(b"hh", b"%02X" % reduce(xor, block[0]))
