"""A receiver on the coast, a node that listens, and a silence that an officer finds in the casebook."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from pyais import encode_dict

AYNI = str(Path(sys.executable).parent / "ayni")
PASSWORD = "faro brisa ancla 77"
SILENT = 799000001
PATIENCE_S = 120.0


def sentence(at_s: int, mmsi: int, lat: float, lon: float) -> str:
    """Return one position report with the time and station in its tag block."""
    position: dict[str, str | int | float | bytes | bool] = {"mmsi": mmsi, "lat": lat, "lon": lon}
    report = position | {"type": 1, "speed": 11.0, "course": 10.0, "heading": 10}
    tag = f"s:exercise,c:{at_s}"
    checksum = 0
    for byte in tag.encode():
        checksum ^= byte
    return f"\\{tag}*{checksum:02X}\\{encode_dict(report, talker_id='AI', sentence_type='VDM')[0]}\r\n"


def night() -> bytes:
    """Return fourteen hours: three vessels are heard throughout, a fourth falls silent for eight."""
    base = int(time.time()) - 14 * 3600
    lines = []
    for step in range(14 * 6):
        at_s, sailed = base + step * 600, step * 0.03
        lines += [sentence(at_s, 799100000 + other, -4.0 + sailed, -84.0 + 0.1 * other) for other in range(3)]
        if not 30 <= step < 78:
            lines.append(sentence(at_s, SILENT, -4.0 + sailed, -84.4))
    return "".join([*lines, "!AIVDM,1,1,,A,broken,0*00\r\n"]).encode()


@contextmanager
def station(data: bytes) -> Iterator[int]:
    """Serve *data* to whoever connects first, and keep the line open."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        done = threading.Event()

        def send() -> None:
            client, _ = server.accept()
            with client:
                client.sendall(data)
                done.wait(PATIENCE_S)

        thread = threading.Thread(target=send, daemon=True)
        thread.start()
        yield server.getsockname()[1]
        done.set()
        thread.join()


def ayni(folder: Path, *words: str) -> str:
    """Type a command at the node's terminal."""
    environment = {
        **os.environ,
        "AYNI_LANG": "en",
        "AYNI_NODE": str(folder / "node"),
        "AYNI_PASSWORD_FILE": str(folder / "password"),
        "AYNI_PURPOSE": "counter-narcotics",
        "AYNI_LEGAL_BASIS": "Exercise law, article 1",
    }
    done = subprocess.run([AYNI, *words], capture_output=True, text=True, env=environment, check=False)
    assert done.returncode == 0, (words, done.stdout, done.stderr)
    return done.stdout


@pytest.fixture
def post(tmp_path: Path) -> Path:
    """Return a folder with a node, an administrator and an analyst."""
    (tmp_path / "password").write_text(PASSWORD, encoding="utf-8")
    secret = ("--new-password-file", str(tmp_path / "password"))
    ayni(tmp_path, "node", "init", str(tmp_path / "node"), "--name", "Puesto de ejercicio", "--country", "EC")
    ayni(tmp_path, "officer", "first", "--username", "ada", "--name", "Ada", *secret)
    ayni(
        tmp_path, "officer", "add", "--as", "ada", "--username", "ana", "--name", "Ana", "--role", "analyst", *secret
    )
    return tmp_path


def test_a_silence_heard_over_tcp_waits_for_an_officer(post: Path) -> None:
    """Lines arrive, the rule fires, the desk raises it, the analyst reads it; rejected lines are counted."""
    settings = post / "node" / "settings.toml"
    area = drawn(post)
    with station(night()) as port:
        text = settings.read_text(encoding="utf-8").replace("127.0.0.1:8743", "127.0.0.1:0")
        feed = f'\n[[feeds]]\nname = "coast"\ndesk = "maritime"\nkind = "tcp"\naddress = "127.0.0.1:{port}"\n'
        settings.write_text(text + feed, encoding="utf-8")
        with subprocess.Popen(
            [AYNI, "node", "serve", "--node", str(post / "node")], stdout=subprocess.PIPE
        ) as served:
            try:
                record = waiting(post, "maritime.gap/1")
                entered = waiting(post, "maritime.area_entry/1")
            finally:
                served.terminate()
                served.wait(30)
    shown = json.loads(ayni(post, "signal", "show", record, "--as", "ana", "--json"))
    assert shown["signal"]["subjects"][0]["properties"]["mmsi"] == [str(SILENT)]
    assert shown["signal"]["evidence"][0]["receiver"] == "exercise"
    shown = json.loads(ayni(post, "area", "show", area, "--as", "ana", "--json"))
    assert entered in shown["signals"]
    status = json.loads(ayni(post, "node", "status", "--json"))
    (feed_health,) = status["feeds"]
    assert feed_health["accepted"] > 0
    assert sum(feed_health["rejected"].values()) == 1


def drawn(post: Path) -> str:
    """Have the officer draw an area across the vessels' way; return its record."""
    corners = [f"--corner={lat},{lon}" for lat, lon in ((-3.5, -84.5), (-3.5, -83.5), (-3.2, -83.5), (-3.2, -84.5))]
    said = ("--name", "Paso", "--instruction", "call the duty officer", "--until", "30d", "--as", "ana", "--json")
    record: str = json.loads(ayni(post, "area", "draw", *said, *corners))["id"]
    return record


def waiting(post: Path, rule: str) -> str:
    """Return the record of a signal of a rule as soon as the casebook has one."""
    until = time.monotonic() + PATIENCE_S
    while time.monotonic() < until:
        found = json.loads(ayni(post, "signal", "list", "--as", "ana", "--rule", rule, "--json"))
        if found:
            record: str = found[0]["id"]
            return record
    pytest.fail(f"no signal of {rule} reached the casebook")
