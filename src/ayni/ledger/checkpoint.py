"""Checkpoints: the log's signed word on how long its history is and what it hashes to.

The text of a checkpoint has three lines, and no others here, because ML-DSA-44
signatures would not cover them:

    pe.ayni.example/ledger                          the log's origin, unique
    109482                                          number of entries
    sFodV/vSp5O8n9a8QpW6PRY97tfOSW5bsc2Xl/EQi08=    root of the Merkle tree

The log signs with two keys, Ed25519 (kind 0x01) for whoever knows only that, and
ML-DSA-44 (kind 0x06), which a quantum computer does not break. Witnesses add their
own pair (kinds 0x04 and 0x06). A log that ever signs two checkpoints of which
neither continues the other has proven its own misconduct: see `witness.py`.

Source: C2SP tlog-checkpoint and tlog-cosignature, https://c2sp.org.
"""

from __future__ import annotations

import base64
import struct
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from ayni.errors import LedgerError, UnreadableError
from ayni.ledger.note import Kind, SignatureLine, VerifierKey, check_name, decode_base64, decode_decimal, split_note
from ayni.ledger.tree import EMPTY_ROOT, HASH_BYTES
from ayni.model.checks import require

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey

SEED_BYTES = 32
_TIME_BYTES = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkpoint:
    """Origin, size and root of a log at one moment.

    Raises:
        InvalidValueError: if one of them cannot be.
    """

    origin: str
    size: int
    root: bytes

    def __post_init__(self) -> None:
        check_name(self.origin)
        require(0 <= self.size < 1 << 63, "size", "a tree has 0 to 2^63 - 1 entries")
        require(len(self.root) == HASH_BYTES, "root", "a root has 32 bytes")
        require(self.size > 0 or self.root == EMPTY_ROOT, "root", "an empty tree has the empty root")

    @property
    def text(self) -> bytes:
        """The note text that is signed, line feeds included."""
        return f"{self.origin}\n{self.size}\n{base64.b64encode(self.root).decode()}\n".encode()

    @staticmethod
    def parse(text: bytes) -> Checkpoint:
        """Read the text of a checkpoint.

        Raises:
            UnreadableError: if it is not three well-formed lines.
        """
        try:
            origin, size, root, rest = text.decode().split("\n")
        except ValueError as error:
            raise UnreadableError(file="checkpoint", why="not the three lines origin, size and root") from error
        try:
            found = Checkpoint(origin=origin, size=decode_decimal(size), root=decode_base64(root))
        except ValueError as error:
            raise UnreadableError(file="checkpoint", why=str(error)) from error
        if rest:
            raise UnreadableError(file="checkpoint", why="the last line has no line feed")
        return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Verified:
    """A signature that holds: by whom, and when it says it was made."""

    key: VerifierKey
    at_s: int | None
    """Seconds since 1970 in UTC; None where the kind carries no time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedCheckpoint:
    """A checkpoint with its signatures, of which none has been verified yet."""

    checkpoint: Checkpoint
    signatures: tuple[SignatureLine, ...]

    def to_bytes(self) -> bytes:
        """Return the note as it is stored and sent."""
        return self.checkpoint.text + b"\n" + "".join(map(str, self.signatures)).encode()

    @staticmethod
    def parse(data: bytes) -> SignedCheckpoint:
        """Read a signed checkpoint.

        Raises:
            UnreadableError: if it is not one, saying why.
        """
        text, lines = split_note(data)
        return SignedCheckpoint(checkpoint=Checkpoint.parse(text), signatures=tuple(lines))

    def verify(self, keys: Iterable[VerifierKey]) -> Sequence[Verified]:
        """Return which of *keys* signed; lines of other keys are ignored, a key that signed twice counts once.

        Raises:
            LedgerError: if a line claims to be of one of the keys and does not verify.
        """
        by_line = {(key.name, key.key_id): key for key in keys}
        found: dict[VerifierKey, Verified] = {}
        for line in self.signatures:
            key = by_line.get((line.name, line.key_id))
            if key is not None and key not in found:
                found[key] = verify_line(self.checkpoint, line, key)
        return tuple(found.values())

    def require_signed(self, keys: Sequence[VerifierKey]) -> None:
        """Refuse the checkpoint unless every one of *keys* signed it.

        Raises:
            LedgerError: naming the first key that is missing or does not verify.
        """
        signed = {one.key for one in self.verify(keys)}
        for key in keys:
            if key not in signed:
                raise LedgerError(ledger=self.checkpoint.origin, why=f"no {key.kind.name} signature of {key.name}")
        if not keys:
            raise LedgerError(ledger=self.checkpoint.origin, why="no key was given to check it with")

    def adding(self, lines: Iterable[SignatureLine]) -> SignedCheckpoint:
        """Return this checkpoint with more signatures; a newer line of the same key replaces the older."""
        merged = {(line.name, line.key_id): line for line in (*self.signatures, *lines)}
        return replace(self, signatures=tuple(merged.values()))


@dataclass(frozen=True, slots=True, kw_only=True)
class Signer:
    """A private key, kept as its 32-byte seed, and the name it signs under."""

    name: str
    kind: Kind
    seed: bytes = field(repr=False)

    def __post_init__(self) -> None:
        check_name(self.name)
        require(len(self.seed) == SEED_BYTES, "seed", "a seed has 32 bytes")

    @property
    def verifier(self) -> VerifierKey:
        """The public key that others check with."""
        return VerifierKey(name=self.name, kind=self.kind, public=self._private().public_key().public_bytes_raw())

    def sign(self, checkpoint: Checkpoint, at_s: int) -> SignatureLine:
        """Return the signature line over *checkpoint*; *at_s* is seconds since 1970 in UTC."""
        private = self._private()
        public = VerifierKey(name=self.name, kind=self.kind, public=private.public_key().public_bytes_raw())
        signature = private.sign(signed_message(checkpoint, self.kind, self.name, at_s))
        stamp = b"" if self.kind is Kind.ED25519 else struct.pack(">Q", at_s)
        return SignatureLine(name=self.name, key_id=public.key_id, signature=stamp + signature)

    def _private(self) -> Ed25519PrivateKey | MLDSA44PrivateKey:
        from cryptography.hazmat.primitives.asymmetric import ed25519, mldsa  # noqa: PLC0415 -- 30 ms at start

        if self.kind is Kind.ML_DSA_44:
            return mldsa.MLDSA44PrivateKey.from_seed_bytes(self.seed)
        return ed25519.Ed25519PrivateKey.from_private_bytes(self.seed)


def signed_message(checkpoint: Checkpoint, kind: Kind, name: str, at_s: int) -> bytes:
    """Return the bytes that a key of *kind* and *name* signs.

    Source: tlog-cosignature, "Ed25519 signed message" and "ML-DSA-44 signed message".
    """
    if kind is Kind.ED25519:
        return checkpoint.text
    if kind is Kind.ED25519_COSIGNATURE:
        return f"cosignature/v1\ntime {at_s}\n".encode() + checkpoint.text
    cosigner, origin = name.encode(), checkpoint.origin.encode()
    return b"".join(
        (
            b"subtree/v1\n\0",
            bytes([len(cosigner)]) + cosigner,
            struct.pack(">Q", at_s),
            bytes([len(origin)]) + origin,
            struct.pack(">QQ", 0, checkpoint.size),
            checkpoint.root,
        )
    )


def verify_line(checkpoint: Checkpoint, line: SignatureLine, key: VerifierKey) -> Verified:
    """Check one signature line with the key it names.

    Raises:
        LedgerError: if it does not verify.
    """
    from cryptography.exceptions import InvalidSignature  # noqa: PLC0415 -- as above
    from cryptography.hazmat.primitives.asymmetric import ed25519, mldsa  # noqa: PLC0415 -- as above

    stamped = key.kind is not Kind.ED25519
    stamp, signature = (
        (line.signature[:_TIME_BYTES], line.signature[_TIME_BYTES:]) if stamped else (b"", line.signature)
    )
    at_s = int.from_bytes(stamp, "big") if stamped else None
    message = signed_message(checkpoint, key.kind, key.name, at_s or 0)
    try:
        if key.kind is Kind.ML_DSA_44:
            mldsa.MLDSA44PublicKey.from_public_bytes(key.public).verify(signature, message)
        else:
            ed25519.Ed25519PublicKey.from_public_bytes(key.public).verify(signature, message)
    except (InvalidSignature, ValueError) as error:
        why = f"the {key.kind.name} signature of {key.name} does not verify"
        raise LedgerError(ledger=checkpoint.origin, why=why) from error
    if at_s is not None and at_s >= 1 << 63:
        raise LedgerError(ledger=checkpoint.origin, why=f"{key.name} signed at an impossible time")
    return Verified(key=key, at_s=at_s)
