"""A small node for tests of the doors: real storage on SQLite, one administrator."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from tempfile import mkdtemp
from typing import TYPE_CHECKING
from uuid import uuid4

from ayni.model.handling import Mandate, Purpose
from ayni.model.officer import Officer, Role
from ayni.node.creating import create_node
from ayni.node.opening import OpenNode, open_node

if TYPE_CHECKING:
    from ayni.node.officers.models import Account
    from ayni.node.records.store import DjangoStore

PASSWORD = "marea-baja-en-Esmeraldas"
UNDER = Mandate(purpose=Purpose.ADMINISTRATION, legal_basis="Reglamento interno, art. 4")


SETTINGS = """
[node]
id = "ec-prueba"
name = "Estación Prueba"
country = "EC"
languages = ["en", "es"]
"""


@lru_cache(maxsize=1)
def _template() -> Path:
    """Make one node with its first administrator; every test works on a copy."""
    folder = Path(mkdtemp(prefix="ayni-web-")) / "node"
    create_node(folder, name="", country="", settings=SETTINGS)
    with open_node(folder) as node:
        from ayni.node.officers.acts import NewOfficer, add_first

        new = NewOfficer(
            username="first", name="Ana Paredes", roles=frozenset({Role.ADMINISTRATOR}), password=PASSWORD
        )
        with node.store.work() as work:
            add_first(new, under=UNDER, work=work)
            work.commit()
    return folder


@dataclass(frozen=True, slots=True, kw_only=True)
class TestNode:
    """An open node with one administrator."""

    __test__ = False
    node: OpenNode
    administrator: Officer

    @property
    def store(self) -> DjangoStore:
        """Its store."""
        return self.node.store

    def add(self, *roles: Role, name: str = "Officer", email: str = "", password: str = PASSWORD) -> Account:
        """Let one more person in."""
        from ayni.node.officers.acts import NewOfficer, add_officer
        from ayni.node.officers.models import Account

        new = NewOfficer(
            username=f"o{uuid4().hex[:12]}", name=name, roles=frozenset(roles), password=password, email=email
        )
        with self.store.work() as work:
            officer = add_officer(new, by=self.administrator, under=UNDER, work=work)
            work.commit()
        return Account.objects.get(id=officer.id)


@contextmanager
def fresh_node(folder: Path) -> Iterator[TestNode]:
    """Open a node of its own at *folder*, with one administrator whose sign-in name is `first`."""
    shutil.copytree(_template(), folder)
    with open_node(folder) as node:
        assert node.alias == "default", "another node is open in this process"
        from django.core.cache import cache

        from ayni.node.officers.models import Account
        from ayni.node.running import Running, run

        cache.clear()
        run(Running.of(node))
        yield TestNode(node=node, administrator=Account.objects.get(username="first").as_officer())


@contextmanager
def served() -> Iterator[str]:
    """Serve the pages of this process on loopback; yield `http://localhost:<port>`."""
    from django.core.servers.basehttp import ThreadedWSGIServer, WSGIRequestHandler
    from django.core.wsgi import get_wsgi_application

    class Quiet(WSGIRequestHandler):
        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 -- the standard library's name
            del format, args

    server = ThreadedWSGIServer(("127.0.0.1", 0), Quiet)
    server.set_app(get_wsgi_application())
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://localhost:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
