"""An agreement as a file: read and written without loss, refused where it is not one, hashed as a whole."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ayni.agreements.commands import check_file, diff_files, new, party_of, prove_file
from ayni.agreements.drafting import TEMPLATES, new_text
from ayni.agreements.text import canonical, read_file, read_text, sha256
from ayni.agreements.writing import as_document, write_text
from ayni.errors import InvalidValueError, UnknownError, UnreadableError
from tests.agreements.texts import PARTIES, STARTS, a_text


@pytest.mark.parametrize("template", TEMPLATES)
def test_a_file_reads_back_to_the_same_value_and_hash(template: str) -> None:
    """Also after a second writing."""
    text = a_text(template)
    again = read_text(write_text(text), "a.toml")
    assert again == text
    assert sha256(again) == sha256(text)
    assert write_text(again) == write_text(text)


@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=0, max_size=200))
@settings(max_examples=100, deadline=None)
def test_any_words_survive(words: str) -> None:
    """Quotes, line ends, control signs and other scripts, in text and policy."""
    text = a_text()
    article = replace(text.articles[0], text={**text.articles[0].text, "es": words}, policy=words)
    changed = replace(text, preamble={"fr": words * 3}, articles=(article, *text.articles[1:]))
    assert read_text(write_text(changed), "a.toml") == changed


def test_every_part_of_a_text_is_under_the_hash() -> None:
    """A word, a language's standing, a day, a policy: each gives another hash."""
    text = a_text()
    other_article = replace(text.articles[2], policy=text.articles[2].policy + " ")
    others = [
        replace(text, title={**text.title, "fr": "autre"}),
        replace(text, authentic=("es",)),
        replace(text, term=replace(text.term, notice_days=61)),
        replace(text, retention_days=364),
        replace(text, articles=(*text.articles[:2], other_article, *text.articles[3:])),
        replace(text, parties=tuple(reversed(text.parties))),
    ]
    assert len({sha256(each) for each in (text, *others)}) == 7
    assert canonical(text).startswith(b"ayni-agreement/1\n")


def test_the_order_of_languages_does_not_matter() -> None:
    """Both sides compute the same hash whatever their editor did to the order."""
    text = a_text()
    turned = replace(text, title=dict(reversed(list(text.title.items()))))
    assert sha256(turned) == sha256(text)


WHOLE = write_text(a_text())
BROKEN = {
    "cut short": (WHOLE[: len(WHOLE) // 2], "."),
    "empty": ("", "format"),
    "no term": (re.sub(r"\[term\]\n(.+\n){3}", "", WHOLE), "term"),
    "no end of the term": (re.sub(r"ends_on = .*\n", "", WHOLE), "ends_on"),
    "ends before it starts": (re.sub(r"ends_on = .*\n", "ends_on = 2025-01-01\n", WHOLE), "ends before"),
    "a term without end in sight": (re.sub(r"ends_on = .*\n", "ends_on = 2099-01-01\n", WHOLE), "ten years"),
    "unknown purpose": (WHOLE.replace('["counter-narcotics"', '["migration-control"', 1), "migration-control"),
    "unknown category": (WHOLE.replace('"religion"', '"shoe-size"', 1), "shoe-size"),
    "unknown field": (WHOLE.replace("version = 1", "version = 1\ncolour = 3"), "colour"),
    "unknown field of an article": (WHOLE.replace('number = "4"', 'number = "4"\nforce = 1'), "force"),
    "another format": (WHOLE.replace("ayni-agreement/1", "ayni-agreement/9"), "ayni-agreement/9"),
    "no authentic language": (re.sub(r"authentic = .*\n", "authentic = []\n", WHOLE), "authentic"),
    "a language nobody knows": (re.sub(r"authentic = .*\n", 'authentic = ["xx"]\n', WHOLE), "xx"),
    "retention of ten years": (WHOLE.replace("retention_days = 365", "retention_days = 3650"), "retention_days"),
    "a party twice": (WHOLE.replace('"pe.dicapi"', '"ec.armada"'), "twice"),
    "an id that breaks out": (WHOLE.replace('id = "ec.armada"', 'id = "a\\"] || true"'), "not an id"),
}


@pytest.mark.parametrize("what", sorted(BROKEN))
def test_what_is_not_an_agreement_is_refused_with_the_reason(what: str, tmp_path: Path) -> None:
    """One sentence that names the file and what is wrong in it."""
    content, wanted = BROKEN[what]
    assert content != WHOLE
    file = tmp_path / "bad.toml"
    file.write_text(content, "utf-8")
    with pytest.raises(UnreadableError, match=r"bad\.toml cannot be read") as refused:
        read_file(file)
    assert wanted in str(refused.value)


def test_bytes_that_are_no_text_and_files_that_are_not_there(tmp_path: Path) -> None:
    """Neither ends in a traceback of somebody else's."""
    with pytest.raises(UnreadableError):
        read_text(b"\xff\xfe\x00", "a.toml")
    with pytest.raises(UnreadableError, match="No such file"):
        read_file(tmp_path / "missing.toml")


@pytest.mark.parametrize("template", TEMPLATES)
def test_each_document_says_whether_its_language_is_authentic(template: str) -> None:
    """Authentic or unofficial, a draft for counsel, every article, no hole left open."""
    text = a_text(template)
    for language in ("es", "pt", "en", "fr"):
        document = as_document(text, language)
        assert text.note[language] in document
        assert "$" not in document
        assert "⟨" not in document
        assert all(article.title[language] in document for article in text.articles)
    english = as_document(text, "en")
    assert ("This text is authentic." in english) is ("en" in text.authentic)
    assert ("Unofficial translation" in english) is ("en" not in text.authentic)


def test_a_template_is_for_a_number_of_parties() -> None:
    """And there are six of them."""
    with pytest.raises(InvalidValueError, match="2 to 2 parties"):
        new_text("maritime-bilateral", agreement="X", parties=PARTIES, starts_on=STARTS)
    with pytest.raises(UnknownError, match="maritime-bilateral"):
        new_text("friendship", agreement="X", parties=PARTIES[:2], starts_on=STARTS)
    assert len(TEMPLATES) == 6


def test_a_term_that_starts_on_leap_day_ends() -> None:
    """29 February has no anniversary in most years."""
    text = new_text("maritime-bilateral", agreement="X", parties=PARTIES[:2], starts_on=date(2028, 2, 29))
    assert text.term.ends_on == date(2031, 2, 28)


def test_new_check_prove_and_diff_as_an_officer_uses_them(tmp_path: Path) -> None:
    """From a template to a proven text, then an amendment told in words."""
    first, second = tmp_path / "one.toml", tmp_path / "two.toml"
    parties = ["ec.armada=Armada de Ejercicio@ec^ec.defensa", "pe.dicapi=Dirección de Ejercicio@PE"]
    first.write_text(new("maritime-bilateral", agreement="EC-PE-1", parties=parties, starts_on=STARTS), "utf-8")
    checked, proven = check_file(first), prove_file(first)
    assert checked.good
    assert proven.good
    assert "nothing to put right" in checked.as_text("en")
    assert "demostrado" in proven.as_text("es")
    second.write_text(
        first.read_text("utf-8").replace("<= 90", "<= 120").replace("version = 1", "version = 2"), "utf-8"
    )
    compared = diff_files(first, second)
    assert compared.as_text("en").endswith("changes: 1 newly allowed, 0 newly forbidden; everything else as before")
    assert not prove_file(second).good, "the table still says 90 days"
    assert "sentences do not hold" in prove_file(second).as_text("en")
    for answer in (checked, proven, compared, prove_file(second)):
        assert isinstance(answer.as_json("fr"), dict)


@pytest.mark.parametrize("written", ["", "ec.armada", "=Armada", "ec.armada="])
def test_a_party_is_written_with_id_and_name(written: str) -> None:
    """Anything else is refused."""
    with pytest.raises(InvalidValueError, match="is not like"):
        party_of(written)
