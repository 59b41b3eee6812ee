"""A session that a copied cookie does not carry away for long.

Two cookies make a session: Django's session key, and a *turn* that changes every
few minutes. The turn is a counter with a MAC under the node's secret; whoever shows
a turn that the session has moved past is using a copy, or was copied, and the
session ends for everybody who holds it, with an entry in the ledger.

    shown turn          what happens
    current             accepted; when older than five minutes the next one is handed out
    handed out          accepted, becomes current: the browser received it
    before current      accepted for one minute more (requests that were under way), then a copy
    anything else       a copy: the session ends

A turn counts only once it is shown, so an answer lost on a weak link signs nobody
out: whoever still shows the current one is handed another, and the lost one is void.
The session is bound to the browser's description as well: a cookie carried to
another browser ends at the first request.

What this stops: a copy used from another browser, at once; a copy kept for later; a
copy used beside its owner, when the two are handed different turns, which takes
some ten minutes of work by both. What it does not stop: a thief with both cookies
and the same browser description within those minutes, or who always asks within a
minute of the owner, or malware that works inside the officer's own browser. Sessions
end after an hour of rest and after a watch of twelve hours.
Source: RFC 9700, section 4.14.2 (rotation with reuse detection, there for refresh tokens); OWASP ASVS 5.0, V7.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
import time
from collections.abc import Callable
from typing import Final

from django.conf import settings
from django.contrib.auth import logout
from django.contrib.sessions.backends.base import SessionBase
from django.dispatch import Signal
from django.http import HttpRequest, HttpResponse
from django.utils.crypto import salted_hmac

TURN_COOKIE: Final = "ayni_turn"
TURN_S: Final = 300
"""A turn older than this is followed by the next one. Ours: short against a copy, long against chatter."""
GRACE_S: Final = 60
"""How long requests under way may still show the previous turn. Ours: a page on a 64 kbit/s link."""
REST_S: Final = 3600
"""Unused for this long, a session ends. Ours: an hour, as a watch-keeper's round."""
WATCH_S: Final = 12 * 3600
"""The longest session. Source: NIST SP 800-63B-4, section 2.2.3 (AAL2: at most 24 hours, 1 hour idle)."""
SEEN_EVERY_S: Final = 60

_KEY: Final = "ayni_binding"
_MAX_DIGITS: Final = 9
_NONE: Final = 0
"""No turn bears this number: the first is 1."""
_WRONG: Final = -1

stolen = Signal()
"""Sent with `account` and `why` when a session is ended because its cookie was used twice or elsewhere."""


class BoundSessions:
    """Middleware: checks the turn of every signed-in request, after authentication."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._next = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Let the request pass, or end its session first."""
        user = getattr(request, "user", None)
        if user is not None and user.is_authenticated:
            why = refusal(request.session, request.COOKIES.get(TURN_COOKIE, ""), description(request), time.time())
            if why:
                account = request.user
                logout(request)
                if why != "rest":
                    stolen.send(sender=BoundSessions, account=account, why=why)
                request.ayni_session_ended = why  # type: ignore[attr-defined]  # read by the sign-in page
        response = self._next(request)
        self._hand_out(request, response)
        return response

    def _hand_out(self, request: HttpRequest, response: HttpResponse) -> None:
        user = getattr(request, "user", None)
        if user is None or not user.is_authenticated:
            if TURN_COOKIE in request.COOKIES:
                response.delete_cookie(TURN_COOKIE, samesite="Lax")
            return
        turn = turn_to_hand_out(request.session, description(request), time.time())
        if turn:
            response.set_cookie(
                TURN_COOKIE,
                turn,
                max_age=WATCH_S,
                secure=bool(settings.SESSION_COOKIE_SECURE),
                httponly=True,
                samesite="Lax",
            )


def description(request: HttpRequest) -> str:
    """Return a hash of how the browser describes itself: product and platform."""
    headers = ("User-Agent", "Sec-CH-UA-Platform")
    return hashlib.sha256("\n".join(request.headers.get(name, "") for name in headers).encode()).hexdigest()


def refusal(session: SessionBase, turn: str, shown_by: str, now: float) -> str:
    """Return why this request may not use the session; empty when it may. Updates the session."""
    bound = session.get(_KEY)
    if bound is None:
        return ""
    if now - bound["seen_at"] > REST_S or now - bound["since"] > WATCH_S:
        return "rest"
    if not hmac.compare_digest(bound["by"], shown_by):
        return "another browser"
    number = _number_of(turn, bound["id"])
    if number == bound["offered"]:
        session[_KEY] = {
            **bound,
            "turn": number,
            "before": bound["turn"],
            "turned_at": now,
            "offered": _NONE,
            "seen_at": now,
        }
    elif number == bound["before"] and now - bound["turned_at"] <= GRACE_S:
        pass
    elif number != bound["turn"]:
        return "a copy"
    elif now - bound["seen_at"] > SEEN_EVERY_S:
        session[_KEY] = {**bound, "seen_at": now}
    return ""


def turn_to_hand_out(session: SessionBase, shown_by: str, now: float) -> str:
    """Return the turn to send with this answer, or an empty string. Updates the session."""
    bound = session.get(_KEY)
    if bound is None:
        bound = {
            "id": secrets.token_hex(16),
            "turn": 1,
            "before": _NONE,
            "turned_at": now,
            "offered": _NONE,
            "offered_at": now,
            "last": 1,
            "seen_at": now,
            "since": now,
            "by": shown_by,
        }
        session[_KEY] = bound
        return _turn(bound["id"], 1)
    if now - bound["turned_at"] <= TURN_S:
        return ""
    if bound["offered"] == _NONE or now - bound["offered_at"] > GRACE_S:
        number = bound["last"] + 1
        session[_KEY] = {**bound, "offered": number, "offered_at": now, "last": number}
        return _turn(bound["id"], number)
    return _turn(bound["id"], bound["offered"])


def _turn(binding: str, number: int) -> str:
    return f"{number}.{_mac(binding, number)}"


def _mac(binding: str, number: int) -> str:
    return salted_hmac("ayni.session.turn", f"{binding}|{number}", algorithm="sha256").hexdigest()


def _number_of(turn: str, binding: str) -> int:
    """Return the number of a turn whose MAC is right, or `_WRONG`."""
    number, _, mac = turn.partition(".")
    if not (number.isascii() and number.isdecimal()) or len(number) > _MAX_DIGITS:
        return _WRONG
    return int(number) if hmac.compare_digest(mac, _mac(binding, int(number))) else _WRONG
