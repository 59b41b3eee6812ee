"""The glossary has every term in four languages, once."""

from __future__ import annotations

import re
from pathlib import Path

GLOSSARY = Path(__file__).parents[1] / "docs" / "reference" / "glossary.md"


def rows() -> list[list[str]]:
    """Return the cells of every row that is no header."""
    lines = [line for line in GLOSSARY.read_text("utf-8").splitlines() if line.startswith("|")]
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    return [row for row in cells if row[0] != "English" and not re.fullmatch("-+", row[0])]


def test_every_term_stands_in_four_languages() -> None:
    """Four filled columns in each row, some sixty of them."""
    found = rows()
    assert len(found) >= 60
    assert [row for row in found if len(row) != 4 or not all(row)] == []


def test_no_term_stands_twice() -> None:
    """One English term, one row."""
    terms = [row[0] for row in rows()]
    assert sorted(set(terms)) == sorted(terms)


def test_every_table_names_the_same_languages() -> None:
    """The header is the same everywhere."""
    headers = {line for line in GLOSSARY.read_text("utf-8").splitlines() if line.startswith("| English")}
    assert headers == {"| English | español | português | français |"}
