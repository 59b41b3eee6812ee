"""`ayni maritime watch` as it is typed: a pipe, a socket, areas of a file, and a process that is killed."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import pytest

from tests.node.test_feeds import MMSI, position

AYNI = Path(sys.executable).with_name("ayni")
PATIENCE_S = 60.0
RULE = "maritime.area_entry/1"


@pytest.fixture
def areas(tmp_path: Path) -> Path:
    """One area, two degrees wide, that begins north of 2° S."""
    ring = [[-85, -1.5], [-83, -1.5], [-83, 0.5], [-85, 0.5], [-85, -1.5]]
    shape = {"type": "Polygon", "coordinates": [ring]}
    feature = {"type": "Feature", "geometry": shape, "properties": {"name": "Boca"}}
    file = tmp_path / "areas.geojson"
    file.write_text(json.dumps({"type": "FeatureCollection", "features": [feature]}), encoding="utf-8")
    return file


def northward(first: int, last: int) -> list[bytes]:
    """Return positions ten minutes apart, from 2° S to the north at ten knots."""
    return [position(600 * step, lat=-2.0 + step / 36) for step in range(first, last)]


def command(state: Path, areas: Path, *more: str) -> list[str]:
    """Return what is typed."""
    return [str(AYNI), "maritime", "watch", "--state", str(state), "--areas", str(areas), *more]


def entries(out: bytes) -> list[dict[str, object]]:
    """Return what was said of the area, in the order it was said."""
    return [said for said in map(json.loads, out.splitlines()) if said["rule"] == RULE]


def test_a_pipe_is_followed_and_taken_up_again(tmp_path: Path, areas: Path) -> None:
    """It ends with its input and says what it read; the next one goes on from there, under the same id."""
    state = tmp_path / "state"
    rubbish = [b"!AIVDM,1,1,,A,not a message,0*00"]
    runs = [
        subprocess.run(command(state, areas), input=b"\n".join([*lines, b""]), capture_output=True, check=True)
        for lines in ([*northward(0, 30), *rubbish], northward(30, 100))
    ]
    assert b"30 accepted, 1 rejected" in runs[0].stderr
    first, second = (entries(run.stdout) for run in runs)
    assert [(said["revision"], said["state"]) for said in first] == [(1, "open")]
    assert {said["id"] for said in first} == {said["id"] for said in second}
    assert second[-1]["state"] == "closed"
    assert [said["revision"] for said in first + second] == list(range(1, 1 + len(first) + len(second)))
    assert '"Boca"' in json.dumps(first)


@contextmanager
def watching(typed: list[str], out: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Run a watch in the background; whatever happens, it does not outlive the test."""
    with out.open("ab") as stream, subprocess.Popen(typed, stdout=stream, stderr=subprocess.DEVNULL) as running:
        try:
            yield running
        finally:
            running.kill()


def test_a_killed_watch_loses_and_doubles_nothing(tmp_path: Path, areas: Path) -> None:
    """Killed when half of the lines are journalled; every line once, every revision said once or again alike."""
    state, out = tmp_path / "state", tmp_path / "out.ndjson"
    log = state / "feeds" / "watch" / "journal" / "00000001.log"
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as free:
        free.bind(("127.0.0.1", 0))
        address = free.getsockname()
    typed = command(state, areas, "--udp", f"{address[0]}:{address[1]}")
    sent: list[bytes] = []
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        for lines, ending in ((northward(0, 40), signal.SIGKILL), (northward(40, 100), signal.SIGTERM)):
            with watching(typed, out) as running:
                _listens(address[1])
                for line in lines:
                    sender.sendto(line + b"\r\n", address)
                sent += lines
                _until(partial(_holds, log, len(sent)), "journalled")
                _until(lambda: bool(entries(out.read_bytes())), "told")
                running.send_signal(ending)
                running.wait(PATIENCE_S)
    assert log.read_bytes() == b"".join(line + b"\n" for line in sent)
    said = entries(out.read_bytes())
    assert len({one["id"] for one in said}) == 1
    assert said[-1]["state"] == "closed"
    assert {one["revision"] for one in said} == set(range(1, len({one["revision"] for one in said}) + 1))
    assert all(str(MMSI) in json.dumps(one["subjects"]) for one in said)


def _holds(log: Path, lines: int) -> bool:
    return log.exists() and log.read_bytes().count(b"\n") == lines


def _listens(port: int) -> None:
    def bound() -> bool:
        lines = Path("/proc/net/udp").read_text("ascii").splitlines()[1:]
        return any(int(line.split()[1].split(":")[1], 16) == port for line in lines)

    _until(bound, "listening")


def _until(condition: Callable[[], bool], what: str) -> None:
    until, pause = time.monotonic() + PATIENCE_S, threading.Event()
    while not condition():
        assert time.monotonic() < until, what
        pause.wait(0.05)
