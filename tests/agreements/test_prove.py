"""Templates prove clean, a loophole is shown as a request, and the formulas say what Cedar says."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest
import z3

from ayni.agreements.core import core_policies
from ayni.agreements.decide import Rule, Slice, compile_core, compile_text
from ayni.agreements.drafting import TEMPLATES, annotated
from ayni.agreements.invariants import INVARIANTS
from ayni.agreements.logic import Formula, Space
from ayni.agreements.prove import Proof, in_words, prove
from ayni.agreements.syntax import Policy, read_policies
from ayni.agreements.text import AgreementText, Clause
from ayni.agreements.vocabulary import Facts
from ayni.errors import UnsoundAgreementError
from tests.agreements.chance import a_random_request
from tests.agreements.mutants import chosen
from tests.agreements.texts import a_slice, a_text


def with_policy(text: AgreementText, number: str, policy: str) -> AgreementText:
    """Return the text with the policy of one article replaced."""
    return replace(
        text,
        articles=tuple(
            replace(article, policy=annotated(text.id, number, policy)) if article.number == number else article
            for article in text.articles
        ),
    )


@pytest.mark.parametrize("template", TEMPLATES)
def test_each_template_proves_clean(template: str) -> None:
    """Twenty invariants and more, each promise. How long it takes is measured in benchmarks/prove.py."""
    proof = prove(a_text(template))
    assert proof.clean, [in_words(finding.loophole, "en") for finding in proof.loopholes]
    grants = len(a_text(template).of_clause(Clause.GRANT))
    assert len(proof.findings) == len(INVARIANTS) + grants + 1
    assert len(INVARIANTS) >= 20


def broken(proof: Proof) -> set[str]:
    """Return the ids of the sentences that do not hold."""
    return {finding.invariant for finding in proof.loopholes}


def test_a_proof_that_takes_too_long_is_none() -> None:
    """When patience is over every sentence is undecided, and the text is not called clean."""
    proof = prove(a_text(), within_s=0.0)
    assert not proof.clean
    assert {finding.invariant for finding in proof.loopholes} == {finding.invariant for finding in proof.findings}
    assert in_words(proof.loopholes[0].loophole, "en") == (
        "the solver gave no answer in time, so this is not proven",
    )
    assert proof.seconds < prove(a_text()).seconds + 1
    assert prove(a_text()).clean


def test_a_loophole_is_a_sentence_with_the_request_that_passes() -> None:
    """An article on court use that forgot the parties' other rules: a permit wider than its table."""
    text = a_text()
    wider = 'permit (principal, action == Action::"court", resource) when { resource.kind == "case" };'
    proof = prove(with_policy(text, "7", wider))
    assert "article-table" in broken(proof)
    assert "promise-7" in broken(proof), "and what was promised is no longer permitted"
    found = next(finding for finding in proof.loopholes if finding.invariant == "article-table")
    assert found.facts is not None
    assert compile_text(with_policy(text, "7", wider)).evaluate(found.facts).permitted
    told = in_words(found.loophole, "en")
    assert told[0] == "nothing is permitted beyond what the tables of the articles cover"
    assert told[1].startswith("pe.dicapi may: court, case of ec.armada")
    assert "EC-PE-1/7" in told[1]
    for language in ("es", "pt", "fr"):
        assert "⟨" not in "".join(in_words(found.loophole, language))
        assert in_words(found.loophole, language)[1] != told[1]


def test_a_party_too_many_is_found() -> None:
    """One institution more in the list of the policy than in the list of the parties."""
    text = a_text()
    policy = text.articles[0].policy.replace('Node::"pe.dicapi"', 'Node::"pe.dicapi", Node::"xx.stranger"')
    proof = prove(with_policy(text, "1", policy.split("\n", 2)[2]))
    assert broken(proof) == {"parties"}
    facts = proof.loopholes[0].facts
    assert facts is not None
    assert "xx.stranger" in {facts["principal"], facts["context.holder"], facts["resource.originator"]}


def test_the_retention_of_the_policy_must_be_that_of_the_text() -> None:
    """A day more is a loophole; a day less breaks every promise on its last day."""
    text = a_text()
    more = prove(with_policy(text, "8", text.articles[7].policy.split("\n", 2)[2].replace("365", "366")))
    assert broken(more) == {"retention"}
    less = prove(with_policy(text, "8", text.articles[7].policy.split("\n", 2)[2].replace("365", "364")))
    assert {"promise-3", "promise-4"} <= broken(less)


UNPROVABLE = {
    "like": 'resource.rule like "maritime.*"',
    "+": "resource.ageDays + 1 > 3",
    "has": "resource has kind",
    "resource": "resource == resource",
    "open set": 'resource.lineage.contains(resource.agreement) || resource.kind == ""',
}


@pytest.mark.parametrize("what", sorted(UNPROVABLE))
def test_what_cannot_be_proven_is_refused_by_name(what: str) -> None:
    """Never proven around: the text is refused before anyone signs it."""
    policy = f"forbid (principal, action, resource) when {{ {UNPROVABLE[what]} }};"
    with pytest.raises(UnsoundAgreementError, match="cannot be proven"):
        prove(with_policy(a_text(), "2", policy))


def says(space: Space, allows: Formula, facts: Facts) -> bool:
    """Return what the formula says of one request."""
    solver = z3.Solver()
    solver.add(space.point(facts))
    solver.add(*space.domain)
    assert solver.check() == z3.sat, "the request lies in the space"
    return bool(z3.is_true(solver.model().eval(allows, True)))  # noqa: FBT003 -- z3's own signature


@pytest.mark.parametrize("template", TEMPLATES)
def test_formula_and_engine_agree_on_random_requests(template: str) -> None:
    """Two hundred and fifty requests a template: not one decided otherwise."""
    text, slice_ = a_text(template), a_slice(template)
    space = Space(text.id)
    allows = space.allows(slice_.policies)
    source = random.Random(7)
    answers = set[bool]()
    for _ in range(250):
        facts = a_random_request(source, text)
        decided = slice_.evaluate(facts)
        assert decided.alarm is None
        assert says(space, allows, facts) is decided.permitted, facts
        answers.add(decided.permitted)
    assert answers == {True, False}


def test_formula_and_engine_agree_on_changed_policies() -> None:
    """The same over 100 mutants: other shapes of policies than a careful draft has."""
    text = a_text()
    source = random.Random(11)
    tried = 0
    for mutant in chosen(text, 100, 3):
        try:
            policies = read_policies(mutant.text, text.id)
        except UnsoundAgreementError:
            continue
        rules = {policy.id: compile_core().rules.get(policy.id, _rule(policy)) for policy in policies}
        slice_ = Slice(policies, rules, (text.id, 1, ""))
        space = Space(text.id)
        allows = space.allows(policies)
        for _ in range(6):
            facts = a_random_request(source, text)
            assert says(space, allows, facts) is slice_.evaluate(facts).permitted, (mutant.operator, mutant.policy)
            tried += 1
    assert tried > 400


def _rule(policy: Policy) -> Rule:
    return Rule(id=policy.id, article=policy.article, permits=policy.permits, title={"en": policy.id})


def test_core_policies_have_no_article() -> None:
    """Core rules are known by their id alone."""
    assert all(not policy.article for policy in read_policies(core_policies(), "core"))
