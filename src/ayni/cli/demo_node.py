"""Scene two of the demonstration: a node takes the signals in, and its officers go to work.

Everything is fictional but the positions: an exercise institution, officers with
first names only, and a password drawn anew each time and shown once.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ayni.casework.raising import raise_signals
from ayni.casework.triage import dismiss, validate
from ayni.model.handling import Mandate, Purpose
from ayni.model.officer import Officer, Role
from ayni.model.signal import Signal
from ayni.model.store import Work
from ayni.model.triage import Dismissal
from ayni.node.creating import create_node
from ayni.node.doors import house_of
from ayni.node.opening import OpenNode, open_node
from ayni.node.status import Status, status_of

BASIS = "Exercise: no real mandate, no real vessel, no real officer"
OFFICERS: Sequence[tuple[str, str, frozenset[Role]]] = (
    ("ana", "Ana (analyst)", frozenset({Role.ANALYST})),
    ("coro", "Coro (coordinator)", frozenset({Role.COORDINATOR, Role.INVESTIGATOR})),
    ("lia", "Lia (liaison)", frozenset({Role.LIAISON})),
    ("oti", "Oti (oversight)", frozenset({Role.OVERSIGHT})),
)
WORD_COUNT = 4
WORDS = ("faro", "brisa", "ancla", "delta", "norte", "marea", "quilla", "puerto", "estela", "bahia", "cabo", "vela")


@dataclass(frozen=True, slots=True, kw_only=True)
class Staged:
    """The node of the demonstration, ready to be looked at."""

    folder: Path
    password: str
    """Of every demonstration officer."""
    officers: tuple[str, ...]
    status: Status


def stage(folder: Path, signals: Sequence[Signal]) -> Staged:
    """Make a node, let its officers in, take the signals in and decide about two of them."""
    create_node(folder, name="Estación de ejercicio", country="EC", id="ec-exercise")
    password = "-".join(secrets.choice(WORDS) for _ in range(WORD_COUNT)) + f"-{secrets.randbelow(90) + 10}"
    with open_node(folder) as node:
        ana, desk = _let_in(node, password)
        under = Mandate(purpose=Purpose.TRAINING, legal_basis=BASIS)
        with node.store.work() as work:
            raised = raise_signals(signals, house=house_of(node.settings), by=desk, under=under, work=work)
            work.commit()
        with node.store.work() as work:
            _decide(raised.new, by=ana, under=under, work=work)
            work.commit()
        return Staged(
            folder=folder,
            password=password,
            officers=("ada", *(username for username, _, _ in OFFICERS)),
            status=status_of(node),
        )


def _let_in(node: OpenNode, password: str) -> tuple[Officer, Officer]:
    from ayni.node.officers.acts import (  # noqa: PLC0415 -- needs Django configured
        NewOfficer,
        add_first,
        add_machine,
        add_officer,
    )

    under = Mandate(purpose=Purpose.TRAINING, legal_basis=BASIS)
    with node.store.work() as work:
        first = NewOfficer(
            username="ada", name="Ada (administrator)", roles=frozenset({Role.ADMINISTRATOR}), password=password
        )
        ada = add_first(first, under=under, work=work)
        added = [
            add_officer(
                NewOfficer(username=username, name=name, roles=roles, password=password),
                by=ada,
                under=under,
                work=work,
            )
            for username, name, roles in OFFICERS
        ]
        desk = add_machine("desk:maritime", by=ada, under=under, work=work)
        work.commit()
    return added[0], desk


def _decide(records: Sequence[str], *, by: Officer, under: Mandate, work: Work) -> None:
    """Validate the first and dismiss the second, so that the casebook shows both."""
    if records:
        validate(records[0], words="exercise", by=by, under=under, work=work)
    for record in records[1:2]:
        dismiss(record, why=Dismissal.POOR_RECEPTION, words="exercise", by=by, under=under, work=work)
