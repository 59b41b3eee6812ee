"""What a period was good for, and how one result came about, for programs that report on it."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from django.http import HttpRequest, HttpResponse
from ninja import Query, Router

from ayni.api.bodies import answer
from ayni.api.describing import describe
from ayni.api.doors import caller, mandate
from ayni.api.signals import RecordId
from ayni.evaluation.chain import follow
from ayni.evaluation.report import Period, evaluate
from ayni.node.officers.tokens import Scope
from ayni.node.running import running

router = Router(tags=["evaluation"])
Instant = Annotated[datetime, Query(...)]


@router.get("/evaluation", openapi_extra=describe(gives="PeriodEvaluation", mandate=True))
def evaluate_period(request: HttpRequest, since: Instant, until: Instant) -> HttpResponse:
    """Count what was raised, decided, shared and achieved in a period; who asked is written into the ledger."""
    by, under = caller(request, Scope.READ), mandate(request)
    period = Period(since=since, until=until)
    node = running()
    with node.store.work() as work:
        made = evaluate(period, by=by, under=under, work=work, house=node.house)
        work.commit()
    return answer(made)


@router.get("/outcomes/{record}/trace", openapi_extra=describe(gives="Chain", mandate=True))
def trace_outcome(request: HttpRequest, record: RecordId) -> HttpResponse:
    """Trace one result back to the first position that led to it. The consultation is written into the ledger."""
    by, under = caller(request, Scope.READ), mandate(request)
    node = running()
    with node.store.work() as work:
        chain = follow(record, by=by, under=under, work=work, house=node.house)
        work.commit()
    return answer(chain)
