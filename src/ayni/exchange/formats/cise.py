"""CISE 1.5.3: one signal as an `Anomaly` with its vessels, in the European maritime exchange's own XML.

CISE knows no encounter, no loitering and no explanation. What it has a type for gets that
type (the table below); the rest travels in `Metadata`, as text: what was seen, the reasons
for and against, and that a signal is a reason to look. Nothing is lost that a reader can
be given: rule, revision and state stand in `Designation`.

    gap, disabling                            WithoutAISTransmission
    identity_change, invalid_identity         DetecionOfChangesInAISParameters (the spelling is the standard's)
    shared_mmsi, impossible_speed, on_land,
    gnss_jump, gnss_circle                    PerformingAISSpoofing
    loitering, drifting                       VesselWithErraticMovements
    encounter, rendezvous, deviation,
    dark_approach, towing                     UnexpectedMovement
    everything else                           Other

No `Risk` is stated: a risk type such as DrugTrafficking is an officer's word, never a
detector's. `risk_of` writes one where an officer has said it.

Names come from strangers' transmitters: characters that XML cannot carry become U+FFFD,
the rest is escaped.

Source: CISE data model 1.5.3 (EC JRC), Anomaly.xsd, Event.xsd, Vessel.xsd, Risk.xsd.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from enum import StrEnum
from typing import BinaryIO
from uuid import UUID
from xml.sax.saxutils import escape, quoteattr

from ayni.model.entity import Entity
from ayni.model.handling import TLP
from ayni.model.place import LineString, Place, Point
from ayni.model.signal import Reason, Signal, SignalState
from ayni.toolkit.units import rfc3339

XSI = "http://www.w3.org/2001/XMLSchema-instance"
MODEL = "http://www.cise.eu/datamodel/v1/entity"
NAMESPACES: Mapping[str, str] = {"xsi": XSI, "vessel": f"{MODEL}/vessel/"}
"""CISE qualifies types, not elements: `xsi:type` needs the vessel's name space and nothing else does."""

ANOMALY_TYPES: Mapping[str, str] = {
    "gap": "WithoutAISTransmission",
    "disabling": "WithoutAISTransmission",
    "identity_change": "DetecionOfChangesInAISParameters",
    "invalid_identity": "DetecionOfChangesInAISParameters",
    "shared_mmsi": "PerformingAISSpoofing",
    "impossible_speed": "PerformingAISSpoofing",
    "on_land": "PerformingAISSpoofing",
    "gnss_jump": "PerformingAISSpoofing",
    "gnss_circle": "PerformingAISSpoofing",
    "loitering": "VesselWithErraticMovements",
    "drifting": "VesselWithErraticMovements",
    "encounter": "UnexpectedMovement",
    "rendezvous": "UnexpectedMovement",
    "deviation": "UnexpectedMovement",
    "dark_approach": "UnexpectedMovement",
    "towing": "UnexpectedMovement",
}
"""Rule without desk and version → CISE AnomalyType; everything else is `Other`."""

SENSITIVITY: Mapping[TLP, str] = {
    TLP.RED: "Red",
    TLP.AMBER_STRICT: "Amber",
    TLP.AMBER: "Amber",
    TLP.GREEN: "Green",
    TLP.CLEAR: "White",
}
NOT_IN_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Source: XML 1.0, fifth edition, production 2 (Char)."""
ROLE = "<ObjectRole>Participant</ObjectRole>"
REASON_TO_LOOK = "A signal is a reason to look, never a verdict."


class RiskType(StrEnum):
    """What an officer may say is at stake. Source: CISE 1.5.3, RiskType."""

    ACCIDENT = "Accident"
    ILLEGAL_IMMIGRATION = "IllegalImmigration"
    DRUG_TRAFFICKING = "DrugTrafficking"
    COLLISION = "Collision"
    HUMAN_TRAFFICKING = "HumanTrafficking"
    SMUGGLING = "Smuggling"
    ILLEGAL_FISHING = "IllegalFishing"
    WEAPONS_TRAFFICKING = "WeaponsTrafficking"
    FIRE = "Fire"
    POLLUTION = "Pollution"
    OTHER = "Other"
    NOT_SPECIFIED = "NonSpecified"


class RiskProbability(StrEnum):
    """How likely an officer holds it to be. Source: CISE 1.5.3, RiskProbabilityType."""

    FREQUENT = "Frequent"
    PROBABLE = "Probable"
    OCCASIONAL = "Occasional"
    RARE = "Rare"
    IMPROBABLE = "Improbable"
    NOT_SPECIFIED = "NonSpecified"


def anomaly_type(rule: str) -> str:
    """Return the CISE type of a rule such as `maritime.gap/1`."""
    return ANOMALY_TYPES.get(rule.split(".", 1)[-1].split("/", 1)[0], "Other")


def write_cise(signals: Sequence[Signal], stream: BinaryIO) -> None:
    """Write the signals as `Anomaly` elements, wrapped in one `Anomalies` element of no namespace.

    CISE sends one entity a message; each `Anomaly` inside is valid against Anomaly.xsd on its own.
    """
    stream.write(b'<?xml version="1.0" encoding="UTF-8"?>\n<Anomalies>\n')
    for signal in signals:
        stream.write(anomaly(signal))
        stream.write(b"\n")
    stream.write(b"</Anomalies>\n")


def anomaly(signal: Signal) -> bytes:
    """Return one signal as an `Anomaly` document without the XML declaration."""
    return _document("Anomaly", _anomaly_parts(signal))


def risk_of(signal: Signal, *, kind: RiskType, probability: RiskProbability, said_by: str) -> bytes:
    """Return a `Risk` about the vessels of a signal, as an officer said it."""
    parts = [
        _identifier(signal.id, signal.made_at),
        _metadata(f"{kind} as said by {said_by}. {REASON_TO_LOOK}", signal),
        _period("OccurrencePeriod", signal.started_at, signal.ended_at),
        _text("RiskProbability", probability),
        _text("RiskType", kind),
        *(_involved(entity, "") for entity in signal.subjects),
    ]
    return _document("Risk", parts)


def _anomaly_parts(signal: Signal) -> Iterator[str]:
    yield _identifier(signal.id, signal.made_at)
    yield _metadata(_explained(signal), signal)
    yield _text("NatureType", "Observed")
    yield _period("OccurrencePeriod", signal.started_at, signal.ended_at)
    if signal.place is not None:
        yield from _locations(signal.place)
    for entity in signal.subjects:
        yield _involved(entity, ROLE)
    yield _text("AnomalyType", anomaly_type(signal.rule))


def _document(name: str, parts: Iterator[str] | Sequence[str]) -> bytes:
    spaces = "".join(f" xmlns:{short}={quoteattr(uri)}" for short, uri in NAMESPACES.items())
    return f"<{name}{spaces}>{''.join(parts)}</{name}>".encode()


def _identifier(signal_id: str, made_at: datetime) -> str:
    return f"<Identifier>{_text('GeneratedIn', rfc3339(made_at))}{_text('UUID', _uuid(signal_id))}</Identifier>"


def _uuid(signal_id: str) -> str:
    try:
        return str(UUID(hex=signal_id))
    except ValueError:
        return signal_id


def _metadata(text: str, signal: Signal) -> str:
    state = "retracted" if signal.state is SignalState.RETRACTED else signal.state.value
    return (
        "<Metadata>"
        + _text("Comments", text)
        + _text("CreationDate", rfc3339(signal.made_at))
        + _text("Designation", f"{signal.rule} revision {signal.revision} {state}")
        + _text("InformationSecurityClassification", "NonSpecified")
        + _text("InformationSensitivityDegree", SENSITIVITY.get(signal.handling.tlp, "NonSpecified"))
        + _text("Language", "en")
        + "</Metadata>"
    )


def _explained(signal: Signal) -> str:
    from ayni.toolkit.phrases import Catalogue, render  # noqa: PLC0415 -- Babel loads only for this format

    english = Catalogue()

    def line(reason: Reason) -> str:
        said = render(reason.says, reason.facts, "en", english).text
        return f"{said} ({reason.weight:+g})" if reason.weight else said

    return "; ".join([REASON_TO_LOOK, *(line(reason) for reason in (*signal.reasons, *signal.quality))])


def _period(name: str, start: datetime, end: datetime | None) -> str:
    parts = ""
    if end is not None:
        parts += _text("EndDate", _date(end)) + _text("EndTime", _time(end))
    return f"<{name}>{parts}{_text('StartDate', _date(start))}{_text('StartTime', _time(start))}</{name}>"


def _date(at: datetime) -> str:
    return at.astimezone(UTC).date().isoformat()


def _time(at: datetime) -> str:
    return at.astimezone(UTC).time().isoformat(timespec="seconds") + "Z"


def _locations(place: Place) -> Iterator[str]:
    if isinstance(place, Point):
        yield _location(place.coordinates, "")
    elif isinstance(place, LineString):
        yield _location(place.coordinates[0], "StartPlace")
        yield _location(place.coordinates[-1], "EndPlace")
    else:
        yield _location(place.centre, "")


def _location(position: tuple[float, float], role: str) -> str:
    lon, lat = position
    geometry = f"<Geometry>{_text('Latitude', f'{lat:.6f}')}{_text('Longitude', f'{lon:.6f}')}</Geometry>"
    said = _text("LocationRole", role) if role else ""
    return f"<LocationRel><Location>{geometry}</Location>{said}</LocationRel>"


def _involved(entity: Entity, role: str) -> str:
    inside = _text("Name", entity.first("name")) if entity.first("name") else ""
    inside += _text("CallSign", entity.first("callSign")) if entity.first("callSign") else ""
    imo, mmsi = entity.first("imoNumber").removeprefix("IMO"), entity.first("mmsi")
    inside += _text("IMONumber", imo) if imo.isascii() and imo.isdigit() else ""
    inside += _text("MMSI", str(int(mmsi))) if mmsi.isascii() and mmsi.isdigit() else ""
    vessel = f'<Object xsi:type="vessel:Vessel">{inside}</Object>'
    return f"<InvolvedObjectRel>{vessel}{role}</InvolvedObjectRel>"


def _text(name: str, value: str) -> str:
    return f"<{name}>{escape(NOT_IN_XML.sub(chr(0xFFFD), value))}</{name}>"
