"""The way in once signed in: first room, language, appearance, and the mandate one works under."""

from __future__ import annotations

from django import forms
from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from ayni.console import mandate
from ayni.console.context import THEME_COOKIE, THEMES, first_room
from ayni.console.words import PURPOSES, purpose_name
from ayni.model.handling import Mandate, Purpose
from ayni.node.officers.models import Account

YEAR_S = 31_536_000


@login_required
def home(request: HttpRequest) -> HttpResponse:
    """Go to where this officer's work begins."""
    account = request.user
    return HttpResponseRedirect(first_room(account) if isinstance(account, Account) else reverse("account_login"))


@require_POST
def set_language(request: HttpRequest) -> HttpResponse:
    """Keep the chosen language on this machine for a year."""
    code = request.POST.get("language", "")
    response = HttpResponseRedirect(next_address(request))
    if code in dict(settings.LANGUAGES):
        response.set_cookie(
            settings.LANGUAGE_COOKIE_NAME,
            code,
            max_age=YEAR_S,
            secure=bool(settings.LANGUAGE_COOKIE_SECURE),
            httponly=True,
            samesite="Lax",
        )
    return response


@require_POST
def set_theme(request: HttpRequest) -> HttpResponse:
    """Keep the chosen appearance on this machine for a year."""
    theme = request.POST.get("theme", "")
    response = HttpResponseRedirect(next_address(request))
    if theme in THEMES:
        keep_on_machine(response, THEME_COOKIE, theme)
    return response


def keep_on_machine(response: HttpResponse, name: str, value: str) -> None:
    """Let this machine remember a choice for a year."""
    response.set_cookie(
        name, value, max_age=YEAR_S, secure=bool(settings.LANGUAGE_COOKIE_SECURE), httponly=True, samesite="Lax"
    )


class MandateForm(forms.Form):
    """Purpose and legal basis, both asked, neither preset."""

    purpose = forms.ChoiceField(label=_("Purpose"))
    legal_basis = forms.CharField(
        label=_("Legal basis"),
        max_length=300,
        help_text=_(
            "Instrument and article that allow you to do this, for instance a law, a decree or a court order."
        ),
    )

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]  # Django's own signature
        choices = sorted(((purpose.value, purpose_name(purpose)) for purpose in PURPOSES), key=lambda pair: pair[1])
        self.fields["purpose"].choices = [("", "—"), *choices]  # type: ignore[attr-defined]  # a ChoiceField


@login_required
def mandate_page(request: HttpRequest) -> HttpResponse:
    """Ask for which purpose, and under which rule of law, the officer works now."""
    kept = mandate.of(request)
    initial = {"purpose": kept.purpose.value, "legal_basis": kept.legal_basis} if kept else None
    form = MandateForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        answer = form.cleaned_data
        mandate.state(request, Mandate(purpose=Purpose(answer["purpose"]), legal_basis=answer["legal_basis"]))
        return HttpResponseRedirect(next_address(request))
    return render(request, "ayni/mandate.html", {"form": form, "next": next_address(request)})


def not_here(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Say that there is nothing at this address."""
    del exception
    return render(request, "ayni/refusal.html", {"told": gettext("There is nothing at this address.")}, status=404)


def defect(_request: HttpRequest) -> HttpResponse:
    """Say that the fault is ours, without asking anything more of a node that is not well."""
    page = (
        "<!doctype html><html lang=en><meta charset=utf-8><title>Ayni</title><h1>Something went wrong here</h1>"
        "<p>Nothing was half done. Tell your administrator the time; the node's log says more.</p>"
    )
    return HttpResponse(page, status=500)


def next_address(request: HttpRequest) -> str:
    """Return where to go next: the `next` of the form or address, never off this node."""
    address = request.POST.get("next") or request.GET.get("next") or "/"
    safe = url_has_allowed_host_and_scheme(address, {request.get_host()}, require_https=request.is_secure())
    return address if safe else "/"
