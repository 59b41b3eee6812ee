"""What an officer asks a patrol to do, and where that stands."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from ayni.model.checks import aware, require
from ayni.model.place import Place


class TaskState(StrEnum):
    """Where a task stands."""

    PROPOSED = "proposed"
    ACCEPTED = "accepted"
    DECLINED = "declined"
    UNDER_WAY = "under-way"
    DONE = "done"


class Priority(StrEnum):
    """How soon, in the words of a watch floor."""

    FLASH = "flash"
    IMMEDIATE = "immediate"
    PRIORITY = "priority"
    ROUTINE = "routine"


class ConsentState(StrEnum):
    """Flag State consent to board on the high seas. Source: UNCLOS art. 108, Vienna Convention 1988 art. 17."""

    NOT_NEEDED = "not-needed"
    ASKED = "asked"
    GRANTED = "granted"
    REFUSED = "refused"
    ENDED = "ended"
    """Given, and then withdrawn or run out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Consent:
    """Whether the flag State must agree before a boarding, and what it answered."""

    state: ConsentState = ConsentState.NOT_NEEDED
    flag: str = ""
    """ISO 3166 alpha-2 of the State asked."""
    asked_at: datetime | None = None
    answered_at: datetime | None = None
    reference: str = ""
    request: str = ""
    """Id of the request that asked a partner's node; its answer there is the consent."""

    def __post_init__(self) -> None:
        needed = self.state is not ConsentState.NOT_NEEDED
        require(not needed or bool(self.flag), "flag", "consent is asked of a State")
        require(not needed or self.asked_at is not None, "asked_at", "consent has the instant it was asked")
        for name in ("asked_at", "answered_at"):
            value = getattr(self, name)
            if value is not None:
                aware(value, name)


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """One task to one patrol: what, where, until when, and why.

    Raises:
        InvalidValueError: without words, without an addressee, or with a decline that gives no reason.
    """

    what: str
    to: str
    """Asset or unit, e.g. "LG Isla Floreana" or "Estación Esmeraldas"."""
    priority: Priority = Priority.ROUTINE
    place: Place | None = None
    not_before: datetime | None = None
    deadline: datetime
    reply_format: str = ""
    signals: tuple[str, ...] = ()
    """Record ids of the signals it answers to."""
    state: TaskState = TaskState.PROPOSED
    decided_by: str = ""
    words: str = ""
    """What the patrol said when it accepted, declined or reported done."""
    consent: Consent = Consent()
    started_at: datetime | None = None
    done_at: datetime | None = None

    def __post_init__(self) -> None:
        require(bool(self.what.strip()), "what", "a task says what to do")
        require(bool(self.to.strip()), "to", "a task is for somebody")
        require(
            self.state is not TaskState.DECLINED or bool(self.words.strip()), "words", "a decline gives its reason"
        )
        aware(self.deadline, "deadline")
        for name in ("not_before", "started_at", "done_at"):
            value = getattr(self, name)
            if value is not None:
                aware(value, name)
