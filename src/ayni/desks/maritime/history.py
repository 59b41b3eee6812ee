"""What the positions and reports of one vessel tell of it: where it went, and what it called itself when."""

from __future__ import annotations

from ayni.desks.maritime.detect.sql import read_sql
from ayni.desks.maritime.tracks import MAX_HOURS, TRACK_COLUMNS
from ayni.model.desk import Derived, History

TRAIL = Derived(
    name="trail",
    requires={"track": (*TRACK_COLUMNS, "jumps")},
    sql=read_sql("trail.sql"),
    parameters=(MAX_HOURS,),
)
# A source without identities still has a trail: nothing was said, which is an answer too.
SAID = Derived(name="said", requires={"identity": ()}, sql=read_sql("said.sql"))
DERIVED = (TRAIL, SAID)
HISTORY = History(
    schema="Vessel",
    identifier="mmsi",
    trail=TRAIL.name,
    said=SAID.name,
    same=(("identity", "imo", "imoNumber"),),
)
