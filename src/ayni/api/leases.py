"""Records that were lent, for programs: ask for the key, read while it lasts."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from ninja import Router

from ayni.api.bodies import answer, read
from ayni.api.describing import describe
from ayni.api.doors import caller, mandate
from ayni.api.exchange_bodies import KeyAsked, NewKey, Unlocked
from ayni.api.signals import RecordId
from ayni.exchange.lease import ask_key, unlock
from ayni.node.officers.tokens import Scope
from ayni.node.running import running

router = Router(tags=["exchange"])


@router.post("/exchange/leases", openapi_extra=describe(gives="KeyAsked", takes="NewKey", status=201, mandate=True))
def ask(request: HttpRequest) -> HttpResponse:
    """Ask the originator for the key of a record that it lent; its agreement decides anew each time."""
    by, under, body = caller(request, Scope.ACT), mandate(request), read(request, NewKey)
    node = running()
    with node.store.work() as work:
        message = ask_key(body.record, by=by, under=under, work=work, house=node.house, book=node.exchange.book())
        work.commit()
    return answer(KeyAsked(record=body.record, message=message), status=201)


@router.get("/exchange/leases/{record}", openapi_extra=describe(gives="Unlocked", mandate=True))
def unlocked(request: HttpRequest, record: RecordId) -> HttpResponse:
    """Read a record that was lent while its key lasts. The consultation is written into the ledger."""
    by, under = caller(request, Scope.READ), mandate(request)
    node = running()
    with node.store.work() as work:
        body = unlock(record, node.node.lent, by=by, under=under, work=work, house=node.house)
        work.commit()
    return answer(Unlocked(record=record, body=body))
