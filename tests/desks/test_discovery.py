"""Desks are found by looking: a file in the folder or an installed package, and no edit anywhere else."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import ayni
from ayni.desks import broken_desks, desk_names, find_desk
from ayni.errors import SettingsError, UnreadableError

ROOT = Path(__file__).parents[2]
CARD = (Path(__file__).parent / "tide.txt").read_text(encoding="utf-8")
PHRASES = (
    "High water",
    "The water stood higher than usual.",
    "the height",
    "a gauge that sticks",
    "a spring tide",
    "the gauge read {level_mm} mm",
    "tides vary",
)


OURS_ALONE = shutil.ignore_patterns("__pycache__", "static")


def write_phrases(folder: Path) -> None:
    """Write a catalogue; its translations need not be good, only there."""
    folder.mkdir(parents=True)
    tables = [f'["{says}"]\nes = "{says}"\npt = "{says}"\nfr = "{says}"\n' for says in PHRASES]
    (folder / "tide.toml").write_text("\n".join(tables), encoding="utf-8")


def in_the_folder(place: Path, card: str = CARD) -> None:
    """Copy Ayni and put one file beside its desks."""
    shutil.copytree(
        Path(ayni.__file__).parent, place / "ayni", ignore=shutil.ignore_patterns("__pycache__", "static")
    )
    (place / "ayni" / "desks" / "tide.py").write_text(card.replace("PHRASES", "ayni.desks.tide_phrases"))
    write_phrases(place / "ayni" / "desks" / "tide_phrases")


def installed(place: Path, card: str = CARD, entry: str = "tide = gauges.card:DESK", name: str = "gauges") -> None:
    """Install a package that holds the same card under an entry point."""
    package = place / name
    write_phrases(package / "phrases")
    (package / "__init__.py").touch()
    (package / "card.py").write_text(card.replace("PHRASES", f"{name}.phrases"))
    record = place / f"{name}-1.0.dist-info"
    record.mkdir()
    (record / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
    (record / "entry_points.txt").write_text(f"[ayni.desks]\n{entry}\n")


def python(place: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Start a Python that finds what was put into *place* before anything else."""
    path = os.pathsep.join([str(place), str(Path(ayni.__file__).parents[1])])
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": path},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


@pytest.mark.parametrize("put", [in_the_folder, installed])
def test_a_new_desk_is_found_and_contract_tested_without_an_edit(put: object, tmp_path: Path) -> None:
    """One file, or one package: every contract test runs over it."""
    assert callable(put)
    put(tmp_path)
    run = python(tmp_path, "-m", "pytest", "tests/desks/test_every_desk.py", "-k", "tide or gauge", "-vv")
    assert run.returncode == 0, run.stdout
    assert run.stdout.count("PASSED") > 20
    assert "test_rows_in_any_order_give_the_same_bytes[1-tide]" in run.stdout


FAULTS = {
    "test_sql_is_in_the_subset_and_translates": ("GROUP BY gauge, at_ms", "GROUP BY gauge, at_ms LIMIT 5"),
    "test_every_phrase_is_translated": ('says="tides vary"', 'says="tides do vary"'),
    "test_empty_tables_give_no_signals": ('subjects=("gauge",)', 'subjects=("gage",)'),
    "test_a_reader_refuses_what_it_does_not_understand": ("if not recognises(path):", "if False:"),
    "test_every_desk_can_be_imported": ("import csv", "import csv\nimport nowhere"),
}


def test_a_desk_with_a_fault_fails_its_contract(tmp_path: Path) -> None:
    """The contract tests can fail: each of these faults is found by the test that is there for it."""
    for letter, fault in zip("abcde", FAULTS.values(), strict=True):
        assert fault[0] in CARD
        card = CARD.replace(*fault).replace("tide.", f"tide{letter}.").replace('name="tide"', f'name="tide{letter}"')
        card = card.replace("gauge/1", f"gauge{letter}/1")
        installed(tmp_path, card, f"tide{letter} = gauges{letter}.card:DESK", f"gauges{letter}")
    run = python(tmp_path, "-m", "pytest", "tests/desks/test_every_desk.py", "-k", "tide or gauge or imported")
    failed = [line for line in run.stdout.splitlines() if line.startswith("FAILED")]
    for letter, test in zip("abcde", FAULTS, strict=True):
        here = [line for line in failed if f"::{test}" in line]
        named = [line for line in here if f"tide{letter}" in line or f"gauge{letter}" in line or "imported" in line]
        assert named, f"{test} did not find its fault\n{run.stdout}"


def test_a_desk_that_cannot_be_imported_hides_no_other(tmp_path: Path) -> None:
    """It is reported by name with what its import said; the others are there."""
    installed(tmp_path, "raise KeyError('half a desk')")
    run = python(
        tmp_path,
        "-c",
        "from ayni.desks import *\nprint(dict(broken_desks()), *desk_names(), find_desk('maritime').name)",
    )
    assert "{'tide': \"KeyError: 'half a desk'\"}" in run.stdout, run.stderr
    assert run.stdout.split()[-1] == "maritime"


def test_the_desk_of_the_page_meets_the_contract(tmp_path: Path) -> None:
    """What "Add a desk" has a newcomer write passes every contract test, as the page says."""
    page = (ROOT / "docs" / "how-to" / "add-a-desk.md").read_text(encoding="utf-8")
    script = "set -e\n" + "\n".join(re.findall(r"```sh\n(.*?)```", page, re.DOTALL))
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    shell = ["/bin/sh", "-c", script]
    subprocess.run(shell, cwd=tmp_path, env={**os.environ, "PATH": path}, check=True, timeout=120)
    contract = ["tests/desks/test_every_desk.py", "-k", "scales or weighings", "-vv"]
    run = python(tmp_path / "site", "-m", "pytest", *contract)
    assert run.returncode == 0, run.stdout
    assert run.stdout.count("PASSED") > 20


def test_two_desks_of_one_name_are_an_error(tmp_path: Path) -> None:
    """Neither wins: an administrator removes one."""
    installed(tmp_path, entry="maritime = gauges.card:DESK")
    run = python(tmp_path, "-c", "from ayni.desks import desk_names\ndesk_names()")
    assert SettingsError.__name__ in run.stderr
    assert "two desks are called maritime" in run.stderr


def test_a_card_with_another_name_is_refused(tmp_path: Path) -> None:
    """What is found as `sea` and calls itself `tide` is not run."""
    installed(tmp_path, entry="sea = gauges.card")
    run = python(tmp_path, "-c", "from ayni.desks import broken_desks\nprint(dict(broken_desks()))")
    assert "its card calls itself tide" in run.stdout, run.stderr


def test_a_misspelt_desk_is_answered_with_the_nearest() -> None:
    """A typing mistake costs one look."""
    with pytest.raises(UnreadableError, match="did you mean maritime"):
        find_desk("maritme")
    assert "maritime" in desk_names()
    assert broken_desks() == {}
