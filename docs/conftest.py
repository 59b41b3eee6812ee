"""Every code block of the documents is run: `python` in one namespace a page, `sh` in one folder a page.

Blocks that only show what comes out are marked `text`; `console` marks what needs a
person or root and cannot run by itself.
"""

from __future__ import annotations

import atexit
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path

from sybil import Example, Sybil
from sybil.parsers.markdown import CodeBlockParser, PythonCodeBlockParser

SECONDS = 120
STOP_EVERY_S, STOP_TRIES = 0.05, 200


def run_shell(example: Example) -> str | None:
    """Run one block with `set -e`; the text of a failure is what the command said."""
    if "folder" not in example.namespace:
        example.namespace["folder"] = tempfile.mkdtemp(prefix="ayni-docs-")
        atexit.register(clear, Path(example.namespace["folder"]))
    folder = example.namespace["folder"]
    paths = [str(Path(sys.executable).parent), os.environ["PATH"]]
    done = subprocess.run(  # noqa: S603 -- the blocks are ours
        ["/bin/sh", "-ec", str(example.parsed)],
        cwd=folder,
        env={**os.environ, "PATH": os.pathsep.join(paths), "AYNI_LANG": "en"},
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    return None if done.returncode == 0 else f"exit {done.returncode}\n{done.stdout}{done.stderr}"


def clear(folder: Path) -> None:
    """Stop what a page started in the background and noted in a file `….pid`, then remove its folder."""
    for noted in folder.glob("*.pid"):
        with suppress(ProcessLookupError, ValueError):
            process = int(noted.read_text("ascii"))
            os.kill(process, signal.SIGTERM)
            for _ in range(STOP_TRIES):
                os.kill(process, 0)
                time.sleep(STOP_EVERY_S)
    shutil.rmtree(folder, ignore_errors=True)


pytest_collect_file = Sybil(
    parsers=[PythonCodeBlockParser(), CodeBlockParser(language="sh", evaluator=run_shell)], patterns=["*.md"]
).pytest()
