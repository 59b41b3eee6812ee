"""What happens at the door is written into the ledger: a session ended as stolen, a key or password changed."""

from __future__ import annotations

from allauth.account import signals as account_signals
from allauth.mfa import signals as key_signals

from ayni.node.officers.acts import change_own_sign_in, end_stolen_session
from ayni.node.officers.models import Account
from ayni.node.officers.sessions import stolen
from ayni.node.running import SECURITY, running


def write_down(*, account: Account, why: str, **_: object) -> None:
    """Enter whose session it was and why it ended."""
    machine = Account.objects.of("sign-in")
    if machine is None:
        return
    with running().store.work() as work:
        end_stolen_session(str(account.id), why=why, by=machine.as_officer(), under=SECURITY, work=work)
        work.commit()


def password_changed(*, user: Account, **_: object) -> None:
    """Enter that an officer changed their password."""
    _changed(user, "password")


def key_added(*, user: Account, authenticator: object, **_: object) -> None:
    """Enter that an officer added a passkey, an app or recovery codes."""
    _changed(user, f"{getattr(authenticator, 'type', 'key')} added")


def key_removed(*, user: Account, authenticator: object, **_: object) -> None:
    """Enter that an officer removed one."""
    _changed(user, f"{getattr(authenticator, 'type', 'key')} removed")


def watch() -> None:
    """Listen from now on."""
    stolen.connect(write_down, dispatch_uid="ayni.stolen")
    account_signals.password_changed.connect(password_changed, dispatch_uid="ayni.password")
    account_signals.password_set.connect(password_changed, dispatch_uid="ayni.password-set")
    key_signals.authenticator_added.connect(key_added, dispatch_uid="ayni.key-added")
    key_signals.authenticator_removed.connect(key_removed, dispatch_uid="ayni.key-removed")
    key_signals.authenticator_reset.connect(key_added, dispatch_uid="ayni.key-reset")


def _changed(account: Account, what: str) -> None:
    with running().store.work() as work:
        change_own_sign_in(what, by=account.as_officer(), under=SECURITY, work=work)
        work.commit()
