"""What a request and its answer say: a question, or the flag State's consent to board.

    Asked    what, why it is urgent, until when an answer is due; the clock is the same on both sides
    Reply    answered | in part | granted | granted with conditions | refused with its ground | withdrawn

On the high seas a ship is under the jurisdiction of the State whose flag it flies; another State
boards it only with that State's consent, which it asks for with the ship's registration marks,
place, and the grounds of suspicion, and which may be given, refused, or given with conditions.

Source: United Nations Convention on the Law of the Sea, articles 92, 108 and 110; United Nations
Convention against Illicit Traffic in Narcotic Drugs (1988), article 17(3) to (7). Clocks:
Directive (EU) 2023/977, article 5.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from ayni.model.checks import aware, finite, is_uuid7, require

MAX_WORDS = 4_000
"""Characters of a question, of grounds, of an answer."""
MAX_LISTED = 32


class Urgency(StrEnum):
    """How soon an answer is due."""

    URGENT = "urgent"
    """Urgent, and the one asked can look it up directly."""
    SOON = "soon"
    """Urgent, and others must be asked first."""
    USUAL = "usual"


CLOCKS: Mapping[Urgency, timedelta] = {
    Urgency.URGENT: timedelta(hours=8),
    Urgency.SOON: timedelta(days=3),
    Urgency.USUAL: timedelta(days=7),
}
"""From the asking to when an answer is due. Source: Directive (EU) 2023/977, article 5(1)."""


class RequestKind(StrEnum):
    """What is asked for."""

    INFORMATION = "information"
    BOARDING = "boarding"
    """The consent of the flag State."""


class Measure(StrEnum):
    """What the flag State is asked to allow. Source: 1988 Convention, article 17(4)."""

    BOARD = "board"
    SEARCH = "search"
    TAKE_ACTION = "take-action"
    """If evidence is found: appropriate action toward vessel, persons and cargo."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Boarding:
    """The vessel, where it is, and why it should be boarded."""

    vessel: str
    """Its name."""
    flag: str
    """The State whose consent is asked, by its two letters."""
    seen_at: datetime
    lat_deg: float
    lon_deg: float
    grounds: str
    """What makes it suspect: facts, not conclusions."""
    measures: tuple[Measure, ...] = (Measure.BOARD,)
    mmsi: str = ""
    imo: str = ""
    callsign: str = ""
    registration: str = ""

    def __post_init__(self) -> None:
        require(bool(self.vessel.strip()), "vessel", "a vessel is named")
        require(len(self.flag) == 2 and self.flag.isascii() and self.flag.isupper(), "flag", "two letters of a State")  # noqa: PLR2004 -- ISO 3166-1 alpha-2
        aware(self.seen_at, "seen_at")
        finite(self.lat_deg, "lat_deg", -90.0, 90.0)
        finite(self.lon_deg, "lon_deg", -180.0, 180.0)
        _words(self.grounds, "grounds")
        require(bool(self.measures), "measures", "a consent is asked for something")


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A request, as it travels."""

    id: str
    kind: RequestKind
    question: str
    urgency: Urgency
    asked_at: datetime
    due_at: datetime
    boarding: Boarding | None = None
    records: tuple[str, ...] = ()
    """Records it is about, shared before or with it."""

    def __post_init__(self) -> None:
        require(is_uuid7(self.id), "id", "not a UUIDv7 in lower case")
        _words(self.question, "question")
        for name in ("asked_at", "due_at"):
            aware(getattr(self, name), name)
        require(self.due_at == self.asked_at + CLOCKS[self.urgency], "due_at", "the clock of its urgency")
        require((self.kind is RequestKind.BOARDING) == (self.boarding is not None), "boarding", "names the vessel")
        require(len(self.records) <= MAX_LISTED, "records", f"at most {MAX_LISTED}")


class Says(StrEnum):
    """What an answer says."""

    ANSWERED = "answered"
    PARTIAL = "partial"
    """Answered in part; its ground says why the rest is not there, and the clock runs on."""
    GRANTED = "granted"
    CONDITIONS = "conditions"
    """Granted, with conditions."""
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"
    """A consent that was given is taken back."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """An answer, as it travels. It comes from a person, whom the answering node's ledger names."""

    request: str
    says: Says
    words: str
    at: datetime
    ground: str = ""
    """Rule of law and reason of a refusal or a withdrawal, or of what a partial answer leaves out."""
    conditions: tuple[str, ...] = ()
    until: datetime | None = None
    """Until when a consent holds."""
    records: tuple[str, ...] = ()
    """Records shared in answer."""

    def __post_init__(self) -> None:
        require(len(self.words) <= MAX_WORDS and len(self.ground) <= MAX_WORDS, "words", f"at most {MAX_WORDS} each")
        aware(self.at, "at")
        if self.until is not None:
            aware(self.until, "until")
        no = self.says in {Says.REFUSED, Says.WITHDRAWN, Says.PARTIAL}
        require(not no or bool(self.ground.strip()), "ground", "whoever refuses, takes back or leaves out says why")
        require(
            (self.says is Says.CONDITIONS) == bool(self.conditions), "conditions", "listed exactly where there are"
        )
        require(all(one.strip() for one in self.conditions), "conditions", "a condition says something")
        require(max(len(self.conditions), len(self.records)) <= MAX_LISTED, "conditions", f"at most {MAX_LISTED}")
        told = bool(self.words.strip() or self.records)
        require(self.says not in {Says.ANSWERED, Says.PARTIAL} or told, "words", "an answer says something")


CONSENTS = frozenset({Says.GRANTED, Says.CONDITIONS})
OPEN = "open"
WAITS = (OPEN, Says.PARTIAL.value)
"""States in which an answer is due."""
FOLLOWS: Mapping[RequestKind, Mapping[str, frozenset[Says]]] = {
    RequestKind.INFORMATION: {
        state: frozenset({Says.ANSWERED, Says.PARTIAL, Says.REFUSED}) for state in (OPEN, Says.PARTIAL)
    },
    RequestKind.BOARDING: {
        OPEN: frozenset({*CONSENTS, Says.REFUSED}),
        Says.GRANTED: frozenset({Says.WITHDRAWN}),
        Says.CONDITIONS: frozenset({Says.WITHDRAWN}),
    },
}
"""Which answer may follow in which state, for each kind of request."""


def _words(text: str, field: str) -> None:
    require(bool(text.strip()) and len(text) <= MAX_WORDS, field, f"1 to {MAX_WORDS} characters")
