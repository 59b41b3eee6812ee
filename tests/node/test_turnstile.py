"""Writers of one SQLite file stand in line: nobody starves, a dead one holds nobody up, no line costs nothing."""

from __future__ import annotations

import fcntl
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

HOLDS = """
import fcntl, os, sys, time
handle = os.open(sys.argv[1], os.O_RDWR | os.O_CREAT, 0o600)
fcntl.flock(handle, fcntl.LOCK_EX)
print("held", flush=True)
time.sleep(600)
"""


def in_line(folder: Path) -> float:
    """Pass the line once; return how long that took, in seconds."""
    from ayni.node.records.turnstile import _in_line

    began = time.monotonic()
    with _in_line(folder):
        return time.monotonic() - began


def test_who_waits_is_next_however_often_another_writes(tmp_path: Path) -> None:
    """One writes again and again without a pause; the other gets its turn each time within a few of them."""
    from ayni.node.records.turnstile import _in_line

    stop, turns = threading.Event(), [0]

    def greedy() -> None:
        while not stop.is_set():
            with _in_line(tmp_path):
                turns[0] += 1
                time.sleep(0.002)

    writer = threading.Thread(target=greedy)
    writer.start()
    try:
        while not turns[0]:
            time.sleep(0.001)
        between = []
        for _ in range(20):
            before = turns[0]
            in_line(tmp_path)
            between.append(turns[0] - before)
    finally:
        stop.set()
        writer.join()
    assert max(between) <= 3, "a turn of the other is at most the one under way, and one that was next already"


def test_a_killed_writer_holds_nobody_up(tmp_path: Path) -> None:
    """The system lets go of its place."""
    with subprocess.Popen(
        [sys.executable, "-c", HOLDS, str(tmp_path / "writer.lock")], stdout=subprocess.PIPE, text=True
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        timer = threading.Timer(0.2, holder.send_signal, [signal.SIGKILL])
        timer.start()
        took = in_line(tmp_path)
        timer.join()
    assert 0.1 < took < 5.0


def test_without_a_line_it_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A writer that holds its place too long, and a folder that cannot be written, cost time and nothing else."""
    from ayni.node.records import turnstile

    monkeypatch.setattr(turnstile, "LONGEST_S", 0.2)
    handle = os.open(tmp_path / "writer.lock", os.O_RDWR | os.O_CREAT, 0o600)
    fcntl.flock(handle, fcntl.LOCK_EX)
    try:
        assert 0.1 < in_line(tmp_path) < 5.0
    finally:
        os.close(handle)
    assert in_line(tmp_path / "not" / "there") < 1.0
