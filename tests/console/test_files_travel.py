"""A file from one page to another: sealed for the partner, taken there by an officer who is noted."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from ayni.model.officer import Role
from tests.console.test_search import someone
from tests.exchange.posts import BETWEEN, Post, a_record, behind_pages, two_posts
from tests.exchange.test_attachments import carried
from tests.exchange.test_over_the_line import answers
from tests.node.test_serving import serving

PHOTO = b"EXERCISE <script>canary</script>" * 5_000
UPLOADED = 3 << 20
"""Bytes above which Django puts an upload into a file."""


@pytest.fixture
def posts(tmp_path: Path) -> tuple[Post, Post]:
    """Two nodes under an agreement."""
    return two_posts(tmp_path)


def test_a_photograph_goes_along_and_is_taken_by_a_named_officer(posts: tuple[Post, Post]) -> None:
    """Nothing of it stays in clear at the sender; at the receiver it is a download, no page, and a noted copy."""
    one, two = posts
    with behind_pages(one) as node:
        from ayni.node.running import running

        record = a_record(running().exchange)
        client = someone(node, Role.LIAISON)
        large = SimpleUploadedFile("large.bin", PHOTO * (UPLOADED // len(PHOTO) + 1), "video/mp4")
        photo = SimpleUploadedFile("../../photo.html", PHOTO, "text/html")
        given = {"agreement": BETWEEN, "to": two.node, "attached": [photo, large]}
        done = client.post(f"/share/{record}/send/", given, follow=True).content.decode()
        assert "Shared. It leaves" in done
        assert not [path for path in one.folder.rglob("*") if path.is_file() and b"canary" in path.read_bytes()]
        empty = SimpleUploadedFile("nothing", b"", "text/plain")
        other = a_record(running().exchange, 2)
        refused = client.post(f"/share/{other}/send/", {**given, "attached": [empty]}, follow=True)
        assert "The submitted file is empty" in refused.content.decode()
    carried(one, two)
    with behind_pages(two) as node:
        ana = someone(node, Role.ANALYST)
        assert ana.get(f"/signals/{record}/").content.decode().count("still on its way") == 2
    with serving(one.folder), two.open() as exchange:
        from ayni.node.attachments import Arriving

        answers(one)
        assert Arriving(exchange).step() == 1
    with behind_pages(two) as node:
        ana = someone(node, Role.ANALYST)
        page = ana.get(f"/signals/{record}/").content.decode()
        assert "text/html" in page
        start = page.index(f'action="/signals/{record}/files/') + len('action="')
        address = page[start : page.index('"', start)]
        taken = ana.post(address)
        assert b"".join(taken) == PHOTO
        assert taken["Content-Type"] == "application/octet-stream"
        assert taken["Content-Disposition"].startswith("attachment")
        assert node.store.entries[-1].act == "exchange.file_export"
        lia = someone(node, Role.LIAISON)
        assert "copied by hand" in lia.get(f"/exchange/records/{record}/").content.decode()
        assert ana.post(f"/signals/{record}/files/{'0' * 64}/").status_code == 404
        assert someone(node, Role.OVERSIGHT).post(address).status_code == 403
