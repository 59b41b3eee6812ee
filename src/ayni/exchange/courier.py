"""Courier files: the same envelopes, carried by hand where no line holds.

    ayni-courier/1
    <bytes of the manifest, decimal>
    <manifest: JWS, signed twice by the node that fills the file>
    <item><item>…

An item is an envelope, a receipt or a sealed attachment, exactly as it would travel by line,
so a courier can read no envelope and change nothing. The manifest comes first and lists them all with
size and SHA-256: of a file that was cut short or damaged it is known what is missing,
and what is still whole is named in the error.

A file is written beside its place, flushed to the disk and then renamed, also when more
is added: a stick pulled out too early leaves the old file or the new one. Whatever its
size, it is read and written a piece at a time.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import BinaryIO

import msgspec

from ayni.errors import EnvelopeError, UnreadableError
from ayni.exchange.batch import Trust
from ayni.exchange.envelope import Envelope
from ayni.exchange.jws import MAX_BYTES, sign, signer_of, verify
from ayni.exchange.keys import Identity
from ayni.exchange.payload import is_digest
from ayni.exchange.strict import read_strictly
from ayni.model.checks import require
from ayni.model.codec import to_json

TYP = "ayni-courier+jws"
FORMAT = "ayni-courier/1"
MAX_ITEMS = 10_000
"""Items of one file; the manifest then has about 2.5 MB."""
PIECE = 1 << 16
_FIRST = FORMAT.encode() + b"\n"
_DEPTH = 3


class ItemKind(StrEnum):
    """What an item of the file is."""

    ENVELOPE = "envelope"
    RECEIPT = "receipt"
    """What the node that fills the file did with envelopes that reached it."""
    ATTACHMENT = "attachment"


class Listed(msgspec.Struct, frozen=True, kw_only=True):
    """One item, as the manifest lists it."""

    kind: ItemKind
    id: str
    """Id of the envelope; of an attachment, its SHA-256."""
    size: int
    sha256: str
    """Of the item's bytes; of an envelope with its clear line."""

    def __post_init__(self) -> None:
        require(is_digest(self.sha256) and self.size > 0, "items", "an item has a size and a SHA-256")
        require(
            self.kind is ItemKind.ENVELOPE or self.id == self.sha256,
            "items",
            "receipts and attachments are named by hash",
        )


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """What is in the file, who filled it, and for whom."""

    v: str = FORMAT
    sender: str = msgspec.field(name="from")
    to: str
    made_at: datetime
    items: tuple[Listed, ...]

    def __post_init__(self) -> None:
        require(self.v == FORMAT, "v", f"not {FORMAT}")
        require(self.made_at.utcoffset() == timedelta(0), "made_at", "an instant is given in UTC")
        require(len(self.items) <= MAX_ITEMS, "items", f"at most {MAX_ITEMS}")
        names = {(item.kind, item.id) for item in self.items}
        require(len(names) == len(self.items), "items", "an item stands twice")


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """Something to put into a file: how it is listed, and how to get its bytes."""

    listed: Listed
    chunks: Callable[[], Iterable[bytes]]

    @staticmethod
    def of_envelope(envelope: Envelope) -> Load:
        """Load an envelope."""
        data = envelope.to_bytes()
        digest = hashlib.sha256(data).hexdigest()
        listed = Listed(kind=ItemKind.ENVELOPE, id=envelope.clear.id, size=len(data), sha256=digest)
        return Load(listed=listed, chunks=lambda: (data,))

    @staticmethod
    def of_receipt(data: bytes) -> Load:
        """Load a signed receipt."""
        digest = hashlib.sha256(data).hexdigest()
        listed = Listed(kind=ItemKind.RECEIPT, id=digest, size=len(data), sha256=digest)
        return Load(listed=listed, chunks=lambda: (data,))

    @staticmethod
    def of_attachment(path: Path) -> Load:
        """Load a sealed attachment from its file; it is read twice, a piece at a time."""
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
            size = file.tell()
        listed = Listed(kind=ItemKind.ATTACHMENT, id=digest, size=size, sha256=digest)
        return Load(listed=listed, chunks=lambda: _pieces(path, 0, size))


@dataclass(frozen=True, slots=True, kw_only=True)
class Courier:
    """A courier file that was read from end to end and is whole."""

    path: Path
    manifest: Manifest
    start: int
    """Offset of the first item."""

    def chunks(self, wanted: Listed) -> Iterator[bytes]:
        """Yield the bytes of one item.

        Raises:
            EnvelopeError: if the file has changed since it was read.
        """
        at = self.start
        for item in self.manifest.items:
            if item == wanted:
                break
            at += item.size
        summed = hashlib.sha256()
        for piece in _pieces(self.path, at, wanted.size):
            summed.update(piece)
            yield piece
        if summed.hexdigest() != wanted.sha256:
            raise _wrong(self.path, f"item {wanted.id} has changed since the file was read")

    def envelopes(self) -> Iterator[Envelope]:
        """Yield the envelopes, in the order in which they were put in.

        Raises:
            EnvelopeError: if one is malformed; that it is signed and for us, its opening will show.
        """
        for item in self.manifest.items:
            if item.kind is ItemKind.ENVELOPE:
                yield Envelope.parse(b"".join(self.chunks(item)))


def write_courier(path: Path, identity: Identity, to: str, loads: Sequence[Load], at: datetime) -> Manifest:
    """Write a courier file for node *to*, whole or not at all.

    Raises:
        InvalidValueError: for an item that stands twice, or more than 10,000.
        EnvelopeError: if a load is not what it was listed as; nothing is left behind.
    """
    manifest = Manifest(sender=identity.node, to=to, made_at=at, items=tuple(load.listed for load in loads))
    head = sign(to_json(manifest), TYP, [(identity.kid, identity.sign)])
    partial = path.with_name(f"{path.name}.partial")
    try:
        with partial.open("wb") as file:
            file.write(_FIRST + f"{len(head)}\n".encode() + head + b"\n")
            for load in loads:
                _copy(load, file, path)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)
    _flush_folder(path.parent)
    return manifest


def add_to_courier(path: Path, identity: Identity, loads: Sequence[Load], at: datetime) -> Manifest:
    """Put more into a courier file of one's own, after reading it from end to end.

    Raises:
        EnvelopeError: if it is not whole, or was filled by another node or under other keys.
    """
    held = read_courier(path, lambda kid: identity.public.signing if kid == identity.kid else None)

    def again(item: Listed) -> Load:
        return Load(listed=item, chunks=lambda: held.chunks(item))

    before = [again(item) for item in held.manifest.items]
    return write_courier(path, identity, held.manifest.to, [*before, *loads], at)


def read_courier(path: Path, trust: Trust) -> Courier:
    """Check a courier file from end to end: who filled it, and that every item is whole.

    Raises:
        EnvelopeError: if it is cut short, changed, or filled by somebody not believed. Its facts `readable`
            and `lost` list the ids of items that are whole and of those that are not.
    """
    with path.open("rb") as file:
        manifest = _manifest(file, path, trust)
        start = file.tell()
        whole: list[str] = []
        lost: list[str] = []
        for item in manifest.items:
            summed = hashlib.sha256()
            for piece in _take(file, item.size):
                summed.update(piece)
            (whole if summed.hexdigest() == item.sha256 else lost).append(item.id)
        after = file.read(1)
    if lost or after:
        why = f"{len(lost)} of {len(manifest.items)} items are cut short or changed" if lost else "something follows"
        raise _wrong(path, f"{why}; whole: {', '.join(whole) or 'none'}", readable=tuple(whole), lost=tuple(lost))
    return Courier(path=path, manifest=manifest, start=start)


def _manifest(file: BinaryIO, path: Path, trust: Trust) -> Manifest:
    """Read and verify what stands before the items."""
    if file.readline(len(_FIRST)) != _FIRST:
        raise _wrong(path, f"not a file of format {FORMAT}")
    length = file.readline(len(str(MAX_BYTES)) + 1)
    if not length[:-1].isdigit() or not length.endswith(b"\n") or not 0 < int(length) <= MAX_BYTES:
        raise _wrong(path, "the length of its manifest is malformed")
    head = file.read(int(length))
    try:
        kid = signer_of(head, TYP)
        pair = trust(kid)
        if pair is None or pair.kid != kid:
            raise _wrong(path, f"no keys of {kid} are believed now")
        manifest = read_strictly(verify(head, TYP, [pair]), Manifest, depth=_DEPTH)
    except UnreadableError as error:
        raise _wrong(path, f"its manifest: {error.facts['why']}") from error
    if file.read(1) != b"\n" or manifest.sender != kid.rpartition("/")[0]:
        raise _wrong(path, "its manifest is not followed by a line feed, or speaks for another node")
    return manifest


def _copy(load: Load, file: BinaryIO, path: Path) -> None:
    summed, size = hashlib.sha256(), 0
    for piece in load.chunks():
        summed.update(piece)
        size += len(piece)
        file.write(piece)
    if (size, summed.hexdigest()) != (load.listed.size, load.listed.sha256):
        raise _wrong(path, f"item {load.listed.id} changed while it was written; nothing was kept")


def _pieces(path: Path, start: int, size: int) -> Iterator[bytes]:
    with path.open("rb") as file:
        file.seek(start)
        yield from _take(file, size)


def _take(file: BinaryIO, size: int) -> Iterator[bytes]:
    while size and (piece := file.read(min(PIECE, size))):
        size -= len(piece)
        yield piece


def _flush_folder(folder: Path) -> None:
    """Make the new name durable, where the system lets a folder be flushed."""
    if os.name == "posix":
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _wrong(path: Path, why: str, readable: tuple[str, ...] = (), lost: tuple[str, ...] = ()) -> EnvelopeError:
    return EnvelopeError(envelope=path.name, why=why, readable=readable, lost=lost)
