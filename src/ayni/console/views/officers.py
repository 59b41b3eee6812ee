"""Administration: who is let in."""

from __future__ import annotations

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from ayni.console.forms import complain
from ayni.console.listing import officer_of
from ayni.console.mandate import mandated
from ayni.console.words import ROLES, role_name
from ayni.model.act import check_entitled
from ayni.model.handling import Mandate
from ayni.model.officer import Role
from ayni.node.officers import acts
from ayni.node.running import running


class OfficerForm(forms.Form):
    """A person to be let in."""

    username = forms.RegexField(
        "^[a-z0-9][a-z0-9._-]{1,63}$",
        label=gettext_lazy("Sign-in name"),
        help_text=gettext_lazy("Lower-case letters, digits, . _ -"),
    )
    name = forms.CharField(label=gettext_lazy("Name"), max_length=200)
    roles = forms.MultipleChoiceField(label=gettext_lazy("Roles"), widget=forms.CheckboxSelectMultiple)
    email = forms.EmailField(
        label=gettext_lazy("E-mail"),
        required=False,
        help_text=gettext_lazy("Needed to sign in through the institution's own service"),
    )
    password = forms.CharField(
        label=gettext_lazy("First password"),
        required=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text=gettext_lazy("At least 15 characters; empty for sign-in through the institution's service only"),
    )

    def __init__(self, data: object = None, **kwargs: object) -> None:
        super().__init__(data, **kwargs)  # type: ignore[arg-type]  # Django's own signature
        named = [(role.value, role_name(role)) for role in ROLES]
        self.fields["roles"].choices = named  # type: ignore[attr-defined]  # a choice field


class WhyForm(forms.Form):
    """Why an officer is shut out."""

    why = forms.CharField(label=gettext_lazy("Reason"), max_length=500)


@mandated
def officers(request: HttpRequest, mandate: Mandate) -> HttpResponse:
    """List officers; let one in."""
    by = officer_of(request)
    check_entitled(acts.ADD, by)
    form = OfficerForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        answer = form.cleaned_data
        new = acts.NewOfficer(
            username=answer["username"],
            name=answer["name"],
            roles=frozenset(Role(role) for role in answer["roles"]),
            email=answer["email"],
            password=answer["password"],
        )
        with running().store.work() as work:
            acts.add_officer(new, by=by, under=mandate, work=work)
            work.commit()
        messages.success(request, _("Let in. Give them their sign-in name and first password in person."))
        request.session["taken"] = "officer"
        return HttpResponseRedirect(reverse("officers"))
    rows = [
        {
            "account": account,
            "roles": ", ".join(role_name(role) for role in sorted(account.role_set)),
            "answerable": account.answerable.name if account.answerable else "",
        }
        for account in acts.list_officers()
    ]
    context = {"form": form, "rows": rows, "why": WhyForm()}
    return render(request, "ayni/officers.html", context, status=422 if form.errors else 200)


@require_POST
@mandated
def officer_disable(request: HttpRequest, mandate: Mandate, officer: str) -> HttpResponse:
    """Shut an officer out."""
    form = WhyForm(request.POST)
    if form.is_valid():
        with running().store.work() as work:
            acts.disable(officer, why=form.cleaned_data["why"], by=officer_of(request), under=mandate, work=work)
            work.commit()
        messages.success(request, _("Shut out: sessions and tokens have ended."))
    else:
        complain(request, form)
    return HttpResponseRedirect(reverse("officers"))


@require_POST
@mandated
def officer_enable(request: HttpRequest, mandate: Mandate, officer: str) -> HttpResponse:
    """Let a disabled officer in again."""
    with running().store.work() as work:
        acts.enable(officer, by=officer_of(request), under=mandate, work=work)
        work.commit()
    messages.success(request, _("Let in again."))
    return HttpResponseRedirect(reverse("officers"))
