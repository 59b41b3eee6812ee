"""`ayni key`: the keys of this node, and their change by two officers.

ayni key begin --why …           an administrator opens the key history
ayni key confirm begin           another officer confirms; partners can pin the node from now on
ayni key show --svg qr.svg       the fingerprint, to read aloud and to print
ayni key rotate --why …          new keys in place of old ones; another officer confirms
ayni key revoke --since … --why …  the keys were stolen; another officer confirms
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ayni.cli.acting import Desk, acts, instant, json_option, node_option
from ayni.cli.output import show_json, table
from ayni.node.opening import open_node

if TYPE_CHECKING:
    from ayni.exchange.key_acts import Proposal

CHANGES = click.Choice(["begin", "rotate", "compromise"])
why_option = click.option("--why", required=True, help="The reason; it is written down, and partners read it.")


@click.group()
def key() -> None:
    """Rotate and revoke the node's keys."""


@key.command()
@node_option
@click.option("--svg", type=click.Path(dir_okay=False, path_type=Path), help="Write the QR code here, to be printed.")
@json_option
def show(*, folder: Path, svg: Path | None, as_json: bool) -> None:
    """Show the fingerprint that partners compare on paper, and the change that waits, if one does."""
    from ayni.exchange.pins import Pin  # noqa: PLC0415 -- cryptography, only where needed
    from ayni.node.own_keys import own_keys  # noqa: PLC0415 -- needs Django configured

    with open_node(folder) as node:
        own = own_keys(node)
    pin = Pin.of(own.first)
    if svg is not None:
        svg.write_text(pin.to_svg(), encoding="utf-8")
    if as_json:
        show_json(
            {
                "node": pin.node,
                "fingerprint": pin.groups,
                "in_use": own.current.kid,
                "events": len(own.history.events),
                "proposal": own.history.proposal,
            }
        )
        return
    rows = [
        ("node", pin.node),
        ("fingerprint", pin.groups[:34]),
        ("", pin.groups[35:]),
        ("in use", own.current.kid),
        ("history", f"{len(own.history.events)} events" if own.history.events else "not begun: `ayni key begin`"),
        ("waits", _told(own.history.proposal)),
    ]
    click.echo(table(("what", "which"), rows))


@key.command()
@why_option
@json_option
@acts
def begin(desk: Desk, *, why: str, as_json: bool) -> None:
    """Propose to open the key history, so that partners can pin this node."""
    _propose(desk, "begin", why, None, as_json=as_json)


@key.command()
@why_option
@json_option
@acts
def rotate(desk: Desk, *, why: str, as_json: bool) -> None:
    """Propose to put the promised next keys in place of those in use."""
    _propose(desk, "rotate", why, None, as_json=as_json)


@key.command()
@click.option("--since", required=True, help="Since when they may have been in other hands: 2026-03-01T12:00Z.")
@why_option
@json_option
@acts
def revoke(desk: Desk, *, since: str, why: str, as_json: bool) -> None:
    """Propose to revoke keys that were stolen: what they signed since then is no longer believed."""
    _propose(desk, "compromise", why, instant(since), as_json=as_json)


@key.command()
@click.argument("change", type=CHANGES)
@click.option(
    "--next",
    "next_file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="The file next.keys, when it was kept in a safe.",
)
@json_option
@acts
def confirm(desk: Desk, *, change: str, next_file: Path | None, as_json: bool) -> None:
    """Confirm the proposed CHANGE as a second officer: it happens now."""
    from ayni.exchange.key_events import EventKind  # noqa: PLC0415 -- as above
    from ayni.node import own_keys  # noqa: PLC0415 -- as above

    own_keys.confirm(desk.node, EventKind(change), by=desk.by, under=desk.under, next_file=next_file)
    own = own_keys.own_keys(desk.node)
    if as_json:
        show_json({"change": change, "in_use": own.current.kid, "events": len(own.history.events)})
        return
    click.echo(f"{change}: {own.current.kid} is in use, {len(own.history.events)} events")
    if change != "begin":
        click.echo(f"next: move {desk.node.folder / 'keys' / 'next.keys'} to the safe; the old one there is void")


@key.command()
@why_option
@acts
def withdraw(desk: Desk, *, why: str) -> None:
    """Take back the change that waits; the keys stay as they are."""
    from ayni.exchange import key_acts  # noqa: PLC0415 -- as above

    with desk.work() as work:
        key_acts.withdraw(reason=why, by=desk.by, under=desk.under, work=work, house=desk.house)
        work.commit()
    click.echo("withdrawn; the keys stay as they are")


def _propose(desk: Desk, change: str, why: str, since: datetime | None, *, as_json: bool) -> None:
    from ayni.exchange import key_acts  # noqa: PLC0415 -- as above
    from ayni.exchange.key_events import EventKind  # noqa: PLC0415 -- as above

    with desk.work() as work:
        key_acts.propose(
            EventKind(change), reason=why, since=since, by=desk.by, under=desk.under, work=work, house=desk.house
        )
        work.commit()
    if as_json:
        show_json({"proposed": change, "by": desk.by.id})
    else:
        click.echo(f"proposed: {change}; another officer confirms with `ayni key confirm {change}`")


def _told(proposal: Proposal | None) -> str:
    if proposal is None:
        return "nothing"
    return f"{proposal.kind}, proposed {proposal.at:%Y-%m-%d %H:%MZ}: {proposal.reason}"
