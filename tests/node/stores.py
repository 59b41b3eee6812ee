"""Nodes and stores for tests: the same body runs over memory, SQLite and PostgreSQL."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

import pytest

from ayni.model.act import Act, acting
from ayni.model.checks import uuid7
from ayni.model.entity import Entity
from ayni.model.handling import Handling, Mandate, Purpose
from ayni.model.officer import Officer, Role
from ayni.model.record import Header, Record
from ayni.model.signal import Reason, Signal, SignalState
from ayni.model.store import Store
from ayni.model.triage import TriagedSignal
from ayni.node.creating import create_node
from ayni.node.opening import OpenNode, open_node
from tests.folders import shared_folder
from tests.postgres import Postgres

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
OFFICER = Officer(id="a.quispe", name="A. Quispe", roles=frozenset({Role.ANALYST}))
MANDATE = Mandate(purpose=Purpose.COUNTER_NARCOTICS, legal_basis="Test Act, art. 1")
KEEP = Act(name="test.keep", roles=frozenset({Role.ANALYST}))
SETTINGS = '[node]\nid = "ec-test"\nname = "Capitanía de prueba"\ncountry = "EC"\n'


def settings_for(url_env: str = "") -> str:
    """Return the text of settings.toml: SQLite, or PostgreSQL at the address in *url_env*."""
    storage = f'[storage]\nengine = "postgresql"\nurl_env = "{url_env}"\n' if url_env else ""
    return SETTINGS + storage


@cache
def _template(url_env: str) -> Path:
    """Make one node and leave it closed: preparing its tables takes a second, copying it a hundredth."""
    folder = shared_folder("template") / "node"
    create_node(folder, name="", country="", settings=settings_for(url_env))
    return folder


@contextmanager
def a_node(folder: Path, *, url_env: str = "") -> Iterator[OpenNode]:
    """Open a new node: a copy of one made before; with PostgreSQL, over a copy of its database."""
    shutil.copytree(_template(url_env), folder)
    with open_node(folder) as node:
        yield node


@contextmanager
def prepared_database(server: Postgres, monkeypatch: pytest.MonkeyPatch, env: str) -> Iterator[None]:
    """Let *env* name a copy of a database that holds a new node's tables."""
    prepared = f"template_{env.lower()}"
    if not server.has(prepared):
        server.execute(f"CREATE DATABASE {prepared}")
        with monkeypatch.context() as patch:
            patch.setenv(env, server.address(prepared))
            _template(env)
    with server.database(template=prepared) as url:
        monkeypatch.setenv(env, url)
        yield


def a_record(
    *,
    at: datetime = NOON,
    name: str = "Caleta Imaginaria",
    identifiers: tuple[str, ...] = ("mmsi:100000001",),
    **header: object,
) -> Record[object]:
    """Return a signal record about a ship that does not exist."""
    found = Signal(
        id="0" * 32,
        state=SignalState.CLOSED,
        desk="maritime",
        rule="maritime.gap/1",
        made_at=at,
        started_at=at,
        ended_at=at + timedelta(hours=1),
        subjects=(Entity(id="v", schema="Vessel", properties={"name": (name,), "mmsi": ("100000001",)}),),
        reasons=(
            Reason(says="no position received for {silence_s:duration}", facts={"silence_s": 3600}, weight=0.5),
        ),
    )
    chosen: dict[str, object] = {
        "id": uuid7(),
        "kind": "signal",
        "originator": "ec-test",
        "purposes": (Purpose.COUNTER_NARCOTICS,),
        "legal_basis": "Test Act, art. 1",
        "handling": Handling(),
        "keep_until": at + timedelta(days=365),
        "made_at": at,
        "changed_at": at,
        "started_at": at,
        "state": "pending",
        "rule": "maritime.gap/1",
        "identifiers": identifiers,
        **header,
    }
    return Record(header=Header(**chosen), body=TriagedSignal(signal=found))  # type: ignore[arg-type]  # typed above


def keep(store: Store, *records: Record[object], replacing: int | None = None) -> None:
    """Store records by one act."""
    with store.work() as work:
        with acting(KEEP, by=OFFICER, under=MANDATE, work=work) as acts:
            for record in records:
                acts.put(record, replacing=replacing)
        work.commit()


def delete(store: Store, *records: str) -> None:
    """Tombstone records by one act."""
    with store.work() as work:
        with acting(KEEP, by=OFFICER, under=MANDATE, work=work) as acts:
            for record in records:
                acts.tombstone(record, why="test")
        work.commit()


def find_damage(node: OpenNode) -> Iterator[str]:
    """Yield whatever is not as it should be in an open node."""
    from ayni.node.records.integrity import find_damage as find

    yield from find(node)


def fresh_database(node: OpenNode, request: pytest.FixtureRequest) -> AbstractContextManager[None]:
    """Return a context in which the node's settings name an empty database."""
    if node.settings.storage.engine == "sqlite":
        return nullcontext()
    server: Postgres = request.getfixturevalue("postgres")
    monkeypatch: pytest.MonkeyPatch = request.getfixturevalue("monkeypatch")

    @contextmanager
    def another() -> Iterator[None]:
        with server.database() as url:
            monkeypatch.setenv("TEST_AYNI_DATABASE", url)
            yield

    return another()
