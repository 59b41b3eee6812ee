"""A signal waits, an officer decides, the decision is written down."""

from __future__ import annotations

from datetime import timedelta

import pytest

from ayni.casework.consult import consult
from ayni.casework.raising import Raised, raise_signals
from ayni.casework.reports import DISTRESS, file_report
from ayni.casework.triage import dismiss, signal_of, silence, validate, wake_silenced
from ayni.errors import (
    ChangedMeanwhileError,
    InvalidValueError,
    NotEntitledError,
    UnknownError,
    WrongStateError,
)
from ayni.model.memory import MemoryStore
from ayni.model.place import Point
from ayni.model.report import InformationCredibility, Report, ReportKind, SourceReliability
from ayni.model.signal import Signal, SignalState
from ayni.model.store import Query
from ayni.model.triage import Dismissal, TriageState
from tests.people import ANALYST, DESK, HOUSE, MANDATE, NOON, OVERSIGHT, Clock, a_signal, a_store


def raised(store: MemoryStore, *signals: Signal) -> Raised:
    """Bring signals into the casebook."""
    with store.work() as work:
        result = raise_signals(signals, house=HOUSE, by=DESK, under=MANDATE, work=work)
        work.commit()
    return result


def test_the_same_signal_twice_is_one_signal() -> None:
    """Ids are deterministic: arriving again changes nothing and writes nothing."""
    store = a_store()
    assert len(raised(store, a_signal()).new) == 1
    again = raised(store, a_signal())
    assert again == Raised(unchanged=1)
    assert [entry.act for entry in store.entries] == ["signal.raise"]


def test_a_revision_keeps_what_the_officer_decided() -> None:
    """Late data changes what was seen, not who stands behind it."""
    store = a_store()
    (record,) = raised(store, a_signal()).new
    with store.work() as work:
        validate(record, by=ANALYST, under=MANDATE, work=work)
        work.commit()
    assert raised(store, a_signal(revision=2)).revised == (record,)
    with store.work() as work:
        body = signal_of(work.get(record))
    assert body.signal.revision == 2
    assert body.triage.state is TriageState.VALIDATED


def test_a_retraction_ends_the_matter_whatever_was_decided() -> None:
    """The ground is gone: the signal is retracted and can no longer be validated."""
    store = a_store()
    (record,) = raised(store, a_signal()).new
    raised(store, a_signal(revision=2, state=SignalState.RETRACTED))
    with store.work() as work, pytest.raises(WrongStateError, match="retracted"):
        validate(record, by=ANALYST, under=MANDATE, work=work)


def test_a_machine_never_validates() -> None:
    """The desk may raise, never stand behind; nothing is written."""
    store = a_store()
    (record,) = raised(store, a_signal()).new
    with store.work() as work, pytest.raises(NotEntitledError, match="desk:maritime may not"):
        validate(record, by=DESK, under=MANDATE, work=work)
    assert len(store.entries) == 1


def test_a_dismissal_gives_its_reason_and_other_needs_words() -> None:
    """Reasons are counted, so they come from a list; `other` is explained."""
    store = a_store()
    (record,) = raised(store, a_signal()).new
    with store.work() as work, pytest.raises(InvalidValueError, match="needs words"):
        dismiss(record, why=Dismissal.OTHER, by=ANALYST, under=MANDATE, work=work)
    with store.work() as work:
        done = dismiss(record, why=Dismissal.POOR_RECEPTION, by=ANALYST, under=MANDATE, work=work)
        work.commit()
    assert done.header.state == "dismissed"
    assert store.entries[-1].facts["why"] == "poor-reception"


def test_two_officers_at_once_do_not_overwrite_one_another() -> None:
    """Whoever read the older version is told so."""
    store = a_store()
    (record,) = raised(store, a_signal()).new
    with store.work() as work:
        validate(record, by=ANALYST, under=MANDATE, work=work, version=1)
        work.commit()
    with store.work() as work, pytest.raises(ChangedMeanwhileError, match="version 2"):
        dismiss(record, why=Dismissal.FISHING, by=ANALYST, under=MANDATE, work=work, version=1)


def test_silence_ends_by_itself() -> None:
    """Silenced until tomorrow is pending tomorrow, not before."""
    clock = Clock()
    store = a_store(clock)
    (record,) = raised(store, a_signal()).new
    with store.work() as work:
        silence(record, until=NOON + timedelta(days=1), by=ANALYST, under=MANDATE, work=work)
        work.commit()
    with store.work() as work:
        assert wake_silenced(by=DESK, under=MANDATE, work=work) == ()
    clock.now = NOON + timedelta(days=1)
    with store.work() as work:
        assert wake_silenced(by=DESK, under=MANDATE, work=work) == (record,)
        work.commit()
    with store.work() as work:
        assert [header.id for header in work.find(Query(states=("pending",)))] == [record]


def test_silence_until_the_past_is_refused() -> None:
    """An end that has passed is no end."""
    store = a_store()
    (record,) = raised(store, a_signal()).new
    with store.work() as work, pytest.raises(InvalidValueError, match="not in the future"):
        silence(record, until=NOON, by=ANALYST, under=MANDATE, work=work)


def test_oversight_reads_history_never_content() -> None:
    """The judge's role does not open records; the analyst's does, and it is written down."""
    store = a_store()
    (record,) = raised(store, a_signal()).new
    with store.work() as work, pytest.raises(NotEntitledError):
        consult(record, by=OVERSIGHT, under=MANDATE, work=work)
    with store.work() as work:
        consult(record, by=ANALYST, under=MANDATE, work=work)
        work.commit()
    entry = store.entries[-1]
    assert entry.act == "record.open"
    assert entry.touched[0].opened


def test_an_officers_report_waits_for_triage_like_any_signal() -> None:
    """The report is kept as written; its signal carries the Admiralty evaluation and asks about distress first."""
    store = a_store()
    report = Report(
        kind=ReportKind.RADAR_CONTACT,
        words="contact without AIS, 8 kn",
        at=NOON - timedelta(hours=1),
        place=Point(coordinates=(-80.5, -1.0)),
        uncertainty_m=900.0,
        source=SourceReliability.B,
        information=InformationCredibility.POSSIBLE,
        distress=True,
    )
    with store.work() as work:
        kept, result = file_report(report, house=HOUSE, by=ANALYST, under=MANDATE, work=work)
        work.commit()
    with store.work() as work:
        signal = work.get(result.new[0])
    assert signal.header.rule == "report.radar_contact/1"
    assert signal.header.parents == (kept.header.id,)
    assert signal_of(signal).signal.reasons[0].says == DISTRESS
    assert signal_of(signal).signal.score == pytest.approx(0.5)
    assert [entry.act for entry in store.entries] == ["report.file", "signal.raise"]
    with store.work() as work, pytest.raises(UnknownError):
        validate(kept.header.id, by=ANALYST, under=MANDATE, work=work)
