"""`ayni outcome`: what came of it, also nothing."""

from __future__ import annotations

import click

from ayni.cli.acting import Desk, acts, instant, json_option
from ayni.cli.output import show_json, show_rows
from ayni.cli.places import place_option
from ayni.model.outcome import TOLD, Outcome, OutcomeKind, Quantity, Unit
from ayni.model.place import Point
from ayni.model.store import Query
from ayni.operations.results import confirm_outcome, record_outcome

PARTS = 3


class Amount(click.ParamType[Quantity]):
    """`2000 kg cocaine hydrochloride`: how much, in which unit, of what."""

    name = "'NUMBER UNIT OF WHAT'"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> Quantity:
        """Read number, unit and matter, or fail with what was expected."""
        if isinstance(value, Quantity):
            return value
        parts = str(value).split(maxsplit=PARTS - 1)
        units = {unit.value: unit for unit in Unit}
        if len(parts) < PARTS or parts[1] not in units:
            self.fail(f"{value!r} is not like '2000 kg cocaine'; units: {', '.join(units)}", param, ctx)
        try:
            return Quantity(value=float(parts[0]), unit=units[parts[1]], of=parts[2])
        except ValueError as error:
            self.fail(str(error), param, ctx)


@click.group()
def outcome() -> None:
    """Write down what came of it."""


@outcome.command()
@click.option("--kind", type=click.Choice([kind.value for kind in OutcomeKind]), required=True)
@click.option("--at", required=True, metavar="WHEN", help="2026-03-01T12:00Z")
@place_option
@click.option("--quantity", "quantities", type=Amount(), multiple=True, help="Repeatable.")
@click.option("--words", default="")
@click.option("--task", default="", metavar="ID", help="Task it answers to.")
@click.option("--signal", "signals", multiple=True, metavar="ID", help="Signal that led to it; repeatable.")
@click.option("--exhibit", default="", help="Exhibit or registration number, kept only as a keyed hash.")
@json_option
@acts
def record(
    desk: Desk,
    *,
    kind: str,
    at: str,
    place: Point | None,
    quantities: tuple[Quantity, ...],
    words: str,
    task: str,
    signals: tuple[str, ...],
    exhibit: str,
    as_json: bool,
) -> None:
    """Write down a result; "nothing-found" is one."""
    result = Outcome(
        kind=OutcomeKind(kind),
        at=instant(at),
        place=place,
        quantities=quantities,
        words=words,
        task=task,
        signals=signals,
        double_count_key=exhibit,
    )
    with desk.work() as work:
        done = record_outcome(result, house=desk.house, by=desk.by, under=desk.under, work=work)
        work.commit()
    if as_json:
        show_json({"id": done.record.header.id, "same_as": done.same_as})
        return
    click.echo(f"recorded as {done.record.header.id}")
    if done.same_as:
        click.echo(f"the same exhibit is recorded in {', '.join(done.same_as)}: it counts once", err=True)


@outcome.command()
@click.argument("outcome_id")
@click.option("--agency", required=True, help="The second agency.")
@acts
def confirm(desk: Desk, *, outcome_id: str, agency: str) -> None:
    """Note that a second agency confirms an outcome."""
    with desk.work() as work:
        confirm_outcome(outcome_id, agency=agency, by=desk.by, under=desk.under, work=work)
        work.commit()
    click.echo(f"{outcome_id} is confirmed by {agency}")


@outcome.command()
@click.argument("outcome_id")
@json_option
@acts
def tell(desk: Desk, *, outcome_id: str, as_json: bool) -> None:
    """Tell everyone who contributed a record, or consented to the boarding, what came of it."""
    from ayni.agreements.shelf import Shelf  # noqa: PLC0415 -- compiled policies, only where needed
    from ayni.cli.exchange import said  # noqa: PLC0415 -- as above
    from ayni.operations.feedback import tell_contributors  # noqa: PLC0415 -- as above

    with desk.work() as work:
        book = Shelf().book(work)
        done = tell_contributors(outcome_id, by=desk.by, under=desk.under, work=work, house=desk.house, book=book)
        work.commit()
    if as_json:
        show_json(done)
    else:
        for one in done.told:
            click.echo(f"{one.node} is told under {', '.join(one.articles)} (message {one.message})")
        for node in done.before:
            click.echo(f"{node} was told before")
        for refused in done.untold:
            click.echo(f"{refused.node} may not be told: {'; '.join(said(refused.reasons))}", err=True)
    if done.untold:
        raise SystemExit(1)


@outcome.command("list")
@click.option("--told", is_flag=True, help="What contributors were told, by us or by a partner.")
@click.option("--limit", type=click.IntRange(1, 1000), default=25, show_default=True)
@json_option
@acts
def list_outcomes(desk: Desk, *, told: bool, limit: int, as_json: bool) -> None:
    """List outcomes, newest first."""
    states = (TOLD,) if told else tuple(kind.value for kind in OutcomeKind)
    with desk.work() as work:
        headers = work.find(Query(kind="outcome", states=states, limit=limit))
    rows = [(header.id, header.state, f"{header.made_at:%Y-%m-%d %H:%MZ}") for header in headers]
    show_rows(("id", "kind", "recorded"), rows, as_json=as_json, empty="No outcomes yet.")
