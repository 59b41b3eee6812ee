"""Areas to be watched: drawn, opened, changed, ended."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Final

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_POST

from ayni.casework import areas as acts
from ayni.casework.consult import consult
from ayni.console.forms import complain, positioned, utc
from ayni.console.listing import listing, officer_of
from ayni.console.mandate import mandated
from ayni.console.phrasing import detector_of, instant, position
from ayni.console.views.signals import officer_name, rule_title
from ayni.console.words import AREAS, SHAPES, TRIAGE, choices, word
from ayni.errors import InvalidValueError
from ayni.model.area import MOST_KN, MOST_MIN, MOST_NAME, MOST_WORDS, Area, EntryWatch, SpeedWatch, check_ring
from ayni.model.handling import Mandate
from ayni.model.place import Polygon, Position
from ayni.model.record import Header
from ayni.model.store import Query, Work
from ayni.node.running import running

SKETCH_PX: Final = 160
"""Edge of the sketch of an area's shape."""


class AreaForm(forms.Form):
    """What is watched: a name, what to do, until when, the corners, and what is asked inside."""

    name = forms.CharField(label=gettext_lazy("Name"), max_length=MOST_NAME)
    instruction = forms.CharField(
        label=gettext_lazy("Instruction"),
        help_text=gettext_lazy("What the watch does when a vessel comes in."),
        max_length=MOST_WORDS,
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    until = forms.CharField(
        label=gettext_lazy("Until (UTC)"),
        help_text=gettext_lazy("It ends by itself; a year ahead at most."),
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}),
    )
    corners = forms.CharField(
        label=gettext_lazy("Corners"),
        help_text=gettext_lazy(
            "One a line, in order: -2.6, -81.2 or 02°36.0′ S 081°12.0′ W. The area closes itself."
        ),
        max_length=8000,
        widget=forms.Textarea(attrs={"rows": 5, "spellcheck": "false"}),
    )
    entry = forms.BooleanField(label=gettext_lazy("Tell which vessels come in"), required=False)
    stay_min = forms.IntegerField(
        label=gettext_lazy("Stays of at least (minutes)"), min_value=0, max_value=MOST_MIN, required=False
    )
    low_kn = forms.FloatField(
        label=gettext_lazy("Speeds inside from (knots)"), min_value=0, max_value=MOST_KN, required=False
    )
    high_kn = forms.FloatField(label=gettext_lazy("to (knots)"), min_value=0, max_value=MOST_KN, required=False)
    speed_min = forms.IntegerField(
        label=gettext_lazy("for at least (minutes)"), min_value=1, max_value=MOST_MIN, required=False
    )
    version = forms.IntegerField(widget=forms.HiddenInput, required=False)

    def clean_until(self) -> datetime:
        """Read what the browser sends, as UTC."""
        until = utc(self.cleaned_data["until"])
        now = datetime.now(UTC)
        if not now < until <= now + acts.LONGEST:
            raise forms.ValidationError(_("Choose a time ahead, within a year."))
        return until

    def clean_corners(self) -> tuple[Position, ...]:
        """Read the corners, close the ring, and refuse what no rule could ask about."""
        lines = [line for line in re.split(r"[\n;]", self.cleaned_data["corners"]) if line.strip()]
        ring: list[Position] = []
        for line in lines:
            lat, lon = positioned(line)
            ring.append((lon, lat))
        if len(ring) > 1 and ring[0] == ring[-1]:
            ring.pop()
        try:
            check_ring((*ring, *ring[:1]))
        except InvalidValueError as error:
            raise forms.ValidationError(word(SHAPES, str(error.facts["why"]))) from error
        return (*ring, ring[0])

    def clean(self) -> dict[str, object]:
        """Ask for something, and for a range where a speed is named."""
        answer = super().clean() or {}
        low, high = answer.get("low_kn"), answer.get("high_kn")
        if (low is None) != (high is None) or (low is not None and high is not None and low >= high):
            self.add_error("high_kn", _("Give both speeds, the lower one first."))
        if not answer.get("entry") and low is None and high is None:
            self.add_error("entry", _("Ask for entries, for speeds, or for both."))
        return answer

    def area(self) -> acts.NewArea:
        """Return what the form says."""
        answer = self.cleaned_data
        speed = None
        if answer["low_kn"] is not None:
            speed = SpeedWatch(
                low_kn=answer["low_kn"], high_kn=answer["high_kn"], least_min=answer["speed_min"] or 10
            )
        return acts.NewArea(
            name=answer["name"],
            instruction=answer["instruction"],
            until=answer["until"],
            shape=Polygon(coordinates=(answer["corners"],)),
            entry=EntryWatch(least_min=answer["stay_min"] or 0) if answer["entry"] else None,
            speed=speed,
        )


class EndForm(forms.Form):
    """Why it is no longer watched."""

    version = forms.IntegerField(widget=forms.HiddenInput)
    words = forms.CharField(label=gettext_lazy("Why"), required=False, max_length=MOST_WORDS)


@login_required
def areas(request: HttpRequest) -> HttpResponse:
    """List areas without opening any."""
    return render(request, "ayni/areas.html", _frame(request))


@mandated
def area(request: HttpRequest, mandate: Mandate, record: str) -> HttpResponse:
    """Open one area beside its list; the consultation is written down."""
    with running().store.work() as work:
        found = consult(record, by=officer_of(request), under=mandate, work=work)
        body = acts.area_of(found)
        given = given_by(record, work)
        work.commit()
    live = found.header.state == "live" and not found.header.agreement
    return render(
        request,
        "ayni/area.html",
        {
            **_frame(request, here=record),
            "record": found.header,
            "area": body,
            "state_word": word(AREAS, found.header.state),
            "until": instant(body.until),
            "owner": officer_name(body.owner),
            "corners": [position(lat, lon) for lon, lat in body.outline.shape.coordinates[0][:-1]],
            "sketch": sketch(body.outline.shape.coordinates[0]),
            "given": given,
            "live": live,
            "shared": bool(found.header.agreement),
            "form": EndForm(initial={"version": found.header.version}),
        },
    )


@mandated
def area_draw(request: HttpRequest, mandate: Mandate) -> HttpResponse:
    """Have an area watched; `corners` in the address fills them in, as `LAT,LON;LAT,LON;…`, `from` an area shared."""
    shared = request.GET.get("from", "")
    month = (datetime.now(UTC) + timedelta(days=30)).strftime("%Y-%m-%dT%H:%M")
    corners = request.GET.get("corners", "").replace(";", "\n")
    known: dict[str, object] = {"until": month, "entry": True, "corners": corners}
    if shared:
        with running().store.work() as work:
            body = acts.area_of(consult(shared, by=officer_of(request), under=mandate, work=work))
            work.commit()
        known = {**_said(body, 0), "version": None}
    form = AreaForm(request.POST or None, initial=known)
    if request.method == "POST" and form.is_valid():
        node = running()
        with node.store.work() as work:
            made = acts.draw_area(
                form.area(),
                house=node.house,
                by=officer_of(request),
                under=mandate,
                work=work,
                parents=(shared,) if shared else (),
            )
            work.commit()
        messages.success(request, _("It is watched from now on."))
        request.session["taken"] = "area"
        return HttpResponseRedirect(reverse("area", args=[made.header.id]))
    context = {"form": form, "title": _("Watch an area"), "button": _("Watch it"), "draft": "area"}
    return render(request, "ayni/area_form.html", context, status=422 if form.errors else 200)


@mandated
def area_change(request: HttpRequest, mandate: Mandate, record: str) -> HttpResponse:
    """Give an area another shape, name, instruction, expiry or limits."""
    with running().store.work() as work:
        found = consult(record, by=officer_of(request), under=mandate, work=work)
        body = acts.area_of(found)
        work.commit()
    form = AreaForm(request.POST or None, initial=_said(body, found.header.version))
    if request.method == "POST" and form.is_valid():
        with running().store.work() as work:
            acts.change_area(
                record,
                form.area(),
                by=officer_of(request),
                under=mandate,
                work=work,
                version=form.cleaned_data["version"],
            )
            work.commit()
        messages.success(request, _("Changed. What was said before stays said."))
        request.session["taken"] = f"area:{record}"
        return HttpResponseRedirect(reverse("area", args=[record]))
    context = {"form": form, "title": _("Change an area"), "button": _("Change it"), "draft": f"area:{record}"}
    return render(request, "ayni/area_form.html", context, status=422 if form.errors else 200)


@require_POST
@mandated
def area_end(request: HttpRequest, mandate: Mandate, record: str) -> HttpResponse:
    """Stop watching an area."""
    form = EndForm(request.POST)
    if form.is_valid():
        answer = form.cleaned_data
        with running().store.work() as work:
            acts.end_area(
                record,
                words=answer["words"],
                by=officer_of(request),
                under=mandate,
                work=work,
                version=answer["version"],
            )
            work.commit()
        messages.success(request, _("No longer watched. What was found stays."))
        request.session["taken"] = f"end:{record}"
    else:
        complain(request, form)
    return HttpResponseRedirect(reverse("area", args=[record]))


@require_GET
@mandated
def areas_geojson(request: HttpRequest, mandate: Mandate) -> HttpResponse:
    """Return the areas that are watched now as GeoJSON; each is opened, and written down."""
    features = []
    with running().store.work() as work:
        for header in acts.live_areas(work):
            body = acts.area_of(consult(header.id, by=officer_of(request), under=mandate, work=work))
            features.append(
                {
                    "type": "Feature",
                    "geometry": {"type": "Polygon", "coordinates": body.outline.shape.coordinates},
                    "properties": {"id": header.id, "name": body.name, "until": body.until.isoformat()},
                }
            )
        work.commit()
    answer = JsonResponse({"type": "FeatureCollection", "features": features})
    answer["Cache-Control"] = "no-store"
    return answer


def given_by(record: str, work: Work) -> list[dict[str, str]]:
    """Return the signals that a watch gave, newest first: rule, state and address of each."""
    found = work.find(Query(kind="signal", made_from=record, limit=30))
    return [
        {
            "address": reverse("signal", args=[one.id]),
            "title": rule_title(one.rule, detector_of(one.rule)),
            "state": one.state,
            "state_word": word(TRIAGE, one.state),
            "at": instant(one.started_at or one.made_at),
        }
        for one in found
    ]


def sketch(ring: Iterable[Position]) -> dict[str, str | int]:
    """Return the points of a small drawing of a ring, north up, across the dateline too."""
    corners = list(ring)
    first = corners[0][0]
    middle = math.cos(math.radians(sum(lat for _lon, lat in corners) / len(corners)))
    flat = [(((lon - first + 180) % 360 - 180) * middle, -lat) for lon, lat in corners]
    west, north = min(x for x, _y in flat), min(y for _x, y in flat)
    width, height = max(x for x, _y in flat) - west, max(y for _x, y in flat) - north
    scale = (SKETCH_PX - 8) / max(width, height)
    points = " ".join(f"{4 + (x - west) * scale:.1f},{4 + (y - north) * scale:.1f}" for x, y in flat)
    return {"points": points, "width": round(width * scale) + 8, "height": round(height * scale) + 8}


def _said(body: Area, version: int) -> dict[str, object]:
    outline = body.outline
    return {
        "name": body.name,
        "instruction": body.instruction,
        "until": body.until.strftime("%Y-%m-%dT%H:%M"),
        "corners": "\n".join(f"{lat:g}, {lon:g}" for lon, lat in outline.shape.coordinates[0][:-1]),
        "entry": outline.entry is not None,
        "stay_min": outline.entry.least_min if outline.entry else None,
        "low_kn": outline.speed.low_kn if outline.speed else None,
        "high_kn": outline.speed.high_kn if outline.speed else None,
        "speed_min": outline.speed.least_min if outline.speed else None,
        "version": version,
    }


def _title(header: Header) -> str:
    return " · ".join((_("Area"), header.id[-6:]))


def _frame(request: HttpRequest, *, here: str = "") -> dict[str, object]:
    state = request.GET.get("state", "")
    query = Query(kind="area", states=(state,) if state in AREAS else ())
    return {
        "list": listing(request, query, base=reverse("areas"), title=_title, states=AREAS, here=here),
        "filters": [("", _("All")), *choices(AREAS)],
        "state_filter": state,
        "base": reverse("areas"),
        "action": reverse("area-draw"),
        "action_title": _("Watch an area"),
    }
