"""Signals: the list the night watch works through, one signal with both sides, and the decision."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from ayni.casework import triage
from ayni.casework.consult import consult
from ayni.casework.similar import Past, most_usual, similar
from ayni.casework.triage import signal_of
from ayni.console.forms import complain, utc
from ayni.console.listing import Listing, listing, officer_of
from ayni.console.mandate import mandated
from ayni.console.phrasing import detector_of, instant, position, say
from ayni.console.views.files import files_of
from ayni.console.words import DISMISSALS, OUTCOMES, PROPERTIES, REPORTS, SCHEMATA, TRIAGE, choices, word
from ayni.exchange.correction import Correction
from ayni.exchange.holdings import CORRECTION
from ayni.exchange.sharing import SHARE
from ayni.model.area import Area
from ayni.model.desk import Desk, Detector, Parameter
from ayni.model.entity import Entity
from ayni.model.handling import Mandate
from ayni.model.record import Header, Record
from ayni.model.signal import Reason, Signal
from ayni.model.store import Query, Work
from ayni.model.triage import Dismissal, TriageState
from ayni.model.watch_entry import WatchEntry
from ayni.node.officers.models import Account
from ayni.node.running import running
from ayni.operations.watch_log import WATCH, WatchState
from ayni.toolkit.units import METRES_A_NAUTICAL_MILE

MAX_WORDS = 4000


class DecideForm(forms.Form):
    """Words and the version they were written about."""

    version = forms.IntegerField(widget=forms.HiddenInput, min_value=1)
    words = forms.CharField(
        label=gettext_lazy("Words"), required=False, max_length=MAX_WORDS, widget=forms.Textarea(attrs={"rows": 2})
    )


class DismissForm(DecideForm):
    """A reason from the closed list, and words."""

    why = forms.ChoiceField(label=gettext_lazy("Reason"))
    field_order = ("version", "why", "words")

    def __init__(self, data: object = None, **kwargs: object) -> None:
        super().__init__(data, **kwargs)  # type: ignore[arg-type]  # Django's own signature
        self.fields["why"].choices = [("", "—"), *choices(DISMISSALS)]  # type: ignore[attr-defined]  # a ChoiceField


class SilenceForm(DecideForm):
    """Until when, in UTC, and words."""

    until = forms.CharField(
        label=gettext_lazy("Until (UTC)"), widget=forms.DateTimeInput(attrs={"type": "datetime-local"})
    )
    field_order = ("version", "until", "words")

    def clean_until(self) -> datetime:
        """Read what the browser sends, as UTC."""
        return utc(self.cleaned_data["until"])


@login_required
def signals(request: HttpRequest) -> HttpResponse:
    """List signals without opening any."""
    return render(request, "ayni/signals.html", _frame(request))


@mandated
def signal(request: HttpRequest, mandate: Mandate, record: str) -> HttpResponse:
    """Open one signal beside its list; the consultation is written down."""
    with running().store.work() as work:
        found = consult(record, by=officer_of(request), under=mandate, work=work)
        signal_of(found)
        watches = _watches(found, request, mandate, work)
        corrections = _corrections(record, request, mandate, work)
        files = files_of(record, work)
        past = similar(found.header, signal_of(found).signal, by=officer_of(request), work=work)
        kept = work.find(Query(kind=WATCH, states=(WatchState.OPEN.value,), limit=1))
        work.commit()
    version = {"version": found.header.version}
    return render(
        request,
        "ayni/signal.html",
        {
            **_frame(request, here=record),
            **shown(found),
            "watches": watches,
            "files": files,
            "corrections": corrections,
            **_past(past),
            "on_watch": f"{reverse('watch', args=[kept[0].id])}?record={record}" if kept else "",
            "may_share": bool(SHARE.roles & officer_of(request).roles),
            "validate": DecideForm(initial=version, auto_id="validate-%s"),
            "dismiss": DismissForm(initial=version, auto_id="dismiss-%s"),
            "silence": SilenceForm(initial=version, auto_id="silence-%s"),
        },
    )


@require_POST
@mandated
def validate(request: HttpRequest, mandate: Mandate, record: str) -> HttpResponse:
    """Stand behind it."""
    form = DecideForm(request.POST)
    if not form.is_valid():
        return _back(request, record, form)
    answer = form.cleaned_data
    with running().store.work() as work:
        triage.validate(
            record,
            words=answer["words"],
            by=officer_of(request),
            under=mandate,
            work=work,
            version=answer["version"],
        )
        work.commit()
    return _done(request, record, "validate", _("Validated: it is worth acting on."))


@require_POST
@mandated
def dismiss(request: HttpRequest, mandate: Mandate, record: str) -> HttpResponse:
    """Set it aside."""
    form = DismissForm(request.POST)
    if not form.is_valid():
        return _back(request, record, form)
    answer = form.cleaned_data
    with running().store.work() as work:
        triage.dismiss(
            record,
            why=Dismissal(answer["why"]),
            words=answer["words"],
            by=officer_of(request),
            under=mandate,
            work=work,
            version=answer["version"],
        )
        work.commit()
    return _done(request, record, "dismiss", _("Dismissed. Another decision can take this back."))


@require_POST
@mandated
def silence(request: HttpRequest, mandate: Mandate, record: str) -> HttpResponse:
    """Keep it quiet for a while."""
    form = SilenceForm(request.POST)
    if not form.is_valid():
        return _back(request, record, form)
    answer = form.cleaned_data
    with running().store.work() as work:
        triage.silence(
            record,
            until=answer["until"],
            words=answer["words"],
            by=officer_of(request),
            under=mandate,
            work=work,
            version=answer["version"],
        )
        work.commit()
    return _done(request, record, "silence", _("Silenced; it will be pending again at that time."))


NUMBER: Final = re.compile(r"[0-9]{1,12}")
"""What a subject with a page of its own is known by."""
MOST_CORRECTIONS: Final = 5
WATCHES: Final = {"area": "area", "watch_entry": "entry"}
"""Kind of a record that asks for a watch, to the name of its page."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """A reason as a person reads it."""

    text: str
    weight: str
    side: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """A parameter of the rule: what it was, what it is by default, where the number comes from."""

    name: str
    value: str
    unit: str
    source: str
    changed: bool
    own: bool
    """Of the rule itself; False for those of the tables that several rules share."""


def _watches(found: Record[object], request: HttpRequest, mandate: Mandate, work: Work) -> list[dict[str, str]]:
    """Open the areas and entries that the signal was watched for under: name, instruction, address of each."""
    parents = work.find(Query(among=found.header.parents, limit=len(found.header.parents) or 1))
    opened = []
    for header in parents:
        if header.kind in WATCHES:
            body = consult(header.id, by=officer_of(request), under=mandate, work=work).body
            if isinstance(body, Area | WatchEntry):
                name = body.name or _("Entry")
                address = reverse(WATCHES[header.kind], args=[header.id])
                opened.append({"name": name, "instruction": body.instruction, "address": address})
    return opened


def _corrections(record: str, request: HttpRequest, mandate: Mandate, work: Work) -> list[dict[str, str]]:
    """Open what was put right in a record after it had been shared: who said so, when, why; newest first."""
    found = []
    for header in work.find(Query(kind=CORRECTION, identifier=f"record:{record}", limit=MOST_CORRECTIONS)):
        body = consult(header.id, by=officer_of(request), under=mandate, work=work).body
        if isinstance(body, Correction):
            said = body.said
            found.append({"by": said.originator, "at": instant(said.at), "why": said.why})
    return found


def _past(past: Past) -> dict[str, object]:
    likes = [
        {
            "address": reverse("signal", args=[one.header.id]),
            "title": _title(one.header),
            "at": instant(one.header.started_at or one.header.made_at),
            "state": one.header.state,
            "state_word": word(TRIAGE, one.header.state),
            "same_vessel": one.same_vessel,
            "near": one.near,
            "outcomes": [word(OUTCOMES, outcome) for outcome in one.outcomes],
        }
        for one in past.likes
    ]
    states = [(word(TRIAGE, state), count) for state, count in most_usual(past)]
    return {"likes": likes, "like_states": states, "like_total": past.total, "like_few": past.few}


def shown(record: Record[object]) -> dict[str, object]:
    """Return what a page shows of an opened signal."""
    body = signal_of(record)
    seen = body.signal
    detector = detector_of(seen.rule)
    reasons = [_said(reason, seen.desk) for reason in sorted(seen.reasons, key=lambda one: -abs(one.weight))]
    until, settings = body.triage.until, _settings(seen, detector)
    return {
        "record": record.header,
        "signal": seen,
        "title": rule_title(seen.rule, detector),
        "asks": say(detector.asks, seen.desk) if detector else "",
        "distress": detector.distress if detector else False,
        "began": instant(seen.started_at),
        "ended": instant(seen.ended_at) if seen.ended_at else "",
        "lasted": _lasted(seen),
        "place": _place(seen),
        "uncertainty": _around(seen.uncertainty_m or 0.0),
        "subjects": [_subject(seen, index) for index in range(len(seen.subjects))],
        "reasons_for": [one for one in reasons if one.side == "for"],
        "reasons_against": [one for one in reasons if one.side == "against"],
        "context": [one for one in reasons if one.side == "context"],
        "innocent": [say(text, seen.desk) for text in detector.innocent] if detector else [],
        "quality": [say(one, seen.desk) for one in seen.quality],
        "settings": [one for one in settings if one.own],
        "shared_settings": [one for one in settings if not one.own],
        "evidence": [(instant(one.at), one.receiver, one.source, one.offset, one.line) for one in seen.evidence[:20]],
        "evidence_left": max(0, len(seen.evidence) - 20),
        "state": body.triage.state.value,
        "state_word": word(TRIAGE, body.triage.state.value),
        "triage": body.triage,
        "decided_by": officer_name(body.triage.by),
        "decided_at": instant(body.triage.at) if body.triage.at else "",
        "dismissal": word(DISMISSALS, body.triage.dismissal.value) if body.triage.dismissal else "",
        "until": instant(until) if until else "",
        "decidable": body.triage.state is not TriageState.RETRACTED,
        "keep_until": instant(record.header.keep_until),
    }


def rule_title(rule: str, detector: Detector | None) -> str:
    """Return a rule's title, a report's kind, or the rule itself."""
    if detector is not None:
        return say(detector.title, rule.partition(".")[0])
    desk, _dot, rest = rule.partition(".")
    kind = rest.partition("/")[0].replace("_", "-")
    return f"{_('Report')}: {word(REPORTS, kind)}" if desk == "report" else rule


def _title(header: Header) -> str:
    return rule_title(header.rule, detector_of(header.rule))


def _frame(request: HttpRequest, *, here: str = "") -> dict[str, object]:
    state = request.GET.get("state", "")
    states = (state,) if state in TRIAGE else ()
    page: Listing = listing(
        request,
        Query(kind="signal", states=states),
        base=reverse("signals"),
        title=_title,
        states=TRIAGE,
        here=here,
    )
    filters = [("", _("All")), *choices({name: TRIAGE[name] for name in TRIAGE})]
    return {"list": page, "filters": filters, "state_filter": states[0] if states else "", "base": reverse("signals")}


def _said(reason: Reason, desk: str) -> Said:
    side = "for" if reason.weight > 0 else "against" if reason.weight < 0 else "context"
    return Said(text=say(reason, desk), weight=f"{reason.weight:+.2f}".replace("-", "−"), side=side)


def _settings(seen: Signal, detector: Detector | None) -> list[Setting]:
    known: dict[str, Parameter] = {one.name: one for one in detector.parameters} if detector else {}
    desk = running().desk(seen.desk)
    shared = {f"{table.name}.{one.name}": one for table in desk.derived for one in table.parameters} if desk else {}
    found = []
    for name, value in seen.parameters.items():
        one = known.get(name) or shared.get(name)
        title = desk.word(seen.rule, name) if desk else ""
        found.append(
            Setting(
                name=say(title, seen.desk) if title else _plain(name, one.unit if one else ""),
                value=say("{value:number}", value=value),
                unit=say(one.unit, seen.desk) if one else "",
                source=one.source if one else "",
                changed=one is not None and value != one.default,
                own=name not in shared,
            )
        )
    return found


def _plain(name: str, unit: str) -> str:
    """Return a parameter's name without the unit that its last part repeats, for one that has no words."""
    words = name.split("_")
    return " ".join(words[:-1] if len(words) > 1 and words[-1] == unit else words)


def _subject(seen: Signal, index: int) -> dict[str, object]:
    entity = seen.subjects[index]
    rows = [
        (word(PROPERTIES, name), ", ".join(values)) for name, values in entity.properties.items() if name != "name"
    ]
    kind = word(SCHEMATA, entity.schema)
    page = subject_page(entity, running().desk(seen.desk))
    return {"name": entity.first("name") or entity.first("mmsi") or kind, "kind": kind, "rows": rows, "page": page}


def subject_page(entity: Entity, desk: Desk | None) -> str:
    """Return the address of the page of an entity that a signal of *desk* names; empty where it has none."""
    if desk is None or desk.history is None or entity.schema != desk.history.schema:
        return ""
    number = entity.first(desk.history.identifier) or ""
    return reverse("subject", args=[desk.name, number]) if NUMBER.fullmatch(number) else ""


def _lasted(seen: Signal) -> str:
    if seen.ended_at is None:
        return ""
    return say("{s:duration}", s=round((seen.ended_at - seen.started_at).total_seconds()))


def _place(seen: Signal) -> str:
    if seen.place is None:
        return ""
    lon, lat = seen.place.centre
    return position(lat, lon)


def _around(metres: float) -> str:
    """Write how uncertain a place is: in metres, from a nautical mile on in those."""
    if metres < METRES_A_NAUTICAL_MILE:
        return say("{value:m}", value=metres) if metres else ""
    return say("{value:nm}", value=round(metres / METRES_A_NAUTICAL_MILE, 1))


def officer_name(officer: str) -> str:
    """Return the name of an officer of this node, or the id where nobody bears it."""
    account = Account.objects.of(officer) if officer else None
    return account.name if account else officer


def _done(request: HttpRequest, record: str, draft: str, said: str) -> HttpResponse:
    messages.success(request, said)
    request.session["taken"] = f"{draft}:{record}"
    return HttpResponseRedirect(_address(request, record))


def _back(request: HttpRequest, record: str, form: forms.Form) -> HttpResponse:
    complain(request, form)
    return HttpResponseRedirect(_address(request, record))


def _address(request: HttpRequest, record: str) -> str:
    within = request.GET.urlencode()
    return reverse("signal", args=[record]) + (f"?{within}" if within else "")
