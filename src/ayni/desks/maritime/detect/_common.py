"""What several rules of this folder say or ask alike."""

from __future__ import annotations

from collections.abc import Mapping

from ayni.model.desk import Clue, Parameter

GFW_ENCOUNTERS = "Global Fishing Watch, pipe-encounters, defaults and description of the public data set"
GFW_ANCHORAGES = "Global Fishing Watch, pipe-anchorages, port events, defaults"
RTEC = "RTEC maritime patterns (Pitsikalis and others, DEBS 2019), thresholds for Brest"
USER = "ours, for the user to set; after Skylight's and SeaVision's speed alerts"

Requires = Mapping[str, tuple[str, ...]]

PLACES: Requires = {
    "place": ("cell", "shore_lat_udeg", "shore_lon_udeg", "land_share"),
    "haven": ("cell", "port_lat_udeg", "port_lon_udeg"),
    "vessel": ("mmsi",),
    "position": ("mmsi", "ts"),
}
"""Coast, ports, what vessels say they are, and the positions cited as evidence."""

FAR_OUT = Clue(says="{shore_nm:nm} from the coast", facts=("shore_nm",), weight=0.1, holds="far_out")
MEETING_CLOSE_IN = Clue(
    says="only {shore_nm:nm} from the coast, where vessels meet for many reasons",
    facts=("shore_nm",),
    weight=-0.15,
    holds="close_in",
)
SERVICE_CRAFT = Clue(says="one of them is a tug, a pilot or another service craft", weight=-0.4, holds="is_service")
BOTH_FISH = Clue(says="both are fishing vessels", weight=-0.1, holds="both_fish")
LAY_STILL = Clue(says="both hardly moved, as at anchor or on a buoy", weight=-0.15, holds="lay_still")
ASK_DISTRESS = "ask first whether anybody is in distress, and tell the maritime rescue coordination centre"
ASK_RESCUE = (
    "{shore_nm:nm} from the coast: ask first whether anybody is in distress, and tell the"
    " maritime rescue coordination centre"
)


def port_km(default: float) -> Parameter:
    """Return the distance from ports within which a rule keeps quiet."""
    return Parameter(name="port_km", default=default, unit="km", source=GFW_ENCOUNTERS, low=0.0, high=10.0)
