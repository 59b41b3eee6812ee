"""What an officer decided about a signal: validate, dismiss, or silence for a while."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from ayni.model.checks import aware, require
from ayni.model.signal import Signal


class TriageState(StrEnum):
    """Where a signal stands at the desk; also the record's clear `state`."""

    PENDING = "pending"
    VALIDATED = "validated"
    DISMISSED = "dismissed"
    SILENCED = "silenced"
    RETRACTED = "retracted"


class Dismissal(StrEnum):
    """Why a signal was set aside: a closed list, so that false alarms can be counted, plus words."""

    POOR_RECEPTION = "poor-reception"
    DATA_ERROR = "data-error"
    NORMAL_OPERATION = "normal-operation"
    FISHING = "fishing"
    WAITING_FOR_BERTH = "waiting-for-berth"
    PILOT_OR_TUG = "pilot-or-tug"
    GEAR_BEACON = "gear-beacon"
    KNOWN_VESSEL = "known-vessel"
    DISTRESS_HANDLED = "distress-handled"
    DUPLICATE = "duplicate"
    OUTSIDE_REMIT = "outside-remit"
    OTHER = "other"


@dataclass(frozen=True, slots=True, kw_only=True)
class Triage:
    """The decision that stands, who took it and why."""

    state: TriageState = TriageState.PENDING
    by: str = ""
    at: datetime | None = None
    dismissal: Dismissal | None = None
    words: str = ""
    until: datetime | None = None

    def __post_init__(self) -> None:
        decided = self.state in {TriageState.VALIDATED, TriageState.DISMISSED, TriageState.SILENCED}
        require(not decided or bool(self.by), "by", "a decision names its officer")
        require(not decided or self.at is not None, "at", "a decision has its instant")
        require(
            self.state is not TriageState.DISMISSED or self.dismissal is not None,
            "dismissal",
            "a dismissal gives its reason",
        )
        require(
            self.dismissal is not Dismissal.OTHER or bool(self.words.strip()),
            "words",
            "the reason `other` needs words",
        )
        require(self.state is not TriageState.SILENCED or self.until is not None, "until", "silence has an end")
        for name in ("at", "until"):
            value = getattr(self, name)
            if value is not None:
                aware(value, name)


@dataclass(frozen=True, slots=True, kw_only=True)
class TriagedSignal:
    """Body of a record of kind `signal`: what was seen, and what became of it here."""

    signal: Signal
    triage: Triage = field(default_factory=Triage)
