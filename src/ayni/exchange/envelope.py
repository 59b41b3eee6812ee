"""The envelope `ayni/1`: what one institution tells another, signed, then sealed.

    {"v":"ayni/1","from":…,"to":[…],"id":…,"size":…,"sha256":…,"priority":"data"}   in clear, for routing only
    age-encryption.org/v1 …                                                         sealed (`age.py`)
        └ signed message (`batch.py`): Ed25519 and ML-DSA-65
            └ payload: who, to whom, under which article, for what, until when, and the body

Signing comes first, and recipients and agreement stand inside, so that whoever opens
an envelope cannot pass it on as if it had been written to somebody else. The clear line
proves nothing; it must agree with the payload, or the envelope is refused.

`Opener.open` checks everything that can be checked without storage. Left to whoever
keeps the inbox, in the transaction that takes it in: that it has not come before, that
it follows in its stream (`seq`, `prev`), and the agreement's own decision.

The bytes are fixed in docs/reference/protocols/ayni-envelope-1.md.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from typing import TYPE_CHECKING

import msgspec

from ayni.errors import EnvelopeError, UnreadableError
from ayni.exchange.age import open_bytes, seal_bytes
from ayni.exchange.batch import Heads, Trust, Verified, sign_batch, verify_message
from ayni.exchange.keys import Identity, SealingKey, SealingSecret
from ayni.exchange.payload import FORMAT, MAX_PARTIES, SKEW, Payload, Priority, read_payload
from ayni.exchange.refusals import Cause, refusal
from ayni.exchange.strict import read_strictly
from ayni.model.checks import require
from ayni.model.codec import to_json

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.hpke import MLKEM768X25519PrivateKey, MLKEM768X25519PublicKey

MAX_CLEAR_BYTES = 1 << 15
"""Longest clear line: 64 names of 253 characters and their quotes."""
MAX_SEALED_BYTES = 5 << 19
"""2.5 MiB: a signed message of 2 MiB and the stanzas of 64 recipients. Larger things are attachments."""

Agreed = Callable[[str, int], str | None]
"""From id and version of an agreement to the SHA-256 of the text we hold in that version."""


class Clear(msgspec.Struct, frozen=True, kw_only=True):
    """What stands in clear: enough to route an envelope and to see that it came whole; it proves nothing."""

    v: str
    sender: str = msgspec.field(name="from")
    to: tuple[str, ...]
    id: str
    size: int
    """Bytes of the sealed part."""
    sha256: str
    """Of the sealed part, in hex: by this the receipt names the envelope."""
    priority: Priority

    def __post_init__(self) -> None:
        require(self.v == FORMAT, "v", f"not {FORMAT}")
        require(1 <= len(self.to) <= MAX_PARTIES, "to", f"1 to {MAX_PARTIES} recipients")


@dataclass(frozen=True, slots=True, kw_only=True)
class Envelope:
    """An envelope as it travels."""

    clear: Clear
    sealed: bytes = field(repr=False)

    def to_bytes(self) -> bytes:
        """Return the clear line, a line feed, and the sealed part."""
        return to_json(self.clear) + b"\n" + self.sealed

    @staticmethod
    def parse(data: bytes) -> Envelope:
        """Read an envelope without opening it: its clear line, and that the sealed part is whole.

        Raises:
            EnvelopeError: if it is too large, malformed, cut short or changed on the way.
        """
        line, end, sealed = data[: MAX_CLEAR_BYTES + 1].partition(b"\n")
        if not end:
            raise refusal(Cause.MALFORMED, what="clear line", detail="no line feed ends it")
        if len(data) - len(line) - 1 > MAX_SEALED_BYTES:
            raise refusal(Cause.TOO_LARGE, bytes=len(data), limit=MAX_SEALED_BYTES)
        try:
            clear = read_strictly(line, Clear, depth=2)
        except UnreadableError as error:
            raise refusal(Cause.MALFORMED, what="clear line", detail=str(error.facts["why"])) from error
        sealed = data[len(line) + 1 :]
        if len(sealed) != clear.size or hashlib.sha256(sealed).hexdigest() != clear.sha256:
            raise refusal(Cause.DAMAGED, clear.id)
        return Envelope(clear=clear, sealed=sealed)


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """An envelope that was opened and believed."""

    payload: Payload
    clear: Clear
    kid: str
    """Identity and epoch that signed it."""
    signed: bytes = field(repr=False)
    """The signed message, kept as evidence: it verifies without our sealing key."""
    digest: str
    """SHA-256 of the payload: `prev` of the next message in its stream."""


def write_envelopes(
    payloads: Sequence[Payload], identity: Identity, sealing: Callable[[str], SealingKey]
) -> tuple[Envelope, ...]:
    """Sign *payloads* as one batch, seal each for its recipients.

    `sealing` gives a partner's sealing key of today (`Known.sealing_at`).

    Raises:
        InvalidValueError: for no payload, more than 64, or one that is not from this identity.
        KeyHistoryError: whatever `sealing` raises for a partner without a key.
    """
    require(all(one.sender == identity.node for one in payloads), "from", "we sign only what is ours")
    signed = sign_batch(identity, [to_json(payload) for payload in payloads])
    return tuple(
        _sealed(payload, message, [sealing(partner) for partner in payload.to])
        for payload, message in zip(payloads, signed, strict=True)
    )


@dataclass(slots=True)
class Opener:
    """Opens envelopes for one node. Reuse it: it remembers expanded keys and verified batches."""

    node: str
    secrets: Sequence[SealingSecret]
    trust: Trust
    agreed: Agreed
    heads: Heads = field(default_factory=Heads)
    _private: tuple[MLKEM768X25519PrivateKey, ...] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self._private = tuple(secret.private() for secret in self.secrets)

    def open(self, envelope: Envelope, now: datetime) -> Opened:
        """Unseal, verify both signatures, and check recipient, times and agreement.

        Raises:
            EnvelopeError: with the `cause` and the `reason` that the receipt tells the sender.
        """
        clear = envelope.clear
        if self.node not in clear.to:
            raise refusal(Cause.MISDIRECTED, clear.id, node=self.node)
        signed = self._unseal(envelope)
        verified = self._verify(clear, signed)
        try:
            payload = read_payload(verified.payload)
        except UnreadableError as error:
            raise refusal(Cause.MALFORMED, clear.id, what="payload", detail=str(error.facts["why"])) from error
        self._check(clear, payload, verified, now)
        digest = hashlib.sha256(verified.payload).hexdigest()
        return Opened(payload=payload, clear=clear, kid=verified.kid, signed=signed, digest=digest)

    def _unseal(self, envelope: Envelope) -> bytes:
        try:
            return open_bytes(envelope.sealed, self._private)
        except UnreadableError as error:
            raise refusal(Cause.SEAL, envelope.clear.id, detail=str(error.facts["why"])) from error

    def _verify(self, clear: Clear, signed: bytes) -> Verified:
        try:
            return verify_message(signed, self.trust, self.heads)
        except UnreadableError as error:
            raise refusal(Cause.MALFORMED, clear.id, what="signed message", detail=str(error.facts["why"])) from error
        except EnvelopeError as error:
            if "kid" in error.facts:
                raise refusal(Cause.UNKNOWN_SENDER, clear.id, kid=str(error.facts["kid"])) from error
            raise refusal(Cause.SIGNATURE, clear.id, detail=str(error.facts["why"])) from error

    def _check(self, clear: Clear, payload: Payload, verified: Verified, now: datetime) -> None:
        if payload.sender != verified.sender:
            raise refusal(Cause.IMPERSONATION, payload.id, claimed=payload.sender, kid=verified.kid)
        if self.node not in payload.to:
            raise refusal(Cause.FORWARDED, payload.id, node=self.node)
        if clear != _clear(payload, clear.size, clear.sha256):
            raise refusal(Cause.CLEAR_LINE, payload.id)
        if payload.expires <= now:
            raise refusal(Cause.EXPIRED, payload.id, expires=payload.expires.isoformat())
        if payload.created > now + SKEW:
            raise refusal(Cause.FROM_THE_FUTURE, payload.id, created=payload.created.isoformat())
        under = payload.agreement
        if under is not None and self.agreed(under.id, under.version) != under.sha256:
            raise refusal(Cause.OTHER_TEXT, payload.id, agreement=under.id, version=under.version)


def _sealed(payload: Payload, message: bytes, keys: Iterable[SealingKey]) -> Envelope:
    sealed = seal_bytes(message, [_public(key) for key in keys])
    return Envelope(clear=_clear(payload, len(sealed), hashlib.sha256(sealed).hexdigest()), sealed=sealed)


def _clear(payload: Payload, size: int, digest: str) -> Clear:
    return Clear(
        v=FORMAT,
        sender=payload.sender,
        to=payload.to,
        id=payload.id,
        size=size,
        sha256=digest,
        priority=payload.type.priority,
    )


@lru_cache(maxsize=256)
def _public(key: SealingKey) -> MLKEM768X25519PublicKey:
    """Expand a partner's key once; reading its 1,959 characters costs more than sealing with it."""
    return key.public()
