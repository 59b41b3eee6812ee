"""Envelopes: opened once by whom they are for, and refused by name otherwise."""

from __future__ import annotations

import hashlib
import tracemalloc
from dataclasses import replace
from datetime import timedelta

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ayni.errors import AyniError, EnvelopeError, InvalidValueError, UnreadableError
from ayni.exchange.age import seal_bytes
from ayni.exchange.batch import MAX_BATCH, sign_batch, verify_message
from ayni.exchange.envelope import Clear, Envelope, write_envelopes
from ayni.exchange.payload import MAX_PAYLOAD_BYTES, Payload, Priority, Type, Under, read_payload
from ayni.exchange.refusals import FROM_THE_INBOX, SENTENCES, Cause
from ayni.model.checks import uuid7
from ayni.model.codec import to_json
from ayni.model.signal import Reason
from ayni.toolkit.phrases import Catalogue, render
from ayni.toolkit.phrases.catalogue import read_catalogue
from tests.exchange.letters import BO, BODY, KEYS, NOW, PE, SECRETS, TEXT, XX, Said, opener, payload, trust, written


def sealed(signed: bytes, clear: Clear, to: str = BO) -> Envelope:
    """Seal any bytes as if they were a signed message, under a clear line that fits them."""
    data = seal_bytes(signed, [SECRETS[to].key.public()])
    fitting = msgspec.structs.replace(clear, size=len(data), sha256=hashlib.sha256(data).hexdigest())
    return Envelope(clear=fitting, sealed=data)


def clear_of(one: Payload) -> Clear:
    """Return the clear line that an honest sender writes on a payload."""
    return Envelope.parse(written(one)[0]).clear


def refused(envelope: Envelope, node: str = BO, late: timedelta = timedelta(0)) -> Cause:
    """Open and return why not."""
    with pytest.raises(EnvelopeError) as caught:
        opener(node).open(envelope, NOW + late)
    return cause_of(caught.value)


def cause_of(error: EnvelopeError) -> Cause:
    """Return the cause, having checked that the reason can be sent."""
    assert isinstance(error.facts["reason"], Reason)
    return Cause(str(error.facts["cause"]))


def test_what_was_written_is_read() -> None:
    """By the recipient, with the keys that signed it and the bytes that prove it."""
    one = payload()
    opened = opener().open(Envelope.parse(written(one)[0]), NOW)
    assert opened.payload == one
    assert (opened.kid, opened.clear.priority) == (f"{PE}/0", Priority.DATA)
    assert opened.digest == hashlib.sha256(to_json(one)).hexdigest()
    assert verify_message(opened.signed, trust, opener().heads).payload == to_json(one)


def test_nothing_but_routing_stands_in_clear() -> None:
    """No purpose, agreement, article or type."""
    data = written(payload())[0]
    line = data.partition(b"\n")[0]
    assert list(msgspec.json.decode(line)) == ["v", "from", "to", "id", "size", "sha256", "priority"]
    for word in (b"narcotics", b"BO-PE-1", b"share", b"vessel"):
        assert word not in data


@pytest.mark.parametrize("size", [1, 2, 3, 63, 64])
def test_a_batch_verifies_message_by_message(size: int) -> None:
    """One pair of signatures, verified once; each message stands alone."""
    payloads = [payload(seq=1, id=uuid7()) for _ in range(size)]
    reading = opener()
    for one, data in zip(payloads, written(*payloads), strict=True):
        assert reading.open(Envelope.parse(data), NOW).payload == one
    assert len(reading.heads.known) == 1


def test_a_batch_has_its_limits() -> None:
    """Neither empty nor more than 64, and only of one's own messages."""
    for payloads in ([], [b"x"] * (MAX_BATCH + 1)):
        with pytest.raises(InvalidValueError, match="64"):
            sign_batch(KEYS[PE], payloads)
    with pytest.raises(InvalidValueError, match="ours"):
        write_envelopes([payload(sender=XX)], KEYS[PE], lambda node: SECRETS[node].key)


def test_a_message_of_one_batch_is_not_of_another() -> None:
    """Neither payload, nor place, nor path can be exchanged."""
    first, second = sign_batch(KEYS[PE], [to_json(payload()), to_json(payload())])
    one, two = msgspec.json.decode(first), msgspec.json.decode(second)
    for field in ("payload", "index", "path"):
        mixed = msgspec.json.encode(one | {field: two[field]})
        with pytest.raises(EnvelopeError, match="not in the batch"):
            verify_message(mixed, trust, opener().heads)


def test_every_cause_of_refusal() -> None:
    """Each is met by an envelope that has just this fault."""
    one = payload()
    data = written(one)[0]
    good = Envelope.parse(data)
    signed = opener().open(good, NOW).signed
    met = {
        Cause.MISDIRECTED: refused(good, XX),
        Cause.SEAL: refused(sealed(signed, good.clear, XX)),
        Cause.EXPIRED: refused(good, late=timedelta(days=14)),
        Cause.FROM_THE_FUTURE: refused(good, late=-timedelta(minutes=11)),
        Cause.CLEAR_LINE: refused(
            replace(good, clear=msgspec.structs.replace(good.clear, priority=Priority.CONTROL))
        ),
        Cause.MALFORMED: refused(sealed(b"{}", good.clear)),
        Cause.UNKNOWN_SENDER: refused(sealed(sign_batch(KEYS[XX], [to_json(one)])[0], good.clear)),
        Cause.SIGNATURE: refused(sealed(signed.replace(b'"index":0', b'"index":1'), good.clear)),
        Cause.IMPERSONATION: refused(sealed(sign_batch(KEYS[BO], [to_json(one)])[0], good.clear)),
        Cause.OTHER_TEXT: refused(
            Envelope.parse(written(payload(agreement=Under(id="BO-PE-1", version=2, sha256=TEXT)))[0])
        ),
    }
    for_xx = payload(to=(XX,))
    stolen = opener(XX).open(Envelope.parse(written(for_xx)[0]), NOW).signed
    met[Cause.FORWARDED] = refused(sealed(stolen, msgspec.structs.replace(clear_of(for_xx), to=(BO,))))
    for cause, broken in (
        (Cause.DAMAGED, data[:-1]),
        (Cause.TOO_LARGE, data + bytes(3 << 20)),
    ):
        with pytest.raises(EnvelopeError) as caught:
            Envelope.parse(broken)
        met[cause] = cause_of(caught.value)
    assert set(met) == set(Cause) - FROM_THE_INBOX
    assert [(wanted, found) for wanted, found in met.items() if wanted is not found] == []


def test_a_clock_may_be_ten_minutes_ahead() -> None:
    """Not eleven."""
    envelope = Envelope.parse(written(payload())[0])
    assert opener().open(envelope, NOW - timedelta(minutes=10)).payload.created == NOW


@pytest.mark.parametrize(
    ("said", "field"),
    [
        (Said(id="1"), "id"),
        (Said(id="01940000-0000-4000-8000-000000000000"), "id"),
        (Said(to=()), "to"),
        (Said(to=(BO, BO)), "to"),
        (Said(to=(PE,)), "to"),
        (Said(agreement=None), "agreement"),
        (Said(articles_claimed=()), "agreement"),
        (Said(record=None), "record"),
        (Said(expires=NOW), "expires"),
        (Said(expires=NOW + timedelta(days=31)), "expires"),
        (Said(created=NOW.replace(tzinfo=None)), "created"),
        (Said(seq=0), "seq"),
        (Said(seq=2), "prev"),
        (Said(prev=TEXT), "prev"),
        (Said(seq=2, prev="x"), "prev"),
        (Said(type=Type.REQUEST, body=msgspec.Raw(b"[]")), "body"),
    ],
)
def test_a_payload_that_contradicts_itself_is_not_written(said: Said, field: str) -> None:
    """The error names the field; nor is it read when somebody else writes it."""
    with pytest.raises(InvalidValueError) as caught:
        payload(**said)
    assert caught.value.facts["field"] == field


def test_the_body_is_the_record_that_is_named() -> None:
    """Its hash stands in the payload, so that onward copies can be compared."""
    changed = to_json(payload()).replace(BODY, BODY.replace(b"was", b"has"))
    with pytest.raises(UnreadableError, match="hash of the body"):
        read_payload(changed)


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text.replace(b'"v":', b' "v":'),
        lambda text: text.replace(b'"seq":1', b'"seq":1.0'),
        lambda text: text.replace(b'"seq":1', b'"seq":1,"seq":1'),
        lambda text: text.replace(b'"seq":1', b'"seq":1,"extra":1'),
        lambda text: text.replace(b"2027-01-01T12:00:00Z", b"2027-01-01T12:00:00+00:00"),
        lambda text: text.replace(b'"evaluation":null,', b""),
        lambda text: text.replace(b"Acuerdo", b"\\u0041cuerdo"),
        lambda text: text.replace(b"Acuerdo", b"\xff"),
    ],
)
def test_a_payload_has_one_spelling(change: object) -> None:
    """White space, numbers, order, repeated, missing and unknown fields: all refused."""
    text = to_json(payload())
    assert callable(change)
    changed = change(text)
    assert changed != text
    with pytest.raises(UnreadableError):
        read_payload(changed)


@pytest.mark.parametrize(
    "body", [b'{"a":1,"a":2}', b'{"a":{"b":[{"c":1,"c":1}]}}', b'{"a":NaN}', b'{"a":' + b"[" * 40 + b"]" * 40 + b"}"]
)
def test_a_body_cannot_be_read_in_two_ways(body: bytes) -> None:
    """Nor nested beyond what is read."""
    good = to_json(payload(type=Type.REQUEST, record=None))
    with pytest.raises(UnreadableError):
        read_payload(good.replace(BODY, body))


def test_huge_and_deep_text_costs_little() -> None:
    """It is refused before it is parsed."""
    deep = b'{"a":' * 200_000 + b"1" + b"}" * 200_000
    tracemalloc.start()
    for data in (deep, b"[" * MAX_PAYLOAD_BYTES, b'{"' + b"a" * (2 << 20)):
        with pytest.raises(UnreadableError):
            read_payload(data)
        envelope = sealed(data, clear_of(payload()))
        assert refused(envelope) is Cause.MALFORMED
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 48 << 20


def test_a_string_without_end_is_searched_once() -> None:
    """Half a million escaped quotes would take hours if each were tried as a beginning."""
    for tail in (b"", b"\\"):
        with pytest.raises(UnreadableError):
            read_payload(b"[" * 20 + b"{" * 13 + b'"' + b'\\"' * 500_000 + tail)


GOOD = written(payload())[0]
SIGNED = opener().open(Envelope.parse(GOOD), NOW).signed


@given(data=st.data())
@settings(max_examples=80)
def test_no_changed_byte_of_an_envelope_passes(data: st.DataObject) -> None:
    """Outside or inside the seal."""
    inside = data.draw(st.booleans())
    changed = bytearray(SIGNED if inside else GOOD)
    at = data.draw(st.integers(0, len(changed) - 1))
    changed[at : at + data.draw(st.integers(0, 3))] = data.draw(st.binary(max_size=4))
    if bytes(changed) in {SIGNED, GOOD}:
        return
    with pytest.raises(EnvelopeError):
        opener().open(
            sealed(bytes(changed), Envelope.parse(GOOD).clear) if inside else Envelope.parse(bytes(changed)), NOW
        )


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=20,
)


@given(said=JSON, name=st.sampled_from([*msgspec.json.decode(to_json(payload()))]), noise=st.binary(max_size=200))
@settings(max_examples=100)
def test_a_signed_payload_of_any_shape_is_read_or_refused(said: object, name: str, noise: bytes) -> None:
    """A partner with good keys may write anything: what is accepted is written back to the same bytes."""
    text = msgspec.json.decode(to_json(payload()))
    for data in (msgspec.json.encode(text | {name: said}), noise, msgspec.json.encode(said)):
        try:
            read = read_payload(data)
        except AyniError:
            continue
        assert to_json(read) == data


def test_every_refusal_is_said_in_four_languages() -> None:
    """With its facts filled in."""
    from importlib import resources

    file = resources.files("ayni.exchange.phrases") / "refusals.toml"
    catalogue: Catalogue = read_catalogue(file.read_text("utf-8"), "refusals")
    for sentence in SENTENCES.values():
        said = {
            language: render(Reason(says=sentence, facts={}, weight=0.0), language=language, catalogue=catalogue).text
            for language in ("en", "es", "pt", "fr")
        }
        assert len(set(said.values())) == 4
