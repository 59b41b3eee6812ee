"""Keys for programs: shown once, kept as a hash, limited in scope and time.

A token reads `ayni1.<id>.<secret>`: the id finds the row, the secret (256 random
bits) is compared with its SHA-256. A slow hash would add nothing, because nobody
guesses 256 bits; a fast one keeps a feed's requests cheap. A token never does more
than its officer may: scope and role must both allow.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from ayni.errors import InvalidValueError, UnknownError
from ayni.model.act import Act, acting
from ayni.model.checks import require
from ayni.model.handling import Mandate
from ayni.model.officer import Officer, Role
from ayni.model.store import Work
from ayni.node.officers.models import Account, Token

PREFIX = "ayni1"
MAX_LIFE = timedelta(days=366)
"""A key that outlives a year is a key nobody remembers. Ours."""
_PARTS = 3

ISSUE = Act(name="token.issue", roles=frozenset({Role.ADMINISTRATOR}))
REVOKE = Act(name="token.revoke", roles=frozenset({Role.ADMINISTRATOR}))


class Scope(StrEnum):
    """What a token may be used for, beside what its officer may do."""

    READ = "read"
    """Lists and consultations."""
    ACT = "act"
    """Triage, reports, tasks, outcomes."""
    ADMINISTER = "administer"
    """Officers and tokens."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Issued:
    """A new token and its secret text, which exists only here."""

    id: str
    text: str
    expires_at: datetime


def issue_token(
    officer: str,
    *,
    label: str,
    scopes: frozenset[Scope],
    life: timedelta,
    by: Officer,
    under: Mandate,
    work: Work,
) -> Issued:
    """Give a program the right to act for an officer. The caller commits.

    Raises:
        NotEntitledError: if *by* is no administrator. Nothing is written.
        InvalidValueError: without label or scope, or with a life outside one minute to 366 days.
        UnknownError: if there is no such active person.
    """
    with acting(ISSUE, by=by, under=under, work=work) as acts:
        require(bool(label.strip()), "label", "a token says what it is for")
        require(bool(scopes), "scopes", "a token without scope opens nothing")
        require(timedelta(minutes=1) <= life <= MAX_LIFE, "life", "between one minute and 366 days")
        account = Account.objects.of(officer)
        if account is None or account.machine or not account.is_active:
            raise UnknownError(kind="officer", name=officer)
        secret = secrets.token_urlsafe(32)
        token = Token(
            account=account,
            label=label.strip(),
            digest=_digest(secret),
            scopes=",".join(sorted(scopes)),
            made_at=acts.now,
            expires_at=acts.now + life,
        )
        acts.note(token=str(token.id), officer=officer, scopes=token.scopes)
    token.save(force_insert=True)
    return Issued(id=str(token.id), text=f"{PREFIX}.{token.id.hex}.{secret}", expires_at=token.expires_at)


def revoke_token(token: str, *, by: Officer, under: Mandate, work: Work) -> None:
    """End a token at once. The caller commits.

    Raises:
        NotEntitledError: if *by* is no administrator. Nothing is written.
        UnknownError: if there is no such token, or it was revoked.
    """
    with acting(REVOKE, by=by, under=under, work=work) as acts:
        try:
            found = Token.objects.filter(id=UUID(token), revoked_at=None)
        except ValueError:
            found = Token.objects.none()
        if not found.exists():
            raise UnknownError(kind="token", name=token)
        acts.note(token=token)
    found.update(revoked_at=work.now)


def account_of_token(text: str, *, now: datetime) -> tuple[Account, frozenset[Scope]]:
    """Return whose token this is, and what it is for.

    Raises:
        InvalidValueError: if it is malformed, unknown, wrong, expired, revoked or its officer was disabled:
            one message for all, so that nothing can be learned by trying.
    """
    refused = InvalidValueError(field="token", why="not valid here or no longer")
    parts = text.split(".", _PARTS - 1)
    if len(parts) != _PARTS or parts[0] != PREFIX:
        raise refused
    try:
        token = Token.objects.select_related("account").get(id=UUID(hex=parts[1]))
    except (ValueError, Token.DoesNotExist):
        raise refused from None
    right = hmac.compare_digest(token.digest, _digest(parts[2]))
    if not right or token.revoked_at is not None or token.expires_at <= now or not token.account.is_active:
        raise refused
    return token.account, frozenset(Scope(name) for name in token.scopes.split(","))


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
