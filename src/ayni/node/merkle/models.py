"""Tables of the ledger. Entries themselves are in `ayni.node.records`: acts write them there.

Nothing here is personal: hashes, sizes, signatures, names of institutions.
"""

from __future__ import annotations

from typing import Any, ClassVar

from django.db import models

from ayni.node.records.models import AsciiField


class StoredLog(models.Model):
    """One log this node keeps, the one in use last. A successor begins where the one before could not go on."""

    epoch: models.PositiveSmallIntegerField[int, int] = models.PositiveSmallIntegerField(primary_key=True)
    origin = AsciiField(max_length=255, unique=True)
    first_seq: models.BigIntegerField[int, int] = models.BigIntegerField()
    """`seq` of its entry 0."""
    signed_at: models.BigIntegerField[int | None, int | None] = models.BigIntegerField(null=True)
    halt_kind = AsciiField(max_length=20)
    """Empty while it may sign."""
    halt_witness = AsciiField(max_length=255)
    halt_shown: models.BinaryField[bytes, bytes] = models.BinaryField()
    halt_at: models.BigIntegerField[int | None, int | None] = models.BigIntegerField(null=True)

    objects: ClassVar[models.Manager[Any]] = models.Manager()

    class Meta:
        """One row a log."""

        db_table = "ayni_log"

    def __str__(self) -> str:
        return self.origin


class StoredTile(models.Model):
    """Up to 256 consecutive hashes of one level of a log's tree."""

    place: models.BigIntegerField[int, int] = models.BigIntegerField(primary_key=True)
    """Epoch, tile level and index in one number: see `log.place_of`."""
    hashes: models.BinaryField[bytes, bytes] = models.BinaryField()

    objects: ClassVar[models.Manager[Any]] = models.Manager()

    class Meta:
        """One row a tile."""

        db_table = "ayni_tile"

    def __str__(self) -> str:
        return f"tile {self.place:#x}"


class StoredCheckpoint(models.Model):
    """A signed checkpoint, with the cosignatures it has gathered."""

    epoch: models.PositiveSmallIntegerField[int, int] = models.PositiveSmallIntegerField()
    size: models.BigIntegerField[int, int] = models.BigIntegerField()
    note: models.BinaryField[bytes, bytes] = models.BinaryField()

    objects: ClassVar[models.Manager[Any]] = models.Manager()

    class Meta:
        """One a size."""

        db_table = "ayni_checkpoint"
        constraints: ClassVar = [models.UniqueConstraint(fields=["epoch", "size"], name="ayni_checkpoint_once")]

    def __str__(self) -> str:
        return f"checkpoint {self.epoch}/{self.size}"


class StoredSeen(models.Model):
    """What a partner has cosigned last of our log."""

    partner = AsciiField(primary_key=True, max_length=255)
    size: models.BigIntegerField[int, int] = models.BigIntegerField()
    at: models.BigIntegerField[int, int] = models.BigIntegerField()

    objects: ClassVar[models.Manager[Any]] = models.Manager()

    class Meta:
        """One row a partner."""

        db_table = "ayni_seen"

    def __str__(self) -> str:
        return f"{self.partner} saw {self.size}"


class StoredWitnessed(models.Model):
    """The newest checkpoint that our witness has cosigned of a partner's log."""

    origin = AsciiField(primary_key=True, max_length=255)
    note: models.BinaryField[bytes, bytes] = models.BinaryField()
    at: models.BigIntegerField[int, int] = models.BigIntegerField()

    objects: ClassVar[models.Manager[Any]] = models.Manager()

    class Meta:
        """One row a log we watch."""

        db_table = "ayni_witnessed"

    def __str__(self) -> str:
        return f"witnessed {self.origin}"


class StoredEvidence(models.Model):
    """Two checkpoints of a partner's log that do not fit together."""

    digest = AsciiField(primary_key=True, max_length=64)
    """SHA-256 over both, so that the same two are kept once."""
    origin = AsciiField(max_length=255, db_index=True)
    kind = AsciiField(max_length=20)
    held: models.BinaryField[bytes, bytes] = models.BinaryField()
    shown: models.BinaryField[bytes, bytes] = models.BinaryField()
    proof: models.BinaryField[bytes, bytes] = models.BinaryField()
    """Hashes of 32 bytes, one after the other."""
    at: models.BigIntegerField[int, int] = models.BigIntegerField()

    objects: ClassVar[models.Manager[Any]] = models.Manager()

    class Meta:
        """One row a contradiction."""

        db_table = "ayni_evidence"

    def __str__(self) -> str:
        return f"{self.kind} of {self.origin}"
