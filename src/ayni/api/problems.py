"""What goes wrong, told to a program: RFC 9457 problem documents, their detail in the reader's language."""

from __future__ import annotations

import json
import logging
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from django.core.exceptions import RequestDataTooBig
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import get_language
from ninja.errors import AuthenticationError, HttpError, ValidationError

from ayni.api.exchange_bodies import said
from ayni.errors import (
    AyniError,
    ChangedMeanwhileError,
    InvalidValueError,
    NodeError,
    NoSpaceError,
    NotEntitledError,
    RefusedError,
    UnknownError,
    UnreadableError,
)
from ayni.exchange.post import NotSentError
from ayni.toolkit.phrases import errors_catalogue, render_error

if TYPE_CHECKING:
    from ninja import NinjaAPI

log = logging.getLogger("ayni.api")
STATUS: Sequence[tuple[type[AyniError], int]] = (
    (NotEntitledError, 403),
    (ChangedMeanwhileError, 412),
    (RefusedError, 409),
    (UnknownError, 404),
    (InvalidValueError, 422),
    (UnreadableError, 400),
    (NoSpaceError, 507),
    (NodeError, 503),
)
"""The first class that fits decides; whatever is not listed is a defect and answers 500."""


class NoMandateError(RefusedError):
    """A record was to be opened, or something done, without saying why."""

    says = "this needs a purpose and a legal basis"
    try_this = "send the headers Ayni-Purpose and Ayni-Legal-Basis"


class NoVersionError(RefusedError):
    """A change without saying which version it was decided on."""

    says = "this needs the version you decided on"
    try_this = "read the record and send its ETag as If-Match"


OWN: Sequence[tuple[type[AyniError], int]] = ((NoMandateError, 403), (NoVersionError, 428))


def problem(status: int, title: str, detail: str, kind: str = "about:blank") -> HttpResponse:
    """Return a problem document."""
    body = {"type": kind, "title": title, "status": status, "detail": detail}
    return HttpResponse(
        json.dumps(body, ensure_ascii=False), status=status, content_type="application/problem+json; charset=utf-8"
    )


def status_of(error: AyniError) -> int:
    """Return the HTTP status of one of our errors."""
    return next((status for kind, status in (*OWN, *STATUS) if isinstance(error, kind)), 500)


def language() -> str:
    """Return the reader's language as phrases name it: es, pt, en or fr."""
    return (get_language() or "en")[:2]


def told(error: AyniError) -> HttpResponse:
    """Return the problem document of one of our errors."""
    name = type(error).__name__
    title = (type(error).__doc__ or name).partition("\n")[0].rstrip(".")
    detail = render_error(error, language(), errors_catalogue()).text
    if isinstance(error, NotSentError):
        detail = "; ".join((detail, *said(error.reasons, language())))
    return problem(status_of(error), title, detail, f"urn:ayni:error:{name}")


def tell(api: NinjaAPI) -> None:
    """Have *api* answer every error with a problem document."""

    def ours(_request: HttpRequest, error: AyniError) -> HttpResponse:
        return told(error)

    def invalid(_request: HttpRequest, error: ValidationError) -> HttpResponse:
        details: list[dict[str, Any]] = error.errors
        where = "; ".join(f"{'.'.join(str(part) for part in one['loc'][1:])}: {one['msg']}" for one in details)
        return problem(422, "A value outside what its field allows", where)

    def unauthenticated(_request: HttpRequest, _error: Exception) -> HttpResponse:
        answer = problem(401, "Not signed in", "send a token: Authorization: Bearer ayni1.…")
        answer["WWW-Authenticate"] = "Bearer"
        return answer

    def missing(_request: HttpRequest, _error: Exception) -> HttpResponse:
        return problem(404, "Not here", "there is nothing at this address")

    def too_big(_request: HttpRequest, _error: Exception) -> HttpResponse:
        return problem(413, "Too large", "a document of at most 1 MB is taken in")

    def other(_request: HttpRequest, error: HttpError) -> HttpResponse:
        return problem(error.status_code, "Refused", error.message)

    api.exception_handler(AyniError)(ours)
    api.exception_handler(ValidationError)(invalid)
    api.exception_handler(AuthenticationError)(unauthenticated)
    api.exception_handler(Http404)(missing)
    api.exception_handler(RequestDataTooBig)(too_big)
    api.exception_handler(HttpError)(other)
