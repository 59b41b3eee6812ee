"""What the sender writes down when a partner's receipt came: its exposures are held there, or were refused."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ayni.exchange.holdings import CORRECTING, EXPOSURE, HELD, REFUSED, SENT, UNCORRECTED, UNDELIVERED
from ayni.exchange.receipt import Item, Receipt
from ayni.exchange.sending import Fate, fate
from ayni.model.act import Act, Acting, acting
from ayni.model.handling import Mandate
from ayni.model.officer import Officer
from ayni.model.record import next_version
from ayni.model.store import Query, Work

DELIVERED = Act(name="exchange.delivered", machine=True)
OVERDUE = Act(name="exchange.overdue", machine=True)


def note_receipt(
    receipt: Receipt, items: Mapping[str, Item], *, sha256: str, by: Officer, under: Mandate, work: Work
) -> None:
    """Write down what a partner signed: one entry for a receipt, whatever it answers. The caller commits.

    `sha256` is that of the receipt as it came, so that the one kept can be shown to be it.
    """
    fates = {name: fate(item) for name, item in items.items()}
    with acting(DELIVERED, by=by, under=under, work=work) as acts:
        for name, what in fates.items():
            if what is Fate.DELIVERED:
                _stands(acts, name, HELD)
            elif what in {Fate.REFUSED, Fate.LOST}:
                _stands(acts, name, REFUSED)
        acts.note(
            receipt=receipt.id,
            sha256=sha256,
            sender=receipt.sender,
            delivered=sum(what is Fate.DELIVERED for what in fates.values()),
            refused=sum(what in {Fate.REFUSED, Fate.LOST} for what in fates.values()),
            ledger=receipt.ledger,
            ledger_size=receipt.ledger_size,
        )


def note_overdue(messages: Sequence[str], *, by: Officer, under: Mandate, work: Work) -> None:
    """Write down that messages were not delivered within their time, one entry for all. The caller commits."""
    with acting(OVERDUE, by=by, under=under, work=work) as acts:
        for name in messages:
            _stands(acts, name, UNDELIVERED)
        acts.note(messages=len(messages), first=messages[0], last=messages[-1])


def _stands(acts: Acting, message: str, state: str) -> None:
    """Let the exposure that a message carried, if it carried one, stand in another state."""
    for header in acts.find(
        Query(kind=EXPOSURE, identifier=f"message:{message}", states=(SENT, CORRECTING), limit=1)
    ):
        record = acts.get(header.id)
        stands = UNCORRECTED if header.state == CORRECTING and state != HELD else state
        acts.put(next_version(record, record.body, now=acts.now, state=stands), replacing=header.version)
