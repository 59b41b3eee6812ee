"""Sharing a record: exactly what would leave, to whom, under which article; what is refused, and why.

The page lets nothing leave. It shows every field as it would travel and what each
agreement with the partner says, word for word; only then is there a button. Whoever
presses it is decided upon again, because an agreement may have ended meanwhile.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from mimetypes import guess_type
from pathlib import Path
from typing import Final

from django import forms
from django.contrib import messages
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from ayni.agreements.book import Book
from ayni.agreements.text import Article, in_language
from ayni.console.forms import complain, stored
from ayni.console.listing import officer_of
from ayni.console.mandate import mandated
from ayni.console.phrasing import instant, language
from ayni.console.words import ACCURACY, KIND, SOURCE, choices, purpose_name, word
from ayni.exchange import sharing
from ayni.exchange.payload import Accuracy, Attachment, Evaluation, Source
from ayni.exchange.sharing import Option, Preview, Terms
from ayni.model.act import check_entitled
from ayni.model.handling import HandlingCode, Mandate
from ayni.node.attachments import attach
from ayni.node.running import Running, running

_PAGES: Final = {"signal": "signal", "task": "task", "outcome": "outcome"}
"""Kinds that have a page to go back to."""


class FilesInput(forms.ClearableFileInput):
    """Takes several files at once."""

    allow_multiple_selected = True


class FilesField(forms.FileField):
    """Several files, or none."""

    widget = FilesInput

    def clean(self, data: object, initial: object = None) -> list[UploadedFile[bytes]]:
        """Check each of them."""
        given = data if isinstance(data, list | tuple) else [data]
        return [super(FilesField, self).clean(one, initial) for one in given if one]


class ShareForm(forms.Form):
    """How we rate what we tell, and whether the restrictions were read."""

    agreement = forms.CharField(widget=forms.HiddenInput, max_length=200)
    to = forms.CharField(widget=forms.HiddenInput, max_length=253)
    source = forms.ChoiceField(label=gettext_lazy("How reliable is the source?"), required=False)
    accuracy = forms.ChoiceField(label=gettext_lazy("How accurate is it?"), required=False)
    attached = FilesField(
        label=gettext_lazy("Files to go with it"),
        help_text=gettext_lazy("A photograph, a report: each is sealed for this partner alone."),
        required=False,
    )
    acknowledged = forms.BooleanField(
        label=gettext_lazy("I have read the restrictions that code H3 refers to."), required=False
    )

    def __init__(self, *args: object, restricted: bool = True, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]  # Django's own signature
        for name, words in (("source", SOURCE), ("accuracy", ACCURACY)):
            self.fields[name].choices = [("", "—"), *choices(words)]  # type: ignore[attr-defined]  # a ChoiceField
        if not restricted:
            del self.fields["acknowledged"]

    def clean(self) -> dict[str, object]:
        """Take both ratings or none."""
        answer = super().clean() or self.cleaned_data
        if bool(answer.get("source")) is not bool(answer.get("accuracy")):
            raise forms.ValidationError(_("Rate both the source and the accuracy, or neither."))
        return answer

    def terms(self, attachments: Sequence[Attachment]) -> Terms:
        """Return how the share is meant, with files that were sealed for the partner."""
        answer = self.cleaned_data
        rated = bool(answer["source"])
        told = Evaluation(source=Source(answer["source"]), info=Accuracy(int(answer["accuracy"]))) if rated else None
        return Terms(
            agreement=answer["agreement"],
            evaluation=told,
            acknowledged=bool(answer.get("acknowledged", False)),
            attachments=tuple(attachments),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """One agreement's answer, as a page shows it."""

    agreement: str
    title: str
    permitted: bool
    reasons: tuple[str, ...]
    articles: tuple[tuple[str, str, str], ...]
    """Number, title and text of each article that decided."""
    keep_until: str
    form: ShareForm | None


@mandated
def share(request: HttpRequest, mandate: Mandate, record: str) -> HttpResponse:
    """Show what would leave; opening the record is written down, and nothing leaves."""
    by, node = officer_of(request), running()
    check_entitled(sharing.PREVIEW, by)
    partners = {name: one.card.name for name, one in node.exchange.partners().items()}
    to = request.GET.get("to", "")
    context: dict[str, object] = {
        "record": record,
        "to": to if to in partners else "",
        "partners": sorted(partners.items(), key=lambda pair: pair[1]),
        "purpose": purpose_name(mandate.purpose),
    }
    if to in partners:
        book = node.exchange.book()
        with node.store.work() as work:
            seen = sharing.preview(record, to, under=mandate, work=work, house=node.house, book=book, by=by)
            work.commit()
        context |= _shown(seen, partners[to], book)
    return render(request, "ayni/share.html", context)


@require_POST
@mandated
def send(request: HttpRequest, mandate: Mandate, record: str) -> HttpResponse:
    """Let it leave: the agreement decides once more, and the message waits for the line."""
    form, node = ShareForm(request.POST, request.FILES), running()
    check_entitled(sharing.SHARE, officer_of(request))
    to = request.POST.get("to", "")
    if not form.is_valid():
        complain(request, form)
        return HttpResponseRedirect(f"{reverse('share', args=[record])}?{urlencode({'to': to})}")
    attached = _sealed(form.cleaned_data["attached"], to, node)
    with node.store.work() as work:
        sharing.share(
            record,
            to,
            terms=form.terms(attached),
            by=officer_of(request),
            under=mandate,
            work=work,
            house=node.house,
            book=node.exchange.book(),
        )
        work.commit()
    messages.success(request, _("Shared. It leaves as soon as the line to the partner holds."))
    return HttpResponseRedirect(f"{reverse('share', args=[record])}?{urlencode({'to': to})}")


def _sealed(files: Sequence[UploadedFile[bytes]], to: str, node: Running) -> list[Attachment]:
    """Seal what was uploaded for the partner; in clear it lies in the node's own folder, and only meanwhile."""
    sealed = []
    for given in files:
        folder = Path(tempfile.mkdtemp(dir=node.node.folder))
        try:
            path = stored(given, folder)
            kind = given.content_type or guess_type(path)[0] or "application/octet-stream"
            sealed.append(attach(node.exchange, to, path, kind))
        finally:
            shutil.rmtree(folder, ignore_errors=True)
    return sealed


def _shown(seen: Preview, partner: str, book: Book) -> dict[str, object]:
    restricted = any(field.value == HandlingCode.H3.value for field in seen.fields)
    page = _PAGES.get(seen.kind)
    return {
        "partner": partner,
        "kind": word(KIND, seen.kind),
        "already": seen.already,
        "fields": [(field.path, field.value) for field in seen.fields],
        "options": [_told(one, seen, book, restricted=restricted) for one in seen.options],
        "back": reverse(page, args=[seen.record]) if page else "",
    }


def _told(option: Option, seen: Preview, book: Book, *, restricted: bool) -> Told:
    held, tongue = book.find(option.agreement), language()
    known = {f"{option.agreement}/{one.number}": one for one in held.text.articles} if held else {}
    may = (option.verdict.permitted or restricted) and not seen.already
    return Told(
        agreement=option.agreement,
        title=in_language(option.title, tongue),
        permitted=option.verdict.permitted,
        reasons=option.verdict.explain(tongue),
        articles=tuple(_article(known[name], tongue) for name in option.verdict.articles if name in known),
        keep_until=instant(option.keep_until),
        form=ShareForm(
            initial={"agreement": option.agreement, "to": seen.to},
            restricted=restricted,
            auto_id=f"{option.agreement}-%s",
        )
        if may
        else None,
    )


def _article(article: Article, tongue: str) -> tuple[str, str, str]:
    return article.number, in_language(article.title, tongue), in_language(article.text, tongue)
