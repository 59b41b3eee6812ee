"""The shapes everything else in this desk speaks of: a position, and what a vessel says about itself.

Integers carry what is compared, summed or turned into a signal's id: MMSI, milliseconds, microdegrees, byte
offsets. Floating point carries what was measured and is only ever compared with a threshold. A value that its
sender marked as not available (latitude 91°, speed 102.3 kn, heading 511…) is null, never a number.

`offset` is a word of SQL: write it in double quotes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING

from ayni.model.desk import Column, Table, Thinning

if TYPE_CHECKING:
    import pyarrow as pa

    from ayni.model.signal import Fact

MINUTE_MS = 60_000

EVIDENCE = (
    Column(name="source", type="VARCHAR", holds="SHA-256 of the file or journal segment it was read from, hex"),
    Column(
        name="offset",
        type="BIGINT",
        holds="first byte of the line in the source, uncompressed (in Parquet: number of the row, from 0)",
    ),
    Column(name="length", type="BIGINT", holds="bytes of the line without its line end (in Parquet: 0)"),
)
"""Where the raw observation lies, so that anyone who holds the file can check it."""

POSITION = Table(
    name="position",
    row="one position report",
    columns=(
        Column(name="mmsi", type="BIGINT", holds="MMSI of the sender, 1 to 999 999 999"),
        Column(name="ts", type="BIGINT", holds="when it was received, ms since 1970 UTC"),
        Column(name="lat_udeg", type="BIGINT", holds="latitude, microdegrees WGS 84, north positive"),
        Column(name="lon_udeg", type="BIGINT", holds="longitude, microdegrees WGS 84, east positive, -180° to 180°"),
        Column(name="speed_kn", type="DOUBLE", holds="reported speed over ground, knots", optional=True),
        Column(name="course_deg", type="DOUBLE", holds="reported course over ground, degrees true", optional=True),
        Column(name="heading_deg", type="DOUBLE", holds="reported heading, degrees true", optional=True),
        Column(
            name="status",
            type="BIGINT",
            holds="navigational status 0 to 14, Source: ITU-R M.1371-5, table 48",
            optional=True,
        ),
        Column(
            name="msg_type",
            type="BIGINT",
            holds="AIS message 1 to 27; 4 is a base station, 9 an aircraft, 21 an aid to navigation",
            optional=True,
        ),
        Column(name="receiver", type="VARCHAR", holds="station that heard it, as the source names it", optional=True),
        *EVIDENCE,
    ),
    day_column="ts",
    subject="mmsi",
    thinning=Thinning(every_ms=5 * MINUTE_MS),
)

IDENTITY = Table(
    name="identity",
    row="one report of what a vessel says about itself; null is what this report does not say",
    columns=(
        Column(name="mmsi", type="BIGINT", holds="MMSI of the sender, 1 to 999 999 999"),
        Column(name="ts", type="BIGINT", holds="when it was received, ms since 1970 UTC"),
        Column(name="imo", type="BIGINT", holds="IMO number as sent, check digit not verified", optional=True),
        Column(name="name", type="VARCHAR", holds="name as sent, padding removed", optional=True),
        Column(name="callsign", type="VARCHAR", holds="radio call sign as sent", optional=True),
        Column(
            name="ship_type",
            type="BIGINT",
            holds="type of ship 1 to 99, Source: ITU-R M.1371-5, table 53",
            optional=True,
        ),
        Column(name="length_m", type="DOUBLE", holds="overall length, metres", optional=True),
        Column(name="width_m", type="DOUBLE", holds="beam, metres", optional=True),
        Column(name="draught_m", type="DOUBLE", holds="draught, metres", optional=True),
        Column(name="destination", type="VARCHAR", holds="destination as typed on board", optional=True),
        Column(name="eta", type="VARCHAR", holds="arrival as sent: MM-DDTHH:MMZ, or a full instant", optional=True),
        Column(name="ais_class", type="VARCHAR", holds="A or B", optional=True),
        *EVIDENCE,
    ),
    day_column="ts",
    subject="mmsi",
    thinning=Thinning(
        every_ms=60 * MINUTE_MS,
        unless_other=(
            *("imo", "name", "callsign", "ship_type", "length_m", "width_m"),
            *("draught_m", "destination", "eta", "ais_class"),
        ),
    ),
)

AREA = Table(
    name="area",
    row="one corner of an area to be watched, as a user drew it",
    columns=(
        Column(name="area_id", type="BIGINT", holds="number of the area"),
        Column(name="name", type="VARCHAR", holds="what the area is called"),
        Column(name="seq", type="BIGINT", holds="order of the corner round the area, from 1; the ring closes itself"),
        Column(name="lat_udeg", type="BIGINT", holds="latitude, microdegrees WGS 84"),
        Column(name="lon_udeg", type="BIGINT", holds="longitude, microdegrees WGS 84"),
        Column(name="record", type="VARCHAR", holds="id of the record that a node keeps of the area", optional=True),
        Column(name="entry", type="BOOLEAN", holds="whether entries are asked for; null means yes", optional=True),
        Column(name="least_min", type="BIGINT", holds="shortest stay told of, minutes", optional=True),
        Column(name="low_kn", type="DOUBLE", holds="lowest speed watched for inside, knots", optional=True),
        Column(name="high_kn", type="DOUBLE", holds="highest speed watched for inside, knots", optional=True),
        Column(name="speed_min", type="BIGINT", holds="how long a speed must last, minutes", optional=True),
        Column(name="from_ms", type="BIGINT", holds="what was over before is not told, ms since 1970", optional=True),
        Column(
            name="until_ms", type="BIGINT", holds="what begins from then on is not told, ms since 1970", optional=True
        ),
    ),
    keep_days=3650,
)

WATCH = Table(
    name="watch",
    row="one vessel to be watched for; null is what the entry does not say",
    columns=(
        Column(name="entry_id", type="BIGINT", holds="number of the entry"),
        Column(name="record", type="VARCHAR", holds="id of the record that a node keeps of the entry", optional=True),
        Column(name="listed_mmsi", type="BIGINT", holds="MMSI watched for", optional=True),
        Column(name="listed_imo", type="BIGINT", holds="IMO number watched for", optional=True),
        Column(name="call_key", type="VARCHAR", holds="call sign watched for, in its plain form", optional=True),
        Column(name="name_key", type="VARCHAR", holds="name watched for, in its plain form", optional=True),
        Column(name="figures", type="VARCHAR", holds="figures in the name watched for", optional=True),
        Column(name="name_edits", type="BIGINT", holds="letters that a name may differ by", optional=True),
        Column(
            name="until_ms",
            type="BIGINT",
            holds="what is heard from then on is not told, ms since 1970",
            optional=True,
        ),
    ),
    keep_days=3650,
)

TABLES = (POSITION, IDENTITY, AREA, WATCH)


def arrow_schema(table: Table) -> pa.Schema:
    """Return the Arrow schema of *table*: int64, double, string and boolean."""
    return shape_of(table.columns)


def as_rows(found: Sequence[Mapping[str, Fact]], columns: tuple[Column, ...]) -> pa.Table:
    """Return what was found, often nothing, as a table with *columns*."""
    import pyarrow as pa  # noqa: PLC0415 -- as below

    shape = shape_of(columns)
    return pa.Table.from_pylist(list(found), schema=shape) if found else _empty(shape)


@cache
def shape_of(columns: tuple[Column, ...]) -> pa.Schema:
    """Return the Arrow schema of *columns*."""
    import pyarrow as pa  # noqa: PLC0415 -- 0.1 s that the command line saves when nothing is read

    types = {"BIGINT": pa.int64(), "DOUBLE": pa.float64(), "VARCHAR": pa.string(), "BOOLEAN": pa.bool_()}
    return pa.schema([pa.field(column.name, types[column.type]) for column in columns])


@cache
def _empty(shape: pa.Schema) -> pa.Table:
    return shape.empty_table()
