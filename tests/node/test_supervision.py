"""A job that fails is tried again and shown; it never takes the rest down."""

from __future__ import annotations

import threading
from datetime import timedelta
from pathlib import Path

import pytest

from ayni.errors import UnknownError
from ayni.node.supervision import Job, Supervisor, standing_jobs
from tests.web_node import fresh_node, raise_signal


def test_a_failing_job_is_started_again() -> None:
    """Twice wrong, then right: all three are seen."""
    done = threading.Event()
    tries: list[int] = []

    def run(_stop: threading.Event) -> None:
        tries.append(1)
        if len(tries) < 3:
            raise OSError("the antenna is not there")
        done.set()

    supervisor = Supervisor([Job(name="feed", run=run)], first_pause_s=0.001)
    supervisor.start()
    assert done.wait(10)
    assert supervisor.stop() == ()
    (health,) = supervisor.health
    assert (health.failures, health.last_error, health.running) == (2, "the antenna is not there", False)
    assert health.last_failed_at is not None


def test_one_failing_job_does_not_stop_another() -> None:
    """Each has a thread of its own; both end when told."""
    working = threading.Event()

    def fail(_stop: threading.Event) -> None:
        raise ValueError

    def work(stop: threading.Event) -> None:
        working.set()
        stop.wait()

    supervisor = Supervisor([Job(name="bad", run=fail), Job(name="good", run=work)], first_pause_s=60)
    supervisor.start()
    assert working.wait(10)
    assert supervisor.stop() == ()
    assert {health.name: health.running for health in supervisor.health} == {"bad": False, "good": False}


class Once(threading.Event):
    """An event that is set as soon as somebody would wait for it: one round of a job."""

    def wait(self, timeout: float | None = None) -> bool:
        """Let the job end after its first round."""
        del timeout
        self.set()
        return True


def test_the_standing_job_forgets_what_has_expired_under_the_name_of_its_machine(tmp_path: Path) -> None:
    """Expired is gone, what is still due stays, and the entry names the machine and who answers for it."""
    with fresh_node(tmp_path / "node") as node:
        kept = raise_signal(node)
        expired = raise_signal(node, hour=1, keep=timedelta(microseconds=1))
        (retention,) = [job for job in standing_jobs(node.node) if job.name == "retention"]
        retention.run(Once())
        with node.store.work() as work:
            assert work.get(kept).header.id == kept
            with pytest.raises(UnknownError):
                work.get(expired)
        entry = next(entry for entry in node.store.entries if entry.act == "record.expire")
        assert (entry.by, entry.answerable) == ("retention", node.administrator.id)
