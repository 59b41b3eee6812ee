"""Cedar policies as formulas: exactly, or not at all.

A `Space` holds one variable for every attribute of the closed list and stands for all
requests at once. `Space.formula` turns a policy's condition into a formula over them that
is true for exactly those requests for which Cedar finds the condition true.

Why that can be exact: every attribute is required and of a known type, so no evaluation
fails; there is no arithmetic, so nothing overflows; and words are only ever compared for
equality, so a word is as good as a number. Words that a text names get numbers of their
own, every other number stands for some word the text does not name. A set drawn from a
closed list is one truth value a member; of an open set only named members are asked.
Anything beyond is refused with `UnsoundAgreementError`, never approximated.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TypeAlias

import z3

from ayni.agreements.syntax import Expr, Policy
from ayni.agreements.vocabulary import ATTRIBUTES, BY_PATH, Action, Sort, Value
from ayni.errors import UnsoundAgreementError

Formula: TypeAlias = z3.BoolRef
Term: TypeAlias = "z3.ExprRef | _Set"

ORDER = {
    "<": lambda left, right: left < right,
    "<=": lambda left, right: left <= right,
    ">": lambda left, right: left > right,
    ">=": lambda left, right: left >= right,
}


class _Set:
    """A set of words: one truth value a member; `closed` when no other word can be in it."""

    def __init__(self, path: str, values: tuple[str, ...] | None) -> None:
        self.path = path
        self.closed = values is not None
        self.members: dict[str, Formula] = {value: z3.Bool(f"{path}[{value}]") for value in values or ()}

    def member(self, word: str) -> Formula:
        """Return whether it holds *word*."""
        if word not in self.members:
            self.members[word] = z3.BoolVal(val=False) if self.closed else z3.Bool(f"{self.path}[{word}]")
        return self.members[word]


class Space:
    """All requests at once: a variable for each attribute, and numbers for words."""

    def __init__(self, agreement: str) -> None:
        self._agreement = agreement
        self._codes: dict[str, int] = {}
        self._among: dict[tuple[str, tuple[str, ...]], Formula] = {}
        self._known: dict[tuple[frozenset[Action], Expr], Formula] = {}
        self.terms: dict[str, Term] = {"principal": z3.Int("principal"), "action": z3.Int("action")}
        self.domain: list[Formula] = [z3.Or([self["action"] == self.code(action) for action in Action])]
        for attribute in ATTRIBUTES:
            self.terms[attribute.path] = self._variable(attribute.path)

    def __getitem__(self, path: str) -> z3.ExprRef:
        return self.terms[path]

    def code(self, word: str) -> int:
        """Return the number that stands for *word*."""
        return self._codes.setdefault(str(word), len(self._codes))

    def _variable(self, path: str) -> Term:
        attribute = BY_PATH[path]
        if attribute.sort is Sort.TRUTH:
            return z3.Bool(path)
        if attribute.sort is Sort.WORDS:
            return _Set(path, attribute.values)
        number = z3.Int(path)
        if attribute.sort is Sort.NUMBER:
            self.domain.append(z3.And(number >= 0, number <= attribute.high))
        elif attribute.values is not None:
            self.domain.append(z3.Or([number == self.code(value) for value in attribute.values]))
        return number

    # What invariants are written with.

    def among(self, path: str, words: Iterable[str]) -> Formula:
        """Return whether the word at *path* is one of *words*."""
        key = (path, tuple(words))
        if key not in self._among:
            self._among[key] = z3.Or([self[path] == self.code(word) for word in key[1]])
        return self._among[key]

    def holds(self, path: str, word: str) -> Formula:
        """Return whether the set at *path* holds *word*."""
        return self._set(path).member(word)

    def holds_any(self, path: str, words: Iterable[str]) -> Formula:
        """Return whether the set at *path* holds any of *words*."""
        return z3.Or([self.holds(path, word) for word in words])

    def holds_word_at(self, path: str, word_path: str) -> Formula:
        """Return whether the set at *path*, of a closed list, holds the word at *word_path*."""
        return self._contains(self._set(path), self[word_path])

    def _set(self, path: str) -> _Set:
        found = self.terms[path]
        if not isinstance(found, _Set):  # pragma: no cover -- a defect of the caller
            raise TypeError(path)
        return found

    # Policies.

    def policy(self, policy: Policy) -> Formula:
        """Return when a policy holds: its action and its condition."""
        key = (policy.actions, policy.condition)
        if key not in self._known:
            named = self.among("action", sorted(policy.actions))
            self._known[key] = z3.And(named, self.formula(policy.condition))
        return self._known[key]

    def allows(self, policies: Sequence[Policy]) -> Formula:
        """Return when the policies together permit: some permit holds and no forbid does."""
        permits = [self.policy(policy) for policy in policies if policy.permits]
        forbids = [self.policy(policy) for policy in policies if not policy.permits]
        return z3.And(z3.Or(permits), z3.Not(z3.Or(forbids)))

    def formula(self, expr: Expr) -> Formula:
        """Return when a condition is true.

        Raises:
            UnsoundAgreementError: for what cannot be put exactly, naming it.
        """
        sort, term = self._term(expr)
        if sort is not Sort.TRUTH:
            self._refuse("a condition that is neither true nor false")
        return term

    def _refuse(self, what: str) -> None:
        raise UnsoundAgreementError(agreement=self._agreement, why=f"a policy uses {what}, which cannot be proven")

    def _term(self, expr: Expr) -> tuple[Sort, z3.ExprRef]:
        if expr.op == "if":
            return self._choice(expr)
        test = self._test(expr)
        return self._leaf(expr) if test is None else (Sort.TRUTH, test)

    def _test(self, expr: Expr) -> Formula | None:
        """Return the formula of an operator that is true or false, or None for anything else."""
        if expr.op in {"&&", "||", "!"}:
            parts = [self.formula(arg) for arg in expr.args]
            joined = {"&&": z3.And, "||": z3.Or, "!": z3.Or}[expr.op](parts)
            return z3.Not(joined) if expr.op == "!" else joined
        if expr.op in {"==", "!="}:
            return self._equal(expr)
        if expr.op in ORDER:
            left, right = (self._of_sort(arg, Sort.NUMBER) for arg in expr.args)
            return ORDER[expr.op](left, right)
        if expr.op in {"contains", "containsAll", "containsAny", "isEmpty"}:
            return self._about_sets(expr)
        return None

    def _leaf(self, expr: Expr) -> tuple[Sort, z3.ExprRef]:
        if expr.op == "path":
            path = str(expr.value)
            sort = {"principal": Sort.NODE, "action": Sort.WORD}.get(path) or BY_PATH[path].sort
            if sort is Sort.WORDS:
                self._refuse(f"the set `{path}` as a value")
            return sort, self[path]
        if expr.op == "truth":
            return Sort.TRUTH, z3.BoolVal(val=bool(expr.value))
        if expr.op == "number":
            return Sort.NUMBER, z3.IntVal(int(expr.value))
        if expr.op in {"word", "action", "node"}:
            sort = Sort.NODE if expr.op == "node" else Sort.WORD
            return sort, z3.IntVal(self.code(str(expr.value)))
        self._refuse(f"`{expr.op}`")
        raise AssertionError  # pragma: no cover -- refused above

    def _of_sort(self, expr: Expr, wanted: Sort) -> z3.ExprRef:
        sort, term = self._term(expr)
        if sort is not wanted:
            self._refuse(f"a {sort} where a {wanted} belongs")
        return term

    def _equal(self, expr: Expr) -> Formula:
        (left_sort, left), (right_sort, right) = (self._term(arg) for arg in expr.args)
        if left_sort is not right_sort:
            self._refuse(f"a comparison of a {left_sort} with a {right_sort}")
        return left == right if expr.op == "==" else left != right

    def _choice(self, expr: Expr) -> tuple[Sort, z3.ExprRef]:
        condition, (then_sort, then), (else_sort, otherwise) = (
            self.formula(expr.args[0]),
            self._term(expr.args[1]),
            self._term(expr.args[2]),
        )
        if then_sort is not else_sort:
            self._refuse("an `if` of two kinds of values")
        return then_sort, z3.If(condition, then, otherwise)

    # Sets.

    def _about_sets(self, expr: Expr) -> Formula:
        left = self._as_set(expr.args[0])
        if expr.op == "isEmpty":
            return z3.Not(z3.Or(self._all_members(left)))
        if expr.op == "contains":
            _, element = self._term(expr.args[1])
            return self._contains(left, element)
        right = self._as_set(expr.args[1])
        if expr.op == "containsAny" and isinstance(right, _Set) and not isinstance(left, _Set):
            left, right = right, left
        tests = [z3.And(holds, self._contains(left, element)) for element, holds in self._elements(right)]
        if expr.op == "containsAny":
            return z3.Or(tests)
        return z3.And([z3.Implies(holds, self._contains(left, element)) for element, holds in self._elements(right)])

    def _as_set(self, expr: Expr) -> _Set | list[z3.ExprRef]:
        if expr.op == "set":
            return [self._term(arg)[1] for arg in expr.args]
        found = self.terms.get(str(expr.value)) if expr.op == "path" else None
        if isinstance(found, _Set):
            return found
        self._refuse("something that is no set where a set belongs")
        raise AssertionError  # pragma: no cover -- refused above

    def _contains(self, left: _Set | list[z3.ExprRef], element: z3.ExprRef) -> Formula:
        if isinstance(left, list):
            return z3.Or([item == element for item in left])
        if z3.is_int_value(element):
            return left.member(self._word(element.as_long()))
        if not left.closed:
            self._refuse(f"membership in `{left.path}` of a word that is not written out")
        return z3.Or([z3.And(element == self.code(word), holds) for word, holds in list(left.members.items())])

    def _elements(self, right: _Set | list[z3.ExprRef]) -> list[tuple[z3.ExprRef, Formula]]:
        if isinstance(right, list):
            return [(item, z3.BoolVal(val=True)) for item in right]
        if not right.closed:
            self._refuse(f"all members of the open set `{right.path}`")
        return [(z3.IntVal(self.code(word)), holds) for word, holds in list(right.members.items())]

    def _all_members(self, found: _Set | list[z3.ExprRef]) -> list[Formula]:
        if isinstance(found, list):
            return [z3.BoolVal(val=True) for _ in found]
        if not found.closed:
            self._refuse(f"emptiness of the open set `{found.path}`")
        return list(found.members.values())

    def _word(self, code: int) -> str:
        return {number: word for word, number in self._codes.items()}.get(code, f"other-{code}")

    # From one point of the space to facts, and back.

    def read(self, model: z3.ModelRef) -> dict[str, Value]:
        """Return the request that a model stands for, every fact present."""
        return {path: self._value(path, model) for path in self.terms}

    def _value(self, path: str, model: z3.ModelRef) -> Value:
        term = self.terms[path]
        if isinstance(term, _Set):
            return tuple(word for word, holds in term.members.items() if z3.is_true(model.eval(holds, True)))  # noqa: FBT003 -- z3's own signature
        value = model.eval(term, True)  # noqa: FBT003 -- z3's own signature: unconstrained variables get a value
        if path not in {"principal", "action"} and BY_PATH[path].sort is Sort.TRUTH:
            return bool(z3.is_true(value))
        if path not in {"principal", "action"} and BY_PATH[path].sort is Sort.NUMBER:
            return int(value.as_long())
        return self._word(value.as_long())

    def at(self, path: str, value: Value) -> Formula:
        """Return the formula that fixes one attribute to a value."""
        term = self.terms[path]
        if isinstance(term, _Set):
            wanted = value if isinstance(value, tuple) else ()
            for word in wanted:
                term.member(word)
            return z3.And([holds if word in wanted else z3.Not(holds) for word, holds in term.members.items()])
        if isinstance(value, bool):
            return term == z3.BoolVal(val=value)
        return term == (value if isinstance(value, int) else self.code(str(value)))

    def point(self, facts: Mapping[str, Value]) -> Formula:
        """Return the formula that is true of exactly one request."""
        return z3.And([self.at(path, value) for path, value in facts.items()])
