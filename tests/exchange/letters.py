"""Two institutions and what they write to each other: for the tests of envelopes, receipts and courier files."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import TypedDict, Unpack

import msgspec

from ayni.exchange.envelope import Opener, write_envelopes
from ayni.exchange.jws import PublicPair
from ayni.exchange.keys import Identity, SealingSecret
from ayni.exchange.payload import About, Payload, Type, Under
from ayni.model.checks import uuid7
from ayni.model.handling import Handling, Purpose

NOW = datetime(2027, 1, 1, 12, tzinfo=UTC)
PE, BO, XX = "pe.ayni.example", "bo.ayni.example", "xx.ayni.example"
TEXT = "ab" * 32


def seeded(label: str) -> Callable[[int], bytes]:
    """Return a source of the same random bytes in every run."""
    count = iter(range(1_000))
    return lambda size: hashlib.shake_256(f"{label} {next(count)}".encode()).digest(size)


KEYS = {node: Identity.generate(node, 0, seeded(node)) for node in (PE, BO, XX)}
SECRETS = {node: SealingSecret.generate(NOW, random=seeded(f"{node} seal")) for node in (PE, BO, XX)}
PAIRS = {identity.kid: identity.public.signing for identity in KEYS.values()}
BODY = b'{"says":"a vessel was seen","count":1}'


class Said(TypedDict, total=False):
    """What a test may change of a payload."""

    id: str
    type: Type
    sender: str
    to: tuple[str, ...]
    agreement: Under | None
    articles_claimed: tuple[str, ...]
    created: datetime
    expires: datetime
    seq: int
    prev: str
    record: About | None
    body: msgspec.Raw


def payload(**said: Unpack[Said]) -> Payload:
    """Return a share from Peru to Bolivia, with *said* in place of what it usually says."""
    body = bytes(said.get("body", msgspec.Raw(BODY)))
    usual = Payload(
        id=uuid7(),
        type=Type.SHARE,
        sender=PE,
        to=(BO,),
        agreement=Under(id="BO-PE-1", version=1, sha256=TEXT),
        articles_claimed=("BO-PE-1/4",),
        purpose=Purpose.COUNTER_NARCOTICS,
        legal_basis="Acuerdo BO-PE-1, art. 4",
        created=NOW,
        expires=NOW + timedelta(days=14),
        stream="bo",
        seq=1,
        prev="",
        handling=Handling(),
        evaluation=None,
        record=About(id=uuid7(), sha256=hashlib.sha256(body).hexdigest(), originator=PE),
        onward_consent=(),
        attachments=(),
        body=msgspec.Raw(body),
    )
    return msgspec.structs.replace(usual, **said)


def trust(kid: str) -> PublicPair | None:
    """Know Peru and Bolivia, and nobody else."""
    return None if kid.startswith(XX) else PAIRS.get(kid)


def agreed(agreement: str, version: int) -> str | None:
    """Hold one text in one version."""
    return TEXT if (agreement, version) == ("BO-PE-1", 1) else None


def opener(node: str = BO) -> Opener:
    """Return what opens envelopes at *node*."""
    return Opener(node=node, secrets=[SECRETS[node]], trust=trust, agreed=agreed)


def written(*payloads: Payload, by: str = PE) -> tuple[bytes, ...]:
    """Return envelopes as they travel."""
    made = write_envelopes(payloads, KEYS[by], lambda node: SECRETS[node].key)
    return tuple(envelope.to_bytes() for envelope in made)
