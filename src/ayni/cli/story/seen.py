"""Seen: positions stream in, rules say why they look, and an analyst decides."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta
from functools import partial

from ayni.casework.triage import dismiss, signal_of, validate
from ayni.cli.story.nmea import write_nmea
from ayni.cli.story.posts import UNDER
from ayni.cli.story.so_far import Story
from ayni.cli.story.telling import say, wait_until
from ayni.cli.story.traffic import BRISA, HOURS, ships
from ayni.desks import find_desk
from ayni.model.officer import Officer
from ayni.model.record import Header
from ayni.model.signal import Signal
from ayni.model.store import Query, Work
from ayni.model.triage import Dismissal
from ayni.node.feeds import health_of
from ayni.toolkit.phrases import phrase

FEED = "ais_exercise"
DECOYS: Mapping[str, tuple[Dismissal, str]] = {
    "MAR DE ABRIL": (Dismissal.FISHING, phrase("a tuna boat at its gear; the beacons around it are its own")),
    "NEBLINA": (Dismissal.WAITING_FOR_BERTH, phrase("waits for its berth; the terminal confirms")),
    "ESTELA LARGA": (Dismissal.NORMAL_OPERATION, phrase("the same port, written with its country")),
}
"""Why the analyst sets each decoy aside, and in which words, by the name of the ship."""
ON_ITS_LANE = (Dismissal.NORMAL_OPERATION, phrase("keeps the lane that every ship keeps here"))
NAMES = {str(ship.mmsi): ship.name for ship in ships()}

STREAM = phrase("Positions stream in: {sentences:integer} sentences of {ships:integer} invented ships reach {node}")
SIGNALS = phrase("{count:integer} signals wait for an officer; each is a reason to look, never a verdict")
WHY = phrase("Why {rule} looks at M/V {name}:")
TRIAGE = phrase("Ana, analyst in {node}, decides")
VALIDATED = phrase("validated: {rule}, M/V {name}")
DISMISSED = phrase("dismissed: {rule}, {name}: {words}")


@contextmanager
def station(port: int, data: bytes) -> Iterator[None]:
    """Be the receiving station on *port*: send *data* to each who connects, until either side ends the line."""
    stop = threading.Event()
    with socket.create_server(("127.0.0.1", port)) as server:
        server.settimeout(0.5)

        def send() -> None:
            while not stop.is_set():
                try:
                    client, _ = server.accept()
                except TimeoutError:
                    continue
                with client, contextlib.suppress(OSError):
                    client.sendall(data)
                    client.settimeout(0.5)
                    while not stop.is_set():
                        try:
                            if not client.recv(1):
                                break
                        except TimeoutError:
                            continue

        thread = threading.Thread(target=send, daemon=True)
        thread.start()
        try:
            yield
        finally:
            stop.set()
            thread.join()


def stream_in(story: Story, feed_port: int, *, until: datetime) -> None:
    """Let the traffic reach the first node, and wait until its rules have spoken."""
    fleet = ships()
    data = write_nmea(fleet, until - timedelta(hours=HOURS))
    story.tell.heading(STREAM, sentences=data.count(b"\n"), ships=len(fleet), node=story.ec.institution.name)
    with station(feed_port, data):
        wait_until(lambda: _all_read(story, data.count(b"\n")), "signals", story.place)
    story.signals = _of_brisa(story)
    headers = story.find(story.ec, Query(kind="signal"))
    story.tell.line(SIGNALS, count=len(headers))
    titles = {detector.rule: detector.title for detector in find_desk("maritime").detectors}
    for header in sorted(headers, key=lambda one: -one.priority):
        story.tell.detail(f"{header.priority:.2f}  {_name(_signal(story, header)):14}{say(titles[header.rule])}")
    gap = signal_of(story.get(story.ec, story.signals["maritime.gap/1"])).signal
    story.tell.line(WHY, rule=gap.rule, name=BRISA.name)
    for reason in gap.reasons:
        story.tell.detail(f"{reason.weight:+.2f}  {say(reason)}")


def decide(story: Story) -> None:
    """Let the analyst stand behind the silence, and set the decoys aside with words."""
    post, ana = story.ec, story.ec.officers["ana"]
    story.tell.heading(TRIAGE, node=post.institution.name)
    for rule, record in sorted(story.signals.items()):
        post.does(partial(_stands_behind, record, by=ana))
        story.tell.line(VALIDATED, rule=rule, name=BRISA.name)
    for header in _decoys(story):
        name = _name(_signal(story, header))
        why, words = DECOYS.get(name, ON_ITS_LANE)
        post.does(partial(_sets_aside, header.id, why, say(words), by=ana))
        story.tell.line(DISMISSED, rule=header.rule, name=name, words=say(words))


def _stands_behind(record: str, work: Work, *, by: Officer) -> None:
    validate(record, words="exercise", by=by, under=UNDER, work=work)


def _sets_aside(record: str, why: Dismissal, words: str, work: Work, *, by: Officer) -> None:
    dismiss(record, why=why, words=words, by=by, under=UNDER, work=work)


def _signal(story: Story, header: Header) -> Signal:
    return signal_of(story.get(story.ec, header.id)).signal


def _name(signal: Signal) -> str:
    return ", ".join(NAMES.get(mmsi, mmsi) for one in signal.subjects for mmsi in one.properties.get("mmsi", ()))


def _all_read(story: Story, sentences: int) -> bool:
    """Say whether the feed has taken everything in, and the rules have spoken on all of it."""
    health = health_of(story.ec.folder, FEED)
    return health is not None and health.lines >= sentences and not health.behind_bytes


def _of_brisa(story: Story) -> dict[str, str]:
    headers = story.find(story.ec, Query(kind="signal", identifier=f"mmsi:{BRISA.mmsi}"))
    return {header.rule: header.id for header in headers}


def _decoys(story: Story) -> list[Header]:
    brisas = set(_of_brisa(story).values())
    return [
        header
        for header in story.find(story.ec, Query(kind="signal", states=("pending",)))
        if header.id not in brisas
    ]
