"""One signature for many messages: a Merkle root over up to 64 of them, and a path for each.

A post-quantum signature takes about a millisecond, a hash less than a microsecond. So
messages that wait together are signed together: their payloads are the leaves of a tree,
its root is signed twice (`jws.py`), and each message carries the head of its batch and
the hashes that lead from itself to the root. A message that comes alone is a batch of
one, with an empty path: there is one form for both.

    {"payload":"<base64url>","index":0,"path":["<hex>",…],"head":<JWS over the head>}

A path shows hashes of messages to others, never more: every payload holds 74 random bits
in its id, so a hash cannot be guessed. How many messages the batch had can be seen.

Source: RFC 9162 section 2.1 (leaves, nodes, inclusion); the idea of batch signatures is
that of X-Road.
"""

from __future__ import annotations

import base64
import hashlib
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import msgspec

from ayni.errors import EnvelopeError
from ayni.exchange.jws import PublicPair, sign, signer_of, verify
from ayni.exchange.keys import Identity
from ayni.exchange.strict import bounded, read_strictly, unbase64url
from ayni.ledger.tree import HASH_BYTES, MemoryHashes, grow, inclusion_proof, leaf_hash, root, verify_inclusion
from ayni.model.checks import require
from ayni.model.codec import to_json

TYP = "ayni-batch+jws"
FORMAT = "ayni-batch/1"
MAX_BATCH = 64
"""Messages under one signature. Ours: beyond it the signature costs less than the sealing."""
MAX_PATH = 6
"""Hashes from a leaf to the root of 64."""
MAX_MESSAGE_BYTES = 1 << 21
"""Longest signed message read: a payload of 1 MiB in base64url, its path and head."""
MAX_DEPTH = 4

Trust = Callable[[str], PublicPair | None]
"""From a key id to the pair believed now; None for an unknown sender, or keys no longer believed."""


class Head(msgspec.Struct, frozen=True, kw_only=True):
    """What is signed: whose batch, how many messages, and the root of their tree."""

    v: str
    sender: str = msgspec.field(name="from")
    size: int
    root: str
    """Hex."""

    def __post_init__(self) -> None:
        require(self.v == FORMAT, "v", f"not {FORMAT}")
        require(1 <= self.size <= MAX_BATCH, "size", f"a batch has 1 to {MAX_BATCH} messages")
        require(_is_hash(self.root), "root", "not 64 hex digits")


class Message(msgspec.Struct, frozen=True, kw_only=True):
    """One message of a batch, as it is written before it is sealed."""

    payload: str
    index: int
    path: tuple[str, ...]
    head: msgspec.Raw

    def __post_init__(self) -> None:
        require(len(self.path) <= MAX_PATH and all(map(_is_hash, self.path)), "path", "not at most 6 hashes")


@dataclass(frozen=True, slots=True, kw_only=True)
class Verified:
    """A payload, and under which keys it was signed."""

    payload: bytes
    kid: str
    sender: str


@dataclass(slots=True)
class Heads:
    """Heads of batches already verified, so that 64 messages cost one verification of signatures."""

    limit: int = 256
    known: OrderedDict[bytes, Head] = field(default_factory=OrderedDict[bytes, Head])

    def verify(self, data: bytes, pair: PublicPair) -> Head:
        """Return the head, its two signatures checked now or before under the very same keys.

        Raises:
            UnreadableError: if it is malformed.
            EnvelopeError: if a signature does not verify.
        """
        key = hashlib.sha256(pair.ed25519 + pair.ml_dsa_65 + pair.kid.encode() + data).digest()
        head = self.known.get(key)
        if head is None:
            head = read_strictly(verify(data, TYP, [pair]), Head, depth=1)
            self.known[key] = head
            if len(self.known) > self.limit:
                self.known.popitem(last=False)
        return head


def sign_batch(identity: Identity, payloads: Sequence[bytes]) -> tuple[bytes, ...]:
    """Return one signed message for each payload, all under one pair of signatures.

    Raises:
        InvalidValueError: for no payload, or more than 64.
    """
    size = len(payloads)
    require(1 <= size <= MAX_BATCH, "payloads", f"a batch has 1 to {MAX_BATCH} messages")
    hashes = MemoryHashes()
    hashes.add(grow(hashes, 0, [leaf_hash(payload) for payload in payloads]))
    head = Head(v=FORMAT, sender=identity.node, size=size, root=root(hashes, size).hex())
    signed = msgspec.Raw(sign(to_json(head), TYP, [(identity.kid, identity.sign)]))
    return tuple(
        to_json(
            Message(
                payload=base64.urlsafe_b64encode(payload).rstrip(b"=").decode(),
                index=index,
                path=tuple(step.hex() for step in inclusion_proof(hashes, index, size)),
                head=signed,
            )
        )
        for index, payload in enumerate(payloads)
    )


def verify_message(data: bytes, trust: Trust, heads: Heads) -> Verified:
    """Return the payload of a signed message, once both signatures and its place in the batch are checked.

    Raises:
        UnreadableError: if it is malformed.
        EnvelopeError: if the signer is unknown, a signature is missing or wrong, or it is not of this batch.
    """
    bounded(data, MAX_MESSAGE_BYTES, MAX_DEPTH)
    message = read_strictly(data, Message, depth=MAX_DEPTH)
    signed = bytes(message.head)
    kid = signer_of(signed, TYP)
    pair = trust(kid)
    if pair is None or pair.kid != kid:
        raise EnvelopeError(envelope="message", why=f"no keys of {kid} are believed now", kid=kid)
    head = heads.verify(signed, pair)
    if head.sender != kid.rpartition("/")[0]:
        raise EnvelopeError(envelope="message", why=f"its batch is of {head.sender}, its signature of {kid}")
    payload = unbase64url(message.payload)
    path = [bytes.fromhex(step) for step in message.path]
    if not verify_inclusion(leaf_hash(payload), message.index, head.size, path, bytes.fromhex(head.root)):
        raise EnvelopeError(envelope="message", why="it is not in the batch that was signed")
    return Verified(payload=payload, kid=kid, sender=head.sender)


def payload_in(data: bytes) -> bytes:
    """Return the payload of a signed message that was verified before, without verifying it again.

    Raises:
        UnreadableError: if it is malformed.
    """
    bounded(data, MAX_MESSAGE_BYTES, MAX_DEPTH)
    return unbase64url(read_strictly(data, Message, depth=MAX_DEPTH).payload)


def _is_hash(text: str) -> bool:
    return len(text) == 2 * HASH_BYTES and not set(text) - set("0123456789abcdef")
