"""One column of text or numbers becomes one typed column. Use `ayni.toolkit.tables`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

if TYPE_CHECKING:
    from ayni.toolkit.tables import Field

DTYPES = {"BIGINT": pl.Int64, "DOUBLE": pl.Float64, "VARCHAR": pl.String, "BOOLEAN": pl.Boolean, "INSTANT": pl.Int64}
TRUTH = {"true": True, "t": True, "1": True, "yes": True, "false": False, "f": False, "0": False, "no": False}
NANOSECONDS_A_MS = 1_000_000


def read_column(frame: pl.DataFrame, field: Field) -> tuple[pl.Series, pl.Series, pl.Series]:
    """Return the values, which of them were not understood, and which were not available."""
    if field.name not in frame.columns:
        nothing = pl.Series(field.column, [None], dtype=DTYPES[field.type]).new_from_index(0, frame.height)
        return nothing, nothing.is_not_null(), nothing.is_null()
    given = frame[field.name]
    text = given.str.strip_chars() if given.dtype == pl.String else given
    shown = text if text.dtype == pl.String else text.cast(pl.String, strict=False)
    absent = text.is_null() | shown.is_in(list(field.missing))
    if text.dtype.is_float():
        absent |= text.is_nan().fill_null(value=False)
    values = _convert(text, field)
    if DTYPES[field.type] in {pl.Int64, pl.Float64}:
        values = _within(values, field)
    values = pl.select(pl.when(~absent).then(values)).to_series().alias(field.column)
    return values, values.is_null() & ~absent, absent


def _convert(text: pl.Series, field: Field) -> pl.Series:
    if field.type == "INSTANT":
        return _instant(text, field.formats)
    if field.type == "BOOLEAN" and text.dtype == pl.String:
        return text.str.to_lowercase().replace_strict(TRUTH, default=None, return_dtype=pl.Boolean)
    if field.type == "BIGINT" and text.dtype == pl.String:
        # `412.0` is a whole number that some spreadsheet has been at; `412.7` is not one.
        return _whole(text.cast(pl.Float64, strict=False)).fill_null(text.cast(pl.Int64, strict=False))
    if field.type == "BIGINT" and text.dtype.is_float():
        return _whole(text)
    return text.cast(DTYPES[field.type], strict=False)


def _whole(numbers: pl.Series) -> pl.Series:
    exact = (numbers == numbers.round()) & (numbers.abs() < 2.0**53)
    return pl.select(pl.when(exact).then(numbers)).to_series().cast(pl.Int64, strict=False)


def _instant(text: pl.Series, formats: tuple[str, ...]) -> pl.Series:
    if isinstance(text.dtype, pl.Datetime):
        return text.dt.timestamp("ms")
    if text.dtype != pl.String:
        return text.cast(pl.Int64, strict=False)
    read = pl.Series(text.name, [None], dtype=pl.Int64).new_from_index(0, text.len())
    for form in formats:
        zoned = "%z" in form
        moment = text.str.to_datetime(form, strict=False, time_unit="ms", time_zone="UTC" if zoned else None)
        read = read.fill_null(moment.dt.timestamp("ms"))
    return read


def _within(values: pl.Series, field: Field) -> pl.Series:
    good = values.is_not_null()
    if values.dtype == pl.Float64:
        good &= values.is_finite().fill_null(value=False)
    if field.low is not None:
        good &= (values >= field.low).fill_null(value=False)
    if field.high is not None:
        good &= (values <= field.high).fill_null(value=False)
    return pl.select(pl.when(good).then(values)).to_series()
