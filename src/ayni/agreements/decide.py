"""The decision: may this be done, and which articles say so.

Each agreement is compiled once into a `Slice` of two parts, the core rules (one part that
all slices share) and its own articles. The text is never parsed again.

    slice_ = compile_text(text)
    decision = slice_.decide(facts_of(ask, header, standing))
    decision.permitted, decision.articles, decision.reasons

Cedar permits when some `permit` holds and no `forbid` does, and it skips a policy that
fails to evaluate: an error in a `forbid` would open the door. Here any error at all is a
denial, with an `Alarm` that the node must show to a person.

Policies are pure functions of the facts they read, so an answer is remembered under those
facts, and values that no policy tells apart (`classes`) share it; a list of ten thousand rows
asks Cedar only about the distinct ones. Institutions are only ever compared with one another,
so agreements that differ in nothing but who their parties are share what they remember.

Source: Cedar, authorization semantics (default deny, forbid overrides permit, skip on error).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING
from weakref import WeakValueDictionary

from ayni.agreements.classes import Sight, looking, sights
from ayni.agreements.core import CORE_TITLES, core_policies, core_sha256
from ayni.agreements.drafting import words
from ayni.agreements.request import encoder, holder_context
from ayni.agreements.syntax import HOLDER, Expr, Policy, read_policies, write_policies
from ayni.agreements.text import AgreementText, Words, sha256
from ayni.agreements.vocabulary import Action, Facts, Value
from ayni.errors import UnsoundAgreementError
from ayni.model.signal import Reason
from ayni.toolkit.phrases import Catalogue, phrase, render

if TYPE_CHECKING:
    import cedarpy

ORIGINATOR = "resource.originator"

REMEMBERED = 8_192
"""Decisions remembered per agreement; about 2 MB. Ours: more than the rows of the longest list page."""


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
        self.agreement, self.version, self.sha256 = named
        self.policies = tuple(policies)
        self.rules = rules
        core = tuple(policy for policy in policies if policy.id in CORE_TITLES)
        own = tuple(policy for policy in policies if policy.id not in CORE_TITLES)
        self._parts = (part_of(core), Part(own)) if own else (part_of(core),)

    def decide(self, facts: Facts) -> Decision:
        """Return the decision on one request; what was asked before of the same facts is not asked again."""
        return self._together(facts, [part.remembered(facts) for part in self._parts])

    def evaluate(self, facts: Facts) -> Decision:
        """Return the decision, asked of Cedar anew. Never raises for what Cedar says: an error is a denial."""
        return self._together(facts, [part.ask(facts) for part in self._parts])

    def _together(self, facts: Facts, answers: Sequence[Answer]) -> Decision:
        """Join the answers of core rules and articles as Cedar would: some permit, no forbid, no error."""
        errors = tuple([error for answer in answers for error in answer.errors])
        forbids = [name for answer in answers for name in answer.forbids]
        permits = [name for answer in answers for name in answer.permits]
        permitted = bool(permits) and not forbids and not errors
        asked = (facts["principal"], facts["action"], facts["resource.kind"], facts["context.purpose"])
        principal, action, kind, purpose = (str(value) for value in asked)
        return Decision(
            permitted=permitted,
            agreement=self.agreement,
            version=self.version,
            sha256=self.sha256,
            rules=tuple([self.rules[name] for name in (permits if permitted else forbids)]),
            asked=(principal, action, kind, purpose),
            alarm=Alarm(agreement=self.agreement, errors=errors) if errors else None,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What one part said: ids of the permits or of the forbids that held, or what failed."""

    permits: tuple[str, ...] = ()
    forbids: tuple[str, ...] = ()
    errors: tuple[str, ...] = ()


class _Memory(dict[tuple[object, ...], tuple[tuple[int, ...], tuple[int, ...]]]):
    """What was asked, to the places of the permits and of the forbids that held."""


_MEMORIES: WeakValueDictionary[tuple[object, ...], _Memory] = WeakValueDictionary()
"""The shape of policies to what is remembered of them, as long as some part has that shape."""


def shape_of(policies: Sequence[Policy]) -> tuple[tuple[object, ...], Mapping[Value, int]]:
    """Return policies with their ids left out and institutions numbered as they are named, and these numbers.

    Cedar compares institutions for equality alone. What it answers is therefore the same for policies of
    one shape, if each institution of a request is named by the same number, or by none, and the same
    institutions of the request are equal.
    """
    numbers: dict[Value, int] = {}

    def numbered(expr: Expr) -> tuple[object, ...]:
        if expr.op == "node":
            return "node", numbers.setdefault(expr.value, len(numbers))
        return (expr.op, type(expr.value), expr.value, *[numbered(arg) for arg in expr.args])

    shape = tuple([(policy.permits, policy.actions, numbered(policy.condition)) for policy in policies])
    return shape, numbers


class Part:
    """Policies that are asked together: the core rules, shared by all slices, or the articles of one."""

    def __init__(self, policies: tuple[Policy, ...]) -> None:
        import cedarpy  # noqa: PLC0415 -- a compiled extension that most commands never need

        self._authorise = cedarpy.is_authorized
        cedarpy.PolicySet.from_json_str(write_policies(policies))
        self._prepare: dict[str, _Preparation] = {
            action: _Preparation(tuple(policy for policy in policies if action in policy.actions))
            for action in Action
        }
        self._ids = tuple(policy.id for policy in policies)
        self._places = {name: place for place, name in enumerate(self._ids)}
        shape, self._named = shape_of(policies)
        self._known = _MEMORIES.setdefault(shape, _Memory())

    def remembered(self, facts: Facts) -> Answer:
        """Return the answer, asked only once for requests that the policies cannot tell apart."""
        action = str(facts["action"])
        key = (action, facts["context.purpose"], self._nodes(facts), self._prepare[action].seen(facts))
        known = self._known.get(key)
        if known is not None:
            permits, forbids = known
            ids = self._ids
            return Answer(
                permits=tuple(sorted([ids[at] for at in permits])), forbids=tuple(sorted([ids[at] for at in forbids]))
            )
        answer = self.ask(facts)
        if not answer.errors:
            if len(self._known) >= REMEMBERED:
                self._known.clear()
            places = self._places
            self._known[key] = (
                tuple([places[name] for name in answer.permits]),
                tuple([places[name] for name in answer.forbids]),
            )
        return answer

    def _nodes(self, facts: Facts) -> tuple[object, ...]:
        """Return what policies see of the institutions: which named one each is, and which are the same."""
        principal, holder, originator = facts["principal"], facts["context.holder"], facts["resource.originator"]
        same = (principal == originator, principal == holder, holder == originator)
        if not self._named:
            return same
        named = self._named.get
        return named(principal), named(holder), named(originator), *same

    def ask(self, facts: Facts) -> Answer:
        """Return the answer, asked of Cedar anew."""
        action = str(facts["action"])
        prepared = self._prepare[action]
        try:
            entities, context = prepared.entities(facts), holder_context(facts)
        except ValueError as error:
            return Answer(errors=(str(error),))
        request = {
            "principal": {"type": "Node", "id": str(facts["principal"])},
            "action": {"type": "Action", "id": str(action)},
            "resource": {"type": "Record", "id": "r"},
            "context": context,
        }
        answer = self._authorise(request, prepared.policies, entities)
        held, errors = tuple(sorted(answer.diagnostics.reasons)), tuple(answer.diagnostics.errors)
        if not errors and answer.decision.value not in {"Allow", "Deny"}:
            errors = (f"Cedar answered {answer.decision.value}",)
        return Answer(permits=held, errors=errors) if answer.allowed else Answer(forbids=held, errors=errors)


class _Preparation:
    """What must be written down of a request before Cedar sees it, and the policies it meets, for one action.

    Cedar looks at every policy of a set for every request, so a policy that speaks of other actions
    is left out of this one's set: by its scope it could not have held. Much of what is written down
    is the same for many requests, and agreements made from one template see the same: what was
    parsed once is kept under what policies see of it.
    """

    def __init__(self, policies: tuple[Policy, ...]) -> None:
        self._policies = policies
        self._compiled: cedarpy.PolicySet | None = None
        seen = tuple(sight for sight in sights(policies) if sight.path != HOLDER)
        self.seen = looking(tuple(sight for sight in seen if sight.path != ORIGINATOR))
        self._write = encoder(frozenset(sight.path for sight in seen))
        self._parsed = _PARSED.setdefault(seen, {})

    @property
    def policies(self) -> cedarpy.PolicySet:
        """The policies that speak of this action, compiled the first time they are asked."""
        if self._compiled is None:
            import cedarpy  # noqa: PLC0415 -- loaded already by whoever made the part

            self._compiled = cedarpy.PolicySet.from_json_str(write_policies(self._policies))
        return self._compiled

    def entities(self, facts: Facts) -> cedarpy.Entities:
        """Return the record with all that is known of the request, parsed."""
        key = (facts["context.purpose"], facts[ORIGINATOR], self.seen(facts))
        found = self._parsed.get(key)
        if found is None:
            import cedarpy  # noqa: PLC0415 -- loaded already by whoever made the part

            if len(self._parsed) >= REMEMBERED:
                self._parsed.clear()
            found = self._parsed[key] = cedarpy.Entities.from_json_str(self._write(facts))
        return found


_PARSED: dict[tuple[Sight, ...], dict[tuple[object, ...], cedarpy.Entities]] = {}


@lru_cache(maxsize=64)
def part_of(policies: tuple[Policy, ...]) -> Part:
    """Return the part made of these policies, made once: the core rules are the same under every agreement."""
    return Part(policies)


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
