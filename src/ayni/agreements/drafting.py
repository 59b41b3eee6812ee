"""From a template to a text that parties can read, change and sign.

A template holds the articles of its own subject; the clauses that every agreement needs
come from `templates/standard.toml`. Making a text fills in parties, term, purposes and
retention, numbers the articles, and gives each policy its `@id` and `@article`. What comes
out is complete: nothing is filled in later, and what is signed is what was read.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from importlib import resources
from string import Template

import msgspec

from ayni.agreements.text import (
    FORMAT,
    AgreementText,
    Article,
    Clause,
    Covers,
    Party,
    Term,
    Words,
)
from ayni.errors import InvalidValueError, UnknownError
from ayni.model.checks import require
from ayni.model.handling import Category, Purpose
from ayni.toolkit.phrases import LANGUAGES, Catalogue

TEMPLATES = (
    "maritime-bilateral",
    "airport-task-force",
    "regional-multilateral",
    "judicial",
    "drug-early-warning",
    "cyber-incident",
)

OPENING = (Clause.PARTIES, Clause.PURPOSES)
CLOSING = (
    Clause.RETENTION,
    Clause.EXCLUDED,
    Clause.MIGRATION,
    Clause.RECALL,
    Clause.SUSPENSION,
    Clause.SIGNATURES,
)
LANGUAGE_NAMES = {"es": "Spanish", "pt": "Portuguese", "en": "English", "fr": "French"}
AND = {"es": "y", "pt": "e", "en": "and", "fr": "et"}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Part:
    clause: Clause = Clause.GRANT
    covers: Covers | None = None
    title: Words
    text: Words
    policy: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Subject:
    name: str
    parties: tuple[int, int]
    authentic: tuple[str, ...]
    purposes: tuple[Purpose, ...]
    excluded: tuple[Category, ...]
    retention_days: int
    term_years: int
    notice_days: int
    title: Words
    preamble: Words
    articles: tuple[_Part, ...] = field(default_factory=tuple[_Part, ...])


def words() -> Catalogue:
    """Return everything agreements say to people, with the common words."""
    return Catalogue.load("ayni.agreements.phrases").merge(Catalogue.load("ayni.toolkit.phrases"))


def new_text(
    template: str, *, agreement: str, parties: Iterable[Party], starts_on: date, ends_on: date | None = None
) -> AgreementText:
    """Return a complete draft made from a template; without *ends_on* it runs for the template's years.

    Raises:
        UnknownError: if there is no such template.
        InvalidValueError: if the template is not made for that many parties.
    """
    if template not in TEMPLATES:
        raise UnknownError(kind="template", name=f"{template} ({', '.join(TEMPLATES)})")
    subject = msgspec.convert(_tables(template), _Subject)
    signing = tuple(parties)
    fewest, most = subject.parties
    why = f"{template} is for {fewest} to {most} parties, not {len(signing)}"
    require(fewest <= len(signing) <= most, "parties", why)
    ends = ends_on or _years_later(starts_on, subject.term_years)
    term = Term(starts_on=starts_on, ends_on=ends, notice_days=subject.notice_days)
    standard = {name: table for name, table in _tables("standard").items() if name != "note"}
    parts = {Clause(name): msgspec.convert({**table, "clause": name}, _Part) for name, table in standard.items()}
    chosen = [*(parts[clause] for clause in OPENING), *subject.articles, *(parts[clause] for clause in CLOSING)]
    holes = _holes(subject, signing, term)
    return AgreementText(
        format=FORMAT,
        id=agreement,
        template=template,
        title=subject.title,
        preamble=subject.preamble,
        authentic=subject.authentic,
        note=msgspec.convert(_tables("standard")["note"], dict[str, str]),
        parties=signing,
        purposes=subject.purposes,
        term=term,
        retention_days=subject.retention_days,
        excluded=subject.excluded,
        articles=tuple(_article(agreement, at, part, holes) for at, part in enumerate(chosen, 1)),
    )


def node_set(ids: Iterable[str]) -> str:
    """Return a Cedar set of institutions."""
    return "[" + ", ".join(f'Node::"{node}"' for node in ids) + "]"


def word_set(values: Iterable[str]) -> str:
    """Return a Cedar set of words."""
    return "[" + ", ".join(json.dumps(str(value)) for value in values) + "]"


def annotated(agreement: str, number: str, policy: str) -> str:
    """Return a policy with the annotations that tie it to its article."""
    return f'@id("{agreement}/{number}")\n@article("{number}")\n{policy.strip()}\n'


def _article(agreement: str, at: int, part: _Part, holes: Mapping[str, Mapping[str, str]]) -> Article:
    number = str(at)
    return Article(
        number=number,
        clause=part.clause,
        covers=part.covers,
        title=part.title,
        text={
            language: Template(sentence.strip()).substitute(holes[language])
            for language, sentence in part.text.items()
        },
        policy=annotated(agreement, number, Template(part.policy).substitute(holes["policy"])),
    )


def _holes(subject: _Subject, parties: tuple[Party, ...], term: Term) -> dict[str, dict[str, str]]:
    holes = {
        language: {
            "party_names": join([party.name for party in parties], language),
            "purpose_list": join([word(purpose, language) for purpose in subject.purposes], language),
            "excluded_list": join([word(category, language) for category in subject.excluded], language),
            "authentic_list": join([word(LANGUAGE_NAMES[each], language) for each in subject.authentic], language),
            "retention_days": str(subject.retention_days),
            "notice_days": str(term.notice_days),
            "starts_on": term.starts_on.isoformat(),
            "ends_on": term.ends_on.isoformat(),
        }
        for language in LANGUAGES
    }
    holes["policy"] = {
        "parties": node_set(party.id for party in parties),
        "purposes": word_set(subject.purposes),
        "excluded": word_set(subject.excluded),
        "retention_days": str(subject.retention_days),
    }
    return holes


def word(value: str, language: str) -> str:
    """Return one word of the vocabulary in *language*; English shows it with spaces."""
    if language == "en":
        return value.replace("-", " ")
    return words().find(value, language) or value


def join(parts: list[str], language: str) -> str:
    """Return words as a list a person reads: a, b and c."""
    if len(parts) < 2:  # noqa: PLR2004 -- one needs no "and"
        return "".join(parts)
    last = parts[-1]
    conjunction = "e" if language == "es" and last.lower().startswith(("i", "hi")) else AND[language]
    return f"{', '.join(parts[:-1])} {conjunction} {last}"


def _years_later(day: date, years: int) -> date:
    try:
        return day.replace(year=day.year + years)
    except ValueError:  # 29 February
        return day.replace(year=day.year + years, day=28)


def _tables(name: str) -> dict[str, dict[str, object]]:
    file = resources.files("ayni.agreements.templates").joinpath(f"{name}.toml")
    try:
        return tomllib.loads(file.read_text("utf-8"))
    except tomllib.TOMLDecodeError as error:  # pragma: no cover -- the file ships with the package
        raise InvalidValueError(field=name, why=str(error)) from error
