"""The agreement as data: a text file that jurists read and officers sign.

One TOML file holds everything: parties, purposes, term, and articles, each with a title
and a text in four languages, a clause that says what the article is for, and one Cedar
policy. Articles that open something (clause `grant`) also say in a small table what they
cover; the prover shows that the policy opens exactly that. Table, text and policy are
three accounts of one promise, and no one of them is trusted alone.

The canonical form is JSON with fields in declared order and languages sorted, preceded by
the SHA-256 of the core rules. Its SHA-256 travels in every envelope, so both sides prove
which text decided.
"""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from enum import StrEnum
from pathlib import Path

import msgspec

from ayni.agreements.vocabulary import Action
from ayni.errors import InvalidValueError, UnreadableError
from ayni.model.checks import require
from ayni.model.handling import Category, Purpose
from ayni.toolkit.phrases import LANGUAGES

FORMAT = "ayni-agreement/1"

Words = Mapping[str, str]
"""Language to words."""

MAX_RETENTION_DAYS = 1_827
"""Five years. Source: INTERPOL, Rules on the Processing of Data, art. 49."""


class Clause(StrEnum):
    """What an article is for. Every agreement has each of the first nine; `refusal` is free."""

    GRANT = "grant"
    """Opens something: what its table covers, and nothing else."""
    PARTIES = "parties"
    PURPOSES = "purposes"
    SIGNATURES = "signatures"
    RETENTION = "retention"
    EXCLUDED = "excluded"
    MIGRATION = "migration"
    SUSPENSION = "suspension"
    RECALL = "recall"
    REFUSAL = "refusal"
    """Refuses what its table covers, beyond the clauses above."""


MANDATORY = tuple(clause for clause in Clause if clause is not Clause.REFUSAL)


@dataclass(frozen=True, slots=True, kw_only=True)
class Party:
    """One institution that signs."""

    id: str
    """Node id, e.g. `ec.armada`."""
    name: str
    """Name in its own language."""
    country: str = ""
    """ISO 3166 alpha-2; empty for an international body."""
    parent: str = ""
    """Institution where a second officer may sit, for a post that has only one."""

    def __post_init__(self) -> None:
        require(bool(self.id.strip()) and bool(self.name.strip()), "parties", "a party has an id and a name")
        require('"' not in self.id and "\\" not in self.id, "parties", f"{self.id!r} is not an id")
        require(self.parent != self.id, "parties", f"{self.id} cannot be its own parent institution")


@dataclass(frozen=True, slots=True, kw_only=True)
class Term:
    """From when until when. It has no default: an agreement without an end does not exist."""

    starts_on: date
    ends_on: date
    """First day on which it no longer holds."""
    notice_days: int = 30

    def __post_init__(self) -> None:
        require(self.ends_on > self.starts_on, "term", "ends before it starts")
        require(
            self.ends_on - self.starts_on <= timedelta(days=3660), "term", "longer than ten years: renew it instead"
        )
        require(self.notice_days >= 0, "term.notice_days", "is never negative")


@dataclass(frozen=True, slots=True, kw_only=True)
class Covers:
    """What a grant opens or a refusal closes, as a table; an empty column means no limit of that kind."""

    actions: tuple[Action, ...]
    kinds: tuple[str, ...] = ()
    purposes: tuple[Purpose, ...] = ()
    originators: tuple[str, ...] = ()
    desks: tuple[str, ...] = ()
    categories: tuple[Category, ...] = ()
    """For a refusal: records that hold any of them."""
    max_age_days: int = 0
    """For a grant: whole days since the record was made; 0 means no limit but retention."""
    by_officer: bool = False
    """For a grant: only a named officer, never a machine."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Article:
    """One article: words in four languages, and the policy that is its meaning to a machine."""

    number: str
    clause: Clause
    covers: Covers | None = None
    title: Words
    text: Words
    policy: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AgreementText:
    """The whole of what is signed.

    Raises:
        InvalidValueError: for fewer than two parties, one party twice, a language that does not exist,
            no authentic language, no purpose, or retention beyond five years.
    """

    format: str
    id: str
    version: int = 1
    template: str = ""
    title: Words
    preamble: Words = field(default_factory=dict[str, str])
    authentic: tuple[str, ...]
    """Languages in which the text is equally authentic; the others are unofficial translations."""
    note: Words = field(default_factory=dict[str, str])
    """What must be read before the rest, e.g. that this is a draft for counsel."""
    parties: tuple[Party, ...]
    purposes: tuple[Purpose, ...]
    term: Term
    retention_days: int
    excluded: tuple[Category, ...]
    articles: tuple[Article, ...]

    def __post_init__(self) -> None:
        require(self.format == FORMAT, "format", f"{self.format!r} is not {FORMAT}")
        require(bool(self.id.strip()) and '"' not in self.id and "\\" not in self.id, "id", "not an id")
        require(self.version >= 1, "version", "versions count from 1")
        ids = [party.id for party in self.parties]
        require(len(ids) > 1, "parties", "an agreement has at least two parties")
        require(len(set(ids)) == len(ids), "parties", "a party is named twice")
        require(bool(self.authentic), "authentic", "at least one language is authentic")
        unknown = sorted(set(self.authentic) - set(LANGUAGES))
        require(not unknown, "authentic", f"{', '.join(unknown)} is not one of {', '.join(LANGUAGES)}")
        require(bool(self.purposes), "purposes", "an agreement without a purpose permits nothing")
        require(0 < self.retention_days <= MAX_RETENTION_DAYS, "retention_days", f"not 1 to {MAX_RETENTION_DAYS}")

    @property
    def unofficial(self) -> tuple[str, ...]:
        """Languages whose text is a translation without force."""
        return tuple(language for language in LANGUAGES if language not in self.authentic)

    @property
    def party_ids(self) -> tuple[str, ...]:
        """Node ids of the parties, in order."""
        return tuple(party.id for party in self.parties)

    def policies(self) -> str:
        """Return the Cedar text of all articles."""
        return "\n".join(article.policy.strip() for article in self.articles) + "\n"

    def of_clause(self, clause: Clause) -> tuple[Article, ...]:
        """Return the articles of one clause, in order."""
        return tuple(article for article in self.articles if article.clause is clause)


def read_text(data: str | bytes, name: str) -> AgreementText:
    """Read an agreement from TOML.

    Raises:
        UnreadableError: if it is cut short, lacks a field (the term, for example), names a purpose,
            category or action that does not exist, or holds a field nobody knows; says which.
    """
    try:
        tables = tomllib.loads(data.decode() if isinstance(data, bytes) else data)
        _refuse_strange(tables, name)
        return msgspec.convert(tables, AgreementText)
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, msgspec.ValidationError, InvalidValueError) as error:
        raise UnreadableError(file=name, why=str(error)) from error


def read_file(path: Path) -> AgreementText:
    """Read an agreement from a file. See `read_text`.

    Raises:
        UnreadableError: also if the file is not there.
    """
    try:
        return read_text(path.read_bytes(), path.name)
    except OSError as error:
        raise UnreadableError(file=str(path), why=error.strerror or "cannot be opened") from error


def in_language(words: Words, language: str) -> str:
    """Return what is written in *language*; in another, when there is none."""
    return words.get(language) or next(iter(words.values()), "")


def canonical(text: AgreementText) -> bytes:
    """Return the bytes that are hashed and signed."""
    from ayni.agreements.core import core_sha256  # noqa: PLC0415 -- core is read with this module

    return f"{FORMAT}\n{core_sha256()}\n".encode() + msgspec.json.encode(text, order="deterministic")


def sha256(text: AgreementText) -> str:
    """Return the SHA-256 of the canonical form, hex."""
    return hashlib.sha256(canonical(text)).hexdigest()


_FIELDS: Mapping[str, frozenset[str]] = {
    "": frozenset(AgreementText.__dataclass_fields__),
    "parties": frozenset(Party.__dataclass_fields__),
    "term": frozenset(Term.__dataclass_fields__),
    "articles": frozenset(Article.__dataclass_fields__),
    "covers": frozenset(Covers.__dataclass_fields__),
}


def _refuse_strange(tables: Mapping[str, object], name: str, inside: str = "") -> None:
    strange = sorted(set(tables) - _FIELDS[inside])
    if strange:
        where = f" of {inside}" if inside else ""
        raise UnreadableError(file=name, why=f"unknown field{where}: {', '.join(strange)}")
    for key, value in tables.items():
        for table in value if isinstance(value, list) else [value]:
            if key in _FIELDS and isinstance(table, dict):
                _refuse_strange(table, name, key)
