"""A signed word: one value, signed by the node that says it, that anyone may pass on.

An envelope proves who handed over what. A word proves who *said* it, also three hands later:
the originator's recall, a holder's answer, a consent to pass a record on. It is a JWS with
the two signatures of a node, under a type of its own, so that no word can be taken for another.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from enum import StrEnum
from typing import TypeVar

from ayni.errors import EnvelopeError
from ayni.exchange.jws import sign, signer_of, verify
from ayni.exchange.keys import Identity, PublicIdentity
from ayni.model.codec import from_json, to_json

T = TypeVar("T")


class Word(StrEnum):
    """What a word is, as its signatures protect it."""

    RECALL = "ayni-recall+jws"
    RECALL_ANSWER = "ayni-recall-answer+jws"
    ONWARD_CONSENT = "ayni-onward-consent+jws"
    CORRECTION = "ayni-correction+jws"
    ROOM_ENTRY = "ayni-room-entry+jws"


def say(identity: Identity, what: Word, value: object) -> str:
    """Return *value* signed by *identity*."""
    return sign(to_json(value), what, [(identity.kid, identity.sign)]).decode()


def heard(text: str, what: Word, kind: type[T], known: Mapping[str, PublicIdentity]) -> tuple[str, T]:
    """Return who said a word, and what, once both signatures hold.

    Raises:
        EnvelopeError: if it is of nobody known, another type, or not signed by whom it names.
        UnreadableError: if it is malformed, or not a value of *kind*.
    """
    data = text.encode()
    kid = signer_of(data, what)
    identity = known.get(kid.rpartition("/")[0])
    if identity is None or identity.kid != kid:
        raise EnvelopeError(envelope=what, why=f"no keys of {kid} are believed now")
    return identity.node, from_json(verify(data, what, [identity.signing]), kind)


def digest_of(text: str) -> str:
    """Return the SHA-256 that names a word."""
    return hashlib.sha256(text.encode()).hexdigest()
