"""The signal: what a desk says happened, and why it says so.

A signal is a reason to look, never a verdict. It names the rule that fired, the
entities it is about, every reason on both sides, and where the raw evidence lies.
Its id is deterministic: the same data under the same rule gives the same id on
any machine and any engine, so late data revises it instead of doubling it.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from ayni.model.checks import aware, finite, require
from ayni.model.entity import Entity
from ayni.model.handling import Handling
from ayni.model.place import Place

Fact = str | int | float | bool
"""What fills a hole: instants as RFC 3339 text, durations in seconds, quantities in the unit of their name."""


_SHA256_HEX = re.compile(r"[0-9a-f]{64}")


class SignalState(StrEnum):
    """Where a signal stands as data arrives."""

    OPEN = "open"
    """What was seen has not ended yet."""
    CLOSED = "closed"
    RETRACTED = "retracted"
    """Later data took away the ground; partners who hold it are told."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """One fact that counts for or against, in a form a judge can check.

    It travels as a sentence with holes and the facts that fill them, never as
    finished prose: each reader gets it in their own language.

    Raises:
        InvalidValueError: if there is no sentence, the weight is outside [-1, 1], or a fact is NaN or infinite.
    """

    says: str
    """English sentence with holes, e.g. `no position received for {silence_s:duration}`; key of the catalogue."""
    facts: Mapping[str, Fact] = field(default_factory=dict[str, Fact])
    weight: float
    """For (> 0), against (< 0) or context (0). Weights add up; they are shown, not hidden."""

    def __post_init__(self) -> None:
        require(bool(self.says.strip()), "says", "a reason needs its sentence")
        check_facts(self.facts, "facts")
        finite(self.weight, "weight", -1.0, 1.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """Where the raw observation lies, so that anyone holding the file can check it.

    Raises:
        InvalidValueError: if the hash is not 64 hex digits, or offset or length is negative.
    """

    source: str
    """SHA-256 of the file or journal segment, hex."""
    offset: int
    length: int
    at: datetime
    line: str = ""
    """SHA-256 of the bytes at offset, hex; empty until a signal cites it."""
    receiver: str = ""

    def __post_init__(self) -> None:
        require(_is_sha256(self.source), "source", "not a SHA-256 in hex")
        require(self.line == "" or _is_sha256(self.line), "line", "not a SHA-256 in hex")
        require(self.offset >= 0 and self.length >= 0, "offset", "offset and length are never negative")
        aware(self.at, "at")


@dataclass(frozen=True, slots=True, kw_only=True)
class Signal:
    """An explained observation, ready for an analyst to validate, dismiss or silence.

    Raises:
        InvalidValueError: without reasons or subjects, with a naive instant, or with an end before its start.
    """

    id: str
    revision: int = 1
    state: SignalState
    desk: str
    rule: str
    """e.g. `maritime.gap/1`."""
    parameters: Mapping[str, Fact] = field(default_factory=dict[str, Fact])
    """What the rule was run with, every one, also the defaults."""
    made_at: datetime
    started_at: datetime
    ended_at: datetime | None = None
    """None while open."""
    place: Place | None = None
    uncertainty_m: float = 0.0
    subjects: tuple[Entity, ...]
    reasons: tuple[Reason, ...]
    evidence: tuple[Evidence, ...] = ()
    quality: tuple[Reason, ...] = ()
    """What limits the data behind it: same form as a reason, weight 0."""
    handling: Handling = field(default_factory=Handling)

    def __post_init__(self) -> None:
        require(bool(self.id), "id", "a signal needs an id")
        require(self.revision >= 1, "revision", "revisions count from 1")
        require(self.rule.startswith(self.desk + "."), "rule", f"{self.rule} is not a rule of desk {self.desk}")
        check_facts(self.parameters, "parameters")
        require(bool(self.reasons), "reasons", "a signal without reasons is a rumour")
        require(bool(self.subjects), "subjects", "a signal is about somebody or something")
        finite(self.uncertainty_m, "uncertainty_m", 0.0)
        for name in ("made_at", "started_at"):
            aware(getattr(self, name), name)
        if self.ended_at is not None:
            aware(self.ended_at, "ended_at")
            require(self.ended_at >= self.started_at, "ended_at", "ends before it starts")

    @property
    def score(self) -> float:
        """Sum of the weights of all reasons, held within [0, 1]: what to look at first, nothing more."""
        return min(1.0, max(0.0, sum(reason.weight for reason in self.reasons)))


def signal_id(rule: str, parameters: Mapping[str, Fact], keys: Sequence[int]) -> str:
    """Return the deterministic id of what *rule* found at *keys*.

    Only integers enter besides rule and parameters (milliseconds, microdegrees,
    MMSI…), because floating sums differ from run to run and engine to engine.

    Returns:
        32 hex digits: the first 128 bits of SHA-256 over `rule|name=value|…|key|key`.
    """
    settings = "|".join(f"{name}={parameters[name]!r}" for name in sorted(parameters))
    text = f"{rule}|{settings}|{'|'.join(str(int(key)) for key in keys)}"
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def check_facts(facts: Mapping[str, Fact], field: str) -> None:
    """Refuse a fact that is no number: JSON cannot carry it, and nobody can weigh it.

    Raises:
        InvalidValueError: naming the fact.
    """
    for name, fact in facts.items():
        if isinstance(fact, float):
            finite(fact, f"{field}.{name}")


def _is_sha256(text: str) -> bool:
    return _SHA256_HEX.fullmatch(text) is not None
