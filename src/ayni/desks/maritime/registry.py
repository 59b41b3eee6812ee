"""The digits with which States' radio numbers begin: a reference table of this desk.

Source: International Telecommunication Union, table of maritime identification digits,
as kept in `ayni.toolkit.codes`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ayni.model.desk import Reference
from ayni.toolkit.codes.vessels import countries_by_mid

if TYPE_CHECKING:
    import pyarrow as pa


def load_mid() -> pa.Table:
    """Return one row for each maritime identification digits in use: `mid`, `country` (ISO 3166-1 alpha-2)."""
    import pyarrow as pa  # noqa: PLC0415 -- 0.1 s that most commands never need

    countries = sorted(countries_by_mid().items())
    return pa.table(
        {
            "mid": pa.array([int(mid) for mid, _ in countries], pa.int64()),
            "country": pa.array([country for _, country in countries], pa.string()),
        }
    )


REFERENCES = (
    Reference(
        table="mid",
        title="Maritime identification digits",
        source="ITU, table of maritime identification digits (MID)",
        licence="facts, no database right claimed",
        date="2026-11-22",
        load=load_mid,
    ),
)
