"""Where an agreement stands, and which step may follow which.

    proposed ─> countered ─> accepted ─> signed ─> in force ─> suspended ─> terminated
        └───────────┴──────────┘ any party may counter until the first signature
    any party suspends at once; the party that suspended resumes; termination takes the
    notice the text names, or the consent of all parties, or the end of the term.

A step is a `Move` by one party; `advance` gives the agreement after it, or refuses with
`WrongStateError`. Nothing here stores or sends: the acts of `life_cycle` do, for moves of
our own officers and for those that partners report.

Source: Vienna Convention on the Law of Treaties, arts. 11, 54, 57.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from enum import StrEnum

from ayni.agreements.request import Standing
from ayni.agreements.text import AgreementText, Party, Term, sha256
from ayni.agreements.vocabulary import State
from ayni.errors import InvalidValueError, WrongStateError
from ayni.model.checks import aware, require

SIGNATURES_A_PARTY = 2


class Did(StrEnum):
    """What a party did."""

    PROPOSE = "propose"
    COUNTER = "counter"
    ACCEPT = "accept"
    SIGN = "sign"
    ENTER = "enter"
    SUSPEND = "suspend"
    RESUME = "resume"
    TERMINATE = "terminate"
    EXPIRE = "expire"


REASONED = frozenset({Did.SUSPEND, Did.RESUME, Did.TERMINATE})
"""Steps that give their reason."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Signature:
    """One officer's signature under one text."""

    party: str
    institution: str
    """Where the officer sits: the party itself, or its parent institution."""
    officer: str
    name: str
    at: datetime
    sha256: str
    value: str = ""
    """What the officer's node signed, in the form of the exchange (JWS)."""

    def __post_init__(self) -> None:
        aware(self.at, "at")
        require(bool(self.officer) and bool(self.name), "officer", "a signature names its officer")

    def signed_bytes(self) -> bytes:
        """Return the bytes that are signed: the text's hash, and who signs for whom, when."""
        lines = ("ayni-agreement-signature/1", self.sha256, self.party, self.institution, self.officer, self.name)
        return "\n".join((*lines, self.at.isoformat(), "")).encode()


Verify = Callable[[Signature, bytes], bool]
"""Whether the value of a signature is that officer's signature over those bytes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """One step of one party."""

    did: Did
    party: str
    officer: str
    at: datetime
    words: str = ""
    """The reason; required to suspend, resume and terminate."""
    text: AgreementText | None = None
    """For a counter-proposal."""
    signature: Signature | None = None

    def __post_init__(self) -> None:
        aware(self.at, "at")
        require(
            self.did not in REASONED or bool(self.words.strip()),
            "words",
            f"to {self.did} an agreement gives its reason",
        )
        require((self.text is not None) == (self.did in {Did.PROPOSE, Did.COUNTER}), "text", "belongs to a proposal")
        require((self.signature is not None) == (self.did is Did.SIGN), "signature", "belongs to signing")


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """What happened, kept in the agreement's own history."""

    did: Did
    party: str
    officer: str
    at: datetime
    words: str
    sha256: str
    """Of the text as it stood after the step."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreement:
    """Body of a record of kind `agreement`: the text, where it stands, and how it came there."""

    text: AgreementText
    state: State = State.PROPOSED
    accepted_by: tuple[str, ...] = ()
    signatures: tuple[Signature, ...] = ()
    suspended_by: tuple[str, ...] = ()
    terminated_by: tuple[str, ...] = ()
    ends_on: date | None = None
    """First day on which it no longer holds, when notice of termination was given."""
    steps: tuple[Step, ...] = ()

    def signed_by(self, party: str) -> tuple[Signature, ...]:
        """Return the signatures of one party."""
        return tuple(signature for signature in self.signatures if signature.party == party)

    @property
    def standing(self) -> Standing:
        """What decisions see of it."""
        fewest = min(len({each.officer for each in self.signed_by(party)}) for party in self.text.party_ids)
        term = self.text.term
        if self.ends_on is not None and self.ends_on < term.ends_on:
            ends = max(self.ends_on, term.starts_on + timedelta(days=1))
            term = Term(starts_on=term.starts_on, ends_on=ends, notice_days=term.notice_days)
        return Standing(state=self.state, signatures=fewest, term=term)


def begin(move: Move) -> Agreement:
    """Return the agreement that a proposal begins.

    Raises:
        InvalidValueError: if whoever proposes is no party.
    """
    if move.text is None:
        raise InvalidValueError(field="text", why="a proposal has a text")
    _party(move.text, move.party)
    return _noted(Agreement(text=move.text, accepted_by=(move.party,)), move)


def advance(agreement: Agreement, move: Move, verify: Verify | None = None) -> Agreement:
    """Return the agreement after a step.

    Raises:
        WrongStateError: if the step may not follow, saying what it needs.
        InvalidValueError: if the mover is no party, a counter-proposal is not the next version of this
            text, or a signature is not one that counts.
    """
    _party(agreement.text, move.party)
    if agreement.state not in NEEDS[move.did]:
        raise _wrong(agreement, move, " or ".join(NEEDS[move.did]))
    if move.did is Did.SIGN:
        return _noted(_signed(agreement, move, verify), move)
    return _noted(STEPS[move.did](agreement, move), move)


def may_follow(agreement: Agreement, party: str, officer: str, at: datetime) -> tuple[Did, ...]:
    """Return the steps that *officer* of *party* could take now; a counter-proposal needs a text and is left out."""
    found = [Did.SIGN] if _may_sign(agreement, party, officer) else []
    for did in STEPS:
        if did in {Did.COUNTER, Did.EXPIRE}:
            continue
        try:
            advance(agreement, Move(did=did, party=party, officer=officer, at=at, words="?"))
        except (WrongStateError, InvalidValueError):
            continue
        found.append(did)
    return tuple(found)


def _may_sign(agreement: Agreement, party: str, officer: str) -> bool:
    names = {one.officer.casefold() for one in agreement.signed_by(party)}
    few = len(names) < SIGNATURES_A_PARTY and party in agreement.text.party_ids
    return agreement.state in NEEDS[Did.SIGN] and few and officer.casefold() not in names


def _noted(agreement: Agreement, move: Move) -> Agreement:
    step = Step(
        did=move.did,
        party=move.party,
        officer=move.officer,
        at=move.at,
        words=move.words,
        sha256=sha256(agreement.text),
    )
    return replace(agreement, steps=(*agreement.steps, step))


def _wrong(agreement: Agreement, move: Move, needs: str) -> WrongStateError:
    return WrongStateError(
        thing=f"agreement {agreement.text.id}", state=agreement.state, act=f"agreement.{move.did}", needs=needs
    )


def _party(text: AgreementText, party: str) -> Party:
    for each in text.parties:
        if each.id == party:
            return each
    raise InvalidValueError(field="party", why=f"{party} is not a party to {text.id}")


def _counter(agreement: Agreement, move: Move) -> Agreement:
    old, new = agreement.text, move.text
    if agreement.signatures:
        raise _wrong(agreement, move, "without a signature")
    if new is None or new.id != old.id or new.version != old.version + 1 or new.party_ids != old.party_ids:
        why = f"a counter-proposal is version {old.version + 1} of {old.id} between the same parties"
        raise InvalidValueError(field="text", why=why)
    return replace(agreement, text=new, state=State.COUNTERED, accepted_by=(move.party,))


def _accept(agreement: Agreement, move: Move) -> Agreement:
    if move.party in agreement.accepted_by:
        raise _wrong(agreement, move, f"not yet accepted by {move.party}")
    accepted = (*agreement.accepted_by, move.party)
    every = set(accepted) == set(agreement.text.party_ids)
    return replace(agreement, accepted_by=accepted, state=State.ACCEPTED if every else agreement.state)


def _signed(agreement: Agreement, move: Move, verify: Verify | None) -> Agreement:
    signature = move.signature
    if signature is None or verify is None:
        raise InvalidValueError(field="signature", why="signing needs a signature and a way to verify it")
    party = _party(agreement.text, signature.party)
    before = agreement.signed_by(party.id)
    require(signature.party == move.party, "signature", "signs for another party")
    require(signature.sha256 == sha256(agreement.text), "signature", "is under another text")
    known = signature.institution in {party.id, party.parent} - {""}
    require(known, "signature", f"{signature.institution} is neither {party.id} nor its parent institution")
    if len(before) >= SIGNATURES_A_PARTY:
        raise _wrong(agreement, move, f"still to be signed by {party.id}")
    twice = any(_same_officer(signature, other) for other in agreement.signatures)
    require(not twice, "signature", f"officer {signature.officer} has signed already; two officers sign for a party")
    both_away = bool(before) and {signature.institution, before[0].institution} == {party.parent}
    require(not both_away, "signature", f"at least one officer of {party.id} itself signs")
    require(verify(signature, signature.signed_bytes()), "signature", f"of {signature.officer} does not verify")
    signatures = (*agreement.signatures, signature)
    complete = all(
        sum(each.party == name for each in signatures) >= SIGNATURES_A_PARTY for name in agreement.text.party_ids
    )
    return replace(agreement, signatures=signatures, state=State.SIGNED if complete else agreement.state)


def _same_officer(one: Signature, other: Signature) -> bool:
    same_house = one.institution == other.institution or one.party == other.party
    return same_house and one.officer.casefold() == other.officer.casefold()


def _enter(agreement: Agreement, move: Move) -> Agreement:
    term = agreement.standing.term
    if term is None or not agreement.standing.in_term(move.at):
        signed = agreement.text.term
        raise _wrong(agreement, move, f"within its term, {signed.starts_on} to {signed.ends_on}")
    return replace(agreement, state=State.IN_FORCE)


def _suspend(agreement: Agreement, move: Move) -> Agreement:
    if move.party in agreement.suspended_by:
        raise _wrong(agreement, move, f"not yet suspended by {move.party}")
    return replace(agreement, suspended_by=(*agreement.suspended_by, move.party), state=State.SUSPENDED)


def _resume(agreement: Agreement, move: Move) -> Agreement:
    if move.party not in agreement.suspended_by:
        raise _wrong(agreement, move, f"suspended by {move.party}")
    left = tuple(party for party in agreement.suspended_by if party != move.party)
    before = State.IN_FORCE if any(step.did is Did.ENTER for step in agreement.steps) else State.SIGNED
    return replace(agreement, suspended_by=left, state=State.SUSPENDED if left else before)


def _terminate(agreement: Agreement, move: Move) -> Agreement:
    if move.party in agreement.terminated_by:
        raise _wrong(agreement, move, f"not yet terminated by {move.party}")
    by = (*agreement.terminated_by, move.party)
    day = move.at.date() + timedelta(days=agreement.text.term.notice_days)
    ends = min(day, agreement.ends_on or day)
    binding = agreement.state in {State.IN_FORCE, State.SUSPENDED}
    at_once = not binding or set(by) == set(agreement.text.party_ids) or ends <= move.at.date()
    state = State.TERMINATED if at_once else agreement.state
    return replace(agreement, terminated_by=by, ends_on=move.at.date() if at_once else ends, state=state)


def _expire(agreement: Agreement, move: Move) -> Agreement:
    ends = min(agreement.text.term.ends_on, agreement.ends_on or agreement.text.term.ends_on)
    if move.at.date() < ends:
        raise _wrong(agreement, move, f"past {ends}")
    return replace(agreement, state=State.TERMINATED)


BEFORE_FORCE = (State.PROPOSED, State.COUNTERED, State.ACCEPTED, State.SIGNED)
NEEDS: Mapping[Did, tuple[State, ...]] = {
    Did.PROPOSE: (),
    Did.COUNTER: (State.PROPOSED, State.COUNTERED, State.ACCEPTED),
    Did.ACCEPT: (State.PROPOSED, State.COUNTERED),
    Did.SIGN: (State.ACCEPTED,),
    Did.ENTER: (State.SIGNED,),
    Did.SUSPEND: (State.SIGNED, State.IN_FORCE, State.SUSPENDED),
    Did.RESUME: (State.SUSPENDED,),
    Did.TERMINATE: (*BEFORE_FORCE, State.IN_FORCE, State.SUSPENDED),
    Did.EXPIRE: (State.SIGNED, State.IN_FORCE, State.SUSPENDED),
}
"""Step to the states it may follow."""

STEPS: Mapping[Did, Callable[[Agreement, Move], Agreement]] = {
    Did.COUNTER: _counter,
    Did.ACCEPT: _accept,
    Did.ENTER: _enter,
    Did.SUSPEND: _suspend,
    Did.RESUME: _resume,
    Did.TERMINATE: _terminate,
    Did.EXPIRE: _expire,
}
