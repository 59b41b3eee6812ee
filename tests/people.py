"""Officers, mandates, signals and a house that tests share. Every identity is fictional."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from ayni.model.entity import Entity
from ayni.model.handling import Mandate, Purpose
from ayni.model.memory import MemoryStore
from ayni.model.officer import Officer, Role
from ayni.model.place import Point
from ayni.model.record import House
from ayni.model.signal import Reason, Signal, SignalState, signal_id

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
HOUSE = House(node="ec.exercise")
MANDATE = Mandate(purpose=Purpose.COUNTER_NARCOTICS, legal_basis="Exercise law, article 1")
ANALYST = Officer(id="ana", name="Ana", roles=frozenset({Role.ANALYST}))
COORDINATOR = Officer(id="coro", name="Coro", roles=frozenset({Role.COORDINATOR}))
LIAISON = Officer(id="lia", name="Lia", roles=frozenset({Role.LIAISON}))
OVERSIGHT = Officer(id="oti", name="Oti", roles=frozenset({Role.OVERSIGHT}))
DESK = Officer(id="desk:maritime", name="desk:maritime", machine=True, answerable="ana")


def a_signal(number: int = 1, *, revision: int = 1, state: SignalState = SignalState.CLOSED) -> Signal:
    """Return a silence of fourteen hours of a vessel whose MMSI is not allocated."""
    return Signal(
        id=signal_id("maritime.gap/1", {"silence_h": 6}, [number]),
        revision=revision,
        state=state,
        desk="maritime",
        rule="maritime.gap/1",
        parameters={"silence_h": 6},
        made_at=NOON,
        started_at=NOON - timedelta(hours=14),
        ended_at=NOON,
        place=Point(coordinates=(-81.0, -2.2)),
        uncertainty_m=500.0,
        subjects=(Entity(id=f"vessel-{number}", schema="Vessel", properties={"mmsi": (f"{799000000 + number}",)}),),
        reasons=(
            Reason(says="no position received for {silence_s:duration}", facts={"silence_s": 50400}, weight=0.5),
        ),
    )


class Clock:
    """A clock that tests move."""

    def __init__(self, now: datetime = NOON) -> None:
        self.now = now

    def __call__(self) -> datetime:
        """Return the instant it shows."""
        return self.now


def a_store(clock: Clock | None = None) -> MemoryStore:
    """Return an empty store at noon."""
    return MemoryStore(clock or Clock())
