"""What drafting gets wrong is caught: seeded mutants of every template, equivalent ones set aside by proof."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

import cedarpy
import pytest

from ayni.agreements.core import core_policies
from ayni.agreements.drafting import TEMPLATES
from ayni.agreements.prove import Prover
from ayni.agreements.syntax import read_policies
from ayni.agreements.vocabulary import schema
from ayni.errors import UnsoundAgreementError
from tests.agreements.mutants import Mutant, chosen
from tests.agreements.texts import a_text

SEED = 20_260_101
PER_TEMPLATE = 46
"""Enough that more than 200 mutants remain over six templates once equivalent ones are set aside."""


@dataclass(slots=True)
class Tally:
    """What became of the mutants."""

    caught: Counter[str] = field(default_factory=Counter[str])
    equivalent: int = 0
    survivors: list[str] = field(default_factory=list[str])

    @property
    def tried(self) -> int:
        """Mutants that mean something else than the original."""
        return sum(self.caught.values()) + len(self.survivors)


def caught_by(mutant: Mutant, prover: Prover) -> str:
    """Return what catches a mutant: `schema`, an invariant, `equivalent`, or nothing."""
    text = prover.text
    if not cedarpy.validate_policies(mutant.text, schema()).validation_passed:
        return "schema"
    try:
        policies = read_policies(mutant.text, text.id)
    except UnsoundAgreementError:
        return "schema"
    original = read_policies(core_policies() + text.policies(), text.id)
    return "equivalent" if prover.same(original, policies) else prover.broken(policies)


def run(count: int, seed: int) -> Tally:
    """Try *count* mutants of every template."""
    tally = Tally()
    for template in TEMPLATES:
        prover = Prover(a_text(template))
        for mutant in chosen(prover.text, count, seed):
            by = caught_by(mutant, prover)
            if by == "equivalent":
                tally.equivalent += 1
            elif by:
                tally.caught[by] += 1
            else:
                tally.survivors.append(f"{template} {mutant.policy} {mutant.operator}")
    return tally


def test_at_least_95_percent_of_200_mutants_are_caught() -> None:
    """Schema and prover together; survivors are listed in the failure."""
    tally = run(PER_TEMPLATE, SEED)
    assert tally.tried >= 200, tally
    assert sum(tally.caught.values()) >= 0.95 * tally.tried, tally
    assert tally.caught["schema"] > 0
    assert len(tally.caught) > 10, "many different invariants did the catching"


@pytest.mark.long
def test_every_mutant_of_the_maritime_template() -> None:
    """All of them, not a sample."""
    prover = Prover(a_text())
    found = Counter(caught_by(mutant, prover) or "survived" for mutant in chosen(prover.text, 100_000, SEED))
    assert found["survived"] <= 0.05 * (sum(found.values()) - found["equivalent"]), found
