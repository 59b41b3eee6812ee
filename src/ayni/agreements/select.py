"""Which rows could pass: what a database can answer before Cedar decides each one.

For one principal, action, purpose and instant, everything the request states is known; what
remains of the policies speaks of clear columns alone. `preselect` turns that rest into a
small tree of tests on columns. It may let a row through that Cedar then refuses, never the
other way round: where a test cannot be put to a column, it is taken to pass.

    where = Where(condition=preselect(slice_, ask, standing, header), at=ask.at)
    rows = work.find(Query(kind="signal", where=where))
    seen = [header for header in rows if book.decide(ask, header).permitted]
"""

from __future__ import annotations

from collections.abc import Sequence

from ayni.agreements.decide import Slice
from ayni.agreements.request import Ask, Standing, facts_of
from ayni.agreements.syntax import Expr
from ayni.agreements.vocabulary import BY_PATH, Facts, Value
from ayni.model.columns import ALWAYS, NEVER, All, AnyOf, ColumnTest, Condition, Not, ordered
from ayni.model.record import Header

MEMBERSHIP = frozenset({"contains", "containsAny", "containsAll"})
FLIPPED = {"<": ">", "<=": ">=", ">": "<", ">=": "<="}


def preselect(slice_: Slice, ask: Ask, standing: Standing, plain: Header) -> Condition:
    """Return tests that every record passes which the slice permits for *ask*.

    *plain* is any header; only what the request states is taken from the facts made with it, except
    consents, which belong to single records and are therefore left open.
    """
    stated: dict[str, Value] = {
        path: value
        for path, value in facts_of(ask, plain, standing).items()
        if not path.startswith("resource.") and path not in CONSENTS
    }
    permits, forbids = list[Condition](), list[Condition]()
    for policy in slice_.policies:
        if ask.action in policy.actions:
            tests = _Reader(stated, over=policy.permits).tests(policy.condition)
            (permits if policy.permits else forbids).append(tests)
    return _all([_any(permits), *(_not(forbid) for forbid in forbids)])


CONSENTS = frozenset({"context.onwardConsent", "context.courtConsent"})


class _Reader:
    """Reads a condition with what is stated filled in.

    `over` takes what it cannot test to be true; without it, to be false.
    """

    def __init__(self, stated: Facts, *, over: bool) -> None:
        self._stated = stated
        self._over = over

    def tests(self, expr: Expr) -> Condition:
        """Return the tests a condition comes down to."""
        if expr.op == "!":
            return _not(_Reader(self._stated, over=not self._over).tests(expr.args[0]))
        if expr.op in {"&&", "||"}:
            parts = [self.tests(arg) for arg in expr.args]
            return _all(parts) if expr.op == "&&" else _any(parts)
        if expr.op == "if":
            condition, then, otherwise = expr.args
            taken = _all([self.tests(condition), self.tests(then)])
            return _any([taken, _all([self.tests(Expr("!", (condition,))), self.tests(otherwise)])])
        found = self._atom(expr)
        if found is None:
            return ALWAYS if self._over else NEVER
        return found

    def _atom(self, expr: Expr) -> Condition | None:
        if expr.op in {"truth", "path"}:
            return self._truth(expr)
        if expr.op in {"==", "!="}:
            found = self._equal(*expr.args)
            return found if found is None or expr.op == "==" else _not(found)
        if expr.op in FLIPPED:
            return self._compared(expr.op, *expr.args)
        return self._members(expr.op, *expr.args) if expr.op in MEMBERSHIP else None

    def _truth(self, expr: Expr) -> Condition | None:
        known = self._known(expr)
        if known is not None:
            return ALWAYS if known else NEVER
        return ColumnTest(attribute=_name(expr), operator="is", values=(True,)) if _column(expr) else None

    def _known(self, expr: Expr) -> Value | None:
        if expr.op in {"word", "node", "action", "number", "truth"}:
            return expr.value
        if expr.op == "set":
            values = [self._known(arg) for arg in expr.args]
            return None if None in values else tuple(str(value) for value in values)
        return self._stated.get(str(expr.value)) if expr.op == "path" else None

    def _equal(self, left: Expr, right: Expr) -> Condition | None:
        known_left, known_right = self._known(left), self._known(right)
        if known_left is not None and known_right is not None:
            return ALWAYS if known_left == known_right else NEVER
        if known_left is None and known_right is None:
            return None
        path, value = (left, known_right) if known_left is None else (right, known_left)
        if not _column(path) or value is None or isinstance(value, tuple):
            return None
        operator = "is" if isinstance(value, bool) else "in"
        return ColumnTest(attribute=_name(path), operator=operator, values=(_plain(value),))

    def _compared(self, operator: str, left: Expr, right: Expr) -> Condition | None:
        known_left, known_right = self._known(left), self._known(right)
        if isinstance(known_left, int) and isinstance(known_right, int):
            return ALWAYS if ordered(operator, known_left, known_right) else NEVER
        if isinstance(known_right, int) and _column(left):
            return ColumnTest(attribute=_name(left), operator=operator, values=(known_right,))
        if isinstance(known_left, int) and _column(right):
            return ColumnTest(attribute=_name(right), operator=FLIPPED[operator], values=(known_left,))
        return None

    def _members(self, operator: str, left: Expr, right: Expr) -> Condition | None:
        holder, wanted = self._known(left), self._known(right)
        asked = wanted if isinstance(wanted, tuple) else None if wanted is None else (str(wanted),)
        if isinstance(holder, tuple):
            if asked is not None:
                inside = [value in holder for value in asked]
                return ALWAYS if (any(inside) if operator == "containsAny" else all(inside)) else NEVER
            if not _column(right) or operator == "containsAll":
                return None
            return ColumnTest(
                attribute=_name(right), operator="in" if operator == "contains" else "has", values=holder
            )
        if asked is None or not _column(left):
            return None
        tests = [ColumnTest(attribute=_name(left), operator="has", values=(value,)) for value in asked]
        return _any(tests) if operator == "containsAny" else _all(tests)


def _column(expr: Expr) -> bool:
    return expr.op == "path" and str(expr.value).startswith("resource.") and bool(BY_PATH[str(expr.value)].column)


def _name(expr: Expr) -> str:
    return BY_PATH[str(expr.value)].name


def _plain(value: Value) -> str | int | bool:
    return value if isinstance(value, bool | int) else str(value)


def _all(parts: Sequence[Condition]) -> Condition:
    kept = [part for part in parts if part != ALWAYS]
    if NEVER in kept:
        return NEVER
    return kept[0] if len(kept) == 1 else All(parts=tuple(kept))


def _any(parts: Sequence[Condition]) -> Condition:
    kept = [part for part in parts if part != NEVER]
    if ALWAYS in kept:
        return ALWAYS
    return kept[0] if len(kept) == 1 else AnyOf(parts=tuple(kept))


def _not(part: Condition) -> Condition:
    if part == ALWAYS:
        return NEVER
    return ALWAYS if part == NEVER else Not(part=part)
