"""The readers under a minute of random bytes, begun from a saved corpus."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
SECONDS = 15
MEMORY_MB = 1024
ALLOCATION_MB = 256
"""Largest single piece of memory that 4 kB of input may ask for."""


@pytest.mark.long
@pytest.mark.skipif(importlib.util.find_spec("atheris") is None, reason="atheris is not installed (extra `fuzz`)")
@pytest.mark.parametrize("seed", [1, 2, 3, 4])
def test_a_minute_of_random_bytes_crashes_nothing(tmp_path: Path, seed: int) -> None:
    """No crash, less than 1 GB, every line counted; a finding stays in the folder that pytest names.

    Four processes of a quarter of a minute: the fuzzer itself keeps 27 kB of every input it tries.
    """
    grown = tmp_path / "corpus"
    shutil.copytree(HERE / "corpus" / "decode", grown)
    done = subprocess.run(
        [
            sys.executable,
            str(HERE / "fuzz_decode.py"),
            f"-max_total_time={SECONDS}",
            f"-seed={seed}",
            f"-rss_limit_mb={MEMORY_MB}",
            f"-malloc_limit_mb={ALLOCATION_MB}",
            "-max_len=4096",
            "-timeout=20",
            "-print_final_stats=1",
            f"-artifact_prefix={tmp_path}/",
            str(grown),
        ],
        env={**os.environ, "TMPDIR": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=4 * SECONDS,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-4000:]
