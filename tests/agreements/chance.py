"""Random requests: mostly everyday, with a few facts changed, so that both answers are common."""

from __future__ import annotations

import random
from collections.abc import Sequence

from ayni.agreements.text import AgreementText
from ayni.agreements.vocabulary import ATTRIBUTES, Action, Attribute, Sort, Value
from tests.agreements.texts import a_request

STRANGER = "xx.stranger"


def a_random_request(source: random.Random, text: AgreementText) -> dict[str, Value]:
    """Return facts of a request, each attribute within what it may hold."""
    nodes = [*text.party_ids, STRANGER]
    purpose = str(source.choice(text.purposes))
    sender, receiver = source.sample(text.party_ids, 2)
    facts = a_request(
        action=str(source.choice(list(Action))),
        principal=receiver,
        resource__originator=sender,
        context__holder=receiver,
        context__purpose=purpose,
        resource__purposes=(purpose,),
        resource__kind=source.choice(
            ["signal", "report", "task", "outcome", "tracks", "evidence", "request", "case"]
        ),
    )
    for _ in range(source.choice([0, 1, 1, 2, 3, 8])):
        attribute = source.choice(ATTRIBUTES)
        facts[attribute.path] = _any_value(source, attribute, nodes)
    if source.random() < 0.2:
        facts["principal"] = source.choice(nodes)
    return facts


def _any_value(source: random.Random, attribute: Attribute, nodes: Sequence[str]) -> Value:
    if attribute.sort is Sort.TRUTH:
        return source.random() < 0.5
    if attribute.sort is Sort.NUMBER:
        edges = [0, 1, 2, 3, 89, 90, 91, 179, 180, 181, 364, 365, 366, 1825, 1826, attribute.high]
        return min(source.choice(edges), attribute.high)
    if attribute.sort is Sort.NODE:
        return source.choice(nodes)
    words = attribute.values or ("", "signal", "maritime", "something else", "EC-PE-1")
    if attribute.sort is Sort.WORD:
        return source.choice(words)
    return tuple(source.sample(words, source.randint(0, min(4, len(words)))))
