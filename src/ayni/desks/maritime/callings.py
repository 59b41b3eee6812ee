"""What each vessel calls itself, day by day, in a form that can be compared.

A name is brought into its plain form (no accent, blank or prefix such as M/V, Roman
numerals as figures), and its figures are kept apart: `Estrella 2` and `Estrella 3` are
two ships, however alike the rest. Signs beyond ASCII that have no plain form are left
out, because engines count them differently. A call sign loses blanks and dashes.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import TYPE_CHECKING

from ayni.desks.maritime.detect.sql import write_out
from ayni.model.desk import Column, Derived, Kernel
from ayni.toolkit.names import vessel_key

if TYPE_CHECKING:
    import pyarrow as pa

    from ayni.model.signal import Fact

OUTPUT = (
    Column(name="mmsi", type="BIGINT", holds="MMSI of the sender"),
    Column(name="day", type="BIGINT", holds="day in UTC, counted from 1970"),
    Column(name="imo", type="BIGINT", holds="IMO number as sent"),
    Column(name="call_key", type="VARCHAR", holds="call sign in its plain form, empty when none was sent"),
    Column(name="name_key", type="VARCHAR", holds="name in its plain form, empty when none was sent"),
    Column(name="figures", type="VARCHAR", holds="figures in the name"),
    Column(name="first_ms", type="BIGINT", holds="when it was first sent on that day, ms since 1970"),
    Column(name="last_ms", type="BIGINT", holds="when it was last sent on that day, ms since 1970"),
)


@lru_cache(maxsize=65_536)
def name_key(name: str) -> str:
    """Return a vessel's name in its plain form, ASCII alone."""
    return vessel_key(name).encode("ascii", "ignore").decode()


def figures(key: str) -> str:
    """Return the figures of a plain name, one group after the other: `7-2` for `estrella7norte2`."""
    return "-".join(re.findall(r"\d+", key))


def call_key(call_sign: str) -> str:
    """Return a call sign in capital letters and digits alone."""
    return re.sub(r"[^A-Z0-9]", "", call_sign.upper())


def plainly(rows: pa.Table, parameters: Mapping[str, Fact]) -> pa.Table:
    """Return what one vessel called itself, one row a day and way of saying it."""
    del parameters
    import pyarrow as pa  # noqa: PLC0415 -- 0.1 s that most commands never need

    said: dict[tuple[int, int, int | None, str, str], tuple[int, int]] = {}
    for row in rows.to_pylist():
        key = (
            row["mmsi"],
            row["day"],
            row["imo"],
            call_key(row["callsign"] or ""),
            name_key(row["name"] or ""),
        )
        first, last = said.get(key, (row["first_ms"], row["last_ms"]))
        said[key] = min(first, row["first_ms"]), max(last, row["last_ms"])
    ordered = sorted(said.items(), key=lambda one: (one[0][:2], one[0][2] or 0, one[0][3:]))
    columns: dict[str, list[object]] = {column.name: [] for column in OUTPUT}
    for (mmsi, day, imo, call, name), (first, last) in ordered:
        for column, value in zip(columns, (mmsi, day, imo, call, name, figures(name), first, last), strict=True):
            columns[column].append(value)
    kinds = {"BIGINT": pa.int64(), "VARCHAR": pa.string()}
    return pa.table({column.name: pa.array(columns[column.name], kinds[column.type]) for column in OUTPUT})


SAID_DAILY = Derived(
    name="said_daily",
    requires={"identity": ()},
    sql=write_out(
        "SELECT mmsi, floor_div(ts, 86400000) AS day, imo, name, callsign, MIN(ts) AS first_ms, MAX(ts) AS last_ms"
        " FROM identity WHERE mmsi IS NOT NULL AND ts IS NOT NULL"
        " GROUP BY mmsi, floor_div(ts, 86400000), imo, name, callsign"
    ),
)
CALLING = Derived(
    name="calling",
    requires={"said_daily": ("mmsi", "day", "first_ms", "last_ms")},
    kernel=Kernel(
        table="said_daily",
        by=("mmsi",),
        order=("day", "first_ms", "last_ms", "imo", "name", "callsign"),
        run=plainly,
        output=OUTPUT,
    ),
)
DERIVED = (SAID_DAILY, CALLING)
