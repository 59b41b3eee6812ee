"""What came of it: an outcome linked back to the signals, shares and partners that led to it.

"Nothing found" is an outcome: without it no rate of false alarms can be honest.
The same seizure reported by three agencies is one seizure: the exhibit or
registration number is kept only as a keyed hash, and whoever records the second
one is told of the first.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from ayni.errors import InvalidValueError, UnknownError
from ayni.model.act import Act, acting
from ayni.model.handling import Mandate
from ayni.model.officer import Officer, Role
from ayni.model.outcome import Outcome
from ayni.model.record import House, Record, cell_of, next_version
from ayni.model.store import Query, Work

RECORD_OUTCOME = Act(name="outcome.record", roles=frozenset({Role.COORDINATOR, Role.INVESTIGATOR}))
CONFIRM_OUTCOME = Act(
    name="outcome.confirm", roles=frozenset({Role.COORDINATOR, Role.INVESTIGATOR, Role.LIAISON}), machine=True
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """The outcome, and others that seem to count the same thing."""

    record: Record[object]
    same_as: tuple[str, ...] = ()


def record_outcome(outcome: Outcome, *, house: House, by: Officer, under: Mandate, work: Work) -> Recorded:
    """Write down what came of it. The caller commits.

    Raises:
        NotEntitledError: if the officer may not. Nothing is written.
        InvalidValueError: if it lies in the future.
        UnknownError: if the task or a signal it names is not here.
    """
    with acting(RECORD_OUTCOME, by=by, under=under, work=work) as acts:
        if outcome.at > acts.now:
            raise InvalidValueError(field="at", why=f"{outcome.at.isoformat()} is in the future")
        parents = tuple(parent for parent in (outcome.task, *outcome.signals) if parent)
        for parent in parents:
            acts.get(parent)
        key = outcome.double_count_key.strip().upper()
        identifiers = (f"exhibit:{key}",) if key else ()
        same = acts.find(Query(kind="outcome", identifier=identifiers[0])) if identifiers else ()
        header = replace(
            house.header("outcome", under=under, now=acts.now, identifiers=identifiers),
            state=outcome.kind.value,
            started_at=outcome.at,
            ended_at=outcome.at,
            cell=cell_of(outcome.place),
            parents=parents,
        )
        record: Record[object] = Record(header=header, body=replace(outcome, double_count_key=""))
        acts.put(record, replacing=None)
        acts.note(kind=outcome.kind.value, same_as=len(same))
        return Recorded(record=record, same_as=tuple(header.id for header in same))


def confirm_outcome(record: str, *, agency: str, by: Officer, under: Mandate, work: Work) -> Record[object]:
    """Note that a second agency confirms an outcome. The caller commits.

    Raises:
        NotEntitledError: if the officer may not. Nothing is written.
        InvalidValueError: without the agency's name.
    """
    with acting(CONFIRM_OUTCOME, by=by, under=under, work=work) as acts:
        if not agency.strip():
            raise InvalidValueError(field="agency", why="a confirmation names its agency")
        stored = acts.get(record)
        confirmed = replace(outcome_of(stored), confirmed_by=agency)
        changed = next_version(stored, confirmed, now=acts.now, state=stored.header.state)
        acts.put(changed, replacing=stored.header.version)
        acts.note(agency=agency)
        return changed


def outcome_of(record: Record[object]) -> Outcome:
    """Return the body of a record of kind `outcome`.

    Raises:
        UnknownError: if the record is of another kind.
    """
    if not isinstance(record.body, Outcome):
        raise UnknownError(kind="outcome", name=record.header.id)
    return record.body
