"""What came of it: seized, arrested, rescued, or nothing found."""

from __future__ import annotations

from datetime import UTC, datetime

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from ayni.casework.consult import consult
from ayni.console.forms import utc
from ayni.console.listing import listing, officer_of
from ayni.console.mandate import mandated
from ayni.console.phrasing import instant
from ayni.console.words import OUTCOMES, UNITS, choices, word
from ayni.evaluation.chain import FOLLOW
from ayni.evaluation.report import EVALUATE
from ayni.model.handling import Mandate
from ayni.model.outcome import Outcome, OutcomeKind, Quantity, Unit
from ayni.model.record import Header
from ayni.model.store import Query
from ayni.node.running import running
from ayni.operations.results import outcome_of, record_outcome


class OutcomeForm(forms.Form):
    """Kind, time, quantity with its unit, words."""

    kind = forms.ChoiceField(label=gettext_lazy("What happened"))
    at = forms.CharField(
        label=gettext_lazy("When (UTC)"), widget=forms.DateTimeInput(attrs={"type": "datetime-local"})
    )
    of = forms.CharField(
        label=gettext_lazy("Quantity of"),
        max_length=200,
        required=False,
        help_text=gettext_lazy("For instance cocaine hydrochloride; never a name"),
    )
    value = forms.FloatField(label=gettext_lazy("How much"), min_value=0, required=False)
    unit = forms.ChoiceField(label=gettext_lazy("Unit"), required=False)
    confirmed = forms.BooleanField(label=gettext_lazy("Weighed or tested by a laboratory"), required=False)
    double_count_key = forms.CharField(
        label=gettext_lazy("Exhibit or registration number"),
        max_length=120,
        required=False,
        help_text=gettext_lazy("Kept only as a keyed hash, to find the same thing reported twice"),
    )
    words = forms.CharField(
        label=gettext_lazy("Words"), required=False, max_length=4000, widget=forms.Textarea(attrs={"rows": 3})
    )
    signal = forms.CharField(widget=forms.HiddenInput, required=False, max_length=36)
    task = forms.CharField(widget=forms.HiddenInput, required=False, max_length=36)

    def __init__(self, data: object = None, **kwargs: object) -> None:
        super().__init__(data, **kwargs)  # type: ignore[arg-type]  # Django's own signature
        self.fields["kind"].choices = [("", "—"), *choices(OUTCOMES)]  # type: ignore[attr-defined]  # a ChoiceField
        self.fields["unit"].choices = [("", "—"), *choices(UNITS)]  # type: ignore[attr-defined]  # a ChoiceField

    def clean_at(self) -> datetime:
        """Read what the browser sends, as UTC."""
        return utc(self.cleaned_data["at"])

    def clean(self) -> dict[str, object]:
        """Hold the rules of an outcome: a seizure says how much, nothing found has no quantity."""
        answer = self.cleaned_data
        given = [bool(answer.get("of")), answer.get("value") is not None, bool(answer.get("unit"))]
        if any(given) and not all(given):
            self.add_error("of", _("A quantity is of something, with a number and a unit."))
        if answer.get("kind") == OutcomeKind.SEIZURE and not any(given):
            self.add_error("of", _("A seizure says how much."))
        if answer.get("kind") == OutcomeKind.NOTHING_FOUND and any(given):
            self.add_error("of", _("Nothing found has no quantity."))
        return answer

    def outcome(self) -> Outcome:
        """Return the outcome that the form holds."""
        answer = self.cleaned_data
        quantity = (
            Quantity(of=answer["of"], value=answer["value"], unit=Unit(answer["unit"]), confirmed=answer["confirmed"])
            if answer["of"]
            else None
        )
        return Outcome(
            kind=OutcomeKind(answer["kind"]),
            at=answer["at"],
            quantities=(quantity,) if quantity else (),
            words=answer["words"],
            task=answer["task"],
            signals=(answer["signal"],) if answer["signal"] else (),
            double_count_key=answer["double_count_key"],
        )


@login_required
def outcomes(request: HttpRequest) -> HttpResponse:
    """List outcomes without opening any."""
    return render(request, "ayni/outcomes.html", _frame(request))


@mandated
def outcome(request: HttpRequest, mandate: Mandate, record: str) -> HttpResponse:
    """Open one outcome; the consultation is written down."""
    with running().store.work() as work:
        found = consult(record, by=officer_of(request), under=mandate, work=work)
        body = outcome_of(found)
        work.commit()
    quantities = [(one.of, f"{one.value:g}", word(UNITS, one.unit.value), one.confirmed) for one in body.quantities]
    return render(
        request,
        "ayni/outcome.html",
        {
            **_frame(request, here=record),
            "record": found.header,
            "outcome": body,
            "kind": word(OUTCOMES, body.kind.value),
            "at": instant(body.at),
            "quantities": quantities,
            "may_follow": bool(FOLLOW.roles & officer_of(request).roles),
        },
    )


@mandated
def outcome_new(request: HttpRequest, mandate: Mandate) -> HttpResponse:
    """Write down what came of it."""
    initial = {
        "signal": request.GET.get("signal", ""),
        "task": request.GET.get("task", ""),
        "at": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M"),
    }
    form = OutcomeForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        node = running()
        with node.store.work() as work:
            made = record_outcome(form.outcome(), house=node.house, by=officer_of(request), under=mandate, work=work)
            work.commit()
        messages.success(request, _("Recorded."))
        if made.same_as:
            messages.error(request, _("The same exhibit was recorded before: count it once."))
        request.session["taken"] = "outcome"
        return HttpResponseRedirect(reverse("outcome", args=[made.record.header.id]))
    context = {"form": form, "title": _("Record what came of it"), "button": _("Record"), "draft": "outcome"}
    return render(request, "ayni/form.html", context, status=422 if form.errors else 200)


def _title(header: Header) -> str:
    return word(OUTCOMES, header.state)


def _frame(request: HttpRequest, *, here: str = "") -> dict[str, object]:
    page = listing(
        request, Query(kind="outcome"), base=reverse("outcomes"), title=_title, states={}, here=here, keep=()
    )
    return {
        "list": page,
        "base": reverse("outcomes"),
        "action": reverse("outcome_new"),
        "action_title": _("Record what came of it"),
        "may_evaluate": bool(EVALUATE.roles & officer_of(request).roles),
    }
