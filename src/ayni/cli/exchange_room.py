"""`ayni exchange room`: working groups of several nodes for one operation, without a centre.

ayni exchange room found --name "Marea" --member pe-dicapi --member br-marinha --agreement R-1
ayni exchange room say ROOM "It sails at noon."
ayni exchange room read ROOM
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from ayni.cli.acting import Desk, acts, json_option
from ayni.cli.output import show_json, show_rows

if TYPE_CHECKING:
    from ayni.exchange.rooms import Said, Speaking


@click.group()
def room() -> None:
    """Work with several nodes on one operation; each has its own copy."""


@room.command()
@click.option("--name", required=True, help="Name of the room.")
@click.option("--member", "members", multiple=True, required=True, help="Partner; repeatable.")
@click.option("--agreement", required=True, help="Agreement among all of them.")
@json_option
@acts
def found(desk: Desk, *, name: str, members: tuple[str, ...], agreement: str, as_json: bool) -> None:
    """Found a room; this node says from then on who is a member."""
    from ayni.exchange import rooms  # noqa: PLC0415 -- cryptography, only where needed

    node = _speaking(desk)
    with desk.work() as work:
        done = rooms.found(name, members, agreement=agreement, by=desk.by, under=desk.under, work=work, node=node)
        work.commit()
    _said(done, as_json=as_json)


@room.command()
@click.argument("room_id")
@click.option("--member", "members", multiple=True, help="Who is a member from here on; repeatable.")
@json_option
@acts
def admit(desk: Desk, *, room_id: str, members: tuple[str, ...], as_json: bool) -> None:
    """Say anew who is a member of a room that we founded: all of them."""
    from ayni.exchange import rooms  # noqa: PLC0415 -- cryptography, only where needed

    node = _speaking(desk)
    with desk.work() as work:
        done = rooms.admit(room_id, members, by=desk.by, under=desk.under, work=work, node=node)
        work.commit()
    _said(done, as_json=as_json)


@room.command()
@click.argument("room_id")
@click.argument("words")
@click.option("--record", "records", multiple=True, metavar="ID", help="Record it speaks of; repeatable.")
@json_option
@acts
def say(desk: Desk, *, room_id: str, words: str, records: tuple[str, ...], as_json: bool) -> None:
    """Write WORDS into a room; every other member hears them."""
    from ayni.exchange import rooms  # noqa: PLC0415 -- cryptography, only where needed

    node = _speaking(desk)
    with desk.work() as work:
        done = rooms.speak(room_id, words, records=records, by=desk.by, under=desk.under, work=work, node=node)
        work.commit()
    _said(done, as_json=as_json)


@room.command()
@click.argument("room_id")
@json_option
@acts
def read(desk: Desk, *, room_id: str, as_json: bool) -> None:
    """Read a room as this node has it."""
    from ayni.exchange import rooms  # noqa: PLC0415 -- cryptography, only where needed

    with desk.work() as work:
        found = rooms.read(room_id, by=desk.by, under=desk.under, work=work)
        work.commit()
    if as_json:
        show_json(found)
        return
    click.echo(f"{found.room.name}: {', '.join(found.room.members)} (founded by {found.room.founder})")
    for entry in found.entries:
        said = entry.words or f"members: {', '.join(entry.members)}"
        cited = f" [{', '.join(entry.records)}]" if entry.records else ""
        click.echo(f"{entry.at:%Y-%m-%d %H:%MZ} {entry.author}: {said}{cited}")
    if found.room.missing:
        click.echo(f"{found.room.missing} entries did not come here", err=True)
    for fork in found.forks:
        click.echo(f"{fork.author} signed two entries under number {fork.seq} that cannot both stand", err=True)


@room.command("list")
@json_option
@acts
def list_rooms(desk: Desk, *, as_json: bool) -> None:
    """List the rooms that this node is or was in, newest first."""
    from ayni.exchange.room_words import rooms  # noqa: PLC0415 -- cryptography, only where needed

    with desk.work() as work:
        headers = rooms(work)
    rows = [(header.id, header.state, f"{header.made_at:%Y-%m-%d %H:%MZ}") for header in headers]
    show_rows(("id", "state", "since"), rows, as_json=as_json, empty="No rooms yet.")


def _speaking(desk: Desk) -> Speaking:
    from ayni.agreements.shelf import Shelf  # noqa: PLC0415 -- compiled policies, only where needed
    from ayni.exchange.rooms import Speaking  # noqa: PLC0415 -- cryptography, only where needed
    from ayni.node.exchange import Exchange  # noqa: PLC0415 -- needs Django configured

    with desk.work() as work:
        book = Shelf().book(work)
    return Speaking(house=desk.house, book=book, identity=Exchange(desk.node).identity)


def _said(done: Said, *, as_json: bool) -> None:
    if as_json:
        show_json(done)
        return
    click.echo(f"room {done.room}: on its way to {', '.join(done.told) or 'nobody'}")
    if done.untold:
        click.echo(f"the agreement does not let us tell {', '.join(done.untold)}", err=True)
