"""The acts of an agreement's life: propose, counter, accept, sign, enter, suspend, terminate.

Each is an act like any other: an entitled officer, a purpose, a legal basis, one entry in
the ledger. What a partner did is heard through `hear`, an act a machine may do, under the
same rules of `standing`. A text is checked before it is proposed and proven before it is
signed; a refusal leaves everything as it was.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from typing import cast

from ayni.agreements.check import require_sound
from ayni.agreements.standing import Agreement, Did, Move, Signature, Verify, advance, begin
from ayni.agreements.text import MAX_RETENTION_DAYS, AgreementText, sha256
from ayni.errors import ChangedMeanwhileError, UnknownError, UnsoundAgreementError
from ayni.model.act import Act, Acting, acting
from ayni.model.handling import Mandate
from ayni.model.officer import Officer, Role
from ayni.model.record import House, Record, next_version
from ayni.model.store import Query, Work

KIND = "agreement"
KINDS: Mapping[str, type[object]] = {KIND: Agreement}
"""Record kinds of this package and the type of their body; the node adds them to its own."""

NEGOTIATORS = frozenset({Role.LIAISON, Role.COORDINATOR})
GUARDIANS = frozenset({Role.LIAISON, Role.COORDINATOR, Role.OVERSIGHT, Role.ADMINISTRATOR})
"""Who may stop: anyone answerable, because suspension harms nobody's rights."""

PROPOSE = Act(name="agreement.propose", roles=NEGOTIATORS)
COUNTER = Act(name="agreement.counter", roles=NEGOTIATORS)
ACCEPT = Act(name="agreement.accept", roles=NEGOTIATORS)
SIGN = Act(name="agreement.sign", roles=NEGOTIATORS)
ENTER = Act(name="agreement.enter", roles=NEGOTIATORS)
SUSPEND = Act(name="agreement.suspend", roles=GUARDIANS)
RESUME = Act(name="agreement.resume", roles=NEGOTIATORS)
TERMINATE = Act(name="agreement.terminate", roles=NEGOTIATORS)
EXPIRE = Act(name="agreement.expire", roles=GUARDIANS, machine=True)
HEAR = Act(name="agreement.hear", roles=NEGOTIATORS, machine=True)

ACTS: Mapping[Did, Act] = {
    Did.COUNTER: COUNTER,
    Did.ACCEPT: ACCEPT,
    Did.ENTER: ENTER,
    Did.SUSPEND: SUSPEND,
    Did.RESUME: RESUME,
    Did.TERMINATE: TERMINATE,
    Did.EXPIRE: EXPIRE,
}

Sign = Callable[[bytes], str]
"""Signs bytes with the node's keys in the officer's name; returns what `Verify` accepts."""


def propose(text: AgreementText, *, by: Officer, under: Mandate, work: Work, house: House) -> Record[object]:
    """Propose a text in the name of this node.

    Raises:
        UnsoundAgreementError: if the text has errors.
        ChangedMeanwhileError: if this node already holds an agreement of that id.
    """
    require_sound(text)
    with acting(PROPOSE, by=by, under=under, work=work) as acts:
        move = Move(did=Did.PROPOSE, party=house.node, officer=by.id, at=acts.now, text=text)
        return _enter_new(acts, begin(move), under, house)


def counter(
    agreement: str, text: AgreementText, *, words: str = "", by: Officer, under: Mandate, work: Work, house: House
) -> Record[object]:
    """Answer a proposal with the next version of its text.

    Raises:
        UnsoundAgreementError: if the text has errors.
        WrongStateError: once somebody has signed.
    """
    require_sound(text)
    return _move(agreement, Did.COUNTER, words=words, text=text, by=by, under=under, work=work, house=house)


def accept(agreement: str, *, by: Officer, under: Mandate, work: Work, house: House) -> Record[object]:
    """Accept the text as it stands; when all parties have, it may be signed."""
    return _move(agreement, Did.ACCEPT, by=by, under=under, work=work, house=house)


def sign(
    agreement: str,
    *,
    sign_bytes: Sign,
    verify: Verify,
    by: Officer,
    under: Mandate,
    work: Work,
    house: House,
    institution: str = "",
) -> Record[object]:
    """Sign for this node's party, after the text has been proven without a loophole.

    `institution` is where the officer sits when that is the parent institution.

    Raises:
        UnsoundAgreementError: if the proof finds a loophole.
        InvalidValueError: if this officer has signed already, or the signature does not count.
        WrongStateError: unless all parties have accepted.
    """
    with acting(SIGN, by=by, under=under, work=work) as acts:
        record = _held(acts, agreement)
        body = cast("Agreement", record.body)
        require_proven(body.text)
        unsigned = Signature(
            party=house.node,
            institution=institution or house.node,
            officer=by.id,
            name=by.name,
            at=acts.now,
            sha256=sha256(body.text),
        )
        signature = replace(unsigned, value=sign_bytes(unsigned.signed_bytes()))
        move = Move(did=Did.SIGN, party=house.node, officer=by.id, at=acts.now, signature=signature)
        return _apply(acts, record, move, verify)


def enter(agreement: str, *, by: Officer, under: Mandate, work: Work, house: House) -> Record[object]:
    """Note that a signed agreement is in force from now on.

    Raises:
        WrongStateError: before its term has begun, or unless all have signed.
    """
    return _move(agreement, Did.ENTER, by=by, under=under, work=work, house=house)


def suspend(agreement: str, *, words: str, by: Officer, under: Mandate, work: Work, house: House) -> Record[object]:
    """Suspend at once, alone, with a reason: from here on only recall and correction pass."""
    return _move(agreement, Did.SUSPEND, words=words, by=by, under=under, work=work, house=house)


def resume(agreement: str, *, words: str, by: Officer, under: Mandate, work: Work, house: House) -> Record[object]:
    """Lift our own suspension; another party's stays."""
    return _move(agreement, Did.RESUME, words=words, by=by, under=under, work=work, house=house)


def terminate(agreement: str, *, words: str, by: Officer, under: Mandate, work: Work, house: House) -> Record[object]:
    """Give notice of termination: it ends after the notice of the text, or at once when all parties have given it."""
    return _move(agreement, Did.TERMINATE, words=words, by=by, under=under, work=work, house=house)


def expire(agreement: str, *, by: Officer, under: Mandate, work: Work, house: House) -> Record[object]:
    """Note that term or notice has run out. A machine may."""
    return _move(agreement, Did.EXPIRE, by=by, under=under, work=work, house=house)


def hear(
    agreement: str, move: Move, *, verify: Verify, by: Officer, under: Mandate, work: Work, house: House
) -> Record[object]:
    """Take in what a partner did: the exchange has verified that the message is that partner's.

    A second officer of ours who sits at our parent institution signs from there and is heard too.

    Raises:
        WrongStateError: if the step may not follow.
        InvalidValueError: if it claims to be ours, or its signature does not count.
        UnsoundAgreementError: if a proposed text has errors.
    """
    if move.text is not None:
        require_sound(move.text)
    with acting(HEAR, by=by, under=under, work=work) as acts:
        seconded = move.signature is not None and move.signature.institution != house.node
        if move.party == house.node and not seconded:
            raise UnsoundAgreementError(agreement=agreement, why=f"a partner speaks in our name ({house.node})")
        if move.did is Did.PROPOSE:
            return _enter_new(acts, begin(move), under, house)
        return _apply(acts, _held(acts, agreement), move, verify)


def require_proven(text: AgreementText) -> None:
    """Refuse a text that cannot be proven without a loophole.

    Raises:
        UnsoundAgreementError: with every loophole in English.
    """
    from ayni.agreements.prove import in_words, prove  # noqa: PLC0415 -- loads the solver

    proof = prove(text)
    if not proof.clean:
        told = "; ".join(": ".join(in_words(finding.loophole[:2], "en")) for finding in proof.loopholes)
        raise UnsoundAgreementError(agreement=text.id, why=told)


def find(agreement: str, work: Work) -> Record[object]:
    """Return the record of an agreement by the agreement's own id.

    Raises:
        UnknownError: if this node holds none.
    """
    headers = work.find(Query(kind=KIND, identifier=f"agreement:{agreement}", limit=1))
    if not headers:
        raise UnknownError(kind=KIND, name=agreement)
    return work.get(headers[0].id)


def _held(acts: Acting, agreement: str) -> Record[object]:
    headers = acts.find(Query(kind=KIND, identifier=f"agreement:{agreement}", limit=1))
    if not headers:
        raise UnknownError(kind=KIND, name=agreement)
    return acts.get(headers[0].id)


def _enter_new(acts: Acting, body: Agreement, under: Mandate, house: House) -> Record[object]:
    name = f"agreement:{body.text.id}"
    taken = acts.find(Query(kind=KIND, identifier=name, limit=1))
    if taken:
        raise ChangedMeanwhileError(record=name, stored=taken[0].version, yours=None)
    header = house.header(KIND, under=under, now=acts.now, identifiers=(name,))
    ends = datetime.combine(body.text.term.ends_on, time(tzinfo=UTC)) + timedelta(days=MAX_RETENTION_DAYS)
    record: Record[object] = Record(header=replace(header, state=body.state, keep_until=ends), body=body)
    acts.put(record, replacing=None)
    _note(acts, body, "")
    return record


def _move(
    agreement: str,
    did: Did,
    *,
    words: str = "",
    text: AgreementText | None = None,
    by: Officer,
    under: Mandate,
    work: Work,
    house: House,
) -> Record[object]:
    with acting(ACTS[did], by=by, under=under, work=work) as acts:
        move = Move(did=did, party=house.node, officer=by.id, at=acts.now, words=words, text=text)
        return _apply(acts, _held(acts, agreement), move, None)


def _apply(acts: Acting, record: Record[object], move: Move, verify: Verify | None) -> Record[object]:
    before = cast("Agreement", record.body)
    after = advance(before, move, verify)
    changed = next_version(record, after, now=acts.now, state=after.state)
    acts.put(changed, replacing=record.header.version)
    _note(acts, after, before.state)
    return changed


def _note(acts: Acting, body: Agreement, before: str) -> None:
    last = body.steps[-1]
    acts.note(
        agreement=body.text.id,
        version=body.text.version,
        sha256=last.sha256,
        did=last.did,
        party=last.party,
        words=last.words,
        before=before,
        after=body.state,
    )
