"""The first thing anybody sees: a real day, read and explained, with nobody singled out."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from ayni.cli.pseudonyms import BLOCK, Pseudonyms
from tests.people import a_signal

AYNI = str(Path(sys.executable).parent / "ayni")


def demo(folder: Path, lang: str = "en") -> subprocess.CompletedProcess[str]:
    """Run the demonstration as a person would, without a terminal."""
    return subprocess.run(
        [AYNI, "demo", "--folder", str(folder)],
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        env={**os.environ, "AYNI_LANG": lang},
        check=False,
    )


def test_a_real_day_twice_and_no_real_ship(tmp_path: Path) -> None:
    """It counts what it read, writes its signals, starts clean the second time, and every MMSI is unallocated."""
    folder = tmp_path / "demo"
    first = demo(folder)
    assert first.returncode == 0, first.stderr
    assert "235,967" in first.stdout
    assert "maritime.gap/1" in first.stdout
    again = demo(folder, "fr")
    assert again.returncode == 0, again.stderr
    assert "Une journée réelle" in again.stdout
    lines = (folder / "signals.ndjson").read_text(encoding="utf-8").splitlines()
    assert lines
    for line in lines:
        for subject in json.loads(line)["subjects"]:
            assert subject["properties"]["mmsi"][0].startswith(str(BLOCK)[:3])
            assert set(subject["properties"]) == {"mmsi"}


def test_it_never_removes_what_it_did_not_make(tmp_path: Path) -> None:
    """A folder with somebody's papers in it is refused and left as it was."""
    (tmp_path / "papers.txt").write_text("keep me", encoding="utf-8")
    done = demo(tmp_path)
    assert done.returncode == 1
    assert "no demonstration made it" in done.stderr
    assert (tmp_path / "papers.txt").read_text(encoding="utf-8") == "keep me"


def test_a_pseudonym_is_the_same_vessel_within_one_demonstration_and_not_in_the_next() -> None:
    """Two signals of one vessel stay together; ids cannot be matched across runs."""
    hidden = Pseudonyms()
    (first,), (second,) = hidden.hide([a_signal(7)]), hidden.hide([a_signal(7)])
    assert first.subjects == second.subjects
    assert first.id != Pseudonyms().hide([a_signal(7)])[0].id
