"""How soon the command line answers and a node serves, side by side with the bare tools they stand on.

    python benchmarks/startup.py [--json FILE]

Promises: `ayni --help` below 0.3 s, `ayni node serve` ready below 3 s. Peers of the same
run: `python -c 'import click'` and `python -c 'import django; django.setup()'` with no app.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

AYNI = str(Path(sys.executable).parent / "ayni")
HELP_PROMISE_S = 0.3
SERVE_PROMISE_S = 3.0
REPEATS = 5


def seconds(*command: str) -> float:
    """Return the shortest wall time of some runs of *command*."""
    took = []
    for _ in range(REPEATS):
        begun = time.perf_counter()
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        took.append(time.perf_counter() - begun)
    return min(took)


def serve_seconds() -> float:
    """Return the shortest time from the command to the first page served."""
    took = []
    with tempfile.TemporaryDirectory(prefix="ayni-bench-") as scratch:
        node = Path(scratch) / "node"
        subprocess.run(
            [AYNI, "node", "init", str(node), "--name", "Bench", "--country", "EC"],
            check=True,
            stdout=subprocess.DEVNULL,
        )
        settings = node / "settings.toml"
        settings.write_text(re.sub(r'listen = "[^"]*"', 'listen = "127.0.0.1:0"', settings.read_text()))
        for _ in range(3):
            begun = time.perf_counter()
            with subprocess.Popen(
                [AYNI, "node", "serve", "--node", str(node)], stdout=subprocess.PIPE, text=True
            ) as one:
                try:
                    line = one.stdout.readline() if one.stdout else ""
                    address = next(word for word in line.split() if word.startswith("http"))
                    with urllib.request.urlopen(address) as page:  # noqa: S310 -- our own server
                        page.read()
                    took.append(time.perf_counter() - begun)
                finally:
                    one.terminate()
    return min(took)


def main() -> int:
    """Measure, print the table, and fail when a promise is not kept."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    os.environ.setdefault("AYNI_LANG", "en")
    figures = {
        "ayni_help_s": round(seconds(AYNI, "--help"), 3),
        "python_import_click_s": round(seconds(sys.executable, "-c", "import click"), 3),
        "ayni_node_serve_s": round(serve_seconds(), 3),
        "python_django_setup_s": round(
            seconds(
                sys.executable,
                "-c",
                "import django; from django.conf import settings as s; s.configure(); django.setup()",
            ),
            3,
        ),
    }
    figures["help_ratio"] = round(figures["ayni_help_s"] / figures["python_import_click_s"], 1)
    figures["serve_ratio"] = round(figures["ayni_node_serve_s"] / figures["python_django_setup_s"], 1)
    for name, value in figures.items():
        print(f"{name:<28}{value:>8}")
    if options.json:
        options.json.write_text(json.dumps(figures, indent=2) + "\n")
    return 0 if figures["ayni_help_s"] < HELP_PROMISE_S and figures["ayni_node_serve_s"] < SERVE_PROMISE_S else 1


if __name__ == "__main__":
    sys.exit(main())
