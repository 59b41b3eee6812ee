"""A condition on clear columns: what a database can answer before any row is opened.

The tree is made of tests on the attributes that policies may read. An implementation of `Work`
may let more rows through than the condition says, never fewer: whoever asks decides each row
again. That is what makes room for the one attribute that no column of a row holds, the
agreements of its parents.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeAlias

from ayni.model.checks import aware
from ayni.model.record import Header

DAY = timedelta(days=1)
MOST_DAYS = 36_600
"""An age is told up to a hundred years."""
ORDER = frozenset({"<", "<=", ">", ">="})


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnTest:
    """One test of one attribute of a record: `tlp` `in` (RED, AMBER).

    Operators: `in` (the word is one of `values`), `has` (the set holds one of them),
    `<`, `<=`, `>`, `>=` (a number), `is` (a truth value).
    """

    attribute: str
    operator: str
    values: tuple[str | int | bool, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class All:
    """Every part passes; an empty one always does."""

    parts: tuple[Condition, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class AnyOf:
    """Some part passes; an empty one never does."""

    parts: tuple[Condition, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Not:
    """The part does not pass."""

    part: Condition


Condition: TypeAlias = ColumnTest | All | AnyOf | Not
ALWAYS, NEVER = All(), AnyOf()


@dataclass(frozen=True, slots=True, kw_only=True)
class Where:
    """A condition, and the instant at which ages and retention are reckoned."""

    condition: Condition
    at: datetime

    def __post_init__(self) -> None:
        aware(self.at, "at")


Value = str | int | bool | tuple[str, ...]

READ: Mapping[str, Callable[[Header, datetime], Value]] = {
    "kind": lambda header, _at: header.kind,
    "desk": lambda header, _at: header.rule.partition(".")[0],
    "rule": lambda header, _at: header.rule,
    "state": lambda header, _at: header.state,
    "originator": lambda header, _at: header.originator,
    "purposes": lambda header, _at: header.purposes,
    "codes": lambda header, _at: header.handling.codes,
    "tlp": lambda header, _at: header.handling.tlp,
    "pap": lambda header, _at: header.handling.pap,
    "categories": lambda header, _at: header.categories,
    "ageDays": lambda header, at: age_days(header.made_at, at),
    "priority": lambda header, _at: percent(header.priority),
    "expired": lambda header, at: at >= header.keep_until,
    "recalled": lambda header, _at: header.recalled_at is not None,
    "held": lambda header, _at: header.hold is not None,
    "agreement": lambda header, _at: header.agreement,
}
"""How each attribute is read from a header. `lineage` is not among them: it lies in other rows."""


def age_days(made_at: datetime, at: datetime) -> int:
    """Return whole days since *made_at*; 0 for what was made later than *at* (a clock that runs ahead)."""
    return min(max(0, (at - made_at) // DAY), MOST_DAYS)


def percent(priority: float) -> int:
    """Return a priority of 0 to 1 in whole percent, held within 0 and 100."""
    return min(100, max(0, int(priority * 100)))


def may_match(where: Where, header: Header) -> bool:
    """Return whether a header may meet a condition; True wherever its own columns cannot tell."""
    return _matches(where.condition, header, where.at, unknown=True)


def _matches(condition: Condition, header: Header, at: datetime, *, unknown: bool) -> bool:
    """Return the answer, with *unknown* in place of what no column tells."""
    if isinstance(condition, All):
        return all(_matches(part, header, at, unknown=unknown) for part in condition.parts)
    if isinstance(condition, AnyOf):
        return any(_matches(part, header, at, unknown=unknown) for part in condition.parts)
    if isinstance(condition, Not):
        return not _matches(condition.part, header, at, unknown=not unknown)
    read = READ.get(condition.attribute)
    return unknown if read is None else _passes(condition, read(header, at))


def _passes(test: ColumnTest, value: Value) -> bool:
    wanted = test.values
    if test.operator in ORDER:
        return isinstance(value, int) and ordered(test.operator, value, int(wanted[0]))
    if test.operator == "has":
        return isinstance(value, tuple) and any(word in value for word in wanted)
    return value in wanted


def ordered(operator: str, left: int, right: int) -> bool:
    """Return whether two numbers stand as `<`, `<=`, `>` or `>=` says."""
    return {"<": left < right, "<=": left <= right, ">": left > right, ">=": left >= right}[operator]
