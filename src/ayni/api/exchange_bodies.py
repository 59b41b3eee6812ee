"""What programs see of the exchange: previews, shares, and how each line fares."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any

import msgspec

from ayni.agreements.drafting import words
from ayni.agreements.sight import Sight
from ayni.api.bodies import HeaderOut
from ayni.exchange.balance import Balance
from ayni.exchange.clocks import Clock
from ayni.exchange.exposure import Place
from ayni.exchange.payload import Accuracy, Source
from ayni.exchange.request_words import Boarding, Says, Urgency
from ayni.exchange.sharing import Preview
from ayni.model.signal import Reason
from ayni.node.post_status import PostStatus
from ayni.operations.feedback import Feedback, Told
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
    lease_h: Annotated[int, msgspec.Meta(ge=1, le=12)] | None = None
    """With it the partner keeps ciphertext only, and asks for a key of so many hours."""
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


class NewRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A question to a partner; with a vessel, the flag State's consent to board it is asked."""

    to: Name
    agreement: Name
    question: str
    urgency: Urgency = Urgency.USUAL
    boarding: Boarding | None = None
    records: tuple[str, ...] = ()


class NewAnswer(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An answer to a partner's request."""

    says: Says
    words: str = ""
    ground: str = ""
    conditions: tuple[str, ...] = ()
    until: Annotated[datetime, msgspec.Meta(tz=True)] | None = None
    records: tuple[str, ...] = ()


class ClockList(msgspec.Struct, frozen=True, kw_only=True):
    """Requests with their clocks."""

    items: tuple[Clock, ...]


class PlaceList(msgspec.Struct, frozen=True, kw_only=True):
    """Where records given from here are."""

    items: tuple[Place, ...]


class BalanceList(msgspec.Struct, frozen=True, kw_only=True):
    """What each agreement has brought each side."""

    items: tuple[Balance, ...]


class NewCopy(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A copy of a record that leaves by hand."""

    record: Name
    to: Annotated[str, msgspec.Meta(min_length=1)]
    how: Annotated[str, msgspec.Meta(min_length=1)]


class Copied(msgspec.Struct, frozen=True, kw_only=True):
    """A copy that was written down."""

    copy: str


class NewKey(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A record that was lent, whose key is asked for."""

    record: Name


class KeyAsked(msgspec.Struct, frozen=True, kw_only=True):
    """A key that was asked for."""

    record: str
    message: str


class Unlocked(msgspec.Struct, frozen=True, kw_only=True):
    """What a record that was lent says, while its key lasts."""

    record: str
    body: Any


class NewRoom(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A room to be founded, with other nodes, under an agreement among all of them."""

    name: Annotated[str, msgspec.Meta(min_length=1)]
    members: Annotated[tuple[Name, ...], msgspec.Meta(min_length=1, max_length=63)]
    agreement: Name


class Members(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Who is a member of a room from here on, this node beside them."""

    members: Annotated[tuple[Name, ...], msgspec.Meta(max_length=63)]


class NewRecall(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A record to be taken back, why, and within how many hours an answer is expected."""

    record: Name
    why: Annotated[str, msgspec.Meta(min_length=1)]
    answer_within_h: Annotated[int, msgspec.Meta(ge=1, le=720)] = 24


class NewConsent(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Who may pass one of our records on, to whom, until when; told to the holder under an agreement."""

    record: Name
    via: Name
    to: Name
    agreement: Name
    until: Annotated[datetime, msgspec.Meta(tz=True)]


class NewCorrection(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A record of ours to be corrected: what was wrong, and all that it says from now on, if this changes it."""

    record: Name
    why: Annotated[str, msgspec.Meta(min_length=1)]
    body: dict[str, Any] | None = None


class Corrected(msgspec.Struct, frozen=True, kw_only=True):
    """A correction that was told, and to whom."""

    record: str
    version: int
    to: tuple[str, ...]


class Recalled(msgspec.Struct, frozen=True, kw_only=True):
    """A recall that was ordered, and of whom."""

    record: str
    to: tuple[str, ...]
    deadline: datetime


class UntoldOut(msgspec.Struct, frozen=True, kw_only=True):
    """A contributor that no agreement lets us tell, with every reason in the reader's language."""

    node: str
    reasons: tuple[str, ...]


class FeedbackOut(msgspec.Struct, frozen=True, kw_only=True):
    """Who is told of an outcome, who may not be, who had been told before."""

    told: tuple[Told, ...]
    untold: tuple[UntoldOut, ...]
    before: tuple[str, ...]

    @staticmethod
    def of(done: Feedback, language: str) -> FeedbackOut:
        """Return what was told as programs see it."""
        untold = tuple(UntoldOut(node=one.node, reasons=said(one.reasons, language)) for one in done.untold)
        return FeedbackOut(told=done.told, untold=untold, before=done.before)


class Visible(msgspec.Struct, frozen=True, kw_only=True):
    """A record that a partner could receive, and the articles that let it."""

    record: HeaderOut
    agreement: str
    articles: tuple[str, ...]


class VisiblePage(msgspec.Struct, frozen=True, kw_only=True):
    """One page of them; `next` is null at the end."""

    items: tuple[Visible, ...]
    next: str | None

    @staticmethod
    def of(sight: Sight) -> VisiblePage:
        """Return a page as programs see it."""
        items = tuple(
            Visible(record=HeaderOut.of(one.header), agreement=one.agreement, articles=one.verdict.articles)
            for one in sight.seen
        )
        return VisiblePage(items=items, next=sight.after or None)


def said(reasons: Sequence[Reason], language: str) -> tuple[str, ...]:
    """Return reasons in a language."""
    return tuple(render(reason, language=language, catalogue=words()).text for reason in reasons)
