"""Two signatures: both demanded, in one spelling, and checked against public vectors."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable

import msgspec
import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ed25519, mldsa

from ayni.errors import AyniError, EnvelopeError, UnreadableError
from ayni.exchange.jws import Algorithm, PublicPair, sign, signer_of, verify
from tests.exchange.letters import BO, KEYS, PE
from tests.shared_data import shared_data, vectors

TYP = "test+jws"
PAIR = KEYS[PE].public.signing
TOKEN = sign(b"said", TYP, [(KEYS[PE].kid, KEYS[PE].sign)])


PRIVATE: dict[str, type[mldsa.MLDSA44PrivateKey | mldsa.MLDSA65PrivateKey | mldsa.MLDSA87PrivateKey]] = {
    "44": mldsa.MLDSA44PrivateKey,
    "65": mldsa.MLDSA65PrivateKey,
    "87": mldsa.MLDSA87PrivateKey,
}


def b64(data: bytes) -> str:
    """Return base64url without padding."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def changed(change: Callable[[dict[str, object], list[dict[str, str]]], object]) -> bytes:
    """Return the token after *change* to it and its signatures."""
    token = msgspec.json.decode(TOKEN)
    change(token, token["signatures"])
    return msgspec.json.encode(token)


def test_a_token_verifies_and_names_its_signer() -> None:
    """The payload comes back."""
    assert signer_of(TOKEN, TYP) == f"{PE}/0"
    assert verify(TOKEN, TYP, [PAIR]) == b"said"


@pytest.mark.parametrize(
    "data",
    [
        changed(lambda _, signatures: signatures.pop(0)),
        changed(lambda _, signatures: signatures.pop(1)),
        changed(lambda _, signatures: signatures.clear()),
        changed(lambda _, signatures: signatures.append(signatures[0])),
        changed(lambda _, signatures: signatures.__setitem__(1, signatures[0])),
        changed(lambda _, signatures: signatures[0].update(signature=signatures[1]["signature"])),
        changed(lambda _, signatures: signatures[1].update(signature=signatures[1]["signature"][:-4] + "AAAA")),
        changed(lambda token, _: token.update(payload=b64(b"unsaid"))),
        changed(lambda token, _: token.update(extra=1)),
        changed(lambda _, signatures: signatures[0].update(header="{}")),
        TOKEN + b" ",
        TOKEN.replace(b'"payload"', b'"payload":"","payload"'),
        b"[" * 100_000,
        b"{}",
        b"",
    ],
)
def test_one_signature_is_none(data: bytes) -> None:
    """Missing, doubled, exchanged, changed, or beside something unknown."""
    with pytest.raises(AyniError):
        verify(data, TYP, [PAIR])


@pytest.mark.parametrize(
    "header",
    [
        {"alg": "none", "kid": f"{PE}/0", "typ": TYP},
        {"alg": "EdDSA", "kid": f"{PE}/0", "typ": TYP},
        {"alg": "Ed25519", "typ": TYP, "kid": f"{PE}/0"},
        {"alg": "Ed25519", "kid": f"{PE}/0", "typ": TYP, "crit": ["x"]},
        {"alg": "Ed25519", "kid": f"{PE}/0", "typ": TYP, "jwk": {"kty": "OKP"}},
        {"alg": "Ed25519", "kid": f"{PE}/0"},
    ],
)
def test_a_header_has_one_spelling(header: dict[str, object]) -> None:
    """Even if the signature over it holds."""
    protected, body = b64(json.dumps(header, separators=(",", ":")).encode()), b64(b"said")
    made = KEYS[PE].sign(Algorithm.ED25519, f"{protected}.{body}".encode())
    data = changed(lambda _, signatures: signatures[0].update(protected=protected, signature=b64(made)))
    with pytest.raises(EnvelopeError, match="Ed25519"):
        verify(data, TYP, [PAIR])
    with pytest.raises((EnvelopeError, UnreadableError)):
        signer_of(data, TYP)


def test_both_signatures_are_of_one_key_set() -> None:
    """Not one of this node and one of that, nor of two epochs."""
    other = sign(b"said", TYP, [(KEYS[BO].kid, KEYS[BO].sign)])
    theirs = msgspec.json.decode(other)["signatures"][1]
    mixed = changed(lambda _, signatures: signatures.__setitem__(1, theirs))
    with pytest.raises(EnvelopeError, match="one signer"):
        signer_of(mixed, TYP)
    with pytest.raises(EnvelopeError, match="ML-DSA-65"):
        verify(mixed, TYP, [PAIR])


def test_a_token_of_one_kind_is_not_of_another() -> None:
    """The type is signed."""
    for ask in (lambda: verify(TOKEN, "other+jws", [PAIR]), lambda: signer_of(TOKEN, "other+jws")):
        with pytest.raises(EnvelopeError):
            ask()


def test_ed25519_signs_as_rfc_8037_shows() -> None:
    """The example of a JWS. Source: RFC 8037, appendix A.4 (the algorithm is that of RFC 9864's `Ed25519`)."""
    seed = base64.urlsafe_b64decode("nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A=")
    public = base64.urlsafe_b64decode("11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo=")
    message = b"eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc"
    wanted = "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg"
    key = ed25519.Ed25519PrivateKey.from_private_bytes(seed)
    assert key.public_key().public_bytes_raw() == public
    assert b64(key.sign(message)) == wanted


@pytest.mark.shared_data
@shared_data
@pytest.mark.parametrize("name", ["44", "65", "87"])
def test_ml_dsa_vectors(name: str) -> None:
    """Seed to public key, signature, and every negative the specification lists. Source: C2SP httpsig-pq."""
    text = vectors("exchange", "httpsig-pq.md").read_text("utf-8")
    block = re.search(r"```json\n(.*?)```", text, re.DOTALL)
    assert block is not None
    every = {one["algorithm"]: one for one in json.loads(block[1])["vectors"]}
    one = every[f"ml-dsa-{name}"]
    raw = base64.b64decode(one["public_key_base64"])
    key = PRIVATE[name].from_seed_bytes(bytes.fromhex(one["private_key_seed_hex"]))
    loaded = key.public_key()
    assert loaded.public_bytes_raw() == raw
    message = base64.b64decode(one["signature_base_base64"])
    signature = base64.b64decode(one["deterministic_signature_base64"])
    loaded.verify(signature, message)
    flipped = bytes([signature[0] ^ 1]) + signature[1:]
    for wrong, over in (
        (flipped, message),
        (signature[:-1], message),
        (signature + b"\0", message),
        (signature, message + b"\n"),
        (signature, message.replace(b"\n", b"\r\n")),
    ):
        with pytest.raises((InvalidSignature, ValueError)):
            loaded.verify(wrong, over)
    with pytest.raises(InvalidSignature):
        loaded.verify(signature, message, b"a context")


@pytest.mark.shared_data
@shared_data
def test_a_public_ml_dsa_65_key_verifies_our_tokens_too() -> None:
    """A token signed with the vector's seed verifies under the vector's public key, beside our Ed25519."""
    text = vectors("exchange", "httpsig-pq.md").read_text("utf-8")
    block = re.search(r"```json\n(.*?)```", text, re.DOTALL)
    assert block is not None
    one = next(one for one in json.loads(block[1])["vectors"] if one["algorithm"] == "ml-dsa-65")
    key = mldsa.MLDSA65PrivateKey.from_seed_bytes(bytes.fromhex(one["private_key_seed_hex"]))

    def signing(algorithm: Algorithm, message: bytes) -> bytes:
        return KEYS[PE].sign(algorithm, message) if algorithm is Algorithm.ED25519 else key.sign(message)

    pair = PublicPair(kid="v/0", ed25519=PAIR.ed25519, ml_dsa_65=base64.b64decode(one["public_key_base64"]))
    assert verify(sign(b"said", TYP, [("v/0", signing)]), TYP, [pair]) == b"said"
