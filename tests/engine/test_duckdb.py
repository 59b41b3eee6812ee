"""The embedded engine: spills to disk when memory is short, loads no extension, reads no variable of the caller."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pytest

from ayni.engine.duckdb import DuckDBEngine, groups
from ayni.errors import DetectorError

NUMBERS = "SELECT a.i * 1000 + b.i AS n FROM k AS a CROSS JOIN k AS b"


def test_what_does_not_fit_in_memory_goes_to_disk(tmp_path: Path) -> None:
    """Three million rows, kept and sorted within 60 MB: the answer is right, and the temp folder was used."""
    spill = tmp_path / "spill"
    engine = DuckDBEngine(memory_limit="60MB", temp_directory=spill, threads=1)
    tables = {"k": pa.table({"i": list(range(1000))}), "three": pa.table({"x": [0, 1, 2]})}
    with engine.session(tables) as session:
        mixed = "SELECT n * 3 + x AS n, (n * 7919) % 1000003 AS m, n * 2 AS o, n * 5 AS p"
        wide = f"{mixed} FROM ({NUMBERS}) AS numbers CROSS JOIN three"
        session.define("wide", wide, {})
        used = sum(file.stat().st_size for file in spill.rglob("*") if file.is_file())
        steps = "SELECT n - LAG(n) OVER (ORDER BY n) AS d FROM wide"
        (row,) = session.query(f"SELECT COUNT(*) AS count, SUM(d) AS sum FROM ({steps}) AS s", {}).to_pylist()
    assert row == {"count": 3_000_000, "sum": 2_999_999}
    assert used > 10 << 20


def test_a_query_reaches_nothing_but_its_tables() -> None:
    """Neither variables of this function nor an extension."""
    secret = pa.table({"a": [1]})
    assert secret.num_rows == 1
    with pytest.raises(DetectorError, match="secret"):
        DuckDBEngine().run("SELECT a FROM secret", {}, {})
    with pytest.raises(DetectorError):
        DuckDBEngine().run("SELECT * FROM ST_Read('x')", {}, {})


@pytest.mark.parametrize("size", [1, 2, 3, 7, 100])
def test_groups_are_whole_however_rows_are_batched(size: int) -> None:
    """A group that spans batches is given once; a null is a group like any other."""
    rows = pa.table({"k": [1, 1, 1, 2, 3, 3, None, None], "v": list(range(8))})
    found = [(group.column("k")[0].as_py(), group.num_rows) for group in groups(iter(rows.to_batches(size)), ["k"])]
    assert found == [(1, 3), (2, 1), (3, 2), (None, 2)]


def test_a_sum_beyond_64_bits_is_an_error() -> None:
    """Never a wrong number."""
    big = pa.table({"a": [9_223_372_036_854_775_807, 1]})
    with pytest.raises(DetectorError, match="64 bits"):
        DuckDBEngine().run("SELECT SUM(a) AS s FROM big", {}, {"big": big})


def test_a_long_query_draws_nothing_among_the_signals() -> None:
    """Standard output belongs to the answer: DuckDB's own progress bar would land between two lines of NDJSON."""
    answer = DuckDBEngine().run("SELECT current_setting('enable_progress_bar') AS drawn", {}, {})
    assert answer.column("drawn").to_pylist() == [False]
