"""Laws of strict reading: every row is accepted or counted, and a file of another kind is refused by name."""

from __future__ import annotations

import gzip
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pyarrow import parquet

from ayni.errors import InvalidValueError, UnreadableError
from ayni.model.desk import Tally
from ayni.toolkit._csv_lines import BLOCK_BYTES, LONGEST_LINE
from ayni.toolkit.tables import Field, Layout, read_table

LAYOUT = Layout(
    name="pier/1",
    fields=(
        Field(name="MMSI", column="mmsi", type="BIGINT", key=True),
        Field(
            name="Time", column="at_ms", type="INSTANT", key=True, formats=("%Y-%m-%dT%H:%M:%S", "%d/%m/%Y %H:%M:%S")
        ),
        Field(name="LAT", column="lat_deg", type="DOUBLE", key=True, missing=("", "91.0"), low=-90, high=90),
        Field(name="SOG", column="speed_kn", type="DOUBLE", missing=("", "102.3"), low=0, high=102.2),
        Field(name="Name", column="name", type="VARCHAR"),
        Field(name="Own", column="own", type="BOOLEAN"),
    ),
    latin_1=True,
)
HEADER = b"MMSI,Time,LAT,SOG,Name,Extra\n"
GOOD = b"799000001,2026-03-01T00:00:00,-2.5,12.1,NI\xc3\x91A,x\n"


def read(path: Path, layout: Layout = LAYOUT) -> tuple[list[dict[str, object]], Tally]:
    """Return all rows and the tally; every row read is accepted or rejected."""
    tally = Tally()
    rows = [row for batch in read_table(path, layout, tally) for row in batch.to_pylist()]
    assert tally.accepted == len(rows)
    return rows, tally


@pytest.fixture
def write(tmp_path: Path) -> Callable[[bytes], Path]:
    """Return a function that writes a file."""

    def writer(data: bytes) -> Path:
        path = tmp_path / "table"
        path.write_bytes(data)
        return path

    return writer


def zstd(data: bytes) -> bytes:
    """Compress."""
    sink = pa.BufferOutputStream()
    with pa.CompressedOutputStream(sink, "zstd") as out:
        out.write(data)
    return bytes(sink.getvalue())


@pytest.mark.parametrize("pack", [bytes, gzip.compress, zstd, lambda data: b"\xef\xbb\xbf" + data])
def test_a_good_file_reads_the_same_however_it_is_packed(
    write: Callable[[bytes], Path], pack: Callable[[bytes], bytes]
) -> None:
    """Plain, gzip, zstd, byte order mark: told by the first bytes."""
    rows, tally = read(write(pack(HEADER + GOOD)))
    assert [{**row, "offset": 0} for row in rows] == [
        {
            "mmsi": 799000001,
            "at_ms": 1772323200000,
            "lat_deg": -2.5,
            "speed_kn": 12.1,
            "name": "NIÑA",
            "own": None,
            "offset": 0,
            "length": len(GOOD) - 1,
        }
    ]
    assert tally.read == 1
    assert tally.notes == ["1 columns not read: Extra", "columns absent, read as null: Own"]


def test_every_row_is_where_it_says(write: Callable[[bytes], Path]) -> None:
    """The bytes at offset are the line: this is what evidence cites, whatever was rejected before it."""
    lines = [
        GOOD,
        b"\n",
        b"1,2\n",
        b"\r\n",
        GOOD.replace(b"01,", b"02,", 1),
        b"\0\0\n",
        GOOD.replace(b"NI\xc3\x91A", b"NI\xd1A"),
    ]
    data = HEADER + b"".join(lines)
    rows, tally = read(write(data))
    places = [(int(str(row["offset"])), int(str(row["length"]))) for row in rows]
    assert [data[offset : offset + length] for offset, length in places] == [
        lines[0][:-1],
        lines[4][:-1],
        lines[6][:-1],
    ]
    assert [row["name"] for row in rows] == ["NIÑA"] * 3
    assert tally.rejected == {"wrong number of columns": 1, "NUL byte": 1}
    assert tally.read == 5
    assert "1 lines were not UTF-8 and were read as Latin-1" in tally.notes


def test_not_available_is_null_and_not_understood_is_counted(write: Callable[[bytes], Path]) -> None:
    """Codes for "not available" become null; a key that cannot be read rejects its row, another value is noted."""
    bodies = [
        b"799000001,2026-03-01T00:00:00,-2.5,102.3,A,\n",
        b"799000001,01/03/2026 00:00:00,-2.5,fast,A,\n",
        b"799000001,2026-03-01T00:00:00,91.0,1,A,\n",
        b"799000001,2026-03-01T00:00:00,-90.5,1,A,\n",
        b"799000001.0,2026-03-01T00:00:00,1e1,inf,A,\n",
        b"799000001.5,2026-03-01T00:00:00,0,1,A,\n",
        b"799000001,yesterday,0,1,A,\n",
        b",,,,,\n",
    ]
    rows, tally = read(write(HEADER + b"".join(bodies)))
    assert [(row["mmsi"], row["at_ms"], row["lat_deg"], row["speed_kn"]) for row in rows] == [
        (799000001, 1772323200000, -2.5, None),
        (799000001, 1772323200000, -2.5, None),
        (799000001, 1772323200000, 10.0, None),
    ]
    assert tally.rejected == {
        "no LAT": 1,
        "LAT not understood": 1,
        "MMSI not understood": 1,
        "Time not understood": 1,
        "no MMSI": 1,
    }
    assert "2 values of SOG not understood, read as null" in tally.notes


@pytest.mark.parametrize(
    ("data", "named"),
    [
        (b"", "it is empty"),
        (b"mmsi,time,lat\n1,2,3\n", "no column MMSI, Time, LAT; found: mmsi, time, lat"),
        (HEADER.replace(b"Extra", b"LAT"), "LAT appears twice"),
        (b"PK\x03\x04" + b"x" * 100, "a ZIP archive"),
        ("MMSI,Time".encode("utf-16"), "UTF-16"),
        ("MMSI,Time\n".encode("utf-16-le"), "no line that can be read"),
        (b"PAR1 but not really", "damaged"),
        (b"\x1f\x8b\x08\x00", "damaged"),
        (b"\x28\xb5\x2f\xfd\x00", "damaged"),
        (b"A" * (LONGEST_LINE + BLOCK_BYTES + 9), "no line that can be read"),
    ],
)
def test_a_file_of_another_kind_is_refused_by_name(write: Callable[[bytes], Path], data: bytes, named: str) -> None:
    """What it is, and what was expected."""
    with pytest.raises(UnreadableError) as refused:
        read(write(data))
    assert named in str(refused.value)


def test_a_file_that_is_not_there_is_an_error_of_ours(tmp_path: Path) -> None:
    """No bare OSError; a folder neither."""
    for path in (tmp_path / "none.csv", tmp_path):
        with pytest.raises(UnreadableError):
            read(path)


@pytest.mark.parametrize("pack", [gzip.compress, zstd])
def test_a_cut_off_file_gives_what_it_holds_and_says_so(
    write: Callable[[bytes], Path], pack: Callable[[bytes], bytes]
) -> None:
    """Rows before the damage are read; the damage is counted."""
    body = b"".join(GOOD.replace(b"01,", f"{number % 100:02},".encode(), 1) for number in range(400_000))
    packed = pack(HEADER + body)
    rows, tally = read(write(packed[: len(packed) * 2 // 3]))
    assert 10_000 < len(rows) < 400_000
    assert "the compressed file is cut off or damaged: what follows could not be read" in tally.notes


def test_an_endless_line_takes_no_memory(write: Callable[[bytes], Path]) -> None:
    """A line of 64 MB is skipped over, counted once, and what follows is read."""
    path = write(HEADER + GOOD + b"7" * (64 << 20) + b"\n" + GOOD)
    tracemalloc.start()
    rows, tally = read(path)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(rows) == 2
    assert tally.rejected == {f"line longer than {LONGEST_LINE} bytes": 1}
    assert tally.read == 3
    assert peak < 8 * BLOCK_BYTES


def test_an_open_quotation_mark_swallows_its_own_line_only(write: Callable[[bytes], Path]) -> None:
    """The rows after it are read."""
    rows, tally = read(write(HEADER + GOOD + GOOD.replace(b"NI", b'"NI') + GOOD))
    assert len(rows) == 2
    assert tally.rejected == {"wrong number of columns": 1}


def test_latin_1_is_refused_where_the_layout_does_not_allow_it(write: Callable[[bytes], Path]) -> None:
    """Counted, not guessed."""
    strict = Layout(name="strict/1", fields=LAYOUT.fields)
    rows, tally = read(write(HEADER + GOOD.replace(b"\xc3\x91", b"\xd1") + GOOD), strict)
    assert len(rows) == 1
    assert tally.rejected == {"not UTF-8": 1}


def test_parquet_is_read_by_the_same_rules(tmp_path: Path) -> None:
    """Typed columns, nulls, NaN, numbers as text; a missing key column is refused."""
    path = tmp_path / "table.parquet"
    table = {
        "MMSI": pa.array([799000001, None, 799000003], pa.int64()),
        "Time": pa.array([1772323200000, 0, 0], pa.timestamp("ms")),
        "LAT": pa.array([1.0, 2.0, float("nan")]),
        "SOG": pa.array(["12.5", "x", ""]),
    }
    parquet.write_table(pa.table(table), path)
    rows, tally = read(path)
    assert [(row["mmsi"], row["at_ms"], row["speed_kn"], row["offset"]) for row in rows] == [
        (799000001, 1772323200000, 12.5, 0)
    ]
    assert tally.read == 3
    assert tally.rejected == {"no MMSI": 1, "no LAT": 1}
    parquet.write_table(pa.table({"MMSI": [1]}), path)
    with pytest.raises(UnreadableError, match="no column Time, LAT"):
        read(path)


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    data=st.one_of(
        st.binary(max_size=300),
        st.text(alphabet='",\n\r\0 0123456789.-:TñA', max_size=300).map(lambda text: text.encode("latin-1")),
    )
)
def test_garbage_is_counted_never_a_crash(write: Callable[[bytes], Path], data: bytes) -> None:
    """After a good header, whatever follows: every line is accepted or rejected, once."""
    rows, tally = read(write(HEADER + data))
    assert tally.read == len(rows) + sum(tally.rejected.values())
    assert tally.read == sum(1 for line in data.split(b"\n") if line.strip(b"\r"))


def test_a_field_must_make_sense() -> None:
    """An unknown type, an instant without format."""
    with pytest.raises(InvalidValueError):
        Field(name="a", column="a", type="FLOAT")
    with pytest.raises(InvalidValueError):
        Field(name="a", column="a", type="INSTANT")
