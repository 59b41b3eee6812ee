"""`ayni exchange visible`: which of our records one partner could receive, and under which articles."""

from __future__ import annotations

import click

from ayni.agreements.request import Ask
from ayni.agreements.sight import could_see
from ayni.agreements.vocabulary import Action
from ayni.cli.acting import Desk, acts, json_option
from ayni.cli.output import show_json, show_rows
from ayni.model.store import Query


@click.command()
@click.argument("partner")
@click.option("--kind", default="signal", show_default=True, help="Kind of record.")
@click.option("--state", "states", multiple=True, help="Only records in this state; repeatable.")
@click.option("--agreement", default="", metavar="ID", help="Under this agreement alone.")
@click.option("--after", default="", metavar="ID", help="Go on from here.")
@click.option("--limit", type=click.IntRange(1, 1000), default=25, show_default=True)
@json_option
@acts
def visible(
    desk: Desk,
    *,
    partner: str,
    kind: str,
    states: tuple[str, ...],
    agreement: str,
    after: str,
    limit: int,
    as_json: bool,
) -> None:
    """List what a partner could receive for your purpose; nothing is opened and nothing leaves."""
    from ayni.agreements.shelf import Shelf  # noqa: PLC0415 -- compiled policies, only where needed

    with desk.work() as work:
        ask = Ask(action=Action.SHARE, principal=partner, holder=desk.house.node, under=desk.under, at=work.now)
        query = Query(kind=kind, states=states, after=after, limit=limit)
        sight = could_see(query, ask, book=Shelf().book(work), work=work, agreement=agreement)
    rows = [
        (one.header.id, one.header.rule, one.header.state, one.agreement, " ".join(one.verdict.articles))
        for one in sight.seen
    ]
    if as_json:
        head = ("record", "rule", "state", "agreement", "articles")
        show_json({"records": [dict(zip(head, row, strict=True)) for row in rows], "after": sight.after})
        return
    empty = f"{partner} could receive none of these for {desk.under.purpose}."
    show_rows(("record", "rule", "state", "agreement", "articles"), rows, as_json=False, empty=empty)
    if sight.after:
        click.echo(f"there may be more: --after {sight.after}", err=True)
