"""A small institution from nothing to an outcome, with the commands that its officers type."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

AYNI = str(Path(sys.executable).parent / "ayni")
PASSWORD = "faro brisa ancla 77"


class Post:
    """A border post's terminal: one node, one officer at a time."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "node"
        self.secret = folder / "password"
        self.secret.write_text(PASSWORD + "\n", encoding="utf-8")
        self.environment = {
            **os.environ,
            "AYNI_LANG": "en",
            "AYNI_NODE": str(self.folder),
            "AYNI_PASSWORD_FILE": str(self.secret),
            "AYNI_PURPOSE": "counter-narcotics",
            "AYNI_LEGAL_BASIS": "Exercise law, article 1",
        }

    def types(self, *words: str, code: int = 0) -> subprocess.CompletedProcess[str]:
        """Type a command; it must end with *code*."""
        done = subprocess.run([AYNI, *words], capture_output=True, text=True, env=self.environment, check=False)
        assert done.returncode == code, (words, done.stdout, done.stderr)
        assert "Traceback" not in done.stderr
        return done

    def reads(self, *words: str) -> dict[str, str]:
        """Type a command that answers in JSON."""
        answer: dict[str, str] = json.loads(self.types(*words, "--json").stdout)
        return answer


@pytest.fixture(scope="module")
def post(tmp_path_factory: pytest.TempPathFactory) -> Post:
    """Return a node with an administrator, an analyst who also coordinates, and oversight."""
    here = Post(tmp_path_factory.mktemp("post"))
    secret = ("--new-password-file", str(here.secret))
    here.types("node", "init", str(here.folder), "--name", "Puesto de ejercicio", "--country", "EC")
    here.types("officer", "first", "--username", "ada", "--name", "Ada", *secret)
    roles = ("--role", "analyst", "--role", "coordinator")
    here.types("officer", "add", "--as", "ada", "--username", "ana", "--name", "Ana", *roles, *secret)
    here.types("officer", "add", "--as", "ada", "--username", "oti", "--name", "Oti", "--role", "oversight", *secret)
    return here


@pytest.fixture(scope="module")
def filed(post: Post) -> str:
    """Return the signal of a report that Ana filed."""
    words = ("--words", "boat without lights", "--at", "2026-03-01T03:00Z", "--place=-2.2,-81.0")
    grades = ("--uncertainty-m", "500", "--source", "B", "--information", "2")
    return post.reads("report", "--as", "ana", "--kind", "sighting", *words, *grades)["signal"]


def test_from_a_report_to_an_outcome(post: Post, filed: str) -> None:
    """Seen, validated, tasked, done, counted; the same exhibit twice counts once."""
    assert "a reason to look, never a verdict" in post.types("signal", "show", filed, "--as", "ana").stdout
    assert post.reads("signal", "validate", filed, "--as", "ana")["state"] == "validated"
    task = post.reads(
        "task",
        "propose",
        "--as",
        "ana",
        "--what",
        "look",
        "--to",
        "LG Ejercicio",
        "--deadline",
        "8h",
        "--signal",
        filed,
    )["id"]
    post.types("task", "accept", task, "--as", "ana")
    post.types("task", "consent", task, "--flag", "PA", "--as", "ana")
    refused = post.types("task", "start", task, "--as", "ana", code=1)
    assert "consent of PA" in refused.stderr
    post.types("task", "answer", task, "--granted", "--reference", "X-1", "--as", "ana")
    post.types("task", "start", task, "--as", "ana")
    post.types("task", "finish", task, "--as", "ana")
    seizure = ("--kind", "seizure", "--at", "2026-03-01T09:00Z", "--quantity", "12 kg cocaine", "--exhibit", "EX-1")
    first = post.reads("outcome", "record", "--as", "ana", *seizure, "--task", task, "--signal", filed)
    second = post.types("outcome", "record", "--as", "ana", *seizure)
    assert first["id"] in second.stderr
    march = ("--since", "2026-03-01T00:00Z", "--until", "2026-03-02T00:00Z")
    figures = post.types("evaluation", "report", "--as", "ana", *march).stdout
    assert "12.0" in figures
    assert "names no signal" in figures, "the second record of it says nothing of what led to it"
    way = post.types("evaluation", "trace", first["id"], "--as", "ana").stdout
    steps = [line.split()[0] for line in way.splitlines()]
    assert steps.index("seen") < steps.index("result") < steps.index("under-way"), "recorded after the fact"


def test_a_watch_is_kept_and_handed_over(post: Post, filed: str) -> None:
    """Whoever begins reads first what the last one left."""
    first = post.reads("watch", "begin", "Sala de guardia", "--as", "ana")["id"]
    post.types("watch", "note", first, "Radio check.", "--record", filed, "--as", "ana")
    assert "Quiet night." in post.types("watch", "hand-over", first, "Quiet night.", "--as", "ana").stdout
    begun = post.types("watch", "begin", "sala de guardia", "--as", "ana").stdout
    assert begun.index("Radio check.") < begun.index("Quiet night.") < begun.index("has begun")
    assert {row["state"] for row in json.loads(post.types("watch", "list", "--as", "ana", "--json").stdout)} == {
        "open",
        "taken",
    }


def test_who_may_not_is_told_and_nothing_happens(post: Post, filed: str) -> None:
    """Oversight reads no content, a wrong password opens nothing, a missing purpose is wrong usage."""
    assert "may not" in post.types("signal", "show", filed, "--as", "oti", code=1).stderr
    wrong = post.secret.with_name("wrong")
    wrong.write_text("not the password", encoding="utf-8")
    done = post.types("signal", "list", "--as", "ana", "--password-file", str(wrong), code=1)
    assert "name or password" in done.stderr
    del post.environment["AYNI_PURPOSE"]
    assert "--purpose" in post.types("signal", "list", "--as", "ana", code=2).stderr
    post.environment["AYNI_PURPOSE"] = "counter-narcotics"


def test_the_node_says_how_it_fares(post: Post) -> None:
    """Counts without content, and a folder that is no node says what to do."""
    status = post.reads("node", "status")
    assert status["country"] == "EC"
    assert int(status["entries"]) > 0
    done = post.types("node", "status", "--node", str(post.folder.parent), code=1)
    assert "ayni node init" in done.stderr


def test_a_backup_restores_elsewhere_and_waits_to_be_reconciled(post: Post, tmp_path: Path) -> None:
    """Data and keys apart; nothing opens before somebody was asked what was deleted meanwhile."""
    post.types("node", "backup", "--data", str(tmp_path / "data"), "--keys", str(tmp_path / "keys"))
    again = tmp_path / "again"
    post.types("node", "restore", str(again), "--data", str(tmp_path / "data"), "--keys", str(tmp_path / "keys"))
    here = ("--node", str(again), "--as")
    assert "reconcil" in post.types("signal", "list", *here, "ana", code=1).stderr
    post.types("node", "reconcile", "--asked", "copy of the ledger", *here, "ada")
    assert "sighting" in post.types("signal", "list", *here, "ana").stdout


def crossing(folder: Path) -> Path:
    """Write the track of a fictional vessel that crosses 3.5° to 3.0° S at 88° W, and return the file."""
    rows = ["BaseDateTime,MMSI,LAT,LON,SOG,COG"]
    for step in range(55):
        at = f"2026-03-01T{step // 6:02d}:{step % 6 * 10:02d}:00"
        rows.append(f"{at},799000001,{-4.0 + step / 36:.5f},-88.0,10.0,0.0")
    file = folder / "track.csv"
    file.write_text("\n".join([*rows, ""]), encoding="utf-8")
    return file


def test_an_area_is_drawn_asked_about_and_ended(post: Post, tmp_path: Path) -> None:
    """Drawn by corners, asked of a file in Ana's name, opened, ended; a bow tie is refused."""
    corners = [f"--corner={lat},{lon}" for lat, lon in ((-3.5, -88.5), (-3.5, -87.5), (-3.0, -87.5), (-3.0, -88.5))]
    said = ("--name", "Boca", "--instruction", "call the duty officer", "--until", "30d", "--as", "ana")
    drawn = post.reads("area", "draw", *said, *corners)["id"]
    bow_tie = [corners[0], corners[2], corners[1], corners[3]]
    assert "cross" in post.types("area", "draw", *said, *bow_tie, code=1).stderr
    ask = ("maritime", "detect", str(crossing(tmp_path)), "--rule", "maritime.area_entry/1")
    post.environment["AYNI_OFFICER"] = "ana"
    (signal,) = post.types(*ask, "--watched").stdout.splitlines()
    assert drawn in signal
    ring = [[-88.5, -3.5], [-87.5, -3.5], [-87.5, -3.0], [-88.5, -3.5]]
    feature = {
        "type": "Feature",
        "properties": {"name": "Otra"},
        "geometry": {"type": "Polygon", "coordinates": [ring]},
    }
    file = tmp_path / "areas.geojson"
    file.write_text(json.dumps({"type": "FeatureCollection", "features": [feature]}), encoding="utf-8")
    (other,) = post.types(*ask, "--areas", str(file)).stdout.splitlines()
    assert '"Otra"' in other
    assert "call the duty officer" in post.types("area", "show", drawn).stdout
    assert post.reads("area", "end", drawn, "--words", "over")["state"] == "ended"


def test_a_vessel_is_listed_by_two_officers_and_found(post: Post, tmp_path: Path) -> None:
    """A list is imported, one row refused; Ana cannot confirm her own proposal, Coro can; the file is then asked."""
    secret = ("--new-password-file", str(post.secret))
    post.types(
        "officer", "add", "--as", "ada", "--username", "coro", "--name", "Coro", "--role", "coordinator", *secret
    )
    file = tmp_path / "list.csv"
    until = f"{datetime.now(UTC) + timedelta(days=60):%Y-%m-%d}"
    file.write_text(
        "mmsi,imo,ground,instruction,until\n"
        f"799000001,,exercise request 7,call the duty officer,{until}\n"
        f",9074728,exercise request 8,call,{until}\n",
        encoding="utf-8",
    )
    imported = post.types("watchlist", "import", str(file), "--as", "ana", "--json", code=1)
    done = json.loads(imported.stdout)
    (record,) = done["proposed"]
    assert [row["line"] for row in done["refused"]] == [3]
    assert "may not" in post.types("watchlist", "confirm", record, "--as", "ana", code=1).stderr
    assert post.reads("watchlist", "confirm", record, "--as", "coro")["state"] == "live"
    ask = ("maritime", "detect", str(crossing(tmp_path)), "--rule", "maritime.watchlist/1", "--watched")
    post.environment["AYNI_OFFICER"] = "ana"
    (signal,) = post.types(*ask).stdout.splitlines()
    assert record in signal
    assert "request 7" not in signal
    assert "request 7" in post.types("watchlist", "show", record).stdout
