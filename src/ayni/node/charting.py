"""Signals for a map: from clear columns alone, each signal to a tenth of a degree, or counts where there are many.

A map shows what a list shows: rule, state, time and cell. The exact place is part of the
sealed record and is seen when an officer opens it, for a purpose. Nothing is unsealed
here, so that twenty thousand signals cost one walk through an index.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from django.db.models import Count, F, IntegerField, Q, Value
from django.db.models.functions import Cast

from ayni.model.store import Query
from ayni.node.records.models import StoredRecord
from ayni.node.records.sealing import to_us
from ayni.node.records.store import DjangoStore

MANY: Final = 20_000
"""Signals a browser draws one by one, also in software; beyond, squares are counted here.

Source: MapLibre in software rendering, 20,000 points 1.0 s to the first picture and 11 pictures a second, 100,000
points 4.1 s and 4; measured, docs/reference/map.md.
"""
ACROSS: Final = 40
"""Squares across the view where signals are counted: some 25 pixels each. Ours."""
SOUTH, WEST = -900, -1800
"""The first cell, so that all numbers are divided as positive ones: databases round negative ones differently."""


class Charted(NamedTuple):
    """One signal as a map may show it before it is opened."""

    rule: str
    state: str
    at_us: int
    south: int
    """Edge of its cell, tenths of a degree."""
    west: int


class Counted(NamedTuple):
    """How many signals lie in a square, and how many of them nobody has decided."""

    south: int
    west: int
    many: int
    pending: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """Signals, or counts of them; never both."""

    total: int
    signals: Sequence[Charted] = ()
    step: int = 1
    """Edge of the squares counted in, tenths of a degree."""
    counts: Sequence[Counted] = ()


def chart(store: DjangoStore, query: Query, *, many: int = MANY) -> Chart:
    """Return the records with a place of *query*'s kind, states, time and box; counts by square if more than *many*.

    Raises:
        RestoredError: if the node was restored and not reconciled.
    """
    with store.work():
        rows = StoredRecord.objects.using(store.alias).filter(_asked(query))
        total = rows.count()
        if total > many:
            step = _step(query)
            return Chart(total=total, step=step, counts=_counts(store, query, step))
        found = rows.order_by("-at", "-id").values_list("rule", "state", "at", "cell_lat", "cell_lon")
        return Chart(total=total, signals=[Charted(*one) for one in found])


def _asked(query: Query) -> Q:
    asked = Q(kind=query.kind, cell_lat__isnull=False)
    if query.states:
        asked &= Q(state__in=query.states)
    if query.since is not None:
        asked &= Q(at__gte=to_us(query.since))
    if query.until is not None:
        asked &= Q(at__lt=to_us(query.until))
    if query.south_west is None or query.north_east is None:
        return asked
    (south, west), (north, east) = query.south_west, query.north_east
    columns = Q(cell_lon__gte=west), Q(cell_lon__lte=east)
    across = columns[0] | columns[1] if west > east else columns[0] & columns[1]
    return asked & Q(cell_lat__gte=south, cell_lat__lte=north) & across


def _step(query: Query) -> int:
    """Return the edge of a square so that the view is some *ACROSS* of them wide, a tenth of a degree at least."""
    if query.south_west is None or query.north_east is None:
        return -2 * WEST // ACROSS
    wide = (query.north_east[1] - query.south_west[1]) % (-2 * WEST) or -2 * WEST
    return max(1, round(wide / ACROSS))


def _counts(store: DjangoStore, query: Query, step: int) -> list[Counted]:
    def square(column: str, first: int) -> Cast:
        return Cast((F(column) - Value(first)) / Value(step), IntegerField())

    rows = StoredRecord.objects.using(store.alias).filter(_asked(query))
    grouped = (
        rows.annotate(row=square("cell_lat", SOUTH), col=square("cell_lon", WEST))
        .values_list("row", "col", "state")
        .annotate(count=Count("id"))
        .order_by("row", "col", "state")
    )
    found: dict[tuple[int, int], Counted] = {}
    for row, col, state, count in grouped:
        before = found.get((row, col), Counted(row * step + SOUTH, col * step + WEST, 0, 0))
        pending = before.pending + (count if state == "pending" else 0)
        found[row, col] = before._replace(many=before.many + count, pending=pending)
    return list(found.values())
