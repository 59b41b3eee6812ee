"""Inside an area that an officer drew: who came in, and who kept a speed that was to be watched for.

    area_entry   inside an area, from coming in to going out
    area_speed   a reported speed that stays within a range while inside

Areas come in the table `area`, a row a corner. Each may say what is asked of it: whether
entries are told, how long a stay must last, which speeds; and from and until when it
counts. Being in an area is no offence, and whoever drew it says why in the record that
the signal names.
"""

from __future__ import annotations

from ayni.desks.maritime.detect import _common as common
from ayni.desks.maritime.detect.sql import read_sql
from ayni.model.desk import Clue, Detector, Parameter

CORNERS = ("area_id", "name", "seq", "lat_udeg", "lon_udeg")

AREA_ENTRY = Detector(
    rule="maritime.area_entry/1",
    title="Entry into an area",
    asks="A vessel entered an area that was drawn to be watched.",
    counts_for="that it came in from outside, and still is inside",
    counts_against="a single position inside, a vessel that was there from the first",
    innocent=(
        "freedom of navigation: being there is no offence",
        "a position in error beside the edge of the area",
        "a vessel that lives or works in the area",
    ),
    parameters=(
        Parameter(name="least_min", default=0, unit="min", source=common.USER, low=0, high=100_000),
        Parameter(
            name="rejoin_min",
            default=30,
            unit="min",
            source="ours: out and in again within it is one visit",
            low=0,
            high=10_000,
        ),
    ),
    requires={
        "area": CORNERS,
        "track": ("mmsi", "ship", "ts", "p_ts", "lat_udeg", "lon_udeg"),
        "hourly": ("mmsi", "ship", "last_ms"),
        "vessel": ("mmsi",),
        "position": ("mmsi", "ts"),
    },
    sql=read_sql("area_entry.sql"),
    clues=(
        Clue(
            says="it was in {area_name} for {inside_s:duration}, {positions:integer} positions",
            facts=("area_name", "inside_s", "positions"),
            weight=0.1,
        ),
        Clue(says="drawn in record {area_record}", facts=("area_record",), weight=0),
        Clue(says="it came in from outside", weight=0.1, holds="came_from_outside"),
        Clue(says="it is still inside", weight=0.05, holds="still_inside"),
        Clue(says="it was inside when first heard", weight=-0.05, holds="first_seen_inside"),
        Clue(says="a single position may be in error", weight=-0.1, holds="is_single"),
    ),
    subjects=("mmsi",),
    evidence=read_sql("visit_evidence.sql"),
    cise="Other",
)

AREA_SPEED = Detector(
    rule="maritime.area_speed/1",
    title="Speed within a range, in an area",
    asks="A vessel kept a speed that was to be watched for, inside an area drawn for it.",
    counts_for="how long it lasted, from how many positions it is known",
    counts_against="few positions, a rescue, pilot or police craft, a fishing boat, a leisure craft",
    innocent=(
        "freedom of navigation: being there is no offence",
        "fast ferries, pilots, rescue and police craft at work",
        "artisanal fishing boats at work, or on their way to and from their grounds",
        "a vessel that slows down for the weather, for traffic or for a repair",
        "a wrong speed from the vessel's own equipment",
    ),
    parameters=(Parameter(name="least_min", default=10, unit="min", source=common.USER, low=1, high=10_000),),
    requires={
        "area": (*CORNERS, "low_kn", "high_kn"),
        "track": ("mmsi", "ship", "ts", "p_ts", "dt_ms", "lat_udeg", "lon_udeg", "speed_kn", "jumps"),
        "hourly": ("mmsi", "ship", "last_ms"),
        "vessel": ("mmsi",),
        "position": ("mmsi", "ts", "speed_kn"),
    },
    sql=read_sql("area_speed.sql"),
    clues=(
        Clue(
            says="for {run_s:duration} in {area_name} it reported {mean_kn:kn} on average, at most {most_kn:kn};"
            " watched for: {low_kn:kn} to {high_kn:kn}",
            facts=("run_s", "area_name", "mean_kn", "most_kn", "low_kn", "high_kn"),
            weight=0.2,
        ),
        Clue(says="drawn in record {area_record}", facts=("area_record",), weight=0),
        Clue(
            says="known from {positions:integer} positions only",
            facts=("positions",),
            weight=-0.05,
            holds="is_few",
        ),
        Clue(says="it is a rescue, pilot, police or other service craft", weight=-0.15, holds="is_service"),
        Clue(says="it is a fishing vessel, and may be at work", weight=-0.1, holds="is_fishing"),
        Clue(says="it is a sailing or leisure craft", weight=-0.1, holds="is_pleasure"),
    ),
    subjects=("mmsi",),
    evidence=read_sql("visit_evidence.sql"),
    cise="Other",
)

DETECTORS = (AREA_ENTRY, AREA_SPEED)
