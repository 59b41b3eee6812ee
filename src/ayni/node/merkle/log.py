"""The log of `ayni.ledger.log` over the node's database: one transaction places entries and hashes them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from django.db import connections, models

from ayni.errors import LedgerError
from ayni.ledger.checkpoint import SignedCheckpoint
from ayni.ledger.log import Halt, Seen
from ayni.ledger.tiles import TILE_HASHES, TILE_LEVELS, TiledHashes, tile_path, tile_rows
from ayni.ledger.tree import HASH_BYTES, StoredHash
from ayni.node.merkle.models import StoredCheckpoint, StoredLog, StoredSeen, StoredTile
from ayni.node.records.faults import translated
from ayni.node.records.models import StoredEntry
from ayni.node.records.sealing import from_us, to_us
from ayni.node.records.turnstile import writing

LOCK = 0x61796E69
"""Advisory lock of PostgreSQL under which one sequencer works at a time: `ayni` in ASCII."""
_LEVEL_BITS, _INDEX_BITS = 8, 40


def place_of(epoch: int, level: int, index: int) -> int:
    """Return the primary key of a tile: 15 bits of epoch, 8 of tile level, 40 of index."""
    return (epoch << _LEVEL_BITS | level) << _INDEX_BITS | index


@dataclass(frozen=True, slots=True, kw_only=True)
class DatabaseLog:
    """The log in use of one node."""

    alias: str
    folder: Path
    """The node's folder; errors name it."""
    epoch: int
    origin: str
    first_seq: int

    @staticmethod
    def open(alias: str, folder: Path, origin: str) -> DatabaseLog:
        """Return the newest log of the database; the first one, named *origin*, is made if there is none."""
        with translated(folder, "opening the ledger"), writing(alias):
            rows = StoredLog.objects.using(alias)
            found = rows.order_by("-epoch").first()
            if found is None:
                found = rows.create(epoch=0, origin=origin, first_seq=0, halt_shown=b"")
        return DatabaseLog(
            alias=alias, folder=folder, epoch=found.epoch, origin=found.origin, first_seq=found.first_seq
        )

    @contextmanager
    def view(self) -> Iterator[DatabaseTurn]:
        """Look at the log. Entries with a place and full tiles never change, so no lock is needed."""
        with translated(self.folder, "reading the ledger"):
            yield DatabaseTurn(self)

    @contextmanager
    def turn(self) -> Iterator[DatabaseTurn]:
        """Take the log for one transaction; another sequencer waits."""
        with translated(self.folder, "writing the ledger"), writing(self.alias):
            if connections[self.alias].vendor == "postgresql":
                with connections[self.alias].cursor() as cursor:
                    cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
            yield DatabaseTurn(self)

    def checkpoints(self) -> Sequence[bytes]:
        """Return every signed checkpoint kept, oldest first."""
        rows = StoredCheckpoint.objects.using(self.alias).filter(epoch=self.epoch).order_by("size")
        return [bytes(note) for note in rows.values_list("note", flat=True)]

    def index_of(self, entry: str) -> int | None:
        """Return the place of an entry in this log, by its id; None while it waits or if it lies in an older log."""
        rows = StoredEntry.objects.using(self.alias).filter(id=entry, seq__gte=self.first_seq)
        seq = rows.values_list("seq", flat=True).first()
        return None if seq is None else int(seq) - self.first_seq

    def succeed(self, origin: str, *, keeping: int) -> DatabaseLog:
        """Begin a new log after the first *keeping* entries of this one; entries after them wait again."""
        first = self.first_seq + keeping
        with self.turn():
            StoredEntry.objects.using(self.alias).filter(seq__gte=first).update(seq=None)
            StoredSeen.objects.using(self.alias).all().delete()
            StoredLog.objects.using(self.alias).create(
                epoch=self.epoch + 1, origin=origin, first_seq=first, halt_shown=b""
            )
        return DatabaseLog(alias=self.alias, folder=self.folder, epoch=self.epoch + 1, origin=origin, first_seq=first)


class DatabaseTurn:
    """A look at the log, or one transaction of it. See `ayni.ledger.log.Turn`."""

    def __init__(self, log: DatabaseLog) -> None:
        self._log = log
        self._using = log.alias
        self._row = StoredLog.objects.using(self._using).get(epoch=log.epoch)
        last = self._entries().filter(seq__isnull=False).order_by("-seq").values_list("seq", flat=True).first()
        self._size = 0 if last is None else max(0, int(last) + 1 - log.first_seq)
        self._hashes = TiledHashes(self)
        self._waiting: list[int] = []

    @property
    def size(self) -> int:
        """Entries that have a place."""
        return self._size

    def tile(self, level: int, index: int) -> bytes:
        """Return the hashes of a tile."""
        place = place_of(self._log.epoch, level, index)
        found = StoredTile.objects.using(self._using).filter(place=place).values_list("hashes", flat=True).first()
        return b"" if found is None else bytes(found)

    def hash_at(self, level: int, index: int) -> bytes:
        """Return the hash of a complete subtree.

        Raises:
            LedgerError: if its tile is missing or too short.
        """
        return self._hashes.hash_at(level, index)

    def leaves(self, start: int, end: int) -> Sequence[bytes]:
        """Return entries `[start, end)`.

        Raises:
            LedgerError: if one of them is gone from the table.
        """
        first = self._log.first_seq
        rows = self._entries().filter(seq__gte=first + start, seq__lt=first + end).order_by("seq")
        found = [bytes(leaf) for leaf in rows.values_list("leaf", flat=True)]
        if len(found) != end - start:
            why = f"of entries {start} to {end - 1} only {len(found)} are left in the database"
            raise LedgerError(ledger=self._log.origin, why=why)
        return found

    def latest(self) -> bytes | None:
        """Return the newest signed checkpoint."""
        rows = StoredCheckpoint.objects.using(self._using).filter(epoch=self._log.epoch).order_by("-size")
        found = rows.values_list("note", flat=True).first()
        return None if found is None else bytes(found)

    def signed_at(self) -> datetime | None:
        """Return when the newest checkpoint was signed."""
        return None if self._row.signed_at is None else from_us(self._row.signed_at)

    def halt(self) -> Halt | None:
        """Return why the log may not sign, if so."""
        row = self._row
        if not row.halt_kind or row.halt_at is None:
            return None
        return Halt(
            kind=row.halt_kind, witness=row.halt_witness, shown=bytes(row.halt_shown), at=from_us(row.halt_at)
        )

    def witnesses(self) -> Mapping[str, Seen]:
        """Return what each witness has cosigned last."""
        rows = StoredSeen.objects.using(self._using).all()
        return {row.partner: Seen(size=row.size, at=from_us(row.at)) for row in rows}

    def waiting(self, limit: int) -> Sequence[bytes]:
        """Return the oldest entries without a place."""
        rows = list(self._entries().filter(seq__isnull=True).order_by("row").values_list("row", "leaf")[:limit])
        self._waiting = [row for row, _ in rows]
        return [bytes(leaf) for _, leaf in rows]

    def append(self, leaves: Sequence[bytes], hashes: Sequence[StoredHash]) -> None:
        """Give the entries that `waiting` returned the next places, and keep the new hashes.

        Raises:
            LedgerError: if a tile holds more or fewer hashes than there are entries.
        """
        first = self._log.first_seq + self._size
        places = [(first + offset, row) for offset, row in enumerate(self._waiting[: len(leaves)])]
        with connections[self._using].cursor() as cursor:
            cursor.executemany("UPDATE ayni_entry SET seq = %s WHERE row = %s", places)
        fresh = []
        for (level, index), more in tile_rows(hashes).items():
            held = self.tile(level, index)
            hashed = max(0, (self._size >> TILE_LEVELS * level) - index * TILE_HASHES)
            if len(held) != hashed * HASH_BYTES:
                why = f"{tile_path(level, index)} does not hold the hashes of {self._size} entries"
                raise LedgerError(ledger=self._log.origin, why=why)
            fresh.append(StoredTile(place=place_of(self._log.epoch, level, index), hashes=held + more))
        StoredTile.objects.using(self._using).bulk_create(
            fresh, update_conflicts=True, unique_fields=["place"], update_fields=["hashes"]
        )
        self._size += len(leaves)
        self._hashes = TiledHashes(self)

    def put_checkpoint(self, signed: SignedCheckpoint, at: datetime) -> None:
        """Keep a checkpoint, in place of an earlier one of the same size."""
        StoredCheckpoint.objects.using(self._using).update_or_create(
            epoch=self._log.epoch, size=signed.checkpoint.size, defaults={"note": signed.to_bytes()}
        )
        self._row.signed_at = to_us(at)
        self._row.save(using=self._using, update_fields=["signed_at"])

    def set_halt(self, halt: Halt | None) -> None:
        """Stop signing, or go on again."""
        self._row.halt_kind = "" if halt is None else halt.kind
        self._row.halt_witness = "" if halt is None else halt.witness
        self._row.halt_shown = b"" if halt is None else halt.shown
        self._row.halt_at = None if halt is None else to_us(halt.at)
        self._row.save(using=self._using)

    def put_seen(self, partner: str, seen: Seen) -> None:
        """Keep what a witness has cosigned last."""
        StoredSeen.objects.using(self._using).update_or_create(
            partner=partner, defaults={"size": seen.size, "at": to_us(seen.at)}
        )

    def _entries(self) -> models.QuerySet[StoredEntry]:
        return StoredEntry.objects.using(self._using)
