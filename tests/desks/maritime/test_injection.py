from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

BENCHMARK = Path(__file__).parents[3] / "benchmarks" / "injection.py"


@pytest.mark.long
@pytest.mark.timeout(600)
def test_a_dozen_events_of_each_kind_are_found(tmp_path: Path) -> None:
    """The quick size of the injection benchmark keeps every promise."""
    answer = tmp_path / "figures.json"
    done = subprocess.run([sys.executable, str(BENCHMARK), "--quick", "--json", str(answer)], check=False)
    figures = json.loads(answer.read_text("utf-8"))
    assert done.returncode == 0, figures
    assert figures["rules"]["gap"]["events"] == 12
