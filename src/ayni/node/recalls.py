"""What a recall leaves to do once its transaction is over: empty the outbox, force a checkpoint, prove.

    recalls = Recalls(Exchange(node))
    recalls.run(stop)                 the job `recalls`, until told to stop
    recalls.step()                    one turn; returns how many recalls it settled or proved

A message that still waits, with a record that was taken back meanwhile, is emptied here: what was
said in it is in no row any more. A holder's proof needs the entry's place in the ledger and a
signed checkpoint, so one is signed at once and partners are asked to witness it, rather than
after the minute that the ledger would take. What a court held back is obeyed once the hold ends.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Final

from ayni.errors import AyniError, LedgerError, UnknownError
from ayni.exchange.holdings import exposure_in, exposures
from ayni.exchange.recall import TAKEN_BACK, let_go
from ayni.exchange.recall_records import ANSWERED, COURT, ORDERED, RECALL, RECALLED
from ayni.exchange.recalled import prove, resume
from ayni.model.store import Query
from ayni.node.doors import house_of
from ayni.node.folder import restored_from
from ayni.node.witnesses import witnessed_ledger

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ayni.node.exchange import Exchange
    from ayni.node.ledger import Ledger

LOOK_EVERY_S: Final = 0.5
"""How often a recall is looked for. Ours: a look is three indexed queries."""


class Recalls:
    """Finishes the recalls of one open node."""

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange
        self._node = exchange.node

    def run(self, stop: threading.Event) -> None:
        """Take turns until *stop* is set."""
        from django.db import connections  # noqa: PLC0415 -- Django is configured

        try:
            while not stop.wait(LOOK_EVERY_S):
                self.step()
        finally:
            connections[self._node.alias].close()

    def step(self) -> int:
        """Empty, resume and prove what there is; return how many recalls moved on."""
        if restored_from(self._node.folder):
            return 0
        with self._node.store.work() as work:
            ordered = [one.id for one in work.find(Query(kind=RECALL, states=(ORDERED,)))]
            answered = bool(work.find(Query(kind=RECALLED, states=(ANSWERED,), limit=1)))
            held = bool(work.find(Query(kind=RECALLED, states=(COURT,), limit=1)))
        moved = self._resume() if held else 0
        if (ordered or answered or moved) and not self._empty(ordered):
            return moved
        return len(ordered) + moved + (self._prove() if answered or moved else 0)

    def _empty(self, ordered: Sequence[str]) -> bool:
        """Empty the messages that carry what was taken back; False while another process sends."""
        with self._exchange.alone() as mine:
            if not mine:
                return False
            with self._node.store.work() as work:
                gone = [exposure_in(work.get(one.id)) for one in exposures(work, states=(TAKEN_BACK,))]
            self._exchange.outbox.take_back([one.message for one in gone])
            if ordered:
                with self._node.store.work() as work:
                    let_go(ordered, by=self._exchange.officer(), work=work)
                    work.commit()
        return True

    def _resume(self) -> int:
        with self._node.store.work() as work:
            resumed = resume(
                by=self._exchange.officer(),
                work=work,
                house=house_of(self._node.settings),
                identity=self._exchange.identity,
            )
            if resumed:
                work.commit()
        return resumed

    def _prove(self) -> int:
        ledger = witnessed_ledger(self._node)
        ledger.step()
        try:
            ledger.sequencer.sign_now()
        except LedgerError:
            return 0  # halted: nothing is signed before a person has reconciled it, and the alarm says so
        _witnessed(ledger)
        with self._node.store.work() as work:
            proven = prove(
                lambda entry: _proof(ledger, entry),
                by=self._exchange.officer(),
                work=work,
                house=house_of(self._node.settings),
            )
            if proven:
                work.commit()
        return proven


def _witnessed(ledger: Ledger) -> None:
    """Ask partners to witness the newest checkpoint; whoever cannot be reached is left out of the proof."""
    for partner in ledger.partners:
        try:
            ledger.witnessing.ask(partner)
        except (OSError, AyniError):
            continue


def _proof(ledger: Ledger, entry: str) -> bytes | None:
    try:
        return ledger.receipt(entry).to_bytes()
    except UnknownError:
        return None
