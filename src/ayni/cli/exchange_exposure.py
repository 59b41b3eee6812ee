"""`ayni exchange exposure|balance|copied`: what is where, and what an agreement has brought each side.

ayni exchange exposure --partner pe-dicapi         what it holds of ours, under which article, until when
ayni exchange copied RECORD --to "Fiscal 3" --how "printed"
ayni exchange balance
"""

from __future__ import annotations

from datetime import timedelta

import click

from ayni.cli.acting import Desk, acts, json_option
from ayni.cli.output import show_json, show_rows


@click.command()
@click.option("--partner", default="", help="Only what one partner holds.")
@click.option("--record", default="", metavar="ID", help="Only one record.")
@json_option
@acts
def exposure(desk: Desk, *, partner: str, record: str, as_json: bool) -> None:
    """Show where records given from here are, under which article and until when; copies on paper too."""
    from ayni.exchange.exposure import exposure as look  # noqa: PLC0415 -- cryptography, only where needed

    with desk.work() as work:
        found = look(by=desk.by, under=desk.under, work=work, partner=partner, record=record)
        work.commit()
    if as_json:
        show_json(found)
        return
    head = ("record", "kind", "at", "via", "state", "articles", "since", "until")
    rows = [
        (
            one.record,
            one.kind,
            one.holder,
            one.via,
            one.state,
            ", ".join(one.articles),
            f"{one.since:%Y-%m-%d}",
            "" if one.until is None else f"{one.until:%Y-%m-%d}",
        )
        for one in found
    ]
    show_rows(head, rows, as_json=False, empty="Nothing of ours is elsewhere.")


@click.command()
@click.argument("record")
@click.option("--to", required=True, help="Who is given the copy.")
@click.option("--how", required=True, help="How: printed, on a disk, by telephone.")
@json_option
@acts
def copied(desk: Desk, *, record: str, to: str, how: str, as_json: bool) -> None:
    """Write down that a copy of a RECORD leaves by hand: no machine can take it back."""
    from ayni.exchange.exposure import copied as note  # noqa: PLC0415 -- cryptography, only where needed

    with desk.work() as work:
        done = note(record, to=to, how=how, by=desk.by, under=desk.under, work=work, house=desk.house)
        work.commit()
    if as_json:
        show_json({"copy": done})
    else:
        click.echo(f"written down as {done}; a recall will say that this copy exists")


@click.command()
@click.option("--partner", default="", help="Only one partner.")
@json_option
@acts
def balance(desk: Desk, *, partner: str, as_json: bool) -> None:
    """Show for each agreement what each side gave, asked and answered, and how fast."""
    from ayni.exchange.balance import balance as count  # noqa: PLC0415 -- cryptography, only where needed

    with desk.work() as work:
        found = count(by=desk.by, under=desk.under, work=work, house=desk.house, partner=partner)
        work.commit()
    if as_json:
        show_json(found)
        return
    head = ("agreement", "partner", "gave", "got", "taken back", "we asked", "in", "they asked", "in", "late")
    rows = [
        (
            one.agreement,
            one.partner,
            one.gave,
            one.received,
            one.taken_back,
            f"{one.we_asked.answered}/{one.we_asked.asked}",
            _span(one.we_asked.median),
            f"{one.they_asked.answered}/{one.they_asked.asked}",
            _span(one.they_asked.median),
            one.we_asked.late + one.they_asked.late,
        )
        for one in found
    ]
    show_rows(head, rows, as_json=False, empty="Nothing was exchanged yet.")


def _span(span: timedelta | None) -> str:
    return "" if span is None else f"{span.total_seconds() / 3600:.1f} h"
