"""`ayni exchange ask|answer|requests|request`: questions to partners, and the flag State's consent to board.

ayni exchange ask --to pa-senan --agreement EC-PA-1 --urgency urgent --question "May we board?"
    with --vessel "Caleta Imaginaria" --flag PA --mmsi 999000001 --seen-at 2026-03-01T03:00Z
    --place=-2.2,-85.0 --grounds "It met a vessel without lights for two hours."
ayni exchange requests                       what is due, on either side, and what is late
ayni exchange answer REQUEST --says granted --until 2d
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import click

from ayni.cli.acting import Desk, acts, instant, json_option
from ayni.cli.output import show_json, show_rows
from ayni.cli.places import place_option
from ayni.exchange.request_words import WAITS, Boarding, Measure, Reply, Says, Urgency

if TYPE_CHECKING:
    from ayni.agreements.book import Book
    from ayni.exchange.requests import Request
    from ayni.model.place import Point


@click.command()
@click.option("--to", required=True, help="Partner that is asked.")
@click.option("--agreement", required=True, help="Agreement under which it is asked.")
@click.option("--question", required=True, help="What is asked, in sentences.")
@click.option("--urgency", type=click.Choice([one.value for one in Urgency]), default=Urgency.USUAL.value)
@click.option("--record", "records", multiple=True, metavar="ID", help="Record it is about; repeatable.")
@click.option("--vessel", default="", help="Name of a vessel: asks the flag State's consent to board it.")
@click.option("--flag", default="", metavar="CC", help="Flag State, ISO 3166 alpha-2.")
@click.option("--seen-at", default="", metavar="WHEN", help="When the vessel was where --place says.")
@place_option
@click.option("--grounds", default="", help="What makes the vessel suspect: facts.")
@click.option("--measure", "measures", type=click.Choice([one.value for one in Measure]), multiple=True)
@click.option("--mmsi", default="")
@click.option("--imo", default="")
@click.option("--callsign", default="")
@click.option("--registration", default="")
@json_option
@acts
def ask(
    desk: Desk,
    *,
    to: str,
    agreement: str,
    question: str,
    urgency: str,
    records: tuple[str, ...],
    vessel: str,
    flag: str,
    seen_at: str,
    place: Point | None,
    grounds: str,
    measures: tuple[str, ...],
    as_json: bool,
    **marks: str,
) -> None:
    """Ask a partner; the clock starts, and both sides see it."""
    from ayni.exchange import requests  # noqa: PLC0415 -- cryptography, only where needed

    boarding = None
    if vessel:
        if place is None or not seen_at:
            raise click.UsageError("a vessel to board needs --place and --seen-at")
        lon, lat = place.centre
        boarding = Boarding(
            vessel=vessel,
            flag=flag,
            seen_at=instant(seen_at).astimezone(UTC),
            lat_deg=lat,
            lon_deg=lon,
            grounds=grounds,
            measures=tuple(Measure(one) for one in measures) or (Measure.BOARD,),
            mmsi=marks["mmsi"],
            imo=marks["imo"],
            callsign=marks["callsign"],
            registration=marks["registration"],
        )
    asked = requests.Question(question=question, urgency=Urgency(urgency), boarding=boarding, records=records)
    with desk.work() as work:
        record = requests.ask(
            asked,
            to,
            agreement=agreement,
            by=desk.by,
            under=desk.under,
            work=work,
            house=desk.house,
            book=_book(desk),
        )
        work.commit()
    due = requests.request_in(record).asked.due_at
    if as_json:
        show_json({"request": record.header.id, "due_at": due})
    else:
        click.echo(f"request {record.header.id} is on its way to {to}; an answer is due {_when(due)}")


@click.command()
@click.argument("request")
@click.option("--says", type=click.Choice([one.value for one in Says]), required=True)
@click.option("--words", default="", help="The answer itself.")
@click.option("--ground", default="", help="Why it is refused, withdrawn, or only in part.")
@click.option("--condition", "conditions", multiple=True, help="Condition of a consent; repeatable.")
@click.option("--until", default="", metavar="WHEN", help="Until when a consent holds: an instant, or 2d.")
@click.option("--record", "records", multiple=True, metavar="ID", help="Record shared in answer; repeatable.")
@json_option
@acts
def answer(
    desk: Desk,
    *,
    request: str,
    says: str,
    words: str,
    ground: str,
    conditions: tuple[str, ...],
    until: str,
    records: tuple[str, ...],
    as_json: bool,
) -> None:
    """Answer a partner's REQUEST."""
    from ayni.exchange import requests  # noqa: PLC0415 -- cryptography, only where needed

    reply = Reply(
        request=request,
        says=Says(says),
        words=words,
        at=datetime.now(UTC),
        ground=ground,
        conditions=conditions,
        until=instant(until).astimezone(UTC) if until else None,
        records=records,
    )
    with desk.work() as work:
        record = requests.answer(
            request, reply, by=desk.by, under=desk.under, work=work, house=desk.house, book=_book(desk)
        )
        work.commit()
    if as_json:
        show_json({"request": request, "state": record.header.state})
    else:
        click.echo(f"request {request} is {record.header.state}; the answer is on its way")


@click.command()
@click.option("--waiting", is_flag=True, help="Only those that still wait for an answer.")
@click.option("--partner", default="", help="Only those with one partner.")
@click.option("--limit", type=click.IntRange(1, 1000), default=50, show_default=True)
@json_option
@acts
def requests(desk: Desk, *, waiting: bool, partner: str, limit: int, as_json: bool) -> None:
    """List what we asked and were asked, with its clock."""
    from ayni.exchange.clocks import clocks  # noqa: PLC0415 -- cryptography, only where needed

    states = WAITS if waiting else ()
    with desk.work() as work:
        found = clocks(
            by=desk.by, under=desk.under, work=work, house=desk.house, states=states, partner=partner, limit=limit
        )
        work.commit()
    if as_json:
        show_json(found)
        return
    head = ("request", "kind", "from", "to", "state", "due", "answered after")
    rows = [
        (
            one.request,
            one.kind,
            "us" if one.ours else one.partner,
            one.partner if one.ours else "us",
            f"{one.state}, LATE" if one.late else one.state,
            _when(one.due_at),
            "" if one.took is None else _span(one.took),
        )
        for one in found
    ]
    show_rows(head, rows, as_json=False, empty="Nothing was asked yet: `ayni exchange ask`.")


@click.command()
@click.argument("request")
@json_option
@acts
def request(desk: Desk, *, request: str, as_json: bool) -> None:
    """Read a REQUEST with its answers; the consultation is written down."""
    from ayni.exchange.requests import read  # noqa: PLC0415 -- cryptography, only where needed

    with desk.work() as work:
        found = read(request, by=desk.by, under=desk.under, work=work)
        late = found.late(work.now)
        work.commit()
    if as_json:
        show_json(found)
        return
    for line in _told(found, late=late):
        click.echo(line)


def _told(found: Request, *, late: bool) -> list[str]:
    asked, boarding = found.asked, found.asked.boarding
    lines = [
        f"{found.by} asks {found.of} ({asked.urgency}): {asked.question}",
        f"asked {_when(asked.asked_at)}, due {_when(asked.due_at)}{', LATE' if late else ''}",
    ]
    if boarding is not None:
        marks = [f"{name} {mark}" for name in ("mmsi", "imo", "callsign") if (mark := getattr(boarding, name))]
        lines += [
            f"to {', '.join(boarding.measures)} {', '.join((boarding.vessel, *marks))}, flag {boarding.flag}",
            f"seen {_when(boarding.seen_at)} at {boarding.lat_deg},{boarding.lon_deg}; grounds: {boarding.grounds}",
        ]
    for reply in found.replies:
        lines.append(f"{_when(reply.at)} {found.of}: {reply.says}{f', {reply.words}' if reply.words else ''}")
        lines += [f"  ground: {reply.ground}"] if reply.ground else []
        lines += [f"  condition: {one}" for one in reply.conditions]
        lines += [f"  until {_when(reply.until)}"] if reply.until else []
    return lines


def _when(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%MZ}"


def _span(span: timedelta) -> str:
    return f"{span.total_seconds() / 3600:.1f} h"


def _book(desk: Desk) -> Book:
    from ayni.agreements.shelf import Shelf  # noqa: PLC0415 -- compiled policies, only where needed

    with desk.work() as work:
        return Shelf().book(work)
