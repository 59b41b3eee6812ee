"""One result traced back to the first position that led to it, as far as this node knows.

    seen → signalled → decided → shared ─────────────────→ result
                                 received → tasked → asked → answered → under way → result

Each node traces with its own records: whoever detected sees when it shared and learns the result,
whoever boarded sees when it received. A step that this node cannot know is absent, never guessed.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from ayni.casework.triage import signal_of
from ayni.errors import UnknownError
from ayni.exchange.holdings import REFUSED, exposure_in, exposures, holding_in, holding_of
from ayni.model.act import Act, acting
from ayni.model.handling import Mandate
from ayni.model.officer import Officer, Role
from ayni.model.outcome import Outcome
from ayni.model.record import House, Record
from ayni.model.signal import Reason
from ayni.model.store import Query, Work
from ayni.model.triage import TriageState
from ayni.operations.results import outcome_of
from ayni.operations.tasking import task_of
from ayni.toolkit.phrases import phrase

FOLLOW = Act(
    name="evaluation.follow",
    roles=frozenset({Role.COORDINATOR, Role.INVESTIGATOR, Role.LIAISON, Role.ANALYST}),
)


class Mark(StrEnum):
    """A step on the way to a result, in the order of the way."""

    SEEN = "seen"
    """First position that belongs to the signal."""
    SIGNALLED = "signalled"
    DECIDED = "decided"
    """An officer validated it."""
    SHARED = "shared"
    RECEIVED = "received"
    TASKED = "tasked"
    CONSENT_ASKED = "consent-asked"
    CONSENT_ANSWERED = "consent-answered"
    UNDER_WAY = "under-way"
    RESULT = "result"


LEGS: Sequence[tuple[Mark, Mark]] = (
    (Mark.SEEN, Mark.SIGNALLED),
    (Mark.SIGNALLED, Mark.DECIDED),
    (Mark.SEEN, Mark.SHARED),
    (Mark.SEEN, Mark.RECEIVED),
    (Mark.RECEIVED, Mark.TASKED),
    (Mark.CONSENT_ASKED, Mark.CONSENT_ANSWERED),
    (Mark.TASKED, Mark.UNDER_WAY),
    (Mark.UNDER_WAY, Mark.RESULT),
    (Mark.SEEN, Mark.RESULT),
)
"""Durations that are worth a figure: each can be shortened by somebody."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One step: when, by which record, and with which partner if it crossed a border."""

    mark: Mark
    at: datetime
    record: str
    partner: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """Something that a result names and this node cannot show."""

    outcome: str
    why: Reason


@dataclass(frozen=True, slots=True, kw_only=True)
class Chain:
    """A result with every step that led to it, the earliest first, and what is missing in between."""

    outcome: str
    originator: str
    result: Outcome
    steps: tuple[Step, ...]
    gaps: tuple[Gap, ...]

    def first(self, mark: Mark) -> Step | None:
        """Return the earliest step of a kind, or None."""
        return next((step for step in self.steps if step.mark is mark), None)

    def took(self, start: Mark, end: Mark) -> timedelta | None:
        """Return the time between two steps; None if one is absent or they came the other way round."""
        before, after = self.first(start), self.first(end)
        if before is None or after is None or after.at < before.at:
            return None
        return after.at - before.at


def follow(outcome: str, *, by: Officer, under: Mandate, work: Work, house: House) -> Chain:
    """Trace one result back; the consultation is written down. The caller commits.

    Raises:
        NotEntitledError: if the officer may not.
        UnknownError: if there is no such outcome here.
    """
    with acting(FOLLOW, by=by, under=under, work=work) as acts:
        record = acts.open(outcome)
        chain = trace(record, node=house.node, work=work)
        acts.note(steps=len(chain.steps), gaps=len(chain.gaps))
    return chain


def trace(record: Record[object], *, node: str, work: Work) -> Chain:
    """Trace a result back with the records of *node*.

    Raises:
        UnknownError: if the record is no outcome.
    """
    header, result = record.header, outcome_of(record)
    ours = header.originator == node
    steps = [Step(mark=Mark.RESULT, at=result.at, record=header.id, partner="" if ours else header.originator)]
    missing = list[Reason]()
    signals = dict.fromkeys(result.signals)
    task = _here(result.task, work)
    if task is not None:
        steps += _of_task(task)
        signals |= dict.fromkeys(task_of(task).signals)
    elif result.task and ours:
        missing.append(
            Reason(says=phrase("the task {record} is not here"), facts={"record": result.task}, weight=0.0)
        )
    for name in signals:
        found = _here(name, work)
        if found is None:
            says = phrase("the signal {record} is not here: deleted, recalled, or never received")
            missing.append(Reason(says=says, facts={"record": name}, weight=0.0))
        else:
            steps += _of_signal(found, work=work)
    missing += _unshown(result, steps, node=node, ours=ours, work=work)
    return Chain(
        outcome=header.id,
        originator=header.originator,
        result=result,
        steps=tuple(sorted(steps, key=lambda step: (step.at, list(Mark).index(step.mark)))),
        gaps=tuple(Gap(outcome=header.id, why=why) for why in missing),
    )


def _of_task(record: Record[object]) -> Iterator[Step]:
    name, task = record.header.id, task_of(record)
    marks = (
        (Mark.TASKED, record.header.made_at),
        (Mark.CONSENT_ASKED, task.consent.asked_at),
        (Mark.CONSENT_ANSWERED, task.consent.answered_at),
        (Mark.UNDER_WAY, task.started_at),
    )
    yield from (Step(mark=mark, at=at, record=name) for mark, at in marks if at is not None)


def _of_signal(record: Record[object], *, work: Work) -> Iterator[Step]:
    name, triaged = record.header.id, signal_of(record)
    yield Step(mark=Mark.SEEN, at=triaged.signal.started_at, record=name)
    yield Step(mark=Mark.SIGNALLED, at=triaged.signal.made_at, record=name)
    if triaged.triage.at is not None and triaged.triage.state is TriageState.VALIDATED:
        yield Step(mark=Mark.DECIDED, at=triaged.triage.at, record=name)
    for header in exposures(work, record=name):
        if header.state != REFUSED:
            exposure = exposure_in(work.get(header.id))
            yield Step(mark=Mark.SHARED, at=exposure.shared_at, record=name, partner=exposure.to)
    held = holding_of(work, name)
    if held is not None:
        holding = holding_in(held)
        yield Step(mark=Mark.RECEIVED, at=holding.received_at, record=name, partner=holding.sender)


def _unshown(result: Outcome, steps: Sequence[Step], *, node: str, ours: bool, work: Work) -> Iterator[Reason]:
    """Yield what a result claims, and no record here bears out."""
    known = {step.partner for step in steps if step.partner}
    for one in result.contributions if ours else ():
        if one.node not in {node, *known}:
            says = phrase("{partner} is named as a contributor, and nothing here came from it or went to it")
            yield Reason(says=says, facts={"partner": one.node, "role": one.role}, weight=0.0)
    for share in result.shares if ours else ():
        if not any(work.find(Query(identifier=f"{kind}:{share}", limit=1)) for kind in ("message", "record")):
            yield Reason(says=phrase("the share {share} is not known here"), facts={"share": share}, weight=0.0)
    led = [step.at for step in steps if step.mark is not Mark.RESULT]
    if led and result.at < min(led):
        says = phrase("the result is dated {at:instant}, before anything that led to it")
        yield Reason(says=says, facts={"at": result.at.isoformat()}, weight=0.0)
    if not result.signals and not any(step.mark is Mark.SEEN for step in steps):
        yield Reason(says=phrase("the result names no signal: nothing shows what led to it"), weight=0.0)


def _here(record: str, work: Work) -> Record[object] | None:
    if not record:
        return None
    try:
        return work.get(record)
    except UnknownError:
        return None
