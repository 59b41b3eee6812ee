"""What came of it: seized, arrested, rescued, or nothing found, which is an outcome too."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from ayni.model.checks import aware, finite, require
from ayni.model.place import Place

TOLD = "told"
"""State of a record that tells a contributor of an outcome; every other has its kind as its state."""


class OutcomeKind(StrEnum):
    """What happened in the end."""

    SEIZURE = "seizure"
    ARREST = "arrest"
    RESCUE = "rescue"
    VICTIM_IDENTIFIED = "victim-identified"
    VICTIM_PROTECTED = "victim-protected"
    ASSET_FROZEN = "asset-frozen"
    VESSEL_DETAINED = "vessel-detained"
    AIRCRAFT_DETAINED = "aircraft-detained"
    AIRSTRIP_DISABLED = "airstrip-disabled"
    LABORATORY_DISABLED = "laboratory-disabled"
    DOCUMENT_FRAUD = "document-fraud"
    REFERRAL = "referral"
    NOTHING_FOUND = "nothing-found"


class Unit(StrEnum):
    """Unit of a quantity."""

    KILOGRAM = "kg"
    LITRE = "l"
    PIECE = "piece"
    PERSON = "person"
    VESSEL = "vessel"
    AIRCRAFT = "aircraft"
    USD = "USD"
    EUR = "EUR"
    HECTARE = "ha"


@dataclass(frozen=True, slots=True, kw_only=True)
class Quantity:
    """How much of what. `net` is without packaging; `confirmed` means weighed or tested by a laboratory."""

    of: str
    """e.g. "cocaine hydrochloride", "persons arrested"; never a name."""
    value: float
    unit: Unit
    net: bool = True
    confirmed: bool = False
    purity: float | None = None
    """Fraction, 0 to 1."""

    def __post_init__(self) -> None:
        require(bool(self.of.strip()), "of", "a quantity is of something")
        finite(self.value, "value", 0.0)
        if self.purity is not None:
            finite(self.purity, "purity", 0.0, 1.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Contribution:
    """A node that helped, and how: the ground of reciprocity."""

    node: str
    role: str
    """`detected`, `shared`, `identified`, `intercepted`, `boarded`…"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """One result, linked back to the signals, shares and partners that led to it.

    Raises:
        InvalidValueError: for a seizure without a quantity, or "nothing found" with one.
    """

    kind: OutcomeKind
    at: datetime
    place: Place | None = None
    quantities: tuple[Quantity, ...] = ()
    value_method: str = ""
    words: str = ""
    task: str = ""
    signals: tuple[str, ...] = ()
    shares: tuple[str, ...] = ()
    contributions: tuple[Contribution, ...] = ()
    evidence: tuple[str, ...] = ()
    legal_follow_up: str = ""
    double_count_key: str = ""
    """Exhibit or registration number of the thing; kept as a keyed hash to find the same seizure reported twice."""
    confirmed_by: str = ""
    """The second agency that confirmed it."""
    told_of: str = ""
    """Id of the outcome that this one tells a contributor of: whoever counts, counts it under that id."""

    def __post_init__(self) -> None:
        aware(self.at, "at")
        require(
            self.kind is not OutcomeKind.SEIZURE or bool(self.quantities), "quantities", "a seizure says how much"
        )
        require(
            self.kind is not OutcomeKind.NOTHING_FOUND or not self.quantities,
            "quantities",
            "nothing found has no quantity",
        )
