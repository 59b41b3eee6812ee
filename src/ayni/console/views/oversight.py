"""The history, for those who watch over the node: who did what, why, under which rule of law. Never the content."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse

from ayni.console.listing import officer_of
from ayni.console.mandate import mandated
from ayni.console.phrasing import instant
from ayni.console.words import purpose_name
from ayni.model.act import Entry
from ayni.model.handling import Mandate
from ayni.node.history import entry_page, read_history
from ayni.node.officers.models import Account
from ayni.node.running import running

PAGE = 50
ACTS = (
    "record.open",
    "record.search",
    "subject.open",
    "signal.",
    "report.",
    "watch.",
    "task.",
    "outcome.",
    "area.",
    "evaluation.",
    "exchange.",
    "agreement.",
    "request.",
    "room.",
    "officer.",
    "token.",
    "session.",
    "ledger.",
)
"""What the history can be narrowed to: acts that begin so."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One entry as a person reads it."""

    id: str
    at: str
    by: str
    act: str
    purpose: str
    legal_basis: str
    touched: tuple[str, ...]
    facts: tuple[tuple[str, object], ...]


@mandated
def oversight(request: HttpRequest, mandate: Mandate) -> HttpResponse:
    """Read a page of the history; the reading itself is written down."""
    chosen = {name: request.GET[name] for name in ("act", "by") if request.GET.get(name)}
    store = running().store
    with store.work() as work:
        read_history(by=officer_of(request), under=mandate, work=work)
        entries, more = entry_page(
            store,
            act=chosen.get("act", ""),
            by=chosen.get("by", ""),
            after=request.GET.get("after", ""),
            limit=PAGE,
        )
        work.commit()
    names = {str(account.id): account.name for account in Account.objects.persons()}
    base = reverse("oversight")
    return render(
        request,
        "ayni/oversight.html",
        {
            "entries": [_line(entry, names) for entry in entries],
            "chosen": chosen,
            "officers": sorted(names.items(), key=lambda pair: pair[1]),
            "acts": ACTS,
            "more": f"{base}?{urlencode({**chosen, 'after': entries[-1].id})}" if more else "",
        },
    )


def _line(entry: Entry, names: dict[str, str]) -> Line:
    return Line(
        id=entry.id,
        at=instant(entry.at),
        by=names.get(entry.by, entry.by),
        act=entry.act,
        purpose=purpose_name(entry.purpose),
        legal_basis=entry.legal_basis,
        touched=tuple(f"{one.record[:8]}…{one.record[-4:]}" for one in entry.touched[:5]),
        facts=tuple(sorted(entry.facts.items())),
    )
