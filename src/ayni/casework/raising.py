"""Signals enter the casebook: new ones wait for an officer, known ones are revised, never doubled.

The id of a signal is deterministic, so the same finding arriving twice changes
nothing. A later revision replaces what was seen and keeps what an officer
decided about it, except that a retraction ends the matter whatever was decided:
the ground for it is gone.

A signal may name a record of ours that it was watched for: the area that an officer
drew, the entry of the watchlist. That record becomes its parent, and its owner finds the signal among their own.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from ayni.model.act import Act, acting
from ayni.model.area import Area
from ayni.model.handling import Mandate
from ayni.model.officer import Officer, Role
from ayni.model.record import Header, House, Record, cell_of
from ayni.model.signal import Signal, SignalState
from ayni.model.store import Query, Work
from ayni.model.triage import Triage, TriagedSignal, TriageState
from ayni.model.watch_entry import WatchEntry

RAISE = Act(name="signal.raise", roles=frozenset({Role.ANALYST}), machine=True)
REVISE = Act(name="signal.revise", roles=frozenset({Role.ANALYST}), machine=True)
RETRACT = Act(name="signal.retract", roles=frozenset({Role.ANALYST}), machine=True)

SUBJECT_IDENTIFIERS = {
    "mmsi": "mmsi",
    "imoNumber": "imo",
    "callSign": "callsign",
    "registrationNumber": "registration",
}
"""FollowTheMoney property to the prefix of the identifier that finds the record again."""


WATCHED_FOR = frozenset({"area_record", "entry_record"})
"""Facts that name the record a vessel was watched for under."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Raised:
    """What became of a batch of signals: record ids of each."""

    new: tuple[str, ...] = ()
    revised: tuple[str, ...] = ()
    retracted: tuple[str, ...] = ()
    unchanged: int = 0


def raise_signals(
    signals: Iterable[Signal], *, house: House, by: Officer, under: Mandate, work: Work, parents: tuple[str, ...] = ()
) -> Raised:
    """Bring signals into the casebook, one ledger entry each. The caller commits.

    Raises:
        NotEntitledError: if *by* may not raise signals. Nothing is written.
    """
    new: list[str] = []
    revised: list[str] = []
    retracted: list[str] = []
    unchanged = 0
    for signal in signals:
        stored = _stored(signal, work)
        if stored is None:
            if signal.state is not SignalState.RETRACTED:
                new.append(_raise(signal, house=house, by=by, under=under, work=work, parents=parents))
            else:
                unchanged += 1
        elif _body(stored).signal.revision >= signal.revision:
            unchanged += 1
        elif signal.state is SignalState.RETRACTED:
            _revise(RETRACT, stored, signal, by=by, under=under, work=work)
            retracted.append(stored.header.id)
        else:
            _revise(REVISE, stored, signal, by=by, under=under, work=work)
            revised.append(stored.header.id)
    return Raised(new=tuple(new), revised=tuple(revised), retracted=tuple(retracted), unchanged=unchanged)


def _stored(signal: Signal, work: Work) -> Record[object] | None:
    found = work.find(Query(kind="signal", identifier=f"signal:{signal.id}", limit=1))
    return work.get(found[0].id) if found else None


def _body(record: Record[object]) -> TriagedSignal:
    body = record.body
    if not isinstance(body, TriagedSignal):
        message = f"record {record.header.id} of kind {record.header.kind} holds a {type(body).__name__}"
        raise TypeError(message)
    return body


def _raise(signal: Signal, *, house: House, by: Officer, under: Mandate, work: Work, parents: tuple[str, ...]) -> str:
    with acting(RAISE, by=by, under=under, work=work) as acts:
        asked = asked_for(signal, work)
        told = tuple(sorted({*identifiers_of(signal), *(f"told:{officer}" for officer in asked.values())}))
        header = house.header("signal", under=under, now=acts.now, identifiers=told)
        header = replace(_described(header, signal), state=TriageState.PENDING.value, parents=(*parents, *asked))
        acts.put(Record(header=header, body=TriagedSignal(signal=signal)), replacing=None)
        acts.note(rule=signal.rule, signal=signal.id, revision=signal.revision)
    return header.id


def _revise(act: Act, stored: Record[object], signal: Signal, *, by: Officer, under: Mandate, work: Work) -> None:
    with acting(act, by=by, under=under, work=work) as acts:
        triage = _body(stored).triage
        if act is RETRACT:
            triage = Triage(
                state=TriageState.RETRACTED,
                by=triage.by,
                at=triage.at,
                dismissal=triage.dismissal,
                words=triage.words,
                until=triage.until,
            )
        header = replace(
            _described(stored.header, signal),
            version=stored.header.version + 1,
            changed_at=acts.now,
            state=triage.state.value,
            identifiers=tuple(sorted({*stored.header.identifiers, *identifiers_of(signal)})),
        )
        acts.put(
            Record(header=header, body=TriagedSignal(signal=signal, triage=triage)), replacing=stored.header.version
        )
        acts.note(rule=signal.rule, signal=signal.id, revision=signal.revision)


def asked_for(signal: Signal, work: Work) -> dict[str, str]:
    """Return the records that *signal* names as having been watched for, each with the officer who owns it.

    A record that is not here, or is of another kind, is passed over: whoever wrote the sentence may have
    read it elsewhere.
    """
    named = {str(fact) for reason in signal.reasons for name, fact in reason.facts.items() if name in WATCHED_FOR}
    found = {header.id: work.get(header.id).body for header in work.find(Query(among=tuple(sorted(named))))}
    return {record: body.owner for record, body in sorted(found.items()) if isinstance(body, Area | WatchEntry)}


def identifiers_of(signal: Signal) -> tuple[str, ...]:
    """Return what the record of *signal* can be found by: the signal's id and its subjects' numbers."""
    found = {f"signal:{signal.id}"}
    for entity in signal.subjects:
        for name, prefix in SUBJECT_IDENTIFIERS.items():
            found |= {f"{prefix}:{value}" for value in entity.properties.get(name, ())}
    return tuple(sorted(found))


def _described(header: Header, signal: Signal) -> Header:
    return replace(
        header,
        rule=signal.rule,
        started_at=signal.started_at,
        ended_at=signal.ended_at,
        priority=signal.score,
        cell=cell_of(signal.place),
        handling=signal.handling,
    )
