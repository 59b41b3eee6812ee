"""A small fictional desk for engine tests: badges passing the gates of a pier."""

from __future__ import annotations

import hashlib
import random
import re
from collections.abc import Mapping
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from ayni.errors import UnreadableError
from ayni.model.desk import Batches, Clue, Column, Derived, Desk, Detector, Kernel, Parameter, Source, Table, Tally
from ayni.model.entity import Entity
from ayni.model.signal import Fact

HOUR_MS = 3_600_000
OURS = "ours: a test desk"

PASS = Table(
    name="pass",
    row="one badge passing one gate",
    day_column="at_ms",
    subject="badge",
    columns=(
        Column(name="badge", type="BIGINT", holds="number of the badge"),
        Column(name="at_ms", type="BIGINT", holds="instant, milliseconds since 1970 UTC"),
        Column(name="lat_udeg", type="BIGINT", holds="latitude, microdegrees"),
        Column(name="lon_udeg", type="BIGINT", holds="longitude, microdegrees"),
        Column(name="speed_kn", type="DOUBLE", holds="speed, knots", optional=True),
        Column(name="source", type="VARCHAR", holds="SHA-256 of the file", optional=True),
        Column(name="offset", type="BIGINT", holds="first byte of the line", optional=True),
        Column(name="length", type="BIGINT", holds="bytes of the line", optional=True),
    ),
)

STEP = Derived(
    name="step",
    requires={"pass": ("badge", "at_ms")},
    parameters=(Parameter(name="longest_h", default=1000, unit="h", source=OURS),),
    sql="""
    WITH ordered AS (
      SELECT badge, at_ms, lat_udeg, lon_udeg, speed_kn, source, "offset", "length",
        LEAD(at_ms) OVER w AS next_ms, LEAD(lat_udeg) OVER w AS next_lat_udeg, LEAD(lon_udeg) OVER w AS next_lon_udeg,
        COUNT(*) OVER (PARTITION BY badge ORDER BY at_ms RANGE BETWEEN 43200000 PRECEDING AND CURRENT ROW) AS before
      FROM pass WINDOW w AS (PARTITION BY badge ORDER BY at_ms, "offset"))
    SELECT * FROM ordered WHERE next_ms IS NULL OR next_ms - at_ms <= $longest_h * 3600000
    """,
)

SILENCE = Detector(
    rule="pier.silence/1",
    title="Silence",
    asks="A badge was not seen for a while, and then was.",
    counts_for="the length of the silence",
    counts_against="few passes before it",
    innocent=("the person was on leave",),
    parameters=(
        Parameter(name="silence_h", default=6, unit="h", source=OURS, high=1000),
        Parameter(name="few", default=3, unit="passes", source=OURS),
    ),
    requires={"step": ("badge", "at_ms", "next_ms", "before"), "pass": ("badge", "at_ms")},
    sql="""
    SELECT badge AS key_0, at_ms AS key_1, badge, at_ms AS started_ms, next_ms AS ended_ms,
      lat_udeg, lon_udeg, next_lat_udeg AS end_lat_udeg, next_lon_udeg AS end_lon_udeg, 50e0 AS uncertainty_m,
      (next_ms - at_ms) / 1000e0 AS silence_s, at_ms AS last_at_ms, before, before <= $few AS was_rare,
      CAST(0.1e0 AS DOUBLE) AS weight
    FROM step WHERE next_ms - at_ms > $silence_h * 3600000
    """,
    clues=(
        Clue(says="not seen for {silence_s:duration} since {last_at}", facts=("silence_s", "last_at_ms"), weight=0.6),
        Clue(says="only {before} passes in the 12 hours before", facts=("before",), weight=-0.2, holds="was_rare"),
        Clue(says="{before} passes in the 12 hours before", facts=("before",), weight="weight"),
        Clue(says="the gate clock may be off by 50 m", weight=0, quality=True),
    ),
    subjects=("badge",),
    absence="silence_h",
    evidence="""
    SELECT s.key_0, s.key_1, p.source, p.offset, p.length, p.at_ms, CAST(NULL AS VARCHAR) AS receiver
    FROM signal AS s JOIN pass AS p ON p.badge = s.key_0 AND (p.at_ms = s.started_ms OR p.at_ms = s.ended_ms)
    """,
)

CROWD = Detector(
    rule="pier.crowd/1",
    title="Crowd",
    asks="Many badges passed within one hour.",
    counts_for="the number of badges",
    counts_against="a shift that began",
    innocent=("a shift began",),
    parameters=(Parameter(name="badges", default=3, unit="badges", source=OURS),),
    requires={"pass": ("badge", "at_ms")},
    sql="""
    WITH hourly AS (SELECT CAST(FLOOR(at_ms / 3600000e0) AS BIGINT) AS hour, badge, lat_udeg, speed_kn FROM pass)
    SELECT hour AS key_0, hour * 3600000 AS started_ms, (hour + 1) * 3600000 AS ended_ms,
      MIN(badge) AS first_badge, COUNT(DISTINCT badge) AS badges, CAST(SUM(lat_udeg) AS BIGINT) AS sum_lat_udeg,
      MEDIAN(speed_kn) AS median_kn, AVG(speed_kn) AS mean_kn,
      CAST(MIN(lat_udeg) AS BIGINT) AS lat_udeg, CAST(0 AS BIGINT) AS lon_udeg
    FROM hourly GROUP BY hour HAVING COUNT(DISTINCT badge) >= $badges
    """,
    clues=(
        Clue(says="{badges} badges within the hour", facts=("badges",), weight=0.3),
        Clue(says="typical speed {median_kn} kn", facts=("median_kn",), weight=0),
    ),
    subjects=("first_badge",),
)

FAST = Detector(
    rule="pier.fast/1",
    title="Fast",
    asks="A badge passed at speed.",
    counts_for="the speed",
    counts_against="a bicycle",
    innocent=("a bicycle",),
    parameters=(Parameter(name="speed_kn", default=9.5, unit="kn", source=OURS, high=100.0),),
    requires={"pass": ("badge", "at_ms", "speed_kn")},
    sql="""
    SELECT badge AS key_0, at_ms AS key_1, badge, at_ms AS started_ms, CAST(NULL AS BIGINT) AS ended_ms, speed_kn,
      lat_udeg, lon_udeg
    FROM pass WHERE speed_kn > $speed_kn
    """,
    clues=(Clue(says="passed at {speed_kn} kn", facts=("speed_kn",), weight=0.3), Clue(says="bicycles", weight=-0.1)),
    subjects=("badge",),
)


def longest_run(rows: pa.Table, parameters: Mapping[str, Fact]) -> pa.Table:
    """Find the longest run of passes less than an hour apart: a state that SQL cannot carry."""
    times = rows.column("at_ms").to_pylist()
    best = start = 0
    length = 1
    for index in range(1, len(times)):
        if times[index] - times[index - 1] >= HOUR_MS:
            start = index
        if index - start + 1 > length:
            best, length = start, index - start + 1
    shape = pa.schema([(name, pa.int64()) for name in ("badge", "started_ms", "ended_ms", "passes")])
    if length < int(parameters["passes"]):
        return shape.empty_table()
    answer = [rows.column("badge")[0].as_py(), times[best], times[best + length - 1], length]
    return pa.table([[value] for value in answer], schema=shape)


RUN = Derived(
    name="run",
    requires={"pass": ("badge", "at_ms")},
    parameters=(Parameter(name="passes", default=4, unit="passes", source=OURS, low=2),),
    kernel=Kernel(
        table="pass",
        by=("badge",),
        order=("at_ms",),
        run=longest_run,
        output=tuple(
            Column(name=name, type="BIGINT", holds=name) for name in ("badge", "started_ms", "ended_ms", "passes")
        ),
    ),
)

HURRY = Detector(
    rule="pier.hurry/1",
    title="Hurry",
    asks="A badge passed again and again.",
    counts_for="the number of passes",
    counts_against="a porter",
    innocent=("a porter",),
    requires={"run": ("badge", "passes")},
    sql="SELECT badge AS key_0, started_ms AS key_1, badge, started_ms, ended_ms, passes FROM run",
    clues=(Clue(says="{passes} passes", facts=("passes",), weight=0.2), Clue(says="porters do", weight=-0.1)),
    subjects=("badge",),
)

WATCHED = Detector(
    rule="pier.watched/1",
    title="Watched",
    asks="A badge on a list passed.",
    counts_for="the list",
    counts_against="an old list",
    innocent=("an old list",),
    requires={"pass": ("badge", "at_ms"), "watchlist": ("badge",)},
    sql="""
    SELECT p.badge AS key_0, MIN(p.at_ms) AS key_1, p.badge, MIN(p.at_ms) AS started_ms, MAX(p.at_ms) AS ended_ms
    FROM pass AS p JOIN watchlist AS w ON w.badge = p.badge GROUP BY p.badge
    """,
    clues=(Clue(says="on a list", weight=0.9), Clue(says="lists age", weight=-0.1)),
    subjects=("badge",),
)


def entity(column: str, value: Fact, row: Mapping[str, Fact]) -> Entity:  # noqa: ARG001 -- the desk's contract
    """Stand for the holder of a badge."""
    return Entity(id=f"badge-{value}", schema="Person", properties={"idNumber": (str(value),)})


class PassReader:
    """Lines `badge,at_ms,lat_udeg,lon_udeg`, however the bytes are cut."""

    def __init__(self, source: str, tally: Tally) -> None:
        self._source = source
        self._tally = tally
        self._rest = b""
        self._offset = 0

    def feed(self, data: bytes, /) -> Batches:
        """Return the rows that are complete with these bytes."""
        *lines, self._rest = (self._rest + data).split(b"\n")
        rows = []
        for line in lines:
            self._tally.read += 1
            start, self._offset = self._offset, self._offset + len(line) + 1
            try:
                badge, at_ms, lat, lon = map(int, line.split(b","))
            except ValueError:
                self._tally.reject("not four whole numbers")
                continue
            self._tally.accepted += 1
            rows.append((badge, at_ms, lat, lon, start, len(line)))
        if rows:
            names = ("badge", "at_ms", "lat_udeg", "lon_udeg", "offset", "length")
            columns = {
                name: pa.array(values, pa.int64())
                for name, values in zip(names, zip(*rows, strict=True), strict=True)
            }
            yield "pass", pa.RecordBatch.from_pydict({**columns, "source": pa.array([self._source] * len(rows))})

    def close(self) -> Batches:
        """Leave what is no whole line."""
        yield from ()


def starts_like_a_pass(path: Path) -> bool:
    """Say whether the first line is four whole numbers."""
    with path.open("rb") as file:
        return bool(re.match(rb"-?\d+,-?\d+,-?\d+,-?\d+\n", file.readline(200)))


def read_passes(path: Path, tally: Tally) -> Batches:
    """Read a file of passes."""
    if not starts_like_a_pass(path):
        raise UnreadableError(file=path, why="no passes in it")
    data = path.read_bytes()
    yield from PassReader(hashlib.sha256(data).hexdigest(), tally).feed(data)


SOURCE = Source(
    layout="pass/1",
    title="passes, one a line",
    tables=("pass",),
    recognises=starts_like_a_pass,
    read=read_passes,
    follow=PassReader,
    stamp=lambda line, at_ms, receiver: line if b"," in line else line + b",%d,0,0" % at_ms,  # noqa: ARG005 -- as declared
)

DESK = Desk(
    name="pier",
    watches="the gates of a pier that does not exist",
    lawful_basis="none: a test desk",
    tables=(PASS,),
    sources=(SOURCE,),
    detectors=(SILENCE, CROWD, FAST, HURRY, WATCHED),
    derived=(STEP, RUN),
    entity=entity,
)


def passes(count: int, *, seed: int = 1, badges: int = 40) -> pa.Table:
    """Return *count* passes of seeded badges over ten days, never two at one instant for one badge."""
    dice = random.Random(seed)
    seen = sorted({(dice.randrange(badges), dice.randrange(10 * 24 * HOUR_MS // 1000) * 1000) for _ in range(count)})
    return pa.table(
        {
            "badge": pa.array([badge for badge, _ in seen], pa.int64()),
            "at_ms": pa.array([at for _, at in seen], pa.int64()),
            "lat_udeg": pa.array([dice.randrange(-(10**6), 10**6) for _ in seen], pa.int64()),
            "lon_udeg": pa.array([dice.randrange(-(10**6), 10**6) for _ in seen], pa.int64()),
            "speed_kn": pa.array([dice.random() * 10 for _ in seen], pa.float64()),
        }
    )


def passes_in_file(folder: Path, count: int, *, seed: int = 1) -> tuple[pa.Table, Path, str]:
    """Return passes that were read from a file: with hash, offset and length of each line."""
    rows = passes(count, seed=seed, badges=5)
    lines = [f"{row['badge']},{row['at_ms']}\n".encode() for row in rows.to_pylist()]
    file = folder / "passes.csv"
    file.write_bytes(b"".join(lines))
    digest = hashlib.sha256(file.read_bytes()).hexdigest()
    lengths = pa.array([len(line) for line in lines], pa.int64())
    offsets = pc.subtract(pc.cumulative_sum(lengths), lengths)
    table = rows.append_column("source", pa.array([digest] * len(lines)))
    return table.append_column("offset", offsets).append_column("length", lengths), file, digest


def shuffled(rows: pa.Table, seed: int) -> pa.Table:
    """Return the same rows in another order."""
    order = list(range(rows.num_rows))
    random.Random(seed).shuffle(order)
    return rows.take(order)


__all__ = ["DESK", "passes", "passes_in_file", "shuffled"]
