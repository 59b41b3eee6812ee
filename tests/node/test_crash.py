"""Killed at any point, a node has every act with its entry, or neither; a full disk loses nothing confirmed.

A child process does a chain of acts and kills itself (SIGKILL, no clean-up of any
kind) before or after its n-th step; a step is one SQL statement, a commit, a write
to the key ring or a rename. The parent opens the node and compares records, keys
and history.
"""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ayni.errors import NodeError, NoSpaceError, UnknownError
from ayni.model.act import acting
from ayni.model.record import Record
from ayni.node import key_ring
from ayni.node.creating import create_node
from ayni.node.files import sync_folder
from ayni.node.jobs import sweep
from ayni.node.opening import OpenNode, open_node
from tests.node.stores import KEEP, MANDATE, OFFICER, a_record, find_damage, keep, settings_for
from tests.postgres import Postgres

ACTS = ("new", "next", "delete", "file", "both")
PAD = "x" * 20_000


class Killer:
    """Counts steps and kills this process before or after the chosen one."""

    def __init__(self, step: int, *, after: bool) -> None:
        self.step = step
        self.after = after
        self.seen = 0

    def around(self, run: Callable[..., Any], *args: object) -> Any:  # noqa: ANN401 -- whatever the step returns
        """Run one step, or die."""
        chosen = self.seen == self.step
        self.seen += 1
        if chosen and not self.after:
            os.kill(os.getpid(), signal.SIGKILL)
        result = run(*args)
        if chosen:
            os.kill(os.getpid(), signal.SIGKILL)
        return result


@contextmanager
def dying(node: OpenNode, killer: Killer) -> Iterator[None]:
    """Put *killer* around every step that leaves a trace. In the child process only."""
    from django.db import connections

    from ayni.node.records import store as store_module

    connection = connections[node.alias]
    commit, add, destroy = connection._commit, key_ring.KeyRing.add, key_ring.KeyRing.destroy  # type: ignore[attr-defined]
    place = getattr(store_module, "place_blob")  # noqa: B009 -- the name this module imported, not exports
    connection._commit = lambda: killer.around(commit)  # type: ignore[attr-defined]
    key_ring.KeyRing.add = lambda *args: killer.around(add, *args)  # type: ignore[method-assign]
    key_ring.KeyRing.destroy = lambda *args: killer.around(destroy, *args)  # type: ignore[method-assign]
    setattr(store_module, "place_blob", lambda *args: killer.around(place, *args))  # noqa: B010 -- as above
    with connection.execute_wrapper(killer.around):
        yield


def do(node: OpenNode, chain: tuple[str, ...]) -> None:
    """Do a chain of acts, each in its own transaction."""
    living: list[Record[object]] = []
    for name in chain:
        with node.store.work() as work:
            with acting(KEEP, by=OFFICER, under=MANDATE, work=work) as acts:
                if name in {"new", "both"} or not living:
                    living.append(a_record())
                    acts.put(living[-1], replacing=None)
                if name == "file":
                    living.append(a_record())
                    acts.put_blob(living[-1].header.id, [os.urandom(1000)])
                    acts.put(living[-1], replacing=None)
                if name == "next":
                    header = living[0].header
                    living[0] = replace(living[0], header=replace(header, version=header.version + 1))
                    acts.put(living[0], replacing=header.version)
                if name in {"delete", "both"}:
                    acts.tombstone(living.pop(0).header.id, why="test")
            work.commit()


def die_in_child(folder: Path, chain: tuple[str, ...], step: int, *, after: bool) -> bool:
    """Do *chain* in a child process that dies at *step*; False if it ended before."""
    child = os.fork()
    if child == 0:
        try:
            with open_node(folder) as node, dying(node, Killer(step, after=after)):
                do(node, chain)
            os._exit(0)
        finally:
            os._exit(1)
    _, status = os.waitpid(child, 0)
    assert os.WIFSIGNALED(status) or os.WEXITSTATUS(status) == 0, "the child failed instead of dying"
    return os.WIFSIGNALED(status)


def check_whole(node: OpenNode) -> None:
    """Refuse any difference between what is there and what the history says."""
    said: dict[str, int] = {}
    for entry in node.store.entries:
        for touched in entry.touched:
            assert touched.version in {0, said.get(touched.record, 0) + 1}
            said[touched.record] = touched.version
    there = {}
    with node.store.work() as work:
        for record in node.store.record_ids():
            there[record] = work.get(record).header.version
        for record, version in said.items():
            if version == 0:
                with pytest.raises(UnknownError):
                    work.get(record)
                assert record not in node.ring
    assert there == {record: version for record, version in said.items() if version}
    assert not list(find_damage(node))
    sweep(node, older_than_s=-1)
    assert len(node.ring) == len(node.store.record_ids())
    assert sum(1 for path in node.store.blobs.rglob("*") if path.is_file()) == len(node.store.blob_tokens())
    assert not list(find_damage(node))


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def closed_node(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Path]:
    """A node that nobody has open, over each database."""
    folder = tmp_path_factory.mktemp("crash") / "node"
    with ExitStack() as stack:
        if request.param == "postgresql":
            server: Postgres = request.getfixturevalue("postgres")
            monkeypatch.setenv("TEST_AYNI_CRASH", stack.enter_context(server.database()))
        create_node(
            folder,
            name="",
            country="",
            settings=settings_for("TEST_AYNI_CRASH" if request.param == "postgresql" else ""),
        )
        yield folder


def test_killed_at_every_step_of_every_act(closed_node: Path) -> None:
    """One act after another, dying at each step in turn until the chain runs through; twice, before and after."""
    chain = ("new", "file", "next", "both", "delete")
    for after in (False, True):
        step = 0
        while die_in_child(closed_node, chain, step, after=after):
            step += 1
            if step % 5 == 0:
                with open_node(closed_node) as node:
                    check_whole(node)
        assert step > 25, "the killer must have had many points to strike at"
        with open_node(closed_node) as node:
            check_whole(node)


@given(chain=st.lists(st.sampled_from(ACTS), min_size=1, max_size=5), step=st.integers(0, 60), after=st.booleans())
@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_killed_anywhere_in_any_chain(closed_node: Path, chain: list[str], step: int, after: bool) -> None:  # noqa: FBT001 -- drawn by hypothesis
    """No act without its entry, no entry without its act, whatever was being done."""
    die_in_child(closed_node, tuple(chain), step, after=after)
    with open_node(closed_node) as node:
        check_whole(node)


FILL = """
import json, os, sys
from pathlib import Path
from ayni.errors import NoSpaceError, NodeError
from ayni.node.opening import open_node
from tests.node.stores import a_record, keep
from tests.node.test_crash import PAD, LIMITS
LIMITS[sys.argv[2]]()
with open_node(Path(sys.argv[1])) as node:
    try:
        for _ in range(2000):
            record = a_record(name=PAD)
            keep(node.store, record)
            print(record.header.id, flush=True)
    except (NoSpaceError, NodeError) as error:
        print(type(error).__name__, error, flush=True)
"""


def limit_file_size() -> None:
    """Let no file of this process grow beyond 1 MiB."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, 1 << 20))


LIMITS: dict[str, Callable[[], None]] = {"file size": limit_file_size, "none": lambda: None}


def fill(folder: Path, limit: str) -> tuple[list[str], str]:
    """Write records in a child process until the disk is full; return the confirmed ids and the error."""
    root = Path(__file__).parents[2]
    done = subprocess.run(
        [sys.executable, "-c", FILL, str(folder), limit],
        check=True,
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": f"{root / 'src'}:{root}"},
    )
    *confirmed, last = done.stdout.splitlines()
    return confirmed, last


def check_confirmed(folder: Path, confirmed: list[str]) -> None:
    """What was confirmed is there; what was refused is not; work goes on."""
    with open_node(folder) as node:
        assert set(confirmed) == set(node.store.record_ids())
        check_whole(node)
        keep(node.store, a_record())
        check_whole(node)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 4 MiB."""
    disk = tmp_path / "disk"
    disk.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", str(disk)]
    made = subprocess.run(command, check=False, capture_output=True, text=True)
    if made.returncode:
        pytest.skip(f"may not mount a small disk here: {made.stderr.strip()}; the file size limit is tested instead")
    yield disk
    subprocess.run(["umount", "--lazy", disk], check=True)


def test_a_full_disk_loses_nothing_confirmed(small_disk: Path) -> None:
    """A real file system without a free block: a clear error, every confirmed act whole, work goes on after."""
    create_node(small_disk / "node", name="X", country="EC")
    (small_disk / "ballast").write_bytes(bytes(2_000_000))
    confirmed, last = fill(small_disk / "node", "none")
    assert confirmed
    assert last.startswith("NoSpaceError")
    assert "free some space" in last
    (small_disk / "ballast").unlink()
    sync_folder(small_disk)
    check_confirmed(small_disk / "node", confirmed)


def test_init_on_a_full_disk_leaves_nothing(small_disk: Path) -> None:
    """At whatever point the space runs out."""
    for spare in range(0, 3_200_000, 400_000):
        free = os.statvfs(small_disk).f_bavail * os.statvfs(small_disk).f_frsize
        (small_disk / "ballast").write_bytes(bytes(free - spare))
        try:
            create_node(small_disk / "node", name="X", country="EC")
        except NoSpaceError:
            assert [path.name for path in small_disk.iterdir()] == ["ballast"]
        else:
            with open_node(small_disk / "node") as node:
                assert not list(find_damage(node))
            return
        (small_disk / "ballast").unlink()
    pytest.fail("a node never fitted: the test must see both ends")


def test_a_file_that_may_not_grow_loses_nothing_confirmed(tmp_path: Path) -> None:
    """The same without mounting anything: the system refuses to let the database grow."""
    create_node(tmp_path / "node", name="X", country="EC")
    confirmed, last = fill(tmp_path / "node", "file size")
    assert confirmed
    assert last.startswith(("NoSpaceError", NodeError.__name__))
    check_confirmed(tmp_path / "node", confirmed)
