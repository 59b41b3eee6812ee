"""Files to tables: find the one layout a file is of, read it, and say what was not understood.

No layout is ever guessed. A file that none of them recognises is refused with what was found in it and what
each layout wants; so is a file that two recognise.
"""

from __future__ import annotations

from pathlib import Path

from ayni.desks.maritime.layouts import csv_layouts, json_tracks, parquet, trajectories
from ayni.desks.maritime.layouts.delimited import header_of
from ayni.desks.maritime.layouts.stream import head
from ayni.desks.maritime.nmea.files import NMEA_1
from ayni.errors import UnreadableError
from ayni.model.desk import Batches, Source, Tally

SOURCES: tuple[Source, ...] = (
    *(layout.source() for layout in parquet.LAYOUTS),
    *(layout.source() for layout in csv_layouts.LAYOUTS),
    trajectories.TRACKTABLE_TRAJ_1,
    json_tracks.TRACKS_GEOJSON_1,
    json_tracks.GFW_1,
    NMEA_1,
)


def source_of(path: Path) -> Source:
    """Return the one layout that recognises a file.

    Raises:
        UnreadableError: if it is empty, or none or more than one layout recognises it.
    """
    found = [source for source in SOURCES if source.recognises(path)]
    if len(found) == 1:
        return found[0]
    if found:
        raise UnreadableError(file=path, why=f"of more than one layout: {', '.join(s.layout for s in found)}")
    wanted = "; ".join(f"{source.layout}: {source.title}" for source in SOURCES)
    raise UnreadableError(file=path, why=f"of no known layout. Found: {_what_is_in(path)}. Known: {wanted}")


def read_file(path: Path, tally: Tally) -> Batches:
    """Read one file, whatever known layout it is of.

    Raises:
        UnreadableError: as `source_of`, or for a file that is damaged.
    """
    yield from source_of(path).read(path, tally)


def _what_is_in(path: Path) -> str:
    start = head(path)
    if not start:
        return "nothing, the file is empty"
    if columns := parquet.parquet_columns(path):
        return "Parquet with " + ", ".join(f"{name} {kind}" for name, kind in columns.items())
    names = header_of(start)
    if len(names) > 1 and all(name.isprintable() for name in names):
        return "columns " + ", ".join(names[:40])[:400]
    return f"{start[:40]!r}…"
