"""The exchange with partners, for programs of this institution: look first, share, see what became of it."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

from django.http import HttpRequest, HttpResponse
from ninja import Path, Query, Router

from ayni.agreements.request import Ask
from ayni.agreements.sight import could_see
from ayni.agreements.vocabulary import Action
from ayni.api.bodies import answer, read
from ayni.api.describing import describe
from ayni.api.doors import caller, entitled, mandate
from ayni.api.exchange_bodies import ExchangeStatus, Looked, NewShare, SharedOut, SharePreview, VisiblePage
from ayni.api.problems import language
from ayni.api.signals import After, Limit
from ayni.casework.consult import CONSULT
from ayni.errors import InvalidValueError
from ayni.exchange import sharing
from ayni.exchange.payload import Evaluation
from ayni.model.act import Act
from ayni.model.officer import Role
from ayni.model.store import Query as Question
from ayni.node.officers.tokens import Scope
from ayni.node.post_status import acknowledge, post_status
from ayni.node.running import running

router = Router(tags=["exchange"])
READ_STATUS = Act(name="exchange.status", roles=frozenset(Role))
Maybe = Annotated[str, Query(pattern="^[!-~]{0,253}$")]
Kind = Annotated[str, Query(pattern="^[a-z][a-z-]{0,39}$")]
Name = Annotated[str, Query(..., pattern="^[!-~]{1,253}$")]
MessageId = Annotated[str, Path(pattern="^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$")]


@router.get("/exchange/preview", openapi_extra=describe(gives="SharePreview", mandate=True))
def preview_share(request: HttpRequest, record: Name, to: Name) -> HttpResponse:
    """Show every field that would leave and what each agreement says; nothing leaves. Opening is written down."""
    by, under = caller(request, Scope.READ), mandate(request)
    node = running()
    with node.store.work() as work:
        shown = sharing.preview(
            record, to, under=under, work=work, house=node.house, book=node.exchange.book(), by=by
        )
        work.commit()
    return answer(SharePreview.of(shown, language()))


@router.post(
    "/exchange/shares", openapi_extra=describe(gives="SharedOut", takes="NewShare", status=201, mandate=True)
)
def share(request: HttpRequest) -> HttpResponse:
    """Share a record with a partner: the agreement decides, and it leaves as soon as the line holds."""
    by, under, body = caller(request, Scope.ACT), mandate(request), read(request, NewShare)
    if (body.source is None) != (body.accuracy is None):
        raise InvalidValueError(field="source", why="source and accuracy go together")
    told = (
        Evaluation(source=body.source, info=body.accuracy)
        if body.source is not None and body.accuracy is not None
        else None
    )
    terms = sharing.Terms(
        agreement=body.agreement,
        tip_off=body.tip_off,
        acknowledged=body.acknowledged,
        evaluation=told,
        lease=None if body.lease_h is None else timedelta(hours=body.lease_h),
    )
    node = running()
    with node.store.work() as work:
        shared = sharing.share(
            body.record,
            body.to,
            terms=terms,
            by=by,
            under=under,
            work=work,
            house=node.house,
            book=node.exchange.book(),
        )
        work.commit()
    return answer(SharedOut(message=shared.message, exposure=shared.exposure, articles=shared.articles), status=201)


@router.get("/exchange/visible", openapi_extra=describe(gives="VisiblePage", mandate=True))
def visible(
    request: HttpRequest, to: Name, kind: Kind = "signal", agreement: Maybe = "", after: After = "", limit: Limit = 50
) -> HttpResponse:
    """List the records that a partner could receive for this purpose, with the articles; nothing leaves."""
    entitled(request, Scope.READ, CONSULT)
    under, node = mandate(request), running()
    with node.store.work() as work:
        asked = Ask(action=Action.SHARE, principal=to, holder=node.house.node, under=under, at=work.now)
        sight = could_see(
            Question(kind=kind, after=after, limit=limit),
            asked,
            book=node.exchange.book(),
            work=work,
            agreement=agreement,
        )
    return answer(VisiblePage.of(sight))


@router.get("/exchange/status", openapi_extra=describe(gives="ExchangeStatus"))
def exchange_status(request: HttpRequest) -> HttpResponse:
    """Show what waits for each partner, what arrived, and what a person must look at."""
    entitled(request, Scope.READ, READ_STATUS)
    return answer(ExchangeStatus.of(post_status(running().node), language()))


@router.post("/exchange/messages/{message}/seen", openapi_extra=describe(gives="Looked", mandate=True))
def seen(request: HttpRequest, message: MessageId) -> HttpResponse:
    """Say that a message that was refused or not delivered was looked at: it raises no alarm any more."""
    by, under = caller(request, Scope.ACT), mandate(request)
    acknowledge(running().node, message, by=by, under=under)
    return answer(Looked(message=message))
