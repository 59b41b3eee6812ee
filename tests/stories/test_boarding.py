"""The boarding: seen, shared, consented to, boarded, put right, taken back, proven. All of it is an exercise."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from ayni.cli.story.given import put_right, take_back
from ayni.cli.story.play import played, staged, until_back
from ayni.cli.story.posts import CO, EC, OVERSIGHT, PA, Post, draw_password, free_port, heard_at, serve_all
from ayni.cli.story.proven import audit
from ayni.cli.story.so_far import Story
from ayni.cli.story.telling import Telling
from ayni.cli.story.traffic import BRISA
from ayni.exchange.requests import REQUEST
from ayni.ledger.export import verify_export
from ayni.model.record import Header
from ayni.model.store import Query
from ayni.model.task import TaskState
from ayni.node.opening import OpenNode, open_node

AYNI = str(Path(sys.executable).parent / "ayni")
PATIENCE_S = 300.0
pytestmark = pytest.mark.timeout(1_800)
"""Seconds for one test and the demonstration before it: nodes that are killed ten times take their time. Ours."""
KINDS = (
    *("signal", "task", "outcome", "request", "agreement"),
    *("exposure", "holding", "recall", "recalled", "recall-answer", "onward-consent"),
)


@pytest.fixture(scope="module")
def played_out(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """Play the demonstration as a person without a terminal would; return its folder and what it said."""
    folder = tmp_path_factory.mktemp("boarding") / "demo"
    done = subprocess.run(
        [AYNI, "demo", "--headless", "--folder", str(folder)],
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        env={**os.environ, "AYNI_LANG": "fr"},
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return folder / "story", done.stdout


def found(folder: Path, node: str, query: Query) -> list[Header]:
    """Return headers that a node of the story holds."""
    with node_of(folder, node) as opened, opened.store.work() as work:
        return list(work.find(query))


@contextmanager
def node_of(folder: Path, node: str) -> Iterator[OpenNode]:
    """Open a node of the story."""
    with open_node(folder / node) as opened:
        yield opened


def test_it_is_told_in_the_readers_language(played_out: tuple[Path, str]) -> None:
    """Scene by scene, with how to look at every node afterwards, and no sentence left in English."""
    folder, said = played_out
    assert "Une journée réelle" in said
    assert "Quatre institutions d’un exercice" in said
    assert "13. Les registres de tous" in said
    assert f"ayni node serve --node {folder / EC.id}" in said


def test_the_ship_is_seen_and_the_decoys_are_set_aside(played_out: tuple[Path, str]) -> None:
    """An officer stands behind three signals of M/V Brisa and dismisses every other; none is left waiting."""
    folder, _ = played_out
    brisa = found(folder, EC.id, Query(kind="signal", identifier=f"mmsi:{BRISA.mmsi}", states=("validated",)))
    assert {header.rule for header in brisa} >= {
        "maritime.gap/1",
        "maritime.loitering/1",
        "maritime.destination_change/1",
    }
    decoys = found(folder, EC.id, Query(kind="signal", states=("dismissed",)))
    assert len(decoys) >= 3
    assert not {header.id for header in decoys} & {header.id for header in brisa}
    assert found(folder, EC.id, Query(kind="signal", states=("pending",))) == []


def test_the_patrol_starts_under_the_flag_states_consent(played_out: tuple[Path, str]) -> None:
    """Both sides hold the same request, granted with a condition; the task is done; what came of it went home."""
    folder, _ = played_out
    (asked,) = found(folder, PA.id, Query(kind=REQUEST, states=("conditions",)))
    (answered,) = found(folder, EC.id, Query(kind=REQUEST, states=("conditions",)))
    assert asked.id == answered.id
    (task,) = found(folder, PA.id, Query(kind="task"))
    assert task.state == TaskState.DONE
    (outcome,) = found(folder, EC.id, Query(kind="outcome"))
    assert outcome.originator == PA.id


def test_what_was_recalled_is_nowhere_and_what_waited_arrived_once(played_out: tuple[Path, str]) -> None:
    """The signal that went over two hops is with its originator alone; what a courier carried is there once."""
    folder, _ = played_out
    (recalled,) = found(
        folder, EC.id, Query(kind="signal", identifier=f"mmsi:{BRISA.mmsi}", rule="maritime.destination_change/1")
    )
    for node in (PA.id, CO.id):
        assert recalled.id not in {header.id for header in found(folder, node, Query(kind="signal"))}
        assert found(folder, node, Query(kind="recalled")) != []
    assert {header.rule for header in found(folder, CO.id, Query(kind="signal"))} == {
        "maritime.gap/1",
        "maritime.loitering/1",
    }


def test_the_ledgers_of_all_four_hold_without_their_nodes(played_out: tuple[Path, str]) -> None:
    """An auditor with the exports alone finds each whole; a changed byte is found."""
    folder, _ = played_out
    exports = folder / "exports"
    for institution in (EC, PA, CO, OVERSIGHT):
        assert verify_export(exports / f"{institution.id}.zip").entries > 10


def test_it_leaves_no_process_behind(played_out: tuple[Path, str]) -> None:
    """Every node's process has ended with the demonstration."""
    folder, _ = played_out
    assert processes_of(folder) == []


@pytest.mark.parametrize(
    ("times", "seed"), [(1, 1), *(pytest.param(10, seed, marks=pytest.mark.long) for seed in (2, 3))]
)
def test_killed_at_any_point_it_ends_in_the_same_state(
    played_out: tuple[Path, str], tmp_path: Path, times: int, seed: int
) -> None:
    """Each node's process dies again and again, as in a power cut: nothing is lost, nothing is there twice."""
    draw = random.Random(seed)
    port = free_port()
    with staged(tmp_path, draw_password(), tell=Telling(echo=lambda _: None), feed=heard_at(port)) as posts:
        serve_all([post for post in posts.values() if post.id != CO.id])
        story = Story(folder=tmp_path, posts=posts, tell=Telling(echo=lambda _: None))
        with kills([posts[one.id] for one in (EC, PA, OVERSIGHT)], times, draw):
            until_back(story, port)
        with kills([posts[CO.id]], times, draw):
            put_right(story)
            take_back(story)
        assert audit(story)
    assert end_state(tmp_path) == end_state(played_out[0])


@contextmanager
def kills(posts: list[Post], times: int, draw: random.Random) -> Iterator[None]:
    """Kill and start the process of each post so many times, at random, while the block runs and until done."""

    def kill(post: Post, pauses: list[float]) -> None:
        for pause in pauses:
            threading.Event().wait(pause)
            post.stop(kill=True)
            post.start()
            post.wait()

    threads = [
        threading.Thread(target=kill, args=(post, [draw.uniform(0.0, 3.0) for _ in range(times)])) for post in posts
    ]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        for thread in threads:
            thread.join()


def end_state(folder: Path) -> dict[str, Counter[tuple[str, str, str]]]:
    """Return how many records of each kind, rule and state each node holds.

    What a rule says of a decoy in passing, before all positions are there, and what it takes back, is left out.
    """
    state = {}
    for institution in (EC, PA, CO, OVERSIGHT):
        with node_of(folder, institution.id) as opened, opened.store.work() as work:
            state[institution.id] = Counter(
                (kind, header.rule, header.state)
                for kind in KINDS
                for header in work.find(Query(kind=kind))
                if header.rule != "maritime.deviation/1" and header.state != "retracted"
            )
    return state


@pytest.mark.long
def test_a_refusal_of_the_flag_state_ends_the_chase(tmp_path: Path) -> None:
    """Nobody boards, nothing is recorded, and everything that is proven is proven all the same."""
    with played(tmp_path, draw_password(), tell=Telling(echo=lambda _: None), consents=False) as story:
        assert not story.started
        assert state_of_the_task(story) == TaskState.ACCEPTED
        assert story.find(story.pa, Query(kind="outcome")) == []
        assert story.caught
        assert story.audited


@pytest.mark.long
def test_a_termination_ends_every_process(tmp_path: Path) -> None:
    """Told to stop in the middle, the demonstration stops its nodes first."""
    folder = tmp_path / "demo"
    with subprocess.Popen(
        [AYNI, "demo", "--headless", "--folder", str(folder)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        stdin=subprocess.DEVNULL,
    ) as running:
        until, pause = time.monotonic() + PATIENCE_S, threading.Event()
        while len(processes_of(folder)) < 3 and time.monotonic() < until:
            assert running.poll() is None
            pause.wait(0.1)
        running.send_signal(signal.SIGTERM)
        assert running.wait(60) == 1
    assert processes_of(folder) == []


def state_of_the_task(story: Story) -> str:
    """Return the state of the patrol's task."""
    return story.get(story.pa, story.task).header.state


def processes_of(folder: Path) -> list[int]:
    """Return the processes that serve a node below *folder*."""
    ours = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                words = (entry / "cmdline").read_bytes().split(b"\0")
            except OSError:
                continue
            if b"serve" in words and any(word.startswith(str(folder).encode()) for word in words):
                ours.append(int(entry.name))
    return ours
