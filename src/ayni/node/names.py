"""Who and what records are about, kept in the memory of the process that serves the node.

`NameIndex` knows how; this says when. The names are read in the background, so that
pages answer at once; until then a search says that it must wait. Afterwards every
search first takes over what changed, also in other processes, and so does a look
every ten seconds: what was deleted leaves the memory even when nobody searches.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import Final

from django.db import connections

from ayni.errors import NamesNotReadyError
from ayni.node.index import NameIndex
from ayni.node.opening import OpenNode

LOOK_EVERY_S: Final = 10.0
"""How long a deleted name stays in memory at most when nobody searches. Ours."""


class Names:
    """The names of one node. Safe among threads."""

    def __init__(self, node: OpenNode) -> None:
        """Know nothing yet; `keep` or `build` reads the names."""
        self._node = node
        self._index = NameIndex(node.store)
        self._ready = threading.Event()

    def build(self) -> None:
        """Read every name anew.

        Raises:
            RestoredError: if the node was restored and not reconciled; then no name is read.
        """
        self._ready.clear()
        with self._node.store.work():  # refuses for a restored node, whose deleted records still have names
            self._index.build()
        self._ready.set()

    def keep(self, stop: threading.Event) -> None:
        """Read every name, then follow the changes until *stop*: a job beside the pages."""
        try:
            self.build()
            while not stop.wait(LOOK_EVERY_S):
                self._index.refresh()
        finally:
            connections[self._node.alias].close()

    def matching(self, words: str, *, limit: int) -> tuple[Sequence[str], int]:
        """Return the newest records that match all *words*, at most *limit*, and how many match in all.

        Raises:
            NamesNotReadyError: if the names are still being read.
        """
        if not self._ready.is_set():
            raise NamesNotReadyError
        self._index.refresh()
        found, total = self._index.count(words, limit=limit)
        return [each.record for each in found], total
