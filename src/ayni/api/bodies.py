"""Values of the vocabulary in and out, without a second definition: msgspec reads, writes and describes them.

The OpenAPI document takes the JSON Schemas from the values themselves, so what is
published and what is accepted cannot drift apart.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, TypeVar

import msgspec
from django.http import HttpRequest, HttpResponse

from ayni.errors import UnreadableError
from ayni.model.codec import from_json, to_json
from ayni.model.handling import Hold
from ayni.model.record import Header, Record
from ayni.model.triage import Dismissal

T = TypeVar("T")


class HeaderOut(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of a record without opening it."""

    id: str
    kind: str
    version: int
    state: str
    rule: str
    originator: str
    agreement: str
    purposes: tuple[str, ...]
    handling: Any
    made_at: str
    changed_at: str
    started_at: str | None
    ended_at: str | None
    keep_until: str
    priority: float
    cell: tuple[int, int] | None
    parents: tuple[str, ...]
    hold: Hold | None

    @staticmethod
    def of(header: Header) -> HeaderOut:
        """Return the header as programs see it: without identifiers, which are hashes at rest."""
        return HeaderOut(
            id=header.id,
            kind=header.kind,
            version=header.version,
            state=header.state,
            rule=header.rule,
            originator=header.originator,
            agreement=header.agreement,
            purposes=tuple(header.purposes),
            handling=msgspec.to_builtins(header.handling),
            made_at=header.made_at.isoformat(),
            changed_at=header.changed_at.isoformat(),
            started_at=header.started_at.isoformat() if header.started_at else None,
            ended_at=header.ended_at.isoformat() if header.ended_at else None,
            keep_until=header.keep_until.isoformat(),
            priority=header.priority,
            cell=header.cell,
            parents=header.parents,
            hold=header.hold,
        )


class Page(msgspec.Struct, frozen=True, kw_only=True):
    """One page of a list, newest first. Give `next` as `after` to read on; null at the end."""

    items: list[HeaderOut]
    next: str | None


class FoundPage(msgspec.Struct, frozen=True, kw_only=True):
    """The newest records that match a search, and how many match in all."""

    items: list[HeaderOut]
    total: int


class Words(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Words for the record; may be empty where the act allows it."""

    words: str = ""


class Dismiss(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Why a signal is set aside."""

    why: Dismissal
    words: str = ""


class Silence(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Until when a signal stays quiet; RFC 3339 with offset."""

    until: Annotated[datetime, msgspec.Meta(tz=True)]
    words: str = ""


def read(request: HttpRequest, kind: type[T]) -> T:
    """Read the body of a request.

    Raises:
        UnreadableError: if it is not JSON of this kind; the message names the field.
    """
    if request.content_type not in {"application/json", ""}:
        raise UnreadableError(file="request", why="send application/json")
    return from_json(request.body, kind)


def answer(value: object, *, status: int = 200, version: int | None = None) -> HttpResponse:
    """Return a value as JSON, with the version of its record as ETag."""
    response = HttpResponse(to_json(value), status=status, content_type="application/json")
    response["Cache-Control"] = "no-store"
    if version is not None:
        response["ETag"] = f'"{version}"'
    return response


def opened(record: Record[object], *, status: int = 200) -> HttpResponse:
    """Return a record and its version."""
    body: Any = record.body
    return answer({"header": HeaderOut.of(record.header), "body": body}, status=status, version=record.header.version)
