"""The command line: answers at once, ends with the promised codes, never with a traceback."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

AYNI = [str(Path(sys.executable).parent / "ayni")]


def ayni(*words: str, lang: str = "en") -> subprocess.CompletedProcess[str]:
    """Run the command as a person would."""
    return subprocess.run(
        [*AYNI, *words], capture_output=True, text=True, env={**os.environ, "AYNI_LANG": lang}, check=False
    )


def test_help_lists_every_group_and_every_desk() -> None:
    """What can be called is what is shown, the maritime desk among it."""
    done = ayni("--help")
    assert done.returncode == 0
    assert "maritime" in done.stdout
    assert "Examples" in done.stdout or "Try" in done.stdout


def test_help_imports_nothing_heavy() -> None:
    """The command line starts quickly because it imports only what is called."""
    code = "import sys, ayni.cli.frame as f; f.ayni.list_commands(None); print(sorted(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    heavy = {"followthemoney", "django", "duckdb", "pyarrow", "numpy", "polars", "pyspark", "babel"}
    assert not heavy & set(json.loads(done.stdout.replace("'", '"')))


def test_wrong_usage_is_two_and_a_refusal_is_one(tmp_path: Path) -> None:
    """Exit codes are a promise: 2 for a wrong word, 1 for a file that cannot be read."""
    assert ayni("no-such-command").returncode == 2
    strange = tmp_path / "strange.bin"
    strange.write_bytes(b"\x00\xff" * 1000)
    done = ayni("maritime", "detect", str(strange))
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert "strange.bin" in done.stderr


def test_errors_speak_the_readers_language(tmp_path: Path) -> None:
    """The same refusal in Spanish."""
    missing = str(tmp_path / "missing.csv")
    assert "cannot be read" in ayni("maritime", "detect", missing).stderr
    assert "no se puede leer" in ayni("maritime", "detect", missing, lang="es").stderr


def test_desk_list_is_json_for_a_program() -> None:
    """Every rule with its parameters."""
    done = ayni("desk", "list", "--json")
    assert done.returncode == 0
    assert isinstance(json.loads(done.stdout), list)


def test_the_reference_lists_the_commands_that_there_are() -> None:
    """The page is made from the commands; run scripts/write_cli_reference.py when one changes."""
    script = Path(__file__).parents[2] / "scripts" / "write_cli_reference.py"
    written = subprocess.run(
        [sys.executable, "-c", f"import runpy; print(runpy.run_path({str(script)!r})['page'](), end='')"],
        capture_output=True,
        text=True,
        check=True,
    )
    kept = (Path(__file__).parents[2] / "docs" / "reference" / "commands.md").read_text(encoding="utf-8")
    assert written.stdout == kept
