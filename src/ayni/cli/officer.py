"""`ayni officer`: who may act, in which role."""

from __future__ import annotations

from pathlib import Path

import click

from ayni.cli.acting import Desk, acts, json_option, node_option, password_of
from ayni.cli.output import show_json, show_rows
from ayni.model.handling import Mandate, Purpose
from ayni.model.officer import Officer, Role
from ayni.node.opening import open_node

ROLES = click.Choice([role.value for role in Role])
FIRST_BASIS = "the institution's decision to run this node"


@click.group()
def officer() -> None:
    """Who may act, in which role."""


@officer.command()
@node_option
@click.option("--username", required=True, help="What is typed to sign in: a-z 0-9 . _ -")
@click.option("--name", required=True)
@click.option("--email", default="", help="Needed to sign in through an identity provider.")
@click.option("--new-password-file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@json_option
def first(
    *, folder: Path, username: str, name: str, email: str, new_password_file: Path | None, as_json: bool
) -> None:
    """Let in the first administrator of a new node, and the machines they answer for."""
    with open_node(folder) as node:
        from ayni.node.officers.acts import NewOfficer, add_first, add_machine  # noqa: PLC0415 -- needs Django configured

        new = NewOfficer(
            username=username,
            name=name,
            email=email,
            roles=frozenset({Role.ADMINISTRATOR}),
            password=_new_password(username, new_password_file),
        )
        under = Mandate(purpose=Purpose.ADMINISTRATION, legal_basis=FIRST_BASIS)
        with node.store.work() as work:
            added = add_first(new, under=under, work=work)
            for desk in node.settings.node.desks:
                add_machine(f"desk:{desk}", by=added, under=under, work=work)
            work.commit()
    _say(added, username, as_json=as_json)


@officer.command()
@click.option("--username", required=True, help="What is typed to sign in: a-z 0-9 . _ -")
@click.option("--name", required=True)
@click.option("--role", "roles", type=ROLES, multiple=True, required=True, help="Repeatable; oversight stands alone.")
@click.option("--email", default="", help="Needed to sign in through an identity provider.")
@click.option("--new-password-file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@json_option
@acts
def add(
    desk: Desk,
    *,
    username: str,
    name: str,
    roles: tuple[str, ...],
    email: str,
    new_password_file: Path | None,
    as_json: bool,
) -> None:
    """Let a person in, with the roles they hold."""
    from ayni.node.officers.acts import NewOfficer, add_officer  # noqa: PLC0415 -- needs Django configured

    new = NewOfficer(
        username=username,
        name=name,
        email=email,
        roles=frozenset(Role(role) for role in roles),
        password=_new_password(username, new_password_file),
    )
    with desk.work() as work:
        added = add_officer(new, by=desk.by, under=desk.under, work=work)
        work.commit()
    _say(added, username, as_json=as_json)


@officer.command("list")
@node_option
@json_option
def list_officers(*, folder: Path, as_json: bool) -> None:
    """List people and machines, with their roles and who answers for each machine."""
    with open_node(folder):
        from ayni.node.officers.acts import list_officers as accounts  # noqa: PLC0415 -- needs Django configured

        rows = [
            (
                account.username,
                account.name,
                account.roles or ("machine" if account.machine else ""),
                "active" if account.is_active else "disabled",
            )
            for account in accounts()
        ]
    show_rows(
        ("username", "name", "roles", "state"), rows, as_json=as_json, empty="Nobody yet: `ayni officer first`."
    )


@officer.command()
@click.argument("name")
@acts
def machine(desk: Desk, *, name: str) -> None:
    """Give a machine (`desk:air`) an account; the administrator who acts answers for it."""
    from ayni.node.officers.acts import add_machine  # noqa: PLC0415 -- needs Django configured

    with desk.work() as work:
        add_machine(name, by=desk.by, under=desk.under, work=work)
        work.commit()
    click.echo(f"{desk.by.name} answers for {name}")


@officer.command()
@click.argument("username")
@click.option("--why", required=True)
@acts
def disable(desk: Desk, *, username: str, why: str) -> None:
    """Keep a person out from now on, and end their sessions."""
    from ayni.node.officers.acts import disable as disable_officer  # noqa: PLC0415 -- needs Django configured
    from ayni.node.officers.sign_in import account_id  # noqa: PLC0415 -- as above

    with desk.work() as work:
        disable_officer(account_id(username), why=why, by=desk.by, under=desk.under, work=work)
        work.commit()
    click.echo(f"{username} is kept out")


def _new_password(username: str, file: Path | None) -> str:
    if file is not None:
        return password_of(username, file)
    answer: str = click.prompt(f"New password of {username}", hide_input=True, confirmation_prompt=True, err=True)
    return answer


def _say(added: Officer, username: str, *, as_json: bool) -> None:
    roles = sorted(role.value for role in added.roles)
    if as_json:
        show_json({"id": added.id, "username": username, "roles": roles})
    else:
        click.echo(f"{added.name} signs in as {username}: {', '.join(roles)}")
