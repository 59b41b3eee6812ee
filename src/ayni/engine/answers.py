"""One row of a detector's answer becomes one signal: place, subjects, reasons for and against, evidence.

A sentence whose facts are unknown is not said: a clue with a null fact is left out.
Facts that are fractions are rounded to six decimals, because the last bits of a
floating sum depend on the order in which a parallel engine happened to add.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from ayni.engine.evidence import Row, instant, keys_of
from ayni.errors import DetectorError
from ayni.model.desk import Clue, Desk, Detector
from ayni.model.entity import Entity
from ayni.model.handling import Handling
from ayni.model.place import LineString, Place, Point
from ayni.model.signal import Evidence, Fact, Reason, Signal, SignalState, signal_id

MICRODEGREES = 1_000_000
FACT_DECIMALS = 6
"""A microsecond, a micrometre: beyond what any rule measures, short of what summing order disturbs."""
INSTANT = "_at_ms"
NO_RAW_DATA = "the raw observations behind this are not at hand"


@dataclass(frozen=True, slots=True, kw_only=True)
class Making:
    """What every signal of one detector in one run has in common."""

    desk: Desk
    detector: Detector
    parameters: Mapping[str, Fact]
    made_at: datetime
    handling: Handling = field(default_factory=Handling)


def signal_of(row: Row, evidence: Sequence[Evidence], making: Making) -> Signal:
    """Return the signal that *row* stands for.

    Raises:
        DetectorError: if the row lacks keys or a start, or says nothing about anybody.
    """
    rule = making.detector.rule
    keys = keys_of(row, rule)
    started = row.get("started_ms")
    if not isinstance(started, int):
        raise DetectorError(rule=rule, why="a row without started_ms")
    ended = row.get("ended_ms")
    reasons = tuple(reason for clue in making.detector.clues if not clue.quality for reason in _said(clue, row))
    quality = [reason for clue in making.detector.clues if clue.quality for reason in _said(clue, row)]
    if making.detector.evidence and not evidence:
        quality.append(Reason(says=NO_RAW_DATA, weight=0.0))
    return Signal(
        id=signal_id(rule, making.parameters, keys),
        state=SignalState.CLOSED if isinstance(ended, int) else SignalState.OPEN,
        desk=making.desk.name,
        rule=rule,
        parameters=dict(sorted(making.parameters.items())),
        made_at=making.made_at,
        started_at=instant(started),
        ended_at=instant(ended) if isinstance(ended, int) else None,
        place=_place(row),
        uncertainty_m=_rounded(row.get("uncertainty_m")) or 0.0,
        subjects=tuple(_subjects(row, making)),
        reasons=reasons,
        evidence=tuple(evidence),
        quality=tuple(quality),
        handling=making.handling,
    )


def _said(clue: Clue, row: Row) -> list[Reason]:
    if clue.holds and row.get(clue.holds) is not True:
        return []
    facts: dict[str, Fact] = {}
    for name in clue.facts:
        fact = _fact(name, row.get(name))
        if fact is None:
            return []
        facts[name.removesuffix("_ms") if name.endswith(INSTANT) else name] = fact
    if clue.quality:
        return [Reason(says=clue.says, facts=facts, weight=0.0)]
    weight = _rounded(row.get(clue.weight)) if isinstance(clue.weight, str) else clue.weight
    return [] if weight is None else [Reason(says=clue.says, facts=facts, weight=weight)]


def _fact(name: str, value: Fact | None) -> Fact | None:
    if name.endswith(INSTANT) and isinstance(value, int):
        return instant(value).isoformat().replace("+00:00", "Z")
    return _rounded(value) if isinstance(value, float) else value


def _rounded(value: Fact | None) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return None
    return round(float(value), FACT_DECIMALS) + 0.0  # adding zero turns -0.0 into 0.0


def _place(row: Row) -> Place | None:
    start = _position(row, "lat_udeg", "lon_udeg")
    end = _position(row, "end_lat_udeg", "end_lon_udeg")
    if start is None:
        return None
    if end is None or end == start:
        return Point(coordinates=start)
    return LineString(coordinates=(start, end))


def _position(row: Row, lat: str, lon: str) -> tuple[float, float] | None:
    lat_udeg, lon_udeg = row.get(lat), row.get(lon)
    if not (isinstance(lat_udeg, int) and isinstance(lon_udeg, int)):
        return None
    return lon_udeg / MICRODEGREES, lat_udeg / MICRODEGREES


def _subjects(row: Row, making: Making) -> Iterable[Entity]:
    known = {name: value for name, value in row.items() if value is not None}
    for column in making.detector.subjects:
        value = row.get(column)
        if value is not None:
            yield making.desk.entity(column, value, known)
