"""What both sides of a recall keep: the order, what was done on it, and every answer.

    recall           originator   the order, and to whom it went
    recalled         holder       the order, who asked, what was answered; it also keeps a record out
                                  that was recalled before it came
    copy             holder       a copy that a person took out by hand (`ayni.exchange.exposure`)
    recall-answer    whoever asked, or passed the order on: one holder's answer, and its proof

They hold ids, hashes and signatures, nothing of what the record said.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import cast

from ayni.exchange.holdings import names
from ayni.exchange.recall_words import Did
from ayni.model.handling import Purpose
from ayni.model.record import Header, Record
from ayni.model.store import Query, Work

RECALL, RECALLED, ANSWER = "recall", "recalled", "recall-answer"
COPY = "copy"
LEASE = "lease"
"""Kind of the record that keeps the key of a record that was lent (`ayni.exchange.lease`)."""
ANSWERED, PROVEN, COURT = "answered", "proven", "court"
"""States of `recalled` and `recall-answer`: said, proven, and frozen because a court holds the record."""
ORDERED, SENT = "ordered", "sent"
"""States of `recall`: messages that carried the record may still wait here; none does any more."""
MOST = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Recall:
    """Body of a record of kind `recall`: what we have recalled."""

    record: str
    order: str
    """The signed word."""
    digest: str
    why: str
    at: datetime
    deadline: datetime
    to: tuple[str, ...]
    """Partners to whom we had given it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recalled:
    """Body of a record of kind `recalled`: what a partner has recalled from us."""

    record: str
    originator: str
    order: str
    digest: str
    sha256: str
    """Of the record, as the message named it."""
    purpose: Purpose
    legal_basis: str
    asked_by: tuple[str, ...]
    """Who brought the order: the originator, or whoever gave us the record; each gets every answer."""
    did: Did
    answer: str
    """Our answer, as we signed it."""
    entry: str
    """Id of the entry to be proven."""
    onward: tuple[str, ...]
    made_from_it: tuple[str, ...]
    """Our own records that were made from it: a person decides about each."""
    received_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptAnswer:
    """Body of a record of kind `recall-answer`."""

    record: str
    order: str
    """SHA-256 of the order it answers."""
    holder: str
    did: Did
    answer: str
    proof: str
    """Base64 of a `.tlog-proof`, or empty."""
    size: int
    """Entries of the holder's ledger under that proof."""
    root: str
    """Its root in hex: two roots of one size are two histories."""
    onward: tuple[str, ...]
    court: str
    ground: str
    review_on: datetime | None
    made_from_it: int
    copies: int = 0
    """Copies that persons there took out by hand."""
    heard_from: str
    heard_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Copy:
    """Body of a record of kind `copy`: who took one out, to whom, how."""

    record: str
    originator: str
    to: str
    how: str
    by: str
    """Officer."""
    at: datetime


KINDS: Mapping[str, type[object]] = {RECALL: Recall, RECALLED: Recalled, ANSWER: KeptAnswer, COPY: Copy}
"""Record kinds of this module and the type of their body."""


def named(record: str, partner: str) -> tuple[str, ...]:
    """Return the identifiers under which a record of these kinds is found."""
    return tuple(name for name in names(record=record, partner=partner, message="") if not name.endswith(":"))


def recall_of(work: Work, record: str) -> Record[object] | None:
    """Return our recall of one of our records, or None."""
    return _first(work, Query(kind=RECALL, identifier=f"record:{record}", limit=1))


def recalled_by(work: Work, record: str, originator: str) -> Record[object] | None:
    """Return what we did when *originator* recalled a record, or None if it has not."""
    found = work.find(Query(kind=RECALLED, identifier=f"record:{record}", originator=originator, limit=1))
    return work.get(found[0].id) if found else None


def answers_on(work: Work, record: str) -> Sequence[Record[object]]:
    """Return every answer kept about one record."""
    found = work.find(Query(kind=ANSWER, identifier=f"record:{record}", limit=MOST))
    return [work.get(header.id) for header in found]


def copies_of(work: Work, record: str) -> Sequence[Header]:
    """Return the headers of copies of a record that persons took out by hand."""
    return work.find(Query(kind=COPY, identifier=f"record:{record}", limit=MOST))


def recall_in(record: Record[object]) -> Recall:
    """Return the body of a `recall`."""
    return cast("Recall", record.body)


def recalled_in(record: Record[object]) -> Recalled:
    """Return the body of a `recalled`."""
    return cast("Recalled", record.body)


def answer_in(record: Record[object]) -> KeptAnswer:
    """Return the body of a `recall-answer`."""
    return cast("KeptAnswer", record.body)


def header_of(work: Work, record: str) -> Header | None:
    """Return the header of a record, or None if it is not here."""
    found = work.find(Query(among=(record,), limit=1))
    return found[0] if found else None


def _first(work: Work, query: Query) -> Record[object] | None:
    found = work.find(query)
    return work.get(found[0].id) if found else None


def made_from(work: Work, record: str, node: str) -> Iterator[str]:
    """Yield our own records that were made from it, however far down."""
    seen, waiting = {record}, [record]
    while waiting:
        for header in work.find(Query(made_from=waiting.pop(), limit=MOST)):
            if header.id not in seen:
                seen.add(header.id)
                waiting.append(header.id)
                if header.originator == node:
                    yield header.id
