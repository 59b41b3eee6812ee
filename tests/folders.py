"""Folders for what several tests share: made outside any one test, gone when the process ends."""

from __future__ import annotations

import atexit
import shutil
import tempfile
from pathlib import Path


def shared_folder(purpose: str) -> Path:
    """Return a new empty folder that is removed at the end of this process."""
    folder = Path(tempfile.mkdtemp(prefix=f"ayni-{purpose}-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder
