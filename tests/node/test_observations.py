"""Observations: whole days in, whole days out; damage is reported, a crash doubles nothing."""

from __future__ import annotations

import random
from datetime import date
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from ayni.model.desk import Column, Table
from ayni.node.observations import DAY_MS, REPLACES, Observations

TABLE = Table(
    name="seen",
    row="one sighting",
    day_column="at_ms",
    subject="who",
    columns=(
        Column(name="who", type="BIGINT", holds="who"),
        Column(name="at_ms", type="BIGINT", holds="when, milliseconds since 1970 UTC"),
    ),
)


def rows(*days: float, who: int = 1) -> pa.Table:
    """Return one row a day given, as days since 1970."""
    return pa.table({"who": [who] * len(days), "at_ms": [round(day * DAY_MS) for day in days]})


def stored(kept: Observations) -> list[tuple[int, int]]:
    """Return all rows there are."""
    found = kept.find("desk", TABLE)
    assert found.damaged == ()
    return sorted((row["who"], row["at_ms"]) for path in found.files for row in pq.read_table(path).to_pylist())


def test_rows_lie_in_their_own_day_and_are_found_by_day(tmp_path: Path) -> None:
    """A batch across midnight becomes two files; days are UTC."""
    kept = Observations(folder=tmp_path)
    kept.append("desk", TABLE, "coast", rows(10.5, 10.999, 11.0, -0.5), stretch=(0, 9))
    folder = tmp_path / "observations" / "desk" / "seen" / "coast"
    assert sorted(path.name for path in folder.iterdir()) == ["1969-12-31", "1970-01-11", "1970-01-12"]
    found = kept.find("desk", TABLE, since=date(1970, 1, 12))
    assert [path.parent.name for path in found.files] == ["1970-01-12"]
    assert len(stored(kept)) == 4
    assert all(path.stat().st_mode & 0o777 == 0o600 for path in folder.glob("*/*"))


def test_the_same_stretch_twice_is_one_file(tmp_path: Path) -> None:
    """After a crash a stretch is written again: nothing is doubled."""
    kept = Observations(folder=tmp_path)
    for _ in range(2):
        kept.append("desk", TABLE, "coast", rows(1.1, 1.2), stretch=(5, 9))
    assert len(stored(kept)) == 2
    assert kept.reached("desk", TABLE, "coast") == 9
    assert kept.reached("desk", TABLE, "river") == 0


def test_whole_days_expire_by_source(tmp_path: Path) -> None:
    """What is kept ten days is gone on the eleventh, another source's day is not."""
    kept = Observations(folder=tmp_path)
    for source in ("coast", "river"):
        kept.append("desk", TABLE, source, rows(100.5, 109.5, 110.5), stretch=(0, 1))
    day = date(1970, 1, 1).fromordinal(date(1970, 1, 1).toordinal() + 111)
    gone = kept.expire("desk", TABLE, today=day, keep_days=lambda source: 10 if source == "coast" else 90)
    assert [(path.parent.name, path.name) for path in gone] == [("coast", "1970-04-11")]
    assert len(stored(kept)) == 5
    assert not list((tmp_path / "observations").rglob(".*"))


def test_merging_keeps_every_row_once_also_after_a_crash(tmp_path: Path) -> None:
    """Many small files become one, sorted; small files that a crash left beside it no longer count."""
    kept = Observations(folder=tmp_path)
    dice = random.Random(1)
    for number in range(12):
        kept.append(
            "desk", TABLE, "coast", rows(5 + dice.random(), who=dice.randrange(3)), stretch=(number, number + 1)
        )
    before = stored(kept)
    small = {path: path.read_bytes() for path in kept.find("desk", TABLE).files}
    assert kept.compact("desk", TABLE) == 1
    assert stored(kept) == before
    (merged,) = kept.find("desk", TABLE).files
    who = pq.read_table(merged).column("who").to_pylist()
    assert who == sorted(who)
    assert len(pq.read_schema(merged).metadata[REPLACES].split()) == 12
    for path, data in list(small.items())[:7]:
        path.write_bytes(data)
    assert stored(kept) == before
    assert kept.compact("desk", TABLE) == 0
    assert len(list(merged.parent.iterdir())) == 1
    assert kept.reached("desk", TABLE, "coast") == 12


def test_damaged_and_foreign_files_are_reported_and_left(tmp_path: Path) -> None:
    """A truncated file and somebody's notes do not hide the rest."""
    kept = Observations(folder=tmp_path)
    kept.append("desk", TABLE, "coast", rows(1.5), stretch=(0, 1))
    kept.append("desk", TABLE, "coast", rows(1.6), stretch=(1, 2))
    first, second = kept.find("desk", TABLE).files
    first.write_bytes(first.read_bytes()[:50])
    (first.parent / "notes.txt").write_text("not ours")
    found = kept.find("desk", TABLE)
    assert found.files == (second,)
    assert {damaged.path.name for damaged in found.damaged} == {first.name, "notes.txt"}
    assert all(damaged.why for damaged in found.damaged)
    assert kept.compact("desk", TABLE, more_than=0) == 1
    assert first.exists()
