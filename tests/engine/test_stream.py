"""A stream says in the end what one run over everything says, whatever came late, twice or after a kill."""

from __future__ import annotations

import os
import random
import signal as signals
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import ayni
from ayni.engine.detect import Request, detect
from ayni.engine.duckdb import DuckDBEngine
from ayni.engine.evidence import EPOCH, files_by_hash, instant
from ayni.engine.standing import Change, ChangeKind
from ayni.engine.stream import Following, Stream
from ayni.model.codec import from_json, to_json
from ayni.model.desk import Clue, Desk, Detector, Parameter, Tally
from ayni.model.signal import Signal, SignalState
from tests.engine import pier

ENGINE = DuckDBEngine(threads=1)
HOUR = pier.HOUR_MS
SILENCE = replace(pier.DESK, detectors=(pier.SILENCE, pier.CROWD))

AWAY = Detector(
    rule="pier.away/1",
    title="Away",
    asks="A badge was not seen for a while.",
    counts_for="the length",
    counts_against="leave",
    innocent=("leave",),
    parameters=(Parameter(name="silence_h", default=6, unit="h", source=pier.OURS),),
    requires={"pass": ("badge", "at_ms")},
    sql="""
    WITH ordered AS (
      SELECT badge, at_ms, LEAD(at_ms) OVER (PARTITION BY badge ORDER BY at_ms) AS next_ms,
        MAX(at_ms) OVER () AS newest FROM pass)
    SELECT badge AS key_0, at_ms AS key_1, badge, at_ms AS started_ms, next_ms AS ended_ms,
      (COALESCE(next_ms, newest) - at_ms) / 1000e0 AS silence_s
    FROM ordered WHERE COALESCE(next_ms, newest) - at_ms > $silence_h * 3600000
    """,
    clues=(Clue(says="away {silence_s:duration}", facts=("silence_s",), weight=0.5), Clue(says="leave", weight=-0.1)),
    subjects=("badge",),
    absence="silence_h",
)  # fmt: skip
LEAVING = replace(pier.DESK, detectors=(AWAY,))


def line(badge: int, hours: float) -> bytes:
    """Return one line of the feed."""
    return b"%d,%d,0,0" % (badge, round(hours * HOUR))


def follow(folder: Path, desk: Desk = SILENCE, *, live: bool = False) -> Stream:
    """Open a stream."""
    return Stream(desk, pier.SOURCE, folder, engine=ENGINE, following=Following(live=live))


def say(stream: Stream, *lines: bytes, at: float = 0) -> list[tuple[str, int]]:
    """Journal lines at hour *at*, step, and return what changed: kind and revision."""
    stream.take(lines, at_ms=round(at * HOUR))
    changes = stream.step(instant(round(at * HOUR)), lambda _: None)
    return sorted((change.kind.value, change.signal.revision) for change in changes)


def standing(known: Sequence[Signal]) -> dict[str, bytes]:
    """Return what stands, by id, without what depends on when and in which batch it was said."""
    kept = [one for one in known if one.state is not SignalState.RETRACTED]
    return {one.id: to_json(replace(one, made_at=EPOCH, revision=1, evidence=())) for one in kept}


def at_once(lines: Sequence[bytes], folder: Path) -> dict[str, bytes]:
    """Return what one run over a file of all the lines says."""
    file = folder / "all"
    file.write_bytes(b"".join(one + b"\n" for one in lines))
    rows = pa.Table.from_batches([batch for _, batch in pier.read_passes(file, Tally())])
    request = Request(made_at=EPOCH, files=files_by_hash([file]))
    return standing(detect(SILENCE, {"pass": rows}, engine=ENGINE, request=request).signals)


@settings(max_examples=12, deadline=None)
@given(seed=st.integers(0, 10**6), cuts=st.integers(1, 6), restarts=st.integers(0, 1))
def test_late_and_reordered_lines_end_where_one_run_ends(
    tmp_path_factory: pytest.TempPathFactory, seed: int, cuts: int, restarts: int
) -> None:
    """Any order within the look-back, any batches, with or without a restart: the same signals stand."""
    folder = tmp_path_factory.mktemp("stream")
    dice = random.Random(seed)
    lines = [line(dice.randrange(4), dice.randrange(20 * 60) / 60) for _ in range(40)]
    lines = list(dict.fromkeys(lines))
    stream = follow(folder / "stream")
    for part in range(cuts):
        say(stream, *lines[part::cuts])
        if restarts:
            if dice.random() < 0.5:
                stream.save(EPOCH)
            stream.close()
            stream = follow(folder / "stream")
    assert standing(list(stream.known.values())) == at_once(lines, folder)
    stream.close()


def test_late_data_retracts_and_revises(tmp_path: Path) -> None:
    """A silence that late data fills is withdrawn under its own id, with a higher revision."""
    stream = follow(tmp_path)
    assert say(stream, line(1, 0), line(1, 7)) == [("new", 1)]
    assert say(stream, line(1, 0.5)) == [("new", 1), ("retracted", 2)]
    assert say(stream, line(1, 3.5)) == [("retracted", 2)]
    assert {one.state for one in stream.known.values()} == {SignalState.RETRACTED}
    assert say(stream, line(2, 0), line(2, 7)) == [("new", 1)]
    assert say(stream, line(2, -1)) == [("revised", 2)]
    assert say(stream, line(2, 30)) == [("new", 1)]
    stream.close()


def test_an_open_signal_grows_hourly_and_closes_after_days(tmp_path: Path) -> None:
    """Not said again with every batch; closed under its own id when the badge is seen after 40 hours."""
    stream = follow(tmp_path, LEAVING)
    assert say(stream, line(1, 0), line(2, 6.5), at=6.5) == [("new", 1)]
    assert say(stream, line(2, 6.6), at=6.6) == []
    assert say(stream, line(2, 8), at=8) == [("revised", 2)]
    for hour in range(12, 40, 5):
        say(stream, line(2, hour), at=hour)
    assert say(stream, line(1, 40), line(2, 40), at=40)[0][0] == "closed"
    (closed,) = [one for one in stream.known.values() if one.subjects[0].id == "badge-1"]
    assert closed.state is SignalState.CLOSED
    assert closed.ended_at == instant(40 * HOUR)
    for hour in range(43, 120, 5):
        assert say(stream, line(1, hour), line(2, hour), at=hour) == []
    assert stream.rows <= 2 * 9
    stream.close()


def test_the_time_we_were_down_never_raises_a_silence(tmp_path: Path) -> None:
    """Eight hours without a line from anybody are our own gap; a silence beyond them is still one."""
    stream = follow(tmp_path, LEAVING, live=True)
    for minute in range(0, 60, 4):
        stream.take([line(1, minute / 60), line(2, minute / 60)], at_ms=minute * 60_000)
    assert say(stream, line(1, 0.98), line(2, 0.98), at=0.98) == []
    stream.close()
    stream = follow(tmp_path, LEAVING, live=True)
    assert say(stream, line(1, 9), at=9) == []
    for minute in range(4, 6 * 60, 4):
        stream.take([line(1, 9 + minute / 60)], at_ms=9 * HOUR + minute * 60_000)
    assert say(stream, line(1, 14.97), at=14.97) == []
    assert say(stream, line(1, 15.03), at=15.03) == [("new", 1)]
    (away,) = stream.known.values()
    assert away.subjects[0].id == "badge-2"
    assert [reason.says for reason in away.quality] == [
        "we ourselves received nothing for {deaf_s:duration} of this time"
    ]
    stream.close()


def test_evidence_of_a_growing_segment_can_be_checked(tmp_path: Path) -> None:
    """Each cited line is in the journal where the signal says, and hashes to what it says."""
    stream = follow(tmp_path)
    say(stream, line(1, 0), b"noise", line(1, 7))
    say(stream, line(1, 14))
    assert len(stream.known) == 2
    for found in stream.known.values():
        for cited in found.evidence:
            path = stream.journal.file_of(cited.source)
            assert path is not None
            assert len(cited.line) == 64
            assert path.read_bytes()[cited.offset :].startswith(
                b"1,%d," % ((cited.at - EPOCH) / timedelta(milliseconds=1))
            )
    assert stream.tally.rejected == {"not four whole numbers": 1}
    stream.close()


def test_a_receiver_that_fails_is_told_again(tmp_path: Path) -> None:
    """What could not be handed on is handed on with the next step, under the same id and revision."""
    stream = follow(tmp_path)
    stream.take([line(1, 0), line(1, 7)], at_ms=0)

    def refuse(changes: Sequence[Change]) -> None:
        raise OSError(len(changes))

    with pytest.raises(OSError, match="1"):
        stream.step(EPOCH, refuse)
    stream.close()
    again = follow(tmp_path)
    told: list[Change] = []
    again.step(EPOCH, told.extend)
    assert [(change.kind, change.signal.revision) for change in told] == [(ChangeKind.NEW, 1)]
    again.close()


FOLLOWER = """
import sys
from pathlib import Path
from ayni.engine.evidence import EPOCH
from ayni.model.codec import to_json
from tests.engine.test_stream import follow

feed, folder, out = map(Path, sys.argv[1:])
# Whoever is told keeps whole lines only: a line torn by the kill was never acknowledged and is told again.
whole = out.read_bytes()
out.write_bytes(whole[: whole.rfind(b"\\n") + 1])
stream = follow(folder)

def mark(what):
    print(what, flush=True)

def emit(changes):
    mark("telling")
    with out.open("ab") as file:
        file.write(b"".join(to_json(change.signal) + b"\\n" for change in changes))
    mark("told")

stream.step(EPOCH, emit)
with feed.open("rb") as file:
    file.seek(int(stream.journal.position or 0))
    while lines := [line for _, line in zip(range(12), file)]:
        stream.take([line.rstrip(b"\\n") for line in lines], at_ms=1, position=str(file.tell()))
        mark("journalled")
        stream.step(EPOCH, emit)
        mark("stepped")
        if file.tell() % 3 == 0:
            stream.save(EPOCH)
            mark("saved")
"""


@pytest.mark.parametrize("seed", [*range(5), *(pytest.param(seed, marks=pytest.mark.long) for seed in range(5, 20))])
def test_a_kill_at_any_point_changes_nothing_in_the_end(seed: int, tmp_path: Path) -> None:
    """SIGKILL while journalling, detecting, telling or saving: what stands equals one run over the file."""
    dice = random.Random(seed)
    lines = list(dict.fromkeys(line(dice.randrange(5), dice.randrange(20 * 60) / 60) for _ in range(60)))
    feed, out = tmp_path / "feed", tmp_path / "out"
    feed.write_bytes(b"".join(one + b"\n" for one in lines))
    out.touch()
    for marks in (dice.randint(1, 12), dice.randint(1, 16), 1_000):
        _follow_and_kill(feed, tmp_path / "stream", out, marks)
    told: dict[str, Signal] = {}
    for text in out.read_bytes().splitlines():
        found = from_json(text, Signal)
        assert found.id not in told or found.revision >= told[found.id].revision, "a revision went back"
        told[found.id] = found
    assert standing(list(told.values())) == at_once(lines, tmp_path)
    stream = follow(tmp_path / "stream")
    journalled = b"".join(stream.journal.read(batch) for batch in stream.journal.batches)
    assert journalled == feed.read_bytes()
    stream.close()


def _follow_and_kill(feed: Path, folder: Path, out: Path, marks: int) -> None:
    """Let a follower pass some marks, then kill it in whatever it is doing next."""
    root = Path(__file__).parents[2]
    with subprocess.Popen(
        [sys.executable, "-c", FOLLOWER, str(feed), str(folder), str(out)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=root,
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(Path(ayni.__file__).parents[1]), str(root)])},
    ) as follower:
        assert follower.stdout is not None
        passed = sum(1 for _ in zip(range(marks), follower.stdout, strict=False))
        if passed == marks:
            follower.send_signal(signals.SIGKILL)
        _, wrong = follower.communicate()
    assert passed == marks or follower.returncode == 0, wrong.decode()
