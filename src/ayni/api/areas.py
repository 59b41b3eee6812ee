"""Areas that officers have watched."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from ninja import Router

from ayni.api.bodies import Words, read
from ayni.api.describing import describe
from ayni.api.doors import caller, mandate, version
from ayni.api.signals import After, Limit, RecordId, change, open_record, page_of
from ayni.casework import areas
from ayni.model.area import AreaState
from ayni.model.store import Query as Question
from ayni.node.officers.tokens import Scope
from ayni.node.running import running

router = Router(tags=["areas"])


@router.get("", openapi_extra=describe(gives="Page"))
def list_areas(
    request: HttpRequest, state: AreaState | None = None, after: After = "", limit: Limit = 50
) -> HttpResponse:
    """List areas, newest first."""
    return page_of(request, Question(kind="area", states=(state.value,) if state else (), after=after), limit)


@router.post("", openapi_extra=describe(gives="AreaRecord", takes="NewArea", status=201, mandate=True))
def draw(request: HttpRequest) -> HttpResponse:
    """Have an area watched from now on; whoever draws it owns it."""
    by, under, body = caller(request, Scope.ACT), mandate(request), read(request, areas.NewArea)
    house = running().house
    return change(lambda work: areas.draw_area(body, house=house, by=by, under=under, work=work), status=201)


@router.get("/{record}", openapi_extra=describe(gives="AreaRecord", mandate=True))
def open_area(request: HttpRequest, record: RecordId) -> HttpResponse:
    """Open an area. The consultation is written into the ledger."""
    return open_record(request, record, "area")


@router.post(
    "/{record}/change", openapi_extra=describe(gives="AreaRecord", takes="NewArea", mandate=True, version=True)
)
def redraw(request: HttpRequest, record: RecordId) -> HttpResponse:
    """Give an area another shape, name, instruction, expiry or limits. What was said before stays said."""
    by, under, at, body = caller(request, Scope.ACT), mandate(request), version(request), read(request, areas.NewArea)
    return change(lambda work: areas.change_area(record, body, by=by, under=under, work=work, version=at))


@router.post("/{record}/end", openapi_extra=describe(gives="AreaRecord", takes="Words", mandate=True, version=True))
def end(request: HttpRequest, record: RecordId) -> HttpResponse:
    """Stop watching an area; what it found stays."""
    by, under, at, body = caller(request, Scope.ACT), mandate(request), version(request), read(request, Words)
    return change(lambda work: areas.end_area(record, words=body.words, by=by, under=under, work=work, version=at))
