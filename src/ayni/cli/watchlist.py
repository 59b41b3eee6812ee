"""`ayni watchlist`: one officer proposes a vessel, a second one confirms; lists are imported from CSV."""

from __future__ import annotations

from pathlib import Path

import click

from ayni.casework.consult import consult
from ayni.casework.watchlist import NewEntry, confirm_entry, end_entry, entry_of, propose_entry, refuse_entry
from ayni.casework.watchlist_csv import import_entries
from ayni.cli.acting import Desk, acts, instant, json_option
from ayni.cli.output import show_json, show_rows
from ayni.model.record import Record
from ayni.model.store import Query
from ayni.model.watch_entry import WatchState


@click.group()
def watchlist() -> None:
    """Propose vessels to be watched for, and confirm them.

    Every entry has a ground, an instruction, an owner, a legal basis and an end, and a second
    officer stands behind it. A hit is a reason to look, never proof of who it is.
    """


@watchlist.command()
@click.option("--imo", default="", help="Number of the hull.")
@click.option("--mmsi", default="", help="Number of the radio.")
@click.option("--call-sign", default="", help="Radio call sign.")
@click.option("--name", default="", help="Name of the vessel.")
@click.option("--name-edits", type=click.IntRange(0, 2), default=0, help="Letters that a name may differ by.")
@click.option("--ground", required=True, help="Why it is listed.")
@click.option("--instruction", required=True, help="What to do when it is heard.")
@click.option("--until", required=True, metavar="WHEN", help="2026-04-01T00:00Z, or 30d.")
@json_option
@acts
def propose(
    desk: Desk,
    *,
    imo: str,
    mmsi: str,
    call_sign: str,
    name: str,
    name_edits: int,
    ground: str,
    instruction: str,
    until: str,
    as_json: bool,
) -> None:
    """Put a vessel up for the watchlist; a second officer decides."""
    new = NewEntry(
        imo=imo,
        mmsi=mmsi,
        call_sign=call_sign,
        name=name,
        name_edits=name_edits,
        ground=ground,
        instruction=instruction,
        until=instant(until),
    )
    with desk.work() as work:
        done = propose_entry(new, house=desk.house, by=desk.by, under=desk.under, work=work)
        work.commit()
    _say(done, as_json=as_json)


@watchlist.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@json_option
@acts
def import_(desk: Desk, *, file: Path, as_json: bool) -> None:
    """Propose every row of a CSV FILE; bad rows are refused with their line and reason.

    Columns: ground, instruction, until; and mmsi, imo, call_sign, name, name_edits as far as known.
    Ends with 1 when a row was refused.
    """
    with desk.work() as work:
        done = import_entries(file, house=desk.house, by=desk.by, under=desk.under, work=work)
        if done.proposed:
            work.commit()
    if as_json:
        show_json(done)
    else:
        for row in done.refused:
            click.echo(f"line {row.line}: {row.why}", err=True)
        click.echo(f"{len(done.proposed)} proposed, {len(done.refused)} refused")
    if done.refused:
        raise click.exceptions.Exit(1)


@watchlist.command()
@click.argument("record")
@json_option
@acts
def confirm(desk: Desk, *, record: str, as_json: bool) -> None:
    """Have a proposed vessel watched for, as the second officer."""
    with desk.work() as work:
        done = confirm_entry(record, by=desk.by, under=desk.under, work=work)
        work.commit()
    _say(done, as_json=as_json)


@watchlist.command()
@click.argument("record")
@click.option("--words", required=True, help="Why not.")
@json_option
@acts
def refuse(desk: Desk, *, record: str, words: str, as_json: bool) -> None:
    """Turn a proposed entry down, saying why, as the second officer."""
    with desk.work() as work:
        done = refuse_entry(record, words=words, by=desk.by, under=desk.under, work=work)
        work.commit()
    _say(done, as_json=as_json)


@watchlist.command()
@click.argument("record")
@click.option("--words", default="", help="Why it is no longer watched for.")
@json_option
@acts
def end(desk: Desk, *, record: str, words: str, as_json: bool) -> None:
    """Stop watching for a vessel, or take a proposal back; what was found stays."""
    with desk.work() as work:
        done = end_entry(record, words=words, by=desk.by, under=desk.under, work=work)
        work.commit()
    _say(done, as_json=as_json)


@watchlist.command("list")
@click.option("--state", type=click.Choice([state.value for state in WatchState]), multiple=True, help="Repeatable.")
@click.option("--limit", type=click.IntRange(1, 1000), default=25, show_default=True)
@json_option
@acts
def list_entries(desk: Desk, *, state: tuple[str, ...], limit: int, as_json: bool) -> None:
    """List entries, newest first. Whom they name is read with `ayni watchlist show`."""
    with desk.work() as work:
        headers = work.find(Query(kind="watch_entry", states=state, limit=limit))
    rows = [
        (header.id, header.state, f"{header.made_at:%Y-%m-%d %H:%MZ}", f"{header.ended_at:%Y-%m-%d %H:%MZ}")
        for header in headers
    ]
    show_rows(("id", "state", "made", "until"), rows, as_json=as_json, empty="No entries match.")


@watchlist.command()
@click.argument("record")
@json_option
@acts
def show(desk: Desk, *, record: str, as_json: bool) -> None:
    """Open an entry, and name the signals that it gave. The consultation is written down."""
    with desk.work() as work:
        found = consult(record, by=desk.by, under=desk.under, work=work)
        body = entry_of(found)
        signals = work.find(Query(kind="signal", made_from=record, limit=100))
        work.commit()
    if as_json:
        show_json({"id": record, "state": found.header.state, "entry": body, "signals": [one.id for one in signals]})
        return
    numbers = (("IMO", body.imo), ("MMSI", body.mmsi), ("call sign", body.call_sign), ("name", body.name))
    click.echo("; ".join(f"{what} {value}" for what, value in numbers if value))
    if body.name_edits:
        click.echo(f"the name may differ by {body.name_edits}")
    click.echo(f"{found.header.state}, until {body.until:%Y-%m-%d %H:%MZ}, owner {body.owner}")
    if body.confirmed_by:
        click.echo(f"confirmed by {body.confirmed_by}")
    click.echo(f"ground: {body.ground}")
    click.echo(f"instruction: {body.instruction}")
    click.echo(f"legal basis: {found.header.legal_basis}")
    for one in signals:
        click.echo(f"signal {one.id}  {one.rule}  {one.state}")


def _say(record: Record[object], *, as_json: bool) -> None:
    header = record.header
    if as_json:
        show_json({"id": header.id, "version": header.version, "state": header.state})
    else:
        click.echo(f"{header.id} is {header.state} (version {header.version})")
