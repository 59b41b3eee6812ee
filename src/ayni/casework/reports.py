"""An officer's own report becomes a signal: it waits for triage like any other.

The report itself is kept as written (kind `report`), and a signal of the rule
`report.<kind>/1` is raised from it, with the Admiralty evaluation of source and
information as its reasons. Weights: a completely reliable source counts +0.3 and
confirmed information +0.4; unreliable and improbable count against. Ours, to be
calibrated against outcomes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from ayni.casework.raising import Raised, raise_signals
from ayni.model.act import Act, acting
from ayni.model.entity import Entity
from ayni.model.handling import Mandate
from ayni.model.officer import Officer, Role
from ayni.model.record import House, Record, cell_of
from ayni.model.report import InformationCredibility, Report, SourceReliability
from ayni.model.signal import Reason, Signal, SignalState, signal_id
from ayni.model.store import Work
from ayni.toolkit.phrases import phrase

FILE_REPORT = Act(
    name="report.file", roles=frozenset({Role.ANALYST, Role.INVESTIGATOR, Role.COORDINATOR, Role.LIAISON})
)

SOURCE_SAYS: Mapping[SourceReliability, tuple[str, float]] = {
    SourceReliability.A: (phrase("the source is completely reliable (A)"), 0.3),
    SourceReliability.B: (phrase("the source is usually reliable (B)"), 0.2),
    SourceReliability.C: (phrase("the source is fairly reliable (C)"), 0.1),
    SourceReliability.D: (phrase("the source is not usually reliable (D)"), -0.1),
    SourceReliability.E: (phrase("the source is unreliable (E)"), -0.3),
    SourceReliability.F: (phrase("the reliability of the source cannot be judged (F)"), 0.0),
}
INFORMATION_SAYS: Mapping[InformationCredibility, tuple[str, float]] = {
    InformationCredibility.CONFIRMED: (phrase("the information is confirmed by other sources (1)"), 0.4),
    InformationCredibility.PROBABLE: (phrase("the information is probably true (2)"), 0.25),
    InformationCredibility.POSSIBLE: (phrase("the information is possibly true (3)"), 0.1),
    InformationCredibility.DOUBTFUL: (phrase("the information is doubtful (4)"), -0.1),
    InformationCredibility.IMPROBABLE: (phrase("the information is improbable (5)"), -0.3),
    InformationCredibility.UNJUDGED: (phrase("the truth of the information cannot be judged (6)"), 0.0),
}
SAYS = phrase("an officer reported: {words}")
DISTRESS = phrase("somebody may need help: call the maritime rescue coordination centre first")


def file_report(
    report: Report, *, house: House, by: Officer, under: Mandate, work: Work
) -> tuple[Record[object], Raised]:
    """Keep an officer's report and raise its signal. The caller commits.

    Returns:
        The record of the report, and what was raised from it.

    Raises:
        NotEntitledError: if the officer may not file reports. Nothing is written.
    """
    with acting(FILE_REPORT, by=by, under=under, work=work) as acts:
        header = replace(
            house.header("report", under=under, now=acts.now),
            state="filed",
            started_at=report.at,
            ended_at=report.at,
            cell=cell_of(report.place),
        )
        kept: Record[object] = Record(header=header, body=report)
        acts.put(kept, replacing=None)
        acts.note(kind=report.kind.value)
    signal = replace(signal_from(report, header.id), made_at=work.now, handling=house.handling)
    desk = Officer(id="desk:report", name="desk:report", machine=True, answerable=by.id)
    return kept, raise_signals([signal], house=house, by=desk, under=under, work=work, parents=(header.id,))


def signal_from(report: Report, record: str) -> Signal:
    """Return the signal that a report stands for; its id depends on the record alone."""
    rule = f"report.{report.kind.value.replace('-', '_')}/1"
    key = int(record.replace("-", ""), 16)
    reasons = [Reason(says=SAYS, facts={"words": report.words}, weight=0.2)]
    if report.distress:
        reasons.insert(0, Reason(says=DISTRESS, weight=0.0))
    for says, weight in (SOURCE_SAYS[report.source], INFORMATION_SAYS[report.information]):
        reasons.append(Reason(says=says, weight=weight))
    unknown = Entity(id=f"unknown-{record}", schema="Vessel", properties={})
    return Signal(
        id=signal_id(rule, {}, [key]),
        state=SignalState.CLOSED,
        desk="report",
        rule=rule,
        made_at=report.at,
        started_at=report.at,
        ended_at=report.at,
        place=report.place,
        uncertainty_m=report.uncertainty_m,
        subjects=report.subjects or (unknown,),
        reasons=tuple(reasons),
    )
