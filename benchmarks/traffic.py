"""Tracks and every rule of the maritime desk over weeks of traffic, on two cores and in bounded memory.

    python benchmarks/traffic.py [--ships 4000] [--days 10] [--growth] [--memory 6GB] [--steps] [--json FILE]

Ships of an unallocated country code sail between places of the Pacific coast of the Americas and its ocean, lie at
anchor, drift, fall silent, meet and leap, one report every 5.76 minutes: 250 a day. Each day is one Parquet file in
the order of time, as a receiver would write it, read anew by every run.

Promises for 10 million positions (4,000 ships, 10 days) on two idle cores: tracks in less than 12 s, every rule over
them in less than 20 s, in 6 GB. `--growth` measures a tenth beside it: ten times the positions may take at most 12
times the work. CPU seconds are shown beside wall seconds, because they say on a busy machine what it would have been.
50 million on a disk: `--ships 20000 --memory 6GB`.

Named peer, in the same run on a sample: movingpandas (trajectories, split at gaps, speeds), which does the least part
of it. Installed by `make bench`; without it the column says so.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import resource
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.util import find_spec
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from _traffic import REPORTS_A_DAY, identities, write_days

from ayni.desks.maritime import DESK
from ayni.engine.detect import Request, detect
from ayni.engine.duckdb import DuckDBEngine
from ayni.engine.session import Engine, Session, Tables, TableSource
from ayni.model.desk import Kernel
from ayni.model.signal import Fact

TRACKS = ("step", "contested", "ships_apart", "track", "segment")
"""The tables that are the tracks; everything after them is the work of the rules."""
TRACKS_S, RULES_S, MEMORY_GB, GROWTH = 12.0, 20.0, 6.0, 12.0
SAMPLE = 50_000
"""Positions given to the peer."""
Figures = dict[str, float]


@dataclass(slots=True)
class Clock:
    """Wall and CPU seconds by what they were spent on."""

    wall: dict[str, float] = field(default_factory=lambda: defaultdict(float))
    cpu: dict[str, float] = field(default_factory=lambda: defaultdict(float))

    @contextmanager
    def on(self, name: str) -> Iterator[None]:
        """Count what happens inside for *name*."""
        wall, cpu = time.perf_counter(), time.process_time()
        try:
            yield
        finally:
            self.wall[name] += time.perf_counter() - wall
            self.cpu[name] += time.process_time() - cpu


@dataclass(frozen=True, slots=True)
class Watched:
    """An engine whose every table and question is timed."""

    inner: Engine
    clock: Clock

    @property
    def name(self) -> str:
        """The engine that does the work."""
        return self.inner.name

    @contextmanager
    def session(self, tables: Tables) -> Iterator[Session]:
        """Open the inner session, timed."""
        with self.inner.session(tables) as session:
            yield WatchedSession(session, self.clock)

    def run(self, sql: str, params: Mapping[str, Fact], tables: Tables) -> pa.Table:
        """Answer one question over tables and forget them."""
        with self.session(tables) as session:
            return session.query(sql, params)


@dataclass(frozen=True, slots=True)
class WatchedSession:
    """A session that counts its seconds by the table or by the words a question begins with."""

    inner: Session
    clock: Clock

    def register(self, name: str, source: TableSource) -> None:
        """As the inner session."""
        self.inner.register(name, source)

    def columns(self, name: str) -> tuple[str, ...]:
        """As the inner session."""
        return self.inner.columns(name)

    def view(self, name: str, sql: str) -> None:
        """As the inner session."""
        self.inner.view(name, sql)

    def define(self, name: str, sql: str, params: Mapping[str, Fact]) -> None:
        """As the inner session, timed under the table's name."""
        with self.clock.on(name):
            self.inner.define(name, sql, params)

    def query(self, sql: str, params: Mapping[str, Fact]) -> pa.Table:
        """As the inner session, timed under the rule that asks."""
        asks = next((one for one in DESK.detectors if sql in {one.sql, one.evidence}), None)
        part = "a look" if asks is None else asks.rule + (" evidence" if sql == asks.evidence else "")
        with self.clock.on(part):
            return self.inner.query(sql, params)

    def apply(self, name: str, kernel: Kernel, params: Mapping[str, Fact]) -> None:
        """As the inner session, timed under the table that the kernel reads."""
        with self.clock.on(name if name != "signal" else f"{kernel.table} kernel"):
            self.inner.apply(name, kernel, params)


def measured(folder: Path, memory: str, told: multiprocessing.Queue[tuple[Figures, Clock, Counter[str]]]) -> None:
    """Run the desk over the files of a folder, in a process of its own, and tell what it took."""
    clock = Clock()
    engine = Watched(DuckDBEngine(memory_limit=memory, temp_directory=folder / "spill", threads=2), clock)
    tables: Tables = {
        "position": sorted(folder.glob("position-*.parquet")),
        "identity": [folder / "identity.parquet"],
    }
    wall, cpu = time.perf_counter(), time.process_time()
    found = detect(DESK, tables, engine=engine, request=Request(made_at=datetime(2026, 11, 26, tzinfo=UTC)))
    all_wall, all_cpu = time.perf_counter() - wall, time.process_time() - cpu
    tracks_wall, tracks_cpu = (sum(spent.get(name, 0.0) for name in TRACKS) for spent in (clock.wall, clock.cpu))
    figures = {
        "tracks_s": tracks_wall,
        "tracks_cpu_s": tracks_cpu,
        "rules_s": all_wall - tracks_wall,
        "rules_cpu_s": all_cpu - tracks_cpu,
        "peak_gb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024**2,
        "signals": float(len(found.signals)),
    }
    told.put((figures, Clock(dict(clock.wall), dict(clock.cpu)), Counter(signal.rule for signal in found.signals)))


def run(ships: int, days: int, memory: str, *, steps: bool) -> Figures:
    """Generate the traffic of some ships, measure in a fresh process, and print what it took."""
    with tempfile.TemporaryDirectory(prefix="ayni-traffic-") as scratch:
        folder = Path(scratch)
        positions = write_days(folder, ships, days)
        pq.write_table(identities(ships, days), folder / "identity.parquet")
        context = multiprocessing.get_context("spawn")
        told: multiprocessing.Queue[tuple[Figures, Clock, Counter[str]]] = context.Queue()
        child = context.Process(target=measured, args=(folder, memory, told))
        child.start()
        figures, clock, rules = told.get()
        child.join()
    figures["positions"] = float(positions)
    print(
        f"{positions:12,} positions   tracks {figures['tracks_s']:6.1f} s ({figures['tracks_cpu_s']:.1f} CPU)   "
        f"rules {figures['rules_s']:6.1f} s ({figures['rules_cpu_s']:.1f} CPU)   {figures['peak_gb']:.1f} GB   "
        f"{figures['signals']:,.0f} signals"
    )
    if steps:
        for name, seconds in sorted(clock.cpu.items(), key=lambda one: -one[1]):
            print(f"    {name:44} {clock.wall[name]:7.2f} s {seconds:7.2f} CPU   {rules[name] or ''}")
    return figures


def peer() -> float | None:
    """Return microseconds of CPU a position that movingpandas takes; None when it is not installed."""
    if find_spec("movingpandas") is None:
        return None
    import movingpandas  # noqa: PLC0415 -- a peer, present only after `make bench`
    import pandas as pd  # noqa: PLC0415 -- likewise

    with tempfile.TemporaryDirectory(prefix="ayni-traffic-") as scratch:
        write_days(Path(scratch), SAMPLE // REPORTS_A_DAY // 10, 10)
        rows = pa.concat_tables(pq.read_table(path) for path in sorted(Path(scratch).glob("position-*.parquet")))
    frame = pd.DataFrame(
        {
            "mmsi": rows["mmsi"].to_numpy(),
            "t": pd.to_datetime(rows["ts"].to_numpy(), unit="ms"),
            "x": rows["lon_udeg"].to_numpy() / 1e6,
            "y": rows["lat_udeg"].to_numpy() / 1e6,
        }
    )
    before = time.process_time()
    tracks = movingpandas.TrajectoryCollection(frame, traj_id_col="mmsi", t="t", x="x", y="y", crs="EPSG:4326")
    split = movingpandas.ObservationGapSplitter(tracks).split(gap=pd.Timedelta(hours=8))
    split.add_speed(overwrite=True)
    spent = time.process_time() - before
    return spent / float(rows.num_rows) * 1e6


def main() -> int:
    """Measure, print, and say by the exit code whether the promises are kept."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("--ships", type=int, default=4_000)
    parser.add_argument("--days", type=int, default=10)
    parser.add_argument("--memory", default="4500MB", help="Given to DuckDB; the process takes more.")
    parser.add_argument("--growth", action="store_true", help="Measure a tenth of the ships beside it.")
    parser.add_argument("--steps", action="store_true", help="Show every table and rule.")
    parser.add_argument("--json", type=Path)
    given = parser.parse_args()
    small = run(given.ships // 10, given.days, given.memory, steps=False) if given.growth else None
    figures = run(given.ships, given.days, given.memory, steps=given.steps)
    spent = figures["tracks_cpu_s"] + figures["rules_cpu_s"]
    kept = figures["tracks_s"] < TRACKS_S and figures["rules_s"] < RULES_S and figures["peak_gb"] < MEMORY_GB
    if small is not None:
        figures["growth"] = spent / (small["tracks_cpu_s"] + small["rules_cpu_s"])
        kept = kept and figures["growth"] <= GROWTH
        print(f"ten times the ships: {figures['growth']:.1f} times the CPU seconds (at most {GROWTH:.0f})")
    mine, theirs = figures["tracks_cpu_s"] / figures["positions"] * 1e6, peer()
    if theirs is None:
        print("movingpandas is not installed: `make bench` installs it")
    else:
        figures["peer_us"] = theirs
        print(f"tracks: {mine:.2f} µs a position; movingpandas {theirs:.0f} µs, {theirs / mine:.0f} times as many")
    if given.json is not None:
        given.json.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")
    return 0 if kept else 1


if __name__ == "__main__":
    sys.exit(main())
