"""Officers are let in, changed and shut out by acts of an administrator, each with its entry."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from ayni.errors import InvalidValueError, NotEntitledError, UnknownError, WrongStateError
from ayni.model.officer import Role
from tests.web_node import PASSWORD, UNDER, TestNode, fresh_node


@pytest.fixture
def node(tmp_path: Path) -> Iterator[TestNode]:
    """Give each test a node with one administrator."""
    with fresh_node(tmp_path / "node") as opened:
        yield opened


def test_the_first_administrator_brings_the_machines_they_answer_for(node: TestNode) -> None:
    """Every machine has a named person; every one of these acts has its entry."""
    from ayni.node.officers.acts import SERVICES, list_officers

    machines = [account for account in list_officers() if account.machine]
    assert {account.username for account in machines} == set(SERVICES)
    for account in machines:
        officer = account.as_officer()
        assert (officer.id, officer.answerable) == (account.username, node.administrator.id)
    acts = [entry.act for entry in node.store.entries]
    assert acts == ["officer.add", *["officer.add-machine"] * len(SERVICES)]
    assert all(entry.by == node.administrator.id for entry in node.store.entries)


def test_there_is_only_one_first_officer(node: TestNode) -> None:
    """The exception closes behind the first administrator."""
    from ayni.node.officers.acts import NewOfficer, add_first

    new = NewOfficer(username="second", name="B", roles=frozenset({Role.ADMINISTRATOR}), password=PASSWORD)
    with pytest.raises(WrongStateError), node.store.work() as work:
        add_first(new, under=UNDER, work=work)


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.ADMINISTRATOR])
def test_nobody_else_lets_officers_in(node: TestNode, role: Role) -> None:
    """Whoever is no administrator is refused, and nothing is written."""
    from ayni.node.officers.acts import NewOfficer, add_officer
    from ayni.node.officers.models import Account

    other = node.add(role).as_officer()
    before, entries = Account.objects.count(), len(node.store.entries)
    new = NewOfficer(username="intruder", name="I", roles=frozenset({Role.ANALYST}), password=PASSWORD)
    with pytest.raises(NotEntitledError), node.store.work() as work:
        add_officer(new, by=other, under=UNDER, work=work)
    assert (Account.objects.count(), len(node.store.entries)) == (before, entries)


def test_oversight_stands_alone() -> None:
    """Who watches does not act."""
    from ayni.node.officers.acts import NewOfficer

    with pytest.raises(InvalidValueError, match="oversight"):
        NewOfficer(username="both", name="B", roles=frozenset({Role.OVERSIGHT, Role.ANALYST}))


@pytest.mark.parametrize("password", ["short", "yfdbufnjh10305070", "836195027461830", "anaparedesanaparedes"])
def test_weak_passwords_are_refused_with_the_reason(node: TestNode, password: str) -> None:
    """Short, common, all digits, or the officer's own name: each is told."""
    from ayni.node.officers.acts import NewOfficer, add_officer

    new = NewOfficer(username="anaparedesanaparedes", name="Ana", roles=frozenset({Role.ANALYST}), password=password)
    with pytest.raises(InvalidValueError, match="password"), node.store.work() as work:
        add_officer(new, by=node.administrator, under=UNDER, work=work)


def test_passwords_are_kept_as_argon2id(node: TestNode) -> None:
    """A stolen database does not give them away."""
    account = node.add(Role.ANALYST)
    assert account.password.startswith("argon2$argon2id$")
    assert account.check_password(PASSWORD)
    assert PASSWORD not in account.password


def test_a_disabled_officer_loses_sessions_and_tokens_at_once(node: TestNode) -> None:
    """Shutting somebody out does not wait for anything to expire."""
    from ayni.node.officers import acts, tokens

    account = node.add(Role.ANALYST)
    session = account.get_session_auth_hash()
    with node.store.work() as work:
        issued = tokens.issue_token(
            str(account.id),
            label="feed",
            scopes=frozenset({tokens.Scope.READ}),
            life=timedelta(days=1),
            by=node.administrator,
            under=UNDER,
            work=work,
        )
        work.commit()
    now = datetime.now(UTC)
    assert tokens.account_of_token(issued.text, now=now)[0] == account
    with node.store.work() as work:
        acts.disable(str(account.id), why="left the service", by=node.administrator, under=UNDER, work=work)
        work.commit()
    account.refresh_from_db()
    assert not account.is_active
    assert account.get_session_auth_hash() != session
    with pytest.raises(InvalidValueError, match="not valid here"):
        tokens.account_of_token(issued.text, now=now)
    last = node.store.entries[-1]
    assert (last.act, last.facts["officer"]) == ("officer.disable", str(account.id))


def test_the_last_administrator_and_whoever_answers_for_machines_stay(node: TestNode) -> None:
    """A node cannot lock itself out, nor leave a machine without its person."""
    from ayni.node.officers import acts

    me = node.administrator
    with pytest.raises(WrongStateError, match="last administrator"), node.store.work() as work:
        acts.disable(me.id, why="x", by=me, under=UNDER, work=work)
    with pytest.raises(WrongStateError, match="last administrator"), node.store.work() as work:
        acts.change_roles(me.id, frozenset({Role.ANALYST}), by=me, under=UNDER, work=work)
    other = node.add(Role.ADMINISTRATOR)
    with pytest.raises(WrongStateError, match="answerable"), node.store.work() as work:
        acts.disable(me.id, why="x", by=me, under=UNDER, work=work)
    with node.store.work() as work:
        for machine in acts.SERVICES:
            acts.answer_for(machine, str(other.id), by=me, under=UNDER, work=work)
        acts.disable(me.id, why="retired", by=other.as_officer(), under=UNDER, work=work)
        work.commit()
    with pytest.raises(UnknownError), node.store.work() as work:
        acts.disable("inbox", why="x", by=other.as_officer(), under=UNDER, work=work)


def test_a_token_says_nothing_about_why_it_fails(node: TestNode) -> None:
    """Malformed, unknown, wrong, expired and revoked answer with the same words."""
    from ayni.node.officers import tokens
    from ayni.node.officers.models import Token

    account = node.add(Role.ANALYST)
    with node.store.work() as work:
        issued = tokens.issue_token(
            str(account.id),
            label="feed",
            scopes=frozenset({tokens.Scope.READ, tokens.Scope.ACT}),
            life=timedelta(hours=1),
            by=node.administrator,
            under=UNDER,
            work=work,
        )
        work.commit()
    now = datetime.now(UTC)
    assert tokens.account_of_token(issued.text, now=now)[1] == {tokens.Scope.READ, tokens.Scope.ACT}
    prefix, token, secret = issued.text.split(".")
    assert secret not in Token.objects.get().digest
    wrong = [
        "",
        "nonsense",
        f"{prefix}.{token}",
        f"{prefix}.zz.{secret}",
        f"{prefix}.{'0' * 32}.{secret}",
        issued.text[:-1] + ("A" if issued.text[-1] != "A" else "B"),
        f"other.{token}.{secret}",
    ]
    said = set()
    for text in wrong:
        with pytest.raises(InvalidValueError) as caught:
            tokens.account_of_token(text, now=now)
        said.add(str(caught.value))
    with pytest.raises(InvalidValueError) as caught:
        tokens.account_of_token(issued.text, now=now + timedelta(hours=2))
    said.add(str(caught.value))
    with node.store.work() as work:
        tokens.revoke_token(issued.id, by=node.administrator, under=UNDER, work=work)
        work.commit()
    with pytest.raises(InvalidValueError) as caught:
        tokens.account_of_token(issued.text, now=now)
    said.add(str(caught.value))
    assert len(said) == 1


def test_an_act_on_officers_that_is_not_committed_did_not_happen(node: TestNode) -> None:
    """Neither the officer nor the entry is there: they are one transaction."""
    from ayni.node.officers.acts import NewOfficer, add_officer
    from ayni.node.officers.models import Account

    before = len(node.store.entries)
    new = NewOfficer(username="ghost", name="G", roles=frozenset({Role.ANALYST}), password=PASSWORD)
    with node.store.work() as work:
        add_officer(new, by=node.administrator, under=UNDER, work=work)
    assert not Account.objects.filter(username="ghost").exists()
    assert len(node.store.entries) == before
