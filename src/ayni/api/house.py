"""The house itself: officers and tokens for administrators, health, the history for oversight."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

from django.http import HttpRequest, HttpResponse
from ninja import Path, Query, Router

from ayni import __version__
from ayni.api.bodies import answer, read
from ayni.api.describing import describe
from ayni.api.doors import caller, entitled, mandate
from ayni.api.house_bodies import (
    Disable,
    EntryOut,
    EntryPage,
    Health,
    IssuedToken,
    JobOut,
    NewPerson,
    NewToken,
    OfficerList,
    OfficerOut,
    Roles,
)
from ayni.api.signals import After, Limit
from ayni.errors import UnknownError
from ayni.model.act import Act
from ayni.model.officer import Officer, Role
from ayni.node.history import entry_page, read_history
from ayni.node.officers import acts, tokens
from ayni.node.officers.models import Account
from ayni.node.officers.tokens import Scope
from ayni.node.running import running
from ayni.node.serving import certificate_of
from ayni.node.status import status_of

router = Router()
READ_STATUS = Act(name="node.status", roles=frozenset({Role.ADMINISTRATOR, Role.COORDINATOR, Role.OVERSIGHT}))
OfficerId = Annotated[str, Path(pattern="^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$")]


@router.get("/officers", tags=["officers"], openapi_extra=describe(gives="OfficerList"))
def list_officers(request: HttpRequest) -> HttpResponse:
    """List every officer, people before machines."""
    entitled(request, Scope.ADMINISTER, acts.ADD)
    return answer(OfficerList(items=[_shown(account) for account in acts.list_officers()]))


@router.post(
    "/officers",
    tags=["officers"],
    openapi_extra=describe(gives="OfficerOut", takes="NewPerson", status=201, mandate=True),
)
def add_officer(request: HttpRequest) -> HttpResponse:
    """Let a person in."""
    by, under, body = caller(request, Scope.ADMINISTER), mandate(request), read(request, NewPerson)
    new = acts.NewOfficer(
        username=body.username,
        name=body.name,
        roles=frozenset(body.roles),
        password=body.password,
        email=body.email,
    )
    with running().store.work() as work:
        officer = acts.add_officer(new, by=by, under=under, work=work)
        work.commit()
    return _officer(officer, status=201)


@router.post(
    "/officers/{officer}/roles",
    tags=["officers"],
    openapi_extra=describe(gives="OfficerOut", takes="Roles", mandate=True),
)
def change_roles(request: HttpRequest, officer: OfficerId) -> HttpResponse:
    """Give an officer other roles; their sessions end."""
    by, under, body = caller(request, Scope.ADMINISTER), mandate(request), read(request, Roles)
    with running().store.work() as work:
        changed = acts.change_roles(officer, frozenset(body.roles), by=by, under=under, work=work)
        work.commit()
    return _officer(changed)


@router.post(
    "/officers/{officer}/disable",
    tags=["officers"],
    openapi_extra=describe(gives="OfficerOut", takes="Disable", mandate=True),
)
def disable(request: HttpRequest, officer: OfficerId) -> HttpResponse:
    """Shut an officer out: sessions and tokens end at once."""
    by, under, body = caller(request, Scope.ADMINISTER), mandate(request), read(request, Disable)
    with running().store.work() as work:
        changed = acts.disable(officer, why=body.why, by=by, under=under, work=work)
        work.commit()
    return _officer(changed)


@router.post(
    "/officers/{officer}/enable", tags=["officers"], openapi_extra=describe(gives="OfficerOut", mandate=True)
)
def enable(request: HttpRequest, officer: OfficerId) -> HttpResponse:
    """Let a disabled officer in again."""
    by, under = caller(request, Scope.ADMINISTER), mandate(request)
    with running().store.work() as work:
        changed = acts.enable(officer, by=by, under=under, work=work)
        work.commit()
    return _officer(changed)


@router.post(
    "/tokens",
    tags=["officers"],
    openapi_extra=describe(gives="IssuedToken", takes="NewToken", status=201, mandate=True),
)
def issue_token(request: HttpRequest) -> HttpResponse:
    """Give a program the right to act for an officer. The token is shown this once."""
    by, under, body = caller(request, Scope.ADMINISTER), mandate(request), read(request, NewToken)
    with running().store.work() as work:
        issued = tokens.issue_token(
            body.officer,
            label=body.label,
            scopes=frozenset(body.scopes),
            life=timedelta(days=body.days),
            by=by,
            under=under,
            work=work,
        )
        work.commit()
    return answer(IssuedToken(id=issued.id, token=issued.text, expires_at=issued.expires_at), status=201)


@router.delete("/tokens/{token}", tags=["officers"], openapi_extra=describe(status=204, mandate=True))
def revoke_token(request: HttpRequest, token: OfficerId) -> HttpResponse:
    """End a token at once."""
    by, under = caller(request, Scope.ADMINISTER), mandate(request)
    with running().store.work() as work:
        tokens.revoke_token(token, by=by, under=under, work=work)
        work.commit()
    return HttpResponse(status=204)


@router.get("/node/status", tags=["node"], openapi_extra=describe(gives="Health"))
def node_status(request: HttpRequest) -> HttpResponse:
    """How the node fares: counts and states, nothing about anybody."""
    entitled(request, Scope.READ, READ_STATUS)
    node = running()
    found = status_of(node.node)
    jobs = [
        JobOut(name=job.name, running=job.running, failures=job.failures, last_error=job.last_error)
        for job in node.supervisor.health
    ]
    certificate = certificate_of(node.node.folder, node.node.settings)
    health = Health(
        node=found.id,
        version=__version__,
        storage=found.storage,
        records=dict(found.records),
        entries=found.entries,
        outbox=found.outbox,
        disk_free_bytes=found.free_bytes,
        restored_from=found.restored_from,
        certificate_pin=certificate.pin if certificate else "",
        certificate_ends_at=certificate.ends_at.isoformat() if certificate else "",
        served_by=found.served_by,
        jobs=jobs,
    )
    return answer(health)


@router.get("/entries", tags=["oversight"], openapi_extra=describe(gives="EntryPage", mandate=True))
def list_entries(
    request: HttpRequest,
    act: Annotated[str, Query("", pattern="^[a-z_.-]{0,60}$")] = "",
    by: Annotated[str, Query("", pattern="^[a-z0-9:_-]{0,64}$")] = "",
    after: After = "",
    limit: Limit = 50,
) -> HttpResponse:
    """Read the history, newest first; reading it is itself written down."""
    officer, under = caller(request, Scope.READ), mandate(request)
    with running().store.work() as work:
        read_history(by=officer, under=under, work=work)
        found, more = entry_page(running().store, act=act, by=by, after=after, limit=limit)
        work.commit()
    items = [
        EntryOut(
            id=entry.id,
            act=entry.act,
            at=entry.at,
            by=entry.by,
            answerable=entry.answerable,
            purpose=entry.purpose.value,
            legal_basis=entry.legal_basis,
            touched=[f"{touched.record}@{touched.version}" for touched in entry.touched],
            facts=dict(entry.facts),
        )
        for entry in found
    ]
    return answer(EntryPage(items=items, next=items[-1].id if more else None))


def _officer(officer: Officer, *, status: int = 200) -> HttpResponse:
    account = Account.objects.of(officer.id)
    if account is None:
        raise UnknownError(kind="officer", name=officer.id)
    return answer(_shown(account), status=status)


def _shown(account: Account) -> OfficerOut:
    officer = account.as_officer()
    return OfficerOut(
        id=officer.id,
        username=account.username,
        name=account.name,
        roles=tuple(sorted(officer.roles)),
        machine=account.machine,
        answerable=officer.answerable,
        active=account.is_active,
    )
