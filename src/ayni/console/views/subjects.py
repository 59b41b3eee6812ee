"""One vessel through time: where it was heard, what it called itself, what was noticed, what partners told us."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from urllib.parse import urlencode

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from ayni.casework.subjects import Known, begun, look_up
from ayni.console.listing import officer_of
from ayni.console.mandate import mandated
from ayni.console.phrasing import detector_of, instant, position, say
from ayni.console.timeline import Bar, Dot, Lane, Scale
from ayni.console.views.search import PAGES, STATES
from ayni.console.views.signals import NUMBER, rule_title
from ayni.console.words import KIND, PROPERTIES, SCHEMATA, word
from ayni.model.desk import Desk
from ayni.model.handling import Mandate
from ayni.model.record import Header
from ayni.node.histories import Told, stretches, told
from ayni.node.running import running

DAYS: Final = (7, 30, 90)
USUAL: Final = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One thing that happened, in the list."""

    at: datetime
    when: str
    title: str
    state: str = ""
    state_word: str = ""
    whose: str = ""
    """The partner that told us; empty for our own."""
    address: str = ""


@mandated
def subject(request: HttpRequest, mandate: Mandate, desk: str, number: str) -> HttpResponse:
    """Show one subject of a desk; the look is written down, without saying at whom."""
    card = running().desk(desk)
    if card is None or card.history is None or not NUMBER.fullmatch(number):
        raise Http404
    days, last = _asked(request)
    until = datetime.combine(last + timedelta(days=1), time(), UTC)
    scale = Scale(since=until - timedelta(days=days), until=until)
    with running().store.work() as work:
        known = look_up(
            card.history.identifier,
            number,
            since=scale.since,
            until=scale.until,
            by=officer_of(request),
            under=mandate,
            work=work,
        )
        work.commit()
    heard = told(card, running().node.folder, int(number), since=scale.since.date(), until=last)
    base = reverse("subject", args=[desk, number])
    shown = {"since": scale.since.date().isoformat(), "until": last.isoformat(), "trail": f"{desk}/{number}"}
    return render(
        request,
        "ayni/subject.html",
        {
            "kind": word(SCHEMATA, card.history.schema),
            "title": _name(heard) or number,
            "identifier": word(PROPERTIES, card.history.identifier),
            "number": number,
            "claims": _claims(heard),
            "sharers": [
                (word(PROPERTIES, prop), value, other, reverse("subject", args=[desk, other]))
                for prop, value, other in heard.sharers
            ],
            "heard": _heard(heard),
            "on_map": f"{reverse('chart')}?{urlencode(shown)}",
            "meets": f"{reverse('intercept')}?{urlencode({'subject': shown['trail'], 'trail': shown['trail']})}",
            "lanes": _lanes(card, known, heard, scale),
            "ticks": [(tick.x, date_format(tick.at, "j M")) for tick in scale.ticks()],
            "lines": sorted(_lines(card, known, heard), key=lambda one: one.at, reverse=True),
            "more": known.more,
            "damaged": heard.damaged,
            "spans": [(one, f"{base}?days={one}&until={last.isoformat()}", one == days) for one in DAYS],
            "since": date_format(scale.since, "j M Y"),
            "last": date_format(last, "j M Y"),
            "earlier": f"{base}?days={days}&until={(last - timedelta(days=days)).isoformat()}",
            "later": f"{base}?days={days}" if request.GET.get("until") else "",
        },
    )


def _asked(request: HttpRequest) -> tuple[int, date]:
    days = request.GET.get("days", "")
    try:
        last = date.fromisoformat(request.GET.get("until", ""))
        last - timedelta(days=2 * max(DAYS))  # the first days of the calendar have nothing before them
    except (ValueError, OverflowError):
        last = datetime.now(UTC).date()
    return int(days) if days in {str(one) for one in DAYS} else USUAL, min(last, datetime.now(UTC).date())


def _name(heard: Told) -> str:
    names = [claim for claim in heard.claims if claim.what == "name"]
    return max(names, key=lambda claim: claim.last).value if names else ""


def _claims(heard: Told) -> list[dict[str, object]]:
    return [
        {
            "what": word(PROPERTIES, claim.what),
            "value": claim.value,
            "first": instant(claim.first),
            "last": instant(claim.last),
            "times": claim.times,
        }
        for claim in sorted(heard.claims, key=lambda one: one.last, reverse=True)
    ]


def _heard(heard: Told) -> dict[str, object]:
    if not heard.trail:
        return {}
    newest = max(heard.trail, key=lambda spot: spot.at)
    return {
        "positions": heard.positions,
        "first": instant(min(spot.at for spot in heard.trail)),
        "last": instant(newest.at),
        "where": position(newest.lat, newest.lon),
        "knots": say("{value:kn}", value=newest.knots) if newest.knots is not None else "",
    }


def _lanes(card: Desk, known: Known, heard: Told, scale: Scale) -> list[Lane]:
    shapes = {rule: mark for mark in card.marks for rule in mark.rules}
    found = [Lane(title=_("Heard"), bars=[scale.bar(*one) for one in stretches(heard.trail)])]
    stops: list[Bar] = [scale.bar(one.started_at, one.ended_at or scale.until) for one in heard.stops]
    found.append(Lane(title=_("Stops"), bars=stops))
    by_kind: dict[str, list[Dot]] = {}
    for header in known.own:
        mark = shapes.get(header.rule.partition("/")[0])
        title = say(mark.title, card.name) if mark else _("Other signals")
        shape = mark.shape if mark else "circle"
        by_kind.setdefault(title, []).append(_dot(header, scale, shape))
    found += [Lane(title=title, dots=dots) for title, dots in sorted(by_kind.items())]
    found.append(Lane(title=_("From partners"), dots=[_dot(one, scale, "star") for one in known.told]))
    found.append(Lane(title=_("Tasks, outcomes"), dots=[_dot(one, scale, "square") for one in known.followed]))
    return [lane for lane in found if lane.bars or lane.dots]


def _dot(header: Header, scale: Scale, shape: str) -> Dot:
    return Dot(x=scale.x(begun(header)), shape=shape, state=header.state)


def _lines(card: Desk, known: Known, heard: Told) -> Iterator[Line]:
    partners = {name: one.card.name for name, one in running().exchange.partners().items()} if known.told else {}
    for header in (*known.own, *known.told, *known.followed):
        page, kind = PAGES.get(header.kind), word(KIND, header.kind)
        yield Line(
            at=begun(header),
            when=instant(begun(header)),
            title=rule_title(header.rule, detector_of(header.rule)) if header.rule else kind,
            state=header.state,
            state_word=word(STATES.get(header.kind, {}), header.state),
            whose=partners.get(header.originator, header.originator) if header.agreement else "",
            address=reverse(page, args=[header.id]) if page else "",
        )
    for stop in heard.stops:
        why = say(stop.reasons[0], card.name)
        yield Line(
            at=stop.started_at,
            when=instant(stop.started_at),
            title=f"{rule_title(stop.rule, detector_of(stop.rule))}: {why}",
        )
