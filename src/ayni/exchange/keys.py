"""The keys of an institution: what it signs, seals, logs and witnesses with.

    identity   signs messages and key events          Ed25519 + ML-DSA-65
               signs the ledger's checkpoints         Ed25519 + ML-DSA-44
               cosigns partners' checkpoints          Ed25519 + ML-DSA-44
    sealing    opens what partners seal for us        X-Wing (ML-KEM-768 + X25519), 90 days

Every key is kept as its seed of 32 bytes, never expanded: a seed is short enough to
check, to back up on paper, and to destroy. Each pair exists twice over on purpose,
once for the mathematics of today and once for a day with quantum computers.

An identity changes rarely and by a key event (`key_events.py`). Sealing keys change
every 90 days, and their secret is destroyed 30 days after that, so that a stolen
archive of sealed messages stays sealed.

Source: RFC 8032; FIPS 204 (seeds: section 6.1); age recipient `mlkem768x25519`,
https://c2sp.org/age; X-Wing: HPKE KEM 0x647a.
"""

from __future__ import annotations

import base64
import hashlib
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol

from ayni.errors import UnreadableError
from ayni.exchange import bech32
from ayni.exchange.jws import Algorithm, PublicPair
from ayni.ledger.checkpoint import Signer
from ayni.ledger.note import Kind, VerifierKey, decode_base64
from ayni.model.checks import aware, require
from ayni.model.codec import from_json, to_json

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey, MLDSA65PrivateKey
    from cryptography.hazmat.primitives.asymmetric.mlkem import MLKEM768PrivateKey
    from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
    from cryptography.hazmat.primitives.hpke import MLKEM768X25519PrivateKey, MLKEM768X25519PublicKey

SEED_BYTES = 32
SEALING_FOR = timedelta(days=90)
"""How long partners seal for one key. Source: issue "Agreements and ledger", keys."""
KEPT_AFTER = timedelta(days=30)
"""How long its secret is kept after that, for messages still on the way; then it is destroyed."""
RECIPIENT, IDENTITY = "age1pq", "age-secret-key-pq-"
_ML_KEM_PUBLIC, _X25519_PUBLIC, _ML_KEM_SEED, _EXPANDED = 1184, 32, 64, 96


class Use(StrEnum):
    """What one key of an identity is for."""

    SIGN_ED25519 = "sign-ed25519"
    SIGN_ML_DSA_65 = "sign-ml-dsa-65"
    LOG_ED25519 = "log-ed25519"
    LOG_ML_DSA_44 = "log-ml-dsa-44"
    WITNESS_ED25519 = "witness-ed25519"
    WITNESS_ML_DSA_44 = "witness-ml-dsa-44"


PUBLIC_BYTES = {
    Use.SIGN_ED25519: 32,
    Use.SIGN_ML_DSA_65: 1952,
    Use.LOG_ED25519: 32,
    Use.LOG_ML_DSA_44: 1312,
    Use.WITNESS_ED25519: 32,
    Use.WITNESS_ML_DSA_44: 1312,
}
"""Source: RFC 8032 section 5.1.5; FIPS 204 table 2."""
_KINDS = {
    Use.LOG_ED25519: Kind.ED25519,
    Use.LOG_ML_DSA_44: Kind.ML_DSA_44,
    Use.WITNESS_ED25519: Kind.ED25519_COSIGNATURE,
    Use.WITNESS_ML_DSA_44: Kind.ML_DSA_44,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicIdentity:
    """The public half of an identity, as partners pin it.

    Raises:
        InvalidValueError: if a key is missing, of another length, or used twice.
    """

    node: str
    """The institution's domain, e.g. `armada.ec.example`: what its ledger and witness are named after."""
    epoch: int
    """0 for the first identity, one more at every change."""
    keys: Mapping[Use, str]
    """Public keys in base64."""

    def __post_init__(self) -> None:
        require(bool(self.node) and self.node.isascii() and not set(self.node) & set(" +/\n"), "node", "not a domain")
        require(self.epoch >= 0, "epoch", "counts from 0")
        require(set(self.keys) == set(Use), "keys", "an identity has one key for each use")
        raw = {use: _unbase64(text) for use, text in self.keys.items()}
        require(all(len(raw[use]) == PUBLIC_BYTES[use] for use in Use), "keys", "a key has another length")
        require(len(set(raw.values())) == len(raw), "keys", "one key is used for two things")

    @property
    def kid(self) -> str:
        """The id under which its signatures are found."""
        return f"{self.node}/{self.epoch}"

    @property
    def digest(self) -> str:
        """SHA-256 over the identity, in hex: what a key event commits to and a fingerprint shows."""
        return hashlib.sha256(self.to_bytes()).hexdigest()

    @property
    def signing(self) -> PublicPair:
        """The pair that signs messages."""
        return PublicPair(kid=self.kid, ed25519=self.raw(Use.SIGN_ED25519), ml_dsa_65=self.raw(Use.SIGN_ML_DSA_65))

    def raw(self, use: Use) -> bytes:
        """Return one public key."""
        return _unbase64(self.keys[use])

    def log_keys(self, origin: str = "") -> tuple[VerifierKey, ...]:
        """Return the keys that check this node's checkpoints."""
        name = origin or origin_of(self.node)
        return tuple(self._verifier(use, name) for use in (Use.LOG_ED25519, Use.LOG_ML_DSA_44))

    def witness_keys(self) -> tuple[VerifierKey, ...]:
        """Return the keys that check this node's cosignatures."""
        return tuple(
            self._verifier(use, witness_of(self.node)) for use in (Use.WITNESS_ED25519, Use.WITNESS_ML_DSA_44)
        )

    def to_bytes(self) -> bytes:
        """Return the one spelling of this identity that is hashed: lines of ASCII, keys in the order of `Use`."""
        lines = ["ayni-identity/1", self.node, str(self.epoch), *(f"{use} {self.keys[use]}" for use in Use)]
        return "\n".join(lines).encode("ascii") + b"\n"

    def _verifier(self, use: Use, name: str) -> VerifierKey:
        return VerifierKey(name=name, kind=_KINDS[use], public=self.raw(use))


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """The secret half: one seed for each use."""

    node: str
    epoch: int
    seeds: Mapping[Use, bytes] = field(repr=False)

    def __post_init__(self) -> None:
        require(set(self.seeds) == set(Use), "seeds", "an identity has one seed for each use")
        require(all(len(seed) == SEED_BYTES for seed in self.seeds.values()), "seeds", "a seed has 32 bytes")

    @staticmethod
    def generate(node: str, epoch: int = 0, random: Callable[[int], bytes] = os.urandom) -> Identity:
        """Make a new identity."""
        return Identity(node=node, epoch=epoch, seeds={use: random(SEED_BYTES) for use in Use})

    @property
    def public(self) -> PublicIdentity:
        """The public half."""
        keys = {use: self._private(use).public_key().public_bytes_raw() for use in Use}
        encoded = {use: base64.b64encode(key).decode() for use, key in keys.items()}
        return PublicIdentity(node=self.node, epoch=self.epoch, keys=encoded)

    @property
    def kid(self) -> str:
        """The id under which its signatures are found."""
        return f"{self.node}/{self.epoch}"

    def sign(self, algorithm: Algorithm, message: bytes) -> bytes:
        """Return one signature over *message*."""
        use = Use.SIGN_ED25519 if algorithm is Algorithm.ED25519 else Use.SIGN_ML_DSA_65
        return self._private(use).sign(message)

    def log_signers(self, origin: str = "") -> tuple[Signer, ...]:
        """Return what signs this node's checkpoints."""
        name = origin or origin_of(self.node)
        return tuple(self._signer(use, name) for use in (Use.LOG_ED25519, Use.LOG_ML_DSA_44))

    def witness_signers(self) -> tuple[Signer, ...]:
        """Return what cosigns partners' checkpoints."""
        return tuple(self._signer(use, witness_of(self.node)) for use in (Use.WITNESS_ED25519, Use.WITNESS_ML_DSA_44))

    def _signer(self, use: Use, name: str) -> Signer:
        return Signer(name=name, kind=_KINDS[use], seed=self.seeds[use])

    def _private(self, use: Use) -> Ed25519PrivateKey | MLDSA44PrivateKey | MLDSA65PrivateKey:
        from cryptography.hazmat.primitives.asymmetric import ed25519, mldsa  # noqa: PLC0415 -- 30 ms at start

        seed = self.seeds[use]
        if use is Use.SIGN_ML_DSA_65:
            return mldsa.MLDSA65PrivateKey.from_seed_bytes(seed)
        if use in {Use.LOG_ML_DSA_44, Use.WITNESS_ML_DSA_44}:
            return mldsa.MLDSA44PrivateKey.from_seed_bytes(seed)
        return ed25519.Ed25519PrivateKey.from_private_bytes(seed)


@dataclass(frozen=True, slots=True, kw_only=True)
class SealingKey:
    """A public sealing key with its window, as it is announced to partners.

    Raises:
        UnreadableError: if the recipient is not a post-quantum age recipient.
        InvalidValueError: if the window is empty or longer than 90 days.
    """

    recipient: str
    """`age1pq1…`; any age tool that knows post-quantum recipients can seal for it."""
    not_before: datetime
    not_after: datetime

    def __post_init__(self) -> None:
        aware(self.not_before, "not_before")
        aware(self.not_after, "not_after")
        require(timedelta(0) < self.not_after - self.not_before <= SEALING_FOR, "not_after", "at most 90 days")
        recipient_bytes(self.recipient)

    def open_at(self, now: datetime) -> bool:
        """Say whether partners seal for it now."""
        return self.not_before <= now < self.not_after

    def due_at(self) -> datetime:
        """Return when its secret is to be destroyed."""
        return self.not_after + KEPT_AFTER

    def public(self) -> MLKEM768X25519PublicKey:
        """Return the key that HPKE seals with."""
        from cryptography.hazmat.primitives import hpke  # noqa: PLC0415 -- 30 ms at start
        from cryptography.hazmat.primitives.asymmetric import mlkem, x25519  # noqa: PLC0415 -- as above

        raw = recipient_bytes(self.recipient)
        return hpke.MLKEM768X25519PublicKey(
            mlkem.MLKEM768PublicKey.from_public_bytes(raw[:_ML_KEM_PUBLIC]),
            x25519.X25519PublicKey.from_public_bytes(raw[_ML_KEM_PUBLIC:]),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class SealingSecret:
    """The seed that opens what was sealed for one sealing key."""

    seed: bytes = field(repr=False)
    key: SealingKey

    @staticmethod
    def generate(
        not_before: datetime, lasting: timedelta = SEALING_FOR, random: Callable[[int], bytes] = os.urandom
    ) -> SealingSecret:
        """Make a sealing key for a window."""
        seed = random(SEED_BYTES)
        window = SealingKey(recipient=recipient_of(seed), not_before=not_before, not_after=not_before + lasting)
        return SealingSecret(seed=seed, key=window)

    def private(self) -> MLKEM768X25519PrivateKey:
        """Return the key that HPKE opens with."""
        return _x_wing(self.seed)

    def to_age(self) -> str:
        """Return `AGE-SECRET-KEY-PQ-1…`, with which a stock age tool opens what was sealed for it."""
        return bech32.encode(IDENTITY, self.seed).upper()


class Keeper(Protocol):
    """What guards secrets at rest: the node, with a key derived from its root secret."""

    def seal(self, secret: bytes, context: str) -> bytes:
        """Encrypt and authenticate *secret*, bound to *context*."""
        ...

    def open(self, sealed: bytes, context: str) -> bytes:
        """Return the secret.

        Raises:
            AyniError: if it was changed, is of another context or of another node.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyRing:
    """All secrets of an institution: the identity in use, the next one, and sealing secrets not yet destroyed.

    The next identity is best kept elsewhere (`without_next`): it is what answers a theft of this one.
    """

    current: Identity
    next: Identity | None = None
    sealing: tuple[SealingSecret, ...] = ()

    @staticmethod
    def begin(node: str, now: datetime, random: Callable[[int], bytes] = os.urandom) -> KeyRing:
        """Make the first keys of an institution."""
        return KeyRing(
            current=Identity.generate(node, 0, random),
            next=Identity.generate(node, 1, random),
            sealing=(SealingSecret.generate(now, random=random),),
        )

    def without_next(self) -> KeyRing:
        """Return the ring for daily use, the next identity taken out."""
        return replace(self, next=None)

    def for_the_safe(self) -> KeyRing:
        """Return the ring to be kept elsewhere, without sealing secrets: there nobody destroys them in time."""
        return replace(self, sealing=())

    def destroying(self, now: datetime) -> KeyRing:
        """Return the ring without the sealing secrets whose time has come. Deletion is complete when it is stored."""
        return replace(self, sealing=tuple(one for one in self.sealing if now < one.key.due_at()))

    def to_bytes(self, keeper: Keeper) -> bytes:
        """Return the ring sealed for storage."""
        plain = to_json(
            _StoredRing(
                format=_RING,
                current=_stored(self.current),
                next=None if self.next is None else _stored(self.next),
                sealing=tuple(_StoredSeal(seed=one.seed.hex(), key=one.key) for one in self.sealing),
            )
        )
        return keeper.seal(plain, f"{_RING}|{self.current.node}")

    @staticmethod
    def from_bytes(sealed: bytes, node: str, keeper: Keeper) -> KeyRing:
        """Read a stored ring.

        Raises:
            AyniError: whatever *keeper* raises for what it cannot open.
            UnreadableError: if what it opened is no key ring.
        """
        held = from_json(keeper.open(sealed, f"{_RING}|{node}"), _StoredRing)
        try:
            return KeyRing(
                current=_loaded(held.current),
                next=None if held.next is None else _loaded(held.next),
                sealing=tuple(SealingSecret(seed=bytes.fromhex(one.seed), key=one.key) for one in held.sealing),
            )
        except ValueError as error:
            raise UnreadableError(file="key ring", why=str(error)) from error


_RING = "ayni-key-ring/1"


@dataclass(frozen=True, slots=True, kw_only=True)
class _StoredIdentity:
    node: str
    epoch: int
    seeds: Mapping[Use, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class _StoredSeal:
    seed: str
    key: SealingKey


@dataclass(frozen=True, slots=True, kw_only=True)
class _StoredRing:
    format: str
    current: _StoredIdentity
    next: _StoredIdentity | None
    sealing: tuple[_StoredSeal, ...]

    def __post_init__(self) -> None:
        require(self.format == _RING, "format", f"not {_RING}")


def origin_of(node: str) -> str:
    """Return the origin of a node's ledger."""
    return f"{node}/ledger"


def witness_of(node: str) -> str:
    """Return the name under which a node witnesses."""
    return f"{node}/witness"


def recipient_of(seed: bytes) -> str:
    """Return the age recipient that a sealing seed opens."""
    private = _x_wing_parts(seed)
    return bech32.encode(RECIPIENT, b"".join(part.public_key().public_bytes_raw() for part in private))


def recipient_bytes(recipient: str) -> bytes:
    """Return the public key of an age recipient: ML-KEM-768, then X25519.

    Raises:
        UnreadableError: if it is not a post-quantum recipient.
    """
    raw = bech32.decode(recipient, RECIPIENT)
    if len(raw) != _ML_KEM_PUBLIC + _X25519_PUBLIC:
        raise UnreadableError(
            file="age recipient", why=f"{len(raw)} bytes instead of {_ML_KEM_PUBLIC + _X25519_PUBLIC}"
        )
    return raw


def seed_of(identity: str) -> bytes:
    """Return the seed of an age identity (`AGE-SECRET-KEY-PQ-1…`).

    Raises:
        UnreadableError: if it is not one.
    """
    seed = bech32.decode(identity, IDENTITY)
    if len(seed) != SEED_BYTES:
        raise UnreadableError(file="age identity", why=f"{len(seed)} bytes instead of {SEED_BYTES}")
    return seed


def _x_wing_parts(seed: bytes) -> tuple[MLKEM768PrivateKey, X25519PrivateKey]:
    """Expand a seed as X-Wing does. Source: draft-connolly-cfrg-xwing-kem, section 5.2."""
    from cryptography.hazmat.primitives.asymmetric import mlkem, x25519  # noqa: PLC0415 -- 30 ms at start

    expanded = hashlib.shake_256(seed).digest(_EXPANDED)
    return (
        mlkem.MLKEM768PrivateKey.from_seed_bytes(expanded[:_ML_KEM_SEED]),
        x25519.X25519PrivateKey.from_private_bytes(expanded[_ML_KEM_SEED:]),
    )


def _x_wing(seed: bytes) -> MLKEM768X25519PrivateKey:
    from cryptography.hazmat.primitives import hpke  # noqa: PLC0415 -- 30 ms at start

    return hpke.MLKEM768X25519PrivateKey(*_x_wing_parts(seed))


def _stored(identity: Identity) -> _StoredIdentity:
    seeds = {use: seed.hex() for use, seed in identity.seeds.items()}
    return _StoredIdentity(node=identity.node, epoch=identity.epoch, seeds=seeds)


def _loaded(held: _StoredIdentity) -> Identity:
    seeds = {use: bytes.fromhex(seed) for use, seed in held.seeds.items()}
    return Identity(node=held.node, epoch=held.epoch, seeds=seeds)


def _unbase64(text: str) -> bytes:
    try:
        return decode_base64(text)
    except ValueError as error:
        raise UnreadableError(file="public key", why=str(error)) from error
