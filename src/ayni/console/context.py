"""What every page needs: who is here, under which mandate, in which language and light."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import get_language, get_language_info
from django.utils.translation import gettext as _

from ayni.casework.consult import SEARCH
from ayni.console import mandate
from ayni.console.words import purpose_name, role_name
from ayni.model.officer import Role
from ayni.node.officers.models import Account

THEME_COOKIE: Final = "ayni_theme"
THEMES: Final = ("", "light", "dark")
_WORKING: Final = frozenset({Role.ANALYST, Role.INVESTIGATOR, Role.COORDINATOR, Role.LIAISON})
ROOMS: Final[tuple[tuple[str, frozenset[Role]], ...]] = (
    ("watches", _WORKING),
    ("signals", _WORKING),
    ("chart", _WORKING),
    ("areas", _WORKING),
    ("watchlist", _WORKING),
    ("tasks", _WORKING),
    ("outcomes", _WORKING),
    ("report", _WORKING),
    ("exchange", frozenset({Role.LIAISON, Role.COORDINATOR, Role.INVESTIGATOR})),
    ("results", frozenset({Role.OVERSIGHT})),
    ("oversight", frozenset({Role.OVERSIGHT})),
    ("officers", frozenset({Role.ADMINISTRATOR})),
    ("tokens", frozenset({Role.ADMINISTRATOR})),
    ("health", frozenset({Role.ADMINISTRATOR})),
)
"""Address name of each room and who sees it; what one may do in it, each act decides for itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """One entry of the navigation."""

    address: str
    title: str
    here: bool


def frame(request: HttpRequest) -> dict[str, object]:
    """Return the variables of the frame."""
    user = getattr(request, "user", None)
    account = user if isinstance(user, Account) else None
    language = get_language() or settings.LANGUAGE_CODE
    now = mandate.of(request) if account else None
    return {
        "user": user,
        "officer": account.as_officer() if account else None,
        "role_names": [role_name(role) for role in sorted(account.role_set)] if account else [],
        "rooms": _rooms(request, account) if account else [],
        "may_search": bool(account and SEARCH.roles & account.role_set),
        "mandate": now,
        "mandate_purpose": purpose_name(now.purpose) if now else "",
        "node_name": settings.AYNI_NODE_NAME,
        "language": language,
        "language_name": get_language_info(language)["name_local"].capitalize(),
        "languages": settings.LANGUAGES,
        "theme": theme_of(request),
        "themes": zip(THEMES, (_("As the system"), _("Light"), _("Dark")), strict=True),
        "taken": request.session.pop("taken", "") if account else "",
    }


def theme_of(request: HttpRequest) -> str:
    """Return the chosen appearance; empty follows the system."""
    chosen = request.COOKIES.get(THEME_COOKIE, "")
    return chosen if chosen in THEMES else ""


def first_room(account: Account) -> str:
    """Return where an officer's work begins."""
    return next(reverse(name) for name, roles in ROOMS if roles & account.role_set)


def _rooms(request: HttpRequest, account: Account) -> list[Room]:
    titles = {
        "watches": _("Watch"),
        "signals": _("Signals"),
        "chart": _("Map"),
        "areas": _("Areas"),
        "watchlist": _("Watchlist"),
        "tasks": _("Tasks"),
        "outcomes": _("Outcomes"),
        "report": _("Report"),
        "exchange": _("Exchange"),
        "results": _("Results"),
        "oversight": _("Oversight"),
        "officers": _("Officers"),
        "tokens": _("Tokens"),
        "health": _("This node"),
    }
    visible = [(name, reverse(name)) for name, roles in ROOMS if roles & account.role_set]
    return [
        Room(address=address, title=titles[name], here=request.path.startswith(address)) for name, address in visible
    ]
