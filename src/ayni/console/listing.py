"""Lists of headers, page by key: what may be shown without opening anything."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Final
from urllib.parse import urlencode

from django.http import HttpRequest

from ayni.casework.consult import CONSULT
from ayni.console.phrasing import instant, position
from ayni.console.words import word
from ayni.model.act import check_entitled
from ayni.model.officer import Officer
from ayni.model.record import Header
from ayni.model.store import Query
from ayni.node.officers.models import Account
from ayni.node.running import running

PAGE: Final = 30
"""Headers a page: some 3 kB compressed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One line of a list."""

    address: str
    title: str
    state: str
    state_word: str
    at: str
    where: str
    here: bool = False
    cell: str = ""
    """South and west edge, tenths of a degree, where a map beside the list is to find it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """A page of a list: its items, and where the next page is."""

    items: list[Item]
    more: str
    first: str
    chosen: Mapping[str, str]


def officer_of(request: HttpRequest) -> Officer:
    """Return the officer who is signed in; views that call this ask for sign-in first."""
    account = request.user
    assert isinstance(account, Account)  # noqa: S101 -- login_required stands before it
    return account.as_officer()


def listing(
    request: HttpRequest,
    query: Query,
    *,
    base: str,
    title: Callable[[Header], str],
    states: Mapping[str, str],
    here: str = "",
    keep: tuple[str, ...] = ("state",),
) -> Listing:
    """Return the page of *query* that the address asks for.

    Raises:
        NotEntitledError: if the officer does not read records.
    """
    check_entitled(CONSULT, officer_of(request))
    after = request.GET.get("after", "")
    with running().store.work() as work:
        found = list(work.find(replace(query, after=after, limit=PAGE + 1)))
    chosen = {name: request.GET[name] for name in keep if request.GET.get(name)}
    shown = found[:PAGE]
    within = urlencode({**chosen, **({"after": after} if after else {})})
    items = [
        Item(
            address=f"{base}{header.id}/{'?' if within else ''}{within}",
            title=title(header),
            state=header.state,
            state_word=word(states, header.state) if states else "",
            at=instant(header.started_at or header.made_at),
            where=where_of(header),
            here=header.id == here,
        )
        for header in shown
    ]
    more = f"{base}?{urlencode({**chosen, 'after': shown[-1].id})}" if len(found) > PAGE else ""
    first = f"{base}{'?' if chosen else ''}{urlencode(chosen)}" if after else ""
    return Listing(items=items, more=more, first=first, chosen=chosen)


def where_of(header: Header) -> str:
    """Return the middle of a record's cell; empty where it has none."""
    if header.cell is None:
        return ""
    south, west = header.cell
    return position((south + 0.5) / 10, (west + 0.5) / 10)
