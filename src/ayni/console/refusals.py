"""What an act refuses becomes a page with a sentence that helps, never a stack of lines."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import urlsplit

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render

from ayni.api.problems import status_of
from ayni.console.phrasing import told
from ayni.errors import AyniError, NodeError, NotEntitledError, UnknownError


class Refusals:
    """Middleware: a refused form goes back to its page with the reason; a refused page says why."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._next = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Pass on."""
        return self._next(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        """Answer for our own errors; leave defects to be seen as what they are."""
        if not isinstance(error, AyniError):
            return None
        came_from = urlsplit(request.headers.get("Referer", ""))
        stays = isinstance(error, (NotEntitledError, UnknownError, NodeError))
        if request.method == "POST" and came_from.netloc == request.get_host() and not stays:
            messages.error(request, told(error))
            return HttpResponseRedirect(came_from.path + (f"?{came_from.query}" if came_from.query else ""))
        return render(request, "ayni/refusal.html", {"told": told(error)}, status=status_of(error))
