"""An officer decides about a signal: stand behind it, set it aside, or silence it for a while.

Only people decide, and every decision can be taken back by another decision;
what was decided before stays in the ledger. Dismissals choose from a closed list
so that false alarms can be counted by rule, and may add words.
"""

from __future__ import annotations

from datetime import datetime

from ayni.errors import InvalidValueError, UnknownError, WrongStateError
from ayni.model.act import Act, Acting, acting
from ayni.model.handling import Mandate
from ayni.model.officer import Officer, Role
from ayni.model.record import Record, next_version
from ayni.model.store import Query, Work
from ayni.model.triage import Dismissal, Triage, TriagedSignal, TriageState

_DECIDERS = frozenset({Role.ANALYST, Role.INVESTIGATOR, Role.COORDINATOR})
VALIDATE = Act(name="signal.validate", roles=_DECIDERS)
DISMISS = Act(name="signal.dismiss", roles=_DECIDERS)
SILENCE = Act(name="signal.silence", roles=_DECIDERS)
WAKE = Act(name="signal.wake", roles=_DECIDERS, machine=True)


def validate(
    record: str, *, words: str = "", by: Officer, under: Mandate, work: Work, version: int | None = None
) -> Record[object]:
    """Record that an officer stands behind a signal: it is worth acting on. The caller commits.

    Raises:
        NotEntitledError: if the officer may not validate signals. Nothing is written.
        WrongStateError: if the signal was retracted or is validated already.
        ChangedMeanwhileError: if it is not at *version*, the one the officer read.
    """
    with acting(VALIDATE, by=by, under=under, work=work) as acts:
        triage = Triage(state=TriageState.VALIDATED, by=by.id, at=acts.now, words=words)
        return _decide(acts, record, triage, version)


def dismiss(
    record: str,
    *,
    why: Dismissal,
    words: str = "",
    by: Officer,
    under: Mandate,
    work: Work,
    version: int | None = None,
) -> Record[object]:
    """Set a signal aside, with a reason from the closed list. The caller commits.

    Raises:
        NotEntitledError: if the officer may not dismiss signals. Nothing is written.
        InvalidValueError: if the reason is `other` and there are no words.
        WrongStateError: if the signal was retracted or is dismissed already.
        ChangedMeanwhileError: if it is not at *version*.
    """
    with acting(DISMISS, by=by, under=under, work=work) as acts:
        triage = Triage(state=TriageState.DISMISSED, by=by.id, at=acts.now, dismissal=why, words=words)
        return _decide(acts, record, triage, version)


def silence(
    record: str,
    *,
    until: datetime,
    words: str = "",
    by: Officer,
    under: Mandate,
    work: Work,
    version: int | None = None,
) -> Record[object]:
    """Keep a signal quiet until an instant; then it is pending again. The caller commits.

    Raises:
        NotEntitledError: if the officer may not silence signals. Nothing is written.
        InvalidValueError: if *until* is not in the future.
        WrongStateError: if the signal was retracted or is silenced already.
        ChangedMeanwhileError: if it is not at *version*.
    """
    with acting(SILENCE, by=by, under=under, work=work) as acts:
        if until <= acts.now:
            raise InvalidValueError(field="until", why=f"{until.isoformat()} is not in the future")
        triage = Triage(state=TriageState.SILENCED, by=by.id, at=acts.now, until=until, words=words)
        return _decide(acts, record, triage, version)


def wake_silenced(*, by: Officer, under: Mandate, work: Work, limit: int = 1000) -> tuple[str, ...]:
    """Make pending again whatever was silenced until now or earlier; return the record ids. The caller commits."""
    woken: list[str] = []
    for header in work.find(Query(kind="signal", states=(TriageState.SILENCED.value,), limit=limit)):
        stored = work.get(header.id)
        body = signal_of(stored)
        if body.triage.until is None or body.triage.until > work.now:
            continue
        with acting(WAKE, by=by, under=under, work=work) as acts:
            awake = TriagedSignal(signal=body.signal, triage=Triage(words=body.triage.words))
            acts.put(
                next_version(stored, awake, now=acts.now, state=TriageState.PENDING.value),
                replacing=header.version,
            )
        woken.append(header.id)
    return tuple(woken)


def signal_of(record: Record[object]) -> TriagedSignal:
    """Return the body of a record of kind `signal`.

    Raises:
        UnknownError: if the record is of another kind.
    """
    if not isinstance(record.body, TriagedSignal):
        raise UnknownError(kind="signal", name=record.header.id)
    return record.body


def _decide(acts: Acting, record: str, triage: Triage, version: int | None) -> Record[object]:
    stored = acts.get(record)
    body = signal_of(stored)
    if body.triage.state in {TriageState.RETRACTED, triage.state}:
        raise WrongStateError(
            thing=f"signal {record}", state=body.triage.state.value, act=triage.state.value, needs="undecided"
        )
    decided = next_version(
        stored, TriagedSignal(signal=body.signal, triage=triage), now=acts.now, state=triage.state.value
    )
    acts.put(decided, replacing=stored.header.version if version is None else version)
    acts.note(before=body.triage.state.value, after=triage.state.value, words=triage.words)
    if triage.dismissal is not None:
        acts.note(why=triage.dismissal.value)
    return decided
