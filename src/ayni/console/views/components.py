"""One page that shows what all others are made of, with the words they really use; for whoever adds a page."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from django import forms
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET

from ayni.console.words import (
    AREAS,
    PRIORITIES,
    SAYS,
    STANDS,
    TASKS,
    TRIAGE,
    WATCHED,
    WATCHES,
    choices,
    word,
)

COLOURS: Final = (
    *("paper", "sheet", "sunk", "line", "edge", "ink", "soft", "tide", "wash"),
    *("for", "for-wash", "against", "against-wash", "alarm", "alarm-wash"),
)
"""Tokens of the stylesheet that are colours, each by day and by night."""


class Sample(forms.Form):
    """One field of each sort; empty as it stands, so that every complaint is seen."""

    word = forms.CharField(
        label=gettext_lazy("A word"), help_text=gettext_lazy("What is asked for, in a sentence."), max_length=40
    )
    choice = forms.ChoiceField(label=gettext_lazy("A choice"))
    sentence = forms.CharField(
        label=gettext_lazy("A sentence"), widget=forms.Textarea(attrs={"rows": 2}), required=False
    )
    agreed = forms.BooleanField(label=gettext_lazy("Yes or no"), required=False)

    def __init__(self, data: Mapping[str, str] | None = None) -> None:
        super().__init__(data)
        choice = self.fields["choice"]
        assert isinstance(choice, forms.ChoiceField)  # noqa: S101 -- as it stands above
        choice.choices = choices(PRIORITIES)


@login_required
@require_GET
def components(request: HttpRequest) -> HttpResponse:
    """Show every token and component, in the reader's language and appearance."""
    return render(
        request,
        "ayni/components.html",
        {
            "colours": COLOURS,
            "states": [(title, [(state, word(names, state)) for state in names]) for title, names in _states()],
            "form": Sample({"choice": next(iter(PRIORITIES))}),
            "things": [
                {"title": _("A reason to look"), "state": state, "state_word": word(TRIAGE, state)}
                for state in ("pending", "validated")
            ],
        },
    )


def _states() -> tuple[tuple[str, Mapping[str, str]], ...]:
    return (
        (_("Signals"), TRIAGE),
        (_("Tasks"), TASKS),
        (_("Requests"), SAYS),
        (_("Recall"), STANDS),
        (_("Areas"), AREAS),
        (_("Watchlist"), WATCHED),
        (_("Watches"), WATCHES),
    )
