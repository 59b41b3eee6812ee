"""`ayni watch`: take the watch, note, hand over; the next shift reads first."""

from __future__ import annotations

from collections.abc import Iterator

import click

from ayni.cli.acting import Desk, acts, json_option
from ayni.cli.output import show_json, show_rows
from ayni.model.record import Record
from ayni.model.store import Query
from ayni.operations import watch_log
from ayni.operations.watch_log import WATCH, Left, Watch, watch_in


@click.group()
def watch() -> None:
    """Keep the watch log, and hand over to the next shift."""


@watch.command()
@click.argument("post")
@json_option
@acts
def begin(desk: Desk, *, post: str, as_json: bool) -> None:
    """Take the watch at a post; prints first what the last one left."""
    with desk.work() as work:
        last = watch_log.latest(post, work=work)
        before = watch_log.read(last.header.id, by=desk.by, under=desk.under, work=work) if last else None
        begun = watch_log.begin(post, by=desk.by, under=desk.under, work=work, house=desk.house)
        work.commit()
    if as_json:
        show_json({"id": begun.header.id, "last": before})
        return
    if before is not None:
        click.echo("\n".join(_lines(before)))
    click.echo(f"your watch at {watch_in(begun).post} has begun: {begun.header.id}")


@watch.command()
@click.argument("watch_id")
@click.argument("words")
@click.option("--record", "records", multiple=True, metavar="ID", help="Record it speaks of; repeatable.")
@json_option
@acts
def note(desk: Desk, *, watch_id: str, words: str, records: tuple[str, ...], as_json: bool) -> None:
    """Write a line into an open watch."""
    with desk.work() as work:
        changed = watch_log.note(watch_id, words, records=records, by=desk.by, under=desk.under, work=work)
        work.commit()
    _say(changed, as_json=as_json)


@watch.command("hand-over")
@click.argument("watch_id")
@click.argument("summary")
@json_option
@acts
def hand_over(desk: Desk, *, watch_id: str, summary: str, as_json: bool) -> None:
    """End your watch: a summary, and everything that is still open."""
    with desk.work() as work:
        changed = watch_log.hand_over(watch_id, summary, by=desk.by, under=desk.under, work=work)
        work.commit()
    _say(changed, as_json=as_json)


@watch.command()
@click.argument("watch_id")
@click.argument("why")
@json_option
@acts
def relieve(desk: Desk, *, watch_id: str, why: str, as_json: bool) -> None:
    """End the watch of an officer who could not hand it over, saying why."""
    with desk.work() as work:
        changed = watch_log.relieve(watch_id, why, by=desk.by, under=desk.under, work=work)
        work.commit()
    _say(changed, as_json=as_json)


@watch.command()
@click.argument("watch_id")
@json_option
@acts
def show(desk: Desk, *, watch_id: str, as_json: bool) -> None:
    """Read a watch."""
    with desk.work() as work:
        found = watch_log.read(watch_id, by=desk.by, under=desk.under, work=work)
        work.commit()
    if as_json:
        show_json(found)
        return
    click.echo("\n".join(_lines(found)))


@watch.command("list")
@click.option("--limit", type=click.IntRange(1, 1000), default=25, show_default=True)
@json_option
@acts
def list_watches(desk: Desk, *, limit: int, as_json: bool) -> None:
    """List watches, newest first."""
    with desk.work() as work:
        headers = work.find(Query(kind=WATCH, limit=limit))
    rows = [(header.id, header.state, f"{header.made_at:%Y-%m-%d %H:%MZ}") for header in headers]
    show_rows(("id", "state", "began"), rows, as_json=as_json, empty="No watch was kept yet.")


def _say(record: Record[object], *, as_json: bool) -> None:
    if as_json:
        show_json({"id": record.header.id, "state": record.header.state, "watch": record.body})
        return
    click.echo("\n".join(_lines(watch_in(record))))


def _lines(watch: Watch) -> Iterator[str]:
    yield f"{watch.post}: {watch.name}, from {watch.began_at:%Y-%m-%d %H:%MZ}" + (
        f" to {watch.ended_at:%Y-%m-%d %H:%MZ}" if watch.ended_at else ", open"
    )
    for line in watch.notes:
        yield f"  {line.at:%H:%MZ} {line.name}: {line.words} {' '.join(line.records)}".rstrip()
    if watch.summary:
        yield f"  {'relieved' if watch.relieved_by else 'left'}: {watch.summary}"
    remains = watch.remains
    for words, left in (
        ("signals to decide", remains.signals),
        ("silences that end", remains.waking),
        ("tasks", remains.tasks),
        ("requests", remains.requests),
    ):
        yield from _left(words, left)


def _left(words: str, left: Left) -> Iterator[str]:
    if left.in_all:
        more = left.in_all - len(left.records)
        yield f"  {words}: {left.in_all}"
        yield from (f"    {record}" for record in left.records)
        if more:
            yield f"    and {more} more"
