"""Random rows in the shape of any table: plausible by the name of the column, ties included."""

from __future__ import annotations

import random
from collections.abc import Callable

import pyarrow as pa

from ayni.engine.session import ARROW_TYPES
from ayni.model.desk import Column, Table

DAY_MS = 86_400_000
START_MS = 1_600_000_000_000


def rows_like(table: Table, count: int, dice: random.Random) -> pa.Table:
    """Return *count* rows; few subjects, so that they meet, and instants on whole minutes, so that some are equal."""
    columns = {}
    for column in table.columns:
        make = _maker(table, column)
        values = [None if column.optional and dice.random() < 0.1 else make(dice) for _ in range(count)]
        columns[column.name] = pa.array(values, ARROW_TYPES[column.type])
    return pa.table(columns)


def _maker(table: Table, column: Column) -> Callable[[random.Random], object]:
    name = column.name
    if name == table.day_column or name.endswith("_ms"):
        return lambda dice: START_MS + dice.randrange(2 * DAY_MS // 60_000) * 60_000
    if name.endswith("lat_udeg"):
        return lambda dice: dice.randrange(-2_000_000, 2_000_001)
    if name.endswith("lon_udeg"):
        return lambda dice: dice.choice([-1, 1]) * dice.randrange(178_000_000, 180_000_001)
    if name == "source":
        return lambda dice: dice.choice("ab") * 64
    if name in {"offset", "length"}:
        return lambda dice: dice.randrange(10_000)
    by_type: dict[str, Callable[[random.Random], object]] = {
        "BIGINT": lambda dice: dice.randrange(1, 12),
        "DOUBLE": lambda dice: round(dice.random() * 60, 1),
        "VARCHAR": lambda dice: dice.choice(["ONE", "TWO", "three", ""]),
        "BOOLEAN": lambda dice: dice.random() < 0.5,
    }
    return by_type[column.type]
