"""Two questions to the solver about a single permit: can it fail, and can it ever succeed."""

from __future__ import annotations

from collections.abc import Sequence

import z3

from ayni.agreements.logic import Space
from ayni.agreements.syntax import Policy


def always(policy: Policy, agreement: str) -> bool:
    """Return whether a permit holds for every request of its actions."""
    space = Space(agreement)
    return _impossible(space, space.among("action", sorted(policy.actions)), z3.Not(space.policy(policy)))


def never(policy: Policy, forbids: Sequence[Policy], agreement: str) -> str | None:
    """Return what forbids all that a permit permits: one policy's id, "" for several together, None for nothing."""
    space = Space(agreement)
    permit = space.policy(policy)
    if not _impossible(space, permit, *(z3.Not(space.policy(forbid)) for forbid in forbids)):
        return None
    alone = (forbid.id for forbid in forbids if _impossible(space, permit, z3.Not(space.policy(forbid))))
    return next(alone, "")


def _impossible(space: Space, *formulas: z3.BoolRef) -> bool:
    solver = z3.Solver()
    solver.add(*space.domain)
    solver.add(*formulas)
    return bool(solver.check() == z3.unsat)
