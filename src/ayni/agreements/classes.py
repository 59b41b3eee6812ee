"""Values that policies cannot tell apart, so that what is known of one request serves all like it.

A policy that only asks whether an age is above 90 or 365 decides alike for day 91 and day
200; one that only asks whether a legal basis is empty decides alike for every rule of law;
of a record's purposes most policies ask only whether the officer's is among them. A
`Sight` is what policies see of one attribute: exact where every use is a comparison with
something they write out, and otherwise the value itself.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from operator import itemgetter

from ayni.agreements.syntax import Expr, Policy
from ayni.agreements.vocabulary import BY_PATH, Facts, Sort, Value

PURPOSE = "context.purpose"
SERVED = "resource.purposes"
COMPARES = frozenset({"==", "!=", "<", "<=", ">", ">=", "contains"})
ASKS_MEMBERS = frozenset({"contains", "containsAny", "containsAll"})

Seen = Value | tuple[bool, tuple[str, ...]]
"""What stands for a value: itself, a place between marks, or the members asked about."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sight:
    """What policies see of one attribute. Two facts with the same sight are decided alike."""

    path: str
    whole: bool = True
    """True when the value stands for itself."""
    marks: tuple[int, ...] = ()
    words: tuple[str, ...] = ()

    def of(self, facts: Facts) -> Seen:
        """Return what stands for the value of this attribute."""
        value = facts[self.path]
        if self.whole:
            return value
        if isinstance(value, tuple):
            served = self.path == SERVED and facts[PURPOSE] in value
            return served, tuple(sorted(word for word in value if word in self.words))
        if isinstance(value, int):
            return 2 * bisect_left(self.marks, value) + (value in self.marks)
        return (False, (value,)) if value in self.words else (False, ())


def sights(policies: Iterable[Policy]) -> tuple[Sight, ...]:
    """Return what policies see of each attribute they read, by path in order."""
    written: dict[str, set[str | int]] = {}
    whole: set[str] = set()
    for policy in policies:
        root = policy.condition
        if root.op == "path":
            whole.add(str(root.value))
        for node in root.walk():
            for at, arg in enumerate(node.args):
                path = str(arg.value)
                if arg.op != "path" or path not in BY_PATH:
                    continue
                literals = _written_beside(node, at, path)
                if literals is None:
                    whole.add(path)
                else:
                    written.setdefault(path, set()).update(literals)
    return tuple(_sight(path, None if path in whole else written[path]) for path in sorted({*written, *whole}))


def looking(seen: tuple[Sight, ...]) -> Callable[[Facts], tuple[Seen, ...]]:
    """Return a function from facts to what *seen* sees of them: equal for facts that are decided alike.

    A decision spends a good part of its time here, so the values that stand for themselves are
    taken out of the facts in one go.
    """
    exact = [sight.path for sight in seen if sight.whole]
    classed = tuple(sight.of for sight in seen if not sight.whole)
    if len(exact) < LEAST:
        return lambda facts: tuple([sight.of(facts) for sight in seen])
    take = itemgetter(*exact)
    return lambda facts: (*take(facts), *[of(facts) for of in classed])


LEAST = 2
"""Names that an `itemgetter` needs to return a tuple."""


def _sight(path: str, literals: set[str | int] | None) -> Sight:
    if literals is None:
        return Sight(path=path)
    if BY_PATH[path].sort is Sort.NUMBER:
        return Sight(path=path, whole=False, marks=tuple(sorted(int(value) for value in literals)))
    return Sight(path=path, whole=False, words=tuple(sorted(str(value) for value in literals)))


def _written_beside(node: Expr, at: int, path: str) -> list[str | int] | None:
    """Return what the other side of an operator writes out, or None if the use may see more than that."""
    sort = BY_PATH[path].sort
    if sort is Sort.WORDS:
        if node.op not in ASKS_MEMBERS or at != 0:
            return None
        if node.op == "contains" and path == SERVED and node.args[1] == Expr("path", value=PURPOSE):
            return []
    elif sort not in {Sort.NUMBER, Sort.WORD} or path == PURPOSE or node.op not in COMPARES:
        return None
    other = node.args[1 - at]
    leaves = other.args if other.op == "set" else (other,)
    if any(leaf.op not in {"word", "number"} for leaf in leaves):
        return None
    return [leaf.value for leaf in leaves]
