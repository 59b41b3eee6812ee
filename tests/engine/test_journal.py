"""The journal: what it promised is there after a kill at any point, once, byte for byte."""

from __future__ import annotations

import hashlib
import os
import random
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import ayni
from ayni.engine.journal import Journal
from ayni.errors import InvalidValueError, UnreadableError

LINES = st.lists(st.binary(max_size=40).filter(lambda line: b"\n" not in line), max_size=5)

WRITER = """
import sys
from pathlib import Path
from ayni.engine.journal import Journal

feed, folder = Path(sys.argv[1]), Path(sys.argv[2])
journal = Journal(folder, segment_bytes=2000)
with feed.open("rb") as file:
    file.seek(int(journal.position or 0))
    while lines := [line for _, line in zip(range(3), file)]:
        journal.append([line.rstrip(b"\\n") for line in lines], at_ms=1, position=str(file.tell()))
        print(journal.position, flush=True)
"""


def everything(journal: Journal) -> bytes:
    """Return all bytes promised."""
    return b"".join(journal.read(batch) for batch in journal.batches)


@settings(max_examples=30, deadline=None)
@given(st.lists(LINES, max_size=8))
def test_what_is_appended_is_read_back(tmp_path_factory: pytest.TempPathFactory, batches: list[list[bytes]]) -> None:
    """Any lines, in any batches, over any number of segments, also after opening again."""
    folder = tmp_path_factory.mktemp("journal")
    journal = Journal(folder, segment_bytes=50)
    for number, lines in enumerate(batches):
        journal.append(lines, at_ms=number, position=f"at {number}")
    expected = b"".join(line + b"\n" for lines in batches for line in lines)
    assert everything(journal) == expected
    journal.close()
    again = Journal(folder, segment_bytes=50)
    assert everything(again) == expected
    assert again.mended.cut_bytes == 0
    assert again.position == (f"at {len(batches) - 1}" if batches else "")
    again.check()
    again.close()


@pytest.mark.parametrize("seed", range(10))
def test_a_kill_at_any_point_loses_and_doubles_no_line(seed: int, tmp_path: Path) -> None:
    """SIGKILL a writer that follows a file, again and again; at the end the journal is the file."""
    dice = random.Random(seed)
    feed = tmp_path / "feed"
    feed.write_bytes(b"".join(b"%d %s\n" % (number, dice.randbytes(8).hex().encode()) for number in range(600)))
    for _ in range(20):
        acknowledged, done = _write_and_kill(feed, tmp_path / "journal", promises=dice.randint(1, 120))
        journal = Journal(tmp_path / "journal", segment_bytes=2000)
        kept = everything(journal)
        assert feed.read_bytes().startswith(kept)
        assert len(kept) == int(journal.position or 0) >= acknowledged
        journal.check()
        journal.close()
        if done:
            break
    assert kept == feed.read_bytes()


def _write_and_kill(feed: Path, folder: Path, *, promises: int) -> tuple[int, bool]:
    """Let a writer run until it has promised some batches, then kill it in whatever it is doing."""
    with subprocess.Popen(
        [sys.executable, "-c", WRITER, str(feed), str(folder)],
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(Path(ayni.__file__).parents[1])},
    ) as writer:
        assert writer.stdout is not None
        last = b"0"
        for _, line in zip(range(promises), writer.stdout, strict=False):
            last = line
        writer.send_signal(signal.SIGKILL)
        rest = writer.stdout.read().split()
    return int(rest[-1] if rest else last), writer.returncode == 0


@settings(max_examples=40, deadline=None)
@given(torn=st.binary(max_size=30), cut=st.integers(0, 200))
def test_a_torn_write_is_cut_off(tmp_path_factory: pytest.TempPathFactory, torn: bytes, cut: int) -> None:
    """Bytes that no promise covers disappear; half an index line is no promise."""
    folder = tmp_path_factory.mktemp("journal")
    journal = Journal(folder)
    journal.append([b"one", b"two"], at_ms=1)
    index = folder / "00000001.index"
    whole = index.read_bytes()
    journal.append([b"three"], at_ms=2)
    journal.close()
    second = index.read_bytes()[len(whole) :]
    index.write_bytes(whole + second[: min(cut, len(second) - 1)])
    with (folder / "00000001.log").open("ab") as file:
        file.write(torn)
    again = Journal(folder)
    assert everything(again) == b"one\ntwo\n"
    assert again.mended.cut_bytes == len(b"three\n") + len(torn)
    again.append([b"four"], at_ms=3)
    assert everything(again) == b"one\ntwo\nfour\n"
    again.check()
    again.close()


def test_a_journal_that_was_changed_is_refused(tmp_path: Path) -> None:
    """A byte changed, or bytes missing: said, never mended in silence."""
    journal = Journal(tmp_path)
    journal.append([b"one", b"two"], at_ms=1)
    journal.close()
    log = tmp_path / "00000001.log"
    log.write_bytes(b"one\ntwa\n")
    with pytest.raises(UnreadableError, match="not those its index promises"):
        Journal(tmp_path)
    log.write_bytes(b"one\n")
    with pytest.raises(UnreadableError, match="4 are missing"):
        Journal(tmp_path)


def test_evidence_is_found_by_the_hash_of_its_batch(tmp_path: Path) -> None:
    """The hash covers the segment up to the batch's end, also while the segment grows."""
    journal = Journal(tmp_path)
    first = journal.append([b"one"], at_ms=1)
    journal.append([b"two"], at_ms=2)
    path = journal.file_of(first.sha256)
    assert path is not None
    assert hashlib.sha256(path.read_bytes()[: first.end]).hexdigest() == first.sha256
    assert journal.file_of("0" * 64) is None
    with pytest.raises(InvalidValueError, match="one line at a time"):
        journal.append([b"two\nlines"], at_ms=3)
    journal.close()


def test_the_time_nothing_arrived_is_ours(tmp_path: Path) -> None:
    """A stop, or a source that said nothing, is a gap of our own reception."""
    journal = Journal(tmp_path, segment_bytes=1)
    for at_ms in (0, 1_000, 500_000, 501_000):
        journal.append([b"x"], at_ms=at_ms)
    assert journal.own_gaps(quiet_ms=300_000) == ((1_000, 500_000),)
    assert [batch.start for batch in journal.since(2, 2)] == [0, 0]
    assert journal.forget_before(400_000) == 2
    assert len(journal.batches) == 2
    journal.close()
