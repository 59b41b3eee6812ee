"""Two signatures under one text: JWS in its general JSON form, Ed25519 and ML-DSA-65.

Both must verify, always: Ed25519 has been studied for longer, ML-DSA-65 withstands a
quantum computer. Whoever verifies does so over the very bytes received.

There is one spelling: a protected header is exactly `{"alg":…,"kid":…,"typ":…}`, compact
and in that order, so it is compared and never parsed; a token that would be written in
another way is refused. So no header can smuggle in an algorithm, a key or a second `kid`.

Source: RFC 7515 section 7.2.1; RFC 9864 (`Ed25519`); RFC 9964 (`ML-DSA-65`, empty context).
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from ayni.errors import EnvelopeError, UnreadableError
from ayni.model.codec import from_own_json, to_json

MAX_BYTES = 1 << 22
"""Longest token read. Ours: a receipt for a batch of 4 MiB of envelopes is far shorter."""
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
            protected = _protected(algorithm, kid, typ)
            made = signing(algorithm, f"{protected}.{body}".encode())
            signatures.append(Signature(protected=protected, signature=_encode(made)))
    return to_json(Signed(payload=body, signatures=tuple(signatures)))


def payload_of(data: bytes) -> bytes:
    """Return the payload without believing it: only to learn whose keys to check it with.

    Raises:
        UnreadableError: if it is not of this form.
    """
    return _decode(_read(data).payload)


def signer_of(data: bytes, typ: str) -> str:
    """Return the key id under which a token of two signatures claims to be signed, without believing it.

    Raises:
        UnreadableError: if it is malformed.
        EnvelopeError: if it is not signed exactly twice, under one key id, as *typ*.
    """
    signed = _read(data)
    try:
        kid = from_own_json(_decode(signed.signatures[0].protected), Header).kid
    except IndexError:
        raise EnvelopeError(envelope=typ, why="it has no signature") from None
    if [one.protected for one in signed.signatures] != [_protected(algorithm, kid, typ) for algorithm in Algorithm]:
        raise EnvelopeError(envelope=typ, why="it is not signed with Ed25519 and ML-DSA-65 by one signer")
    return kid


def verify(data: bytes, typ: str, signers: Sequence[PublicPair]) -> bytes:
    """Return the payload, once every one of *signers* is seen to have signed it with both keys.

    Signatures of others are not looked at.

    Raises:
        UnreadableError: if it is malformed.
        EnvelopeError: if a signature is missing or does not verify.
    """
    signed = _read(data)
    if len(signed.signatures) > MAX_SIGNATURES or not signers:
        raise EnvelopeError(envelope=typ, why="too many signatures, or no key to check them with")
    for signer in signers:
        for algorithm in Algorithm:
            wanted = _protected(algorithm, signer.kid, typ)
            found = [one for one in signed.signatures if one.protected == wanted]
            if len(found) != 1 or not _holds(signer, algorithm, found[0], signed.payload):
                why = f"it has no valid {algorithm} signature of {signer.kid}"
                raise EnvelopeError(envelope=typ, why=why)
    return _decode(signed.payload)


def _read(data: bytes) -> Signed:
    """Parse a token in its one spelling; no level of nesting beyond its own is looked into."""
    if len(data) > MAX_BYTES or data.count(b"{") + data.count(b"[") > MAX_SIGNATURES + 2:
        raise UnreadableError(file="JWS", why="too long, or nested more deeply than a token is")
    signed = from_own_json(data, Signed)
    if to_json(signed) != data:
        raise UnreadableError(
            file="JWS", why="not in its one spelling: an unknown field, white space or another order"
        )
    return signed


def _protected(algorithm: Algorithm, kid: str, typ: str) -> str:
    return _encode(to_json(Header(alg=algorithm, kid=kid, typ=typ)))


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
