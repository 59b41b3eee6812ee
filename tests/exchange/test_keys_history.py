"""Key events: rotation by promise, theft answered, two officers, fingerprints on paper."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ayni.errors import AyniError, InvalidValueError, KeyHistoryError, UnreadableError
from ayni.exchange.jws import payload_of
from ayni.exchange.key_events import (
    Approval,
    Known,
    Theft,
    announce,
    begin,
    compromise,
    follow,
    read_history,
    rotate,
)
from ayni.exchange.keys import Identity, SealingKey, SealingSecret
from ayni.exchange.pins import Pin, read_fingerprint

NOW = datetime(2027, 1, 1, tzinfo=UTC)
NODE, PARENT = "puesto.ec.example", "armada.ec.example"
TWO = (Approval(officer="officer-1", institution=NODE), Approval(officer="officer-2", institution=NODE))
IDENTITIES = [Identity.generate(NODE, epoch) for epoch in range(5)]
PIN = IDENTITIES[0].public.digest


def sealing(days: int = 0) -> SealingKey:
    """A sealing key that opens *days* later."""
    return SealingSecret.generate(NOW + timedelta(days=days)).key


FIRST = begin(IDENTITIES[0], IDENTITIES[1], sealing(), NOW, TWO)


def after(*events: bytes) -> Known:
    """What is known after the first event and these."""
    return read_history([FIRST, *events], PIN)


def test_a_history_is_followed_from_its_pin() -> None:
    """Begun, sealed anew, rotated twice."""
    known = after()
    events = [announce(known, IDENTITIES[0], sealing(80), NOW + timedelta(days=80))]
    known = after(*events)
    assert known.sealing_at(NOW + timedelta(days=1)) != known.sealing_at(NOW + timedelta(days=85))
    for epoch in (1, 2):
        old, new, following = IDENTITIES[epoch - 1 : epoch + 2]
        events.append(rotate(known, old, new, following, NOW + timedelta(days=100 * epoch), TWO))
        known = after(*events)
        assert known.identity == new.public
    assert known.trusts(0, NOW + timedelta(days=50))
    assert not known.trusts(0, NOW + timedelta(days=150)), "an identity signs only while it is in use"
    assert known.trusts(2, NOW + timedelta(days=999))
    assert not known.trusts(2, NOW)
    assert not known.trusts(3, NOW + timedelta(days=999))


def test_a_thief_cannot_rotate() -> None:
    """With the keys in use, but not the promised ones."""
    known = after()
    mine, own_next = Identity.generate(NODE, 1), Identity.generate(NODE, 2)
    forged = rotate(known, IDENTITIES[0], mine, own_next, NOW + timedelta(days=1), TWO)
    with pytest.raises(KeyHistoryError, match="not promised"):
        follow(known, forged)


def test_a_theft_is_answered_with_the_promised_keys_alone() -> None:
    """What the stolen keys signed from T on is unverified; what was witnessed before T stays."""
    known = after()
    at, since = NOW + timedelta(days=10), NOW + timedelta(days=7)
    theft = Theft(since=since, reason="the server room was entered")
    event = compromise(known, IDENTITIES[1], IDENTITIES[2], theft, sealing(10), at, TWO)
    known = follow(known, event)
    assert known.trusts(0, since - timedelta(seconds=1))
    assert not known.trusts(0, since)
    assert known.trusts(1, at)
    assert not known.trusts(1, since)
    assert len(known.sealing) == 1, "nothing more is sealed for the old key"
    stolen = announce(known, IDENTITIES[0], sealing(11), at)
    with pytest.raises(KeyHistoryError, match="no valid Ed25519 signature"):
        follow(known, stolen)


def test_no_rotation_without_the_old_signature() -> None:
    """The promised keys alone are not enough, unless a compromise is declared."""
    known = after()
    event = rotate(known, IDENTITIES[3], IDENTITIES[1], IDENTITIES[2], NOW, TWO)
    with pytest.raises(KeyHistoryError, match="no valid"):
        follow(known, event)


def test_two_officers_or_none() -> None:
    """One officer named twice is one; two of elsewhere are not of the node."""
    known = after()
    strangers = tuple(Approval(officer=f"officer-{number}", institution=PARENT) for number in (1, 2))
    for approvals in ((), TWO[:1], (TWO[0], TWO[0]), strangers):
        with pytest.raises(InvalidValueError, match="approvals"):
            rotate(known, IDENTITIES[0], IDENTITIES[1], IDENTITIES[2], NOW, approvals)


def test_the_second_officer_may_sit_at_a_parent_institution() -> None:
    """Which signs too, and must be known."""
    parent = Identity.generate(PARENT)
    approvals = (TWO[0], Approval(officer="admiral", institution=PARENT))
    known = after()
    change = (known, IDENTITIES[0], IDENTITIES[1], IDENTITIES[2], NOW + timedelta(days=1), approvals)
    signed, unsigned = rotate(*change, [parent]), rotate(*change)
    with pytest.raises(KeyHistoryError, match="not known as its parent"):
        follow(known, signed)
    with pytest.raises(KeyHistoryError, match="no valid Ed25519 signature of armada"):
        follow(known, unsigned, parents={PARENT: parent.public})
    assert follow(known, signed, parents={PARENT: parent.public}).identity == IDENTITIES[1].public


def test_events_out_of_turn_are_refused() -> None:
    """Left out, doubled, of another node, of another history."""
    known = after()
    one = announce(known, IDENTITIES[0], sealing(1), NOW)
    two = announce(after(one), IDENTITIES[0], sealing(2), NOW)
    rival = announce(known, IDENTITIES[0], sealing(3), NOW)
    for events in ([two], [one, one], [one, rival], [one, FIRST]):
        with pytest.raises(KeyHistoryError, match="does not follow"):
            after(*events)
    with pytest.raises(KeyHistoryError, match="pinned"):
        read_history([FIRST], IDENTITIES[1].public.digest)
    with pytest.raises(KeyHistoryError, match="no event"):
        read_history([], PIN)
    late = begin(IDENTITIES[1], IDENTITIES[2], sealing(), NOW, TWO)
    with pytest.raises(KeyHistoryError, match="count from 0"):
        read_history([late], IDENTITIES[1].public.digest)


def test_sealing_needs_a_window_that_is_open() -> None:
    """After 90 days without an announcement nobody seals."""
    with pytest.raises(KeyHistoryError, match="no sealing key for today"):
        after().sealing_at(NOW + timedelta(days=90))


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_a_damaged_event_is_refused(data: st.DataObject) -> None:
    """Flip any bit of its payload or its signatures."""
    whole = bytearray(FIRST)
    whole[data.draw(st.integers(min_value=0, max_value=len(whole) - 1))] ^= 1 << data.draw(st.integers(0, 6))
    with pytest.raises(AyniError):
        read_history([bytes(whole)], PIN)
    assert payload_of(FIRST)


@given(st.binary(min_size=32, max_size=32))
def test_fingerprints_survive_paper(digest: bytes) -> None:
    """Printed, read aloud, typed with O for 0 and L for 1, without hyphens."""
    pin = Pin(node=NODE, digest=digest.hex())
    assert len(pin.groups) == 13 * 4 + 12
    assert read_fingerprint(pin.groups) == pin.digest
    typed = pin.groups.lower().replace("0", "O").replace("1", "l").replace("-", " ")
    assert read_fingerprint(typed) == pin.digest
    assert Pin.parse(pin.code) == pin
    with pytest.raises(UnreadableError):
        read_fingerprint(pin.groups[:-1])


def test_a_pin_checks_and_prints() -> None:
    """The QR code is an SVG that names what it holds; a wrong fingerprint is refused."""
    pin = Pin.of(IDENTITIES[0].public)
    pin.check(IDENTITIES[0].public)
    with pytest.raises(KeyHistoryError, match="on paper"):
        pin.check(IDENTITIES[1].public)
    drawing = ET.fromstring(pin.to_svg())  # noqa: S314 -- our own drawing
    assert drawing.tag.endswith("svg")
    assert pin.code in "".join(drawing.itertext())
    for wrong in ("", "AYNI-PIN/1", f"AYNI-PIN/2 {NODE} {pin.groups}", f"AYNI-PIN/1 {NODE} {'U' * 52}"):
        with pytest.raises(UnreadableError):
            Pin.parse(wrong)
