"""The API as programs use it: tokens, mandates, versions, problems; and what it refuses."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from ayni.model.officer import Role
from tests.web_node import UNDER, TestNode, fresh_node, raise_signal

WHY = {"Ayni-Purpose": "counter-narcotics", "Ayni-Legal-Basis": "Ley%20Org%C3%A1nica%2C%20art.%2012"}


@pytest.fixture
def node(tmp_path: Path) -> Iterator[TestNode]:
    """Give each test a node of its own."""
    with fresh_node(tmp_path / "node") as opened:
        yield opened


class Program:
    """A program with a token."""

    def __init__(self, node: TestNode, *roles: Role, scopes: tuple[str, ...] = ("read", "act", "administer")) -> None:
        from ayni.node.officers.tokens import Scope, issue_token

        self.account = node.add(*roles, password="") if roles else None
        officer = str(self.account.id) if self.account else node.administrator.id
        with node.store.work() as work:
            issued = issue_token(
                officer,
                label="test",
                scopes=frozenset(Scope(scope) for scope in scopes),
                life=timedelta(hours=1),
                by=node.administrator,
                under=UNDER,
                work=work,
            )
            work.commit()
        self._client = Client(
            headers={"Authorization": f"Bearer {issued.text}", "Host": "localhost", "Accept-Language": "en"}
        )

    def get(self, path: str, **headers: str) -> Any:  # noqa: ANN401 -- Django's test response
        """GET with headers."""
        return self._client.get(f"/api/v1{path}", headers=headers)

    def post(self, path: str, body: object = None, **headers: str) -> Any:  # noqa: ANN401 -- as above
        """POST JSON with headers."""
        text = body if isinstance(body, str) else json.dumps(body or {})
        return self._client.post(f"/api/v1{path}", text, content_type="application/json", headers=headers)


def why(**more: str) -> dict[str, str]:
    """Return the headers of a mandate, and more."""
    return {**WHY, **more}


def test_without_token_nothing_opens(node: TestNode) -> None:
    """Every address but the document asks who you are."""
    del node
    client = Client(headers={"Host": "localhost"})
    for path in ("/signals", "/reports", "/tasks", "/outcomes", "/officers", "/node/status", "/entries"):
        answer = client.get(f"/api/v1{path}")
        assert answer.status_code == 401
        assert answer["Content-Type"].startswith("application/problem+json")
    assert client.get("/api/v1/openapi.json").status_code == 200


def test_a_signal_opens_only_with_purpose_and_legal_basis_and_is_written_down(node: TestNode) -> None:
    """403 without a mandate; with one, an entry that carries it."""
    record = raise_signal(node)
    program = Program(node, Role.ANALYST)
    refused = program.get(f"/signals/{record}")
    assert refused.status_code == 403
    assert refused.json()["type"] == "urn:ayni:error:NoMandateError"
    before = len(node.store.entries)
    answer = program.get(f"/signals/{record}", **WHY)
    assert answer.status_code == 200
    assert answer["ETag"] == '"1"'
    assert answer["Cache-Control"] == "no-store"
    assert answer.json()["body"]["signal"]["rule"] == "maritime.gap/1"
    entry = node.store.entries[-1]
    assert len(node.store.entries) == before + 1
    assert (entry.act, entry.legal_basis, entry.touched[0].record) == ("record.open", "Ley Orgánica, art. 12", record)


def test_triage_needs_the_version_it_was_decided_on(node: TestNode) -> None:
    """428 without, 412 when somebody else was first, then the new ETag."""
    record = raise_signal(node)
    program = Program(node, Role.ANALYST)
    assert program.post(f"/signals/{record}/validate", {}, **WHY).status_code == 428
    done = program.post(f"/signals/{record}/validate", {"words": "seen on radar"}, **why(**{"If-Match": '"1"'}))
    assert (done.status_code, done["ETag"], done.json()["header"]["state"]) == (200, '"2"', "validated")
    late = program.post(f"/signals/{record}/dismiss", {"why": "data-error"}, **why(**{"If-Match": '"1"'}))
    assert late.status_code == 412
    assert "changed since you read it" in late.json()["detail"]


def test_problems_speak_the_readers_language(node: TestNode) -> None:
    """The same refusal in four languages."""
    record = raise_signal(node)
    said = set()
    for language in ("en", "es", "pt", "fr"):
        program = Program(node, Role.LIAISON)
        headers = why(**{"If-Match": '"1"', "Accept-Language": language})
        answer = program.post(f"/signals/{record}/validate", {}, **headers)
        assert answer.status_code == 403
        said.add(answer.json()["detail"])
    assert len(said) == 4


def test_lists_are_walked_by_key(node: TestNode) -> None:
    """Every signal once, newest first, however many pages."""
    records = [raise_signal(node, hour=hour) for hour in range(7)]
    program = Program(node, Role.ANALYST)
    seen: list[str] = []
    after = ""
    for _ in range(9):
        page = program.get(f"/signals?limit=3&after={after}").json()
        seen += [item["id"] for item in page["items"]]
        if page["next"] is None:
            break
        after = page["next"]
    assert seen == records[::-1]
    assert "identifiers" not in page["items"][0]


def test_scopes_limit_a_token_below_its_officer(node: TestNode) -> None:
    """A token that may only read does not act, whatever its officer may do."""
    record = raise_signal(node)
    program = Program(node, Role.ANALYST, scopes=("read",))
    assert program.get("/signals").status_code == 200
    answer = program.post(f"/signals/{record}/validate", {}, **why(**{"If-Match": '"1"'}))
    assert answer.status_code == 403


def test_oversight_reads_the_history_and_never_the_content(node: TestNode) -> None:
    """Entries yes, each reading an entry itself; records no."""
    record = raise_signal(node)
    program = Program(node, Role.OVERSIGHT)
    assert program.get(f"/signals/{record}", **WHY).status_code == 403
    assert program.get("/signals").status_code == 403
    page = program.get("/entries?limit=2", **WHY)
    assert page.status_code == 200
    assert len(page.json()["items"]) == 2
    assert node.store.entries[-1].act == "ledger.read"
    only = program.get("/entries?act=officer.", **WHY).json()["items"]
    assert only
    assert all(entry["act"].startswith("officer.") for entry in only)
    assert Program(node, Role.ANALYST).get("/entries", **WHY).status_code == 403


def test_an_administrator_adds_and_disables_officers(node: TestNode) -> None:
    """The whole life of an officer over the API; passwords never come back."""
    program = Program(node)
    new = {"username": "l.andrade", "name": "Luz Andrade", "roles": ["analyst"], "password": "marea-alta-en-Manta-9"}
    added = program.post("/officers", new, **WHY)
    assert added.status_code == 201
    assert "password" not in added.json()
    assert program.post("/officers", new, **WHY).status_code == 422
    mixed = {**new, "username": "mixed", "roles": ["oversight", "analyst"]}
    assert program.post("/officers", mixed, **WHY).status_code == 422
    officer = added.json()["id"]
    assert program.post(f"/officers/{officer}/disable", {"why": "left"}, **WHY).json()["active"] is False
    assert program.post(f"/officers/{officer}/disable", {"why": "left"}, **WHY).status_code == 409
    assert any(item["username"] == "l.andrade" for item in program.get("/officers").json()["items"])
    assert Program(node, Role.ANALYST).get("/officers").status_code == 403


def test_report_task_outcome(node: TestNode) -> None:
    """A sighting, a patrol, what came of it."""
    now = datetime.now(UTC)
    place = {"type": "Point", "coordinates": [-80.5, -1.2]}
    analyst, coordinator = Program(node, Role.ANALYST), Program(node, Role.COORDINATOR)
    report = {
        "kind": "sighting",
        "words": "Skiff without lights",
        "at": now.isoformat(),
        "place": place,
        "uncertainty_m": 500,
        "source": "B",
        "information": "3",
    }
    filed = analyst.post("/reports", report, **WHY)
    assert filed.status_code == 201
    signal = analyst.get("/signals").json()["items"][0]
    assert signal["parents"] == [filed.json()["header"]["id"]]
    task = {
        "what": "Look",
        "to": "LG Prueba",
        "deadline": (now + timedelta(hours=6)).isoformat(),
        "signals": [signal["id"]],
    }
    given = coordinator.post("/tasks", task, **WHY)
    assert given.status_code == 201
    address = f"/tasks/{given.json()['header']['id']}"
    assert analyst.post("/tasks", task, **WHY).status_code == 403
    for step, state in (("accept", "accepted"), ("start", "under-way"), ("finish", "done")):
        assert coordinator.post(f"{address}/{step}", {}, **WHY).json()["header"]["state"] == state
    assert coordinator.post(f"{address}/start", {}, **WHY).status_code == 409
    outcome = {"kind": "nothing-found", "at": now.isoformat(), "task": given.json()["header"]["id"]}
    assert coordinator.post("/outcomes", outcome, **WHY).status_code == 201
    assert coordinator.post("/outcomes", {**outcome, "kind": "seizure"}, **WHY).status_code == 400


def test_too_much_and_not_json_are_refused(node: TestNode) -> None:
    """One megabyte at most; what is not JSON is told so."""
    program = Program(node, Role.ANALYST)
    assert program.post("/reports", '"' + "x" * 1_100_000 + '"', **WHY).status_code == 413
    assert program.post("/reports", "{", **WHY).status_code == 400
    assert program.post("/reports", "\xff", **WHY).status_code == 400


def test_a_session_needs_the_csrf_token_to_change_anything(node: TestNode) -> None:
    """A page of another site cannot act with an officer's cookies."""
    record = raise_signal(node)
    account = node.add(Role.ANALYST)
    client = Client(enforce_csrf_checks=True, headers={"Host": "localhost"})
    client.force_login(account, backend="allauth.account.auth_backends.AuthenticationBackend")
    assert client.get("/api/v1/signals").status_code == 200
    headers = why(**{"If-Match": '"1"'})
    answer = client.post(f"/api/v1/signals/{record}/validate", "{}", content_type="application/json", headers=headers)
    assert answer.status_code == 403
    client.get("/me/")
    token = client.cookies["ayni_csrf"].value
    headers["X-CSRFToken"] = token
    answer = client.post(f"/api/v1/signals/{record}/validate", "{}", content_type="application/json", headers=headers)
    assert answer.status_code == 200


def test_status_counts_and_names_nobody(node: TestNode) -> None:
    """Numbers for those who run the node."""
    raise_signal(node)
    found = Program(node).get("/node/status").json()
    assert found["records"] == {"signal": 1}
    assert found["node"] == "ec-prueba"
    assert Program(node, Role.ANALYST).get("/node/status").status_code == 403
