"""What each named layout reads, and what it refuses."""

from __future__ import annotations

import gzip
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from ayni.desks.maritime import DESK
from ayni.desks.maritime.layouts.trajectories import BROKEN_TRACK
from ayni.desks.maritime.read import read_file, source_of
from ayni.desks.maritime.tables import TABLES, arrow_schema
from ayni.errors import UnreadableError
from ayni.model.desk import Tally
from tests.shared_data import shared_data, vectors

LEGACY = (
    "MMSI,BaseDateTime,LAT,LON,SOG,COG,Heading,VesselName,IMO,CallSign,VesselType,Status,Length,Width,Draft,Cargo,"
    "TransceiverClass\n"
)
RELEASE_2 = (
    "mmsi,base_date_time,longitude,latitude,sog,cog,heading,vessel_name,imo,call_sign,vessel_type,status,length,"
    "width,draft,cargo,transceiver\n"
)
DANISH = (
    "# Timestamp,Type of mobile,MMSI,Latitude,Longitude,Navigational status,ROT,SOG,COG,Heading,IMO,Callsign,Name,"
    "Ship type,Cargo type,Width,Length,Type of position fixing device,Draught,Destination,ETA,Data source type,A,B,"
    "C,D\n"
)

Rows = dict[str, list[dict[str, object]]]


def rows_of(path: Path, tally: Tally | None = None) -> Rows:
    """Read a file and return its rows by table, checking that every batch has the shape the desk declares."""
    found: Rows = {table.name: [] for table in TABLES}
    shapes = {table.name: arrow_schema(table) for table in TABLES}
    for name, batch in read_file(path, tally or Tally()):
        assert batch.schema == shapes[name]
        found[name].extend(batch.to_pylist())
    return found


def written(folder: Path, text: str | bytes, name: str = "file.csv") -> Path:
    """Write a file to read."""
    path = folder / name
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


def test_marinecadastre_1_keeps_each_value_and_where_it_lies(tmp_path: Path) -> None:
    """Codes for not available become null; offset and length give back the line."""
    line = "999000001,2024-03-01T10:00:02,-0.95012,-80.73001,7.5,360.0,511.0,GARZA,IMO9074729,HC1,70,15,90,14,5.2,,A"
    path = written(tmp_path, LEGACY + line + "\n")
    rows = rows_of(path)
    (position,), (identity,) = rows["position"], rows["identity"]
    assert position["mmsi"] == 999000001
    assert position["ts"] == 1709287202000
    assert (position["lat_udeg"], position["lon_udeg"]) == (-950120, -80730010)
    assert position["speed_kn"] == 7.5
    assert [position[name] for name in ("course_deg", "heading_deg", "status")] == [None, None, None]
    offset, length = position["offset"], position["length"]
    assert isinstance(offset, int)
    assert isinstance(length, int)
    assert path.read_bytes()[offset : offset + length].decode() == line
    assert (identity["imo"], identity["name"], identity["ais_class"]) == (9074729, "GARZA", "A")


@pytest.mark.parametrize("packed", ["plain", "gzip", "zstd"])
def test_marinecadastre_2_reads_longitude_before_latitude_however_it_is_packed(tmp_path: Path, packed: str) -> None:
    """The newer release is compressed; the offset counts in the uncompressed bytes."""
    text = (
        RELEASE_2 + '999000001,2025-01-01 00:00:08,-80.5,-1.5,0.0,12.0,15,"BARCO, DOS",,,30,7,12,4,,,B\n'
    ).encode()
    packers = {"plain": bytes, "gzip": gzip.compress, "zstd": pa.Codec("zstd").compress}
    body = text if packed == "plain" else packers[packed](text)
    body = body.to_pybytes() if isinstance(body, pa.Buffer) else body
    rows = rows_of(written(tmp_path, body))
    assert (rows["position"][0]["lat_udeg"], rows["position"][0]["lon_udeg"]) == (-1500000, -80500000)
    assert rows["position"][0]["offset"] == len(RELEASE_2)
    assert rows["identity"][0]["name"] == "BARCO, DOS"


def test_danish_file_reads_words_and_counts_missing_positions(tmp_path: Path) -> None:
    """Words become codes, `Unknown` becomes null, 91 degrees is no position."""
    tail = ",GPS,3.1,MANTA,,AIS,,,,\n"
    path = written(
        tmp_path,
        DANISH
        + "01/09/2025 00:00:00,Class A,999000001,56.5,10.5,At anchor,,0.1,10.0,20,Unknown,OZ1,UNO,Cargo,,14,90"
        + tail
        + "01/09/2025 00:00:01,Base Station,2190064,91.0,181.0,Unknown value,,,,,Unknown,,,Undefined,,,"
        + tail,
    )
    tally = Tally()
    rows = rows_of(path, tally)
    (position,), (identity,) = rows["position"], rows["identity"]
    assert position["status"] == 1
    assert (identity["imo"], identity["ship_type"], identity["destination"]) == (None, 70, "MANTA")
    assert tally.read == 2
    assert dict(tally.rejected) == {"position not available": 1}


def test_every_rejected_line_has_its_reason(tmp_path: Path) -> None:
    """Each line is either a row or counted under one reason."""
    good = "999000001,2024-03-01T10:00:02,-0.95,-80.73,7.5,1.0,2.0,,,,,,,,,,A\n"
    path = written(
        tmp_path,
        LEGACY
        + good
        + good
        + good.replace("999000001", "ABC")
        + good.replace("2024-", "2124-")
        + good.replace("2024-03-01T", "01/03/2024 ")
        + good.replace("-0.95,-80.73", "91.0,181.0")
        + good.replace("-0.95", "-95.0")
        + "999000001,2024\n"
        + "x" * 70_000
        + "\n",
    )
    tally = Tally()
    assert len(rows_of(path, tally)["position"]) == 1
    assert tally.read == tally.accepted + tally.rejected.total() == 9
    assert dict(tally.rejected) == {
        "duplicate of an earlier row": 1,
        "no MMSI of 1 to 9 digits": 1,
        "time before 1995 or in the future": 1,
        "no readable time": 1,
        "position not available": 1,
        "position outside the world": 1,
        "wrong number of fields": 1,
        "line too long": 1,
    }


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\n",
        "hello\n",
        LEGACY.replace("LAT", "latitud"),
        LEGACY.replace("MMSI,", ""),
        "\x00\xff\x00",
        "a,b\n1,2\n",
    ],
)
def test_a_file_of_no_known_layout_is_refused_with_what_each_layout_wants(tmp_path: Path, text: str) -> None:
    """Nothing is guessed: a renamed or missing key column is a refusal."""
    with pytest.raises(UnreadableError) as refusal:
        source_of(written(tmp_path, text))
    for source in DESK.sources:
        assert source.layout in str(refusal.value)


def test_parquet_with_wrong_types_is_refused_naming_the_column(tmp_path: Path) -> None:
    """A time stored as text, or without a zone, is never guessed at."""
    path = tmp_path / "wrong.parquet"
    pq.write_table(pa.table({"mmsi": [1], "ts": ["2024"], "lat": [1.0], "lon": [1.0]}), path)
    with pytest.raises(UnreadableError, match="column ts is string"):
        rows_of(path)
    naive = pa.array([0], pa.timestamp("us"))
    pq.write_table(pa.table({"mmsi": [1], "ts": naive, "lat_deg": [1.0], "lon_deg": [1.0]}), path)
    with pytest.raises(UnreadableError, match=r"column ts is timestamp\[us\]"):
        rows_of(path)


def test_truncated_parquet_is_refused(tmp_path: Path) -> None:
    """A damaged file is an error that names it, not a crash and not an empty answer."""
    path = tmp_path / "cut.parquet"
    pq.write_table(pa.table({"mmsi": [1], "ts": [1], "lat": [1.0], "lon": [1.0]}), path)
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(UnreadableError, match=r"cut\.parquet"):
        rows_of(path)


def test_trajectory_points_keep_their_place_and_a_cut_track_is_counted(tmp_path: Path) -> None:
    """One line is a track; the last point of a truncated file is counted, not invented."""
    text = (
        "*T*,a,terrestrial,2,0,*P*,terrestrial,2,1,1,0,999000001,2020-06-30 02:07:55,-80.5,-1.5,"
        "999000001,2020-06-30 02:08:55,-80.6,-1.6,999000001,2020-06-30 02:09"
    )
    path = written(tmp_path, text, "day.traj")
    tally = Tally()
    rows = rows_of(path, tally)["position"]
    assert [row["lon_udeg"] for row in rows] == [-80500000, -80600000]
    offset, length = rows[1]["offset"], rows[1]["length"]
    assert isinstance(offset, int)
    assert isinstance(length, int)
    assert text[offset : offset + length] == "999000001,2020-06-30 02:08:55,-80.6,-1.6"
    assert dict(tally.rejected) == {"track cut off inside a point": 1}
    assert tally.read == tally.accepted + 1


@pytest.mark.parametrize("properties", ["9000001", "1", "9" * 5000])
def test_a_track_that_claims_more_properties_than_it_has_fields_is_counted(tmp_path: Path, properties: str) -> None:
    """As one line that is no track, whatever number it claims."""
    path = written(tmp_path, f"*T*,a,terrestrial,2,0,*P*,terrestrial,2,1,1,{properties}\n", "day.traj")
    tally = Tally()
    assert not rows_of(path, tally)["position"]
    assert dict(tally.rejected) == {BROKEN_TRACK: 1}
    assert (tally.read, tally.accepted) == (1, 0)


def test_geojson_tracks_need_a_time_for_every_vertex(tmp_path: Path) -> None:
    """A vertex is a position; a track that lacks a time is counted, not stretched."""
    track = (
        '{"type":"Feature","geometry":{"type":"LineString","coordinates":[[-80.5,-1.5],[-80.6,-1.6]]},'
        '"properties":{"mmsi":999000001,"times":["2024-03-01T10:00:00Z","2024-03-01T05:01:00-05:00"],'
        '"speed_kn":[7.5,null]}}'
    )
    short = track.replace(',"2024-03-01T05:01:00-05:00"', "")
    text = f'{{"type": "FeatureCollection", "features": [{track}, {short}]}}'
    path, tally = written(tmp_path, text, "tracks.geojson"), Tally()
    first, second = rows_of(path, tally)["position"]
    assert (first["lon_udeg"], second["lat_udeg"]) == (-80500000, -1600000)
    assert (first["speed_kn"], second["speed_kn"]) == (7.5, None)
    assert second["ts"] == 1709287260000
    assert text[int(str(first["offset"])) :][: int(str(first["length"]))] == track
    assert dict(tally.rejected) == {"feature without MMSI, or without a time for every vertex": 1}
    assert tally.read == tally.accepted + 1 == 3


def test_json_lines_count_what_is_no_position(tmp_path: Path) -> None:
    """One object a line; a broken line spoils itself only."""
    good = '{"ssvid": "999000001", "timestamp": "2024-03-01T10:00:00Z", "lat": -1.5, "lon": -80.5, "speed": 3.0}'
    path = written(tmp_path, "\n".join([good, good.replace("-1.5", "null"), good[:40]]), "positions.json")
    tally = Tally()
    (row,) = rows_of(path, tally)["position"]
    assert (row["speed_kn"], row["course_deg"], row["offset"]) == (3.0, None, 0)
    assert dict(tally.rejected) == {"position not available": 1, "not a JSON object of this layout": 1}


@pytest.mark.shared_data
@shared_data
@pytest.mark.parametrize(
    ("name", "layout", "positions"),
    [
        ("segments/segmented-416000000.json", "gfw/1", 1_561),
        ("us_coastal_day.parquet", "seconds/1", 235_967),
        ("nyharbor_week.parquet", "seconds/1", 172_679),
        ("nyharbor_first_hour.csv", "tracktable/1", 8_687),
    ],
)
def test_real_files_are_read_whole(name: str, layout: str, positions: int) -> None:
    """Every row of the real files is a position, but for exact duplicates (2 in the CSV, 107 in the JSON lines)."""
    path, tally = vectors("maritime", name), Tally()
    assert source_of(path).layout == layout
    assert len(rows_of(path, tally)["position"]) == positions == tally.accepted
    assert tally.read == tally.accepted + tally.rejected.total()
