"""Locks hold names, versions and hashes: where a package is fetched from is the administrator's to say."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
LOCKS = [*sorted(ROOT.glob("requirements/*.lock")), *sorted(ROOT.glob("src/**/package-lock.json"))]


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: lock.name)
def test_no_address_in_a_lock(lock: Path) -> None:
    """Neither a scheme nor a host, so that any mirror serves and the hash decides."""
    assert re.findall(r".*(?:\w://|www\.|\.org\b|\.com\b).*", lock.read_text("utf-8")) == []


def test_every_locked_package_has_its_hash() -> None:
    """What is installed is what was looked at."""
    assert {lock.suffix for lock in LOCKS} == {".lock", ".json"}
    for lock in LOCKS:
        text = lock.read_text("utf-8")
        packages = re.findall(r"^[\w.-]+(?:\[[\w,]+\])?==|^    \"node_modules/", text, re.MULTILINE)
        hashes = re.findall(r"--hash=sha256:[0-9a-f]{64}|\"integrity\": \"sha512-", text)
        assert 0 < len(packages) <= len(hashes), lock.name
