"""Whatever arrives: no crash, no silence, and memory that does not grow with it."""

from __future__ import annotations

import gzip
import tracemalloc
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ayni.desks.maritime.layouts.duplicates import Duplicates, row_hashes
from ayni.desks.maritime.layouts.stream import line_chunks
from ayni.desks.maritime.nmea.decoder import Decoder
from ayni.desks.maritime.nmea.messages import read_messages
from ayni.desks.maritime.read import SOURCES, read_file
from ayni.errors import UnreadableError
from ayni.model.desk import Tally

GOOD = b"!AIVDM,1,1,,A,15RTgt0PAso;90TKcjM8h6g208CQ,0*4A,1709287203\n"
OTHER = b"!AIVDM,1,1,,A,16SteH0P00Jt63hHaa6SagvJ087r,0*42,1709287204\n"
HEADERS = {
    b"MMSI,BaseDateTime,LAT,LON\n",
    b"mmsi,base_date_time,longitude,latitude\n",
    b"# Timestamp,Type of mobile,MMSI,Latitude,Longitude\n",
    b"*T*,a,terrestrial,",
    b'{"type":"FeatureCollection","features":[',
    b'MMSI,BaseDateTime,LAT,LON\n"1","2024-03-01T10:00:00","1","2',
    b'{"ssvid":"1","timestamp":"2024-03-01T10:00:00Z","lat":1,"lon":2}\n',
    GOOD,
    b"",
}


class Endless:
    """A source of one line of a gigabyte, made as it is read."""

    def __init__(self, blocks: int) -> None:
        self._blocks = blocks

    def read(self, size: int = -1, /) -> bytes:
        """Return the next block, then one good line, then the end."""
        self._blocks -= 1
        if self._blocks > 0:
            return b"A" * size
        return b"\n" + GOOD if self._blocks == 0 else b""


def test_a_line_of_a_gigabyte_costs_no_memory() -> None:
    """It is skipped to its end and counted, and the line after it is read."""
    tally = Tally()
    tracemalloc.start()
    try:
        chunks = list(line_chunks(Endless(256), tally))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert [chunk.data for chunk in chunks] == [GOOD]
    assert chunks[0].offset == 255 * (4 << 20) + 1
    assert dict(tally.rejected) == {"line too long": 1}
    assert peak < 32 << 20


@settings(max_examples=80, deadline=None)
@given(head=st.sampled_from(sorted(HEADERS)), body=st.binary(max_size=300))
def test_any_file_is_rows_counts_or_a_refusal(
    tmp_path_factory: pytest.TempPathFactory, head: bytes, body: bytes
) -> None:
    """Every layout that recognises a file accounts for each of its lines."""
    path = tmp_path_factory.mktemp("any") / "file"
    path.write_bytes(head + body)
    for source in SOURCES:
        tally = Tally()
        try:
            if source.recognises(path):
                list(source.read(path, tally))
        except UnreadableError:
            continue
        assert tally.read == tally.accepted + tally.rejected.total()


def test_duplicated_and_reordered_files_give_the_same_rows(tmp_path: Path) -> None:
    """A line that comes again is counted, however far behind; the order of lines does not matter."""
    rows = []
    for name, lines in (("once", [GOOD, OTHER]), ("again", [OTHER, GOOD, GOOD, OTHER])):
        path, tally = tmp_path / name, Tally()
        path.write_bytes(b"".join(lines))
        found = [row for _, batch in read_file(path, tally) for row in batch.to_pylist()]
        rows.append(sorted((row["mmsi"], row["ts"]) for row in found))
        assert tally.rejected["duplicate of an earlier row"] == len(lines) - 2
    assert rows[0] == rows[1]


@given(values=st.lists(st.integers(0, 30), max_size=200), cuts=st.lists(st.integers(1, 40), max_size=10))
def test_duplicates_are_exactly_those_seen_before(values: list[int], cuts: list[int]) -> None:
    """First of equals is new, the others are not, however the rows are cut into chunks."""
    seen = Duplicates()
    hashes = row_hashes([np.array(values, np.int64)])
    again: list[bool] = []
    start = 0
    for end in [*np.cumsum(cuts).tolist(), len(values)]:
        again += seen.among(hashes[start:end]).tolist()
        start = max(start, min(end, len(values)))
    assert again == [value in values[:at] for at, value in enumerate(values)]


def test_duplicates_are_remembered_between_one_and_two_generations_back() -> None:
    """Memory is bounded: what lies further back than two generations is forgotten, nothing nearer is."""
    seen = Duplicates(generation_rows=100)
    hashes = row_hashes([np.arange(250)])
    assert not seen.among(hashes).any()
    assert seen.among(hashes[150:250]).all()
    assert not Duplicates(generation_rows=100).among(hashes[:100]).any()


def test_clocks_years_off_are_refused_or_said(tmp_path: Path) -> None:
    """1970 and next century are refused; years between rows are told, because nobody can know which is right."""
    path, tally = tmp_path / "log", Tally()
    later, impossible = GOOD.replace(b"1709287203", b"1600000000"), GOOD.replace(b"1709287203", b"4000000000")
    path.write_bytes(GOOD + later + impossible + GOOD.replace(b"1709287203", b"0000000001"))
    assert sum(batch.num_rows for _, batch in read_file(path, tally)) == 2
    assert dict(tally.rejected) == {"time before 1995 or in the future": 2}
    assert any("look for a clock that was wrong" in note for note in tally.notes)


def test_lines_between_parts_and_after_a_base_station(tmp_path: Path) -> None:
    """GNSS sentences between two parts do no harm; lines without time follow the last base station, as is said."""
    path, tally = tmp_path / "log", Tally()
    path.write_bytes(
        b"!AIVDM,1,1,,A,403OviQuMGCqWrRO9>E6fE700@GO,0*4D\n"
        b"!AIVDM,2,1,1,A,55?MbV02;H;s<HtKR20EHE:0@T4@Dn2222222216L961O5Gf0NSQEp6ClRp8,0*1C\n"
        b"$GPRMC,213950.00,A,5250.53669,N,00542.34920,E,0.020,,070420,,,A*7D\n"
        b"!AIVDM,1,1,,A,15RTgt0PAso;90TKcjM8h6g208CQ,0*4A\n"
        b"!AIVDM,2,2,1,A,88888888880,2*25\n"
    )
    found = {name: batch.to_pylist() for name, batch in read_file(path, tally)}
    heard = datetime(2007, 5, 14, 19, 57, 39, tzinfo=UTC).timestamp() * 1000
    assert [row["ts"] for row in (*found["position"], *found["identity"])] == [heard] * 3
    assert found["identity"][0]["name"] == "EVER DIADEM"
    assert any("base station" in note for note in tally.notes)


def test_parts_that_never_meet_are_counted() -> None:
    """A lost second part, a second part alone, and a sequence number used again after half a minute."""
    tally = Tally()
    decoder = Decoder("0" * 64, tally)
    first = b"!AIVDM,2,1,1,A,55?MbV02;H;s<HtKR20EHE:0@T4@Dn2222222216L961O5Gf0NSQEp6ClRp8,0*1C,%d\n"
    second = b"!AIVDM,2,2,1,A,88888888880,2*25,%d\n"
    rows = [batch for _, batch in decoder.feed(first % 1709287200 + second % 1709287260)]
    rows += [batch for _, batch in decoder.feed(first % 1709287261 + second % 1709287262)]
    rows += [batch for _, batch in decoder.close()]
    assert [batch.num_rows for batch in rows] == [1]
    assert tally.rejected.total() == 2 == tally.rejected["part of a message whose other parts never came"]


def test_damage_in_compressed_files_is_a_refusal(tmp_path: Path) -> None:
    """A truncated archive is refused, not read as a short file."""
    path = tmp_path / "cut.csv.gz"
    path.write_bytes(gzip.compress(GOOD * 1000)[:-30])
    with pytest.raises(UnreadableError, match=r"cut\.csv\.gz"):
        list(read_file(path, Tally()))
    empty = tmp_path / "empty.parquet"
    pq.write_table(pq.read_table(_seconds(tmp_path)).slice(0, 0), empty)
    assert list(read_file(empty, Tally())) == []


def _seconds(folder: Path) -> Path:
    path = folder / "seconds.parquet"
    pq.write_table(pa.table({"mmsi": [999000001], "ts": [1709287202], "lat": [-1.5], "lon": [-80.5]}), path)
    return path


def test_a_parquet_whose_names_are_no_text_is_a_refusal(tmp_path: Path) -> None:
    """Bytes that are no UTF-8 where a column's name should be: the file is not one we know."""
    path = _seconds(tmp_path)
    path.write_bytes(path.read_bytes().replace(b"mmsi", b"mm\x8ei"))
    with pytest.raises(UnreadableError, match=r"seconds\.parquet"):
        list(read_file(path, Tally()))


def test_nothing_at_all_holds_no_message() -> None:
    """No byte is an empty line, never an error."""
    tally = Tally()
    assert list(read_messages(b"", tally)) == []
    assert tally.read == tally.accepted + tally.rejected.total()
