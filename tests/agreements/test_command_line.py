"""`ayni agreement`, as officers type it: draft to proof without a node, then a proposal at one."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

PASSWORD = "faro brisa ancla 77"
COMMAND = "from ayni.cli import main; main()"
PARTIES = ("--party", "ec-ejercicio=Armada de Ejercicio@EC", "--party", "pe-ejercicio=Dirección de Ejercicio@PE")


class Terminal:
    """A terminal in one folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.environment = {
            **os.environ,
            "AYNI_LANG": "en",
            "AYNI_NODE": str(folder / "node"),
            "AYNI_PASSWORD_FILE": str(folder / "password"),
            "AYNI_PURPOSE": "administration",
            "AYNI_LEGAL_BASIS": "Exercise law, article 3",
            "AYNI_OFFICER": "lia",
        }
        (folder / "password").write_text(PASSWORD + "\n", "utf-8")

    def types(self, *words: str, code: int = 0, language: str = "en") -> str:
        """Type a command; it must end with *code*; return all it printed."""
        done = subprocess.run(
            [sys.executable, "-c", COMMAND, *words],
            capture_output=True,
            text=True,
            env={**self.environment, "AYNI_LANG": language},
            cwd=self.folder,
            check=False,
        )
        assert done.returncode == code, (words, done.stdout, done.stderr)
        assert "Traceback" not in done.stderr
        return done.stdout + done.stderr


@pytest.fixture(scope="module")
def terminal(tmp_path_factory: pytest.TempPathFactory) -> Terminal:
    """Return a terminal with a draft."""
    here = Terminal(tmp_path_factory.mktemp("agreement"))
    start = ("--id", "EC-PE-1", "--starts", "2026-01-01", "--out", "one.toml")
    here.types("agreement", "new", "maritime-bilateral", *start, *PARTIES)
    return here


def test_check_prove_read_and_diff_need_no_node(terminal: Terminal) -> None:
    """A clean draft, a loophole shown as a request with exit code 1, a difference in words."""
    assert "nothing to put right" in terminal.types("agreement", "check", "one.toml")
    assert "sentences hold" in terminal.types("agreement", "prove", "one.toml")
    assert "Traduction non officielle" in terminal.types("agreement", "read", "one.toml", language="fr")
    whole = (terminal.folder / "one.toml").read_text("utf-8")
    (terminal.folder / "two.toml").write_text(whole.replace("signatures < 2", "signatures < 1"), "utf-8")
    told = terminal.types("agreement", "prove", "two.toml", code=1, language="es")
    assert "hasta que hayan firmado dos funcionarios" in told
    assert "pe-ejercicio puede hacer esto" in told
    answer = json.loads(terminal.types("agreement", "prove", "two.toml", "--json", code=1))
    assert [each["invariant"] for each in answer["findings"] if not each["holds"]] == ["signatures"]
    (terminal.folder / "three.toml").write_text(whole.replace("<= 90", "<= 120"), "utf-8")
    assert "newly allowed: receive, share, use" in terminal.types("agreement", "diff", "one.toml", "three.toml")


def test_a_file_cut_short_is_refused_in_one_sentence(terminal: Terminal) -> None:
    """Exit code 1, no traceback, the file's name."""
    whole = (terminal.folder / "one.toml").read_text("utf-8")
    (terminal.folder / "cut.toml").write_text(whole[:900], "utf-8")
    for command in ("check", "prove", "read"):
        assert "cut.toml cannot be read" in terminal.types("agreement", command, "cut.toml", code=1)
    terminal.types("agreement", "new", "friendship", "--id", "X", "--starts", "2026-01-01", *PARTIES, code=2)


def test_a_proposal_at_a_node(terminal: Terminal) -> None:
    """Proposed by a liaison officer of the party, listed, read back whole; what may not follow is refused."""
    secret = ("--new-password-file", "password")
    terminal.types("node", "init", "node", "--name", "Armada de Ejercicio", "--country", "EC", "--id", "ec-ejercicio")
    terminal.types("officer", "first", "--username", "ada", "--name", "Ada", *secret)
    roles = ("--role", "liaison")
    terminal.types("officer", "add", "--as", "ada", "--username", "lia", "--name", "Lia", *roles, *secret)
    proposed = json.loads(terminal.types("agreement", "propose", "one.toml", "--json"))
    assert proposed["state"] == "proposed"
    assert "proposed" in terminal.types("agreement", "list")
    assert terminal.types("agreement", "show", "EC-PE-1") == (terminal.folder / "one.toml").read_text("utf-8")
    assert "suspend" in terminal.types("agreement", "suspend", "EC-PE-1", "--words", "a leak", code=1)
    assert "EC-PE-1" in terminal.types("agreement", "propose", "one.toml", code=1)
    withdrawn = terminal.types("agreement", "terminate", "EC-PE-1", "--words", "withdrawn")
    assert "terminated" in withdrawn
