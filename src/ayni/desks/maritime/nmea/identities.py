"""What static messages say, as rows of `identity`. Empty texts, zero dimensions and zero numbers say nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ayni.desks.maritime.nmea.columns import Messages, Said
from ayni.desks.maritime.nmea.sixbit import bits, text
from ayni.desks.maritime.tables import IDENTITY, arrow_schema

if TYPE_CHECKING:
    import pyarrow as pa
    from numpy.typing import NDArray

    Ints = NDArray[np.int64]

ORDER = "order"
AUXILIARY = 98
"""An MMSI that begins with 98 belongs to a craft of a larger vessel; it sends her MMSI in place of dimensions."""


def identity_table(said: Said, messages: Messages, at: Ints, source: str) -> pa.Table:
    """Return the rows of one family, with the number of their message in the column `order`."""
    import pyarrow as pa  # noqa: PLC0415 -- imported with the first row

    family, rows = said.family, said.rows
    length, width = _dimensions(said)
    columns = {
        "mmsi": pa.array(said.mmsi),
        "ts": pa.array(at[rows]),
        "imo": _number(said, family.imo, 30),
        "name": _text(said, family.name),
        "callsign": _text(said, family.callsign),
        "ship_type": _number(said, family.ship_type, 8),
        "length_m": length,
        "width_m": width,
        "draught_m": _draught(said),
        "destination": _text(said, family.destination),
        "eta": _eta(said),
        "ais_class": pa.repeat(pa.scalar(family.ais_class, pa.string()), len(rows)),
        "source": pa.repeat(source, len(rows)),
        "offset": pa.array(messages.offset[rows]),
        "length": pa.array(messages.length[rows]),
    }
    return pa.table(columns, schema=arrow_schema(IDENTITY)).append_column(ORDER, pa.array(rows))


def _number(said: Said, start: int | None, length: int) -> pa.Array:
    import pyarrow as pa  # noqa: PLC0415 -- as above

    if start is None:
        return pa.nulls(len(said.rows), pa.int64())
    values = bits(said.words, start, length)
    return pa.array(values, mask=values == 0)


def _draught(said: Said) -> pa.Array:
    import pyarrow as pa  # noqa: PLC0415 -- as above

    if said.family.draught is None:
        return pa.nulls(len(said.rows), pa.float64())
    tenths = bits(said.words, said.family.draught, 8)
    return pa.array(tenths / 10.0, mask=tenths == 0)


def _text(said: Said, at: tuple[int, int] | None) -> pa.Array:
    import pyarrow as pa  # noqa: PLC0415 -- as above

    if at is None:
        return pa.nulls(len(said.rows), pa.string())
    values = text(said.words, *at)
    return pa.array(values, pa.binary(), mask=values == b"").cast(pa.string())


def _dimensions(said: Said) -> tuple[pa.Array, pa.Array]:
    """Return length and width; bow, stern (9 bits each), port, starboard (6 bits each) are sent."""
    import pyarrow as pa  # noqa: PLC0415 -- as above

    start = said.family.dimensions
    if start is None:
        return pa.nulls(len(said.rows), pa.float64()), pa.nulls(len(said.rows), pa.float64())
    length = bits(said.words, start, 9) + bits(said.words, start + 9, 9)
    width = bits(said.words, start + 18, 6) + bits(said.words, start + 24, 6)
    other = (said.mmsi // 10_000_000 == AUXILIARY) & (said.family.part == 1)
    return (
        pa.array(length.astype(np.float64), mask=(length == 0) | other),
        pa.array(width.astype(np.float64), mask=(width == 0) | other),
    )


def _eta(said: Said) -> pa.Array:
    import pyarrow as pa  # noqa: PLC0415 -- as above

    start = said.family.eta
    if start is None:
        return pa.nulls(len(said.rows), pa.string())
    fields = zip(
        bits(said.words, start, 4).tolist(),
        bits(said.words, start + 4, 5).tolist(),
        bits(said.words, start + 9, 5).tolist(),
        bits(said.words, start + 14, 6).tolist(),
        strict=True,
    )
    return pa.array(
        [
            f"{month:02}-{day:02}T{hour:02}:{minute:02}Z" if month and day else None
            for month, day, hour, minute in fields
        ],
        pa.string(),
    )
