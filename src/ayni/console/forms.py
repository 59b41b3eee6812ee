"""What several forms share: times in UTC, positions, files, and telling what is wrong with what was written."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from django import forms
from django.contrib import messages
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest
from django.utils.translation import gettext as _

from ayni.errors import InvalidValueError
from ayni.toolkit.positions import parse_position

MAX_NAME: Final = 80
"""Characters of the name of a file that was brought, as messages name it."""


def utc(text: str) -> datetime:
    """Read `2026-11-22T04:30` as UTC.

    Raises:
        ValidationError: if it is no date and time.
    """
    try:
        return datetime.fromisoformat(text).replace(tzinfo=UTC)
    except ValueError as error:
        raise forms.ValidationError(_("Write date and time, for instance 2026-11-22T04:30.")) from error


def positioned(text: str) -> tuple[float, float]:
    """Read latitude and longitude, degrees, as `ayni.toolkit.positions` does.

    Raises:
        ValidationError: if it is no position.
    """
    try:
        return parse_position(text)
    except InvalidValueError as error:
        raise forms.ValidationError(_("Not a position: %(line)s") % {"line": text.strip()[:60]}) from error


def stored(given: UploadedFile[bytes], folder: Path) -> Path:
    """Write an upload down piece by piece, for it may be larger than memory; return where it lies in *folder*."""
    path = folder / (Path(given.name or "").name[-MAX_NAME:] or "file")
    with path.open("wb") as file:
        for piece in given.chunks():
            file.write(piece)
    return path


def complain(request: HttpRequest, form: forms.Form) -> None:
    """Say what is wrong, field by field, on the next page."""
    for name, errors in form.errors.items():
        label = form.fields[name].label if name in form.fields else ""
        said = " ".join(str(error) for error in errors)
        messages.error(request, f"{label}: {said}" if label else said)
