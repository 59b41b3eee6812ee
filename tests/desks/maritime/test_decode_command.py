"""`ayni maritime decode`: one Parquet file any tool can read, and an honest table of what was left out."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from ayni.desks.maritime.commands import decode
from ayni.desks.maritime.read import read_file, source_of
from ayni.errors import UnreadableError
from ayni.model.desk import Tally

LINES = (
    b"!AIVDM,1,1,,A,15RTgt0PAso;90TKcjM8h6g208CQ,0*4A,rMANTA,1709287203\n"
    b"!AIVDM,1,1,,A,15RTgt0PAso;90TKcjM8h6g208CQ,0*4B,rMANTA,1709287204\n"
    b"!AIVDM,2,1,1,A,55?MbV02;H;s<HtKR20EHE:0@T4@Dn2222222216L961O5Gf0NSQEp6ClRp8,0*1C,1709287205\n"
    b"!AIVDM,2,2,1,A,88888888880,2*25\n"
)
COLUMNS = ["mmsi", "ts", "lat_deg", "lon_deg", "speed_kn", "course_deg", "heading_deg", "status", "msg_type"]


def ran(*arguments: object) -> int:
    """Run the command as the command line does and return its exit code."""
    code = decode.main([str(argument) for argument in arguments], standalone_mode=False, prog_name="decode")
    assert isinstance(code, int)
    return code


@pytest.fixture
def log(tmp_path: Path) -> Path:
    """Return a file of four lines: a position, a wrong checksum, an identity in two parts."""
    path = tmp_path / "log.nmea"
    path.write_bytes(LINES)
    return path


def test_columns_are_those_published(log: Path, tmp_path: Path) -> None:
    """Names, order and types are what other programs rely on."""
    out, identities = tmp_path / "out.parquet", tmp_path / "identities.parquet"
    assert ran(log, "--out", out, "--identities", identities) == 0
    table = pq.read_table(out)
    assert table.column_names == COLUMNS
    assert str(table.schema.field("ts").type) == "timestamp[us, tz=UTC]"
    (row,) = table.to_pylist()
    assert (row["mmsi"], row["lat_deg"], row["speed_kn"]) == (371798000, 48.381633, 12.3)
    (identity,) = pq.read_table(identities).to_pylist()
    assert (identity["name"], identity["imo"]) == ("EVER DIADEM", 9134270)


def test_what_was_decoded_reads_back_as_it_was(log: Path, tmp_path: Path) -> None:
    """With evidence, a decoded file still points at the lines of the original."""
    out = tmp_path / "out.parquet"
    assert ran(log, "--out", out, "--evidence") == 0
    assert source_of(out).layout == "ayni/1"
    (was,) = [row for name, batch in read_file(log, Tally()) if name == "position" for row in batch.to_pylist()]
    (now,) = [row for _, batch in read_file(out, Tally()) for row in batch.to_pylist()]
    assert now == was
    assert log.read_bytes()[now["offset"] : now["offset"] + now["length"]] == LINES.split(b"\n")[0]


def test_json_says_what_was_rejected_and_why(log: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Every line is accepted or has its reason."""
    assert ran(log, "--out", tmp_path / "out.parquet", "--json") == 0
    (file,) = json.loads(capsys.readouterr().out)["files"]
    assert (file["read"], file["accepted"], file["rejected"]) == (4, 3, {"wrong checksum": 1})


def test_no_time_is_never_invented(tmp_path: Path) -> None:
    """Lines without any time give no row, until the start of the file is stated."""
    path, out = tmp_path / "log.nmea", tmp_path / "out.parquet"
    path.write_bytes(b"!AIVDM,1,1,,A,15RTgt0PAso;90TKcjM8h6g208CQ,0*4A\n")
    assert ran(path, "--out", out) == 1
    assert pq.read_table(out).num_rows == 0
    assert ran(path, "--out", out, "--start", "2024-03-01T05:00:00-05:00") == 0
    assert str(pq.read_table(out)["ts"][0]) == "2024-03-01 10:00:00+00:00"


def test_nothing_is_written_when_a_file_is_refused(log: Path, tmp_path: Path) -> None:
    """A list of files is decoded whole or not at all."""
    strange = tmp_path / "strange.csv"
    strange.write_text("colour,weight\nred,3\n")
    with pytest.raises(UnreadableError, match=r"strange\.csv"):
        ran(log, strange, "--out", tmp_path / "out.parquet")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["log.nmea", "strange.csv"]
