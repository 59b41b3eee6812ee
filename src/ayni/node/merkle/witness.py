"""What our witness remembers of partners' logs, in the node's database."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from django.db import IntegrityError

from ayni.ledger.tree import HASH_BYTES
from ayni.ledger.witness import Evidence, Suspicion
from ayni.node.merkle.models import StoredEvidence, StoredWitnessed
from ayni.node.records.faults import translated
from ayni.node.records.sealing import from_us, to_us
from ayni.node.records.turnstile import writing


@dataclass(frozen=True, slots=True, kw_only=True)
class DatabaseWitnessStore:
    """See `ayni.ledger.witness.WitnessStore`."""

    alias: str
    folder: Path

    def latest(self, origin: str) -> tuple[bytes, datetime] | None:
        """Return the newest checkpoint cosigned of a log, and when."""
        with translated(self.folder, "reading what was witnessed"):
            row = StoredWitnessed.objects.using(self.alias).filter(origin=origin).first()
        return None if row is None else (bytes(row.note), from_us(row.at))

    def replace(self, origin: str, held: bytes | None, note: bytes, at: datetime) -> bool:
        """Make *note* durable in place of exactly *held*: one statement decides, on every database."""
        rows = StoredWitnessed.objects.using(self.alias)
        with translated(self.folder, "witnessing"):
            if held is not None:
                return rows.filter(origin=origin, note=held).update(note=note, at=to_us(at)) == 1
            try:
                with writing(self.alias):
                    rows.create(origin=origin, note=note, at=to_us(at))
            except IntegrityError:
                return False
        return True

    def keep_evidence(self, evidence: Evidence) -> None:
        """Keep evidence durably, once."""
        digest = hashlib.sha256(evidence.held + b"\0" + evidence.shown).hexdigest()
        with translated(self.folder, "keeping evidence"):
            StoredEvidence.objects.using(self.alias).get_or_create(
                digest=digest,
                defaults={
                    "origin": evidence.origin,
                    "kind": evidence.kind.value,
                    "held": evidence.held,
                    "shown": evidence.shown,
                    "proof": b"".join(evidence.proof),
                    "at": to_us(evidence.at),
                },
            )

    def evidence(self, origin: str) -> Sequence[Evidence]:
        """Return what is kept against a log, oldest first."""
        with translated(self.folder, "reading evidence"):
            rows = list(StoredEvidence.objects.using(self.alias).filter(origin=origin).order_by("at"))
        return [
            Evidence(
                kind=Suspicion(row.kind),
                origin=row.origin,
                held=bytes(row.held),
                shown=bytes(row.shown),
                proof=tuple(_split(bytes(row.proof))),
                at=from_us(row.at),
            )
            for row in rows
        ]


def _split(proof: bytes) -> list[bytes]:
    return [proof[at : at + HASH_BYTES] for at in range(0, len(proof), HASH_BYTES)]
