"""The proof that an agreement has no loophole, or the request that slips through.

The core rules and the articles become one formula over all possible requests; for each
invariant the solver looks for a request that is permitted and breaks it. None found means
there is none: not in tests, but at all. One found is shown as a sentence with the plainest
such request, and Cedar itself is asked to confirm it, so that no loophole is ever reported
that the engine would not let through.

Every agreement is proven before it is signed.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import z3

from ayni.agreements.decide import Slice, compile_text
from ayni.agreements.drafting import words
from ayni.agreements.invariants import INVARIANTS, OWN, PROMISE, covers, foreign, handle, own
from ayni.agreements.logic import Formula, Space
from ayni.agreements.request import sample
from ayni.agreements.syntax import Policy
from ayni.agreements.text import AgreementText, Clause
from ayni.agreements.vocabulary import ATTRIBUTES, Action, Facts, Value
from ayni.model.signal import Fact, Reason
from ayni.toolkit.phrases import phrase, render

SOLVER_MS = 20_000
PROOF_S = 600.0
"""The whole of a proof that a command makes: ours; those of the templates take 0.05 s."""
"""A question that takes longer is not proven. Ours: a thousand times what the templates need."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One sentence that was put to the proof."""

    invariant: str
    says: Reason
    """The sentence itself."""
    holds: bool
    facts: Mapping[str, Value] | None = None
    """The request that breaks it."""
    loophole: tuple[Reason, ...] = ()
    """That request in words: the first is the whole, the others what is unusual about it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """All sentences put to the proof for one text."""

    agreement: str
    sha256: str
    findings: tuple[Finding, ...]
    seconds: float

    @property
    def clean(self) -> bool:
        """True when every sentence holds."""
        return all(finding.holds for finding in self.findings)

    @property
    def loopholes(self) -> tuple[Finding, ...]:
        """Sentences that do not hold."""
        return tuple(finding for finding in self.findings if not finding.holds)


class Patience:
    """How long a proof may take in all; what is asked after that is not decided."""

    def __init__(self, seconds: float) -> None:
        self._until = time.monotonic() + seconds

    def check(self, solver: z3.Solver) -> z3.CheckSatResult:
        """Ask the solver, for no longer than one question or the rest of the proof may take."""
        left_ms = (self._until - time.monotonic()) * 1000
        if left_ms < 1:
            return z3.unknown
        solver.set("timeout", int(min(SOLVER_MS, left_ms)))
        return solver.check()


def prove(text: AgreementText, *, within_s: float = PROOF_S) -> Proof:
    """Put every invariant and every promise of a text to the proof; what takes longer than *within_s* is undecided.

    Raises:
        UnsoundAgreementError: if the text does not compile, or uses what cannot be proven.
    """
    began = time.perf_counter()
    slice_ = compile_text(text)
    findings = tuple(Prover(text).findings(slice_, Patience(within_s)))
    return Proof(agreement=text.id, sha256=slice_.sha256, findings=findings, seconds=time.perf_counter() - began)


Question = tuple[str, Reason, Formula]


class Prover:
    """The sentences of one text, to which any set of policies can be put."""

    def __init__(self, text: AgreementText) -> None:
        self.text = text
        self.space = Space(text.id)
        self._broken = [(invariant, invariant.broken(self.space, text)) for invariant in INVARIANTS]
        self._against = z3.Or([formula for invariant, formula in self._broken if invariant.bars])
        self._covers = [(article, covers(self.space, article)) for article in text.of_clause(Clause.GRANT)]

    def solver(self) -> z3.Solver:
        """Return a solver over all requests."""
        solver = z3.Solver()
        solver.set("timeout", SOLVER_MS)
        solver.add(*self.space.domain)
        return solver

    def findings(self, slice_: Slice, patience: Patience) -> Iterator[Finding]:
        """Yield every sentence with its proof, or with the plainest request that breaks it."""
        allows = self.space.allows(slice_.policies)
        solver = self.solver()
        for name, says, question in self._questions(allows):
            solver.push()
            solver.add(question)
            answer = patience.check(solver)
            if answer == z3.unsat:
                yield Finding(invariant=name, says=says, holds=True)
            elif answer == z3.sat:
                facts = plainest(solver, self.space, self.text, patience)
                solver.add(self.space.point(facts), allows)
                told = loophole(facts, says, slice_, self.text, permitted=patience.check(solver) == z3.sat)
                yield Finding(invariant=name, says=says, holds=False, facts=facts, loophole=told)
            else:
                yield Finding(invariant=name, says=says, holds=False, loophole=(_sentence(UNDECIDED),))
            solver.pop()

    def broken(self, policies: Sequence[Policy]) -> str:
        """Return one sentence that policies break, by its id, or an empty string: all in one question.

        Raises:
            UnsoundAgreementError: if a policy uses what cannot be proven.
        """
        questions = list(self._questions(self.space.allows(policies)))
        solver = self.solver()
        solver.add(z3.Or([question for _, _, question in questions]))
        answer = solver.check()
        if answer != z3.sat:
            return "" if answer == z3.unsat else "undecided"
        model = solver.model()
        return next(name for name, _, question in questions if z3.is_true(model.eval(question, True)))  # noqa: FBT003 -- z3's own signature

    def same(self, policies: Sequence[Policy], others: Sequence[Policy]) -> bool:
        """Return whether two sets of policies permit exactly the same requests."""
        solver = self.solver()
        solver.add(self.space.allows(policies) != self.space.allows(others))
        return bool(solver.check() == z3.unsat)

    def _questions(self, allows: Formula) -> Iterator[Question]:
        space = self.space
        for invariant, formula in self._broken:
            broken = z3.And(allows, formula)
            if invariant.id == "recall":
                denied = z3.And(own(space), space.among("action", (Action.RECALL, Action.CORRECT)), z3.Not(allows))
                broken = z3.Or(broken, denied)
            if invariant.id == "both-ends":
                share = z3.IntVal(space.code(Action.SHARE))
                broken = z3.And(broken, z3.Not(z3.substitute(allows, (space["action"], share))))
            yield invariant.id, _sentence(invariant.says), broken
        kept_back = z3.Not(z3.Or(allows, self._against))
        for article, covered in self._covers:
            promise = z3.And(foreign(space), covered, kept_back)
            yield f"promise-{article.number}", _sentence(PROMISE, article=article.number), promise
        yield "own", _sentence(OWN), z3.And(handle(space), own(space), kept_back)


# A counterexample a person can read.


def plainest(solver: z3.Solver, space: Space, text: AgreementText, patience: Patience) -> dict[str, Value]:
    """Return a request that satisfies the solver, as close to an everyday one as patience allows."""
    depth, model = solver.num_scopes(), solver.model()
    for path, value in _everyday(text).items():
        solver.push()
        solver.add(space.at(path, value))
        if patience.check(solver) == z3.sat:
            model = solver.model()
        else:
            solver.pop()
    facts = space.read(model)
    while solver.num_scopes() > depth:
        solver.pop()
    return facts


def _everyday(text: AgreementText) -> dict[str, Value]:
    """Return plain values in the order in which they are tried; what stays different is what is unusual."""
    sender, receiver = text.party_ids[:2]
    grants = [article.covers for article in text.of_clause(Clause.GRANT) if article.covers is not None]
    plain: dict[str, Value] = sample(resource__originator=sender, context__holder=receiver)
    order: dict[str, Value] = {path: plain[path] for path in _STATED_FIRST}
    order |= {attribute.path: plain[attribute.path] for attribute in ATTRIBUTES if attribute.path not in _LAST}
    order |= {"principal": receiver, "context.holder": receiver, "resource.originator": sender}
    if grants and grants[0].purposes and grants[0].kinds:
        purpose = grants[0].purposes[0]
        order |= {"action": grants[0].actions[0], "resource.kind": grants[0].kinds[0], "context.purpose": purpose}
        order |= {"resource.purposes": (purpose,)}
    return order


_STATED_FIRST = ("context.agreementState", "context.inTerm", "context.signatures", "context.legalBasis")
_LAST = frozenset(
    {"context.purpose", "resource.purposes", "resource.kind", "context.holder", "resource.originator", *_STATED_FIRST}
)

LOOPHOLE = phrase(
    "{principal} may: {action:term}, {kind:term} of {originator}, for {purpose:term}; permitted by {articles}"
)
BROKEN_PROMISE = phrase(
    "{principal} may not: {action:term}, {kind:term} of {originator}, for {purpose:term}; refused by {articles}"
)
NOBODY = phrase(
    "{principal} may not: {action:term}, {kind:term} of {originator}, for {purpose:term}; no article permits it"
)
UNUSUAL = phrase("in this request: {what:term} = {value:term}")
UNDECIDED = phrase("the solver gave no answer in time, so this is not proven")


def _sentence(says: str, **facts: Fact) -> Reason:
    return Reason(says=says, facts=facts, weight=0.0)


def loophole(
    facts: Facts, says: Reason, slice_: Slice, text: AgreementText, *, permitted: bool
) -> tuple[Reason, ...]:
    """Return a request that breaks *says* in words, after Cedar itself has confirmed it.

    Raises:
        RuntimeError: if Cedar decides otherwise than the formula: a defect of the prover, never of the text.
    """
    decision = slice_.evaluate(facts)
    if decision.permitted is not permitted:
        message = f"prover and engine disagree about {facts}"
        raise RuntimeError(message)
    told: dict[str, Fact] = {
        "principal": str(facts["principal"]),
        "action": str(facts["action"]),
        "kind": str(facts["resource.kind"]) or "-",
        "originator": str(facts["resource.originator"]),
        "purpose": str(facts["context.purpose"]),
        "articles": ", ".join(decision.articles),
    }
    refused = BROKEN_PROMISE if decision.articles else NOBODY
    whole = _sentence(LOOPHOLE if decision.permitted else refused, **told)
    return (says, whole, *unusual(facts, text))


def unusual(facts: Facts, text: AgreementText) -> tuple[Reason, ...]:
    """Return each fact that differs from an everyday request under the text."""
    plain = _everyday(text)
    plain["resource.purposes"] = (str(facts["context.purpose"]),)
    plain["context.holder"] = facts["principal"]
    told = {"principal", "action", "resource.kind", "resource.originator", "context.purpose"}
    return tuple(
        _sentence(UNUSUAL, what=attribute.holds, value=_shown(facts[attribute.path]))
        for attribute in ATTRIBUTES
        if attribute.path not in told and facts[attribute.path] != plain.get(attribute.path)
    )


def _shown(value: Value) -> Fact:
    if isinstance(value, tuple):
        return ", ".join(value) or "-"
    return value if isinstance(value, bool | int) else str(value) or "-"


def in_words(reasons: Sequence[Reason], language: str) -> tuple[str, ...]:
    """Return sentences of a proof or a difference in *language*."""
    catalogue = words()
    return tuple(render(reason, language=language, catalogue=catalogue).text for reason in reasons)
