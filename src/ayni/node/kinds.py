"""Every kind of record that this release knows: the vocabulary's, and those of the parts above it."""

from __future__ import annotations

from collections.abc import Mapping

from ayni.agreements.life_cycle import KINDS as AGREEMENTS
from ayni.exchange.consent import KINDS as CONSENTS
from ayni.exchange.correction import KINDS as CORRECTIONS
from ayni.exchange.holdings import KINDS as HOLDINGS
from ayni.exchange.key_acts import KINDS as KEYS
from ayni.exchange.lease import KINDS as LEASES
from ayni.exchange.partners import KINDS as PARTNERS
from ayni.exchange.recall_records import KINDS as RECALLS
from ayni.exchange.requests import KINDS as REQUESTS
from ayni.exchange.room_words import KINDS as ROOMS
from ayni.model.codec import KINDS as VOCABULARY
from ayni.operations.watch_log import KINDS as WATCHES

ALL_KINDS: Mapping[str, type[object]] = {
    **VOCABULARY,
    **AGREEMENTS,
    **KEYS,
    **PARTNERS,
    **HOLDINGS,
    **RECALLS,
    **REQUESTS,
    **CONSENTS,
    **WATCHES,
    **CORRECTIONS,
    **ROOMS,
    **LEASES,
}
"""Kind to the type of its body, as the store reads it back."""
