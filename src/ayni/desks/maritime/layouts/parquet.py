"""Columnar layouts: our own decoded file, and plain positions with times in seconds.

A Parquet file is recognised by the names of its columns and refused, naming the column, when one of them has
another type than the layout promises: a time without a zone or a number stored as text is never guessed at.
Evidence in such a file is the number of the row; a file decoded with evidence points back to the original line.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ayni.desks.maritime.layouts.checked import UNREADABLE, Checking, Found
from ayni.desks.maritime.layouts.stream import sha256_of
from ayni.errors import UnreadableError
from ayni.model.desk import Batches, Source, Tally

if TYPE_CHECKING:
    import pyarrow as pa
    from numpy.typing import NDArray

MAGIC = b"PAR1"
BATCH_ROWS = 1 << 16
LIMITS = {"thrift_string_size_limit": 1 << 24, "thrift_container_size_limit": 1 << 16}
"""Largest text, and longest list, that the description of a file may hold: a damaged one asks for gigabytes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Columnar:
    """One named Parquet layout: its columns and what each must be."""

    layout: str
    title: str
    must: Mapping[str, str]
    """Column → kind: `integer`, `number`, `utc timestamp`, `text`."""
    may: Mapping[str, str]
    names: Mapping[str, str]
    """Our column → theirs."""
    scale_ms: int
    """Milliseconds of one unit of the time column, when it is an integer."""

    def source(self) -> Source:
        """Return the layout as the desk declares it."""
        return Source(
            layout=self.layout,
            title=self.title,
            tables=("position",),
            recognises=self.recognises,
            read=partial(read, self),
        )

    def recognises(self, path: Path) -> bool:
        """Return whether the file is Parquet and has every key column by name."""
        return set(self.must) <= set(parquet_columns(path))


AYNI_1 = Columnar(
    layout="ayni/1",
    title="Parquet written by `ayni maritime decode`",
    must={"mmsi": "integer", "ts": "utc timestamp", "lat_deg": "number", "lon_deg": "number"},
    may={
        "speed_kn": "number",
        "course_deg": "number",
        "heading_deg": "number",
        "status": "integer",
        "msg_type": "integer",
        "receiver": "text",
        "source": "text",
        "offset": "integer",
        "length": "integer",
    },
    names={"lat_deg": "lat_deg", "lon_deg": "lon_deg"},
    scale_ms=1,
)

SECONDS_1 = Columnar(
    layout="seconds/1",
    title="Parquet of positions with times in whole seconds since 1970 UTC (mmsi, ts, lat, lon)",
    must={"mmsi": "integer", "ts": "integer", "lat": "number", "lon": "number"},
    may={},
    names={"lat_deg": "lat", "lon_deg": "lon"},
    scale_ms=1000,
)

LAYOUTS = (AYNI_1, SECONDS_1)


def parquet_columns(path: Path) -> dict[str, str]:
    """Return column names and types of a Parquet file, nothing for any other file."""
    try:
        with path.open("rb") as file:
            if file.read(len(MAGIC)) != MAGIC:
                return {}
    except OSError:
        return {}
    import pyarrow as pa  # noqa: PLC0415 -- only once a file is Parquet
    import pyarrow.parquet as pq  # noqa: PLC0415 -- as above

    try:
        with pq.ParquetFile(path, **LIMITS) as file:
            return {field.name: str(field.type) for field in file.schema_arrow}
    except (pa.ArrowException, OSError, UnicodeDecodeError):
        return {}


def read(layout: Columnar, path: Path, tally: Tally) -> Batches:
    """Read one file of *layout*.

    Raises:
        UnreadableError: if it is damaged, lacks a key column, or a column has another type.
    """
    import pyarrow as pa  # noqa: PLC0415 -- as above
    import pyarrow.parquet as pq  # noqa: PLC0415 -- as above

    checking = Checking(source=sha256_of(path), tally=tally)
    try:
        with pq.ParquetFile(path, **LIMITS) as file:
            columns = _checked_columns(layout, file.schema_arrow, path, tally)
            row = 0
            for batch in file.iter_batches(BATCH_ROWS, columns=columns):
                tally.read += batch.num_rows
                yield from _batch(layout, batch, row, checking)
                row += batch.num_rows
    except (pa.ArrowException, OSError, UnicodeDecodeError) as error:
        raise UnreadableError(file=path, why=f"damaged Parquet ({str(error).splitlines()[0]})") from error
    checking.finish()


def _checked_columns(layout: Columnar, schema: pa.Schema, path: Path, tally: Tally) -> list[str]:
    known = {**layout.must, **layout.may}
    if missing := [name for name in layout.must if name not in schema.names]:
        raise UnreadableError(file=path, why=f"{layout.layout} needs {', '.join(missing)}; found {schema.names}")
    for name, kind in known.items():
        if name in schema.names and not KINDS[kind](schema.field(name).type):
            raise UnreadableError(
                file=path, why=f"column {name} is {schema.field(name).type}; {layout.layout} needs {kind}"
            )
    if strange := sorted(set(schema.names) - set(known)):
        tally.notes.append(f"{len(strange)} unknown columns not read: {', '.join(strange)}")
    for what in ("speed", "course", "heading"):
        if not any(name.startswith(what) and name in schema.names for name in known):
            tally.notes.append(f"no reported {what}: detectors that need it will not run")
    return [name for name in known if name in schema.names]


def _batch(layout: Columnar, batch: pa.RecordBatch, row: int, checking: Checking) -> Batches:
    def floats(name: str) -> NDArray[np.float64] | None:
        return None if name not in batch.schema.names else _floats(batch.column(name))

    def ints(name: str) -> NDArray[np.int64] | None:
        return None if name not in batch.schema.names else _ints(batch.column(name))

    rows, nothing = np.arange(row, row + batch.num_rows), np.zeros(batch.num_rows, np.int64)
    # A file decoded with evidence points back to the original lines; any other points to its own rows.
    original = {"source", "offset", "length"} <= set(batch.schema.names)
    found = Found(
        mmsi=_ints(batch.column("mmsi")),
        ts=_milliseconds(batch.column("ts"), layout.scale_ms),
        lat_deg=_floats(batch.column(layout.names["lat_deg"])),
        lon_deg=_floats(batch.column(layout.names["lon_deg"])),
        speed_kn=floats("speed_kn"),
        course_deg=floats("course_deg"),
        heading_deg=floats("heading_deg"),
        status=ints("status"),
        msg_type=ints("msg_type"),
        receiver=batch.column("receiver").cast("string") if "receiver" in batch.schema.names else None,
        source=batch.column("source").cast("string") if original else None,
        offset=_ints(batch.column("offset")) if original else rows,
        length=_ints(batch.column("length")) if original else nothing,
    )
    yield from checking.positions(found)


def _floats(column: pa.Array) -> NDArray[np.float64]:
    import pyarrow as pa  # noqa: PLC0415 -- as above

    values = column.cast(pa.float64(), safe=False).fill_null(float("nan"))
    return np.ascontiguousarray(values.to_numpy(zero_copy_only=False), np.float64)


def _ints(column: pa.Array) -> NDArray[np.int64]:
    import pyarrow as pa  # noqa: PLC0415 -- as above

    values = column.cast(pa.int64(), safe=False).fill_null(UNREADABLE)
    return np.ascontiguousarray(values.to_numpy(zero_copy_only=False), np.int64)


def _milliseconds(column: pa.Array, scale_ms: int) -> NDArray[np.int64]:
    import pyarrow as pa  # noqa: PLC0415 -- as above

    if pa.types.is_timestamp(column.type):
        return _ints(column.cast(pa.timestamp("ms", "UTC"), safe=False).cast(pa.int64()))
    values = _ints(column)
    # What would overflow is far outside the years that are accepted anyway.
    sane = np.abs(values // scale_ms) < 1 << 53
    return np.where(sane, values, 0) * scale_ms + np.where(sane, 0, UNREADABLE)


def _is_utc_timestamp(kind: pa.DataType) -> bool:
    import pyarrow as pa  # noqa: PLC0415 -- as above

    return bool(pa.types.is_timestamp(kind)) and kind.tz in {"UTC", "+00:00", "Etc/UTC"}


def _is_text(kind: pa.DataType) -> bool:
    import pyarrow as pa  # noqa: PLC0415 -- as above

    if pa.types.is_dictionary(kind):
        kind = kind.value_type
    return any(test(kind) for test in (pa.types.is_string, pa.types.is_large_string, pa.types.is_string_view))


def _is_integer(kind: pa.DataType) -> bool:
    import pyarrow as pa  # noqa: PLC0415 -- as above

    return bool(pa.types.is_integer(kind)) and not pa.types.is_uint64(kind)


def _is_number(kind: pa.DataType) -> bool:
    import pyarrow as pa  # noqa: PLC0415 -- as above

    return bool(pa.types.is_floating(kind))


KINDS: Mapping[str, Callable[[pa.DataType], bool]] = {
    "integer": _is_integer,
    "number": _is_number,
    "utc timestamp": _is_utc_timestamp,
    "text": _is_text,
}
