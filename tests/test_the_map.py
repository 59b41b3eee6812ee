"""The map, the folders and the import contract say the same, and the contract bites."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import ayni

ROOT = Path(__file__).parents[1]
LATER = {"matching", "training"}


def on_the_map() -> list[str]:
    """Return the packages that the docstring of `ayni` lists, in reading order."""
    return re.findall(r"^    ([a-z]+)\s{2,}\S", ayni.__doc__ or "", flags=re.MULTILINE)


def in_the_contract() -> list[str]:
    """Return the layers of the import contract, lowest first, without the brackets of optional ones."""
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    return [layer.strip("()") for layer in reversed(settings["tool"]["importlinter"]["contracts"][0]["layers"])]


def in_the_folder() -> set[str]:
    """Return the modules and packages under `src/ayni`."""
    source = ROOT / "src" / "ayni"
    packages = {file.parent.name for file in source.glob("*/__init__.py")}
    modules = {file.stem for file in source.glob("*.py")}
    return (packages | modules) - {"__init__", "__main__"}


def test_the_docstring_and_the_contract_list_the_same_rooms_in_the_same_order() -> None:
    """Rooms that come later stand in the contract alone, and the docstring names them in its last line."""
    assert [room for room in in_the_contract() if room not in LATER] == on_the_map()
    assert all(room in (ayni.__doc__ or "").splitlines()[-1] for room in LATER)


def test_every_folder_is_on_the_map() -> None:
    """No room without a line; a room without a folder is one the contract knows as optional."""
    assert in_the_folder() <= set(on_the_map()) | LATER
    text = (ROOT / "pyproject.toml").read_text("utf-8")
    for room in set(on_the_map()) - in_the_folder():
        assert f'"({room})"' in text, room


@pytest.mark.parametrize(
    ("file", "line", "contract"),
    [
        ("model/planted.py", "from ayni.toolkit import units", "lines above its own"),
        ("desks/planted_one.py", "import ayni.desks.planted_two", "No desk knows another"),
        ("toolkit/planted.py", "import django", "no Django"),
        ("cellar/__init__.py", "", "lines above its own"),
    ],
)
def test_a_planted_violation_is_caught(tmp_path: Path, file: str, line: str, contract: str) -> None:
    """An import upwards, between desks, of Django below the node, and a folder that is not on the map."""
    tree = tmp_path / "src" / "ayni"
    for part in sorted(in_the_folder()):
        folder = tree / part
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "__init__.py").write_text("", "utf-8")
    (tree / "__init__.py").write_text("", "utf-8")
    (tree / "toolkit" / "units.py").write_text("", "utf-8")
    (tree / "desks" / "planted_two.py").write_text("", "utf-8")
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    clean = _lint(tmp_path)
    assert clean.returncode == 0, clean.stdout
    planted = tree / file
    planted.parent.mkdir(exist_ok=True)
    planted.write_text(f"{line}\n", "utf-8")
    caught = _lint(tmp_path)
    assert caught.returncode == 1, caught.stdout
    assert re.search(rf"{contract}.* BROKEN", caught.stdout) or "cellar" in caught.stdout, caught.stdout


def _lint(folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [Path(sys.executable).parent / "lint-imports", "--no-cache"],
        cwd=folder,
        env={"PYTHONPATH": str(folder / "src"), "PATH": "/usr/bin:/bin", "COLUMNS": "200"},
        capture_output=True,
        text=True,
        check=False,
    )
