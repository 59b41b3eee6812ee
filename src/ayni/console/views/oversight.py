"""The history, for those who watch over the node: who did what, why, under which rule of law. Never the content."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_POST

from ayni.console.listing import officer_of
from ayni.console.mandate import mandated
from ayni.console.phrasing import instant, say
from ayni.console.words import ACTS as ACT_WORDS
from ayni.console.words import purpose_name, word
from ayni.model.act import Entry, check_entitled
from ayni.model.handling import Mandate, Purpose
from ayni.model.signal import Reason
from ayni.node.history import EXPORT_HISTORY, consultations, entry_page, note_export, read_history
from ayni.node.officers.models import Account
from ayni.node.running import running
from ayni.node.witnesses import alarms, export_history, witnessed_ledger

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
    act_words: str
    purpose: str
    legal_basis: str
    touched: tuple[str, ...]
    facts: tuple[tuple[str, object], ...]


@mandated
def oversight(request: HttpRequest, mandate: Mandate) -> HttpResponse:
    """Read a page of the history; the reading itself is written down."""
    chosen = {name: request.GET[name] for name in ("act", "by", "purpose") if request.GET.get(name)}
    store = running().store
    with store.work() as work:
        read_history(by=officer_of(request), under=mandate, work=work)
        entries, more = entry_page(
            store,
            act=chosen.get("act", ""),
            by=chosen.get("by", ""),
            purpose=chosen.get("purpose", ""),
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
            "purposes": sorted(((one.value, purpose_name(one)) for one in Purpose), key=lambda pair: pair[1]),
            **(_standing(names) if not request.GET else {}),
            "more": f"{base}?{urlencode({**chosen, 'after': entries[-1].id})}" if more else "",
        },
    )


@require_POST
@mandated
def take_away(request: HttpRequest, mandate: Mandate) -> HttpResponse:
    """Hand an auditor the history as a file that verifies alone; that it was taken is the first entry after it."""
    by, node = officer_of(request), running()
    check_entitled(EXPORT_HISTORY, by)
    with TemporaryDirectory(prefix="ayni-export-") as scratch:
        to = Path(scratch) / "history.zip"
        signed = export_history(node.node, to).checkpoint
        with node.store.work() as work:
            note_export(entries=signed.size, root=signed.root, by=by, under=mandate, work=work)
            work.commit()
        data = to.read_bytes()
    name = f"history-{node.house.node}-{signed.size}.zip"
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    return HttpResponse(data, content_type="application/zip", headers=headers)


def _standing(names: Mapping[str, str]) -> dict[str, object]:
    """Return how the ledger stands with its witnesses, what alarms there are, and who looked for what purpose."""
    node = running().node
    ledger = witnessed_ledger(node)
    with ledger.log.view() as log:
        size, at, seen = log.size, log.signed_at(), log.witnesses()
    looks = consultations(running().store)
    by_name = sorted(looks.counts.items(), key=lambda pair: (names.get(pair[0][0], pair[0][0]), -pair[1]))
    return {
        "standing": True,
        "size": size,
        "signed_at": instant(at) if at else "",
        "witnesses": [
            {
                "name": one.name.partition("/")[0],
                "size": seen[one.name].size if one.name in seen else 0,
                "at": instant(seen[one.name].at) if one.name in seen and seen[one.name].size else "",
            }
            for one in ledger.partners
        ],
        "alarms": [say(Reason(says=one.says, facts=dict(one.facts), weight=0.0)) for one in alarms(node)],
        "looks": [(names.get(who, who), who, purpose_name(what), what.value, n) for (who, what), n in by_name],
        "looks_since": instant(looks.since) if looks.since else "",
    }


def _line(entry: Entry, names: dict[str, str]) -> Line:
    return Line(
        id=entry.id,
        at=instant(entry.at),
        by=names.get(entry.by, entry.by),
        act=entry.act,
        act_words=word(ACT_WORDS, entry.act) if entry.act in ACT_WORDS else "",
        purpose=purpose_name(entry.purpose),
        legal_basis=entry.legal_basis,
        touched=tuple(f"{one.record[:8]}…{one.record[-4:]}" for one in entry.touched[:5]),
        facts=tuple(sorted(entry.facts.items())),
    )
