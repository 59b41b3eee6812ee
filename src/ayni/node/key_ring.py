"""The data keys of records: one file of fixed slots, apart from the data, overwritten in place.

Every record body is sealed with a key of its own (DEK), and destroying that key is
deletion. So the place where keys lie must truly forget. A database does not: it
keeps old pages in its write-ahead log, dead rows until vacuum, copies in every
backup. Here a key lies in exactly one slot of one file; destroying it overwrites
the slot with zeros and syncs. The file is backed up apart from the data, newest
copy only.

    slot (80 bytes) = name 16 | made_at 4 | nonce 12 | DEK sealed by the wrapping key, AES-256-GCM 48

Layout: `name` is the first 128 bits of SHA-256 of the record id, `made_at` whole
seconds since 1970 in big-endian. A slot of zeros is free and used again. A slot
torn by a power cut does not open; its record was never confirmed.

Order with the database: keys are made durable **before** the data commits and
destroyed **after** the deletion commits. A crash between the two leaves a key
without a record or a key of a deleted record; `sweep` destroys both.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import threading
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from ayni.errors import KeysError
from ayni.node.files import no_space

FILE_NAME = "records.keys"
NAME: Final = 16
STAMP: Final = 4
NONCE: Final = 12
DEK: Final = 32
SLOT: Final = NAME + STAMP + NONCE + DEK + 16
_FREE: Final = bytes(SLOT)
_NO_NAME: Final = bytes(NAME)


def slot_name(record: str) -> bytes:
    """Return the name under which the key of *record* lies."""
    return hashlib.sha256(record.encode()).digest()[:NAME]


class KeyRing:
    """The open file of record keys. Safe among threads and among processes on one machine."""

    def __init__(self, path: Path, wrapping: bytes) -> None:
        """Open or create the file at *path*.

        Raises:
            KeysError: if it is no file of whole slots opened by this wrapping key.
        """
        self.path = path
        self._cipher = AESGCM(wrapping)
        self._thread = threading.RLock()
        self._handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        self._slots: dict[bytes, int] = {}
        self._free: list[int] = []
        self._size = 0
        with self._alone():
            self._rescan()

    def close(self) -> None:
        """Close the file."""
        os.close(self._handle)

    def __len__(self) -> int:
        """Return how many keys there are."""
        with self._thread:
            return len(self._slots)

    def __contains__(self, record: str) -> bool:
        """Tell whether *record* has a key."""
        return self._read(slot_name(record)) is not None

    def add(self, keys: Mapping[str, bytes]) -> None:
        """Write the keys of new records durably, before their data commits.

        A slot that a record of the same id left behind unconfirmed is written over;
        the database has made sure that no living record has that id.

        Raises:
            NoSpaceError: if the disk is full; no key was added.
        """
        if not keys:
            return
        stamp = int(time.time()).to_bytes(STAMP, "big")
        with self._alone(), no_space(self.path.parent, "writing the key of a record"):
            self._rescan()
            taken: list[tuple[bytes, int]] = []
            try:
                for record, dek in keys.items():
                    name = slot_name(record)
                    place = self._slots[name] if name in self._slots else self._take()
                    taken.append((name, place))
                    self._write(place, name + stamp + self._wrap(name + stamp, dek))
                os.fdatasync(self._handle)
            except OSError:
                self._give_back(taken)
                raise
            self._slots.update(taken)

    def get(self, record: str) -> bytes | None:
        """Return the key of a record, or None if it was destroyed.

        Raises:
            KeysError: if the slot does not open under this node's key.
        """
        name = slot_name(record)
        slot = self._read(name)
        return None if slot is None else self._unwrap(slot)

    def all(self) -> Mapping[bytes, bytes]:
        """Return every slot by name, still wrapped; `open_slot` opens one. For reading everything at start."""
        with self._alone():
            self._rescan()
            data = os.pread(self._handle, self._size, 0)
            return {name: data[place : place + SLOT] for name, place in self._slots.items()}

    def open_slot(self, slot: bytes) -> bytes:
        """Return the key in a slot returned by `all`.

        Raises:
            KeysError: if it does not open under this node's key.
        """
        return self._unwrap(slot)

    def destroy(self, records: Iterable[str]) -> None:
        """Overwrite the keys of *records* and sync: what they sealed is gone for good."""
        self._destroy({slot_name(record) for record in records})

    def sweep(self, living: Callable[[], Iterable[str]], *, older_than_s: int = 3600) -> int:
        """Destroy every key that belongs to none of the *living* records; return how many.

        Keys younger than *older_than_s* stay: their record may be about to commit.
        *living* is asked after the ring was read, so that no record can slip between.
        """
        limit = int(time.time()) - older_than_s
        old = {name for name, slot in self.all().items() if int.from_bytes(slot[NAME : NAME + STAMP], "big") <= limit}
        stale = old - {slot_name(record) for record in living()}
        self._destroy(stale)
        return len(stale)

    def copy(self) -> bytes:
        """Return the whole file as it is now, for its own backup."""
        with self._alone():
            self._rescan()
            return os.pread(self._handle, self._size, 0)

    @contextmanager
    def _alone(self) -> Iterator[None]:
        with self._thread:
            fcntl.flock(self._handle, fcntl.LOCK_EX)
            try:
                yield
            finally:
                fcntl.flock(self._handle, fcntl.LOCK_UN)

    def _rescan(self) -> None:
        """Read what other processes added; everything again only if the file changed under us."""
        size = os.fstat(self._handle).st_size
        whole = size - size % SLOT
        for place in range(self._size, whole, SLOT * 4096):
            data = os.pread(self._handle, min(SLOT * 4096, whole - place), place)
            for offset in range(0, len(data), SLOT):
                name = data[offset : offset + NAME]
                if name == _NO_NAME:
                    self._free.append(place + offset)
                else:
                    self._slots[name] = place + offset
        self._size = max(self._size, whole)

    def _take(self) -> int:
        while self._free:
            place = self._free.pop()
            if os.pread(self._handle, NAME, place) == _NO_NAME:
                return place
        place = self._size
        self._size += SLOT
        return place

    def _give_back(self, taken: list[tuple[bytes, int]]) -> None:
        """Undo a half-done `make`: clear its slots, and cut off what was added beyond the end."""
        for _, place in taken:
            if place + SLOT <= os.fstat(self._handle).st_size:
                os.pwrite(self._handle, _FREE, place)
                self._free.append(place)
        end = os.fstat(self._handle).st_size
        os.ftruncate(self._handle, end - end % SLOT)
        self._size = end - end % SLOT

    def _write(self, place: int, slot: bytes) -> None:
        done = 0
        while done < SLOT:
            done += os.pwrite(self._handle, slot[done:], place + done)

    def _read(self, name: bytes) -> bytes | None:
        with self._thread:
            place = self._slots.get(name)
            slot = b"" if place is None else os.pread(self._handle, SLOT, place)
            if slot[:NAME] != name:
                self._slots.pop(name, None)
                with self._alone():
                    self._size = 0
                    self._free.clear()
                    self._slots.clear()
                    self._rescan()
                place = self._slots.get(name)
                slot = b"" if place is None else os.pread(self._handle, SLOT, place)
            return slot or None

    def _destroy(self, names: Collection[bytes]) -> None:
        if not names:
            return
        with self._alone():
            self._rescan()
            for name in names:
                place = self._slots.pop(name, None)
                if place is not None and os.pread(self._handle, NAME, place) == name:
                    os.pwrite(self._handle, _FREE, place)
                    self._free.append(place)
            os.fsync(self._handle)

    def _wrap(self, bound: bytes, dek: bytes) -> bytes:
        nonce = os.urandom(NONCE)
        return nonce + self._cipher.encrypt(nonce, dek, bound)

    def _unwrap(self, slot: bytes) -> bytes:
        bound, nonce, sealed = slot[: NAME + STAMP], slot[NAME + STAMP : NAME + STAMP + NONCE], slot[-48:]
        try:
            return self._cipher.decrypt(nonce, sealed, bound)
        except InvalidTag as error:
            raise KeysError(
                folder=str(self.path.parent.parent), why="a record key is damaged or of another node"
            ) from error
