"""`ayni demo`: the main job on real input, and the whole chain on an exercise, without a network.

Scene one reads a real day of ship positions off the United States coast (public
AIS of 30 June 2020, from the PyPI package `tracktable-data`), asks every rule of
the maritime desk, and shows what was read, rejected and found. No real ship is
singled out: every vessel is shown under a pseudonym that nobody can undo.

Scene two is a boarding, played by four nodes of an exercise, each a process of its
own: seen, shared under an agreement, consented to, boarded, put right, taken back, proven.
Everything in it is synthetic. It ends with the nodes' pages open.
"""

from __future__ import annotations

import importlib.resources
import importlib.util
import shutil
import signal
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import FrameType

import click

from ayni.cli.explain import catalogue_of, explain
from ayni.cli.frame import language
from ayni.cli.output import table
from ayni.cli.pseudonyms import Pseudonyms
from ayni.desks import find_desk
from ayni.engine.detect import Detected, Request, detect
from ayni.engine.duckdb import DuckDBEngine
from ayni.engine.reading import Readings, read_files
from ayni.errors import LedgerError, UnreadableError
from ayni.exchange.formats import FORMATS
from ayni.model.desk import Desk
from ayni.model.signal import Reason, Signal
from ayni.toolkit.phrases import phrase, render

PACKAGE = "tracktable_data"
DAY = "US_coastal_2020_06_30.traj"
MARK = "made-by-ayni-demo"
PER_VESSELS = 1000

TITLE = phrase("One real day off the United States coast: {rows:integer} positions of {vessels:integer} vessels")
READ = phrase("read in {seconds:number} s, all rules asked in {more:number} s; every vessel under a pseudonym")
SIGN_IN = phrase("Sign in as {officers}; this demonstration's password is {password}")
READY = phrase("Their pages are open: look at everything that happened (Ctrl-C ends the demonstration)")
NOT_PROVEN = phrase("the demonstration's ledgers do not hold")
EXAMPLE = phrase("One signal, explained:")
WRITTEN = phrase("All signals: {file}")


@click.command()
@click.option("--folder", type=click.Path(path_type=Path), default=Path(".demo"), show_default=True)
@click.option("--fast", is_flag=True, help="Do not pause between the scenes.")
@click.option("--headless", is_flag=True, help="Do not keep the pages open at the end; no pauses either.")
@click.option("--by-hand", is_flag=True, help="Only make the four nodes and their traffic: you play the story.")
def demo(*, folder: Path, fast: bool, headless: bool, by_hand: bool) -> None:
    """Show what Ayni does: on real data, and in a boarding that four institutions bring about together.

    Writes only into --folder, which is made anew each time. On a terminal it ends with the pages of the
    four nodes open; --headless, or no terminal, prints how to open them.
    """
    from ayni.cli.story.play import played  # noqa: PLC0415 -- the node's parts load after the first scene
    from ayni.cli.story.posts import OFFICERS, draw_password  # noqa: PLC0415 -- as above
    from ayni.cli.story.telling import Telling  # noqa: PLC0415 -- as above

    fresh(folder)
    if by_hand:
        set_the_stage(folder)
        return
    (folder / "story").mkdir()
    a_real_day(folder)
    stays = sys.stdin.isatty() and not headless
    password = draw_password()
    with ended_by_a_signal(), played(folder / "story", password, tell=Telling(fast=fast or not stays)) as story:
        if not (story.caught and story.audited):
            raise LedgerError(ledger=str(story.folder), why=say(NOT_PROVEN))
        click.echo("")
        click.echo(say(SIGN_IN, officers=", ".join(OFFICERS), password=password))
        for post in story.posts.values():
            where = post.address if stays else f"ayni node serve --node {post.folder}"
            click.echo(f"  {post.institution.name}: {where}")
        if stays:
            click.echo(say(READY))
            threading.Event().wait()


def set_the_stage(folder: Path) -> None:
    """Make the nodes of the story in *folder*, with what the station of the first one heard until now."""
    from ayni.cli.story.nmea import write_nmea  # noqa: PLC0415 -- the node's parts load only here
    from ayni.cli.story.play import staged  # noqa: PLC0415 -- as above
    from ayni.cli.story.posts import OFFICERS, draw_password, heard_in  # noqa: PLC0415 -- as above
    from ayni.cli.story.telling import Telling  # noqa: PLC0415 -- as above
    from ayni.cli.story.traffic import HOURS, ships  # noqa: PLC0415 -- as above

    password = draw_password()
    (folder / "station").mkdir()
    heard = write_nmea(ships(), datetime.now(UTC) - timedelta(hours=HOURS))
    (folder / "station" / "night.nmea").write_bytes(heard)
    (folder / "password").write_text(password + "\n", encoding="ascii")
    with staged(folder, password, tell=Telling(), feed=heard_in("../station")) as posts:
        click.echo("")
        click.echo(say(SIGN_IN, officers=", ".join(OFFICERS), password=password))
        for post in posts.values():
            click.echo(f"  {post.institution.name}: ayni node serve --node {post.folder}")


def a_real_day(folder: Path) -> None:
    """Read the real day, ask every rule, and show the counts; the signals are written into *folder*."""
    day = real_day()
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
    click.echo(say(WRITTEN, file=str(out)) + "\n")


@contextmanager
def ended_by_a_signal() -> Iterator[None]:
    """Let Ctrl-C, a termination or a closed terminal end the block, so that no process of a node outlives it."""

    def end(_number: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = {number: signal.signal(number, end) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


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
    click.echo(say(TITLE, rows=tally.accepted, vessels=vessels))
    click.echo(say(READ, seconds=round(read_s, 1), more=round(asked_s, 1)))
    rejected = sum(tally.rejected.values())
    click.echo("\n" + table(("read", "accepted", "rejected"), [(tally.read, tally.accepted, rejected)]))
    counts = Counter(signal.rule for signal in signals)
    titles = {detector.rule: detector.title for detector in desk.detectors}
    rows = [
        (rule, say(titles[rule]), counts[rule], round(counts[rule] * PER_VESSELS / max(vessels, 1), 1))
        for rule in found.rules_run
    ]
    click.echo("\n" + table(("rule", "", "signals", "per 1,000 vessel-days"), rows))
    for one in found.not_run:
        click.echo(f"{one.rule}: {say(one.why)}")
    if signals:
        telling = [signal for signal in signals if signal.rule not in desk.context_rules] or signals
        example = max(telling, key=lambda signal: (signal.score, signal.id))
        click.echo("\n" + say(EXAMPLE) + "\n")
        click.echo(explain(example, language()) + "\n")


def say(sentence: str | Reason, **facts: object) -> str:
    """Return a sentence in the reader's language."""
    return render(sentence, facts, language(), catalogue_of(find_desk("maritime"))).text
