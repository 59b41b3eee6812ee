"""Why an envelope was refused: one cause, one sentence, and what the facts were.

The sentence travels in the receipt as a phrase with its facts, so that the sender's
officers read it in their own language.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from ayni.errors import EnvelopeError
from ayni.model.signal import Reason
from ayni.toolkit.phrases import phrase


class Cause(StrEnum):
    """What was wrong with an envelope."""

    TOO_LARGE = "too-large"
    MALFORMED = "malformed"
    DAMAGED = "damaged"
    MISDIRECTED = "misdirected"
    SEAL = "seal"
    UNKNOWN_SENDER = "unknown-sender"
    SIGNATURE = "signature"
    IMPERSONATION = "impersonation"
    FORWARDED = "forwarded"
    CLEAR_LINE = "clear-line"
    EXPIRED = "expired"
    FROM_THE_FUTURE = "from-the-future"
    OTHER_TEXT = "other-text"
    GAP = "gap"
    FORKED = "forked"
    REFUSED_BEFORE = "refused-before"
    NOT_UNDERSTOOD = "not-understood"
    NOT_DONE = "not-done"
    NOT_THEIRS = "not-theirs"
    HERE_ALREADY = "here-already"
    NOT_ORIGINATOR = "not-originator"
    RECALLED = "recalled"
    NOT_ASKED = "not-asked"
    NOT_PROVEN = "not-proven"
    WORD = "word"
    ANSWERED = "answered"
    NOT_HELD = "not-held"
    HELD_BY_COURT = "held-by-court"
    NOT_IN_ROOM = "not-in-room"
    NOT_LENT = "not-lent"


FROM_THE_INBOX = frozenset(
    {
        *(Cause.GAP, Cause.FORKED, Cause.REFUSED_BEFORE, Cause.NOT_UNDERSTOOD, Cause.NOT_DONE),
        Cause.NOT_LENT,
        *(Cause.NOT_THEIRS, Cause.HERE_ALREADY, Cause.NOT_ORIGINATOR, Cause.RECALLED),
        *(
            Cause.NOT_ASKED,
            Cause.NOT_PROVEN,
            Cause.WORD,
            Cause.ANSWERED,
            Cause.NOT_HELD,
            Cause.HELD_BY_COURT,
            Cause.NOT_IN_ROOM,
        ),
    }
)
"""Causes that only whoever keeps the inbox can know; the others show when an envelope is opened."""

SENTENCES: Mapping[Cause, str] = {
    Cause.TOO_LARGE: phrase("it has {bytes:integer} bytes; at most {limit:integer} are read"),
    Cause.MALFORMED: phrase("its {what} is not of the format: {detail}"),
    Cause.DAMAGED: phrase("it was cut short or changed on the way"),
    Cause.MISDIRECTED: phrase("it is not addressed to {node}"),
    Cause.SEAL: phrase("it cannot be unsealed: {detail}"),
    Cause.UNKNOWN_SENDER: phrase("no keys are believed under the name {kid}"),
    Cause.SIGNATURE: phrase("its signatures do not hold: {detail}"),
    Cause.IMPERSONATION: phrase("it says it is from {claimed}, and is signed by {kid}"),
    Cause.FORWARDED: phrase("it was written to others, not to {node}, and passed on"),
    Cause.CLEAR_LINE: phrase("what stands on it in clear is not what stands inside"),
    Cause.EXPIRED: phrase("it expired on {expires:instant}"),
    Cause.FROM_THE_FUTURE: phrase("it says it was made on {created:instant}, which has not come yet"),
    Cause.OTHER_TEXT: phrase(
        "it names agreement {agreement}, version {version}, in a text that is not the one we hold"
    ),
    Cause.GAP: phrase(
        "number {got:integer} of stream {stream} came before number {expected:integer}: send from there"
    ),
    Cause.FORKED: phrase("number {got:integer} of stream {stream} does not follow the message before it"),
    Cause.REFUSED_BEFORE: phrase("it was refused before; whoever still wants it to arrive writes it anew"),
    Cause.NOT_UNDERSTOOD: phrase("this node takes in no messages of type {type}"),
    Cause.NOT_DONE: phrase("it could not be done here: {why}"),
    Cause.NOT_THEIRS: phrase(
        "it is a record of {originator}, passed on by {sender} without the consent of {originator}"
    ),
    Cause.HERE_ALREADY: phrase(
        "record {record} is here already, or was deleted here; a correction or a new record is taken"
    ),
    Cause.NOT_ORIGINATOR: phrase("{signer} is not the originator of record {record}; nobody else can say this of it"),
    Cause.RECALLED: phrase("record {record} was recalled by {originator} before it came"),
    Cause.NOT_ASKED: phrase("it answers what {node} has not asked of {holder}"),
    Cause.NOT_PROVEN: phrase("the answer of {holder} does not hold: {why}"),
    Cause.ANSWERED: phrase("request {request} stands at {state}, where no such answer follows"),
    Cause.NOT_HELD: phrase("{node} does not hold record {record} in these bytes, or may not pass it on"),
    Cause.NOT_LENT: phrase("the key of record {record} is not lent, or no longer, in these bytes"),
    Cause.NOT_IN_ROOM: phrase("{node} is not in room {room}"),
    Cause.HELD_BY_COURT: phrase("{court} holds record {record}: it stays as it was"),
    Cause.WORD: phrase("a signed word in it is not believed: {why}"),
}


def reason_of(cause: Cause, /, **facts: str | int) -> Reason:
    """Return the sentence for *cause* with its facts, as a receipt carries it."""
    return Reason(says=SENTENCES[cause], facts=facts, weight=0.0)


def refusal(cause: Cause, envelope: str = "?", /, **facts: str | int) -> EnvelopeError:
    """Return the error for *cause*: its `facts` hold the cause and the reason for the receipt."""
    sentence = SENTENCES[cause]
    reason = reason_of(cause, **facts)
    return EnvelopeError(envelope=envelope, why=_plainly(sentence, facts), cause=cause, reason=reason)


def _plainly(sentence: str, facts: Mapping[str, str | int]) -> str:
    """Fill the holes without a language: for logs and the command line."""
    for name, fact in facts.items():
        for hole in (f"{{{name}}}", f"{{{name}:integer}}", f"{{{name}:instant}}"):
            sentence = sentence.replace(hole, str(fact))
    return sentence
