"""Who holds what: a record at the receiver for each thing it was given, one at the sender for each it gave.

    exposure   ours, at a partner      written in the transaction of the share; "sent", then "held",
                                       "refused" or "undelivered"; "consented" where a holder may
                                       pass it on
    holding    a partner's, with us    written in the transaction of its arrival; "held"

Both name the agreement and the articles, so that years later each side can say under which
right something went where, and until when it may stay. A holding keeps the signed message:
it is the evidence of who said what, and holds the record's bytes as its originator wrote them.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import cast

from ayni.exchange.batch import payload_in
from ayni.exchange.payload import Payload, Under, read_payload
from ayni.model.record import Header, Record
from ayni.model.store import Query, Work

EXPOSURE, HOLDING = "exposure", "holding"
SENT, HELD, REFUSED, UNDELIVERED = "sent", "held", "refused", "undelivered"
AWAITED, SPOILT = "awaited", "spoilt"
"""States of a holding whose files are still to be fetched; whose files came and do not open."""
CONSENTED = "consented"
"""State of an exposure at one to whom a holder may pass our record on, with our consent."""
CORRECTING, UNCORRECTED = "correcting", "uncorrected"
"""States of an exposure to which a correction is under way; that refused it, or could not be reached."""
THERE = (SENT, HELD, CORRECTING, UNCORRECTED, CONSENTED)
"""States in which a record is, or may be, where the exposure says."""
CORRECTION = "correction"
"""Kind of the records that remember corrections (`ayni.exchange.correction`)."""
MOST = 10_000
"""Holders of one record at most that are listed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Exposure:
    """Body of a record of kind `exposure`: one record of ours (or one passed on) at one partner."""

    record: str
    kind: str
    to: str
    originator: str
    agreement: Under | None
    articles: tuple[str, ...]
    message: str
    """Id of the message that carried it."""
    sha256: str
    """Of the record as its originator wrote it."""
    shared_at: datetime
    keep_until: datetime
    """Until when the partner may keep it."""
    via: str = ""
    """Who may pass it on to them with our consent; empty for what we gave ourselves."""
    leased: bool = False
    """True where they keep ciphertext only, and ask for the key."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Holding:
    """Body of a record of kind `holding`: one record that a partner gave us."""

    record: str
    kind: str
    sender: str
    originator: str
    agreement: Under | None
    articles: tuple[str, ...]
    message: str
    sha256: str
    received_at: datetime
    keep_until: datetime
    signed: str
    """The signed message, base64: evidence that verifies without our keys."""
    files: tuple[str, ...] = ()
    """SHA-256 of what each attachment held, in the order of the message; kept as files of the holding."""

    def payload(self) -> Payload:
        """Return what was signed; its body is the record as its originator wrote it."""
        return read_payload(payload_in(base64.b64decode(self.signed)))


KINDS: Mapping[str, type[object]] = {EXPOSURE: Exposure, HOLDING: Holding}
"""Record kinds of this module and the type of their body."""


def names(*, record: str, partner: str, message: str) -> tuple[str, ...]:
    """Return the identifiers under which an exposure or a holding is found."""
    return (f"record:{record}", f"partner:{partner}", f"message:{message}")


def exposures(work: Work, *, record: str = "", partner: str = "", states: Sequence[str] = ()) -> Sequence[Header]:
    """Return the exposures of one record, or everything one partner was given; newest first."""
    return _find(EXPOSURE, work, record=record, partner=partner, states=states)


def holding_of(work: Work, record: str) -> Record[object] | None:
    """Return the holding of a record that a partner gave us, or None for what is our own."""
    headers = _find(HOLDING, work, record=record)
    return work.get(headers[0].id) if headers else None


def exposure_in(record: Record[object]) -> Exposure:
    """Return the body of an exposure."""
    return cast("Exposure", record.body)


def holding_in(record: Record[object]) -> Holding:
    """Return the body of a holding."""
    return cast("Holding", record.body)


def _find(
    kind: str, work: Work, *, record: str = "", partner: str = "", states: Sequence[str] = ()
) -> Sequence[Header]:
    name = f"record:{record}" if record else f"partner:{partner}" if partner else ""
    return work.find(Query(kind=kind, identifier=name, states=tuple(states), limit=MOST))
