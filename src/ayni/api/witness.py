"""The witness at the door: partners' logs are cosigned here, for whoever brings a checkpoint.

No one signs in: a checkpoint proves by its own signatures whose it is, and only logs of
pinned partners are watched. The answer leaves after what was cosigned is durable.

Source: C2SP tlog-witness, https://c2sp.org/tlog-witness; docs/reference/protocols/ayni-ledger-1.md.
"""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.urls import path
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_POST

from ayni.errors import AyniError
from ayni.ledger.witness import Answer
from ayni.node.running import running
from ayni.node.witnesses import our_witness

UNAVAILABLE = 503


@csrf_exempt
@require_POST
def add_checkpoint(request: HttpRequest) -> HttpResponse:
    """Check a partner's checkpoint, remember it, and cosign it."""
    try:
        answer = our_witness(running().node).add_checkpoint(request.body)
    except AyniError as error:  # restored, disk full, storage damaged: nothing is cosigned
        answer = Answer(status=UNAVAILABLE, body=f"{error}\n".encode())
    return _told(answer)


@require_GET
def show(request: HttpRequest) -> HttpResponse:
    """Show the newest checkpoint we have cosigned of a log."""
    try:
        answer = our_witness(running().node).show(request.GET.get("origin", ""))
    except AyniError as error:  # as above
        answer = Answer(status=UNAVAILABLE, body=f"{error}\n".encode())
    return _told(answer)


def _told(answer: Answer) -> HttpResponse:
    told = HttpResponse(answer.body, status=answer.status, content_type=answer.content_type)
    told["Cache-Control"] = "no-store"
    return told


urlpatterns = [
    path("add-checkpoint", add_checkpoint, name="witness_add_checkpoint"),
    path("checkpoint", show, name="witness_checkpoint"),
]
