"""What every position must satisfy, whatever file it came from; what does not is counted by reason.

A value marked as not available becomes null. A number that no transponder can send (speed below zero,
heading 400°) becomes null too and is noted. A row without a usable sender, time or place is rejected.

Source: ITU-R M.1371-5, tables 48 to 50 (ranges, and the codes for not available).
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import numpy as np

from ayni.desks.maritime.layouts.duplicates import Duplicates, row_hashes
from ayni.desks.maritime.tables import IDENTITY, POSITION, arrow_schema

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    import pyarrow as pa
    from numpy.typing import NDArray

    from ayni.model.desk import Tally

    Ints = NDArray[np.int64]
    Floats = NDArray[np.float64]
    Flags = NDArray[np.bool_]

NO_SENDER = "no MMSI of 1 to 9 digits"
NO_TIME = "no readable time"
WRONG_CLOCK = "time before 1995 or in the future"
NO_POSITION = "position not available"
OUTSIDE = "position outside the world"
DUPLICATE = "duplicate of an earlier row"

UNREADABLE = np.iinfo(np.int64).min
"""Stands for an integer that was not there or was not a number."""

LARGEST_MMSI = 999_999_999
EARLIEST_MS = 788_918_400_000
"""1995-01-01: before the first AIS trials nothing can have been received."""
FUTURE = timedelta(days=1)
"""A receiver's clock may be a time zone ahead; more is wrong."""

NO_LATITUDE_DEG, NO_LONGITUDE_DEG = 91.0, 181.0
NO_SPEED_KN, NO_COURSE_DEG, NO_HEADING_DEG, NO_STATUS = 102.3, 360.0, 511.0, 15
FASTEST_KN = 1023.0
"""Search and rescue aircraft (type 9) send whole knots up to 1022."""
ROUNDING = 1e-6
UDEG = 1e6


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """Positions as a layout found them, one element a row.

    NaN or UNREADABLE stands where nothing was; None says that there is no such column.
    """

    mmsi: Ints
    ts: Ints
    lat_deg: Floats
    lon_deg: Floats
    speed_kn: Floats | None = None
    course_deg: Floats | None = None
    heading_deg: Floats | None = None
    status: Ints | None = None
    msg_type: Ints | None = None
    receiver: pa.Array | None = None
    offset: Ints
    length: Ints
    source: pa.Array | None = None
    """SHA-256 each row came from, where that is not the file being read."""
    lines: Ints | None = None
    """Lines each row came in, where that is not one."""

    def only(self, keep: Flags) -> Found:
        """Return some of the rows."""
        import pyarrow as pa  # noqa: PLC0415 -- imported with the first row

        kept: dict[str, object] = {}
        for each in fields(self):
            column = getattr(self, each.name)
            kept[each.name] = column.filter(pa.array(keep)) if isinstance(column, pa.Array) else _some(column, keep)
        return Found(**kept)  # type: ignore[arg-type] # the same fields, of the same types

    @property
    def observed(self) -> list[Ints]:
        """The columns that make two rows the same observation, as integers (floating point by its bits)."""
        measured = (self.lat_deg, self.lon_deg, self.speed_kn, self.course_deg, self.heading_deg)
        bits = [np.ascontiguousarray(column).view(np.int64) for column in measured if column is not None]
        return [self.mmsi, self.ts, *bits, *([] if self.msg_type is None else [self.msg_type])]


@dataclass(slots=True)
class Checking:
    """Checks the rows of one source, and remembers what the next chunk needs."""

    source: str
    tally: Tally
    duplicates: Duplicates = field(default_factory=Duplicates)
    odd: dict[str, int] = field(default_factory=dict[str, int])
    """Values set to null because no transponder can send them, by column."""
    first_ms: int = 1 << 62
    last_ms: int = -(1 << 62)
    latest_ms: int = field(
        default_factory=lambda: int((datetime.now(UTC) + FUTURE).timestamp() * 1000),
    )

    def positions(self, found: Found) -> Iterator[tuple[str, pa.RecordBatch]]:
        """Yield the acceptable rows as one batch of `position`; count the others."""
        yield from self.batch(found, self.accepted(found))

    def batch(self, found: Found, keep: Flags) -> Iterator[tuple[str, pa.RecordBatch]]:
        """Yield the kept rows as one batch of `position`, nothing when there is none."""
        if not keep.any():
            return
        import pyarrow as pa  # noqa: PLC0415 -- imported with the first row

        found = found if keep.all() else found.only(keep)
        ts = found.ts
        self.first_ms, self.last_ms = min(self.first_ms, int(ts.min())), max(self.last_ms, int(ts.max()))
        rows = len(ts)
        columns = [
            pa.array(found.mmsi),
            pa.array(ts),
            pa.array(np.rint(found.lat_deg * UDEG).astype(np.int64)),
            pa.array(np.rint(found.lon_deg * UDEG).astype(np.int64)),
            self._measured("speed_kn", found.speed_kn, rows, FASTEST_KN, NO_SPEED_KN),
            self._measured("course_deg", found.course_deg, rows, NO_COURSE_DEG, NO_COURSE_DEG),
            self._measured("heading_deg", found.heading_deg, rows, NO_COURSE_DEG, NO_HEADING_DEG),
            self._code("status", found.status, rows, 0, NO_STATUS),
            self._code("msg_type", found.msg_type, rows, 1, 28),
            pa.nulls(rows, pa.string()) if found.receiver is None else found.receiver,
            pa.repeat(self.source, rows) if found.source is None else found.source,
            pa.array(found.offset),
            pa.array(found.length),
        ]
        yield POSITION.name, pa.record_batch(columns, schema=arrow_schema(POSITION))

    def accepted(self, found: Found) -> Flags:
        """Return which rows stand, and count the others, each under the first reason that applies."""
        mmsi, ts, lat, lon = found.mmsi, found.ts, found.lat_deg, found.lon_deg
        with np.errstate(invalid="ignore"):
            reasons: Sequence[tuple[str, Flags]] = (
                (NO_SENDER, (mmsi < 1) | (mmsi > LARGEST_MMSI)),
                (NO_TIME, ts == UNREADABLE),
                (WRONG_CLOCK, (ts < EARLIEST_MS) | (ts > self.latest_ms)),
                (
                    NO_POSITION,
                    np.isnan(lat) | np.isnan(lon) | (lat == NO_LATITUDE_DEG) | (lon == NO_LONGITUDE_DEG),
                ),
                (OUTSIDE, ~((np.abs(lat) <= 90) & (np.abs(lon) <= 180))),  # noqa: PLR2004 -- degrees of the globe
            )
        keep = np.ones(len(mmsi), bool)
        for reason, wrong in reasons:
            self.tally.reject(reason, _lines(found, keep & wrong))
            keep &= ~wrong
        at = np.flatnonzero(keep)
        kept = [column if len(at) == len(keep) else column[at] for column in found.observed]
        again = self.duplicates.among(row_hashes(kept))
        seen = np.zeros(len(keep), bool)
        seen[at[again]] = True
        self.tally.reject(DUPLICATE, _lines(found, seen))
        keep &= ~seen
        self.tally.accepted += _lines(found, keep)
        return keep

    def finish(self) -> None:
        """Write down in the tally what counting alone does not say."""
        for column, count in sorted(self.odd.items()):
            self.tally.notes.append(f"{column}: {count} values that no transponder sends were set to null")
        days = (self.last_ms - self.first_ms) / 86_400_000
        if days > 366:  # noqa: PLR2004 -- a year
            self.tally.notes.append(f"times span {days:.0f} days: look for a clock that was wrong")

    def _measured(self, name: str, values: Floats | None, rows: int, below: float, absent: float) -> pa.Array:
        import pyarrow as pa  # noqa: PLC0415 -- as above

        if values is None:
            return pa.nulls(rows, pa.float64())
        with np.errstate(invalid="ignore"):
            nothing = np.isnan(values) | (np.abs(values - absent) < ROUNDING)
            good = ~nothing & (values >= 0) & (values < below - ROUNDING)
        self._note(name, len(values) - int(np.count_nonzero(good | nothing)))
        return pa.array(values, mask=~good)

    def _code(self, name: str, values: Ints | None, rows: int, low: int, below: int) -> pa.Array:
        import pyarrow as pa  # noqa: PLC0415 -- as above

        if values is None:
            return pa.nulls(rows, pa.int64())
        good = (values >= low) & (values < below)
        self._note(name, int((~good & (values != UNREADABLE) & (values != below)).sum()))
        return pa.array(values, mask=~good)

    def _note(self, name: str, count: int) -> None:
        if count:
            self.odd[name] = self.odd.get(name, 0) + count


def _some(column: Ints | Floats | None, keep: Flags) -> Ints | Floats | None:
    return None if column is None else column[keep]


def _lines(found: Found, rows: Flags) -> int:
    return int(np.count_nonzero(rows) if found.lines is None else found.lines[rows].sum())


class Identities:
    """Turns the static columns of position files into identity rows, one each time something changes."""

    def __init__(self, source: str) -> None:
        self._source = source
        self._last: dict[int, tuple[object, ...]] = {}

    def changed(
        self, said: Mapping[str, Sequence[object]], mmsi: Ints, ts: Ints, offset: Ints, length: Ints
    ) -> Iterator[tuple[str, pa.RecordBatch]]:
        """Yield one batch of `identity` with the rows whose sender said something it had not said before."""
        import pyarrow as pa  # noqa: PLC0415 -- as above

        names = list(said)
        rows = []
        for at, (sender, *values) in enumerate(zip(mmsi.tolist(), *said.values(), strict=True)):
            told = tuple(values)
            if self._last.get(sender) == told or not any(value is not None for value in told):
                continue
            self._last[sender] = told
            rows.append(
                {
                    **dict(zip(names, told, strict=True)),
                    "mmsi": sender,
                    "ts": int(ts[at]),
                    "source": self._source,
                    "offset": int(offset[at]),
                    "length": int(length[at]),
                }
            )
        if rows:
            yield IDENTITY.name, pa.RecordBatch.from_pylist(rows, schema=arrow_schema(IDENTITY))
