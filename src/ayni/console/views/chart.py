"""The map: signals where they began, beside the same signals as a table; what desks add; the offline basemap.

The page works without script: it is then a list with filters. Positions are those of the clear columns, to a
tenth of a degree; opening a signal shows its exact place and is written down.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from urllib.parse import urlencode

from django.contrib.auth.decorators import login_required
from django.contrib.staticfiles.storage import staticfiles_storage
from django.http import (
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseNotModified,
    HttpResponseRedirect,
    JsonResponse,
)
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from ayni.casework.consult import CONSULT
from ayni.casework.subjects import look_up
from ayni.console.listing import PAGE, officer_of
from ayni.console.mandate import mandated
from ayni.console.mandate import of as stated
from ayni.console.phrasing import detector_of, instant, language, position, say
from ayni.console.tiles import template
from ayni.console.views.signals import NUMBER, rule_title
from ayni.console.words import TRIAGE, choices, word
from ayni.model.act import check_entitled
from ayni.model.desk import Desk, Layer
from ayni.model.handling import Mandate
from ayni.model.record import Cell, Header
from ayni.model.store import Query
from ayni.node.charting import chart
from ayni.node.histories import told
from ayni.node.running import running

KEPT: Final = ("state", "since", "until", "box")
IN_URL: Final = ("state", "since", "until", "trail")
"""What stays in the address while the map is moved; of a plan, all of it."""
TRAIL: Final = re.compile(r"([a-z]+)/([0-9]{1,12})")
"""Desk and number of the subject whose way is drawn."""
TRAIL_DAYS: Final = 30
"""Days of a way where none are asked for, back from the last one. Ours."""
BOX: Final = 4
EDGES: Final = ((-1800, 1799), (-900, 899), (-1800, 1799), (-900, 899))
"""Least and greatest cell of west, south, east and north, tenths of a degree."""
DAY_S: Final = 86_400
EPOCH: Final = datetime(1970, 2, 1, tzinfo=UTC)
"""Nothing was observed before it; the thirty days before it are still instants."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One signal of the table beside the map."""

    address: str
    title: str
    rule: str
    state: str
    state_word: str
    at: str
    where: str
    cell: str
    """South and west edge, tenths of a degree, for the map to find it."""


@login_required
@require_GET
def chart_page(request: HttpRequest) -> HttpResponse:
    """Show the map and its table; to draw the way of one subject takes a purpose, as every look at somebody does."""
    if _trail(request) and stated(request) is None:
        return HttpResponseRedirect(f"{reverse('mandate')}?{urlencode({'next': request.get_full_path()})}")
    return map_page(request)


def map_page(
    request: HttpRequest,
    *,
    plan: Mapping[str, object] | None = None,
    drawn: Mapping[str, object] | None = None,
    status: int = 200,
) -> HttpResponse:
    """Show the map and its table; with a *plan* beside it, and what of it is *drawn* (GeoJSON)."""
    kept = (
        request.GET.dict()
        if plan is not None
        else {name: request.GET[name] for name in IN_URL if request.GET.get(name)}
    )
    context = {
        **_table(request),
        "states": [("", _("All")), *choices({name: TRIAGE[name] for name in TRIAGE})],
        "chosen": request.GET,
        "plan": plan,
        "map_settings": {**map_settings(request), "keep": kept, "plan": drawn},
    }
    return render(request, "ayni/map.html", context, status=status)


@login_required
@require_GET
def chart_table(request: HttpRequest) -> HttpResponse:
    """Return the table alone, for the part of the sea that the map shows."""
    return render(request, "ayni/map_table.html", _table(request))


@login_required
@require_GET
def chart_signals(request: HttpRequest) -> HttpResponse:
    """Return signals as columns of numbers, or counts by square where there are many; unchanged ones cost nothing."""
    check_entitled(CONSULT, officer_of(request))
    found = chart(running().store, _query(request))
    rules = sorted({one.rule for one in found.signals})
    states = sorted({one.state for one in found.signals})
    body = {
        "total": found.total,
        "rules": rules,
        "states": states,
        "rule": [rules.index(one.rule) for one in found.signals],
        "state": [states.index(one.state) for one in found.signals],
        "minute": [one.at_us // 60_000_000 for one in found.signals],
        "south": [one.south for one in found.signals],
        "west": [one.west for one in found.signals],
        "step": found.step,
        "counts": found.counts,
    }
    return _unless_known(request, JsonResponse(body, json_dumps_params={"separators": (",", ":")}))


@login_required
@require_GET
def chart_layer(request: HttpRequest, desk: str, layer: str) -> HttpResponse:
    """Return the points of one layer of a desk."""
    card = running().desk(desk)
    found = {one.name: one for one in card.layers}.get(layer) if card else None
    if found is None:
        raise Http404
    table = found.load()
    body = {
        "name": table.column("name").to_pylist(),
        "lat": [round(value / 1e6, 3) for value in table.column("lat_udeg").to_pylist()],
        "lon": [round(value / 1e6, 3) for value in table.column("lon_udeg").to_pylist()],
    }
    response = _unless_known(
        request, JsonResponse(body, json_dumps_params={"separators": (",", ":"), "ensure_ascii": False})
    )
    response["Cache-Control"] = f"private, max-age={DAY_S}"
    return response


@mandated
def chart_trail(request: HttpRequest, mandate: Mandate, desk: str, number: str) -> HttpResponse:
    """Return where one subject of a desk went, as columns; the look is written down, without saying at whom."""
    card = running().desk(desk)
    if card is None or card.history is None or not NUMBER.fullmatch(number):
        raise Http404
    today = datetime.combine(datetime.now(UTC).date(), time(), UTC)
    last = min(max(_day(request, "until") or today, EPOCH), today)
    since = _day(request, "since") or last - timedelta(days=TRAIL_DAYS)
    with running().store.work() as work:
        look_up(
            card.history.identifier,
            number,
            since=since,
            until=last + timedelta(days=1),
            by=officer_of(request),
            under=mandate,
            work=work,
        )
        work.commit()
    trail = told(card, running().node.folder, int(number), since=since.date(), until=last.date()).trail
    body = {
        "minute": [round(one.at.timestamp() / 60) for one in trail],
        "lat": [round(one.lat, 4) for one in trail],
        "lon": [round(one.lon, 4) for one in trail],
        "begins": [one.begins for one in trail],
    }
    return JsonResponse(body, json_dumps_params={"separators": (",", ":")})


def _unless_known(request: HttpRequest, response: HttpResponse) -> HttpResponse:
    mark = f'"{hashlib.sha256(response.content).hexdigest()[:16]}"'
    same = mark.strip('"') in request.headers.get("If-None-Match", "")
    answer = HttpResponseNotModified() if same else response
    answer["ETag"] = mark
    answer["Cache-Control"] = "private, no-cache"
    return answer


def _query(request: HttpRequest) -> Query:
    state = request.GET.get("state", "")
    query = Query(kind="signal", states=(state,) if state in TRIAGE else ())
    since, until = _day(request, "since"), _day(request, "until")
    query = replace(query, since=since, until=until + timedelta(days=1) if until else None)
    box = _box(request.GET.get("box", ""))
    return replace(query, south_west=box[0], north_east=box[1]) if box else query


def _day(request: HttpRequest, name: str) -> datetime | None:
    try:
        return datetime.combine(date.fromisoformat(request.GET.get(name, "")), time(), UTC)
    except ValueError:
        return None


def _box(text: str) -> tuple[Cell, Cell] | None:
    """Read `west,south,east,north` in tenths of a degree; anything else is no box."""
    try:
        edges = [int(part) for part in text.split(",")]
    except ValueError:
        return None
    if len(edges) != BOX or any(not low <= edge <= high for edge, (low, high) in zip(edges, EDGES, strict=True)):
        return None
    west, south, east, north = edges
    return ((south, west), (north, east)) if south <= north else None


def _table(request: HttpRequest) -> dict[str, object]:
    check_entitled(CONSULT, officer_of(request))
    after = request.GET.get("after", "")
    with running().store.work() as work:
        found = list(work.find(replace(_query(request), after=after, limit=PAGE + 1)))
    kept = {name: request.GET[name] for name in KEPT if request.GET.get(name)}
    more = urlencode({**kept, "after": found[PAGE - 1].id}) if len(found) > PAGE else ""
    return {
        "rows": [_row(header) for header in found[:PAGE]],
        "more": more,
        "first": urlencode(kept) if after else "",
        "paged": bool(after),
    }


def _row(header: Header) -> Row:
    south, west = header.cell or (0, 0)
    return Row(
        address=reverse("signal", args=[header.id]),
        title=rule_title(header.rule, detector_of(header.rule)),
        rule=header.rule,
        state=header.state,
        state_word=word(TRIAGE, header.state),
        at=instant(header.started_at or header.made_at),
        where=position((south + 0.5) / 10, (west + 0.5) / 10) if header.cell else "",
        cell=f"{south},{west}" if header.cell else "",
    )


def map_settings(request: HttpRequest) -> Mapping[str, object]:
    """Return what the script of a map needs: addresses, the reader's words, what desks add."""
    desks = list(_desks())
    asset = staticfiles_storage.url
    return {
        "language": language(),
        "locale": get_language() or "en",
        "tiles": template(),
        "worker": asset("ayni/map-worker.js"),
        "fonts": {
            "latin": asset("ayni/noto-sans-latin.woff2"),
            "latinExt": asset("ayni/noto-sans-latin-ext.woff2"),
        },
        "viewpoint": running().node.settings.node.viewpoint,
        "signals": reverse("chart_signals"),
        "table": reverse("chart_table"),
        "newArea": reverse("area-draw"),
        "layers": [_layer(desk, layer) for desk in desks for layer in desk.layers],
        "marks": [
            {"shape": mark.shape, "title": say(mark.title, desk.name), "rules": mark.rules}
            for desk in desks
            for mark in desk.marks
        ],
        "states": {name: word(TRIAGE, name) for name in TRIAGE},
        "at": request.GET.get("at", ""),
        "trail": _trail(request),
        "words": _words(),
    }


def _trail(request: HttpRequest) -> str:
    """Return the address of the way that the page is asked to draw; empty for none."""
    asked = TRAIL.fullmatch(request.GET.get("trail", ""))
    if asked is None:
        return ""
    days = {name: request.GET[name] for name in ("since", "until") if request.GET.get(name)}
    return reverse("chart_trail", args=asked.groups()) + (f"?{urlencode(days)}" if days else "")


def _desks() -> Iterator[Desk]:
    for name in running().node.settings.node.desks:
        if card := running().desk(name):
            yield card


def _layer(desk: Desk, layer: Layer) -> Mapping[str, object]:
    return {
        "id": f"{desk.name}-{layer.name}",
        "title": say(layer.title, desk.name),
        "address": reverse("chart_layer", args=[desk.name, layer.name]),
        "fromZoom": layer.from_zoom,
        "approximate": say(layer.approximate, desk.name) if layer.approximate else "",
    }


def _words() -> Mapping[str, str]:
    return {
        "map": _("Map of signals"),
        "in": _("Zoom in"),
        "out": _("Zoom out"),
        "scale": _("nm"),
        "west": _("W"),
        "other": _("Other signals"),
        "report": _("Reports of officers"),
        "several": _("several signals: the number says how many"),
        "square": _("Each mark stands in its square of a tenth of a degree; the exact place is in the signal."),
        "disputed": _("disputed boundary"),
        "total": _("{shown} of {total} signals shown"),
        "counted": _("{total} signals: counted by square; come closer to see each"),
        "upTo": _("up to {at}"),
        "play": _("Play"),
        "pause": _("Pause"),
        "measured": _("{nm} nm, last leg {leg} nm, course {course}°"),
        "measure": _("Click on the map, or press Enter to take its centre. Backspace takes the last point back."),
        "draw": _("Click the corners of the area, or press Enter to take the centre. Backspace takes the last back."),
        "patrol": _("Click where the patrol is, or press Enter to take the centre of the map."),
        "corners": _("{count} corners"),
        "failed": _("The signals could not be loaded. The table still works; try again when the link is back."),
        "noTrail": _("The way of this vessel could not be loaded; the signals are shown without it."),
        "noMap": _("This browser cannot draw the map. The table below holds the same signals."),
    }
