"""How anything leaves: a draft, put into the outbox in the transaction of the act that wants it sent.

    with acting(RECALL, by=officer, under=mandate, work=work) as acts:
        ...
        post(acts, Draft(type=Type.RECALL, to=("pe.example",), ...), house)
    work.commit()

The act has then happened, also if the line is down for a week. Which place a message has in
its stream, its signature and its seal come later, when a worker takes it from the outbox;
everything that can be refused is refused here, while the officer is still there.

Each recipient gets an envelope of its own, so that no line holds up another.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, timedelta

import msgspec

from ayni.agreements.book import Held, Verdict
from ayni.errors import InvalidValueError, NotAgreedError
from ayni.exchange.payload import (
    MAX_LIFE,
    MAX_PAYLOAD_BYTES,
    About,
    Attachment,
    Evaluation,
    Payload,
    Priority,
    Type,
    Under,
)
from ayni.model.act import Acting
from ayni.model.checks import require, uuid7
from ayni.model.codec import to_json
from ayni.model.handling import Handling, Purpose
from ayni.model.record import House
from ayni.model.signal import Reason
from ayni.model.store import Outgoing

LIVES = timedelta(days=14)
"""How long a message is tried before a person must look. Source: exchange specification, "Transport"."""
_TAG_ROOM = 20
"""Characters kept free in a stream's name for the tag that the outbox adds."""
MAX_STREAM = 253 - _TAG_ROOM


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """What is to be said, to whom, for what, by what right. Purpose and legal basis have no default."""

    type: Type
    to: tuple[str, ...]
    purpose: Purpose
    legal_basis: str
    body: bytes
    """One JSON object; of a record, its bytes as its originator wrote them."""
    handling: Handling = field(default_factory=Handling)
    under: Under | None = None
    """The agreement, in the text that decided: see `permitted`."""
    articles: tuple[str, ...] = ()
    record: About | None = None
    evaluation: Evaluation | None = None
    onward_consent: tuple[str, ...] = ()
    attachments: tuple[Attachment, ...] = ()
    stream: str = ""
    """What must arrive in order among itself; without a name, all data and all control messages do."""
    lives: timedelta = LIVES

    def __post_init__(self) -> None:
        require(bool(self.to), "to", "a message has a recipient")
        require(len(set(self.to)) == len(self.to), "to", "a recipient stands twice")
        require(len(self.stream) <= MAX_STREAM, "stream", f"at most {MAX_STREAM} characters")
        require(timedelta(0) < self.lives <= MAX_LIFE, "lives", f"at most {MAX_LIFE.days} days")


class NotSentError(NotAgreedError):
    """The agreement refuses what was to be sent; `reasons` holds every refusal."""

    def __init__(self, reasons: Sequence[Reason], **facts: str) -> None:
        super().__init__(**facts)
        self.reasons = tuple(reasons)


def permitted(draft: Draft, verdict: Verdict, held: Held) -> Draft:
    """Return the draft with the agreement and the articles that permit it.

    Raises:
        NotAgreedError: if the verdict refuses; its `reasons` say why.
    """
    if not verdict.permitted:
        raise NotSentError(verdict.reasons, partner=", ".join(draft.to), purpose=draft.purpose)
    under = Under(id=held.text.id, version=held.text.version, sha256=held.slice.sha256)
    return replace(draft, under=under, articles=verdict.articles)


def post(acts: Acting, draft: Draft, house: House) -> tuple[str, ...]:
    """Put a message for each recipient into the outbox, in the act's own transaction; return their ids.

    Raises:
        InvalidValueError: if an envelope of this content would be refused: without agreement or articles where
            its type needs them, too large, to ourselves.
    """
    at = acts.now.astimezone(UTC)
    ids = []
    for partner in draft.to:
        payload = Payload(
            id=uuid7(round(at.timestamp() * 1000)),
            type=draft.type,
            sender=house.node,
            to=(partner,),
            agreement=draft.under,
            articles_claimed=draft.articles,
            purpose=draft.purpose,
            legal_basis=draft.legal_basis,
            created=at,
            expires=at + draft.lives,
            stream=draft.stream or str(draft.type.priority),
            seq=1,
            prev="",
            handling=draft.handling,
            evaluation=draft.evaluation,
            record=draft.record,
            onward_consent=draft.onward_consent,
            attachments=draft.attachments,
            body=msgspec.Raw(draft.body),
        )
        data = to_json(payload)
        if len(data) + 512 > MAX_PAYLOAD_BYTES:
            raise InvalidValueError(field="body", why=f"{len(data)} bytes: more than an envelope holds; attach it")
        acts.enqueue(
            Outgoing(
                id=payload.id,
                to=partner,
                type=draft.type,
                control=draft.type.priority is Priority.CONTROL,
                payload=data,
                expires_at=payload.expires,
            )
        )
        ids.append(payload.id)
    return tuple(ids)
