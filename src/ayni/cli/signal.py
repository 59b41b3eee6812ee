"""`ayni signal`: list, read and decide about signals of a node."""

from __future__ import annotations

from collections.abc import Mapping

import click

from ayni.casework.consult import consult
from ayni.casework.triage import dismiss, signal_of, silence, validate
from ayni.cli.acting import Desk, acts, instant, json_option
from ayni.cli.frame import language
from ayni.cli.output import show_json, show_rows
from ayni.model.record import Record
from ayni.model.store import Query
from ayni.model.triage import Dismissal, TriageState


@click.group()
def signal() -> None:
    """List, read and decide about signals."""


@signal.command("list")
@click.option("--state", type=click.Choice([state.value for state in TriageState]), multiple=True, help="Repeatable.")
@click.option("--rule", default="", help="e.g. maritime.gap/1")
@click.option("--vessel", default="", metavar="MMSI", help="Only signals about this MMSI.")
@click.option("--after", default="", metavar="ID", help="Continue after this record.")
@click.option("--limit", type=click.IntRange(1, 1000), default=25, show_default=True)
@json_option
@acts
def list_signals(
    desk: Desk,
    *,
    state: tuple[str, ...],
    rule: str,
    vessel: str,
    after: str,
    limit: int,
    as_json: bool,
) -> None:
    """List signals, newest first, from what is known without opening them."""
    query = Query(
        kind="signal",
        states=state,
        rule=rule,
        identifier=f"mmsi:{vessel}" if vessel else "",
        after=after,
        limit=limit,
    )
    with desk.work() as work:
        headers = work.find(query)
    rows = [
        (header.id, header.state, header.rule, _minute(header.started_at), round(header.priority, 2))
        for header in headers
    ]
    show_rows(
        ("id", "state", "rule", "started", "priority"),
        rows,
        as_json=as_json,
        empty="No signals match. Widen the question, or let a desk look: `ayni maritime detect`.",
    )


@signal.command()
@click.argument("record")
@json_option
@acts
def show(desk: Desk, *, record: str, as_json: bool) -> None:
    """Open one signal: what was seen, and why it may matter or not. The consultation is written down."""
    with desk.work() as work:
        found = consult(record, by=desk.by, under=desk.under, work=work)
        work.commit()
    body = signal_of(found)
    if as_json:
        show_json(body)
        return
    from ayni.cli.explain import explain  # noqa: PLC0415 -- Babel and the desks load only when somebody reads

    click.echo(explain(body.signal, language()))
    click.echo(f"\n{body.triage.state.value}" + (f" by {body.triage.by}" if body.triage.by else ""))


@signal.command("validate")
@click.argument("record")
@click.option("--words", default="", help="What the officer adds.")
@json_option
@acts
def validate_command(desk: Desk, *, record: str, words: str, as_json: bool) -> None:
    """Stand behind a signal: it is worth acting on."""
    with desk.work() as work:
        done = validate(record, words=words, by=desk.by, under=desk.under, work=work)
        work.commit()
    _say(done, as_json=as_json)


@signal.command("dismiss")
@click.argument("record")
@click.option("--why", type=click.Choice([why.value for why in Dismissal]), required=True)
@click.option("--words", default="", help="Needed with --why other.")
@json_option
@acts
def dismiss_command(desk: Desk, *, record: str, why: str, words: str, as_json: bool) -> None:
    """Set a signal aside, with a reason that is counted."""
    with desk.work() as work:
        done = dismiss(record, why=Dismissal(why), words=words, by=desk.by, under=desk.under, work=work)
        work.commit()
    _say(done, as_json=as_json)


@signal.command("silence")
@click.argument("record")
@click.option("--until", required=True, metavar="WHEN", help="2026-03-01T12:00Z, or 6h, 2d.")
@click.option("--words", default="")
@json_option
@acts
def silence_command(desk: Desk, *, record: str, until: str, words: str, as_json: bool) -> None:
    """Keep a signal quiet for a while; then it is pending again."""
    with desk.work() as work:
        done = silence(record, until=instant(until), words=words, by=desk.by, under=desk.under, work=work)
        work.commit()
    _say(done, as_json=as_json)


def _say(record: Record[object], *, as_json: bool) -> None:
    header = record.header
    facts: Mapping[str, object] = {"id": header.id, "version": header.version, "state": header.state}
    if as_json:
        show_json(facts)
    else:
        click.echo(f"{header.id} is now {header.state} (version {header.version})")


def _minute(at: object) -> str:
    return f"{at:%Y-%m-%d %H:%MZ}" if at is not None else ""
