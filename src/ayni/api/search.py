"""Records by the names, numbers and words in them. A search is a consultation: with a mandate, and written down."""

from __future__ import annotations

from typing import Annotated

from django.http import HttpRequest, HttpResponse
from ninja import Query, Router

from ayni.api.bodies import FoundPage, HeaderOut, answer
from ayni.api.describing import describe
from ayni.api.doors import caller, mandate
from ayni.api.signals import Limit
from ayni.casework.consult import search
from ayni.node.officers.tokens import Scope
from ayni.node.running import running

router = Router(tags=["search"])
Words = Annotated[str, Query(..., min_length=1, max_length=200)]


@router.get("/search", openapi_extra=describe(gives="FoundPage", mandate=True))
def search_records(request: HttpRequest, q: Words, limit: Limit = 50) -> HttpResponse:
    """Find records in which every word of `q` begins a word, newest first. The search is written into the ledger."""
    by, under = caller(request, Scope.READ), mandate(request)
    node = running()
    with node.store.work() as work:
        found = search(q, names=node.names, limit=limit, by=by, under=under, work=work)
        work.commit()
    return answer(FoundPage(items=[HeaderOut.of(header) for header in found.headers], total=found.total))
