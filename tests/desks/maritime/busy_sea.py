"""A sea on which much happens that this desk looks for, for tests that compare engines.

Each scene is one event a rule tells, with ties, nulls, repeats, the dateline and words that hold a
wildcard or a backslash. A scene may be played again elsewhere by other ships, so that a sea of any size
can be made.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa

from ayni.desks.maritime.tables import IDENTITY, POSITION, arrow_schema
from tests.desks.maritime.seas import HOUR_MS, MIDNIGHT_MS, Row, report, sail, table

FIRST_MMSI = 299_100_000
"""MID 299 is allocated to no country."""
GOOD, ALSO_GOOD, WRONG = 9_074_729, 9_319_466, 9_074_720
"""Hull numbers whose check digit agrees, and one whose does not."""
PASSAGE_H, EVERY_MIN = 24, 6
"""Length and spacing of the ordinary passages that fill a large sea."""


@dataclass(slots=True, kw_only=True)
class Stage:
    """Where a scene is played: MMSIs of its own, a place and a start of its own."""

    dice: random.Random
    lat: float
    lon: float
    next_mmsi: int
    positions: list[Row] = field(default_factory=list[Row])
    identities: list[Row] = field(default_factory=list[Row])

    def ship(self, **said: str | float | None) -> int:
        """Return a new MMSI, and what the ship says of itself if it says anything."""
        self.next_mmsi += 1
        if said:
            self.says(self.next_mmsi, 0, 1, **said)
        return self.next_mmsi

    def says(self, mmsi: int, first_h: float, last_h: float, **said: str | float | None) -> None:
        """Add what a ship says of itself, every six minutes."""
        for step in range(round((last_h - first_h) * 10) + 1):
            at = MIDNIGHT_MS + round((first_h + step / 10) * HOUR_MS)
            self.identities.append({"mmsi": mmsi, "ts": at, **said})

    def hears(self, rows: Iterable[Row], mmsi: int | None = None) -> None:
        """Add reports, of one ship if *mmsi* says so; now and then one twice, from another receiver."""
        for row in rows:
            told = dict(row) | ({} if mmsi is None else {"mmsi": mmsi})
            told["receiver"] = self.dice.choice(["test", "SAT-1", "dynamic", None])
            self.positions.append(told)
            if self.dice.random() < 0.05:
                self.positions.append({**told, "receiver": "other"})


def silences(stage: Stage) -> None:
    """Two ships fall silent far out, one for good, while others near them are heard; one had been heard badly."""
    lat, lon = stage.lat, stage.lon
    gone, back, rare = stage.ship(name="ALBA", callsign="T1"), stage.ship(length_m=12.5, ship_type=30), stage.ship()
    stage.hears(sail(0, 6, lat=lat, lon=lon, mmsi=gone))
    stage.hears([*sail(0, 6, lat=lat, lon=lon + 0.1, mmsi=back), *sail(20, 24, lat=lat + 2, lon=lon, mmsi=back)])
    stage.hears([report(hour, lat, lon + 0.2, rare) for hour in (0, 3, 12)])
    mute = dict(report(9, mmsi=gone)) | {"lat_udeg": None, "lon_udeg": None}
    stage.hears([mute])
    for number in range(4):
        other = stage.ship()
        stage.hears(sail(0, 30, lat=lat - 1, lon=lon + number / 20, knots=4, every_min=12, mmsi=other))


def meetings(stage: Stage) -> None:
    """Two ships side by side for hours across the dateline, two for an hour, two of which one is a tug."""
    for hours, lon, kind in ((4.0, 179.9995, 30), (1.0, stage.lon, 70), (3.0, stage.lon + 1, 52)):
        one, two = stage.ship(ship_type=kind, name="BRISA"), stage.ship(ship_type=30)
        apart = 80 / 111_195 / math.cos(math.radians(stage.lat))
        knots = stage.dice.uniform(0.3, 0.6)
        stage.hears(sail(0.1, 0.1 + hours, knots=knots, every_min=2, lat=stage.lat, lon=lon, mmsi=one))
        stage.hears(
            sail(0.1, 0.1 + hours, knots=knots, every_min=2, lat=stage.lat, lon=_round(lon + apart), mmsi=two)
        )


def slow_hours(stage: Stage) -> None:
    """A merchant ship all but stops far out for eight hours."""
    mmsi = stage.ship(ship_type=70, name="CUMBRE", imo=GOOD)
    stage.hears(sail(0, 2, lat=stage.lat, lon=stage.lon, mmsi=mmsi))
    stage.hears(sail(2.1, 10.1, lat=stage.lat + 20.5 / 60, lon=stage.lon, knots=0.8, mmsi=mmsi))
    stage.hears(sail(10.2, 12, lat=stage.lat + 0.5, lon=stage.lon, mmsi=mmsi))


def adrift(stage: Stage) -> None:
    """A bow points seventy degrees aside of the course, across north; the heading is sometimes not sent."""
    mmsi = stage.ship(ship_type=37, length_m=14.0)
    for row in sail(0, 1.5, knots=3, course=350, every_min=3, lat=stage.lat, lon=stage.lon, mmsi=mmsi):
        heading = None if stage.dice.random() < 0.1 else 60.0 + stage.dice.random()
        stage.hears([{**row, "speed_kn": 3.0, "course_deg": 350.0, "heading_deg": heading, "status": 0}])


def calls(stage: Stage) -> None:
    """Into Manta and out again; and three ships that wait off the coast, away from any port."""
    mmsi, hours = stage.ship(name="DELTA"), stage.dice.uniform(5, 7)
    stage.hears(sail(0, 2, lat=-0.6, lon=-80.72, knots=9.85, course=180, mmsi=mmsi))
    stage.hears(sail(2.1, 2 + hours, lat=-0.93, lon=-80.72, knots=0.01, mmsi=mmsi))
    stage.hears(sail(2.2 + hours, 4 + hours, lat=-0.91, lon=-80.72, knots=10, mmsi=mmsi))
    for number in range(3):
        waiting, lon = stage.ship(), -81.2 + number / 100
        stage.hears(sail(0, 1, lat=-1.6, lon=lon, mmsi=waiting))
        stage.hears(sail(1.1, 4, lat=-1.44, lon=lon, knots=0.02, speed_kn=0.1, mmsi=waiting))
        stage.hears(sail(4.1, 5, lat=-1.44, lon=lon, mmsi=waiting))


def impostors(stage: Stage) -> None:
    """Two ships under one number, a leap there and back, reports from the mountains, coarse reports between."""
    shared, leaping, inland = stage.ship(), stage.ship(), stage.ship()
    stage.hears(sail(0, 8, every_min=7, lat=stage.lat, lon=stage.lon, mmsi=shared))
    stage.hears(sail(0.05, 8.05, course=90, every_min=7, lat=stage.lat - 1, lon=stage.lon, mmsi=shared))
    stage.hears(sail(0, 4, lat=stage.lat, lon=stage.lon + 0.3, speed_kn=10.0, mmsi=leaping))
    stage.hears([report(4.05, stage.lat + 9, stage.lon - 9, leaping, speed_kn=10.0)])
    stage.hears(sail(4.1, 8, lat=stage.lat + 0.69, lon=stage.lon + 0.3, speed_kn=10.0, mmsi=leaping))
    stage.hears(sail(0, 8, lat=stage.lat + 0.001, lon=stage.lon + 0.3, every_min=31, msg_type=27, mmsi=leaping))
    stage.hears(sail(0, 4, lat=-4, lon=-88, mmsi=inland))
    stage.hears([report(4.02 + n / 60, 4.65 + n / 1000, -74.15, inland) for n in range(3)])
    stage.hears(sail(4.2, 8, lat=-3.3, lon=-88, mmsi=inland))


def names(stage: Stage) -> None:
    """Other names, hulls and destinations in mid voyage; words that hold a wildcard, a backslash, an accent."""
    renamed, twin, mistyped = stage.ship(), stage.ship(imo=ALSO_GOOD), stage.ship(imo=WRONG)
    stage.says(renamed, 0, 4.9, name="ESTELA", imo=GOOD, callsign="AB1", ship_type=70)
    stage.says(renamed, 5, 9, name="ñandú ", imo=ALSO_GOOD, callsign="AB2", ship_type=30)
    for mmsi in (renamed, twin, mistyped):
        stage.hears(sail(0, 9, lat=stage.lat, lon=stage.lon + mmsi % 7 / 10, mmsi=mmsi))
    for old, new in (("MANTA", "BALBOA"), ("MANTA", "MANTA EC"), (r"A\B", r"A\B_C"), ("PORT_A", "XPORTZA%")):
        mmsi = stage.ship()
        stage.says(mmsi, 0, 5, destination=old)
        stage.says(mmsi, 5.1, 10, destination=f" {new.lower()}")
        stage.hears(sail(0, 10, knots=12, lat=stage.lat, lon=stage.lon - mmsi % 9 / 10, mmsi=mmsi))


def made_up(stage: Stage) -> None:
    """Four ships leap to one place within the hour; one runs round a circle that its courses do not follow."""
    for number in range(4):
        mmsi, leap_h = stage.ship(), 1.1 + number / 12
        stage.hears(sail(0, 1, lat=stage.lat, lon=stage.lon + number * 0.4, mmsi=mmsi))
        there = (stage.lat + 6, stage.lon + 8 + number * 0.005)
        stage.hears([report(leap_h + k * 0.05, there[0] + k * 0.001, there[1], mmsi) for k in range(4)])
    mmsi = stage.ship()
    for k in range(40):
        turn, course = math.radians(k * 30), stage.dice.uniform(0, 359)
        lat, lon = stage.lat + 0.02 * math.cos(turn), stage.lon + 0.02 * math.sin(turn)
        stage.hears([report(k / 10, lat, lon, mmsi, speed_kn=6.0, course_deg=course)])


def detour(stage: Stage) -> None:
    """A passage at twelve knots that lies thirty miles beside its line for four hours."""
    mmsi, head = stage.ship(), math.radians(70)
    for step in range(250):
        hour = step / 5
        share = max(0.0, min(1.0, (hour - 15) / 2.5, (24 - hour) / 2.5))
        along, beside = 12.0 * hour, 30 * share
        north = (along * math.cos(head) + beside * math.cos(head + math.pi / 2)) / 60
        east = (along * math.sin(head) + beside * math.sin(head + math.pi / 2)) / 60
        stage.hears([report(hour, stage.lat + north, _round(stage.lon - 30 + east), mmsi)])


SCENES: Sequence[Callable[[Stage], None]] = (
    *(silences, meetings, slow_hours, adrift, calls, impostors, names, made_up, detour),
)


def busy_sea(*, seed: int = 1, times: int = 1) -> dict[str, pa.Table]:
    """Return the desk's two tables, rows in no order: every scene, played *times* times at other places."""
    dice = random.Random(seed)
    positions: list[Row] = []
    identities: list[Row] = []
    mmsi = FIRST_MMSI
    for _ in range(times):
        for scene in SCENES:
            lat, lon = -4 - 10 * dice.random(), -88 - 40 * dice.random()
            stage = Stage(dice=dice, lat=lat, lon=lon, next_mmsi=mmsi)
            scene(stage)
            positions += stage.positions
            identities += stage.identities
            mmsi = stage.next_mmsi
    dice.shuffle(positions)
    dice.shuffle(identities)
    return {"position": table(positions), "identity": table(identities, IDENTITY)}


def passages(count: int, *, seed: int = 2) -> Iterator[pa.Table]:
    """Yield *count* ordinary passages of a day, each at its own pace on its own course, in the open Pacific."""
    dice = np.random.default_rng(seed)
    schema = arrow_schema(POSITION)
    hours = np.arange(0, PASSAGE_H, EVERY_MIN / 60)
    for number in range(count):
        knots, head = dice.uniform(0.2, 16), dice.uniform(0, 2 * math.pi)
        lat = dice.uniform(-40, 40) + knots * hours * math.cos(head) / 60
        lon = dice.uniform(-160, -110) + knots * hours * math.sin(head) / 60
        fixed = {
            "mmsi": np.full(len(hours), 299_500_000 + number),
            "ts": MIDNIGHT_MS + np.rint((hours + dice.uniform(0, 0.05, len(hours))) * HOUR_MS).astype(np.int64),
            "lat_udeg": np.rint(lat * 1e6).astype(np.int64),
            "lon_udeg": np.rint(lon * 1e6).astype(np.int64),
            "speed_kn": np.full(len(hours), round(knots, 1)),
            "offset": np.arange(len(hours)) * 80,
            "length": np.full(len(hours), 80),
            "source": [f"{number:064x}"] * len(hours),
        }
        columns = [pa.array(fixed.get(name, [None] * len(hours)), schema.field(name).type) for name in schema.names]
        yield pa.table(columns, schema=schema)


def _round(lon: float) -> float:
    """Return a longitude in -180° to 180°."""
    return (lon + 180) % 360 - 180
