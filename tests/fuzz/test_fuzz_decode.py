"""The readers under a minute of random bytes, begun from a saved corpus."""

from __future__ import annotations

import importlib.util
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
SECONDS = 60
MEMORY_MB = 1024


@pytest.mark.long
@pytest.mark.skipif(importlib.util.find_spec("atheris") is None, reason="atheris is not installed (extra `fuzz`)")
def test_a_minute_of_random_bytes_crashes_nothing(tmp_path: Path) -> None:
    """No crash, less than 1 GB, every line counted; a finding stays in the folder that pytest names."""
    grown = tmp_path / "corpus"
    shutil.copytree(HERE / "corpus" / "decode", grown)
    done = subprocess.run(
        [
            sys.executable,
            str(HERE / "fuzz_decode.py"),
            f"-max_total_time={SECONDS}",
            f"-rss_limit_mb={MEMORY_MB}",
            "-max_len=4096",
            "-timeout=20",
            "-print_final_stats=1",
            f"-artifact_prefix={tmp_path}/",
            str(grown),
        ],
        capture_output=True,
        text=True,
        timeout=4 * SECONDS,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-4000:]
