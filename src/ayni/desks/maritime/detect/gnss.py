"""Positions that satellite navigation made up: several ships leap to one place, or seem to run in circles.

    gnss_jump     three ships or more leap into one small area within the hour
    gnss_circle   positions run round a circle while the reported course says otherwise

One ship's leap is not enough: a damaged message, a late clock or a borrowed number look
the same (see impossible_speed). Ships are the victims of this far more often than its
cause, and must be warned.
"""

from __future__ import annotations

from ayni.desks.maritime.circles import OUTPUT, find_circles
from ayni.desks.maritime.detect.sql import read_sql
from ayni.model.desk import Clue, Derived, Detector, Kernel, Parameter

SEASPOOF = "after SeaSpoofFinder, arXiv 2602.16257: leaps count where several vessels share them; number ours"
CALIBRATE = "ours, from the published pictures of circling ships"

GNSS_JUMP = Detector(
    rule="maritime.gnss_jump/1",
    title="Several vessels leap to one place",
    asks=(
        "The positions of several vessels leapt to one place within an hour: satellite navigation there may be false."
    ),
    counts_for="how many vessels, that they came from one area, how far they leapt",
    counts_against="a fault of one receiving station, only just enough vessels",
    innocent=(
        "interference with satellite navigation, of which the vessels are the victims",
        "a receiving station that attaches positions to the wrong vessels",
        "a test or an exercise announced to seafarers",
    ),
    parameters=(
        Parameter(name="least_nm", default=10.0, unit="nm", source=SEASPOOF, low=0.5, high=10_000.0),
        Parameter(name="speed_kn", default=60.0, unit="kn", source=SEASPOOF, low=25.0, high=100_000.0),
        Parameter(name="least_vessels", default=3, unit="vessels", source=SEASPOOF, low=2, high=1000),
        Parameter(name="within_min", default=60, unit="min", source=SEASPOOF, low=1, high=1440),
        Parameter(
            name="hole_min",
            default=180,
            unit="min",
            source="ours: a leap across a longer hole says nothing about when and how",
            low=1,
            high=10_080,
        ),
        Parameter(
            name="before_h",
            default=24,
            unit="h",
            source="ours: a leap to where the vessel was within a day is a return",
            low=1,
            high=240,
        ),
    ),
    requires={
        "step": ("mmsi", "ts", "p_ts", "dt_ms", "dist_m", "lat_udeg", "lon_udeg"),
        "position": ("mmsi", "ts"),
    },
    sql=read_sql("gnss_jump.sql"),
    clues=(
        Clue(
            says=(
                "{vessels:integer} vessels leapt to one place within an hour, by {least_leap_nm:nm} to "
                "{most_leap_nm:nm}"
            ),
            facts=("vessels", "least_leap_nm", "most_leap_nm"),
            weight=0.4,
        ),
        Clue(says="five vessels or more", weight=0.15, holds="many_vessels"),
        Clue(says="they came from one area", weight=0.1, holds="one_origin"),
        Clue(says="a receiving station that mixes up vessels would look the same", weight=-0.1),
    ),
    subjects=("mmsi_1", "mmsi_2", "mmsi_3", "mmsi_4", "mmsi_5", "mmsi_6"),
    evidence=read_sql("gnss_jump_evidence.sql"),
    cise="PerformingAISSpoofing",
)

CIRCLING = Derived(
    name="circling",
    requires={
        "hourly": ("mmsi", "hour", "dist_m", "followed_ms"),
        "position": ("mmsi", "ts", "lat_udeg", "lon_udeg", "course_deg"),
    },
    sql=read_sql("circling.sql"),
    parameters=(
        Parameter(
            name="wound",
            default=1.25,
            unit="way over width",
            source="ours: over three hours half a circle is 1.4 or more, a straight course 1",
            low=1.0,
            high=100.0,
        ),
        Parameter(
            name="least_m", default=100.0, unit="m", source="ours: less is a ship at anchor", low=1.0, high=1e5
        ),
        Parameter(
            name="least_kn", default=0.2, unit="kn", source="ours: slower is a ship at anchor", low=0.0, high=50.0
        ),
    ),
)

GNSS_CIRCLE = Detector(
    rule="maritime.gnss_circle/1",
    title="Circling positions",
    asks="The positions of a vessel run round a circle that its reported course does not follow.",
    counts_for="how often round, how well the positions keep to the circle, a wide circle",
    counts_against="a small circle, as of a vessel that swings or manoeuvres",
    innocent=(
        "interference with satellite navigation, of which the vessel is the victim",
        "a vessel that manoeuvres in circles with a course sensor out of order",
        "a simulator or a transponder under test",
    ),
    parameters=(
        Parameter(name="least_points", default=12, unit="positions", source=CALIBRATE, low=6, high=135),
        Parameter(name="spread", default=0.15, unit="of the radius", source=CALIBRATE, low=0.001, high=1.0),
        Parameter(name="turn_deg", default=360.0, unit="°, strictly more", source=CALIBRATE, low=90.0, high=36_000.0),
        Parameter(
            name="off_share",
            default=0.5,
            unit="of the courses",
            source="ours: half of the reported courses over 45° away from the motion; at random it is three quarters",
            low=0.0,
            high=1.0,
        ),
    ),
    requires={
        "circling": ("mmsi", "ts", "lat_udeg", "lon_udeg", "course_deg"),
        "position": ("mmsi", "ts", "course_deg"),
    },
    kernel=Kernel(
        table="circling",
        by=("mmsi",),
        order=("ts", "lat_udeg", "lon_udeg", "course_deg"),
        run=find_circles,
        output=OUTPUT,
    ),
    clues=(
        Clue(
            says="{points:integer} positions run {turns:number} times round a circle of {radius_m:m}",
            facts=("points", "turns", "radius_m"),
            weight=0.35,
        ),
        Clue(
            says="{off_share:percent} of the courses it reported do not follow that motion",
            facts=("off_share",),
            weight=0.15,
        ),
        Clue(says="it went round three times or more", weight=0.1, holds="many_turns"),
        Clue(says="the circle is wider than a vessel needs to turn", weight=0.1, holds="wide"),
        Clue(says="the circle is small: the vessel may swing or manoeuvre", weight=-0.2, holds="small"),
        Clue(
            says="the radius varies by {spread:percent}",
            facts=("spread",),
            weight=0,
            quality=True,
        ),
    ),
    subjects=("mmsi",),
    evidence=read_sql("spell_of_one_evidence.sql"),
    cise="PerformingAISSpoofing",
)

DETECTORS = (GNSS_JUMP, GNSS_CIRCLE)
DERIVED = (CIRCLING,)
