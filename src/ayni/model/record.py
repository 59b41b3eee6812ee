"""The record: whatever a node keeps or sends, as a header and one typed body.

The header holds what may lie in clear columns; the body is sealed with a key of
its own, and destroying that key is deletion. Identifiers leave the header only
as keyed hashes; names, words and exact places live in the body alone.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Generic, TypeVar

from ayni.model.checks import aware, finite, require, uuid7
from ayni.model.handling import Category, Handling, Hold, Mandate, Purpose
from ayni.model.place import Place

Body_co = TypeVar("Body_co", covariant=True)

Cell = tuple[int, int]
"""Tenth of a degree: floor(lat * 10), floor(lon * 10)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """What is known of a record without opening it.

    Raises:
        InvalidValueError: for an empty id, kind, originator or legal basis, no purpose,
            a naive instant, or a version below 1.
    """

    id: str
    """UUIDv7."""
    kind: str
    """`signal`, `task`, `outcome`, `report`…"""
    version: int = 1
    originator: str
    """Id of the node that made it."""
    purposes: tuple[Purpose, ...]
    legal_basis: str
    handling: Handling
    keep_until: datetime
    """Retention: after this instant the key is destroyed, unless a court holds it."""
    made_at: datetime
    changed_at: datetime
    state: str = ""
    rule: str = ""
    started_at: datetime | None = None
    ended_at: datetime | None = None
    priority: float = 0.0
    cell: Cell | None = None
    agreement: str = ""
    """Id of the agreement it arrived under; empty for what is our own."""
    parents: tuple[str, ...] = ()
    """Records it was made from: a use must be permitted by every agreement in the lineage."""
    identifiers: tuple[str, ...] = ()
    """`mmsi:…`, `imo:…`, `signal:…`; stored only as keyed hashes."""
    hold: Hold | None = None
    categories: tuple[Category, ...] = ()
    """Special categories the body holds; agreements exclude them by name."""
    recalled_at: datetime | None = None
    """When the originator's recall froze it; from then on only the originator may use what is left."""

    def __post_init__(self) -> None:
        for name in ("id", "kind", "originator", "legal_basis"):
            require(bool(str(getattr(self, name)).strip()), name, "must not be empty")
        require(bool(self.purposes), "purposes", "a record without a purpose may not be kept")
        require(self.version >= 1, "version", "versions count from 1")
        finite(self.priority, "priority")
        for name in ("keep_until", "made_at", "changed_at"):
            aware(getattr(self, name), name)
        if self.recalled_at is not None:
            aware(self.recalled_at, "recalled_at")


@dataclass(frozen=True, slots=True, kw_only=True)
class Record(Generic[Body_co]):
    """One header and the typed value it describes."""

    header: Header
    body: Body_co


@dataclass(frozen=True, slots=True, kw_only=True)
class House:
    """What every record of a node begins with: who made it, and how long it is kept."""

    node: str
    keep: timedelta = timedelta(days=365)
    """Default retention, reviewed before it ends. Cap: five years. Source: INTERPOL RPD art. 49."""
    handling: Handling = field(default_factory=Handling)

    def header(self, kind: str, *, under: Mandate, now: datetime, identifiers: tuple[str, ...] = ()) -> Header:
        """Return the header of a new record of this node."""
        return Header(
            id=uuid7(round(now.timestamp() * 1000)),
            kind=kind,
            originator=self.node,
            purposes=(under.purpose,),
            legal_basis=under.legal_basis,
            handling=self.handling,
            keep_until=now + self.keep,
            made_at=now,
            changed_at=now,
            identifiers=identifiers,
        )


def next_version(record: Record[object], body: object, *, now: datetime, state: str) -> Record[object]:
    """Return the next version of *record* with another body and state."""
    header = replace(record.header, version=record.header.version + 1, changed_at=now, state=state)
    return Record(header=header, body=body)


def cell_of(place: Place | None) -> Cell | None:
    """Return the tenth-of-a-degree cell that holds the middle of *place*."""
    if place is None:
        return None
    lon, lat = place.centre
    return math.floor(lat * 10), math.floor(lon * 10)
