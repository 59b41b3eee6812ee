"""What a signal resembles in the past, as the page of the signal tells it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from ayni.model.officer import Role
from tests.console.test_search import someone
from tests.web_node import TestNode, fresh_node, raise_signal


@pytest.fixture
def node(tmp_path: Path) -> Iterator[TestNode]:
    """Give each test a node of its own."""
    with fresh_node(tmp_path / "node") as opened:
        yield opened


def test_a_signal_tells_what_it_resembles_and_when_that_is_too_little(node: TestNode) -> None:
    """Nothing, too few, then enough to count; only what came before."""
    records = [raise_signal(node, hour=hour) for hour in range(7)]
    client = someone(node, Role.ANALYST)
    told = [client.get(f"/signals/{record}/").content.decode() for record in records]
    assert "None known: nothing to go by." in told[0]
    assert "Only 1: too few" in told[1]
    assert "Only 4: too few" in told[4]
    assert "too few" not in told[6]
    assert 'Pending: <span class="num">6</span>' in told[6]
    assert told[6].count("same vessel, same waters") == 6
    assert f'<a href="/signals/{records[5]}/">' in told[6].partition("Similar signals before")[2]
