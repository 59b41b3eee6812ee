"""Silence: a ship was heard, then not for hours, and then perhaps again.

A silence is first a fact about reception. The rule says "no position received",
never "switched off": who listens badly hears silence everywhere. So it counts how
often the ship had been heard before, and whether others near it were heard while
it was silent; and it takes out the hours in which nobody at all was heard.
"""

from __future__ import annotations

from ayni.desks.maritime.detect.sql import read_sql
from ayni.model.desk import Clue, Detector, Parameter

GAP = Detector(
    rule="maritime.gap/1",
    title="Silence",
    asks="No position of a vessel was received for hours.",
    counts_for="the length of the silence, others near it heard meanwhile, regular positions before,"
    " distance covered",
    counts_against="poor reception at that place, few positions before, a vessel that lay still",
    innocent=(
        "the vessel was beyond the reach of the receivers",
        "the vessel lay in port with its equipment off",
        "the transponder or its power supply failed",
        "the master switched it off for fear of piracy, as SOLAS allows",
    ),
    parameters=(
        Parameter(
            name="silence_h",
            default=6.0,
            unit="h",
            source="Global Fishing Watch, pipe-gaps, default of the pipeline; strictly more than this",
            low=0.1,
            high=720,
        ),
        Parameter(
            name="before_h",
            default=12.0,
            unit="h",
            source="Global Fishing Watch, pipe-gaps, hours before the gap whose positions are counted",
            low=0.1,
            high=72,
        ),
        Parameter(
            name="cruising_kn",
            default=10.0,
            unit="kn",
            source="ours: at this speed, or its own if faster, a ship may have reached port before its silence is"
            " told; asked of silences that have not ended",
            low=0.0,
            high=60.0,
        ),
    ),
    requires={
        "position": ("mmsi", "ts", "lat_udeg", "lon_udeg"),
        "track": ("mmsi", "ship", "ts", "p_ts", "dt_ms", "dist_m"),
        "hourly": ("mmsi", "ship", "hour", "last_ms"),
        "heard": ("mmsi", "hour", "square_y", "square_x"),
        "stay": ("mmsi", "ship", "started_ms", "ended_ms"),
        "place": ("cell", "shore_lat_udeg", "shore_lon_udeg"),
        "haven": ("cell", "port_lat_udeg", "port_lon_udeg"),
        "vessel": ("mmsi",),
    },
    sql=read_sql("gap.sql"),
    clues=(
        Clue(
            says="last heard {shore_nm:nm} from the coast: ask first whether anybody is in distress, and tell the"
            " maritime rescue coordination centre",
            facts=("shore_nm",),
            weight=0,
            holds="close_in",
        ),
        Clue(
            says="no position received for {silence_s:duration}, then one again",
            facts=("silence_s",),
            weight="length_weight",
            holds="is_closed",
        ),
        Clue(
            says="no position received for {silence_s:duration}, and none since",
            facts=("silence_s",),
            weight="length_weight",
            holds="is_open",
        ),
        Clue(
            says="{others_during:plural one{# other vessel was} other{# other vessels were}}"
            " heard near that place meanwhile",
            facts=("others_during",),
            weight=0.2,
            holds="others_heard",
        ),
        Clue(
            says="{before_count:integer} positions received in the {before_s:duration} before:"
            " it was heard regularly",
            facts=("before_count", "before_s"),
            weight=0.1,
            holds="was_regular",
        ),
        Clue(
            says="it was under way at {before_kn:kn} when last heard",
            facts=("before_kn",),
            weight=0.1,
            holds="was_under_way",
        ),
        Clue(
            says="it reappeared {moved_nm:nm} away, {implied_kn:kn} on average",
            facts=("moved_nm", "implied_kn"),
            weight=0.1,
            holds="moved_on",
        ),
        Clue(
            says="no other vessel was heard near that place meanwhile: reception may be poor there",
            weight=-0.2,
            holds="nobody_heard",
        ),
        Clue(
            says="only {before_count:plural one{# position} other{# positions}} received"
            " in the {before_s:duration} before",
            facts=("before_count", "before_s"),
            weight=-0.1,
            holds="was_rare",
        ),
        Clue(says="it lay still when last heard", weight=-0.15, holds="lay_still"),
        Clue(
            says="it reappeared where it had been: perhaps it lay there with its equipment off",
            weight=-0.15,
            holds="same_place",
        ),
        Clue(says="last heard {shore_nm:nm} from the coast", facts=("shore_nm",), weight=0.1, holds="far_out"),
        Clue(says="several ships use its number: the silence may belong to another", weight=-0.2, holds="is_shared"),
        Clue(
            says="it is a small fishing vessel: artisanal boats often save their battery",
            weight=-0.2,
            holds="is_artisanal",
        ),
        Clue(
            says="received before by satellite {before_satellite:integer}, from shore {before_terrestrial:integer}",
            facts=("before_satellite", "before_terrestrial"),
            weight=0,
            quality=True,
        ),
    ),
    subjects=("mmsi",),
    absence="silence_h",
    evidence=read_sql("gap_evidence.sql"),
    distress=True,
    cise="WithoutAISTransmission",
)

DETECTORS = (GAP,)
