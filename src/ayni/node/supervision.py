"""Work that goes on beside the pages: feeds, retention, the ledger's sequencer.

Each job is a function that runs until it is told to stop. One that fails is started
again after a pause that doubles from a second to five minutes; what failed, how often
and since when is what `ayni node status` shows. A job that fails never takes the
pages down with it.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from ayni.model.handling import Mandate, Purpose

if TYPE_CHECKING:
    from ayni.node.opening import OpenNode

FIRST_PAUSE_S: Final = 1.0
LONGEST_PAUSE_S: Final = 300.0
"""How long a failing job waits at most before it is tried again. Ours: five minutes, a watch-keeper's patience."""
STOP_S: Final = 10.0
"""How long jobs get to end when the node stops."""

RETENTION_EVERY_S: Final = 3600.0
RETENTION_BASIS: Final = (
    "time limits for erasure (Directive (EU) 2016/680, article 5, or the national rule in its place)"
)

KEYS_BASIS: Final = "security of processing (Directive (EU) 2016/680, article 29, or the national rule in its place)"

log = logging.getLogger("ayni.jobs")


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """A piece of background work. `run` returns when its event is set, or when there is nothing more to do."""

    name: str
    run: Callable[[threading.Event], None]


@dataclass(slots=True, kw_only=True)
class JobHealth:
    """How a job fares."""

    name: str
    running: bool = False
    failures: int = 0
    last_error: str = ""
    last_failed_at: datetime | None = None


class Supervisor:
    """Runs jobs, each in a thread of its own, and starts again those that fail."""

    def __init__(self, jobs: Sequence[Job], *, first_pause_s: float = FIRST_PAUSE_S) -> None:
        self._stop = threading.Event()
        self._first_pause_s = first_pause_s
        self._health = {job.name: JobHealth(name=job.name) for job in jobs}
        self._threads = [
            threading.Thread(target=self._keep_running, args=(job,), name=f"job {job.name}", daemon=True)
            for job in jobs
        ]

    def start(self) -> None:
        """Start every job."""
        for thread in self._threads:
            thread.start()

    def stop(self) -> tuple[str, ...]:
        """Tell every job to stop and wait; return the names of those that did not in ten seconds."""
        self._stop.set()
        until = time.monotonic() + STOP_S
        for thread in self._threads:
            if thread.ident is not None:
                thread.join(max(0.0, until - time.monotonic()))
        return tuple(thread.name.removeprefix("job ") for thread in self._threads if thread.is_alive())

    @property
    def health(self) -> tuple[JobHealth, ...]:
        """How each job fares now."""
        return tuple(self._health.values())

    def _keep_running(self, job: Job) -> None:
        health = self._health[job.name]
        pause_s = self._first_pause_s
        while not self._stop.is_set():
            health.running = True
            try:
                job.run(self._stop)
            except Exception as error:  # a door: whatever a job raises is shown and tried again
                health.failures += 1
                health.last_error = str(error) or type(error).__name__
                health.last_failed_at = datetime.now(UTC)
                log.exception("job %s failed; next try in %.0f s", job.name, pause_s)
            else:
                health.running = False
                return
            health.running = False
            self._stop.wait(pause_s)
            pause_s = min(LONGEST_PAUSE_S, 2 * pause_s)


def standing_jobs(node: OpenNode) -> tuple[Job, ...]:
    """Return what every node does by itself. Whoever writes another job adds it here."""
    from ayni.node.exchange import Exchange  # noqa: PLC0415 -- Django is configured once a node is open
    from ayni.node.feeds import feed_jobs  # noqa: PLC0415 -- feeds bring DuckDB, which most commands never need
    from ayni.node.recalls import Recalls  # noqa: PLC0415 -- as above
    from ayni.node.witnesses import keep_asking  # noqa: PLC0415 -- as above

    return (
        *feed_jobs(node),
        Job(name="retention", run=lambda stop: _forget_on_time(node, stop)),
        Job(name="keys", run=lambda stop: _renew_keys(node, stop)),
        Job(name="ledger", run=lambda stop: _keep_history(node, stop)),
        Job(name="exchange", run=Exchange(node).run),
        Job(name="recalls", run=Recalls(Exchange(node)).run),
        Job(name="witnesses", run=lambda stop: keep_asking(node, stop)),
    )


def _keep_history(node: OpenNode, stop: threading.Event) -> None:
    """Give every entry its place in the Merkle log within 200 ms, and sign checkpoints."""
    from django.db import connections  # noqa: PLC0415 -- Django is configured once a node is open

    from ayni.node.witnesses import witnessed_ledger  # noqa: PLC0415 -- as above

    try:
        witnessed_ledger(node).run(stop)
    finally:
        connections[node.alias].close()


def _renew_keys(node: OpenNode, stop: threading.Event) -> None:
    """Every hour, follow a sealing key that ends soon by the next, and destroy secrets whose time has come."""
    from ayni.node.officers.models import Account  # noqa: PLC0415 -- Django is configured once a node is open
    from ayni.node.own_keys import renew_sealing  # noqa: PLC0415 -- as above

    while not stop.is_set():
        machine = Account.objects.of("retention")
        if machine is not None:
            under = Mandate(purpose=Purpose.ADMINISTRATION, legal_basis=KEYS_BASIS)
            renew_sealing(node, by=machine.as_officer(), under=under)
        stop.wait(RETENTION_EVERY_S)


def _forget_on_time(node: OpenNode, stop: threading.Event) -> None:
    """Every hour, destroy what has expired, wake what was silenced until now, end watches, clear away leftovers."""
    from ayni.casework.areas import expire_areas  # noqa: PLC0415 -- Django is configured once a node is open
    from ayni.casework.triage import wake_silenced  # noqa: PLC0415 -- as above
    from ayni.casework.watchlist import expire_entries  # noqa: PLC0415 -- as above
    from ayni.node.jobs import expire, sweep  # noqa: PLC0415 -- as above
    from ayni.node.officers.models import Account  # noqa: PLC0415 -- as above

    while not stop.is_set():
        machine = Account.objects.of("retention")
        if machine is not None:
            by = machine.as_officer()
            expire(node, by=by, legal_basis=RETENTION_BASIS)
            under = Mandate(purpose=Purpose.ADMINISTRATION, legal_basis=RETENTION_BASIS)
            with node.store.work() as work:
                woken = wake_silenced(by=by, under=under, work=work)
                over = (*expire_areas(by=by, under=under, work=work), *expire_entries(by=by, under=under, work=work))
                if woken or over:
                    work.commit()
            sweep(node)
        stop.wait(RETENTION_EVERY_S)
