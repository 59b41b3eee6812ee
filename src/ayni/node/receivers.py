"""Where lines come from: a datagram, a connection, a serial cable, a folder, standard input.

Each receiver yields what has arrived, and an empty `Arrived` when nothing has for half a
second, so that whoever listens can look up and stop. What is read at a time is bounded;
a sender that floods is held up by its own connection, and a line that never ends is
counted and thrown away. A connection that says nothing for two minutes is taken to be
dead and opened again.
"""

from __future__ import annotations

import json
import select
import socket
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event
from typing import BinaryIO, Final, Protocol

from ayni.errors import SettingsError
from ayni.node.settings import FeedKind, FeedSettings

READ_BYTES: Final = 1 << 16
LISTEN_S: Final = 0.5
LONGEST_LINE_BYTES: Final = 1 << 14
"""Ours: 200 times the longest NMEA sentence (82 characters, NMEA 0183)."""
FIRST_PAUSE_S: Final = 1.0
LONGEST_PAUSE_S: Final = 60.0
STALLED_S: Final = 120.0
UDP_BUFFER_BYTES: Final = 4 << 20
TOO_LONG: Final = "line too long"


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrived:
    """Whole lines without their ends, and how far the source has been read, in its own words."""

    lines: tuple[bytes, ...] = ()
    position: str = ""


NOTHING: Final = Arrived()


@dataclass(slots=True)
class Link:
    """How the link to a source fares."""

    state: str = "starting"
    """`listening`, `connected`, `waiting`, `reading`, `ended`."""
    address: str = ""
    connections: int = 0
    bytes: int = 0
    refused: Counter[str] = field(default_factory=Counter[str])
    last_error: str = ""


class Receiver(Protocol):
    """A source of lines."""

    @property
    def link(self) -> Link:
        """How it fares now."""
        ...

    def receive(self, stop: Event, position: str) -> Iterator[Arrived]:
        """Yield what arrives until *stop* is set or the source ends; *position* is where it was left."""
        ...


class LineCutter:
    """Bytes in, whole lines out, whatever way the bytes are cut; never holds more than one line."""

    def __init__(self, link: Link, longest: int = LONGEST_LINE_BYTES) -> None:
        self._link = link
        self._longest = longest
        self._rest = b""
        self._skipping = False

    def feed(self, data: bytes) -> tuple[bytes, ...]:
        """Take bytes; return the lines they complete, without empty ones."""
        self._link.bytes += len(data)
        *whole, rest = (self._rest + data).split(b"\n")
        lines = [line for line in (self._whole(line) for line in whole) if line]
        if len(rest) > self._longest:
            self._skipping, rest = True, b""
        self._rest = rest
        return tuple(lines)

    def _whole(self, line: bytes) -> bytes:
        if self._skipping or len(line) > self._longest:
            self._skipping = False
            self._link.refused[TOO_LONG] += 1
            return b""
        return line.rstrip(b"\r")


@dataclass(slots=True)
class Datagrams:
    """UDP: each datagram holds whole lines; what the machine has no room for is lost, as UDP is."""

    address: tuple[str, int]
    link: Link = field(default_factory=Link)

    def receive(self, stop: Event, position: str) -> Iterator[Arrived]:  # noqa: ARG002 -- datagrams have no position
        """Yield the lines of each datagram."""
        with socket.socket(_family(self.address[0]), socket.SOCK_DGRAM) as listening:
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, UDP_BUFFER_BYTES)
            listening.bind(self.address)
            listening.settimeout(LISTEN_S)
            self.link.address = "{}:{}".format(*listening.getsockname()[:2])
            self.link.state = "listening"
            while not stop.is_set():
                try:
                    data = listening.recv(READ_BYTES)
                except TimeoutError:
                    yield NOTHING
                    continue
                yield Arrived(lines=LineCutter(self.link).feed(data.rstrip(b"\n") + b"\n"))


@dataclass(slots=True)
class Connection:
    """A TCP client that connects again, with pauses that double from one second to one minute."""

    address: tuple[str, int]
    stalled_s: float = STALLED_S
    first_pause_s: float = FIRST_PAUSE_S
    link: Link = field(default_factory=Link)

    def receive(self, stop: Event, position: str) -> Iterator[Arrived]:  # noqa: ARG002 -- a connection has no position
        """Yield lines as they come, over however many connections."""
        self.link.address = "{}:{}".format(*self.address)
        pause_s = self.first_pause_s
        while not stop.is_set():
            before = self.link.bytes
            try:
                yield from self._connected(stop)
            except OSError as error:
                self.link.last_error = str(error) or type(error).__name__
            if stop.is_set():
                return
            pause_s = self.first_pause_s if self.link.bytes > before else min(LONGEST_PAUSE_S, 2 * pause_s)
            self.link.state = "waiting"
            yield NOTHING
            stop.wait(pause_s)

    def _connected(self, stop: Event) -> Iterator[Arrived]:
        with socket.create_connection(self.address, timeout=LISTEN_S * 10) as stream:
            self.link.connections += 1
            self.link.state = "connected"
            stream.settimeout(min(LISTEN_S, self.stalled_s))
            cutter, quiet_s = LineCutter(self.link), 0.0
            while not stop.is_set():
                try:
                    data = stream.recv(READ_BYTES)
                except TimeoutError:
                    quiet_s += min(LISTEN_S, self.stalled_s)
                    if quiet_s >= self.stalled_s:
                        self.link.last_error = f"nothing for {quiet_s:.0f} s"
                        return
                    yield NOTHING
                    continue
                if not data:
                    self.link.last_error = "closed by the other side"
                    return
                quiet_s = 0.0
                yield Arrived(lines=cutter.feed(data))


@dataclass(slots=True)
class SerialLine:
    """A serial device, opened again when its cable comes back."""

    device: str
    baud: int = 38_400
    first_pause_s: float = FIRST_PAUSE_S
    link: Link = field(default_factory=Link)

    def receive(self, stop: Event, position: str) -> Iterator[Arrived]:  # noqa: ARG002 -- a cable has no position
        """Yield lines as they come."""
        import serial  # noqa: PLC0415 -- only where there is a serial feed

        self.link.address = self.device
        pause_s = self.first_pause_s
        while not stop.is_set():
            try:
                with serial.Serial(self.device, self.baud, timeout=LISTEN_S) as cable:
                    self.link.connections += 1
                    self.link.state = "connected"
                    cutter, pause_s = LineCutter(self.link), self.first_pause_s
                    while not stop.is_set():
                        yield Arrived(lines=cutter.feed(cable.read(max(1, min(READ_BYTES, cable.in_waiting)))))
            except (OSError, serial.SerialException) as error:
                self.link.last_error = str(error)
            self.link.state = "waiting"
            yield NOTHING
            stop.wait(pause_s)
            pause_s = min(LONGEST_PAUSE_S, 2 * pause_s)


@dataclass(slots=True)
class Folder:
    """Files of lines that grow or appear in a folder; each is resumed at the byte where it was left."""

    path: Path
    pattern: str = "*"
    link: Link = field(default_factory=Link)

    def receive(self, stop: Event, position: str) -> Iterator[Arrived]:
        """Yield the lines of each file in the order of their names, then wait for more."""
        self.link.address = str(self.path)
        reached: dict[str, int] = json.loads(position or "{}")
        while not stop.is_set():
            self.link.state = "reading"
            for file in sorted(path for path in self.path.glob(self.pattern) if path.is_file()):
                for lines in self._lines(file, reached):
                    yield Arrived(lines=lines, position=json.dumps(reached, sort_keys=True))
                    if stop.is_set():
                        return
            self.link.state = "listening"
            yield NOTHING
            stop.wait(LISTEN_S)

    def _lines(self, file: Path, reached: dict[str, int]) -> Iterator[tuple[bytes, ...]]:
        offset = reached.get(file.name, 0)
        if file.stat().st_size < offset:
            self.link.refused["file became shorter; read again from its start"] += 1
            offset = 0
        with file.open("rb") as growing:
            growing.seek(offset)
            while block := growing.read(READ_BYTES):
                end = block.rfind(b"\n") + 1
                if not end:
                    if len(block) < READ_BYTES:
                        return  # half a line: its end has not been written yet
                    self.link.refused[TOO_LONG] += 1
                    block = block + growing.readline()
                    end = len(block)
                    block = b"\n" * end
                growing.seek(offset + end)
                offset += end
                reached[file.name] = offset
                yield LineCutter(self.link).feed(block[:end])


@dataclass(slots=True)
class Pipe:
    """Standard input, or any stream of bytes, until it ends."""

    stream: BinaryIO
    link: Link = field(default_factory=Link)

    def receive(self, stop: Event, position: str) -> Iterator[Arrived]:  # noqa: ARG002 -- a pipe has no position
        """Yield lines as they come; the last one counts also without its end."""
        cutter = LineCutter(self.link)
        self.link.state = "reading"
        while not stop.is_set():
            ready, _, _ = select.select([self.stream], [], [], LISTEN_S)
            if not ready:
                yield NOTHING
                continue
            data = self.stream.raw.read(READ_BYTES) if hasattr(self.stream, "raw") else self.stream.read(READ_BYTES)
            if not data:
                break
            yield Arrived(lines=cutter.feed(data))
        self.link.state = "ended"
        yield Arrived(lines=cutter.feed(b"\n"))


def receiver_of(feed: FeedSettings, node_folder: Path) -> Receiver:
    """Return the receiver that the settings of a feed describe.

    Raises:
        SettingsError: if the watched folder is not there.
    """
    if feed.kind is FeedKind.UDP:
        return Datagrams(_split(feed.address))
    if feed.kind is FeedKind.TCP:
        return Connection(_split(feed.address))
    if feed.kind is FeedKind.SERIAL:
        return SerialLine(feed.device, feed.baud)
    path = node_folder / feed.path
    if not path.is_dir():
        raise SettingsError(file=f"feed {feed.name}", why=f"{path} is not a folder")
    return Folder(path, feed.pattern)


def _split(address: str) -> tuple[str, int]:
    host, port = address.rsplit(":", 1)
    return host.strip("[]"), int(port)


def _family(host: str) -> socket.AddressFamily:
    return socket.AF_INET6 if ":" in host else socket.AF_INET
