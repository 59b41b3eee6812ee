"""Who sits at the keyboard: the same officer and password as at the pages, for the command line."""

from __future__ import annotations

from django.contrib.auth.hashers import make_password

from ayni.errors import RefusedError, UnknownError
from ayni.model.officer import Officer
from ayni.node.officers.models import Account


def sign_in(username: str, password: str) -> Officer:
    """Return the officer whose name and password these are.

    An unknown name takes as long as a wrong password, so that names cannot be tried out.

    Raises:
        RefusedError: if there is no such active person, or the password is another.
    """
    account = Account.objects.filter(username=username, machine=False, is_active=True).first()
    if account is None:
        make_password(password)
        raise RefusedError(why="name or password is not right")
    if not account.check_password(password):
        raise RefusedError(why="name or password is not right")
    return account.as_officer()


def account_id(username: str) -> str:
    """Return the id of the officer who signs in as *username*.

    Raises:
        UnknownError: if there is none.
    """
    account = Account.objects.filter(username=username).first()
    if account is None:
        raise UnknownError(kind="officer", name=username)
    return str(account.id)
