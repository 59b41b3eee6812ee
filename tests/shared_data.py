"""Where the third-party vectors lie, and a mark for tests that need them."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

ROOT = Path(os.environ.get("AYNI_SHARED_DATA", Path(__file__).parents[2] / "shared" / "data"))

shared_data = pytest.mark.skipif(not ROOT.is_dir(), reason=f"no third-party vectors at {ROOT}")


def vectors(*parts: str) -> Path:
    """Return the path of one file or folder of the third-party data."""
    return ROOT.joinpath(*parts)
