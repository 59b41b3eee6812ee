"""A line to a partner: HTTPS that trusts exactly the one certificate of its card, no authority, no name."""

from __future__ import annotations

import hashlib
import hmac
import http.client
import ssl
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import urlsplit

TIMEOUT_S: Final = 10.0
"""How long a partner may be silent within one answer."""
LONGEST_S: Final = 120.0
"""How long one answer may take in all, so that a partner that drips bytes does not hold us. Ours."""
PIECE: Final = 1 << 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What a partner answered."""

    status: int
    body: bytes
    headers: Mapping[str, str]


@dataclass(slots=True, kw_only=True)
class Line:
    """A connection to one address that is kept open between requests. Not for several threads at once."""

    address: str
    """`https://host:port`"""
    certificate: str
    """PEM."""
    timeout_s: float = TIMEOUT_S
    _open: http.client.HTTPSConnection | None = field(default=None, init=False, repr=False)

    def ask(
        self,
        method: str,
        path: str,
        body: bytes | None = None,
        *,
        headers: Mapping[str, str],
        longest: int,
        into: Callable[[bytes], None] | None = None,
    ) -> Said:
        """Send one request and return the answer, of which at most *longest* bytes are read.

        What a successful answer brings goes *into* where it is wanted, piece by piece as it comes.

        Raises:
            OSError: if the partner cannot be reached, shows another certificate, answers too slowly or too much.
        """
        kept, came = self._open is not None, list[int]()

        def note(piece: bytes) -> None:
            came[:] = [len(piece)]
            if into is not None:
                into(piece)

        noted = None if into is None else note
        try:
            return self._once(method, path, body, headers, longest, noted)
        except (OSError, http.client.HTTPException) as error:
            self.close()
            if not kept or came or isinstance(error, TimeoutError):
                raise _told(error) from error
        try:  # the partner had closed a connection that was kept open: once more, on a new one
            return self._once(method, path, body, headers, longest, noted)
        except (OSError, http.client.HTTPException) as error:
            self.close()
            raise _told(error) from error

    def close(self) -> None:
        """Hang up."""
        if self._open is not None:
            self._open.close()
            self._open = None

    def _once(
        self,
        method: str,
        path: str,
        body: bytes | None,
        headers: Mapping[str, str],
        longest: int,
        into: Callable[[bytes], None] | None,
    ) -> Said:
        line = self._open or self._connect()
        self._open = line
        try:
            line.request(method, path, body=body, headers=dict(headers))
            got = line.getresponse()
        except OSError:
            got = line.getresponse()  # turned away before all was sent: the answer says why
        until = time.monotonic() + LONGEST_S
        pieces: list[bytes] = []
        take = into if into is not None and got.status == http.client.OK else pieces.append
        size = 0
        while piece := got.read1(PIECE):
            size += len(piece)
            if size > longest or time.monotonic() > until:
                self.close()
                message = f"an answer longer than {longest} bytes or {LONGEST_S:.0f} seconds"
                raise OSError(message)
            take(piece)
        if got.length:
            message = f"an answer {got.length} bytes too short"
            raise OSError(message)
        got.close()  # the answer, not the connection: now it can be asked again
        return Said(status=got.status, body=b"".join(pieces), headers=dict(got.headers.items()))

    def _connect(self) -> http.client.HTTPSConnection:
        place = urlsplit(self.address)
        line = http.client.HTTPSConnection(
            place.hostname or "", place.port, timeout=self.timeout_s, context=trusting(self.certificate)
        )
        line.connect()
        try:
            _check(line, self.certificate)
        except OSError:
            line.close()
            raise
        return line


def trusting(certificate: str) -> ssl.SSLContext:
    """Return a context that accepts one certificate, under whatever name and address it answers."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.check_hostname = False  # the certificate itself is pinned, under whatever name it answers
    context.verify_mode = ssl.CERT_REQUIRED
    context.verify_flags |= ssl.VerifyFlags.VERIFY_X509_PARTIAL_CHAIN
    context.load_verify_locations(cadata=certificate)
    return context


def _check(line: http.client.HTTPSConnection, certificate: str) -> None:
    """Refuse any certificate but the pinned one, also one that the pinned one has signed."""
    shown = line.sock.getpeercert(binary_form=True) or b""
    pinned = ssl.PEM_cert_to_DER_cert(certificate)
    if not hmac.compare_digest(hashlib.sha256(shown).digest(), hashlib.sha256(pinned).digest()):
        message = "it shows another certificate than its card"
        raise ConnectionError(message)


def _told(error: Exception) -> OSError:
    return error if isinstance(error, OSError) else OSError(str(error) or type(error).__name__)
