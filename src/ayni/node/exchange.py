"""The exchange of a node, put together: what waits goes to partners, what they send is taken in.

    exchange = Exchange(node)
    exchange.run(stop)                        the job `exchange`, until told to stop
    exchange.send()                           one turn to every partner whose time has come
    exchange.receive(sender, envelopes)       at the door: returns the signed receipt
    exchange.prepare(name), .believe(…)       the two halves of a delivery, for whoever carries it:
                                              a line (here), a partner that fetches, a courier

A line that fails is tried again after a pause drawn at random between nothing and twice the
one before, at most an hour, so that a thousand nodes do not all come back in the same second
("full jitter"). A message that is not delivered within its time is put aside for a person.

Source: exchange specification, "Transport"; full jitter: M. Brooker, Exponential backoff and jitter, 2015.
"""

from __future__ import annotations

import fcntl
import os
import random
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from ayni.agreements.book import Book
from ayni.agreements.shelf import Shelf
from ayni.errors import AyniError, EnvelopeError, KeyHistoryError, UnknownError
from ayni.exchange import bundle
from ayni.exchange.asking import PATH, ask
from ayni.exchange.bundle import MOST
from ayni.exchange.directory import Directory
from ayni.exchange.effects import ALL_EFFECTS
from ayni.exchange.envelope import Agreed, Opener
from ayni.exchange.jws import PublicPair
from ayni.exchange.keys import Identity, KeyRing, PublicIdentity, origin_of
from ayni.exchange.partners import Partner
from ayni.exchange.payload import MAX_LIFE
from ayni.exchange.receipt import MAX_RECEIPT_BYTES, Item, check_receipt, read_receipt, sign_receipt
from ayni.exchange.receiving import Inbox
from ayni.exchange.sending import Fate, fate
from ayni.model.handling import Mandate, Purpose
from ayni.model.store import Work
from ayni.node.doors import house_of
from ayni.node.files import make_private_folder
from ayni.node.ledger import exchange_keys, stamp
from ayni.node.lines import Line, Said
from ayni.node.outbox import Outbox, Ready
from ayni.node.quotas import Quotas
from ayni.node.records.rows import Rows
from ayni.node.records.sealing import to_us

if TYPE_CHECKING:
    from ayni.model.officer import Officer
    from ayni.node.opening import OpenNode

LOOK_EVERY_S: Final = 0.25
"""How often the outbox is looked into. Ours: a person does not notice, and a look costs 0.1 ms."""
FIRST_PAUSE_S: Final = 1.0
LONGEST_PAUSE_S: Final = 3600.0
ANSWER_S: Final = 60.0
"""How long a partner may take over one delivery before we hang up: 32 effects on a slow disk. Ours."""
TURNS: Final = 64
"""Requests to one partner in a row before the others have their turn. Ours."""
FORGET_EVERY: Final = timedelta(hours=1)
OK: Final = 200
NOTHING: Final = 204
MANDATE: Final = Mandate(
    purpose=Purpose.ADMINISTRATION,
    legal_basis="records of transfers (Directive (EU) 2016/680, article 24, or the national rule in its place)",
)
"""Under which the node writes down receipts and what could not be delivered."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """What one turn to a partner did."""

    partner: str
    sent: int = 0
    delivered: int = 0
    refused: int = 0
    error: str = ""
    """Why the line failed; empty otherwise."""


class Exchange:
    """The exchange of one open node. Reuse it: it remembers keys, compiled agreements and open lines."""

    def __init__(self, node: OpenNode) -> None:
        self.node = node
        self.outbox = Outbox(node)
        self.directory = Directory()
        self._shelf = Shelf()
        self._lock = threading.RLock()
        self._ring: tuple[int, KeyRing] | None = None
        self._openers: dict[str, tuple[object, Opener]] = {}
        self._inbox: Inbox | None = None
        self._lines: dict[str, Line] = {}
        self._forgotten = node.clock()
        chosen = node.settings.exchange
        self.quotas = Quotas(envelopes_a_minute=chosen.envelopes_per_minute, bytes_an_hour=chosen.bytes_per_hour)

    # -- what both directions need

    @property
    def ring(self) -> KeyRing:
        """The node's own keys, read again when another process has changed them."""
        if self._ring is None or self._ring[0] != stamp(self.node):
            ring = exchange_keys(self.node)
            self._ring = (stamp(self.node), ring)
        return self._ring[1]

    @property
    def identity(self) -> Identity:
        """What this node signs with."""
        return self.ring.current

    def officer(self) -> Officer:
        """Return the service officer `inbox`.

        Raises:
            UnknownError: if the node has no administrator yet, who would answer for it.
        """
        from ayni.node.officers.models import Account  # noqa: PLC0415 -- needs Django configured

        account = Account.objects.using(self.node.alias).filter(username="inbox", machine=True).first()
        if account is None:
            raise UnknownError(kind="service officer", name="inbox (add the first administrator)")
        return account.as_officer()

    def partners(self) -> Mapping[str, Partner]:
        """Return the pinned partners as they are now."""
        with self.node.store.work() as work:
            self.directory.refresh(work)
        return self.directory.partners

    def book(self) -> Book:
        """Return the agreements as they stand now."""
        with self.node.store.work() as work:
            return self._shelf.book(work)

    def known(self, work: Work | None = None) -> Mapping[str, PublicIdentity]:
        """Return the identities in use of pinned partners and of this node."""
        if work is None:
            self.partners()
        else:
            self.directory.refresh(work)
        return {**self.directory.identities, self.node.settings.node.id: self.identity.public}

    def trust(self, kid: str) -> PublicPair | None:
        """Return the keys of a pinned partner, if they are in use."""
        identity = self.directory.identities.get(kid.rpartition("/")[0])
        return identity.signing if identity is not None and identity.kid == kid else None

    # -- receiving

    def receive(self, sender: str, envelopes: Sequence[bytes]) -> bytes:
        """Take in what a partner sent, and return the signed receipt.

        Raises:
            NodeError: if nothing can be stored now; nothing was taken in.
            UnknownError: if the node has no service officer yet.
            InvalidValueError: for no envelope.
        """
        return self.take(sender, envelopes)[1]

    def take(self, sender: str, envelopes: Sequence[bytes]) -> tuple[Sequence[Item], bytes]:
        """Take in what a partner sent; return what became of each, and the signed receipt. Raises as `receive`."""
        with self._lock:
            items = self.inbox.receive(envelopes)
            receipt = sign_receipt(
                self.identity,
                sender,
                items,
                at=self.node.clock(),
                ledger=(origin_of(self.node.settings.node.id), Rows(self.node.alias).count_entries()),
            )
        return items, receipt

    @property
    def inbox(self) -> Inbox:
        """What takes messages in."""
        ring = self.ring
        if self._inbox is None or self._inbox.identity is not ring.current:
            self._inbox = Inbox(
                house=house_of(self.node.settings),
                by=self.officer(),
                identity=ring.current,
                effects=ALL_EFFECTS,
                known=self.known,
                opener=self._opener,
                store=self.node.store,
                shelf=self._shelf,
                lent=self.node.lent,
            )
        return self._inbox

    def _opener(self, known: Mapping[str, PublicIdentity], book: Book) -> Opener:
        """Return what opens envelopes; kept as long as keys stay, because it remembers verified batches."""
        key = tuple(sorted(one.kid for one in known.values())), tuple(one.seed for one in self.ring.sealing)
        held = self._openers.get("now")
        if held is None or held[0] != key:
            pairs = {one.kid: one.signing for one in known.values()}
            opener = Opener(
                node=self.node.settings.node.id, secrets=self.ring.sealing, trust=pairs.get, agreed=_agreed(book)
            )
            self._openers["now"] = held = (key, opener)
        held[1].agreed = _agreed(book)
        return held[1]

    # -- sending

    def run(self, stop: threading.Event) -> None:
        """Send what waits, and fetch if settings say so, until *stop* is set: the job `exchange`."""
        from django.db import connections  # noqa: PLC0415 -- Django is configured

        from ayni.node.attachments import Arriving  # noqa: PLC0415 -- it is built on this module
        from ayni.node.fetching import Rounds, fetch  # noqa: PLC0415 -- as above

        files = Arriving(self)
        rounds = Rounds(every_s=self.node.settings.exchange.fetch_every_s)
        try:
            while not stop.wait(LOOK_EVERY_S):
                self.send(stop=stop)
                for name in rounds.due(self):
                    fetch(self, name, stop=stop)
                files.step()
        finally:
            for line in self._lines.values():
                line.close()
            connections[self.node.alias].close()

    def send(self, *, now: bool = False, stop: threading.Event | None = None) -> Sequence[Turn]:
        """Give every partner for whom something waits its turn.

        With *now*, also those whose pause is not over, and after whoever sends for this node at the moment.
        """
        if not now and not self.outbox.partners() and self.node.clock() - self._forgotten < FORGET_EVERY:
            return []
        with self.alone(wait=now) as mine:
            if not mine:
                return []
            waiting, by = self.outbox.partners(), self.officer()
            while self.outbox.give_up(by=by, under=MANDATE):
                pass
            self._forget()
            partners = self.partners()
            turns = []
            for name in waiting:
                if stop is not None and stop.is_set():
                    break
                turn = self._turn(name, partners.get(name), by, now=now)
                if turn is not None:
                    turns.append(turn)
            return turns

    @contextmanager
    def alone(self, partner: str = "", *, wait: bool = False) -> Iterator[bool]:
        """Be the one that sends for this node, or that packs for one *partner*; yields False if another is.

        With *wait*, wait until the other is done.
        """
        folder = self.node.folder / "exchange"
        make_private_folder(folder)
        name = f"sending-{partner}.lock" if partner else "sending.lock"
        handle = os.open(folder / name, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
            except BlockingIOError:
                yield False
                return
            yield True
        finally:
            os.close(handle)

    def prepare(self, name: str, *, beside: Sequence[str] = ()) -> Sequence[Ready]:
        """Return the next envelopes for a partner, those in *beside* left out; more is packed when they run out.

        A message of control that waits is packed at once: it overtakes what was packed before it.

        Raises:
            KeyHistoryError: as `pack`.
        """
        ready = self.outbox.ready(name, beside=beside)
        if len(ready) == MOST and not self.outbox.control_waits(name):
            return ready
        self.pack(name)
        return self.outbox.ready(name, beside=beside)

    def pack(self, name: str) -> int:
        """Pack what waits for a partner, at most 256 messages, and return how many.

        Raises:
            KeyHistoryError: if it is not pinned, or has announced no sealing key for today.
        """
        now = self.node.clock()
        self.partners()
        history = self.directory.histories.get(name)
        if history is None:
            raise KeyHistoryError(node=name, why="it is not pinned here")
        self.outbox.withdraw(name, book=self.book(), by=self.officer(), under=MANDATE)
        return self.outbox.pack(name, identity=self.identity, sealing=lambda _partner: history.sealing_at(now))

    def believe(self, name: str, data: bytes, sent: Mapping[str, str], by: Officer) -> Turn:
        """Verify a partner's receipt for what was *sent* (id to SHA-256), and act on it.

        Raises:
            EnvelopeError: if it is not the answer to what was sent, or is not believed; nothing is marked delivered.
        """
        line = self.outbox.line(name)
        receipt = read_receipt(data, self.trust)
        was = line.ledger_size if receipt.ledger == line.ledger else 0
        items = check_receipt(
            receipt, sent, by=name, to=self.node.settings.node.id, now=self.node.clock(), ledger_was=was
        )
        line.ledger, line.ledger_size = receipt.ledger, receipt.ledger_size
        self.outbox.settle(receipt, items, data, by=by, under=MANDATE, line=line)
        return _counted(name, items)

    def believe_later(self, name: str, data: bytes, by: Officer) -> Turn:
        """Verify a receipt that did not come as an answer: of a partner that fetched, or from a courier.

        It may be older than others, come twice, and speak of what is settled already: only what is still open
        and was sent in these very bytes is settled.

        Raises:
            EnvelopeError: if it is not of that partner to us, or is not believed; nothing is marked delivered.
        """
        self.partners()
        receipt = read_receipt(data, self.trust)
        ours = self.outbox.open_digests(name, [item.envelope for item in receipt.items])
        answered = {item.envelope: item.sha256 for item in receipt.items}
        items = check_receipt(
            receipt, answered, by=name, to=self.node.settings.node.id, now=self.node.clock(), ledger_was=0
        )
        settled = {one: item for one, item in items.items() if ours.get(one) == item.sha256}
        if settled and not self.outbox.has_receipt(receipt.id):
            line = self.outbox.line(name)
            was = line.ledger_size if receipt.ledger == line.ledger else 0
            line.ledger, line.ledger_size = receipt.ledger, max(was, receipt.ledger_size)
            self.outbox.settle(receipt, settled, data, by=by, under=MANDATE, line=line)
        return _counted(name, settled)

    def _turn(self, name: str, partner: Partner | None, by: Officer, *, now: bool) -> Turn | None:
        if partner is not None and not partner.card.address:
            return None  # it fetches for itself, or a courier carries
        if not now and self.outbox.line(name).next_at > to_us(self.node.clock()):
            return None
        with self.alone(name, wait=now) as mine:
            return self._speak(name, partner, by) if mine else None

    def _speak(self, name: str, partner: Partner | None, by: Officer) -> Turn:
        total = Turn(partner=name)
        try:
            if partner is None:
                raise KeyHistoryError(node=name, why="it is not pinned here")
            for sent, receipt in self._posted(partner):
                done = self.believe(name, receipt, sent, by)
                total = replace(
                    total,
                    sent=total.sent + done.sent,
                    delivered=total.delivered + done.delivered,
                    refused=total.refused + done.refused,
                )
                if not done.delivered and not done.refused:
                    raise EnvelopeError(envelope="delivery", why=f"{name} took nothing in of {done.sent} envelopes")
        except (OSError, AyniError) as error:
            self.failed(name, error)
            return replace(total, error=plain(error))
        self.reached(name)
        return total

    def _posted(self, partner: Partner) -> Iterator[tuple[Mapping[str, str], bytes]]:
        """Post what waits, and yield what was sent with its receipt; the next envelopes are on their way meanwhile.

        Of a receipt that says that something was left out, what was on its way behind it is answered "too early",
        and sent again.
        """
        name = partner.card.node
        with ThreadPoolExecutor(max_workers=1, thread_name_prefix="post") as line:
            behind: tuple[Mapping[str, str], Future[bytes]] | None = None
            for _ in range(TURNS):
                ready = self.prepare(name, beside=tuple(behind[0]) if behind else ())
                ahead = behind
                behind = None
                if ready:
                    behind = {one.id: one.sha256 for one in ready}, line.submit(self._post, partner, ready)
                if ahead is not None:
                    yield ahead[0], ahead[1].result()
                if behind is None:
                    return
            if behind is not None:
                yield behind[0], behind[1].result()

    def _post(self, partner: Partner, ready: Sequence[Ready]) -> bytes:
        """Post envelopes and return the receipt; in a thread of its own, so no database is touched here."""
        body = bundle.join(one.envelope for one in ready)
        said = self.ask(partner, "POST", "envelopes", body, longest=MAX_RECEIPT_BYTES)
        return said.body

    def ask(
        self,
        partner: Partner,
        method: str,
        what: str,
        body: bytes = b"",
        *,
        longest: int,
        into: Callable[[bytes], None] | None = None,
    ) -> Said:
        """Ask a partner's node for something, in our name, over a connection that is kept open.

        What comes goes *into* where it is wanted, piece by piece, or stands in the answer.

        Raises:
            OSError: if it cannot be reached, or answers with anything but success.
        """
        card, path = partner.card, f"{PATH}/{what}"
        headers = {
            "Authorization": ask(self.identity, card.node, method, path, body, self.node.clock()),
            "Content-Type": "application/octet-stream",
        }
        line = self._lines.get(card.node)
        if line is None or (line.address, line.certificate) != (card.address, card.certificate):
            line = self._lines[card.node] = Line(
                address=card.address, certificate=card.certificate, timeout_s=ANSWER_S
            )
        said = line.ask(method, path, body or None, headers=headers, longest=longest, into=into)
        if said.status not in {OK, NOTHING}:
            why = said.body[:200].decode("ascii", "replace").strip()
            message = f"{card.node} answered {said.status}: {why}"
            raise OSError(message)
        return said

    def failed(self, name: str, error: Exception) -> None:
        """Note that a line failed, and draw the pause until it is tried again."""
        line, now = self.outbox.line(name), self.node.clock()
        longest = min(LONGEST_PAUSE_S, FIRST_PAUSE_S * 2 ** min(line.attempts, 20))
        line.attempts += 1
        line.failed_at = line.failed_at or to_us(now)
        line.next_at = to_us(now + timedelta(seconds=random.uniform(0, longest)))  # noqa: S311 -- a pause, no secret
        line.error = plain(error)[:200]
        self.outbox.keep_line(line)

    def reached(self, name: str) -> None:
        """Note that a line works, or that its partner came by itself."""
        line = self.outbox.line(name)
        line.attempts, line.next_at, line.failed_at, line.error = 0, 0, None, ""
        line.reached_at = to_us(self.node.clock())
        self.outbox.keep_line(line)

    def _forget(self) -> None:
        now = self.node.clock()
        if now - self._forgotten >= FORGET_EVERY:
            self.outbox.forget(now - timedelta(days=self.node.settings.retention.records_days))
            from ayni.node import attachments  # noqa: PLC0415 -- it is built on this module

            attachments.forget(self, older_than_s=MAX_LIFE.total_seconds())
            self._forgotten = now


def _counted(name: str, items: Mapping[str, Item]) -> Turn:
    fates = [fate(item) for item in items.values()]
    return Turn(
        partner=name,
        sent=len(items),
        delivered=sum(one is Fate.DELIVERED for one in fates),
        refused=sum(one in {Fate.REFUSED, Fate.LOST} for one in fates),
    )


def _agreed(book: Book) -> Agreed:
    def agreed(agreement: str, version: int) -> str | None:
        held = book.find(agreement)
        return held.slice.sha256 if held is not None and held.text.version == version else None

    return agreed


def plain(error: Exception) -> str:
    """Return what went wrong as one line of ASCII."""
    return str(error).encode("ascii", "replace").decode() or type(error).__name__
