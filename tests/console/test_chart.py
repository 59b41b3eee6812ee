"""The map's page: what a desk adds appears by itself; who may look; nonsense in the address does no harm."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from html import unescape
from importlib import invalidate_caches
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from ayni.model.officer import Role
from tests.desks.test_discovery import CARD, installed
from tests.web_node import TestNode, fresh_node, raise_signal

if TYPE_CHECKING:
    from django.test import Client

BACKEND = "allauth.account.auth_backends.AuthenticationBackend"
LAYER = """
def _gauges():
    import pyarrow as pa
    return pa.table({"name": ["Muelle Norte"], "lat_udeg": [-2_190_000], "lon_udeg": [-79_880_000]})


DESK = replace(
    DESK,
    layers=(Layer(name="gauges", title="High water", from_zoom=5, load=_gauges, approximate="tides vary"),),
    marks=(Mark(shape="star", title="High water", rules=("tide.gauge",)),),
)
"""


def told(page: str) -> dict[str, object]:
    """Return what the page tells its script."""
    found = re.search(r'<script id="map-settings"[^>]*>(.*?)</script>', page, re.DOTALL)
    assert found
    answer = json.loads(unescape(found.group(1)))
    assert isinstance(answer, dict)
    return answer


def test_a_desk_adds_layers_and_marks_without_an_edit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A package that nobody here has heard of: its points and its shape are on the map once the node runs it."""
    place = tmp_path / "packages"
    place.mkdir()
    imports = "from dataclasses import replace\nfrom ayni.model.desk import Layer, Mark\n"
    card = CARD.replace("import csv", f"import csv\n{imports}", 1) + LAYER
    card = card.replace("tide.", "tidemap.").replace('name="tide"', 'name="tidemap"')
    installed(place, card, "tidemap = maps.card:DESK", "maps")
    monkeypatch.syspath_prepend(str(place))
    invalidate_caches()
    with fresh_node(tmp_path / "node") as node:
        from django.test import Client

        from ayni.node.running import run, running

        now = running()
        settings = replace(now.node.settings, node=replace(now.node.settings.node, desks=("maritime", "tidemap")))
        run(replace(now, node=replace(now.node, settings=settings)))
        client = Client(headers={"Host": "localhost", "Accept-Language": "en"})
        client.force_login(node.add(Role.ANALYST), backend=BACKEND)
        page = told(client.get("/map/").content.decode())
        layers = {one["id"]: one for one in page["layers"]}  # type: ignore[attr-defined]
        assert {"maritime-ports", "tidemap-gauges"} <= set(layers)
        assert layers["tidemap-gauges"]["title"] == "High water"
        assert layers["tidemap-gauges"]["approximate"] == "tides vary"
        points = client.get(layers["tidemap-gauges"]["address"]).json()
        assert points == {"name": ["Muelle Norte"], "lat": [-2.19], "lon": [-79.88]}
        assert {"shape": "star", "title": "High water", "rules": ["tidemap.gauge"]} in page["marks"]  # type: ignore[operator]
        run(now)
        assert client.get(layers["tidemap-gauges"]["address"]).status_code == 404


def test_who_may_look_and_what_is_asked(tmp_path: Path) -> None:
    """Without sign-in nothing; oversight sees none; nonsense is no filter; what is known costs nothing."""
    with fresh_node(tmp_path / "node") as node:
        from django.test import Client

        raise_signal(node)
        addresses = ("/map/", "/map/table/", "/map/signals.json")
        stranger = Client(headers={"Host": "localhost"})
        assert [stranger.get(one).status_code for one in (*addresses, "/map/layers/maritime/ports.json")] == [302] * 4
        oversight = signed_in(node, Role.OVERSIGHT)
        assert [oversight.get(one).status_code for one in addresses] == [403] * 3
        analyst = signed_in(node, Role.ANALYST)
        for query in ("", "box=a,b,c,d", "box=1,2,3", "box=0,20,0,10", "box=9999,0,0,0", "since=never", "state=%00"):
            assert analyst.get(f"/map/signals.json?{query}").json()["total"] == 1, query
        assert analyst.get("/map/signals.json?box=0,0,10,10").json()["total"] == 0
        first = analyst.get("/map/signals.json")
        again = analyst.get("/map/signals.json", headers={"If-None-Match": first["ETag"]})
        assert (again.status_code, again.content) == (304, b"")
        assert "mmsi" not in first.content.decode()


def signed_in(node: TestNode, role: Role) -> Client:
    """Return a client of an officer."""
    from django.test import Client

    client = Client(headers={"Host": "localhost"})
    client.force_login(node.add(role), backend=BACKEND)
    return client
