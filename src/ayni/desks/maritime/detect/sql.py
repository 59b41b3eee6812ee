"""SQL texts of this desk: files that read like the question they ask, with a few words of geodesy.

A text may use these words; they are written out before an engine sees it, so that
every distance and every cell is computed the same way everywhere:

    distance_m(lat_a, lon_a, lat_b, lon_b)   metres between two positions in microdegrees, on the mean sphere
    floor_div(x, n)                          whole part of x / n, downwards, as BIGINT
    cell(lat, lon)                           number of the 0.1° cell of a position in microdegrees
    cell_near(lat, lon, dy, dx)              the cell dy rows north and dx columns east of it, across the dateline
    shortest(dlon)                           a difference of longitudes in microdegrees, the short way round
    counts(n)                                a table of pairs (k, i): for each k from 1 to n, every i from 0 to k - 1

A distance to nowhere is null: LEAST passes over nulls, so each argument is added in once more, times zero.

The sphere has the mean radius of the Earth, 6 371 008.8 m. Source: IUGG, Geodetic
Reference System 1980 (Moritz 2000), R1.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from importlib import resources

from ayni.errors import DetectorError

DIAMETER_M = 12_742_017.6
RADIANS_A_UDEG = "1.7453292519943295e-8"
HALF_RADIANS_A_UDEG = "8.726646259971648e-9"
CELL_UDEG = 100_000
"""Edge of a cell: 0.1°, about 11 km north to south."""
ROW_CELLS = 3600


def _distance_m(lat_a: str, lon_a: str, lat_b: str, lon_b: str) -> str:
    return (
        f"({DIAMETER_M}e0 * ASIN(SQRT(LEAST(1e0, POWER(SIN(({lat_b} - {lat_a}) * {HALF_RADIANS_A_UDEG}), 2)"
        f" + COS({lat_a} * {RADIANS_A_UDEG}) * COS({lat_b} * {RADIANS_A_UDEG})"
        f" * POWER(SIN(({lon_b} - {lon_a}) * {HALF_RADIANS_A_UDEG}), 2))))"
        f" + 0e0 * ({lat_a} + {lon_a} + {lat_b} + {lon_b}))"
    )


def _floor_div(number: str, divisor: str) -> str:
    return f"CAST(FLOOR(({number}) / {divisor}e0) AS BIGINT)"


def _cell(lat: str, lon: str) -> str:
    return _cell_near(lat, lon, "0", "0")


def _cell_near(lat: str, lon: str, north: str, east: str) -> str:
    row = f"(CAST(FLOOR(({lat}) / {CELL_UDEG}e0) AS BIGINT) + 900 + {north})"
    column = f"((CAST(FLOOR(({lon}) / {CELL_UDEG}e0) AS BIGINT) + 5400 + {east}) % {ROW_CELLS})"
    return f"({row} * {ROW_CELLS} + {column})"


def _shortest(difference: str) -> str:
    return (
        f"(CASE WHEN ({difference}) > 180000000 THEN ({difference}) - 360000000"
        f" WHEN ({difference}) < -180000000 THEN ({difference}) + 360000000 ELSE ({difference}) END)"
    )


def _counts(most: str) -> str:
    pairs = ", ".join(f"({k}, {i})" for k in range(1, int(most) + 1) for i in range(k))
    return f"(VALUES {pairs})"


WORDS: Mapping[str, Callable[..., str]] = {
    "distance_m": _distance_m,
    "floor_div": _floor_div,
    "cell_near": _cell_near,
    "cell": _cell,
    "shortest": _shortest,
    "counts": _counts,
}
_WORD = re.compile(r"\b(" + "|".join(WORDS) + r")\(")
_INCLUDE = re.compile(r"\binclude\(([a-z_0-9]+\.sql)\)")
_COMMENT = re.compile(r"--[^\n]*")


@lru_cache(maxsize=64)
def read_sql(name: str) -> str:
    """Return the text of one `.sql` file of this folder, its words written out and its comments left behind.

    `include(other.sql)` stands for the text of another file.
    """
    text = resources.files("ayni.desks.maritime.detect").joinpath(name).read_text("utf-8")
    return write_out(_INCLUDE.sub(lambda found: read_sql(found[1]), text))


def write_out(text: str) -> str:
    """Return *text* with every word of this module written out.

    Raises:
        DetectorError: for a word with a missing bracket or the wrong number of arguments.
    """
    text = _COMMENT.sub("", text).strip()
    while found := _WORD.search(text):
        inside, end = _arguments(text, found.end())
        try:
            written = WORDS[found[1]](*inside)
        except TypeError as error:
            raise DetectorError(rule=found[1], why=f"takes other arguments than {inside}") from error
        text = text[: found.start()] + written + text[end:]
    return text


def _arguments(text: str, start: int) -> tuple[list[str], int]:
    depth, at, begin, found = 1, start, start, []
    while depth:
        if at >= len(text):
            raise DetectorError(rule="query", why=f"no closing bracket after {text[start - 20 : start]!r}")
        depth += (text[at] == "(") - (text[at] == ")")
        if not depth or (depth == 1 and text[at] == ","):
            found.append(text[begin:at].strip())
            begin = at + 1
        at += 1
    return found, at
