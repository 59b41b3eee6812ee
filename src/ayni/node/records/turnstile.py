"""A place in line for SQLite's one writer.

SQLite lets one transaction write at a time, and whoever finds it busy sleeps: 1 ms, 2 ms, … up to 100 ms, then
looks again. Two processes that both write all the time (officers who share, the line that sends) then spend more time
asleep than at work, and the one that sleeps longer loses every time. So writers of one node stand in line first:

    turnstile    held by the one who is next
    writer       held by the one who writes

Whoever is next holds the turnstile while it waits for the writer to end; nobody gets past it, the writer itself
neither. The line only orders them. What keeps two from writing is SQLite's own lock, as ever: a writer that never
stands in line, or a line that cannot be had, costs time and nothing else.
"""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from django.db import connections, transaction

TURNSTILE: Final = "next.lock"
WRITER: Final = "writer.lock"
LOOK_S: Final = 0.0005
"""How often the next one looks whether the writer has ended. Ours: a fortieth of what a unit of work takes."""
LONGEST_S: Final = 20.0
"""After so long it goes on without its place; SQLite's own patience begins then."""


@contextmanager
def writing(alias: str) -> Iterator[None]:
    """Be the one transaction that writes to the database *alias*; durable when the block ends, undone by an error.

    On a database with locks of its own for each row it is a transaction like any other.
    """
    if connections[alias].vendor != "sqlite":
        with transaction.atomic(using=alias, durable=True):
            yield
        return
    folder = Path(str(connections[alias].settings_dict["NAME"])).parent
    with _in_line(folder), transaction.atomic(using=alias, durable=True):
        yield


@contextmanager
def _in_line(folder: Path) -> Iterator[None]:
    until = time.monotonic() + LONGEST_S
    turnstile = _held(folder / TURNSTILE, until)
    writer = _held(folder / WRITER, until)
    if turnstile is not None:
        os.close(turnstile)
    try:
        yield
    finally:
        if writer is not None:
            os.close(writer)


def _held(path: Path, until: float) -> int | None:
    """Return a file that is locked, to be closed; None if it could not be had in time, or at all."""
    try:
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError:
        return None
    while True:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > until:
                os.close(handle)
                return None
            time.sleep(LOOK_S)
        except OSError:
            os.close(handle)
            return None
        else:
            return handle
