"""An officer's own report: a sighting, a radar contact, a tip. In under a minute, also on a telephone."""

from __future__ import annotations

from datetime import UTC, datetime

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from ayni.casework.reports import file_report
from ayni.console.forms import utc
from ayni.console.listing import officer_of
from ayni.console.mandate import mandated
from ayni.console.words import CREDIBILITY, RELIABILITY, REPORTS, choices
from ayni.model.entity import Entity
from ayni.model.handling import Mandate
from ayni.model.place import Point
from ayni.model.report import InformationCredibility, Report, ReportKind, SourceReliability
from ayni.node.running import running


class ReportForm(forms.Form):
    """What was perceived, where, when, and how far it can be trusted."""

    distress = forms.BooleanField(label=gettext_lazy("Somebody may need help"), required=False)
    kind = forms.ChoiceField(label=gettext_lazy("How it was perceived"))
    words = forms.CharField(
        label=gettext_lazy("What was perceived"), max_length=4000, widget=forms.Textarea(attrs={"rows": 4})
    )
    at = forms.CharField(
        label=gettext_lazy("When (UTC)"), widget=forms.DateTimeInput(attrs={"type": "datetime-local"})
    )
    latitude = forms.FloatField(
        label=gettext_lazy("Latitude"), min_value=-90, max_value=90, help_text=gettext_lazy("Degrees, south negative")
    )
    longitude = forms.FloatField(
        label=gettext_lazy("Longitude"),
        min_value=-180,
        max_value=180,
        help_text=gettext_lazy("Degrees, west negative"),
    )
    uncertainty_m = forms.FloatField(label=gettext_lazy("Uncertain by (metres)"), min_value=0, max_value=1_000_000)
    source = forms.ChoiceField(label=gettext_lazy("The source"))
    information = forms.ChoiceField(label=gettext_lazy("The information"))
    name = forms.CharField(label=gettext_lazy("Name of the vessel"), max_length=120, required=False)
    mmsi = forms.RegexField("^[0-9]{9}$", label="MMSI", required=False)

    def __init__(self, data: object = None, **kwargs: object) -> None:
        super().__init__(data, **kwargs)  # type: ignore[arg-type]  # Django's own signature
        for field, words in (("kind", REPORTS), ("source", RELIABILITY), ("information", CREDIBILITY)):
            self.fields[field].choices = [("", "—"), *choices(words)]  # type: ignore[attr-defined]  # a ChoiceField

    def clean_at(self) -> datetime:
        """Read what the browser sends, as UTC."""
        return utc(self.cleaned_data["at"])

    def report(self) -> Report:
        """Return the report that the form holds."""
        answer = self.cleaned_data
        properties = {name: (answer[name],) for name in ("name", "mmsi") if answer[name]}
        key = answer["mmsi"] or answer["name"]
        return Report(
            kind=ReportKind(answer["kind"]),
            words=answer["words"],
            at=answer["at"],
            place=Point(coordinates=(answer["longitude"], answer["latitude"])),
            uncertainty_m=answer["uncertainty_m"],
            source=SourceReliability(answer["source"]),
            information=InformationCredibility(answer["information"]),
            subjects=(Entity(id=f"reported-{key}", schema="Vessel", properties=properties),) if properties else (),
            distress=answer["distress"],
        )


@mandated
def report(request: HttpRequest, mandate: Mandate) -> HttpResponse:
    """File a report; its signal opens next, and waits for triage like any other."""
    now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M")
    form = ReportForm(request.POST or None, initial={"at": now, "uncertainty_m": 500})
    if request.method == "POST" and form.is_valid():
        node = running()
        with node.store.work() as work:
            _kept, raised = file_report(
                form.report(), house=node.house, by=officer_of(request), under=mandate, work=work
            )
            work.commit()
        messages.success(request, _("Filed. Its signal waits for triage like any other."))
        request.session["taken"] = "report"
        return HttpResponseRedirect(reverse("signal", args=[raised.new[0]]))
    return render(request, "ayni/report.html", {"form": form}, status=422 if form.errors else 200)
