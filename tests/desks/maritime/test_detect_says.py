from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from ayni.desks.maritime import DESK
from ayni.engine.subset import check_desk
from ayni.model.desk import Detector
from ayni.toolkit.phrases import Catalogue, missing, parse, problems

PAGES = Path(__file__).parents[3] / "docs" / "reference" / "maritime"
RULES = [pytest.param(detector, id=detector.rule) for detector in DESK.detectors]


def sentences(detector: Detector) -> Iterator[str]:
    """Return every text a person may read of a rule."""
    yield from (detector.title, detector.asks, detector.counts_for, detector.counts_against, *detector.innocent)
    yield from (clue.says for clue in detector.clues)


@pytest.mark.parametrize("detector", RULES)
def test_every_sentence_is_there_in_four_languages(detector: Detector) -> None:
    """Whoever reads a signal reads it in their own language."""
    assert missing(sentences(detector), Catalogue.load(DESK.phrases)) == ()


def test_translations_agree_with_the_english() -> None:
    """The same holes of the same kind, plurals that parse."""
    assert problems(Catalogue.load(DESK.phrases)) == ()


@pytest.mark.parametrize("detector", RULES)
def test_every_hole_has_its_fact(detector: Detector) -> None:
    """A clue names the columns its sentence needs, no fewer and no more."""
    for clue in detector.clues:
        facts = {name.removesuffix("_ms") if name.endswith("_at_ms") else name for name in clue.facts}
        assert facts == {hole.name for hole in parse(clue.says).holes}, clue.says


def test_all_sql_means_the_same_on_every_engine() -> None:
    """DuckDB and Spark answer alike; see docs/reference/detector-sql.md."""
    check_desk(DESK)


@pytest.mark.parametrize("detector", RULES)
def test_every_rule_has_its_page(detector: Detector) -> None:
    """The page names the rule and each of its parameters with its default."""
    page = (PAGES / f"{detector.rule.split('.')[1].split('/')[0]}.md").read_text("utf-8")
    assert detector.rule in page
    for parameter in detector.parameters:
        assert f"`{parameter.name}` | {parameter.default:g}" in page


@pytest.mark.parametrize("detector", RULES)
def test_no_rule_weighs_a_flag(detector: Detector) -> None:
    """A country is a fact, never a reason."""
    assert not any("flag" in clue.says or "country" in clue.says for clue in detector.clues if clue.weight)


DISTRESS = [pytest.param(detector, id=detector.rule) for detector in DESK.detectors if detector.distress]


def test_silence_drifting_and_fast_small_craft_are_questions_of_distress() -> None:
    """Whoever adds a rule about a vessel that may be in need says so on its card."""
    named = {f"maritime.{name}/1" for name in ("gap", "disabling", "drifting", "dark_approach", "fast_near_coast")}
    assert named == {detector.rule for detector in DESK.detectors if detector.distress}


@pytest.mark.parametrize("detector", DISTRESS)
def test_the_question_of_distress_comes_before_every_other_sentence(detector: Detector) -> None:
    """It names the way to the rescue centre, and nothing stands before it."""
    asks = ["rescue coordination centre" in clue.says for clue in detector.clues]
    assert asks[0]
    assert asks == sorted(asks, reverse=True)


@pytest.mark.parametrize("detector", DISTRESS)
def test_artisanal_fishing_is_a_reason_against(detector: Detector) -> None:
    """A weight below zero, not only one of the ordinary explanations."""
    against = [clue for clue in detector.clues if isinstance(clue.weight, int | float) and clue.weight < 0]
    assert any("artisanal" in clue.says for clue in against)


@pytest.mark.parametrize("detector", RULES)
def test_no_rule_asks_who_somebody_is(detector: Detector) -> None:
    """Nationality, ethnicity, religion, opinion and sex are no word of any rule."""
    words = " ".join(sentences(detector)).lower()
    for word in ("nationality", "ethnic", "religi", "opinion", "gender", "migrant", "race "):
        assert word not in words
