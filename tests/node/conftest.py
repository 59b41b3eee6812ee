"""Fixtures of the node's tests."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from ayni.model.memory import MemoryStore
from ayni.model.store import Store
from ayni.node.opening import OpenNode
from tests.node.stores import a_node, prepared_database
from tests.postgres import Postgres, postgres

__all__ = ["postgres"]

SQLITE = "sqlite"
POSTGRESQL = pytest.param("postgresql", marks=pytest.mark.postgres)


@pytest.fixture(params=[SQLITE, POSTGRESQL])
def node(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[OpenNode]:
    """A new node over each database."""
    if request.param == SQLITE:
        with a_node(tmp_path / "node") as opened:
            yield opened
        return
    server: Postgres = request.getfixturevalue("postgres")
    with (
        prepared_database(server, monkeypatch, "TEST_AYNI_DATABASE"),
        a_node(tmp_path / "node", url_env="TEST_AYNI_DATABASE") as opened,
    ):
        yield opened


@pytest.fixture(params=["memory", SQLITE, POSTGRESQL])
def store(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    """Each implementation of `Store`."""
    if request.param == "memory":
        yield MemoryStore()
    elif request.param == SQLITE:
        with a_node(tmp_path / "node") as opened:
            yield opened.store
    else:
        server: Postgres = request.getfixturevalue("postgres")
        with (
            prepared_database(server, monkeypatch, "TEST_AYNI_DATABASE"),
            a_node(tmp_path / "node", url_env="TEST_AYNI_DATABASE") as opened,
        ):
            yield opened.store
