"""Names, numbers, words and exact places of records: an index in memory, and nowhere else.

A database keeps what was deleted in its own indexes and logs, so what would name
anybody is never given to it. At start every body is unsealed once and its words are
put into this index; when the process ends they are gone. A change made by another
process is taken over by `refresh`, which reads the history since the last time.

Words are folded: `Peñón`, `PEÑON` and `penon` are one. Every word of a question must
begin some word of the record, so that the first digits of an IMO number are enough.
"""

from __future__ import annotations

import heapq
import re
import threading
import unicodedata
from bisect import bisect_left, insort
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, Final

import msgspec

from ayni.model.place import Place, Position
from ayni.node.key_ring import slot_name
from ayni.node.records.models import StoredEntry, StoredRecord
from ayni.node.records.sealing import Hidden, bound_to, unseal_parts
from ayni.node.records.store import DjangoStore

TOLD: Final = frozenset(
    {
        "name", "alias", "weakAlias", "previousName", "firstName", "lastName", "callSign", "mmsi", "imoNumber",
        "registrationNumber", "idNumber", "passportNumber", "taxNumber", "icaoCode", "serialNumber", "phone", "email",
    }
)  # fmt: skip
"""FollowTheMoney properties by which somebody or something is looked for."""

LATE: Final = 1000
"""Entries looked at again, because on PostgreSQL a transaction that began earlier may commit later. Ours."""

MANY: Final = 8
"""One in so many records matches: then walking back in time beats sorting the matches. Ours, measured."""

_WORD = re.compile(r"\w+")
_LAST: Final = chr(0x10FFFF)


class _Subject(msgspec.Struct):
    properties: dict[str, tuple[str, ...]] = {}


class _Said(msgspec.Struct):
    """What of any body is looked for; fields it lacks stay empty, all others are skipped unread."""

    subjects: tuple[_Subject, ...] = ()
    words: str = ""
    what: str = ""
    name: str = ""
    instruction: str = ""
    place: Place | None = None


class _Body(_Said):
    signal: _Said | None = None
    triage: _Said | None = None


_BODY = msgspec.json.Decoder(_Body)


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A record that matches, newest first."""

    record: str
    kind: str
    at_us: int
    centre: Position | None


@dataclass(frozen=True, slots=True)
class _Line:
    found: Found
    words: tuple[str, ...]


def fold(text: str) -> list[str]:
    """Return the words of *text* without case and accents."""
    if not text.isascii():
        plain = unicodedata.normalize("NFKD", text)
        text = "".join(each for each in plain if not unicodedata.combining(each))
    return _WORD.findall(text.casefold())


def words_of(hidden: Hidden, body: bytes) -> tuple[set[str], Position | None]:
    """Return the words a record is found by, and the middle of its place."""
    texts = [identifier.partition(":")[2] for identifier in hidden.identifiers]
    try:
        said = _BODY.decode(body)
    except msgspec.ValidationError:  # a kind that means something else by one of these fields
        return {word for text in texts for word in fold(text)}, None
    place = said.place
    for part in (said, said.signal, said.triage):
        if part is None:
            continue
        place = place or part.place
        texts += [part.words, part.what, part.name, part.instruction]
        for subject in part.subjects:
            texts += [value for name, values in subject.properties.items() if name in TOLD for value in values]
    return {word for text in texts if text for word in fold(text)}, place.centre if place else None


class NameIndex:
    """The index of one node. Safe among threads."""

    def __init__(self, store: DjangoStore) -> None:
        """Make an empty index; `build` fills it."""
        self._store = store
        self._lock = threading.RLock()
        self._lines: dict[str, _Line] = {}
        self._holders: dict[str, set[str]] = {}
        self._words: list[str] = []
        self._order: list[tuple[int, str]] = []
        """Every record by time, oldest first."""
        self._seen: set[int] = set()

    def __len__(self) -> int:
        """Return how many records are in it."""
        return len(self._lines)

    def build(self) -> None:
        """Unseal every body and index it anew."""
        with self._lock:
            self._lines.clear()
            self._holders.clear()
            self._seen = set(self._entries().values_list("row", flat=True)[:LATE])
            for line in self._unsealed():
                self._lines[line.found.record] = line
                for word in line.words:
                    self._holders.setdefault(word, set()).add(line.found.record)
            self._words = sorted(self._holders)
            self._order = sorted((line.found.at_us, record) for record, line in self._lines.items())

    def refresh(self) -> int:
        """Take over what changed since the last time, also in other processes; return how many records."""
        with self._lock:
            first = max(self._seen, default=0) - LATE
            fresh = set(self._entries().filter(row__gt=first).values_list("row", flat=True)) - self._seen
            changed = self._changed(sorted(fresh))
            for record in changed:
                self._drop(record)
            for start in range(0, len(changed), LATE):
                for line in self._unsealed(sorted(changed)[start : start + LATE]):
                    self._add(line)
            self._seen |= fresh
            newest = max(self._seen, default=0)
            self._seen = {row for row in self._seen if row > newest - LATE}
            return len(changed)

    def find(self, text: str, *, kind: str = "", limit: int = 50) -> Sequence[Found]:
        """Return the newest records in which every word of *text* begins some word; none for no words."""
        with self._lock:
            return self._newest(self._matching(text), kind, limit)

    def count(self, text: str, *, limit: int = 50) -> tuple[Sequence[Found], int]:
        """Return the newest records that match, at most *limit*, and how many match in all."""
        with self._lock:
            ids = self._matching(text)
            return self._newest(ids, "", limit), len(ids)

    def within(self, *, west: float, south: float, east: float, north: float, limit: int = 1000) -> Sequence[Found]:
        """Return the newest records whose middle lies in a box of degrees; west > east crosses the dateline."""
        with self._lock:
            inside = (
                line.found
                for line in self._lines.values()
                if line.found.centre is not None and _inside(line.found.centre, west, south, east, north)
            )
            return heapq.nlargest(limit, inside, key=lambda each: (each.at_us, each.record))

    def _matching(self, text: str) -> set[str]:
        """Return every record in which each word of *text* begins some word; none for no words."""
        asked = sorted(set(fold(text)), key=len, reverse=True)
        ids = self._beginning(asked[0]) if asked else set()
        for word in asked[1:]:
            if not ids:
                break
            ids &= self._beginning(word)
        return ids

    def _newest(self, ids: set[str], kind: str, limit: int) -> Sequence[Found]:
        """Return the newest of *ids*; when they are many, by walking back in time until there are enough."""
        if len(ids) * MANY < len(self._lines):
            found = (self._lines[record].found for record in ids)
            matching = (each for each in found if not kind or each.kind == kind)
            return heapq.nlargest(limit, matching, key=lambda each: (each.at_us, each.record))
        back = (self._lines[record].found for _, record in reversed(self._order) if record in ids)
        return list(islice((each for each in back if not kind or each.kind == kind), limit))

    def _beginning(self, prefix: str) -> set[str]:
        first, last = bisect_left(self._words, prefix), bisect_left(self._words, prefix + _LAST)
        return set().union(*(self._holders[word] for word in self._words[first:last]))

    def _changed(self, rows: Sequence[int]) -> set[str]:
        """Return the records that these entries changed; those only opened are as they were."""
        changed = set()
        for start in range(0, len(rows), LATE):
            for row in self._entries().filter(row__in=rows[start : start + LATE]):
                changed |= {each.record for each in self._store.open_entry(row).touched if not each.opened}
        return changed

    def _entries(self) -> Any:  # noqa: ANN401 -- a Django QuerySet
        return StoredEntry.objects.using(self._store.alias).order_by("-row")

    def _unsealed(self, records: Sequence[str] | None = None) -> Iterator[_Line]:
        rows = StoredRecord.objects.using(self._store.alias)
        if records is not None:
            rows = rows.filter(id__in=records)
        ring = self._store.ring
        slots = ring.all() if records is None else {}
        columns = rows.values_list("id", "kind", "version", "at", "sealed")
        for record, kind, version, at_us, sealed in columns.iterator(chunk_size=2000):
            slot = slots.get(slot_name(record))
            key = ring.open_slot(slot) if slot else ring.get(record)
            if key is None:
                continue
            words, centre = words_of(*unseal_parts(key, sealed, bound_to(record, kind, version)))
            yield _Line(Found(record=record, kind=kind, at_us=at_us, centre=centre), tuple(words))

    def _add(self, line: _Line) -> None:
        self._lines[line.found.record] = line
        insort(self._order, (line.found.at_us, line.found.record))
        for word in line.words:
            holders = self._holders.get(word)
            if holders is None:
                holders = self._holders[word] = set()
                insort(self._words, word)
            holders.add(line.found.record)

    def _drop(self, record: str) -> None:
        line = self._lines.pop(record, None)
        if line is None:
            return
        del self._order[bisect_left(self._order, (line.found.at_us, record))]
        for word in line.words:
            holders = self._holders[word]
            holders.discard(record)
            if not holders:
                del self._holders[word]
                del self._words[bisect_left(self._words, word)]


def _inside(centre: Position, west: float, south: float, east: float, north: float) -> bool:
    lon, lat = centre
    across = lon >= west or lon <= east if west > east else west <= lon <= east
    return south <= lat <= north and across
