"""How and where a vessel moves: towards a coast unheard, very fast, or in tow.

    dark_approach     silent from far out until close to the coast, or first heard close in
    speed_range       a reported speed that stays within a range
    fast_near_coast   small craft at high speed close to the coast
    towing            two ships together at a towing pace, one of them a tug

All of these have ordinary explanations, and two of them may be somebody in need: a
vessel that falls silent on its way to a coast, and a fast boat at night.
"""

from __future__ import annotations

from ayni.desks.maritime.detect import _common as common
from ayni.desks.maritime.detect.sql import read_sql
from ayni.model.desk import Clue, Detector, Parameter

EMSA = (
    "ours; European Maritime Safety Agency, automated behaviour monitoring, names the behaviour `approach to shore`"
)

DARK_APPROACH = Detector(
    rule="maritime.dark_approach/1",
    title="Unheard approach to the coast",
    asks="A vessel fell silent far out and was next heard close to the coast, or may be there by now.",
    counts_for="that it came close while unheard, how long it was silent",
    counts_against="a merchant vessel on its way to port, artisanal fishing, an estimate only",
    innocent=(
        "poor reception between far out and the coast",
        "somebody is in distress, or the equipment failed",
        "an ordinary voyage to a port of that coast",
        "artisanal fishing boats that save their batteries",
    ),
    parameters=(
        Parameter(name="silence_h", default=6.0, unit="h, strictly more", source=EMSA, low=0.5, high=240.0),
        Parameter(
            name="far_nm",
            default=24.0,
            unit="nm, strictly more",
            source="UNCLOS art. 33: the contiguous zone",
            low=1.0,
            high=199.0,
        ),
        Parameter(
            name="close_nm",
            default=12.0,
            unit="nm, strictly less",
            source="UNCLOS art. 3: the territorial sea",
            low=0.5,
            high=199.0,
        ),
        Parameter(
            name="most_kn", default=45.0, unit="kn", source="ours: faster is a wrong position", low=5.0, high=100.0
        ),
        Parameter(
            name="new_after_h",
            default=24,
            unit="h",
            source="ours: heard for the first time after a day of listening",
            low=1,
            high=10_000,
        ),
    ),
    requires={
        "track": ("mmsi", "ship", "ts", "p_ts", "dt_ms", "dist_m"),
        "hourly": ("mmsi", "ship", "hour", "first_ms", "last_ms"),
        "heard": ("mmsi", "hour", "square_y", "square_x"),
        **common.PLACES,
    },
    sql=read_sql("dark_approach.sql"),
    clues=(
        Clue(says=common.ASK_DISTRESS, weight=0),
        Clue(
            says=(
                "last heard {off_shore_nm:nm} from the coast, and after {silence_s:duration} {on_shore_nm:nm} from it"
            ),
            facts=("off_shore_nm", "silence_s", "on_shore_nm"),
            weight=0.35,
            holds="came_close",
        ),
        Clue(
            says="last heard {off_shore_nm:nm} from the coast; at its own speed it may be close to it by now",
            facts=("off_shore_nm",),
            weight=0.15,
            holds="may_be_close",
        ),
        Clue(
            says="first heard {off_shore_nm:nm} from the coast, coming in; never before",
            facts=("off_shore_nm",),
            weight=0.25,
            holds="is_new",
        ),
        Clue(says="that it came close is an estimate only", weight=-0.05, holds="may_be_close"),
        Clue(
            says="it is a small fishing vessel: artisanal boats often save their battery",
            weight=-0.2,
            holds="is_artisanal",
        ),
        Clue(says="it is a merchant vessel, and may be bound for a port there", weight=-0.1, holds="is_merchant"),
    ),
    subjects=("mmsi",),
    evidence=read_sql("silence_ends_evidence.sql"),
    distress=True,
    cise="UnexpectedMovement",
)

SPEED_RANGE = Detector(
    rule="maritime.speed_range/1",
    title="Speed within a range",
    asks="A vessel kept a speed within a range that was set to be watched.",
    counts_for="how long it lasted",
    counts_against="a rescue, pilot or police craft, a leisure craft",
    innocent=(
        "fast ferries, pilots, rescue and police craft at work",
        "leisure craft and races",
        "a wrong speed from the vessel's own equipment",
    ),
    parameters=(
        Parameter(name="low_kn", default=45.0, unit="kn", source=common.USER, low=0.0, high=102.0),
        Parameter(name="high_kn", default=102.0, unit="kn", source=common.USER, low=0.1, high=102.2),
        Parameter(name="least_min", default=10, unit="min", source=common.USER, low=1, high=10_000),
    ),
    requires={
        "track": ("mmsi", "ship", "ts", "p_ts", "speed_kn"),
        **common.PLACES,
        "position": ("mmsi", "ts", "speed_kn"),
    },
    sql=read_sql("speed_range.sql"),
    clues=(
        Clue(
            says="for {run_s:duration} it reported {mean_kn:kn} on average, at most {most_kn:kn}",
            facts=("run_s", "mean_kn", "most_kn"),
            weight=0.2,
        ),
        Clue(says="it is a rescue, pilot, police or other service craft", weight=-0.3, holds="is_service"),
        Clue(says="it is a sailing or leisure craft", weight=-0.1, holds="is_pleasure"),
    ),
    subjects=("mmsi",),
    evidence=read_sql("spell_evidence_3.sql"),
    cise="Other",
)

FAST_NEAR_COAST = Detector(
    rule="maritime.fast_near_coast/1",
    title="Fast craft near the coast",
    asks="A small craft ran fast close to the coast, outside the harbours: somebody may need help.",
    counts_for="how fast and how long it ran",
    counts_against="a fishing boat on its way, a leisure craft",
    innocent=(
        "somebody is fleeing danger, or carrying an injured or sick person",
        "artisanal fishing boats on their way to and from their grounds",
        "leisure craft, water taxis and races",
        "rescue, pilot, customs or police craft",
    ),
    parameters=(
        Parameter(
            name="low_kn",
            default=30.0,
            unit="kn",
            source="ours: RTEC (DEBS 2019) takes 5 kn within 300 m, which no coast line at hand resolves",
            low=1.0,
            high=102.0,
        ),
        Parameter(
            name="high_kn", default=80.0, unit="kn", source="ours: faster is a wrong value", low=1.0, high=102.2
        ),
        Parameter(name="least_min", default=10, unit="min", source="ours: a burst is no passage", low=1, high=1440),
        Parameter(
            name="shore_nm", default=3.0, unit="nm", source="ours: known to about two kilometres", low=1.0, high=24.0
        ),
        Parameter(
            name="most_m", default=24.0, unit="m", source="small craft: ISO 8666, up to 24 m", low=3.0, high=500.0
        ),
        Parameter(name="port_km", default=10.0, unit="km", source="ours: harbours have traffic", low=0.0, high=10.0),
    ),
    requires={
        "track": ("mmsi", "ship", "ts", "p_ts", "speed_kn"),
        **common.PLACES,
        "position": ("mmsi", "ts", "speed_kn"),
    },
    sql=read_sql("fast_near_coast.sql"),
    clues=(
        Clue(says=common.ASK_DISTRESS, weight=0),
        Clue(
            says="for {run_s:duration} it ran at {mean_kn:kn}, {shore_nm:nm} from the coast",
            facts=("run_s", "mean_kn", "shore_nm"),
            weight=0.2,
        ),
        Clue(
            says="it is a fishing vessel: artisanal fishing is the ordinary reason", weight=-0.2, holds="is_fishing"
        ),
        Clue(says="it is a sailing or leisure craft", weight=-0.1, holds="is_pleasure"),
    ),
    subjects=("mmsi",),
    evidence=read_sql("spell_evidence_3.sql"),
    distress=True,
    cise="Other",
)

TOWING = Detector(
    rule="maritime.towing/1",
    title="Towing",
    asks="A tug and another vessel moved together at a towing pace, away from ports.",
    counts_for="how long, how far from the coast",
    counts_against="towing is a tug's trade",
    innocent=(
        "a tow under contract, announced to the authorities",
        "help to a vessel that lost its engine",
        "an escort through narrow waters",
    ),
    parameters=(
        Parameter(name="low_kn", default=1.2, unit="kn", source=common.RTEC, low=0.1, high=15.0),
        Parameter(name="high_kn", default=15.0, unit="kn", source=common.RTEC, low=1.0, high=60.0),
        Parameter(name="least_s", default=300, unit="s, strictly more", source=common.RTEC, low=1, high=864_000),
        common.port_km(10.0),
    ),
    requires={
        "near": ("mmsi_1", "ship_1", "mmsi_2", "ship_2", "b", "dist_m"),
        **common.PLACES,
        "identity": ("mmsi", "ts", "ship_type"),
    },
    sql=read_sql("towing.sql"),
    clues=(
        Clue(
            says="together for {together_s:duration} at {mean_kn:kn}, {mean_m:m} apart",
            facts=("together_s", "mean_kn", "mean_m"),
            weight=0.1,
        ),
        Clue(says="{shore_nm:nm} from the coast", facts=("shore_nm",), weight=0.1, holds="far_out"),
        Clue(says="towing is a tug's trade", weight=-0.1),
    ),
    subjects=("mmsi_1", "mmsi_2"),
    evidence=read_sql("pair_evidence.sql"),
    cise="UnexpectedMovement",
)

DETECTORS = (DARK_APPROACH, SPEED_RANGE, FAST_NEAR_COAST, TOWING)
