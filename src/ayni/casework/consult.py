"""Reading a record is an act too, and so is looking for one: who looked, when, why, under which rule of law.

Source: Directive (EU) 2016/680, article 25 (logging of consultation and disclosure).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from ayni.model.act import Act, acting
from ayni.model.handling import Mandate
from ayni.model.officer import Officer, Role
from ayni.model.record import Header, Record
from ayni.model.store import Query, Work

CONSULT = Act(
    name="record.open",
    roles=frozenset({Role.ANALYST, Role.INVESTIGATOR, Role.COORDINATOR, Role.LIAISON}),
)
"""Oversight is not among them: it reads the history, never the content."""
SEARCH = Act(name="record.search", roles=CONSULT.roles)
"""Whoever may open records may look for them by what they say."""


class Names(Protocol):
    """Finds records by the names, numbers and words in them."""

    def matching(self, words: str, *, limit: int) -> tuple[Sequence[str], int]:
        """Return the newest records that match all *words*, at most *limit*, and how many match in all."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Matches:
    """What a search found: headers, newest first, and how many records match in all."""

    headers: Sequence[Header]
    total: int


def consult(record: str, *, by: Officer, under: Mandate, work: Work) -> Record[object]:
    """Open a record for reading; the consultation is written down. The caller commits.

    Raises:
        NotEntitledError: if the officer may not read records. Nothing is opened.
        UnknownError: if it is not there, or its key was destroyed.
    """
    with acting(CONSULT, by=by, under=under, work=work) as acts:
        found = acts.open(record)
        acts.note(kind=found.header.kind)
        return found


def search(words: str, *, names: Names, limit: int, by: Officer, under: Mandate, work: Work) -> Matches:
    """Find records by what they say, without opening them; the search is written down. The caller commits.

    The entry holds how many records were found, never the words nor a hash of them: the
    history outlives the records, and a name that was deleted must not stay in it.

    Raises:
        NotEntitledError: if the officer may not read records. Nothing is looked up.
    """
    with acting(SEARCH, by=by, under=under, work=work) as acts:
        records, total = names.matching(words, limit=limit)
        headers = acts.find(Query(among=tuple(records), limit=limit))
        acts.note(found=total, shown=len(headers))
        return Matches(headers=headers, total=total - (len(records) - len(headers)))
