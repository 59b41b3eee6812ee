"""What is said in a recall, by whom, and when an answer is believed.

    originator  Order     record, why, until when       one signed word; it travels unchanged from hand to hand
    holder      Answer    deleted | held by a court | never here, and the ledger entry that says so
    holder      proof     that very entry, in the holder's signed and witnessed history

The entry travels with its salt, so that whoever asked can recompute the leaf, and see in the
proof that the record's key is entered as destroyed: not the word of the holder alone, but of a
history that its partners witness. All of it verifies offline, with the holder's public keys.

Source: exchange specification, "Recall, correction, lease".
"""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from ayni.errors import LedgerError, UnreadableError
from ayni.exchange.keys import PublicIdentity, origin_of
from ayni.exchange.signed_word import Word, digest_of, heard
from ayni.ledger.checkpoint import Checkpoint
from ayni.ledger.policy import Policy
from ayni.ledger.proof import Receipt
from ayni.model.act import Entry, leaf_of
from ayni.model.checks import aware, require
from ayni.model.handling import Hold

OBEY = "recall.obey"
"""Name of the act under which a holder destroys, or refuses to."""
MAX_WORDS = 2_000
"""Characters of a reason."""
MAX_ONWARD = 1_000
"""Nodes to which one holder has passed a record on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """The originator's recall of one record."""

    record: str
    originator: str
    why: str
    at: datetime
    deadline: datetime
    """Until when the originator expects an answer."""

    def __post_init__(self) -> None:
        require(bool(self.why.strip()) and len(self.why) <= MAX_WORDS, "why", f"1 to {MAX_WORDS} characters")
        for name in ("at", "deadline"):
            aware(getattr(self, name), name)
        require(self.deadline > self.at, "deadline", "after the recall itself")


class Did(StrEnum):
    """What a holder did on a recall."""

    DELETED = "deleted"
    """The key is destroyed, and every row derived from the record with it."""
    HELD = "held"
    """A court holds it: it is frozen, and nobody but the court may use it."""
    NEVER_HERE = "never-here"
    """It is not here; should it come later, it is refused."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A holder's answer to a recall."""

    order: str
    """SHA-256 of the order."""
    record: str
    holder: str
    did: Did
    at: datetime
    hold: Hold | None
    """Court, ground and day of review, where a court holds it."""
    made_from_it: int
    """The holder's own records that were made from it: a person there decides about each."""
    onward: tuple[str, ...]
    """To whom the holder had passed it on, and has passed on the recall."""
    entry: Entry
    """What the holder's ledger says of this."""
    copies: int = 0
    """Copies that persons there took out by hand: whoever recalls calls them up."""

    def __post_init__(self) -> None:
        require((self.did is Did.HELD) == (self.hold is not None), "hold", "a court is named exactly when one holds")
        require(len(self.onward) <= MAX_ONWARD, "onward", f"at most {MAX_ONWARD} nodes")
        destroyed = any(one.record == self.record and one.version == 0 for one in self.entry.touched)
        require(destroyed == (self.did is Did.DELETED), "entry", "it does not enter what the answer says")
        require(self.entry.act == OBEY, "entry", f"not of the act {OBEY}")
        require(self.entry.facts.get("order") == self.order, "entry", "of another recall")


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """Body of a message: an answer as its holder signed it, and the proof once there is one."""

    answer: str
    proof: str = ""
    """A `.tlog-proof` file, base64."""


def read_answer(told: Told, known: Mapping[str, PublicIdentity]) -> tuple[Answer, Checkpoint | None]:
    """Return an answer and, if it carries a proof, the checkpoint it leads to; everything is verified.

    Raises:
        EnvelopeError, UnreadableError: if the word is not believed or malformed.
        LedgerError: if holder and signer differ, or the proof does not prove this entry in this holder's ledger.
    """
    signer, answer = heard(told.answer, Word.RECALL_ANSWER, Answer, known)
    if signer != answer.holder:
        raise LedgerError(ledger=answer.holder, why=f"{signer} has signed for it")
    if not told.proof:
        return answer, None
    return answer, check_proof(answer, _unbase64(told.proof), known[signer])


def check_proof(answer: Answer, proof: bytes, holder: PublicIdentity, policy: Policy | None = None) -> Checkpoint:
    """Return the checkpoint under which the entry of an answer stands; needs nothing but public keys.

    Without *policy*, both signatures of the holder's own log are required and no witness.

    Raises:
        LedgerError: if the proof is of another entry or another log, or does not hold.
        UnreadableError: if it is malformed.
    """
    receipt = Receipt.parse(proof)
    origin, own = receipt.signed.checkpoint.origin, origin_of(holder.node)
    if not re.fullmatch(re.escape(own) + r"(/[0-9]{1,9})?", origin):
        raise LedgerError(ledger=own, why=f"the proof is from {origin}, another ledger")
    if receipt.leaf != leaf_of(answer.entry).to_bytes():
        raise LedgerError(ledger=own, why="the proof is of another entry")
    receipt.verify(policy or Policy(logs=holder.log_keys(origin)))
    return receipt.signed.checkpoint


def order_digest(order: str) -> str:
    """Return what names an order in answers."""
    return digest_of(order)


def _unbase64(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except ValueError as error:
        raise UnreadableError(file="proof", why="not base64") from error
