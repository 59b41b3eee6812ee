"""Signals: lists from clear columns, consultation with a purpose, and what an officer decides."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Annotated

from django.http import HttpRequest, HttpResponse
from ninja import Path, Query, Router
from pydantic import AwareDatetime

from ayni.api.bodies import Dismiss, HeaderOut, Page, Silence, Words, answer, opened, read
from ayni.api.describing import describe
from ayni.api.doors import caller, entitled, mandate, version
from ayni.casework import triage
from ayni.casework.consult import CONSULT, consult
from ayni.errors import UnknownError
from ayni.model.record import Record
from ayni.model.store import Query as Question
from ayni.model.store import Work
from ayni.model.triage import TriageState
from ayni.node.officers.tokens import Scope
from ayni.node.running import running

router = Router(tags=["signals"])
RecordId = Annotated[str, Path(pattern="^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$")]
After = Annotated[str, Query("", pattern="^([0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12})?$")]
Limit = Annotated[int, Query(50, ge=1, le=100)]
Rule = Annotated[str, Query("", pattern="^([a-z]+[.][a-z][a-z0-9_]*/[1-9][0-9]{0,3})?$")]


@router.get("", openapi_extra=describe(gives="Page"))
def list_signals(
    request: HttpRequest,
    state: TriageState | None = None,
    rule: Rule = "",
    since: AwareDatetime | None = None,
    until: AwareDatetime | None = None,
    after: After = "",
    limit: Limit = 50,
) -> HttpResponse:
    """List signals, newest first; `since` and `until` bound when they began."""
    question = Question(
        kind="signal", states=(state.value,) if state else (), rule=rule, since=since, until=until, after=after
    )
    return page_of(request, question, limit)


@router.get("/{record}", openapi_extra=describe(gives="TriagedSignalRecord", mandate=True))
def open_signal(request: HttpRequest, record: RecordId) -> HttpResponse:
    """Open a signal. The consultation is written into the ledger."""
    return open_record(request, record, "signal")


@router.post(
    "/{record}/validate",
    openapi_extra=describe(gives="TriagedSignalRecord", takes="Words", mandate=True, version=True),
)
def validate(request: HttpRequest, record: RecordId) -> HttpResponse:
    """Stand behind a signal: it is worth acting on."""
    by, under, at, body = caller(request, Scope.ACT), mandate(request), version(request), read(request, Words)
    return change(lambda work: triage.validate(record, words=body.words, by=by, under=under, work=work, version=at))


@router.post(
    "/{record}/dismiss",
    openapi_extra=describe(gives="TriagedSignalRecord", takes="Dismiss", mandate=True, version=True),
)
def dismiss(request: HttpRequest, record: RecordId) -> HttpResponse:
    """Set a signal aside, with a reason from the closed list."""
    by, under, at, body = caller(request, Scope.ACT), mandate(request), version(request), read(request, Dismiss)
    return change(
        lambda work: triage.dismiss(record, why=body.why, words=body.words, by=by, under=under, work=work, version=at)
    )


@router.post(
    "/{record}/silence",
    openapi_extra=describe(gives="TriagedSignalRecord", takes="Silence", mandate=True, version=True),
)
def silence(request: HttpRequest, record: RecordId) -> HttpResponse:
    """Keep a signal quiet until an instant; then it is pending again."""
    by, under, at, body = caller(request, Scope.ACT), mandate(request), version(request), read(request, Silence)
    return change(
        lambda work: triage.silence(
            record, until=body.until, words=body.words, by=by, under=under, work=work, version=at
        )
    )


def page_of(request: HttpRequest, question: Question, limit: int) -> HttpResponse:
    """Answer with one page of headers."""
    entitled(request, Scope.READ, CONSULT)
    with running().store.work() as work:
        found = list(work.find(replace(question, limit=limit + 1)))
    more = len(found) > limit
    items = [HeaderOut.of(header) for header in found[:limit]]
    return answer(Page(items=items, next=items[-1].id if more else None))


def open_record(request: HttpRequest, record: str, kind: str) -> HttpResponse:
    """Answer with a record of *kind*, and write down that it was opened.

    Raises:
        UnknownError: if it is not there or of another kind; then nothing is written, because nothing was seen.
    """
    by, under = caller(request, Scope.READ), mandate(request)
    with running().store.work() as work:
        found = consult(record, by=by, under=under, work=work)
        if found.header.kind != kind:
            raise UnknownError(kind=kind, name=record)
        work.commit()
    return opened(found)


def change(act: Callable[[Work], Record[object]], *, status: int = 200) -> HttpResponse:
    """Do an act in a unit of work, commit, and answer with what became of the record."""
    with running().store.work() as work:
        record = act(work)
        work.commit()
    return opened(record, status=status)
