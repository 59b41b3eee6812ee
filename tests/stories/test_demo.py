"""The first thing anybody sees: a real day, read and explained, with nobody singled out."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ayni.cli.demo import MARK, a_real_day, fresh
from ayni.cli.pseudonyms import BLOCK, Pseudonyms
from ayni.errors import UnreadableError
from tests.people import a_signal


def test_a_real_day_and_no_real_ship(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """It counts what it read, tells it in the reader's language, and every MMSI is unallocated."""
    monkeypatch.setenv("AYNI_LANG", "fr")
    a_real_day(tmp_path)
    said = capsys.readouterr().out
    assert "Une journée réelle" in said
    assert "235,967" in said
    assert "maritime.gap/1" in said
    lines = (tmp_path / "signals.ndjson").read_text(encoding="utf-8").splitlines()
    assert lines
    for line in lines:
        for subject in json.loads(line)["subjects"]:
            assert subject["properties"]["mmsi"][0].startswith(str(BLOCK)[:3])
            assert set(subject["properties"]) == {"mmsi"}


def test_a_second_demonstration_starts_clean(tmp_path: Path) -> None:
    """What the first one made is gone, and only that it may begin."""
    folder = tmp_path / "demo"
    fresh(folder)
    (folder / "story").mkdir()
    (folder / "story" / "old").touch()
    fresh(folder)
    assert [each.name for each in folder.iterdir()] == [MARK]


def test_it_never_removes_what_it_did_not_make(tmp_path: Path) -> None:
    """A folder with somebody's papers in it is refused and left as it was."""
    (tmp_path / "papers.txt").write_text("keep me", encoding="utf-8")
    with pytest.raises(UnreadableError, match="no demonstration made it"):
        fresh(tmp_path)
    assert (tmp_path / "papers.txt").read_text(encoding="utf-8") == "keep me"


def test_a_pseudonym_is_the_same_vessel_within_one_demonstration_and_not_in_the_next() -> None:
    """Two signals of one vessel stay together; ids cannot be matched across runs."""
    hidden = Pseudonyms()
    (first,), (second,) = hidden.hide([a_signal(7)]), hidden.hide([a_signal(7)])
    assert first.subjects == second.subjects
    assert first.id != Pseudonyms().hide([a_signal(7)])[0].id
