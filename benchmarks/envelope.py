"""Measure envelopes: sign and seal, open and verify, one by one and in batches of 64.

    python benchmarks/envelope.py [--seconds 1.0] [--json FILE]

Two peers in the same run, on the same 2 kB of text: joserfc (JWS Ed25519 inside JWE
ECDH-ES+A256KW, A256GCM), where it is installed, which is what one would use without
post-quantum keys; and a bare RSA-2048 signature, which is what X-Road makes for each
message by default, without sealing. Ours carries twice the signatures and post-quantum
sealing, so one by one it is slower; the promise is held against batches. Compare ratios.
Exits with 1 when a promise is not kept; without joserfc none can be checked, and it says so.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from importlib.util import find_spec
from pathlib import Path

import msgspec
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from ayni.exchange.envelope import Envelope, Opener, write_envelopes
from ayni.exchange.keys import Identity, SealingSecret
from ayni.exchange.payload import Payload, Type, Under
from ayni.model.checks import uuid7
from ayni.model.codec import to_json
from ayni.model.handling import Handling, Purpose

NOW = datetime(2027, 1, 1, tzinfo=UTC)
BYTES = 2_000
BATCH = 64
PROMISED_SEND, PROMISED_OPEN = 0.5, 0.25
"""Batched, against joserfc: post-quantum costs at most twice as much to send and four times to open."""
SENDER, RECEIVER = Identity.generate("pe.ayni.example"), SealingSecret.generate(NOW)


def message(number: int) -> Payload:
    """Return a request whose payload has about 2 kB."""
    body = msgspec.json.encode({"asks": f"{number:08d}", "text": os.urandom(700).hex()})
    return Payload(
        id=uuid7(),
        type=Type.REQUEST,
        sender=SENDER.node,
        to=("bo.ayni.example",),
        agreement=Under(id="BO-PE-1", version=1, sha256="ab" * 32),
        articles_claimed=("BO-PE-1/4",),
        purpose=Purpose.COUNTER_NARCOTICS,
        legal_basis="art. 4",
        created=NOW,
        expires=NOW + timedelta(days=14),
        stream="bo",
        seq=1,
        prev="",
        handling=Handling(),
        evaluation=None,
        record=None,
        onward_consent=(),
        attachments=(),
        body=msgspec.Raw(body),
    )


def rate(seconds: float, many: int, work: Callable[[], object]) -> float:
    """Return how many of the *many* that *work* does at once are done in a processor second; one warm-up run."""
    work()
    done, began = 0, time.process_time()
    while time.process_time() - began < seconds:
        work()
        done += many
    return done / (time.process_time() - began)


def write(count: int) -> tuple[bytes, ...]:
    """Sign and seal some messages."""
    made = write_envelopes([message(n) for n in range(count)], SENDER, lambda _: RECEIVER.key)
    return tuple(envelope.to_bytes() for envelope in made)


def read(envelopes: tuple[bytes, ...]) -> None:
    """Open and verify them, with no batch remembered from before."""
    opener = Opener(
        node="bo.ayni.example",
        secrets=[RECEIVER],
        trust=lambda kid: PAIR if kid == PAIR.kid else None,
        agreed=lambda _agreement, _version: "ab" * 32,
    )
    for data in envelopes:
        opener.open(Envelope.parse(data), NOW)


PAIR = SENDER.public.signing


def ours(seconds: float) -> dict[str, float]:
    """Measure Ayni."""
    one, many = write(1), write(BATCH)
    return {
        "sign_seal_s": rate(seconds, 1, lambda: write(1)),
        "open_verify_s": rate(seconds, 1, lambda: read(one)),
        "batched_sign_seal_s": rate(seconds, BATCH, lambda: write(BATCH)),
        "batched_open_verify_s": rate(seconds, BATCH, lambda: read(many)),
        "payload_bytes": len(to_json(message(0))),
        "envelope_bytes": len(one[0]),
        "batched_envelope_bytes": len(many[0]),
    }


def rsa_2048(seconds: float) -> dict[str, float]:
    """Measure one bare RSA signature a message."""
    key = rsa.generate_private_key(65537, 2048)
    text = os.urandom(BYTES)
    scheme = (padding.PKCS1v15(), hashes.SHA512())
    made, public = key.sign(text, *scheme), key.public_key()
    return {
        "sign_s": rate(seconds, 1, lambda: key.sign(text, *scheme)),
        "verify_s": rate(seconds, 1, lambda: public.verify(made, text, *scheme)),
    }


def joserfc(seconds: float) -> dict[str, float] | None:
    """Measure classical JWS in JWE; None where joserfc is not installed."""
    if find_spec("joserfc") is None:
        return None
    from joserfc import jwe, jws  # noqa: PLC0415 -- a peer, never required
    from joserfc.jwk import OKPKey  # noqa: PLC0415 -- as above

    text, key, sealing = (
        os.urandom(BYTES // 2).hex().encode(),
        OKPKey.generate_key("Ed25519"),
        OKPKey.generate_key("X25519"),
    )

    def sign_seal() -> str:
        token = jws.serialize_compact({"alg": "Ed25519"}, text, key, algorithms=["Ed25519"])
        return jwe.encrypt_compact({"alg": "ECDH-ES+A256KW", "enc": "A256GCM"}, token.encode(), sealing)

    made = sign_seal()

    def open_verify() -> None:
        token = jwe.decrypt_compact(made, sealing).plaintext
        jws.deserialize_compact(token, key, algorithms=["Ed25519"])

    return {
        "sign_seal_s": rate(seconds, 1, sign_seal),
        "open_verify_s": rate(seconds, 1, open_verify),
        "envelope_bytes": len(made),
    }


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=1.0, help="Processor seconds for each figure.")
    parser.add_argument("--json", type=Path)
    chosen = parser.parse_args()
    mine, rsa_only, theirs = ours(chosen.seconds), rsa_2048(chosen.seconds), joserfc(chosen.seconds)
    ratios = {
        "batching_sends": mine["batched_sign_seal_s"] / mine["sign_seal_s"],
        "batched_send_to_rsa_sign": mine["batched_sign_seal_s"] / rsa_only["sign_s"],
    }
    kept: dict[str, bool] = {}
    if theirs is not None:
        for way in ("sign_seal_s", "open_verify_s"):
            ratios[f"{way}_to_joserfc"] = mine[way] / theirs[way]
            ratios[f"batched_{way}_to_joserfc"] = mine[f"batched_{way}"] / theirs[way]
        kept["batched_send"] = ratios["batched_sign_seal_s_to_joserfc"] >= PROMISED_SEND
        kept["batched_open"] = ratios["batched_open_verify_s_to_joserfc"] >= PROMISED_OPEN
    for name, figures in (("ayni", mine), ("rsa-2048", rsa_only), ("joserfc", theirs or {}), ("ratio", ratios)):
        for what, figure in figures.items():
            print(f"{name:10} {what:36} {figure:12,.2f}")
    if theirs is None:
        print("joserfc    not measured: it is not installed here")
    if chosen.json:
        result = {"ayni": mine, "rsa_2048": rsa_only, "joserfc": theirs, "ratios": ratios, "kept": kept}
        chosen.json.write_text(json.dumps(result, indent=1))
    if not all(kept.values()):
        sys.exit(1)


if __name__ == "__main__":
    main()
