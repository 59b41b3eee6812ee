"""Fuzz everything that reads bytes from outside at the maritime desk.

    python tests/fuzz/fuzz_decode.py [libFuzzer options] tests/fuzz/corpus/decode

The first byte of an input chooses the reader: the decoder of NMEA fed in two pieces, or a file given to whatever
layout recognises it. Whatever the bytes are, nothing may be raised but `UnreadableError`, and every line read
must be accepted or rejected with its reason.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["ayni.desks.maritime"]):
    from ayni.desks.maritime.nmea.decoder import Decoder
    from ayni.desks.maritime.nmea.messages import read_messages
    from ayni.desks.maritime.read import SOURCES

from ayni.errors import UnreadableError
from ayni.model.desk import Tally

SCRATCH = tempfile.TemporaryDirectory(prefix="ayni-fuzz-")
FOLDER = Path(SCRATCH.name)
FILE_SHARE = 64
"""Of 256 first bytes, how many choose the file readers."""


def one_input(data: bytes) -> None:
    """Read one input and check that every line of it is accounted for."""
    if not data:
        return
    choice, rest = data[0], data[1:]
    if choice < FILE_SHARE:
        read_as_file(rest)
    else:
        decode_in_two(rest, choice * len(rest) // 256)


def decode_in_two(data: bytes, cut: int) -> None:
    """Feed the decoder two pieces; also explain every message."""
    tally = Tally()
    decoder = Decoder("0" * 64, tally)
    for piece in (data[:cut], data[cut:]):
        for _ in decoder.feed(piece):
            pass
    for _ in decoder.close():
        pass
    check(tally)
    explained = Tally()
    for _ in read_messages(data, explained):
        pass
    check(explained)


def read_as_file(data: bytes) -> None:
    """Give a file to every layout that recognises it."""
    path = FOLDER / "input"
    path.write_bytes(data)
    for source in SOURCES:
        tally = Tally()
        try:
            if not source.recognises(path):
                continue
            for _ in source.read(path, tally):
                pass
        except UnreadableError:
            continue
        check(tally)


def check(tally: Tally) -> None:
    """Fail when a line was read and is neither accepted nor rejected."""
    if tally.read != tally.accepted + tally.rejected.total():
        message = f"{tally.read} read, {tally.accepted} accepted, {tally.rejected}"
        raise AssertionError(message)


if __name__ == "__main__":
    atheris.Setup(sys.argv, one_input)
    atheris.Fuzz()
