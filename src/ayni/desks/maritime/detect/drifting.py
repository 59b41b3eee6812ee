"""The bow points one way and the ship moves another: adrift, and perhaps in distress.

Ships under way point roughly where they go. A large angle that lasts means that wind
and current carry the ship. It needs reported speed, course and heading, which small
craft seldom send. Tugs, pilots and other service craft, which work sideways, are left out.
"""

from __future__ import annotations

from ayni.desks.maritime.detect import _common as common
from ayni.desks.maritime.detect.sql import read_sql
from ayni.model.desk import Clue, Detector, Parameter

DRIFTING = Detector(
    rule="maritime.drifting/1",
    title="Adrift",
    asks="A vessel moved for a while in quite another direction than its bow pointed: somebody may need help.",
    counts_for="how long it lasted and how large the angle was",
    counts_against="a fishing or sailing vessel at work, waters with strong currents",
    innocent=(
        "an engine stopped for repairs, with the situation under control",
        "a fishing vessel hauling its gear, or artisanal fishing",
        "strong current or wind on the beam of a slow vessel",
        "a compass that gives the transponder a wrong heading",
    ),
    parameters=(
        Parameter(name="angle_deg", default=40.0, unit="°", source=common.RTEC, low=10.0, high=180.0),
        Parameter(name="low_kn", default=2.7, unit="kn", source=f"{common.RTEC}: under way", low=0.1, high=20.0),
        Parameter(name="high_kn", default=48.6, unit="kn", source=f"{common.RTEC}: under way", low=1.0, high=102.0),
        Parameter(
            name="least_min",
            default=30,
            unit="min",
            source="ours: a turn or a gust is over sooner",
            low=5,
            high=1440,
        ),
        Parameter(
            name="port_km",
            default=5.0,
            unit="km",
            source="ours: harbours have turning basins, and ships are swung there by tugs",
            low=0.0,
            high=10.0,
        ),
    ),
    requires={**common.PLACES, "position": ("mmsi", "ts", "speed_kn", "course_deg", "heading_deg")},
    sql=read_sql("drifting.sql"),
    clues=(
        Clue(says=common.ASK_RESCUE, facts=("shore_nm",), weight=0.1, holds="close_in"),
        Clue(
            says="{shore_nm:nm} from the coast, a vessel out of command is far from help:"
            " tell the maritime rescue coordination centre",
            facts=("shore_nm",),
            weight=0.1,
            holds="far_out",
        ),
        Clue(
            says="for {adrift_s:duration} it moved {angle_deg:deg} off its heading, at {mean_kn:kn}",
            facts=("adrift_s", "angle_deg", "mean_kn"),
            weight=0.3,
        ),
        Clue(
            says="it is a fishing vessel: hauling gear looks the same, also in artisanal fishing",
            weight=-0.2,
            holds="is_fishing",
        ),
        Clue(says="it is a sailing or leisure craft", weight=-0.1, holds="is_pleasure"),
        Clue(says="it is a small craft, which wind and current carry easily", weight=-0.1, holds="is_small"),
        Clue(
            says="a heading sensor that is out of order would look the same",
            weight=-0.05,
        ),
        Clue(
            says="{positions:integer} positions with speed, course and heading",
            facts=("positions",),
            weight=0,
            quality=True,
        ),
    ),
    subjects=("mmsi",),
    evidence=read_sql("adrift_evidence.sql"),
    distress=True,
    cise="VesselWithErraticMovements",
)

DETECTORS = (DRIFTING,)
