"""For a node that partners cannot reach: it asks them what waits for it, and brings the receipt.

    fetch(exchange, partner)          until nothing waits there; returns what came
    due(exchange, …)                  whose time has come, when settings say that this node asks
    hand_out(exchange, name)          the other side: the next envelopes for a partner that asks

    we ── GET  /exchange/v1/waiting  ──> partner        up to 32 envelopes, or nothing
    we ── POST /exchange/v1/receipts ──> partner        what became of them

What we send goes to the partner's address as always. Both requests carry our signed word, so nobody
else fetches what is ours; and who did would hold envelopes that only we can open. If the receipt
does not arrive, the same envelopes come again and are answered "repeated".
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

from ayni.errors import AyniError, KeyHistoryError
from ayni.exchange import bundle
from ayni.exchange.receipt import Item, Outcome
from ayni.node.exchange import NOTHING, TURNS, plain
from ayni.node.records.sealing import to_us

if TYPE_CHECKING:
    import threading

    from ayni.exchange.partners import Partner
    from ayni.node.exchange import Exchange
    from ayni.node.outbox import Ready

ANSWER_TO_RECEIPT: Final = 1 << 10
"""A receipt is answered by nothing, or by one line that says what is wrong with it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetched:
    """What one visit to a partner brought."""

    partner: str
    accepted: int = 0
    repeated: int = 0
    refused: int = 0
    error: str = ""
    """Why the visit failed; what came before it is taken in."""


@dataclass(slots=True, kw_only=True)
class Rounds:
    """When to ask whom again: each partner as often as settings say, unless its line has failed."""

    every_s: int
    """0: never."""
    steady: Callable[[], float] = time.monotonic
    _asked: dict[str, float] = field(default_factory=dict[str, float])

    def due(self, exchange: Exchange) -> Sequence[str]:
        """Return the partners to ask now, and count them as asked."""
        if not self.every_s:
            return ()
        now, at = self.steady(), to_us(exchange.node.clock())
        found = [
            name
            for name, partner in exchange.partners().items()
            if partner.card.address
            and now - self._asked.get(name, -float(self.every_s)) >= self.every_s
            and exchange.outbox.line(name).next_at <= at
        ]
        self._asked |= dict.fromkeys(found, now)
        return found


def fetch(exchange: Exchange, name: str, *, stop: threading.Event | None = None) -> Fetched:
    """Ask a partner what waits for us, take it in, and bring the receipt, until nothing waits."""
    fetched = Fetched(partner=name)
    try:
        partner = _reachable(exchange, name)
        for _ in range(TURNS):
            if stop is not None and stop.is_set():
                break
            items = _visit(exchange, partner)
            if not items:
                break
            fetched = _with(fetched, items)
    except (OSError, AyniError) as error:
        exchange.failed(name, error)
        return replace(fetched, error=plain(error))
    exchange.reached(name)
    return fetched


def hand_out(exchange: Exchange, name: str) -> Sequence[Ready] | None:
    """Return the next envelopes for a partner that asks; None while they are being sent or written to a file.

    Raises:
        KeyHistoryError: if it has announced no sealing key for today.
    """
    with exchange.alone(name) as mine:
        if not mine:
            return None
        ready = exchange.prepare(name)
    exchange.reached(name)
    return ready


def settle(exchange: Exchange, name: str, receipt: bytes) -> bool:
    """Act on the receipt that a partner brings; False while its messages are being sent.

    Raises:
        EnvelopeError: if it is not believed; nothing is marked delivered.
    """
    with exchange.alone(name) as mine:
        if mine:
            exchange.believe_later(name, receipt, exchange.officer())
        return mine


def _reachable(exchange: Exchange, name: str) -> Partner:
    partner = exchange.partners().get(name)
    if partner is None:
        raise KeyHistoryError(node=name, why="it is not pinned here")
    if not partner.card.address:
        message = f"the card of {name} has no address"
        raise OSError(message)
    return partner


def _visit(exchange: Exchange, partner: Partner) -> Sequence[Item]:
    said = exchange.ask(partner, "GET", "waiting", longest=bundle.LONGEST)
    if said.status == NOTHING:
        return ()
    items, receipt = exchange.take(partner.card.node, bundle.split(said.body))
    exchange.ask(partner, "POST", "receipts", receipt, longest=ANSWER_TO_RECEIPT)
    return items


def _with(fetched: Fetched, items: Sequence[Item]) -> Fetched:
    counts = {outcome: sum(item.outcome is outcome for item in items) for outcome in Outcome}
    return replace(
        fetched,
        accepted=fetched.accepted + counts[Outcome.ACCEPTED],
        repeated=fetched.repeated + counts[Outcome.REPEATED],
        refused=fetched.refused + counts[Outcome.REFUSED],
    )
