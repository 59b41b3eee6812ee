"""What a signal resembles in the past, and what became of it: the memory an officer decides with.

Similar is what the same rule found within 50 nautical miles, or what any rule found
about the same vessel, before this signal began. Both are answered from headers alone:
nothing is opened, and a place is known to the tenth of a degree that the header keeps.

A handful of decisions is no pattern, so `Past.few` says when there are too few to lean on.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from ayni.casework.consult import CONSULT
from ayni.casework.raising import SUBJECT_IDENTIFIERS, identifiers_of
from ayni.model.act import check_entitled
from ayni.model.officer import Officer
from ayni.model.record import Cell, Header
from ayni.model.signal import Signal
from ayni.model.store import Query, Work
from ayni.toolkit.geo import haversine_m
from ayni.toolkit.units import METRES_A_NAUTICAL_MILE

NEAR_NM: Final = 50.0
"""How far away the same rule still speaks of the same waters. Ayni's own choice: some four hours at 12 kn."""
FEW: Final = 5
"""Fewer similar signals than this are told as too few to say what usually comes of them."""
MOST: Final = 20
"""Similar signals shown, newest first."""
LOOKED_AT: Final = 400
"""Headers of each kind of likeness that are weighed at most, newest first."""
_HALF_TURN, _TURN = 1800, 3600
"""Tenths of a degree."""
_TENTHS_A_NM: Final = 10 / 60
_POLAR_DEG: Final = 88.0
"""Beyond this latitude a box of 50 nm is taken right round the pole."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Like:
    """One earlier signal, why it is like this one, and what came of it."""

    header: Header
    same_vessel: bool
    near: bool
    """The same rule within 50 nm."""
    outcomes: tuple[str, ...]
    """Kinds of the outcomes that name it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Past:
    """Earlier signals like one, newest first, and how often each decision was taken on them."""

    likes: tuple[Like, ...]
    states: Mapping[str, int]
    """State of triage to the number of similar signals in it, of all that were weighed."""

    @property
    def total(self) -> int:
        """How many similar signals were weighed."""
        return sum(self.states.values())

    @property
    def few(self) -> bool:
        """True when there are too few to say what usually comes of them."""
        return self.total < FEW


def similar(header: Header, signal: Signal, *, by: Officer, work: Work) -> Past:
    """Return the earlier signals like the one that is open, without opening any.

    Raises:
        NotEntitledError: if the officer may not read records.
    """
    check_entitled(CONSULT, by)
    vessel = {one.id: one for one in work.find(_of_vessel(signal)) if one.id != header.id}
    near = {
        one.id: one
        for one in work.find(_around(header.cell, signal))
        if one.id != header.id and apart_nm(header.cell, one.cell) <= NEAR_NM
    }
    found = sorted({**vessel, **near}.values(), key=lambda one: one.started_at or one.made_at, reverse=True)
    return Past(
        likes=tuple(
            Like(
                header=one,
                same_vessel=one.id in vessel,
                near=one.id in near,
                outcomes=tuple(made.state for made in work.find(Query(kind="outcome", made_from=one.id, limit=3))),
            )
            for one in found[:MOST]
        ),
        states=Counter(one.state for one in found),
    )


def apart_nm(one: Cell | None, other: Cell | None) -> float:
    """Return the distance between the middles of two cells, nautical miles; infinite where a place is missing."""
    if one is None or other is None:
        return math.inf
    (lat1, lon1), (lat2, lon2) = (((south + 0.5) / 10, (west + 0.5) / 10) for south, west in (one, other))
    return float(haversine_m(lat1, lon1, lat2, lon2)) / METRES_A_NAUTICAL_MILE


def box_around(cell: Cell) -> tuple[Cell, Cell]:
    """Return the south-western and north-eastern cells of a box that holds all within 50 nm of *cell*."""
    south, west = cell
    high = math.ceil(NEAR_NM * _TENTHS_A_NM) + 1
    widest = max(abs(south - high), abs(south + 1 + high)) / 10
    if widest >= _POLAR_DEG:
        return (south - high, -_HALF_TURN), (south + high, _HALF_TURN - 1)
    wide = math.ceil(high / math.cos(math.radians(widest)))
    return (south - high, _wrapped(west - wide)), (south + high, _wrapped(west + wide))


def _of_vessel(signal: Signal) -> Query:
    numbers = tuple(
        one for one in identifiers_of(signal) if one.partition(":")[0] in set(SUBJECT_IDENTIFIERS.values())
    )
    return Query(kind="signal", identified=numbers, until=signal.started_at, limit=LOOKED_AT)


def _around(cell: Cell | None, signal: Signal) -> Query:
    if cell is None:
        return Query(among=())
    south_west, north_east = box_around(cell)
    return Query(
        kind="signal",
        rule=signal.rule,
        until=signal.started_at,
        south_west=south_west,
        north_east=north_east,
        limit=LOOKED_AT,
    )


def _wrapped(west: int) -> int:
    return (west + _HALF_TURN) % _TURN - _HALF_TURN


def most_usual(past: Past) -> Sequence[tuple[str, int]]:
    """Return the states of similar signals and how many are in each, the most frequent first."""
    return sorted(past.states.items(), key=lambda pair: (-pair[1], pair[0]))
