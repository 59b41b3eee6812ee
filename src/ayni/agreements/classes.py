"""Values that policies cannot tell apart, so that a decision once made answers for all of them.

A policy that only asks whether an age is above 90 or 365 decides alike for day 91 and day
200; one that only asks whether a legal basis is empty decides alike for every rule of law.
A `Reducer` puts each value into its class, exactly: only where every use of an attribute is
a comparison with something written out in the policies; otherwise the value stands for itself.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterable, Mapping

from ayni.agreements.syntax import Expr, Policy
from ayni.agreements.vocabulary import BY_PATH, Sort, Value

Reducer = Callable[[Value], Value]
COMPARES = frozenset({"==", "!=", "<", "<=", ">", ">=", "contains"})
"""Uses that cannot tell more than a comparison; in a set or a branch of `if` a value goes elsewhere."""
OTHER = ("other",)
"""Class of every word that no policy writes out; a tuple, so that no word equals it."""
LITERAL = {Sort.NUMBER: "number", Sort.WORD: "word"}


def reducers(policies: Iterable[Policy]) -> Mapping[str, Reducer]:
    """Return, for each attribute that allows it, the function from a value to its class."""
    named: dict[str, set[str | int]] = {}
    apart: set[str] = set()
    for policy in policies:
        for node in policy.condition.walk():
            paths = [str(arg.value) for arg in node.args if arg.op == "path" and _reducible(str(arg.value))]
            literals = _literals(node) if node.op in COMPARES else None
            for path in paths:
                if literals is None:
                    apart.add(path)
                else:
                    named.setdefault(path, set()).update(literals)
    return {path: _reducer(path, values) for path, values in named.items() if path not in apart}


def _reducible(path: str) -> bool:
    return path in BY_PATH and BY_PATH[path].sort in LITERAL


def _literals(node: Expr) -> list[str | int] | None:
    """Return what the other side writes out, or None if it is not written out."""
    found: list[str | int] = []
    for arg in node.args:
        if arg.op == "path" and sum(each.op == "path" for each in node.args) == 1:
            continue
        leaves = arg.args if arg.op == "set" else (arg,)
        if any(leaf.op not in {"word", "number"} for leaf in leaves):
            return None
        found += [leaf.value for leaf in leaves]
    return found


def _reducer(path: str, values: set[str | int]) -> Reducer:
    if BY_PATH[path].sort is Sort.NUMBER:
        marks = sorted(int(value) for value in values)
        exact = frozenset(marks)

        def between(value: Value) -> Value:
            number = value if isinstance(value, int) else 0
            return 2 * bisect_left(marks, number) + (number in exact)

        return between
    words = frozenset(str(value) for value in values)
    return lambda value: value if value in words else OTHER
