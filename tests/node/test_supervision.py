"""A job that fails is tried again and shown; it never takes the rest down."""

from __future__ import annotations

import threading

from ayni.node.supervision import Job, Supervisor


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
