"""Receipts: believed only if they answer exactly what was sent."""

from __future__ import annotations

import hashlib
from datetime import timedelta

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ayni.errors import EnvelopeError, InvalidValueError
from ayni.exchange.envelope import Envelope, write_envelopes
from ayni.exchange.jws import sign
from ayni.exchange.receipt import TYP, Item, Outcome, check_receipt, read_receipt, sign_receipt
from ayni.exchange.refusals import Cause, refusal
from ayni.model.codec import to_json
from ayni.model.signal import Reason
from tests.exchange.letters import BO, KEYS, NOW, PE, SECRETS, XX, payload, trust

REASON = refusal(Cause.MISDIRECTED, "x", node=BO).facts["reason"]
assert isinstance(REASON, Reason)
SENT = write_envelopes([payload() for _ in range(3)], KEYS[PE], lambda node: SECRETS[node].key)
SUMS = {one.clear.id: one.clear.sha256 for one in SENT}
ITEMS = [
    Item(envelope=SENT[0].clear.id, sha256=SENT[0].clear.sha256, outcome=Outcome.ACCEPTED, articles=("BO-PE-1/4",)),
    Item(envelope=SENT[1].clear.id, sha256=SENT[1].clear.sha256, outcome=Outcome.REFUSED, reasons=(REASON,)),
    Item(envelope=SENT[2].clear.id, sha256=SENT[2].clear.sha256, outcome=Outcome.REPEATED),
]
LEDGER = (f"{BO}/ledger", 12)


def signed(items: list[Item] = ITEMS, by: str = BO, to: str = PE, size: int = 12) -> bytes:
    """Return Bolivia's receipt."""
    return sign_receipt(KEYS[by], to, items, at=NOW, ledger=(LEDGER[0], size))


def check(data: bytes, ledger_was: int = 12, sums: dict[str, str] = SUMS) -> list[Outcome]:
    """Read and check a receipt as Peru does."""
    receipt = read_receipt(data, trust)
    found = check_receipt(receipt, sums, by=BO, to=PE, now=NOW, ledger_was=ledger_was)
    return [found[envelope].outcome for envelope in sums]


def test_a_receipt_says_what_became_of_each() -> None:
    """Of all that was sent, in the partner's own words."""
    assert check(signed()) == [Outcome.ACCEPTED, Outcome.REFUSED, Outcome.REPEATED]
    refused = read_receipt(signed(), trust).items[1]
    assert refused.reasons == (REASON,)


def test_a_receipt_that_lies_is_refused() -> None:
    """Each lie is named."""
    other = msgspec.structs.replace(ITEMS[0], sha256=hashlib.sha256(b"").hexdigest())
    for data, why in (
        (signed(ITEMS[:2]), "exactly what was sent"),
        (signed([*ITEMS, msgspec.structs.replace(ITEMS[0], envelope="never-sent")]), "never-sent"),
        (signed([other, *ITEMS[1:]]), "other bytes"),
        (signed(to=XX), f"to {XX}"),
        (signed(by=PE), f"from {PE}"),
        (signed(size=11), "had 12"),
        (signed(by=XX), "believed"),
    ):
        with pytest.raises(EnvelopeError, match=why):
            check(data)


def test_a_receipt_speaks_for_its_signer_alone() -> None:
    """Peru cannot sign what Bolivia would have said, nor pass off another kind of token."""
    receipt = to_json(read_receipt(signed(), trust))
    for data, why in (
        (sign(receipt, TYP, [(KEYS[PE].kid, KEYS[PE].sign)]), "speaks for"),
        (sign(receipt, "ayni-batch+jws", [(KEYS[BO].kid, KEYS[BO].sign)]), "not signed"),
        (sign(receipt, TYP, [(KEYS[BO].kid, KEYS[PE].sign)]), "no valid"),
        (sign(receipt.replace(b'"at":', b' "at":'), TYP, [(KEYS[BO].kid, KEYS[BO].sign)]), "one spelling"),
    ):
        with pytest.raises(EnvelopeError, match=why):
            read_receipt(data, trust)


def test_a_receipt_from_tomorrow_is_refused() -> None:
    """Ten minutes are forgiven."""
    receipt = read_receipt(signed(), trust)
    check_receipt(receipt, SUMS, by=BO, to=PE, now=NOW - timedelta(minutes=10), ledger_was=0)
    with pytest.raises(EnvelopeError, match="not come yet"):
        check_receipt(receipt, SUMS, by=BO, to=PE, now=NOW - timedelta(minutes=11), ledger_was=0)


def test_a_refusal_gives_reasons_and_an_envelope_stands_once() -> None:
    """Or the receipt is not written."""
    with pytest.raises(InvalidValueError, match="reasons"):
        Item(envelope="x", sha256="0" * 64, outcome=Outcome.REFUSED)
    for items in ([], [ITEMS[0], ITEMS[0]]):
        with pytest.raises(InvalidValueError, match="items"):
            signed(items)


RECEIPT = signed()


@given(data=st.data())
@settings(max_examples=60)
def test_no_changed_byte_of_a_receipt_passes(data: st.DataObject) -> None:
    """Nor a cut, nor anything added."""
    changed = bytearray(RECEIPT)
    at = data.draw(st.integers(0, len(changed)))
    changed[at : at + data.draw(st.integers(0, 3))] = data.draw(st.binary(max_size=4))
    if bytes(changed) != RECEIPT:
        with pytest.raises(EnvelopeError):
            read_receipt(bytes(changed), trust)


def test_envelopes_of_the_tests_are_whole() -> None:
    """What the receipts speak of can be parsed."""
    assert [Envelope.parse(one.to_bytes()).clear.id for one in SENT] == list(SUMS)
