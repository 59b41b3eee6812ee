"""What the sender writes down when a partner's receipt came: its exposures are held there, or were refused."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

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
    stands = {name: _STANDS[what] for name, what in fates.items() if what in _STANDS}
    with acting(DELIVERED, by=by, under=under, work=work) as acts:
        _stand(acts, stands)
        acts.note(
            receipt=receipt.id,
            sha256=sha256,
            sender=receipt.sender,
            delivered=sum(state == HELD for state in stands.values()),
            refused=sum(state == REFUSED for state in stands.values()),
            ledger=receipt.ledger,
            ledger_size=receipt.ledger_size,
        )


def note_overdue(messages: Sequence[str], *, by: Officer, under: Mandate, work: Work) -> None:
    """Write down that messages were not delivered within their time, one entry for all. The caller commits."""
    with acting(OVERDUE, by=by, under=under, work=work) as acts:
        _stand(acts, dict.fromkeys(messages, UNDELIVERED))
        acts.note(messages=len(messages), first=messages[0], last=messages[-1])


def _stand(acts: Acting, stands: Mapping[str, str]) -> None:
    """Let the exposures that messages carried, those that carried one, stand in another state."""
    named = {f"message:{message}": state for message, state in stands.items()}
    asked = Query(kind=EXPOSURE, identified=tuple(named), states=(SENT, CORRECTING), limit=max(1, len(named)))
    for header in acts.find(asked):
        record = acts.get(header.id)
        state = next(named[one] for one in header.identifiers if one in named)
        stood = UNCORRECTED if header.state == CORRECTING and state != HELD else state
        acts.put(next_version(record, record.body, now=acts.now, state=stood), replacing=header.version)


_STANDS: Final = {Fate.DELIVERED: HELD, Fate.REFUSED: REFUSED, Fate.LOST: REFUSED}
