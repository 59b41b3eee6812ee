"""Rooms, for programs: found one, say who is a member, speak, read this node's own copy."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from ninja import Router

from ayni.api.bodies import Words, answer, read
from ayni.api.describing import describe
from ayni.api.doors import caller, mandate
from ayni.api.exchange_bodies import Members, NewRoom
from ayni.api.signals import After, Limit, RecordId, page_of
from ayni.exchange import rooms
from ayni.exchange.room_words import ROOM
from ayni.exchange.rooms import Said, Speaking
from ayni.model.store import Query as Question
from ayni.model.store import Work
from ayni.node.officers.tokens import Scope
from ayni.node.running import running

router = Router(tags=["rooms"])


@router.get("/rooms", openapi_extra=describe(gives="Page"))
def list_rooms(request: HttpRequest, after: After = "", limit: Limit = 50) -> HttpResponse:
    """List rooms that this node is or was in, newest first."""
    return page_of(request, Question(kind=ROOM, after=after), limit)


@router.post("/rooms", openapi_extra=describe(gives="Said", takes="NewRoom", status=201, mandate=True))
def found(request: HttpRequest) -> HttpResponse:
    """Found a room with other nodes under an agreement; this node says from then on who is a member."""
    by, under, body = caller(request, Scope.ACT), mandate(request), read(request, NewRoom)
    node = _speaking()
    return _done(
        lambda work: rooms.found(
            body.name, body.members, agreement=body.agreement, by=by, under=under, work=work, node=node
        )
    )


@router.get("/rooms/{record}", openapi_extra=describe(gives="Copy", mandate=True))
def open_room(request: HttpRequest, record: RecordId) -> HttpResponse:
    """Open a room as this node has it. The consultation is written into the ledger."""
    by, under = caller(request, Scope.READ), mandate(request)
    with running().store.work() as work:
        copy = rooms.read(record, by=by, under=under, work=work)
        work.commit()
    return answer(copy)


@router.post("/rooms/{record}/entries", openapi_extra=describe(gives="Said", takes="Words", status=201, mandate=True))
def speak(request: HttpRequest, record: RecordId) -> HttpResponse:
    """Write into a room; every other member hears it."""
    by, under, body = caller(request, Scope.ACT), mandate(request), read(request, Words)
    node = _speaking()
    return _done(lambda work: rooms.speak(record, body.words, by=by, under=under, work=work, node=node))


@router.post(
    "/rooms/{record}/members", openapi_extra=describe(gives="Said", takes="Members", status=201, mandate=True)
)
def admit(request: HttpRequest, record: RecordId) -> HttpResponse:
    """Say anew who is a member of a room that we founded: all of them."""
    by, under, body = caller(request, Scope.ACT), mandate(request), read(request, Members)
    node = _speaking()
    return _done(lambda work: rooms.admit(record, body.members, by=by, under=under, work=work, node=node))


def _speaking() -> Speaking:
    node = running()
    return Speaking(house=node.house, book=node.exchange.book(), identity=node.exchange.identity)


def _done(act: Callable[[Work], Said]) -> HttpResponse:
    with running().store.work() as work:
        said = act(work)
        work.commit()
    return answer(said, status=201)
