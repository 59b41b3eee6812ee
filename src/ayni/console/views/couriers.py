"""Courier files: what waits for a partner as one sealed file to carry, and what a partner's file brings."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import Final

from django import forms
from django.http import FileResponse, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from ayni.agreements.drafting import words
from ayni.console.forms import stored
from ayni.console.listing import officer_of
from ayni.console.mandate import mandated
from ayni.console.phrasing import language, told
from ayni.console.views.rooms import names_of, partners_of
from ayni.errors import EnvelopeError, KeyHistoryError
from ayni.model.act import check_entitled
from ayni.model.handling import Mandate
from ayni.node.couriers import READ, WRITE, read_file, write_file
from ayni.node.post_status import post_status
from ayni.node.running import Running, running
from ayni.toolkit.phrases import render as said

REASONS: Final = 20
"""Reasons for refused messages that are shown."""


class WriteForm(forms.Form):
    """For whom."""

    to = forms.ChoiceField(label=gettext_lazy("For which partner"))

    def __init__(self, data: object = None, *, node: Running, **kwargs: object) -> None:
        super().__init__(data, **kwargs)  # type: ignore[arg-type]  # Django's own signature
        waiting = {one.partner: one.waiting for one in post_status(node.node).partners}
        offered = sorted(partners_of(node).items(), key=lambda pair: pair[1])
        named = [(one, f"{name} ({waiting.get(one, 0)})") for one, name in offered]
        self.fields["to"].choices = [("", "—"), *named]  # type: ignore[attr-defined]  # a ChoiceField


class ReadForm(forms.Form):
    """A partner's file."""

    file = forms.FileField(label=gettext_lazy("The partner’s file"), allow_empty_file=True)


@mandated
def courier(request: HttpRequest, mandate: Mandate) -> HttpResponse:
    """Show both ways: a file to carry away, a file that was brought."""
    del mandate
    check_entitled(WRITE, officer_of(request))
    return _page(request, running())


@require_POST
@mandated
def courier_write(request: HttpRequest, mandate: Mandate) -> HttpResponseBase:
    """Give out everything that waits for a partner, sealed to it, and our receipts; who took it is written down."""
    node = running()
    check_entitled(WRITE, officer_of(request))
    form = WriteForm(request.POST, node=node, auto_id="write-%s")
    if not form.is_valid():
        return _page(request, node, write=form)
    to = form.cleaned_data["to"]
    folder = Path(tempfile.mkdtemp(dir=node.node.folder))
    try:
        path = folder / f"{node.house.node}-to-{to}-{node.node.clock():%Y%m%dT%H%MZ}.courier"
        write_file(node.exchange, to, path, by=officer_of(request), under=mandate)
        file = path.open("rb")
    except KeyHistoryError as error:
        form.add_error("to", told(error))
        return _page(request, node, write=form)
    finally:
        shutil.rmtree(folder, ignore_errors=True)  # an open file outlives its name
    return FileResponse(file, as_attachment=True, filename=path.name, content_type="application/octet-stream")


@require_POST
@mandated
def courier_read(request: HttpRequest, mandate: Mandate) -> HttpResponse:
    """Take in what a partner's file brings; reading it again changes nothing."""
    node = running()
    check_entitled(READ, officer_of(request))
    form = ReadForm(request.POST, request.FILES, auto_id="read-%s")
    if not form.is_valid():
        return _page(request, node, read=form)
    folder = Path(tempfile.mkdtemp(dir=node.node.folder))
    try:
        path = stored(form.cleaned_data["file"], folder)
        brought = read_file(node.exchange, path, by=officer_of(request), under=mandate)
    except EnvelopeError as error:
        form.add_error("file", told(error))
        return _page(request, node, read=form)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    why = dict.fromkeys(said(one, language=language(), catalogue=words()).text for one in brought.reasons)
    sender = names_of(node).get(brought.sender, brought.sender)
    return _page(request, node, brought=brought, sender=sender, why=list(why)[:REASONS])


def _page(
    request: HttpRequest, node: Running, write: WriteForm | None = None, read: ReadForm | None = None, **more: object
) -> HttpResponse:
    context = {
        "write": write or WriteForm(node=node, auto_id="write-%s"),
        "read": read or ReadForm(auto_id="read-%s"),
        **more,
    }
    wrong = any(form is not None and form.errors for form in (write, read))
    return render(request, "ayni/courier.html", context, status=422 if wrong else 200)
