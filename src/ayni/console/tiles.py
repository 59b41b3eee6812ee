"""The basemap, tile by tile: read from one PMTiles file by memory map, kept by the browser for a year.

A browser could read the file itself by byte ranges, but ranges are not kept by caches. So the node
looks a tile up (two binary searches) and sends it as it lies in the file, compressed. The address
names the file's content: a new basemap is a new address, and nothing stale is ever shown.

Source: PMTiles specification 3, https://github.com/protomaps/PMTiles (BSD-3-Clause).
"""

from __future__ import annotations

import gzip
import hashlib
import mmap
import re
from bisect import bisect_right
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from pathlib import Path
from typing import Final

from django.http import HttpRequest, HttpResponse, HttpResponseNotFound

from ayni.console.assets import DIGITS, YEAR_S
from ayni.errors import UnreadableError

PREFIX: Final = "/tiles/"
ADDRESS: Final = re.compile(PREFIX + r"(?P<mark>[0-9a-f]{12})/(?P<z>\d{1,2})/(?P<x>\d{1,3})/(?P<y>\d{1,3})\.mvt")
MAGIC: Final = b"PMTiles\x03"
HEADER_BYTES: Final = 127
DEEPEST: Final = 8
"""Zoom beyond which the browser enlarges. Source: scripts/build_basemap.py, REGION_ZOOM."""


@dataclass(frozen=True, slots=True)
class _Directory:
    """Entries of a directory, as columns."""

    ids: list[int]
    runs: list[int]
    lengths: list[int]
    offsets: list[int]


class Tiles:
    """One PMTiles file of gzipped vector tiles. Safe among threads: nothing changes after opening.

    Raises:
        UnreadableError: if it is no PMTiles file of version 3 with gzipped directories.
    """

    def __init__(self, path: Path) -> None:
        with path.open("rb") as file:
            self._map = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        if self._map[:8] != MAGIC or self._map[97] != 2:  # noqa: PLR2004 -- 2 is gzip
            raise UnreadableError(path=str(path), why="not a PMTiles file of version 3 with gzipped directories")
        self._leaves_at, self._tiles_at = self._number(40), self._number(56)
        self._root = self._directory(self._number(8), self._number(16))
        self._leaf = lru_cache(maxsize=64)(self._directory)
        self.mark = hashlib.sha256(self._map).hexdigest()[:DIGITS]

    def tile(self, z: int, x: int, y: int) -> bytes:
        """Return a tile as it lies in the file, compressed; empty where there is none."""
        number, directory = tile_number(z, x, y), self._root
        for _ in range(3):
            at = bisect_right(directory.ids, number) - 1
            if at < 0:
                return b""
            length, offset, run = directory.lengths[at], directory.offsets[at], directory.runs[at]
            if run > 0:
                inside = number < directory.ids[at] + run
                start = self._tiles_at + offset
                return self._map[start : start + length] if inside else b""
            directory = self._leaf(self._leaves_at + offset, length)
        return b""

    def _number(self, at: int) -> int:
        return int.from_bytes(self._map[at : at + 8], "little")

    def _directory(self, offset: int, length: int) -> _Directory:
        data = gzip.decompress(self._map[offset : offset + length])
        numbers = _varints(data)
        count = numbers[0]
        steps, runs, lengths, places = (numbers[1 + count * k : 1 + count * (k + 1)] for k in range(4))
        ids: list[int] = []
        offsets: list[int] = []
        last = 0
        for index, step in enumerate(steps):
            last += step
            ids.append(last)
            place = places[index]
            offsets.append(place - 1 if place else offsets[-1] + lengths[index - 1])
        return _Directory(ids, runs, lengths, offsets)


def tile_number(z: int, x: int, y: int) -> int:
    """Return a tile's number: all coarser zooms first, then the place on the Hilbert curve."""
    number = ((1 << 2 * z) - 1) // 3
    side = 1 << z
    half = side >> 1
    while half:
        right, low = (x & half) > 0, (y & half) > 0
        number += half * half * ((3 * right) ^ low)
        if not low:
            if right:
                x, y = half - 1 - (x & (half - 1)), half - 1 - (y & (half - 1))
            x, y = y, x
        x, y = x & (half - 1), y & (half - 1)
        half >>= 1
    return number


def _varints(data: bytes) -> list[int]:
    found: list[int] = []
    value = shift = 0
    for byte in data:
        value |= (byte & 0x7F) << shift
        if byte & 0x80:
            shift += 7
        else:
            found.append(value)
            value = shift = 0
    return found


@lru_cache(maxsize=1)
def basemap() -> Tiles:
    """Return the basemap that ships with the console, opened once."""
    return Tiles(Path(str(resources.files("ayni.console") / "basemap" / "world.pmtiles")))


class TileMiddleware:
    """Answers for addresses under `/tiles/` before anybody asks who is there.

    It is public data, and an answer that depends on no cookie and no language is one that any cache may keep.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._next = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer with a tile, with an empty one where there is nothing, or pass on."""
        if not request.path.startswith(PREFIX):
            return self._next(request)
        found = ADDRESS.fullmatch(request.path)
        tiles = basemap()
        if found is None or found["mark"] != tiles.mark or request.method not in {"GET", "HEAD"}:
            return HttpResponseNotFound("not found", content_type="text/plain")
        z, x, y = int(found["z"]), int(found["x"]), int(found["y"])
        if z > DEEPEST or max(x, y) >= 1 << z:
            return HttpResponseNotFound("not found", content_type="text/plain")
        body = tiles.tile(z, x, y)
        response = HttpResponse(body, content_type="application/vnd.mapbox-vector-tile", status=200 if body else 204)
        if body:
            response["Content-Encoding"] = "gzip"
        response["Cache-Control"] = f"public, max-age={YEAR_S}, immutable"
        return response


def template() -> str:
    """Return the address of a tile with holes `{z}`, `{x}`, `{y}`."""
    return f"{PREFIX}{basemap().mark}/{{z}}/{{x}}/{{y}}.mvt"
