"""Observations in a backup: in clear at the node, whose disk is encrypted, sealed in the copy, file by file.

    backup     observations/…/*.parquet  →  the same names in the copy, pieces under the node's history key
    restore    the copy  →  observations/…/*.parquet as they were

    piece      length (4 bytes, big-endian) · nonce (12) · AES-256-GCM of at most 16 MiB

Each piece is bound to the name of its file, to its place, and to whether it is the last one: none can be
left out, moved or taken from elsewhere.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from ayni.errors import UnreadableError
from ayni.node.files import make_private_folder
from ayni.node.observations import FOLDER

PIECE = 1 << 24
"""Bytes that are sealed at once. Ours: what a small machine holds with ease."""
NONCE = 12
LENGTH = 4


def seal_observations(folder: Path, copy: Path, key: bytes) -> None:
    """Seal the observations of the node at *folder* into *copy*; a busy node's newly merged files too.

    Raises:
        OSError: if the disk is full, or a file cannot be read.
    """
    done = set[str]()
    while todo := sorted({str(path.relative_to(folder)) for path in _files(folder)} - done):
        for name in todo:
            done.add(name)
            with suppress(
                FileNotFoundError
            ):  # merged into another file, which the next round finds, or past its time
                seal_file(folder, copy, name, key)


def unseal_observations(copy: Path, folder: Path, key: bytes) -> None:
    """Put the observations of a copy back; an older copy may hold none.

    Raises:
        UnreadableError: if a file is not as it was sealed, or was sealed by another node.
        OSError: if the disk is full.
    """
    for path in _files(copy):
        unseal_file(copy, folder, str(path.relative_to(copy)), key)


def seal_file(folder: Path, copy: Path, name: str, key: bytes) -> None:
    """Seal the file *name* of *folder* under the same name in *copy*.

    Raises:
        FileNotFoundError: if it is not there; nothing is made.
        OSError: if the disk is full.
    """
    with (folder / name).open("rb") as source, _private(copy / name) as target:
        seal_pieces(source, target, key, name)


def unseal_file(copy: Path, folder: Path, name: str, key: bytes) -> None:
    """Write what `seal_file` sealed back under the same name.

    Raises:
        UnreadableError: if it is not as it was sealed.
        OSError: if the disk is full.
    """
    with (copy / name).open("rb") as source, _private(folder / name) as target:
        unseal_pieces(source, target, key, name)


def seal_pieces(source: BinaryIO, target: BinaryIO, key: bytes, name: str) -> None:
    """Seal a file, piece by piece."""
    cipher, piece, number = AESGCM(key), source.read(PIECE), 0
    while True:
        following = source.read(PIECE)
        nonce = os.urandom(NONCE)
        sealed = nonce + cipher.encrypt(nonce, piece, _bound(name, number, last=not following))
        target.write(len(sealed).to_bytes(LENGTH, "big") + sealed)
        if not following:
            return
        piece, number = following, number + 1


def unseal_pieces(source: BinaryIO, target: BinaryIO, key: bytes, name: str) -> None:
    """Write what was sealed.

    Raises:
        UnreadableError: if a piece is missing, was changed or moved, or another key sealed it.
    """
    cipher, size, number = AESGCM(key), source.read(LENGTH), 0
    while True:
        sealed, following = source.read(int.from_bytes(size, "big")), source.read(LENGTH)
        try:
            piece = cipher.decrypt(sealed[:NONCE], sealed[NONCE:], _bound(name, number, last=not following))
        except (InvalidTag, ValueError) as error:
            raise UnreadableError(file=name, why="it does not open under the key of its node") from error
        target.write(piece)
        if not following:
            return
        size, number = following, number + 1


def _files(folder: Path) -> Iterator[Path]:
    return (folder / FOLDER).rglob("*.parquet")


def _bound(name: str, number: int, *, last: bool) -> bytes:
    return f"{name}|{number}|{'last' if last else 'more'}".encode()


def _private(path: Path) -> BinaryIO:
    make_private_folder(path.parent)
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb")
