"""Silence is counted only while we were listening.

A vessel that was not heard while our own receiver was down has not fallen silent: we
were deaf. For a rule about absence, the hours in which we received nothing at all are
taken off; what remains must still exceed the rule's limit, otherwise no signal is
raised. Where it does, the signal says how much of the time we did not listen. A
silence that has not ended yet is measured to the instant of the run.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import timedelta

from ayni.engine.evidence import EPOCH
from ayni.model.desk import Detector
from ayni.model.signal import Reason, Signal

MS = timedelta(milliseconds=1)
HOUR_MS = 3_600_000
DEAF = "we ourselves received nothing for {deaf_s:duration} of this time"

OwnGaps = Sequence[tuple[int, int]]
"""From and to, milliseconds UTC."""


def heard(signals: Iterable[Signal], detector: Detector, own_gaps: OwnGaps) -> list[Signal]:
    """Return the signals that stand when our own reception gaps are taken off; all of them for other rules."""
    if not detector.absence or not own_gaps:
        return list(signals)
    kept: list[Signal] = []
    for signal in signals:
        started = (signal.started_at - EPOCH) // MS
        ended = ((signal.ended_at or signal.made_at) - EPOCH) // MS
        deaf = deaf_ms(started, ended, own_gaps)
        if not deaf:
            kept.append(signal)
        elif ended - started - deaf > float(signal.parameters[detector.absence]) * HOUR_MS:
            because = Reason(says=DEAF, facts={"deaf_s": deaf / 1000}, weight=0.0)
            kept.append(replace(signal, quality=(*signal.quality, because)))
    return kept


def deaf_ms(started: int, ended: int, own_gaps: OwnGaps) -> int:
    """Return for how many milliseconds of a span we received nothing; overlapping gaps count once."""
    deaf, reached = 0, started
    for since, until in sorted(own_gaps):
        begin, end = max(since, reached), min(until, ended)
        if end > begin:
            deaf += end - begin
            reached = end
    return deaf
