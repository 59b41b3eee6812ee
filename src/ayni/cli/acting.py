"""What every command that acts asks for: which node, who, for what purpose, under which rule of law.

None of them has a default in the code. A shift may set AYNI_NODE, AYNI_OFFICER,
AYNI_PURPOSE and AYNI_LEGAL_BASIS once; each act still writes down its own.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import click

from ayni.model.handling import Mandate, Purpose
from ayni.model.officer import Officer
from ayni.model.record import House
from ayni.model.store import Work
from ayni.node.doors import house_of
from ayni.node.opening import OpenNode, open_node

UNITS = {"m": timedelta(minutes=1), "h": timedelta(hours=1), "d": timedelta(days=1)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """The chair an officer sits in: the node, the officer, and why they act."""

    node: OpenNode
    by: Officer
    under: Mandate

    @property
    def house(self) -> House:
        """What records of this node begin with."""
        return house_of(self.node.settings)

    @contextmanager
    def work(self) -> Iterator[Work]:
        """Open a unit of work."""
        with self.node.store.work() as work:
            yield work


def password_of(officer: str, file: Path | None) -> str:
    """Return the officer's password: from *file*, or asked for on the terminal."""
    if file is not None:
        return file.read_text(encoding="utf-8").rstrip("\n")
    answer: str = click.prompt(f"Password of {officer}", hide_input=True, err=True)
    return answer


node_option = click.option(
    "--node",
    "folder",
    type=click.Path(path_type=Path),
    envvar="AYNI_NODE",
    default=".",
    show_default="the current folder",
    help="Folder of the node (AYNI_NODE).",
)
json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON for a program to read.")


def acts(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command its node, officer, purpose and legal basis as the first argument."""

    @node_option
    @click.option(
        "--as", "officer", envvar="AYNI_OFFICER", required=True, help="Who acts: name at sign-in (AYNI_OFFICER)."
    )
    @click.option(
        "--password-file",
        type=click.Path(exists=True, dir_okay=False, path_type=Path),
        envvar="AYNI_PASSWORD_FILE",
        help="File with the officer's password; asked for on a terminal otherwise.",
    )
    @click.option(
        "--purpose",
        type=click.Choice([purpose.value for purpose in Purpose]),
        envvar="AYNI_PURPOSE",
        required=True,
        help="Why (AYNI_PURPOSE).",
    )
    @click.option(
        "--legal-basis",
        envvar="AYNI_LEGAL_BASIS",
        required=True,
        help="Rule of law that allows it (AYNI_LEGAL_BASIS).",
    )
    @functools.wraps(command)
    def wrapped(**options: object) -> None:
        folder = _path(options.pop("folder"))
        officer = str(options.pop("officer"))
        secret = options.pop("password_file")
        under = Mandate(purpose=Purpose(str(options.pop("purpose"))), legal_basis=str(options.pop("legal_basis")))
        with open_node(folder) as node:
            from ayni.node.officers.sign_in import sign_in  # noqa: PLC0415 -- needs Django configured

            password = password_of(officer, secret if isinstance(secret, Path) else None)
            desk = Desk(node=node, by=sign_in(officer, password), under=under)
            command(desk, **options)

    return wrapped


def instant(text: str) -> datetime:
    """Read `2026-03-01T12:00Z`, or `6h`, `30m`, `2d` from now.

    Raises:
        click.BadParameter: if it is neither, or has no time zone.
    """
    if text[:-1].isdigit() and text[-1:] in UNITS:
        return datetime.now(UTC) + int(text[:-1]) * UNITS[text[-1]]
    try:
        at = datetime.fromisoformat(text)
    except ValueError as error:
        raise click.BadParameter(
            f"{text!r} is neither an instant like 2026-03-01T12:00Z nor a span like 6h"
        ) from error
    if at.tzinfo is None:
        raise click.BadParameter(f"{text!r} has no time zone; add Z for UTC")
    return at


def span(text: str) -> timedelta:
    """Read `6h`, `30m`, `2d`.

    Raises:
        click.BadParameter: if it is not one.
    """
    if text[:-1].isdigit() and text[-1:] in UNITS:
        return int(text[:-1]) * UNITS[text[-1]]
    raise click.BadParameter(f"{text!r} is not a span like 6h")


def _path(value: object) -> Path:
    return value if isinstance(value, Path) else Path(str(value))
