"""Receipts: what a partner did with our envelopes, in its own signed words.

For every envelope it was handed, the recipient answers with the SHA-256 of the sealed
bytes it saw, what it decided, which articles decided, and the reasons of a refusal as
sentences that each side reads in its own language. The receipt also states the size of
the recipient's ledger, which can only grow: whoever later shows a shorter history has
contradicted its own signature.

The sender counts an envelope as delivered when its receipt has been verified, not before.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from enum import StrEnum

import msgspec

from ayni.errors import EnvelopeError, UnreadableError
from ayni.exchange.batch import MAX_BATCH, Trust
from ayni.exchange.jws import sign, signer_of, verify
from ayni.exchange.keys import Identity
from ayni.exchange.payload import MAX_LISTED, SKEW, is_digest
from ayni.exchange.strict import bounded, read_strictly, unambiguous
from ayni.model.checks import require, uuid7
from ayni.model.codec import to_json
from ayni.model.signal import Reason

TYP = "ayni-receipt+jws"
FORMAT = "ayni-receipt/1"
MAX_RECEIPT_BYTES = 1 << 20
MAX_REASONS = 16
_DEPTH = 8


class Outcome(StrEnum):
    """What became of an envelope."""

    ACCEPTED = "accepted"
    """Verified, permitted, and kept in one transaction with its effect."""
    REFUSED = "refused"
    """Nothing was kept but the refusal; the reasons say why."""
    REPEATED = "repeated"
    """It had been accepted before; nothing was done again."""


class Item(msgspec.Struct, frozen=True, kw_only=True):
    """What became of one envelope."""

    envelope: str
    sha256: str
    """Of the sealed bytes as they arrived."""
    outcome: Outcome
    articles: tuple[str, ...] = ()
    """Articles and core rules that decided."""
    reasons: tuple[Reason, ...] = ()

    def __post_init__(self) -> None:
        require(is_digest(self.sha256), "sha256", "not 64 hex digits")
        require(len(self.articles) <= MAX_LISTED and len(self.reasons) <= MAX_REASONS, "reasons", "too many")
        refused = self.outcome is Outcome.REFUSED
        require(not refused or bool(self.reasons), "reasons", "a refusal gives its reasons")


class Receipt(msgspec.Struct, frozen=True, kw_only=True):
    """What one node answers another for a handful of envelopes."""

    v: str = FORMAT
    id: str
    sender: str = msgspec.field(name="from")
    """Who received the envelopes and signs this."""
    to: str
    """Who sent them."""
    at: datetime
    items: tuple[Item, ...]
    ledger: str
    """Origin of the signer's ledger."""
    ledger_size: int
    """Entries in it once these envelopes were written down."""

    def __post_init__(self) -> None:
        require(self.v == FORMAT, "v", f"not {FORMAT}")
        require(self.at.utcoffset() == timedelta(0), "at", "an instant is given in UTC")
        require(1 <= len(self.items) <= MAX_BATCH, "items", f"1 to {MAX_BATCH} envelopes")
        require(len({item.envelope for item in self.items}) == len(self.items), "items", "an envelope stands twice")
        require(self.ledger_size >= 0, "ledger_size", "counts from 0")


def sign_receipt(
    identity: Identity, to: str, items: Sequence[Item], *, at: datetime, ledger: tuple[str, int]
) -> bytes:
    """Return the signed receipt for envelopes of one partner; `ledger` is origin and size.

    Raises:
        InvalidValueError: for no item, more than 64, or an envelope named twice.
    """
    origin, size = ledger
    receipt = Receipt(
        id=uuid7(), sender=identity.node, to=to, at=at, items=tuple(items), ledger=origin, ledger_size=size
    )
    return sign(to_json(receipt), TYP, [(identity.kid, identity.sign)])


def read_receipt(data: bytes, trust: Trust) -> Receipt:
    """Return a receipt once both signatures of the node it names are checked.

    Raises:
        EnvelopeError: if it is malformed, the signer is not believed, or it speaks for another node.
    """
    try:
        bounded(data, MAX_RECEIPT_BYTES, _DEPTH)
        kid = signer_of(data, TYP)
        pair = trust(kid)
        if pair is None or pair.kid != kid:
            raise _wrong(f"no keys of {kid} are believed now")
        payload = verify(data, TYP, [pair])
        receipt = read_strictly(payload, Receipt, depth=_DEPTH)
        unambiguous(payload, _DEPTH)
    except UnreadableError as error:
        raise _wrong(str(error.facts["why"])) from error
    if receipt.sender != kid.rpartition("/")[0]:
        raise _wrong(f"it speaks for {receipt.sender} and is signed by {kid}")
    return receipt


def check_receipt(
    receipt: Receipt, sent: Mapping[str, str], *, by: str, to: str, now: datetime, ledger_was: int
) -> Mapping[str, Item]:
    """Return what became of each envelope of *sent* (id to SHA-256 of its sealed bytes).

    `ledger_was` is the greatest ledger size that partner has signed for us before.

    Raises:
        EnvelopeError: if it is not the answer to what was sent: of or to somebody else, an envelope missing,
            one we never sent, other bytes than ours, a shorter ledger, or made in the future.
    """
    if (receipt.sender, receipt.to) != (by, to):
        raise _wrong(f"it is from {receipt.sender} to {receipt.to}, not from {by} to {to}")
    if receipt.at > now + SKEW:
        raise _wrong(f"it says it was made at {receipt.at.isoformat()}, which has not come yet")
    if receipt.ledger_size < ledger_was:
        raise _wrong(f"its ledger has {receipt.ledger_size} entries and had {ledger_was}: keep both receipts")
    items = {item.envelope: item for item in receipt.items}
    if strange := sorted(items.keys() ^ sent.keys()):
        raise _wrong(f"it does not answer exactly what was sent: {', '.join(strange[:MAX_LISTED])}")
    for envelope, digest in sent.items():
        if items[envelope].sha256 != digest:
            raise _wrong(f"it is about other bytes than ours under the name {envelope}")
    return items


def _wrong(why: str) -> EnvelopeError:
    return EnvelopeError(envelope="receipt", why=why)
