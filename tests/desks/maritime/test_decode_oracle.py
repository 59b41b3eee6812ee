"""Every message of gpsd's regression file, field by field, and our two decoders against each other."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ayni.desks.maritime.nmea.decoder import Decoder
from ayni.desks.maritime.nmea.messages import fields_of, read_messages
from ayni.errors import InvalidValueError
from ayni.model.desk import Tally
from tests.shared_data import shared_data, vectors

Said = Mapping[str, object]
HEADER = {"type", "repeat", "mmsi", "seqno", "dest_mmsi", "retransmit", "dac", "fid"}
SAID_OTHERWISE = {"class", "device", "scaled"}
"""What gpsd says about itself, not about the message."""
NOTHING = {"lon": 181.0, "lat": 91.0, "course": 360.0, "heading": 511, "speed": 102.3, "alt": 4095}
PRINTED: Mapping[object, float] = {17: 0.05, 22: 6e-7, 23: 6e-7, 27: 6e-5}
"""gpsd prints one decimal of the degrees of type 17, four of type 27, six of areas, seven else."""
AS_WORDS: Mapping[str, Mapping[object, str]] = {"turn": {127: "fastright", -127: "fastleft", None: "n/a", 0: "0.00"}}
ARMOUR = b"0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVW`abcdefghijklmnopqrstuvw"


def combined(messages: Iterable[Said]) -> Iterator[Said]:
    """Put the two parts of a type 24 together as gpsd does."""
    parts: dict[object, Said] = {}
    for said in messages:
        if said["type"] != 24:
            yield said
        elif said["partno"] == 0:
            parts[said["mmsi"]] = said
        elif said["mmsi"] in parts:
            yield {**parts.pop(said["mmsi"]), **said}


def as_gpsd_says(said: Said, name: str) -> object:
    """Return one of our fields as gpsd writes it."""
    if name == "timestamp":
        date = "{year:04d}-{month:02d}-{day:02d}T{hour:02d}:{minute:02d}:{second:02d}Z"
        return date.format_map(said)
    if name == "eta":
        return "{month:02d}-{day:02d}T{hour:02d}:{minute:02d}Z".format_map(said)
    value = said.get(name)
    if name in AS_WORDS:
        return AS_WORDS[name][value]
    if value is None:
        return NOTHING.get(name, 0)
    return value


def counted_bits(data: str) -> str:
    """Return the bits of `bits:hex`; gpsd fills the last byte with what follows, we fill it with zeros."""
    count, digits = data.split(":")
    return f"{int(digits or '0', 16):0{4 * len(digits)}b}"[: int(count)]


def compare(said: Said, want: Said, name: str) -> None:
    """Compare one field of ours with one of gpsd's."""
    ours, value = as_gpsd_says(said, name), want[name]
    if name == "vendorid":
        value = str(value)[:3]  # gpsd prints model and serial number into it as well
    elif name == "data":
        ours, value = counted_bits(str(ours)), counted_bits(str(value))
    if isinstance(ours, float):
        assert ours == pytest.approx(float(str(value)), abs=PRINTED.get(said["type"], 6e-8)), (said, name)
    else:
        assert ours == value, (said, name)


@pytest.mark.shared_data
@shared_data
def test_every_message_of_the_gpsd_oracle() -> None:
    """97 of 97, in order. Contents of binary messages that gpsd explains further are compared up to their header."""
    wanted = [
        json.loads(line) for line in vectors("maritime", "gpsd", "sample.aivdm.js.chk").read_text().splitlines()
    ]
    data = vectors("maritime", "gpsd", "sample.aivdm").read_bytes()
    found = list(combined(read_messages(data, Tally())))
    assert len(found) == len(wanted) == 97
    compared = 0
    for said, want in zip(found, wanted, strict=True):
        explained = want["type"] in {6, 8} and "data" not in want
        for name in want:
            # gpsd prints 0 for the communication state of every type 26, whatever it holds.
            other = name in SAID_OTHERWISE or name.endswith("_text") or (want["type"], name) == (26, "radio")
            if not other and (name in HEADER or not explained):
                compare(said, want, name)
                compared += 1
    assert compared == 957


def armoured(bits: str) -> tuple[bytes, int]:
    """Return bits as payload and number of fill bits."""
    fill = -len(bits) % 6
    bits += "0" * fill
    return bytes(ARMOUR[int(bits[at : at + 6], 2)] for at in range(0, len(bits), 6)), fill


def sentence(payload: bytes, fill: int) -> bytes:
    """Return a sentence with its checksum."""
    body = b"AIVDM,1,1,,A,%s,%d" % (payload, fill)
    total = 0
    for byte in body:
        total ^= byte
    return b"!%s*%02X,1709287202\n" % (body, total)


kinds = st.sampled_from([1, 2, 3, 4, 9, 11, 18, 19, 21, 27])


@settings(max_examples=80, deadline=None)
@given(kind=kinds, rest=st.integers(0, (1 << 350) - 1), size=st.integers(60, 356))
def test_columns_and_fields_agree_on_any_bits(kind: int, rest: int, size: int) -> None:
    """The fast decoder and the table of fields are two readings of the same standard."""
    bits = f"{kind:06b}{rest:0350b}"[:size]
    payload, fill = armoured(bits)
    tally = Tally()
    decoder = Decoder("0" * 64, tally)
    batches = [batch for name, batch in decoder.feed(sentence(payload, fill)) if name == "position"]
    said = fields_of(payload, fill)
    if not batches:
        assert tally.rejected.total() == 1
        return
    (row,) = batches[0].to_pylist()
    assert row["mmsi"] == said["mmsi"]
    assert row["msg_type"] == kind
    for ours, theirs in (("lat_udeg", "lat"), ("lon_udeg", "lon")):
        value = said[theirs]
        assert isinstance(value, float)
        assert abs(row[ours] - value * 1e6) <= 0.5001
    for ours, theirs in (("speed_kn", "speed"), ("course_deg", "course"), ("heading_deg", "heading")):
        value = said.get(theirs)
        allowed = theirs == "speed" or (isinstance(value, float | int) and value < 360)
        assert row[ours] == (value if allowed and value != 102.3 else None)


@given(payload=st.binary(max_size=40), fill=st.integers(0, 5))
def test_a_message_is_fields_or_a_reason(payload: bytes, fill: int) -> None:
    """Any bytes either have fields or are refused naming what is wrong with them."""
    said: Said = {}
    with suppress(InvalidValueError):
        said = fields_of(payload, fill)
    legal = all(byte in ARMOUR for byte in payload)
    assert bool(said) == (legal and 6 * len(payload) - fill >= 38 and 1 <= ARMOUR.index(payload[0]) <= 27)
