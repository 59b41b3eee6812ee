"""A thinned window says what a whole one says: nothing taken back, told twice or made up because rows were let go."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ayni.engine.detect import Request, detect
from ayni.engine.duckdb import DuckDBEngine
from ayni.engine.evidence import EPOCH, files_by_hash, instant
from ayni.engine.standing import Change, ChangeKind
from ayni.engine.stream import Following, Stream
from ayni.engine.window import Window
from ayni.model.desk import Clue, Desk, Detector, Tally, Thinning
from ayni.model.signal import SignalState
from tests.engine import pier

ENGINE = DuckDBEngine(threads=1)
HOUR = pier.HOUR_MS
MINUTE = HOUR // 60
TEN_MINUTES = Thinning(every_ms=10 * MINUTE)

INSIDE = Detector(
    rule="pier.inside/1",
    title="Inside",
    asks="A badge was inside.",
    counts_for="the length",
    counts_against="the weather",
    innocent=("rain",),
    requires={"pass": ("badge", "at_ms", "lat_udeg")},
    sql="""
    WITH ordered AS (
      SELECT badge, at_ms, lat_udeg, MAX(at_ms) OVER (PARTITION BY badge) AS newest,
        LAG(lat_udeg) OVER (PARTITION BY badge ORDER BY at_ms) AS before FROM pass),
    gates AS (SELECT badge, lat_udeg, at_ms, LEAD(at_ms) OVER (PARTITION BY badge ORDER BY at_ms) AS next_ms
      FROM ordered WHERE before IS NULL OR before <> lat_udeg)
    SELECT badge AS key_0, at_ms AS key_1, badge, at_ms AS started_ms, next_ms AS ended_ms
    FROM gates WHERE lat_udeg = 1
    """,
    clues=(Clue(says="inside", weight=0.5), Clue(says="it rained", weight=-0.1)),
    subjects=("badge",),
)
"""Its beginning is a row that thinning may let go of, and it cites none."""

FEW = replace(
    INSIDE,
    rule="pier.few/1",
    sql="""
    SELECT badge AS key_0, CAST(FLOOR(at_ms / 3600000e0) AS BIGINT) AS key_1, badge,
      MIN(at_ms) AS started_ms, MAX(at_ms) AS ended_ms
    FROM pass GROUP BY badge, CAST(FLOOR(at_ms / 3600000e0) AS BIGINT)
    HAVING COUNT(*) < 10 AND MAX(at_ms) % 3600000 > 3000000
    """,
)
"""Few passes in an hour: a thinned hour looks like one."""


def desk(*detectors: Detector) -> Desk:
    """Return the pier with a table that may be thinned."""
    return replace(pier.DESK, tables=(replace(pier.PASS, thinning=TEN_MINUTES),), detectors=detectors)


def line(badge: int, hours: float, inside: int = 0) -> bytes:
    """Return one line of the feed."""
    return b"%d,%d,%d,0" % (badge, round(hours * HOUR), inside)


def follow(folder: Path, card: Desk, *, most_rows: int) -> Stream:
    """Open a stream over files."""
    following = Following(live=False, most_rows=most_rows)
    return Stream(card, pier.SOURCE, folder, engine=ENGINE, following=following)


def say(stream: Stream, *lines: bytes, at: float = 0) -> list[Change]:
    """Journal lines at hour *at*, step, and return what changed."""
    stream.take(lines, at_ms=round(at * HOUR))
    return stream.step(instant(round(at * HOUR)), lambda _: None)


def at_once(card: Desk, lines: Sequence[bytes], folder: Path) -> dict[str, SignalState]:
    """Return what one run over a file of all the lines says: ids and states."""
    file = folder / "all"
    file.write_bytes(b"".join(one + b"\n" for one in lines))
    rows = pa.Table.from_batches([batch for _, batch in pier.read_passes(file, Tally())])
    request = Request(made_at=EPOCH, files=files_by_hash([file]))
    return {one.id: one.state for one in detect(card, {"pass": rows}, engine=ENGINE, request=request).signals}


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 10**6), restarts=st.sampled_from([0.0, 0.3]))
def test_a_thinned_stream_stands_where_a_whole_one_does(
    tmp_path_factory: pytest.TempPathFactory, seed: int, restarts: float
) -> None:
    """Dense feeds, silences, crowds, lines that come hours late, restarts: the same signals stand."""
    folder = tmp_path_factory.mktemp("thin")
    dice = random.Random(seed)
    card = desk(pier.SILENCE, pier.CROWD)
    lines = []
    for badge in range(4):
        hour = dice.random()
        while hour < 20:
            lines.append((hour + (dice.random() * 3 if dice.random() < 0.1 else 0), line(badge, hour)))
            hour += dice.random() / 5 if dice.random() < 0.97 else 5 + 3 * dice.random()
    lines.sort()
    stream = follow(folder / "stream", card, most_rows=60)
    for start in range(0, len(lines), 15):
        batch = lines[start : start + 15]
        say(stream, *(text for _, text in batch), at=batch[-1][0])
        if dice.random() < restarts:
            if dice.random() < 0.5:
                stream.save(EPOCH)
            stream.close()
            stream = follow(folder / "stream", card, most_rows=60)
    stands = {one.id: one.state for one in stream.known.values() if one.state is not SignalState.RETRACTED}
    assert stands == at_once(card, [text for _, text in lines], folder)
    assert stream.rows < len(lines)
    stream.close()


def test_an_event_whose_beginning_was_let_go_of_is_told_once_and_ends_once(tmp_path: Path) -> None:
    """It goes on under the id it was first told under; late data can still take another back."""
    stream = follow(tmp_path, desk(INSIDE), most_rows=20)
    told: list[Change] = []
    for minute in range(0, 300, 3):
        told += say(stream, line(1, minute / 60, int(5 <= minute < 250)), at=minute / 60)
    assert stream.rows < 60
    assert [change.kind for change in told] == [ChangeKind.NEW, ChangeKind.CLOSED]
    assert len({change.signal.id for change in told}) == 1
    assert told[0].signal.started_at == instant(6 * MINUTE)
    assert told[-1].signal.ended_at == instant(252 * MINUTE)
    stream.close()


def test_late_data_takes_back_a_silence_that_began_in_the_thinned_part(tmp_path: Path) -> None:
    """The rows a signal cites stay, and so does its id; that fewer passes are left to be counted is no news."""
    stream = follow(tmp_path, desk(pier.SILENCE), most_rows=260)
    changes: list[Change] = []
    for minute in range(0, 900, 3):
        seen = [line(2, minute / 60), *([line(1, minute / 60)] if not 180 <= minute <= 570 else [])]
        changes += say(stream, *seen, at=minute / 60)
    assert stream.rows < 260
    assert [change.kind for change in changes] == [ChangeKind.NEW]
    (silence,) = stream.known.values()
    assert len(silence.evidence) == 2
    taken = say(stream, line(1, 6), at=15.1)
    assert [(change.kind, change.signal.id) for change in taken] == [(ChangeKind.RETRACTED, silence.id)]
    stream.close()


def test_what_only_thinning_makes_is_no_signal(tmp_path: Path) -> None:
    """Nor does a line that comes late make it one; of another badge it does."""
    stream = follow(tmp_path, desk(FEW), most_rows=60)
    for minute in range(0, 600, 3):
        assert say(stream, line(1, minute / 60), at=minute / 60) == []
    assert stream.rows < 120
    assert say(stream, line(1, 3 + 58 / 60), at=10) == []
    late = [line(2, 1 + minute / 60) for minute in range(0, 60, 8)]
    assert [change.kind for change in say(stream, *late, at=10)] == [ChangeKind.NEW]
    stream.close()


def test_what_is_forgotten_is_not_taken_back(tmp_path: Path) -> None:
    """A badge nobody saw for a month leaves the window; what was said of it still stands."""
    stream = follow(tmp_path, desk(pier.SILENCE), most_rows=1000)
    say(stream, line(1, 0), line(1, 7), at=7)
    for day in range(1, 32):
        say(stream, line(2, 24 * day), at=24 * day)
    (silence,) = [one for one in stream.known.values() if one.subjects[0].id == "badge-1"]
    assert silence.state is SignalState.CLOSED
    stream.close()


def test_thinning_keeps_the_first_of_each_stretch_the_cited_and_what_says_otherwise() -> None:
    """Also, a row with an absurd instant ages no other."""
    table = replace(pier.PASS, thinning=replace(TEN_MINUTES, unless_other=("lat_udeg",)))
    window = Window(desk=replace(pier.DESK, tables=(table,)), most_rows=40)
    times = [minute * MINUTE for minute in range(180)]
    rows = {"badge": [1] * 180, "at_ms": times, "lat_udeg": [int(minute == 7) for minute in range(180)]}
    sources = {"source": ["s"] * 180, "offset": list(range(180))}
    window.add("pass", pa.table({**rows, **sources}))
    far = {"badge": [2], "at_ms": [10**13], "lat_udeg": [0], "source": ["s"], "offset": [999]}
    window.add("pass", pa.table(far))
    window.trim(pa.table({"source": ["s", "s", "t"], "offset": [13, 150, 15]}), now_ms=180 * MINUTE)
    kept = [at // MINUTE for at in window.tables["pass"].column("at_ms").to_pylist() if at < 10**12]
    dense = window.dense_from_ms // MINUTE
    assert dense == 160
    assert sorted(kept) == sorted({*range(0, 160, 10), 7, 13, 150, *range(160, 180)})


def test_a_small_feed_is_never_thinned(tmp_path: Path) -> None:
    """Below the bound every row of 36 hours stays."""
    stream = follow(tmp_path, desk(pier.SILENCE), most_rows=10_000)
    for hour in range(30):
        say(stream, *(line(1, hour + minute / 60) for minute in range(0, 60, 2)), at=hour + 1)
    assert stream.rows == 900
    stream.close()
