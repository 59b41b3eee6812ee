"""Several envelopes in one request or answer: each preceded by its length in four bytes, big-endian."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ayni.errors import EnvelopeError
from ayni.exchange.envelope import MAX_CLEAR_BYTES, MAX_SEALED_BYTES

MOST = 32
"""Envelopes of one request. Source: exchange specification, "Transport"."""
MOST_BYTES = 4 << 20
"""4 MiB, beyond which no further envelope is added. Source: as above."""
LONGEST = MOST_BYTES + 2 * MOST + MAX_CLEAR_BYTES + MAX_SEALED_BYTES
"""Longest bundle read: one large envelope may stand behind others that just fit."""
_LENGTH = 4


def join(envelopes: Iterable[bytes]) -> bytes:
    """Return envelopes as one body."""
    return b"".join(len(one).to_bytes(_LENGTH, "big") + one for one in envelopes)


def split(data: bytes) -> Sequence[bytes]:
    """Return the envelopes of a body.

    Raises:
        EnvelopeError: if it is too long, cut short, or holds more than 32.
    """
    if len(data) > LONGEST:
        raise EnvelopeError(envelope="bundle", why=f"{len(data)} bytes, at most {LONGEST} are read")
    found: list[bytes] = []
    at = 0
    while at < len(data):
        start = at + _LENGTH
        at = start + int.from_bytes(data[at:start], "big")
        if start > len(data) or at > len(data):
            raise EnvelopeError(envelope="bundle", why="it is cut short")
        found.append(data[start:at])
        if len(found) > MOST:
            raise EnvelopeError(envelope="bundle", why=f"more than {MOST} envelopes")
    return found
