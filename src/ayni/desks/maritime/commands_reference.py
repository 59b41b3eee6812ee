"""`ayni maritime reference`: what the desk knows of coast and ports, and a node's own ports and anchorages.

    ayni maritime reference                          list the tables, with source, licence and date
    ayni maritime reference anchorages.csv           add ports and anchorages from a file
    ayni maritime reference --forget                 go back to what ships with the desk

A file has a header and, in any order, the columns `latitude` and `longitude` (degrees)
and `label` or `name`; Global Fishing Watch's named anchorages are such a file. Every row
is checked; what is no position on Earth is refused, counted and shown.
"""

from __future__ import annotations

import csv
import math
import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ayni.desks.maritime.reference import OWN_PORTS, REFERENCES, UDEG, own_folder
from ayni.errors import UnreadableError

if TYPE_CHECKING:
    import pyarrow as pa

FIRST_OWN_PORT = 1_000_000
"""Numbers of a node's own ports begin here; the World Port Index has five digits."""
NAMES = ("label", "name")
MAX_ROWS = 2_000_000
MOST_SHOWN = 20


@click.command("reference")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path), required=False)
@click.option("--forget", is_flag=True, help="Remove this node's own ports and anchorages.")
def reference(file: Path | None, *, forget: bool) -> None:
    """Show the reference data of the maritime desk, or load FILE with a node's own ports and anchorages."""
    own = own_folder() / OWN_PORTS
    if forget:
        own.unlink(missing_ok=True)
    elif file is not None:
        taken, refused = store_ports(file)
        click.echo(f"{taken} ports and anchorages from {file} → {own}")
        for why in refused[:MOST_SHOWN]:
            click.echo(f"refused: {why}", err=True)
        if len(refused) > MOST_SHOWN:
            click.echo(f"refused: {len(refused) - MOST_SHOWN} more", err=True)
        return
    for table in REFERENCES:
        click.echo(f"{table.table:8} {table.title}\n         {table.source}\n         {table.licence}, {table.date}")
        click.echo(f"         {table.approximate}")
    click.echo(f"own      {own if own.is_file() else 'none'}")


def store_ports(file: Path) -> tuple[int, list[str]]:
    """Put the ports of *file* in place of a node's own ones; return how many, and what was refused.

    Raises:
        UnreadableError: if columns are missing, no row is good, or it is no CSV.
    """
    import pyarrow.parquet as pq  # noqa: PLC0415 -- 0.1 s that listing never needs

    ports, refused = read_ports(file)
    folder = own_folder()
    folder.mkdir(parents=True, exist_ok=True)
    written = folder / f".{OWN_PORTS}.{os.getpid()}"
    pq.write_table(ports, written, compression="zstd")
    written.replace(folder / OWN_PORTS)
    return int(ports.num_rows), refused


def read_ports(file: Path) -> tuple[pa.Table, list[str]]:
    """Return the ports of a CSV file (`port`, `name`, `lat_udeg`, `lon_udeg`), and why rows were refused.

    Raises:
        UnreadableError: if columns are missing, no row is good, or it is no CSV.
    """
    import pyarrow as pa  # noqa: PLC0415 -- as above

    names: list[str] = []
    lats: list[int] = []
    lons: list[int] = []
    refused: list[str] = []
    try:
        with file.open(encoding="utf-8-sig", newline="") as opened:
            rows = csv.DictReader(opened)
            columns = set(rows.fieldnames or ())
            named = next((name for name in NAMES if name in columns), "")
            if not named or not {"latitude", "longitude"} <= columns:
                raise UnreadableError(file=file, why="it needs columns latitude, longitude and label (or name)")
            for row in rows:
                lat, lon = _udeg(row["latitude"], 90.0), _udeg(row["longitude"], 180.0)
                if lat is None or lon is None:
                    refused.append(f"line {rows.line_num}: {row['latitude']}, {row['longitude']} is nowhere on Earth")
                    continue
                lats.append(lat)
                lons.append(lon)
                names.append(" ".join(part for part in (row[named], row.get("sublabel") or "") if part).strip())
                if len(names) > MAX_ROWS:
                    raise UnreadableError(file=file, why=f"more than {MAX_ROWS} rows")
    except (UnicodeDecodeError, csv.Error) as error:
        raise UnreadableError(file=file, why=f"not CSV in UTF-8: {error}") from error
    if not names:
        raise UnreadableError(file=file, why=refused[0] if refused else "it has no rows")
    ports = pa.table(
        {
            "port": pa.array(range(FIRST_OWN_PORT, FIRST_OWN_PORT + len(names)), pa.int32()),
            "name": pa.array(names, pa.string()),
            "lat_udeg": pa.array(lats, pa.int32()),
            "lon_udeg": pa.array(lons, pa.int32()),
        }
    )
    return ports, refused


def _udeg(text: str | None, limit: float) -> int | None:
    try:
        degrees = float(text or "")
    except ValueError:
        return None
    return round(degrees * UDEG) if math.isfinite(degrees) and abs(degrees) <= limit else None
