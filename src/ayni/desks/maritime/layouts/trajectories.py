"""Trajectory files of tracktable: one line a track, and every point of it in that line.

A line reads `*T*`, identity of the track, `*P*`, domain, dimensions, and how many properties a point has;
then for each point its object, its time in UTC, longitude and latitude. The package `tracktable-data`
ships a real day of the coasts of the United States in this form. There is no speed and no course.

Source: tracktable, trajectory_reader and the files of tracktable-data 1.7.3.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ayni.desks.maritime.layouts.checked import UNREADABLE, Checking, Found
from ayni.desks.maritime.layouts.stream import Chunk, head, line_chunks, opened, sha256_of
from ayni.errors import UnreadableError
from ayni.model.desk import Batches, Source, Tally

if TYPE_CHECKING:
    from collections.abc import Sequence

    import polars as pl
    from numpy.typing import NDArray

TRACK, POINTS = b"*T*", b"*P*"
LONGEST_TRACK_BYTES = 64 << 20
"""About a million points in one track; a longer line is counted and skipped."""
HEADER_FIELDS = 6
"""`*P*`, domain, dimensions, has object, has time, number of properties."""

BROKEN_TRACK = "not a track on the earth with two dimensions, object and time"
CUT_OFF = "track cut off inside a point"


def recognises(path: Path) -> bool:
    """Return whether the file begins with a track."""
    return head(path, 4).startswith(TRACK + b",")


def read(path: Path, tally: Tally) -> Batches:
    """Read the points of every track in the file.

    Raises:
        UnreadableError: if the file does not begin with a track.
    """
    if not recognises(path):
        raise UnreadableError(file=path, why="tracktable-traj/1 begins with *T*")
    for what in ("speed", "course", "heading"):
        tally.notes.append(f"no reported {what}: detectors that need it will not run")
    checking = Checking(source=sha256_of(path), tally=tally)
    with opened(path) as file:
        for chunk in line_chunks(file, tally, LONGEST_TRACK_BYTES):
            start = 0
            while start < len(chunk.data):
                end = chunk.data.find(b"\n", start) % (len(chunk.data) + 1)
                line = chunk.data[start:end].rstrip(b"\r")
                if line:
                    yield from _track(Chunk(offset=chunk.offset + start, data=line), checking)
                start = end + 1
    checking.finish()


def _track(line: Chunk, checking: Checking) -> Batches:
    tally = checking.tally
    fields = line.data.split(b",")
    width, first = _layout_of_points(fields)
    if not width:
        tally.read += 1
        tally.reject(BROKEN_TRACK)
        return
    count, rest = divmod(len(fields) - first, width)
    tally.read += count + (rest > 0)
    tally.reject(CUT_OFF, int(rest > 0))
    if not count:
        return
    ends = np.append(np.flatnonzero(np.frombuffer(line.data, np.uint8) == ord(",")), len(line.data))
    points = first + width * np.arange(count)
    begin = ends[points - 1] + 1
    last = first + width * count
    import polars as pl  # noqa: PLC0415 -- 0.1 s that other layouts do not need

    column = [_texts(fields[first + at : last : width]) for at in range(4)]
    times = column[1].str.slice(0, 19).str.to_datetime("%Y-%m-%d %H:%M:%S", strict=False, time_unit="ms")
    found = Found(
        mmsi=np.ascontiguousarray(column[0].cast(pl.Int64, strict=False).fill_null(UNREADABLE).to_numpy()),
        ts=np.ascontiguousarray(times.cast(pl.Int64).fill_null(UNREADABLE).to_numpy()),
        lon_deg=_numbers(column[2]),
        lat_deg=_numbers(column[3]),
        offset=begin + line.offset,
        length=ends[points + width - 1] - begin,
    )
    yield from checking.positions(found)


def _layout_of_points(fields: Sequence[bytes]) -> tuple[int, int]:
    """Return how many fields a point has and which field is the first of them; zeros when it is no such track."""
    if fields[0] != TRACK or POINTS not in fields:
        return 0, 0
    at = fields.index(POINTS)
    header = fields[at : at + HEADER_FIELDS]
    if len(header) < HEADER_FIELDS or header[1:5] != [b"terrestrial", b"2", b"1", b"1"] or not header[5].isdigit():
        return 0, 0
    # A number of properties longer than the line has fields is nonsense, and one of 5,000 digits no number to Python.
    properties = int(header[5]) if len(header[5]) <= len(str(len(fields))) else len(fields)
    first = at + HEADER_FIELDS + 2 * properties
    return (4 + properties, first) if first <= len(fields) else (0, 0)


def _texts(fields: Sequence[bytes]) -> pl.Series:
    import polars as pl  # noqa: PLC0415 -- as above

    return pl.Series([field.decode("utf-8", "replace") for field in fields], dtype=pl.String)


def _numbers(column: pl.Series) -> NDArray[np.float64]:
    import polars as pl  # noqa: PLC0415 -- as above

    return np.ascontiguousarray(column.cast(pl.Float64, strict=False).fill_null(float("nan")).to_numpy(), np.float64)


TRACKTABLE_TRAJ_1 = Source(
    layout="tracktable-traj/1",
    title="tracktable trajectory file (.traj), one track a line",
    tables=("position",),
    recognises=recognises,
    read=read,
)
