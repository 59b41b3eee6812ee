"""The steps of an agreement travel by themselves: what one party did, the others hear.

`tell` puts our newest steps into the outbox in the transaction of the step. At the other side
each is believed only under the signature of the node that took it, and may only follow where
`ayni.agreements.standing` lets it; one that is known already is passed over.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import cast

from ayni.agreements import life_cycle
from ayni.agreements.standing import REASONED, Agreement, Did
from ayni.agreements.vocabulary import State
from ayni.errors import UnknownError
from ayni.exchange import partners
from ayni.exchange.keys import Identity
from ayni.exchange.payload import Type
from ayni.exchange.post import Draft, post
from ayni.exchange.receiving import Context, Effect, Received, no_agreement
from ayni.exchange.refusals import Cause, reason_of
from ayni.exchange.signatures import SentStep, read_steps, send_steps, signer, unheard, verifier
from ayni.model.act import Act, Acting, acting
from ayni.model.codec import to_json
from ayni.model.handling import Mandate
from ayni.model.officer import Officer
from ayni.model.record import House, Record
from ayni.model.signal import Reason
from ayni.model.store import Work

TELL = Act(name="agreement.tell", roles=life_cycle.GUARDIANS, machine=True)
STREAM = "agreement"
"""The prefix of the stream that keeps the steps of one agreement in order."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Steps:
    """Body of a message: steps of one party, oldest first, each signed by the node that took it."""

    steps: tuple[str, ...]


def tell(
    record: Record[object],
    *,
    identity: Identity,
    reachable: Collection[str],
    by: Officer,
    under: Mandate,
    work: Work,
    house: House,
) -> tuple[str, ...]:
    """Tell the other parties what we did; return those who are told, and leave out whoever is not pinned here."""
    agreement = cast("Agreement", record.body)
    parties = tuple(party for party in agreement.text.party_ids if party != house.node and party in reachable)
    if not parties:
        return ()
    with acting(TELL, by=by, under=under, work=work) as acts:
        draft = Draft(
            type=Type.AGREEMENT_STEP,
            to=parties,
            purpose=under.purpose,
            legal_basis=under.legal_basis,
            body=to_json(Steps(steps=tuple(send_steps(agreement, house.node, identity)))),
            stream=f"{STREAM}:{agreement.text.id}",
        )
        post(acts, draft, house)
        acts.note(agreement=agreement.text.id, version=agreement.text.version, to=" ".join(parties))
    return parties


def tell_pinned(
    record: Record[object],
    *,
    identity: Callable[[], Identity],
    by: Officer,
    under: Mandate,
    work: Work,
    house: House,
) -> tuple[str, ...]:
    """Tell every other party that is pinned here; *identity* is asked for only when there is one."""
    pinned = partners.pinned(work)
    if not set(pinned) & set(cast("Agreement", record.body).text.party_ids):
        return ()
    return tell(record, identity=identity(), reachable=pinned, by=by, under=under, work=work, house=house)


def take(
    did: Did,
    agreement: str,
    *,
    words: str = "",
    identity: Callable[[], Identity],
    by: Officer,
    under: Mandate,
    work: Work,
    house: House,
) -> tuple[Record[object], tuple[str, ...]]:
    """Accept, sign, enter, suspend, resume or terminate as an officer of this node; return it and who is told.

    Raises:
        WrongStateError: if the step may not follow where the agreement stands.
        UnsoundAgreementError: of signing, if the proof finds a loophole.
        InvalidValueError: if this officer has signed already, or a reason is missing.
        NotEntitledError: if the officer may not.
    """
    if did is Did.SIGN:
        known = {name: one.card.known.identity for name, one in partners.pinned(work).items()}
        ours = identity()
        verify = verifier({**known, house.node: ours.public})
        record = life_cycle.sign(
            agreement, sign_bytes=signer(ours), verify=verify, by=by, under=under, work=work, house=house
        )
    elif did in REASONED:
        record = _REASONED[did](agreement, words=words, by=by, under=under, work=work, house=house)
    else:
        record = _PLAIN[did](agreement, by=by, under=under, work=work, house=house)
    return record, tell_pinned(record, identity=identity, by=by, under=under, work=work, house=house)


_REASONED: Mapping[Did, Callable[..., Record[object]]] = {
    Did.SUSPEND: life_cycle.suspend,
    Did.RESUME: life_cycle.resume,
    Did.TERMINATE: life_cycle.terminate,
}
_PLAIN: Mapping[Did, Callable[..., Record[object]]] = {Did.ACCEPT: life_cycle.accept, Did.ENTER: life_cycle.enter}
TAKEN = (Did.ACCEPT, Did.SIGN, Did.ENTER, *_REASONED)
"""Steps that `take` takes."""


def _hear(received: Received, acts: Acting, context: Context) -> Sequence[Reason]:
    steps = read_steps(received.body(Steps).steps, context.known)
    for step in steps:
        signature = step.move.signature
        by = {step.move.party} if signature is None else {step.move.party, signature.institution}
        if received.sender not in by or context.house.node not in _parties(step, context.work):
            return (reason_of(Cause.MALFORMED, what="step", detail=f"it is not {received.sender}'s to tell us"),)
    acts.note(agreement=steps[0].agreement if steps else "", steps=len(steps))
    verify = verifier(context.known)
    for step in steps:
        held = _held(step.agreement, context.work)
        entered = held is not None and held.state is State.IN_FORCE and step.move.did is Did.ENTER
        if entered or not unheard(step, held):
            continue
        life_cycle.hear(
            step.agreement,
            step.move,
            verify=verify,
            by=context.by,
            under=received.mandate,
            work=context.work,
            house=context.house,
        )
    return ()


def _parties(step: SentStep, work: Work) -> Sequence[str]:
    held = _held(step.agreement, work)
    texts = [one for one in (step.move.text, None if held is None else held.text) if one is not None]
    return [party for text in texts for party in text.party_ids]


def _held(agreement: str, work: Work) -> Agreement | None:
    try:
        return cast("Agreement", life_cycle.find(agreement, work).body)
    except UnknownError:
        return None


EFFECTS: Mapping[Type, Effect] = {Type.AGREEMENT_STEP: Effect(does=_hear, asks=no_agreement)}
"""What the messages of this module do on arrival."""
