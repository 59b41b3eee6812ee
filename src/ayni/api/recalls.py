"""Consent, correction and recall, for programs, and who has proven what."""

from __future__ import annotations

from datetime import timedelta

from django.http import HttpRequest, HttpResponse
from ninja import Router

from ayni.api.bodies import answer, read
from ayni.api.describing import describe
from ayni.api.doors import caller, mandate
from ayni.api.exchange_bodies import Corrected, NewConsent, NewCorrection, NewRecall, Recalled
from ayni.api.signals import RecordId
from ayni.exchange.consent import Onward, give
from ayni.exchange.correction import Change, correct, read_body
from ayni.exchange.recall import recall, tree
from ayni.exchange.recall_records import recall_in
from ayni.model.codec import to_json
from ayni.node.officers.tokens import Scope
from ayni.node.post_status import last_reached
from ayni.node.running import running

router = Router(tags=["exchange"])


@router.post(
    "/exchange/recalls",
    openapi_extra=describe(gives="Recalled", takes="NewRecall", status=201, mandate=True),
)
def take_back(request: HttpRequest) -> HttpResponse:
    """Take one of our records back from everyone who was given it; the order overtakes everything else."""
    by, under, body = caller(request, Scope.ACT), mandate(request), read(request, NewRecall)
    node = running()
    with node.store.work() as work:
        done = recall(
            body.record,
            why=body.why,
            answer_within=timedelta(hours=body.answer_within_h),
            by=by,
            under=under,
            work=work,
            house=node.house,
            identity=node.exchange.identity,
        )
        work.commit()
    kept = recall_in(done)
    return answer(Recalled(record=kept.record, to=kept.to, deadline=kept.deadline), status=201)


@router.get("/exchange/recalls/{record}", openapi_extra=describe(gives="Tree", mandate=True))
def open_recall(request: HttpRequest, record: RecordId) -> HttpResponse:
    """Show, for a record that we recalled, what each holder has answered and proven."""
    by, under = caller(request, Scope.READ), mandate(request)
    node = running()
    with node.store.work() as work:
        found = tree(record, by=by, under=under, work=work, seen=last_reached(node.node))
        work.commit()
    return answer(found)


@router.post(
    "/exchange/consents", openapi_extra=describe(gives="Token", takes="NewConsent", status=201, mandate=True)
)
def consent(request: HttpRequest) -> HttpResponse:
    """Consent that a holder passes one of our records on; the signed consent leaves for the holder."""
    by, under, body = caller(request, Scope.ACT), mandate(request), read(request, NewConsent)
    node = running()
    with node.store.work() as work:
        token = give(
            body.record,
            Onward(via=body.via, to=body.to, until=body.until, agreement=body.agreement),
            by=by,
            under=under,
            work=work,
            house=node.house,
            book=node.exchange.book(),
            identity=node.exchange.identity,
        )
        work.commit()
    return answer(token, status=201)


@router.post(
    "/exchange/corrections",
    openapi_extra=describe(gives="Corrected", takes="NewCorrection", status=201, mandate=True),
)
def correction(request: HttpRequest) -> HttpResponse:
    """Tell everyone who was given one of our records what it says now; it overtakes everything else."""
    by, under, body = caller(request, Scope.ACT), mandate(request), read(request, NewCorrection)
    node = running()
    with node.store.work() as work:
        value = None if body.body is None else read_body(body.record, to_json(body.body), work)
        done = correct(
            body.record,
            Change(why=body.why, body=value),
            by=by,
            under=under,
            work=work,
            house=node.house,
            book=node.exchange.book(),
            identity=node.exchange.identity,
        )
        work.commit()
    return answer(Corrected(record=body.record, version=done.said.version, to=done.to), status=201)
