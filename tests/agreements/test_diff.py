"""An amendment is told by what it allows and forbids, completely."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

from hypothesis import given, settings
from hypothesis import strategies as st

from ayni.agreements.decide import compile_text
from ayni.agreements.diff import Difference, compare, merge
from ayni.agreements.text import AgreementText
from tests.agreements.texts import a_text


def amended(text: AgreementText, number: str, old: str, new: str) -> AgreementText:
    """Return the next version of a text, with one passage of one policy replaced."""
    articles = tuple(
        replace(article, policy=article.policy.replace(old, new)) if article.number == number else article
        for article in text.articles
    )
    assert articles != text.articles
    return replace(text, version=text.version + 1, articles=articles)


def cells(difference: Difference, *, allows: bool) -> set[tuple[str, str, str]]:
    """Return the changed cells of one direction."""
    return {
        cell
        for each in difference.changes
        if each.allows is allows
        for cell in product(each.actions, each.kinds, each.purposes)
    }


def test_words_alone_change_nothing() -> None:
    """Another title and another version: no request is decided otherwise, and the hash differs."""
    text = a_text()
    other = replace(text, version=2, title={**text.title, "en": "Another title"})
    difference = compare(text, other)
    assert difference.changes == ()
    assert difference.old != difference.new


def test_a_longer_period_newly_allows_and_says_from_which_day() -> None:
    """Tracks for 180 days instead of 90: three actions, three purposes, from day 91."""
    text = a_text()
    difference = compare(text, amended(text, "5", "<= 90", "<= 180"))
    actions, purposes = ("share", "receive", "use"), ("counter-narcotics", "illegal-fishing", "environmental-crime")
    assert cells(difference, allows=True) == {(a, "tracks", p) for a in actions for p in purposes}
    assert difference.forbidden == ()
    assert len(difference.changes) == 1, "told as one change"
    told = {language: difference.changes[0].told(language) for language in ("es", "pt", "en", "fr")}
    assert any("whole days since it was made = 91" in line for line in told["en"])
    assert len({lines[0] for lines in told.values()}) == 4


def test_every_example_is_decided_otherwise_by_the_engine() -> None:
    """A purpose taken out and an action put in: each example is put to both texts."""
    text = a_text()
    other = amended(amended(text, "5", '"illegal-fishing", ', ""), "7", '"signal", ', "")
    before, after = compile_text(text), compile_text(other)
    difference = compare(text, other)
    assert cells(difference, allows=True) == set()
    assert ("use", "tracks", "illegal-fishing") in cells(difference, allows=False)
    assert ("court", "signal", "counter-narcotics") in cells(difference, allows=False)
    for change in difference.changes:
        assert before.evaluate(change.example).permitted
        assert not after.evaluate(change.example).permitted


def test_a_condition_taken_away_is_told_also_of_kinds_nobody_named() -> None:
    """Without its kinds an article covers any record there will ever be; the list still ends."""
    text = a_text()
    other = amended(text, "7", '["signal", "report", "outcome"].contains(resource.kind) &&', "")
    found = cells(compare(text, other), allows=True)
    assert ("court", "any other kind of record", "counter-narcotics") in found
    assert ("court", "case", "counter-narcotics") in found


def test_a_change_that_touches_everything_is_still_told() -> None:
    """One signature instead of two changes every cell; the list is long, complete and grouped."""
    text = a_text()
    difference = compare(text, amended(text, "13", "< 2", "< 1"))
    assert difference.forbidden == ()
    found = cells(difference, allows=True)
    assert ("share", "signal", "counter-narcotics") in found
    assert ("act", "any other kind of record", "safety") in found, "what an institution does with its own"
    assert len(difference.changes) < 20 < len(found)


@given(st.sets(st.tuples(st.sampled_from("abc"), st.sampled_from("xyz"), st.sampled_from("123"))))
@settings(max_examples=100, deadline=None)
def test_merging_loses_no_cell_and_adds_none(some: set[tuple[str, str, str]]) -> None:
    """Groups multiplied out are the cells again, each once."""
    out = [cell for actions, kinds, purposes in merge(some) for cell in product(actions, kinds, purposes)]
    assert sorted(out) == sorted(some)
