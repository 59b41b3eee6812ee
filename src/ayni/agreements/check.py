"""What is wrong with a text, before anyone proposes it: schema and lint.

The schema is Cedar's own validator, strict, over the closed list of attributes. The lint
finds what validates and still is a mistake: an article without a policy or without words
in one of the four languages, a word that its list does not hold, a permit without a
condition, a permit that other articles forbid altogether, a clause that is missing.

An error keeps a text from being proposed; a warning is for the eyes of counsel.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ayni.agreements.core import core_policies
from ayni.agreements.drafting import words
from ayni.agreements.syntax import Expr, Policy, read_policies
from ayni.agreements.text import MANDATORY, AgreementText, Article, Clause
from ayni.agreements.vocabulary import BY_PATH, KNOWN_KINDS, schema
from ayni.errors import UnsoundAgreementError
from ayni.model.signal import Fact, Reason
from ayni.toolkit.phrases import LANGUAGES, phrase, render

PERMITTING = frozenset({Clause.GRANT, Clause.RECALL})
SEVERAL = frozenset({Clause.GRANT, Clause.REFUSAL})


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One thing to put right: where, what, and whether it bars the text."""

    article: str
    """Number of the article; empty for the text as a whole."""
    says: Reason
    error: bool = True

    def told(self, language: str) -> str:
        """Return it as a sentence in *language*."""
        return render(self.says, language=language, catalogue=words()).text


NO_WORDS = phrase("article {article} has no {part:term} in {language:term}")
NO_TITLE = phrase("the agreement has no title in {language:term}")
NO_POLICY = phrase("article {article} has no policy")
SEVERAL_POLICIES = phrase("article {article} has {count:integer} policies; each article is one policy")
WRONG_ID = phrase("the policy of article {article} is marked {found}, not {wanted}")
TWICE = phrase("two articles have the number {article}")
NO_CLAUSE = phrase("no article is about this: {clause:term}")
CLAUSE_TWICE = phrase("more than one article is about this: {clause:term}")
WRONG_EFFECT = phrase("article {article} is about this: {clause:term}; its policy must begin with {wanted}")
NO_TABLE = phrase("article {article} opens or refuses something and has no table of what it covers")
IDLE_TABLE = phrase("article {article} has a table that its clause does not use")
INVALID = phrase("the policy of article {article} does not validate: {why}")
STRANGE_WORD = phrase("article {article} speaks of {word}, which is not a word of this list: {attribute:term}")
FOREIGN_PURPOSE = phrase("article {article} serves {word:term}, which is not a purpose of the agreement")
STRANGE_KIND = phrase("article {article} names the kind of record {word}, which no desk of today makes")
STRANGER = phrase("article {article} names {word}, which is no party")
ALWAYS = phrase("article {article} permits everything: its policy has no condition that can fail")
NEVER = phrase("article {article} permits nothing: {others} forbids all that it permits")
NEVER_TOGETHER = phrase("article {article} permits nothing: the other articles together forbid all that it permits")


def check(text: AgreementText) -> tuple[Problem, ...]:
    """Return every problem of a text, in the order of its articles; empty when there is none."""
    found = [*_whole(text)]
    policies: dict[str, Policy] = {}
    for article in text.articles:
        found += _words_of(article)
        one = list(_policy_of(article, text))
        found += [problem for problem in one if isinstance(problem, Problem)]
        policies.update((article.number, policy) for policy in one if isinstance(policy, Policy))
    for article in text.articles:
        if article.number in policies:
            found += _against_clause(article, policies[article.number])
            found += _strange_words(article, policies[article.number])
        found += _table(article, text)
    if not any(problem.error for problem in found):
        found += _meaning(list(policies.items()), text)
    return tuple(found)


def require_sound(text: AgreementText) -> None:
    """Refuse a text with errors.

    Raises:
        UnsoundAgreementError: with every error in English.
    """
    errors = [problem.told("en") for problem in check(text) if problem.error]
    if errors:
        raise UnsoundAgreementError(agreement=text.id, why="; ".join(errors))


def _problem(says: str, article: str = "", *, error: bool = True, **facts: Fact) -> Problem:
    told = {"article": article, **facts} if article else facts
    return Problem(article=article, says=Reason(says=says, facts=told, weight=0.0), error=error)


_LANGUAGE = {"es": "Spanish", "pt": "Portuguese", "en": "English", "fr": "French"}


def _whole(text: AgreementText) -> Iterator[Problem]:
    for language in LANGUAGES:
        if not text.title.get(language, "").strip():
            yield _problem(NO_TITLE, language=_LANGUAGE[language])
    for number, count in Counter(article.number for article in text.articles).items():
        if count > 1:
            yield _problem(TWICE, number)
    counted = Counter(article.clause for article in text.articles)
    for clause in MANDATORY:
        if not counted[clause]:
            yield _problem(NO_CLAUSE, clause=clause)
        elif counted[clause] > 1 and clause not in SEVERAL:
            yield _problem(CLAUSE_TWICE, clause=clause)


def _words_of(article: Article) -> Iterator[Problem]:
    for part, wording in (("title", article.title), ("text", article.text)):
        for language in LANGUAGES:
            if not wording.get(language, "").strip():
                yield _problem(NO_WORDS, article.number, part=part, language=_LANGUAGE[language])


def _policy_of(article: Article, text: AgreementText) -> Iterator[Problem | Policy]:
    """Yield the policy of an article, or what is wrong with it."""
    import cedarpy  # noqa: PLC0415 -- a compiled extension that most commands never need

    if not article.policy.strip():
        yield _problem(NO_POLICY, article.number)
        return
    result = cedarpy.validate_policies(article.policy, schema())
    yield from (_problem(INVALID, article.number, why=str(error.error)) for error in result.errors)
    if result.errors:
        return
    try:
        policies = read_policies(article.policy, text.id)
    except UnsoundAgreementError as error:
        yield _problem(INVALID, article.number, why=str(error.facts["why"]))
        return
    if len(policies) != 1:
        yield _problem(SEVERAL_POLICIES if policies else NO_POLICY, article.number, count=len(policies))
        return
    policy, wanted = policies[0], f"{text.id}/{article.number}"
    if policy.id != wanted:
        yield _problem(WRONG_ID, article.number, found=policy.id, wanted=wanted)
    if policy.article != article.number:
        yield _problem(WRONG_ID, article.number, found=policy.article or "-", wanted=article.number)
    yield policy


def _against_clause(article: Article, policy: Policy) -> Iterator[Problem]:
    permits = article.clause in PERMITTING
    if policy.permits is not permits:
        wanted = "permit" if permits else "forbid"
        yield _problem(WRONG_EFFECT, article.number, clause=article.clause, wanted=wanted)


def _strange_words(article: Article, policy: Policy) -> Iterator[Problem]:
    """Yield words that are compared with an attribute whose closed list does not hold them."""
    for node in policy.condition.walk():
        paths = [arg for arg in node.args if arg.op == "path" and str(arg.value) in BY_PATH]
        known = {value for path in paths for value in BY_PATH[str(path.value)].values or ()}
        if not known or any(BY_PATH[str(path.value)].values is None for path in paths):
            continue
        for word in _literals(node, paths):
            if word not in known:
                attribute = BY_PATH[str(paths[0].value)].holds
                yield _problem(STRANGE_WORD, article.number, word=word, attribute=attribute)


def _literals(node: Expr, paths: Sequence[Expr]) -> Iterator[str]:
    for arg in node.args:
        if arg not in paths:
            yield from (str(leaf.value) for leaf in (arg, *arg.args) if leaf.op == "word")


def _table(article: Article, text: AgreementText) -> Iterator[Problem]:
    table = article.covers
    if table is None:
        if article.clause in SEVERAL:
            yield _problem(NO_TABLE, article.number)
        return
    if article.clause not in SEVERAL:
        yield _problem(IDLE_TABLE, article.number)
    for purpose in table.purposes:
        if purpose not in text.purposes:
            yield _problem(FOREIGN_PURPOSE, article.number, word=purpose)
    for kind in table.kinds:
        if kind not in KNOWN_KINDS:
            yield _problem(STRANGE_KIND, article.number, error=False, word=kind)
    for party in table.originators:
        if party not in text.party_ids:
            yield _problem(STRANGER, article.number, word=party)


def _meaning(policies: Sequence[tuple[str, Policy]], text: AgreementText) -> Iterator[Problem]:
    """Yield permits that cannot fail, and permits that the rest forbids altogether: a question for the solver."""
    from ayni.agreements.meaning import always, never  # noqa: PLC0415 -- loads the solver

    core = read_policies(core_policies(), "core")
    forbids = [policy for policy in (*core, *(policy for _, policy in policies)) if not policy.permits]
    for number, policy in policies:
        if not policy.permits:
            continue
        if always(policy, text.id):
            yield _problem(ALWAYS, number)
            continue
        against = never(policy, forbids, text.id)
        if against is not None:
            yield _problem(NEVER, number, others=against) if against else _problem(NEVER_TOGETHER, number)
