"""Coast, inland, nearest State and ports: what ships with the desk, with where each comes from.

    shore   one row a 0.1° cell within 200 nautical miles of land: the nearest point of the
            coast, the State whose land is nearest, how many of its 25 sub-cells (0.02°) have
            their middle on land, and (bit by bit) which lie wholly inland, 2 km from any water
    port    ports and anchorages, one row for each cell they may matter in

A distance to the coast is measured to the stored point, which is the nearest one to
the middle of the cell: seldom more than two kilometres too far, never too near by more
than half a kilometre. **The nearest State is no delimitation**: it says whose land lies
nearest, nothing about a boundary, a claim or a jurisdiction, and it is left out where
States differ over the land itself.

A node can add its own ports and anchorages with `ayni maritime reference FILE`.
"""

from __future__ import annotations

import math
import os
from functools import lru_cache
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING

from ayni.model.desk import Layer, Reference
from ayni.toolkit.units import METRES_A_NAUTICAL_MILE

if TYPE_CHECKING:
    import pyarrow as pa

BUILT = "2026-11-22"
OWN_FOLDER = "AYNI_MARITIME_REFERENCE"
"""Environment variable that names the folder of a node's own reference tables."""
OWN_PORTS = "own_ports.parquet"

UDEG = 1_000_000
CELL_UDEG = 100_000
ROW_CELLS = 3600
PORT_REACH_M = 12_000.0
"""Cells within this of a port find it: every rule asks within 10 km or less."""
METRES_A_DEGREE = 111_195.0


def own_folder() -> Path:
    """Return where this machine keeps its own reference tables: the variable, or the user's data folder."""
    named = os.environ.get(OWN_FOLDER)
    if named:
        return Path(named)
    home = os.environ.get("XDG_DATA_HOME")
    return (Path(home) if home else Path.home() / ".local" / "share") / "ayni" / "maritime"


def load_shore() -> pa.Table:
    """Return the cells: `cell`, `shore_lat_udeg`, `shore_lon_udeg`, `land_share`, `inland_mask`, `nearest_state`."""
    return _shore()


def shore_nm(lat: float, lon: float) -> float | None:
    """Return the distance to the nearest coast, nautical miles; None beyond 200 of them."""
    import pyarrow.compute as pc  # noqa: PLC0415 -- as in `_shore`

    from ayni.toolkit.geo import inverse  # noqa: PLC0415 -- as above

    cell = (math.floor(lat * 10) + 900) * ROW_CELLS + (math.floor(lon * 10) + 1800) % ROW_CELLS
    table = load_shore()
    rows = table.filter(pc.equal(table.column("cell"), cell))
    if not rows.num_rows or rows.column("shore_lat_udeg")[0].as_py() is None:
        return None
    shore = (rows.column(name)[0].as_py() / UDEG for name in ("shore_lat_udeg", "shore_lon_udeg"))
    return round(float(inverse(lat, lon, *shore).distance_m) / METRES_A_NAUTICAL_MILE, 1)


@lru_cache(maxsize=1)
def _shore() -> pa.Table:
    import pyarrow as pa  # noqa: PLC0415 -- 0.1 s that most commands never need
    import pyarrow.compute as pc  # noqa: PLC0415

    packed = _packed("cells.parquet")
    return pa.table(
        {
            "cell": packed.column("cell").cast(pa.int64()),
            "shore_lat_udeg": pc.multiply(packed.column("shore_lat_cdeg").cast(pa.int64()), UDEG // 100),
            "shore_lon_udeg": pc.multiply(packed.column("shore_lon_cdeg").cast(pa.int64()), UDEG // 100),
            "land_share": packed.column("land_share").cast(pa.int64()),
            "inland_mask": packed.column("inland_mask").cast(pa.int64()),
            "nearest_state": packed.column("nearest_state").cast(pa.string()),
        }
    )


def load_ports() -> pa.Table:
    """Return ports by cell: `cell`, `port`, `name`, `lat_udeg`, `lon_udeg`; the node's own ones among them."""
    return by_cell(load_port_points())


def load_port_points() -> pa.Table:
    """Return each port once: `port`, `name`, `lat_udeg`, `lon_udeg`; the node's own ones among them."""
    import pyarrow as pa  # noqa: PLC0415 -- as above
    import pyarrow.parquet as pq  # noqa: PLC0415

    names = ["port", "name", "lat_udeg", "lon_udeg"]
    shipped = _packed("ports.parquet").select(names)
    own = own_folder() / OWN_PORTS
    if own.is_file():
        shipped = pa.concat_tables([shipped, pq.read_table(own).select(names).cast(shipped.schema)])
    return shipped


def by_cell(ports: pa.Table) -> pa.Table:
    """Return each port once for every cell within reach of it."""
    import numpy as np  # noqa: PLC0415 -- as above
    import pyarrow as pa  # noqa: PLC0415

    lat, lon = (ports.column(name).to_numpy().astype(np.int64) for name in ("lat_udeg", "lon_udeg"))
    rows, columns = lat // CELL_UDEG + 900, lon // CELL_UDEG + 1800
    north = int(np.ceil(PORT_REACH_M / (METRES_A_DEGREE / 10)))
    parallels = np.maximum(METRES_A_DEGREE / 10 * np.cos(np.radians(np.minimum(np.abs(lat) / UDEG + 0.2, 89.0))), 1.0)
    east = np.minimum(np.ceil(PORT_REACH_M / parallels).astype(np.int64), ROW_CELLS // 2)
    cells, which = [], []
    for shift in np.unique(east):
        chosen = np.flatnonzero(east == shift)
        for dy in range(-north, north + 1):
            for dx in range(-int(shift), int(shift) + 1):
                cells.append((rows[chosen] + dy) * ROW_CELLS + (columns[chosen] + dx) % ROW_CELLS)
                which.append(chosen)
    order = np.concatenate([*which, np.empty(0, np.int64)]).astype(np.int64)
    near = ports.take(pa.array(order))
    return pa.table(
        {
            "cell": pa.array(np.concatenate([*cells, np.empty(0, np.int64)]).astype(np.int64)),
            "port": near.column("port").cast(pa.int64()),
            "name": near.column("name").cast(pa.string()),
            "lat_udeg": near.column("lat_udeg").cast(pa.int64()),
            "lon_udeg": near.column("lon_udeg").cast(pa.int64()),
        }
    )


def _packed(name: str) -> pa.Table:
    import pyarrow.parquet as pq  # noqa: PLC0415 -- as above

    with resources.files("ayni.desks.maritime.reference").joinpath(name).open("rb") as file:
        return pq.read_table(file)


REFERENCES = (
    Reference(
        table="shore",
        title="Coast, inland and nearest State by 0.1° cell",
        source="GSHHG 2.3.7 coast and WDBII rivers, high resolution, from PyPI tracktable-data 1.7.3.1;"
        " Natural Earth 4.1.0 countries 1:10 million, from npm world-atlas 2.0.2",
        licence="GSHHG and WDBII: LGPL-3.0-or-later; Natural Earth: public domain",
        date=BUILT,
        approximate="no delimitation: the State named is the one whose land lies nearest",
        load=load_shore,
    ),
    Reference(
        table="port",
        title="Ports and anchorages",
        source="World Port Index, US National Geospatial-Intelligence Agency, from PyPI tracktable-data 1.7.3.1",
        licence="public domain",
        date=BUILT,
        approximate="one point a port: berths may lie kilometres from it",
        load=load_ports,
    ),
)

LAYERS = (
    Layer(
        name="ports",
        title="Ports and anchorages",
        from_zoom=4.5,
        load=load_port_points,
        approximate="one point a port: berths may lie kilometres from it",
    ),
)
