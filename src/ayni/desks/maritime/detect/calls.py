"""Where ships stop: visits to ports, and stops away from any port. Context for every other rule.

Neither is suspicious. They tell an analyst where a voyage began and ended, who waited
with whom, and which stop does not fit a vessel's story.
"""

from __future__ import annotations

from ayni.desks.maritime.detect import _common as common
from ayni.desks.maritime.detect.sql import read_sql
from ayni.model.desk import Clue, Detector, Parameter

PORT_VISIT = Detector(
    rule="maritime.port_visit/1",
    context=True,
    title="Port visit",
    asks="A vessel called at a port.",
    counts_for="an entry, a stop and an exit that were seen",
    counts_against="an entry or an exit that was not seen",
    innocent=("an ordinary call at a port",),
    parameters=(
        Parameter(name="entry_km", default=3.0, unit="km", source=common.GFW_ANCHORAGES, low=0.1, high=10.0),
        Parameter(name="exit_km", default=4.0, unit="km", source=common.GFW_ANCHORAGES, low=0.1, high=10.0),
        Parameter(name="stop_begin_kn", default=0.2, unit="kn", source=common.GFW_ANCHORAGES, low=0.01, high=5.0),
        Parameter(name="port_gap_min", default=240, unit="min", source=common.GFW_ANCHORAGES, low=1, high=100_000),
        Parameter(
            name="confidence",
            default=2,
            unit="of 4",
            source="pipe-anchorages: 4 entry, stop and exit; 3 two of them; 2 a stop alone; 1 passing by",
            low=1,
            high=4,
        ),
    ),
    requires={
        "track": ("mmsi", "ship", "ts", "p_ts", "dt_ms", "dist_m"),
        "haven": ("cell", "port", "name", "port_lat_udeg", "port_lon_udeg"),
        "vessel": ("mmsi",),
        "position": ("mmsi", "ts"),
    },
    sql=read_sql("port_visit.sql"),
    clues=(
        Clue(
            says="in {port_name} for {visit_s:duration}, {closest_m:m} from its charted point at the nearest",
            facts=("port_name", "visit_s", "closest_m"),
            weight="sure_weight",
        ),
        Clue(
            says="confidence {confidence} of 4: entry, stop and exit as far as they were seen",
            facts=("confidence",),
            weight=0,
        ),
        Clue(says="its arrival was not seen", weight=-0.02, holds="entry_unseen"),
        Clue(says="its departure was not seen", weight=-0.02, holds="exit_unseen"),
        Clue(says="it was not seen to stop: it fell silent there", weight=0, holds="only_silent", quality=True),
    ),
    subjects=("mmsi",),
    evidence=read_sql("call_evidence.sql"),
    cise="Other",
)

ANCHORAGE_STOP = Detector(
    rule="maritime.anchorage_stop/1",
    context=True,
    title="Stop away from port",
    asks="A vessel lay still away from every known port.",
    counts_for="how long it stayed",
    counts_against="other vessels that wait there too, a port nearby",
    innocent=(
        "waiting at anchor for a berth or a pilot",
        "shelter from bad weather",
        "a mooring, marina or landing that no port list knows",
        "fishing at anchor, or artisanal fishing",
    ),
    parameters=(
        Parameter(
            name="least_min",
            default=30,
            unit="min",
            source=f"{common.RTEC}: 1800 s; strictly more",
            low=30,
            high=100_000,
        ),
        Parameter(name="port_km", default=4.0, unit="km", source=common.GFW_ANCHORAGES, low=0.0, high=10.0),
    ),
    requires={"stay": ("mmsi", "ship", "started_ms", "ended_ms", "extent_m"), **common.PLACES},
    sql=read_sql("anchorage_stop.sql"),
    clues=(
        Clue(
            says="lay still for {stay_s:duration} within {extent_m:m}, {shore_nm:nm} from the coast",
            facts=("stay_s", "extent_m", "shore_nm"),
            weight=0.1,
        ),
        Clue(
            says="{waiting:plural one{# other vessel} other{# other vessels}} lay still there at the same time:"
            " perhaps an anchorage",
            facts=("waiting",),
            weight=-0.05,
            holds="has_company",
        ),
        Clue(says="close to the shore: perhaps a mooring or a landing", weight=-0.05, holds="at_the_coast"),
        Clue(says="a port lies within 20 km: perhaps it waits for its berth", weight=-0.03, holds="near_port"),
        Clue(says="it is a fishing vessel, and may be at work", weight=-0.02, holds="is_fishing"),
        Clue(says="it is a tug or another service craft, and may be at work", weight=-0.02, holds="is_service"),
    ),
    subjects=("mmsi",),
    evidence=read_sql("spell_evidence.sql"),
    cise="Other",
)

DETECTORS = (PORT_VISIT, ANCHORAGE_STOP)
