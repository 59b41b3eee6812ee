"""Administration: how the node fares: its feeds, backups, keys, reference data and background work. No content."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from ayni.api.house import READ_STATUS
from ayni.console.listing import officer_of
from ayni.console.mandate import mandated
from ayni.console.phrasing import instant, say
from ayni.console.words import FEEDS, KINDS, word
from ayni.exchange.pins import Pin
from ayni.model.act import check_entitled
from ayni.model.handling import Mandate
from ayni.node.feeds import FeedHealth
from ayni.node.own_keys import own_keys
from ayni.node.running import running
from ayni.node.serving import certificate_of
from ayni.node.status import status_of

MOST_GAPS = 5
"""Gaps of our own reception that are told, the newest."""


@mandated
def health(request: HttpRequest, _mandate: Mandate) -> HttpResponse:
    """Show how the node fares."""
    check_entitled(READ_STATUS, officer_of(request))
    node = running()
    found = status_of(node.node)
    certificate = certificate_of(node.node.folder, node.node.settings)
    return render(
        request,
        "ayni/health.html",
        {
            "status": found,
            "alarms": [say(one) for one in found.alarms],
            "free_gb": f"{found.free_bytes / 1e9:.1f}",
            "pin": certificate.pin if certificate else "",
            "records": [(word(KINDS, kind), count) for kind, count in found.records.items()],
            "backed_up": instant(found.backed_up_at) if found.backed_up_at else "",
            "feeds": [_feed(one) for one in found.feeds],
            "identities": _identities(),
            "desks": list(_desks()),
            "jobs": node.supervisor.health,
        },
    )


def _feed(health: FeedHealth) -> Mapping[str, object]:
    offset = health.clock_offset_s
    return {
        "name": health.name,
        "state": word(FEEDS, health.state),
        "address": health.address,
        "error": health.last_error,
        "last": instant(health.last_at) if health.last_at else "",
        "lines": health.lines,
        "accepted": health.accepted,
        "rejected": sum(health.rejected.values()),
        "reasons": sorted(health.rejected.items(), key=lambda pair: -pair[1]),
        "clock": say("{s:duration}", s=offset) if offset is not None else "",
        "gaps": [(instant(since), instant(until)) for since, until in health.own_gaps[-MOST_GAPS:]],
        "more_gaps": max(0, len(health.own_gaps) - MOST_GAPS),
        "not_run": health.not_run,
    }


def _identities() -> list[Mapping[str, object]]:
    """Return every identity this node has had, oldest first, and which one it signs with."""
    keys = own_keys(running().node)
    known = keys.history.known
    identities = (keys.current,) if known is None else known.identities
    return [{"fingerprint": Pin.of(one).groups, "current": one.digest == keys.current.digest} for one in identities]


def _desks() -> Iterator[Mapping[str, object]]:
    for name in running().node.settings.node.desks:
        card = running().desk(name)
        if card is not None:
            yield {
                "name": card.name,
                "watches": card.watches,
                "rules": len(card.detectors),
                "references": card.references,
            }
