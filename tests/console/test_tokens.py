"""From the page to the program: a token issued in the console opens the API, shown once, ended at once."""

from __future__ import annotations

import re
from pathlib import Path

from django.test import Client

from ayni.model.officer import Role
from tests.web_node import fresh_node


def test_a_token_issued_on_the_page_works_until_it_is_ended(tmp_path: Path) -> None:
    """Issue, use, look again, end, use again."""
    with fresh_node(tmp_path / "node") as node:
        from ayni.node.officers.models import Account, Token

        analyst = node.add(Role.ANALYST)
        page = Client(headers={"Host": "localhost"})
        page.force_login(
            Account.objects.get(username="first"), backend="allauth.account.auth_backends.AuthenticationBackend"
        )
        page.post("/mandate/", {"purpose": "administration", "legal_basis": "art. 4", "next": "/tokens/"})
        form = {"officer": str(analyst.id), "label": "nightly export", "scopes": ["read"], "days": 30}
        issued = page.post("/tokens/", form)
        assert issued["Cache-Control"] == "no-store"
        found = re.search(r'id="issued">(ayni1\.[^<]+)<', issued.content.decode())
        assert found is not None
        assert found.group(1) not in page.get("/tokens/").content.decode()
        program = Client(headers={"Host": "localhost", "Authorization": f"Bearer {found.group(1)}"})
        assert program.get("/api/v1/signals").status_code == 200
        page.post(f"/tokens/{Token.objects.get().id}/end/")
        assert program.get("/api/v1/signals").status_code == 401
        assert [entry.act for entry in node.store.entries][-2:] == ["token.issue", "token.revoke"]
