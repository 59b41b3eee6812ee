"""An area that an officer drew on the sea, the land or the air, and asked to have watched.

Who drew it, why, and until when travel with it: an area is watched under a purpose
and a legal basis, for a time that ends by itself. What a vessel does inside it is a
reason to look, never an offence: navigation is free.

A change of shape or of limits does not rewrite what was watched before. The former
outline is kept with the instant at which it ceased, so that what was said under it stands.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from ayni.model.checks import aware, finite, require
from ayni.model.place import Polygon, Position

MOST_CORNERS: Final = 100
"""Ours: every position is compared with every edge; a coast needs no more than this to be followed."""
LEAST_CORNERS: Final = 3
MOST_SPAN_DEG: Final = 40.0
"""Ours: watching an ocean is no longer watching an area, and no court would call it proportionate."""
LEAST_SPAN_DEG: Final = 0.001
"""Ours: about 100 m, what a satellite position is known to."""
MOST_LATITUDE_DEG: Final = 85.0
"""Ours: nearer to a pole, straight edges in longitude and latitude mislead whoever draws them."""
MOST_KN: Final = 102.2
"""The fastest speed that AIS can say. Source: ITU-R M.1371-5, table 48."""
MOST_MIN: Final = 10_000
"""A week, in minutes: the longest stay that can be asked for. Ours."""
MOST_WORDS: Final = 2000
MOST_NAME: Final = 120
FORMER: Final = 8
"""Outlines kept besides the one in force: ours; rules look back two days at most."""
UDEG: Final = 1_000_000
TURN_UDEG: Final = 360 * UDEG
ID_BYTES: Final = 7


NOT_CLOSED: Final = "the ring is not closed: end where it began"
TWICE: Final = "a corner stands twice"
CORNERS: Final = f"an area has {LEAST_CORNERS} to {MOST_CORNERS} corners"
TOO_WIDE: Final = f"it spans more than {MOST_SPAN_DEG:g}°: draw what has to be watched, no more"
TOO_NARROW: Final = f"it is narrower than {LEAST_SPAN_DEG:g}°"
TOO_NEAR: Final = "it reaches too near to a pole"
CROSSES: Final = "its edges cross or touch one another"


class AreaState(StrEnum):
    """Whether an area is watched; also the record's clear `state`."""

    LIVE = "live"
    ENDED = "ended"
    """An officer ended it."""
    EXPIRED = "expired"
    """Its time ran out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryWatch:
    """Ask which vessels come in."""

    least_min: int = 0
    """Only stays of at least so many minutes."""

    def __post_init__(self) -> None:
        finite(self.least_min, "least_min", 0, MOST_MIN)


@dataclass(frozen=True, slots=True, kw_only=True)
class SpeedWatch:
    """Ask which vessels keep a speed within a range while inside."""

    low_kn: float
    high_kn: float
    least_min: int = 10
    """Only when it lasts at least so many minutes."""

    def __post_init__(self) -> None:
        finite(self.low_kn, "low_kn", 0.0, MOST_KN)
        finite(self.high_kn, "high_kn", 0.0, MOST_KN)
        require(self.low_kn < self.high_kn, "high_kn", "the higher speed is above the lower one")
        finite(self.least_min, "least_min", 1, MOST_MIN)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outline:
    """A shape and what is asked inside it, from one instant and perhaps to another.

    Raises:
        InvalidValueError: for a ring that is open, crosses itself, has a hole, is too small or too large,
            or when nothing is asked.
    """

    shape: Polygon
    entry: EntryWatch | None = None
    speed: SpeedWatch | None = None
    from_at: datetime | None = None
    """From when it counts; None for the first one, which also tells who has been there in the last day."""
    until_at: datetime | None = None
    """When it ceased; None while it is in force."""

    def __post_init__(self) -> None:
        require(self.entry is not None or self.speed is not None, "entry", "an area asks for entries, speeds or both")
        require(len(self.shape.coordinates) == 1, "shape", "an area to be watched has one ring and no holes")
        check_ring(self.shape.coordinates[0])
        for name in ("from_at", "until_at"):
            if getattr(self, name) is not None:
                aware(getattr(self, name), name)


@dataclass(frozen=True, slots=True, kw_only=True)
class Area:
    """Body of a record of kind `area`; its purpose and legal basis stand in the header.

    Raises:
        InvalidValueError: without a name, an instruction or an owner, or with an expiry that names no zone.
    """

    name: str
    instruction: str
    """What the watch does when a vessel comes in."""
    owner: str
    """Id of the officer who answers for it and is told of what it finds."""
    until: datetime
    """When it expires by itself."""
    outline: Outline
    former: tuple[Outline, ...] = ()
    """Outlines that were in force before, newest first."""
    words: str = ""
    """Why it was ended, or what was changed."""

    def __post_init__(self) -> None:
        require(0 < len(self.name.strip()) <= MOST_NAME, "name", f"a name has 1 to {MOST_NAME} letters")
        said = len(self.instruction.strip())
        require(0 < said <= MOST_WORDS, "instruction", f"an instruction has 1 to {MOST_WORDS} letters")
        require(bool(self.owner.strip()), "owner", "an area has an officer who answers for it")
        aware(self.until, "until")
        require(len(self.former) <= FORMER, "former", f"at most {FORMER} former outlines are kept")

    @property
    def outlines(self) -> tuple[Outline, ...]:
        """The outline in force and the former ones."""
        return (self.outline, *self.former)


def outline_number(record: str, outline: Outline) -> int:
    """Return the whole number under which rules know one outline of an area: always the same, 56 bits."""
    since = outline.from_at.isoformat() if outline.from_at else ""
    ring = ";".join(f"{lon},{lat}" for lon, lat in corners_udeg(outline.shape.coordinates[0]))
    digest = hashlib.sha256(f"{record}|{since}|{ring}".encode()).digest()
    return int.from_bytes(digest[:ID_BYTES], "big")


def corners_udeg(ring: Sequence[Position]) -> list[tuple[int, int]]:
    """Return the corners of a closed ring as whole microdegrees, the last (which is the first) left out."""
    return [(round(lon * UDEG), round(lat * UDEG)) for lon, lat in ring[:-1]]


def check_ring(ring: Sequence[Position]) -> None:
    """Refuse a ring that no rule could ask about; it may lie across the dateline.

    Raises:
        InvalidValueError: saying what is wrong with the shape.
    """
    require(len(ring) > 1 and ring[0] == ring[-1], "shape", NOT_CLOSED)
    corners = _unrolled(corners_udeg(ring))
    require(len(set(corners)) == len(corners), "shape", TWICE)
    require(LEAST_CORNERS <= len(corners) <= MOST_CORNERS, "shape", CORNERS)
    lons, lats = [lon for lon, _ in corners], [lat for _, lat in corners]
    width, height = (max(lons) - min(lons)) / UDEG, (max(lats) - min(lats)) / UDEG
    require(max(width, height) <= MOST_SPAN_DEG, "shape", TOO_WIDE)
    require(min(width, height) >= LEAST_SPAN_DEG, "shape", TOO_NARROW)
    require(max(abs(lat) for lat in lats) <= MOST_LATITUDE_DEG * UDEG, "shape", TOO_NEAR)
    require(not _crosses_itself(corners), "shape", CROSSES)


def _unrolled(corners: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Return the corners with longitudes that run on across the dateline, each the short way from the one before."""
    unrolled = corners[:1]
    for lon, lat in corners[1:]:
        before = unrolled[-1][0]
        step = (lon - before + TURN_UDEG // 2) % TURN_UDEG - TURN_UDEG // 2
        unrolled.append((before + step, lat))
    return unrolled


def _crosses_itself(corners: list[tuple[int, int]]) -> bool:
    edges = [(corner, corners[(at + 1) % len(corners)]) for at, corner in enumerate(corners)]
    return any(
        _meet(*edges[one], *edges[other])
        if other - one not in {1, len(edges) - 1}
        else _folds(edges[one], edges[other])
        for one in range(len(edges))
        for other in range(one + 1, len(edges))
    )


def _turn(a: tuple[int, int], b: tuple[int, int], c: tuple[int, int]) -> int:
    """Return 1 for a left turn at *b*, -1 for a right one, 0 for straight on: exact, in whole numbers."""
    cross = (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])
    return (cross > 0) - (cross < 0)


def _meet(a: tuple[int, int], b: tuple[int, int], c: tuple[int, int], d: tuple[int, int]) -> bool:
    if _turn(a, b, c) != _turn(a, b, d) and _turn(c, d, a) != _turn(c, d, b):
        return True
    return any(_turn(p, q, r) == 0 and _within(p, q, r) for p, q, r in ((a, b, c), (a, b, d), (c, d, a), (c, d, b)))


def _folds(edge: tuple[tuple[int, int], tuple[int, int]], other: tuple[tuple[int, int], tuple[int, int]]) -> bool:
    """Say whether two edges that share a corner run back over one another."""
    shared = (set(edge) & set(other)).pop()
    (end,) = set(edge) - {shared}
    (far,) = set(other) - {shared}
    return _turn(end, shared, far) == 0 and (_within(end, shared, far) or _within(far, shared, end))


def _within(a: tuple[int, int], b: tuple[int, int], c: tuple[int, int]) -> bool:
    """Say whether *c*, on the line through *a* and *b*, lies between them."""
    return min(a[0], b[0]) <= c[0] <= max(a[0], b[0]) and min(a[1], b[1]) <= c[1] <= max(a[1], b[1])
