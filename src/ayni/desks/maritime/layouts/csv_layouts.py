"""The comma-separated layouts we know, each as its publisher writes it."""

from __future__ import annotations

from ayni.desks.maritime.layouts.delimited import Delimited

CLASSES = {"a": "A", "b": "B", "class a": "A", "class b": "B"}

DANISH_STATUSES = {
    "under way using engine": 0,
    "at anchor": 1,
    "not under command": 2,
    "restricted maneuverability": 3,
    "constrained by her draught": 4,
    "moored": 5,
    "aground": 6,
    "engaged in fishing": 7,
    "under way sailing": 8,
    "reserved for future amendment [hsc]": 9,
    "reserved for future amendment [wig]": 10,
    "ais-sart (active)": 14,
}
"""Words of the Danish file for the navigational status. Source: ITU-R M.1371-5, table 48."""

DANISH_TYPES = {
    "wig": 20,
    "fishing": 30,
    "towing": 31,
    "towing long/wide": 32,
    "dredging": 33,
    "diving": 34,
    "military": 35,
    "sailing": 36,
    "pleasure": 37,
    "hsc": 40,
    "pilot": 50,
    "sar": 51,
    "tug": 52,
    "port tender": 53,
    "anti-pollution": 54,
    "law enforcement": 55,
    "spare 1": 56,
    "spare 2": 57,
    "medical": 58,
    "not party to conflict": 59,
    "passenger": 60,
    "cargo": 70,
    "tanker": 80,
    "other": 90,
}
"""Words of the Danish file for the type of ship; the first number of each group. Source: ITU-R M.1371-5, table 53."""

MARINECADASTRE_1 = Delimited(
    layout="marinecadastre/1",
    title="MarineCadastre.gov CSV, 2015 to 2024 (MMSI, BaseDateTime, LAT, LON)",
    time="BaseDateTime",
    time_format="%Y-%m-%dT%H:%M:%S",
    mmsi="MMSI",
    lat="LAT",
    lon="LON",
    never=frozenset({"TranscieverClass"}),
    speed="SOG",
    course="COG",
    heading="Heading",
    status="Status",
    ais_classes=CLASSES,
    identity={
        "imo": "IMO",
        "name": "VesselName",
        "callsign": "CallSign",
        "ship_type": "VesselType",
        "length_m": "Length",
        "width_m": "Width",
        "draught_m": "Draft",
        "ais_class": "TransceiverClass",
    },
    ignored=frozenset({"Cargo"}),
)

MARINECADASTRE_2 = Delimited(
    layout="marinecadastre/2",
    title="MarineCadastre.gov CSV with Zstandard, from 2025 (snake_case, longitude before latitude)",
    time="base_date_time",
    time_format="%Y-%m-%d %H:%M:%S",
    mmsi="mmsi",
    lat="latitude",
    lon="longitude",
    speed="sog",
    course="cog",
    heading="heading",
    status="status",
    ais_classes=CLASSES,
    identity={
        "imo": "imo",
        "name": "vessel_name",
        "callsign": "call_sign",
        "ship_type": "vessel_type",
        "length_m": "length",
        "width_m": "width",
        "draught_m": "draft",
        "ais_class": "transceiver",
    },
    ignored=frozenset({"cargo"}),
)

TRACKTABLE_1 = Delimited(
    layout="tracktable/1",
    title="CSV of the package tracktable-data (`TranscieverClass`, courses from -180 to 180)",
    time="BaseDateTime",
    time_format="%Y-%m-%dT%H:%M:%S",
    mmsi="MMSI",
    lat="LAT",
    lon="LON",
    must=frozenset({"TranscieverClass"}),
    speed="SOG",
    course="COG",
    course_wraps=True,
    heading="Heading",
    status="Status",
    identity={
        "imo": "IMO",
        "name": "VesselName",
        "callsign": "CallSign",
        "ship_type": "VesselType",
        "length_m": "Length",
        "width_m": "Width",
        "draught_m": "Draft",
    },
    # Its ETA changes with every row and its class column is swapped: neither is what a vessel said.
    ignored=frozenset({"Cargo", "ETA", "TranscieverClass"}),
)

DMA_1 = Delimited(
    layout="dma/1",
    title="Danish Maritime Authority CSV (first column `# Timestamp`)",
    time="# Timestamp",
    time_format="%d/%m/%Y %H:%M:%S",
    mmsi="MMSI",
    lat="Latitude",
    lon="Longitude",
    must=frozenset({"Type of mobile"}),
    speed="SOG",
    course="COG",
    heading="Heading",
    status="Navigational status",
    statuses=DANISH_STATUSES,
    msg_type="Type of mobile",
    msg_types={"base station": 4, "aton": 21, "sar airborne": 9},
    ais_classes=CLASSES,
    identity={
        "imo": "IMO",
        "name": "Name",
        "callsign": "Callsign",
        "ship_type": "Ship type",
        "length_m": "Length",
        "width_m": "Width",
        "draught_m": "Draught",
        "destination": "Destination",
        "eta": "ETA",
        "ais_class": "Type of mobile",
    },
    ship_types=DANISH_TYPES,
    ignored=frozenset({"ROT", "Cargo type", "Type of position fixing device", "Data source type", *"ABCD"}),
)

LAYOUTS = (MARINECADASTRE_1, MARINECADASTRE_2, TRACKTABLE_1, DMA_1)
