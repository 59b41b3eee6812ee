"""`ayni demo`: the main job on real input, in a minute, without a network.

Scene one reads a real day of ship positions off the United States coast (public
AIS of 30 June 2020, from the PyPI package `tracktable-data`), asks every rule of
the maritime desk, and shows what was read, rejected and found. No real ship is
singled out: every vessel is shown under a pseudonym that nobody can undo.

Scene two makes a node with officers of an exercise, takes the signals in, and opens
its pages.
"""

from __future__ import annotations

import importlib.resources
import importlib.util
import shutil
import sys
import tempfile
import time
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import click

from ayni.cli.explain import catalogue_of, explain
from ayni.cli.frame import language
from ayni.cli.output import table
from ayni.cli.pseudonyms import Pseudonyms
from ayni.desks import find_desk
from ayni.engine.detect import Detected, Request, detect
from ayni.engine.duckdb import DuckDBEngine
from ayni.engine.reading import Readings, read_files
from ayni.errors import UnreadableError
from ayni.exchange.formats import FORMATS
from ayni.model.desk import Desk
from ayni.model.signal import Signal
from ayni.toolkit.phrases import phrase, render

PACKAGE = "tracktable_data"
DAY = "US_coastal_2020_06_30.traj"
MARK = "made-by-ayni-demo"
PER_VESSELS = 1000

TITLE = phrase("One real day off the United States coast: {rows:integer} positions of {vessels:integer} vessels")
READ = phrase("read in {seconds:number} s, all rules asked in {more:number} s; every vessel under a pseudonym")
NODE = phrase("A node took them in. Ana, an analyst, stood behind one and set one aside:")
SIGN_IN = phrase("Sign in as {officers}; this demonstration's password is {password}")
OPEN_IT = phrase("Open its pages with: {command}")
READY = phrase("The pages are at {address} (Ctrl-C ends the demonstration)")
EXAMPLE = phrase("One signal, explained:")
WRITTEN = phrase("All signals: {file}")


@click.command()
@click.option("--folder", type=click.Path(path_type=Path), default=Path(".demo"), show_default=True)
@click.option("--headless", is_flag=True, help="Do not open the pages at the end.")
def demo(*, folder: Path, headless: bool) -> None:
    """Show what Ayni does, on real data, in a minute.

    Writes only into --folder, which is made anew each time. On a terminal it ends with
    the node's pages open; --headless, or no terminal, prints how to open them.
    """
    from ayni.cli.demo_node import stage  # noqa: PLC0415 -- the node's parts load after the first scene is asked for
    from ayni.node.serving import serve  # noqa: PLC0415 -- as above

    day = real_day()
    fresh(folder)
    desk = find_desk("maritime")
    started = time.perf_counter()
    with tempfile.TemporaryDirectory(prefix="ayni-demo-") as scratch:
        readings = read_files(desk, [day], folder=Path(scratch))
        read_s = time.perf_counter() - started
        request = Request(made_at=datetime.now(UTC), files=readings.file_of)
        found = detect(desk, readings.tables, engine=DuckDBEngine(), request=request)
        asked_s = time.perf_counter() - started - read_s
        vessels = count_vessels(readings)
    signals = Pseudonyms().hide(found.signals)
    out = folder / "signals.ndjson"
    with out.open("wb") as stream:
        FORMATS["ndjson"](signals, stream)
    show(desk, readings, found, signals, vessels=vessels, read_s=read_s, asked_s=asked_s)
    click.echo(say(desk, WRITTEN, file=str(out)) + "\n")
    staged = stage(folder / "node", [signal for signal in signals if signal.rule not in desk.context_rules])
    click.echo(say(desk, NODE) + "\n")
    click.echo(table(("", ""), staged.status.lines()) + "\n")
    click.echo(say(desk, SIGN_IN, officers=", ".join(staged.officers), password=staged.password))
    if headless or not sys.stdin.isatty():
        click.echo(say(desk, OPEN_IT, command=f"ayni node serve --node {staged.folder}"))
        return
    serve(staged.folder, ready=lambda address: click.echo(say(desk, READY, address=address)))


def real_day() -> Path:
    """Return where the real day lies.

    Raises:
        UnreadableError: if the package that brings it is not installed.
    """
    if importlib.util.find_spec(PACKAGE) is None:
        raise UnreadableError(
            file=DAY, why="the package tracktable-data is not installed: `pip install 'ayni[demo]'`"
        )
    return Path(str(importlib.resources.files(PACKAGE) / "python_example_data" / DAY))


def fresh(folder: Path) -> None:
    """Make *folder* anew; only a folder that a demonstration made is ever removed.

    Raises:
        UnreadableError: if it holds something else.
    """
    mark = folder / MARK
    if folder.exists() and any(folder.iterdir()):
        if not mark.exists():
            raise UnreadableError(
                file=folder, why="it is not empty and no demonstration made it; name another --folder"
            )
        shutil.rmtree(folder)
    folder.mkdir(parents=True, exist_ok=True)
    mark.touch()


def count_vessels(readings: Readings) -> int:
    """Return how many vessels were heard."""
    sql = "SELECT count(DISTINCT mmsi) AS vessels FROM position"
    answer = DuckDBEngine().run(sql, {}, {"position": readings.tables["position"]})
    return int(answer["vessels"][0].as_py())


def show(
    desk: Desk,
    readings: Readings,
    found: Detected,
    signals: list[Signal],
    *,
    vessels: int,
    read_s: float,
    asked_s: float,
) -> None:
    """Print what was read, rejected and found, and one explanation."""
    tally = readings.files[0].tally
    click.echo(say(desk, TITLE, rows=tally.accepted, vessels=vessels))
    click.echo(say(desk, READ, seconds=round(read_s, 1), more=round(asked_s, 1)))
    rejected = sum(tally.rejected.values())
    click.echo("\n" + table(("read", "accepted", "rejected"), [(tally.read, tally.accepted, rejected)]))
    counts = Counter(signal.rule for signal in signals)
    titles = {detector.rule: detector.title for detector in desk.detectors}
    rows = [
        (rule, say(desk, titles[rule]), counts[rule], round(counts[rule] * PER_VESSELS / max(vessels, 1), 1))
        for rule in found.rules_run
    ]
    click.echo("\n" + table(("rule", "", "signals", "per 1,000 vessel-days"), rows))
    for one in found.not_run:
        click.echo(f"{one.rule}: {render(one.why, {}, language(), catalogue_of(desk)).text}")
    if signals:
        telling = [signal for signal in signals if signal.rule not in desk.context_rules] or signals
        example = max(telling, key=lambda signal: (signal.score, signal.id))
        click.echo("\n" + say(desk, EXAMPLE) + "\n")
        click.echo(explain(example, language()) + "\n")


def say(desk: Desk, sentence: str, **facts: object) -> str:
    """Return a sentence in the reader's language."""
    return render(sentence, facts, language(), catalogue_of(desk)).text
