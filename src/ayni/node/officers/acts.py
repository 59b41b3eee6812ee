"""Adding, changing and disabling officers: acts like any other, each with its entry in the ledger.

Only an administrator does them. The first administrator is the exception that every
house needs once: while no person has an account, one may be added in their own name.
An entry names officers by id and role, never by name, so that the ledger holds no
more about a person than it must.

Accounts lie in the same database as records and entries, so that what an act changes
and its entry are one transaction: call these inside `with store.work() as work` and
commit the work afterwards. The entry opens the transaction; rows are saved after it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from django.db.models import F

from ayni.errors import InvalidValueError, UnknownError, WrongStateError
from ayni.model.act import Act, acting
from ayni.model.checks import require, uuid7
from ayni.model.handling import Mandate
from ayni.model.officer import Officer, Role
from ayni.model.store import Work
from ayni.node.officers.models import Account
from ayni.node.officers.passwords import check_password_strength

_ADMINISTRATOR = frozenset({Role.ADMINISTRATOR})
ADD = Act(name="officer.add", roles=_ADMINISTRATOR)
ADD_MACHINE = Act(name="officer.add-machine", roles=_ADMINISTRATOR)
CHANGE_ROLES = Act(name="officer.change-roles", roles=_ADMINISTRATOR)
DISABLE = Act(name="officer.disable", roles=_ADMINISTRATOR)
ENABLE = Act(name="officer.enable", roles=_ADMINISTRATOR)
SET_PASSWORD = Act(name="officer.set-password", roles=_ADMINISTRATOR)
SIGN_OUT_EVERYWHERE = Act(name="officer.sign-out-everywhere", roles=frozenset(Role))
CHANGE_OWN_SIGN_IN = Act(name="officer.change-own-sign-in", roles=frozenset(Role))
END_STOLEN_SESSION = Act(name="session.end-as-stolen", machine=True)

SERVICES: Final = ("inbox", "retention", "sign-in")
"""Machines that every node has; desks add `desk:<name>`."""
_USERNAME = re.compile(r"^[a-z0-9][a-z0-9._-]{1,63}$")
_MACHINE = re.compile(r"^[a-z][a-z-]{1,30}(:[a-z][a-z0-9_-]{0,30})?$")


@dataclass(frozen=True, slots=True, kw_only=True)
class NewOfficer:
    """A person to be let in.

    Raises:
        InvalidValueError: for a sign-in name with other characters, no name, or roles that may not stand together.
    """

    username: str
    """What is typed to sign in: lower-case letters, digits, `.`, `_`, `-`."""
    name: str
    roles: frozenset[Role]
    password: str = ""
    """Empty when the officer signs in only through the institution's identity provider."""
    email: str = ""
    """Needed for the identity provider: it is how a verified claim finds the officer."""

    def __post_init__(self) -> None:
        require(bool(_USERNAME.match(self.username)), "username", "2 to 64 of: a-z 0-9 . _ -")
        require(bool(self.name.strip()), "name", "an officer has a name")
        require(not self.email or "@" in self.email, "email", "an e-mail address has an @")
        Officer(id="new", name=self.name, roles=self.roles)


def add_first(new: NewOfficer, *, under: Mandate, work: Work) -> Officer:
    """Add the first administrator, in their own name, and the machines they answer for. The caller commits.

    Raises:
        WrongStateError: if the node already has an officer.
        InvalidValueError: if the roles lack `administrator`, or the password is refused.
    """
    if Account.objects.persons().exists():
        raise WrongStateError(
            thing="the node", state="in use", act="adding the first officer", needs="without officers"
        )
    require(Role.ADMINISTRATOR in new.roles, "roles", "the first officer is an administrator")
    officer = Officer(id=uuid7(), name=new.name, roles=new.roles)
    added = _add(new, officer_id=officer.id, by=officer, under=under, work=work)
    for service in SERVICES:
        add_machine(service, by=added, under=under, work=work)
    return added


def add_officer(new: NewOfficer, *, by: Officer, under: Mandate, work: Work) -> Officer:
    """Let a person in. The caller commits.

    Raises:
        NotEntitledError: if *by* is no administrator. Nothing is written.
        InvalidValueError: if the sign-in name is taken or the password is refused.
    """
    return _add(new, officer_id=uuid7(), by=by, under=under, work=work)


def add_machine(name: str, *, by: Officer, under: Mandate, work: Work) -> Officer:
    """Give a service officer an account, so that acts of the machine have a person who answers: *by*.

    Raises:
        NotEntitledError: if *by* is no administrator. Nothing is written.
        InvalidValueError: if the name is malformed or taken.
    """
    with acting(ADD_MACHINE, by=by, under=under, work=work) as acts:
        require(bool(_MACHINE.match(name)), "name", "a machine is named like `inbox` or `desk:maritime`")
        _check_free(name)
        account = Account(
            username=name, name=name, machine=True, answerable=_account(by.id), made_at=acts.now, epoch=0
        )
        account.set_unusable_password()
        acts.note(officer=name)
    account.save(force_insert=True)
    return account.as_officer()


def change_roles(officer: str, roles: frozenset[Role], *, by: Officer, under: Mandate, work: Work) -> Officer:
    """Give an officer other roles; their sessions end, so that no page still shows the old ones.

    Raises:
        NotEntitledError: if *by* is no administrator. Nothing is written.
        InvalidValueError: if the roles may not stand together.
        WrongStateError: if no administrator would be left.
    """
    with acting(CHANGE_ROLES, by=by, under=under, work=work) as acts:
        account = _person(officer)
        Officer(id=officer, name=account.name, roles=roles)
        if Role.ADMINISTRATOR not in roles:
            _keep_an_administrator(account)
        acts.note(officer=officer, before=account.roles, after=_joined(roles))
    account.roles = _joined(roles)
    account.epoch += 1
    account.save(update_fields=["roles", "epoch"])
    return account.as_officer()


def disable(officer: str, *, why: str, by: Officer, under: Mandate, work: Work) -> Officer:
    """Shut an officer out: sessions and tokens end at once; the account stays, because entries name it.

    Raises:
        NotEntitledError: if *by* is no administrator. Nothing is written.
        InvalidValueError: without a reason.
        WrongStateError: if already disabled, if it is the last administrator, or if a machine still answers to them.
    """
    with acting(DISABLE, by=by, under=under, work=work) as acts:
        require(bool(why.strip()), "why", "disabling an officer has a reason")
        account = _person(officer)
        if not account.is_active:
            raise WrongStateError(thing=account.name, state="disabled", act="disabling", needs="active")
        _keep_an_administrator(account)
        machine = account.answers_for.filter(is_active=True).first()
        if machine is not None:
            raise WrongStateError(
                thing=account.name, state=f"answerable for {machine.name}", act="disabling", needs="free of machines"
            )
        acts.note(officer=officer, why=why)
    account.is_active = False
    account.epoch += 1
    account.save(update_fields=["is_active", "epoch"])
    account.tokens.filter(revoked_at=None).update(revoked_at=work.now)
    return account.as_officer()


def enable(officer: str, *, by: Officer, under: Mandate, work: Work) -> Officer:
    """Let a disabled officer in again.

    Raises:
        NotEntitledError: if *by* is no administrator. Nothing is written.
        WrongStateError: if the officer is not disabled.
    """
    with acting(ENABLE, by=by, under=under, work=work) as acts:
        account = _person(officer)
        if account.is_active:
            raise WrongStateError(thing=account.name, state="active", act="enabling", needs="disabled")
        acts.note(officer=officer)
    account.is_active = True
    account.save(update_fields=["is_active"])
    return account.as_officer()


def answer_for(machine: str, officer: str, *, by: Officer, under: Mandate, work: Work) -> Officer:
    """Name another person who answers for a machine.

    Raises:
        NotEntitledError: if *by* is no administrator. Nothing is written.
        UnknownError: if there is no such machine or person.
    """
    with acting(ADD_MACHINE, by=by, under=under, work=work) as acts:
        account = _account(machine)
        if not account.machine:
            raise UnknownError(kind="machine", name=machine)
        account.answerable = _person(officer)
        acts.note(officer=machine, answerable=officer)
    account.save(update_fields=["answerable"])
    return account.as_officer()


def set_password(officer: str, password: str, *, by: Officer, under: Mandate, work: Work) -> None:
    """Give an officer another password, when they lost theirs; every session of theirs ends.

    Raises:
        NotEntitledError: if *by* is no administrator. Nothing is written.
        InvalidValueError: if the password is refused.
    """
    with acting(SET_PASSWORD, by=by, under=under, work=work) as acts:
        account = _person(officer)
        check_password_strength(password, account)
        acts.note(officer=officer)
    account.set_password(password)
    account.epoch += 1
    account.save(update_fields=["password", "epoch"])


def sign_out_everywhere(*, by: Officer, under: Mandate, work: Work) -> None:
    """End every session of the officer who asks, on every machine. The caller commits."""
    with acting(SIGN_OUT_EVERYWHERE, by=by, under=under, work=work) as acts:
        acts.note(officer=by.id)
    Account.objects.filter(id=by.id).update(epoch=F("epoch") + 1)


def change_own_sign_in(what: str, *, by: Officer, under: Mandate, work: Work) -> None:
    """Write down that an officer changed how they sign in: *what* names it, never the secret. The caller commits."""
    with acting(CHANGE_OWN_SIGN_IN, by=by, under=under, work=work) as acts:
        acts.note(officer=by.id, what=what)


def end_stolen_session(officer: str, *, why: str, by: Officer, under: Mandate, work: Work) -> None:
    """Write down that a session was ended because its cookie was used twice or elsewhere. The caller commits."""
    with acting(END_STOLEN_SESSION, by=by, under=under, work=work) as acts:
        acts.note(officer=officer, why=why)


def list_officers() -> tuple[Account, ...]:
    """Return every account, people before machines."""
    return tuple(Account.objects.order_by("machine", "username").select_related("answerable"))


def _add(new: NewOfficer, *, officer_id: str, by: Officer, under: Mandate, work: Work) -> Officer:
    with acting(ADD, by=by, under=under, work=work) as acts:
        _check_free(new.username)
        account = Account(
            id=officer_id,
            username=new.username,
            name=new.name.strip(),
            email=new.email.strip().lower(),
            roles=_joined(new.roles),
            made_at=acts.now,
        )
        if new.password:
            check_password_strength(new.password, account)
            account.set_password(new.password)
        else:
            account.set_unusable_password()
        acts.note(officer=officer_id, roles=account.roles)
    account.save(force_insert=True)
    return Officer(id=officer_id, name=account.name, roles=new.roles)


def _check_free(username: str) -> None:
    if Account.objects.filter(username=username).exists():
        raise InvalidValueError(field="username", why=f"{username} is taken")


def _account(officer: str) -> Account:
    account = Account.objects.of(officer)
    if account is None:
        raise UnknownError(kind="officer", name=officer)
    return account


def _person(officer: str) -> Account:
    account = _account(officer)
    if account.machine:
        raise UnknownError(kind="officer", name=officer)
    return account


def _keep_an_administrator(leaving: Account) -> None:
    others = Account.objects.persons().filter(is_active=True).exclude(id=leaving.id)
    if Role.ADMINISTRATOR in leaving.role_set and not any(Role.ADMINISTRATOR in one.role_set for one in others):
        raise WrongStateError(
            thing=leaving.name, state="the last administrator", act="this change", needs="not the only one"
        )


def _joined(roles: frozenset[Role]) -> str:
    return ",".join(sorted(roles))
