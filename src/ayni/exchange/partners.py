"""Partners: institutions whose keys two of our officers have compared with paper.

    card       what an institution hands over: who it is, where its node answers, its
               certificate and its key history, signed with the keys of that history
    add        a card is taken in: it holds together, and nobody is believed yet
    pin        an officer types the fingerprint from the paper; a second officer types it again
    renew      a later card of a pinned partner, signed under the history already pinned

Only a pinned partner is believed, witnessed and asked to witness. The fingerprint is
typed, never shown beside the field: whoever confirms what a screen shows confirms nothing.

Source: exchange specification, "Keys and compromise"; docs/reference/protocols/ayni-ledger-1.md.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import cast

from ayni.errors import KeyHistoryError, NotEntitledError, UnknownError, WrongStateError
from ayni.exchange.jws import payload_of, sign, verify
from ayni.exchange.key_acts import KEPT, known_of
from ayni.exchange.key_events import Known
from ayni.exchange.keys import Identity
from ayni.exchange.pins import read_fingerprint
from ayni.model.act import Act, Acting, acting
from ayni.model.checks import require
from ayni.model.codec import from_json, to_json
from ayni.model.handling import Mandate
from ayni.model.officer import Officer, Role
from ayni.model.record import House, Record, next_version
from ayni.model.store import Query, Work

KIND = "partner"
FORMAT, TYP = "ayni-card/1", "ayni-card+jws"
ADDED, COMPARED, PINNED = "added", "compared", "pinned"
KEEPERS = frozenset({Role.ADMINISTRATOR, Role.LIAISON, Role.COORDINATOR})
ADD = Act(name="partner.add", roles=KEEPERS)
PIN = Act(name="partner.pin", roles=KEEPERS)
_ADDRESS = re.compile(r"^https://(\[[0-9A-Fa-f:]+\]|[A-Za-z0-9.-]+)(:\d{1,5})?/?$")
_COUNTRY = re.compile(r"^([A-Z]{2})?$")
MOST = 1000
"""Partners listed at most; a node with more has become an exchange point, which this is not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """What an institution hands over to be pinned.

    Raises:
        InvalidValueError: if the address is not https, or comes without its certificate.
    """

    format: str = FORMAT
    node: str
    name: str
    country: str = ""
    """ISO 3166 alpha-2; empty for an international body."""
    address: str = ""
    """`https://host:port`; empty for a node that partners cannot reach."""
    certificate: str = ""
    """The certificate its node serves with, PEM."""
    events: tuple[str, ...]
    """Its key history."""

    def __post_init__(self) -> None:
        require(self.format == FORMAT, "format", f"not {FORMAT}")
        require(bool(self.node) and bool(self.name.strip()), "node", "a card says who it is of")
        require(bool(_COUNTRY.match(self.country)), "country", "two capital letters, or nothing")
        require(not self.address or bool(_ADDRESS.match(self.address)), "address", "write it as https://host:port")
        require(bool(self.address) == bool(self.certificate), "certificate", "address and certificate go together")

    @property
    def known(self) -> Known:
        """What its key history says.

        Raises:
            KeyHistoryError: if it does not hold together.
        """
        return known_of(self.node, self.events)

    @property
    def certificate_fingerprint(self) -> str:
        """SHA-256 of the certificate (DER), in hex; empty without one."""
        import ssl  # noqa: PLC0415 -- only to read PEM

        return hashlib.sha256(ssl.PEM_cert_to_DER_cert(self.certificate)).hexdigest() if self.certificate else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Partner:
    """Body of a record of kind `partner`: its card, and who compared it with the paper."""

    card: Card
    fingerprint: str
    """SHA-256 of its first identity, in hex: what is on paper."""
    compared_by: str = ""
    compared_at: datetime | None = None
    confirmed_by: str = ""
    """The second officer."""
    confirmed_at: datetime | None = None

    @property
    def state(self) -> str:
        """`added`, `compared` by one officer, or `pinned` by two."""
        return PINNED if self.confirmed_by else COMPARED if self.compared_by else ADDED


def write_card(card: Card, identity: Identity) -> bytes:
    """Return a card signed with the keys in use."""
    return sign(to_json(card), TYP, [(identity.kid, identity.sign)])


def read_card(data: bytes) -> Card:
    """Return a card whose signature is that of its own key history; whose history that is, paper says.

    Raises:
        UnreadableError: if it is malformed.
        KeyHistoryError: if its history does not hold together.
        EnvelopeError: if it is not signed with the keys in use.
    """
    card = from_json(payload_of(data), Card)
    verify(data, TYP, [card.known.identity.signing])
    return card


def add(data: bytes, *, by: Officer, under: Mandate, work: Work, house: House) -> Record[object]:
    """Take in a partner's card, or a later card of one that is known.

    A pinned partner stays pinned if the new card continues its history; otherwise it is refused.

    Raises:
        UnreadableError, KeyHistoryError, EnvelopeError: as `read_card`.
        KeyHistoryError: if it contradicts the history of a pinned partner, or is older.
    """
    card = read_card(data)
    if card.node == house.node:
        raise KeyHistoryError(node=card.node, why="that is this node itself")
    with acting(ADD, by=by, under=under, work=work) as acts:
        record = _held(acts, card.node)
        body = Partner(card=card, fingerprint=card.known.identities[0].digest)
        if record is not None and _body(record).state == PINNED:
            body = _renewed(_body(record), card)
        acts.note(partner=card.node, kid=card.known.identity.kid, state=body.state)
        return _put(acts, record, body, under, house)


def pin(node: str, typed: str, *, by: Officer, under: Mandate, work: Work, house: House) -> Record[object]:
    """Compare the fingerprint typed from paper; the second officer to do so pins the partner.

    Raises:
        UnknownError: if no card of that node was taken in.
        UnreadableError: if what was typed is no fingerprint.
        KeyHistoryError: if it is another one: then nothing is written down as compared.
        NotEntitledError: if one officer does it twice.
        WrongStateError: if the partner is pinned already.
    """
    digest = read_fingerprint(typed)
    with acting(PIN, by=by, under=under, work=work) as acts:
        record = _held(acts, node)
        if record is None:
            raise UnknownError(kind=KIND, name=node)
        body = _body(record)
        if body.state == PINNED:
            raise WrongStateError(thing=f"partner {node}", state=PINNED, act=PIN.name, needs=f"{ADDED} or {COMPARED}")
        if not hmac.compare_digest(digest, body.fingerprint):
            raise KeyHistoryError(node=node, why="the fingerprint on paper is not that of its first identity")
        if body.compared_by == by.id:
            raise NotEntitledError(officer=by.name, act="be the second officer to compare the same fingerprint")
        if body.compared_by:
            body = replace(body, confirmed_by=by.id, confirmed_at=acts.now)
        else:
            body = replace(body, compared_by=by.id, compared_at=acts.now)
        acts.note(partner=node, fingerprint=digest, state=body.state)
        return _put(acts, record, body, under, house)


def every(work: Work) -> Sequence[Partner]:
    """Return every partner of this node, by id."""
    bodies = [_body(work.get(header.id)) for header in work.find(Query(kind=KIND, limit=MOST))]
    return sorted(bodies, key=lambda partner: partner.card.node)


def pinned(work: Work) -> Mapping[str, Partner]:
    """Return the partners that two officers have pinned, by node id."""
    return {partner.card.node: partner for partner in every(work) if partner.state == PINNED}


def _renewed(body: Partner, card: Card) -> Partner:
    before = body.card.events
    if card.events[: len(before)] != before:
        raise KeyHistoryError(node=card.node, why="its new card does not continue the history that was pinned")
    return replace(body, card=card)


def _held(acts: Acting, node: str) -> Record[object] | None:
    headers = acts.find(Query(kind=KIND, identifier=_name(node), limit=1))
    return acts.get(headers[0].id) if headers else None


def _put(acts: Acting, record: Record[object] | None, body: Partner, under: Mandate, house: House) -> Record[object]:
    if record is None:
        header = house.header(KIND, under=under, now=acts.now, identifiers=(_name(body.card.node),))
        new: Record[object] = Record(header=replace(header, state=body.state, keep_until=acts.now + KEPT), body=body)
        acts.put(new, replacing=None)
        return new
    changed = next_version(record, body, now=acts.now, state=body.state)
    acts.put(changed, replacing=record.header.version)
    return changed


def _name(node: str) -> str:
    return f"partner:{node}"


def _body(record: Record[object]) -> Partner:
    return cast("Partner", record.body)


KINDS: Mapping[str, type[object]] = {KIND: Partner}
"""Record kind of this module and the type of its body."""
