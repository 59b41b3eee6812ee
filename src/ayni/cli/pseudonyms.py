"""Pseudonyms for demonstrations: no real ship is ever singled out.

Each MMSI becomes one of a block that the ITU has not allocated (799xxxxxx), names
and call signs are left out, and the id of the signal is drawn anew, because ids of
real MMSIs could be guessed. The key is thrown away with the process, so nobody can
go back.
"""

from __future__ import annotations

import hashlib
import hmac
import os
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from ayni.model.entity import Entity
from ayni.model.signal import Fact, Reason, Signal

BLOCK = 799_000_000
"""Maritime identification digits 799 belong to no State. Source: ITU, Table of MIDs."""
KEY_BYTES = 32


@dataclass(slots=True)
class Pseudonyms:
    """One demonstration's mapping, kept in memory only."""

    _key: bytes = field(default_factory=lambda: os.urandom(KEY_BYTES))
    _given: dict[str, str] = field(default_factory=dict[str, str])

    def of(self, mmsi: str) -> str:
        """Return the pseudonym of an MMSI: the same within one demonstration, unrelated to the number."""
        if mmsi not in self._given:
            self._given[mmsi] = str(BLOCK + len(self._given) + 1)
        return self._given[mmsi]

    def hide(self, signals: Sequence[Signal]) -> list[Signal]:
        """Return the signals with every vessel under its pseudonym."""
        return [self._hide(signal) for signal in signals]

    def _hide(self, signal: Signal) -> Signal:
        hidden = hmac.new(self._key, signal.id.encode(), hashlib.sha256).hexdigest()[:32]
        known = {entity.first("mmsi") for entity in signal.subjects}
        return replace(
            signal,
            id=hidden,
            subjects=tuple(self._entity(entity) for entity in signal.subjects),
            reasons=tuple(self._reason(reason, known) for reason in signal.reasons),
            evidence=(),
        )

    def _entity(self, entity: Entity) -> Entity:
        mmsi = self.of(entity.first("mmsi"))
        return Entity(id=f"mmsi-{mmsi}", schema=entity.schema, properties={"mmsi": (mmsi,)})

    def _reason(self, reason: Reason, known: set[str]) -> Reason:
        facts: dict[str, Fact] = {
            name: self._fact(name, value, known) for name, value in reason.facts.items() if name not in _NAMING
        }
        return replace(reason, facts=facts)

    def _fact(self, name: str, value: Fact, known: set[str]) -> Fact:
        if "mmsi" in name or str(value) in known:
            return type(value)(self.of(str(value)))
        return value


_NAMING = frozenset({"name", "callsign", "imo", "destination", "name_before", "name_after"})
"""Facts that would name a ship; a sentence that needs one shows the hole instead."""
