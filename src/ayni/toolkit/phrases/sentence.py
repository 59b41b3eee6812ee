"""A sentence with holes, taken apart once and kept.

    {name}   {name:kind}   {name:plural one{…} other{…}}

There is no way to write a literal brace, and a branch of a plural holds no hole
of its own: a translator can read every sentence without knowing more than this.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache

from ayni.model.checks import require

KINDS = frozenset(
    {"", "integer", "number", "percent", "duration", "h", "instant", "instant_s", "date", "m", "km", "nm", "kn"}
    | {"deg", "lat", "lon", "term", "plural"}
)
"""Every kind a hole may have; the empty one shows its fact as it is."""

CATEGORIES = frozenset({"zero", "one", "two", "few", "many", "other"})
"""Plural categories. Source: Unicode CLDR, Language Plural Rules."""

_NAME = re.compile(r"[a-z_][a-z0-9_]*")
_BRANCH = re.compile(r"\s*(=[0-9]+|[a-z]+)\{([^{}]*)\}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Hole:
    """A place for one fact: its name, how it is written, and the branches of a plural."""

    name: str
    kind: str = ""
    branches: Mapping[str, str] = field(default_factory=dict[str, str])


@dataclass(frozen=True, slots=True, kw_only=True)
class Sentence:
    """Text and holes in order."""

    parts: tuple[str | Hole, ...]

    @property
    def holes(self) -> tuple[Hole, ...]:
        """The holes, in order."""
        return tuple(part for part in self.parts if isinstance(part, Hole))


@lru_cache(maxsize=4096)
def parse(text: str) -> Sentence:
    """Take a sentence apart.

    Raises:
        InvalidValueError: for a brace without its partner, a hole without a name, a kind that does
            not exist, or a plural without `other`.
    """
    return Sentence(parts=tuple(_parts(text)))


def _parts(text: str) -> Iterator[str | Hole]:
    rest = text
    while rest:
        plain, brace, after = rest.partition("{")
        require("}" not in plain, "phrase", f"a closing brace without its opening one in {text!r}")
        if plain:
            yield plain
        if not brace:
            return
        inside, rest = _split_hole(after, text)
        yield _hole(inside, text)


def _split_hole(after: str, text: str) -> tuple[str, str]:
    depth = 1
    for at, sign in enumerate(after):
        depth += (sign == "{") - (sign == "}")
        if depth == 0:
            return after[:at], after[at + 1 :]
    require(holds=False, field="phrase", why=f"an opening brace without its closing one in {text!r}")
    raise AssertionError  # pragma: no cover -- `require` has raised


def _hole(inside: str, text: str) -> Hole:
    name, _, rest = inside.partition(":")
    require(bool(_NAME.fullmatch(name)), "phrase", f"{{{inside}}} in {text!r} has no name of a fact")
    kind, _, tail = rest.partition(" ")
    require(kind in KINDS, "phrase", f"{kind!r} in {text!r} is not a kind of hole: {', '.join(sorted(KINDS - {''}))}")
    require(kind == "plural" or not tail, "phrase", f"{{{inside}}} in {text!r}: only a plural has branches")
    return Hole(name=name, kind=kind, branches=_branches(tail, text) if kind == "plural" else {})


def _branches(tail: str, text: str) -> dict[str, str]:
    branches: dict[str, str] = {}
    at = 0
    while tail[at:].strip():
        found = _BRANCH.match(tail, at)
        require(found is not None, "phrase", f"{tail[at:]!r} in {text!r} is not like one{{…}} other{{…}}")
        if found is None:  # pragma: no cover -- `require` has raised
            break
        category, words = found.groups()
        known = category.startswith("=") or category in CATEGORIES
        require(known and category not in branches, "phrase", f"plural category {category!r} in {text!r}")
        branches[category] = words
        at = found.end()
    require("other" in branches, "phrase", f"a plural in {text!r} lacks its category `other`")
    return branches
