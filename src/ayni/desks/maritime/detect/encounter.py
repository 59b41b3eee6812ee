"""Two ships that stay together at sea for hours: what a transshipment looks like, and much else.

Both must transmit. What looks like it and is not: craft moored side by side, tugs and
pilots at work, pairs of fishing boats, ships waiting at an anchorage, gear beacons that
bear a number like a ship's. Those that can be told are left out; the rest counts against.
"""

from __future__ import annotations

from ayni.desks.maritime.detect import _common as common
from ayni.desks.maritime.detect.sql import read_sql
from ayni.model.desk import Clue, Detector, Parameter

ENCOUNTER = Detector(
    rule="maritime.encounter/1",
    title="Encounter at sea",
    asks="Two vessels stayed close together for hours, slow and away from any port.",
    counts_for="how long they were together, how far from the coast",
    counts_against="a tug or a service craft, two fishing vessels, little movement as at anchor,"
    " waters close to the coast",
    innocent=(
        "fishing vessels working as a pair or sharing a catch lawfully",
        "bunkering or the delivery of stores",
        "one vessel helping another, or towing it",
        "two vessels waiting at the same anchorage",
    ),
    parameters=(
        Parameter(name="raw_min", default=60.0, unit="min", source=common.GFW_ENCOUNTERS, low=10.0, high=1440.0),
        Parameter(name="merge_h", default=4.0, unit="h", source=common.GFW_ENCOUNTERS, low=0.2, high=48.0),
        Parameter(name="final_h", default=2.0, unit="h", source=common.GFW_ENCOUNTERS, low=0.2, high=48.0),
        Parameter(name="speed_kn", default=2.0, unit="kn", source=common.GFW_ENCOUNTERS, low=0.1, high=1000.0),
        common.port_km(10.0),
        Parameter(name="shore_km", default=0.0, unit="km", source=common.GFW_ENCOUNTERS, low=0.0, high=400.0),
    ),
    requires={
        "near": ("mmsi_1", "ship_1", "mmsi_2", "ship_2", "b", "nth_1", "nth_2", "dist_m"),
        **common.PLACES,
    },
    sql=read_sql("encounter.sql"),
    clues=(
        Clue(
            says="together for {together_s:duration}, typically {median_m:m} apart",
            facts=("together_s", "median_m"),
            weight="length_weight",
        ),
        Clue(says="they moved at {median_kn:kn}", facts=("median_kn",), weight=0.05),
        common.FAR_OUT,
        common.MEETING_CLOSE_IN,
        common.LAY_STILL,
        common.SERVICE_CRAFT,
        common.BOTH_FISH,
        Clue(
            says="{close_count:integer} positions at ten-minute steps, interpolated between reports",
            facts=("close_count",),
            weight=0,
            quality=True,
        ),
    ),
    subjects=("mmsi_1", "mmsi_2"),
    evidence=read_sql("pair_evidence.sql"),
    cise="UnexpectedMovement",
)

DETECTORS = (ENCOUNTER,)
