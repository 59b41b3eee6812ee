"""The ships of the story, all of them invented, and how they move in forty hours.

M/V Brisa leaves Manta for Balboa, is not heard for nine hours, drifts for six with its
transponder on, far out, and sails on to another destination. Around it is what an analyst
sees every day and must tell apart: a tuna boat at its gear with beacons around it, a tanker
that waits for its berth, a pilot who boards, and ships that keep their lane.

Every number begins with 8799: the form of a portable radio, with the digits 799 that no
State has been given, so that no ship can bear it. No ship has an IMO number.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ayni.cli.story.lanes import Place, Track, lanes

HOURS = 40.0
"""Length of the story."""
CARGO, TANKER, FISHING, PILOT = 70, 80, 30, 50
"""Types of ship. Source: ITU-R M.1371-5, table 53."""
UNDER_WAY, AT_ANCHOR, AT_WORK = 0, 1, 7
"""Navigational status. Source: ITU-R M.1371-5, table 45."""

MANTA: Place = (-0.90, -80.72)
SILENT_FROM: Place = (1.10, -81.35)
"""About 100 nm off Esmeraldas, on the lane."""
DRIFTS_AT: Place = (2.45, -81.95)
"""Where Brisa is heard again: 40 nm beside the lane."""
FISHES_AT: Place = (0.35, -81.55)
WAITS_AT: Place = (1.45, -79.95)
"""Off the oil terminal of Esmeraldas."""
BOARDS_AT: Place = (8.55, -79.51)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ship:
    """One ship of the story: what it says it is, and where it goes."""

    mmsi: int
    name: str
    kind: int
    length_m: int
    track: Track
    destinations: Mapping[float, str]
    """What it declares as destination, by the hour from which it does."""
    at_rest: int = AT_ANCHOR
    """Navigational status while it hardly moves."""
    every_min: float = 3.0

    def destination_at(self, hour: float) -> str:
        """Return the destination it declares in *hour*."""
        return self.destinations[max(start for start in self.destinations if start <= hour)]


def ships() -> Sequence[Ship]:
    """Return every ship of the story."""
    return (BRISA, *decoys(), *lane_traffic())


def _brisa() -> Ship:
    track = Track.start(MANTA).along((lanes()["manta-balboa"][0], SILENT_FROM), 11.5)
    track = track.unheard(DRIFTS_AT, 9.0).drift(6.0, 0.9, 60.0)
    return Ship(
        mmsi=879_900_001,
        name="BRISA",
        kind=CARGO,
        length_m=88,
        track=track.along(((6.2, -81.4), (7.0, -81.6)), 12.5),
        destinations={0.0: "BALBOA", track.hour + 3.6: "PUERTO QUETZAL"},
        at_rest=UNDER_WAY,
    )


BRISA = _brisa()


def decoys() -> tuple[Ship, ...]:
    """Return what looks like it and is not."""
    ground = FISHES_AT
    tuna = Track.start((-0.60, -81.20)).along((ground,), 10.0).drift(8.0, 0.7, 290.0)
    tuna = tuna.along(((0.60, -82.00),), 9.0).drift(7.5, 0.6, 280.0).along((MANTA,), 10.5)
    tanker = Track.start((-2.2, -81.2)).along(((0.2, -81.0), WAITS_AT), 12.5).drift(HOURS, 0.0, 0.0)
    pilot = Track.start((8.88, -79.52)).drift(20.0, 0.0, 0.0).along((BOARDS_AT,), 14.0)
    pilot = pilot.drift(0.75, 0.5, 10.0).along(((8.88, -79.52),), 14.0)
    boarded = Track.start((3.05, -80.90)).along((*lanes()["manta-balboa"][3:5], BOARDS_AT), 16.2)
    boarded = boarded.drift(0.6, 0.5, 10.0).along(((8.8, -79.49),), 9.0)
    return (
        Ship(
            mmsi=879_900_011,
            name="MAR DE ABRIL",
            kind=FISHING,
            length_m=54,
            track=tuna,
            destinations={0.0: "FISHING GROUNDS"},
            at_rest=AT_WORK,
        ),
        Ship(
            mmsi=879_900_012,
            name="NEBLINA",
            kind=TANKER,
            length_m=183,
            track=tanker,
            destinations={0.0: "ESMERALDAS"},
        ),
        Ship(
            mmsi=879_900_013,
            name="PRACTICO UNO",
            kind=PILOT,
            length_m=16,
            track=pilot,
            destinations={0.0: "PILOT STATION"},
        ),
        Ship(
            mmsi=879_900_014,
            name="ESTELA LARGA",
            kind=CARGO,
            length_m=240,
            track=boarded,
            destinations={0.0: "BALBOA", 8.0: "PA BALBOA"},
            at_rest=UNDER_WAY,
        ),
        *(
            Ship(
                mmsi=987_990_100 + number,
                name=f"GEAR {number} 61%",
                kind=0,
                length_m=1,
                track=Track.start((0.35 + 0.02 * number, -81.62 + 0.015 * number)).drift(HOURS, 0.6, 290.0),
                destinations={0.0: ""},
                every_min=10.0,
            )
            for number in (1, 2, 3)
        ),
    )


def lane_traffic() -> tuple[Ship, ...]:
    """Return ships that keep their lane, northbound and southbound."""
    north = lanes()["guayaquil-balboa"]
    from_callao, from_colombia = lanes()["callao-balboa"], lanes()["buenaventura-balboa"]
    south = tuple(reversed(from_callao))
    plans: Sequence[tuple[str, int, int, Sequence[Place], float, str]] = (
        ("ALBA SERENA", CARGO, 210, north, 14.0, "BALBOA"),
        ("RIO CLARO", CARGO, 145, north[2:], 12.0, "BALBOA"),
        ("LUNA NUEVA", TANKER, 176, from_callao[3:], 13.0, "CRISTOBAL"),
        ("PUERTO VERDE", CARGO, 128, from_colombia, 11.0, "BALBOA"),
        ("MAREA ALTA", CARGO, 270, south, 17.0, "CALLAO"),
        ("VIENTO SUR", CARGO, 199, south[3:], 13.5, "GUAYAQUIL"),
        ("CABO ROJO", TANKER, 228, south[2:], 12.5, "CALLAO"),
        ("TRES FAROS", CARGO, 160, from_callao[2:], 15.0, "BALBOA"),
    )
    return tuple(
        Ship(
            mmsi=879_900_021 + number,
            name=name,
            kind=kind,
            length_m=length_m,
            track=_to_the_end(Track.start(line[0]).along(line[1:], kn, hours=HOURS)),
            destinations={0.0: bound_for},
        )
        for number, (name, kind, length_m, line, kn, bound_for) in enumerate(plans)
    )


def _to_the_end(track: Track) -> Track:
    return track.drift(HOURS - track.hour, 0.0, 0.0) if track.hour < HOURS else track
