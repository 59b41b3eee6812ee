"""What was said of each event, and what a new run of the detectors makes of it.

What they say now is compared by id with what was said before:

    new        nobody was told of it yet
    revised    the same event, with other facts, because late or further data arrived
    closed     it has ended
    retracted  the data that arrived since took away its ground

Ids are deterministic, and a revision counts up by one. An open signal that only grew
longer is said again once an hour, not with every batch.

Where the rows a signal stands on have left the window, it is settled: neither revised nor
retracted any more; its end is still noted when the same rule goes on saying the same of
the same subjects.

Where rows were thinned (see `window`), the same event may be told with other figures, begin
a little later and so bear another id, or not be seen at all. A run over the thinned rows,
with no new one among them, shows what thinning alone changed (`settle`). From then on only
what differs from that run is news: late data revises and retracts as before.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from ayni.engine.detect import Detected
from ayni.engine.evidence import EPOCH
from ayni.model.signal import Signal, SignalState

Who = tuple[str, tuple[str, ...]]
"""A rule and the subjects it speaks of."""


class ChangeKind(StrEnum):
    """What became of a signal."""

    NEW = "new"
    REVISED = "revised"
    CLOSED = "closed"
    RETRACTED = "retracted"


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One signal to hand on, and what happened to it."""

    kind: ChangeKind
    signal: Signal


class Standing:
    """The last word on every signal, and the changes that a new run brings."""

    def __init__(self, signals: Iterable[Signal], *, refresh: timedelta) -> None:
        self.signals: dict[str, Signal] = {}
        self._refresh = refresh
        self._by: dict[Who, dict[str, None]] = {}
        self._thinned: dict[str, Signal] = {}
        self._faded: set[str] = set()
        self._echoes: dict[str, Signal] = {}
        self._slack = timedelta()
        self.note(signals)

    def note(self, signals: Iterable[Signal]) -> None:
        """Remember what was said."""
        for signal in signals:
            self.signals[signal.id] = signal
            self._by.setdefault(_who(signal), {})[signal.id] = None

    def forget(self, before: datetime) -> None:
        """Let go of what was over by then."""
        for signal in [one for one in self.signals.values() if (one.ended_at or one.started_at) < before]:
            del self.signals[signal.id]
            del self._by[_who(signal)][signal.id]

    def settle(self, found: Detected, *, slack: timedelta) -> None:
        """Note what a run over thinned rows says otherwise, none of which is news.

        Args:
            found: what the run gave.
            slack: how far thinning may have moved the beginning of an event.
        """
        now = {signal.id: signal for signal in found.signals}
        self._slack = slack
        self._thinned = {known: now[known] for known in self.signals.keys() & now.keys()}
        self._echoes = {one: now[one] for one in now.keys() - self.signals.keys()}
        self._faded = {one.id for one in self.signals.values() if one.id not in now and one.rule in found.rules_run}

    def compare(self, found: Detected, *, kept_from: Mapping[str, datetime], dense_from: datetime) -> list[Change]:
        """Return what is to be handed on after a run, without noting it.

        Args:
            found: what the run gave.
            kept_from: entity → before this, rows about it are gone; absent while none are.
            dense_from: before this, rows were thinned.
        """
        now = {signal.id: signal for signal in found.signals}
        self._faded -= now.keys()
        changes = [
            self._continued(self._begun(signal), signal)
            if _lost(signal, kept_from)
            else self._judged(signal, dense_from)
            for signal in now.values()
        ]
        for known in self.signals.values():
            gone = known.id not in now and known.rule in found.rules_run and known.id not in self._faded
            if gone and known.state is not SignalState.RETRACTED and not _lost(known, kept_from):
                withdrawn = replace(known, state=SignalState.RETRACTED, revision=known.revision + 1)
                changes.append(Change(kind=ChangeKind.RETRACTED, signal=withdrawn))
        return [change for change in changes if change is not None]

    def _judged(self, signal: Signal, dense_from: datetime) -> Change | None:
        known = self.signals.get(signal.id)
        if known is not None:
            return self._changed(known, signal)
        first = self._moved(signal)
        if first is not None:
            return self._continued(first, signal)
        return None if self._is_echo(signal, dense_from) else Change(kind=ChangeKind.NEW, signal=signal)

    def _is_echo(self, signal: Signal, dense_from: datetime) -> bool:
        """Return whether thinning made this, and nothing that arrived since."""
        echo = self._echoes.get(signal.id)
        if echo is None:
            return False
        return _same(echo, signal) or (signal.ended_at is not None and signal.ended_at < dense_from)

    def _changed(self, known: Signal, signal: Signal) -> Change | None:
        if _same(known, signal) or _same(self._thinned.get(signal.id), signal):
            return None
        if known.state is signal.state is SignalState.OPEN and _shape(known) == _shape(signal):
            return self._again(known, signal)
        closed = signal.state is SignalState.CLOSED and known.state is SignalState.OPEN
        kind = ChangeKind.CLOSED if closed else ChangeKind.REVISED
        return Change(kind=kind, signal=replace(signal, revision=known.revision + 1))

    def _again(self, known: Signal, signal: Signal) -> Change | None:
        """Say an open signal again when it is time to."""
        if signal.made_at - known.made_at < self._refresh:
            return None
        return Change(kind=ChangeKind.REVISED, signal=replace(signal, revision=known.revision + 1))

    def _continued(self, known: Signal | None, signal: Signal) -> Change | None:
        """Return the end of an event, told under the id it was first told under."""
        if known is None or signal.ended_at is None:
            return None
        grown = replace(
            known,
            state=SignalState.CLOSED,
            ended_at=signal.ended_at,
            made_at=signal.made_at,
            revision=known.revision + 1,
        )
        if known.ended_at is None:
            return Change(kind=ChangeKind.CLOSED, signal=grown)
        longer = signal.ended_at - known.ended_at >= self._refresh
        return Change(kind=ChangeKind.REVISED, signal=grown) if longer else None

    def _begun(self, signal: Signal) -> Signal | None:
        """Return what was said of an event whose beginning has left the window."""
        return next((known for known in self._alike(signal) if _goes_on(known, signal)), None)

    def _moved(self, signal: Signal) -> Signal | None:
        """Return what was said of the same event under the id it had before its rows were thinned."""
        faded = [known for known in self._alike(signal) if known.id in self._faded] if self._faded else []
        return next((known for known in faded if _overlap(known, signal, self._slack)), None)

    def _alike(self, signal: Signal) -> list[Signal]:
        ids = self._by.get(_who(signal), {})
        return [one for one in map(self.signals.__getitem__, ids) if one.state is not SignalState.RETRACTED]


def _who(signal: Signal) -> Who:
    return signal.rule, tuple(subject.id for subject in signal.subjects)


def _lost(signal: Signal, kept_from: Mapping[str, datetime]) -> bool:
    return any(signal.started_at < kept_from.get(subject.id, EPOCH) for subject in signal.subjects)


def _same(said: Signal | None, signal: Signal) -> bool:
    return said is not None and replace(said, made_at=signal.made_at, revision=signal.revision) == signal


def _shape(signal: Signal) -> tuple[object, ...]:
    """Return what makes an open signal another one for its reader: not the length, but what is said of it."""
    said = tuple((reason.says, reason.weight) for reason in signal.reasons)
    return said, tuple(subject.id for subject in signal.subjects), signal.started_at


def _goes_on(known: Signal, signal: Signal) -> bool:
    return known.started_at <= signal.started_at <= (known.ended_at or signal.started_at)


def _overlap(known: Signal, signal: Signal, slack: timedelta) -> bool:
    begins_within = signal.started_at <= (known.ended_at or signal.started_at) + slack
    return begins_within and known.started_at <= (signal.ended_at or known.started_at) + slack
