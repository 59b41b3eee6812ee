"""`ayni exchange courier` and `ayni exchange receive`: where the line does not reach, or reaches one way only.

ayni exchange courier write stick/ec-to-pe --to pe-dicapi --as lia      what waits for it, and our receipts
ayni exchange courier read stick/pe-to-ec --as lia                      its receipts and its messages
ayni exchange receive                                                   fetch over the line what waits at partners
"""

from __future__ import annotations

from pathlib import Path

import click

from ayni.cli.acting import Desk, acts, json_option, node_option
from ayni.cli.output import show_json, show_rows
from ayni.node.opening import open_node


@click.group()
def courier() -> None:
    """Carry by hand, as one sealed file, what the line does not reach."""


@courier.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--to", required=True, help="Partner for whom the file is.")
@json_option
@acts
def write(desk: Desk, *, file: Path, to: str, as_json: bool) -> None:
    """Write into FILE what waits for a partner, and our receipts for what it sent; only the partner can open it."""
    from ayni.node.couriers import write_file  # noqa: PLC0415 -- needs Django configured
    from ayni.node.exchange import Exchange  # noqa: PLC0415 -- as above

    written = write_file(Exchange(desk.node), to, file, by=desk.by, under=desk.under)
    if as_json:
        show_json(written)
        return
    click.echo(f"{file}: {written.messages} messages and {written.receipts} receipts for {to}")
    if written.left:
        click.echo(f"{written.left} messages found no room: write again once receipts for these came back")
    if written.messages:
        click.echo("they count as delivered when the receipts come back, by line or by courier")


@courier.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@json_option
@acts
def read(desk: Desk, *, file: Path, as_json: bool) -> None:
    """Take in the receipts and messages that FILE brings; reading it again changes nothing."""
    from ayni.cli.exchange import said  # noqa: PLC0415 -- this group is part of that one
    from ayni.node.couriers import read_file  # noqa: PLC0415 -- needs Django configured
    from ayni.node.exchange import Exchange  # noqa: PLC0415 -- as above

    brought = read_file(Exchange(desk.node), file, by=desk.by, under=desk.under)
    if as_json:
        show_json(brought)
        return
    click.echo(
        f"from {brought.sender}: {brought.accepted} messages taken in, {brought.repeated} that were here before, "
        f"{brought.turned_away} refused"
    )
    for line in dict.fromkeys(said(brought.reasons)):
        click.echo(f"- {line}")
    click.echo(f"its receipts: {brought.delivered} of ours delivered, {brought.refused} refused")
    if brought.answers:
        click.echo(f"carry the receipts back: ayni exchange courier write FILE --to {brought.sender}")


@click.command()
@click.argument("partners", nargs=-1)
@json_option
@node_option
def receive(*, partners: tuple[str, ...], folder: Path, as_json: bool) -> None:
    """Fetch now what waits for this node at PARTNERS, or at all that have an address."""
    with open_node(folder) as node:
        from ayni.node.exchange import Exchange  # noqa: PLC0415 -- needs Django configured
        from ayni.node.fetching import fetch  # noqa: PLC0415 -- as above

        exchange = Exchange(node)
        names = partners or tuple(name for name, one in exchange.partners().items() if one.card.address)
        found = [fetch(exchange, name) for name in names]
    head = ("partner", "accepted", "repeated", "refused", "error")
    rows = [(one.partner, one.accepted, one.repeated, one.refused, one.error) for one in found]
    show_rows(head, rows, as_json=as_json, empty="No partner has an address to ask.")
    if any(one.error for one in found):
        raise SystemExit(1)


@click.command()
@click.argument("record")
@click.option("--out", required=True, type=click.Path(file_okay=False, path_type=Path), help="Folder to write into.")
@json_option
@acts
def files(desk: Desk, *, record: str, out: Path, as_json: bool) -> None:
    """Write out the files that came with a partner's RECORD; who took copies is noted: recall cannot reach them."""
    from ayni.node.attachments import export  # noqa: PLC0415 -- needs Django configured

    written = export(desk.node, record, out, by=desk.by, under=desk.under)
    show_rows(
        ("file",), [(str(path),) for path in written], as_json=as_json, empty="No file came with it, or not yet."
    )
