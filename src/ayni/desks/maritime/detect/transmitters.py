"""Positions that no single ship at sea can have sent.

    shared_mmsi        one number, two ships or more at the same time
    impossible_speed   a leap no ship can make
    on_land            a ship far inland

Each has dull causes first: a number typed wrongly or left at the factory's setting, a
receiver with a wrong clock, a transmitter tried out ashore. They matter because every
other rule trusts the track, and because false positions and borrowed numbers hide ships.
"""

from __future__ import annotations

from ayni.desks.maritime.detect.sql import read_sql
from ayni.model.desk import Clue, Detector, Parameter

SHARED_MMSI = Detector(
    rule="maritime.shared_mmsi/1",
    title="One MMSI, several ships",
    asks="Two or more ships transmitted under one MMSI at the same time.",
    counts_for="how many ships, how long and how far apart",
    counts_against="a number left at the factory's setting, ships near one another",
    innocent=(
        "a number left at the factory's setting or typed wrongly",
        "a second-hand transponder that was not reprogrammed",
        "fishing gear that bears its vessel's number",
    ),
    parameters=(
        Parameter(
            name="least_positions",
            default=5,
            unit="positions",
            source="ours: fewer may be stray wrong positions of one ship",
            low=2,
            high=10_000,
        ),
        Parameter(
            name="overlap_min",
            default=30,
            unit="min",
            source="ours; that extents must overlap is Global Fishing Watch's criterion (treniformis, spoofing list)",
            low=1,
            high=100_000,
        ),
    ),
    requires={"track": ("mmsi", "ship", "ts", "lat_udeg", "lon_udeg"), "position": ("mmsi", "ts")},
    sql=read_sql("shared_mmsi.sql"),
    clues=(
        Clue(
            says="{ships:plural one{# track} other{# tracks}} told apart, up to {apart_nm:nm} from one another,"
            " at the same time for {both_s:duration}",
            facts=("ships", "apart_nm", "both_s"),
            weight=0.4,
        ),
        Clue(says="it is a number that many unprogrammed transponders send", weight=-0.25, holds="is_default"),
        Clue(says="they are near one another: perhaps a ship and its gear or boat", weight=-0.1, holds="is_close"),
        Clue(
            says="which positions belong to which ship is inferred from {positions:integer} positions",
            facts=("positions",),
            weight=0,
            quality=True,
        ),
    ),
    subjects=("mmsi",),
    evidence=read_sql("ends_evidence.sql"),
    cise="PerformingAISSpoofing",
)

IMPOSSIBLE_SPEED = Detector(
    rule="maritime.impossible_speed/1",
    title="Impossible speed",
    asks="A vessel's positions leap further than any ship can go in the time.",
    counts_for="the length of the leap and how often it happens",
    counts_against="a single leap there and back, a short leap",
    innocent=(
        "one wrong position, from a disturbed satellite receiver or a damaged message",
        "a receiving station with a wrong clock",
        "another ship that used the same number for a moment",
    ),
    parameters=(
        Parameter(
            name="speed_kn",
            default=60.0,
            unit="kn",
            source="ours: faster than any ship that carries a transponder; racing craft apart",
            low=25.0,
            high=100_000.0,
        ),
        Parameter(
            name="least_s",
            default=60,
            unit="s",
            source="ours: over shorter times the error of position and clock looks like speed; strictly more",
            low=0,
            high=86_400,
        ),
        Parameter(
            name="least_nm",
            default=10.0,
            unit="nm",
            source="ours: one or two shorter leaps are what a bad fix or a late clock makes; three count at any"
            " length",
            low=0.0,
            high=1_000.0,
        ),
        Parameter(name="join_h", default=6, unit="h", source="ours: leaps this close are one event", low=0, high=240),
    ),
    requires={
        "track": ("mmsi", "ship", "ts", "p_ts", "dt_ms", "dist_m"),
        "vessel": ("mmsi",),
        "position": ("mmsi", "ts"),
    },
    sql=read_sql("impossible_speed.sql"),
    clues=(
        Clue(
            says="it leapt {leap_nm:nm}, which would take {implied_kn:kn}",
            facts=("leap_nm", "implied_kn"),
            weight=0.25,
        ),
        Clue(
            says="meanwhile it reported no more than {reported_kn:kn}",
            facts=("reported_kn",),
            weight=0.1,
            holds="says_slow",
        ),
        Clue(
            says="{leaps:integer} leaps within hours of each other",
            facts=("leaps",),
            weight=0.1,
            holds="is_repeated",
        ),
        Clue(
            says="one leap there and one back: perhaps a single wrong position", weight=-0.15, holds="there_and_back"
        ),
        Clue(says="the leap is short: perhaps a bad fix or a late clock", weight=-0.1, holds="is_near"),
    ),
    subjects=("mmsi",),
    evidence=read_sql("adrift_evidence.sql"),
    cise="PerformingAISSpoofing",
)

ON_LAND = Detector(
    rule="maritime.on_land/1",
    title="Position on land",
    asks="A vessel's positions lie on land, away from any shore, lake or charted river.",
    counts_for="how many positions, a leap that led there",
    counts_against="a transmitter that stands still, as one tried out ashore",
    innocent=(
        "a transponder tried out, repaired or carried ashore",
        "a river, canal or reservoir that the chart at hand does not show",
        "disturbed satellite navigation",
    ),
    parameters=(
        Parameter(
            name="least_positions",
            default=2,
            unit="positions in a row",
            source="ours: one may be a damaged message",
            low=1,
            high=10_000,
        ),
        Parameter(
            name="river_share",
            default=0.8,
            unit="of all its positions",
            source="ours: a craft that is always inland sails inland waters",
            low=0.0,
            high=2.0,
        ),
    ),
    requires={
        "track": ("mmsi", "ship", "ts", "p_ts", "lat_udeg", "lon_udeg"),
        "hourly": ("mmsi", "ship", "positions"),
        "place": ("cell", "inland_mask", "shore_lat_udeg", "shore_lon_udeg"),
        "vessel": ("mmsi",),
        "position": ("mmsi", "ts"),
    },
    sql=read_sql("on_land.sql"),
    clues=(
        Clue(
            says="{positions:integer} positions in a row inland, two kilometres or more from any charted water",
            facts=("positions",),
            weight=0.25,
        ),
        Clue(says="a leap led there or away", weight=0.15, holds="by_leap"),
        Clue(says="most of its positions lie on water", weight=0.05, holds="mostly_afloat"),
        Clue(says="it stands still, like a transmitter tried out ashore", weight=-0.15, holds="stands_still"),
        Clue(
            says="coast and rivers are known to within about two kilometres; small inland waters are not charted",
            weight=0,
            quality=True,
        ),
    ),
    subjects=("mmsi",),
    evidence=read_sql("spell_evidence.sql"),
    cise="PerformingAISSpoofing",
)

DETECTORS = (SHARED_MMSI, IMPOSSIBLE_SPEED, ON_LAND)
