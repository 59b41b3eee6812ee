"""`ayni desk list`, and the commands that every desk has without writing any: `ayni <desk> detect`."""

from __future__ import annotations

import importlib
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from ayni.cli.desk_watched import watched_options, watched_tables_of
from ayni.cli.frame import language, load
from ayni.cli.output import progress, show_rows, table
from ayni.desks import find_desks
from ayni.engine.detect import Detected, Request, detect
from ayni.engine.reading import Readings, read_files
from ayni.engine.session import Engine
from ayni.errors import UnknownError
from ayni.exchange.formats import FORMATS, Writer
from ayni.model.desk import Desk
from ayni.toolkit.phrases import render


@click.group()
def desk() -> None:
    """Which desks there are and what they ask."""


@desk.command("list")
@click.argument("name", default="")
@click.option("--json", "as_json", is_flag=True, help="Print JSON for a program to read.")
def list_desks(*, name: str, as_json: bool) -> None:
    """List every rule of every desk, with its parameters and where each comes from."""
    from ayni.cli.explain import catalogue_of  # noqa: PLC0415 -- Babel loads only here

    desks = find_desks()
    if name and name not in desks:
        raise UnknownError(kind="desk", name=name)
    rows: list[tuple[object, ...]] = []
    for one in desks.values():
        if name in {"", one.name}:
            words = catalogue_of(one)
            rows += [
                (
                    detector.rule,
                    render(detector.title, {}, language(), words).text,
                    " ".join(f"{parameter.name}={parameter.default:g}" for parameter in detector.parameters),
                )
                for detector in one.detectors
            ]
    show_rows(("rule", "title", "parameters"), rows, as_json=as_json, empty="No desk has a rule.")


class DeskCommands(click.Group):
    """The commands of one desk: `detect` for all, and those its card names, imported when called."""

    def __init__(self, card: Desk) -> None:
        super().__init__(name=card.name, help=f"{card.watches}\n\n{card.lawful_basis}")
        self._card = card

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Name what can be called."""
        del ctx
        names = {"detect", *self._card.commands}
        if any(source.follow is not None for source in self._card.sources):
            names.add("watch")
        return sorted(names)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import what was called."""
        del ctx
        if cmd_name == "detect":
            return _detect_command(self._card)
        if cmd_name == "watch":
            from ayni.cli.desk_watch import watch_command  # noqa: PLC0415 -- the stream loads only here

            return watch_command(self._card)
        where = self._card.commands.get(cmd_name)
        return load(where) if where else None


def commands_of(name: str) -> click.Command:
    """Return the command group of the desk called *name*."""
    return DeskCommands(find_desks()[name])


def _detect_command(card: Desk) -> click.Command:
    @click.command("detect")
    @click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
    @click.option("--out", type=click.Path(path_type=Path), help="File to write; standard output otherwise.")
    @click.option(
        "--format", "form", type=click.Choice(sorted(FORMATS)), default="ndjson", show_default=True, help="Of --out."
    )
    @click.option("--rule", "rules", multiple=True, help="Only this rule; repeatable.")
    @click.option("--set", "settings", multiple=True, metavar="NAME=VALUE", help="e.g. gap.silence_h=4; repeatable.")
    @click.option("--engine", type=click.Choice(["duckdb", "spark"]), default="duckdb", show_default=True)
    @click.option("--layout", default="", help="Name the layout instead of having it recognised.")
    @watched_options(card)
    def command(
        *,
        files: tuple[Path, ...],
        out: Path | None,
        form: str,
        rules: tuple[str, ...],
        settings: tuple[str, ...],
        engine: str,
        layout: str,
        **watched: Any,  # noqa: ANN401 -- what `watched_options` adds
    ) -> None:
        """Read FILES, ask every rule of the desk, and write the signals.

        What was read, rejected and why goes to standard error, and so does every rule
        that could not run. A signal is a reason to look, never a verdict.
        """
        overrides = dict(_pair(text) for text in settings)
        more = watched_tables_of(card, **watched)
        with tempfile.TemporaryDirectory(prefix="ayni-") as folder:
            with progress("reading", len(files)) as advance:
                readings = read_files(card, files, folder=Path(folder), layout=layout, done=lambda _file: advance(1))
            request = Request(made_at=datetime.now(UTC), rules=rules, overrides=overrides, files=readings.file_of)
            found = detect(card, {**readings.tables, **more}, engine=engine_called(engine), request=request)
        write: Writer = FORMATS[form]
        if out is None:
            write(found.signals, sys.stdout.buffer)
        else:
            with out.open("wb") as stream:
                write(found.signals, stream)
        click.echo(summary(card, readings, found), err=True)

    return command


def engine_called(name: str) -> Engine:
    """Return the engine of that name, imported now."""
    if name == "spark":
        spark: Engine = importlib.import_module("ayni.engine.spark").SparkEngine()
        return spark
    from ayni.engine.duckdb import DuckDBEngine  # noqa: PLC0415 -- loads only when something runs

    return DuckDBEngine()


def summary(card: Desk, readings: Readings, found: Detected) -> str:
    """Return what was read, rejected and found, as tables."""
    from ayni.cli.explain import catalogue_of  # noqa: PLC0415 -- Babel loads only here

    words = catalogue_of(card)
    rows = [
        (reading.file.name, reading.layout, reading.tally.read, reading.tally.accepted, reason, count)
        for reading in readings.files
        for reason, count in (sorted(reading.tally.rejected.items()) or [("", 0)])
    ]
    counts: dict[str, int] = dict.fromkeys(found.rules_run, 0)
    for signal in found.signals:
        counts[signal.rule] = counts.get(signal.rule, 0) + 1
    parts = [
        table(("file", "layout", "read", "accepted", "rejected because", "rows"), rows),
        table(("rule", "signals"), sorted(counts.items())) if counts else "no rule ran",
    ]
    parts += [f"{one.rule}: {render(one.why, {}, language(), words).text}" for one in found.not_run]
    parts += [f"{reading.file.name}: {note}" for reading in readings.files for note in reading.tally.notes]
    return "\n\n".join(parts)


def _pair(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals:
        raise click.BadParameter(f"{text!r} is not like gap.silence_h=4")
    return name, value
