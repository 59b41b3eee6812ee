"""`ayni maritime intercept`: where a patrol can meet a vessel, how soon, and where the vessel may be by then.

Two answers side by side: if the vessel keeps course and speed, and if it does as it
likes since its last fix. The target is given by hand, or by a signal of a file: then its
last place and instant are used and the course and speed of the way between its two
places, where it has two.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

import click

from ayni.desks.maritime.reference import shore_nm
from ayni.errors import InvalidValueError, UnknownError, UnreadableError
from ayni.model.place import LineString, Place
from ayni.model.signal import Fact, Signal
from ayni.toolkit.intercept import Asset, CannotReach, Meeting, Reach, Target, meet, reach, way_made
from ayni.toolkit.phrases import render
from ayni.toolkit.positions import format_position, parse_position
from ayni.toolkit.units import METRES_A_NAUTICAL_MILE, rfc3339

FASTEST_KN = 25.0
"""What a vessel of unknown type is taken to be able to make: gpsdio-segment's limit for ships."""


@click.command("intercept")
@click.option("--target", metavar="LAT,LON", help="Last position of the vessel.")
@click.option("--at", metavar="INSTANT", help="When it was there, e.g. 2026-11-02T04:06:00Z.")
@click.option("--course", type=float, help="Its course, degrees true.")
@click.option("--speed", type=float, help="Its speed, knots.")
@click.option("--max-speed", type=float, help=f"What it could make; {FASTEST_KN:g} kn unless said.")
@click.option("--uncertainty", type=float, default=0.0, help="Radius around its last position, nautical miles.")
@click.option("--signals", type=click.Path(path_type=Path), help="NDJSON file of signals to take the target from.")
@click.option("--signal", "signal_id", help="Id of the signal, or its first digits.")
@click.option("--asset", metavar="LAT,LON", required=True, help="Where the patrol is.")
@click.option("--asset-speed", type=float, required=True, help="What the patrol can make, knots.")
@click.option("--ready-at", metavar="INSTANT", help="When it can leave; the target's instant unless said.")
@click.option("--endurance-h", type=float, default=72.0, show_default=True, help="Hours the patrol can stay out.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON for a program to read.")
def intercept(  # noqa: PLR0913 -- a command's options are its arguments
    *,
    target: str | None,
    at: str | None,
    course: float | None,
    speed: float | None,
    max_speed: float | None,
    uncertainty: float,
    signals: Path | None,
    signal_id: str | None,
    asset: str,
    asset_speed: float,
    ready_at: str | None,
    endurance_h: float,
    as_json: bool,
) -> int:
    """Say where and when a patrol meets a vessel, and where the vessel may be by then.

    No coast, sea bed, current or weather is considered: look at the chart. Exit code 1 if it
    cannot be met on its course.
    """
    seen = _from_signal(_chosen(signals, signal_id)) if signals is not None else _by_hand(target, at, course, speed)
    lat, lon, fixed_at, course_deg, speed_kn = seen
    course_deg = course_deg if course is None else course
    speed_kn = speed_kn if speed is None else speed
    vessel = Target(
        lat_deg=lat,
        lon_deg=lon,
        at=fixed_at,
        course_deg=course_deg,
        speed_kn=speed_kn,
        max_speed_kn=max(speed_kn, FASTEST_KN if max_speed is None else max_speed),
        uncertainty_m=uncertainty * METRES_A_NAUTICAL_MILE,
    )
    asset_lat, asset_lon = parse_position(asset)
    patrol = Asset(
        lat_deg=asset_lat,
        lon_deg=asset_lon,
        ready_at=fixed_at if ready_at is None else _instant(ready_at, "ready-at"),
        max_speed_kn=asset_speed,
        endurance=timedelta(hours=endurance_h),
    )
    meeting, area = meet(vessel, patrol), reach(vessel, patrol)
    shore = {"target": shore_nm(lat, lon)}
    if isinstance(meeting, Meeting):
        meet_lon, meet_lat = meeting.place.coordinates
        shore["meeting"] = shore_nm(meet_lat, meet_lon)
    click.echo(
        json.dumps(_as_json(vessel, meeting, area, shore)) if as_json else _as_text(vessel, meeting, area, shore)
    )
    return 0 if isinstance(meeting, Meeting) else 1


def _by_hand(
    target: str | None, at: str | None, course: float | None, speed: float | None
) -> tuple[float, float, datetime, float, float]:
    if target is None or at is None or course is None or speed is None:
        raise InvalidValueError(field="target", why="give --target, --at, --course and --speed, or --signals FILE")
    lat, lon = parse_position(target)
    return lat, lon, _instant(at, "at"), course, speed


def _chosen(file: Path, wanted: str | None) -> Signal:
    from ayni.model.codec import from_json  # noqa: PLC0415 -- only who gives a file pays for it

    try:
        lines = [line for line in file.read_bytes().splitlines() if line.strip()]
        found = [from_json(line, Signal) for line in lines]
    except (OSError, ValueError) as error:
        raise UnreadableError(file=file, why=str(error)) from error
    matching = [one for one in found if wanted is None or one.id.startswith(wanted)]
    if not matching:
        raise UnknownError(kind="signal", name=wanted or "in that file")
    if len(matching) > 1:
        raise InvalidValueError(field="signal", why=f"{len(matching)} signals match; name one of them by its id")
    return matching[0]


def _from_signal(signal: Signal) -> tuple[float, float, datetime, float, float]:
    place: Place | None = signal.place
    if place is None:
        raise InvalidValueError(field="signal", why="it has no place")
    fixed_at = signal.ended_at or signal.started_at
    if not isinstance(place, LineString):
        lon, lat = place.centre
        return lat, lon, fixed_at, 0.0, 0.0
    (lon_1, lat_1), (lon, lat) = place.coordinates[0], place.coordinates[-1]
    course, speed = way_made((lat_1, lon_1), (lat, lon), fixed_at - signal.started_at)
    return lat, lon, fixed_at, course, speed


def _instant(text: str, field: str) -> datetime:
    try:
        at = datetime.fromisoformat(text)
    except ValueError as error:
        raise InvalidValueError(field=field, why=f"{text!r} is not like 2026-11-02T04:06:00Z") from error
    if at.utcoffset() is None:
        raise InvalidValueError(field=field, why="an instant needs its time zone, e.g. Z for UTC")
    return at.astimezone(UTC)


def _as_json(
    vessel: Target, meeting: Meeting | CannotReach, area: Reach, shore: Mapping[str, float | None]
) -> dict[str, object]:
    return {
        "target": {"lat_deg": vessel.lat_deg, "lon_deg": vessel.lon_deg, "at": rfc3339(vessel.at)},
        "course_deg": vessel.course_deg,
        "speed_kn": vessel.speed_kn,
        "max_speed_kn": vessel.max_speed_kn,
        "if_it_keeps_course_and_speed": _meeting_json(meeting),
        "if_it_does_as_it_likes": {
            "area": {"type": "Polygon", "coordinates": area.area.coordinates},
            "at": rfc3339(area.at),
            "radius_nm": area.radius_m / METRES_A_NAUTICAL_MILE,
            "soonest_at": _when_json(area.soonest_at),
            "certain_at": _when_json(area.certain_at),
        },
        "coast_nm": dict(shore),
    }


def _meeting_json(meeting: Meeting | CannotReach) -> dict[str, Fact]:
    if isinstance(meeting, CannotReach):
        return {"cannot": _why(meeting)}
    lon, lat = meeting.place.coordinates
    return {
        "lat_deg": lat,
        "lon_deg": lon,
        "at": rfc3339(meeting.at),
        "course_deg": round(meeting.course_deg, 1),
        "distance_nm": round(meeting.distance_m / METRES_A_NAUTICAL_MILE, 1),
    }


def _when_json(when: datetime | CannotReach) -> str | dict[str, str]:
    return {"cannot": _why(when)} if isinstance(when, CannotReach) else rfc3339(when)


def _as_text(vessel: Target, meeting: Meeting | CannotReach, area: Reach, shore: Mapping[str, float | None]) -> str:
    lines = [
        (
            f"vessel       {format_position(vessel.lat_deg, vessel.lon_deg)} at {rfc3339(vessel.at)},"
            f" {vessel.course_deg:.0f}° {vessel.speed_kn:.1f} kn, coast {_coast(shore['target'])}"
        ),
        "",
        "if it keeps course and speed",
    ]
    if isinstance(meeting, Meeting):
        lon, lat = meeting.place.coordinates
        miles = meeting.distance_m / METRES_A_NAUTICAL_MILE
        lines += [
            f"  meet at    {format_position(lat, lon)} at {rfc3339(meeting.at)}, coast {_coast(shore['meeting'])}",
            f"  steer      {meeting.course_deg:.0f}° true, {miles:.1f} nm",
        ]
    else:
        lines.append(f"  {_why(meeting)}")
    radius = area.radius_m / METRES_A_NAUTICAL_MILE
    lines += [
        "",
        f"if it does as it likes, at most {vessel.max_speed_kn:g} kn",
        f"  it may be  within {radius:.1f} nm of its last position at {rfc3339(area.at)}",
        f"  soonest    {_when(area.soonest_at)}",
        f"  certain    {_when(area.certain_at)}",
        "",
        "No coast, sea bed, current or weather was considered.",
    ]
    return "\n".join(lines)


def _coast(miles: float | None) -> str:
    return "over 200 nm" if miles is None else f"{miles:.1f} nm"


def _when(when: datetime | CannotReach) -> str:
    return _why(when) if isinstance(when, CannotReach) else rfc3339(when)


def _why(cannot: CannotReach) -> str:
    return render(cannot.because).text
