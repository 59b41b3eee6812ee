"""What came since the officer last looked at the watch: the page asks when it opens, and every minute."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, JsonResponse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET

from ayni.casework.consult import CONSULT
from ayni.console.listing import officer_of
from ayni.console.phrasing import instant
from ayni.model.act import check_entitled
from ayni.node.running import running
from ayni.operations.news import MOST, news

SEEN: Final = "seen"
"""Key of the session that says since when things are new to this officer."""


def looked(request: HttpRequest) -> None:
    """Remember that the officer has seen the watch as it is now."""
    request.session[SEEN] = datetime.now(UTC).isoformat()


@login_required
@require_GET
def notices(request: HttpRequest) -> JsonResponse:
    """Return how much is new, and in words what; counts of clear columns, nothing is opened."""
    check_entitled(CONSULT, officer_of(request))
    since = _since(request)
    node = running()
    with node.store.work() as work:
        counts = news(since, house=node.house.node, work=work)
    body = {"count": sum(counts.values()), "short": "", "words": ""}
    if counts:
        total = sum(counts.values())
        body["short"] = ngettext("%(count)s new", "%(count)s new", total) % {"count": _many(total)}
        what = ", ".join(_said(sort, count) for sort, count in counts.items())
        body["words"] = _("Since %(at)s: %(what)s") % {"at": instant(since), "what": what}
    answer = JsonResponse(body)
    answer["Cache-Control"] = "no-store"
    return answer


def _since(request: HttpRequest) -> datetime:
    try:
        return datetime.fromisoformat(str(request.session[SEEN]))
    except (KeyError, ValueError):
        looked(request)
        return datetime.now(UTC)


def _many(count: object) -> str:
    return f"{MOST}+" if isinstance(count, int) and count >= MOST else str(count)


def _said(sort: str, count: int) -> str:
    said: Mapping[str, str] = {
        "signals": ngettext("%(count)s signal to decide", "%(count)s signals to decide", count),
        "tasks": ngettext("%(count)s task proposed", "%(count)s tasks proposed", count),
        "requests": ngettext("%(count)s request or answer", "%(count)s requests or answers", count),
        "corrected": ngettext("%(count)s record put right", "%(count)s records put right", count),
        "recalled": ngettext("%(count)s record recalled", "%(count)s records recalled", count),
        "outcomes": ngettext("%(count)s outcome told to us", "%(count)s outcomes told to us", count),
    }
    return said[sort] % {"count": _many(count)}
