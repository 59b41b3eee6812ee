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
