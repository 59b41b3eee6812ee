"""Two institutions and a boarding: the figures of each count what happened, and say what they cannot show."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ayni.casework.triage import dismiss, validate
from ayni.errors import InvalidValueError, NotEntitledError, UnknownError
from ayni.evaluation.chain import Mark, follow
from ayni.evaluation.report import Period, PeriodEvaluation, evaluate
from ayni.exchange.request_words import Reply, Says, Urgency
from ayni.exchange.requests import Question, answer, ask
from ayni.exchange.sharing import Terms, share
from ayni.model.act import Act, acting
from ayni.model.memory import MemoryStore
from ayni.model.officer import Officer, Role
from ayni.model.outcome import Contribution, Outcome, OutcomeKind, Quantity, Unit
from ayni.model.task import Priority, Task
from ayni.model.triage import Dismissal, TriageState
from ayni.operations.results import record_outcome
from ayni.operations.tasking import accept_task, finish_task, propose_task, start_task
from tests.exchange.two_nodes import ANA, BETWEEN, EC, LIA, PE, UNDER, Node, World
from tests.people import COORDINATOR, HOUSE, MANDATE, NOON, OVERSIGHT, Clock, a_store

MARCH = Period(since=NOON - timedelta(days=1), until=NOON + timedelta(days=30))
COCAINE = Quantity(of="cocaine hydrochloride", value=2000.0, unit=Unit.KILOGRAM, confirmed=True)
SWEEP = Act(name="record.sweep", roles=frozenset({Role.COORDINATOR}))
TASK = Task(
    what="intercept", to="LG Ejercicio", priority=Priority.IMMEDIATE, deadline=NOON + timedelta(days=2), signals=()
)


def figures(store: MemoryStore, *, by: Officer = COORDINATOR, node: str = HOUSE.node) -> PeriodEvaluation:
    """Evaluate March."""
    with store.work() as work:
        made = evaluate(MARCH, by=by, under=MANDATE, work=work, house=replace(HOUSE, node=node))
        work.commit()
    return made


def achieved(store: MemoryStore, outcome: Outcome, node: str = HOUSE.node) -> str:
    """Record a result and return its id."""
    with store.work() as work:
        house = replace(HOUSE, node=node)
        done = record_outcome(outcome, house=house, by=COORDINATOR, under=MANDATE, work=work)
        work.commit()
    return done.record.header.id


class Story:
    """Ecuador sees and shares; Peru tasks, boards and finds."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.world = World(EC, PE, clock=self.clock)
        self.ec, self.pe = self.world[EC], self.world[PE]
        self.signal = self.ec.a_signal()
        self.later(minutes=20)
        with self.ec.working() as work:
            validate(self.signal, by=ANA, under=UNDER, work=work)
        self.later(minutes=10)
        self.shared(self.ec, self.signal)
        self.later(minutes=30)
        with self.pe.working() as work:
            task = propose_task(
                replace(TASK, signals=(self.signal,)), house=self.pe.house, by=LIA, under=UNDER, work=work
            ).header.id
        with self.pe.working() as work:
            accept_task(task, by=LIA, under=UNDER, work=work)
        self.later(hours=1)
        with self.pe.working() as work:
            start_task(task, by=LIA, under=UNDER, work=work)
        self.later(hours=5)
        with self.pe.working() as work:
            finish_task(task, words="boarded", by=LIA, under=UNDER, work=work)
        self.outcome = achieved(
            self.pe.store,
            Outcome(
                kind=OutcomeKind.SEIZURE,
                at=self.clock.now,
                quantities=(COCAINE,),
                task=task,
                signals=(self.signal,),
                contributions=(Contribution(node=EC, role="detected"),),
                double_count_key="ex-1",
            ),
            PE,
        )

    def later(self, **span: int) -> None:
        """Let time pass."""
        self.clock.now += timedelta(**span)

    def shared(self, node: Node, record: str) -> None:
        """Share a record with Peru and let it arrive."""
        with node.working() as work:
            terms = Terms(agreement=BETWEEN)
            share(record, PE, terms=terms, by=LIA, under=UNDER, work=work, house=node.house, book=node.book())
        self.world.deliver()


def test_whoever_boarded_sees_the_way_from_the_first_position() -> None:
    """Every step it can know, in order, with how long each part took; the other's decision is not invented."""
    story = Story()
    made = figures(story.pe.store, node=PE)
    (chain,) = made.chains
    assert [step.mark for step in chain.steps] == [
        Mark.SEEN,
        Mark.SIGNALLED,
        Mark.RECEIVED,
        Mark.TASKED,
        Mark.UNDER_WAY,
        Mark.RESULT,
    ]
    assert chain.took(Mark.RECEIVED, Mark.TASKED) == timedelta(minutes=30)
    assert chain.took(Mark.SEEN, Mark.RESULT) == timedelta(hours=14 + 7)
    assert chain.took(Mark.SIGNALLED, Mark.DECIDED) is None
    assert not made.gaps
    (row,) = made.partners
    assert (row.partner, dict(row.received), row.our_results) == (EC, {"signal": 1}, (story.outcome,))
    (total,) = made.totals
    assert (total.value, total.confirmed, total.outcomes) == (2000.0, 2000.0, (story.outcome,))


def test_whoever_detected_sees_what_it_gave_and_how_fast_it_decided() -> None:
    """The share, its receipt, and a request that was answered in time."""
    story = Story()
    with story.pe.working() as work:
        question = Question(question="Is the vessel known?", urgency=Urgency.URGENT)
        asked = ask(
            question,
            EC,
            agreement=BETWEEN,
            by=LIA,
            under=UNDER,
            work=work,
            house=story.pe.house,
            book=story.pe.book(),
        ).header.id
    story.world.deliver()
    story.later(hours=2)
    with story.ec.working() as work:
        reply = Reply(request=asked, says=Says.ANSWERED, words="It is not.", at=work.now)
        answer(asked, reply, by=LIA, under=UNDER, work=work, house=story.ec.house, book=story.ec.book())
    story.world.deliver()
    made = figures(story.ec.store, node=EC)
    (row,) = made.partners
    assert (row.partner, dict(row.given), row.held, row.refused) == (PE, {"signal": 1}, 1, 0)
    assert (row.it_asked.asked, row.it_asked.answered, row.it_asked.late) == (1, 1, 0)
    assert row.it_asked.took.median == timedelta(hours=2).total_seconds()
    (rule,) = made.rules
    assert (rule.rule, rule.raised, rule.by_state) == ("maritime.gap/1", 1, {TriageState.VALIDATED: 1})
    assert figures(story.pe.store, node=PE).partners[0].we_asked == row.it_asked


def test_one_result_is_followed_by_an_officer_and_that_is_written_down() -> None:
    """The entry names the result that was opened; whoever may not look sees nothing."""
    story = Story()
    with story.pe.working() as work:
        chain = follow(story.outcome, by=LIA, under=UNDER, work=work, house=story.pe.house)
    entry = story.pe.store.entries[-1]
    assert (entry.act, entry.touched[0].record, entry.touched[0].opened) == ("evaluation.follow", story.outcome, True)
    assert chain.outcome == story.outcome
    with story.pe.store.work() as work, pytest.raises(NotEntitledError):
        follow(story.outcome, by=OVERSIGHT, under=UNDER, work=work, house=story.pe.house)
    with story.pe.store.work() as work, pytest.raises(UnknownError):
        follow(story.signal, by=LIA, under=UNDER, work=work, house=story.pe.house)


def test_what_a_result_names_and_nothing_shows_is_listed() -> None:
    """A signal destroyed since, a contributor nobody heard of, a share that never was, a date before all of it."""
    story = Story()
    achieved(
        story.pe.store,
        Outcome(
            kind=OutcomeKind.NOTHING_FOUND,
            at=NOON - timedelta(hours=20),
            signals=(story.signal,),
            shares=("0190-nowhere",),
            contributions=(Contribution(node="fr.ayni.example", role="identified"),),
        ),
        PE,
    )
    made = figures(story.pe.store, node=PE)
    says = [gap.why.says for gap in made.gaps]
    assert len(says) == 3
    assert any("named as a contributor" in one for one in says)
    assert any("share" in one for one in says)
    assert any("before anything" in one for one in says)
    with story.pe.working() as work, acting(SWEEP, by=COORDINATOR, under=UNDER, work=work) as acts:
        acts.tombstone(story.signal, why="expired")
    after = figures(story.pe.store, node=PE)
    assert sum("deleted, recalled" in gap.why.says for gap in after.gaps) == 2
    assert [one.value for one in after.totals] == [2000.0]


def test_the_same_seizure_recorded_twice_counts_once() -> None:
    """The exhibit number is the same; which result is left out is said."""
    store = a_store()
    seizure = Outcome(kind=OutcomeKind.SEIZURE, at=NOON, quantities=(COCAINE,), double_count_key="EX-2026-17")
    first = achieved(store, seizure)
    second = achieved(store, replace(seizure, double_count_key="ex-2026-17 "))
    achieved(store, replace(seizure, double_count_key="EX-2026-18", quantities=(replace(COCAINE, confirmed=False),)))
    made = figures(store)
    assert set(made.counted_once) < {first, second}
    assert len(made.counted_once) == 1
    assert made.outcomes == {OutcomeKind.SEIZURE: 2}
    (total,) = made.totals
    assert (total.value, total.confirmed) == (4000.0, 2000.0)


def test_dismissals_are_counted_by_their_reason() -> None:
    """What was validated of what was decided is the honest rate of a rule; five at least make one."""
    world = World(EC, PE)
    node = world[EC]
    for number in range(6):
        signal = node.a_signal(number + 1)
        with node.working() as work:
            if number < 2:
                validate(signal, by=ANA, under=UNDER, work=work)
            else:
                dismiss(signal, why=Dismissal.FISHING, by=ANA, under=UNDER, work=work)
    (rule,) = figures(node.store, node=EC).rules
    assert rule.dismissals == {Dismissal.FISHING: 4}
    assert (rule.useful.of, rule.useful.out_of) == (2, 6)
    assert rule.useful.rate == pytest.approx(1 / 3)


def test_asking_for_figures_is_written_down_and_not_everybody_may() -> None:
    """The entry holds the period and counts; an analyst asks the coordinator."""
    store = a_store()
    figures(store, by=OVERSIGHT)
    entry = store.entries[-1]
    assert (entry.act, entry.by, entry.facts["outcomes"]) == ("evaluation.make", OVERSIGHT.id, 0)
    with pytest.raises(NotEntitledError):
        figures(store, by=ANA)
    assert len(store.entries) == 1
    with pytest.raises(InvalidValueError, match="ends after"):
        Period(since=NOON, until=NOON)


kinds = st.sampled_from([OutcomeKind.SEIZURE, OutcomeKind.NOTHING_FOUND, OutcomeKind.RESCUE])
amounts = st.floats(0.0, 1e6).map(lambda value: replace(COCAINE, value=value))
results: st.SearchStrategy[Callable[[OutcomeKind], Outcome]] = st.builds(
    lambda hours, amount, key: (
        lambda kind: Outcome(
            kind=kind,
            at=NOON - timedelta(hours=hours),
            quantities=() if kind is OutcomeKind.NOTHING_FOUND else (amount,),
            double_count_key=key,
        )
    ),
    st.integers(0, 60),
    amounts,
    st.sampled_from(["", "A", "B"]),
)


@settings(max_examples=40)
@given(st.lists(st.tuples(kinds, results), max_size=12))
def test_figures_add_up_to_the_results_behind_them(
    made: list[tuple[OutcomeKind, Callable[[OutcomeKind], Outcome]]],
) -> None:
    """Each result of the period stands in exactly one count or among those counted once, and none from outside."""
    store = a_store()
    names = {achieved(store, result(kind)): result(kind) for kind, result in made}
    report = figures(store)
    within = {name for name, result in names.items() if MARCH.since <= result.at < MARCH.until}
    assert {chain.outcome for chain in report.chains} == within
    assert sum(report.outcomes.values()) + len(report.counted_once) == len(within)
    counted = within - set(report.counted_once)
    assert {name for total in report.totals for name in total.outcomes} == {
        name for name in counted if names[name].quantities
    }
    assert sum(total.value for total in report.totals) == pytest.approx(
        sum(quantity.value for name in counted for quantity in names[name].quantities)
    )
    found = report.something_found
    assert found.of == sum(names[name].kind is not OutcomeKind.NOTHING_FOUND for name in counted)
