"""What programs see of the house itself: officers, tokens, entries, health."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

import msgspec

from ayni.model.officer import Role
from ayni.node.officers.tokens import Scope

Username = Annotated[str, msgspec.Meta(pattern="^[a-z0-9][a-z0-9._-]{1,63}$")]


class OfficerOut(msgspec.Struct, frozen=True, kw_only=True):
    """An officer as administrators see them."""

    id: str
    username: str
    name: str
    roles: tuple[Role, ...]
    machine: bool
    answerable: str
    active: bool


class OfficerList(msgspec.Struct, frozen=True, kw_only=True):
    """Every officer, people before machines."""

    items: list[OfficerOut]


class NewPerson(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A person to be let in."""

    username: Username
    name: Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
    roles: Annotated[tuple[Role, ...], msgspec.Meta(min_length=1)]
    password: str = ""
    email: Annotated[str, msgspec.Meta(max_length=254)] = ""


class Roles(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The roles an officer shall have from now on."""

    roles: Annotated[tuple[Role, ...], msgspec.Meta(min_length=1)]


class Disable(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Why an officer is shut out."""

    why: Annotated[str, msgspec.Meta(min_length=1, max_length=500)]


class NewToken(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A key for a program."""

    officer: str
    label: Annotated[str, msgspec.Meta(min_length=1, max_length=100)]
    scopes: Annotated[tuple[Scope, ...], msgspec.Meta(min_length=1)]
    days: Annotated[int, msgspec.Meta(ge=1, le=366)]


class IssuedToken(msgspec.Struct, frozen=True, kw_only=True):
    """The token, shown this once."""

    id: str
    token: str
    expires_at: datetime


class EntryOut(msgspec.Struct, frozen=True, kw_only=True):
    """One line of the history."""

    id: str
    act: str
    at: datetime
    by: str
    answerable: str
    purpose: str
    legal_basis: str
    touched: list[str]
    facts: dict[str, Any]


class EntryPage(msgspec.Struct, frozen=True, kw_only=True):
    """One page of the history, newest first."""

    items: list[EntryOut]
    next: str | None


class JobOut(msgspec.Struct, frozen=True, kw_only=True):
    """How a background job fares."""

    name: str
    running: bool
    failures: int
    last_error: str


class Health(msgspec.Struct, frozen=True, kw_only=True):
    """How the node fares: counts and states, nothing about anybody."""

    node: str
    version: str
    storage: str
    records: dict[str, int]
    entries: int
    outbox: int
    disk_free_bytes: int
    restored_from: str
    certificate_pin: str
    certificate_ends_at: str
    served_by: int | None
    jobs: list[JobOut]
