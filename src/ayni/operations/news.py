"""What came since an officer last looked: counts by sort.

signals     of rules and of officers, that nobody has decided
tasks       proposed, to be accepted or declined
requests    of partners that wait for our answer, and answers to ours
corrected   records of partners that they put right
recalled    records of partners that they took back: what we made from them waits for a person
outcomes    told by partners, of what came of something we gave

They are counted from clear columns alone; nothing is opened.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from ayni.exchange.correction import APPLIED
from ayni.exchange.holdings import CORRECTION
from ayni.exchange.recall_records import RECALLED
from ayni.exchange.requests import REQUEST
from ayni.model.record import Header
from ayni.model.store import Query, Work
from ayni.model.task import TaskState
from ayni.model.triage import TriageState

MOST: Final = 100
"""Records of each sort that are looked at: beyond them a count says no more than "many". Ours."""
SORTS: Final[Mapping[str, Query]] = {
    "signals": Query(kind="signal", states=(TriageState.PENDING.value,), limit=MOST),
    "tasks": Query(kind="task", states=(TaskState.PROPOSED.value,), limit=MOST),
    "requests": Query(kind=REQUEST, limit=MOST),
    "corrected": Query(kind=CORRECTION, states=(APPLIED,), limit=MOST),
    "recalled": Query(kind=RECALLED, limit=MOST),
    "outcomes": Query(kind="outcome", limit=MOST),
}


def news(since: datetime, *, house: str, work: Work) -> Mapping[str, int]:
    """Return how many records of each sort are new since then, at most 100 each; *house* is this node.

    A signal that its rule only revised is not new, and what this node asked or recorded itself is no news to it.
    """
    found = {}
    for sort, query in SORTS.items():
        count = sum(_new(sort, header, since, house) for header in work.find(query))
        if count:
            found[sort] = count
    return found


def _new(sort: str, header: Header, since: datetime, house: str) -> bool:
    if sort == "requests":  # one of ours is news when it is answered, one of theirs at every step
        return header.changed_at > since and (header.originator != house or header.version > 1)
    if sort == "outcomes" and header.originator == house:
        return False
    return header.made_at > since
