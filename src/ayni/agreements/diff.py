"""What an amendment changes: which requests it newly allows, which it newly forbids.

The two texts are compared by what they permit, not by their words. The solver looks for a
request on which they differ, names its cell (action, kind of record, purpose), sets that
cell aside and looks again, until there is none: the list is complete, and what is not on
it is, provably, decided as before. Cells that differ alike are then told as one change,
with the plainest request of theirs as an example.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import z3

from ayni.agreements.decide import compile_text
from ayni.agreements.drafting import word, words
from ayni.agreements.logic import Formula, Space
from ayni.agreements.prove import PROOF_S, UNDECIDED, Patience, in_words, plainest, unusual
from ayni.agreements.syntax import Policy
from ayni.agreements.text import AgreementText
from ayni.agreements.vocabulary import KNOWN_KINDS, Value
from ayni.errors import UnsoundAgreementError
from ayni.model.signal import Reason
from ayni.toolkit.phrases import phrase, render

Cell = tuple[str, str, str]
"""Action, kind of record, purpose."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """Cells in which the new text decides some request otherwise: every action with every kind and purpose."""

    allows: bool
    """True when newly allowed, False when newly forbidden."""
    actions: tuple[str, ...]
    kinds: tuple[str, ...]
    purposes: tuple[str, ...]
    example: Mapping[str, Value]
    """The plainest request of the first cell that is decided otherwise."""
    unusual: tuple[Reason, ...]
    """What is unusual about the example."""

    def told(self, language: str) -> tuple[str, ...]:
        """Return the change in *language*: first the whole, then what is unusual about the example."""
        lists = {
            name: ", ".join(word(value, language) for value in values)
            for name, values in (("actions", self.actions), ("kinds", self.kinds), ("purposes", self.purposes))
        }
        who = {"principal": self.example["principal"], "originator": self.example["resource.originator"]}
        says = NEWLY_ALLOWED if self.allows else NEWLY_FORBIDDEN
        whole = render(says, {**lists, **who}, language, words()).text
        return (whole, *in_words(self.unusual, language))


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """Everything that changes from one text to the other."""

    old: str
    """SHA-256 of the old text."""
    new: str
    changes: tuple[Change, ...]

    @property
    def allowed(self) -> tuple[Change, ...]:
        """What is newly allowed."""
        return tuple(change for change in self.changes if change.allows)

    @property
    def forbidden(self) -> tuple[Change, ...]:
        """What is newly forbidden."""
        return tuple(change for change in self.changes if not change.allows)


NEWLY_ALLOWED = phrase(
    "newly allowed: {actions}; records: {kinds}; for: {purposes}; example: {principal}, record of {originator}"
)
NEWLY_FORBIDDEN = phrase(
    "newly forbidden: {actions}; records: {kinds}; for: {purposes}; example: {principal}, record of {originator}"
)
ANY_KIND = phrase("any other kind of record")


def compare(old: AgreementText, new: AgreementText) -> Difference:
    """Return which requests the new text allows or forbids that the old one did not.

    Raises:
        UnsoundAgreementError: if a text does not compile, or the solver gives no answer in time.
    """
    before, after = compile_text(old), compile_text(new)
    compared = _Compared((*before.policies, *after.policies), new.id)
    allows_before, allows_after = compared.space.allows(before.policies), compared.space.allows(after.policies)
    changes = (
        *compared.changes(z3.And(allows_after, z3.Not(allows_before)), new, allows=True),
        *compared.changes(z3.And(allows_before, z3.Not(allows_after)), old, allows=False),
    )
    return Difference(old=before.sha256, new=after.sha256, changes=changes)


class _Compared:
    """Two texts over one space, with the kinds of record that either names."""

    def __init__(self, policies: Sequence[Policy], agreement: str) -> None:
        self.space = Space(agreement)
        self._agreement = agreement
        self._patience = Patience(PROOF_S)
        self._kinds = tuple(sorted({*KNOWN_KINDS, *_named_kinds(policies)}))
        for kind in self._kinds:
            self.space.code(kind)

    def changes(self, differs: Formula, text: AgreementText, *, allows: bool) -> Iterator[Change]:
        """Yield every change of one direction."""
        for actions, kinds, purposes in merge(self._cells(differs)):
            solver = self._solver(differs)
            solver.add(self._cell((actions[0], kinds[0], purposes[0])))
            if self._patience.check(solver) != z3.sat:
                raise UnsoundAgreementError(agreement=self._agreement, why=UNDECIDED)
            example = plainest(solver, self.space, text, self._patience)
            yield Change(
                allows=allows,
                actions=actions,
                kinds=kinds,
                purposes=purposes,
                example=example,
                unusual=unusual(example, text),
            )

    def _cells(self, differs: Formula) -> set[Cell]:
        solver = self._solver(differs)
        found: set[Cell] = set()
        while (answer := self._patience.check(solver)) == z3.sat:
            facts = self.space.read(solver.model())
            kind = str(facts["resource.kind"])
            cell = (str(facts["action"]), kind if kind in self._kinds else ANY_KIND, str(facts["context.purpose"]))
            found.add(cell)
            solver.add(z3.Not(self._cell(cell)))
        if answer != z3.unsat:
            raise UnsoundAgreementError(agreement=self._agreement, why=UNDECIDED)
        return found

    def _cell(self, cell: Cell) -> Formula:
        action, kind, purpose = cell
        named = self.space.among("resource.kind", self._kinds)
        of_kind = z3.Not(named) if kind == ANY_KIND else self.space.at("resource.kind", kind)
        return z3.And(self.space.at("action", action), of_kind, self.space.at("context.purpose", purpose))

    def _solver(self, differs: Formula) -> z3.Solver:
        solver = z3.Solver()
        solver.add(*self.space.domain)
        solver.add(differs)
        return solver


def _named_kinds(policies: Sequence[Policy]) -> Iterator[str]:
    for node in (node for policy in policies for node in policy.condition.walk()):
        if any(arg.op == "path" and arg.value == "resource.kind" for arg in node.args):
            yield from (str(leaf.value) for arg in node.args for leaf in arg.walk() if leaf.op == "word")


def merge(cells: Iterable[Cell]) -> list[tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]]:
    """Return cells as few groups, each every action with every kind and purpose; no cell twice, none lost."""
    actions: dict[tuple[str, str], set[str]] = {}
    for action, kind, purpose in cells:
        actions.setdefault((kind, purpose), set()).add(action)
    purposes: dict[tuple[tuple[str, ...], str], set[str]] = {}
    for (kind, purpose), done in actions.items():
        purposes.setdefault((tuple(sorted(done)), kind), set()).add(purpose)
    kinds: dict[tuple[tuple[str, ...], tuple[str, ...]], set[str]] = {}
    for (group, kind), served in purposes.items():
        kinds.setdefault((group, tuple(sorted(served))), set()).add(kind)
    return sorted((group, tuple(sorted(of_kind)), served) for (group, served), of_kind in kinds.items())
