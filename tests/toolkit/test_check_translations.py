"""The check that `make check` runs: complete today, and it notices when a sentence is not."""

from __future__ import annotations

import runpy
import subprocess
import sys
from pathlib import Path

import pytest

from ayni.toolkit.phrases import LANGUAGES, parse, render

SCRIPT = Path(__file__).parents[2] / "scripts" / "check_translations.py"


def test_every_sentence_of_the_repository_is_translated() -> None:
    """The same command as `make check`."""
    done = subprocess.run([sys.executable, SCRIPT], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_what_is_missing_is_named(tmp_path: Path) -> None:
    """An untranslated sentence in code, a broken file and two catalogues that disagree are each found."""
    (tmp_path / "phrases").mkdir()
    (tmp_path / "other" / "phrases").mkdir(parents=True)
    (tmp_path / "phrases" / "a.toml").write_text('["x {n}"]\nes = "x {n}"\npt = "x {n}"\nfr = "x {m}"\n', "utf-8")
    (tmp_path / "phrases" / "b.toml").write_text("[", "utf-8")
    (tmp_path / "other" / "phrases" / "c.toml").write_text('["x {n}"]\nes = "y {n}"\n', "utf-8")
    (tmp_path / "code.py").write_text('Reason(says="seen twice", weight=0)\nphrase("welcome")\n', "utf-8")
    script = runpy.run_path(str(SCRIPT))
    catalogue, wrong = script["repository_catalogues"](tmp_path)
    text = "\n".join(map(str, wrong))
    assert "holes differ" in text
    assert "b.toml" in text
    assert "translated otherwise in phrases/a.toml" in text
    assert set(script["code_sentences"](tmp_path)) == {"seen twice", "welcome"}
    assert catalogue.entries["x {n}"]["es"] in {"x {n}", "y {n}"}
    assert script["main"](tmp_path) == 1


FITTING: dict[str, object] = {
    "instant": "2026-03-01T04:00:00Z",
    "instant_s": "2026-03-01T04:00:00Z",
    "date": "2026-03-01",
    "term": "record",
    "": "X9",
}
"""A fact for each kind of hole that does not take a number."""


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("number", [0, 1, 2, 0.5, 1_000_000])
def test_every_sentence_of_the_repository_renders_in_every_language(language: str, number: float) -> None:
    """With facts that fit: translated, nothing lacking, no brace left, the same twice."""
    catalogue, wrong = runpy.run_path(str(SCRIPT))["repository_catalogues"](SCRIPT.parents[1] / "src" / "ayni")
    assert wrong == ()
    assert len(catalogue.entries) > 40
    for sentence in catalogue.entries:
        facts = {hole.name: FITTING.get(hole.kind, number) for hole in parse(sentence).holes}
        said = render(sentence, facts, language, catalogue)
        assert said.translated, sentence
        assert said.lacking == (), sentence
        assert not set("{}⟨⟩") & set(said.text), sentence
        assert said == render(sentence, facts, language, catalogue)
