"""A sentence, its facts and a catalogue become text in the reader's language."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ayni.errors import AyniError, InvalidValueError
from ayni.model.signal import Reason
from ayni.toolkit.phrases.catalogue import LANGUAGES, Catalogue
from ayni.toolkit.phrases.kinds import write
from ayni.toolkit.phrases.sentence import Hole, parse

EMPTY = Catalogue()


@dataclass(frozen=True, slots=True, kw_only=True)
class Rendered:
    """What a reader sees, and whether it is what they should see."""

    text: str
    language: str
    """The language the text is in: the one asked for, or `en` where there is no translation."""
    translated: bool = True
    """False when the reader's language was not to be had and English stands in for it."""
    lacking: tuple[str, ...] = ()
    """Facts the sentence asks for and was not given; their names stand in the text in angle brackets."""

    def __str__(self) -> str:
        return self.text


def phrase(sentence: str) -> str:
    """Mark an English sentence as shown to people, so that the check of translations finds it. Returns it."""
    return sentence


def errors_catalogue() -> Catalogue:
    """Return the translations of everything in `ayni.errors`, and of common words."""
    return Catalogue.load("ayni.toolkit.phrases")


def render(
    says: Reason | str,
    facts: Mapping[str, object] | None = None,
    language: str = "en",
    catalogue: Catalogue = EMPTY,
) -> Rendered:
    """Return a reason, or a sentence with its facts, in *language*. Never raises.

    A language may carry a region (`es-EC`). What is not in the catalogue shows in English; a
    sentence that is not well formed shows as it stands.
    """
    sentence = says.says if isinstance(says, Reason) else says
    known = {**(says.facts if isinstance(says, Reason) else {}), **(facts or {})}
    wanted = language.replace("_", "-").partition("-")[0].lower()
    for words, spoken in ((catalogue.find(sentence, wanted), wanted), (sentence, "en")):
        if words is None or spoken not in LANGUAGES:
            continue
        filled = _fill(words, known, spoken, catalogue)
        if filled is not None:
            text, lacking = filled
            return Rendered(text=text, language=spoken, translated=spoken == wanted, lacking=lacking)
    return Rendered(text=sentence.replace("{", "⟨").replace("}", "⟩"), language="en", translated=False)


def _fill(
    words: str, facts: Mapping[str, object], language: str, catalogue: Catalogue
) -> tuple[str, tuple[str, ...]] | None:
    try:
        sentence = parse(words)
    except InvalidValueError:
        return None
    lacking = tuple(dict.fromkeys(hole.name for hole in sentence.holes if hole.name not in facts))
    text = "".join(
        part if isinstance(part, str) else _one(part, facts, language, catalogue) for part in sentence.parts
    )
    return text, lacking


def _one(hole: Hole, facts: Mapping[str, object], language: str, catalogue: Catalogue) -> str:
    if hole.name not in facts:
        return f"⟨{hole.name}⟩"
    fact = facts[hole.name]
    if hole.kind == "term" and isinstance(fact, str):
        return catalogue.find(fact, language) or fact
    return write(hole, fact, language)


def render_error(error: AyniError, language: str = "en", catalogue: Catalogue = EMPTY) -> Rendered:
    """Return what went wrong and what to do next, in *language*.

    A fact that is itself a sentence of the catalogue (`why`, for example) is translated too;
    any other fact, a file name or a number, stays as it is.
    """
    every = errors_catalogue().merge(catalogue)
    wanted = language.replace("_", "-").partition("-")[0].lower()
    facts = {
        name: (every.find(fact, wanted) or fact) if isinstance(fact, str) else fact
        for name, fact in error.facts.items()
    }
    said = render(error.says, facts, language, every)
    if not error.try_this:
        return said
    advice = render(error.try_this, facts, language, every)
    return Rendered(
        text=f"{said.text}{' ;' if said.language == 'fr' else ';'} {advice.text}",
        language=said.language,
        translated=said.translated and advice.translated,
        lacking=said.lacking + tuple(name for name in advice.lacking if name not in said.lacking),
    )
