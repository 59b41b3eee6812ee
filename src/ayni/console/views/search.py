"""Records by the names, numbers and words in them: what may be seen of each without opening it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse

from ayni.casework import consult
from ayni.casework.consult import SEARCH, Matches
from ayni.console.listing import officer_of
from ayni.console.mandate import mandated
from ayni.console.phrasing import detector_of, instant
from ayni.console.views.signals import rule_title
from ayni.console.words import KIND, OUTCOMES, SAYS, TASKS, TRIAGE, WATCHED, WATCHES, word
from ayni.model.act import check_entitled
from ayni.model.handling import Mandate
from ayni.model.record import Header
from ayni.node.running import running

MOST: Final = 50
"""Results shown; more are told as a number, and another word narrows them down."""
LONGEST: Final = 200
"""Characters of a search."""
PAGES: Final = {
    "signal": "signal",
    "task": "task",
    "outcome": "outcome",
    "request": "request",
    "watch_entry": "entry",
    "watch-log": "watch",
}
"""Kinds that have a page, by its address name. An officer's own report is read as the signal it raised."""
STATES: Final = {
    "signal": TRIAGE,
    "task": TASKS,
    "outcome": OUTCOMES,
    "request": SAYS,
    "watch_entry": WATCHED,
    "watch-log": WATCHES,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """One result."""

    address: str
    title: str
    kind: str
    rule: str
    state: str
    state_word: str
    at: str


@mandated
def search(request: HttpRequest, mandate: Mandate) -> HttpResponse:
    """Find records; the search is written down, its words are not."""
    by = officer_of(request)
    check_entitled(SEARCH, by)
    words = request.GET.get("q", "").strip()[:LONGEST]
    found = Matches(headers=(), total=0)
    if words:
        node = running()
        with node.store.work() as work:
            found = consult.search(words, names=node.names, limit=MOST, by=by, under=mandate, work=work)
            work.commit()
    hits = [_hit(header) for header in found.headers]
    return render(request, "ayni/search.html", {"words": words, "hits": hits, "total": found.total})


def _hit(header: Header) -> Hit:
    page, kind = PAGES.get(header.kind), word(KIND, header.kind)
    state = word(STATES.get(header.kind, {}), header.state)
    return Hit(
        address=reverse(page, args=[header.id]) if page else "",
        title=title_of(header),
        kind=kind,
        rule=header.rule,
        state=header.state,
        state_word=state,
        at=instant(header.started_at or header.made_at),
    )


def title_of(header: Header) -> str:
    """Return what a record of any kind is called before it is opened: its rule's title, or its kind."""
    return rule_title(header.rule, detector_of(header.rule)) if header.rule else word(KIND, header.kind)
