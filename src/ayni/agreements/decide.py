"""The decision: may this be done, and which articles say so.

Each agreement is compiled once into a `Slice`: the core rules and its own articles, one
Cedar policy set for each action, holding only what can match that action. A decision
then costs one evaluation; the text is never parsed again.

    slice_ = compile_text(text)
    decision = slice_.decide(facts_of(ask, header, standing))
    decision.permitted, decision.articles, decision.reasons

Cedar permits when some `permit` holds and no `forbid` does, and it skips a policy that
fails to evaluate: an error in a `forbid` would open the door. Here any error at all is a
denial, with an `Alarm` that the node must show to a person.

Policies are pure functions of the facts they read, so an answer is remembered under those
facts, and values that no policy tells apart (`classes`) share it; a list of ten thousand rows
asks Cedar only about the distinct ones.

Source: Cedar, authorization semantics (default deny, forbid overrides permit, skip on error).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from ayni.agreements.classes import Reducer, reducers
from ayni.agreements.core import CORE_TITLES, core_policies, core_sha256
from ayni.agreements.drafting import words
from ayni.agreements.request import encoder
from ayni.agreements.syntax import Policy, paths_read, read_policies, write_policies
from ayni.agreements.text import AgreementText, Words, sha256
from ayni.agreements.vocabulary import Action, Facts, Value
from ayni.errors import UnsoundAgreementError
from ayni.model.signal import Reason
from ayni.toolkit.phrases import Catalogue, phrase, render

REMEMBERED = 8_192
"""Decisions remembered per agreement; about 2 MB. Ours: more than the rows of the longest list page."""

ALWAYS = ("principal", "resource.kind", "context.purpose")
"""Part of every remembered key as they are, because the explanation names them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One policy as people know it: the article it is, or the core rule."""

    id: str
    article: str
    """Number of the article; empty for a core rule."""
    permits: bool
    title: Words


@dataclass(frozen=True, slots=True, kw_only=True)
class Alarm:
    """Something failed while deciding; a person must look, because nothing was permitted meanwhile."""

    agreement: str
    errors: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """The answer of one agreement to one request, with every article that decided it."""

    permitted: bool
    agreement: str
    """Id; empty when only the core rules were asked."""
    version: int
    sha256: str
    """Of the text that decided; both ends must name the same."""
    rules: tuple[Rule, ...]
    """What decided: every permit that held when permitted, every refusal that held when not."""
    asked: tuple[str, str, str, str]
    """Principal, action, kind and purpose, for the explanation."""
    alarm: Alarm | None = None

    @property
    def articles(self) -> tuple[str, ...]:
        """Ids of the policies that decided, e.g. `EC-PE-1/4` or `core/recalled`."""
        return tuple(rule.id for rule in self.rules)

    @property
    def reasons(self) -> tuple[Reason, ...]:
        """Why, as sentences with holes; a refusal has at least one."""
        if self.alarm is not None:
            return (_reason(ALARMED, agreement=self.agreement or "-", errors="; ".join(self.alarm.errors)),)
        if not self.rules:
            principal, action, kind, purpose = self.asked
            facts = {"principal": principal, "action": action, "kind": kind, "purpose": purpose}
            return (
                _reason(NOTHING_PERMITS, agreement=self.agreement, **facts)
                if self.agreement
                else _reason(NO_AGREEMENT_PERMITS, **facts),
            )
        return tuple(_said(rule, self.agreement) for rule in self.rules)

    def explain(self, language: str) -> tuple[str, ...]:
        """Return every reason in *language*, with the article's own title."""
        titles = {
            rule.title["en"]: {name: text for name, text in rule.title.items() if name != "en"}
            for rule in self.rules
            if rule.article
        }
        catalogue = Catalogue(entries=titles).merge(words())
        return tuple(render(reason, language=language, catalogue=catalogue).text for reason in self.reasons)


ALARMED = phrase("agreement {agreement} could not be evaluated, so nothing is permitted: {errors}")
NOTHING_PERMITS = phrase(
    "no article of agreement {agreement} lets {principal} do this: {action:term}, {kind:term}, for {purpose:term}"
)
NO_AGREEMENT_PERMITS = phrase("no agreement lets {principal} do this: {action:term}, {kind:term}, for {purpose:term}")
ARTICLE_PERMITS = phrase("article {article} of agreement {agreement} permits it: {title:term}")
ARTICLE_REFUSES = phrase("article {article} of agreement {agreement} refuses it: {title:term}")
CORE_PERMITS = phrase("permitted by the core rules: {title:term}")
CORE_REFUSES = phrase("refused by the core rules: {title:term}")


def _reason(says: str, **facts: str) -> Reason:
    return Reason(says=says, facts=facts, weight=0.0)


def _said(rule: Rule, agreement: str) -> Reason:
    title = rule.title["en"]
    if rule.article:
        says = ARTICLE_PERMITS if rule.permits else ARTICLE_REFUSES
        return _reason(says, article=rule.article, agreement=agreement, title=title)
    return _reason(CORE_PERMITS if rule.permits else CORE_REFUSES, title=title)


class Slice:
    """The core rules and one agreement, compiled. Made by `compile_text` and `compile_core`."""

    def __init__(self, policies: Sequence[Policy], rules: Mapping[str, Rule], named: tuple[str, int, str]) -> None:
        import cedarpy  # noqa: PLC0415 -- a compiled extension that most commands never need

        self.agreement, self.version, self.sha256 = named
        self.policies = tuple(policies)
        self.rules = rules
        self._sets = {action: cedarpy.PolicySet.from_json_str(write_policies(policies, action)) for action in Action}
        self._authorise = cedarpy.is_authorized
        self._reads: dict[Action, tuple[tuple[str, Reducer | None], ...]] = {}
        self._encode: dict[Action, Callable[[Facts], tuple[str, str]]] = {}
        for action in Action:
            reads = paths_read(policy for policy in policies if action in policy.actions)
            reduced = reducers(policy for policy in policies if action in policy.actions)
            self._reads[action] = (
                *((path, None) for path in ALWAYS),
                *((path, reduced.get(path)) for path in sorted(reads - set(ALWAYS))),
            )
            self._encode[action] = encoder(reads)
        self._remembered: dict[tuple[Value, ...], Decision] = {}

    def decide(self, facts: Facts) -> Decision:
        """Return the decision on one request, remembered if the same facts were asked before."""
        action = Action(str(facts["action"]))
        key = (action, *[reduce(facts[path]) if reduce else facts[path] for path, reduce in self._reads[action]])
        known = self._remembered.get(key)
        if known is None:
            known = self.evaluate(facts)
            if known.alarm is None:
                if len(self._remembered) >= REMEMBERED:
                    self._remembered.clear()
                self._remembered[key] = known
        return known

    def evaluate(self, facts: Facts) -> Decision:
        """Return the decision, asked of Cedar anew. Never raises for what Cedar says: an error is a denial."""
        action = Action(str(facts["action"]))
        entities, context = self._encode[action](facts)
        request = {
            "principal": {"type": "Node", "id": str(facts["principal"])},
            "action": {"type": "Action", "id": str(action)},
            "resource": {"type": "Record", "id": "r"},
            "context": context,
        }
        answer = self._authorise(request, self._sets[action], entities)
        errors = list(answer.diagnostics.errors)
        if not errors and answer.decision.value not in {"Allow", "Deny"}:
            errors = [f"Cedar answered {answer.decision.value}"]
        permitted = answer.allowed and not errors
        return Decision(
            permitted=permitted,
            agreement=self.agreement,
            version=self.version,
            sha256=self.sha256,
            rules=tuple(self.rules[name] for name in sorted(answer.diagnostics.reasons)),
            asked=(
                str(facts["principal"]),
                str(action),
                str(facts["resource.kind"]),
                str(facts["context.purpose"]),
            ),
            alarm=Alarm(agreement=self.agreement, errors=tuple(errors)) if errors else None,
        )


def compile_text(text: AgreementText) -> Slice:
    """Compile one agreement with the core rules under it.

    Raises:
        UnsoundAgreementError: if a policy does not parse, bears no article of the text, or cannot be proven.
    """
    own = read_policies(text.policies(), text.id)
    articles = {f"{text.id}/{article.number}": article for article in text.articles}
    for policy in own:
        if policy.id not in articles:
            why = f"policy {policy.id} stands for no article"
            raise UnsoundAgreementError(agreement=text.id, why=why)
    rules = {
        policy.id: Rule(
            id=policy.id,
            article=articles[policy.id].number,
            permits=policy.permits,
            title=articles[policy.id].title,
        )
        for policy in own
    }
    return Slice((*_core(), *own), {**_core_rules(), **rules}, (text.id, text.version, sha256(text)))


@lru_cache(maxsize=1)
def compile_core() -> Slice:
    """Return the core rules alone: what an institution may do with its own records, and nobody else with them."""
    return Slice(_core(), _core_rules(), ("", 1, core_sha256()))


@lru_cache(maxsize=1)
def _core() -> tuple[Policy, ...]:
    return read_policies(core_policies(), "core")


def _core_rules() -> dict[str, Rule]:
    return {
        policy.id: Rule(id=policy.id, article="", permits=policy.permits, title={"en": CORE_TITLES[policy.id]})
        for policy in _core()
    }
