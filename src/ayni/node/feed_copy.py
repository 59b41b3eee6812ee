"""What feeds hold, in a backup: lines as received, what was said of them, and the window; sealed like observations.

    before the database   feeds/NAME/window-…/   the newest window, then
                          feeds/NAME/said/       what was raised of it
    after everything      feeds/NAME/journal/    every line that is promised

The order is what makes a copy of a running node whole. What the copy says was raised is in the copy's
casebook, because it is raised first and noted after. What its window has seen was said. And its journal
reaches at least as far as the window, which is read on from there, and as the observations, which take no
line twice.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from ayni.node.observation_copy import seal_file, unseal_file

FOLDER = "feeds"
WINDOWS = "window-*"
ATTEMPTS = 3


def seal_feed_states(folder: Path, copy: Path, key: bytes) -> None:
    """Seal windows and what was said; call it before the database is copied.

    Raises:
        OSError: if the disk is full, or a file cannot be read.
    """
    for feed in _feeds(folder):
        _seal_window(feed, folder, copy, key)
        _seal_journal(feed / "said", folder, copy, key)


def seal_feed_journals(folder: Path, copy: Path, key: bytes) -> None:
    """Seal the lines that were received; call it after the observations are copied.

    Raises:
        OSError: if the disk is full, or a file cannot be read.
    """
    for feed in _feeds(folder):
        _seal_journal(feed / "journal", folder, copy, key)


def unseal_feeds(copy: Path, folder: Path, key: bytes) -> None:
    """Put back what feeds held; a copy made before they were backed up holds nothing.

    Raises:
        UnreadableError: if a file is not as it was sealed, or was sealed by another node.
        OSError: if the disk is full.
    """
    for path in sorted((copy / FOLDER).rglob("*")):
        if path.is_file():
            unseal_file(copy, folder, str(path.relative_to(copy)), key)


def _feeds(folder: Path) -> Iterator[Path]:
    yield from (feed for feed in sorted((folder / FOLDER).glob("*")) if feed.is_dir())


def _seal_window(feed: Path, folder: Path, copy: Path, key: bytes) -> None:
    """Seal the newest window. A running feed puts another in its place now and then: then that one is taken.

    Without any the lines are read again from the journal, which takes longer and says the same.
    """
    for _ in range(ATTEMPTS):
        window = max(feed.glob(WINDOWS), default=None)
        if window is None:
            return
        try:
            for path in sorted(window.iterdir()):
                seal_file(folder, copy, str(path.relative_to(folder)), key)
        except FileNotFoundError:
            shutil.rmtree(copy / window.relative_to(folder), ignore_errors=True)
        else:
            return


def _seal_journal(journal: Path, folder: Path, copy: Path, key: bytes) -> None:
    """Seal the segments: promises first, so that every line they promise is in what is read after them."""
    for promises in sorted(journal.glob("*.index")):
        names = [str(path.relative_to(folder)) for path in (promises, promises.with_suffix(".log"))]
        try:
            for name in names:
                seal_file(folder, copy, name, key)
        except FileNotFoundError:  # past its time, and deleted meanwhile
            for name in names:
                with suppress(FileNotFoundError):
                    (copy / name).unlink()
