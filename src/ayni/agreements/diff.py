"""What an amendment changes: which requests it newly allows, which it newly forbids.

The two texts are compared by what they permit, not by their words. The solver looks for a
request on which they differ, names its cell (action, kind of record, purpose), sets that
cell aside and looks again, until there is none: the list is complete, and what is not on
it is, provably, decided as before.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import z3

from ayni.agreements.decide import compile_text
from ayni.agreements.logic import Formula, Space
from ayni.agreements.prove import SOLVER_MS, plainest, unusual
from ayni.agreements.text import AgreementText
from ayni.agreements.vocabulary import KNOWN_KINDS, Value
from ayni.errors import UnsoundAgreementError
from ayni.model.signal import Reason
from ayni.toolkit.phrases import phrase

CELL = ("action", "resource.kind", "context.purpose")
MOST_CELLS = 2_000
"""More changes than this are another agreement, not an amendment. Ours: ten actions, six kinds, all purposes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One cell in which the new text decides some request otherwise."""

    allows: bool
    """True when it is newly allowed, False when it is newly forbidden."""
    action: str
    kind: str
    purpose: str
    example: Mapping[str, Value]
    """The plainest request of this cell that is decided otherwise."""
    says: tuple[Reason, ...]


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
    "newly allowed: {action:term}, {kind:term}, for {purpose:term}; example: {principal}, record of {originator}"
)
NEWLY_FORBIDDEN = phrase(
    "newly forbidden: {action:term}, {kind:term}, for {purpose:term}; example: {principal}, record of {originator}"
)
ANY_KIND = phrase("any other kind of record")


def compare(old: AgreementText, new: AgreementText) -> Difference:
    """Return which requests the new text allows or forbids that the old one did not.

    Raises:
        UnsoundAgreementError: if a text does not compile, or they differ in more cells than an amendment can.
    """
    before, after = compile_text(old), compile_text(new)
    space = Space(new.id)
    for kind in KNOWN_KINDS:
        space.code(kind)
    allowed_before, allowed_after = space.allows(before.policies), space.allows(after.policies)
    changes = (
        *_changes(space, z3.And(allowed_after, z3.Not(allowed_before)), new, allows=True),
        *_changes(space, z3.And(allowed_before, z3.Not(allowed_after)), old, allows=False),
    )
    return Difference(old=before.sha256, new=after.sha256, changes=changes)


def _changes(space: Space, differs: Formula, text: AgreementText, *, allows: bool) -> Iterator[Change]:
    solver = z3.Solver()
    solver.set("timeout", SOLVER_MS)
    solver.add(*space.domain)
    solver.add(differs)
    for _ in range(MOST_CELLS):
        answer = solver.check()
        if answer == z3.unsat:
            return
        if answer != z3.sat:
            break
        solver.push()
        facts = plainest(solver, space, text)
        solver.pop()
        named = space.knows(str(facts["resource.kind"]))
        yield _change(facts, text, allows=allows, named=named)
        kind = space.at("resource.kind", facts["resource.kind"]) if named else z3.Not(space.named("resource.kind"))
        solver.add(z3.Not(z3.And(kind, *(space.at(path, facts[path]) for path in CELL if path != "resource.kind"))))
    raise UnsoundAgreementError(
        agreement=text.id, why=f"it differs in more than {MOST_CELLS} ways from the other text"
    )


def _change(facts: Mapping[str, Value], text: AgreementText, *, allows: bool, named: bool) -> Change:
    action, kind, purpose = (str(facts[path]) for path in CELL)
    kind = kind if named else ANY_KIND
    whole = Reason(
        says=NEWLY_ALLOWED if allows else NEWLY_FORBIDDEN,
        facts={
            "action": action,
            "kind": kind,
            "purpose": purpose,
            "principal": str(facts["principal"]),
            "originator": str(facts["resource.originator"]),
        },
        weight=0.0,
    )
    return Change(
        allows=allows,
        action=action,
        kind=kind,
        purpose=purpose,
        example=facts,
        says=(whole, *unusual(facts, text)),
    )
