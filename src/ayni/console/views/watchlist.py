"""The watchlist: proposed by one officer, confirmed or turned down by a second, ended."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from ayni.casework import watchlist as acts
from ayni.casework.consult import consult
from ayni.console.forms import complain, utc
from ayni.console.listing import listing, officer_of
from ayni.console.mandate import mandated
from ayni.console.phrasing import instant
from ayni.console.views.areas import given_by
from ayni.console.views.signals import officer_name
from ayni.console.words import WATCHED, choices, word
from ayni.errors import InvalidValueError
from ayni.model.handling import Mandate
from ayni.model.officer import Officer
from ayni.model.record import Header
from ayni.model.store import Query, Work
from ayni.model.watch_entry import CALL_SIGN, MOST_NAME, MOST_WORDS, WatchState
from ayni.node.running import running
from ayni.toolkit.codes.vessels import check_imo, check_mmsi
from ayni.toolkit.names import vessel_key

STEPS: Final = frozenset({"confirm", "refuse", "end"})


NAMED: Final = ("imo", "mmsi", "call_sign", "name")


class EntryForm(forms.Form):
    """Whom to watch for, why, what to do, until when."""

    imo = forms.CharField(label=gettext_lazy("IMO number"), max_length=12, required=False)
    mmsi = forms.RegexField("^[0-9]{9}$", label="MMSI", required=False)
    call_sign = forms.CharField(label=gettext_lazy("Call sign"), max_length=12, required=False)
    name = forms.CharField(label=gettext_lazy("Name of the vessel"), max_length=MOST_NAME, required=False)
    name_edits = forms.ChoiceField(label=gettext_lazy("Letters that may differ"))
    ground = forms.CharField(
        label=gettext_lazy("Ground"),
        help_text=gettext_lazy("Why it is listed; the second officer decides on this."),
        max_length=MOST_WORDS,
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    instruction = forms.CharField(
        label=gettext_lazy("Instruction"),
        help_text=gettext_lazy("What the watch does when it is heard."),
        max_length=MOST_WORDS,
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    until = forms.CharField(
        label=gettext_lazy("Until (UTC)"),
        help_text=gettext_lazy("It ends by itself; a year ahead at most."),
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}),
    )

    def __init__(self, data: object = None, **kwargs: object) -> None:
        super().__init__(data, **kwargs)  # type: ignore[arg-type]  # Django's own signature
        edits = [("0", _("none: the same name")), ("1", _("one letter")), ("2", _("two letters"))]
        self.fields["name_edits"].choices = edits  # type: ignore[attr-defined]  # a ChoiceField

    def clean_imo(self) -> str:
        """Refuse a number whose check digit is wrong."""
        given = str(self.cleaned_data["imo"])
        if given and check_imo(given).wrong:
            raise forms.ValidationError(_("Not an IMO number: the last digit proves the six before it."))
        return given

    def clean_mmsi(self) -> str:
        """Refuse the beacon of somebody in need."""
        given = str(self.cleaned_data["mmsi"])
        if given and check_mmsi(given).station.distress:
            raise forms.ValidationError(_("This is a distress beacon: call the rescue centre instead."))
        return given

    def clean_call_sign(self) -> str:
        """Bring it into its plain form."""
        given = str(self.cleaned_data["call_sign"]).upper().replace(" ", "").replace("-", "")
        if given and CALL_SIGN.match(given) is None:
            raise forms.ValidationError(_("A call sign has three to seven letters and digits."))
        return given

    def clean_until(self) -> datetime:
        """Read what the browser sends, as UTC."""
        until = utc(self.cleaned_data["until"])
        now = datetime.now(UTC)
        if not now < until <= now + acts.LONGEST:
            raise forms.ValidationError(_("Choose a time ahead, within a year."))
        return until

    def clean(self) -> dict[str, object]:
        """Ask for somebody, and for a name long enough for its tolerance."""
        answer = super().clean() or {}
        named = [answer.get(field) for field in NAMED]
        if not any(named) and not self.errors:
            self.add_error("imo", _("Give at least one number, call sign or name."))
        edits = int(str(answer.get("name_edits", "0") or "0"))
        if answer.get("name") and len(vessel_key(str(answer["name"]))) < acts.LEAST_LETTERS[edits]:
            self.add_error(
                "name",
                _("Too short: with so many letters that may differ it needs %(least)s.")
                % {"least": acts.LEAST_LETTERS[edits]},
            )
        if edits and not answer.get("name"):
            self.add_error("name", _("There is no name to differ from."))
        return answer

    def entry(self) -> acts.NewEntry:
        """Return what the form says."""
        answer = self.cleaned_data
        return acts.NewEntry(
            imo=answer["imo"],
            mmsi=answer["mmsi"],
            call_sign=answer["call_sign"],
            name=answer["name"],
            name_edits=int(answer["name_edits"]),
            ground=answer["ground"],
            instruction=answer["instruction"],
            until=answer["until"],
        )


class StepForm(forms.Form):
    """What is said when an entry is decided about or ended."""

    version = forms.IntegerField(widget=forms.HiddenInput)
    words = forms.CharField(
        label=gettext_lazy("Words"), required=False, max_length=MOST_WORDS, widget=forms.Textarea(attrs={"rows": 2})
    )


@login_required
def watchlist(request: HttpRequest) -> HttpResponse:
    """List entries without opening any."""
    return render(request, "ayni/watchlist.html", _frame(request))


@mandated
def entry(request: HttpRequest, mandate: Mandate, record: str) -> HttpResponse:
    """Open one entry beside its list; the consultation is written down."""
    by = officer_of(request)
    with running().store.work() as work:
        found = consult(record, by=by, under=mandate, work=work)
        body = acts.entry_of(found)
        given = given_by(record, work)
        work.commit()
    ours = not found.header.agreement
    state = found.header.state
    return render(
        request,
        "ayni/entry.html",
        {
            **_frame(request, here=record),
            "record": found.header,
            "entry": body,
            "state_word": word(WATCHED, state),
            "until": instant(body.until),
            "owner": officer_name(body.owner),
            "second": officer_name(body.confirmed_by),
            "second_at": instant(body.confirmed_at) if body.confirmed_at else "",
            "given": given,
            "shared": not ours,
            "to_decide": ours and state == WatchState.PROPOSED.value and body.owner != by.id,
            "waits": ours and state == WatchState.PROPOSED.value and body.owner == by.id,
            "to_end": ours
            and (state == WatchState.LIVE.value or (state == WatchState.PROPOSED.value and body.owner == by.id)),
            "form": StepForm(initial={"version": found.header.version}, auto_id="decide-%s"),
            "end_form": StepForm(initial={"version": found.header.version}, auto_id="end-%s"),
        },
    )


@mandated
def entry_propose(request: HttpRequest, mandate: Mandate) -> HttpResponse:
    """Put a vessel up for the watchlist."""
    month = (datetime.now(UTC) + timedelta(days=30)).strftime("%Y-%m-%dT%H:%M")
    known: dict[str, object] = {name: request.GET.get(name, "") for name in NAMED}
    if shared := request.GET.get("from", ""):
        with running().store.work() as work:
            body = acts.entry_of(consult(shared, by=officer_of(request), under=mandate, work=work))
            work.commit()
        known = {name: getattr(body, name) for name in (*NAMED, "ground", "instruction")}
        known["name_edits"] = str(body.name_edits)
    form = EntryForm(request.POST or None, initial={"until": month, "name_edits": "0", **known})
    if request.method == "POST" and form.is_valid():
        node = running()
        try:
            with node.store.work() as work:
                made = acts.propose_entry(
                    form.entry(),
                    house=node.house,
                    by=officer_of(request),
                    under=mandate,
                    work=work,
                    parents=(shared,) if shared else (),
                )
                work.commit()
        except InvalidValueError as error:
            field = {"callsign": "call_sign"}.get(str(error.facts["field"]), str(error.facts["field"]))
            form.add_error(field if field in form.fields else None, _("It is listed already."))
        else:
            messages.success(request, _("Proposed. Nothing is watched for until a second officer confirms."))
            request.session["taken"] = "entry"
            return HttpResponseRedirect(reverse("entry", args=[made.header.id]))
    context = {"form": form}
    return render(request, "ayni/entry_form.html", context, status=422 if form.errors else 200)


@require_POST
@mandated
def entry_step(request: HttpRequest, mandate: Mandate, record: str, step: str) -> HttpResponse:
    """Confirm it, turn it down, or end it."""
    if step not in STEPS:
        raise Http404
    form = StepForm(request.POST)
    if form.is_valid() and step == "refuse" and not form.cleaned_data["words"].strip():
        form.add_error("words", _("Say why."))
    if form.is_valid():
        answer = form.cleaned_data
        with running().store.work() as work:
            said = _do(
                step, record, answer["words"], answer["version"], by=officer_of(request), under=mandate, work=work
            )
            work.commit()
        messages.success(request, said)
        request.session["taken"] = f"entry:{record}"
    else:
        complain(request, form)
    return HttpResponseRedirect(reverse("entry", args=[record]))


def _do(step: str, record: str, words: str, version: int, *, by: Officer, under: Mandate, work: Work) -> str:
    if step == "confirm":
        acts.confirm_entry(record, by=by, under=under, work=work, version=version)
        return _("Confirmed. It is watched for from now on.")
    if step == "refuse":
        acts.refuse_entry(record, words=words, by=by, under=under, work=work, version=version)
        return _("Turned down.")
    acts.end_entry(record, words=words, by=by, under=under, work=work, version=version)
    return _("No longer watched for. What was found stays.")


def _title(header: Header) -> str:
    return " · ".join((_("Entry"), header.id[-6:]))


def _frame(request: HttpRequest, *, here: str = "") -> dict[str, object]:
    state = request.GET.get("state", "")
    query = Query(kind="watch_entry", states=(state,) if state in WATCHED else ())
    return {
        "list": listing(request, query, base=reverse("watchlist"), title=_title, states=WATCHED, here=here),
        "filters": [("", _("All")), *choices(WATCHED)],
        "state_filter": state,
        "base": reverse("watchlist"),
        "action": reverse("entry-propose"),
        "action_title": _("Propose a vessel"),
    }
