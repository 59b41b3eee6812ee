"""`ayni exchange`: share records with partners, and see what arrived where.

ayni exchange send RECORD --to pe-dicapi --agreement EC-PE-1 --preview     what would leave, and whether it may
ayni exchange send RECORD --to pe-dicapi --agreement EC-PE-1
ayni exchange send RECORD … --attach photo.jpg                             a file travels with it, sealed
ayni exchange files RECORD --out FOLDER                                    what came with a partner's record
ayni exchange deliver                                                      now, without waiting for the served node
ayni exchange receive                                                      now, what waits for us at partners
ayni exchange courier write|read FILE                                      carried by hand
ayni exchange status
ayni exchange ask --to pe-dicapi --agreement EC-PE-1 --question "…"        a clock starts on both sides
"""

from __future__ import annotations

from dataclasses import replace
from mimetypes import guess_type
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ayni.cli import exchange_exposure, exchange_recall, exchange_requests, exchange_room
from ayni.cli.acting import Desk, acts, json_option, node_option, span
from ayni.cli.exchange_courier import courier, files, receive
from ayni.cli.exchange_sight import visible
from ayni.cli.frame import language
from ayni.cli.output import show_json, show_rows
from ayni.node.opening import open_node

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ayni.agreements.book import Book
    from ayni.exchange.payload import Attachment
    from ayni.exchange.sharing import Preview, Terms
    from ayni.model.signal import Reason
    from ayni.node.exchange import Turn


@click.group()
def exchange() -> None:
    """Share records with partners, and see what arrived where."""


@exchange.command()
@click.argument("record")
@click.option("--to", required=True, help="Partner that is to receive it.")
@click.option("--agreement", "name", default="", help="Agreement under which it leaves; needed unless --preview.")
@click.option("--preview", "looking", is_flag=True, help="Show what would leave and whether it may; nothing leaves.")
@click.option("--tip-off", is_flag=True, help="Mark it as told without being asked.")
@click.option("--source", type=click.Choice(["A", "B", "C", "X"]), help="Reliability of the source.")
@click.option("--accuracy", type=click.IntRange(1, 4), help="Accuracy of the information, 1 certain to 4.")
@click.option(
    "--attach",
    multiple=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="File that travels with it, sealed; repeatable.",
)
@click.option(
    "--lease", default="", metavar="SPAN", help="They keep ciphertext only, and ask for a key of 4h each time."
)
@click.option("--acknowledge", is_flag=True, help="You have read and accept the restriction that H3 refers to.")
@json_option
@acts
def send(
    desk: Desk,
    *,
    record: str,
    to: str,
    name: str,
    looking: bool,
    tip_off: bool,
    source: str | None,
    accuracy: int | None,
    attach: tuple[Path, ...],
    acknowledge: bool,
    lease: str,
    as_json: bool,
) -> None:
    """Share RECORD with a partner: the agreement decides, and it leaves as soon as the line holds."""
    from ayni.exchange import sharing  # noqa: PLC0415 -- cryptography, only where needed
    from ayni.exchange.post import NotSentError  # noqa: PLC0415 -- as above

    if looking:
        _previewed(_preview(desk, record, to), as_json=as_json)
        return
    if not name:
        raise click.UsageError("name the --agreement, or look first with --preview")
    attached = _attached(desk, to, attach)
    try:
        with desk.work() as work:
            shared = sharing.share(
                record,
                to,
                terms=replace(
                    _terms(name, source, accuracy, tip_off=tip_off, acknowledged=acknowledge),
                    attachments=attached,
                    lease=span(lease) if lease else None,
                ),
                by=desk.by,
                under=desk.under,
                work=work,
                house=desk.house,
                book=_book(desk),
            )
            work.commit()
    except NotSentError as error:
        for line in said(error.reasons):
            click.echo(f"- {line}", err=True)
        raise
    if as_json:
        show_json({"message": shared.message, "exposure": shared.exposure, "articles": list(shared.articles)})
        return
    click.echo(f"on its way to {to} under {', '.join(shared.articles)} (message {shared.message})")
    click.echo("it leaves when the node is served, or now: ayni exchange deliver")


@exchange.command()
@json_option
@node_option
def deliver(*, folder: Path, as_json: bool) -> None:
    """Send now what waits for every partner, without waiting for pauses to end."""
    with open_node(folder) as node:
        from ayni.node.exchange import Exchange  # noqa: PLC0415 -- needs Django configured

        turns = Exchange(node).send(now=True)
    _turned(turns, as_json=as_json)


@exchange.command()
@json_option
@node_option
def status(*, folder: Path, as_json: bool) -> None:
    """Show what waits, what arrived, and what a person must look at."""
    with open_node(folder) as node:
        from ayni.node.post_status import post_status  # noqa: PLC0415 -- needs Django configured

        found = post_status(node)
    if as_json:
        show_json(found)
        return
    head = ("partner", "waiting", "delivered", "refused", "undelivered", "line")
    rows = [
        (one.partner, one.waiting, one.delivered, one.refused, one.undelivered, one.line) for one in found.partners
    ]
    show_rows(head, rows, as_json=False, empty="Nothing was sent yet: `ayni exchange send RECORD --to …`.")
    for message in found.attention:
        why = "; ".join(said(message.reasons)) or message.state
        click.echo(f"{message.state}: {message.type} {message.id} to {message.to}: {why}")


@exchange.command()
@click.argument("message")
@json_option
@acts
def seen(desk: Desk, *, message: str, as_json: bool) -> None:
    """Say that you have looked at a MESSAGE that was refused or not delivered: it raises no alarm any more."""
    from ayni.node.post_status import acknowledge  # noqa: PLC0415 -- needs Django configured

    acknowledge(desk.node, message, by=desk.by, under=desk.under)
    if as_json:
        show_json({"message": message, "seen": True})
    else:
        click.echo(f"{message}: seen")


def said(reasons: Sequence[Reason]) -> list[str]:
    """Return reasons in the reader's language."""
    from ayni.agreements.drafting import words  # noqa: PLC0415 -- Babel, only where a sentence is said
    from ayni.toolkit.phrases import render  # noqa: PLC0415 -- as above

    return [render(reason, language=language(), catalogue=words()).text for reason in reasons]


def _attached(desk: Desk, to: str, files: tuple[Path, ...]) -> tuple[Attachment, ...]:
    if not files:
        return ()
    from ayni.node.attachments import attach  # noqa: PLC0415 -- needs Django configured
    from ayni.node.exchange import Exchange  # noqa: PLC0415 -- as above

    exchange = Exchange(desk.node)
    return tuple(attach(exchange, to, path, guess_type(path)[0] or "application/octet-stream") for path in files)


def _preview(desk: Desk, record: str, to: str) -> Preview:
    from ayni.exchange import sharing  # noqa: PLC0415 -- as above

    with desk.work() as work:
        shown = sharing.preview(
            record, to, under=desk.under, work=work, house=desk.house, book=_book(desk), by=desk.by
        )
        work.commit()
    return shown


def _previewed(shown: Preview, *, as_json: bool) -> None:
    options = [
        {
            "agreement": one.agreement,
            "permitted": one.verdict.permitted,
            "articles": list(one.verdict.articles),
            "reasons": list(one.verdict.explain(language())),
            "keep_until": one.keep_until,
        }
        for one in shown.options
    ]
    if as_json:
        fields = {field.path: field.value for field in shown.fields}
        show_json(
            {"record": shown.record, "to": shown.to, "already": shown.already, "options": options, "fields": fields}
        )
        return
    show_rows(("leaves", "value"), [(field.path, field.value) for field in shown.fields], as_json=False, empty="")
    click.echo()
    for one in shown.options:
        says = "may leave" if one.verdict.permitted else "may not leave"
        click.echo(f"{one.agreement}: {says}; kept there until {one.keep_until:%Y-%m-%d}")
        for line in one.verdict.explain(language()):
            click.echo(f"  - {line}")
    if not shown.options:
        click.echo(f"no agreement with {shown.to}: nothing may leave")
    if shown.already:
        click.echo(f"{shown.to} has it already")


def _turned(turns: Sequence[Turn], *, as_json: bool) -> None:
    head = ("partner", "sent", "delivered", "refused", "error")
    rows = [(one.partner, one.sent, one.delivered, one.refused, one.error) for one in turns]
    show_rows(head, rows, as_json=as_json, empty="Nothing waits.")
    if any(one.error for one in turns):
        raise SystemExit(1)


def _terms(name: str, source: str | None, accuracy: int | None, *, tip_off: bool, acknowledged: bool) -> Terms:
    from ayni.exchange.payload import Accuracy, Evaluation, Source  # noqa: PLC0415 -- as above
    from ayni.exchange.sharing import Terms  # noqa: PLC0415 -- as above

    if (source is None) != (accuracy is None):
        raise click.UsageError("--source and --accuracy go together")
    told = None if source is None or accuracy is None else Evaluation(source=Source(source), info=Accuracy(accuracy))
    return Terms(agreement=name, tip_off=tip_off, evaluation=told, acknowledged=acknowledged)


def _book(desk: Desk) -> Book:
    from ayni.agreements.shelf import Shelf  # noqa: PLC0415 -- compiled policies, only where needed

    with desk.work() as work:
        return Shelf().book(work)


for command in (
    courier,
    receive,
    files,
    exchange_requests.ask,
    exchange_requests.answer,
    exchange_requests.requests,
    exchange_requests.request,
    exchange_room.room,
    exchange_recall.consent,
    exchange_recall.correct,
    exchange_exposure.balance,
    exchange_exposure.copied,
    exchange_exposure.exposure,
    exchange_recall.recall,
    exchange_recall.recalled,
    exchange_recall.lease,
    exchange_recall.settle,
    visible,
):
    exchange.add_command(command)
