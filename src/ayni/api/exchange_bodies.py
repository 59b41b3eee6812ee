"""What programs see of the exchange: previews, shares, and how each line fares."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated

import msgspec

from ayni.agreements.drafting import words
from ayni.exchange.payload import Accuracy, Source
from ayni.exchange.sharing import Preview
from ayni.model.signal import Reason
from ayni.node.post_status import PostStatus
from ayni.toolkit.phrases import render

Name = Annotated[str, msgspec.Meta(pattern="^[!-~]{1,253}$")]


class FieldOut(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that would leave."""

    path: str
    value: str


class OptionOut(msgspec.Struct, frozen=True, kw_only=True):
    """What one agreement says to a share, with every reason in the reader's language."""

    agreement: str
    permitted: bool
    articles: tuple[str, ...]
    reasons: tuple[str, ...]
    keep_until: datetime


class SharePreview(msgspec.Struct, frozen=True, kw_only=True):
    """What would leave, and whether it may."""

    record: str
    kind: str
    to: str
    already: bool
    options: list[OptionOut]
    fields: list[FieldOut]

    @staticmethod
    def of(shown: Preview, language: str) -> SharePreview:
        """Return a preview as programs see it."""
        return SharePreview(
            record=shown.record,
            kind=shown.kind,
            to=shown.to,
            already=shown.already,
            options=[
                OptionOut(
                    agreement=one.agreement,
                    permitted=one.verdict.permitted,
                    articles=one.verdict.articles,
                    reasons=one.verdict.explain(language),
                    keep_until=one.keep_until,
                )
                for one in shown.options
            ],
            fields=[FieldOut(path=field.path, value=field.value) for field in shown.fields],
        )


class NewShare(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A record to be shared. Source and accuracy go together."""

    record: Name
    to: Name
    agreement: Name
    tip_off: bool = False
    acknowledged: bool = False
    source: Source | None = None
    accuracy: Accuracy | None = None


class SharedOut(msgspec.Struct, frozen=True, kw_only=True):
    """A share that was decided and waits to leave."""

    message: str
    exposure: str
    articles: tuple[str, ...]


class PartnerPostOut(msgspec.Struct, frozen=True, kw_only=True):
    """How the exchange with one partner fares."""

    partner: str
    waiting: int
    delivered: int
    refused: int
    undelivered: int
    line: str
    next_at: datetime | None
    ledger_size: int


class AttentionOut(msgspec.Struct, frozen=True, kw_only=True):
    """A message that was refused or not delivered, and that nobody has looked at yet."""

    id: str
    to: str
    type: str
    state: str
    done_at: datetime | None
    reasons: tuple[str, ...]


class ExchangeStatus(msgspec.Struct, frozen=True, kw_only=True):
    """What waits, what arrived, and what a person must look at."""

    partners: list[PartnerPostOut]
    attention: list[AttentionOut]

    @staticmethod
    def of(found: PostStatus, language: str) -> ExchangeStatus:
        """Return the status as programs see it."""
        return ExchangeStatus(
            partners=[
                PartnerPostOut(
                    partner=one.partner,
                    waiting=one.waiting,
                    delivered=one.delivered,
                    refused=one.refused,
                    undelivered=one.undelivered,
                    line=one.line,
                    next_at=one.next_at,
                    ledger_size=one.ledger_size,
                )
                for one in found.partners
            ],
            attention=[
                AttentionOut(
                    id=one.id,
                    to=one.to,
                    type=one.type,
                    state=one.state,
                    done_at=one.done_at,
                    reasons=said(one.reasons, language),
                )
                for one in found.attention
            ],
        )


class Looked(msgspec.Struct, frozen=True, kw_only=True):
    """A message an officer has looked at."""

    message: str


def said(reasons: Sequence[Reason], language: str) -> tuple[str, ...]:
    """Return reasons in a language."""
    return tuple(render(reason, language=language, catalogue=words()).text for reason in reasons)
