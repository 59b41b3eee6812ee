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
