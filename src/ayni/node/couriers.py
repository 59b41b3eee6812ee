"""Carried by hand: what waits for a partner as one file, what a partner's file brings, receipts both ways.

    write_file(exchange, "pe-dicapi", path, by=…, under=…)     everything that waits, and our receipts for it
    read_file(exchange, path, by=…, under=…)                   its receipts settle, its messages are taken in

The file holds the same envelopes that the line would carry, so it does not matter what went by
which way, or twice: a message that arrived before is answered "repeated". Receipts for what a
file brought are kept, and go back in every file to that partner until the messages they answer
would be past their time; a file that gets lost loses nothing.

A file that is cut short, changed, of somebody unknown or for somebody else is refused whole.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from hashlib import file_digest, sha256
from typing import TYPE_CHECKING, Final

from ayni.errors import EnvelopeError
from ayni.exchange.bundle import MOST, MOST_BYTES
from ayni.exchange.courier import MAX_ITEMS, Courier, ItemKind, Listed, Load, read_courier, write_courier
from ayni.exchange.payload import MAX_LIFE
from ayni.exchange.receipt import Item, Outcome
from ayni.model.act import Act, acting
from ayni.model.checks import uuid7
from ayni.model.officer import Role
from ayni.model.signal import Reason
from ayni.node.files import make_private_folder, sync_folder, write_private

if TYPE_CHECKING:
    from pathlib import Path

    from ayni.exchange.jws import PublicPair
    from ayni.model.handling import Mandate
    from ayni.model.officer import Officer
    from ayni.node.exchange import Exchange
    from ayni.node.opening import OpenNode

WRITE = Act(name="exchange.courier_write", roles=frozenset({Role.LIAISON, Role.COORDINATOR, Role.ADMINISTRATOR}))
READ = Act(name="exchange.courier_read", roles=frozenset({Role.LIAISON, Role.COORDINATOR, Role.ADMINISTRATOR}))
MAX_RECEIPTS: Final = 2_000
"""Newest receipts of one file: those of 64,000 messages, and room for as many messages as there is. Ours."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """What was put into a file."""

    to: str
    messages: int
    receipts: int
    left: int
    """Messages for which there was no room: they go once what was carried has been receipted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Brought:
    """What a file brought."""

    sender: str
    delivered: int = 0
    """Messages of ours that its receipts say were taken in."""
    refused: int = 0
    """Messages of ours that its receipts say were refused."""
    accepted: int = 0
    repeated: int = 0
    turned_away: int = 0
    """Messages of theirs that we refused."""
    reasons: tuple[Reason, ...] = ()
    """Why."""

    @property
    def answers(self) -> bool:
        """Say whether there are receipts to carry back."""
        return bool(self.accepted or self.repeated or self.turned_away)


def write_file(exchange: Exchange, to: str, path: Path, *, by: Officer, under: Mandate) -> Written:
    """Write everything that waits for a partner into a file, and write down who took it out.

    Nothing counts as delivered before a receipt comes back; until then the line, if there is one, sends it too.

    Raises:
        NotEntitledError: if the officer may not.
        KeyHistoryError: if the partner is not pinned, or has announced no sealing key for today.
        EnvelopeError: if something that waited was settled meanwhile: write it again.
        OSError: if the file cannot be written.
    """
    node = exchange.node
    beside = path.with_name(f".{path.name}.new")
    try:
        with exchange.alone(to, wait=True), node.store.work() as work:
            with acting(WRITE, by=by, under=under, work=work) as acts:
                while exchange.pack(to):
                    pass
                receipts = [Load.of_receipt(data) for data in _kept(node, to)]
                waiting = exchange.outbox.packed(to, limit=10 * MAX_ITEMS)
                room = waiting[: MAX_ITEMS - len(receipts)]
                loads = [*receipts, *(_load(exchange, one) for one in room)]
                write_courier(beside, exchange.identity, to, loads, node.clock())
                acts.note(to=to, messages=len(room), receipts=len(receipts), sha256=_digest(beside))
            work.commit()
        beside.replace(path)
        sync_folder(path.parent)
    finally:
        beside.unlink(missing_ok=True)
    return Written(to=to, messages=len(room), receipts=len(receipts), left=len(waiting) - len(room))


def read_file(exchange: Exchange, path: Path, *, by: Officer, under: Mandate) -> Brought:
    """Take in what a partner's file brings: first its receipts, then its messages in their order.

    Reading it again changes nothing.

    Raises:
        NotEntitledError: if the officer may not.
        EnvelopeError: if it is cut short, changed, of nobody we know, or for another node: nothing was taken in.
        NodeError: if nothing can be stored now; read it again later.
        OSError: if it cannot be read.
    """
    node = exchange.node
    exchange.partners()
    with node.store.work() as work:
        with acting(READ, by=by, under=under, work=work) as acts:
            file = read_courier(path, lambda kid: _believed(exchange, kid))
            manifest = file.manifest
            if manifest.to != node.settings.node.id:
                raise EnvelopeError(envelope=path.name, why=f"it is for {manifest.to}")
            acts.note(sender=manifest.sender, items=len(manifest.items), sha256=_digest(path))
        work.commit()
    brought = Brought(sender=manifest.sender)
    machine = exchange.officer()
    with exchange.alone(manifest.sender, wait=True):
        for item in _of(file, ItemKind.RECEIPT):
            turn = exchange.believe_later(manifest.sender, b"".join(file.chunks(item)), machine)
            brought = replace(
                brought, delivered=brought.delivered + turn.delivered, refused=brought.refused + turn.refused
            )
    for batch in _batches(_of(file, ItemKind.ENVELOPE)):
        items, receipt = exchange.take(manifest.sender, [b"".join(file.chunks(one)) for one in batch])
        _keep(node, manifest.sender, receipt)
        brought = _with(brought, items)
    return brought


def _believed(exchange: Exchange, kid: str) -> PublicPair | None:
    """Believe our own files too, so that who reads one by mistake is told for whom it is."""
    ours = exchange.identity.public
    return ours.signing if kid == ours.kid else exchange.trust(kid)


def _load(exchange: Exchange, message: str) -> Load:
    data = exchange.outbox.envelope(message)
    listed = Listed(kind=ItemKind.ENVELOPE, id=message, size=len(data), sha256=sha256(data).hexdigest())
    return Load(listed=listed, chunks=lambda: (exchange.outbox.envelope(message),))


def _of(file: Courier, kind: ItemKind) -> Sequence[Listed]:
    return [item for item in file.manifest.items if item.kind is kind]


def _batches(items: Sequence[Listed]) -> Iterator[Sequence[Listed]]:
    """Yield as many as one request over a line would bring."""
    batch: list[Listed] = []
    size = 0
    for item in items:
        if batch and (len(batch) == MOST or size + item.size > MOST_BYTES):
            yield batch
            batch, size = [], 0
        batch.append(item)
        size += item.size
    if batch:
        yield batch


def _with(brought: Brought, items: Sequence[Item]) -> Brought:
    counts = {outcome: sum(item.outcome is outcome for item in items) for outcome in Outcome}
    reasons = [reason for item in items if item.outcome is Outcome.REFUSED for reason in item.reasons]
    return replace(
        brought,
        accepted=brought.accepted + counts[Outcome.ACCEPTED],
        repeated=brought.repeated + counts[Outcome.REPEATED],
        turned_away=brought.turned_away + counts[Outcome.REFUSED],
        reasons=(*brought.reasons, *reasons),
    )


def _folder(node: OpenNode, partner: str) -> Path:
    folder = node.folder / "exchange" / "receipts" / partner
    make_private_folder(folder)
    return folder


def _keep(node: OpenNode, partner: str, receipt: bytes) -> None:
    """Keep a receipt to be carried back; its name sorts by time."""
    write_private(_folder(node, partner) / f"{uuid7(round(node.clock().timestamp() * 1000))}.jws", receipt)


def _kept(node: OpenNode, partner: str) -> Sequence[bytes]:
    """Return the receipts to carry back, oldest first, and forget those that nobody can need any more."""
    oldest = uuid7(round((node.clock() - MAX_LIFE - timedelta(days=1)).timestamp() * 1000))
    kept: list[Path] = []
    for path in sorted(_folder(node, partner).glob("*.jws")):
        if path.stem < oldest:
            path.unlink()
        else:
            kept.append(path)
    return [path.read_bytes() for path in kept[-MAX_RECEIPTS:]]


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return file_digest(file, "sha256").hexdigest()
