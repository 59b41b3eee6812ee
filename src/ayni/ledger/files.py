"""A log in plain files, for whoever needs a ledger without a database.

    entries            every entry after its length as a big-endian 16-bit number
    hashes             32 bytes for every complete subtree, in the order they become complete
    checkpoints/N      the signed checkpoint over N entries, N with 15 digits
    head               JSON: how much of `entries` and `hashes` counts; replaced as a whole

A turn appends, makes both files durable, and only then replaces `head`: what a
crash leaves behind the head is cut off at the next opening, and what the head
promises but the files no longer hold is refused. One process at a time.
"""

from __future__ import annotations

import base64
import fcntl
import json
import os
from array import array
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from pathlib import Path

from ayni.errors import LedgerError
from ayni.ledger.checkpoint import SignedCheckpoint
from ayni.ledger.log import Halt, Seen
from ayni.ledger.tiles import bundle_of
from ayni.ledger.tree import HASH_BYTES, StoredHash

FORMAT = "ayni-file-log/1"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Head:
    size: int = 0
    entry_bytes: int = 0
    checkpoint: int | None = None
    signed_at: str = ""
    halt: dict[str, str] | None = None
    witnesses: dict[str, dict[str, str | int]] = field(default_factory=dict[str, dict[str, str | int]])


def position_of(level: int, index: int) -> int:
    """Return the place of a subtree's hash in the order in which subtrees become complete."""
    last = ((index + 1) << level) - 1
    place = level
    while last:
        place += last
        last >>= 1
    return place


def write_durably(path: Path, data: bytes) -> None:
    """Replace a file as a whole: after a crash it holds the old content or the new, never a part."""
    fresh = path.with_name(path.name + ".new")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        write_all(descriptor, data)
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    os.replace(fresh, path)  # noqa: PTH105 -- beside fsync and open, the system call by its own name
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def write_all(descriptor: int, data: bytes) -> None:
    """Write all of *data*, however often the system takes only a part."""
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]


class FileLog:
    """A log in one folder. Entries submitted become durable with the next turn."""

    def __init__(self, folder: Path, origin: str) -> None:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        (folder / "checkpoints").mkdir(exist_ok=True, mode=0o700)
        self.folder = folder
        self._origin = origin
        self._queue: deque[bytes] = deque()
        with ExitStack() as opened:
            lock = os.open(folder / "lock", os.O_RDWR | os.O_CREAT, 0o600)
            opened.callback(os.close, lock)
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise LedgerError(ledger=origin, why=f"another process writes {folder}") from error
            self._head = self._read_head()
            self._entries = self._open("entries", self._head.entry_bytes)
            opened.callback(os.close, self._entries)
            self._hashes = self._open("hashes", position_of(0, self._head.size) * HASH_BYTES)
            opened.callback(os.close, self._hashes)
            self._offsets = self._index()
            self._opened = opened.pop_all()

    @property
    def origin(self) -> str:
        """The log's name."""
        return self._origin

    def submit(self, leaves: Iterable[bytes]) -> None:
        """Let entries wait for the next turn; they are not durable before it ends."""
        self._queue.extend(leaves)

    @contextmanager
    def view(self) -> Iterator[FileTurn]:
        """Look at the log."""
        yield FileTurn(self, self._head)

    @contextmanager
    def turn(self) -> Iterator[FileTurn]:
        """Take the log for one transaction."""
        turn = FileTurn(self, self._head)
        yield turn
        self._commit(turn)

    def close(self) -> None:
        """Let go of the files."""
        self._opened.close()

    def _read_head(self) -> _Head:
        path = self.folder / "head"
        if not path.exists():
            if (self.folder / "entries").exists():
                raise LedgerError(ledger=self._origin, why=f"{path} is missing beside entries")
            self._write_head(_Head())
        try:
            held = json.loads(path.read_bytes())
            if held.pop("format") != FORMAT or held.pop("origin") != self._origin:
                raise LedgerError(ledger=self._origin, why=f"{path} is of another log or format")
            return _Head(**held)
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise LedgerError(ledger=self._origin, why=f"{path} is damaged") from error

    def _open(self, name: str, length: int) -> int:
        path = self.folder / name
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        held = os.fstat(descriptor).st_size
        if held < length:
            os.close(descriptor)
            why = f"{path} was cut short: {held} bytes of {length}"
            raise LedgerError(ledger=self._origin, why=why)
        if held > length:
            os.ftruncate(descriptor, length)
        return descriptor

    def _index(self) -> array[int]:
        """Return where each entry begins, and where the last one ends."""
        offsets, at = array("Q", [0]), 0
        data = os.pread(self._entries, self._head.entry_bytes, 0)
        while at < len(data):
            at += 2 + int.from_bytes(data[at : at + 2], "big")
            offsets.append(at)
        if at != self._head.entry_bytes or len(offsets) != self._head.size + 1:
            raise LedgerError(
                ledger=self._origin, why=f"{self.folder / 'entries'} does not hold the entries it should"
            )
        return offsets

    def _commit(self, turn: FileTurn) -> None:
        if turn.head == self._head and turn.new_note is None:
            return
        if turn.new_leaves:
            bundle = bundle_of(turn.new_leaves)
            os.lseek(self._entries, self._head.entry_bytes, os.SEEK_SET)
            write_all(self._entries, bundle)
            os.lseek(self._hashes, position_of(0, self._head.size) * HASH_BYTES, os.SEEK_SET)
            write_all(self._hashes, b"".join(turn.new_hashes.values()))
            os.fsync(self._entries)
            os.fsync(self._hashes)
            turn.head = replace(turn.head, entry_bytes=self._head.entry_bytes + len(bundle))
        if turn.new_note is not None:
            write_durably(self._checkpoint_path(turn.head.checkpoint or 0), turn.new_note)
        self._write_head(turn.head)
        self._head = turn.head
        for leaf in turn.new_leaves:
            self._offsets.append(self._offsets[-1] + 2 + len(leaf))
            self._queue.popleft()

    def _write_head(self, head: _Head) -> None:
        held = {"format": FORMAT, "origin": self._origin, **asdict(head)}
        write_durably(self.folder / "head", json.dumps(held, indent=1).encode())

    def _checkpoint_path(self, size: int) -> Path:
        return self.folder / "checkpoints" / f"{size:015}"


class FileTurn:
    """A look at a `FileLog`, and what one transaction changes. See `ayni.ledger.log.Turn`."""

    def __init__(self, log: FileLog, head: _Head) -> None:
        self._log = log
        self.head = head
        self.new_leaves: Sequence[bytes] = ()
        self.new_hashes: dict[tuple[int, int], bytes] = {}
        self.new_note: bytes | None = None

    @property
    def size(self) -> int:
        """Entries that have a place, those of this turn included."""
        return self.head.size

    def hash_at(self, level: int, index: int) -> bytes:
        """Return the hash of a complete subtree.

        Raises:
            LedgerError: if the file no longer holds it.
        """
        fresh = self.new_hashes.get((level, index))
        if fresh is not None:
            return fresh
        found = os.pread(self._log._hashes, HASH_BYTES, position_of(level, index) * HASH_BYTES)  # noqa: SLF001 -- one implementation
        if len(found) != HASH_BYTES:
            raise LedgerError(ledger=self._log.origin, why=f"{self._log.folder / 'hashes'} was cut short")
        return found

    def leaves(self, start: int, end: int) -> Sequence[bytes]:
        """Return entries `[start, end)` that were durable when the turn began."""
        offsets = self._log._offsets  # noqa: SLF001 -- one implementation
        data = os.pread(self._log._entries, offsets[end] - offsets[start], offsets[start])  # noqa: SLF001 -- as above
        base = offsets[start]
        return [data[offsets[at] - base + 2 : offsets[at + 1] - base] for at in range(start, end)]

    def latest(self) -> bytes | None:
        """Return the newest signed checkpoint."""
        if self.new_note is not None or self.head.checkpoint is None:
            return self.new_note
        path = self._log._checkpoint_path(self.head.checkpoint)  # noqa: SLF001 -- one implementation
        try:
            return path.read_bytes()
        except FileNotFoundError as error:
            raise LedgerError(ledger=self._log.origin, why=f"{path} is missing") from error

    def signed_at(self) -> datetime | None:
        """Return when the newest checkpoint was signed."""
        return datetime.fromisoformat(self.head.signed_at) if self.head.signed_at else None

    def halt(self) -> Halt | None:
        """Return why the log may not sign, if so."""
        held = self.head.halt
        if held is None:
            return None
        return Halt(
            kind=held["kind"],
            witness=held["witness"],
            shown=base64.b64decode(held["shown"]),
            at=datetime.fromisoformat(held["at"]),
        )

    def witnesses(self) -> Mapping[str, Seen]:
        """Return what each witness has cosigned last."""
        return {
            name: Seen(size=int(held["size"]), at=datetime.fromisoformat(str(held["at"])))
            for name, held in self.head.witnesses.items()
        }

    def waiting(self, limit: int) -> Sequence[bytes]:
        """Return the oldest entries submitted and not placed."""
        return [leaf for leaf, _ in zip(self._log._queue, range(limit), strict=False)]  # noqa: SLF001 -- one implementation

    def append(self, leaves: Sequence[bytes], hashes: Sequence[StoredHash]) -> None:
        """Give *leaves* the next places."""
        self.new_leaves = leaves
        self.new_hashes = {(one.level, one.index): one.hash for one in hashes}
        self.head = replace(self.head, size=self.head.size + len(leaves))

    def put_checkpoint(self, signed: SignedCheckpoint, at: datetime) -> None:
        """Keep a checkpoint."""
        self.new_note = signed.to_bytes()
        self.head = replace(self.head, checkpoint=signed.checkpoint.size, signed_at=at.isoformat())

    def set_halt(self, halt: Halt | None) -> None:
        """Stop signing, or go on again."""
        held = None
        if halt is not None:
            held = {
                "kind": halt.kind,
                "witness": halt.witness,
                "shown": base64.b64encode(halt.shown).decode(),
                "at": halt.at.isoformat(),
            }
        self.head = replace(self.head, halt=held)

    def put_seen(self, partner: str, seen: Seen) -> None:
        """Keep what a witness has cosigned last."""
        held: dict[str, str | int] = {"size": seen.size, "at": seen.at.isoformat()}
        self.head = replace(self.head, witnesses={**self.head.witnesses, partner: held})
