"""A period as one value: what was raised, decided, shared and achieved, and what does not reconcile.

    made = evaluate(period, by=officer, under=mandate, work=work, house=house)

Every figure counts records that the same node can open, and carries their ids where there are few.
The same seizure recorded twice counts once. What a result names and nothing here shows stands in
`gaps`: a report that hides them would be propaganda. No figure is by officer, and none by
nationality, ethnicity, religion, opinion or sex.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from ayni.casework.triage import signal_of
from ayni.evaluation.chain import LEGS, Chain, Gap, Mark, trace
from ayni.evaluation.figures import Portion, Spread, spread
from ayni.evaluation.partners import PAGE, Reciprocity, reciprocity
from ayni.model.act import Act, acting
from ayni.model.checks import aware, require
from ayni.model.handling import Mandate
from ayni.model.officer import Officer, Role
from ayni.model.outcome import OutcomeKind, Unit
from ayni.model.record import House, Record
from ayni.model.store import Query, Work
from ayni.model.triage import Dismissal, TriageState
from ayni.operations.results import outcome_of

EVALUATE = Act(
    name="evaluation.make",
    roles=frozenset({Role.COORDINATOR, Role.INVESTIGATOR, Role.LIAISON, Role.OVERSIGHT}),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """From an instant up to another, which no longer belongs to it.

    Raises:
        InvalidValueError: if it ends before it begins, or an instant has no time zone.
    """

    since: datetime
    until: datetime

    def __post_init__(self) -> None:
        aware(self.since, "since")
        aware(self.until, "until")
        require(self.since < self.until, "until", "a period ends after it begins")


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleFigures:
    """What became of the signals of one rule."""

    rule: str
    raised: int
    by_state: Mapping[TriageState, int]
    dismissals: Mapping[Dismissal, int]

    @property
    def useful(self) -> Portion:
        """Of those that an officer validated or dismissed, how many were validated."""
        validated = self.by_state.get(TriageState.VALIDATED, 0)
        return Portion(of=validated, out_of=validated + self.by_state.get(TriageState.DISMISSED, 0))


@dataclass(frozen=True, slots=True, kw_only=True)
class Total:
    """How much of one thing, in one unit, over all results that count."""

    kind: OutcomeKind
    of: str
    unit: Unit
    value: float
    confirmed: float
    """Of that, weighed or tested."""
    outcomes: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Leg:
    """How long one part of the way took, over the results that show both its ends."""

    start: Mark
    end: Mark
    took: Spread


@dataclass(frozen=True, slots=True, kw_only=True)
class PeriodEvaluation:
    """What a period was good for."""

    node: str
    period: Period
    made_at: datetime
    rules: tuple[RuleFigures, ...]
    outcomes: Mapping[OutcomeKind, int]
    """Every result once, also those of partners that rest on something of ours."""
    counted_once: tuple[str, ...]
    """Results left out of the totals: the same exhibit stands in another one."""
    totals: tuple[Total, ...]
    legs: tuple[Leg, ...]
    partners: tuple[Reciprocity, ...]
    chains: tuple[Chain, ...]

    @property
    def gaps(self) -> tuple[Gap, ...]:
        """What results name and this node cannot show."""
        return tuple(gap for chain in self.chains for gap in chain.gaps)

    @property
    def something_found(self) -> Portion:
        """Of the results, how many found something: honest only because "nothing found" is one."""
        nothing = self.outcomes.get(OutcomeKind.NOTHING_FOUND, 0)
        all_of_them = sum(self.outcomes.values())
        return Portion(of=all_of_them - nothing, out_of=all_of_them)


def evaluate(period: Period, *, by: Officer, under: Mandate, work: Work, house: House) -> PeriodEvaluation:
    """Make the figures of a period. The caller commits: who asked for them is written down.

    Signals count in the period in which they began, results in the one in which they happened.

    Raises:
        NotEntitledError: if the officer may not. Nothing is looked up.
    """
    with acting(EVALUATE, by=by, under=under, work=work) as acts:
        chains, twice = _chains(period, house.node, work)
        results = [chain for chain in chains if chain.outcome not in twice]
        made = PeriodEvaluation(
            node=house.node,
            period=period,
            made_at=acts.now,
            rules=_rules(period, work),
            outcomes=_by_kind(results),
            counted_once=tuple(twice),
            totals=_totals(results),
            legs=tuple(_legs(results)),
            partners=reciprocity(since=period.since, until=period.until, chains=results, node=house.node, work=work),
            chains=chains,
        )
        acts.note(
            since=period.since.isoformat(),
            until=period.until.isoformat(),
            signals=sum(rule.raised for rule in made.rules),
            outcomes=len(results),
            gaps=len(made.gaps),
        )
    return made


@dataclass(slots=True)
class _Rule:
    states: dict[TriageState, int] = field(default_factory=dict[TriageState, int])
    dismissals: dict[Dismissal, int] = field(default_factory=dict[Dismissal, int])


def _rules(period: Period, work: Work) -> tuple[RuleFigures, ...]:
    """Count from clear columns alone; only dismissed signals are opened, for their reason."""
    rules = dict[str, _Rule]()
    after = ""
    while True:
        query = Query(kind="signal", since=period.since, until=period.until, after=after, limit=PAGE)
        headers = work.find(query)
        for header in headers:
            rule = rules.setdefault(header.rule, _Rule())
            state = TriageState(header.state)
            rule.states[state] = rule.states.get(state, 0) + 1
            if state is TriageState.DISMISSED:
                dismissal = signal_of(work.get(header.id)).triage.dismissal or Dismissal.OTHER
                rule.dismissals[dismissal] = rule.dismissals.get(dismissal, 0) + 1
        if len(headers) < PAGE:
            break
        after = headers[-1].id
    return tuple(
        RuleFigures(
            rule=name,
            raised=sum(rules[name].states.values()),
            by_state=rules[name].states,
            dismissals=rules[name].dismissals,
        )
        for name in sorted(rules)
    )


def _chains(period: Period, node: str, work: Work) -> tuple[tuple[Chain, ...], Sequence[str]]:
    """Trace every result of the period, oldest first; say which repeat the exhibit of an earlier one."""
    chains, twice, exhibits = list[Chain](), list[str](), set[str]()
    for record in sorted(_outcomes(period, work), key=lambda record: (outcome_of(record).at, record.header.id)):
        chains.append(trace(record, node=node, work=work))
        named = {name for name in record.header.identifiers if name.startswith("exhibit:")}
        if named & exhibits:
            twice.append(record.header.id)
        exhibits |= named
    return tuple(chains), twice


def _outcomes(period: Period, work: Work) -> Iterator[Record[object]]:
    after = ""
    while True:
        query = Query(kind="outcome", since=period.since, until=period.until, after=after, limit=PAGE)
        headers = work.find(query)
        yield from (work.get(header.id) for header in headers)
        if len(headers) < PAGE:
            return
        after = headers[-1].id


def _by_kind(chains: Sequence[Chain]) -> Mapping[OutcomeKind, int]:
    counts = dict[OutcomeKind, int]()
    for chain in chains:
        counts[chain.result.kind] = counts.get(chain.result.kind, 0) + 1
    return counts


def _totals(chains: Sequence[Chain]) -> tuple[Total, ...]:
    """Add what is of the same kind, matter and unit; kilograms of one thing are not those of another."""
    sums = dict[tuple[OutcomeKind, str, Unit], tuple[float, float, tuple[str, ...]]]()
    for chain in chains:
        for quantity in chain.result.quantities:
            key = (chain.result.kind, quantity.of.strip().casefold(), quantity.unit)
            value, confirmed, outcomes = sums.get(key, (0.0, 0.0, ()))
            sums[key] = (
                value + quantity.value,
                confirmed + (quantity.value if quantity.confirmed else 0.0),
                (*outcomes, chain.outcome),
            )
    return tuple(
        Total(kind=kind, of=of, unit=unit, value=value, confirmed=confirmed, outcomes=tuple(dict.fromkeys(outcomes)))
        for (kind, of, unit), (value, confirmed, outcomes) in sorted(sums.items())
    )


def _legs(chains: Sequence[Chain]) -> Iterator[Leg]:
    for start, end in LEGS:
        took = [time for chain in chains if (time := chain.took(start, end)) is not None]
        if took:
            yield Leg(start=start, end=end, took=spread(took))
