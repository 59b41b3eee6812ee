"""Comma-separated layouts, read line by line so that every row keeps its place in the file.

A layout is a table: which header names it, how its times are written, which column feeds which field.
A file whose header lacks a key column is refused; columns the layout does not know are noted; a line
with another number of fields than the header is counted.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ayni.desks.maritime.layouts.checked import UNREADABLE, Checking, Found, Identities
from ayni.desks.maritime.layouts.lines import Lines
from ayni.desks.maritime.layouts.stream import (
    LONGEST_LINE_BYTES,
    TOO_LONG,
    head,
    line_chunks,
    opened,
    sha256_of,
)
from ayni.errors import UnreadableError
from ayni.model.desk import Batches, Source, Tally

if TYPE_CHECKING:
    import polars as pl
    from numpy.typing import NDArray

    Frame = pl.DataFrame

WRONG_FIELDS = "wrong number of fields"
COMMA, QUOTE, NEWLINE, RETURN = b',"\n\r'


@dataclass(frozen=True, slots=True, kw_only=True)
class Delimited:
    """One named comma-separated layout."""

    layout: str
    title: str
    time: str
    time_format: str
    mmsi: str
    lat: str
    lon: str
    must: frozenset[str] = frozenset()
    """Further columns that tell this layout from others."""
    never: frozenset[str] = frozenset()
    """Columns whose presence says that it is another layout."""
    speed: str = ""
    course: str = ""
    course_wraps: bool = False
    """True where courses are written from -180° to 180°."""
    heading: str = ""
    status: str = ""
    statuses: Mapping[str, int] = field(default_factory=dict[str, int])
    msg_type: str = ""
    msg_types: Mapping[str, int] = field(default_factory=dict[str, int])
    ais_classes: Mapping[str, str] = field(default_factory=dict[str, str])
    """Value of the column `ais_class` → A or B; empty where the column cannot be trusted."""
    identity: Mapping[str, str] = field(default_factory=dict[str, str])
    """Field of `identity` → column."""
    ship_types: Mapping[str, int] = field(default_factory=dict[str, int])
    ignored: frozenset[str] = frozenset()
    """Columns the layout has and this desk does not use."""

    @property
    def keys(self) -> frozenset[str]:
        """Columns without which a file is not of this layout."""
        return frozenset({self.time, self.mmsi, self.lat, self.lon}) | self.must

    @property
    def known(self) -> frozenset[str]:
        """Every column this layout speaks of."""
        optional = {self.speed, self.course, self.heading, self.status, self.msg_type, *self.identity.values()}
        return self.keys | optional | self.ignored

    def source(self) -> Source:
        """Return the layout as the desk declares it."""
        return Source(
            layout=self.layout,
            title=self.title,
            tables=("position", "identity") if self.identity else ("position",),
            recognises=self.recognises,
            read=partial(read, self),
        )

    def recognises(self, path: Path) -> bool:
        """Return whether the header has every key column of this layout and none of another's."""
        names = header_of(head(path))
        return self.keys <= set(names) and not self.never & set(names) and len(set(names)) == len(names)


def header_of(start: bytes) -> list[str]:
    """Return the column names in the first line of a file, byte order mark removed; empty if it is no text."""
    line = start.split(b"\n", 1)[0].rstrip(b"\r").removeprefix(b"\xef\xbb\xbf")
    try:
        return next(csv.reader([line.decode("utf-8")]), [])
    except (UnicodeDecodeError, csv.Error):
        return []


def read(layout: Delimited, path: Path, tally: Tally) -> Batches:
    """Read one file of *layout*.

    Raises:
        UnreadableError: if its header is not of this layout.
    """
    if not layout.recognises(path):
        found = ", ".join(header_of(head(path))[:30]) or "no header"
        raise UnreadableError(file=path, why=f"{layout.layout} needs {', '.join(sorted(layout.keys))}; found {found}")
    source = sha256_of(path)
    checking, identities = Checking(source=source, tally=tally), Identities(source)
    with opened(path) as file:
        names: list[str] = []
        for chunk in line_chunks(file, tally):
            lines = Lines(chunk)
            if not names:
                names = header_of(chunk.data[:LONGEST_LINE_BYTES])
                lines.drop_first()
                _note_columns(layout, names, tally)
            yield from _rows(layout, names, lines, checking, identities)
    checking.finish()


def _note_columns(layout: Delimited, names: list[str], tally: Tally) -> None:
    if strange := sorted(set(names) - layout.known):
        tally.notes.append(f"{len(strange)} unknown columns not read: {', '.join(strange)}")
    for what, column in (("speed", layout.speed), ("course", layout.course), ("heading", layout.heading)):
        if column not in names:
            tally.notes.append(f"no reported {what}: detectors that need it will not run")


def _rows(layout: Delimited, names: list[str], lines: Lines, checking: Checking, identities: Identities) -> Batches:
    tally = checking.tally
    length = lines.lengths()
    filled = length > 0
    tally.read += int(filled.sum())
    long = filled & (length > LONGEST_LINE_BYTES)
    tally.reject(TOO_LONG, int(long.sum()))
    sound = filled & ~long
    quoted = sound & (lines.count(QUOTE) > 0)
    plain = sound & ~quoted & (lines.count(COMMA) == len(names) - 1)
    tally.reject(WRONG_FIELDS, int((sound & ~quoted & ~plain).sum()))
    for keep, split in ((plain, _split_plain), (quoted, _split_quoted)):
        if keep.any():
            frame, good = split(lines.only(keep), names)
            tally.reject(WRONG_FIELDS, int((~good).sum()))
            at = np.flatnonzero(keep)[good]
            yield from _batches(
                layout, frame, lines.starts[at] + lines.chunk.offset, length[at], checking, identities
            )


def _split_plain(data: bytes, names: list[str]) -> tuple[Frame, NDArray[np.bool_]]:
    """Split lines that hold no quote and the right number of commas."""
    import polars as pl  # noqa: PLC0415 -- 0.1 s that other layouts do not need

    frame = pl.read_csv(
        data,
        has_header=False,
        new_columns=names,
        infer_schema=False,
        quote_char=None,
        encoding="utf8-lossy",
        raise_if_empty=False,
    )
    return frame, np.ones(len(frame), bool)


def _split_quoted(data: bytes, names: list[str]) -> tuple[Frame, NDArray[np.bool_]]:
    """Split lines with quotes one by one, so that an unbalanced quote spoils its own line only."""
    import polars as pl  # noqa: PLC0415 -- as above

    rows = [_quoted_fields(line) for line in data.split(b"\n")[:-1]]
    good = np.array([len(row) == len(names) for row in rows], bool)
    fields = [row for row in rows if len(row) == len(names)]
    return pl.DataFrame(fields, schema=dict.fromkeys(names, pl.String), orient="row"), good


def _quoted_fields(line: bytes) -> list[str]:
    try:
        return next(csv.reader([line.rstrip(b"\r").decode("utf-8", "replace")], strict=True), [])
    except csv.Error:
        return []


def _batches(
    layout: Delimited,
    frame: Frame,
    offset: NDArray[np.int64],
    length: NDArray[np.int64],
    checking: Checking,
    identities: Identities,
) -> Batches:
    import polars as pl  # noqa: PLC0415 -- as above

    text = frame.with_columns(pl.all().str.strip_chars(" \t\r"))
    course = _float(text, layout.course)
    found = Found(
        mmsi=_integer(text, layout.mmsi),
        ts=_instant(text, layout.time, layout.time_format),
        lat_deg=_required(text, layout.lat),
        lon_deg=_required(text, layout.lon),
        speed_kn=_float(text, layout.speed),
        course_deg=np.mod(course, 360.0) if layout.course_wraps and course is not None else course,
        heading_deg=_float(text, layout.heading),
        status=_code(text, layout.status, layout.statuses),
        msg_type=_code(text, layout.msg_type, layout.msg_types),
        offset=offset,
        length=length,
    )
    keep = checking.accepted(found)
    yield from checking.batch(found, keep)
    if layout.identity and keep.any():
        said = _said(layout, text.filter(pl.Series(keep)))
        yield from identities.changed(said, found.mmsi[keep], found.ts[keep], offset[keep], length[keep])


def _required(text: Frame, name: str) -> NDArray[np.float64]:
    import polars as pl  # noqa: PLC0415 -- as above

    column = text[name].cast(pl.Float64, strict=False).fill_null(float("nan"))
    return np.ascontiguousarray(column.to_numpy(), np.float64)


def _float(text: Frame, name: str) -> NDArray[np.float64] | None:
    return _required(text, name) if name in text.columns else None


def _integer(text: Frame, name: str) -> NDArray[np.int64]:
    """Return whole numbers, also when written as `60.0`; UNREADABLE for anything else."""
    values = _required(text, name)
    whole = np.isfinite(values) & (values == np.rint(values)) & (np.abs(values) < 2**53)
    return np.where(whole, values, 0).astype(np.int64) + np.where(whole, 0, UNREADABLE)


def _instant(text: Frame, name: str, written: str) -> NDArray[np.int64]:
    """Return milliseconds since 1970 UTC; UNREADABLE where the text is not such a time."""
    import polars as pl  # noqa: PLC0415 -- as above

    column = text[name].str.to_datetime(written, strict=False, time_unit="ms").cast(pl.Int64)
    return np.ascontiguousarray(column.fill_null(UNREADABLE).to_numpy(), np.int64)


def _code(text: Frame, name: str, codes: Mapping[str, int]) -> NDArray[np.int64] | None:
    import polars as pl  # noqa: PLC0415 -- as above

    if name not in text.columns:
        return None
    if not codes:
        return _integer(text, name)
    column = text[name].str.to_lowercase().replace_strict(codes, default=UNREADABLE, return_dtype=pl.Int64)
    return np.ascontiguousarray(column.to_numpy(), np.int64)


def _said(layout: Delimited, text: Frame) -> dict[str, Sequence[object]]:
    """Return the static columns as identity fields, with nothing said as None."""
    said: dict[str, Sequence[object]] = {}
    for name, column in layout.identity.items():
        if column not in text.columns:
            continue
        values = text[column].to_list()
        said[name] = [IDENTITY_FIELDS[name](layout, value) for value in values]
    return said


def _text(_: Delimited, value: str | None) -> str | None:
    return None if value is None or value in NOTHING else value


def _number(_: Delimited, value: str | None) -> float | None:
    try:
        number = float(value or "")
    except ValueError:
        return None
    return number if 0 < number < LARGEST_METRES else None


def _imo(_: Delimited, value: str | None) -> int | None:
    digits = (value or "").upper().removeprefix("IMO").strip().removesuffix(".0")
    return int(digits) or None if digits.isascii() and digits.isdigit() and len(digits) <= IMO_DIGITS else None


def _ship_type(layout: Delimited, value: str | None) -> int | None:
    if layout.ship_types:
        return layout.ship_types.get((value or "").lower())
    number = _number(layout, value)
    return int(number) if number is not None and number <= LARGEST_SHIP_TYPE else None


def _ais_class(layout: Delimited, value: str | None) -> str | None:
    return layout.ais_classes.get((value or "").lower())


NOTHING = frozenset({"", "Unknown", "Undefined", "NULL", "null"})
"""How the known sources write that there is nothing."""
LARGEST_METRES = 1023.0
"""Largest dimension AIS can send. Source: ITU-R M.1371-5, table 52: 511 m before and behind the antenna."""
LARGEST_SHIP_TYPE = 255
IMO_DIGITS = 10

IDENTITY_FIELDS: Mapping[str, Callable[[Delimited, str | None], object]] = {
    "imo": _imo,
    "name": _text,
    "callsign": _text,
    "ship_type": _ship_type,
    "length_m": _number,
    "width_m": _number,
    "draught_m": _number,
    "destination": _text,
    "eta": _text,
    "ais_class": _ais_class,
}
