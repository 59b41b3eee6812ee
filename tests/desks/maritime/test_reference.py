from __future__ import annotations

import math
from pathlib import Path

import pyarrow.compute as pc
import pytest
from click.testing import CliRunner

from ayni.desks.maritime.commands_reference import read_ports, reference, store_ports
from ayni.desks.maritime.detect.sql import write_out
from ayni.desks.maritime.reference import OWN_FOLDER, REFERENCES, load_ports, load_shore
from ayni.engine.duckdb import DuckDBEngine
from ayni.errors import UnreadableError
from tests.desks.maritime.seas import sail, seen
from tests.shared_data import shared_data, vectors

FOLDER = Path(__file__).parents[3] / "src" / "ayni" / "desks" / "maritime" / "reference"


def coast(lat: float, lon: float) -> tuple[float | None, str | None, int]:
    """Return miles to the coast, the nearest State and how much of the cell is land."""
    at = f"{round(lat * 1e6)}, {round(lon * 1e6)}"
    answer = DuckDBEngine(threads=1).run(
        write_out(
            f"SELECT distance_m({at}, shore_lat_udeg, shore_lon_udeg) / 1852e0 AS nm, nearest_state, land_share"
            f" FROM shore WHERE cell = cell({at})"
        ),
        {},
        {"shore": load_shore()},
    )
    if not answer.num_rows:
        return None, None, 0
    (row,) = answer.to_pylist()
    return row["nm"], row["nearest_state"], row["land_share"]


@pytest.mark.parametrize(
    ("island", "lat", "lon", "state"),
    [
        ("Malpelo", 4.00, -81.61, "CO"),
        ("Isla del Coco", 5.53, -87.06, "CR"),
        ("San Andrés", 12.55, -81.71, "CO"),
        ("Wolf, Galápagos", 1.38, -91.82, "EC"),
        ("Ilha da Trindade", -20.51, -29.32, "BR"),
        ("Rapa Nui", -27.12, -109.35, "CL"),
    ],
)
def test_small_islands_have_a_coast_and_a_state(island: str, lat: float, lon: float, state: str) -> None:
    """A mile or two off a rock in the ocean is not the high sea."""
    nm, nearest, _ = coast(lat, lon)
    assert nm is not None, island
    assert nm < 8
    assert nearest == state


def test_the_open_ocean_and_the_heart_of_a_continent_are_neither() -> None:
    """No row far out; all land and no coast far in."""
    assert coast(-20, -120) == (None, None, 0)
    assert coast(4.65, -74.15) == (None, None, 25)


def test_a_lake_has_a_shore() -> None:
    """The middle of Lake Michigan is water, some 30 nautical miles from land."""
    nm, nearest, land = coast(43.0, -87.2)
    assert nearest == "US"
    assert land == 0
    assert nm is not None
    assert 20 < nm < 45


@pytest.mark.parametrize(("lat", "lon"), [(-51.7, -57.5), (24.5, -16.0), (44.4, 33.5)])
def test_where_states_differ_over_the_land_no_state_is_named(lat: float, lon: float) -> None:
    """No map of ours takes a side."""
    assert coast(lat, lon)[1] == ""


def test_reference_data_is_small_and_says_where_it_comes_from() -> None:
    """Below 20 MB, each with source, licence, date and its limits."""
    assert sum(file.stat().st_size for file in FOLDER.glob("*.parquet")) < 5_000_000
    for table in REFERENCES:
        assert all((table.source, table.licence, table.date, table.approximate))
        assert table.source.split(",")[0].split(" 2")[0] in (FOLDER / "README.md").read_text("utf-8") or table.licence


def test_every_port_is_found_from_ten_kilometres() -> None:
    """Also in the north, where cells are narrow, and across the dateline."""
    ports = load_ports()
    assert pc.count_distinct(ports.column("port")).as_py() > 3600
    for name, north, east in (("Manta", 0.08, 0.0), ("Longyearbyen", 0.0, 0.4)):
        (lat, lon) = next((row["lat_udeg"], row["lon_udeg"]) for row in ports.to_pylist() if row["name"] == name)
        away = 111_195 * math.hypot(north, east * math.cos(math.radians(lat / 1e6)))
        assert away < 10_000
        at = f"{lat + round(north * 1e6)}, {lon + round(east * 1e6)}"
        found = DuckDBEngine(threads=1).run(
            write_out(f"SELECT DISTINCT name FROM port WHERE cell = cell({at})"),
            {},
            {"port": ports},
        )
        assert name in found.column("name").to_pylist()


def test_a_node_adds_its_own_anchorages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A ship at rest off an anchorage of ours is in port there; without it, it merely lies still."""
    monkeypatch.setenv(OWN_FOLDER, str(tmp_path))
    rows = [*sail(0, 1, lat=-1.6, lon=-81.2), *sail(1.1, 4, lat=-1.44, lon=-81.2, knots=0.02)]
    assert seen(rows, "port_visit") == []
    file = tmp_path / "anchorages.csv"
    file.write_text("s2id,latitude,longitude,label,sublabel,iso3\n1,-1.44,-81.2,PUERTO EJEMPLO,,ECU\n", "utf-8")
    shown = CliRunner().invoke(reference, [str(file)])
    assert shown.exit_code == 0
    assert shown.output.startswith("1 ports and anchorages")
    (visit,) = seen(rows, "port_visit")
    assert visit.reasons[0].facts["port_name"] == "PUERTO EJEMPLO"
    assert CliRunner().invoke(reference, ["--forget"]).exit_code == 0
    assert seen(rows, "port_visit") == []


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("latitude,longitude\n1,2\n", "label"),
        ("latitude,longitude,label\n91,2,A\n", "line 2"),
        ("latitude,longitude,label\nnan,2,A\n", "line 2"),
        ("latitude,longitude,label\n", "no rows"),
    ],
)
def test_a_list_without_one_good_port_is_refused(
    text: str, why: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is written."""
    monkeypatch.setenv(OWN_FOLDER, str(tmp_path / "own"))
    file = tmp_path / "ports.csv"
    file.write_text(text, "utf-8")
    with pytest.raises(UnreadableError, match=why):
        store_ports(file)
    assert not (tmp_path / "own").exists()


@shared_data
@pytest.mark.shared_data
def test_published_anchorages_are_read() -> None:
    """Source: Global Fishing Watch, pipe-anchorages."""
    ports, refused = read_ports(vectors("maritime", "anchorages.csv"))
    assert ports.num_rows + len(refused) == 60_410
    assert len(refused) < 10


def test_rows_that_are_nowhere_are_refused_and_said(tmp_path: Path) -> None:
    """The rest is taken."""
    file = tmp_path / "ports.csv"
    file.write_text("latitude,longitude,label\n1,2,A\n1,x,B\n1,1001,C\n", "utf-8")
    ports, refused = read_ports(file)
    assert ports.column("name").to_pylist() == ["A"]
    assert [why.split(":")[0] for why in refused] == ["line 3", "line 4"]
