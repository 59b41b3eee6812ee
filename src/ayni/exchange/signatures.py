"""Signatures under agreements, and steps on their way to partners, with the keys of the exchange.

`signer` and `verifier` are what `ayni.agreements.life_cycle` asks for: the node signs the
text's hash with the officer's name in it, and a signature counts only under the keys in
use of our own node or of a partner that two officers have pinned.

Steps travel as a file, each signed by the node that took it, whatever carries the file.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ayni.agreements.life_cycle import Sign
from ayni.agreements.standing import Agreement, Did, Move, Signature, Step, Verify
from ayni.agreements.text import sha256
from ayni.errors import AyniError, EnvelopeError, KeyHistoryError
from ayni.exchange.jws import payload_of, sign, verify
from ayni.exchange.keys import Identity, PublicIdentity
from ayni.model.codec import from_json, to_json

SIGNATURE, STEP = "ayni-agreement-signature+jws", "ayni-agreement-step+jws"


@dataclass(frozen=True, slots=True, kw_only=True)
class SentStep:
    """One step of one party, as its node signs it."""

    agreement: str
    sha256: str
    """Of the text as it stood after the step."""
    move: Move


def signer(identity: Identity) -> Sign:
    """Return what signs an agreement with this node's keys."""
    return lambda data: sign(data, SIGNATURE, [(identity.kid, identity.sign)]).decode()


def verifier(known: Mapping[str, PublicIdentity]) -> Verify:
    """Return what checks signatures against the identities in use, by institution.

    A signature made with keys that are in use no more is not taken in: whoever holds old
    keys could write any date into it. Its officer signs again.
    """

    def holds(signature: Signature, data: bytes) -> bool:
        identity = known.get(signature.institution)
        if identity is None:
            return False
        try:
            return verify(signature.value.encode(), SIGNATURE, [identity.signing]) == data
        except AyniError:
            return False

    return holds


def send_steps(agreement: Agreement, party: str, identity: Identity) -> list[str]:
    """Return every step of *party* that still bears on the text, oldest first, signed for partners."""
    steps = [step for step in agreement.steps if step.party == party and _bears(agreement, step)]
    sent = [SentStep(agreement=agreement.text.id, sha256=step.sha256, move=_move(agreement, step)) for step in steps]
    return [sign(to_json(one), STEP, [(identity.kid, identity.sign)]).decode() for one in sent]


def read_steps(signed: Sequence[str], known: Mapping[str, PublicIdentity]) -> Sequence[SentStep]:
    """Return the steps of a file, each signed by the pinned partner that took it.

    Raises:
        KeyHistoryError: if a step is of a node that is not pinned.
        EnvelopeError: if a step is not signed by its node, or brings another text than it says.
        UnreadableError: if it is malformed.
    """
    found = []
    for one in signed:
        data = one.encode()
        step = from_json(payload_of(data), SentStep)
        signature = step.move.signature
        sender = step.move.party if signature is None else signature.institution
        if sender not in known:
            raise KeyHistoryError(node=sender, why="it is not pinned here")
        verify(data, STEP, [known[sender].signing])
        text = step.move.text
        if text is not None and (text.id, sha256(text)) != (step.agreement, step.sha256):
            raise EnvelopeError(envelope=STEP, why="it brings another text than it says")
        found.append(step)
    return found


def unheard(step: SentStep, agreement: Agreement | None) -> bool:
    """Say whether a step is news: later than everything of its party that we know. An old one sent again is not."""
    if agreement is None:
        return step.move.did is Did.PROPOSE
    return all(step.move.at > one.at for one in agreement.steps if one.party == step.move.party)


def _bears(agreement: Agreement, step: Step) -> bool:
    return step.did not in {Did.PROPOSE, Did.COUNTER} or step.sha256 == sha256(agreement.text)


def _move(agreement: Agreement, step: Step) -> Move:
    brings = step.did in {Did.PROPOSE, Did.COUNTER}
    signatures = [one for one in agreement.signatures if (one.party, one.officer, one.at) == _who(step)]
    return Move(
        did=step.did,
        party=step.party,
        officer=step.officer,
        at=step.at,
        words=step.words,
        text=agreement.text if brings else None,
        signature=signatures[0] if step.did is Did.SIGN else None,
    )


def _who(step: Step) -> tuple[str, str, object]:
    return (step.party, step.officer, step.at)
