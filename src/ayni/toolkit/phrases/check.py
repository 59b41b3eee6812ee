"""What is missing from a catalogue, and what in it does not agree with itself."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from ayni.errors import InvalidValueError
from ayni.toolkit.phrases.catalogue import LANGUAGES, Catalogue
from ayni.toolkit.phrases.sentence import parse

TRANSLATED = tuple(language for language in LANGUAGES if language != "en")


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Problem:
    """One thing to put right: the sentence, the language, and what is wrong."""

    sentence: str
    language: str
    wrong: str

    def __str__(self) -> str:
        return f"{self.language}: {self.wrong}: {self.sentence!r}"


def missing(sentences: Iterable[str], catalogue: Catalogue) -> tuple[Problem, ...]:
    """Return a problem for each sentence and language without a translation, and each that is not well formed."""
    found: set[Problem] = set()
    for sentence in sentences:
        found.update(_malformed(sentence, sentence, "en"))
        entry = catalogue.entries.get(sentence, {})
        found.update(
            Problem(sentence=sentence, language=language, wrong="no translation")
            for language in TRANSLATED
            if not entry.get(language, "").strip()
        )
    return tuple(sorted(found))


def problems(catalogue: Catalogue) -> tuple[Problem, ...]:
    """Return what is wrong inside a catalogue: languages, kinds and holes that do not agree with the English."""
    found: set[Problem] = set(missing(catalogue.entries, catalogue))
    for sentence, entry in catalogue.entries.items():
        for language, words in entry.items():
            if language not in TRANSLATED:
                found.add(Problem(sentence=sentence, language=language, wrong="not es, pt or fr"))
                continue
            malformed = _malformed(words, sentence, language)
            found.update(malformed)
            if words.strip() and not malformed and not _malformed(sentence, sentence, "en"):
                found.update(_disagreeing(words, sentence, language))
    return tuple(sorted(found))


def _malformed(words: str, sentence: str, language: str) -> set[Problem]:
    try:
        parse(words)
    except InvalidValueError as error:
        return {Problem(sentence=sentence, language=language, wrong=str(error.facts["why"]))}
    return set()


def _disagreeing(words: str, sentence: str, language: str) -> set[Problem]:
    theirs = {(hole.name, hole.kind) for hole in parse(words).holes}
    ours = {(hole.name, hole.kind) for hole in parse(sentence).holes}
    # A plural may be needed where English needs none ("1 of the vessels"), or not needed where English has one.
    names = {name for name, _ in theirs}, {name for name, _ in ours}
    odd = {hole for hole in theirs ^ ours if hole[1] != "plural" and (hole[0], "plural") not in theirs ^ ours}
    if names[0] == names[1] and not odd:
        return set()
    shown = ", ".join(sorted(f"{{{name}:{kind}}}" if kind else f"{{{name}}}" for name, kind in theirs ^ ours))
    return {Problem(sentence=sentence, language=language, wrong=f"holes differ ({shown})")}
