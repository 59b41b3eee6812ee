"""From single positions to tracks: the tables that every rule of this desk stands on, computed once.

    step         each usable position with the one before it, and whether the leap between them is believable
    contested    positions under an MMSI that several transmitters seem to use
    ships_apart  the same, told apart (see `split`)
    track        each position of each ship; what was contested is told apart
    segment      stretches of track without a break
    hourly       how far each ship went in each hour, and where it was
    heard        who was heard where in each hour: how good reception was
    place        coast and inland, for the cells ships were in
    haven        ports and anchorages, likewise
    vessel       what each MMSI says it is
    grid         where each ship was at every tenth minute
    near         pairs of ships close together, at every tenth minute
    stay         where and how long a ship lay still

A MMSI is not a ship: numbers are copied, mistyped and left at the factory's setting.
So silence, speed and place are only ever measured within one ship's track, and a
leap no ship can make is a break, never a voyage.
"""

from __future__ import annotations

from ayni.desks.maritime.detect.sql import read_sql
from ayni.desks.maritime.split import OUTPUT, split_ships
from ayni.model.desk import Derived, Kernel, Parameter

GFW_SEGMENT = "Global Fishing Watch, gpsdio-segment, defaults of the segmenter"

MAX_KNOTS = Parameter(name="max_knots", default=25.0, unit="kn", source=GFW_SEGMENT, low=1.0, high=200.0)
BUFFER_H = Parameter(name="buffer_h", default=0.25, unit="h", source=GFW_SEGMENT, low=0.0, high=10.0)
MAX_HOURS = Parameter(name="max_hours", default=8, unit="h", source=GFW_SEGMENT, low=1, high=1000)

STEP_COLUMNS = ("mmsi", "ts", "lat_udeg", "lon_udeg", "is_fine", "p_ts", "dt_ms", "dist_m", "jumps")
TRACK_COLUMNS = ("mmsi", "ship", "ts", "lat_udeg", "lon_udeg", "p_ts", "p_lat_udeg", "p_lon_udeg", "dt_ms", "dist_m")

STEP = Derived(
    name="step",
    requires={"position": ("mmsi", "ts", "lat_udeg", "lon_udeg")},
    sql=read_sql("step.sql"),
    parameters=(MAX_KNOTS, BUFFER_H),
)
CONTESTED = Derived(
    name="contested",
    requires={"step": STEP_COLUMNS},
    sql=read_sql("contested.sql"),
    parameters=(
        Parameter(
            name="jumps",
            default=3,
            unit="jumps",
            source="ours: one jump there and one back may be a single wrong position; a third needs a second ship",
            low=1,
            high=1000,
        ),
    ),
)
SHIPS_APART = Derived(
    name="ships_apart",
    requires={"contested": ("mmsi", "ts", "lat_udeg", "lon_udeg", "is_fine")},
    kernel=Kernel(
        table="contested",
        by=("mmsi",),
        order=("ts", "lat_udeg", "lon_udeg", "speed_kn"),
        run=split_ships,
        output=OUTPUT,
    ),
)
TRACK = Derived(
    name="track",
    requires={"step": STEP_COLUMNS, "ships_apart": ("mmsi", "ship", "ts", "lat_udeg", "lon_udeg")},
    sql=read_sql("track.sql"),
)
SEGMENT = Derived(
    name="segment", requires={"track": TRACK_COLUMNS}, sql=read_sql("segment.sql"), parameters=(MAX_HOURS,)
)
HOURLY = Derived(name="hourly", requires={"track": TRACK_COLUMNS}, sql=read_sql("hourly.sql"))
HEARD = Derived(name="heard", requires={"hourly": ("mmsi", "hour", "positions")}, sql=read_sql("heard.sql"))

PLACE = Derived(
    name="place",
    requires={"track": TRACK_COLUMNS, "shore": ("cell", "shore_lat_udeg", "shore_lon_udeg", "inland_mask")},
    sql=read_sql("place.sql"),
)
HAVEN = Derived(
    name="haven",
    requires={"track": TRACK_COLUMNS, "port": ("cell", "port", "name", "lat_udeg", "lon_udeg")},
    sql=read_sql("haven.sql"),
)
# A source without identities still has vessels; they are then only not known to be tugs or pilots.
VESSEL = Derived(name="vessel", requires={"identity": ()}, sql=read_sql("vessel.sql"))
GRID = Derived(
    name="grid",
    requires={"track": (*TRACK_COLUMNS, "is_fine", "jumps")},
    sql=read_sql("grid.sql"),
    parameters=(
        Parameter(
            name="max_gap_s",
            default=3600,
            unit="s",
            source="Global Fishing Watch, pipe-encounters: positions are interpolated across less than one hour",
            low=600,
            high=7200,
        ),
    ),
)
NEAR = Derived(
    name="near",
    requires={"grid": ("mmsi", "ship", "b", "lat_udeg", "lon_udeg", "is_fine", "nth", "leg_m")},
    sql=read_sql("near.sql"),
    parameters=(
        Parameter(
            name="distance_m",
            default=500.0,
            unit="m",
            source="Global Fishing Watch, pipe-encounters: 0.5 km",
            low=1.0,
            high=500.0,
        ),
    ),
)
STAY = Derived(
    name="stay",
    requires={"grid": ("mmsi", "ship", "b", "lat_udeg", "lon_udeg", "leg_m")},
    sql=read_sql("stay.sql"),
    parameters=(
        Parameter(
            name="still_kn",
            default=0.5,
            unit="kn",
            source="Global Fishing Watch, pipe-anchorages: a stop ends at 0.5 kn",
            low=0.05,
            high=3.0,
        ),
        Parameter(
            name="apart_h",
            default=6.0,
            unit="h",
            source="ours: a ship found where it was lay there in between",
            low=0.2,
            high=48.0,
        ),
    ),
)

DERIVED = (STEP, CONTESTED, SHIPS_APART, TRACK, SEGMENT, HOURLY, HEARD, PLACE, HAVEN, VESSEL, GRID, NEAR, STAY)
