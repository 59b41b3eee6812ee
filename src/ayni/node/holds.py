"""Judicial holds: evidence, also for the defence, must not vanish.

While a court holds a record, retention and recall leave it alone and answer with
the court, the ground and the day of review. A hold never renews itself: after its
review date it still stands, and whoever looks at the node sees that it is overdue.
"""

from __future__ import annotations

from dataclasses import replace

from ayni.errors import WrongStateError
from ayni.model.act import Act, acting
from ayni.model.handling import Hold, Mandate
from ayni.model.officer import Officer, Role
from ayni.model.record import Record
from ayni.model.store import Work

HOLD = Act(name="record.hold", roles=frozenset({Role.INVESTIGATOR, Role.LIAISON, Role.OVERSIGHT}))
LIFT = Act(name="record.lift", roles=frozenset({Role.OVERSIGHT}))
"""Only oversight lifts a hold, on the word of the court that ordered it."""


def hold(record: str, ordered: Hold, *, by: Officer, under: Mandate, work: Work) -> Record[object]:
    """Freeze a record by order of a court, or replace the hold it has; the caller commits.

    Raises:
        NotEntitledError: if the officer may not enter a hold.
        UnknownError: if there is no such record.
    """
    with acting(HOLD, by=by, under=under, work=work) as acts:
        held = _with_hold(acts.get(record), ordered, work)
        acts.put(held, replacing=held.header.version - 1)
        acts.note(court=ordered.court, ground=ordered.ground, review_on=ordered.review_on.isoformat())
    return held


def lift(record: str, *, words: str, by: Officer, under: Mandate, work: Work) -> Record[object]:
    """End a hold, naming the court's decision in *words*; the caller commits.

    Raises:
        NotEntitledError: if the officer is not of oversight.
        WrongStateError: if no court holds the record.
        UnknownError: if there is no such record.
    """
    with acting(LIFT, by=by, under=under, work=work) as acts:
        found = acts.get(record)
        if found.header.hold is None:
            raise WrongStateError(thing=record, state="not held", act="lift", needs="held")
        free = _with_hold(found, None, work)
        acts.put(free, replacing=found.header.version)
        acts.note(court=found.header.hold.court, words=words)
    return free


def _with_hold(record: Record[object], ordered: Hold | None, work: Work) -> Record[object]:
    header = replace(record.header, version=record.header.version + 1, changed_at=work.now, hold=ordered)
    return replace(record, header=header)
