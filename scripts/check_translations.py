"""Fail unless every sentence shown to people exists in Spanish, Portuguese, English and French.

Collected are: what every detector of every desk says (title, question, both
sides, innocent explanations, clues), what must be said of its reference data,
every error and its advice, and every sentence that the code gives to `phrase`,
`Reason(says=…)` or `Clue(says=…)` as a literal. Catalogues are every
`phrases/*.toml` under `src/ayni`.

    python scripts/check_translations.py
"""

from __future__ import annotations

import ast
import importlib
import pkgutil
import sys
from collections.abc import Iterator
from itertools import chain
from pathlib import Path

import ayni
from ayni import desks, errors
from ayni.errors import UnreadableError
from ayni.model.desk import Desk
from ayni.toolkit.phrases import Catalogue, Problem, missing, problems
from ayni.toolkit.phrases.catalogue import read_catalogue

ROOT = Path(ayni.__file__).parent
TAKES_A_SENTENCE = {"phrase": 0, "Reason": None, "Clue": None}
"""Call to the position of its sentence; None when it is the keyword `says`."""


def desk_sentences() -> Iterator[str]:
    """Yield what the detectors of every desk found in `ayni/desks` say."""
    for module in pkgutil.iter_modules(desks.__path__, "ayni.desks."):
        desk = getattr(importlib.import_module(module.name), "DESK", None)
        if isinstance(desk, Desk):
            yield from sentences_of(desk)


def sentences_of(desk: Desk) -> Iterator[str]:
    """Yield every sentence of one desk that people read."""
    for detector in desk.detectors:
        yield from (detector.title, detector.asks, detector.counts_for, detector.counts_against)
        yield from detector.innocent
        yield from (clue.says for clue in detector.clues)
    yield from (reference.approximate for reference in desk.references if reference.approximate)
    yield from (layer.approximate for layer in desk.layers if layer.approximate)
    yield from (one.title for one in (*desk.layers, *desk.marks))


def error_sentences() -> Iterator[str]:
    """Yield what every error says and advises."""
    for kind in vars(errors).values():
        if isinstance(kind, type) and issubclass(kind, errors.AyniError):
            yield from (sentence for sentence in (kind.says, kind.try_this) if sentence)


def code_sentences(root: Path) -> Iterator[str]:
    """Yield the literal sentences that the code under *root* shows to people."""
    for file in sorted(root.rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text("utf-8"), str(file))):
            if isinstance(node, ast.Call):
                yield from _literal(node)


def _literal(call: ast.Call) -> Iterator[str]:
    name = call.func.id if isinstance(call.func, ast.Name) else getattr(call.func, "attr", "")
    if name not in TAKES_A_SENTENCE:
        return
    at = TAKES_A_SENTENCE[name]
    given = call.args[at : at + 1] if at is not None else [word.value for word in call.keywords if word.arg == "says"]
    yield from (node.value for node in given if isinstance(node, ast.Constant) and isinstance(node.value, str))


def repository_catalogues(root: Path) -> tuple[Catalogue, tuple[Problem, ...]]:
    """Return all catalogues under *root* as one, and what is wrong with or between them."""
    whole, wrong = Catalogue(), list[Problem]()
    for file in sorted(root.rglob("phrases/*.toml")):
        try:
            catalogue = read_catalogue(file.read_text("utf-8"), str(file.relative_to(root)))
        except UnreadableError as error:
            wrong.append(Problem(sentence=str(file.relative_to(root)), language="toml", wrong=str(error)))
            continue
        wrong += [
            Problem(sentence=sentence, language=language, wrong=f"translated otherwise in {file.relative_to(root)}")
            for sentence, entry in catalogue.entries.items()
            for language, words in entry.items()
            if whole.entries.get(sentence, {}).get(language, words) != words
        ]
        whole = whole.merge(catalogue)
    return whole, (*wrong, *problems(whole))


def main(root: Path = ROOT) -> int:
    """Print what is missing or disagrees; return 1 if anything does."""
    catalogue, wrong = repository_catalogues(root)
    used = set(chain(desk_sentences(), error_sentences(), code_sentences(root)))
    found = sorted({*wrong, *missing(used, catalogue)})
    for problem in found:
        print(problem, file=sys.stderr)
    print(f"{len(used | catalogue.entries.keys())} sentences, {len(found)} problems")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
