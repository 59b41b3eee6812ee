"""The watchlist: proposed by one officer, confirmed by a second."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from ninja import Router

from ayni.api.bodies import Words, read
from ayni.api.describing import describe
from ayni.api.doors import caller, mandate, version
from ayni.api.signals import After, Limit, RecordId, change, open_record, page_of
from ayni.casework import watchlist
from ayni.model.store import Query as Question
from ayni.model.watch_entry import WatchState
from ayni.node.officers.tokens import Scope
from ayni.node.running import running

router = Router(tags=["watchlist"])
GIVES = "WatchEntryRecord"


@router.get("", openapi_extra=describe(gives="Page"))
def list_entries(
    request: HttpRequest, state: WatchState | None = None, after: After = "", limit: Limit = 50
) -> HttpResponse:
    """List entries, newest first."""
    return page_of(request, Question(kind="watch_entry", states=(state.value,) if state else (), after=after), limit)


@router.post("", openapi_extra=describe(gives=GIVES, takes="NewEntry", status=201, mandate=True))
def propose(request: HttpRequest) -> HttpResponse:
    """Put a vessel up for the watchlist; a second officer decides."""
    by, under, body = caller(request, Scope.ACT), mandate(request), read(request, watchlist.NewEntry)
    house = running().house
    return change(lambda work: watchlist.propose_entry(body, house=house, by=by, under=under, work=work), status=201)


@router.get("/{record}", openapi_extra=describe(gives=GIVES, mandate=True))
def open_entry(request: HttpRequest, record: RecordId) -> HttpResponse:
    """Open an entry. The consultation is written into the ledger."""
    return open_record(request, record, "watch_entry")


@router.post("/{record}/confirm", openapi_extra=describe(gives=GIVES, mandate=True, version=True))
def confirm(request: HttpRequest, record: RecordId) -> HttpResponse:
    """Have the vessel watched for, as the second officer."""
    by, under, at = caller(request, Scope.ACT), mandate(request), version(request)
    return change(lambda work: watchlist.confirm_entry(record, by=by, under=under, work=work, version=at))


@router.post("/{record}/refuse", openapi_extra=describe(gives=GIVES, takes="Words", mandate=True, version=True))
def refuse(request: HttpRequest, record: RecordId) -> HttpResponse:
    """Turn the proposal down, saying why, as the second officer."""
    by, under, at, body = caller(request, Scope.ACT), mandate(request), version(request), read(request, Words)
    return change(
        lambda work: watchlist.refuse_entry(record, words=body.words, by=by, under=under, work=work, version=at)
    )


@router.post("/{record}/end", openapi_extra=describe(gives=GIVES, takes="Words", mandate=True, version=True))
def end(request: HttpRequest, record: RecordId) -> HttpResponse:
    """Stop watching for the vessel, or take the proposal back; what was found stays."""
    by, under, at, body = caller(request, Scope.ACT), mandate(request), version(request), read(request, Words)
    return change(
        lambda work: watchlist.end_entry(record, words=body.words, by=by, under=under, work=work, version=at)
    )
