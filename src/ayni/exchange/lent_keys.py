"""Keys that partners have lent: in the memory of this process alone, each until its hour.

They are in no database, log or backup; after a restart they are asked for again.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class LentKey:
    """A key, and until when it may be used."""

    key: bytes
    until: datetime


class LentKeys:
    """The lent keys of one process, by record."""

    def __init__(self) -> None:
        self._keys: dict[str, LentKey] = {}
        self._lock = threading.Lock()

    def put(self, record: str, lent: LentKey) -> None:
        """Remember a key in the place of an earlier one."""
        with self._lock:
            self._keys[record] = lent

    def get(self, record: str, now: datetime) -> LentKey | None:
        """Return the key of a record while its time lasts; afterwards it is forgotten."""
        with self._lock:
            lent = self._keys.get(record)
            if lent is not None and now >= lent.until:
                del self._keys[record]
                return None
            return lent

    def forget(self, record: str) -> None:
        """Forget the key of a record."""
        with self._lock:
            self._keys.pop(record, None)
