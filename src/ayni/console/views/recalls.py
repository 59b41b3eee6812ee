"""Where a record of ours is, and taking it back: who was given it, who has proven that it is gone.

A recall is an order to every holder; it overtakes everything else. Each answer is signed,
and counts as proven once the holder's own ledger, witnessed, shows the deletion.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Final

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
from ayni.console.phrasing import instant
from ayni.console.views.exchange import place_shown
from ayni.console.words import STANDS, word
from ayni.exchange import recall
from ayni.exchange.exposure import LOOK, exposure
from ayni.exchange.recall import Branch, Tree
from ayni.exchange.recall_records import recall_of
from ayni.model.act import check_entitled
from ayni.model.handling import Mandate
from ayni.node.post_status import last_reached
from ayni.node.running import running

WITHIN: Final = {"1": gettext_lazy("1 hour"), "8": gettext_lazy("8 hours"), "24": gettext_lazy("1 day")}
"""How soon an answer is due, in hours. Ours."""


class RecallForm(forms.Form):
    """Why a record is taken back, and how soon each holder answers."""

    why = forms.CharField(
        label=gettext_lazy("Why it is taken back"),
        help_text=gettext_lazy("Every holder reads this."),
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 2}),
    )
    within = forms.ChoiceField(
        label=gettext_lazy("An answer is due within"), choices=tuple(WITHIN.items()), initial="8"
    )


@mandated
def whereabouts(request: HttpRequest, mandate: Mandate, record: str) -> HttpResponse:
    """Show every place where one record of ours is or was, and how a recall of it stands."""
    by, node = officer_of(request), running()
    check_entitled(LOOK, by)
    with node.store.work() as work:
        places = exposure(by=by, under=mandate, work=work, record=record)
        recalled = recall_of(work, record) is not None
        tree = (
            recall.tree(record, by=by, under=mandate, work=work, seen=last_reached(node.node)) if recalled else None
        )
        work.commit()
    names = {name: one.card.name for name, one in node.exchange.partners().items()}
    may = not recalled and bool(recall.ACT.roles & by.roles) and bool(places)
    return render(
        request,
        "ayni/whereabouts.html",
        {
            "record": record,
            "places": [{**place_shown(one), "holder": names.get(one.holder, one.holder)} for one in places],
            "tree": _shown(tree, names) if tree else None,
            "form": RecallForm() if may else None,
        },
    )


@require_POST
@mandated
def take_back(request: HttpRequest, mandate: Mandate, record: str) -> HttpResponse:
    """Order every holder to destroy a record of ours."""
    form, node = RecallForm(request.POST), running()
    if not form.is_valid():
        complain(request, form)
        return HttpResponseRedirect(reverse("whereabouts", args=[record]))
    with node.store.work() as work:
        recall.recall(
            record,
            why=form.cleaned_data["why"],
            answer_within=timedelta(hours=int(form.cleaned_data["within"])),
            by=officer_of(request),
            under=mandate,
            work=work,
            house=node.house,
            identity=node.exchange.identity,
        )
        work.commit()
    messages.success(request, _("Recalled. The order overtakes everything else on the line."))
    return HttpResponseRedirect(reverse("whereabouts", args=[record]))


def _shown(tree: Tree, names: dict[str, str]) -> dict[str, object]:
    counts = [(stand.value, word(STANDS, stand.value), count) for stand, count in tree.counts.items() if count]
    return {
        "why": tree.why,
        "at": instant(tree.at),
        "deadline": instant(tree.deadline),
        "counts": counts,
        "branches": [line for branch in tree.branches for line in _lines(branch, names, 0)],
    }


def _lines(branch: Branch, names: dict[str, str], depth: int) -> Iterator[dict[str, object]]:
    yield {
        "depth": depth,
        "holder": names.get(branch.holder, branch.holder),
        "stand": branch.stand.value,
        "stand_word": word(STANDS, branch.stand.value),
        "since": instant(branch.since),
        "late": branch.late,
        "court": branch.court,
        "ground": branch.ground,
        "review": branch.review_on,
        "made": branch.made_from_it,
        "copies": branch.copies,
    }
    for inner in branch.onward:
        yield from _lines(inner, names, depth + 1)
