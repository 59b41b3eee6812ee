"""Bad texts are refused with a sentence that says what is wrong, in four languages."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from ayni.agreements.check import check, require_sound
from ayni.agreements.drafting import TEMPLATES, annotated
from ayni.agreements.text import AgreementText, Article, Clause, Covers, Party
from ayni.agreements.vocabulary import Action
from ayni.errors import InvalidValueError, UnsoundAgreementError
from ayni.model.handling import Purpose
from tests.agreements.texts import PARTIES, a_text


def changed(number: str, change: Callable[[Article], Article]) -> AgreementText:
    """Return the maritime text with one article changed."""
    text = a_text()
    articles = tuple(change(each) if each.number == number else each for each in text.articles)
    return replace(text, articles=articles)


def with_policy(number: str, policy: str) -> AgreementText:
    """Return the text with another policy for one article."""
    return changed(number, lambda article: replace(article, policy=annotated("EC-PE-1", number, policy)))


@pytest.mark.parametrize("template", TEMPLATES)
def test_templates_have_no_problem(template: str) -> None:
    """Neither error nor warning."""
    assert check(a_text(template)) == ()


def without(language: str) -> Callable[[Article], Article]:
    """Return a change that takes the words of one language away."""
    return lambda article: replace(article, text={k: v for k, v in article.text.items() if k != language})


def first_grant(text: AgreementText) -> Covers:
    """Return the table of the first grant."""
    table = text.of_clause(Clause.GRANT)[0].covers
    assert table is not None
    return table


PERMIT = 'permit (principal, action == Action::"use", resource)'
BAD: dict[str, tuple[AgreementText, str]] = {
    "no policy": (changed("4", lambda a: replace(a, policy="")), "article 4 has no policy"),
    "only a comment": (changed("4", lambda a: replace(a, policy="// later\n")), "article 4 has no policy"),
    "no text in French": (changed("4", without("fr")), "article 4 has no text in French"),
    "no title at all": (changed("4", lambda a: replace(a, title={})), "article 4 has no title in Spanish"),
    "does not parse": (with_policy("4", "permit (principal, action"), "does not validate"),
    "unknown attribute": (with_policy("4", f"{PERMIT} when {{ resource.colour == 1 }};"), "does not validate"),
    "wrong type": (with_policy("4", f'{PERMIT} when {{ resource.ageDays == "old" }};'), "does not validate"),
    "unknown purpose": (
        with_policy("4", f'{PERMIT} when {{ context.purpose == "migration-control" }};'),
        "speaks of migration-control",
    ),
    "unknown category": (
        with_policy("9", 'forbid (principal, action, resource) when { resource.categories.contains("tall") };'),
        "speaks of tall",
    ),
    "two policies": (
        changed("4", lambda a: replace(a, policy=a.policy + annotated("EC-PE-1", "4b", f"{PERMIT};"))),
        "2 policies",
    ),
    "another article's mark": (
        changed("4", lambda a: replace(a, policy=a.policy.replace("/4", "/5"))),
        "is marked EC-PE-1/5",
    ),
    "forbid for permit": (
        changed("4", lambda a: replace(a, policy=a.policy.replace("permit", "forbid"))),
        "must begin with permit",
    ),
    "no table": (changed("4", lambda a: replace(a, covers=None)), "no table"),
    "permits everything": (with_policy("4", "permit (principal, action, resource);"), "article 4 permits everything"),
    "permits everything in disguise": (
        with_policy("4", f"{PERMIT} when {{ resource.ageDays >= 0 || resource.held }};"),
        "article 4 permits everything",
    ),
    "contradiction": (
        with_policy("4", f"{PERMIT} when {{ context.signatures < 2 }};"),
        "EC-PE-1/13 forbids all that it permits",
    ),
    "contradiction with the core": (
        with_policy("4", f"{PERMIT} when {{ resource.expired && !resource.held }};"),
        "core/expired forbids all that it permits",
    ),
    "contradiction of several": (
        with_policy("4", f'{PERMIT} when {{ context.purpose == "safety" && resource.ageDays > 365 - 0 }};'),
        "does not validate",
    ),
    "no suspension clause": (
        replace(a_text(), articles=tuple(a for a in a_text().articles if a.clause is not Clause.SUSPENSION)),
        "no article is about this: suspension",
    ),
    "two retention clauses": (
        changed("9", lambda a: replace(a, clause=Clause.RETENTION)),
        "more than one article is about this: retention",
    ),
    "one number twice": (changed("5", lambda a: replace(a, number="4")), "two articles have the number 4"),
    "a purpose the agreement lacks": (
        changed(
            "3", lambda a: replace(a, covers=replace(first_grant(a_text()), purposes=(Purpose.MONEY_LAUNDERING,)))
        ),
        "money-laundering, which is not a purpose of the agreement",
    ),
    "a stranger in a table": (
        changed("3", lambda a: replace(a, covers=Covers(actions=(Action.USE,), originators=("xx.other",)))),
        "names xx.other, which is no party",
    ),
}


@pytest.mark.parametrize("what", sorted(BAD))
def test_a_bad_text_is_refused_with_what_is_wrong(what: str) -> None:
    """The sentence names the article, in each language, and nothing may be proposed."""
    text, wanted = BAD[what]
    errors = [problem for problem in check(text) if problem.error]
    assert any(wanted in problem.told("en") for problem in errors), [problem.told("en") for problem in errors]
    for problem in errors:
        told = {problem.told(language) for language in ("es", "pt", "en", "fr")}
        assert len(told) == 4
        assert not any("⟨" in sentence for sentence in told)
    with pytest.raises(UnsoundAgreementError, match="EC-PE-1"):
        require_sound(text)


def test_an_unknown_kind_of_record_is_a_warning() -> None:
    """A desk of the future may make it."""
    policy = f'{PERMIT} when {{ resource.kind == "horoscope" && context.purpose == "safety" }};'
    table = Covers(actions=(Action.USE,), kinds=("horoscope",), purposes=(Purpose.SAFETY,))
    text = changed("3", lambda a: replace(a, covers=table, policy=annotated("EC-PE-1", "3", policy)))
    problems = check(text)
    assert [problem.error for problem in problems] == [False]
    require_sound(text)


@pytest.mark.parametrize(
    "parties", [PARTIES[:1], (PARTIES[0], PARTIES[0]), ()], ids=["one party", "one party twice", "none"]
)
def test_parties_are_at_least_two_different_ones(parties: tuple[Party, ...]) -> None:
    """Refused when the value is made."""
    with pytest.raises(InvalidValueError, match="part"):
        replace(a_text(), parties=parties)
