"""A decision names its articles, refuses with every reason, and takes an error for a no."""

from __future__ import annotations

import itertools
import random
from datetime import date

import cedarpy
import pytest

from ayni.agreements.classes import sights
from ayni.agreements.core import CORE_TITLES, core_policies
from ayni.agreements.decide import compile_core, compile_text, shape_of
from ayni.agreements.drafting import TEMPLATES, new_text, words
from ayni.agreements.request import encoder, holder_context
from ayni.agreements.syntax import read_policies, write_policies
from ayni.agreements.text import AgreementText, Party
from ayni.agreements.vocabulary import BY_PATH, HANDLE, Action, Value, schema
from ayni.errors import InvalidValueError
from ayni.model.handling import Category, Purpose
from tests.agreements.chance import a_random_request
from tests.agreements.texts import a_request, a_slice, a_text


def test_a_plain_request_is_permitted_by_its_articles() -> None:
    """Signals for counter-narcotics: the article on exchange and the one on coordinated action."""
    decision = a_slice().decide(a_request())
    assert decision.permitted
    assert decision.articles == ("EC-PE-1/4", "EC-PE-1/6")
    assert len(decision.sha256) == 64


REFUSALS: list[tuple[str, dict[str, Value], str]] = [
    ("no legal basis", {"context__legalBasis": ""}, "core/legal-basis"),
    ("purpose not of the record", {"resource__purposes": ("safety",)}, "core/purpose"),
    ("purpose not of the agreement", {"context__purpose": "fugitives", "resource__purposes": ("fugitives",)}, "/2"),
    ("signed but not in force", {"context__agreementState": "signed"}, "core/not-in-force"),
    ("suspended", {"context__agreementState": "suspended"}, "core/suspended"),
    ("terminated", {"context__agreementState": "terminated"}, "core/terminated"),
    ("after the term", {"context__inTerm": False}, "core/term"),
    ("signed once", {"context__signatures": 1}, "/13"),
    ("recalled", {"resource__recalled": True}, "core/recalled"),
    ("expired", {"resource__expired": True}, "core/expired"),
    ("past the cap", {"resource__ageDays": 366}, "/8"),
    ("H1 in court", {"resource__codes": ("H1",), "action": "court"}, "core/h1"),
    ("H2 onward", {"resource__codes": ("H2",), "action": "forward"}, "core/h2"),
    ("H3 not acknowledged", {"resource__codes": ("H3",)}, "core/h3"),
    ("onward", {"action": "forward"}, "core/onward"),
    ("TLP:RED in a list", {"resource__tlp": "RED", "action": "search"}, "core/tlp-red"),
    ("TLP:AMBER+STRICT onward", {"resource__tlp": "AMBER+STRICT", "action": "forward"}, "core/tlp-amber-strict"),
    ("PAP:RED outside query", {"resource__pap": "RED", "action": "lookup"}, "core/pap-red"),
    ("PAP:AMBER measure", {"resource__pap": "AMBER", "action": "act"}, "core/pap-amber"),
    ("a machine acts", {"context__automated": True, "action": "act"}, "core/machine"),
    ("lethal", {"context__effects": ("lethal-targeting",)}, "core/lethal"),
    ("migration", {"context__effects": ("migration-enforcement",)}, "/10"),
    ("excluded category", {"resource__categories": ("health", "minor")}, "/9"),
    ("not a party", {"principal": "xx.other", "context__holder": "xx.other"}, "/1"),
    ("originator is no party", {"resource__originator": "xx.other"}, "/1"),
]


@pytest.mark.parametrize(("what", "changes", "rule"), REFUSALS, ids=[each[0] for each in REFUSALS])
def test_each_rule_refuses_what_it_is_for(what: str, changes: dict[str, Value], rule: str) -> None:
    """One thing is wrong; the rule that stands against it is named, in four languages."""
    decision = a_slice().decide(a_request(**changes))
    assert not decision.permitted, what
    assert any(name.endswith(rule) for name in decision.articles), decision.articles
    spoken = {language: decision.explain(language) for language in ("es", "pt", "en", "fr")}
    assert all(spoken.values())
    assert len(set(spoken.values())) == 4, "each language says it in its own words"


def test_all_reasons_are_given_not_the_first() -> None:
    """Recalled, suspended and without a legal basis: three reasons."""
    facts = a_request(resource__recalled=True, context__agreementState="suspended", context__legalBasis="")
    found = a_slice().decide(facts).articles
    assert {"core/recalled", "core/suspended", "core/legal-basis"} <= set(found)


def test_what_no_article_permits_says_so() -> None:
    """A default denial has no rule, yet it has a reason."""
    decision = a_slice().decide(a_request(resource__kind="case"))
    assert not decision.permitted
    assert decision.articles == ()
    assert "no article of agreement EC-PE-1" in decision.explain("en")[0]


@pytest.mark.parametrize("action", list(Action))
def test_own_records_need_no_agreement_and_nobody_else_gets_them(action: Action) -> None:
    """Under the core rules alone an originator may do everything lawful, a foreign institution nothing."""
    core = compile_core()
    own = a_request(action=action, principal="ec.armada", context__holder="ec.armada", context__agreementState="none")
    assert core.decide(own).permitted
    foreign = a_request(action=action, context__agreementState="none")
    refused = core.decide(foreign)
    assert not refused.permitted
    assert refused.reasons


@pytest.mark.parametrize("state", ["in-force", "suspended", "terminated", "signed"])
def test_the_originator_always_recalls(state: str) -> None:
    """Recall and correction survive suspension, termination, expiry and a missing signature."""
    for action in ("recall", "correct"):
        facts = a_request(
            action=action,
            principal="ec.armada",
            context__agreementState=state,
            context__signatures=0,
            context__inTerm=False,
            resource__expired=True,
            resource__recalled=True,
        )
        assert a_slice().decide(facts).permitted


def test_an_error_while_evaluating_is_a_denial_and_an_alarm() -> None:
    """An attribute of the wrong type makes Cedar skip policies; nothing is permitted then."""
    decision = a_slice().evaluate({**a_request(), "resource.purposes": "counter-narcotics"})
    broken = a_slice().evaluate({**a_request(), "resource.ageDays": '"old"'})
    assert broken.alarm is not None
    assert not broken.permitted
    assert "could not be evaluated" in broken.explain("en")[0]
    unreadable = a_slice().evaluate({**a_request(), "resource.ageDays": '"'})
    assert unreadable.alarm is not None
    assert not unreadable.permitted
    assert not decision.permitted


def test_a_word_outside_a_closed_list_never_reaches_a_policy() -> None:
    """A purpose nobody agreed on is refused before anything is decided."""
    with pytest.raises(InvalidValueError, match="migration-control"):
        a_request(context__purpose="migration-control")


def test_remembered_and_fresh_decisions_are_equal() -> None:
    """Memory changes nothing, also when a single fact differs."""
    slice_ = compile_text(a_text())
    recalled, red = a_request(resource__recalled=True), a_request(resource__tlp="RED")
    for facts in (a_request(), recalled, red, a_request(), recalled):
        assert slice_.decide(facts) == slice_.evaluate(facts)


def test_core_and_templates_validate_against_the_strict_schema() -> None:
    """Cedar's own validator finds nothing; every core rule has a title in four languages."""
    for text in (core_policies(), *(core_policies() + a_text(name).policies() for name in TEMPLATES)):
        result = cedarpy.validate_policies(text, schema())
        assert result.validation_passed, [str(error) for error in result.errors]
    for title in CORE_TITLES.values():
        assert set(words().entries[title]) == {"es", "pt", "fr"}


def test_every_word_of_the_vocabulary_is_translated() -> None:
    """Actions, purposes and categories read in four languages."""
    for value in (*Action, *Purpose, *Category):
        assert set(words().entries[str(value)]) >= {"es", "pt", "fr"}, value


def test_no_template_serves_migration_enforcement_or_lethal_targeting() -> None:
    """For every template, action and purpose, both effects are refused to everyone."""
    for name in TEMPLATES:
        text, slice_ = a_text(name), a_slice(name)
        for action in HANDLE:
            for effect in ("migration-enforcement", "lethal-targeting"):
                facts = a_request(
                    action=action,
                    context__effects=(effect,),
                    context__purpose=text.purposes[0],
                    resource__purposes=text.purposes,
                )
                assert not slice_.decide(facts).permitted
                assert not slice_.decide({**facts, "principal": "ec.armada"}).permitted


@pytest.mark.parametrize("template", TEMPLATES)
def test_what_shares_an_answer_deserves_it(template: str) -> None:
    """Over random requests, each of another age and legal basis, memory answers as Cedar would."""
    text, slice_ = a_text(template), compile_text(a_text(template))
    source = random.Random(13)
    for _ in range(400):
        facts = {
            **a_random_request(source, text),
            "resource.ageDays": source.choice([0, 1, 89, 90, 91, 200, 365, 366, 2000]),
            "context.legalBasis": source.choice(["", "one law", "another law"]),
            "context.signatures": source.randint(0, 4),
        }
        assert slice_.decide(facts) == slice_.evaluate(facts)


NODES = ("ec.armada", "pe.dicapi", "br.marinha", "xx.stranger", "xx.other")


def between(agreement: str, *parties: str) -> AgreementText:
    """Return a text that differs from others in nothing but who its parties are."""
    signing = [Party(id=name, name=name) for name in parties]
    return new_text("maritime-bilateral", agreement=agreement, parties=signing, starts_on=date(2026, 1, 1))


def test_agreements_that_differ_in_their_parties_share_answers_rightly() -> None:
    """Whoever asks, holds and made a record: a party of this agreement is a stranger to the next one."""
    pairs = list(itertools.permutations(NODES[:3], 2))
    texts = [between(f"A-{at}", *pair) for at, pair in enumerate(pairs)]
    slices = [compile_text(text) for text in texts]
    source = random.Random(31)
    asked = [a_random_request(source, texts[0]) for _ in range(60)]
    for facts, names in itertools.product(asked, [source.choices(NODES, k=3) for _ in range(12)]):
        principal, holder, originator = names
        one = {**facts, "principal": principal, "context.holder": holder, "resource.originator": originator}
        for slice_ in source.sample(slices, 2):
            decision = slice_.decide(one)
            assert decision == slice_.evaluate(one)
            assert all(name.startswith((f"{slice_.agreement}/", "core/")) for name in decision.articles)


def test_only_policies_of_one_shape_share_answers() -> None:
    """A number, an action, who is named where and how often: each makes another shape; ids and names do not."""
    policy = """@id("{name}") permit (principal, action == Action::"{action}", resource)
        when {{ principal == Node::"{one}" && resource.originator == Node::"{two}" && resource.ageDays < {days} }};"""
    plain = {"name": "a", "action": "share", "one": "x", "two": "y", "days": "9"}

    def shape(**changes: str) -> object:
        return shape_of(read_policies(policy.format(**{**plain, **changes}), "trial"))[0]

    assert shape() == shape(name="b") == shape(one="v", two="w") == shape(one="y", two="x")
    others = [shape(), shape(two="x"), shape(days="8"), shape(action="use")]
    assert len(set(others)) == len(others)


def test_sights_are_exact_or_whole() -> None:
    """Numbers fall between the marks that policies write out; two attributes compared stand for themselves."""
    policies = read_policies(
        """@id("a") permit (principal, action, resource) when { resource.ageDays > 90 && 365 >= resource.ageDays };
           @id("b") forbid (principal, action, resource) when { context.legalBasis == "" };
           @id("c") forbid (principal, action, resource) when { resource.kind == resource.desk };
           @id("d") forbid (principal, action, resource) when { ["x", resource.state].contains(resource.rule) };
           @id("e") forbid (principal, action, resource) unless { resource.purposes.contains(context.purpose) };
           @id("f") forbid (principal, action, resource) when { resource.codes.containsAny(["H1", "H2"]) };
           @id("g") forbid (principal, action, resource) when { resource.held };""",
        "trial",
    )
    seen = {sight.path: sight for sight in sights(policies)}
    days = [seen["resource.ageDays"].of(a_request(resource__ageDays=day)) for day in (0, 89, 90, 91, 364, 365, 366)]
    assert days == [0, 0, 1, 2, 2, 3, 4]
    laws = [seen["context.legalBasis"].of(a_request(context__legalBasis=law)) for law in ("", "one", "another")]
    assert laws[0] != laws[1] == laws[2]
    served = [("counter-narcotics",), ("safety", "counter-narcotics"), ("safety",)]
    asked = [seen["resource.purposes"].of(a_request(resource__purposes=each)) for each in served]
    assert asked[0] == asked[1] != asked[2]
    marked = [seen["resource.codes"].of(a_request(resource__codes=each)) for each in (("H0",), (), ("H1",))]
    assert marked[0] == marked[1] != marked[2]
    for path in ("resource.kind", "resource.desk", "resource.state", "resource.rule", "resource.held"):
        assert seen[path].whole, path


@pytest.mark.parametrize("template", TEMPLATES)
def test_policies_of_other_actions_change_nothing(template: str) -> None:
    """Cedar is shown only the policies that speak of the action; shown all of them, it says the same."""
    text, slice_ = a_text(template), compile_text(a_text(template))
    whole = cedarpy.PolicySet.from_json_str(write_policies(slice_.policies))
    write = encoder(frozenset(BY_PATH))
    source = random.Random(17)
    for _ in range(200):
        facts = a_random_request(source, text)
        answer = cedarpy.is_authorized(
            {
                "principal": {"type": "Node", "id": str(facts["principal"])},
                "action": {"type": "Action", "id": str(facts["action"])},
                "resource": {"type": "Record", "id": "r"},
                "context": holder_context(facts),
            },
            whole,
            write(facts),
        )
        decision = slice_.evaluate(facts)
        assert (decision.permitted, set(decision.articles)) == (answer.allowed, set(answer.diagnostics.reasons))
