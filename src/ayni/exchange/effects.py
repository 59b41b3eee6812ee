"""What every type of message does on arrival, put together; whoever writes another module of messages adds it."""

from __future__ import annotations

from collections.abc import Mapping

from ayni.exchange import consent, correction, lease, recalled, requests, room_arrivals, sharing, steps
from ayni.exchange.payload import Type
from ayni.exchange.receiving import Effect

ALL_EFFECTS: Mapping[Type, Effect] = {
    **sharing.EFFECTS,
    **steps.EFFECTS,
    **recalled.EFFECTS,
    **requests.EFFECTS,
    **consent.EFFECTS,
    **correction.EFFECTS,
    **room_arrivals.EFFECTS,
    **lease.EFFECTS,
}
