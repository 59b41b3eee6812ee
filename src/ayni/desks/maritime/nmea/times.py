"""When a line was received, in the words of whoever wrote it down. Never invented.

In this order: the time of the tag block (`c:`, seconds or milliseconds), a time after the sentence
(`…*5C,r003669945,1085889680`, as coast guards log it), a time before it (`1085889680 !AIVDM…` or
`2024-03-01T10:00:02Z !AIVDM…`). Without any of them the line has no time of its own.

The station that heard it stands in the tag block (`s:`) or after the sentence (`,r…` or `,b…`).
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import numpy as np

from ayni.desks.maritime.layouts.checked import UNREADABLE
from ayni.desks.maritime.nmea.sentences import BACKSLASH, Sentences
from ayni.desks.maritime.nmea.tags import SECONDS_BELOW, Tags

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Ints = NDArray[np.int64]

MOST_STATIONS = 4096
"""Names of stations remembered; a source that invents more gets no name for them."""

AFTER = re.compile(rb"(?:^|,)(?P<station>[rb][0-9A-Za-z_-]{2,30})(?=,|$)")
AFTER_TIME = re.compile(rb",(?P<time>\d{10}|\d{13})\s*$")
BEFORE_TIME = re.compile(rb"^\W*(?P<time>\d{10}|\d{13})(?:\.\d+)?\W*$")
BEFORE_INSTANT = re.compile(rb"^\W*(?P<time>\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:\.\d{1,6})?(?:Z|[+-]\d\d:\d\d))\W*$")


class Stations:
    """Names of receiving stations, each with a small number."""

    def __init__(self) -> None:
        self.names: list[str | None] = [None]
        self._codes: dict[bytes, int] = {}

    def code(self, name: bytes) -> int:
        """Return the number of a station; 0 for none."""
        if not name:
            return 0
        code = self._codes.get(name)
        if code is None:
            if len(self.names) > MOST_STATIONS:
                return 0
            code = self._codes[name] = len(self.names)
            self.names.append(name.decode("utf-8", "replace"))
        return code


def received(sentences: Sentences, tags: Tags, stations: Stations) -> tuple[Ints, Ints]:
    """Return when each sentence was received (ms since 1970 UTC, or UNREADABLE) and the number of its station."""
    at = np.full(len(sentences), UNREADABLE, np.int64)
    station = np.zeros(len(sentences), np.int64)
    first = sentences.buffer[sentences.line]
    if len(tags.rows):
        at[tags.rows] = tags.times()
        codes, names = tags.stations()
        known = np.array([0, *(stations.code(name) for name in names)], np.int64)
        station[tags.rows] = known[codes]
    for row in np.flatnonzero((sentences.end > sentences.star + 3) & (at == UNREADABLE)).tolist():
        after = sentences.buffer[sentences.star[row] + 3 : sentences.end[row]].tobytes()
        if found := AFTER_TIME.search(after):
            at[row] = _epoch_ms(found["time"])
        if named := AFTER.search(after):
            station[row] = stations.code(named["station"])
    untagged = (sentences.begin > sentences.line) & (first != BACKSLASH) & (at == UNREADABLE)
    for row in np.flatnonzero(untagged).tolist():
        at[row] = _written_before(sentences.buffer[sentences.line[row] : sentences.begin[row]].tobytes())
    return at, station


def _written_before(text: bytes) -> int:
    if found := BEFORE_TIME.match(text):
        return _epoch_ms(found["time"])
    if found := BEFORE_INSTANT.match(text):
        try:
            return round(datetime.fromisoformat(found["time"].decode()).astimezone(UTC).timestamp() * 1000)
        except ValueError:
            return UNREADABLE
    return UNREADABLE


def _epoch_ms(digits: bytes) -> int:
    number = int(digits)
    return number * 1000 if number < SECONDS_BELOW else number
