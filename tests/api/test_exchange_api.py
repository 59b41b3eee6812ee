"""The exchange through the API: look first, share, see what became of it, sign off what went wrong."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from ayni.model.officer import Role
from ayni.node.opening import open_node
from tests.api.test_api import WHY, Program
from tests.exchange.posts import ADA, BETWEEN, Post, a_record, two_posts
from tests.web_node import TestNode

LOST = "00000000-0000-7000-8000-000000000000"


@pytest.fixture(scope="module")
def posts(tmp_path_factory: pytest.TempPathFactory) -> tuple[Post, Post]:
    """Two nodes that have pinned one another and hold an agreement in force."""
    return two_posts(tmp_path_factory.mktemp("posts"))


@pytest.fixture
def node(posts: tuple[Post, Post]) -> Iterator[TestNode]:
    """Open the first of them behind its API."""
    with open_node(posts[0].folder) as opened:
        from ayni.node.officers.models import Account
        from ayni.node.running import Running, run

        assert opened.alias == "default"
        run(Running.of(opened))
        account = Account.objects.get(username=ADA.id)
        yield TestNode(node=opened, administrator=account.as_officer())


def test_a_program_looks_shares_and_sees_what_waits(node: TestNode, posts: tuple[Post, Post]) -> None:
    """What would leave is shown and stays; shared, it waits for the partner; a second time it is refused."""
    from ayni.node.running import running

    to = posts[1].node
    record = a_record(running().exchange)
    program = Program(node, Role.LIAISON, Role.COORDINATOR)
    shown = program.get(f"/exchange/preview?record={record}&to={to}", **WHY).json()
    (option,) = shown["options"]
    assert (option["agreement"], option["permitted"], shown["already"]) == (BETWEEN, True, False)
    assert option["articles"]
    assert {field["path"] for field in shown["fields"]} > {"kind", "body.desk", "body.rule"}
    assert not program.get("/exchange/status").json()["partners"], "looking sends nothing"
    wanted = {"record": record, "to": to, "agreement": BETWEEN, "source": "B", "accuracy": 2}
    done = program.post("/exchange/shares", wanted, **WHY)
    assert (done.status_code, done.json()["articles"]) == (201, option["articles"])
    (partner,) = program.get("/exchange/status").json()["partners"]
    assert (partner["partner"], partner["waiting"], partner["delivered"]) == (to, 1, 0)
    again = program.post("/exchange/shares", wanted, **WHY)
    assert again.status_code == 409
    assert program.get(f"/exchange/preview?record={record}&to={to}", **WHY).json()["already"]


def test_a_share_that_may_not_leave_says_why(node: TestNode, posts: tuple[Post, Post]) -> None:
    """No mandate, half an evaluation, another purpose: refused with the reasons, and nothing waits."""
    from ayni.node.running import running

    record = a_record(running().exchange, 2)
    program = Program(node, Role.LIAISON, Role.COORDINATOR)
    before = program.get("/exchange/status").json()
    wanted = {"record": record, "to": posts[1].node, "agreement": BETWEEN}
    assert program.post("/exchange/shares", wanted).status_code == 403
    assert program.post("/exchange/shares", {**wanted, "source": "A"}, **WHY).status_code == 422
    refused = program.post("/exchange/shares", wanted, **{**WHY, "Ayni-Purpose": "fisheries-control"})
    assert refused.status_code == 403
    assert "; " in refused.json()["detail"], "the reasons stand beside the refusal"
    reader = Program(node, Role.LIAISON, scopes=("read",))
    assert reader.post("/exchange/shares", wanted, **WHY).status_code == 403
    assert program.get("/exchange/status").json() == before


def test_a_message_nobody_must_look_at_cannot_be_signed_off(node: TestNode) -> None:
    """An unknown message is 404; one that went wrong is signed off once, by name."""
    program = Program(node, Role.LIAISON)
    assert program.post(f"/exchange/messages/{LOST}/seen", **WHY).status_code == 404
