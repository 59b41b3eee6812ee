"""Exposure and reciprocity, for programs: what is where, and what an agreement has brought each side."""

from __future__ import annotations

from typing import Annotated

from django.http import HttpRequest, HttpResponse
from ninja import Query, Router

from ayni.api.bodies import answer, read
from ayni.api.describing import describe
from ayni.api.doors import caller, mandate
from ayni.api.exchange_bodies import BalanceList, Copied, NewCopy, PlaceList
from ayni.exchange.balance import balance
from ayni.exchange.exposure import copied, exposure
from ayni.node.officers.tokens import Scope
from ayni.node.running import running

router = Router(tags=["exchange"])
Word = Annotated[str, Query("", pattern="^[!-~]{0,253}$")]


@router.get("/exchange/exposure", openapi_extra=describe(gives="PlaceList", mandate=True))
def look(request: HttpRequest, partner: Word = "", record: Word = "") -> HttpResponse:
    """Show where records given from here are, under which article and until when; copies on paper too."""
    by, under = caller(request, Scope.READ), mandate(request)
    with running().store.work() as work:
        found = exposure(by=by, under=under, work=work, partner=partner, record=record)
        work.commit()
    return answer(PlaceList(items=found))


@router.get("/exchange/balance", openapi_extra=describe(gives="BalanceList", mandate=True))
def count(request: HttpRequest, partner: Word = "") -> HttpResponse:
    """Show for each agreement what each side gave, asked and answered, and how fast."""
    by, under = caller(request, Scope.READ), mandate(request)
    node = running()
    with node.store.work() as work:
        found = balance(by=by, under=under, work=work, house=node.house, partner=partner)
        work.commit()
    return answer(BalanceList(items=found))


@router.post("/exchange/copies", openapi_extra=describe(gives="Copied", takes="NewCopy", status=201, mandate=True))
def note(request: HttpRequest) -> HttpResponse:
    """Write down that a copy of a record leaves by hand: no machine can take it back."""
    by, under, body = caller(request, Scope.ACT), mandate(request), read(request, NewCopy)
    node = running()
    with node.store.work() as work:
        done = copied(body.record, to=body.to, how=body.how, by=by, under=under, work=work, house=node.house)
        work.commit()
    return answer(Copied(copy=done), status=201)
