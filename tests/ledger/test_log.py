"""The sequencer over files: order, pace, checkpoints, and what a kill or a cut leaves behind."""

from __future__ import annotations

import os
import random
import signal
import threading
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ayni.errors import AyniError, InvalidValueError, LedgerError
from ayni.ledger.checkpoint import SignedCheckpoint, Signer
from ayni.ledger.files import FileLog, position_of
from ayni.ledger.log import Halt, Pace, Sequencer
from ayni.ledger.note import Kind
from ayni.ledger.tree import MemoryHashes, grow, leaf_hash, root

ORIGIN = "pe.ayni.example/ledger"
SIGNERS = (Signer(name=ORIGIN, kind=Kind.ED25519, seed=bytes(range(32))),)
EPOCH = datetime(2027, 1, 1, tzinfo=UTC)


class Clock:
    """Time that passes when told to."""

    def __init__(self) -> None:
        self.now = EPOCH

    def __call__(self) -> datetime:
        """Return the instant."""
        return self.now


def sequencer(log: FileLog, clock: Clock | None = None, pace: Pace | None = None) -> Sequencer:
    """One that signs with Ed25519 alone: these tests are about files."""
    return Sequencer(log, SIGNERS, clock or Clock(), pace)


def expected_root(leaves: Sequence[bytes]) -> bytes:
    """What the tree over these entries hashes to."""
    hashes = MemoryHashes()
    hashes.add(grow(hashes, 0, map(leaf_hash, leaves)))
    return root(hashes, len(leaves))


@given(st.integers(min_value=1, max_value=2000))
def test_stored_hashes_lie_one_after_the_other(size: int) -> None:
    """The place of a hash is its turn in `grow`."""
    places = [position_of(one.level, one.index) for one in grow(MemoryHashes(), 0, [b"x" * 32] * size)]
    assert places == list(range(len(places)))
    assert position_of(0, size) == len(places)


def test_entries_keep_the_order_in_which_they_were_written(tmp_path: Path) -> None:
    """Across turns, closing and opening again."""
    leaves = [b"entry %d" % index for index in range(1000)]
    clock = Clock()
    for start in range(0, 1000, 250):
        log = FileLog(tmp_path, ORIGIN)
        order = sequencer(log, clock)
        order.check()
        for at in range(start, start + 250, 50):
            log.submit(leaves[at : at + 50])
            assert order.step() == 50
        assert order.step() == 0
        log.close()
    log = FileLog(tmp_path, ORIGIN)
    with log.view() as view:
        assert view.leaves(0, 1000) == leaves
        assert view.leaves(3, 3) == []
        assert root(view, 1000) == expected_root(leaves)
    log.close()


def test_checkpoints_come_by_time_by_number_and_as_a_heartbeat(tmp_path: Path) -> None:
    """60 s after a new entry, at once after 1,000, and every hour of quiet."""
    clock, log = Clock(), FileLog(tmp_path, ORIGIN)
    order = sequencer(log, clock)

    def signed() -> tuple[int, datetime | None]:
        with log.view() as view:
            note = view.latest()
            return (SignedCheckpoint.parse(note).checkpoint.size if note else -1), view.signed_at()

    order.step()
    assert signed() == (-1, None)
    log.submit([b"first"])
    order.step()
    assert signed() == (1, EPOCH)
    log.submit([b"second"])
    order.step()
    assert signed() == (1, EPOCH)
    clock.now += timedelta(seconds=60)
    order.step()
    assert signed() == (2, clock.now)
    log.submit([b"one of many"] * 1000)
    order.step()
    assert signed() == (1002, clock.now)
    clock.now += timedelta(minutes=59)
    before = signed()
    order.step()
    assert signed() == before
    clock.now += timedelta(minutes=1)
    order.step()
    assert signed() == (1002, clock.now)
    log.close()


def test_a_halted_log_places_and_signs_nothing(tmp_path: Path) -> None:
    """And says so after it was opened again, until it is reconciled."""
    log = FileLog(tmp_path, ORIGIN)
    order = sequencer(log)
    log.submit([b"first"])
    order.step()
    halt = Halt(kind="fork", witness="bo", shown=b"what it holds", at=EPOCH)
    with log.turn() as turn:
        turn.set_halt(halt)
    log.close()
    log = FileLog(tmp_path, ORIGIN)
    order = sequencer(log)
    with log.view() as view:
        assert view.halt() == halt
    log.submit([b"second"])
    assert order.step() == 0
    with pytest.raises(LedgerError, match="bo has shown a fork"):
        order.sign_now()
    with log.turn() as turn:
        turn.set_halt(None)
    assert order.step() == 1
    assert order.sign_now().checkpoint.size == 2
    log.close()


def test_the_loop_places_what_waits_before_it_ends(tmp_path: Path) -> None:
    """Stopping loses nothing."""
    log = FileLog(tmp_path, ORIGIN)
    stop = threading.Event()
    runner = threading.Thread(target=sequencer(log, pace=Pace(turn=timedelta(milliseconds=1))).run, args=(stop,))
    log.submit([b"first", b"second"])
    runner.start()
    stop.set()
    runner.join(timeout=10)
    with log.view() as view:
        assert view.leaves(0, 2) == [b"first", b"second"]
    log.close()


def test_two_processes_do_not_write_one_log(tmp_path: Path) -> None:
    """The second is refused, and nothing changes."""
    log = FileLog(tmp_path, ORIGIN)
    with pytest.raises(LedgerError, match="another process"):
        FileLog(tmp_path, ORIGIN)
    log.close()
    with pytest.raises(LedgerError, match="another log"):
        FileLog(tmp_path, "xx.ayni.example/ledger")


def test_a_log_signs_under_its_own_name(tmp_path: Path) -> None:
    """A key of another name is a mistake in the settings."""
    log = FileLog(tmp_path, "xx.ayni.example/ledger")
    with pytest.raises(InvalidValueError, match="must sign as"):
        sequencer(log)
    log.close()


def _filled(folder: Path, size: int = 300) -> None:
    log = FileLog(folder, ORIGIN)
    log.submit([b"entry %d" % index for index in range(size)])
    order = sequencer(log)
    order.step()
    order.sign_now()
    log.close()


def _open_and_audit(folder: Path) -> None:
    log = FileLog(folder, ORIGIN)
    try:
        sequencer(log).audit()
    finally:
        log.close()


def _truncate(path: Path) -> None:
    os.truncate(path, path.stat().st_size - 1)


def _flip(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


@pytest.mark.parametrize("damage", [_truncate, Path.unlink, _flip])
@pytest.mark.parametrize("name", ["entries", "hashes", "head", "checkpoints/000000000000300"])
def test_a_ledger_file_cut_short_lost_or_changed_is_refused(
    tmp_path: Path, name: str, damage: Callable[[Path], None]
) -> None:
    """With a sentence, and without touching what is left."""
    _filled(tmp_path)
    damage(tmp_path / name)
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file() and path.name != "lock"}
    with pytest.raises(AyniError):
        _open_and_audit(tmp_path)
    for path, held in before.items():
        if path.exists() and path.name not in {"hashes", "entries"}:
            assert path.read_bytes() == held


def test_a_head_of_an_older_copy_is_noticed_by_its_own_checkpoint(tmp_path: Path) -> None:
    """Entries from before, checkpoint from after: the log knows that it was longer."""
    _filled(tmp_path, 10)
    older = {name: (tmp_path / name).read_bytes() for name in ("entries", "hashes")}
    head = (tmp_path / "head").read_text()
    log = FileLog(tmp_path, ORIGIN)
    log.submit([b"one more"])
    order = sequencer(log)
    order.step()
    order.sign_now()
    log.close()
    for name, data in older.items():
        (tmp_path / name).write_bytes(data)
    (tmp_path / "head").write_text(head.replace('"checkpoint": 10', '"checkpoint": 11'))
    log = FileLog(tmp_path, ORIGIN)
    with pytest.raises(LedgerError, match="cut short: its checkpoint has 11 entries, the log 10"):
        sequencer(log).check()
    log.close()


def _die_at(step: int) -> None:
    """Kill this process at its *step*-th write, fsync or rename; a write is torn in half first."""
    count = 0
    really_write, really_sync, really_replace = os.write, os.fsync, os.replace

    def dies() -> bool:
        nonlocal count
        count += 1
        return count == step

    def write(descriptor: int, data: bytes | memoryview) -> int:
        if dies():
            really_write(descriptor, bytes(data)[: len(data) // 2])
            os.kill(os.getpid(), signal.SIGKILL)
        return really_write(descriptor, data)

    def fsync(descriptor: int) -> None:
        if dies():
            os.kill(os.getpid(), signal.SIGKILL)
        really_sync(descriptor)

    def replace(old: Path, new: Path) -> None:
        if dies():
            os.kill(os.getpid(), signal.SIGKILL)
        really_replace(old, new)

    os.write, os.fsync, os.replace = write, fsync, replace  # type: ignore[assignment]


def _work_until_killed(folder: Path, step: int, acknowledged: int) -> None:
    """Append five turns of entries, and say so after each; runs in a child process and never returns."""
    report = os.fdopen(acknowledged, "wb", buffering=0)
    _die_at(step)
    log = FileLog(folder, ORIGIN)
    order = sequencer(log, pace=Pace(checkpoint_entries=2))
    with log.view() as view:
        placed = view.size
    for turn in range(5):
        log.submit([b"entry %d" % index for index in range(placed + 3 * turn, placed + 3 * turn + 3)])
        order.step()
        report.write(b"+")
    os._exit(0)


def _run_killed(folder: Path, step: int) -> tuple[int, bool]:
    """Return how many turns a child acknowledged, and whether it was killed."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        _work_until_killed(folder, step, writing)
    os.close(writing)
    with os.fdopen(reading, "rb") as report:
        turns = len(report.read())
    _, status = os.waitpid(child, 0)
    return turns, os.WIFSIGNALED(status)


def test_no_kill_loses_an_acknowledged_entry(tmp_path: Path) -> None:
    """Killed at every single write, fsync and rename, each time on top of what the kill before left."""
    before, kills, step = 0, 0, 1
    while True:
        turns, killed = _run_killed(tmp_path, step)
        log = FileLog(tmp_path, ORIGIN)
        assert sequencer(log).audit() >= before
        with log.view() as view:
            assert before + 3 * turns <= view.size <= before + 3 * (turns + 1)
            assert view.leaves(0, view.size) == [b"entry %d" % index for index in range(view.size)]
            assert root(view, view.size) == expected_root(view.leaves(0, view.size))
            before = view.size
        log.close()
        if not killed:
            break
        kills, step = kills + 1, step + 1
    assert kills > 40


def test_random_kills_over_a_long_life(tmp_path: Path) -> None:
    """Thirty lives, each ended somewhere; one history."""
    chance = random.Random(7)
    for _ in range(30):
        _run_killed(tmp_path, chance.randint(1, 60))
    log = FileLog(tmp_path, ORIGIN)
    sequencer(log).check()
    with log.view() as view:
        assert view.leaves(0, view.size) == [b"entry %d" % index for index in range(view.size)]
    log.close()
