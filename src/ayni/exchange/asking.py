"""Who asks at the door of a partner: a short signed word that goes with each request.

    Authorization: Ayni-Node <base64url of the claim>.<base64url of an Ed25519 signature>

The claim names asker, partner, method, path, the SHA-256 of what is sent, and when. It lets a
node fetch what waits for it, and lets the partner count requests against whoever really makes
them, before anything costly is done. It carries no message and proves nothing later: envelopes
and receipts have their own two signatures.

Source: the parts covered are those of RFC 9421, HTTP Message Signatures, section 2.2.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import msgspec

from ayni.errors import EnvelopeError, UnreadableError
from ayni.exchange.jws import Algorithm
from ayni.exchange.keys import Identity, PublicIdentity, Use
from ayni.exchange.strict import read_strictly, unbase64url
from ayni.model.checks import require
from ayni.model.codec import to_json

PATH = "/exchange/v1"
"""Where a node answers its partners."""
SCHEME = "Ayni-Node"
FORMAT = "ayni-ask/1"
MAX_CHARACTERS = 2_000
FRESH = timedelta(minutes=15)
"""How far asker's and partner's clocks may differ. Ours: faults of ten minutes must be survived, with a margin."""


class Claim(msgspec.Struct, frozen=True, kw_only=True):
    """What a request says of itself."""

    v: str = FORMAT
    kid: str
    to: str
    method: str
    path: str
    """With its query."""
    sha256: str
    """Of the body."""
    at: datetime

    def __post_init__(self) -> None:
        require(self.v == FORMAT, "v", f"not {FORMAT}")
        require(self.at.utcoffset() == timedelta(0), "at", "an instant is given in UTC")

    @property
    def asker(self) -> str:
        """The node that asks."""
        return self.kid.rpartition("/")[0]


def ask(identity: Identity, to: str, method: str, path: str, body: bytes, at: datetime) -> str:
    """Return the value of the header for one request."""
    claim = to_json(
        Claim(
            kid=identity.kid,
            to=to,
            method=method,
            path=path,
            sha256=hashlib.sha256(body).hexdigest(),
            at=at.astimezone(UTC),
        )
    )
    return f"{SCHEME} {_encode(claim)}.{_encode(identity.sign(Algorithm.ED25519, claim))}"


def read_ask(header: str, known: Mapping[str, PublicIdentity], *, node: str, now: datetime) -> Claim:
    """Return who asks and for what; that it fits the request, `Claim.fits` says once the body is there.

    Raises:
        EnvelopeError: if it is malformed, of nobody we know, for another node, too old, or not signed by the asker.
    """
    from cryptography.exceptions import InvalidSignature  # noqa: PLC0415 -- 30 ms at start
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey  # noqa: PLC0415 -- as above

    scheme, _, rest = header.partition(" ")
    first, _, second = rest.partition(".")
    if scheme != SCHEME or len(header) > MAX_CHARACTERS:
        raise _wrong("it says not who asks")
    try:
        data = unbase64url(first)
        claim, signature = read_strictly(data, Claim, depth=1), unbase64url(second)
    except UnreadableError as error:
        raise _wrong(str(error.facts["why"])) from error
    identity = known.get(claim.asker)
    if identity is None or identity.kid != claim.kid:
        raise _wrong(f"no keys of {claim.kid} are believed now")
    try:
        Ed25519PublicKey.from_public_bytes(identity.raw(Use.SIGN_ED25519)).verify(signature, data)
    except InvalidSignature as error:
        raise _wrong(f"it is not signed by {claim.kid}") from error
    if claim.to != node:
        raise _wrong(f"it was written to {claim.to}")
    if abs(claim.at - now) > FRESH:
        raise _wrong(f"it was made at {claim.at.isoformat()}; the clocks differ by more than {FRESH}")
    return claim


def fits(claim: Claim, method: str, path: str, body: bytes) -> bool:
    """Say whether a claim was made for this request."""
    return (claim.method, claim.path, claim.sha256) == (method, path, hashlib.sha256(body).hexdigest())


def _encode(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _wrong(why: str) -> EnvelopeError:
    return EnvelopeError(envelope="request", why=why)
