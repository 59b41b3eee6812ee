"""The page on the API names every address there is, and no other."""

from __future__ import annotations

import re
from pathlib import Path

from django.test import Client

from tests.web_node import fresh_node

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "api.md"
ROW = re.compile(r"^\| `([A-Z]+) (/[^`]*)` \|[^|]*\| (yes)? ?\| (yes)? ?\|$", re.MULTILINE)


def test_the_page_lists_every_address_and_what_it_needs(tmp_path: Path) -> None:
    """Method, address, mandate and version as the OpenAPI document has them."""
    with fresh_node(tmp_path / "node"):
        document = Client(headers={"Host": "localhost"}).get("/api/v1/openapi.json").json()
    said = {(method, path, bool(why), bool(which)) for method, path, why, which in ROW.findall(PAGE.read_text())}
    there = set()
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            headers = {one["name"] for one in operation.get("parameters", ()) if one["in"] == "header"}
            address = path.removeprefix("/api/v1")
            there.add((method.upper(), address, "Ayni-Purpose" in headers, "If-Match" in headers))
    assert said == there
