"""For what, and by which right, the officer works now: stated once a watch, shown on every page.

An act has a purpose and a legal basis, neither with a default. The console asks for
both when they are first needed, keeps them in the session, and writes them into the
entry of everything that is opened or done. They end with the session.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils.http import urlencode

from ayni.errors import InvalidValueError
from ayni.model.handling import Mandate, Purpose

P = ParamSpec("P")
_KEY = "mandate"


def of(request: HttpRequest) -> Mandate | None:
    """Return the mandate stated in this session, or None."""
    kept = request.session.get(_KEY)
    if not isinstance(kept, dict):
        return None
    try:
        return Mandate(purpose=Purpose(kept["purpose"]), legal_basis=kept["legal_basis"])
    except (KeyError, ValueError, InvalidValueError):
        return None


def state(request: HttpRequest, mandate: Mandate) -> None:
    """Keep the mandate for the rest of the session."""
    request.session[_KEY] = {"purpose": mandate.purpose.value, "legal_basis": mandate.legal_basis}


def mandated(
    view: Callable[Concatenate[HttpRequest, Mandate, P], HttpResponseBase],
) -> Callable[Concatenate[HttpRequest, P], HttpResponseBase]:
    """Give a view its mandate; whoever has not stated one is asked first and comes back."""

    @login_required
    @wraps(view)
    def asked(request: HttpRequest, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        mandate = of(request)
        if mandate is None:
            back = request.get_full_path() if request.method == "GET" else request.headers.get("Referer", "/")
            return HttpResponseRedirect(f"{reverse('mandate')}?{urlencode({'next': back})}")
        return view(request, mandate, *args, **kwargs)

    return asked  # type: ignore[return-value]  # login_required keeps the signature
