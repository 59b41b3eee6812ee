"""What a witness remembers, in plain files: one a log, and one for each piece of evidence."""

from __future__ import annotations

import base64
import fcntl
import hashlib
import json
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from ayni.errors import LedgerError
from ayni.ledger.files import write_durably
from ayni.ledger.witness import Evidence, Suspicion


class FileWitnessStore:
    """What a witness remembers, one file a log; `replace` compares and writes under one lock."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        (folder / "evidence").mkdir(exist_ok=True, mode=0o700)
        self._folder = folder

    def latest(self, origin: str) -> tuple[bytes, datetime] | None:
        """Return the newest checkpoint cosigned of a log, and when.

        Raises:
            LedgerError: if the file is damaged: a witness that forgot must not sign.
        """
        path = self._path(origin)
        try:
            held = json.loads(path.read_bytes())
            return base64.b64decode(held["note"], validate=True), datetime.fromisoformat(held["at"])
        except FileNotFoundError:
            return None
        except (ValueError, KeyError, TypeError) as error:
            raise LedgerError(ledger=origin, why=f"{path} is damaged") from error

    def replace(self, origin: str, held: bytes | None, note: bytes, at: datetime) -> bool:
        """Make *note* durable in place of exactly *held*."""
        with self._locked():
            found = self.latest(origin)
            if (None if found is None else found[0]) != held:
                return False
            kept = {"origin": origin, "note": base64.b64encode(note).decode(), "at": at.isoformat()}
            write_durably(self._path(origin), json.dumps(kept).encode())
            return True

    def keep_evidence(self, evidence: Evidence) -> None:
        """Keep evidence durably, once."""
        kept = {
            "kind": evidence.kind.value,
            "origin": evidence.origin,
            "held": base64.b64encode(evidence.held).decode(),
            "shown": base64.b64encode(evidence.shown).decode(),
            "proof": [base64.b64encode(step).decode() for step in evidence.proof],
            "at": evidence.at.isoformat(),
        }
        name = hashlib.sha256(evidence.held + b"\0" + evidence.shown).hexdigest()
        path = self._folder / "evidence" / f"{name}.json"
        with self._locked():
            if not path.exists():
                write_durably(path, json.dumps(kept, indent=1).encode())

    def evidence(self, origin: str) -> Sequence[Evidence]:
        """Return what is kept against a log, oldest first."""
        found = [json.loads(path.read_bytes()) for path in (self._folder / "evidence").glob("*.json")]
        return [
            Evidence(
                kind=Suspicion(held["kind"]),
                origin=held["origin"],
                held=base64.b64decode(held["held"]),
                shown=base64.b64decode(held["shown"]),
                proof=tuple(base64.b64decode(step) for step in held["proof"]),
                at=datetime.fromisoformat(held["at"]),
            )
            for held in sorted(found, key=lambda held: str(held["at"]))
            if held["origin"] == origin
        ]

    def _path(self, origin: str) -> Path:
        return self._folder / f"{hashlib.sha256(origin.encode()).hexdigest()}.json"

    @contextmanager
    def _locked(self) -> Iterator[None]:
        descriptor = os.open(self._folder / "lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)
