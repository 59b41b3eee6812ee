"""Requests between institutions, on one clock for both: asked, due, late, answered.

Asker and asked see the same instant pass. Consent to board comes from the flag State, with
its conditions and its end, and nobody is answered by a machine.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Final
from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from ayni.agreements.text import in_language
from ayni.agreements.vocabulary import State
from ayni.console.forms import complain
from ayni.console.listing import officer_of
from ayni.console.mandate import mandated
from ayni.console.phrasing import instant, language, position, say
from ayni.console.views.request_forms import AnswerForm, AskForm
from ayni.console.words import MEASURES, SAYS, word
from ayni.exchange import requests
from ayni.exchange.clocks import Clock, clocks
from ayni.exchange.request_words import FOLLOWS, OPEN, WAITS, Says, Urgency
from ayni.exchange.requests import Question, Request
from ayni.model.act import check_entitled
from ayni.model.handling import Mandate
from ayni.node.running import Running, running

MOST: Final = 50
"""Requests a page, of those asked most lately."""


@mandated
def requests_page(request: HttpRequest, mandate: Mandate) -> HttpResponse:
    """List requests with their clocks, the soonest due first; the look is written down."""
    by, node = officer_of(request), running()
    waiting = request.GET.get("state", "") == "waiting"
    with node.store.work() as work:
        states = WAITS if waiting else ()
        after = request.GET.get("after", "")
        found = clocks(by=by, under=mandate, work=work, house=node.house, states=states, after=after, limit=MOST)
        oldest = min(found, key=lambda one: (one.asked_at, one.request)).request if len(found) == MOST else ""
        more = bool(oldest and requests.listed(work, states=states, after=oldest))
        work.commit()
    within = {"state": "waiting"} if waiting else {}
    names, now = _names(node), datetime.now(UTC)
    context = {
        "clocks": [_clock(one, names, now) for one in found],
        "waiting": waiting,
        "more": f"?{urlencode({**within, 'after': oldest})}" if more else "",
        "may_ask": bool(requests.ASK.roles & by.roles),
    }
    return render(request, "ayni/requests.html", context)


@mandated
def request_page(request: HttpRequest, mandate: Mandate, record: str) -> HttpResponse:
    """Open one request, with its answers and the way to answer it."""
    by, node = officer_of(request), running()
    with node.store.work() as work:
        body = requests.read(record, by=by, under=mandate, work=work)
        work.commit()
    return render(request, "ayni/request.html", _page(body, node, may=bool(requests.ANSWER.roles & by.roles)))


@mandated
def request_new(request: HttpRequest, mandate: Mandate) -> HttpResponse:
    """Ask a partner; the agreement decides whether it may be asked, and the clock starts."""
    by, node = officer_of(request), running()
    check_entitled(requests.ASK, by)
    given = {name: request.GET[name] for name in ("vessel", "mmsi", "imo", "place", "seen_at") if name in request.GET}
    form = AskForm(request.POST or None, whom=_whom(node), initial={"urgency": Urgency.SOON.value, **given})
    if request.method == "POST" and form.is_valid():
        answer = form.cleaned_data
        to, _sep, agreement = answer["whom"].partition(" ")
        with node.store.work() as work:
            made = requests.ask(
                Question(
                    question=answer["question"], urgency=Urgency(answer["urgency"]), boarding=answer["boarding"]
                ),
                to,
                agreement=agreement,
                by=by,
                under=mandate,
                work=work,
                house=node.house,
                book=node.exchange.book(),
            )
            work.commit()
        messages.success(request, _("Asked. The clock runs on both sides."))
        request.session["taken"] = "request"
        return HttpResponseRedirect(reverse("request", args=[made.header.id]))
    context = {"form": form, "title": _("Ask a partner"), "button": _("Ask"), "draft": "request"}
    return render(request, "ayni/form.html", context, status=422 if form.errors else 200)


@require_POST
@mandated
def request_answer(request: HttpRequest, mandate: Mandate, record: str) -> HttpResponse:
    """Answer a partner's request."""
    by, node = officer_of(request), running()
    form = AnswerForm(request.POST, says=list(Says), boarding=True)
    if not form.is_valid():
        complain(request, form)
        return HttpResponseRedirect(reverse("request", args=[record]))
    with node.store.work() as work:
        requests.answer(
            record,
            form.reply(record),
            by=by,
            under=mandate,
            work=work,
            house=node.house,
            book=node.exchange.book(),
        )
        work.commit()
    messages.success(request, _("Answered. It leaves as soon as the line to the partner holds."))
    request.session["taken"] = f"request:{record}"
    return HttpResponseRedirect(reverse("request", args=[record]))


def _page(body: Request, node: Running, *, may: bool) -> dict[str, object]:
    asked, names, now = body.asked, _names(node), datetime.now(UTC)
    ours, state = body.by == node.house.node, body.state
    follow = sorted(FOLLOWS[asked.kind].get(state, frozenset()))
    boarding = asked.boarding
    return {
        "id": asked.id,
        "ours": ours,
        "partner": names.get(body.of if ours else body.by, body.of if ours else body.by),
        "question": asked.question,
        "state": state,
        "state_word": word(SAYS, state),
        "asked_at": instant(asked.asked_at),
        "due_at": instant(asked.due_at),
        "left": _left(asked.due_at, now) if state in WAITS else "",
        "late": body.late(now),
        "took": _duration(body.took.total_seconds()) if body.took else "",
        "agreement": body.agreement.id if body.agreement else "",
        "articles": ", ".join(body.articles),
        "boarding": None
        if boarding is None
        else {
            **asdict(boarding),
            "where": position(boarding.lat_deg, boarding.lon_deg),
            "seen": instant(boarding.seen_at),
            "asks": ", ".join(word(MEASURES, one.value) for one in boarding.measures),
        },
        "replies": [
            {
                "says": one.says.value,
                "says_word": word(SAYS, one.says.value),
                "at": instant(one.at),
                "words": one.words,
                "ground": one.ground,
                "conditions": one.conditions,
                "until": instant(one.until) if one.until else "",
            }
            for one in body.replies
        ],
        "form": AnswerForm(says=follow, boarding=boarding is not None) if follow and may and not ours else None,
    }


def _clock(clock: Clock, names: Mapping[str, str], now: datetime) -> dict[str, object]:
    waits = clock.state in WAITS
    return {
        "id": clock.request,
        "boarding": clock.kind == "boarding",
        "ours": clock.ours,
        "partner": names.get(clock.partner, clock.partner),
        "state": clock.state,
        "state_word": word(SAYS, clock.state),
        "due": instant(clock.due_at),
        "left": _left(clock.due_at, now) if waits else "",
        "late": clock.late,
        "took": _duration(clock.took.total_seconds()) if clock.took else "",
        "open": clock.state == OPEN,
    }


def _left(due: datetime, now: datetime) -> str:
    return _duration(abs((due - now).total_seconds()))


def _duration(seconds: float) -> str:
    return say("{s:duration}", s=round(seconds))


def _names(node: Running) -> dict[str, str]:
    return {name: one.card.name for name, one in node.exchange.partners().items()}


def _whom(node: Running) -> list[tuple[str, str]]:
    """Return every partner with every agreement in force between us."""
    names = _names(node)
    return [
        (f"{party} {held.text.id}", f"{names[party]} · {in_language(held.text.title, language())}")
        for held in node.exchange.book().between(node.house.node)
        if held.standing.state is State.IN_FORCE
        for party in held.text.party_ids
        if party in names
    ]
