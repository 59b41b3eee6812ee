"""The door for partners' nodes: envelopes come in, receipts go out; and the other way round for who fetches.

    POST envelopes     up to 32 envelopes              the signed receipt
    GET  waiting       nothing                         up to 32 envelopes for the asker, or 204
    POST receipts      the asker's signed receipt      204
    GET  files/H/N     nothing                         8 MiB of a file sealed for the asker, from byte N on, or 404

Nobody signs in. Each request carries the asker's signed word (`ayni.exchange.asking`); what is
not of a pinned partner, too large, too slow or too often is turned away before anything is
opened. The answer leaves after what was taken in is durable.

Source: docs/reference/protocols/ayni-exchange-1.md.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

from django.http import HttpRequest, HttpResponse
from django.urls import path, re_path
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_POST

from ayni.errors import AyniError, ChangedMeanwhileError, EnvelopeError, NodeError
from ayni.exchange import bundle
from ayni.exchange.asking import Claim, fits, read_ask
from ayni.exchange.receipt import MAX_RECEIPT_BYTES
from ayni.node import attachments, fetching
from ayni.node.running import running

NOTHING, MISSING = 204, 404
BAD, UNKNOWN, TOO_LARGE, TOO_OFTEN, UNAVAILABLE, TOO_SLOW = 400, 401, 413, 429, 503, 408
PIECE: Final = 1 << 16
SLOWEST_S: Final = 60.0
"""How long a body may take to arrive: 4 MiB at the 64 kbit/s of the weakest links take longer, so add its due."""
SLOWEST_BYTES_S: Final = 4_000
"""Bytes a second below which a sender is turned away: half of a 64 kbit/s link. Ours."""
RECEIPT: Final = "application/jose+json"
BUNDLE: Final = "application/octet-stream"
BUSY: Final = "what waits for you is being sent or written to a file"


class TurnedAwayError(Exception):
    """A request that is answered by a status and one line, and by nothing else."""

    def __init__(self, status: int, why: str) -> None:
        super().__init__(why)
        self.status = status


@csrf_exempt
@require_POST
def envelopes(request: HttpRequest) -> HttpResponse:
    """Take in up to 32 envelopes and answer with the signed receipt."""

    def answer(asker: str, body: bytes) -> HttpResponse:
        found, exchange = bundle.split(body), running().exchange
        if pause_s := exchange.quotas.ask(asker, len(found), len(body)):
            return _told("more than this node takes from one partner", TOO_OFTEN, pause_s)
        return _answer(exchange.receive(asker, found), RECEIPT)

    return _answered(request, bundle.LONGEST, answer)


@csrf_exempt
@require_GET
def waiting(request: HttpRequest) -> HttpResponse:
    """Answer with up to 32 envelopes that wait for the asker, the same ones until it brings a receipt."""

    def answer(asker: str, _body: bytes) -> HttpResponse:
        ready = fetching.hand_out(running().exchange, asker)
        if ready is None:
            return _told(BUSY, UNAVAILABLE)
        return _answer(bundle.join(one.envelope for one in ready), BUNDLE) if ready else _nothing()

    return _answered(request, 0, answer)


@csrf_exempt
@require_POST
def receipts(request: HttpRequest) -> HttpResponse:
    """Take the asker's receipt for envelopes that it fetched."""

    def answer(asker: str, body: bytes) -> HttpResponse:
        return _nothing() if fetching.settle(running().exchange, asker, body) else _told(BUSY, UNAVAILABLE)

    return _answered(request, MAX_RECEIPT_BYTES, answer)


@csrf_exempt
@require_GET
def file(request: HttpRequest, sha256: str, start: str) -> HttpResponse:
    """Answer with a part of a file that was sealed for the asker; of others it is not said whether they exist."""

    def answer(asker: str, _body: bytes) -> HttpResponse:
        part = attachments.part(running().exchange, asker, sha256, int(start))
        return _told("there is no such file for you", MISSING) if part is None else _answer(part, BUNDLE)

    return _answered(request, 0, answer)


def _answered(request: HttpRequest, longest: int, answer: Callable[[str, bytes], HttpResponse]) -> HttpResponse:
    try:
        with asked(request, longest) as (claim, body):
            return answer(claim.asker, body)
    except TurnedAwayError as error:
        return _told(str(error), error.status)
    except (NodeError, ChangedMeanwhileError) as error:
        return _told(str(error), UNAVAILABLE)
    except AyniError as error:
        return _told(str(error), BAD)


@contextmanager
def asked(request: HttpRequest, longest: int = 0) -> Iterator[tuple[Claim, bytes]]:
    """Give who asks and what was sent: no more than it may be, no slower, one request of a partner at a time.

    Raises:
        TurnedAwayError: if it is nobody we know, asks too much, or the claim was made for another request.
    """
    exchange = running().exchange
    try:
        claim = read_ask(
            request.headers.get("Authorization", ""),
            exchange.known(),
            node=exchange.node.settings.node.id,
            now=exchange.node.clock(),
        )
    except EnvelopeError as error:
        raise TurnedAwayError(UNKNOWN, str(error)) from error
    with exchange.quotas.one_of(claim.asker) as admitted:
        if not admitted:
            raise TurnedAwayError(TOO_OFTEN, "another request of yours is being answered")
        body = _read(request, longest)
        if not fits(claim, request.method or "", request.get_full_path(), body):
            raise TurnedAwayError(UNKNOWN, "what was signed is another request")
        yield claim, body


def _read(request: HttpRequest, longest: int) -> bytes:
    length = request.headers.get("Content-Length") or "0"
    if not length.isdecimal() or int(length) > longest:
        raise TurnedAwayError(TOO_LARGE, f"a length of at most {longest} bytes is to be given")
    until = time.monotonic() + SLOWEST_S + int(length) / SLOWEST_BYTES_S
    pieces: list[bytes] = []
    left = int(length)
    while left and (piece := request.read(min(PIECE, left))):
        left -= len(piece)
        pieces.append(piece)
        if time.monotonic() > until:
            raise TurnedAwayError(TOO_SLOW, "it came too slowly")
    if left:
        raise TurnedAwayError(BAD, f"{left} bytes are missing")
    return b"".join(pieces)


def _answer(body: bytes, kind: str) -> HttpResponse:
    told = HttpResponse(body, content_type=kind)
    told["Cache-Control"] = "no-store"
    return told


def _nothing() -> HttpResponse:
    told = HttpResponse(status=NOTHING)
    told["Cache-Control"] = "no-store"
    return told


def _told(why: str, status: int, pause_s: int = 0) -> HttpResponse:
    told = HttpResponse(f"{why}\n".encode(), status=status, content_type="text/plain; charset=utf-8")
    told["Cache-Control"] = "no-store"
    if pause_s:
        told["Retry-After"] = str(pause_s)
    return told


urlpatterns = [
    path("envelopes", envelopes, name="exchange_envelopes"),
    path("waiting", waiting, name="exchange_waiting"),
    path("receipts", receipts, name="exchange_receipts"),
    re_path(r"^files/(?P<sha256>[0-9a-f]{64})/(?P<start>[0-9]{1,15})$", file, name="exchange_files"),
]
