"""An officer's account and a program's token, as this node keeps them.

The vocabulary knows `Officer`: an id, a name and roles. An account adds what is
needed to let that person in: a sign-in name, a password hash (argon2id), an
e-mail address for the institution's identity provider, and a counter whose
increase ends every session at once. Machines have accounts too, because each
act names who did it, but they have no way to sign in.
"""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar
from uuid import UUID

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models
from django.utils.crypto import salted_hmac

from ayni.model.checks import uuid7
from ayni.model.officer import Officer, Role


def new_id() -> UUID:
    """Return a UUIDv7 for a new row."""
    return UUID(uuid7())


class Accounts(BaseUserManager["Account"]):
    """Looks accounts up by their sign-in name."""

    def persons(self) -> models.QuerySet[Account]:
        """Return the accounts of people, newest last."""
        return self.filter(machine=False).order_by("id")

    def of(self, officer: str) -> Account | None:
        """Return the account with this officer id (a machine's is its name), or None."""
        try:
            return self.filter(id=UUID(officer)).first()
        except ValueError:
            return self.filter(username=officer, machine=True).first()


class Account(AbstractBaseUser):
    """One officer: a person with roles, or a machine that answers to a person."""

    id: models.UUIDField[UUID | str, UUID] = models.UUIDField(primary_key=True, default=new_id, editable=False)
    username: models.CharField[str, str] = models.CharField(max_length=64, unique=True)
    name: models.CharField[str, str] = models.CharField(max_length=200)
    email: models.EmailField[str, str] = models.EmailField(blank=True, default="")
    roles: models.CharField[str, str] = models.CharField(max_length=120, blank=True, default="")
    """Role names, sorted, separated by commas."""
    machine: models.BooleanField[bool, bool] = models.BooleanField(default=False)
    answerable: models.ForeignKey[Account | None, Account | None] = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.PROTECT, related_name="answers_for"
    )
    answerable_id: UUID | None
    is_active: models.BooleanField[bool, bool] = models.BooleanField(default=True)
    language: models.CharField[str, str] = models.CharField(max_length=5, blank=True, default="")
    epoch: models.PositiveIntegerField[int, int] = models.PositiveIntegerField(default=0)
    """Part of every session's hash: adding one signs the officer out everywhere."""
    made_at: models.DateTimeField[datetime, datetime] = models.DateTimeField()
    tokens: models.QuerySet[Token]
    answers_for: models.QuerySet[Account]

    objects: ClassVar[Accounts] = Accounts()

    USERNAME_FIELD = "username"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    class Meta:
        """Where the rows lie."""

        db_table = "officer"

    def __str__(self) -> str:
        return self.name

    @property
    def role_set(self) -> frozenset[Role]:
        """The roles as the vocabulary names them."""
        return frozenset(Role(name) for name in self.roles.split(",") if name)

    def as_officer(self) -> Officer:
        """Return the officer an act is signed with; a machine's id is its name, `desk:maritime`.

        Raises:
            InvalidValueError: if the stored roles contradict the vocabulary, for instance oversight beside another.
        """
        return Officer(
            id=self.username if self.machine else str(self.id),
            name=self.name,
            roles=self.role_set,
            machine=self.machine,
            answerable=str(self.answerable_id) if self.answerable_id else "",
        )

    def _get_session_auth_hash(self, secret: str | None = None) -> str:
        """Return what every session of this account must carry: it changes with the password and with `epoch`."""
        value = f"{self.password}|{self.epoch}"
        return salted_hmac("ayni.officer.session", value, secret=secret, algorithm="sha256").hexdigest()

    def get_session_auth_hash(self) -> str:
        """Return the hash under the current secret key."""
        return self._get_session_auth_hash()


class Token(models.Model):
    """A key for a program: only its SHA-256 is kept, with scopes and an end."""

    id: models.UUIDField[UUID | str, UUID] = models.UUIDField(primary_key=True, default=new_id, editable=False)
    account: models.ForeignKey[Account, Account] = models.ForeignKey(
        Account, on_delete=models.PROTECT, related_name="tokens"
    )
    label: models.CharField[str, str] = models.CharField(max_length=100)
    digest: models.CharField[str, str] = models.CharField(max_length=64)
    scopes: models.CharField[str, str] = models.CharField(max_length=200)
    made_at: models.DateTimeField[datetime, datetime] = models.DateTimeField()
    expires_at: models.DateTimeField[datetime, datetime] = models.DateTimeField()
    revoked_at: models.DateTimeField[datetime | None, datetime | None] = models.DateTimeField(null=True, blank=True)

    class Meta:
        """Where the rows lie."""

        db_table = "officer_token"

    def __str__(self) -> str:
        return self.label
