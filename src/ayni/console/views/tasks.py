"""Tasks to patrols: proposed, accepted or declined, under way, done."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
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

from ayni.casework.consult import consult
from ayni.console.forms import complain, positioned, utc
from ayni.console.listing import listing, officer_of
from ayni.console.mandate import mandated
from ayni.console.phrasing import instant, position
from ayni.console.words import PRIORITIES, TASKS, choices, word
from ayni.model.handling import Mandate
from ayni.model.officer import Officer
from ayni.model.place import Point
from ayni.model.record import Header
from ayni.model.store import Query, Work
from ayni.model.task import Priority, Task, TaskState
from ayni.node.running import running
from ayni.operations import tasking
from ayni.operations.tasking import STEPS, task_of

STATES: Final[Mapping[str, TaskState]] = {
    "accept": TaskState.ACCEPTED,
    "decline": TaskState.DECLINED,
    "start": TaskState.UNDER_WAY,
    "finish": TaskState.DONE,
}
"""Step of the form to where it leads."""


class TaskForm(forms.Form):
    """What a patrol is asked to do."""

    what = forms.CharField(
        label=gettext_lazy("What to do"), max_length=2000, widget=forms.Textarea(attrs={"rows": 3})
    )
    to = forms.CharField(label=gettext_lazy("For which unit"), max_length=200)
    priority = forms.ChoiceField(label=gettext_lazy("Priority"))
    deadline = forms.CharField(
        label=gettext_lazy("Until (UTC)"), widget=forms.DateTimeInput(attrs={"type": "datetime-local"})
    )
    place = forms.CharField(
        label=gettext_lazy("Where"),
        help_text=gettext_lazy("A position, for instance 07°06′ N 080°54′ W; empty where there is none."),
        max_length=100,
        required=False,
    )
    signal = forms.CharField(widget=forms.HiddenInput, required=False, max_length=36)

    def __init__(self, data: object = None, **kwargs: object) -> None:
        super().__init__(data, **kwargs)  # type: ignore[arg-type]  # Django's own signature
        self.fields["priority"].choices = choices(PRIORITIES)  # type: ignore[attr-defined]  # a ChoiceField

    def clean_deadline(self) -> datetime:
        """Read what the browser sends, as UTC."""
        return utc(self.cleaned_data["deadline"])

    def clean_place(self) -> Point | None:
        """Read a position, or none."""
        text = self.cleaned_data["place"].strip()
        if not text:
            return None
        lat, lon = positioned(text)
        return Point(coordinates=(lon, lat))


class WordsForm(forms.Form):
    """What the patrol says."""

    words = forms.CharField(
        label=gettext_lazy("Words"), required=False, max_length=2000, widget=forms.Textarea(attrs={"rows": 2})
    )


@login_required
def tasks(request: HttpRequest) -> HttpResponse:
    """List tasks without opening any."""
    return render(request, "ayni/tasks.html", _frame(request))


@mandated
def task(request: HttpRequest, mandate: Mandate, record: str) -> HttpResponse:
    """Open one task; the consultation is written down."""
    with running().store.work() as work:
        found = consult(record, by=officer_of(request), under=mandate, work=work)
        body = task_of(found)
        work.commit()
    steps = [name for name, state in STATES.items() if state in STEPS[body.state]]
    names = {"accept": _("Accept"), "decline": _("Decline"), "start": _("Under way"), "finish": _("Done")}
    where = body.place.centre if body.place else None
    return render(
        request,
        "ayni/task.html",
        {
            **_frame(request, here=record),
            "record": found.header,
            "task": body,
            "state_word": word(TASKS, body.state.value),
            "priority": word(PRIORITIES, body.priority.value),
            "deadline": instant(body.deadline),
            "where": position(where[1], where[0]) if where else "",
            "steps": [(name, names[name]) for name in steps],
            "form": WordsForm(),
        },
    )


@mandated
def task_new(request: HttpRequest, mandate: Mandate) -> HttpResponse:
    """Give a task to a patrol."""
    given = {name: request.GET.get(name, "") for name in ("signal", "what", "place", "deadline")}
    form = TaskForm(request.POST or None, initial={**given, "priority": "routine"})
    if request.method == "POST" and form.is_valid():
        answer = form.cleaned_data
        node = running()
        with node.store.work() as work:
            asked = Task(
                what=answer["what"],
                to=answer["to"],
                priority=Priority(answer["priority"]),
                deadline=answer["deadline"],
                place=answer["place"],
                signals=(answer["signal"],) if answer["signal"] else (),
            )
            made = tasking.propose_task(asked, house=node.house, by=officer_of(request), under=mandate, work=work)
            work.commit()
        messages.success(request, _("Proposed. The unit accepts or declines it."))
        request.session["taken"] = "task"
        return HttpResponseRedirect(reverse("task", args=[made.header.id]))
    context = {"form": form, "title": _("Task a patrol"), "button": _("Propose"), "draft": "task"}
    return render(request, "ayni/form.html", context, status=422 if form.errors else 200)


@require_POST
@mandated
def task_step(request: HttpRequest, mandate: Mandate, record: str, step: str) -> HttpResponse:
    """Move a task on."""
    if step not in STATES:
        raise Http404
    form = WordsForm(request.POST)
    if form.is_valid():
        with running().store.work() as work:
            _do(step, record, form.cleaned_data["words"], by=officer_of(request), under=mandate, work=work)
            work.commit()
        messages.success(request, word(TASKS, STATES[step].value))
        request.session["taken"] = f"task:{record}"
    else:
        complain(request, form)
    return HttpResponseRedirect(reverse("task", args=[record]))


def _do(step: str, record: str, words: str, *, by: Officer, under: Mandate, work: Work) -> None:
    if step == "accept":
        tasking.accept_task(record, words=words, by=by, under=under, work=work)
    elif step == "decline":
        tasking.decline_task(record, words=words, by=by, under=under, work=work)
    elif step == "start":
        tasking.start_task(record, by=by, under=under, work=work)
    else:
        tasking.finish_task(record, words=words, by=by, under=under, work=work)


def _title(header: Header) -> str:
    return f"{_('Task')} · {header.id[-6:]}"


def _frame(request: HttpRequest, *, here: str = "") -> dict[str, object]:
    state = request.GET.get("state", "")
    states = (state,) if state in TASKS else ()
    page = listing(
        request, Query(kind="task", states=states), base=reverse("tasks"), title=_title, states=TASKS, here=here
    )
    return {
        "list": page,
        "filters": [("", _("All")), *choices(TASKS)],
        "state_filter": state,
        "base": reverse("tasks"),
        "action": reverse("task_new"),
        "action_title": _("Task a patrol"),
    }
