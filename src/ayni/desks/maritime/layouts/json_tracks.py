"""Tracks as JSON: GeoJSON features with a time for every vertex, and positions one JSON object a line.

`tracks-geojson/1` is a FeatureCollection. Each feature has `properties.mmsi` and is either a LineString with
`properties.times`, as many as it has vertices, or a Point with `properties.time`. Times are RFC 3339 with their
zone. `speed_kn`, `course_deg` and `heading_deg` may stand in the properties, as a list beside `times`. Evidence is
the whole feature, since GeoJSON has no lines.

`gfw/1` is what Global Fishing Watch's tools exchange: `ssvid`, `timestamp`, `lat`, `lon`, often `speed`, `course`.

Source: RFC 7946 (GeoJSON); GlobalFishingWatch/gpsdio-segment and pipe-gaps (test files).
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from pathlib import Path

import msgspec
import numpy as np

from ayni.desks.maritime.layouts.checked import UNREADABLE, Checking, Found
from ayni.desks.maritime.layouts.lines import Lines
from ayni.desks.maritime.layouts.stream import LONGEST_LINE_BYTES, TOO_LONG, head, line_chunks, opened, sha256_of
from ayni.errors import UnreadableError
from ayni.model.desk import Batches, Source, Tally

LARGEST_BYTES = 512 << 20
"""GeoJSON is one value and must be held whole; more than this belongs into Parquet."""
LOOK_AT_BYTES = 4096
BROKEN_JSON = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
"""What a decoder raises for text that is not JSON of the shape wanted, or nested without end."""
NOT_JSON = "not a JSON object of this layout"
NOT_A_TRACK = "feature without MMSI, or without a time for every vertex"


class _Properties(msgspec.Struct, frozen=True):
    mmsi: int | str
    times: list[str] = []
    time: str = ""
    speed_kn: list[float | None] | float | None = None
    course_deg: list[float | None] | float | None = None
    heading_deg: list[float | None] | float | None = None


class _Geometry(msgspec.Struct, frozen=True):
    type: str
    coordinates: list[list[float] | float]


class _Feature(msgspec.Struct, frozen=True):
    geometry: _Geometry
    properties: _Properties


class _Collection(msgspec.Struct, frozen=True):
    type: str
    features: list[msgspec.Raw]


class _Message(msgspec.Struct, frozen=True):
    ssvid: int | str
    timestamp: str
    lat: float | None
    lon: float | None
    speed: float | None = None
    course: float | None = None


Row = tuple[int, int, float, float, float, float, float, int, int]
"""MMSI, ms, latitude, longitude, speed, course, heading, offset, length."""


def recognises_geojson(path: Path) -> bool:
    """Return whether the file begins as a FeatureCollection."""
    start = head(path, LOOK_AT_BYTES).lstrip(b"\xef\xbb\xbf \t\r\n")
    return start.startswith(b"{") and b'"FeatureCollection"' in start


def recognises_gfw(path: Path) -> bool:
    """Return whether the first line is a JSON object with the four key fields."""
    first = head(path, LOOK_AT_BYTES).split(b"\n", 1)[0]
    try:
        found = msgspec.json.decode(first)
    except BROKEN_JSON:
        return False
    return isinstance(found, dict) and {"ssvid", "timestamp", "lat", "lon"} <= set(found)


def read_geojson(path: Path, tally: Tally) -> Batches:
    """Read every vertex of every track.

    Raises:
        UnreadableError: if the file is larger than 512 MB or is no FeatureCollection.
    """
    with opened(path) as file:
        data = file.read(LARGEST_BYTES + 1)
    if len(data) > LARGEST_BYTES:
        raise UnreadableError(file=path, why="GeoJSON of more than 512 MB; convert it to Parquet")
    try:
        collection = msgspec.json.decode(data.removeprefix(b"\xef\xbb\xbf"), type=_Collection)
    except BROKEN_JSON as error:
        raise UnreadableError(file=path, why=f"not a GeoJSON FeatureCollection ({error})") from error
    checking = Checking(source=sha256_of(path), tally=tally)
    at = 0
    for raw in collection.features:
        text = bytes(raw)
        at = data.index(text, at)
        rows = _vertices(text, at, tally)
        at += len(text)
        if rows:
            yield from checking.positions(_found(rows))
    checking.finish()


def _vertices(text: bytes, offset: int, tally: Tally) -> list[Row]:
    try:
        feature = msgspec.json.decode(text, type=_Feature)
    except BROKEN_JSON:
        return _refused(tally)
    said, shape = feature.properties, feature.geometry
    places: list[object] = [shape.coordinates] if shape.type == "Point" else list(shape.coordinates)
    times = [said.time] if shape.type == "Point" else said.times
    if shape.type not in {"Point", "LineString"} or len(times) != len(places) or not places:
        return _refused(tally)
    beside = [_beside(values, len(places)) for values in (said.speed_kn, said.course_deg, said.heading_deg)]
    rows: list[Row] = []
    for place, time, *measured in zip(places, times, *beside, strict=True):
        if not isinstance(place, list) or len(place) < 2:  # noqa: PLR2004 -- longitude and latitude
            return _refused(tally)
        rows.append((_mmsi(said.mmsi), _ms(time), place[1], place[0], *measured, offset, len(text)))
    tally.read += len(rows)
    return rows


def _refused(tally: Tally) -> list[Row]:
    tally.read += 1
    tally.reject(NOT_A_TRACK)
    return []


def _beside(values: list[float | None] | float | None, count: int) -> list[float]:
    listed: list[float | None] = values if isinstance(values, list) else [values]
    return [_number(value) for value in listed] if len(listed) == count else [np.nan] * count


def read_gfw(path: Path, tally: Tally) -> Batches:
    """Read positions, one JSON object a line.

    Raises:
        UnreadableError: if the first line is no such object.
    """
    if not recognises_gfw(path):
        raise UnreadableError(file=path, why="gfw/1 needs ssvid, timestamp, lat and lon in its first line")
    tally.notes.append("no reported heading: detectors that need it will not run")
    checking = Checking(source=sha256_of(path), tally=tally)
    decoder = msgspec.json.Decoder(_Message)
    with opened(path) as file:
        for chunk in line_chunks(file, tally):
            lines = Lines(chunk)
            rows: list[Row] = []
            for start, length in zip(lines.starts.tolist(), lines.lengths().tolist(), strict=True):
                if not length:
                    continue
                tally.read += 1
                if length > LONGEST_LINE_BYTES:
                    tally.reject(TOO_LONG)
                    continue
                try:
                    said = decoder.decode(chunk.data[start : start + length])
                except BROKEN_JSON:
                    tally.reject(NOT_JSON)
                    continue
                place = (_number(said.lat), _number(said.lon), _number(said.speed), _number(said.course), np.nan)
                rows.append((_mmsi(said.ssvid), _ms(said.timestamp), *place, start + chunk.offset, length))
            if rows:
                yield from checking.positions(_found(rows))
    checking.finish()


def _found(rows: Iterable[Row]) -> Found:
    columns = list(zip(*rows, strict=True))
    whole = [np.array(columns[at], np.int64) for at in (0, 1, 7, 8)]
    measured = [np.array(columns[at], np.float64) for at in range(2, 7)]
    return Found(
        mmsi=whole[0],
        ts=whole[1],
        lat_deg=measured[0],
        lon_deg=measured[1],
        speed_kn=measured[2],
        course_deg=measured[3],
        heading_deg=measured[4],
        offset=whole[2],
        length=whole[3],
    )


def _number(value: float | None) -> float:
    return np.nan if value is None else value


def _mmsi(value: int | str) -> int:
    text = str(value)
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 9 else UNREADABLE  # noqa: PLR2004 -- an MMSI


def _ms(text: str) -> int:
    """Return milliseconds since 1970 UTC; UNREADABLE for anything but an instant with its zone."""
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return UNREADABLE
    return UNREADABLE if at.tzinfo is None else round(at.timestamp() * 1000)


TRACKS_GEOJSON_1 = Source(
    layout="tracks-geojson/1",
    title="GeoJSON FeatureCollection of tracks (properties.mmsi, properties.times)",
    tables=("position",),
    recognises=recognises_geojson,
    read=read_geojson,
)
GFW_1 = Source(
    layout="gfw/1",
    title="JSON lines of Global Fishing Watch tools (ssvid, timestamp, lat, lon)",
    tables=("position",),
    recognises=recognises_gfw,
    read=read_gfw,
)
