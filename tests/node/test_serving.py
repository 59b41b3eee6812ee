"""A node answers within three seconds, over HTTPS beyond loopback, and stops when told."""

from __future__ import annotations

import os
import shutil
import signal
import ssl
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from http.client import HTTPException, HTTPResponse
from pathlib import Path

import pytest

from ayni.errors import InvalidValueError, KeysError
from ayni.node.certificate import ensure_certificate, read_certificate
from ayni.node.creating import create_node
from ayni.node.doors import front_of
from ayni.node.settings import read_settings
from ayni.node.web_settings import Front
from tests.web_node import SETTINGS

SERVE = "import sys; from pathlib import Path; from ayni.node.serving import serve; serve(Path(sys.argv[1]), ready=lambda a: print(a, flush=True))"  # noqa: E501 -- a program in one line
NOW = datetime(2026, 3, 1, tzinfo=UTC)


@contextmanager
def serving(folder: Path) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """Serve a node in a process of its own; yield it and its address."""
    process = subprocess.Popen(
        [sys.executable, "-c", SERVE, str(folder)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stderr is not None
    try:
        address = process.stdout.readline().strip()
        yield process, address
    finally:
        if process.poll() is None:
            process.terminate()
            process.wait(20)
        process.stdout.close()
        process.stderr.close()


def ask(address: str, context: ssl.SSLContext | None = None, tries: int = 200) -> HTTPResponse:
    """Ask until the worker answers."""
    for attempt in range(tries):
        try:
            answer: HTTPResponse = urllib.request.urlopen(address, timeout=5, context=context)  # noqa: S310 -- loopback
        except urllib.error.URLError:
            if attempt == tries - 1:
                raise
            time.sleep(0.02)
        else:
            return answer
    raise AssertionError


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A new node that listens on a free loopback port."""
    made = tmp_path / "node"
    create_node(made, name="", country="", settings=SETTINGS + '[serve]\nlisten = "127.0.0.1:0"\n')
    return made


def test_its_address_is_told_when_it_answers_there(folder: Path) -> None:
    """Whoever reads "ready" and looks at once is not refused."""
    with serving(folder) as (_, address), ask(f"{address}sign-in/", tries=1) as page:
        assert page.status == 200


def test_it_answers_with_every_guard_and_stops_when_told(folder: Path) -> None:
    """The sign-in page carries its headers; SIGTERM ends it with exit code 0."""
    with serving(folder) as (process, address):
        with ask(f"{address}sign-in/") as answer:
            assert answer.status == 200
            headers = answer.headers
        assert "'self'" in headers["Content-Security-Policy"]
        assert "unsafe" not in headers["Content-Security-Policy"]
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Referrer-Policy"] == "same-origin"
        assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
        assert headers["X-Frame-Options"] == "DENY"
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0


def test_a_killed_server_leaves_no_worker_behind(folder: Path) -> None:
    """SIGKILL gives no chance to stop: the worker ends by itself, and the node can be served again."""
    with serving(folder) as (process, address):
        with ask(f"{address}sign-in/"):
            pass
        process.kill()
        process.communicate(timeout=20)
    with serving(folder) as (_, address), ask(f"{address}sign-in/", tries=1) as page:
        assert page.status == 200


def test_two_servers_on_one_node_are_refused(folder: Path) -> None:
    """The second one says which process serves it."""
    with serving(folder) as (first, address):
        with ask(f"{address}sign-in/"):
            pass
        with serving(folder) as (second, _):
            assert second.wait(20) != 0
            assert second.stderr is not None
            assert f"already served by process {first.pid}" in second.stderr.read()


def test_beyond_loopback_it_speaks_https_with_its_own_certificate(tmp_path: Path) -> None:
    """The certificate is made once; a client that pins it gets in; plain HTTP gets nothing."""
    folder = tmp_path / "node"
    create_node(folder, name="", country="", settings=SETTINGS + '[serve]\nlisten = "0.0.0.0:0"\n')
    with serving(folder) as (_, address):
        assert address.startswith("https://")
        port = address.rsplit(":", 1)[1]
        pinned = ssl.create_default_context(cafile=str(folder / "tls" / "tls.crt"))
        with ask(f"https://localhost:{port}sign-in/", pinned) as answer:
            assert answer.status == 200
            assert "max-age" in answer.headers["Strict-Transport-Security"]
            assert "Secure" in answer.headers["Set-Cookie"]
        with pytest.raises((HTTPException, OSError)):
            urllib.request.urlopen(f"http://127.0.0.1:{port}sign-in/", timeout=5)


def test_plain_http_beyond_loopback_is_refused_by_construction() -> None:
    """No setting turns it on."""
    with pytest.raises(InvalidValueError, match="loopback"):
        Front(node="n", secret_key="x" * 40, hosts=("node.example",), port=1, tls=False)


def test_names_of_the_node_are_the_only_hosts(folder: Path) -> None:
    """A request for another host is refused: no poisoned links, no rebinding."""
    front = front_of(folder, read_settings(folder))
    assert set(front.hosts) <= {"localhost", "127.0.0.1", "::1", "[::1]"}


def test_the_certificate_is_made_once_and_its_key_kept_private(tmp_path: Path) -> None:
    """The same pin on the second start; an open key or a foreign one is refused."""
    first = ensure_certificate(tmp_path / "tls", name="ec-prueba", hosts=("node.example", "192.0.2.1"), now=NOW)
    again = ensure_certificate(tmp_path / "tls", name="other", hosts=(), now=NOW)
    assert first.pin == again.pin
    assert first.key.stat().st_mode & 0o777 == 0o600
    other = ensure_certificate(tmp_path / "other", name="x", hosts=(), now=NOW)
    with pytest.raises(KeysError, match="not the key"):
        read_certificate(first.certificate, other.key)
    os.chmod(first.key, 0o644)  # noqa: PTH101 -- the mode is the point
    with pytest.raises(KeysError, match="chmod 600"):
        read_certificate(first.certificate, first.key)
    shutil.rmtree(tmp_path / "other")
