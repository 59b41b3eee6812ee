"""From the outbox onto the line: places in streams, signatures, seals; and what an answer means.

    pack     the messages that wait, in the order they wait in, become envelopes
    fate     one item of the partner's receipt, and what follows from it here

Each partner has a stream of its own for control, for data, and for whatever a draft names.
A stream's name ends in a tag made of chance. When messages of a stream will never arrive
(refused before they could be read, or past their time), what follows them would be a gap for
ever; so the stream is left, and what still waits is packed again in a new one.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable, MutableMapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

import msgspec

from ayni.exchange.batch import MAX_BATCH
from ayni.exchange.envelope import write_envelopes
from ayni.exchange.keys import Identity, SealingKey
from ayni.exchange.payload import Payload
from ayni.exchange.receipt import Item, Outcome
from ayni.exchange.refusals import SENTENCES, Cause
from ayni.model.checks import require
from ayni.model.codec import from_own_json, to_json
from ayni.model.store import Outgoing, Place

TAG_BYTES = 6

Streams = MutableMapping[tuple[str, str], tuple[str, Place]]
"""Partner and name of a stream, to its tag and how far it has been packed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Packed:
    """A message as it travels, and its place."""

    id: str
    to: str
    stream: str
    """With its tag."""
    place: Place
    sha256: str
    """Of the sealed bytes: what the receipt must name."""
    envelope: bytes


def pack(
    waiting: Sequence[Outgoing], streams: Streams, identity: Identity, sealing: Callable[[str], SealingKey]
) -> tuple[Packed, ...]:
    """Give each message its place, sign all as batches of at most 64, seal each for its recipient.

    *streams* is moved on; whoever calls stores it together with what is returned.

    Raises:
        KeyHistoryError: whatever `sealing` raises for a partner without a key of today.
    """
    placed: list[tuple[Payload, Place]] = []
    for message in waiting:
        payload = from_own_json(message.payload, Payload)
        require(payload.to == (message.to,), "to", "an envelope goes to the recipient of its row")
        key = (message.to, payload.stream)
        tag, before = streams.get(key) or (secrets.token_hex(TAG_BYTES), Place())
        payload = msgspec.structs.replace(
            payload, stream=f"{payload.stream}/{tag}", seq=before.seq + 1, prev=before.digest
        )
        place = Place(seq=payload.seq, digest=digest_of(payload))
        streams[key] = (tag, place)
        placed.append((payload, place))
    packed: list[Packed] = []
    for start in range(0, len(placed), MAX_BATCH):
        batch = placed[start : start + MAX_BATCH]
        envelopes = write_envelopes([payload for payload, _ in batch], identity, sealing)
        packed += [
            Packed(
                id=payload.id,
                to=payload.to[0],
                stream=payload.stream,
                place=place,
                sha256=envelope.clear.sha256,
                envelope=envelope.to_bytes(),
            )
            for (payload, place), envelope in zip(batch, envelopes, strict=True)
        ]
    return tuple(packed)


class Fate(StrEnum):
    """What an answer means for a message."""

    DELIVERED = "delivered"
    """Taken in; also when it had been before."""
    REFUSED = "refused"
    """Decided against: nothing is sent again, and its officer is told why."""
    LATER = "later"
    """Nothing is wrong with it, but it came too early or changed on the way: the same bytes go again."""
    ANEW = "anew"
    """Its place or its signature is not believed: it is packed again, in a new stream."""
    LOST = "lost"
    """Refused before it could be read: its stream is left, because it will never follow."""


_LATER = frozenset({Cause.GAP, Cause.DAMAGED, Cause.FROM_THE_FUTURE, Cause.CLEAR_LINE, Cause.MISDIRECTED})
"""What comes too early, or changed on the way: our own clear line always says what stands inside, and for whom."""
_ANEW = frozenset({Cause.FORKED, Cause.UNKNOWN_SENDER})
_UNREAD = frozenset(
    {
        *(Cause.TOO_LARGE, Cause.MALFORMED, Cause.SEAL, Cause.SIGNATURE, Cause.IMPERSONATION),
        *(Cause.FORWARDED, Cause.EXPIRED, Cause.OTHER_TEXT),
    }
)
_BY_SENTENCE = {sentence: cause for cause, sentence in SENTENCES.items()}


def fate(item: Item) -> Fate:
    """Return what the partner's word on one envelope means."""
    if item.outcome is not Outcome.REFUSED:
        return Fate.DELIVERED
    causes = {_BY_SENTENCE.get(reason.says) for reason in item.reasons}
    if causes & _LATER:
        return Fate.LATER
    if causes & _ANEW:
        return Fate.ANEW
    return Fate.LOST if causes & _UNREAD else Fate.REFUSED


def expected_in(item: Item) -> int:
    """Return the number that the partner waits for, of a message that came too early; 0 otherwise."""
    for reason in item.reasons:
        if reason.says == SENTENCES[Cause.GAP]:
            return int(str(reason.facts["expected"]))
    return 0


def digest_of(payload: Payload) -> str:
    """Return the SHA-256 of a payload: what the next in its stream names as the one before it."""
    return hashlib.sha256(to_json(payload)).hexdigest()
