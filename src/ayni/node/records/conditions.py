"""A condition on clear columns to SQL; at least the rows that meet it, and no more than columns make necessary."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from functools import reduce
from operator import and_, or_

from django.db.models import F, Q, TextField, Value
from django.db.models.functions import Concat
from django.db.models.lookups import Contains, GreaterThanOrEqual

from ayni.model.columns import MOST_DAYS, ORDER, All, AnyOf, ColumnTest, Condition, Not, Where
from ayni.node.records.sealing import to_us

YES, NO = Q(pk__isnull=False), Q(pk__in=())
"""An empty `Q` would vanish from an alternative instead of passing it."""
DAY_US = 86_400_000_000
WORDS = frozenset({"kind", "rule", "state", "originator", "tlp", "pap", "agreement"})
SETS = frozenset({"purposes", "codes", "categories"})
"""Columns of words from closed lists, separated by spaces."""
MOST_PERCENT = 100


def condition_of(where: Where) -> Q:
    """Return what selects the rows that may meet *where*."""
    return _of(where.condition, where.at, unknown=YES)


def _of(condition: Condition, at: datetime, *, unknown: Q) -> Q:
    if isinstance(condition, All):
        return reduce(and_, (_of(part, at, unknown=unknown) for part in condition.parts), YES)
    if isinstance(condition, AnyOf):
        return reduce(or_, (_of(part, at, unknown=unknown) for part in condition.parts), NO)
    if isinstance(condition, Not):
        return ~_of(condition.part, at, unknown=NO if unknown is YES else YES)
    return _test(condition, at, unknown)


def _test(test: ColumnTest, at: datetime, unknown: Q) -> Q:
    name = test.attribute
    if name in WORDS:
        return Q(**{f"{name}__in": [str(value) for value in test.values]})
    if name in SETS:
        return reduce(or_, (_holds(name, str(value)) for value in test.values), NO)
    if name == "desk":
        return reduce(or_, (_of_desk(str(value)) for value in test.values), NO)
    if name in NUMBERS and test.operator in ORDER:
        return _compared(NUMBERS[name], test.operator, int(test.values[0]), at)
    if name in TRUTHS:
        answer = TRUTHS[name](at)
        return reduce(or_, (answer if value else ~answer for value in test.values), NO)
    return unknown


def _holds(column: str, word: str) -> Q:
    """Look for a whole word: `H1` is not found in `H10`."""
    return Q(Contains(Concat(Value(" "), F(column), Value(" "), output_field=TextField()), f" {word} "))


def _of_desk(desk: str) -> Q:
    """Return rules of one desk: `maritime.` and what follows it, up to the next character after the dot."""
    return Q(rule=desk) | Q(rule__gte=f"{desk}.", rule__lt=f"{desk}/")


def _age(at: datetime, days: int) -> Q:
    if days <= 0 or days > MOST_DAYS:
        return YES if days <= 0 else NO
    return Q(made_at__lte=to_us(at) - days * DAY_US)


def _percent(_at: datetime, percent: int) -> Q:
    if percent <= 0 or percent > MOST_PERCENT:
        return YES if percent <= 0 else NO
    return Q(GreaterThanOrEqual(F("priority") * Value(100.0), Value(float(percent))))


NUMBERS: Mapping[str, Callable[[datetime, int], Q]] = {"ageDays": _age, "priority": _percent}
"""How a number that is at least so much is found."""

TRUTHS: Mapping[str, Callable[[datetime], Q]] = {
    "expired": lambda at: Q(keep_until__lte=to_us(at)),
    "recalled": lambda _at: Q(recalled_at__isnull=False),
    "held": lambda _at: Q(held=True),
}


def _compared(at_least: Callable[[datetime, int], Q], operator: str, number: int, at: datetime) -> Q:
    if operator == ">=":
        return at_least(at, number)
    if operator == ">":
        return at_least(at, number + 1)
    return ~at_least(at, number if operator == "<" else number + 1)
