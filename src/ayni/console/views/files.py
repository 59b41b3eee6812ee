"""Files that came with a partner's record: what they are, and a copy for an officer, which is written down."""

from __future__ import annotations

import shutil
import tempfile
from mimetypes import guess_extension
from pathlib import Path
from typing import Final

from django.http import FileResponse, HttpRequest
from django.http.response import HttpResponseBase
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from ayni.console.listing import officer_of
from ayni.console.mandate import mandated
from ayni.exchange.holdings import holding_in, holding_of
from ayni.model.act import check_entitled
from ayni.model.handling import Mandate
from ayni.model.store import Work
from ayni.node.attachments import EXPORT, export
from ayni.node.running import running

KIB: Final = 1024
SHORT: Final = 12
"""Characters of a hash that name a file."""


def files_of(record: str, work: Work) -> list[dict[str, object]]:
    """Return what came with a partner's record: hash, media type and size of each file; no hash while under way."""
    held = holding_of(work, record)
    if held is None:
        return []
    holding = holding_in(held)
    sealed = holding.payload().attachments
    here = dict(enumerate(holding.files))
    return [
        {
            "sha256": here.get(number, ""),
            "short": here.get(number, "")[:SHORT],
            "type": one.type,
            "kib": max(1, round(one.size / KIB)),
        }
        for number, one in enumerate(sealed)
    ]


@require_POST
@mandated
def file_taken(request: HttpRequest, mandate: Mandate, record: str, digest: str) -> HttpResponseBase:
    """Give an officer a copy of one file; it is noted as a copy that a recall does not reach."""
    by, node = officer_of(request), running()
    check_entitled(EXPORT, by)
    with node.store.work() as work:
        kinds = {str(one["sha256"]): str(one["type"]) for one in files_of(record, work)}
    folder = Path(tempfile.mkdtemp(dir=node.node.folder))
    try:
        (path,) = export(node.node, record, folder, by=by, under=mandate, only=(digest,))
        file = path.open("rb")
    finally:
        shutil.rmtree(folder, ignore_errors=True)  # an open file outlives its name
    what = _("file")
    name = f"{what}-{digest[:SHORT]}{guess_extension(kinds.get(digest, '')) or '.bin'}"
    # Never shown in the page: what a partner sent is not run here, whatever it says it is.
    return FileResponse(file, as_attachment=True, filename=name, content_type="application/octet-stream")
