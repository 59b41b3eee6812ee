"""The tables: clear columns from a closed list, everything else sealed.

A database keeps what was deleted: in freed pages, indexes, logs and backups. So
nothing that names or describes anybody lies here in clear. Instants are whole
microseconds since 1970 UTC, exact and equal on every database.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper

HASH_BYTES = 32

if TYPE_CHECKING:
    _Text = models.CharField[str, str]
else:
    _Text = models.CharField


class AsciiField(_Text):
    """Short ASCII text that sorts by byte on every database, as Python does."""

    def db_parameters(self, connection: BaseDatabaseWrapper) -> Any:  # noqa: ANN401 -- Django's own TypedDict is private
        """Name the collation: PostgreSQL otherwise sorts by the language of its server."""
        found = super().db_parameters(connection)
        found["collation"] = "C" if connection.vendor == "postgresql" else None
        return found


class StoredRecord(models.Model):
    """One record: its clear header and its sealed rest."""

    id = AsciiField(primary_key=True, max_length=64)
    kind = AsciiField(max_length=40)
    version: models.PositiveIntegerField[int, int] = models.PositiveIntegerField()
    state = AsciiField(max_length=40)
    rule = AsciiField(max_length=80)
    originator = AsciiField(max_length=64)
    agreement = AsciiField(max_length=120)
    purposes = AsciiField(max_length=1000)
    """Space-separated, from the closed list."""
    codes = AsciiField(max_length=20)
    """Handling codes, space-separated."""
    tlp = AsciiField(max_length=20)
    pap = AsciiField(max_length=20)
    keep_until: models.BigIntegerField[int, int] = models.BigIntegerField(db_index=True)
    made_at: models.BigIntegerField[int, int] = models.BigIntegerField()
    changed_at: models.BigIntegerField[int, int] = models.BigIntegerField(db_index=True)
    started_at: models.BigIntegerField[int | None, int | None] = models.BigIntegerField(null=True)
    ended_at: models.BigIntegerField[int | None, int | None] = models.BigIntegerField(null=True)
    at: models.BigIntegerField[int, int] = models.BigIntegerField()
    """`started_at`, or `made_at` where there is none: what lists are ordered by."""
    priority: models.FloatField[float, float] = models.FloatField()
    cell_lat: models.SmallIntegerField[int | None, int | None] = models.SmallIntegerField(null=True)
    cell_lon: models.SmallIntegerField[int | None, int | None] = models.SmallIntegerField(null=True)
    parents: models.TextField[str, str] = models.TextField()
    """Record ids, space-separated."""
    categories = AsciiField(max_length=200)
    """Special categories the body holds, space-separated: agreements exclude by them."""
    recalled_at: models.BigIntegerField[int | None, int | None] = models.BigIntegerField(null=True)
    held: models.BooleanField[bool, bool] = models.BooleanField()
    sealed: models.BinaryField[bytes, bytes] = models.BinaryField()
    """Nonce and AES-256-GCM of: the header fields not above, and the body."""

    objects: ClassVar[models.Manager[Any]] = models.Manager()

    class Meta:
        """Indexes that answer every `Query` without opening a row that does not match."""

        db_table = "ayni_record"
        indexes: ClassVar = [
            models.Index(fields=["kind", "state", "-at", "-id"], name="ayni_record_by_state"),
            models.Index(
                fields=["kind", "-at", "-id", "state", "rule", "cell_lat", "cell_lon", "agreement", "originator"],
                name="ayni_record_by_kind",
            ),
            models.Index(
                fields=[
                    *("-at", "-id", "kind", "state", "rule", "cell_lat", "cell_lon", "agreement", "originator"),
                    "keep_until",
                ],
                name="ayni_record_by_time",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.id} v{self.version}"


class StoredToken(models.Model):
    """One identifier of one record, as a keyed hash."""

    if TYPE_CHECKING:
        record_id: str

    record: models.ForeignKey[StoredRecord, StoredRecord] = models.ForeignKey(
        StoredRecord, on_delete=models.CASCADE, db_index=False
    )
    token: models.BinaryField[bytes, bytes] = models.BinaryField(max_length=HASH_BYTES)

    objects: ClassVar[models.Manager[Any]] = models.Manager()

    class Meta:
        """Found from either side."""

        db_table = "ayni_token"
        indexes: ClassVar = [
            models.Index(fields=["token", "record"], name="ayni_token_by_token"),
            models.Index(fields=["record"], name="ayni_token_by_record"),
        ]

    def __str__(self) -> str:
        return f"token of {self.record_id}"


class StoredTombstone(models.Model):
    """A record whose key was destroyed: id, kind and instant stay, the reason is sealed."""

    id = AsciiField(primary_key=True, max_length=64)
    kind = AsciiField(max_length=40)
    at: models.BigIntegerField[int, int] = models.BigIntegerField(db_index=True)
    why: models.BinaryField[bytes, bytes] = models.BinaryField()

    objects: ClassVar[models.Manager[Any]] = models.Manager()

    class Meta:
        """One row a deleted record."""

        db_table = "ayni_tombstone"

    def __str__(self) -> str:
        return f"tombstone of {self.kind} {self.id}"


class StoredEntry(models.Model):
    """One entry of the ledger, written in the transaction of its act and ordered later by the one sequencer."""

    row: models.BigAutoField[int, int] = models.BigAutoField(primary_key=True)
    id = AsciiField(unique=True, max_length=36)
    seq: models.BigIntegerField[int | None, int | None] = models.BigIntegerField(null=True, unique=True)
    """Place in the Merkle log, from 0; null until the sequencer has passed."""
    at: models.BigIntegerField[int, int] = models.BigIntegerField(db_index=True)
    leaf: models.BinaryField[bytes, bytes] = models.BinaryField()
    """What is hashed into the log, in clear: it holds no personal data."""
    sealed: models.BinaryField[bytes, bytes] = models.BinaryField()
    """The entry itself under the node's history key."""

    objects: ClassVar[models.Manager[Any]] = models.Manager()

    class Meta:
        """The sequencer asks for what has no place yet."""

        db_table = "ayni_entry"
        indexes: ClassVar = [
            models.Index(fields=["row"], condition=models.Q(seq__isnull=True), name="ayni_entry_unsequenced"),
        ]

    def __str__(self) -> str:
        return f"entry {self.id}"


class StoredOutgoing(models.Model):
    """A message that leaves with the transaction that caused it, from its draft to the partner's receipt.

    The payload is sealed at rest; once packed, the envelope lies beside it as it travels, so that every try
    sends the same bytes. When its fate is known both are emptied: what was said stays with the partner.
    """

    row: models.BigAutoField[int, int] = models.BigAutoField(primary_key=True)
    id = AsciiField(unique=True, max_length=64)
    to = AsciiField(max_length=64)
    type = AsciiField(max_length=40)
    control: models.BooleanField[bool, bool] = models.BooleanField()
    expires_at: models.BigIntegerField[int, int] = models.BigIntegerField()
    payload: models.BinaryField[bytes, bytes] = models.BinaryField()
    state = AsciiField(max_length=12, default="waiting")
    """`waiting`, `packed`; then `delivered`, `refused`, `withdrawn` or `overdue`."""
    stream = AsciiField(max_length=253, default="")
    seq: models.BigIntegerField[int, int] = models.BigIntegerField(default=0)
    digest = AsciiField(max_length=64, default="")
    """SHA-256 of the sealed part: what the receipt must name."""
    envelope: models.BinaryField[bytes, bytes] = models.BinaryField(default=b"")
    done_at: models.BigIntegerField[int | None, int | None] = models.BigIntegerField(null=True)
    reasons: models.BinaryField[bytes, bytes] = models.BinaryField(default=b"")
    """Why it was refused, sealed; empty otherwise."""
    receipt = AsciiField(max_length=36, default="")
    """Id of the receipt that decided it."""
    seen_by = AsciiField(max_length=64, default="")
    """Officer who has looked at one that was refused or not delivered."""

    objects: ClassVar[models.Manager[Any]] = models.Manager()

    class Meta:
        """Control messages first, then in order of writing."""

        db_table = "ayni_outbox"
        indexes: ClassVar = [models.Index(fields=["to", "state", "-control", "row"], name="ayni_outbox_next")]

    def __str__(self) -> str:
        return f"{self.type} {self.id} to {self.to}"


class StoredIncoming(models.Model):
    """A partner's message that arrived: each at most once."""

    sender = AsciiField(max_length=64)
    message = AsciiField(max_length=64)
    at: models.BigIntegerField[int, int] = models.BigIntegerField()

    objects: ClassVar[models.Manager[Any]] = models.Manager()

    class Meta:
        """Unique per sender: what makes a repeated delivery harmless."""

        db_table = "ayni_inbox"
        constraints: ClassVar = [models.UniqueConstraint(fields=["sender", "message"], name="ayni_inbox_once")]

    def __str__(self) -> str:
        return f"{self.message} from {self.sender}"


class StoredStream(models.Model):
    """How far a stream of messages has come: a partner's as we took it in, or one of ours as we sealed it."""

    sender = AsciiField(max_length=64)
    """The partner; for a stream of ours, `>` and the partner it goes to."""
    stream = AsciiField(max_length=253)
    tag = AsciiField(max_length=20, default="")
    """For a stream of ours: what its name ends in at the partner."""
    seq: models.BigIntegerField[int, int] = models.BigIntegerField()
    digest = AsciiField(max_length=64)

    objects: ClassVar[models.Manager[Any]] = models.Manager()

    class Meta:
        """One row a stream."""

        db_table = "ayni_stream"
        constraints: ClassVar = [models.UniqueConstraint(fields=["sender", "stream"], name="ayni_stream_once")]

    def __str__(self) -> str:
        return f"{self.stream} of {self.sender}"


class StoredReceipt(models.Model):
    """A partner's signed word on what it did with our envelopes, as it came."""

    id = AsciiField(primary_key=True, max_length=36)
    partner = AsciiField(max_length=64)
    at: models.BigIntegerField[int, int] = models.BigIntegerField(db_index=True)
    data: models.BinaryField[bytes, bytes] = models.BinaryField()
    """Sealed under the node's history key: reasons may name what they are about."""

    objects: ClassVar[models.Manager[Any]] = models.Manager()

    class Meta:
        """One row a receipt."""

        db_table = "ayni_receipt"

    def __str__(self) -> str:
        return f"receipt {self.id} of {self.partner}"


class StoredLine(models.Model):
    """How the line to one partner fares."""

    partner = AsciiField(primary_key=True, max_length=64)
    attempts: models.BigIntegerField[int, int] = models.BigIntegerField(default=0)
    """Tries in a row that failed."""
    next_at: models.BigIntegerField[int, int] = models.BigIntegerField(default=0)
    """Not tried again before this instant."""
    reached_at: models.BigIntegerField[int | None, int | None] = models.BigIntegerField(null=True)
    """When it answered last."""
    failed_at: models.BigIntegerField[int | None, int | None] = models.BigIntegerField(null=True)
    """Since when tries fail; null while the line holds."""
    error = AsciiField(max_length=200, default="")
    """What went wrong last, in English and ASCII."""
    ledger = AsciiField(max_length=120, default="")
    ledger_size: models.BigIntegerField[int, int] = models.BigIntegerField(default=0)
    """Greatest size that partner has signed for its ledger, which can only grow."""
    card = AsciiField(max_length=64, default="")
    """SHA-256 of the card of ours that it took in last."""

    objects: ClassVar[models.Manager[Any]] = models.Manager()

    class Meta:
        """One row a partner."""

        db_table = "ayni_line"

    def __str__(self) -> str:
        return f"line to {self.partner}"


class StoredBlob(models.Model):
    """A file under `blobs/`, named by a keyed hash of its record and its content."""

    token: models.BinaryField[bytes, bytes] = models.BinaryField(primary_key=True, max_length=HASH_BYTES)
    record = AsciiField(max_length=64)
    """Whose file it is; it goes with the record."""
    size: models.BigIntegerField[int, int] = models.BigIntegerField()
    at: models.BigIntegerField[int, int] = models.BigIntegerField()

    objects: ClassVar[models.Manager[Any]] = models.Manager()

    class Meta:
        """One row a file."""

        db_table = "ayni_blob"
        indexes: ClassVar = [models.Index(fields=["record"], name="ayni_blob_by_record")]

    def __str__(self) -> str:
        return f"blob of {self.size} bytes"
