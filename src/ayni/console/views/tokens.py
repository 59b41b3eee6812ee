"""Keys for programs: issued to one officer, for some days, within some scopes; shown once."""

from __future__ import annotations

from datetime import timedelta

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from ayni.console.listing import officer_of
from ayni.console.mandate import mandated
from ayni.console.phrasing import instant
from ayni.console.words import SCOPES, choices, word
from ayni.model.act import check_entitled
from ayni.model.handling import Mandate
from ayni.node.officers.models import Account, Token
from ayni.node.officers.tokens import ISSUE, Scope, issue_token, revoke_token
from ayni.node.running import running

MAX_DAYS = 366


class TokenForm(forms.Form):
    """For whom, for what, for how long."""

    officer = forms.ChoiceField(label=gettext_lazy("Officer"))
    label = forms.CharField(label=gettext_lazy("What the program does"), max_length=100)
    scopes = forms.MultipleChoiceField(label=gettext_lazy("Scopes"), widget=forms.CheckboxSelectMultiple)
    days = forms.IntegerField(label=gettext_lazy("Days"), min_value=1, max_value=MAX_DAYS)

    def __init__(self, data: object = None, **kwargs: object) -> None:
        super().__init__(data, **kwargs)  # type: ignore[arg-type]  # Django's own signature
        people = [(str(one.id), one.name) for one in Account.objects.persons().filter(is_active=True)]
        self.fields["officer"].choices = [("", "—"), *people]  # type: ignore[attr-defined]  # a choice field
        self.fields["scopes"].choices = choices(SCOPES)  # type: ignore[attr-defined]  # a choice field


@mandated
def tokens(request: HttpRequest, mandate: Mandate) -> HttpResponse:
    """List tokens; issue one and show it this once."""
    by = officer_of(request)
    check_entitled(ISSUE, by)
    form = TokenForm(request.POST or None, initial={"days": 90})
    issued = ""
    if request.method == "POST" and form.is_valid():
        answer = form.cleaned_data
        with running().store.work() as work:
            issued = issue_token(
                answer["officer"],
                label=answer["label"],
                scopes=frozenset(Scope(scope) for scope in answer["scopes"]),
                life=timedelta(days=answer["days"]),
                by=by,
                under=mandate,
                work=work,
            ).text
            work.commit()
        form = TokenForm(initial={"days": 90})
    rows = [
        (token, ", ".join(word(SCOPES, scope) for scope in token.scopes.split(",")), instant(token.expires_at))
        for token in Token.objects.select_related("account").order_by("-made_at")[:100]
    ]
    context = {"form": form, "rows": rows, "issued": issued}
    response = render(request, "ayni/tokens.html", context, status=422 if form.errors else 200)
    response["Cache-Control"] = "no-store"
    return response


@require_POST
@mandated
def token_revoke(request: HttpRequest, mandate: Mandate, token: str) -> HttpResponse:
    """End a token at once."""
    with running().store.work() as work:
        revoke_token(token, by=officer_of(request), under=mandate, work=work)
        work.commit()
    messages.success(request, _("The token has ended."))
    return HttpResponseRedirect(reverse("tokens"))
