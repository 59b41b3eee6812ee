"""The basemap: tiles that any cache may keep, and no contested line drawn as settled."""

from __future__ import annotations

import gzip
import json
import math
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ayni.console.tiles import DEEPEST, basemap, tile_number
from tests.shared_data import shared_data, vectors
from tests.web_node import fresh_node

REGION = (-118.0, -56.5, -30.0, 33.5)
NEAR_KM = 6.0
"""A claim sketched to some five kilometres, and one for the generalised tile."""
Line = list[tuple[float, float]]


@given(st.integers(0, 20), st.data())
def test_tile_numbers_are_dense(z: int, data: st.DataObject) -> None:
    """Each zoom has its own range of numbers, and each tile of the zoom above covers four that follow each other."""
    x, y = (data.draw(st.integers(0, 2**z - 1)) for _ in range(2))
    number, first = tile_number(z, x, y), (4**z - 1) // 3
    assert first <= number < first + 4**z
    finer = sorted(tile_number(z + 1, 2 * x + dx, 2 * y + dy) for dx in (0, 1) for dy in (0, 1))
    at = (4 ** (z + 1) - 1) // 3 + 4 * (number - first)
    assert finer == [at, at + 1, at + 2, at + 3]


def test_a_tile_is_kept_by_any_cache(tmp_path: Path) -> None:
    """No cookie, a year, immutable, under an address that names the content; no tile beside the grid."""
    from django.test import Client

    with fresh_node(tmp_path / "node"):
        client = Client(SERVER_NAME="localhost")
        mark = basemap().mark
        answer = client.get(f"/tiles/{mark}/3/2/3.mvt")
        assert answer.status_code == 200
        assert answer["Cache-Control"] == "public, max-age=31536000, immutable"
        assert answer["Content-Encoding"] == "gzip"
        assert "Set-Cookie" not in answer
        assert "Vary" not in answer
        assert set(layers_of(answer.content)) >= {"land", "borders", "countries"}
        for wrong in (f"{mark}/3/8/0", f"{mark}/9/0/0", "0123456789ab/3/2/3"):
            assert client.get(f"/tiles/{wrong}.mvt").status_code == 404


def test_names_are_in_four_languages() -> None:
    """Every country has a name in each language, and none carries an encyclopaedia's brackets."""
    tiles = (basemap().tile(3, x, y) for x in range(8) for y in range(8))
    named = [told for body in tiles if body for told, _ in layers_of(body).get("countries", [])]
    assert len(named) > 100
    for told in named:
        for language in ("es", "pt", "en", "fr"):
            assert told[language]
            assert "(" not in str(told[language])
    brazil = next(told for told in named if told["en"] == "Brazil")
    assert (brazil["es"], brazil["pt"], brazil["fr"]) == ("Brasil", "Brasil", "Brésil")


@shared_data
@pytest.mark.shared_data
def test_disputed_borders_are_drawn_as_disputed() -> None:
    """Each disputed line of Latin America and the Caribbean lies along a line of the map that is dashed."""
    drawn = [line for told, line in borders(DEEPEST) if told.get("class") in {"disputed", "claim"}]
    assert drawn
    checked: list[str] = []
    for one in json.loads(vectors("disputed_borders.json").read_text(encoding="utf-8"))["features"]:
        shape = one["geometry"]
        lines = [shape["coordinates"]] if shape["type"] == "LineString" else shape["coordinates"]
        inside = [point for line in lines for point in line if within(point)]
        if inside:
            far = max(
                min(distance_km(point, line) for line in drawn) for point in inside[:: max(1, len(inside) // 60)]
            )
            assert far < NEAR_KM, f"{one['properties']['name']}: {far:.1f} km from any disputed line"
            checked.append(one["properties"]["name"])
    assert len(checked) == 5


def test_a_viewpoint_changes_lines_only_where_its_state_sees_them_otherwise() -> None:
    """A State's own class is kept only where it differs from the neutral one, and is one of the five."""
    views = {
        (name, told["class"], seen)
        for told, _ in borders(4)
        for name, seen in told.items()
        if name not in {"class", "parties"}
    }
    assert {name for name, _, _ in views} >= {"ar", "br", "cn", "ru"}
    for _, neutral, seen in views:
        assert seen != neutral
        assert seen in {"settled", "disputed", "limit", "none"}


def within(point: list[float]) -> bool:
    """Say whether a point lies in the region that the map shows closest."""
    west, south, east, north = REGION
    return west < point[0] < east and south < point[1] < north


def distance_km(point: list[float], line: Line) -> float:
    """Return how far a point lies from a line, on a flat map around it."""
    narrow = math.cos(math.radians(point[1]))
    flat = [((x - point[0]) * 111.2 * narrow, (y - point[1]) * 111.2) for x, y in line]
    found = min(math.hypot(*one) for one in flat)
    for (ax, ay), (bx, by) in pairwise(flat):
        dx, dy = bx - ax, by - ay
        if dx or dy:
            along = min(1.0, max(0.0, -(ax * dx + ay * dy) / (dx * dx + dy * dy)))
            found = min(found, math.hypot(ax + along * dx, ay + along * dy))
    return found


def borders(zoom: int) -> Iterator[tuple[dict[str, object], Line]]:
    """Yield every border of the region's tiles with its lines in degrees."""
    side = 1 << zoom
    west, south, east, north = REGION
    columns = range(int((west + 180) / 360 * side), int((east + 180) / 360 * side) + 1)
    rows = range(int(row_of(north) * side), int(row_of(south) * side) + 1)
    for x in columns:
        for y in rows:
            body = basemap().tile(zoom, x, y)
            for told, lines in layers_of(body).get("borders", []) if body else []:
                for line in lines:
                    yield told, [degrees(px, py, zoom, x, y) for px, py in line]


def row_of(lat_deg: float) -> float:
    """Return how far from the top of the map, of its height, a latitude lies."""
    return (1 - math.asinh(math.tan(math.radians(lat_deg))) / math.pi) / 2


def degrees(px: float, py: float, z: int, x: int, y: int) -> tuple[float, float]:
    """Return longitude and latitude of a tile's point, of 4096 a side."""
    east, south = (x + px / 4096) / (1 << z), (y + py / 4096) / (1 << z)
    return east * 360 - 180, math.degrees(math.atan(math.sinh(math.pi * (1 - 2 * south))))


def layers_of(body: bytes) -> dict[str, list[tuple[dict[str, object], list[Line]]]]:
    """Read a vector tile. Source: Mapbox Vector Tile specification 2.1."""
    found = {}
    for number, layer in fields(gzip.decompress(body)):
        if number == 3:
            parts = list(fields(layer))
            name = next(bytes(value).decode() for field, value in parts if field == 1)
            keys = [bytes(value).decode() for field, value in parts if field == 3]
            values = [plain(value) for field, value in parts if field == 4]
            found[name] = [feature(value, keys, values) for field, value in parts if field == 2]
    return found


def feature(data: memoryview, keys: list[str], values: list[object]) -> tuple[dict[str, object], list[Line]]:
    """Return a feature's properties and its lines."""
    told: dict[str, object] = {}
    lines: list[Line] = []
    for field, value in fields(data):
        numbers = list(varints(value)) if field in {2, 4} else []
        if field == 2:
            told = {keys[k]: values[v] for k, v in zip(numbers[::2], numbers[1::2], strict=True)}
        if field == 4:
            lines = path(numbers)
    return told, lines


def path(numbers: list[int]) -> list[Line]:
    """Follow the commands of a geometry."""
    lines: list[Line] = []
    at, x, y = 0, 0, 0
    while at < len(numbers):
        command, count = numbers[at] & 7, numbers[at] >> 3
        at += 1
        for _ in range(count if command != 7 else 0):
            x, y = x + zigzag(numbers[at]), y + zigzag(numbers[at + 1])
            at += 2
            if command == 1:
                lines.append([])
            lines[-1].append((x, y))
    return lines


def zigzag(number: int) -> int:
    """Return the signed number that is written so."""
    return (number >> 1) ^ -(number & 1)


def plain(data: memoryview) -> object:
    """Return a value: text, or a number."""
    field, value = next(fields(data))
    return bytes(value).decode() if field == 1 else int.from_bytes(value, "little")


def fields(data: bytes | memoryview) -> Iterator[tuple[int, memoryview]]:
    """Yield the fields of a protobuf message; numbers as their bytes."""
    view, at = memoryview(data), 0
    while at < len(view):
        key, at = varint(view, at)
        kind = key & 7
        if kind == 0:
            start = at
            _, at = varint(view, at)
            yield key >> 3, view[start:at]
            continue
        size, at = varint(view, at) if kind == 2 else ({1: 8, 5: 4}[kind], at)
        yield key >> 3, view[at : at + size]
        at += size


def varints(view: memoryview) -> Iterator[int]:
    """Yield packed numbers."""
    at = 0
    while at < len(view):
        number, at = varint(view, at)
        yield number


def varint(view: memoryview, at: int) -> tuple[int, int]:
    """Return a number and where the next field begins."""
    value = shift = 0
    while True:
        byte = view[at]
        value, shift, at = value | (byte & 0x7F) << shift, shift + 7, at + 1
        if byte < 0x80:
            return value, at
