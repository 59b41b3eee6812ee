"""Figures of a period through the API: who may, for which period, and what stands in the ledger after."""

from __future__ import annotations

from pathlib import Path

from ayni.model.officer import Role
from tests.api.test_api import WHY, Program
from tests.web_node import fresh_node

YEAR = "/evaluation?since=2026-01-01T00:00:00Z&until=2027-01-01T00:00:00Z"
FOUND = {"kind": "rescue", "at": "2026-03-01T12:00:00Z", "words": "two persons taken aboard"}


def test_a_program_asks_for_the_figures_of_a_year(tmp_path: Path) -> None:
    """A result is counted, traced, and its missing signal listed; asking needs a mandate, and a role."""
    with fresh_node(tmp_path / "node") as node:
        program = Program(node, Role.COORDINATOR)
        result = program.post("/outcomes", FOUND, **WHY).json()["header"]["id"]
        made = program.get(YEAR, **WHY).json()
        assert made["outcomes"] == {"rescue": 1}
        (chain,) = made["chains"]
        assert chain == program.get(f"/outcomes/{result}/trace", **WHY).json()
        assert [step["mark"] for step in chain["steps"]] == ["result"]
        assert "names no signal" in chain["gaps"][0]["why"]["says"]
        assert program.get(YEAR).status_code == 403
        assert program.get(YEAR.replace("2027", "2025"), **WHY).status_code == 422
        assert program.get(f"{YEAR}x", **WHY).status_code == 422
        assert Program(node, Role.ADMINISTRATOR).get(YEAR, **WHY).status_code == 403
