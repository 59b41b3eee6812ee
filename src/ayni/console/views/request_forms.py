"""The forms of a request: the question, with the vessel to board, and the answer."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from ayni.console.forms import positioned, utc
from ayni.console.words import MEASURES, SAYS, URGENCIES, choices, word
from ayni.exchange.request_words import Boarding, Measure, Reply, Says


class AskForm(forms.Form):
    """A question under an agreement; with a vessel, the request for the flag State's consent to board it."""

    whom = forms.ChoiceField(label=gettext_lazy("Whom, under which agreement"))
    question = forms.CharField(
        label=gettext_lazy("Question"), max_length=4000, widget=forms.Textarea(attrs={"rows": 3})
    )
    urgency = forms.ChoiceField(label=gettext_lazy("An answer is due within"))
    vessel = forms.CharField(
        label=gettext_lazy("Vessel to board"),
        help_text=gettext_lazy("Only when you ask the flag State's consent; then say all that follows."),
        max_length=120,
        required=False,
    )
    flag = forms.RegexField(
        "^[A-Z]{2}$", label=gettext_lazy("Flag State (two letters)"), required=False, max_length=2
    )
    mmsi = forms.RegexField("^[0-9]{9}$", label="MMSI", required=False)
    imo = forms.RegexField("^[0-9]{7}$", label="IMO", required=False)
    seen_at = forms.CharField(
        label=gettext_lazy("Seen at (UTC)"),
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}),
        required=False,
    )
    place = forms.CharField(
        label=gettext_lazy("Where it was"),
        help_text=gettext_lazy("Latitude and longitude, for instance -2.2, -85.0"),
        required=False,
        max_length=60,
    )
    grounds = forms.CharField(
        label=gettext_lazy("Grounds: facts, not conclusions"),
        max_length=4000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    measures = forms.MultipleChoiceField(
        label=gettext_lazy("What consent is asked for"), required=False, widget=forms.CheckboxSelectMultiple
    )

    def __init__(self, data: object = None, *, whom: list[tuple[str, str]], **kwargs: object) -> None:
        super().__init__(data, **kwargs)  # type: ignore[arg-type]  # Django's own signature
        offered = {"whom": [("", "—"), *whom], "urgency": choices(URGENCIES), "measures": choices(MEASURES)}
        for name, options in offered.items():
            self.fields[name].choices = options  # type: ignore[attr-defined]  # a ChoiceField

    def clean(self) -> dict[str, object]:
        """Read the vessel to board, whole or not at all."""
        answer = super().clean() or self.cleaned_data
        if not answer.get("vessel") or self.errors:
            return {**answer, "boarding": None}
        missing = [name for name in ("flag", "seen_at", "place", "grounds") if not answer.get(name)]
        for name in missing:
            self.add_error(name, _("The flag State needs this to decide."))
        return {**answer, "boarding": None if missing else self._boarding(answer)}

    def _boarding(self, answer: Mapping[str, str]) -> Boarding | None:
        try:
            lat, lon = positioned(answer["place"])
        except forms.ValidationError as error:
            self.add_error("place", error)
            return None
        return Boarding(
            vessel=answer["vessel"],
            flag=answer["flag"],
            seen_at=utc(answer["seen_at"]),
            lat_deg=lat,
            lon_deg=lon,
            grounds=answer["grounds"],
            measures=tuple(Measure(one) for one in answer["measures"]) or (Measure.BOARD,),
            mmsi=answer["mmsi"],
            imo=answer["imo"],
        )


class AnswerForm(forms.Form):
    """What we answer."""

    says = forms.ChoiceField(label=gettext_lazy("Answer"))
    words = forms.CharField(
        label=gettext_lazy("Words"), required=False, max_length=4000, widget=forms.Textarea(attrs={"rows": 3})
    )
    ground = forms.CharField(
        label=gettext_lazy("Ground"),
        help_text=gettext_lazy("Rule of law and reason, of a refusal, a withdrawal or a part left out."),
        required=False,
        max_length=4000,
        widget=forms.Textarea(attrs={"rows": 2}),
    )
    conditions = forms.CharField(
        label=gettext_lazy("Conditions"),
        help_text=gettext_lazy("One a line."),
        required=False,
        max_length=4000,
        widget=forms.Textarea(attrs={"rows": 2}),
    )
    until = forms.CharField(
        label=gettext_lazy("The consent holds until (UTC)"),
        required=False,
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}),
    )

    def __init__(self, data: object = None, *, says: list[Says], boarding: bool, **kwargs: object) -> None:
        super().__init__(data, **kwargs)  # type: ignore[arg-type]  # Django's own signature
        self.fields["says"].choices = [(one.value, word(SAYS, one.value)) for one in says]  # type: ignore[attr-defined]
        if not boarding:
            del self.fields["conditions"], self.fields["until"]

    def clean_until(self) -> datetime | None:
        """Read what the browser sends, as UTC."""
        return utc(self.cleaned_data["until"]) if self.cleaned_data["until"] else None

    def reply(self, request: str) -> Reply:
        """Return the answer that the form holds.

        Raises:
            InvalidValueError: if it leaves out what such an answer must say.
        """
        answer = self.cleaned_data
        lines = str(answer.get("conditions", "")).splitlines()
        return Reply(
            request=request,
            says=Says(answer["says"]),
            words=answer["words"],
            ground=answer["ground"],
            at=datetime.now(UTC),
            conditions=tuple(line.strip() for line in lines if line.strip()),
            until=answer.get("until"),
        )
