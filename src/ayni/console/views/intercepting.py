"""Where a patrol can meet a vessel, beside the map: from its last fix, from a signal, or from what an officer types.

Two answers, because two things may be true: the vessel keeps course and speed, or it does as it
likes. The answer is part of the address, so that it can be sent to a colleague and printed; no name
of anybody is in it. The numbers come from `ayni.toolkit.intercept`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final
from urllib.parse import urlencode

from django import forms
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET

from ayni.casework.consult import consult
from ayni.casework.subjects import look_up
from ayni.casework.triage import signal_of
from ayni.console.forms import positioned, utc
from ayni.console.listing import officer_of
from ayni.console.mandate import mandated
from ayni.console.phrasing import instant, position, say
from ayni.console.views.chart import map_page
from ayni.model.handling import Mandate
from ayni.model.signal import Signal
from ayni.node.histories import Spot, told
from ayni.node.running import running
from ayni.toolkit.geo import wrap_lon
from ayni.toolkit.intercept import WITHIN, Asset, CannotReach, Meeting, Reach, Target, meet, reach, way_made
from ayni.toolkit.units import METRES_A_NAUTICAL_MILE

LOOKED_BACK: Final = timedelta(days=7)
"""How far before today the last fix of a vessel is looked for. Ours."""
FASTEST_KN: Final = 25.0
"""What a vessel of unknown type is taken to be able to make. Source: gpsdio-segment's limit for ships."""
SUBJECT: Final = re.compile(r"([a-z]+)/([0-9]{1,12})")
SECONDS: Final = "%Y-%m-%dT%H:%M:%S"
MOST_KN: Final = 100.0


class PlanForm(forms.Form):
    """The vessel as it was last seen, and the patrol. Sent by GET: asking changes nothing."""

    target = forms.CharField(label=gettext_lazy("Last position of the vessel"), max_length=100)
    at = forms.CharField(
        label=gettext_lazy("It was there at (UTC)"),
        widget=forms.DateTimeInput(attrs={"type": "datetime-local", "step": "1"}),
    )
    course = forms.FloatField(label=gettext_lazy("Course (° true)"), min_value=0, max_value=360)
    speed = forms.FloatField(label=gettext_lazy("Speed (kn)"), min_value=0, max_value=MOST_KN)
    most = forms.FloatField(label=gettext_lazy("Fastest it can go (kn)"), min_value=0, max_value=MOST_KN)
    around = forms.FloatField(label=gettext_lazy("Position uncertain by (nm)"), min_value=0, max_value=1000)
    patrol = forms.CharField(
        label=gettext_lazy("Where the patrol is"),
        help_text=gettext_lazy("For instance 07°06′ N 080°54′ W, or 7.1, -80.9; or take it from the map."),
        max_length=100,
    )
    patrol_speed = forms.FloatField(label=gettext_lazy("Its speed (kn)"), min_value=0.1, max_value=MOST_KN)
    ready = forms.CharField(
        label=gettext_lazy("It can leave at (UTC)"),
        widget=forms.DateTimeInput(attrs={"type": "datetime-local", "step": "1"}),
    )
    endurance = forms.FloatField(label=gettext_lazy("Hours it can stay out"), min_value=0.1, max_value=720)

    def clean_target(self) -> tuple[float, float]:
        """Read latitude and longitude."""
        return positioned(self.cleaned_data["target"])

    def clean_patrol(self) -> tuple[float, float]:
        """Read latitude and longitude."""
        return positioned(self.cleaned_data["patrol"])

    def clean_at(self) -> datetime:
        """Read what the browser sends, as UTC."""
        return utc(self.cleaned_data["at"])

    def clean_ready(self) -> datetime:
        """Read what the browser sends, as UTC."""
        return utc(self.cleaned_data["ready"])

    def clean(self) -> dict[str, object]:
        """Refuse a patrol that left before the vessel was seen, and a vessel faster than its fastest."""
        answer = super().clean() or self.cleaned_data
        if self.errors:
            return answer
        if answer["most"] < answer["speed"]:
            self.add_error("most", _("It already goes faster than that."))
        if not answer["at"] <= answer["ready"] <= answer["at"] + WITHIN:
            hours = round(WITHIN / timedelta(hours=1))
            self.add_error(
                "ready",
                _("Choose a time within %(hours)s hours after the position: nobody can say where it is later.")
                % {"hours": hours},
            )
        return answer

    def target_of(self) -> Target:
        """Return the vessel that the form holds."""
        answer = self.cleaned_data
        lat, lon = answer["target"]
        return Target(
            lat_deg=lat,
            lon_deg=lon,
            at=answer["at"],
            course_deg=answer["course"],
            speed_kn=answer["speed"],
            max_speed_kn=answer["most"],
            uncertainty_m=answer["around"] * METRES_A_NAUTICAL_MILE,
        )

    def asset_of(self) -> Asset:
        """Return the patrol that the form holds."""
        answer = self.cleaned_data
        lat, lon = answer["patrol"]
        return Asset(
            lat_deg=lat,
            lon_deg=lon,
            ready_at=answer["ready"],
            max_speed_kn=answer["patrol_speed"],
            endurance=timedelta(hours=answer["endurance"]),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Fix:
    """Where a vessel was last, and how it moved."""

    lat: float
    lon: float
    at: datetime
    course: float = 0.0
    speed: float = 0.0
    around_nm: float = 0.0


@require_GET
@mandated
def intercept(request: HttpRequest, mandate: Mandate) -> HttpResponse:
    """Show the form beside the map, and both answers once it is whole."""
    asked = "patrol" in request.GET
    fix = None if asked else _fix(request, mandate)
    form = PlanForm(request.GET) if asked else PlanForm(initial=_initial(fix))
    shown: dict[str, object] = {"form": form, "origin": _origin(request), "hidden": _hidden(request)}
    drawn: list[Mapping[str, object]] = [] if fix is None else [_point((fix.lon, fix.lat), "fix", _("last position"))]
    if asked and form.is_valid():
        target, asset = form.target_of(), form.asset_of()
        meeting, area = meet(target, asset), reach(target, asset)
        shown |= {"meeting": _meeting(meeting, request), "area": _area(area, target)}
        drawn = _drawn(target, asset, meeting, area)
    plan = {"type": "FeatureCollection", "features": drawn} if drawn else None
    return map_page(request, plan=shown, drawn=plan, status=422 if form.errors else 200)


def _fix(request: HttpRequest, mandate: Mandate) -> Fix | None:
    """Return the newest fix of what the address names; the look is written down, as every look at somebody is."""
    record, subject = request.GET.get("signal", ""), SUBJECT.fullmatch(request.GET.get("subject", ""))
    signal: Signal | None = None
    if record:
        with running().store.work() as work:
            signal = signal_of(consult(record, by=officer_of(request), under=mandate, work=work)).signal
            work.commit()
    desk, number = subject.groups() if subject else _subject_of(signal)
    spots = _heard(desk, number, request, mandate) if number else ()
    newest = max(spots, key=lambda spot: spot.at) if spots else None
    if newest is not None and (signal is None or newest.at >= (signal.ended_at or signal.started_at)):
        return _from_trail(spots, newest)
    return _from_signal(signal) if signal is not None else None


def _subject_of(signal: Signal | None) -> tuple[str, str]:
    card = running().desk(signal.desk) if signal is not None else None
    if signal is None or card is None or card.history is None or not signal.subjects:
        return "", ""
    return card.name, signal.subjects[0].first(card.history.identifier) or ""


def _heard(desk: str, number: str, request: HttpRequest, mandate: Mandate) -> tuple[Spot, ...]:
    card, now = running().desk(desk), datetime.now(UTC)
    if card is None or card.history is None or not SUBJECT.fullmatch(f"{desk}/{number}"):
        return ()
    since = now - LOOKED_BACK
    with running().store.work() as work:
        who = officer_of(request)
        look_up(card.history.identifier, number, since=since, until=now, by=who, under=mandate, work=work)
        work.commit()
    heard = told(card, running().node.folder, int(number), since=since.date(), until=now.date())
    return tuple(heard.trail)


def _from_trail(spots: tuple[Spot, ...], newest: Spot) -> Fix:
    """Take the course from the two last positions, and the speed it told, or made between them."""
    before = [spot for spot in spots if spot.at < newest.at]
    last = max(before, key=lambda spot: spot.at) if before and not newest.begins else None
    course, speed = (0.0, 0.0)
    if last is not None:
        course, speed = way_made((last.lat, last.lon), (newest.lat, newest.lon), newest.at - last.at)
    return Fix(
        lat=newest.lat,
        lon=newest.lon,
        at=newest.at,
        course=course,
        speed=newest.knots if newest.knots is not None else speed,
    )


def _from_signal(signal: Signal) -> Fix | None:
    if signal.place is None:
        return None
    lon, lat = signal.place.centre
    around = (signal.uncertainty_m or 0.0) / METRES_A_NAUTICAL_MILE
    return Fix(lat=lat, lon=lon, at=signal.ended_at or signal.started_at, around_nm=around)


def _initial(fix: Fix | None) -> dict[str, object]:
    now = datetime.now(UTC)
    usual = {"most": FASTEST_KN, "around": 0, "ready": now.strftime(SECONDS), "endurance": 24, "patrol_speed": ""}
    if fix is None:
        return {**usual, "at": now.strftime(SECONDS)}
    return {
        **usual,
        "target": f"{fix.lat:.4f}, {fix.lon:.4f}",
        "at": fix.at.astimezone(UTC).strftime(SECONDS),
        "course": round(fix.course),
        "speed": round(fix.speed, 1),
        "most": max(FASTEST_KN, round(fix.speed, 1)),
        "around": round(fix.around_nm, 1),
    }


def _origin(request: HttpRequest) -> str:
    """Return the page that the question came from; empty for none."""
    record, subject = request.GET.get("signal", ""), SUBJECT.fullmatch(request.GET.get("subject", ""))
    if re.fullmatch(r"[-\w]{1,64}", record):
        return reverse("signal", args=[record])
    return reverse("subject", args=subject.groups()) if subject else ""


def _hidden(request: HttpRequest) -> list[tuple[str, str]]:
    return [(name, request.GET[name]) for name in ("signal", "subject", "trail") if request.GET.get(name)]


def _meeting(meeting: Meeting | CannotReach, request: HttpRequest) -> Mapping[str, object]:
    if isinstance(meeting, CannotReach):
        return {"cannot": say(meeting.because)}
    lon, lat = meeting.place.coordinates
    course = f"{round(meeting.course_deg) % 360:03d}°"
    task = {
        "what": _("Meet the vessel and identify it."),
        "place": f"{lat:.4f}, {lon:.4f}",
        "deadline": meeting.at.strftime("%Y-%m-%dT%H:%M"),
        "signal": request.GET.get("signal", ""),
    }
    return {
        "place": position(lat, lon),
        "at": instant(meeting.at),
        "course": course,
        "run": _nm(meeting.distance_m),
        "coast": _coast(lat, lon),
        "task": f"{reverse('task_new')}?{urlencode({name: value for name, value in task.items() if value})}",
    }


def _area(area: Reach, target: Target) -> Mapping[str, object]:
    return {
        "most": say("{value:kn}", value=target.max_speed_kn),
        "at": instant(area.at),
        "radius": _nm(area.radius_m),
        "soonest": _when(area.soonest_at),
        "certain": _when(area.certain_at),
    }


def _when(when: datetime | CannotReach) -> str:
    return say(when.because) if isinstance(when, CannotReach) else instant(when)


def _nm(metres: float) -> str:
    return say("{value:nm}", value=round(metres / METRES_A_NAUTICAL_MILE, 1))


def _coast(lat: float, lon: float) -> str:
    """Return how far the nearest coast is that a desk of this node knows; empty where none knows coasts."""
    for name in running().node.settings.node.desks:
        card = running().desk(name)
        if card is not None and card.coast_nm is not None:
            miles = card.coast_nm(lat, lon)
            return _("over 200 nm") if miles is None else say("{value:nm}", value=miles)
    return ""


def _drawn(target: Target, asset: Asset, meeting: Meeting | CannotReach, area: Reach) -> list[Mapping[str, object]]:
    """Return what the map draws: GeoJSON features, unbroken across the dateline around the vessel's last fix."""
    fix, patrol = (target.lon_deg, target.lat_deg), _beside(target.lon_deg, (asset.lon_deg, asset.lat_deg))
    ring = [_beside(target.lon_deg, corner) for corner in area.area.coordinates[0]]
    found = [_feature({"type": "Polygon", "coordinates": [ring]}, "area")] if area.radius_m else []
    if isinstance(meeting, Meeting):
        met = _beside(target.lon_deg, meeting.place.coordinates)
        found += [
            _feature({"type": "LineString", "coordinates": [fix, met]}, "way"),
            _feature({"type": "LineString", "coordinates": [patrol, met]}, "run"),
            _point(met, "meeting", _("meeting, %(at)s") % {"at": f"{meeting.at:%H:%M}Z"}),
        ]
    return [*found, _point(fix, "fix", _("last position")), _point(patrol, "patrol", _("patrol"))]


def _beside(lon: float, place: tuple[float, float]) -> tuple[float, float]:
    return lon + float(wrap_lon(place[0] - lon)), place[1]


def _point(place: tuple[float, float], part: str, label: str) -> Mapping[str, object]:
    return _feature({"type": "Point", "coordinates": place}, part, label)


def _feature(geometry: Mapping[str, object], part: str, label: str = "") -> Mapping[str, object]:
    return {"type": "Feature", "properties": {"part": part, "label": label}, "geometry": geometry}
