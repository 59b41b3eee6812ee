"""Laws of sentences: every language, every kind of hole, never an exception, never a brace left."""

from __future__ import annotations

import doctest
import math
from datetime import UTC, datetime
from types import ModuleType

import pytest
from hypothesis import given
from hypothesis import strategies as st

import ayni.toolkit.phrases as package
from ayni import errors
from ayni.errors import InvalidValueError, NotAgreedError, UnreadableError
from ayni.model.signal import Reason
from ayni.toolkit.phrases import (
    LANGUAGES,
    Catalogue,
    errors_catalogue,
    missing,
    parse,
    problems,
    render,
    render_error,
)
from ayni.toolkit.phrases.catalogue import read_catalogue
from ayni.toolkit.phrases.sentence import KINDS

GAP = "no position received for {silence_s:duration}"
SAMPLE = Catalogue(
    entries={
        GAP: {
            "es": "no se recibió posición durante {silence_s:duration}",
            "pt": "nenhuma posição recebida durante {silence_s:duration}",
            "fr": "aucune position reçue pendant {silence_s:duration}",
        },
        "{n:plural one{# vessel} other{# vessels}}": {
            "es": "{n:plural one{# embarcación} other{# embarcaciones}}",
            "pt": "{n:plural one{# embarcação} other{# embarcações}}",
            "fr": "{n:plural =0{aucun navire} one{# navire} many{# de navires} other{# navires}}",
        },
        "said to be {status:term}": {
            "es": "declarado {status:term}",
            "pt": "declarado {status:term}",
            "fr": "déclaré {status:term}",
        },
        "engaged in fishing": {"es": "en faena de pesca", "pt": "engajado na pesca", "fr": "en train de pêcher"},
    }
)
facts = st.one_of(
    st.text(alphabet=st.characters(exclude_characters="{}")),
    st.integers(),
    st.floats(),
    st.booleans(),
)


@pytest.mark.parametrize("module", [package], ids=["package"])
def test_the_examples_in_the_docstring_are_true(module: ModuleType) -> None:
    """What the package shows is what it does."""
    result = doctest.testmod(module)
    assert result.attempted > 0
    assert result.failed == 0


@given(kind=st.sampled_from(sorted(KINDS - {"plural"})), fact=facts, language=st.sampled_from(LANGUAGES))
def test_any_fact_fits_any_hole(kind: str, fact: object, language: str) -> None:
    """A fact of the wrong type shows as it is; nothing raises, no brace is left, twice is the same."""
    says = f"<{{x:{kind}}}>" if kind else "<{x}>"
    catalogue = Catalogue(entries={says: dict.fromkeys(("es", "pt", "fr"), says)})
    first = render(says, {"x": fact}, language, catalogue)
    assert "{" not in first.text
    assert first == render(says, {"x": fact}, language, catalogue)
    assert (first.translated, first.lacking, first.language) == (True, (), language)


@given(text=st.text(alphabet="{}:ab onether#=1 ", max_size=40), language=st.sampled_from(LANGUAGES))
def test_a_malformed_sentence_is_read_all_the_same(text: str, language: str) -> None:
    """A partner's sentence that is not well formed never raises and never shows a brace."""
    rendered = render(text, {"a": 1}, language)
    assert "{" not in rendered.text
    assert "}" not in rendered.text


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_error_reads_in_every_language(language: str) -> None:
    """Each error says what happened and what to do next, without a hole left open."""
    kinds = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, errors.AyniError)]
    assert len(kinds) > 20
    for kind in kinds:
        names = {hole.name for text in (kind.says, kind.try_this) for hole in parse(text).holes}
        rendered = render_error(kind(**dict.fromkeys(names, "X9")), language)
        assert rendered.translated, kind
        assert rendered.lacking == (), kind
        assert "{" not in rendered.text, kind
        if language == "en":
            assert rendered.text == str(kind(**dict.fromkeys(names, "X9")))


def test_an_error_speaks_the_readers_language() -> None:
    """Sentence and advice are both translated; a word with its own table too."""
    error = NotAgreedError(partner="Ilha Norte", purpose="counter-narcotics")
    assert render_error(error, "fr").text == (
        "aucun accord en vigueur ne permet à Ilha Norte de recevoir ceci aux fins de counter-narcotics ; "
        "lisez les motifs du refus, puis adressez-vous au signataire de votre institution"
    )
    assert render_error(errors.UnknownError(kind="signal", name="abc"), "es").text == "no existe señal abc"


def test_a_sentence_without_translation_shows_in_english_and_says_so() -> None:
    """A newer partner's rule is readable, and marked."""
    rendered = render("seen {n:integer} times", {"n": 12_345}, "es", SAMPLE)
    assert (rendered.text, rendered.language, rendered.translated) == ("seen 12,345 times", "en", False)
    assert render(GAP, {"silence_s": 60}, "de", SAMPLE).translated is False
    assert render(GAP, {"silence_s": 60}, "es-EC", SAMPLE).text == "no se recibió posición durante 1 min"


def test_a_missing_fact_is_named() -> None:
    """The reader sees which fact is lacking."""
    rendered = render(Reason(says=GAP, weight=0.3), language="pt", catalogue=SAMPLE)
    assert rendered.text == "nenhuma posição recebida durante ⟨silence_s⟩"
    assert rendered.lacking == ("silence_s",)


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (0, "0 s"),
        (7.46, "7.5 s"),
        (59.6, "1 min"),
        (250, "4 min 10 s"),
        (3_599.7, "1 h"),
        (33_120, "9 h 12 min"),
        (33_149, "9 h 12 min"),
        (47 * 3_600 + 59 * 60 + 40, "2 d"),
        (50 * 3_600, "2 d 2 h"),
        (-250, "−4 min 10 s"),
    ],
)
def test_durations(seconds: float, said: str) -> None:
    """Two units at most, rounded before they are split, so that no `60 min` appears."""
    assert render("{x:duration}", {"x": seconds}).text == said
    french = Catalogue(entries={"{x:duration}": {"fr": "{x:duration}"}})
    expected = said.replace(" d", " j").replace(".", ",")
    assert render("{x:duration}", {"x": seconds}, "fr", french).text == expected


@given(st.floats(min_value=0, max_value=1e9))
def test_a_duration_never_shows_a_full_unit_as_its_part(seconds: float) -> None:
    """No 60 min, no 60 s, no 24 h beside days; the value is within half of the smaller unit."""
    words = render("{x:duration}", {"x": seconds}).text.replace(",", "").split()
    size = {"s": 1, "min": 60, "h": 3_600, "d": 86_400}
    pairs = [(float(number), unit) for number, unit in zip(words[::2], words[1::2], strict=True)]
    assert all(number < limit for number, unit in pairs[1:] for limit in [60 if unit != "h" else 24])
    total = sum(number * size[unit] for number, unit in pairs)
    precision = {"d": 3_600, "h": 60, "min": 1, "s": 1}[pairs[0][1]]
    assert math.isclose(total, seconds, abs_tol=precision / 2 + 1e-6)


@pytest.mark.parametrize(
    ("hole", "fact", "es", "pt", "en", "fr"),
    [
        ("{x:integer}", 1_234_567, "1.234.567", "1.234.567", "1,234,567", "1\u202f234\u202f567"),
        ("{x:number}", 0.25, "0,25", "0,25", "0.25", "0,25"),
        ("{x:percent}", 0.352, "35 %", "35%", "35%", "35 %"),
        ("{x:percent}", 0.0351, "3,5 %", "3,5%", "3.5%", "3,5 %"),
        ("{x:kn}", 12.44, "12,4 nudos", "12,4 nós", "12.4 kn", "12,4 nœuds"),
        ("{x:kn}", 1, "1 nudo", "1 nó", "1 kn", "1 nœud"),
        ("{x:nm}", 24, "24 millas náuticas", "24 milhas náuticas", "24 nautical miles", "24 milles marins"),
        ("{x:m}", 1_499.6, "1.500 m", "1.500 m", "1,500 m", "1\u202f500 m"),
        ("{x:nm}", 1.0, "1 milla náutica", "1 milha náutica", "1 nautical mile", "1 mille marin"),
        ("{x:km}", 7.04, "7 km", "7 km", "7 km", "7 km"),
        ("{x:km}", 0.0213, "21 m", "21 m", "21 m", "21 m"),
        ("{x:h}", 6.5, "6,5 h", "6,5 h", "6.5 h", "6,5 h"),
        ("{x:deg}", 244.7, "245°", "245°", "245°", "245°"),
        ("{x:lat}", -2_575_000, "02°34,5′ S", "02°34,5′ S", "02°34.5′ S", "02°34,5′ S"),
        ("{x:lon}", -79_999_999, "080°00,0′ W", "080°00,0′ W", "080°00.0′ W", "080°00,0′ W"),
        (
            "{x:instant}",
            "2026-11-02T04:06:59-05:00",
            "2 nov 2026, 09:06 UTC",
            "2 de nov. de 2026, 09:06 UTC",
            "2 Nov 2026, 09:06 UTC",
            "2 nov. 2026, 09:06 UTC",
        ),
        ("{x:date}", "2026-03-01", "1 mar 2026", "1 de mar. de 2026", "1 Mar 2026", "1 mars 2026"),
        ("{x}", True, "sí", "sim", "yes", "oui"),
    ],
)
def test_each_language_writes_as_it_writes(hole: str, fact: object, es: str, pt: str, en: str, fr: str) -> None:
    """Decimal comma, grouping, unit words and dates, language by language."""
    catalogue = Catalogue(entries={hole: dict.fromkeys(("es", "pt", "fr"), hole)})
    assert [render(hole, {"x": fact}, language, catalogue).text for language in ("es", "pt", "en", "fr")] == [
        es,
        pt,
        en,
        fr,
    ]


@pytest.mark.parametrize(
    ("n", "es", "fr"),
    [
        (0, "0 embarcaciones", "aucun navire"),
        (1, "1 embarcación", "1 navire"),
        (1.5, "1,5 embarcaciones", "1,5 navire"),
        (2, "2 embarcaciones", "2 navires"),
        (1_000_000, "1.000.000 embarcaciones", "1\u202f000\u202f000 de navires"),
    ],
)
def test_plurals_follow_cldr(n: float, es: str, fr: str) -> None:
    """French counts 1.5 as one; `many` falls back to `other` where it is not written."""
    says = "{n:plural one{# vessel} other{# vessels}}"
    assert render(says, {"n": n}, "es", SAMPLE).text == es
    assert render(says, {"n": n}, "fr", SAMPLE).text == fr


def test_a_term_is_translated_by_its_own_table() -> None:
    """A coded word is looked up; one that is unknown stays."""
    says = "said to be {status:term}"
    assert render(says, {"status": "engaged in fishing"}, "es", SAMPLE).text == "declarado en faena de pesca"
    assert render(says, {"status": "at play"}, "es", SAMPLE).text == "declarado at play"


def test_facts_with_braces_stay_text() -> None:
    """What a partner writes into a fact is never read as a hole."""
    assert render("named {name}", {"name": "{name:kn}"}).text == "named {name:kn}"


def test_instants_need_a_zone() -> None:
    """A time without zone is not pretended to be UTC; Python instants are written too."""
    assert render("{x:instant}", {"x": "2026-11-02T04:06:00"}).text == "2026-11-02T04:06:00"
    assert render("{x}", {"x": datetime(2026, 11, 2, 4, 6, tzinfo=UTC)}).text == "2 Nov 2026, 04:06 UTC"


@pytest.mark.parametrize(
    "text",
    [
        "{",
        "}",
        "a } b",
        "{}",
        "{X}",
        "{a:fathoms}",
        "{a:kn x}",
        "{a:plural one{x}}",
        "{a:plural other{x} odd{y}}",
        "{a:plural other}",
    ],
)
def test_a_malformed_sentence_is_refused_when_parsed(text: str) -> None:
    """The author hears of it; the reader never does."""
    with pytest.raises(InvalidValueError):
        parse(text)


def test_the_check_names_what_is_wrong() -> None:
    """Missing languages, strange languages, differing holes and unknown kinds are each found."""
    catalogue = Catalogue(
        entries={
            "a {x:kn}": {"es": "a {y:kn}", "pt": "a {x:m}", "de": "ein {x:kn}", "fr": "un {x:fathoms}"},
            "b": {"es": "b", "pt": "", "fr": "b"},
        }
    )
    found = {(problem.language, problem.wrong.split(" ")[0]) for problem in problems(catalogue)}
    assert found == {("es", "holes"), ("pt", "holes"), ("de", "not"), ("fr", "'fathoms'"), ("pt", "no")}
    assert [problem.language for problem in missing(["c"], catalogue)] == ["es", "fr", "pt"]
    assert problems(SAMPLE) == ()
    assert problems(errors_catalogue()) == ()


def test_catalogues_merge_and_the_first_word_stands() -> None:
    """Two packages may translate the same sentence; what is said does not depend on chance."""
    one = Catalogue(entries={"a": {"es": "x"}})
    two = Catalogue(entries={"a": {"es": "y", "fr": "z"}, "b": {"es": "b"}})
    assert one.merge(two).entries == {"a": {"es": "x", "fr": "z"}, "b": {"es": "b"}}


@pytest.mark.parametrize("text", ['["a"', 'a = "b"', "[a]\nes = 3"])
def test_a_file_that_is_no_catalogue_is_refused(text: str) -> None:
    """The file is named."""
    with pytest.raises(UnreadableError, match=r"here\.toml"):
        read_catalogue(text, "here.toml")


def test_a_package_without_phrases_is_refused() -> None:
    """A misspelt package is an error, not an empty catalogue."""
    with pytest.raises(UnreadableError):
        Catalogue.load("ayni.no_such_phrases")
