"""One shift hands over to the next: nothing open is forgotten, nothing written is struck out."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ayni.casework.raising import raise_signals
from ayni.casework.triage import silence, validate
from ayni.errors import AyniError, InvalidValueError, NotEntitledError, UnknownError, WrongStateError
from ayni.exchange.request_words import Urgency
from ayni.exchange.requests import Question, ask
from ayni.model.memory import MemoryStore
from ayni.model.officer import Officer, Role
from ayni.model.store import Query
from ayni.model.task import Task
from ayni.operations import watch_log
from ayni.operations.tasking import propose_task
from ayni.operations.watch_log import MOST_LEFT, Watch, WatchState, watch_in
from tests.exchange.two_nodes import BETWEEN, EC, LIA, PE, UNDER, World
from tests.people import ANALYST, COORDINATOR, DESK, HOUSE, MANDATE, NOON, OVERSIGHT, Clock, a_signal, a_store

NIGHT = Officer(id="noe", name="Noé", roles=frozenset({Role.ANALYST}))
POST = "Sala de guardia"


class Floor:
    """A watch floor with its store and clock."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.store: MemoryStore = a_store(self.clock)

    def begin(self, by: Officer = ANALYST, post: str = POST) -> str:
        """Take the watch."""
        with self.store.work() as work:
            begun = watch_log.begin(post, by=by, under=MANDATE, work=work, house=HOUSE).header.id
            work.commit()
        return begun

    def note(self, watch: str, words: str, *records: str, by: Officer = ANALYST) -> None:
        """Write a line."""
        with self.store.work() as work:
            watch_log.note(watch, words, records=records, by=by, under=MANDATE, work=work)
            work.commit()

    def hand_over(self, watch: str, summary: str = "Quiet.", by: Officer = ANALYST) -> Watch:
        """End one's own watch."""
        with self.store.work() as work:
            done = watch_log.hand_over(watch, summary, by=by, under=MANDATE, work=work)
            work.commit()
        return watch_in(done)

    def relieve(self, watch: str, why: str, by: Officer = NIGHT) -> Watch:
        """End somebody else's watch."""
        with self.store.work() as work:
            done = watch_log.relieve(watch, why, by=by, under=MANDATE, work=work)
            work.commit()
        return watch_in(done)

    def raises(self, *numbers: int) -> tuple[str, ...]:
        """Raise signals and return their records."""
        signals = [
            replace(a_signal(number), reasons=(replace(a_signal().reasons[0], weight=number / 100),))
            for number in numbers
        ]
        with self.store.work() as work:
            raised = raise_signals(signals, house=HOUSE, by=DESK, under=MANDATE, work=work).new
            work.commit()
        return tuple(raised)


def read(store: MemoryStore, watch: str, by: Officer = NIGHT) -> Watch:
    """Read a watch."""
    with store.work() as work:
        found = watch_log.read(watch, by=by, under=MANDATE, work=work)
        work.commit()
    return found


def test_the_next_shift_takes_over_what_the_last_one_left() -> None:
    """Notes, summary, and everything open, the most urgent first; taking it over says who read it and when."""
    floor = Floor()
    first = floor.begin()
    weak, strong, decided, asleep = floor.raises(10, 60, 30, 20)
    with floor.store.work() as work:
        validate(decided, by=ANALYST, under=MANDATE, work=work)
        silence(asleep, until=NOON + timedelta(hours=3), words="", by=ANALYST, under=MANDATE, work=work)
        late = propose_task(_task(8), house=HOUSE, by=COORDINATOR, under=MANDATE, work=work).header.id
        soon = propose_task(_task(2), house=HOUSE, by=COORDINATOR, under=MANDATE, work=work).header.id
        work.commit()
    floor.note(first, "Radio check with LG Ejercicio.", decided)
    floor.clock.now += timedelta(hours=8)
    left = floor.hand_over(first, "One vessel to look at.")
    assert left.remains.signals.records == (strong, weak)
    assert left.remains.waking.records == (asleep,)
    assert left.remains.tasks.records == (soon, late)
    assert left.remains.requests.in_all == 0
    second = floor.begin(NIGHT)
    taken = read(floor.store, first)
    assert (taken.state, taken.taken_by, taken.taken_at) == (WatchState.TAKEN, NIGHT.id, floor.clock.now)
    assert [line.records for line in taken.notes] == [(decided,)]
    with floor.store.work() as work:
        assert work.get(second).header.parents == (first,)


def test_requests_that_wait_are_handed_over() -> None:
    """What we asked and what we were asked, until it is answered."""
    world = World(EC, PE)
    ec, pe = world[EC], world[PE]
    with ec.working() as work:
        question = Question(question="Is it known?", urgency=Urgency.URGENT)
        asked = ask(
            question, PE, agreement=BETWEEN, by=LIA, under=UNDER, work=work, house=ec.house, book=ec.book()
        ).header.id
    world.deliver()
    for node in (ec, pe):
        with node.working() as work:
            assert watch_log.remaining(work).requests.records == (asked,)


def test_one_watch_at_a_time_is_open_at_a_post() -> None:
    """Whatever the case of its name; another post has its own; who cannot hand over is relieved."""
    floor = Floor()
    first = floor.begin()
    with pytest.raises(WrongStateError, match="handed-over"):
        floor.begin(NIGHT, "sala de GUARDIA ")
    floor.begin(NIGHT, "Muelle norte")
    with pytest.raises(WrongStateError, match="your own"):
        floor.hand_over(first, by=NIGHT)
    with pytest.raises(InvalidValueError, match="summary"):
        floor.relieve(first, " ")
    with pytest.raises(WrongStateError, match="somebody else"):
        floor.relieve(first, "ill", by=ANALYST)
    assert floor.relieve(first, "Taken ill at 03:00.").relieved_by == NIGHT.id
    floor.begin(NIGHT)


def test_a_watch_that_is_over_is_not_written_in() -> None:
    """Nor by whom is not entitled, nor with a record that is not here, nor without words."""
    floor = Floor()
    first = floor.begin()
    with pytest.raises(UnknownError):
        floor.note(first, "see", "0190-nowhere")
    with pytest.raises(InvalidValueError, match="words"):
        floor.note(first, " ")
    with pytest.raises(NotEntitledError):
        floor.note(first, "see", by=OVERSIGHT)
    with pytest.raises(NotEntitledError):
        read(floor.store, first, by=OVERSIGHT)
    with pytest.raises(InvalidValueError, match="summary"):
        floor.hand_over(first, "")
    floor.hand_over(first)
    for late in (
        lambda: floor.note(first, "one more"),
        lambda: floor.hand_over(first),
        lambda: floor.relieve(first, "x"),
    ):
        with pytest.raises(WrongStateError, match="handed-over"):
            late()
    (signal,) = floor.raises(1)
    with pytest.raises(UnknownError):
        floor.note(signal, "not a watch")


def test_a_long_list_says_how_much_more_there_is() -> None:
    """Twenty are named, all are counted."""
    floor = Floor()
    first = floor.begin()
    floor.raises(*range(1, MOST_LEFT + 6))
    left = floor.hand_over(first).remains.signals
    assert (len(left.records), left.in_all) == (MOST_LEFT, MOST_LEFT + 5)


steps = st.lists(
    st.tuples(st.sampled_from(["begin", "note", "hand over", "relieve"]), st.sampled_from([ANALYST, NIGHT])),
    max_size=20,
)


@settings(max_examples=50)
@given(steps)
def test_whatever_officers_do_at_most_one_watch_is_open_and_no_line_is_lost(done: list[tuple[str, Officer]]) -> None:
    """Refused steps change nothing; every accepted note stands in its watch."""
    floor, watch, noted = Floor(), "", 0
    for number, (step, officer) in enumerate(done):
        floor.clock.now += timedelta(minutes=1)
        try:
            if step == "begin":
                watch = floor.begin(officer)
            elif step == "note":
                floor.note(watch, f"line {number}", by=officer)
                noted += 1
            elif step == "hand over":
                floor.hand_over(watch, by=officer)
            else:
                floor.relieve(watch, "because", by=officer)
        except AyniError:
            continue
    with floor.store.work() as work:
        watches = [watch_in(work.get(header.id)) for header in work.find(Query(kind=watch_log.WATCH, limit=100))]
    assert sum(one.state is WatchState.OPEN for one in watches) <= 1
    assert sum(len(one.notes) for one in watches) == noted
    assert sum(one.state is WatchState.HANDED_OVER for one in watches[1:]) == 0, "only the newest is not yet taken"


def _task(hours: int) -> Task:
    return Task(what="look", to="LG Ejercicio", deadline=NOON + timedelta(hours=hours))
