"""An officer's own sighting, radar contact or phone tip: it enters by the same path as a detector's signal."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from ayni.model.checks import aware, finite, require
from ayni.model.entity import Entity
from ayni.model.place import Place


class SourceReliability(StrEnum):
    """Admiralty scale, source. Source: NATO AJP-2.1, STANAG 2511."""

    A = "A"
    """Completely reliable."""
    B = "B"
    C = "C"
    D = "D"
    E = "E"
    F = "F"
    """Cannot be judged."""


class InformationCredibility(StrEnum):
    """Admiralty scale, information. Source: NATO AJP-2.1, STANAG 2511."""

    CONFIRMED = "1"
    PROBABLE = "2"
    POSSIBLE = "3"
    DOUBTFUL = "4"
    IMPROBABLE = "5"
    UNJUDGED = "6"


class ReportKind(StrEnum):
    """How it was perceived."""

    SIGHTING = "sighting"
    RADAR_CONTACT = "radar-contact"
    RADIO_CALL = "radio-call"
    PHONE_TIP = "phone-tip"
    AERIAL_SIGHTING = "aerial-sighting"
    PARTNER_CALL = "partner-call"


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What an officer reports, with how far source and information can be trusted."""

    kind: ReportKind
    words: str
    at: datetime
    place: Place
    uncertainty_m: float
    source: SourceReliability
    information: InformationCredibility
    subjects: tuple[Entity, ...] = ()
    distress: bool = False
    """Somebody may need help: the rescue centre comes first."""

    def __post_init__(self) -> None:
        require(bool(self.words.strip()), "words", "a report says what was perceived")
        aware(self.at, "at")
        finite(self.uncertainty_m, "uncertainty_m", 0.0)
