from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from ayni.desks.maritime.commands_intercept import intercept
from ayni.engine.detect import to_ndjson
from tests.desks.maritime.seas import sail, seen

GIVEN = ["--target", "-2.0,-84.0", "--at", "2026-11-02T04:00:00Z", "--course", "0", "--speed", "10"]
PATROL = ["--asset", "-1.0,-83.0", "--asset-speed", "25", "--ready-at", "2026-11-02T04:00:00Z"]


def asked(*arguments: str) -> dict[str, object]:
    """Return what the command answers as JSON."""
    done = CliRunner().invoke(intercept, [*arguments, "--json"], standalone_mode=False, catch_exceptions=False)
    answer: dict[str, object] = json.loads(done.output)
    return answer


def test_both_answers_and_the_coast_are_given() -> None:
    """The patrol meets it sooner than the hour it needs to reach the last place; the circle is at its fix."""
    answer = asked(*GIVEN, *PATROL)
    met = answer["if_it_keeps_course_and_speed"]
    assert isinstance(met, dict)
    assert met["lon_deg"] == pytest.approx(-84.0, abs=0.01)
    assert -2.0 < met["lat_deg"] < -1.0
    assert met["at"] > "2026-11-02T04:00:00Z"
    free = answer["if_it_does_as_it_likes"]
    assert isinstance(free, dict)
    assert free["soonest_at"] <= met["at"]
    assert free["certain_at"]["cannot"].startswith("the patrol is not the faster one")
    coast = answer["coast_nm"]
    assert isinstance(coast, dict)
    assert coast["target"] == pytest.approx(176, abs=8)


def test_a_slower_patrol_is_told_why() -> None:
    """A vessel that runs away from a slower patrol is not met: exit code 1, and the reason."""
    slow = ["--asset", "-4.0,-84.0", "--asset-speed", "6", "--endurance-h", "24"]
    done = CliRunner().invoke(intercept, [*GIVEN, *slow], standalone_mode=False, catch_exceptions=False)
    assert done.return_value == 1
    assert "does not reach it" in done.output


def test_the_target_can_come_from_a_signal(tmp_path: Path) -> None:
    """Of a silence, the place it ended at and the pace it had in between."""
    rows = [*sail(0, 6), *sail(14, 16, lat=-4 + 14 / 6)]
    file = tmp_path / "signals.ndjson"
    file.write_bytes(to_ndjson(seen(rows, "gap")))
    answer = asked("--signals", str(file), "--asset", "-1.0,-87.0", "--asset-speed", "30")
    assert answer["speed_kn"] == pytest.approx(10, abs=0.2)
    assert answer["course_deg"] == pytest.approx(0, abs=0.5) or answer["course_deg"] == pytest.approx(360, abs=0.5)


@pytest.mark.parametrize("missing", ["--at", "--course", "--speed"])
def test_half_a_target_is_refused(missing: str) -> None:
    """Nothing is guessed."""
    cut = GIVEN.index(missing)
    done = CliRunner().invoke(intercept, [*GIVEN[:cut], *GIVEN[cut + 2 :], *PATROL])
    assert done.exception is not None
    assert "--target" in str(done.exception)
