"""The house on the page: who looked for what, the ledger, a file for an auditor, how the node fares."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape
from pathlib import Path

import pytest

from ayni.ledger.export import verify_export
from ayni.model.officer import Role
from ayni.node.backup import backup
from tests.console.test_search import someone
from tests.console.test_watch_log import page
from tests.web_node import TestNode, fresh_node, raise_signal


@pytest.fixture
def node(tmp_path: Path) -> Iterator[TestNode]:
    """Give each test a node of its own."""
    with fresh_node(tmp_path / "node") as opened:
        yield opened


def test_oversight_sees_who_looked_and_for_what_and_never_at_whom(node: TestNode) -> None:
    """Counted by officer and purpose; a click narrows the history to them; nothing of the content is there."""
    signal = raise_signal(node, hour=2)
    luz = someone(node, Role.ANALYST)
    for _ in range(3):
        page(luz, f"/signals/{signal}/")
    oversight = someone(node, Role.OVERSIGHT)
    seen = page(oversight, "/oversight/")
    assert '<td class="num">3</td>' in seen
    assert "No partner witnesses this ledger yet" in seen
    assert "open records" in seen
    assert "Caleta Imaginaria" not in seen
    (link,) = set(re.findall(r'<a href="(\?by=[^"]+)"', seen))
    narrowed = page(oversight, f"/oversight/{unescape(link)}")
    assert narrowed.count('<span class="mono">record.open</span>') == 3
    assert "ledger.read" not in narrowed.split("<tbody>")[-1]
    assert page(oversight, "/oversight/?purpose=cyber-defence").count("<tr>") == 2


def test_an_auditor_takes_the_history_away_and_that_is_written_down(node: TestNode, tmp_path: Path) -> None:
    """The file verifies without the node; the entry after it says up to where; nobody else may."""
    raise_signal(node, hour=2)
    oversight = someone(node, Role.OVERSIGHT)
    answer = oversight.post("/oversight/export/")
    assert answer.status_code == 200
    assert answer["Content-Disposition"].startswith('attachment; filename="history-')
    taken = tmp_path / "history.zip"
    taken.write_bytes(answer.content)
    entry = node.store.entries[-1]
    assert entry.act == "ledger.export"
    assert verify_export(taken).entries == entry.facts["entries"]
    assert someone(node, Role.ANALYST).post("/oversight/export/").status_code == 403
    assert oversight.get("/oversight/export/").status_code == 405


def test_the_administrator_sees_feeds_keys_and_whether_it_is_backed_up(node: TestNode, tmp_path: Path) -> None:
    """What was never backed up is an alarm, until it is; reference data says where it comes from."""
    raise_signal(node, hour=2)
    ada = someone(node, Role.ADMINISTRATOR)
    before = page(ada, "/node/")
    assert "this node was never backed up" in before
    assert "World Port Index" in before
    assert "No feed has run yet" in before
    assert "24 rules" in before
    backup(node.node, data=tmp_path / "copy" / "data", keys=tmp_path / "copy-keys")
    after = page(ada, "/node/")
    assert "never backed up" not in after
    assert "Last made " in after
    assert someone(node, Role.ANALYST).get("/node/").status_code == 403
