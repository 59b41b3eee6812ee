"""A ship that leaves the line it was sailing, runs beside it for hours, and comes back to it.

The line is the ship's own: the great circle on which its steady legs before and after
lie. So no sea route need be known, and a normal change of course, after which the ship
does not come back to its old line, is left alone. What is not seen: a ship that never
comes back, and a detour that begins or ends with the data. See
docs/decisions/0005-a-deviation-is-measured-from-the-ships-own-line.md.
"""

from __future__ import annotations

from ayni.desks.maritime.detect.sql import read_sql
from ayni.desks.maritime.detours import OUTPUT, find_detours
from ayni.model.desk import Clue, Derived, Detector, Kernel, Parameter

WAYPOINT = Derived(
    name="waypoint",
    requires={"track": ("mmsi", "ship", "ts", "lat_udeg", "lon_udeg", "p_ts", "dt_ms")},
    sql=read_sql("waypoint.sql"),
)
BENDING = Derived(
    name="bending",
    requires={"waypoint": ("mmsi", "ship", "ts", "lat_udeg", "lon_udeg")},
    sql=read_sql("bending.sql"),
)

DEVIATION = Detector(
    rule="maritime.deviation/1",
    title="Deviation from its course",
    asks="A vessel left the line it was sailing, ran beside it for hours, and came back to it.",
    counts_for="how far and how long it lay beside its line, that it all but stopped there",
    counts_against="little beyond the limit, few positions meanwhile",
    innocent=(
        "a storm or heavy sea avoided",
        "rescue of persons, or a sick person landed",
        "islands, shoals or a separation scheme gone round",
        "fishing, a survey or work on a cable beside the way",
        "waiting for a berth or for orders",
    ),
    parameters=(
        Parameter(
            name="lateral_nm",
            default=20.0,
            unit="nm, strictly more",
            source="ours: wider than traffic lanes and than the room ships give a storm cell",
            low=1.0,
            high=1000.0,
        ),
        Parameter(
            name="least_h",
            default=2.0,
            unit="h, strictly more",
            source="ours: time enough to meet",
            low=0.5,
            high=240.0,
        ),
        Parameter(
            name="most_h",
            default=72.0,
            unit="h",
            source="ours: after three days it is another voyage",
            low=1.0,
            high=720.0,
        ),
        Parameter(
            name="steady_h",
            default=2.0,
            unit="h",
            source="ours: so long on one line before and after, that it is a line",
            low=0.5,
            high=48.0,
        ),
        Parameter(
            name="lane_nm", default=4.0, unit="nm", source="ours: how true a ship keeps its line", low=0.1, high=50.0
        ),
    ),
    requires={
        "bending": ("mmsi", "ship", "ts", "lat_udeg", "lon_udeg"),
        "position": ("mmsi", "ts"),
    },
    kernel=Kernel(
        table="bending",
        by=("mmsi", "ship"),
        order=("ts", "lat_udeg", "lon_udeg"),
        run=find_detours,
        output=OUTPUT,
    ),
    clues=(
        Clue(
            says="it lay up to {lateral_nm:nm} beside its line, for {beside_s:duration} beyond the limit",
            facts=("lateral_nm", "beside_s"),
            weight=0.3,
        ),
        Clue(says="it went {longer_nm:nm} further than along its line", facts=("longer_nm",), weight=0.05),
        Clue(
            says="it all but stopped there: {slowest_kn:kn} at its slowest",
            facts=("slowest_kn",),
            weight=0.2,
            holds="lingered",
        ),
        Clue(says="it lay little beyond the limit", weight=-0.1, holds="slight"),
        Clue(
            says="few positions were received meanwhile: the way between them is not known",
            weight=-0.1,
            holds="sparse",
        ),
        Clue(
            says=(
                "the line is drawn from the vessel's own legs before and after; weather and charts were not looked at"
            ),
            weight=0,
            quality=True,
        ),
    ),
    subjects=("mmsi",),
    evidence=read_sql("spell_evidence_3.sql"),
    cise="UnexpectedMovement",
)

DETECTORS = (DEVIATION,)
DERIVED = (WAYPOINT, BENDING)
