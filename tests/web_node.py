"""A small node for tests of the doors: real storage on SQLite, one administrator."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

from ayni.casework.raising import raise_signals
from ayni.model.entity import Entity
from ayni.model.handling import Mandate, Purpose
from ayni.model.officer import Officer, Role
from ayni.model.place import Point
from ayni.model.signal import Evidence, Reason, Signal, SignalState, signal_id
from ayni.model.store import Query
from ayni.node.creating import create_node
from ayni.node.doors import house_of
from ayni.node.opening import OpenNode, open_node
from tests.folders import shared_folder

if TYPE_CHECKING:
    from ayni.node.officers.models import Account
    from ayni.node.records.store import DjangoStore

PASSWORD = "marea-baja-en-Esmeraldas"
MOVED = {"moved_nm": 74.2, "implied_kn": 8.1}
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
    folder = shared_folder("web") / "node"
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
        from django.conf import settings as django_settings
        from django.core.cache import cache

        from ayni.node.officers.models import Account
        from ayni.node.running import Running, run

        # Django keeps the settings of the first node that a process opened, another test's perhaps.
        django_settings.LANGUAGE_CODE = "en"
        cache.clear()
        run(Running.of(node))
        yield TestNode(node=node, administrator=Account.objects.get(username="first").as_officer())


def raise_signal(
    node: TestNode,
    *,
    hour: int = 0,
    name: str = "Caleta Imaginaria",
    words: str = "",
    keep: timedelta = timedelta(days=365),
) -> str:
    """Have the maritime desk raise a signal about a ship that does not exist; return the record's id."""
    at = datetime(2026, 3, 1, tzinfo=UTC) + timedelta(hours=hour)
    says = words or "no position received for {silence_s:duration}, then one again"
    signal = Signal(
        id=signal_id("maritime.gap/1", {"silence_h": 6.0}, [100000001, hour]),
        state=SignalState.CLOSED,
        desk="maritime",
        rule="maritime.gap/1",
        parameters={"silence_h": 6.0},
        made_at=at + timedelta(hours=10),
        started_at=at,
        ended_at=at + timedelta(hours=9),
        place=Point(coordinates=(-80.9, -1.4)),
        uncertainty_m=1200.0,
        subjects=(Entity(id="v", schema="Vessel", properties={"name": (name,), "mmsi": ("100000001",)}),),
        reasons=(
            Reason(says=says, facts={"silence_s": 33120}, weight=0.5),
            Reason(says="it was under way at {before_kn:kn} when last heard", facts={"before_kn": 11.4}, weight=0.2),
            Reason(says="it reappeared {moved_nm:nm} away, {implied_kn:kn} on average", facts=MOVED, weight=0.15),
            Reason(
                says="no other vessel was heard near that place meanwhile: reception may be poor there", weight=-0.3
            ),
        ),
        evidence=(Evidence(source="a" * 64, offset=0, length=40, at=at, line="b" * 64, receiver="coast-1"),),
    )
    desk = Officer(id="desk:maritime", name="desk:maritime", machine=True, answerable=node.administrator.id)
    under = Mandate(purpose=Purpose.COUNTER_NARCOTICS, legal_basis="Test Act, art. 1")
    with node.store.work() as work:
        house = replace(house_of(node.node.settings), keep=keep)
        raise_signals([signal], house=house, by=desk, under=under, work=work)
        found = work.find(Query(kind="signal", identifier=f"signal:{signal.id}"))
        work.commit()
    return found[0].id


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
