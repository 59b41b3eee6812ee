"""`Query` to SQL, from clear columns alone.

Only the ids of one page, from a covering index; the rows are fetched by id. Rows carry
their sealed body, so that scanning them instead of the index would read fifty
times as many pages.
"""

from __future__ import annotations

from collections.abc import Callable

from django.db.models import Q

from ayni.model.store import Query
from ayni.node.records.conditions import condition_of
from ayni.node.records.models import StoredRecord, StoredToken
from ayni.node.records.sealing import to_us


def matching(query: Query, *, using: str, token: Callable[[str], bytes]) -> list[str]:
    """Return the ids of the records that match, newest first, at most `query.limit`."""
    rows = StoredRecord.objects.using(using)
    where = _where(query)
    if query.identifier:
        holders = StoredToken.objects.using(using).filter(token=token(query.identifier))
        where &= Q(id__in=holders.values("record_id"))
    if query.after:
        last = rows.filter(id=query.after).values_list("at", flat=True).first()
        if last is not None:
            where &= Q(at__lte=last) & (Q(at__lt=last) | Q(id__lt=query.after))
    return list(rows.filter(where).order_by("-at", "-id").values_list("id", flat=True)[: query.limit])


def _where(query: Query) -> Q:
    where = Q()
    for column in ("kind", "rule", "originator", "agreement"):
        if value := getattr(query, column):
            where &= Q(**{column: value})
    if query.states:
        where &= Q(state__in=query.states)
    if query.made_from:
        where &= Q(parents__contains=query.made_from)
    if query.among is not None:
        where &= Q(id__in=query.among)
    if query.since is not None:
        where &= Q(at__gte=to_us(query.since))
    if query.until is not None:
        where &= Q(at__lt=to_us(query.until))
    if query.expired_at is not None:
        where &= Q(keep_until__lt=to_us(query.expired_at))
    if query.where is not None:
        where &= condition_of(query.where)
    return where & _inside(query)


def _inside(query: Query) -> Q:
    if query.south_west is None or query.north_east is None:
        return Q()
    south, west = query.south_west
    north, east = query.north_east
    if west > east:
        across = Q(cell_lon__gte=west) | Q(cell_lon__lte=east)
    else:
        across = Q(cell_lon__gte=west, cell_lon__lte=east)
    return Q(cell_lat__gte=south, cell_lat__lte=north) & across
