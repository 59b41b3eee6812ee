"""The exchange: how each line fares, what was agreed word for word, and what each partner holds of ours.

Three pages, none of which changes anything: partners and what a person must look at,
one agreement with its articles side by side in two languages, and the exposure at one
partner. Looking at an exposure is an act of its own and is written down.
"""

from __future__ import annotations

from typing import Final, cast

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from ayni.agreements import life_cycle
from ayni.agreements.drafting import words
from ayni.agreements.standing import Agreement
from ayni.agreements.text import Words, sha256
from ayni.casework.consult import CONSULT
from ayni.console.listing import officer_of
from ayni.console.mandate import mandated
from ayni.console.phrasing import instant, language
from ayni.console.words import AGREED, FARES, KIND, MOVES, PLACES, purpose_name, word
from ayni.exchange.exposure import Place, exposure
from ayni.model.act import check_entitled
from ayni.model.handling import Mandate
from ayni.model.record import Record
from ayni.model.store import Query
from ayni.node.post_status import last_reached, post_status
from ayni.node.running import running
from ayni.toolkit.phrases import LANGUAGES
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
        bodies = [_body(work.get(header.id)) for header in work.find(Query(kind=life_cycle.KIND, limit=MOST))]
    agreements = [
        {
            "id": one.text.id,
            "title": _in(one.text.title, language()),
            "state": one.state.value,
            "state_word": word(AGREED, one.state.value),
            "ends": one.text.term.ends_on,
            "parties": ", ".join(party.name for party in one.text.parties),
        }
        for one in bodies
    ]
    context = {"partners": partners, "attention": attention, "agreements": agreements}
    return render(request, "ayni/exchange.html", context)


@login_required
def agreement(request: HttpRequest, name: str) -> HttpResponse:
    """Show one agreement: its articles in two languages side by side, who signed, and how it came there."""
    check_entitled(CONSULT, officer_of(request))
    with running().store.work() as work:
        body = _body(life_cycle.find(name, work))
    text, mine = body.text, language()
    asked = request.GET.get("beside", "")
    beside = asked if asked in LANGUAGES and asked != mine else _other(text.authentic, mine)
    return render(
        request,
        "ayni/agreement.html",
        {
            "text": text,
            "title": _in(text.title, mine),
            "state": body.state.value,
            "state_word": word(AGREED, body.state.value),
            "purposes": ", ".join(purpose_name(one) for one in text.purposes),
            "sha256": sha256(text),
            "columns": [(one, _standing(one, text.authentic)) for one in (mine, beside)],
            "others": [one for one in LANGUAGES if one not in {mine, beside}],
            "note": _in(text.note, mine),
            "articles": [
                (one.number, [(tongue, _in(one.title, tongue), _in(one.text, tongue)) for tongue in (mine, beside)])
                for one in text.articles
            ],
            "signatures": [(one.name, one.institution, instant(one.at)) for one in body.signatures],
            "steps": [(word(MOVES, one.did.value), one.party, instant(one.at), one.words) for one in body.steps],
        },
    )


@mandated
def held_by(request: HttpRequest, mandate: Mandate, partner: str) -> HttpResponse:
    """Show what one partner holds of ours; the look is written down."""
    node = running()
    with node.store.work() as work:
        places = exposure(by=officer_of(request), under=mandate, work=work, partner=partner)
        work.commit()
    known = node.exchange.partners().get(partner)
    context = {
        "partner": known.card.name if known else partner,
        "places": [_place(one) for one in places[:MOST]],
        "left": max(0, len(places) - MOST),
    }
    return render(request, "ayni/exposure.html", context)


def _place(place: Place) -> dict[str, str]:
    return {
        "record": place.record,
        "kind": word(KIND, place.kind),
        "state": word(PLACES, place.state),
        "agreement": place.agreement,
        "articles": ", ".join(place.articles),
        "via": place.via,
        "since": instant(place.since),
        "until": instant(place.until) if place.until else "",
    }


def _body(record: Record[object]) -> Agreement:
    return cast("Agreement", record.body)


def _other(authentic: tuple[str, ...], mine: str) -> str:
    return next((one for one in (*authentic, *LANGUAGES) if one != mine), mine)


def _standing(tongue: str, authentic: tuple[str, ...]) -> str:
    return _("authentic text") if tongue in authentic else _("translation, without force")


def _in(text: Words, tongue: str) -> str:
    return text.get(tongue) or next(iter(text.values()), "")
