"""What a person decides: our own records that were made from one that was recalled or corrected.

They are never deleted or changed in silence. They are listed until an officer says what was
decided about them, in words that stay in the ledger.
"""

from __future__ import annotations

from dataclasses import replace

from ayni.errors import WrongStateError
from ayni.exchange.correction import Correction
from ayni.exchange.holdings import CORRECTION
from ayni.exchange.recall_records import RECALLED, Recalled
from ayni.model.act import Act, acting
from ayni.model.handling import Mandate
from ayni.model.officer import Officer, Role
from ayni.model.record import Record, next_version
from ayni.model.store import Query, Work

SETTLE = Act(name="recall.settle", roles=frozenset({Role.INVESTIGATOR, Role.LIAISON, Role.OVERSIGHT, Role.ANALYST}))
MOST = 100


def settle(record: str, *, words: str, by: Officer, under: Mandate, work: Work) -> tuple[str, ...]:
    """Say that a person has decided about our records made from one that its originator took back or corrected.

    Returns those that were decided about. The caller commits.

    Raises:
        WrongStateError: if nothing of that record is left to decide, or no words are given.
        NotEntitledError: if the officer may not.
    """
    with acting(SETTLE, by=by, under=under, work=work) as acts:
        decided = dict[str, None]()
        for stored in _waiting(record, work):
            body = stored.body
            if isinstance(body, Recalled | Correction) and words.strip():
                decided |= dict.fromkeys(body.made_from_it)
                rest = replace(body, made_from_it=())
                new = next_version(stored, rest, now=acts.now, state=stored.header.state)
                acts.put(new, replacing=stored.header.version)
        if not decided:
            raise WrongStateError(
                thing=f"record {record}",
                state="not waiting",
                act=SETTLE.name,
                needs="recalled or corrected, with records made from it",
            )
        acts.note(record=record, words=words, records=" ".join(decided))
    return tuple(decided)


def _waiting(record: str, work: Work) -> list[Record[object]]:
    found = [
        header
        for kind in (RECALLED, CORRECTION)
        for header in work.find(Query(kind=kind, identifier=f"record:{record}", limit=MOST))
    ]
    stored = [work.get(header.id) for header in found]
    return [one for one in stored if isinstance(one.body, Recalled | Correction) and one.body.made_from_it]
