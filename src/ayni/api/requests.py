"""Requests between institutions, for programs: ask, answer, see the clocks."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

import msgspec
from django.http import HttpRequest, HttpResponse
from ninja import Query, Router

from ayni.api.bodies import answer, read
from ayni.api.describing import describe
from ayni.api.doors import caller, mandate
from ayni.api.exchange_bodies import ClockList, NewAnswer, NewRequest
from ayni.api.signals import Limit, RecordId, change
from ayni.exchange import requests
from ayni.exchange.clocks import clocks
from ayni.exchange.request_words import WAITS, Reply
from ayni.node.officers.tokens import Scope
from ayni.node.running import running

router = Router(tags=["requests"])
Partner = Annotated[str, Query("", pattern="^[!-~]{0,253}$")]


@router.get("/requests", openapi_extra=describe(gives="ClockList", mandate=True))
def list_requests(
    request: HttpRequest, *, waiting: bool = False, partner: Partner = "", limit: Limit = 50
) -> HttpResponse:
    """List what we asked and were asked with its clock, the soonest due first. Opening each is written down."""
    by, under = caller(request, Scope.READ), mandate(request)
    node = running()
    with node.store.work() as work:
        found = clocks(
            by=by,
            under=under,
            work=work,
            house=node.house,
            states=WAITS if waiting else (),
            partner=partner,
            limit=limit,
        )
        work.commit()
    return answer(ClockList(items=found))


@router.post("/requests", openapi_extra=describe(gives="RequestRecord", takes="NewRequest", status=201, mandate=True))
def ask(request: HttpRequest) -> HttpResponse:
    """Ask a partner a question, or the flag State's consent to board; the clock starts on both sides."""
    by, under, body = caller(request, Scope.ACT), mandate(request), read(request, NewRequest)
    node = running()
    question = requests.Question(
        question=body.question, urgency=body.urgency, boarding=body.boarding, records=body.records
    )
    return change(
        lambda work: requests.ask(
            question,
            body.to,
            agreement=body.agreement,
            by=by,
            under=under,
            work=work,
            house=node.house,
            book=node.exchange.book(),
        ),
        status=201,
    )


@router.get("/requests/{record}", openapi_extra=describe(gives="Request", mandate=True))
def open_request(request: HttpRequest, record: RecordId) -> HttpResponse:
    """Open a request with its answers. The consultation is written into the ledger."""
    by, under = caller(request, Scope.READ), mandate(request)
    with running().store.work() as work:
        found = requests.read(record, by=by, under=under, work=work)
        work.commit()
    return answer(found)


@router.post(
    "/requests/{record}/answer", openapi_extra=describe(gives="RequestRecord", takes="NewAnswer", mandate=True)
)
def answer_request(request: HttpRequest, record: RecordId) -> HttpResponse:
    """Answer a partner's request; a refusal, a withdrawal and a partial answer give their ground."""
    by, under, body = caller(request, Scope.ACT), mandate(request), read(request, NewAnswer)
    reply = Reply(request=record, at=datetime.now(UTC), **msgspec.structs.asdict(body))
    node = running()
    return change(
        lambda work: requests.answer(
            record, reply, by=by, under=under, work=work, house=node.house, book=node.exchange.book()
        )
    )
