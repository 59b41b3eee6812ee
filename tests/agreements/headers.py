"""Headers and asks that tests share, everyday and random."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from ayni.agreements.request import Ask
from ayni.agreements.vocabulary import Action
from ayni.model.checks import uuid7
from ayni.model.handling import PAP, TLP, Category, Handling, HandlingCode, Hold, Mandate, Purpose
from ayni.model.record import Header

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
OURS, THEIRS = "ec.armada", "pe.dicapi"
MANDATE = Mandate(purpose=Purpose.COUNTER_NARCOTICS, legal_basis="Exercise law, article 1")

SERVED = (Purpose.COUNTER_NARCOTICS, Purpose.SAFETY, Purpose.ILLEGAL_FISHING, Purpose.TRAINING)


def a_header(originator: str = OURS, agreement: str = "", parents: tuple[str, ...] = ()) -> Header:
    """Return the header of a signal made ten days ago, kept for a year, marked CLEAR."""
    made = NOON - timedelta(days=10)
    return Header(
        id=uuid7(round(made.timestamp() * 1000)),
        kind="signal",
        rule="maritime.gap/1",
        originator=originator,
        purposes=(Purpose.COUNTER_NARCOTICS,),
        legal_basis="Exercise law, article 1",
        handling=Handling(tlp=TLP.CLEAR, pap=PAP.CLEAR),
        keep_until=made + timedelta(days=365),
        made_at=made,
        changed_at=made,
        agreement=agreement,
        parents=parents,
    )


def an_ask(action: Action = Action.SHARE, principal: str = THEIRS, holder: str = OURS) -> Ask:
    """Return what an officer asks at noon."""
    return Ask(action=action, principal=principal, holder=holder, under=MANDATE, at=NOON)


def a_random_header(source: random.Random) -> Header:
    """Return a header in which anything may be unusual."""
    made = NOON - timedelta(days=source.choice([0, 1, 89, 90, 91, 364, 365, 366, 400]), seconds=source.choice([0, 1]))
    codes = source.choice([(HandlingCode.H0,), (HandlingCode.H1,), (HandlingCode.H2, HandlingCode.H3)])
    plain = replace(
        a_header(originator=source.choice([OURS, THEIRS, "xx.stranger"])),
        kind=source.choice(["signal", "report", "task", "outcome", "tracks", "evidence", "case"]),
        purposes=tuple(source.sample(SERVED, source.randint(1, 4))),
        handling=Handling(codes=codes, tlp=source.choice([*TLP]), pap=source.choice([*PAP]), caveats="in words"),
        made_at=made,
        keep_until=made + timedelta(days=source.choice([10, 365, 1000])),
        priority=source.random(),
    )
    return replace(
        plain,
        categories=source.choice([(), (), (), (Category.HEALTH,), (Category.VICTIM, Category.MINOR)]),
        recalled_at=source.choice([None, None, None, NOON]),
        hold=source.choice([None, None, Hold(court="Exercise court", ground="appeal", review_on=NOON)]),
    )
