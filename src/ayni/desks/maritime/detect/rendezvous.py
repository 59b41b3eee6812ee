"""Two slow ships very close together for half an hour: the short meeting that a handover needs.

The tactical profile: sooner and closer than `encounter`, so more of it is ordinary.
Tugs, pilots and other service craft are left out where they say what they are; so is
whatever lies close to a port, or made fast near the coast.
"""

from __future__ import annotations

from ayni.desks.maritime.detect import _common as common
from ayni.desks.maritime.detect.sql import read_sql
from ayni.model.desk import Clue, Detector, Parameter

SKYLIGHT = "Skylight (Allen Institute for AI), standard rendezvous"

RENDEZVOUS = Detector(
    rule="maritime.rendezvous/1",
    title="Rendezvous",
    asks="Two vessels came very close and stayed together, slow and away from any port.",
    counts_for="how long and how close they were, how far from the coast",
    counts_against="two fishing vessels, little movement as at anchor, waters close to the coast",
    innocent=(
        "a pilot, a crew change or stores brought alongside",
        "fishing vessels working as a pair or sharing a catch lawfully",
        "one vessel helping another, or towing it",
        "leisure craft in company",
    ),
    parameters=(
        Parameter(name="distance_m", default=250.0, unit="m", source=SKYLIGHT, low=10.0, high=500.0),
        Parameter(name="least_min", default=30, unit="min", source=f"{SKYLIGHT}; strictly more", low=20, high=1440),
        Parameter(name="speed_kn", default=5.0, unit="kn", source=f"{common.RTEC}: low speed", low=0.5, high=40.0),
        Parameter(
            name="most_meetings",
            default=2,
            unit="meetings",
            source="ours: within 24 nm of the coast a craft with more is a pilot, a tender or a tug at work",
            low=1,
            high=10_000,
        ),
        common.port_km(10.0),
        Parameter(
            name="shore_km",
            default=2.0,
            unit="km",
            source="ours: nearer, quays and moorings that no port list knows outnumber meetings",
            low=0.0,
            high=400.0,
        ),
    ),
    requires={
        "near": ("mmsi_1", "mmsi_2", "b", "leg_1_m", "leg_2_m"),
        "track": ("mmsi", "ship", "ts", "p_ts", "dt_ms"),
        **common.PLACES,
    },
    sql=read_sql("rendezvous.sql"),
    clues=(
        Clue(
            says="together for {together_s:duration}, typically {median_m:m} apart",
            facts=("together_s", "median_m"),
            weight=0.25,
        ),
        common.FAR_OUT,
        common.MEETING_CLOSE_IN,
        common.LAY_STILL,
        common.BOTH_FISH,
        Clue(
            says="{close_count:integer} positions at steps of one minute, interpolated between reports",
            facts=("close_count",),
            weight=0,
            quality=True,
        ),
    ),
    subjects=("mmsi_1", "mmsi_2"),
    evidence=read_sql("pair_evidence.sql"),
    cise="UnexpectedMovement",
)

DETECTORS = (RENDEZVOUS,)
