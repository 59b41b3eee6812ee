"""`ayni <desk> watch`: lines come in, signals go out as they open, change, close or are retracted.

The journal in --state makes it safe to kill at any point: started again with the same
folder, it goes on where it was, and the time it was down is its own gap of reception,
never a vessel's.
"""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Sequence
from pathlib import Path

import click

from ayni.cli.desk_watched import areas_option, watched_tables_of
from ayni.engine.standing import Change
from ayni.model.codec import to_json
from ayni.model.desk import Desk
from ayni.node.feeds import Feed
from ayni.node.receivers import Pipe, Receiver
from ayni.node.settings import FeedKind, FeedSettings

LOOPBACK = "127.0.0.1:10110"
NAME = "watch"


def watch_command(card: Desk) -> click.Command:
    """Return the `watch` command of one desk."""

    @click.command("watch")
    @click.option("--state", type=click.Path(path_type=Path), required=True, help="Folder of the journal; kept.")
    @click.option("--udp", default="", metavar="HOST:PORT", help="Listen there instead of reading standard input.")
    @click.option("--tcp", default="", metavar="HOST:PORT", help="Connect there instead of reading standard input.")
    @click.option("--serial", default="", metavar="DEVICE", help="Read a serial device.")
    @click.option("--layout", default="", help="Named layout of the lines.")
    @areas_option(card)
    def command(*, state: Path, udp: str, tcp: str, serial: str, layout: str, areas: Path | None = None) -> None:
        """Follow lines as they come and print every change of a signal as one line of JSON.

        \b
        Example:
          nc -ul 10110 | ayni maritime watch --state ./watching
        """  # noqa: D301 -- \b keeps click from re-flowing the example
        if sum(map(bool, (udp, tcp, serial))) > 1:
            raise click.UsageError("one source at a time: --udp, --tcp or --serial")
        kind = FeedKind.TCP if tcp else FeedKind.SERIAL if serial else FeedKind.UDP
        settings = FeedSettings(
            name=NAME, desk=card.name, kind=kind, layout=layout, address=tcp or udp or LOOPBACK, device=serial
        )
        receiver: Receiver | None = None if tcp or udp or serial else Pipe(sys.stdin.buffer)
        watched = watched_tables_of(card, areas=areas)
        state.mkdir(parents=True, exist_ok=True)
        feed = Feed(settings, state, raise_signals=_print, receiver=receiver, desk=card, watched=watched)
        stop = threading.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda _number, _frame: stop.set())
        feed.run(stop)
        health = feed.health()
        rejected = sum(health.rejected.values())
        click.echo(f"{health.accepted:,} accepted, {rejected:,} rejected", err=True)
        for reason, count in sorted(health.rejected.items()):
            click.echo(f"  {reason}: {count:,}", err=True)

    return command


def _print(_settings: FeedSettings, changes: Sequence[Change]) -> None:
    for change in changes:
        sys.stdout.buffer.write(to_json(change.signal) + b"\n")
    sys.stdout.buffer.flush()
