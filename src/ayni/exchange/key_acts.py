"""Changing the keys of an institution: one officer proposes, another confirms, and both stand in the event.

    propose    an administrator says which change is due, and why
    confirm    another officer agrees; only now is the key event signed and the history one longer
    withdraw   the proposal is taken back; the keys stay as they are
    announce   a new sealing key, which needs no second officer: it changes nobody's identity

The history is a record like any other, so every step has its entry in the ledger. The
secrets are not in it: whoever calls `confirm` brings them (`Secrets`) and stores them.

Source: exchange specification, "Keys and compromise"; NIST SP 800-57 part 2, dual control.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import cast

from ayni.errors import KeyHistoryError, NotEntitledError, UnknownError, WrongStateError
from ayni.exchange import key_events
from ayni.exchange.jws import payload_of
from ayni.exchange.key_events import Approval, EventKind, KeyEvent, Known, Theft
from ayni.exchange.keys import Identity, SealingKey
from ayni.model.act import Act, Acting, acting
from ayni.model.checks import aware, require
from ayni.model.codec import from_json
from ayni.model.handling import Mandate
from ayni.model.officer import Officer, Role
from ayni.model.record import House, Record, next_version
from ayni.model.store import Query, Work

KIND = "key-history"
KEPT = timedelta(days=365 * 100)
"""A history outlives everything that was ever signed under it; it holds no personal data but officers' ids."""
_CHANGES = frozenset({EventKind.BEGIN, EventKind.ROTATE, EventKind.COMPROMISE})

PROPOSE = Act(name="key.propose", roles=frozenset({Role.ADMINISTRATOR}))
CONFIRM = Act(name="key.confirm", roles=frozenset({Role.ADMINISTRATOR, Role.COORDINATOR, Role.LIAISON}))
ANNOUNCE = Act(name="key.announce", machine=True)
WITHDRAW = Act(name="key.withdraw", roles=CONFIRM.roles)


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """A change of keys that one officer wants and nobody has confirmed yet.

    Raises:
        InvalidValueError: if it has no reason, or an instant of theft that does not belong to it.
    """

    kind: EventKind
    by: str
    """Id of the officer who proposed it."""
    at: datetime
    reason: str
    since: datetime | None = None
    """For a compromise: since when the keys may have been in other hands."""

    def __post_init__(self) -> None:
        aware(self.at, "at")
        require(self.kind in _CHANGES, "kind", "a sealing key is announced without a proposal")
        require(bool(self.reason.strip()), "reason", "a change of keys gives its reason")
        require((self.since is not None) == (self.kind is EventKind.COMPROMISE), "since", "belongs to a compromise")
        if self.since is not None:
            aware(self.since, "since")
            require(self.since <= self.at, "since", "lies in the future")


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyHistory:
    """Body of a record of kind `key-history`: our own key events, and the change that waits."""

    node: str
    events: tuple[str, ...] = ()
    """Signed key events (JWS), oldest first: what partners read."""
    proposal: Proposal | None = None

    @property
    def known(self) -> Known | None:
        """What the events say at their end; None before the first.

        Raises:
            KeyHistoryError: if they do not hold together.
        """
        return known_of(self.node, self.events) if self.events else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Secrets:
    """What a change of keys is signed with."""

    current: Identity
    promised: Identity
    """The next identity, to which the history has committed; at the beginning, to which it will."""
    following: Identity
    """The one after that."""
    sealing: SealingKey
    """Announced at the beginning and after a compromise."""


def known_of(node: str, events: tuple[str, ...]) -> Known:
    """Replay events from the first, taking its own word for who it is: whether to believe that is a pin's matter.

    Raises:
        KeyHistoryError: if they do not hold together or are of another node.
        UnreadableError: if one is malformed.
    """
    if not events:
        raise KeyHistoryError(node=node, why="it has no event")
    first = from_json(payload_of(events[0].encode()), KeyEvent)
    if first.identity is None or first.node != node:
        raise KeyHistoryError(node=node, why="its first event brings no identity of this node")
    return key_events.read_history([event.encode() for event in events], first.identity.digest)


def propose(
    kind: EventKind,
    *,
    reason: str,
    since: datetime | None = None,
    by: Officer,
    under: Mandate,
    work: Work,
    house: House,
) -> Record[object]:
    """Propose a change of keys; it takes the place of one that waits.

    Raises:
        NotEntitledError: if the officer is no administrator.
        WrongStateError: if the history has begun already, or has not begun yet.
    """
    with acting(PROPOSE, by=by, under=under, work=work) as acts:
        proposal = Proposal(kind=kind, by=by.id, at=acts.now, reason=reason, since=since)
        record = _held(acts, house.node)
        body = KeyHistory(node=house.node) if record is None else _body(record)
        begun = bool(body.events)
        if begun == (kind is EventKind.BEGIN):
            state, needs = ("begun", "new") if begun else ("new", "begun (`ayni key begin`)")
            raise WrongStateError(thing="the key history", state=state, act=PROPOSE.name, needs=needs)
        acts.note(change=kind, reason=reason)
        return _put(acts, record, replace(body, proposal=proposal), under, house)


def confirm(
    kind: EventKind, secrets: Secrets, *, by: Officer, under: Mandate, work: Work, house: House
) -> Record[object]:
    """Confirm the proposed change as another officer: the event is signed and joins the history.

    Raises:
        NotEntitledError: if the officer may not, or is the one who proposed it.
        WrongStateError: if no such change was proposed.
        KeyHistoryError: if the secrets are not those that the history promised.
    """
    with acting(CONFIRM, by=by, under=under, work=work) as acts:
        record, body, proposal = _proposed(acts, house, kind)
        if proposal.by == by.id:
            raise NotEntitledError(officer=by.name, act="confirm a change of keys that they proposed themselves")
        approvals = tuple(Approval(officer=officer, institution=house.node) for officer in (proposal.by, by.id))
        event = _event(body, proposal, secrets, acts.now, approvals)
        after = replace(body, events=(*body.events, event.decode()), proposal=None)
        known = known_of(house.node, after.events)
        acts.note(change=kind, reason=proposal.reason, proposed_by=proposal.by, kid=known.identity.kid)
        return _put(acts, record, after, under, house)


def withdraw(*, reason: str, by: Officer, under: Mandate, work: Work, house: House) -> Record[object]:
    """Take back the proposal that waits; the keys stay as they are.

    Raises:
        WrongStateError: if none waits.
    """
    with acting(WITHDRAW, by=by, under=under, work=work) as acts:
        record, body, proposal = _proposed(acts, house)
        acts.note(change=proposal.kind, reason=reason, proposed_by=proposal.by)
        return _put(acts, record, replace(body, proposal=None), under, house)


def announce(
    sealing: SealingKey, current: Identity, *, by: Officer, under: Mandate, work: Work, house: House
) -> Record[object]:
    """Announce a new sealing key to partners, signed by the identity in use.

    Raises:
        NotEntitledError: if *by* is not a service officer.
        WrongStateError: if the history has not begun.
        KeyHistoryError: if *current* is not the identity in use.
    """
    with acting(ANNOUNCE, by=by, under=under, work=work) as acts:
        record = _held(acts, house.node)
        body = KeyHistory(node=house.node) if record is None else _body(record)
        known = body.known
        if known is None:
            needs = "begun (`ayni key begin`)"
            raise WrongStateError(thing="the key history", state="new", act=ANNOUNCE.name, needs=needs)
        event = key_events.announce(known, current, sealing, acts.now)
        after = replace(body, events=(*body.events, event.decode()))
        known_of(house.node, after.events)
        acts.note(until=sealing.not_after.isoformat(), kid=current.kid)
        return _put(acts, record, after, under, house)


def find(node: str, work: Work) -> KeyHistory:
    """Return the key history of this node; an empty one before the first act."""
    headers = work.find(Query(kind=KIND, identifier=_name(node), limit=1))
    return _body(work.get(headers[0].id)) if headers else KeyHistory(node=node)


def _event(
    body: KeyHistory, proposal: Proposal, secrets: Secrets, at: datetime, approvals: tuple[Approval, ...]
) -> bytes:
    known = body.known
    if known is None:
        return key_events.begin(secrets.current, secrets.promised, secrets.sealing, at, approvals)
    if secrets.promised.public.digest != known.next_digest:
        raise KeyHistoryError(node=body.node, why="the next keys at hand are not those that were promised")
    if proposal.kind is EventKind.ROTATE:
        return key_events.rotate(known, secrets.current, secrets.promised, secrets.following, at, approvals)
    theft = Theft(since=proposal.since or at, reason=proposal.reason)
    return key_events.compromise(known, secrets.promised, secrets.following, theft, secrets.sealing, at, approvals)


def _proposed(
    acts: Acting, house: House, kind: EventKind | None = None
) -> tuple[Record[object], KeyHistory, Proposal]:
    record = _held(acts, house.node)
    if record is None:
        raise UnknownError(kind=KIND, name=house.node)
    body = _body(record)
    if body.proposal is None or (kind is not None and body.proposal.kind is not kind):
        state = "without a proposal" if body.proposal is None else f"proposed for {body.proposal.kind}"
        needs = f"proposed for {kind}" if kind is not None else "proposed for a change"
        raise WrongStateError(thing="the key history", state=state, act=CONFIRM.name, needs=needs)
    return record, body, body.proposal


def _held(acts: Acting, node: str) -> Record[object] | None:
    headers = acts.find(Query(kind=KIND, identifier=_name(node), limit=1))
    return acts.get(headers[0].id) if headers else None


def _put(
    acts: Acting, record: Record[object] | None, body: KeyHistory, under: Mandate, house: House
) -> Record[object]:
    state = "" if body.proposal is None else "proposed"
    if record is None:
        header = house.header(KIND, under=under, now=acts.now, identifiers=(_name(house.node),))
        new: Record[object] = Record(header=replace(header, state=state, keep_until=acts.now + KEPT), body=body)
        acts.put(new, replacing=None)
        return new
    changed = next_version(record, body, now=acts.now, state=state)
    acts.put(changed, replacing=record.header.version)
    return changed


def _name(node: str) -> str:
    return f"keys:{node}"


def _body(record: Record[object]) -> KeyHistory:
    return cast("KeyHistory", record.body)


KINDS: Mapping[str, type[object]] = {KIND: KeyHistory}
"""Record kind of this module and the type of its body."""
