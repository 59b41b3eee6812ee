"""An agreement written down: as the TOML file that is signed, and as a document that is read.

The file holds everything and reads back to the same value, so to the same hash. The
document shows one language, says whether it is authentic or an unofficial translation,
and puts under each article the table of what it covers, in words.
"""

from __future__ import annotations

import json
from collections.abc import Iterable

from ayni.agreements.drafting import LANGUAGE_NAMES, join, word, words
from ayni.agreements.text import AgreementText, Article, Covers, Term, Words, sha256
from ayni.toolkit.phrases import LANGUAGES, phrase, render


def write_text(text: AgreementText) -> str:
    """Return the agreement as TOML; `read_text` gives the same value back."""
    blocks = [
        _pairs(
            format=text.format,
            id=text.id,
            version=text.version,
            template=text.template,
            authentic=text.authentic,
            purposes=text.purposes,
            excluded=text.excluded,
            retention_days=text.retention_days,
        ),
        _table("note", text.note),
        _table("title", text.title),
        _table("preamble", text.preamble),
        _term(text.term),
        *(
            "[[parties]]\n" + _pairs(id=party.id, name=party.name, country=party.country, parent=party.parent)
            for party in text.parties
        ),
        *(_article(article) for article in text.articles),
    ]
    return "\n".join(block for block in blocks if block)


def _term(term: Term) -> str:
    return f"[term]\nstarts_on = {term.starts_on}\nends_on = {term.ends_on}\nnotice_days = {term.notice_days}\n"


def _article(article: Article) -> str:
    lines = (
        f"[[articles]]\n{_pairs(number=article.number, clause=article.clause)}policy = {_policy(article.policy)}\n"
    )
    if article.covers is not None:
        lines += "[articles.covers]\n" + _covers(article.covers)
    return lines + _table("articles.title", article.title) + _table("articles.text", article.text)


def _covers(table: Covers) -> str:
    plain = _pairs(
        actions=table.actions,
        kinds=table.kinds,
        purposes=table.purposes,
        originators=table.originators,
        desks=table.desks,
        categories=table.categories,
    )
    age = f"max_age_days = {table.max_age_days}\n" if table.max_age_days else ""
    return plain + age + ("by_officer = true\n" if table.by_officer else "")


def _pairs(**values: object) -> str:
    return "".join(f"{name} = {_value(value)}\n" for name, value in values.items() if value not in {"", ()})


def _value(value: object) -> str:
    if isinstance(value, tuple):
        return "[" + ", ".join(_string(str(part)) for part in value) + "]"
    return str(value) if isinstance(value, int) else _string(str(value))


def _table(name: str, table: Words) -> str:
    if not table:
        return ""
    known = [language for language in LANGUAGES if language in table]
    others = sorted(set(table) - set(known))
    lines = "".join(f"{_key(language)} = {_prose(table[language])}\n" for language in (*known, *others))
    return f"[{name}]\n{lines}"


def _key(name: str) -> str:
    return name if name.isascii() and name.isalpha() else _string(name)


def _string(value: str) -> str:
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def _prose(value: str) -> str:
    """Return a paragraph on its own lines; one short line stays on its line."""
    short = len(value) < 100 and "\n" not in value  # noqa: PLR2004 -- a line of a file
    if short or value.startswith("\n") or not _printable(value):
        return _string(value)
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'"""\n{escaped}"""'


def _policy(value: str) -> str:
    plain = "'''" not in value and not value.endswith("'") and not value.startswith("\n") and _printable(value)
    return f"'''\n{value}'''" if plain else _string(value)


def _printable(value: str) -> bool:
    return all(sign == "\n" or sign.isprintable() for sign in value)


AUTHENTIC = phrase("This text is authentic.")
UNOFFICIAL = phrase("Unofficial translation. Authentic texts: {languages}.")
ARTICLE = phrase("Article {number}. {title}")
IN_FORCE = phrase("In effect from {starts_on:date} until {ends_on:date}, the latter date excluded.")
TEXT_HASH = phrase("SHA-256 of the whole: {sha256}")
COVERED = phrase("Covers: {actions}; records: {kinds}; purposes: {purposes}.")
ANY = phrase("any")
UP_TO_DAYS = phrase("Only records made at most {days:integer} days ago.")
NAMED_OFFICER = phrase("Only a named officer, never a machine.")


def as_document(text: AgreementText, language: str) -> str:
    """Return the agreement in one language, as a person reads it."""
    names = join([word(LANGUAGE_NAMES[each], language) for each in text.authentic], language)
    mark = AUTHENTIC if language in text.authentic else UNOFFICIAL
    parts = [
        text.title.get(language, text.id).upper(),
        f"{text.id} v{text.version}",
        _say(mark, language, languages=names),
        text.note.get(language, ""),
        _say(IN_FORCE, language, starts_on=text.term.starts_on, ends_on=text.term.ends_on),
        text.preamble.get(language, ""),
        *(_read(article, language) for article in text.articles),
        _say(TEXT_HASH, language, sha256=sha256(text)),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _read(article: Article, language: str) -> str:
    heading = _say(ARTICLE, language, number=article.number, title=article.title.get(language, "-"))
    lines = [heading, article.text.get(language, "").strip()]
    if article.covers is not None:
        lines += _in_words(article.covers, language)
    return "\n".join(lines)


def _in_words(table: Covers, language: str) -> Iterable[str]:
    any_ = word(ANY, language)
    lists = {
        name: ", ".join(word(str(value), language) for value in values) or any_
        for name, values in (("actions", table.actions), ("kinds", table.kinds), ("purposes", table.purposes))
    }
    yield _say(COVERED, language, **lists)
    if table.max_age_days:
        yield _say(UP_TO_DAYS, language, days=table.max_age_days)
    if table.by_officer:
        yield _say(NAMED_OFFICER, language)


def _say(says: str, language: str, **facts: object) -> str:
    return render(says, facts, language, words()).text
