"""Files that travel with a record: sealed for the partner, fetched once its message was let in, kept with it.

    attach(exchange, to, path, "image/jpeg")     seal a file for a partner; the message names it by hash
    part(exchange, partner, sha256, start)       the sender's side: bytes of what was sealed for that partner
    Arriving(exchange).step()                    the receiver's side: fetch what accepted messages name

Nothing is fetched before the agreement has let the message in, and never more bytes than it names. What has arrived
lies in a file beside; after a cut it goes on at the last whole chunk of 64 KiB, after a loss of power at the last one
that was flushed. Once the hash is right the file is opened, sealed anew under the key of the holding, and
gone with it: recall and expiry take it along, in backups too.

Source: exchange specification, "Envelope" and "Transport".
"""

from __future__ import annotations

import hashlib
import logging
import os
import random
import shutil
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, BinaryIO, Final

from ayni.errors import AyniError, InvalidValueError, KeyHistoryError, NoSpaceError, UnknownError, UnreadableError
from ayni.exchange import age
from ayni.exchange.holdings import AWAITED, HELD, HOLDING, SPOILT, holding_in, holding_of
from ayni.exchange.payload import Attachment
from ayni.exchange.recall_records import COPY, Copy
from ayni.model.act import Act, acting
from ayni.model.officer import Role
from ayni.model.record import Record, next_version
from ayni.model.store import Query
from ayni.node.doors import house_of
from ayni.node.exchange import FIRST_PAUSE_S, LONGEST_PAUSE_S, MANDATE, plain
from ayni.node.files import make_private_folder, sync_folder

if TYPE_CHECKING:
    from pathlib import Path

    from cryptography.hazmat.primitives.hpke import MLKEM768X25519PrivateKey

    from ayni.exchange.partners import Partner
    from ayni.model.handling import Mandate
    from ayni.model.officer import Officer
    from ayni.node.exchange import Exchange
    from ayni.node.opening import OpenNode

LOG = logging.getLogger("ayni.node")
CHUNK: Final = 1 << 16
FLUSHED: Final = 1 << 20
"""Bytes between two flushes to the disk: at most so much is fetched again after a loss of power. Ours."""
PART: Final = 8 << 20
"""Bytes of one answer. Source: exchange specification, "Envelope"."""
LONGEST: Final = 1 << 36
"""Largest file taken, 64 GiB: hours of video. Ours."""
ARRIVED: Final = Act(name="exchange.file", machine=True)
EXPORT: Final = Act(
    name="exchange.file_export",
    roles=frozenset({Role.ANALYST, Role.INVESTIGATOR, Role.COORDINATOR, Role.LIAISON}),
)


def attach(exchange: Exchange, to: str, path: Path, kind: str) -> Attachment:
    """Seal a file for a partner and keep it until it was fetched; return what the message names it by.

    Raises:
        KeyHistoryError: if the partner is not pinned, or has announced no sealing key for today.
        InvalidValueError: for an empty file.
        OSError: if it cannot be read or kept.
    """
    exchange.partners()
    history = exchange.directory.histories.get(to)
    if history is None:
        raise KeyHistoryError(node=to, why="it is not pinned here")
    if not path.stat().st_size:
        raise InvalidValueError(field="attachment", why="the file is empty")
    key = history.sealing_at(exchange.node.clock()).public()
    folder = _sent(exchange, to)
    beside = folder / f".{os.urandom(8).hex()}.new"
    summed = hashlib.sha256()
    try:
        with path.open("rb") as source, os.fdopen(_private(beside), "wb") as out:
            for piece in age.seal(source, [key]):
                summed.update(piece)
                out.write(piece)
            size = out.tell()
            out.flush()
            os.fsync(out.fileno())
        beside.replace(folder / summed.hexdigest())
        sync_folder(folder)
    finally:
        beside.unlink(missing_ok=True)
    return Attachment(sha256=summed.hexdigest(), size=size, type=kind)


def part(exchange: Exchange, partner: str, sha256: str, start: int) -> bytes | None:
    """Return at most 8 MiB of a file that was sealed for *partner*, from *start*; None if there is none."""
    try:
        with (_sent(exchange, partner) / sha256).open("rb") as file:
            file.seek(start)
            return file.read(PART)
    except FileNotFoundError:
        return None


@dataclass(slots=True)
class Arriving:
    """Fetches what accepted messages name. One at a time (`Exchange.alone`)."""

    exchange: Exchange
    steady: Callable[[], float] = time.monotonic
    _pauses: dict[str, tuple[float, float]] = field(default_factory=dict[str, tuple[float, float]])
    """By holding: when to try again, and the longest pause so far."""

    def step(self) -> int:
        """Fetch for every holding whose time has come; return how many are complete now."""
        with self.exchange.alone("arriving") as mine:
            if not mine:
                return 0
            with self.exchange.node.store.work() as work:
                waiting = [one.id for one in work.find(Query(kind=HOLDING, states=(AWAITED,)))]
            self._pauses = {one: pause for one, pause in self._pauses.items() if one in waiting}
            return sum(self._try(one) for one in waiting if self._pauses.get(one, (0.0, 0.0))[0] <= self.steady())

    def _try(self, holding: str) -> bool:
        with self.exchange.node.store.work() as work:
            held = work.get(holding)
        partner = self.exchange.partners().get(holding_in(held).sender)
        try:
            for attachment in holding_in(held).payload().attachments:
                if partner is not None and partner.card.address:
                    fetch(self.exchange, partner, attachment)
            return keep(self.exchange, held)
        except (OSError, AyniError) as error:
            _, longest = self._pauses.get(holding, (0.0, FIRST_PAUSE_S / 2))
            longest = min(LONGEST_PAUSE_S, 2 * longest)
            self._pauses[holding] = (self.steady() + random.uniform(0, longest), longest)  # noqa: S311 -- a pause
            LOG.info("a file for %s has not arrived: %s", holding, plain(error))
            return False


def fetch(exchange: Exchange, partner: Partner, attachment: Attachment) -> Path:
    """Fetch a file from where it stopped last time, until it is there; return where it lies.

    Raises:
        OSError: if the line failed; what arrived stays, and the next call goes on behind it.
        UnreadableError: if it is larger than we take, or not what the message named; it is thrown away.
        NoSpaceError: if there is no room for it.
    """
    place = arriving(exchange, attachment)
    if attachment.size > LONGEST:
        raise UnreadableError(file=attachment.sha256, why=f"{attachment.size} bytes, at most {LONGEST} are taken")
    with os.fdopen(_private(place), "r+b") as file:
        at = min(os.fstat(file.fileno()).st_size, attachment.size)
        at = at if at == attachment.size else at // CHUNK * CHUNK
        if shutil.disk_usage(place.parent).free < 2 * (attachment.size - at):
            raise NoSpaceError(folder=str(place.parent), doing="fetching a file")
        file.truncate(at)
        file.seek(at)
        while at < attachment.size:
            with _flushing(file) as write:
                exchange.ask(partner, "GET", f"files/{attachment.sha256}/{at}", longest=PART, into=write)
            if not at < file.tell() <= attachment.size:
                message = f"{partner.card.node} answered with nothing, or with more than its message named"
                raise OSError(message)
            at = file.tell()
        file.seek(0)
        if hashlib.file_digest(file, "sha256").hexdigest() != attachment.sha256:
            place.unlink()
            raise UnreadableError(file=attachment.sha256, why="what arrived is not what the message named")
    return place


def arriving(exchange: Exchange, attachment: Attachment) -> Path:
    """Return where a file lies while it arrives."""
    folder = exchange.node.folder / "exchange" / "arriving"
    make_private_folder(folder)
    return folder / attachment.sha256


def keep(exchange: Exchange, held: Record[object]) -> bool:
    """Keep the files of a holding, all of which have arrived, under its key; False if one is missing.

    One that does not open is noted as spoilt: its sender sealed it wrongly, and fetching it again would not help.
    """
    body, node = holding_in(held), exchange.node
    places = [(one, arriving(exchange, one)) for one in body.payload().attachments]
    if not all(place.exists() and place.stat().st_size == one.size for one, place in places):
        return False
    private = [secret.private() for secret in exchange.ring.sealing]
    try:
        with node.store.work() as work:
            with acting(ARRIVED, by=exchange.officer(), under=MANDATE, work=work) as acts:
                digests = [acts.put_blob(held.header.id, _opened(place, private)) for _, place in places]
                kept = replace(body, files=tuple(digests))
                acts.put(next_version(held, kept, now=acts.now, state=HELD), replacing=held.header.version)
                acts.note(record=body.record, sender=body.sender, files=len(digests), message=body.message)
            work.commit()
    except UnreadableError as error:
        with node.store.work() as work:
            with acting(ARRIVED, by=exchange.officer(), under=MANDATE, work=work) as acts:
                acts.put(next_version(held, body, now=acts.now, state=SPOILT), replacing=held.header.version)
                acts.note(record=body.record, sender=body.sender, message=body.message, why=plain(error)[:200])
            work.commit()
    for _, place in places:
        place.unlink(missing_ok=True)
    return True


def _opened(place: Path, private: Sequence[MLKEM768X25519PrivateKey]) -> Iterator[bytes]:
    with place.open("rb") as file:
        yield from age.open_file(file, private).plain(file)


@contextmanager
def _flushing(file: BinaryIO) -> Iterator[Callable[[bytes], None]]:
    """Write what arrives, and flush it to the disk every mebibyte and, whatever happens, at the end."""
    since = 0

    def flush() -> None:
        file.flush()
        os.fsync(file.fileno())

    def write(piece: bytes) -> None:
        nonlocal since
        file.write(piece)
        since += len(piece)
        if since >= FLUSHED:
            since = 0
            flush()

    try:
        yield write
    finally:
        flush()


def _sent(exchange: Exchange, partner: str) -> Path:
    folder = exchange.node.folder / "exchange" / "files" / partner
    make_private_folder(folder)
    return folder


def _private(path: Path) -> int:
    return os.open(path, os.O_RDWR | os.O_CREAT, 0o600)


def export(
    node: OpenNode, record: str, out: Path, *, by: Officer, under: Mandate, only: Sequence[str] = ()
) -> list[Path]:
    """Write the files of a partner's record into a folder, named by hash; *only* those, if it names any.

    The act notes who took what out, and a copy by hand is kept in mind: a recall does not reach it.

    Raises:
        NotEntitledError: if the officer may not.
        UnknownError: if we hold no such record of a partner, it was recalled, or it has no such file.
        OSError: if a file cannot be written.
    """
    out.mkdir(parents=True, exist_ok=True)
    written: list[Path] = []
    with node.store.work() as work:
        with acting(EXPORT, by=by, under=under, work=work) as acts:
            held = holding_of(work, record)
            if held is None:
                raise UnknownError(kind="record of a partner", name=record)
            acts.open(held.header.id)
            holding = holding_in(held)
            for digest in only or holding.files:
                if digest not in holding.files:
                    raise UnknownError(kind="file", name=digest)
                written.append(out / digest)
                with written[-1].open("wb") as file:
                    file.writelines(node.store.read_blob(held.header.id, digest))
            if written:
                header = house_of(node.settings).header(
                    COPY, under=under, now=acts.now, identifiers=(f"record:{record}",)
                )
                how = f"{len(written)} of its files"
                copy = Copy(record=record, originator=holding.originator, to=by.name, how=how, by=by.id, at=acts.now)
                acts.put(Record(header=header, body=copy), replacing=None)
            acts.note(record=record, files=len(written))
        work.commit()
    return written


def forget(exchange: Exchange, *, older_than_s: float) -> int:
    """Remove files that lie sealed for partners longer than a message that names them lives; return how many."""
    count = 0
    for path in (exchange.node.folder / "exchange" / "files").glob("*/*"):
        with suppress(FileNotFoundError):
            if time.time() - path.stat().st_mtime > older_than_s:
                path.unlink()
                count += 1
    return count
