"""The reference says what the code does."""

from __future__ import annotations

import re
from pathlib import Path

from ayni.agreements.invariants import INVARIANTS
from ayni.agreements.text import AgreementText, Clause, Covers
from ayni.agreements.vocabulary import ATTRIBUTES, Action, Sort

PAGE = (Path(__file__).parents[2] / "docs" / "reference" / "agreement-language.md").read_text("utf-8")
TYPES = {Sort.NODE: "Node", Sort.WORD: "String", Sort.WORDS: "Set of String", Sort.NUMBER: "Long", Sort.TRUTH: "Bool"}


def test_the_reference_lists_every_attribute_with_its_type_and_no_other() -> None:
    """The closed list of the page is the closed list of the code."""
    rows = re.findall(r"^\| `((?:resource|context)\.\w+)` \| ([\w ]+) \|", PAGE, re.MULTILINE)
    assert rows == [(attribute.path, TYPES[attribute.sort]) for attribute in ATTRIBUTES]


def test_the_reference_names_every_action_clause_field_and_invariant() -> None:
    """Nothing the prover says is missing from the page."""
    named = set(re.findall(r"`([a-z0-9_-]+)`", PAGE))
    assert {str(action) for action in Action} <= named
    assert {str(clause) for clause in Clause} <= named
    assert set(AgreementText.__dataclass_fields__) <= named
    assert set(Covers.__dataclass_fields__) <= named
    assert {invariant.id for invariant in INVARIANTS} <= named
