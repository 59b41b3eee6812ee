"""Whatever is sent, the API answers as its document says, and never with a defect.

Schemathesis makes requests from the OpenAPI document, right ones and wrong ones, for
an officer who may do much; the node stays a node: afterwards its history still adds up.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import schemathesis
from django.core.wsgi import get_wsgi_application
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.core.result import Ok
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from ayni.model.officer import Role
from tests.web_node import UNDER, TestNode, fresh_node, raise_signal

CHECKS = (not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance)
EXAMPLES = 12
"""For each address: some 350 requests in all, half a minute."""
MIN_ADDRESSES = 25
PLAIN = {"Host": "localhost", "Accept-Encoding": "identity"}


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestNode]:
    """One node for all requests: what one does, the next one finds. Its names are read, as after a start."""
    with fresh_node(tmp_path_factory.mktemp("fuzz") / "node") as opened:
        from ayni.node.running import running

        for hour in range(3):
            raise_signal(opened, hour=hour)
        running().names.build()
        yield opened


@pytest.fixture(scope="module")
def token(node: TestNode) -> str:
    """A token of an officer who is analyst, coordinator and administrator."""
    from ayni.node.officers.tokens import Scope, issue_token

    account = node.add(Role.ANALYST, Role.COORDINATOR, Role.ADMINISTRATOR, password="")
    with node.store.work() as work:
        issued = issue_token(
            str(account.id),
            label="fuzz",
            scopes=frozenset(Scope),
            life=timedelta(hours=1),
            by=node.administrator,
            under=UNDER,
            work=work,
        )
        work.commit()
    return issued.text


def test_every_answer_is_as_the_document_says(token: str) -> None:
    """Status, content type and schema conform at every address, and no request finds a defect."""
    document = schemathesis.openapi.from_wsgi(
        "/api/v1/openapi.json", get_wsgi_application(), headers={"Host": "localhost", "Accept-Encoding": "identity"}
    )
    wrong: dict[str, str] = {}
    addresses: list[Any] = [found.ok() for found in document.get_all_operations() if isinstance(found, Ok)]
    for address in addresses:
        try:
            _ask(address, token)
        except Exception as error:  # noqa: BLE001 -- every address is tried; what each said is shown
            wrong[address.label] = str(error)
    assert len(addresses) > MIN_ADDRESSES
    assert not wrong, "\n\n".join(f"{label}\n{said}" for label, said in wrong.items())


def _ask(address: Any, token: str) -> None:  # noqa: ANN401 -- schemathesis' operation is generic
    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        derandomize=True,
        database=None,
        phases=(Phase.explicit, Phase.generate),
        suppress_health_check=list(HealthCheck),
    )
    @given(address.as_strategy())
    def every(case: schemathesis.Case[Any]) -> None:
        headers = {"Authorization": f"Bearer {token}", **PLAIN}
        case.call_and_validate(headers=headers, checks=list(CHECKS))

    every()
