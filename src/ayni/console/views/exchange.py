"""The exchange: how each line fares, what was agreed, and what each partner holds of ours.

Two pages, neither of which changes anything: partners, agreements and what a person must
look at, and the exposure at one partner. Looking at an exposure is an act of its own and
is written down.
"""

from __future__ import annotations

from typing import Final, cast

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from ayni.agreements import life_cycle
from ayni.agreements.drafting import words
from ayni.agreements.standing import Agreement
from ayni.agreements.text import in_language
from ayni.casework.consult import CONSULT
from ayni.console.listing import officer_of
from ayni.console.mandate import mandated
from ayni.console.phrasing import instant, language
from ayni.console.words import AGREED, FARES, KIND, PLACES, word
from ayni.exchange.clocks import late_requests
from ayni.exchange.exposure import Place, exposure
from ayni.model.act import check_entitled
from ayni.model.handling import Mandate
from ayni.model.store import Query
from ayni.node.couriers import WRITE
from ayni.node.post_status import last_reached, post_status
from ayni.node.running import running
from ayni.toolkit.phrases import render as said

MOST: Final = 100
"""Agreements, and places of an exposure, shown at most; more are told as a number."""


@login_required
def exchange(request: HttpRequest) -> HttpResponse:
    """Show partners and how their lines fare, what a person must look at, and the agreements."""
    check_entitled(CONSULT, officer_of(request))
    node = running()
    fares, reached = post_status(node.node), last_reached(node.node)
    posts = {one.partner: one for one in fares.partners}
    partners = [
        {
            "id": name,
            "name": one.card.name,
            "country": one.card.country,
            "post": posts.get(name),
            "reached": instant(reached[name]) if name in reached else "",
        }
        for name, one in sorted(node.exchange.partners().items(), key=lambda pair: pair[1].card.name)
    ]
    attention = [
        {
            "to": one.to,
            "type": one.type,
            "state": word(FARES, one.state),
            "at": instant(one.done_at) if one.done_at else "",
            "reasons": [said(reason, language=language(), catalogue=words()).text for reason in one.reasons],
        }
        for one in fares.attention
    ]
    with node.store.work() as work:
        headers = work.find(Query(kind=life_cycle.KIND, limit=MOST + 1))
        bodies = [cast("Agreement", work.get(header.id).body) for header in headers[:MOST]]
        late = late_requests(work)
    agreements = [
        {
            "id": one.text.id,
            "title": in_language(one.text.title, language()),
            "state": one.state.value,
            "state_word": word(AGREED, one.state.value),
            "ends": one.text.term.ends_on,
            "parties": ", ".join(party.name for party in one.text.parties),
        }
        for one in bodies
    ]
    context = {
        "partners": partners,
        "attention": attention,
        "agreements": agreements,
        "late": late,
        "may_carry": bool(WRITE.roles & officer_of(request).roles),
        "most": MOST if len(headers) > MOST else 0,
    }
    return render(request, "ayni/exchange.html", context)


@mandated
def held_by(request: HttpRequest, mandate: Mandate, partner: str) -> HttpResponse:
    """Show what one partner holds of ours; the look is written down."""
    node = running()
    with node.store.work() as work:
        places = exposure(by=officer_of(request), under=mandate, work=work, partner=partner)
        work.commit()
    known = node.exchange.partners().get(partner)
    after = request.GET.get("after", "")
    begin = next((at + 1 for at, one in enumerate(places) if one.record == after), 0) if after else 0
    shown, left = places[begin : begin + MOST], len(places) - begin - MOST
    context = {
        "partner": known.card.name if known else partner,
        "places": [place_shown(one) for one in shown],
        "left": max(0, left),
        "more": f"?after={shown[-1].record}" if left > 0 else "",
    }
    return render(request, "ayni/exposure.html", context)


def place_shown(place: Place) -> dict[str, str]:
    """Return one place of a record of ours, in the words of the page."""
    return {
        "record": place.record,
        "holder": place.holder,
        "kind": word(KIND, place.kind),
        "state": word(PLACES, place.state),
        "agreement": place.agreement,
        "articles": ", ".join(place.articles),
        "via": place.via,
        "since": instant(place.since),
        "until": instant(place.until) if place.until else "",
    }
