"""Who is asking, and why: token or session on one side, purpose and legal basis on the other.

A token goes into `Authorization: Bearer …` and is limited by its scopes. A browser
session may be used instead; then changes need the CSRF token (`X-CSRFToken`). What is
opened or changed needs a mandate in the headers `Ayni-Purpose` (a word of the closed
list) and `Ayni-Legal-Basis` (instrument and article; non-ASCII as percent-encoded
UTF-8). Neither has a default.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final
from urllib.parse import unquote

from django.http import HttpRequest
from ninja.security import HttpBearer, SessionAuth

from ayni.api.problems import NoMandateError, NoVersionError
from ayni.errors import InvalidValueError, NotEntitledError
from ayni.model.act import Act, check_entitled
from ayni.model.handling import Mandate, Purpose
from ayni.model.officer import Officer
from ayni.node.officers.models import Account
from ayni.node.officers.tokens import Scope, account_of_token

PURPOSE_HEADER: Final = "Ayni-Purpose"
BASIS_HEADER: Final = "Ayni-Legal-Basis"
EVERY_SCOPE: Final = frozenset(Scope)


class Caller:
    """An officer, and what this way of asking allows."""

    def __init__(self, account: Account, scopes: frozenset[Scope]) -> None:
        self.account = account
        self.officer: Officer = account.as_officer()
        self.scopes = scopes


class TokenDoor(HttpBearer):
    """A program with a token."""

    def authenticate(self, request: HttpRequest, token: str) -> Caller | None:
        """Return who the token stands for, or None."""
        del request
        try:
            return Caller(*account_of_token(token, now=datetime.now(UTC)))
        except InvalidValueError:
            return None


class SessionDoor(SessionAuth):
    """An officer's own browser; changes need the CSRF token."""

    def authenticate(self, request: HttpRequest, key: str | None) -> Caller | None:
        """Return who is signed in, or None."""
        del key
        account = request.user
        return Caller(account, EVERY_SCOPE) if isinstance(account, Account) and account.is_active else None


def caller(request: HttpRequest, scope: Scope) -> Officer:
    """Return the officer who asks.

    Raises:
        NotEntitledError: if their token is not for this.
    """
    asking: Caller = request.auth  # type: ignore[attr-defined]  # django-ninja puts it there
    if scope not in asking.scopes:
        raise NotEntitledError(officer=asking.officer.name, act=f"use this token to {scope.value}")
    return asking.officer


def entitled(request: HttpRequest, scope: Scope, act: Act) -> Officer:
    """Return the officer who asks, if their roles allow *act*; for lists, which change nothing.

    Raises:
        NotEntitledError: if not.
    """
    officer = caller(request, scope)
    check_entitled(act, officer)
    return officer


def mandate(request: HttpRequest) -> Mandate:
    """Return why, as the headers say.

    Raises:
        NoMandateError: if a header is missing or the purpose is not one of the list.
    """
    try:
        purpose = Purpose(request.headers.get(PURPOSE_HEADER, ""))
        return Mandate(purpose=purpose, legal_basis=unquote(request.headers.get(BASIS_HEADER, "")))
    except (ValueError, InvalidValueError) as error:
        raise NoMandateError from error


def version(request: HttpRequest) -> int:
    """Return the version the caller decided on, from `If-Match`.

    Raises:
        NoVersionError: if there is none.
    """
    text = request.headers.get("If-Match", "").removeprefix("W/").strip().strip('"')
    if not (text.isascii() and text.isdecimal() and len(text) < 10):  # noqa: PLR2004 -- fits 32 bits
        raise NoVersionError
    return int(text)
