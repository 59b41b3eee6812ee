"""Rooms: working groups of several nodes for one operation, each with its own copy and no centre."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from ayni.agreements.text import in_language
from ayni.agreements.vocabulary import State
from ayni.console.forms import complain
from ayni.console.listing import PAGE, officer_of
from ayni.console.mandate import mandated
from ayni.console.phrasing import instant, language
from ayni.console.views.search import PAGES, title_of
from ayni.console.words import ROOMS, word
from ayni.exchange import rooms
from ayni.exchange.room_words import MAX_WORDS, OPEN, Entry
from ayni.model.act import check_entitled
from ayni.model.handling import Mandate
from ayni.model.record import Header
from ayni.model.store import Query, Work
from ayni.node.running import Running, running

SHOWN: Final = 100
"""Newest entries of a room on its page; all of them when asked for."""
MAX_NAME: Final = 120


class RoomForm(forms.Form):
    """Name, agreement, members."""

    name = forms.CharField(label=gettext_lazy("Name"), max_length=MAX_NAME)
    agreement = forms.ChoiceField(label=gettext_lazy("Agreement among all of them"))
    members = forms.MultipleChoiceField(label=gettext_lazy("Members"), widget=forms.CheckboxSelectMultiple)

    def __init__(self, data: object = None, *, node: Running, **kwargs: object) -> None:
        super().__init__(data, **kwargs)  # type: ignore[arg-type]  # Django's own signature
        held = _in_force(node)
        self.parties = {one: parties for one, _title, parties in held}
        self.fields["agreement"].choices = [("", "—"), *((one, title) for one, title, _ in held)]  # type: ignore[attr-defined]
        self.fields["members"].choices = sorted(partners_of(node).items(), key=lambda pair: pair[1])  # type: ignore[attr-defined]

    def clean(self) -> dict[str, object]:
        """Refuse a member whom the agreement does not bind."""
        answer = super().clean() or self.cleaned_data
        parties = self.parties.get(str(answer.get("agreement")), ())
        names = dict(self.fields["members"].choices)  # type: ignore[attr-defined]  # as above
        outside = [names[one] for one in answer.get("members", ()) if one not in parties]
        if outside and "agreement" in answer:
            told = _("Not a party to that agreement: %(names)s") % {"names": ", ".join(outside)}
            self.add_error("members", told)
        return answer


class MembersForm(forms.Form):
    """Who is a member from here on."""

    members = forms.MultipleChoiceField(
        label=gettext_lazy("Members"), required=False, widget=forms.CheckboxSelectMultiple
    )

    def __init__(self, data: object = None, *, among: Mapping[str, str], **kwargs: object) -> None:
        super().__init__(data, **kwargs)  # type: ignore[arg-type]  # Django's own signature
        self.fields["members"].choices = sorted(among.items(), key=lambda pair: pair[1])  # type: ignore[attr-defined]


class SayForm(forms.Form):
    """What is said, and of which records."""

    words = forms.CharField(
        label=gettext_lazy("Words"), max_length=MAX_WORDS, widget=forms.Textarea(attrs={"rows": 3})
    )
    records = forms.CharField(
        label=gettext_lazy("Records it speaks of"),
        help_text=gettext_lazy("Their numbers, one a line. Naming a record does not share it."),
        required=False,
        max_length=1200,
        widget=forms.Textarea(attrs={"rows": 1}),
    )

    def clean_records(self) -> tuple[str, ...]:
        """Return the numbers."""
        return tuple(dict.fromkeys(str(self.cleaned_data["records"]).split()))


@mandated
def rooms_page(request: HttpRequest, mandate: Mandate) -> HttpResponse:
    """List the rooms that this node is or was in; the look is written down."""
    by, node = officer_of(request), running()
    with node.store.work() as work:
        after = request.GET.get("after", "")
        found = rooms.overview(by=by, under=mandate, work=work, after=after, limit=PAGE + 1)
        work.commit()
    names = names_of(node)
    shown = [
        {
            "address": reverse("room", args=[body.room]),
            "name": body.name,
            "state": header.state,
            "state_word": word(ROOMS, header.state),
            "members": ", ".join(names.get(one, one) for one in body.members),
            "since": instant(header.made_at),
        }
        for header, body in found[:PAGE]
    ]
    more = f"?after={found[PAGE - 1][0].id}" if len(found) > PAGE else ""
    context = {"found": shown, "more": more, "may_found": bool(rooms.FOUND.roles & by.roles)}
    return render(request, "ayni/rooms.html", context)


@mandated
def room_page(request: HttpRequest, mandate: Mandate, room: str) -> HttpResponse:
    """Read a room as this node has it; the consultation is written down."""
    by, node = officer_of(request), running()
    with node.store.work() as work:
        copy = rooms.read(room, by=by, under=mandate, work=work)
        entries = copy.entries if request.GET.get("all") else copy.entries[-SHOWN:]
        about = _about(entries, work)
        work.commit()
    body, names = copy.room, names_of(node)
    here = node.house.node
    ours, member = body.founder == here, here in body.members
    context = {
        "room": body,
        "members": [names.get(one, one) for one in body.members],
        "founder": names.get(body.founder, body.founder),
        "state": OPEN if member else "closed",
        "state_word": word(ROOMS, OPEN if member else "closed"),
        "entries": [_shown(one, names, about, here) for one in entries],
        "earlier": len(copy.entries) - len(entries),
        "forks": [(names.get(one.author, one.author), one.seq) for one in copy.forks],
        "form": SayForm() if member and rooms.SPEAK.roles & by.roles else None,
        "members_form": MembersForm(
            among=_may_be_in(node, body.agreement), initial={"members": body.members}, auto_id="in-%s"
        )
        if ours and rooms.FOUND.roles & by.roles
        else None,
    }
    return render(request, "ayni/room.html", context)


@mandated
def room_new(request: HttpRequest, mandate: Mandate) -> HttpResponse:
    """Found a room; this node says from then on who is a member."""
    by, node = officer_of(request), running()
    check_entitled(rooms.FOUND, by)
    form = RoomForm(request.POST or None, node=node)
    if request.method == "POST" and form.is_valid():
        answer = form.cleaned_data
        with node.store.work() as work:
            done = rooms.found(
                answer["name"],
                answer["members"],
                agreement=answer["agreement"],
                by=by,
                under=mandate,
                work=work,
                node=_speaking(node),
            )
            work.commit()
        _told(request, done, node)
        request.session["taken"] = "room"
        return HttpResponseRedirect(reverse("room", args=[done.room]))
    context = {"form": form, "title": _("Found a room"), "button": _("Found it"), "draft": "room"}
    return render(request, "ayni/form.html", context, status=422 if form.errors else 200)


@require_POST
@mandated
def room_say(request: HttpRequest, mandate: Mandate, room: str) -> HttpResponse:
    """Write into a room; every other member hears it."""
    node, form = running(), SayForm(request.POST)
    if form.is_valid():
        answer = form.cleaned_data
        with node.store.work() as work:
            done = rooms.speak(
                room,
                answer["words"],
                records=answer["records"],
                by=officer_of(request),
                under=mandate,
                work=work,
                node=_speaking(node),
            )
            work.commit()
        _told(request, done, node)
        request.session["taken"] = f"room:{room}"
    else:
        complain(request, form)
    return HttpResponseRedirect(reverse("room", args=[room]))


@require_POST
@mandated
def room_members(request: HttpRequest, mandate: Mandate, room: str) -> HttpResponse:
    """Say anew who is a member of a room that we founded."""
    node = running()
    form = MembersForm(request.POST, among=partners_of(node))
    if form.is_valid():
        with node.store.work() as work:
            done = rooms.admit(
                room,
                form.cleaned_data["members"],
                by=officer_of(request),
                under=mandate,
                work=work,
                node=_speaking(node),
            )
            work.commit()
        _told(request, done, node)
    else:
        complain(request, form)
    return HttpResponseRedirect(reverse("room", args=[room]))


def partners_of(node: Running) -> dict[str, str]:
    """Return the name of every partner by its id."""
    return {name: one.card.name for name, one in node.exchange.partners().items()}


def names_of(node: Running) -> dict[str, str]:
    """Return the name of every node we know by its id, our own too."""
    return {**partners_of(node), node.house.node: node.name}


def _speaking(node: Running) -> rooms.Speaking:
    return rooms.Speaking(house=node.house, book=node.exchange.book(), identity=node.exchange.identity)


def _in_force(node: Running) -> list[tuple[str, str, tuple[str, ...]]]:
    return [
        (held.text.id, in_language(held.text.title, language()), held.text.party_ids)
        for held in node.exchange.book().between(node.house.node)
        if held.standing.state is State.IN_FORCE
    ]


def _may_be_in(node: Running, agreement: str) -> Mapping[str, str]:
    parties = next((parties for one, _title, parties in _in_force(node) if one == agreement), ())
    return {one: name for one, name in partners_of(node).items() if one in parties}


def _told(request: HttpRequest, done: rooms.Said, node: Running) -> None:
    names = names_of(node)
    if done.told:
        told = ", ".join(names.get(one, one) for one in done.told)
        messages.success(request, _("On its way to %(names)s.") % {"names": told})
    if done.untold:
        untold = ", ".join(names.get(one, one) for one in done.untold)
        messages.error(request, _("The agreement does not let us tell %(names)s now.") % {"names": untold})


def _about(entries: Sequence[Entry], work: Work) -> Mapping[str, Header]:
    spoken_of = tuple(dict.fromkeys(one for entry in entries for one in entry.records))
    if not spoken_of:
        return {}
    return {header.id: header for header in work.find(Query(among=spoken_of, limit=len(spoken_of)))}


def _shown(entry: Entry, names: Mapping[str, str], about: Mapping[str, Header], here: str) -> dict[str, object]:
    things = []
    for one in entry.records:
        header = about.get(one)
        page = PAGES.get(header.kind) if header else None
        title = title_of(header) if header else f"{one[:8]}…{one[-4:]}"
        things.append((title, reverse(page, args=[one]) if page else "", header is not None))
    return {
        "author": names.get(entry.author, entry.author),
        "ours": entry.author == here,
        "at": instant(entry.at),
        "words": entry.words,
        "things": things,
        "members": ", ".join(names.get(one, one) for one in entry.members),
    }
