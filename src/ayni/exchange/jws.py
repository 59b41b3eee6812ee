"""Two signatures under one text: JWS in its general JSON form, Ed25519 and ML-DSA-65.

Both must verify, always: Ed25519 has been studied for longer, ML-DSA-65 withstands a
quantum computer. Whoever verifies does so over the very bytes received; JSON is never
written again before it is checked.

Source: RFC 7515 section 7.2.1; RFC 9864 (`Ed25519`); RFC 9964 (`ML-DSA-65`, empty context).
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from ayni.errors import EnvelopeError, UnreadableError
from ayni.model.codec import from_json, to_json

MAX_SIGNATURES = 8
"""Two a signer; a rotation has the old and the new keys, and a parent institution may be a third."""


class Algorithm(StrEnum):
    """Signature algorithms, by their JOSE names."""

    ED25519 = "Ed25519"
    ML_DSA_65 = "ML-DSA-65"


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """What a signature says about itself, protected by the signature."""

    alg: Algorithm
    kid: str
    typ: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Signature:
    """One signature, as it is written."""

    protected: str
    signature: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Signed:
    """A payload under its signatures, as it is written."""

    payload: str
    signatures: tuple[Signature, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicPair:
    """The two public keys of one signer."""

    kid: str
    ed25519: bytes
    ml_dsa_65: bytes


def sign(payload: bytes, typ: str, signers: Sequence[tuple[str, Callable[[Algorithm, bytes], bytes]]]) -> bytes:
    """Return *payload* signed twice by each of *signers*: key id, and what signs with its pair."""
    body = _encode(payload)
    signatures = []
    for kid, signing in signers:
        for algorithm in Algorithm:
            protected = _encode(to_json(Header(alg=algorithm, kid=kid, typ=typ)))
            made = signing(algorithm, f"{protected}.{body}".encode())
            signatures.append(Signature(protected=protected, signature=_encode(made)))
    return to_json(Signed(payload=body, signatures=tuple(signatures)))


def payload_of(data: bytes) -> bytes:
    """Return the payload without believing it: only to learn whose keys to check it with.

    Raises:
        UnreadableError: if it is not of this form.
    """
    return _decode(from_json(data, Signed).payload)


def verify(data: bytes, typ: str, signers: Sequence[PublicPair]) -> bytes:
    """Return the payload, once every one of *signers* is seen to have signed it with both keys.

    Signatures of others are not looked at.

    Raises:
        UnreadableError: if it is malformed.
        EnvelopeError: if a signature is missing or does not verify.
    """
    signed = from_json(data, Signed)
    if len(signed.signatures) > MAX_SIGNATURES or not signers:
        raise EnvelopeError(envelope=typ, why="too many signatures, or no key to check them with")
    lines = [(from_json(_decode(one.protected), Header), one) for one in signed.signatures]
    for signer in signers:
        for algorithm in Algorithm:
            found = [one for header, one in lines if header == Header(alg=algorithm, kid=signer.kid, typ=typ)]
            if len(found) != 1 or not _holds(signer, algorithm, found[0], signed.payload):
                why = f"it has no valid {algorithm} signature of {signer.kid}"
                raise EnvelopeError(envelope=typ, why=why)
    return _decode(signed.payload)


def _holds(signer: PublicPair, algorithm: Algorithm, one: Signature, body: str) -> bool:
    from cryptography.exceptions import InvalidSignature  # noqa: PLC0415 -- 30 ms at start
    from cryptography.hazmat.primitives.asymmetric import ed25519, mldsa  # noqa: PLC0415 -- as above

    message, signature = f"{one.protected}.{body}".encode(), _decode(one.signature)
    try:
        if algorithm is Algorithm.ED25519:
            ed25519.Ed25519PublicKey.from_public_bytes(signer.ed25519).verify(signature, message)
        else:
            mldsa.MLDSA65PublicKey.from_public_bytes(signer.ml_dsa_65).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True


def _encode(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _decode(text: str) -> bytes:
    try:
        data = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError) as error:
        raise UnreadableError(file="JWS", why="not base64url") from error
    if _encode(data) != text:
        raise UnreadableError(file="JWS", why="base64url in an unusual spelling")
    return data
