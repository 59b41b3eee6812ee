"""Sealed files: every public vector, chunks that stand alone, memory that stays small."""

from __future__ import annotations

import hashlib
import io
import os
import tracemalloc
import zlib
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ayni.errors import AyniError, InvalidValueError, UnreadableError
from ayni.exchange import age
from ayni.exchange.age import CHUNK, MAX_HEADER_BYTES, SEALED_CHUNK, Fault
from ayni.exchange.keys import IDENTITY, SealingKey, SealingSecret, recipient_of, seed_of
from tests.shared_data import ROOT, shared_data, vectors

NOW = datetime(2027, 1, 1, tzinfo=UTC)
MINE = SealingSecret.generate(NOW, random=lambda size: b"\x11" * size)
OTHER = SealingSecret.generate(NOW, random=lambda size: b"\x22" * size)
FOLDER = vectors("exchange", "age_vectors", "testdata")
NAMES = sorted(path.name for path in FOLDER.iterdir()) if ROOT.is_dir() else []
HYBRID = [name for name in NAMES if name.startswith("hybrid")]
COMMON = [name for name in NAMES if name.startswith(("stream", "stanza", "hmac", "version", "empty", "header"))]
"""Written for X25519 stanzas, which Ayni does not open; header, MAC and STREAM are the same for every recipient."""
WANTED = {
    "header failure": Fault.HEADER,
    "no match": Fault.NO_MATCH,
    "HMAC failure": Fault.MAC,
    "payload failure": Fault.PAYLOAD,
}


def vector(name: str) -> tuple[dict[str, list[str]], bytes]:
    """Return facts and file of one vector."""
    head, _, body = (FOLDER / name).read_bytes().partition(b"\n\n")
    facts: dict[str, list[str]] = {}
    for line in head.decode().split("\n"):
        key, _, value = line.partition(": ")
        facts.setdefault(key, []).append(value)
    return facts, zlib.decompress(body) if "compressed" in facts else body


def outcome(data: bytes, facts: dict[str, list[str]], *, with_file_key: bool) -> tuple[str, str]:
    """Open a vector; return what happened and the hash of what was released before it did."""
    released = hashlib.sha256()
    file = io.BytesIO(data)
    try:
        if with_file_key:
            stream = age.read_header(file).stream(bytes.fromhex(facts["file key"][0]))
        else:
            keys = [one for one in facts["identity"] if one.lower().startswith(IDENTITY)]
            secrets = [SealingSecret(seed=seed_of(one), key=sealing_key(one)) for one in keys]
            stream = age.open_file(file, [secret.private() for secret in secrets])
        for plain in stream.plain(file):
            released.update(plain)
    except UnreadableError as error:
        return str(error.facts["fault"]), released.hexdigest()
    return "success", released.hexdigest()


def sealing_key(identity: str) -> SealingKey:
    """A window around a public identity."""
    return SealingKey(recipient=recipient_of(seed_of(identity)), not_before=NOW, not_after=MINE.key.not_after)


@pytest.mark.shared_data
@shared_data
@pytest.mark.parametrize("name", HYBRID)
def test_every_hybrid_vector(name: str) -> None:
    """Outcome, kind of failure, and every byte released. Source: C2SP CCTV, age."""
    facts, data = vector(name)
    happened, released = outcome(data, facts, with_file_key=False)
    assert happened == str(WANTED.get(facts["expect"][0], "success"))
    if "payload" in facts:
        assert released == facts["payload"][0]


@pytest.mark.shared_data
@shared_data
@pytest.mark.parametrize("name", COMMON)
def test_every_vector_of_header_and_stream(name: str) -> None:
    """The vector's file key stands in for the X25519 stanza."""
    facts, data = vector(name)
    happened, released = outcome(data, facts, with_file_key=True)
    assert happened == str(WANTED.get(facts["expect"][0], "success"))
    if "payload" in facts:
        assert released == facts["payload"][0]


@pytest.mark.shared_data
@shared_data
def test_the_vectors_are_all_there() -> None:
    """A selection that has become empty proves nothing."""
    assert len(HYBRID) == 18
    assert len(COMMON) == 53


@given(size=st.sampled_from([0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK, 2 * CHUNK + 7]), both=st.booleans())
@settings(max_examples=20)
def test_a_sealed_file_opens_for_each_recipient(*, size: int, both: bool) -> None:
    """At every edge of a chunk; and for nobody else."""
    plain = hashlib.shake_256(b"%d" % size).digest(size)
    secrets = [MINE, OTHER] if both else [MINE]
    sealed = age.seal_bytes(plain, [secret.key.public() for secret in secrets])
    for secret in secrets:
        assert age.open_bytes(sealed, [secret.private()]) == plain
    if not both:
        with pytest.raises(UnreadableError, match="other keys"):
            age.open_bytes(sealed, [OTHER.private()])


@given(data=st.data())
@settings(max_examples=60)
def test_no_changed_byte_passes(data: st.DataObject) -> None:
    """Anywhere in the file, and no cut, and nothing added."""
    plain = b"expediente " * 20
    sealed = bytearray(age.seal_bytes(plain, [MINE.key.public()]))
    at = data.draw(st.integers(0, len(sealed) - 1))
    change = data.draw(st.sampled_from(["flip", "cut", "add"]))
    if change == "flip":
        sealed[at] ^= data.draw(st.integers(1, 255))
    elif change == "cut":
        del sealed[at:]
    else:
        sealed += data.draw(st.binary(min_size=1, max_size=40))
    with pytest.raises(UnreadableError):
        age.open_bytes(bytes(sealed), [MINE.private()])


@given(st.binary(max_size=300))
def test_noise_is_refused(noise: bytes) -> None:
    """Alone, and after a good first line."""
    for data in (noise, age.VERSION + noise, age.VERSION + b"-> mlkem768x25519 " + noise):
        with pytest.raises(AyniError):
            age.open_bytes(data, [MINE.private()])


def test_a_header_without_end_is_not_read_to_its_end() -> None:
    """Neither one long line nor many stanzas grow memory beyond the limit."""
    long_line = io.BytesIO(age.VERSION + b"-> x " + b"A" * 8_000_000)
    with pytest.raises(UnreadableError, match="too long"):
        age.read_header(long_line)
    assert long_line.tell() <= MAX_HEADER_BYTES
    many = io.BytesIO(age.VERSION + b"-> x\nAAAA\n" * 500_000)
    with pytest.raises(UnreadableError, match="too long"):
        age.read_header(many)
    assert many.tell() <= MAX_HEADER_BYTES


def test_any_chunk_opens_by_itself_and_reading_resumes() -> None:
    """After a cut, at the last whole chunk; a chunk in another's place is refused."""
    plain = os.urandom(5 * CHUNK + 99)
    sealed = age.seal_bytes(plain, [MINE.key.public()])
    file = io.BytesIO(sealed)
    stream = age.open_file(file, [MINE.private()])
    assert file.tell() == stream.start
    cut = stream.start + 3 * SEALED_CHUNK + 1000
    resumed = stream.complete(cut)
    assert resumed == 3
    file.seek(stream.span(resumed)[0])
    assert b"".join(stream.plain(file, resumed)) == plain[resumed * CHUNK :]
    offset, length = stream.span(4)
    piece = sealed[offset : offset + length]
    assert stream.open_chunk(4, piece, last=False) == plain[4 * CHUNK : 5 * CHUNK]
    for index, last in ((3, False), (4, True)):
        with pytest.raises(UnreadableError):
            stream.open_chunk(index, piece, last=last)


class Endless(io.RawIOBase):
    """Zeros, so many and no more, in small pieces as a socket gives them."""

    def __init__(self, size: int) -> None:
        self.left = size

    def read(self, size: int = -1) -> bytes:
        """Return at most 10,000 of them."""
        given = min(self.left, size, 10_000)
        self.left -= given
        return bytes(given)


def test_thirty_megabytes_take_less_than_two_in_memory() -> None:
    """Sealing and opening hold two chunks each, whatever the size."""
    size = 30 << 20
    pieces = age.seal(Endless(size), [MINE.key.public()])  # type: ignore[arg-type] # only `read` is asked of it

    class Pipe(io.RawIOBase):
        held = b""

        def read(self, wanted: int = -1) -> bytes:
            self.held = self.held or next(pieces, b"")
            given, self.held = self.held[:wanted], self.held[wanted:]
            return given

        def readline(self, limit: int | None = -1, /) -> bytes:
            self.held = self.held or next(pieces, b"")
            end = self.held.index(b"\n") + 1
            given, self.held = self.held[:end], self.held[end:]
            assert limit is not None
            return given

    MINE.private()
    tracemalloc.start()
    pipe = Pipe()
    opened = age.open_file(pipe, [MINE.private()]).plain(pipe)  # type: ignore[arg-type] # as above
    total = sum(len(plain) for plain in opened)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert total == size
    assert peak < 2 << 20


def test_a_file_for_nobody_is_not_written() -> None:
    """Nor one for more than a header may hold."""
    for recipients in ([], [MINE.key.public()] * 200):
        with pytest.raises(InvalidValueError, match="recipients"):
            age.seal_bytes(b"", recipients)
