"""The exchange through the API: look first, share, see what became of it, sign off what went wrong."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from ayni.model.officer import Role
from tests.api.test_api import WHY, Program
from tests.exchange.posts import BETWEEN, Post, a_record, behind_pages, two_posts
from tests.web_node import TestNode

LOST = "00000000-0000-7000-8000-000000000000"


@pytest.fixture(scope="module")
def posts(tmp_path_factory: pytest.TempPathFactory) -> tuple[Post, Post]:
    """Two nodes that have pinned one another and hold an agreement in force."""
    return two_posts(tmp_path_factory.mktemp("posts"))


@pytest.fixture
def node(posts: tuple[Post, Post]) -> Iterator[TestNode]:
    """Open the first of them behind its API."""
    with behind_pages(posts[0]) as opened:
        yield opened


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
    refused = program.post("/exchange/shares", wanted, **{**WHY, "Ayni-Purpose": "fisheries-monitoring"})
    assert refused.status_code == 409
    assert "; " in refused.json()["detail"], "the reasons stand beside the refusal"
    reader = Program(node, Role.LIAISON, scopes=("read",))
    assert reader.post("/exchange/shares", wanted, **WHY).status_code == 403
    assert program.get("/exchange/status").json() == before


def test_a_message_nobody_must_look_at_cannot_be_signed_off(node: TestNode) -> None:
    """An unknown message is 404; one that went wrong is signed off once, by name."""
    program = Program(node, Role.LIAISON)
    assert program.post(f"/exchange/messages/{LOST}/seen", **WHY).status_code == 404


def test_a_program_asks_and_sees_the_clock(node: TestNode, posts: tuple[Post, Post]) -> None:
    """Asked, listed with its clock, read with its vessel; its own request nobody answers here."""
    program = Program(node, Role.LIAISON, Role.COORDINATOR)
    vessel = {
        "vessel": "Caleta Imaginaria",
        "flag": "PE",
        "seen_at": "2026-03-01T03:00:00Z",
        "lat_deg": -2.2,
        "lon_deg": -85.0,
        "grounds": "It met a vessel without lights.",
    }
    wanted = {"to": posts[1].node, "agreement": BETWEEN, "question": "May we board?", "urgency": "urgent"}
    assert program.post("/requests", wanted).status_code == 403
    assert program.post("/requests", {**wanted, "boarding": {**vessel, "flag": "Peru"}}, **WHY).status_code == 400
    done = program.post("/requests", {**wanted, "boarding": vessel}, **WHY)
    assert done.status_code == 201
    request = done.json()["header"]["id"]
    (clock,) = program.get("/requests?waiting=true", **WHY).json()["items"]
    assert (clock["request"], clock["ours"], clock["late"], clock["state"]) == (request, True, False, "open")
    found = program.get(f"/requests/{request}", **WHY).json()
    assert (found["asked"]["kind"], found["asked"]["boarding"]["mmsi"]) == ("boarding", "")
    assert program.post(f"/requests/{request}/answer", {"says": "granted"}, **WHY).status_code == 409
    assert program.get(f"/requests/{LOST}", **WHY).status_code == 404


def test_a_program_takes_a_record_back(node: TestNode, posts: tuple[Post, Post]) -> None:
    """The tree says who was given it and is silent; what was never shared is only frozen."""
    from ayni.node.running import running

    to = posts[1].node
    record, kept = a_record(running().exchange, 3), a_record(running().exchange, 4)
    program = Program(node, Role.LIAISON, Role.COORDINATOR)
    shared = program.post("/exchange/shares", {"record": record, "to": to, "agreement": BETWEEN}, **WHY)
    assert shared.status_code == 201
    done = program.post("/exchange/recalls", {"record": record, "why": "mistaken", "answer_within_h": 1}, **WHY)
    assert (done.status_code, done.json()["to"]) == (201, [to])
    (branch,) = program.get(f"/exchange/recalls/{record}", **WHY).json()["branches"]
    assert (branch["holder"], branch["stand"], branch["late"]) == (to, "silent", False)
    assert program.post("/exchange/recalls", {"record": kept, "why": "mistaken"}, **WHY).json()["to"] == []
    assert program.get(f"/exchange/recalls/{LOST}", **WHY).status_code == 404
    assert program.post("/exchange/recalls", {"record": LOST, "why": "mistaken"}, **WHY).status_code == 404


def test_a_program_tells_contributors(node: TestNode) -> None:
    """Of an outcome to which nobody contributed nobody is told; one that is not there is not found."""
    program = Program(node, Role.COORDINATOR)
    made = program.post("/outcomes", {"kind": "nothing-found", "at": "2026-03-01T03:00:00Z"}, **WHY).json()
    told = program.post(f"/outcomes/{made['header']['id']}/tell", **WHY)
    assert told.json() == {"told": [], "untold": [], "before": []}
    assert program.post(f"/outcomes/{LOST}/tell", **WHY).status_code == 404


def test_a_program_corrects_a_record(node: TestNode, posts: tuple[Post, Post]) -> None:
    """With what it says from now on; a body of another kind is refused, and nothing changes."""
    from ayni.node.running import running

    to = posts[1].node
    program = Program(node, Role.LIAISON, Role.COORDINATOR)
    record = a_record(running().exchange, 5)
    assert (
        program.post("/exchange/shares", {"record": record, "to": to, "agreement": BETWEEN}, **WHY).status_code == 201
    )
    signal = program.get(f"/signals/{record}", **WHY).json()["body"]["signal"]
    wrong = program.post("/exchange/corrections", {"record": record, "why": "x", "body": {"words": "?"}}, **WHY)
    assert wrong.status_code == 400
    change = {"record": record, "why": "mistaken", "body": {**signal, "quality": []}}
    done = program.post("/exchange/corrections", change, **WHY)
    assert done.status_code == 201, done.json()
    assert (done.json()["to"], done.json()["version"]) == ([to], 2)
    assert program.get(f"/signals/{record}", **WHY).json()["body"]["signal"]["quality"] == []


def test_a_program_sees_what_is_where(node: TestNode, posts: tuple[Post, Post]) -> None:
    """Shares, copies on paper, balances; an analyst may not look."""
    from ayni.node.running import running

    program, to = Program(node, Role.LIAISON, Role.COORDINATOR), posts[1].node
    record = a_record(running().exchange, 6)
    program.post("/exchange/shares", {"record": record, "to": to, "agreement": BETWEEN}, **WHY)
    copy = {"record": record, "to": "Fiscal 3", "how": "printed"}
    assert program.post("/exchange/copies", copy, **WHY).status_code == 201
    places = program.get(f"/exchange/exposure?record={record}", **WHY).json()["items"]
    assert {(place["holder"], place["state"]) for place in places} == {(to, "sent"), ("Fiscal 3", "copied")}
    assert all(one["partner"] == to for one in program.get("/exchange/balance", **WHY).json()["items"])
    assert Program(node, Role.ANALYST).get("/exchange/exposure", **WHY).status_code == 403


def test_a_list_of_what_a_partner_could_receive(node: TestNode, posts: tuple[Post, Post]) -> None:
    """With the articles, for this purpose; nothing is opened, nothing waits, and a stranger could receive nothing."""
    from ayni.node.running import running

    record = a_record(running().exchange, 9)
    program = Program(node, Role.LIAISON, Role.COORDINATOR)
    before = program.get("/exchange/status").json()
    page = program.get(f"/exchange/visible?to={posts[1].node}&limit=1", **WHY).json()
    assert (page["items"][0]["record"]["id"], page["items"][0]["agreement"]) == (record, BETWEEN)
    assert page["items"][0]["articles"]
    assert not program.get("/exchange/visible?to=xx.stranger", **WHY).json()["items"]
    assert program.get(f"/exchange/visible?to={posts[1].node}&agreement=NONE", **WHY).status_code == 404
    assert program.get(f"/exchange/visible?to={posts[1].node}").status_code == 403
    assert program.get("/exchange/status").json() == before


def test_a_program_works_in_a_room(node: TestNode, posts: tuple[Post, Post]) -> None:
    """Founded, spoken in, read; of a room that is not here nothing is said."""
    program, to = Program(node, Role.LIAISON, Role.COORDINATOR), posts[1].node
    made = program.post("/rooms", {"name": "Marea", "members": [to], "agreement": BETWEEN}, **WHY)
    assert (made.status_code, made.json()["told"]) == (201, [to])
    room = made.json()["room"]
    assert program.post(f"/rooms/{room}/entries", {"words": "It sails at noon."}, **WHY).json()["seq"] == 2
    copy = program.get(f"/rooms/{room}", **WHY).json()
    assert [entry["words"] for entry in copy["entries"]] == ["", "It sails at noon."]
    assert program.post(f"/rooms/{room}/members", {"members": []}, **WHY).json()["told"] == [to]
    assert [one["id"] for one in program.get("/rooms").json()["items"]] == [room]
    assert program.post(f"/rooms/{LOST}/entries", {"words": "-"}, **WHY).status_code == 404


def test_a_program_lends_a_record(node: TestNode, posts: tuple[Post, Post]) -> None:
    """What leaves is not kept in clear there; its key is not ours to ask for, and too long is refused."""
    from ayni.node.running import running

    program, to = Program(node, Role.LIAISON, Role.COORDINATOR), posts[1].node
    record = a_record(running().exchange, 11)
    wanted = {"record": record, "to": to, "agreement": BETWEEN, "lease_h": 13}
    assert program.post("/exchange/shares", wanted, **WHY).status_code == 400
    assert program.post("/exchange/shares", {**wanted, "lease_h": 4}, **WHY).status_code == 201
    assert program.post("/exchange/leases", {"record": record}, **WHY).status_code == 409
    assert program.get(f"/exchange/leases/{record}", **WHY).status_code == 409
    assert program.get(f"/exchange/leases/{LOST}", **WHY).status_code == 404
