"""The traffic of the boarding story: what the published rules, at their defaults, make of it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from datetime import UTC, datetime

import pytest

from ayni.cli.story.nmea import STATION, write_nmea
from ayni.cli.story.traffic import BRISA, decoys, ships
from ayni.desks import find_desk
from ayni.engine.detect import Request, detect
from ayni.engine.duckdb import DuckDBEngine
from ayni.engine.reading import read_files
from ayni.model.signal import Signal

START = datetime(2026, 3, 1, tzinfo=UTC)
TUNA, TANKER, PILOT, BOARDED, *GEAR = (ship.mmsi for ship in decoys())


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Mapping[int, Mapping[str, list[Signal]]]:
    """What is told of each ship, by rule, context left out."""
    folder = tmp_path_factory.mktemp("story")
    heard = folder / "story.nmea"
    heard.write_bytes(write_nmea(ships(), START))
    desk = find_desk("maritime")
    readings = read_files(desk, [heard], folder=folder)
    assert readings.files[0].tally.read == readings.files[0].tally.accepted
    request = Request(made_at=START, files=readings.file_of)
    by_ship: dict[int, dict[str, list[Signal]]] = defaultdict(lambda: defaultdict(list))
    for signal in detect(desk, readings.tables, engine=DuckDBEngine(), request=request).signals:
        if signal.rule not in desk.context_rules:
            for subject in signal.subjects:
                by_ship[int(subject.properties["mmsi"][0])][signal.rule].append(signal)
    return by_ship


def test_three_rules_look_at_brisa_and_say_why(told: Mapping[int, Mapping[str, list[Signal]]]) -> None:
    """Silence, loitering and another destination; reception is not the explanation of the silence."""
    assert set(told[BRISA.mmsi]) == {
        "maritime.gap/1",
        "maritime.loitering/1",
        "maritime.destination_change/1",
    }
    (gap,) = told[BRISA.mmsi]["maritime.gap/1"]
    facts = {name: value for reason in gap.reasons for name, value in reason.facts.items()}
    assert 9 * 3600 <= float(facts["silence_s"]) <= 9.2 * 3600
    assert int(facts["others_during"]) > 0
    (drift,) = told[BRISA.mmsi]["maritime.loitering/1"]
    assert {name: value for reason in drift.reasons for name, value in reason.facts.items()}["shore_nm"] > 20  # type: ignore[operator]


def test_each_decoy_is_known_or_carries_the_words_that_dismiss_it(
    told: Mapping[int, Mapping[str, list[Signal]]],
) -> None:
    """Pilot and gear raise nothing; tuna boat, tanker and mistyped port bring a reason against themselves."""
    against = {
        mmsi: {
            reason.says
            for signals in told[mmsi].values()
            for one in signals
            for reason in one.reasons
            if reason.weight < 0
        }
        for mmsi in told
    }
    assert not {PILOT, *GEAR} & set(told)
    assert against[TUNA] == {"it is a fishing vessel, and may be at work"}
    assert any("as at anchor" in words for words in against[TANKER])
    assert against[BOARDED] == {"it may be another spelling of the same place"}
    assert set(told) == {BRISA.mmsi, TUNA, TANKER, BOARDED}


def test_it_says_of_itself_that_it_is_synthetic() -> None:
    """Each line names the exercise, and every number lies where no ship can be."""
    lines = write_nmea(ships()[:2], START, until_h=2).decode().splitlines()
    assert lines
    assert all(line.startswith(f"\\s:{STATION},c:") for line in lines)
    assert all(str(ship.mmsi).startswith(("8799", "98799")) for ship in ships())


def test_the_same_every_time() -> None:
    """The same start gives the same bytes, so that anybody can compare."""
    assert write_nmea(ships()[:1], START) == write_nmea(ships()[:1], START)
