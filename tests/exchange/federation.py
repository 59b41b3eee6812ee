"""A federation of real nodes on disk, each in a process of its own, that can be killed, filled up and set wrong.

with Federation(folder, 12) as many:
    many[0].call("share", 1, [7, 8])     raise two signals and share them with node 1
    many[0].call("ready", 1)             the envelopes to send
    many[0].arm("before", 2)             SIGKILL before its second commit from now
    many.history()                       what each node says it gave and took, for the comparison

A call returns what the node returned, or None if it died (it is started again) or could not; why it could not is
in `said`. No line connects them: whoever holds the federation carries the bytes, and may do with them what it likes.
"""

from __future__ import annotations

import os
import pickle
import signal
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from ayni.agreements.drafting import new_text
from ayni.agreements.text import Party
from ayni.casework.raising import raise_signals
from ayni.errors import AyniError
from ayni.exchange.sharing import Terms, share
from ayni.model.store import Query
from ayni.node.doors import house_of
from tests.exchange.posts import ANA, LIA, UNDER, Post
from tests.people import a_signal

if TYPE_CHECKING:
    from ayni.node.exchange import Exchange

NEIGHBOURS = 2
"""Each node has an agreement with so many on either side of a ring."""


def name_of(number: int) -> str:
    """Return the name of a node."""
    return f"n{number:02d}-exercise"


def under(one: int, two: int) -> str:
    """Return the name of the agreement between two nodes."""
    low, high = sorted((one, two))
    return f"N{low:02d}-N{high:02d}"


@dataclass(slots=True)
class Running:
    """What happens within a node's process."""

    exchange: Exchange
    number: int
    ahead: timedelta = timedelta()
    strike: tuple[str, int] | None = None

    def share(self, to: int, seeds: Sequence[int]) -> list[str]:
        """Raise signals about ships that do not exist, one of each seed, and share each; one act each."""
        node, messages = self.exchange.node, []
        for seed in seeds:
            with node.store.work() as work:
                house = house_of(node.settings)
                (record,) = raise_signals([a_signal(seed)], house=house, by=ANA, under=UNDER, work=work).new
                work.commit()
            with node.store.work() as work:
                shared = share(
                    record,
                    name_of(to),
                    terms=Terms(agreement=under(self.number, to)),
                    by=LIA,
                    under=UNDER,
                    work=work,
                    house=house,
                    book=self.exchange.book(),
                )
                work.commit()
            messages.append(shared.message)
        return messages

    def ready(self, to: int) -> list[tuple[str, str, bytes]]:
        """Return what goes to a partner now."""
        return [(one.id, one.sha256, one.envelope) for one in self.exchange.prepare(name_of(to))]

    def receive(self, sender: int, envelopes: Sequence[bytes]) -> bytes:
        """Take envelopes in, and return the receipt."""
        return self.exchange.receive(name_of(sender), envelopes)

    def believe(self, partner: int, receipt: bytes, sent: Mapping[str, str]) -> int:
        """Act on a receipt; return how many were delivered."""
        exchange = self.exchange
        exchange.partners()
        return exchange.believe(name_of(partner), receipt, sent, exchange.officer()).delivered

    def clock(self, minutes: int) -> None:
        """Set the clock wrong by so many minutes."""
        self.ahead = timedelta(minutes=minutes)

    def arm(self, when: str, commits: int) -> None:
        """Die before or after the n-th commit from now."""
        self.strike = (when, commits)

    def full(self, *, on: bool) -> None:
        """Let the disk be full, as SQLite finds it, or free again."""
        with self._connection.cursor() as cursor:
            (pages,) = cursor.execute("PRAGMA page_count").fetchone()
            cursor.execute(f"PRAGMA max_page_count = {int(pages) if on else 1 << 30}")

    def history(self) -> dict[str, Any]:
        """Return what the node says of itself: messages given, taken, waiting, and its records of others."""
        node = self.exchange.node
        gave: list[tuple[str, str]] = []
        took: list[tuple[str, str]] = []
        for entry in node.store.entries:
            if entry.act == "record.share":
                gave.append((str(entry.facts["to"]), str(entry.facts["message"])))
            if entry.act == "exchange.receive" and entry.facts["outcome"] == "accepted":
                took.append((str(entry.facts["sender"]), str(entry.facts["message"])))
        with node.store.work() as work:
            foreign = [
                one.id
                for one in work.find(Query(kind="signal", limit=100_000))
                if one.originator != node.settings.node.id
            ]
            holdings = work.find(Query(kind="holding", limit=100_000))
        return {
            "gave": gave,
            "took": took,
            "records": foreign,
            "holdings": len(holdings),
            "open": sum(
                count for (_, state), count in self.exchange.outbox.counts().items() if state in {"waiting", "packed"}
            ),
            "reasons": [reason for one in self.exchange.outbox.told(states=("refused",)) for reason in one.reasons],
            "ended": {state for _, state in self.exchange.outbox.counts()},
        }

    @property
    def _connection(self) -> Any:  # noqa: ANN401 -- Django's connection has no type of its own
        from django.db import connections

        return connections[self.exchange.node.alias]

    def commit(self, run: Callable[[], None]) -> None:
        """Commit, unless it is time to die."""
        when, left = self.strike or ("", 0)
        if left == 1 and when == "before":
            os.kill(os.getpid(), signal.SIGKILL)
        run()
        if left == 1:
            os.kill(os.getpid(), signal.SIGKILL)
        if self.strike is not None:
            self.strike = (when, left - 1)


def _serve(post: Post, number: int, line: Connection) -> None:
    """Run a node's process: open it once, answer calls until told to stop."""
    with post.open() as exchange:
        running = Running(exchange, number)
        node = exchange.node
        node.clock._wall = lambda: datetime.now(UTC) + running.ahead
        connection = running._connection
        connection.ensure_connection()
        commit = connection._commit
        connection._commit = lambda: running.commit(commit)
        while (asked := line.recv()) is not None:
            what, given, named = asked
            try:
                line.send((getattr(running, what)(*given, **named), ""))
            except (AyniError, sqlite3.Error) as error:
                line.send((None, f"{type(error).__name__}: {error}"))


@dataclass(slots=True)
class Node:
    """A node of the federation, seen from outside."""

    post: Post
    number: int
    said: str = ""
    """Why the last call was refused."""
    deaths: int = 0
    _line: Connection | None = None
    _process: int = 0

    def call(self, what: str, *given: object, **named: object) -> Any:  # noqa: ANN401 -- whatever the call returns
        """Ask the node's process for something; None if it refused, or died of it."""
        line = self._line or self._start()
        try:
            line.send((what, given, named))
            answer, self.said = line.recv()
        except (EOFError, ConnectionError, pickle.UnpicklingError):
            self.deaths += 1
            self.said = "killed"
            self.stop()
            return None
        return answer

    def stop(self) -> None:
        """End the process, if it lives."""
        if self._line is not None:
            self._line.close()
            os.kill(self._process, signal.SIGKILL)
            os.waitpid(self._process, 0)
            self._line = None

    def _start(self) -> Connection:
        ours, theirs = Pipe()
        self._process = os.fork()
        if self._process == 0:
            ours.close()
            try:
                _serve(self.post, self.number, theirs)
            finally:
                os._exit(1)
        theirs.close()
        self._line = ours
        return ours


@dataclass(slots=True)
class Federation:
    """Nodes in a ring, each pinned by and agreed with its neighbours."""

    folder: Path
    size: int
    nodes: list[Node] = field(default_factory=list[Node])

    def __enter__(self) -> Self:
        """Make the nodes; none runs yet."""
        posts = [Post.make(self.folder, name_of(number)) for number in range(self.size)]
        today = datetime.now(UTC).date()
        for one, two in self.pairs():
            posts[one].pins(posts[two])
            posts[two].pins(posts[one])
            parties = [Party(id=name_of(number), name=name_of(number), country="EC") for number in (one, two)]
            text = new_text("maritime-bilateral", agreement=under(one, two), parties=parties, starts_on=today)
            posts[one].holds(text)
            posts[two].holds(text)
        self.nodes = [Node(post, number) for number, post in enumerate(posts)]
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop every process."""
        for node in self.nodes:
            node.stop()

    def pairs(self) -> list[tuple[int, int]]:
        """Return who has an agreement with whom, each pair once."""
        steps = range(1, min(NEIGHBOURS, self.size - 1) + 1)
        return sorted(
            {(min(n, m), max(n, m)) for n in range(self.size) for s in steps if (m := (n + s) % self.size) != n}
        )
