"""Lease: the holder keeps ciphertext, and asks the originator for a key each time its hours are over.

    lend       the originator shares a record under a key of its own for this holder
    ask_key    an officer of the holder asks; the originator's agreement decides anew, and its
               answer, the key and until when, goes into the memory of the holder's process alone
    unlock     an officer opens the record while the key lasts; the consultation is written down

Suspended, recalled or corrected, no key is lent any more, and what is there stays ciphertext. What
cannot be promised: that whoever has opened it did not photograph the screen. What is promised is
that each opening was asked for, by whom and when, in the ledgers of both.
"""

from __future__ import annotations

import base64
import hashlib
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import cast

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from ayni.agreements.book import Book
from ayni.agreements.vocabulary import Action
from ayni.errors import InvalidValueError, WrongStateError
from ayni.exchange.holdings import HELD, SENT, exposure_in, exposures, holding_in, holding_of, names
from ayni.exchange.lent_keys import LentKey, LentKeys
from ayni.exchange.payload import About, Type
from ayni.exchange.post import Draft, permitted, post
from ayni.exchange.recall_records import LEASE, header_of
from ayni.exchange.receiving import Context, Effect, Question, Received, asks_as
from ayni.exchange.refusals import Cause, reason_of
from ayni.exchange.requests import REQUEST, may_tell
from ayni.exchange.wire import LEASED, TRAVELS, Leased, WireRecord, leaving
from ayni.model.act import Act, Acting, acting
from ayni.model.codec import from_json, to_json
from ayni.model.handling import Mandate
from ayni.model.officer import Officer, Role
from ayni.model.record import House, Record
from ayni.model.signal import Reason
from ayni.model.store import Query, Work

ASK = Act(name="lease.ask", roles=frozenset({Role.LIAISON, Role.COORDINATOR, Role.INVESTIGATOR, Role.ANALYST}))
OPEN = Act(name="lease.open", roles=ASK.roles)
LONGEST = timedelta(hours=12)
"""Longest time for which a key is lent at once: a watch. Ours."""
KEY_BYTES, NONCE_BYTES = 32, 12
"""AES-256-GCM. Source: NIST SP 800-38D; each key seals one message."""
ANSWER_LIVES = timedelta(hours=12)


@dataclass(frozen=True, slots=True, kw_only=True)
class Lease:
    """Body of a record of kind `lease`, at the originator: one record lent to one holder."""

    record: str
    to: str
    sha256: str
    key: str
    """Base64."""
    lasts: timedelta
    """For how long a key is lent when asked for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asking:
    """Body of a message: the record whose key is asked for, in the bytes that the asker has."""

    record: str
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Lent:
    """Body of a message: a key, and until when it may be used."""

    record: str
    sha256: str
    key: str
    until: datetime


KINDS: Mapping[str, type[object]] = {LEASE: Lease, LEASED: Leased}
"""Record kinds of this module and the type of their body."""


def lend(record: Record[object], to: str, lasts: timedelta, *, house: House) -> tuple[bytes, Lease]:
    """Return a record of ours as it travels under a key of its own, and what we keep of that.

    Raises:
        InvalidValueError: if it is not our own, does not travel, or is lent for too long at once.
    """
    header = record.header
    if header.originator != house.node:
        raise InvalidValueError(field="lease", why="only the originator lends a record")
    if not timedelta(0) < lasts <= LONGEST:
        raise InvalidValueError(field="lease", why=f"at most {LONGEST.total_seconds() / 3600:.0f} hours at once")
    wire, key, nonce = leaving(record), os.urandom(KEY_BYTES), os.urandom(NONCE_BYTES)
    sealed = nonce + AESGCM(key).encrypt(nonce, bytes(wire.body), _bound(header.id, house.node, to))
    body = Leased(kind=wire.kind, sealed=base64.b64encode(sealed).decode())
    bare: WireRecord = msgspec.structs.replace(
        wire,
        kind=LEASED,
        identifiers=(),
        cell=None,
        started_at=None,
        ended_at=None,
        body=msgspec.Raw(to_json(body)),
    )
    data = to_json(bare)
    digest, text = hashlib.sha256(data).hexdigest(), base64.b64encode(key).decode()
    return data, Lease(record=header.id, to=to, sha256=digest, key=text, lasts=lasts)


def keep_lease(lease: Lease, *, under: Mandate, acts: Acting, house: House) -> None:
    """Keep the key of a record that was lent, until the record is taken back."""
    name = names(record=lease.record, partner=lease.to, message=lease.sha256)
    header = house.header(LEASE, under=under, now=acts.now, identifiers=name)
    acts.put(Record(header=header, body=lease), replacing=None)


def ask_key(record: str, *, by: Officer, under: Mandate, work: Work, house: House, book: Book) -> str:
    """Ask the originator of a leased record for its key; return the message. The caller commits.

    Raises:
        UnknownError: if the record is not here.
        WrongStateError: if it is not leased.
        NotEntitledError: if the officer may not.
        NotAgreedError: if the agreement does not let it be asked.
    """
    with acting(ASK, by=by, under=under, work=work) as acts:
        stored, holding = acts.open(record), holding_of(work, record)
        if holding is None or not isinstance(stored.body, Leased):
            raise WrongStateError(thing=f"record {record}", state="not leased", act=ASK.name, needs="leased")
        kept = holding_in(holding)
        header = house.header(REQUEST, under=under, now=acts.now)
        held, verdict = may_tell(
            header, kept.originator, stored.header.agreement, under=under, work=work, house=house, book=book
        )
        draft = Draft(
            type=Type.LEASE,
            to=(kept.originator,),
            purpose=under.purpose,
            legal_basis=under.legal_basis,
            handling=stored.header.handling,
            record=About(id=record, sha256=kept.sha256, originator=kept.originator),
            body=to_json(Asking(record=record, sha256=kept.sha256)),
            lives=ANSWER_LIVES,
        )
        (message,) = post(acts, permitted(draft, verdict, held), house)
        acts.note(record=record, message=message)
    return message


def unlock(record: str, lent: LentKeys, *, by: Officer, under: Mandate, work: Work, house: House) -> object:
    """Open a leased record with the key that its originator has lent. The caller commits.

    Raises:
        UnknownError: if the record is not here.
        WrongStateError: if it is not leased, was recalled, or no key is here now: ask for it.
        NotEntitledError: if the officer may not.
    """
    with acting(OPEN, by=by, under=under, work=work) as acts:
        stored = acts.open(record)
        key = lent.get(record, acts.now)
        if not isinstance(stored.body, Leased) or stored.header.recalled_at is not None or key is None:
            raise WrongStateError(
                thing=f"record {record}", state="closed", act=OPEN.name, needs="leased, and its key lent now"
            )
        acts.note(record=record, until=key.until.isoformat())
        plain = _unseal(stored.body, key.key, record, stored.header.originator, house.node)
        if plain is None:
            raise WrongStateError(thing=f"record {record}", state="closed", act=OPEN.name, needs="the right key")
        return from_json(plain, TRAVELS[stored.body.kind].kind)


def _bound(record: str, originator: str, to: str) -> bytes:
    """Return what the ciphertext is bound to: another record's, or another holder's, does not open."""
    return f"ayni-lease/1\n{record}\n{originator}\n{to}".encode()


def _unseal(leased: Leased, key: bytes, record: str, originator: str, to: str) -> bytes | None:
    sealed = base64.b64decode(leased.sealed)
    try:
        return AESGCM(key).decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], _bound(record, originator, to))
    except (InvalidTag, ValueError):
        return None


def _lease_for(work: Work, asking: Asking, to: str) -> Lease | None:
    for header in work.find(Query(kind=LEASE, identifier=f"record:{asking.record}")):
        lease = cast("Lease", work.get(header.id).body)
        if (lease.to, lease.sha256) == (to, asking.sha256):
            return lease
    return None


def _may_lend(received: Received, context: Context) -> Question | Sequence[Reason]:
    """Ask the agreement anew whether the holder may have our record."""
    about = received.payload.record
    header = None if about is None else header_of(context.work, about.id)
    if header is None or header.originator != context.house.node:
        return (_not_lent(received),)
    return Question(action=Action.SHARE, header=header, principal=received.sender, holder=context.house.node)


def _lend(received: Received, acts: Acting, context: Context) -> Sequence[Reason]:
    asking, sender, work = received.body(Asking), received.sender, context.work
    about, verdict, under = received.payload.record, received.verdict, received.mandate
    lease = _lease_for(work, asking, sender)
    there = [exposure_in(work.get(one.id)) for one in exposures(work, record=asking.record, states=(SENT, HELD))]
    current = any(one.to == sender and one.sha256 == asking.sha256 for one in there)
    held = None if received.payload.agreement is None else context.book.find(received.payload.agreement.id)
    if about is None or about.id != asking.record or lease is None or not current or verdict is None or held is None:
        return (_not_lent(received),)
    until = acts.now.astimezone(UTC) + lease.lasts
    draft = Draft(
        type=Type.LEASE_KEY,
        to=(sender,),
        purpose=under.purpose,
        legal_basis=under.legal_basis,
        handling=received.payload.handling,
        record=about,
        body=to_json(Lent(record=lease.record, sha256=lease.sha256, key=lease.key, until=until)),
        lives=lease.lasts,
    )
    post(acts, permitted(draft, verdict, held), context.house)
    acts.note(record=lease.record, until=until.isoformat())
    return ()


def _hold_key(received: Received, acts: Acting, context: Context) -> Sequence[Reason]:
    """Take a lent key into memory, if it opens what we hold."""
    lent, work = received.body(Lent), context.work
    holding = holding_of(work, lent.record)
    if holding is None or holding_in(holding).originator != received.sender:
        return (_not_lent(received),)
    body = acts.get(lent.record).body
    key = base64.b64decode(lent.key)
    opens = isinstance(body, Leased) and holding_in(holding).sha256 == lent.sha256
    if not opens or _unseal(cast("Leased", body), key, lent.record, received.sender, context.house.node) is None:
        return (_not_lent(received),)
    until = min(lent.until, acts.now + LONGEST)
    context.lent.put(lent.record, LentKey(key, until))
    acts.note(record=lent.record, until=until.isoformat())
    return ()


def _not_lent(received: Received) -> Reason:
    about = received.payload.record
    return reason_of(Cause.NOT_LENT, record="?" if about is None else about.id)


EFFECTS: Mapping[Type, Effect] = {
    Type.LEASE: Effect(does=_lend, asks=_may_lend),
    Type.LEASE_KEY: Effect(does=_hold_key, asks=asks_as(REQUEST)),
}
"""What the messages of this module do on arrival."""
