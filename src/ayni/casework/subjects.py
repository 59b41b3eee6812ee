"""One subject through time: every record that names it, found by its number and seen without being opened.

Looking somebody up is an act like opening a record: who looked, when, for what. The
history does not say at whom, because it outlives what is kept of that subject.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from ayni.casework.consult import CONSULT
from ayni.casework.raising import SUBJECT_IDENTIFIERS
from ayni.model.act import Act, acting
from ayni.model.handling import Mandate
from ayni.model.officer import Officer
from ayni.model.record import Header
from ayni.model.store import Query, Work

LOOK_UP = Act(name="subject.open", roles=CONSULT.roles)
MOST: Final = 200
"""Records of one subject shown at once; older ones are asked for by an earlier end. Ours."""
FOLLOWED: Final = 30
"""Records whose tasks and outcomes are looked for: each costs a search of its own. Ours."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What the casebook holds of one subject in a stretch of time, newest first."""

    own: Sequence[Header]
    """Signals, reports and entries of this node."""
    told: Sequence[Header]
    """What partners shared; each under the agreement its header names."""
    followed: Sequence[Header]
    """Tasks and outcomes made from any of them."""
    more: bool
    """True when there is more in that time than is shown."""


def look_up(
    prop: str, value: str, *, since: datetime, until: datetime, by: Officer, under: Mandate, work: Work
) -> Known:
    """Find every record that names the subject whose FollowTheMoney *prop* is *value*. The caller commits.

    Raises:
        NotEntitledError: if the officer may not read records. Nothing is looked up.
    """
    with acting(LOOK_UP, by=by, under=under, work=work) as acts:
        asked = Query(
            identifier=f"{SUBJECT_IDENTIFIERS.get(prop, prop)}:{value}", since=since, until=until, limit=MOST + 1
        )
        found = acts.find(asked)
        shown = found[:MOST]
        followed = {
            one.id: one
            for header in shown[:FOLLOWED]
            for kind in ("task", "outcome")
            for one in acts.find(Query(kind=kind, made_from=header.id, limit=10))
        }
        acts.note(found=len(shown))
        return Known(
            own=[one for one in shown if not one.agreement],
            told=[one for one in shown if one.agreement],
            followed=sorted(followed.values(), key=begun, reverse=True),
            more=len(found) > MOST,
        )


def begun(header: Header) -> datetime:
    """Return when what a record speaks of began, or when the record was made."""
    return header.started_at or header.made_at
