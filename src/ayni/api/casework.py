"""Reports, tasks and outcomes."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from ninja import Router

from ayni.api.bodies import Words, answer, opened, read
from ayni.api.describing import describe
from ayni.api.doors import caller, mandate
from ayni.api.exchange_bodies import FeedbackOut
from ayni.api.problems import language
from ayni.api.signals import After, Limit, RecordId, change, open_record, page_of
from ayni.casework.reports import file_report
from ayni.model.outcome import Outcome
from ayni.model.report import Report
from ayni.model.store import Query as Question
from ayni.model.task import Task, TaskState
from ayni.node.officers.tokens import Scope
from ayni.node.running import running
from ayni.operations import results, tasking
from ayni.operations.feedback import tell_contributors

router = Router()


@router.get("/reports", tags=["reports"], openapi_extra=describe(gives="Page"))
def list_reports(request: HttpRequest, after: After = "", limit: Limit = 50) -> HttpResponse:
    """List officers' own reports, newest first."""
    return page_of(request, Question(kind="report", after=after), limit)


@router.post(
    "/reports",
    tags=["reports"],
    openapi_extra=describe(gives="ReportRecord", takes="Report", status=201, mandate=True),
)
def file(request: HttpRequest) -> HttpResponse:
    """File a sighting, a radar contact or a tip; its signal waits for triage like any other."""
    by, under, body = caller(request, Scope.ACT), mandate(request), read(request, Report)
    node = running()
    with node.store.work() as work:
        record, _ = file_report(body, house=node.house, by=by, under=under, work=work)
        work.commit()
    return opened(record, status=201)


@router.get("/reports/{record}", tags=["reports"], openapi_extra=describe(gives="ReportRecord", mandate=True))
def open_report(request: HttpRequest, record: RecordId) -> HttpResponse:
    """Open a report. The consultation is written into the ledger."""
    return open_record(request, record, "report")


@router.get("/tasks", tags=["tasks"], openapi_extra=describe(gives="Page"))
def list_tasks(
    request: HttpRequest, state: TaskState | None = None, after: After = "", limit: Limit = 50
) -> HttpResponse:
    """List tasks, newest first."""
    return page_of(request, Question(kind="task", states=(state.value,) if state else (), after=after), limit)


@router.post(
    "/tasks", tags=["tasks"], openapi_extra=describe(gives="TaskRecord", takes="Task", status=201, mandate=True)
)
def propose(request: HttpRequest) -> HttpResponse:
    """Give a task to a patrol."""
    by, under, body = caller(request, Scope.ACT), mandate(request), read(request, Task)
    house = running().house
    return change(lambda work: tasking.propose_task(body, house=house, by=by, under=under, work=work), status=201)


@router.get("/tasks/{record}", tags=["tasks"], openapi_extra=describe(gives="TaskRecord", mandate=True))
def open_task(request: HttpRequest, record: RecordId) -> HttpResponse:
    """Open a task. The consultation is written into the ledger."""
    return open_record(request, record, "task")


@router.post(
    "/tasks/{record}/accept", tags=["tasks"], openapi_extra=describe(gives="TaskRecord", takes="Words", mandate=True)
)
def accept(request: HttpRequest, record: RecordId) -> HttpResponse:
    """The patrol takes the task."""
    by, under, body = caller(request, Scope.ACT), mandate(request), read(request, Words)
    return change(lambda work: tasking.accept_task(record, words=body.words, by=by, under=under, work=work))


@router.post(
    "/tasks/{record}/decline", tags=["tasks"], openapi_extra=describe(gives="TaskRecord", takes="Words", mandate=True)
)
def decline(request: HttpRequest, record: RecordId) -> HttpResponse:
    """The patrol cannot take the task, and says why."""
    by, under, body = caller(request, Scope.ACT), mandate(request), read(request, Words)
    return change(lambda work: tasking.decline_task(record, words=body.words, by=by, under=under, work=work))


@router.post("/tasks/{record}/start", tags=["tasks"], openapi_extra=describe(gives="TaskRecord", mandate=True))
def start(request: HttpRequest, record: RecordId) -> HttpResponse:
    """The patrol is under way."""
    by, under = caller(request, Scope.ACT), mandate(request)
    return change(lambda work: tasking.start_task(record, by=by, under=under, work=work))


@router.post(
    "/tasks/{record}/finish", tags=["tasks"], openapi_extra=describe(gives="TaskRecord", takes="Words", mandate=True)
)
def finish(request: HttpRequest, record: RecordId) -> HttpResponse:
    """The task is done."""
    by, under, body = caller(request, Scope.ACT), mandate(request), read(request, Words)
    return change(lambda work: tasking.finish_task(record, words=body.words, by=by, under=under, work=work))


@router.get("/outcomes", tags=["outcomes"], openapi_extra=describe(gives="Page"))
def list_outcomes(request: HttpRequest, after: After = "", limit: Limit = 50) -> HttpResponse:
    """List outcomes, newest first."""
    return page_of(request, Question(kind="outcome", after=after), limit)


@router.post(
    "/outcomes",
    tags=["outcomes"],
    openapi_extra=describe(gives="OutcomeRecord", takes="Outcome", status=201, mandate=True),
)
def record_outcome(request: HttpRequest) -> HttpResponse:
    """Write down what came of it; nothing found is an outcome too."""
    by, under, body = caller(request, Scope.ACT), mandate(request), read(request, Outcome)
    house = running().house
    return change(
        lambda work: results.record_outcome(body, house=house, by=by, under=under, work=work).record, status=201
    )


@router.get("/outcomes/{record}", tags=["outcomes"], openapi_extra=describe(gives="OutcomeRecord", mandate=True))
def open_outcome(request: HttpRequest, record: RecordId) -> HttpResponse:
    """Open an outcome. The consultation is written into the ledger."""
    return open_record(request, record, "outcome")


@router.post("/outcomes/{record}/tell", tags=["outcomes"], openapi_extra=describe(gives="FeedbackOut", mandate=True))
def tell_outcome(request: HttpRequest, record: RecordId) -> HttpResponse:
    """Tell everyone who contributed a record, or consented to the boarding, what came of it."""
    by, under = caller(request, Scope.ACT), mandate(request)
    node = running()
    with node.store.work() as work:
        done = tell_contributors(record, by=by, under=under, work=work, house=node.house, book=node.exchange.book())
        work.commit()
    return answer(FeedbackOut.of(done, language()))
