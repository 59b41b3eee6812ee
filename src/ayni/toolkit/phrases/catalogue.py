"""The translations of one package, or of several put together."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from importlib import resources
from importlib.resources.abc import Traversable

from ayni.errors import UnreadableError

LANGUAGES = ("es", "pt", "en", "fr")
"""Spanish, Portuguese, English, French: what every sentence shown to people exists in."""

Translations = Mapping[str, str]
"""Language to sentence."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Catalogue:
    """English sentences and their translations."""

    entries: Mapping[str, Translations] = field(default_factory=dict[str, Translations])

    @staticmethod
    def load(package: str) -> Catalogue:
        """Return what the `*.toml` files of a package hold, e.g. `ayni.desks.maritime.phrases`; read once.

        Raises:
            UnreadableError: if there is no such package, or a file in it is not a catalogue.
        """
        return _load(package)

    def merge(self, *others: Catalogue) -> Catalogue:
        """Return all catalogues as one; where a sentence stands twice, the first one is kept."""
        entries: dict[str, Translations] = {}
        for catalogue in (self, *others):
            for sentence, translations in catalogue.entries.items():
                entries[sentence] = {**translations, **entries.get(sentence, {})}
        return Catalogue(entries=entries)

    def find(self, sentence: str, language: str) -> str | None:
        """Return the sentence in *language*, or None if it is not there."""
        if language == "en":
            return sentence
        return self.entries.get(sentence, {}).get(language)


def read_catalogue(text: str, name: str) -> Catalogue:
    """Read one TOML file: a table a sentence, a string a language.

    Raises:
        UnreadableError: naming the file and what is wrong in it.
    """
    try:
        tables = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise UnreadableError(file=name, why=str(error)) from error
    for sentence, table in tables.items():
        if not isinstance(table, dict) or not all(isinstance(words, str) for words in table.values()):
            raise UnreadableError(file=name, why=f"[{sentence!r}] is not a table of sentences by language")
    return Catalogue(entries=tables)


@lru_cache(maxsize=64)
def _load(package: str) -> Catalogue:
    try:
        found = list(_catalogue_files(resources.files(package).iterdir()))
    except (ModuleNotFoundError, FileNotFoundError) as error:
        raise UnreadableError(file=package, why="there is no such package of phrases") from error
    return Catalogue().merge(*(read_catalogue(file.read_text("utf-8"), f"{package}/{file.name}") for file in found))


def _catalogue_files(folder: Iterable[Traversable]) -> list[Traversable]:
    return sorted((file for file in folder if file.name.endswith(".toml")), key=lambda file: file.name)
