"""`ayni partner`: institutions whose keys two of our officers have compared with paper.

ayni partner card --address https://… --out card.json    what we hand over
ayni partner add THEIR-CARD                              take theirs in; nobody is believed yet
ayni partner pin pe-dicapi --fingerprint "…"             typed from paper, by two officers
ayni partner list
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, cast

import click

from ayni.cli.acting import Desk, acts, json_option, node_option
from ayni.cli.output import show_json, show_rows
from ayni.node.opening import open_node

if TYPE_CHECKING:
    from ayni.exchange.partners import Partner
    from ayni.model.record import Record


@click.group()
def partner() -> None:
    """Institutions whose keys two officers have compared with paper."""


@partner.command()
@click.option("--address", default="", help="Where partners reach this node: https://host:port.")
@click.option("--out", required=True, type=click.Path(dir_okay=False, path_type=Path))
@node_option
def card(*, address: str, out: Path, folder: Path) -> None:
    """Write this node's card, signed, to hand over to a partner."""
    from ayni.node.partners import own_card  # noqa: PLC0415 -- needs Django configured

    with open_node(folder) as node:
        out.write_bytes(own_card(node, address))
    click.echo(f"wrote {out}; the fingerprint goes apart, on paper: `ayni key show --svg FILE`")


@partner.command()
@click.argument("file", metavar="CARD", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@json_option
@acts
def add(desk: Desk, *, file: Path, as_json: bool) -> None:
    """Take in the CARD of a partner, or a later one of a partner that is pinned."""
    from ayni.exchange import partners  # noqa: PLC0415 -- cryptography, only where needed

    with desk.work() as work:
        record = partners.add(file.read_bytes(), by=desk.by, under=desk.under, work=work, house=desk.house)
        work.commit()
    _shown(record, as_json=as_json)


@partner.command()
@click.argument("node")
@click.option("--fingerprint", help="Typed from the paper; asked for on a terminal otherwise.")
@json_option
@acts
def pin(desk: Desk, *, node: str, fingerprint: str | None, as_json: bool) -> None:
    """Compare NODE's fingerprint with the paper; the second officer to do so pins it."""
    from ayni.exchange import partners  # noqa: PLC0415 -- as above

    typed: str = fingerprint or click.prompt(f"Fingerprint of {node}, from the paper", err=True)
    with desk.work() as work:
        record = partners.pin(node, typed, by=desk.by, under=desk.under, work=work, house=desk.house)
        work.commit()
    _shown(record, as_json=as_json)


@partner.command("list")
@json_option
@node_option
def list_partners(*, folder: Path, as_json: bool) -> None:
    """List partners, where they answer, and whether they are pinned."""
    from ayni.exchange.partners import every  # noqa: PLC0415 -- as above

    with open_node(folder) as node, node.store.work() as work:
        rows = [
            (
                one.card.node,
                one.card.name,
                one.card.country,
                one.state,
                one.card.known.identity.kid,
                one.card.address,
                one.card.certificate_fingerprint,
            )
            for one in every(work)
        ]
    head = ("partner", "name", "country", "state", "keys", "address", "certificate")
    show_rows(head, rows, as_json=as_json, empty="No partners yet: `ayni partner add CARD`.")


def _shown(record: Record[object], *, as_json: bool) -> None:
    body = cast("Partner", record.body)
    if as_json:
        show_json({"partner": body.card.node, "state": body.state, "id": record.header.id})
        return
    click.echo(f"{body.card.node}: {body.state}")
    if body.state != "pinned":
        click.echo(f"next: ayni partner pin {body.card.node}, with the paper, by {_who(body)}")


def _who(body: Partner) -> str:
    return "another officer" if body.compared_by else "two officers"
