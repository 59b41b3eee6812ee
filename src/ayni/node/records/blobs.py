"""Files of a node: sealed, named by a keyed hash of their content, write → fsync → rename → row.

A file belongs to one record, and its key is made from that record's: whoever destroys the one has
destroyed the other, also in backups. It is sealed in chunks, so that an hour of video needs no
more memory than a photograph:

    file  = salt 32 | chunk | chunk …
    key   = HKDF-SHA256(key of the record, salt, "ayni file")
    chunk = AES-256-GCM(64 KiB) under nonce = zeros 7 | counter 4, big-endian | 1 for the last chunk, else 0

A salt is drawn for each file, so that counting nonces never repeat under one key. The last-chunk
mark makes a truncated file unreadable instead of short.
Sources: the STREAM construction, Hoang, Reyhanitabar, Rogaway, Vizár, CRYPTO 2015; RFC 5869.
"""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from ayni.errors import UnreadableError
from ayni.model.checks import uuid7
from ayni.node.files import make_private_folder, no_space, sync_folder
from ayni.node.key_ring import DEK

CHUNK: Final = 65_536
TAG: Final = 16
SALT: Final = 32
PENDING: Final = ".new"


@dataclass(frozen=True, slots=True, kw_only=True)
class WrittenBlob:
    """A blob that lies sealed and synced under a temporary name."""

    digest: str
    size: int
    path: Path


def blob_path(folder: Path, token: bytes) -> Path:
    """Return where the blob with this keyed hash lies."""
    name = token.hex()
    return folder / name[:2] / name


def write_blob(folder: Path, chunks: Iterable[bytes], dek: bytes) -> WrittenBlob:
    """Write *chunks* to a temporary file, sealed for the record whose key is *dek*, and sync it.

    Raises:
        NoSpaceError: if the disk is full; nothing is left behind.
    """
    salt, digest, size = os.urandom(SALT), hashlib.sha256(), 0
    cipher = _cipher(dek, salt)
    path = folder / f"{uuid7()}{PENDING}"
    make_private_folder(folder)
    with no_space(folder, "storing a file"):
        try:
            with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out:
                out.write(salt)
                for number, (chunk, last) in enumerate(_regular(chunks)):
                    digest.update(chunk)
                    size += len(chunk)
                    out.write(cipher.encrypt(_nonce(number, last=last), chunk, None))
                out.flush()
                os.fsync(out.fileno())
        except BaseException:
            path.unlink(missing_ok=True)
            raise
    return WrittenBlob(digest=digest.hexdigest(), size=size, path=path)


def place_blob(folder: Path, blob: WrittenBlob, token: bytes) -> None:
    """Give a written blob its name, durably.

    Raises:
        NoSpaceError: if the disk is full.
    """
    path = blob_path(folder, token)
    with no_space(folder, "storing a file"):
        make_private_folder(path.parent)
        blob.path.replace(path)
        sync_folder(path.parent)
        sync_folder(folder)


def read_blob(path: Path, dek: bytes) -> Iterator[bytes]:
    """Yield the content of a file of the record whose key is *dek*, chunk by chunk.

    Raises:
        UnreadableError: if it was changed or cut.
    """
    with path.open("rb") as source:
        cipher = _cipher(dek, source.read(SALT))
        number, chunk = 0, source.read(CHUNK + TAG)
        if not chunk:
            raise UnreadableError(file=path.name, why="the file was cut")
        while chunk:
            following = source.read(CHUNK + TAG)
            try:
                yield cipher.decrypt(_nonce(number, last=not following), chunk, None)
            except InvalidTag as error:
                raise UnreadableError(
                    file=path.name, why=f"chunk {number} was changed or the file was cut"
                ) from error
            number, chunk = number + 1, following


def sweep_blobs(folder: Path, living: Collection[bytes], *, older_than_s: float = 3600) -> int:
    """Remove files that no row names and that are older than *older_than_s*; return how many."""
    keep = {token.hex() for token in living}
    limit, removed = time.time() - older_than_s, 0
    for path in folder.rglob("*"):
        if path.is_file() and path.name not in keep and path.stat().st_mtime <= limit:
            path.unlink(missing_ok=True)
            removed += 1
    return removed


def _cipher(dek: bytes, salt: bytes) -> AESGCM:
    return AESGCM(HKDF(algorithm=SHA256(), length=DEK, salt=salt, info=b"ayni file").derive(dek))


def _regular(chunks: Iterable[bytes]) -> Iterator[tuple[bytes, bool]]:
    """Cut any chunks into whole ones of `CHUNK` bytes and mark the last; no content is one empty chunk."""
    buffer = bytearray()
    for piece in chunks:
        buffer += piece
        while len(buffer) > CHUNK:
            yield bytes(buffer[:CHUNK]), False
            del buffer[:CHUNK]
    yield bytes(buffer), True


def _nonce(number: int, *, last: bool) -> bytes:
    return bytes(7) + number.to_bytes(4, "big") + bytes([last])
