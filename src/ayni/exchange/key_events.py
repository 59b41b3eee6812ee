"""The history of an institution's keys: every change announced, signed, and bound to the one before.

    begin       the first identity, signed by itself; its fingerprint is exchanged on paper
    seal        a new sealing key for the next 90 days, signed by the identity in use
    rotate      the identity that the event before had promised, signed by the old and the new one
    compromise  the same, signed by the new one alone: the old one is no longer believed, from an instant T on

Every event that brings an identity carries the SHA-256 of the **next** one
(pre-rotation). Whoever steals the keys in use can sign, but cannot rotate: that
takes keys that have never been used and lie elsewhere. So a theft is answered by
`compromise`, and partners believe it because it was promised before the theft.

A change of identity takes two officers. Where a post has only one, the second may sit
at a parent institution, which then signs the event as well.

There is no authority above: a history begins with a fingerprint that two people
compared, and an event that contradicts one already known is refused.

Source: pre-rotation as in KERI (key event receipt infrastructure); the formats are in
docs/reference/protocols/ayni-ledger-1.md.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum

from ayni.errors import EnvelopeError, KeyHistoryError
from ayni.exchange.jws import payload_of, sign, verify
from ayni.exchange.keys import Identity, PublicIdentity, SealingKey
from ayni.model.checks import aware, require
from ayni.model.codec import from_json, to_json

TYP = "ayni-key-event+jws"
OFFICERS = 2
"""Nobody changes the identity of an institution alone."""


class EventKind(StrEnum):
    """What a key event does."""

    BEGIN = "begin"
    SEAL = "seal"
    ROTATE = "rotate"
    COMPROMISE = "compromise"


@dataclass(frozen=True, slots=True, kw_only=True)
class Approval:
    """An officer who stands behind a change of identity, and where."""

    officer: str
    institution: str


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyEvent:
    """One change of keys.

    Raises:
        InvalidValueError: if it does not carry what its kind needs.
    """

    node: str
    number: int
    """0 for the first event, then one more each."""
    kind: EventKind
    at: datetime
    previous: str = ""
    """SHA-256 of the payload of the event before, in hex."""
    identity: PublicIdentity | None = None
    next_digest: str = ""
    """SHA-256 of the identity that will come next."""
    sealing: SealingKey | None = None
    compromised_from: datetime | None = None
    """Since when the old keys may have been in other hands; what they signed from then on is unverified."""
    approvals: tuple[Approval, ...] = ()
    reason: str = ""

    def __post_init__(self) -> None:
        aware(self.at, "at")
        require((self.number == 0) == (self.kind is EventKind.BEGIN), "number", "only the first event begins")
        require(
            (self.number == 0) == (not self.previous), "previous", "every event but the first names the one before"
        )
        if self.kind is EventKind.SEAL:
            require(self.sealing is not None, "sealing", "a seal event brings a sealing key")
            require(self.identity is None and not self.next_digest, "identity", "a seal event brings no identity")
        else:
            require(
                self.identity is not None and self.identity.node == self.node, "identity", "brings its own identity"
            )
            require(
                len(self.next_digest) == hashlib.sha256().digest_size * 2, "next_digest", "commits to the next one"
            )
            people = {(one.officer, one.institution) for one in self.approvals}
            require(len(people) >= OFFICERS, "approvals", "a change of identity takes two officers")
            require(
                any(one.institution == self.node for one in self.approvals), "approvals", "one of them is of the node"
            )
        compromise = self.kind is EventKind.COMPROMISE
        require(compromise == (self.compromised_from is not None), "compromised_from", "belongs to a compromise")
        require(not compromise or bool(self.reason.strip()), "reason", "a compromise gives its reason")

    @property
    def institutions(self) -> frozenset[str]:
        """Institutions other than the node whose officers approved, and which must therefore sign."""
        return frozenset(one.institution for one in self.approvals) - {self.node}


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What a history says at its end."""

    node: str
    identities: tuple[PublicIdentity, ...]
    """Every identity there was, the one in use last."""
    began: tuple[datetime, ...]
    """When each came into use."""
    next_digest: str
    sealing: tuple[SealingKey, ...] = ()
    doubtful_from: Mapping[int, datetime] = field(default_factory=dict[int, datetime])
    """Epoch of a compromised identity, and since when what it signed is unverified."""
    number: int = 0
    head: str = ""
    """SHA-256 of the payload of the newest event."""

    @property
    def identity(self) -> PublicIdentity:
        """The identity in use."""
        return self.identities[-1]

    def sealing_at(self, now: datetime) -> SealingKey:
        """Return the newest key that partners may seal for now.

        Raises:
            KeyHistoryError: if there is none: the partner has to announce a new one.
        """
        open_now = [key for key in self.sealing if key.open_at(now)]
        if not open_now:
            raise KeyHistoryError(node=self.node, why="it has announced no sealing key for today")
        return max(open_now, key=lambda key: key.not_before)

    def trusts(self, epoch: int, existed_at: datetime) -> bool:
        """Say whether what an identity signed is verified, given that it existed at *existed_at*.

        That instant comes from a witnessed checkpoint or a receipt, never from the message itself: whoever
        stole a key can write any date.
        """
        if not 0 <= epoch < len(self.identities) or existed_at < self.began[epoch]:
            return False
        doubtful = self.doubtful_from.get(epoch)
        if doubtful is not None:
            return existed_at < doubtful
        return epoch == len(self.identities) - 1 or existed_at < self.began[epoch + 1]


def begin(
    first: Identity,
    following: Identity,
    sealing: SealingKey,
    at: datetime,
    approvals: Sequence[Approval],
    parents: Sequence[Identity] = (),
) -> bytes:
    """Return the first event of a history, signed by the identity it brings."""
    event = KeyEvent(
        node=first.node,
        number=0,
        kind=EventKind.BEGIN,
        at=at,
        identity=first.public,
        next_digest=following.public.digest,
        sealing=sealing,
        approvals=tuple(approvals),
    )
    return _signed(event, [first, *parents])


def announce(known: Known, current: Identity, sealing: SealingKey, at: datetime) -> bytes:
    """Return the event that brings a new sealing key."""
    event = KeyEvent(
        node=known.node, number=known.number + 1, kind=EventKind.SEAL, at=at, previous=known.head, sealing=sealing
    )
    return _signed(event, [current])


def rotate(
    known: Known,
    old: Identity,
    new: Identity,
    following: Identity,
    at: datetime,
    approvals: Sequence[Approval],
    parents: Sequence[Identity] = (),
) -> bytes:
    """Return the event that brings the promised identity, signed by the old and the new one."""
    event = KeyEvent(
        node=known.node,
        number=known.number + 1,
        kind=EventKind.ROTATE,
        at=at,
        previous=known.head,
        identity=new.public,
        next_digest=following.public.digest,
        approvals=tuple(approvals),
    )
    return _signed(event, [old, new, *parents])


@dataclass(frozen=True, slots=True, kw_only=True)
class Theft:
    """Keys in other hands: since when, and how it is known."""

    since: datetime
    reason: str


def compromise(
    known: Known,
    new: Identity,
    following: Identity,
    theft: Theft,
    sealing: SealingKey,
    at: datetime,
    approvals: Sequence[Approval],
    parents: Sequence[Identity] = (),
) -> bytes:
    """Return the event that replaces a stolen identity, signed by the promised one alone.

    It brings a new sealing key too: from now on nothing more is sealed for the old ones.
    """
    event = KeyEvent(
        node=known.node,
        number=known.number + 1,
        kind=EventKind.COMPROMISE,
        at=at,
        previous=known.head,
        identity=new.public,
        next_digest=following.public.digest,
        sealing=sealing,
        compromised_from=theft.since,
        approvals=tuple(approvals),
        reason=theft.reason,
    )
    return _signed(event, [new, *parents])


def read_history(
    events: Sequence[bytes], fingerprint: str, parents: Mapping[str, PublicIdentity] | None = None
) -> Known:
    """Replay a history from its first event, whose identity has the pinned *fingerprint* (`PublicIdentity.digest`).

    *parents* are the identities of institutions whose officers may stand in as the second one.

    Raises:
        KeyHistoryError: naming the first event that does not hold.
        UnreadableError: if an event is malformed.
    """
    known: Known | None = None
    for data in events:
        known = follow(known, data, fingerprint, parents)
    if known is None:
        raise KeyHistoryError(node="?", why="it has no event")
    return known


def follow(
    known: Known | None, data: bytes, fingerprint: str = "", parents: Mapping[str, PublicIdentity] | None = None
) -> Known:
    """Return what is known after one more event; without *known*, the event must begin the pinned history.

    Raises:
        KeyHistoryError: if it does not follow: of another node, out of turn, not promised, not signed.
        UnreadableError: if it is malformed.
    """
    payload = payload_of(data)
    event = from_json(payload, KeyEvent)
    if known is None:
        if event.identity is None or event.identity.digest != fingerprint:
            raise KeyHistoryError(node=event.node, why="its first identity is not the one that was pinned")
        if event.identity.epoch != 0:
            raise KeyHistoryError(node=event.node, why="its first identity does not count from 0")
    else:
        _check_turn(known, event)
    _check_signed(known, event, data, parents or {})
    head = hashlib.sha256(payload).hexdigest()
    return _after(known, event, head)


def _check_turn(known: Known, event: KeyEvent) -> None:
    """Refuse an event that is not the next one of this history."""
    number = known.number + 1
    if event.node != known.node or event.number != number or event.previous != known.head:
        raise KeyHistoryError(node=known.node, why=f"event {event.number} does not follow event {known.number}")
    if event.identity is not None:
        promised = event.identity.digest == known.next_digest
        if not promised or event.identity.epoch != known.identity.epoch + 1:
            raise KeyHistoryError(node=known.node, why=f"event {number} brings an identity that was not promised")


def _check_signed(known: Known | None, event: KeyEvent, data: bytes, parents: Mapping[str, PublicIdentity]) -> None:
    """Refuse an event that lacks a signature which its kind demands."""
    signers = [] if event.identity is None else [event.identity.signing]
    if known is not None and event.kind in {EventKind.SEAL, EventKind.ROTATE}:
        signers.append(known.identity.signing)
    for institution in sorted(event.institutions):
        if institution not in parents:
            raise KeyHistoryError(node=event.node, why=f"{institution} is not known as its parent institution")
        signers.append(parents[institution].signing)
    try:
        verify(data, TYP, signers)
    except EnvelopeError as error:
        raise KeyHistoryError(node=event.node, why=f"event {event.number}: {error.facts['why']}") from error


def _after(known: Known | None, event: KeyEvent, head: str) -> Known:
    """Return what is known after an event that was checked."""
    sealing = () if event.sealing is None else (event.sealing,)
    if known is None or event.identity is None:
        base = known or Known(
            node=event.node, identities=_one(event), began=(event.at,), next_digest=event.next_digest
        )
        return replace(base, sealing=base.sealing + sealing, number=event.number, head=head)
    doubtful = dict(known.doubtful_from)
    kept = known.sealing
    if event.compromised_from is not None:
        doubtful[known.identity.epoch] = event.compromised_from
        kept = ()
    return replace(
        known,
        identities=(*known.identities, event.identity),
        began=(*known.began, event.at),
        next_digest=event.next_digest,
        sealing=kept + sealing,
        doubtful_from=doubtful,
        number=event.number,
        head=head,
    )


def _one(event: KeyEvent) -> tuple[PublicIdentity, ...]:
    return () if event.identity is None else (event.identity,)


def _signed(event: KeyEvent, identities: Sequence[Identity]) -> bytes:
    return sign(to_json(event), TYP, [(identity.kid, identity.sign) for identity in identities])
