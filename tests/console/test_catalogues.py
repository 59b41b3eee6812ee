"""Every string of the console speaks four languages, and a missing one is noticed."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

SCRIPT = Path(__file__).parents[2] / "scripts" / "check_catalogues.py"


@pytest.fixture(scope="module")
def script() -> ModuleType:
    """The check that `make check` runs."""
    spec = importlib.util.spec_from_file_location("check_catalogues", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_nothing_is_missing(script: ModuleType) -> None:
    """Three catalogues beside the English source, complete and compiled."""
    assert list(script.problems()) == []
    assert len(dict(script.strings())) > 300


def test_a_new_string_without_translation_is_noticed(script: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    """The check fails in each language."""
    monkeypatch.setattr(script, "strings", lambda: iter([("A sentence nobody translated", "here.py:1")]))
    found = [line for line in script.problems() if "no translation" in line]
    assert len(found) == len(script.LOCALES)
