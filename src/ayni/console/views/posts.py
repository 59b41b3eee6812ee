"""Outbox and inbox: what is on its way, what became of it, what arrived. Never what was said."""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import urlencode

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from ayni.agreements.drafting import words
from ayni.console.listing import PAGE, officer_of
from ayni.console.mandate import mandated
from ayni.console.phrasing import instant, language
from ayni.console.views.rooms import partners_of
from ayni.console.views.search import PAGES
from ayni.console.views.signals import officer_name
from ayni.console.words import KIND, LETTERS, POSTED, choices, word
from ayni.exchange.holdings import HOLDING, holding_in
from ayni.exchange.requests import READ, REQUEST
from ayni.model.act import check_entitled
from ayni.model.handling import Mandate
from ayni.model.store import Query, Work
from ayni.node.post_status import LOOK_AT, SEEN, acknowledge, arrived
from ayni.node.running import running
from ayni.toolkit.phrases import render as said

ROW: Final = re.compile(r"[0-9]{1,18}")
"""Where a page of the inbox begins."""


@login_required
def outbox(request: HttpRequest) -> HttpResponse:
    """Show messages of ours, newest first, with what became of each."""
    by, node = officer_of(request), running()
    check_entitled(READ, by)
    chosen = {name: request.GET[name] for name in ("to", "state") if request.GET.get(name)}
    state = chosen.get("state", "")
    found = node.exchange.outbox.told(
        states=(state,) if state in POSTED else (),
        to=chosen.get("to", ""),
        after=request.GET.get("after", ""),
        limit=PAGE + 1,
    )
    names, may = partners_of(node), bool(SEEN.roles & by.roles)
    lines = [
        {
            "id": one.id,
            "to": names.get(one.to, one.to),
            "type": word(LETTERS, one.type),
            "state": one.state,
            "state_word": word(POSTED, one.state),
            "at": instant(one.done_at) if one.done_at else "",
            "until": "" if one.done_at else instant(one.expires_at),
            "reasons": [said(reason, language=language(), catalogue=words()).text for reason in one.reasons],
            "seen_by": officer_name(one.seen_by),
            "to_see": may and one.state in LOOK_AT and not one.seen_by,
        }
        for one in found[:PAGE]
    ]
    base = reverse("outbox")
    context = {
        "lines": lines,
        "chosen": chosen,
        "partners": sorted(names.items(), key=lambda pair: pair[1]),
        "states": choices(POSTED),
        "more": f"{base}?{urlencode({**chosen, 'after': found[PAGE - 1].id})}" if len(found) > PAGE else "",
    }
    return render(request, "ayni/outbox.html", context)


@login_required
def inbox(request: HttpRequest) -> HttpResponse:
    """Show messages of partners that were taken in, newest first, and the record that each brought."""
    node = running()
    check_entitled(READ, officer_of(request))
    chosen = {name: request.GET[name] for name in ("sender",) if request.GET.get(name)}
    given = request.GET.get("after", "")
    before = int(given) if ROW.fullmatch(given) else 0
    found = arrived(node.node, sender=chosen.get("sender", ""), before=before, limit=PAGE + 1)
    names = partners_of(node)
    with node.store.work() as work:
        lines = [
            {"sender": names.get(one.sender, one.sender), "at": instant(one.at), **_brought(one.message, work)}
            for one in found[:PAGE]
        ]
    context = {
        "lines": lines,
        "chosen": chosen,
        "partners": sorted(names.items(), key=lambda pair: pair[1]),
        "more": f"?{urlencode({**chosen, 'after': found[PAGE - 1].row})}" if len(found) > PAGE else "",
    }
    return render(request, "ayni/inbox.html", context)


@require_POST
@mandated
def seen(request: HttpRequest, mandate: Mandate, message: str) -> HttpResponse:
    """Note that an officer has looked at a message that was refused or not delivered."""
    acknowledge(running().node, message, by=officer_of(request), under=mandate)
    messages.success(request, _("Noted that you looked at it."))
    within = urlencode({name: request.GET[name] for name in ("to", "state", "after") if request.GET.get(name)})
    return HttpResponseRedirect(f"{reverse('outbox')}{'?' if within else ''}{within}")


def _brought(message: str, work: Work) -> dict[str, str]:
    """Return what may be told of a message: the record it gave us, or the request it put."""
    for header in work.find(Query(identifier=f"message:{message}", limit=5)):
        if header.kind == HOLDING:
            holding = holding_in(work.get(header.id))
            return {"kind": word(KIND, holding.kind), "address": _page(holding.kind, holding.record)}
        if header.kind == REQUEST:
            return {"kind": word(KIND, REQUEST), "address": reverse("request", args=[header.id])}
    return {"kind": "", "address": ""}


def _page(kind: str, record: str) -> str:
    return reverse(PAGES[kind], args=[record]) if kind in PAGES else ""
