"""Write a copy of a hashed lock without one package, to standard output.

pyspark is published as source only (pure Python): the wheels it is built with
must be installed before it, from the same lock.
"""

from __future__ import annotations

import sys
from pathlib import Path


def without(package: str, lock: str) -> str:
    """Return the text of *lock* without the lines of *package*."""
    kept: list[str] = []
    skipping = False
    for line in lock.splitlines():
        if not line.startswith((" ", "#")):
            skipping = line.startswith(f"{package}==")
        if not skipping:
            kept.append(line)
    return "\n".join(kept) + "\n"


if __name__ == "__main__":
    sys.stdout.write(without(sys.argv[1], Path(sys.argv[2]).read_text(encoding="utf-8")))
