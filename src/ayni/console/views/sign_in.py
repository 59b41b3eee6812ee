"""Signing in and out, and an officer's own keys. The work is django-allauth's; the words are ours."""

from __future__ import annotations

from typing import Any

from allauth.account.views import LoginView
from allauth.mfa.utils import is_mfa_enabled
from django.contrib import messages
from django.contrib.auth import logout
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from ayni.node.officers import acts
from ayni.node.officers.models import Account
from ayni.node.running import SECURITY, running

ENDED_COOKIE = "ayni_ended"


class SignInView(LoginView):  # type: ignore[misc]  # allauth ships no types
    """The sign-in page; it says why a session ended."""

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:  # noqa: ANN401 -- Django's signature
        """Add the reason, if the session has just been ended."""
        context: dict[str, Any] = super().get_context_data(**kwargs)
        context["ended"] = why_ended(
            getattr(self.request, "ayni_session_ended", "") or self.request.GET.get("why", "")
        )
        return context


def why_ended(why: str) -> str:
    """Return the sentence that tells an officer why a session is over."""
    if why in {"a copy", "another browser"}:
        return _(
            "Your session was ended because its cookie was used a second time or in another browser. "
            "If that was not you, tell your administrator now."
        )
    if why == "rest":
        return _("Your session has ended. Sign in again; what you had written is kept on this machine.")
    return ""


@login_required
def me(request: HttpRequest) -> HttpResponse:
    """Show an officer how they sign in, and let them change it."""
    return render(request, "ayni/me.html", {"second": is_mfa_enabled(request.user)})


@login_required
@require_POST
def everywhere(request: HttpRequest) -> HttpResponse:
    """Sign the officer out on every machine."""
    account = request.user
    if isinstance(account, Account):
        with running().store.work() as work:
            acts.sign_out_everywhere(by=account.as_officer(), under=SECURITY, work=work)
            work.commit()
    logout(request)
    messages.success(request, _("You are signed out on every machine."))
    return HttpResponseRedirect(reverse("account_login"))


def refused(request: HttpRequest) -> HttpResponse:
    """Say that this account may not sign in."""
    return render(request, "ayni/refused.html", status=403)


def cancelled(request: HttpRequest) -> HttpResponse:
    """Say that the officer turned back at the identity provider."""
    return render(request, "socialaccount/login_cancelled.html")


def csrf_failed(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Say that a form was not sent from one of our pages, or after its session had ended."""
    del reason  # says how the check works, which helps nobody who should be here
    return render(request, "ayni/csrf.html", status=403)
