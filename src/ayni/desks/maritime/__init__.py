"""The maritime desk: from AIS to explained signals.

tables    the shapes: a position, what a vessel says about itself
read      files and feeds to tables, by named layouts
commands  `ayni maritime decode`; `ayni maritime reference` is in commands_reference
tracks    positions to tracks: what every rule stands on
callings  what vessels call themselves, in a form that can be compared
reference coast, ports, nearest State: what ships with the desk
detect    tracks to signals, one file a question
history   where one vessel went, and what it called itself when
phrases   what is said, in four languages
"""

from __future__ import annotations

from collections.abc import Mapping

from ayni.desks.maritime import registry
from ayni.desks.maritime.callings import DERIVED as CALLINGS
from ayni.desks.maritime.detect import DERIVED as OF_ONE_RULE
from ayni.desks.maritime.detect import DETECTORS
from ayni.desks.maritime.history import DERIVED as OF_ONE_VESSEL
from ayni.desks.maritime.history import HISTORY
from ayni.desks.maritime.parameters import PARAMETERS
from ayni.desks.maritime.read import SOURCES
from ayni.desks.maritime.reference import LAYERS, REFERENCES, shore_nm
from ayni.desks.maritime.tables import TABLES
from ayni.desks.maritime.tracks import DERIVED
from ayni.model.desk import Desk, Mark
from ayni.model.entity import Entity
from ayni.model.signal import Fact


def vessel(column: str, value: Fact, row: Mapping[str, Fact]) -> Entity:  # noqa: ARG001 -- every subject column holds an MMSI
    """Return the vessel that an MMSI stands for, in FollowTheMoney's terms, with what the row says of it."""
    mmsi = f"{int(value):09d}"
    said = {"mmsi": mmsi}
    for ours, theirs in (("name", "name"), ("callsign", "callSign"), ("imo", "imoNumber"), ("flag", "flag")):
        if row.get(ours):
            said[theirs] = str(row[ours])
    return Entity(id=f"mmsi-{mmsi}", schema="Vessel", properties={name: (text,) for name, text in said.items()})


def _rules(*names: str) -> tuple[str, ...]:
    return tuple(f"maritime.{name}" for name in names)


MARKS = (
    Mark(shape="ring", title="Silence", rules=_rules("gap", "disabling")),
    Mark(
        shape="diamond",
        title="Meeting at sea",
        rules=_rules("encounter", "rendezvous", "loitering", "dark_approach"),
    ),
    Mark(
        shape="square",
        title="Identity",
        rules=_rules("shared_mmsi", "identity_change", "invalid_identity", "impossible_speed"),
    ),
    Mark(shape="cross", title="False positions", rules=_rules("gnss_circle", "gnss_jump")),
    Mark(
        shape="triangle",
        title="Unusual movement",
        rules=_rules(
            "deviation", "drifting", "fast_near_coast", "on_land", "towing", "speed_range", "area_entry",
            "anchorage_stop", "destination_change",
        ),
    ),
)  # fmt: skip

DESK = Desk(
    name="maritime",
    watches="vessels, by what they transmit and by when they fall silent",
    lawful_basis="safety of navigation and law enforcement at sea: SOLAS V/19, UNCLOS art. 108 and 110,"
    " Vienna Convention of 1988 art. 17",
    tables=TABLES,
    sources=SOURCES,
    detectors=DETECTORS,
    derived=(*DERIVED, *CALLINGS, *OF_ONE_RULE, *OF_ONE_VESSEL),
    references=(*REFERENCES, *registry.REFERENCES),
    entity=vessel,
    phrases="ayni.desks.maritime.phrases",
    layers=LAYERS,
    marks=MARKS,
    history=HISTORY,
    words=PARAMETERS,
    coast_nm=shore_nm,
    commands={
        "decode": "ayni.desks.maritime.commands:decode",
        "intercept": "ayni.desks.maritime.commands_intercept:intercept",
        "reference": "ayni.desks.maritime.commands_reference:reference",
    },
)
