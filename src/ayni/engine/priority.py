"""What to look at first: signals of one subject added up, with every weight in sight.

This orders a list and nothing else. It is no probability and no verdict, and no act
against anybody follows from it. The arithmetic is meant to be done by hand:

* each standing signal is worth the sum of the weights of its reasons, those against included;
* of several signals of one rule the strongest counts in full, and each further one that
  counts for anything adds a twentieth, four at most: ten gaps are not ten times one gap;
* an exonerating signal (its sum is below zero) counts in full, each of them;
* subjects for whom the first question is whether they need help come first, whatever the sum.

A retracted signal counts nothing. Nothing about flag, nationality or crew enters.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from ayni.model.entity import Entity
from ayni.model.signal import Reason, Signal, SignalState

REPEAT = 0.05
"""What a further signal of the same rule adds. Ours: enough to order equals, too little to outweigh another rule."""
MOST_REPEATS = 4
DECIMALS = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """What one signal adds to its subject's place in the list, and why."""

    signal: str
    rule: str
    weight: float
    """What it adds; below zero when it exonerates."""
    repeated: bool
    """True when a stronger signal of the same rule counts in full."""
    reasons: tuple[Reason, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ranked:
    """One subject, where it stands, and every part that put it there."""

    subject: Entity
    priority: float
    """Sum of the parts' weights."""
    distress: bool
    parts: tuple[Part, ...]


def rank(signals: Iterable[Signal], *, distress_rules: Collection[str] = ()) -> tuple[Ranked, ...]:
    """Return subjects in the order in which to look at them.

    A signal about two vessels counts for each. The order of *signals* does not matter.
    """
    about: dict[str, list[Signal]] = defaultdict(list)
    subjects: dict[str, Entity] = {}
    for signal in sorted(signals, key=lambda one: (one.started_at, one.id)):
        if signal.state is SignalState.RETRACTED:
            continue
        for subject in signal.subjects:
            subjects[subject.id] = subject
            about[subject.id].append(signal)
    ranked = [_ranked(subjects[name], several, distress_rules) for name, several in about.items()]
    return tuple(sorted(ranked, key=lambda one: (not one.distress, -one.priority, one.subject.id)))


def worth(signal: Signal) -> float:
    """Return the sum of the weights of a signal's reasons, for and against; unlike `score` it may be below zero."""
    return round(sum(reason.weight for reason in signal.reasons), DECIMALS)


def _ranked(subject: Entity, signals: Iterable[Signal], distress_rules: Collection[str]) -> Ranked:
    by_rule: dict[str, list[Signal]] = defaultdict(list)
    for signal in signals:
        by_rule[signal.rule].append(signal)
    parts = tuple(part for rule in sorted(by_rule) for part in _parts(by_rule[rule]))
    return Ranked(
        subject=subject,
        priority=round(sum(part.weight for part in parts), DECIMALS),
        distress=any(rule in distress_rules for rule in by_rule),
        parts=parts,
    )


def _parts(signals: list[Signal]) -> Iterable[Part]:
    ordered = sorted(signals, key=lambda one: (-worth(one), one.id))
    for place, signal in enumerate(ordered):
        own = worth(signal)
        repeated = place > 0 and own > 0
        repeat = min(REPEAT, own) if place <= MOST_REPEATS else 0.0
        yield Part(
            signal=signal.id,
            rule=signal.rule,
            weight=repeat if repeated else own,
            repeated=repeated,
            reasons=signal.reasons,
        )
