"""Reading a record is an act too: who looked, when, why, under which rule of law.

Source: Directive (EU) 2016/680, article 25 (logging of consultation and disclosure).
"""

from __future__ import annotations

from ayni.model.act import Act, acting
from ayni.model.handling import Mandate
from ayni.model.officer import Officer, Role
from ayni.model.record import Record
from ayni.model.store import Work

CONSULT = Act(
    name="record.open",
    roles=frozenset({Role.ANALYST, Role.INVESTIGATOR, Role.COORDINATOR, Role.LIAISON}),
)
"""Oversight is not among them: it reads the history, never the content."""


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
