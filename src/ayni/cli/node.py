"""`ayni node`: create, serve, look at, back up, restore and upgrade one institution's node."""

from __future__ import annotations

from pathlib import Path
from typing import TextIO

import click

from ayni.cli.acting import Desk, acts, json_option, node_option
from ayni.cli.frame import language
from ayni.cli.output import show_json, table
from ayni.node.creating import create_node
from ayni.node.opening import open_node, upgrade_storage


@click.group()
def node() -> None:
    """Create, serve, look at, back up, restore and upgrade a node."""


@node.command()
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--name", required=True, help="Full name of the institution.")
@click.option("--country", required=True, metavar="CC", help="ISO 3166-1 alpha-2, e.g. EC.")
@click.option("--id", "short", default="", help="Short name partners know it by; made of country and name otherwise.")
@json_option
def init(*, folder: Path, name: str, country: str, short: str, as_json: bool) -> None:
    """Create a node: settings, keys and storage, whole or not at all.

    \b
    Example:
      ayni node init ./node --name "Estación de ejercicio" --country EC
    """  # noqa: D301 -- \b keeps click from re-flowing the example
    made = create_node(folder, name=name, country=country, id=short)
    if as_json:
        show_json({"folder": str(folder), "id": made.node.id})
        return
    click.echo(f"made node {made.node.id} at {folder}")
    click.echo(f"keys: {folder / 'keys'} (back them up apart from the data: `ayni node backup --help`)")
    click.echo(f"next: ayni officer first --node {folder} --username … --name …")


@node.command()
@node_option
def serve(*, folder: Path) -> None:
    """Serve the node's pages and programs until Ctrl-C, and run its feeds and standing jobs."""
    from ayni.node.serving import serve as serve_node  # noqa: PLC0415 -- the server loads only here

    serve_node(folder, ready=lambda address: click.echo(f"ready at {address}  (Ctrl-C stops it)"))


@node.command()
@node_option
@json_option
def status(*, folder: Path, as_json: bool) -> None:
    """Say how the node fares: storage, jobs, feeds, ledger."""
    from ayni.node.status import status_of  # noqa: PLC0415 -- needs Django configured

    with open_node(folder) as one:
        found = status_of(one)
    if as_json:
        show_json(found)
    else:
        click.echo(table(("what", "how it fares"), found.lines(language())))


@node.command()
@node_option
def upgrade(*, folder: Path) -> None:
    """Bring the storage of an older node to this version; nothing is lost."""
    upgrade_storage(folder)
    click.echo("the storage is of this version")


@node.command()
@node_option
@click.option("--data", type=click.Path(path_type=Path), required=True, help="New folder for sealed data.")
@click.option("--keys", type=click.Path(path_type=Path), required=True, help="Folder for keys; keep it elsewhere.")
@json_option
def backup(*, folder: Path, data: Path, keys: Path, as_json: bool) -> None:
    """Copy data and keys, apart: neither opens anything without the other."""
    from ayni.node.backup import backup as back_up  # noqa: PLC0415 -- needs Django configured

    with open_node(folder) as one:
        made = back_up(one, data=data, keys=keys)
    if as_json:
        show_json(made)
    else:
        click.echo(f"data in {data}, keys in {keys}, of {made.made_at}; store them apart")


@node.command()
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--data", type=click.Path(exists=True, path_type=Path), required=True)
@click.option("--keys", type=click.Path(exists=True, path_type=Path), required=True)
@click.option("--settings", type=click.File(), help="Another settings.toml, to move to another database.")
def restore(*, folder: Path, data: Path, keys: Path, settings: TextIO | None) -> None:
    """Make a node anew from a backup. It opens no record until `ayni node reconcile`."""
    from ayni.node.backup import restore as restore_node  # noqa: PLC0415 -- needs Django configured

    restored = restore_node(folder, data=data, keys=keys, settings=settings.read() if settings else "")
    click.echo(f"restored as of {restored.made_at}; no record opens before `ayni node reconcile --node {folder}`")


@node.command()
@click.option("--deleted", type=click.File(), help="File with ids of deleted or recalled records, one a line.")
@click.option("--asked", multiple=True, required=True, help="Partner or ledger copy that was asked; repeatable.")
@acts
def reconcile(desk: Desk, *, deleted: TextIO | None, asked: tuple[str, ...]) -> None:
    """Delete again what was deleted since the backup, and let a restored node open."""
    from ayni.node.reconcile import reconcile as reconcile_node  # noqa: PLC0415 -- needs Django configured

    named = [line.strip() for line in deleted or () if line.strip()]
    done = reconcile_node(desk.node, tombstones=named, asked=asked, by=desk.by, under=desk.under)
    click.echo(f"{done.without_key} without a key, {done.replayed} replayed, {len(done.held)} held by a court")
