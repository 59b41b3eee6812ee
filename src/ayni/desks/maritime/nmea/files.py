"""Files of NMEA: the layout `nmea/1`.

A file is of this layout when AIS sentences stand at the beginning of lines within its first 64 kB, whatever else
(GNSS sentences, comments, times) stands around them.
"""

from __future__ import annotations

import re
from datetime import datetime
from pathlib import Path

from ayni.desks.maritime.layouts.stream import head, line_chunks, opened, sha256_of
from ayni.desks.maritime.nmea.decoder import Decoder
from ayni.desks.maritime.nmea.stamp import stamp
from ayni.errors import UnreadableError
from ayni.model.desk import Batches, Source, Tally

LOOK_AT_BYTES = 1 << 16
SENTENCE = re.compile(rb"^[^\n!$#\"{]{0,120}![A-Z]{2}VD[MO],\d,\d,\d?,\w?,", re.MULTILINE)


def recognises(path: Path) -> bool:
    """Return whether AIS sentences stand in the first bytes of the file."""
    return bool(SENTENCE.search(head(path, LOOK_AT_BYTES)))


def read(path: Path, tally: Tally, *, start: datetime | None = None) -> Batches:
    """Read one file of NMEA; *start* is the time of lines that have none.

    Raises:
        UnreadableError: if no AIS sentence stands in its first 64 kB.
    """
    if not recognises(path):
        raise UnreadableError(file=path, why="no AIS sentence (!AIVDM or !AIVDO) in its first 64 kB")
    decoder = Decoder(sha256_of(path), tally, start=start)
    with opened(path) as file:
        for chunk in line_chunks(file, tally):
            yield from decoder.decode(chunk)
    yield from decoder.close()


NMEA_1 = Source(
    layout="nmea/1",
    title="NMEA 0183 with AIVDM or AIVDO, with or without tag blocks",
    tables=("position", "identity"),
    recognises=recognises,
    read=read,
    follow=Decoder,
    stamp=stamp,
)
