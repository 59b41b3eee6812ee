"""Is everything that should be here, here, and does it open? Run by `ayni node status --check`."""

from __future__ import annotations

from collections.abc import Iterator

from django.db import connections

from ayni.errors import AyniError
from ayni.model.act import leaf_of
from ayni.node.opening import OpenNode
from ayni.node.records.blobs import blob_path, read_blob
from ayni.node.records.models import StoredBlob, StoredEntry, StoredRecord, StoredToken, StoredTombstone


def find_damage(node: OpenNode) -> Iterator[str]:
    """Yield one sentence for each thing that is not as it should be; nothing when all is well.

    Every record and file is opened, every leaf recomputed: minutes on a large node.
    """
    yield from _database(node)
    yield from _records(node)
    yield from _deleted(node)
    yield from _entries(node)
    yield from _files(node)


def _database(node: OpenNode) -> Iterator[str]:
    connection = connections[node.alias]
    if connection.vendor != "sqlite":
        return
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA integrity_check")
        for (said,) in cursor.fetchall():
            if said != "ok":
                yield f"database: {said}"
        cursor.execute("PRAGMA foreign_key_check")
        for table, *_ in cursor.fetchall():
            yield f"database: a row of {table} refers to nothing"


def _records(node: OpenNode) -> Iterator[str]:
    tokens: dict[str, set[bytes]] = {}
    for record, token in StoredToken.objects.using(node.alias).values_list("record_id", "token").iterator():
        tokens.setdefault(record, set()).add(bytes(token))
    for row in StoredRecord.objects.using(node.alias).order_by("id").iterator(chunk_size=500):
        try:
            header = node.store.open_row(row).header
        except AyniError as error:
            yield f"record {row.id}: {error}"
            continue
        expected = {node.keys.token(identifier) for identifier in header.identifiers}
        if tokens.get(row.id, set()) != expected:
            yield f"record {row.id}: its identifiers are not those it is found by"


def _deleted(node: OpenNode) -> Iterator[str]:
    for record in StoredTombstone.objects.using(node.alias).values_list("id", flat=True).iterator():
        if record in node.ring:
            yield f"record {record}: deleted, but its key is still there"
        if StoredRecord.objects.using(node.alias).filter(id=record).exists():
            yield f"record {record}: deleted, but its row is still there"


def _entries(node: OpenNode) -> Iterator[str]:
    for row in StoredEntry.objects.using(node.alias).order_by("row").iterator(chunk_size=500):
        try:
            leaf = leaf_of(node.store.open_entry(row)).to_bytes()
        except AyniError as error:
            yield f"entry {row.id}: {error}"
            continue
        if leaf != bytes(row.leaf):
            yield f"entry {row.id}: its leaf is not made from it"


def _files(node: OpenNode) -> Iterator[str]:
    for row in StoredBlob.objects.using(node.alias).iterator():
        token = bytes(row.token)
        path = blob_path(node.store.blobs, token)
        key = node.ring.get(row.record)
        if key is None or not path.is_file():
            yield f"file {token.hex()[:16]}: {'no key' if key is None else 'missing'}"
            continue
        try:
            size = sum(len(chunk) for chunk in read_blob(path, key))
        except AyniError as error:
            yield f"file {token.hex()[:16]}: {error}"
            continue
        if size != row.size:
            yield f"file {token.hex()[:16]}: {size} bytes instead of {row.size}"
