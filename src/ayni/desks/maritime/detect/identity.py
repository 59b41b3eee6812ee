"""Who a vessel says it is: a change of identity under way, and numbers that cannot be.

    identity_change     another name, call sign or IMO number under one MMSI; one IMO number under two MMSIs
    invalid_identity    a wrong check digit, an MMSI that no State gave, a coast station that sails
    destination_change  another destination typed in the middle of a voyage

Ships are sold, renamed and reflagged every day, and crews mistype: each rule says so.
The flag itself weighs nothing; a country is a fact, never a reason.
"""

from __future__ import annotations

from ayni.desks.maritime.detect.sql import read_sql
from ayni.model.desk import Clue, Detector, Parameter

SETTLED = "ours: a single report may be a damaged message"
LEAST_REPORTS = Parameter(name="least_reports", default=2, unit="reports", source=SETTLED, low=1, high=1000)
MOST_CHANGES = Parameter(
    name="most_changes",
    default=4,
    unit="changes",
    source="ours: what alternates more often is two transmitters under one number, see shared_mmsi",
    low=1,
    high=1000,
)

IDENTITY_CHANGE = Detector(
    rule="maritime.identity_change/1",
    title="Change of identity",
    asks="A vessel says that it is another one than before, or one hull's number is sent under two MMSIs.",
    counts_for=(
        "another IMO number, several things changed together, two vessels with one IMO number at once, a "
        "change under way"
    ),
    counts_against="only the name changed, as after a sale; a hull passed on to another flag",
    innocent=(
        "the vessel was sold or renamed, and its registers say so",
        "the vessel changed its flag, and with it its MMSI",
        "the crew corrected what had been typed wrongly",
        "equipment of another vessel is used without having been programmed anew",
    ),
    parameters=(
        LEAST_REPORTS,
        MOST_CHANGES,
        Parameter(
            name="reuse_d",
            default=30,
            unit="d",
            source="ours: beyond a month a change of flag is the ordinary reason",
            low=1,
            high=3650,
        ),
    ),
    requires={
        "identity": ("mmsi", "ts"),
        "hourly": ("mmsi", "hour", "dist_m", "min_lat_udeg", "min_lon_udeg"),
    },
    sql=read_sql("identity_change.sql"),
    clues=(
        Clue(says="its name was {old_name}, then {new_name}", facts=("old_name", "new_name"), weight=0.1),
        Clue(
            says="its call sign was {old_callsign}, then {new_callsign}",
            facts=("old_callsign", "new_callsign"),
            weight=0.1,
        ),
        Clue(
            says="its IMO number was {old_imo}, then {new_imo}: that number stays with a hull for life",
            facts=("old_imo", "new_imo"),
            weight=0.3,
            holds="hull_changed",
        ),
        Clue(says="the type of ship changed", weight=0.05, holds="type_changed"),
        Clue(says="several things changed together", weight=0.1, holds="several_changed"),
        Clue(says="it was under way when it changed", weight=0.1, holds="under_way"),
        Clue(
            says="IMO number {hull} was sent under two MMSIs, one after the other",
            facts=("hull",),
            weight=0.2,
            holds="passed_on",
        ),
        Clue(
            says="IMO number {hull} was sent under two MMSIs during the same time",
            facts=("hull",),
            weight=0.4,
            holds="both_at_once",
        ),
        Clue(says="only the name changed, as after a sale", weight=-0.1, holds="only_name"),
        Clue(
            says="a hull that passes to another register is given a new MMSI, lawfully",
            weight=-0.1,
            holds="passed_on",
        ),
    ),
    subjects=("mmsi", "mmsi_2"),
    evidence=read_sql("identity_change_evidence.sql"),
    cise="DetecionOfChangesInAISParameters",
)

INVALID_IDENTITY = Detector(
    rule="maritime.invalid_identity/1",
    title="Invalid identity",
    asks="A vessel sends a number that cannot be right: a wrong check digit, or an MMSI that no State has given.",
    counts_for="an MMSI of no State, a station on land that moves like a ship",
    counts_against="a number typed wrongly, or left at the factory's setting",
    innocent=(
        "a digit was typed wrongly when the equipment was installed",
        "a national registration number was typed in the place of the IMO number",
        "the equipment was never programmed, or is being tried out",
    ),
    parameters=(
        LEAST_REPORTS,
        Parameter(
            name="moving_kn",
            default=2.0,
            unit="kn",
            source="ours: a station ashore does not move; a wrong fix seldom says so twice",
            low=0.1,
            high=100.0,
        ),
    ),
    requires={
        "identity": ("mmsi", "ts"),
        "position": ("mmsi", "ts"),
        "hourly": ("mmsi", "hour", "positions", "first_ms", "last_ms"),
        "mid": ("mid",),
    },
    sql=read_sql("invalid_identity.sql"),
    clues=(
        Clue(
            says="the check digit of IMO number {hull} does not agree",
            facts=("hull",),
            weight=0.15,
            holds="wrong_check",
        ),
        Clue(
            says="{hull} is not written like an IMO number of seven digits",
            facts=("hull",),
            weight=0.05,
            holds="is_no_imo",
        ),
        Clue(
            says="no State has been given the digits {digits} that its MMSI begins with",
            facts=("digits",),
            weight=0.25,
            holds="no_state",
        ),
        Clue(says="its MMSI has the form of no radio station", weight=0.2, holds="no_station"),
        Clue(says="its MMSI is one that equipment sends before it is programmed", weight=0.1, holds="is_default"),
        Clue(
            says="its MMSI is that of a coast station, an aircraft or a buoy, and it moves like a ship",
            weight=0.3,
            holds="masked",
        ),
        Clue(says="one digit typed wrongly is enough", weight=-0.05, holds="about_mmsi"),
        Clue(says="a national number in its place, or a typing error, is common", weight=-0.1, holds="about_hull"),
    ),
    subjects=("mmsi",),
    evidence=read_sql("invalid_identity_evidence.sql"),
    cise="DetecionOfChangesInAISParameters",
)

DESTINATION_CHANGE = Detector(
    rule="maritime.destination_change/1",
    title="Change of destination",
    asks="A vessel under way changed the destination it declares.",
    counts_for="the change itself, in the middle of a voyage",
    counts_against="another spelling of the same place",
    innocent=(
        "the charterer gave new orders, as every day in bulk and tanker trades",
        "the crew corrected or completed what had been typed",
        "the vessel diverts for weather, repairs or a sick person",
    ),
    parameters=(
        LEAST_REPORTS,
        MOST_CHANGES,
        Parameter(
            name="around_h",
            default=3,
            unit="h",
            source="ours: under way for so long before and after, it has neither just left nor is about to arrive",
            low=1,
            high=48,
        ),
        Parameter(
            name="under_way_kn",
            default=5.0,
            unit="kn",
            source="ours: on passage, not manoeuvring",
            low=0.5,
            high=30.0,
        ),
    ),
    requires={
        "identity": ("mmsi", "ts", "destination"),
        "hourly": ("mmsi", "hour", "dist_m", "followed_ms"),
    },
    sql=read_sql("destination_change.sql"),
    clues=(
        Clue(
            says="its destination was {old_destination}, then {new_destination}",
            facts=("old_destination", "new_destination"),
            weight=0.15,
        ),
        Clue(says="it was on passage at {mean_kn:kn}, hours before and after", facts=("mean_kn",), weight=0.05),
        Clue(says="it may be another spelling of the same place", weight=-0.1, holds="is_spelling"),
        Clue(says="what is declared as destination is typed by hand and often out of date", weight=0, quality=True),
    ),
    subjects=("mmsi",),
    evidence=read_sql("destination_evidence.sql"),
    cise="Other",
)

DETECTORS = (IDENTITY_CHANGE, INVALID_IDENTITY, DESTINATION_CHANGE)
