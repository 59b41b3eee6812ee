"""The payload of an envelope: who tells whom what, under which article, for what, until when.

Every field is written, also an empty one, in the order in which it stands here, as
compact JSON: the bytes are signed, and there is one way to write them. `read_payload`
refuses any other. The body is free JSON of the kind that the type calls for; it stays
as bytes, so that its hash can be checked years later.

Types that move or use a record name the agreement (id, version and SHA-256 of the text)
and the articles that, in the sender's view, permit it. The recipient decides for itself.
"""

from __future__ import annotations

import hashlib
import re
from datetime import datetime, timedelta
from enum import IntEnum, StrEnum

import msgspec

from ayni.exchange.keys import KEPT_AFTER
from ayni.exchange.strict import bounded, read_strictly, unambiguous
from ayni.model.checks import is_uuid7, require
from ayni.model.handling import Handling, Purpose

FORMAT = "ayni/1"
MAX_PAYLOAD_BYTES = 1 << 20
"""1 MiB; what is larger travels as an attachment."""
MAX_DEPTH = 32
"""Deepest nesting of a payload, its body with it. Ours: the deepest vocabulary value has 9 levels."""
MAX_PARTIES = 64
MAX_LISTED = 64
"""Articles, attachments."""
MAX_CONSENTS = 8
MAX_TEXT = 2_000
"""Characters of a legal basis."""
MAX_LIFE = KEPT_AFTER
"""Longest time from `created` to `expires`: afterwards the sealing secret may already be destroyed."""
SKEW = timedelta(minutes=10)
"""How far a partner's clock may be ahead of ours. Source: issue "Exchange", faults to survive."""
_HEX = re.compile(r"[0-9a-f]{64}")
_NAME = re.compile(r"[!-~]{1,253}")


class Priority(StrEnum):
    """Which queue: control overtakes data."""

    CONTROL = "control"
    DATA = "data"


class Type(StrEnum):
    """What a message is."""

    SHARE = "share"
    REQUEST = "request"
    ANSWER = "answer"
    TIP_OFF = "tip-off"
    CORRECTION = "correction"
    RECALL = "recall"
    RECALL_ANSWER = "recall-answer"
    ONWARD_CONSENT = "onward-consent"
    AGREEMENT_STEP = "agreement-step"
    ROOM = "room"
    LEASE = "lease"
    LEASE_KEY = "lease-key"
    CHECKPOINT = "checkpoint"
    KEY_EVENT = "key-event"

    @property
    def priority(self) -> Priority:
        """The queue it travels in."""
        return Priority.CONTROL if self in _CONTROL else Priority.DATA


_CONTROL = frozenset(
    {
        *(Type.CORRECTION, Type.RECALL, Type.RECALL_ANSWER, Type.AGREEMENT_STEP, Type.CHECKPOINT, Type.KEY_EVENT),
        *(Type.LEASE, Type.LEASE_KEY),
    }
)
_UNDER_AGREEMENT = frozenset(
    {
        *(Type.SHARE, Type.REQUEST, Type.ANSWER, Type.TIP_OFF, Type.CORRECTION, Type.ONWARD_CONSENT, Type.ROOM),
        *(Type.LEASE, Type.LEASE_KEY),
    }
)
_OF_A_RECORD = frozenset(
    {Type.SHARE, Type.TIP_OFF, Type.CORRECTION, Type.RECALL, Type.RECALL_ANSWER, Type.LEASE, Type.LEASE_KEY}
)
_IS_THE_RECORD = frozenset({Type.SHARE, Type.TIP_OFF, Type.CORRECTION})
"""Types whose body is the record itself, byte for byte as its originator wrote it."""


class Source(StrEnum):
    """How reliable the source is. Source: Regulation (EU) 2016/794, art. 29(1)."""

    A = "A"
    """No doubt about authenticity, trustworthiness and competence."""
    B = "B"
    """Reliable in most instances."""
    C = "C"
    """Not reliable in most instances."""
    X = "X"
    """Cannot be assessed."""


class Accuracy(IntEnum):
    """How accurate the information is. Source: Regulation (EU) 2016/794, art. 29(2)."""

    CERTAIN = 1
    KNOWN_PERSONALLY = 2
    CORROBORATED = 3
    UNCORROBORATED = 4


class Evaluation(msgspec.Struct, frozen=True, kw_only=True):
    """The sender's evaluation of what it tells."""

    source: Source
    info: Accuracy


class Under(msgspec.Struct, frozen=True, kw_only=True):
    """The agreement, in the very text that decided."""

    id: str
    version: int
    sha256: str

    def __post_init__(self) -> None:
        require(bool(_NAME.fullmatch(self.id)), "agreement.id", "1 to 253 visible ASCII characters")
        require(self.version >= 1, "agreement.version", "versions count from 1")
        _hash(self.sha256, "agreement.sha256")


class About(msgspec.Struct, frozen=True, kw_only=True):
    """The record a message is about."""

    id: str
    sha256: str
    """Of the record as its originator wrote it."""
    originator: str

    def __post_init__(self) -> None:
        for name in ("id", "originator"):
            require(bool(_NAME.fullmatch(getattr(self, name))), f"record.{name}", "1 to 253 visible ASCII characters")
        _hash(self.sha256, "record.sha256")


class Attachment(msgspec.Struct, frozen=True, kw_only=True):
    """A sealed file that travels by itself, found under its hash."""

    sha256: str
    """Of the sealed bytes."""
    size: int
    """Of the sealed bytes; nothing more is fetched."""
    type: str
    """Media type of what is inside, e.g. `image/jpeg`."""

    def __post_init__(self) -> None:
        _hash(self.sha256, "attachments.sha256")
        require(self.size > 0, "attachments.size", "a sealed file is not empty")
        require(bool(_NAME.fullmatch(self.type)), "attachments.type", "1 to 253 visible ASCII characters")


class Payload(msgspec.Struct, frozen=True, kw_only=True):
    """What is signed.

    Raises:
        InvalidValueError: naming the field that contradicts the type or the limits.
    """

    v: str = FORMAT
    id: str
    """UUIDv7: its 74 random bits also keep the payload's hash from being guessed."""
    type: Type
    sender: str = msgspec.field(name="from")
    to: tuple[str, ...]
    agreement: Under | None
    articles_claimed: tuple[str, ...]
    """Ids of the articles that permit it in the sender's view, e.g. `EC-PE-1/4`."""
    purpose: Purpose
    legal_basis: str
    created: datetime
    expires: datetime
    """After this instant it is refused: it must be decided anew."""
    stream: str
    """What is in order among itself; each sender names its own."""
    seq: int
    """1, 2, 3… within the stream."""
    prev: str
    """SHA-256 of the payload before it in the stream; empty for the first."""
    handling: Handling
    evaluation: Evaluation | None
    record: About | None
    onward_consent: tuple[str, ...]
    """Signed consents of the originator, each a JWS, for a record that is not the sender's own."""
    attachments: tuple[Attachment, ...]
    body: msgspec.Raw

    def __post_init__(self) -> None:
        require(self.v == FORMAT, "v", f"not {FORMAT}")
        require(is_uuid7(self.id), "id", "not a UUIDv7 in lower case")
        self._check_parties()
        self._check_times()
        self._check_limits()
        self._check_type()

    def _check_parties(self) -> None:
        require(1 <= len(self.to) <= MAX_PARTIES, "to", f"1 to {MAX_PARTIES} recipients")
        require(len(set(self.to)) == len(self.to) and self.sender not in self.to, "to", "a recipient stands twice")
        require(
            all(_NAME.fullmatch(name) for name in (self.sender, self.stream, *self.to)),
            "from, to, stream",
            "1 to 253 visible ASCII characters",
        )

    def _check_times(self) -> None:
        for name in ("created", "expires"):
            require(getattr(self, name).utcoffset() == timedelta(0), name, "an instant is given in UTC")
        life = self.expires - self.created
        require(timedelta(0) < life <= MAX_LIFE, "expires", f"after `created`, at most {MAX_LIFE.days} days")
        require(self.seq >= 1, "seq", "counts from 1")
        require((self.seq == 1) == (not self.prev), "prev", "every message but the first names the one before")
        if self.prev:
            _hash(self.prev, "prev")

    def _check_limits(self) -> None:
        basis = self.legal_basis.strip()
        require(bool(basis) and len(self.legal_basis) <= MAX_TEXT, "legal_basis", f"1 to {MAX_TEXT} characters")
        listed = max(len(self.articles_claimed), len(self.attachments))
        require(listed <= MAX_LISTED, "articles_claimed, attachments", f"at most {MAX_LISTED}")
        require(all(map(_NAME.fullmatch, self.articles_claimed)), "articles_claimed", "visible ASCII characters")
        require(len(self.onward_consent) <= MAX_CONSENTS, "onward_consent", f"at most {MAX_CONSENTS}")

    def _check_type(self) -> None:
        if self.type in _UNDER_AGREEMENT:
            named = self.agreement is not None and bool(self.articles_claimed)
            require(named, "agreement", f"a message of type {self.type} names its agreement and articles")
        if self.type in _OF_A_RECORD:
            require(self.record is not None, "record", f"a message of type {self.type} names its record")
        body = bytes(self.body)
        require(body.startswith(b"{"), "body", "not a JSON object")
        if self.type in _IS_THE_RECORD and self.record is not None:
            digest = hashlib.sha256(body).hexdigest()
            require(digest == self.record.sha256, "record.sha256", "not the hash of the body")


def read_payload(data: bytes) -> Payload:
    """Return the payload in its one spelling; its size and depth are checked before it is parsed.

    Raises:
        UnreadableError: naming the field, or what could be read in two ways.
    """
    bounded(data, MAX_PAYLOAD_BYTES, MAX_DEPTH)
    payload = read_strictly(data, Payload, depth=MAX_DEPTH)
    unambiguous(bytes(payload.body), MAX_DEPTH)
    return payload


def is_digest(text: str) -> bool:
    """Say whether *text* is a SHA-256 in lower-case hex."""
    return _HEX.fullmatch(text) is not None


def _hash(text: str, name: str) -> None:
    require(is_digest(text), name, "not 64 hex digits")
