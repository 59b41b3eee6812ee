"""The preselection never leaves out a row that Cedar would permit, and leaves out most that it would not."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ayni.agreements.decide import compile_text
from ayni.agreements.drafting import TEMPLATES, annotated
from ayni.agreements.request import Standing, facts_of, in_force
from ayni.agreements.select import preselect
from ayni.agreements.vocabulary import Action, State
from ayni.model.columns import ALWAYS, NEVER, ColumnTest, Condition, Where, may_match
from ayni.model.handling import Mandate, Purpose
from ayni.model.record import Header
from tests.agreements.headers import MANDATE, NOON, OURS, THEIRS, a_header, a_random_header, an_ask
from tests.agreements.texts import a_slice, a_text


def passes(tests: Condition, header: Header) -> bool:
    """Return whether a row would be fetched."""
    return may_match(Where(condition=tests, at=NOON), header)


@given(
    seed=st.integers(0, 2**32),
    template=st.sampled_from(TEMPLATES),
    action=st.sampled_from(Action),
    principal=st.sampled_from([OURS, THEIRS, "xx.stranger"]),
    purpose=st.sampled_from([Purpose.COUNTER_NARCOTICS, Purpose.SAFETY, Purpose.ILLEGAL_FISHING, Purpose.OVERSIGHT]),
    state=st.sampled_from([State.IN_FORCE, State.IN_FORCE, State.SUSPENDED]),
)
@settings(max_examples=100, deadline=None)
def test_it_never_selects_less(
    seed: int, template: str, action: Action, principal: str, purpose: Purpose, state: State
) -> None:
    """For any request and any row: permitted implies preselected."""
    source = random.Random(seed)
    text, slice_ = a_text(template), a_slice(template)
    ask = replace(an_ask(action, principal), under=Mandate(purpose=purpose, legal_basis="article 1"))
    standing = Standing(state=state, signatures=2, term=text.term)
    tests = preselect(slice_, ask, standing, a_header())
    for _ in range(10):
        header = a_random_header(source)
        if slice_.decide(facts_of(ask, header, standing)).permitted:
            assert passes(tests, header)


WORDS = {
    "kind": ("signal", "report", "tracks"),
    "rule": ("maritime.gap/1", "maritime", "air.x/1"),
    "desk": ("maritime", "air", ""),
    "state": ("", "pending"),
    "originator": (OURS, THEIRS, "xx.stranger"),
    "agreement": ("", "EC-PE-1"),
    "tlp": ("RED", "CLEAR"),
    "pap": ("RED", "GREEN"),
}
SETS = {
    "purposes": ("safety", "training", "illegal-fishing"),
    "codes": ("H0", "H2", "H3"),
    "categories": ("health", "minor"),
    "lineage": ("EC-PE-1", "EC-PE-2"),
}
NUMBERS = {"ageDays": (0, 1, 90, 365, 36_600), "priority": (0, 1, 29, 57, 58, 99, 100)}
ATOMS = st.one_of(
    st.sampled_from([(name, word) for name, words in WORDS.items() for word in words]).flatmap(
        lambda both: st.sampled_from(
            [f"resource.{both[0]} == {_literal(*both)}", f"resource.{both[0]} != {_literal(*both)}"]
        )
    ),
    st.sampled_from([name for name in WORDS if name != "originator"]).map(
        lambda name: f"[{', '.join(_literal(name, word) for word in WORDS[name][:2])}].contains(resource.{name})"
    ),
    st.tuples(st.sampled_from([*SETS]), st.sampled_from(["contains", "containsAny", "containsAll"])).map(
        lambda both: f"resource.{both[0]}.{both[1]}({_set_or_word(both[0], both[1])})"
    ),
    st.sampled_from([(name, bound) for name, bounds in NUMBERS.items() for bound in bounds]).flatmap(
        lambda both: st.sampled_from(["<", "<=", ">", ">=", "==", "!="]).map(
            lambda operator: f"resource.{both[0]} {operator} {both[1]}"
        )
    ),
    st.sampled_from(["resource.held", "resource.recalled", "resource.expired", "context.onwardConsent"]),
    st.just("resource.kind == resource.state"),
)
CONDITIONS = st.recursive(
    ATOMS,
    lambda inner: st.one_of(
        inner.map(lambda one: f"!({one})"),
        st.tuples(inner, st.sampled_from(["&&", "||"]), inner).map(lambda each: f"({each[0]}) {each[1]} ({each[2]})"),
        st.tuples(inner, inner, inner).map(lambda each: f"(if {each[0]} then {each[1]} else {each[2]})"),
    ),
    max_leaves=4,
)


def _literal(name: str, word: str) -> str:
    return f'Node::"{word}"' if name == "originator" else f'"{word}"'


def _set_or_word(name: str, operator: str) -> str:
    words = [f'"{word}"' for word in SETS[name]]
    return words[0] if operator == "contains" else f"[{', '.join(words[:2])}]"


@given(condition=CONDITIONS, forbids=st.booleans(), seed=st.integers(0, 2**32))
@settings(max_examples=150, deadline=None)
def test_whatever_a_policy_asks_it_never_selects_less(condition: str, *, forbids: bool, seed: int) -> None:
    """Every attribute, every operator, in a permit and in a forbid, however they are joined."""
    text = a_text()
    policy = f"{'forbid' if forbids else 'permit'} (principal, action, resource) when {{ {condition} }};"
    article = replace(text.articles[3], policy=annotated(text.id, "4", policy))
    slice_ = compile_text(replace(text, articles=(*text.articles[:3], article, *text.articles[4:])))
    ask, standing, source = an_ask(), in_force(text), random.Random(seed)
    tests = preselect(slice_, ask, standing, a_header())
    for _ in range(12):
        header = replace(
            a_random_header(source),
            rule=source.choice(["maritime.gap/1", "maritime", "air.x/1", "maritimes.x/1", ""]),
            state=source.choice(["", "pending", "signal"]),
            agreement=source.choice(["", "EC-PE-1"]),
            priority=source.choice([0.0, 0.01, 0.29, 0.57, 0.58, 0.5799999999999, 1.0]),
        )
        if slice_.decide(facts_of(ask, header, standing, source.choice([(), ("EC-PE-1",)]))).permitted:
            assert passes(tests, header)


def test_it_selects_little_more() -> None:
    """Over a thousand random rows only strangers' records, whose consent no column holds, are fetched in vain."""
    source = random.Random(5)
    text, slice_, ask = a_text(), a_slice(), an_ask()
    standing = in_force(text)
    tests = preselect(slice_, ask, standing, a_header())
    rows = [a_random_header(source) for _ in range(1000)]
    chosen = [header for header in rows if passes(tests, header)]
    permitted = [header for header in rows if slice_.decide(facts_of(ask, header, standing)).permitted]
    assert permitted
    assert len(chosen) < len(rows) / 2
    vain = [header for header in chosen if header not in permitted]
    assert {header.originator for header in vain} == {"xx.stranger"}


def test_a_suspended_agreement_selects_only_the_originators_own() -> None:
    """The whole answer is known before any row is read, but for what the asker made."""
    text = a_text()
    tests = preselect(a_slice(), an_ask(), Standing(state=State.SUSPENDED, signatures=2, term=text.term), a_header())
    assert not passes(tests, a_header(OURS))
    assert not passes(tests, a_header("xx.stranger"))


def test_a_condition_that_no_column_answers_is_left_open() -> None:
    """Two columns compared with one another: taken to pass in a permit, not to hold in a forbid."""
    text = a_text()
    for policy in (
        "permit (principal, action, resource) when { resource.kind == resource.desk };",
        "forbid (principal, action, resource) when { resource.kind == resource.desk };",
    ):
        article = replace(text.articles[3], policy=annotated(text.id, "4", policy))
        changed = replace(text, articles=(*text.articles[:3], article, *text.articles[4:]))
        slice_ = compile_text(changed)
        tests = preselect(slice_, an_ask(), in_force(text), a_header())
        source = random.Random(9)
        for _ in range(100):
            header = replace(a_random_header(source), rule=source.choice(["signal.x/1", "maritime.gap/1"]))
            if slice_.decide(facts_of(an_ask(), header, in_force(text))).permitted:
                assert passes(tests, header)


@pytest.mark.parametrize("action", [Action.RECALL, Action.CORRECT])
def test_recall_selects_what_the_principal_made(action: Action) -> None:
    """One test on one column."""
    tests = preselect(a_slice(), an_ask(action, OURS), in_force(a_text()), a_header())
    assert tests not in {ALWAYS, NEVER}
    assert ColumnTest(attribute="originator", operator="in", values=(OURS,)) in getattr(tests, "parts", ())
    assert MANDATE.purpose is Purpose.COUNTER_NARCOTICS
