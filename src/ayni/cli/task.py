"""`ayni task`: task a patrol and follow it, with the flag State's consent where the high seas require it."""

from __future__ import annotations

import click

from ayni.cli.acting import Desk, acts, instant, json_option
from ayni.cli.output import show_json, show_rows
from ayni.cli.places import place_option
from ayni.model.place import Point
from ayni.model.record import Record
from ayni.model.store import Query
from ayni.model.task import Priority, Task, TaskState
from ayni.operations.tasking import (
    accept_task,
    answer_consent,
    ask_consent,
    decline_task,
    finish_task,
    propose_task,
    start_task,
)


@click.group()
def task() -> None:
    """Task a patrol and follow it."""


@task.command("list")
@click.option("--state", type=click.Choice([state.value for state in TaskState]), multiple=True, help="Repeatable.")
@click.option("--limit", type=click.IntRange(1, 1000), default=25, show_default=True)
@json_option
@acts
def list_tasks(desk: Desk, *, state: tuple[str, ...], limit: int, as_json: bool) -> None:
    """List tasks, newest first."""
    with desk.work() as work:
        headers = work.find(Query(kind="task", states=state, limit=limit))
    rows = [(header.id, header.state, f"{header.made_at:%Y-%m-%d %H:%MZ}") for header in headers]
    show_rows(("id", "state", "made"), rows, as_json=as_json, empty="No tasks match.")


@task.command()
@click.option("--what", required=True, help="What to do, in a sentence.")
@click.option("--to", required=True, help="Asset or unit.")
@click.option("--deadline", required=True, metavar="WHEN", help="2026-03-01T20:00Z, or 8h.")
@click.option("--priority", type=click.Choice([priority.value for priority in Priority]), default="routine")
@click.option("--signal", "signals", multiple=True, metavar="ID", help="Signal it answers to; repeatable.")
@place_option
@json_option
@acts
def propose(
    desk: Desk,
    *,
    what: str,
    to: str,
    deadline: str,
    priority: str,
    signals: tuple[str, ...],
    place: Point | None,
    as_json: bool,
) -> None:
    """Give a task to a patrol."""
    new = Task(
        what=what, to=to, deadline=instant(deadline), priority=Priority(priority), signals=signals, place=place
    )
    with desk.work() as work:
        done = propose_task(new, house=desk.house, by=desk.by, under=desk.under, work=work)
        work.commit()
    _say(done, as_json=as_json)


@task.command()
@click.argument("record")
@click.option("--words", default="")
@json_option
@acts
def accept(desk: Desk, *, record: str, words: str, as_json: bool) -> None:
    """Take a task on."""
    with desk.work() as work:
        done = accept_task(record, words=words, by=desk.by, under=desk.under, work=work)
        work.commit()
    _say(done, as_json=as_json)


@task.command()
@click.argument("record")
@click.option("--words", required=True, help="Why not.")
@json_option
@acts
def decline(desk: Desk, *, record: str, words: str, as_json: bool) -> None:
    """Turn a task down, saying why."""
    with desk.work() as work:
        done = decline_task(record, words=words, by=desk.by, under=desk.under, work=work)
        work.commit()
    _say(done, as_json=as_json)


@task.command()
@click.argument("record")
@json_option
@acts
def start(desk: Desk, *, record: str, as_json: bool) -> None:
    """Set out."""
    with desk.work() as work:
        done = start_task(record, by=desk.by, under=desk.under, work=work)
        work.commit()
    _say(done, as_json=as_json)


@task.command()
@click.argument("record")
@click.option("--words", default="", help="What the patrol reports.")
@json_option
@acts
def finish(desk: Desk, *, record: str, words: str, as_json: bool) -> None:
    """Report a task done; what came of it is an outcome of its own."""
    with desk.work() as work:
        done = finish_task(record, words=words, by=desk.by, under=desk.under, work=work)
        work.commit()
    _say(done, as_json=as_json)


@task.command()
@click.argument("record")
@click.option("--flag", default="", metavar="CC", help="Flag State, ISO 3166 alpha-2.")
@click.option("--reference", default="", help="Reference of the message sent.")
@click.option("--request", default="", metavar="ID", help="Our request to its node: the answer there decides.")
@json_option
@acts
def consent(desk: Desk, *, record: str, flag: str, reference: str, request: str, as_json: bool) -> None:
    """Note that the flag State was asked whether its vessel may be boarded."""
    if not flag and not request:
        raise click.UsageError("name the --flag State, or the --request that asked its node")
    with desk.work() as work:
        done = ask_consent(
            record, flag=flag, reference=reference, request=request, by=desk.by, under=desk.under, work=work
        )
        work.commit()
    _say(done, as_json=as_json)


@task.command()
@click.argument("record")
@click.option("--granted/--refused", required=True, help="What the flag State answered.")
@click.option("--reference", required=True, help="Reference of its answer.")
@json_option
@acts
def answer(desk: Desk, *, record: str, granted: bool, reference: str, as_json: bool) -> None:
    """Note what the flag State answered."""
    with desk.work() as work:
        done = answer_consent(record, granted=granted, reference=reference, by=desk.by, under=desk.under, work=work)
        work.commit()
    _say(done, as_json=as_json)


def _say(record: Record[object], *, as_json: bool) -> None:
    header = record.header
    if as_json:
        show_json({"id": header.id, "version": header.version, "state": header.state})
    else:
        click.echo(f"{header.id} is {header.state} (version {header.version})")
