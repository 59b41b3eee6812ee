"""Put known events into traffic, generated or real, and count what the detectors make of it.

    python benchmarks/injection.py [--day] [--events 100] [--seeds 5] [--json FILE] [--quick]

Ships sail the open Pacific for fifteen days; for each kind a hundred events are put in,
part of them close to the limit of their rule. With `--day` the events go into copies of a
real day, a few into each copy (see `_day.py`). Parameters are the published defaults.

A **hit** is a signal of the same rule about the same vessels, where the time in common is
at least half of the event and half of the signal. A **false alarm** is a signal that the
same traffic without events does not give, and that belongs to no event. A signal of
another rule about the vessels and the time of an event (a ship that drifts while it meets
another) is neither. Precision is hits among hits and false alarms of a rule, recall hits
among its events; the worst seed counts. Exits with 1 when a promise is not kept.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import _day
import numpy as np
from _events import KINDS
from _ocean import FIRST_MMSI, Sea, Track, Truth, come_in, identities, positions, sail

from ayni.desks.maritime import DESK
from ayni.engine.detect import Request, detect
from ayni.engine.duckdb import DuckDBEngine
from ayni.model.signal import Signal

DAYS = 15
PROMISED: Mapping[str, float] = {
    "gap": 0.95,
    "encounter": 0.95,
    "loitering": 0.95,
    "impossible_speed": 0.95,
    "shared_mmsi": 0.95,
    "gnss_circle": 0.85,
    "deviation": 0.85,
}
"""Least precision and least recall of each rule; the others are shown without a promise."""
WITH_ANOTHER = frozenset({"encounter", "shared_mmsi"})
HALF = 0.5
LONGEST_DEVIATION_H = 28.0
MADE_AT = datetime(2026, 11, 22, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Score:
    """What became of one kind of event under one seed."""

    events: int = 0
    found: int = 0
    hits: int = 0
    false_ids: frozenset[str] = frozenset()
    """The signal ids of the false alarms: one that several copies of a day raise is one."""

    def __add__(self, other: Score) -> Score:
        return Score(
            self.events + other.events,
            self.found + other.found,
            self.hits + other.hits,
            self.false_ids | other.false_ids,
        )

    @property
    def recall(self) -> float:
        """Share of the events that were found."""
        return self.found / self.events if self.events else 1.0

    @property
    def precision(self) -> float:
        """Share of the signals that were right."""
        told = self.hits + len(self.false_ids)
        return self.hits / told if told else 1.0


def traffic(seed: int, events: int) -> tuple[Sea, Sea]:
    """Return the same traffic without and with events."""
    dice = np.random.default_rng(seed)
    plain, changed = Sea({}), Sea({})
    mmsi = FIRST_MMSI
    for kind, make in KINDS.items():
        for _ in range(events):
            track = (come_in if kind == "dark_approach" else sail)(dice, mmsi, DAYS * 24)
            other = sail(dice, mmsi + 1, DAYS * 24) if kind in WITH_ANOTHER else None
            hour = _hour(dice, track, kind)
            made, truths = make(dice, track, other if other is not None else track, hour)
            _keep(plain, [track, *([other] if kind == "encounter" and other is not None else [])])
            _keep(changed, made if other is not None else [one for one in made if one is not track])
            changed.truths += truths
            mmsi += 2
    for _ in range(events):  # ships to which nothing happens
        alone = sail(dice, mmsi, DAYS * 24)
        _keep(plain, [alone])
        _keep(changed, [alone])
        mmsi += 2
    return plain, changed


def _hour(dice: np.random.Generator, track: Track, kind: str) -> float:
    """Return when an event begins; a deviation leaves one line and comes back to it, so none begins before a turn."""
    while True:
        hour = float(dice.uniform(72, DAYS * 24 - 144))
        if kind != "deviation" or not any(hour - 4 < turn < hour + LONGEST_DEVIATION_H for turn in track.turns):
            return hour


def _keep(sea: Sea, tracks: Sequence[Track]) -> None:
    for track in tracks:
        if track.hours.size:
            sea.tracks.setdefault(track.mmsi, []).append(track)


def signals(sea: Sea) -> tuple[Signal, ...]:
    """Return what every rule that has a kind of event says about the traffic."""
    tables = {"position": positions(sea), "identity": identities(sea)}
    rules = tuple(f"maritime.{kind}/1" for kind in KINDS)
    return detect(DESK, tables, engine=DuckDBEngine(), request=Request(made_at=MADE_AT, rules=rules)).signals


def on_the_ocean(seeds: int, events: int) -> Iterator[dict[str, Score]]:
    """Yield the score of each seed in generated traffic."""
    for seed in range(1, seeds + 1):
        plain, changed = traffic(seed, events)
        yield score(signals(changed), signals(plain), changed.truths)


def in_the_day(seeds: int, events: int) -> Iterator[dict[str, Score]]:
    """Yield the score of each seed in the real day, over all its copies."""
    tracks = _day.read_day()
    before = signals(Sea({mmsi: [track] for mmsi, track in tracks.items()}))
    day = _day.fit(tracks, {vessel for signal in before for vessel in vessels(signal)})
    for seed in range(1, seeds + 1):
        sums = dict.fromkeys(KINDS, Score())
        for sea in _day.copies(day, seed, events):
            for rule, one in score(signals(sea), before, sea.truths).items():
                sums[rule] += one
        yield sums


def score(found: Sequence[Signal], before: Sequence[Signal], truths: Sequence[Truth]) -> dict[str, Score]:
    """Return hits, misses and false alarms by rule."""
    known = {signal.id for signal in before}
    by_vessel: dict[int, list[Truth]] = {}
    for truth in truths:
        for vessel in truth.vessels:
            by_vessel.setdefault(vessel, []).append(truth)
    hits: Counter[str] = Counter()
    false: dict[str, set[str]] = {}
    seen: set[Truth] = set()
    for signal in found:
        rule = signal.rule.split(".")[1].split("/")[0]
        near = {
            truth for vessel in vessels(signal) for truth in by_vessel.get(vessel, []) if common(signal, truth) > 0
        }
        right = {truth for truth in near if truth.rule == rule and is_hit(signal, truth)}
        seen |= right
        if right:
            hits[rule] += 1
        elif signal.id not in known and not any(truth.rule != rule for truth in near):
            false.setdefault(rule, set()).add(signal.id)
    events = Counter(truth.rule for truth in truths)
    found_of = Counter(truth.rule for truth in seen)
    return {rule: Score(events[rule], found_of[rule], hits[rule], frozenset(false.get(rule, ()))) for rule in KINDS}


def vessels(signal: Signal) -> tuple[int, ...]:
    """Return the MMSIs of a signal."""
    return tuple(int(entity.first("mmsi")) for entity in signal.subjects)


def span(signal: Signal) -> tuple[int, int]:
    """Return when the signal begins and ends, milliseconds; one that lasts ends when it was made."""
    end = signal.ended_at or signal.made_at
    return round(signal.started_at.timestamp() * 1000), round(end.timestamp() * 1000)


def common(signal: Signal, truth: Truth) -> int:
    """Return the milliseconds that signal and event have in common; an instant counts as one."""
    start, stop = span(signal)
    return min(stop, truth.to_ms) - max(start, truth.from_ms) + 1


def is_hit(signal: Signal, truth: Truth) -> bool:
    """Say whether a signal tells of an event: its vessels, and half of both times in common."""
    start, stop = span(signal)
    shared = common(signal, truth)
    return (
        set(vessels(signal)) == set(truth.vessels)
        and shared >= HALF * (truth.to_ms - truth.from_ms)
        and shared >= HALF * (stop - start)
    )


def main() -> int:
    """Measure, print the table, and say by the exit code whether the promises are kept."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("--day", action="store_true", help="put the events into a real day.")
    parser.add_argument("--events", type=int, default=100)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--quick", action="store_true", help="12 events of each kind and one seed.")
    given = parser.parse_args()
    events, seeds = (12, 1) if given.quick else (given.events, given.seeds)
    scores: dict[str, list[Score]] = {kind: [] for kind in KINDS}
    began = time.perf_counter()
    for seed, of_seed in enumerate((in_the_day if given.day else on_the_ocean)(seeds, events), start=1):
        for rule, one in of_seed.items():
            scores[rule].append(one)
        print(f"seed {seed}: {time.perf_counter() - began:.0f} s", file=sys.stderr)
    figures = {}
    kept = True
    print(f"{'rule':18} {'events':>6} {'precision':>9} {'recall':>7} {'promise':>7}   worst of {seeds} seeds")
    for rule, ones in scores.items():
        put_in = min(one.events for one in ones)
        if not put_in:
            print(f"{rule:18} {0:6}   no room for such an event")
            continue
        precision, recall = min(one.precision for one in ones), min(one.recall for one in ones)
        promise = PROMISED.get(rule)
        good = promise is None or min(precision, recall) >= promise
        kept = kept and good
        figures[rule] = {"events": put_in, "precision": precision, "recall": recall, "promise": promise}
        wanted = "" if promise is None else f"{promise:.2f}"
        print(f"{rule:18} {put_in:6} {precision:9.3f} {recall:7.3f} {wanted:>7}   {'' if good else 'NOT KEPT'}")
    if given.json is not None:
        given.json.write_text(json.dumps({"seeds": seeds, "rules": figures}, indent=2) + "\n", encoding="utf-8")
    return 0 if kept else 1


if __name__ == "__main__":
    sys.exit(main())
