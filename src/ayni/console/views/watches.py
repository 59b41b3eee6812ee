"""The watch: what is new and matters now, and the log that one shift leaves to the next."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
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

from ayni.console.forms import complain
from ayni.console.listing import Item, listing, officer_of, where_of
from ayni.console.mandate import mandated
from ayni.console.phrasing import instant
from ayni.console.views.chart import map_settings
from ayni.console.views.home import keep_on_machine
from ayni.console.views.notices import looked
from ayni.console.views.search import PAGES, STATES, title_of
from ayni.console.views.signals import officer_name
from ayni.console.words import WATCHES, choices, word
from ayni.errors import WrongStateError
from ayni.model.handling import Mandate
from ayni.model.record import Header
from ayni.model.store import Query, Work
from ayni.node.running import running
from ayni.operations import watch_log
from ayni.operations.watch_log import MAX_POST, MAX_WORDS, MOST_COUNTED, WATCH, Left, Note, Watch, WatchState

POSTS: Final = 8
"""Posts offered to whoever takes a watch: those of the newest watches."""
MAP_COOKIE: Final = "ayni_map"
"""Whether this machine shows the map beside the watch: it costs more than a slow link gives."""
POST: Final = "post:"
"""What stands before the name of a post among a watch's identifiers."""


class PostForm(forms.Form):
    """Where the watch is kept."""

    post = forms.CharField(
        label=gettext_lazy("Post"),
        help_text=gettext_lazy("Where the watch is kept, for instance: operations room, north pier."),
        max_length=MAX_POST,
        widget=forms.TextInput(attrs={"list": "posts", "autocomplete": "off"}),
    )


class NoteForm(forms.Form):
    """A line of the log."""

    words = forms.CharField(
        label=gettext_lazy("What happens"), max_length=MAX_WORDS, widget=forms.Textarea(attrs={"rows": 2})
    )
    record = forms.CharField(widget=forms.HiddenInput, required=False, max_length=36)


class EndForm(forms.Form):
    """What is left to the next, in words."""

    words = forms.CharField(
        label=gettext_lazy("What the next must know"),
        max_length=MAX_WORDS,
        widget=forms.Textarea(attrs={"rows": 4}),
    )


class RelieveForm(forms.Form):
    """Why somebody else ends a watch."""

    words = forms.CharField(
        label=gettext_lazy("Why its officer cannot hand over"),
        max_length=MAX_WORDS,
        widget=forms.Textarea(attrs={"rows": 2}),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Pile:
    """Open records of one sort."""

    title: str
    count: int
    most: bool
    """There may be more than were counted."""
    things: tuple[Item, ...]
    page: str
    """Address of their room."""
    rules: tuple[tuple[str, int], ...] = ()
    """How many there are of each rule, the most first."""


@login_required
def watch_home(request: HttpRequest) -> HttpResponse:
    """Show what is open now, beside the watches kept and, for who wants it, a map; nothing is opened."""
    context = _frame(request)  # refuses whoever reads no records
    asked = request.GET.get("map", "")
    if (asked or request.COOKIES.get(MAP_COOKIE, "")) == "1":
        context["map_settings"] = {**map_settings(request), "keep": {"state": "pending"}, "plan": None}
    with running().store.work() as work:
        remains = watch_log.remaining(work)
        context["piles"] = _piles(remains, work, counted=True)
        context["on_watch"] = [
            {"address": reverse("watch", args=[one.id]), "post": post_of(one), "since": instant(one.made_at)}
            for one in open_watches(work)
        ]
    looked(request)
    response = render(request, "ayni/watches.html", context)
    if asked in {"0", "1"}:
        keep_on_machine(response, MAP_COOKIE, asked)
    return response


@mandated
def watch(request: HttpRequest, mandate: Mandate, record: str) -> HttpResponse:
    """Open one watch, and with it what the one before left; both consultations are written down."""
    by = officer_of(request)
    about = request.GET.get("record", "")
    with running().store.work() as work:
        body = watch_log.read(record, by=by, under=mandate, work=work)
        header = work.get(record).header
        before = [watch_log.read(one, by=by, under=mandate, work=work) for one in header.parents[:1]]
        live = body.state is WatchState.OPEN
        context = {
            **_frame(request, here=record),
            "record": header,
            **_shown(body, work),
            "live": live,
            "own": body.officer == by.id,
            "piles": _piles(watch_log.remaining(work) if live else body.remains, work),
            "before": [_shown(one, work) | {"piles": _piles(one.remains, work)} for one in before],
            "about": _things((about,), work)[:1] if about and live else (),
            "note_form": NoteForm(initial={"record": about}, auto_id="note-%s"),
            "end_form": EndForm(auto_id="end-%s"),
            "relieve_form": RelieveForm(auto_id="relieve-%s"),
        }
        work.commit()
    return render(request, "ayni/watch.html", context)


@mandated
def watch_begin(request: HttpRequest, mandate: Mandate) -> HttpResponse:
    """Take the watch at a post; its page shows first what the last one left."""
    form = PostForm(request.POST or None)
    node = running()
    if request.method == "POST" and form.is_valid():
        post = form.cleaned_data["post"]
        try:
            with node.store.work() as work:
                made = watch_log.begin(post, by=officer_of(request), under=mandate, work=work, house=node.house)
                work.commit()
        except WrongStateError:
            form.add_error(
                "post", _("A watch is open there: its officer hands over first, or you relieve it on its page.")
            )
        else:
            messages.success(request, _("The watch is yours. Read first what the last one left."))
            request.session["taken"] = "watch-begin"
            return HttpResponseRedirect(reverse("watch", args=[made.header.id]))
    with node.store.work() as work:
        posts = dict.fromkeys(post_of(one) for one in work.find(Query(kind=WATCH, limit=MOST_COUNTED)))
    context = {"form": form, "posts": list(posts)[:POSTS]}
    return render(request, "ayni/watch_begin.html", context, status=422 if form.errors else 200)


@require_POST
@mandated
def watch_note(request: HttpRequest, mandate: Mandate, record: str) -> HttpResponse:
    """Write a line into the log."""
    form = NoteForm(request.POST)
    if form.is_valid():
        answer = form.cleaned_data
        records = (answer["record"],) if answer["record"] else ()
        with running().store.work() as work:
            watch_log.note(record, answer["words"], records=records, by=officer_of(request), under=mandate, work=work)
            work.commit()
        request.session["taken"] = f"watch-note:{record}"
    else:
        complain(request, form)
    return HttpResponseRedirect(reverse("watch", args=[record]))


@require_POST
@mandated
def watch_end(request: HttpRequest, mandate: Mandate, record: str) -> HttpResponse:
    """Hand one's own watch over."""
    said = _("Handed over. The next officer reads it first.")
    return _ended(request, mandate, record, EndForm(request.POST), watch_log.hand_over, said)


@require_POST
@mandated
def watch_relieve(request: HttpRequest, mandate: Mandate, record: str) -> HttpResponse:
    """End the watch of somebody who could not hand over."""
    said = _("Relieved. Take the watch now.")
    return _ended(request, mandate, record, RelieveForm(request.POST), watch_log.relieve, said)


def _ended(
    request: HttpRequest,
    mandate: Mandate,
    record: str,
    form: forms.Form,
    act: Callable[..., object],
    said: str,
) -> HttpResponse:
    if form.is_valid():
        with running().store.work() as work:
            act(record, form.cleaned_data["words"], by=officer_of(request), under=mandate, work=work)
            work.commit()
        messages.success(request, said)
        request.session["taken"] = f"watch-end:{record}"
    else:
        complain(request, form)
    return HttpResponseRedirect(reverse("watch", args=[record]))


def open_watches(work: Work) -> Sequence[Header]:
    """Return the watches kept now, newest first."""
    return work.find(Query(kind=WATCH, states=(WatchState.OPEN.value,), limit=POSTS))


def post_of(header: Header) -> str:
    """Return the post of a watch as its header names it: in small letters."""
    named = [one.removeprefix(POST) for one in header.identifiers if one.startswith(POST)]
    return named[0] if named else header.id[-6:]


def _shown(body: Watch, work: Work) -> dict[str, object]:
    spoken_of = [one for note in body.notes for one in note.records]
    about = {header.id: _thing(header) for header in _headers(spoken_of, work)}
    return {
        "post": body.post,
        "keeper": body.name,
        "began": instant(body.began_at),
        "ended": instant(body.ended_at) if body.ended_at else "",
        "state": body.state.value,
        "state_word": word(WATCHES, body.state.value),
        "summary": body.summary,
        "relieved_by": officer_name(body.relieved_by),
        "taken_by": officer_name(body.taken_by),
        "notes": [_line(note, about) for note in body.notes],
    }


def _line(note: Note, about: Mapping[str, Item]) -> dict[str, object]:
    things = [about[one] for one in note.records if one in about]
    return {"at": instant(note.at), "name": note.name, "words": note.words, "things": things}


def _piles(remains: watch_log.Remains, work: Work, *, counted: bool = False) -> list[Pile]:
    sorts: tuple[tuple[str, Left, str], ...] = (
        (_("Signals to decide"), remains.signals, f"{reverse('signals')}?state=pending"),
        (_("Silences that end within twelve hours"), remains.waking, f"{reverse('signals')}?state=silenced"),
        (_("Tasks, the earliest deadline first"), remains.tasks, reverse("tasks")),
        (_("Requests without a full answer"), remains.requests, reverse("requests")),
    )
    piles = [
        Pile(
            title=title,
            count=left.in_all,
            most=left.in_all >= MOST_COUNTED,
            things=_things(left.records, work),
            page=page,
        )
        for title, left, page in sorts
        if left.in_all
    ]
    if counted and remains.signals.in_all:
        pending = work.find(Query(kind="signal", states=("pending",), limit=MOST_COUNTED))
        rules = Counter(title_of(header) for header in pending)
        piles[0] = replace(piles[0], rules=tuple(rules.most_common()))
    return piles


def _headers(records: Sequence[str], work: Work) -> Sequence[Header]:
    return work.find(Query(among=tuple(records), limit=len(records))) if records else ()


def _things(records: Sequence[str], work: Work) -> tuple[Item, ...]:
    """Return what may be seen of records, in the order given; what is gone is left out."""
    known = {header.id: header for header in _headers(records, work)}
    return tuple(_thing(known[one]) for one in records if one in known)


def _thing(header: Header) -> Item:
    page = PAGES.get(header.kind)
    return Item(
        address=reverse(page, args=[header.id]) if page else "",
        title=title_of(header) if header.rule else f"{title_of(header)} · {header.id[-6:]}",
        state=header.state,
        state_word=word(STATES.get(header.kind, {}), header.state),
        at=instant(header.started_at or header.made_at),
        where=where_of(header),
        cell=f"{header.cell[0]},{header.cell[1]}" if header.kind == "signal" and header.cell else "",
    )


def _title(header: Header) -> str:
    post = post_of(header)
    return post[:1].upper() + post[1:]


def _frame(request: HttpRequest, *, here: str = "") -> dict[str, object]:
    state = request.GET.get("state", "")
    query = Query(kind=WATCH, states=(state,) if state in WATCHES else ())
    return {
        "list": listing(request, query, base=reverse("watches"), title=_title, states=WATCHES, here=here),
        "filters": [("", _("All")), *choices(WATCHES)],
        "state_filter": state,
        "base": reverse("watches"),
        "action": reverse("watch_begin"),
        "action_title": _("Take the watch"),
    }
