"""What a period was good for, in figures that reconcile, and the way of one result back to its first position."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Final

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from ayni.casework.consult import CONSULT
from ayni.console.listing import officer_of
from ayni.console.mandate import mandated
from ayni.console.phrasing import detector_of, instant, say
from ayni.console.views.signals import rule_title
from ayni.console.words import DISMISSALS, KINDS, MARKS, OUTCOMES, TRIAGE, UNITS, word
from ayni.evaluation.chain import Gap, follow
from ayni.evaluation.figures import Portion
from ayni.evaluation.partners import Asking, Reciprocity
from ayni.evaluation.report import Leg, Period, PeriodEvaluation, RuleFigures, evaluate
from ayni.model.handling import Mandate
from ayni.model.triage import TriageState
from ayni.node.running import running

USUAL: Final = timedelta(days=30)
LONGEST: Final = timedelta(days=3660)
"""Days that the page counts at once. Ours: twice the longest retention."""
GAPS: Final = 50
"""Gaps shown; more are told as a number."""
SIDES: Final = (TriageState.VALIDATED, TriageState.DISMISSED, TriageState.SILENCED, TriageState.PENDING)


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One part of a bar: where it begins and how wide it is, in per cent of the widest bar."""

    x: float
    width: float
    state: str
    word: str
    count: int


@mandated
def results(request: HttpRequest, mandate: Mandate) -> HttpResponse:
    """Count what was raised, decided, shared and achieved in a period; that somebody asked is written down."""
    since, last, wrong = _asked(request)
    period = Period(since=_midnight(since), until=_midnight(last + timedelta(days=1)))
    node = running()
    with node.store.work() as work:
        made = evaluate(period, by=officer_of(request), under=mandate, work=work, house=node.house)
        work.commit()
    return render(
        request,
        "ayni/results.html",
        {
            "wrong": wrong,
            "oversight": not CONSULT.roles & officer_of(request).roles,
            "since": since.isoformat(),
            "last": last.isoformat(),
            "spoken": (date_format(since, "j M Y"), date_format(last, "j M Y")),
            "made_at": instant(made.made_at),
            "signals": sum(rule.raised for rule in made.rules),
            "results": sum(made.outcomes.values()),
            "found": rate(made.something_found),
            **_figures(made),
        },
    )


@mandated
def way(request: HttpRequest, mandate: Mandate, record: str) -> HttpResponse:
    """Trace one result back to the first position that led to it; the consultation is written down."""
    node = running()
    with node.store.work() as work:
        chain = follow(record, by=officer_of(request), under=mandate, work=work, house=node.house)
        work.commit()
    start, names = chain.steps[0].at, _names()
    steps = [
        {
            "what": word(MARKS, step.mark.value),
            "at": instant(step.at),
            "after": say("{s:duration}", s=round((step.at - start).total_seconds())) if step.at > start else "",
            "partner": names.get(step.partner, step.partner),
        }
        for step in chain.steps
    ]
    context = {
        "record": record,
        "kind": word(OUTCOMES, chain.result.kind.value),
        "steps": steps,
        "gaps": list(_gaps(chain.gaps)),
    }
    return render(request, "ayni/way.html", context)


def rate(portion: Portion) -> str:
    """Return so many of so many, with the interval of the rate where there are cases enough."""
    if not portion.out_of:
        return "—"
    counted = _("%(of)s of %(all)s") % {"of": portion.of, "all": portion.out_of}
    if portion.rate is None:
        return counted
    low, high = (say("{x:percent}", x=round(one, 2)) for one in portion.interval)
    return f"{counted} · {say('{x:percent}', x=round(portion.rate, 2))} ({low} … {high})"


def _figures(made: PeriodEvaluation) -> dict[str, object]:
    most = max((rule.raised for rule in made.rules), default=1)
    names = _names()
    gaps = list(_gaps(made.gaps[:GAPS]))
    return {
        "rules": [_rule(rule, most) for rule in sorted(made.rules, key=lambda rule: -rule.raised)],
        "kinds": [(word(OUTCOMES, kind.value), count) for kind, count in sorted(made.outcomes.items())],
        "totals": [
            {
                "kind": word(OUTCOMES, one.kind.value),
                "of": one.of,
                "value": f"{one.value:g}",
                "confirmed": f"{one.confirmed:g}",
                "unit": word(UNITS, one.unit.value),
                "results": len(one.outcomes),
            }
            for one in made.totals
        ],
        "legs": [_leg(leg) for leg in made.legs],
        "partners": [_partner(row, names) for row in made.partners],
        "chains": [
            {
                "address": reverse("way", args=[chain.outcome]),
                "title": word(OUTCOMES, chain.result.kind.value),
                "at": instant(chain.result.at),
                "whose": "" if chain.originator == made.node else names.get(chain.originator, chain.originator),
                "twice": chain.outcome in made.counted_once,
            }
            for chain in reversed(made.chains)
        ],
        "gaps": gaps,
        "gaps_left": max(0, len(made.gaps) - GAPS),
    }


def _rule(rule: RuleFigures, most: int) -> dict[str, object]:
    parts, x = list[Part](), 0.0
    for state in SIDES:
        count = rule.by_state.get(state, 0)
        width = 100 * count / most
        if count:
            parts.append(Part(x=x, width=width, state=state.value, word=word(TRIAGE, state.value), count=count))
        x += width
    why = sorted(rule.dismissals.items(), key=lambda pair: -pair[1])
    return {
        "title": rule_title(rule.rule, detector_of(rule.rule)),
        "raised": rule.raised,
        "parts": parts,
        "useful": rate(rule.useful),
        "why": [(word(DISMISSALS, dismissal.value), count) for dismissal, count in why],
    }


def _leg(leg: Leg) -> dict[str, object]:
    half, tenth = leg.took.median, leg.took.slowest_tenth
    return {
        "start": word(MARKS, leg.start.value),
        "end": word(MARKS, leg.end.value),
        "count": leg.took.count,
        "half": say("{s:duration}", s=round(half)) if half is not None else "",
        "tenth": say("{s:duration}", s=round(tenth)) if tenth is not None else "",
    }


def _partner(row: Reciprocity, names: Mapping[str, str]) -> dict[str, object]:
    return {
        "name": names.get(row.partner, row.partner),
        "given": _kinds(row.given),
        "received": _kinds(row.received),
        "held": row.held,
        "refused": row.refused,
        "we_asked": _asking(row.we_asked),
        "it_asked": _asking(row.it_asked),
        "ours": len(row.our_results),
        "theirs": len(row.its_results),
    }


def _kinds(counts: Mapping[str, int]) -> list[tuple[str, int]]:
    return [(word(KINDS, kind), count) for kind, count in sorted(counts.items())]


def _asking(asking: Asking) -> dict[str, object]:
    half = asking.took.median
    return {
        "asked": asking.asked,
        "answered": asking.answered,
        "late": asking.late,
        "half": say("{s:duration}", s=round(half)) if half is not None else "",
    }


def _gaps(gaps: Sequence[Gap]) -> Iterator[tuple[str, str]]:
    for gap in gaps:
        yield reverse("outcome", args=[gap.outcome]), say(gap.why)


def _names() -> Mapping[str, str]:
    return {name: one.card.name for name, one in running().exchange.partners().items()}


def _asked(request: HttpRequest) -> tuple[date, date, str]:
    """Return first and last day asked for, the last thirty days if none or absurd, and what is wrong with them."""
    today = datetime.now(UTC).date()
    usual = today - USUAL + timedelta(days=1), today
    given = request.GET.get("since", ""), request.GET.get("last", "")
    if not any(given):
        return *usual, ""
    try:
        since, last = (date.fromisoformat(one) for one in given)
    except ValueError:
        return *usual, _("Write dates, for instance 2026-11-01.")
    if since > last or last - since > LONGEST or last > today + timedelta(days=1):
        return *usual, _("A period ends after it begins, is at most ten years long and does not lie ahead.")
    return since, last, ""


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)
