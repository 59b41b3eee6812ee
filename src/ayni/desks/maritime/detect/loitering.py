"""Slow for hours, far out: waiting for somebody, fishing, drifting for orders, or out of command.

What looks like it and is not: fishing gear that drifts under a ship's number, craft at
work on a platform or a cable, merchant ships that save fuel until their berth is free.
"""

from __future__ import annotations

from ayni.desks.maritime.detect import _common as common
from ayni.desks.maritime.detect.sql import read_sql
from ayni.model.desk import Clue, Detector, Parameter

GFW_LOITERING = "Global Fishing Watch, pipe-loitering and the study of carriers (Miller and others 2018)"

LOITERING = Detector(
    rule="maritime.loitering/1",
    title="Loitering",
    asks="A vessel moved very slowly for hours, far from the coast.",
    counts_for="how long it lasted, how far from the coast, a merchant vessel that has no work there",
    counts_against="a fishing or service vessel at work, a craft that never goes faster, few positions",
    innocent=(
        "a fishing vessel at work, or artisanal fishing",
        "a merchant vessel waiting for orders or for its berth",
        "repairs, or bad weather ridden out",
        "work on a platform, a cable or a survey",
    ),
    parameters=(
        Parameter(name="speed_kn", default=2.0, unit="kn", source=GFW_LOITERING, low=0.1, high=10.0),
        Parameter(name="least_h", default=4.0, unit="h", source=GFW_LOITERING, low=0.5, high=240.0),
        Parameter(name="shore_nm", default=20.0, unit="nm", source=GFW_LOITERING, low=0.0, high=200.0),
    ),
    requires={"hourly": ("mmsi", "ship", "hour", "first_ms", "last_ms", "dist_m", "followed_ms"), **common.PLACES},
    sql=read_sql("loitering.sql"),
    clues=(
        Clue(
            says="{loiter_s:duration} at {mean_kn:kn} on average",
            facts=("loiter_s", "mean_kn"),
            weight="length_weight",
        ),
        Clue(says="{shore_nm:nm} from the coast", facts=("shore_nm",), weight=0.05),
        Clue(says="it is a merchant vessel, which earns nothing while it waits", weight=0.15, holds="is_merchant"),
        Clue(says="it is a fishing vessel, and may be at work", weight=-0.2, holds="is_fishing"),
        Clue(says="it is a tug or another service craft, and may be at work", weight=-0.2, holds="is_service"),
        Clue(
            says="it kept within {extent_km:km}, as at anchor, on a mooring or at work in one place",
            facts=("extent_km",),
            weight=-0.1,
            holds="kept_place",
        ),
        Clue(
            says="it never went faster in all that is known of it: perhaps gear or a buoy with a ship's number",
            weight=-0.2,
            holds="never_fast",
        ),
        Clue(
            says="{positions:integer} positions, fewer than two an hour",
            facts=("positions",),
            weight=0,
            holds="is_sparse",
            quality=True,
        ),
    ),
    subjects=("mmsi",),
    evidence=read_sql("spell_evidence.sql"),
    cise="VesselWithErraticMovements",
)

DETECTORS = (LOITERING,)
