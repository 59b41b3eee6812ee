"""Sealed files: age version 1, for post-quantum recipients alone.

    age-encryption.org/v1
    -> mlkem768x25519 <encapsulated key, 1120 bytes>      one stanza a recipient
    <file key, sealed with HPKE, 32 bytes>
    --- <HMAC-SHA-256 over all of the above>
    <nonce, 16 bytes><chunk><chunk>…                      STREAM, 64 KiB a chunk

The file key is random for each file, and each recipient's stanza holds a copy of it.
A chunk is authenticated by itself, with its number and whether it is the last, so a
file of any size is sealed and opened with two chunks in memory, and reading may resume
at any chunk (`Stream.span`, `Stream.plain`). What is yielded has been authenticated;
that nothing is missing at the end is known only when the iteration has ended.

A stock `age` that knows post-quantum recipients opens these files, and Ayni opens its.
Reading is strict: what could be written in two ways is refused.

Source: C2SP age, https://c2sp.org/age; HPKE (RFC 9180), KEM 0x647a, HKDF-SHA256, ChaCha20-Poly1305.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import io
import os
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import lru_cache
from typing import TYPE_CHECKING, BinaryIO

from ayni.errors import UnreadableError
from ayni.model.checks import require

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
    from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
    from cryptography.hazmat.primitives.hpke import MLKEM768X25519PrivateKey, MLKEM768X25519PublicKey, Suite

VERSION = b"age-encryption.org/v1\n"
STANZA = "mlkem768x25519"
INFO = b"age-encryption.org/mlkem768x25519"
CHUNK, TAG = 65_536, 16
SEALED_CHUNK = CHUNK + TAG
NONCE, FILE_KEY, MAC = 16, 16, 32
MAX_HEADER_BYTES = 1 << 18
"""Longest header read, about 160 recipients. Ours: a room has some dozens of members."""
_ENCAPSULATED, _X25519, _SEALED_KEY = 1120, 32, FILE_KEY + TAG
_SHARES = {STANZA: _ENCAPSULATED, "X25519": _X25519}
"""Length of the share by kind of stanza. X25519 stanzas are checked like ours, and never opened."""
_COLUMNS = 64
_ARGUMENT = re.compile(rb"[\x21-\x7e]+")
_ALPHABET = re.compile(rb"[A-Za-z0-9+/]*")


class Fault(StrEnum):
    """What is wrong with a sealed file; `UnreadableError.facts["fault"]` names it."""

    HEADER = "header"
    """Not of the format."""
    NO_MATCH = "no-match"
    """Sealed for other keys."""
    MAC = "mac"
    """The header was changed."""
    PAYLOAD = "payload"
    """A chunk was changed, or the file is cut short or has something after its end."""


@dataclass(frozen=True, slots=True)
class Stanza:
    """One recipient's copy of the file key, or one of a kind that Ayni does not know."""

    args: tuple[str, ...]
    body: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """The beginning of a sealed file, parsed; nothing is verified yet."""

    stanzas: tuple[Stanza, ...]
    text: bytes = field(repr=False)
    """What the MAC covers: up to and with the three dashes."""
    mac: bytes = field(repr=False)
    nonce: bytes = field(repr=False)
    size: int
    """Bytes up to the first chunk."""

    def stream(self, file_key: bytes) -> Stream:
        """Return the payload that follows, once the header is seen to be unchanged.

        Raises:
            UnreadableError: if its MAC does not fit.
        """
        if not hmac.compare_digest(self.mac, _mac(file_key, self.text)):
            raise _fault(Fault.MAC, "its header was changed")
        return Stream(start=self.size, key=_derive(file_key, self.nonce, b"payload"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Stream:
    """The chunks of a sealed file, any of which can be opened by itself."""

    start: int
    """Offset of chunk 0 in the file."""
    key: bytes = field(repr=False)

    def span(self, index: int) -> tuple[int, int]:
        """Return offset and greatest length of a chunk in the file, for a request of just these bytes."""
        return self.start + index * SEALED_CHUNK, SEALED_CHUNK

    def complete(self, held: int) -> int:
        """Return how many chunks lie whole in the first *held* bytes of the file: where to resume."""
        return max(0, held - self.start) // SEALED_CHUNK

    def open_chunk(self, index: int, sealed: bytes, *, last: bool) -> bytes:
        """Return the plaintext of one chunk.

        Raises:
            UnreadableError: if it was changed, is another one, or is the last and should not be (or the reverse).
        """
        return _open_chunk(_cipher(self.key), index, sealed, last=last)

    def plain(self, file: BinaryIO, first: int = 0) -> Iterator[bytes]:
        """Yield the plaintext from chunk *first* on; *file* stands at the beginning of that chunk.

        Raises:
            UnreadableError: at the first chunk that does not open, or after one that is whole but should be
                the last and is not (or the reverse): what was yielded before stands at its place in the file.
        """
        cipher = _cipher(self.key)
        index, sealed = first, _read(file, SEALED_CHUNK)
        while True:
            following = _read(file, SEALED_CHUNK) if len(sealed) == SEALED_CHUNK else b""
            last = not following
            try:
                plain = _open_chunk(cipher, index, sealed, last=last)
            except UnreadableError:
                if len(sealed) == SEALED_CHUNK:
                    yield _open_chunk(cipher, index, sealed, last=not last)
                raise
            if not plain and index:
                raise _fault(Fault.PAYLOAD, "its last chunk is empty")
            yield plain
            if last:
                return
            index, sealed = index + 1, following


def seal(
    plain: BinaryIO, recipients: Sequence[MLKEM768X25519PublicKey], random: Callable[[int], bytes] = os.urandom
) -> Iterator[bytes]:
    """Yield the sealed file: its header, then chunk by chunk what *plain* holds from where it stands.

    Raises:
        InvalidValueError: without a recipient, or with more than a header may hold.
    """
    require(bool(recipients), "recipients", "a file is sealed for somebody")
    file_key, nonce = random(FILE_KEY), random(NONCE)
    head = VERSION + b"".join(_stanza(file_key, recipient) for recipient in recipients) + b"---"
    require(len(head) < MAX_HEADER_BYTES - _COLUMNS, "recipients", "too many for one file")
    yield head + b" " + _encode(_mac(file_key, head)) + b"\n" + nonce
    cipher = _cipher(_derive(file_key, nonce, b"payload"))
    index, held = 0, _read(plain, CHUNK)
    while True:
        following = _read(plain, CHUNK) if len(held) == CHUNK else b""
        yield cipher.encrypt(_nonce(index, last=not following), held, None)
        if not following:
            return
        index, held = index + 1, following


def seal_bytes(plain: bytes, recipients: Sequence[MLKEM768X25519PublicKey]) -> bytes:
    """Return *plain* as one sealed file."""
    return b"".join(seal(io.BytesIO(plain), recipients))


def open_file(file: BinaryIO, identities: Iterable[MLKEM768X25519PrivateKey]) -> Stream:
    """Return the payload of a sealed file; *file* then stands at chunk 0, ready for `Stream.plain`.

    Raises:
        UnreadableError: if the header is malformed or changed, or was sealed for none of *identities*.
    """
    header = read_header(file)
    return header.stream(unwrap(header, identities))


def open_bytes(sealed: bytes, identities: Iterable[MLKEM768X25519PrivateKey]) -> bytes:
    """Return what a sealed file holds, all of it or nothing.

    Raises:
        UnreadableError: as `open_file` and `Stream.plain`.
    """
    file = io.BytesIO(sealed)
    return b"".join(open_file(file, identities).plain(file))


def read_header(file: BinaryIO) -> Header:
    """Parse the header of a sealed file; reads no byte beyond the nonce.

    Raises:
        UnreadableError: if it is not of the format, or longer than 256 KiB.
    """
    lines = _Lines(file)
    if lines.next() != VERSION:
        raise _fault(Fault.HEADER, "it is not an age file of version 1")
    stanzas: list[Stanza] = []
    while (line := lines.next()).startswith(b"-> "):
        stanzas.append(_read_stanza(line, lines))
    if not stanzas or not line.startswith(b"--- "):
        raise _fault(Fault.HEADER, "a stanza or the line with the MAC is malformed")
    mac = _decode(line[4:-1])
    if len(mac) != MAC:
        raise _fault(Fault.HEADER, "its MAC has not 32 bytes")
    nonce = _read(file, NONCE)
    if len(nonce) != NONCE:
        raise _fault(Fault.HEADER, "it ends before its first chunk")
    text = b"".join(lines.seen)[: -len(line) + 3]
    return Header(stanzas=tuple(stanzas), text=text, mac=mac, nonce=nonce, size=lines.size + NONCE)


def unwrap(header: Header, identities: Iterable[MLKEM768X25519PrivateKey]) -> bytes:
    """Return the file key, from the first stanza that one of *identities* opens.

    Raises:
        UnreadableError: if a stanza of a known kind is malformed, or none was sealed for these identities.
    """
    from cryptography.exceptions import InvalidTag  # noqa: PLC0415 -- 30 ms at start

    known = [(stanza.args[0], _checked(stanza)) for stanza in header.stanzas if stanza.args[0] in _SHARES]
    wrapped = [sealed for kind, sealed in known if kind == STANZA]
    for identity in identities:
        for sealed in wrapped:
            try:
                return _suite().decrypt(sealed, identity, INFO)
            except InvalidTag:
                continue
    raise _fault(Fault.NO_MATCH, "it was sealed for other keys")


def _stanza(file_key: bytes, recipient: MLKEM768X25519PublicKey) -> bytes:
    sealed = _suite().encrypt(file_key, recipient, INFO)
    share, body = sealed[:_ENCAPSULATED], sealed[_ENCAPSULATED:]
    return f"-> {STANZA} ".encode() + _encode(share) + b"\n" + _encode(body) + b"\n"


def _checked(stanza: Stanza) -> bytes:
    """Return encapsulated key and sealed file key of a stanza, their lengths checked before anything is decrypted."""
    kind, *rest = stanza.args
    if len(rest) != 1:
        raise _fault(Fault.HEADER, f"a stanza {kind} has not one argument")
    share = _decode(rest[0].encode())
    if len(share) != _SHARES[kind] or len(stanza.body) != _SEALED_KEY:
        raise _fault(Fault.HEADER, f"a stanza {kind} has another length")
    if _low_order(share[-_X25519:]):
        raise _fault(Fault.HEADER, f"a stanza {kind} holds a point of low order")
    return share + stanza.body


def _low_order(share: bytes) -> bool:
    """Say whether an X25519 share gives zero with any key. Source: RFC 7748, section 6.1."""
    from cryptography.hazmat.primitives.asymmetric import x25519  # noqa: PLC0415 -- 30 ms at start

    try:
        _any_x25519().exchange(x25519.X25519PublicKey.from_public_bytes(share))
    except ValueError:
        return True
    return False


@lru_cache(maxsize=1)
def _any_x25519() -> X25519PrivateKey:
    """Return a key that is no secret: any one shows whether a share is of low order."""
    from cryptography.hazmat.primitives.asymmetric import x25519  # noqa: PLC0415 -- 30 ms at start

    return x25519.X25519PrivateKey.from_private_bytes(b"\x08" * _X25519)


class _Lines:
    """Lines of a header: read one by one, bounded in length and in sum."""

    def __init__(self, file: BinaryIO) -> None:
        self.file, self.size = file, 0
        self.seen: list[bytes] = []

    def next(self) -> bytes:
        line = self.file.readline(MAX_HEADER_BYTES - self.size)
        self.size += len(line)
        self.seen.append(line)
        if not line.endswith(b"\n"):
            raise _fault(Fault.HEADER, "its header is cut short or too long")
        return line


def _read_stanza(line: bytes, lines: _Lines) -> Stanza:
    args = line[3:-1].split(b" ")
    if not all(_ARGUMENT.fullmatch(arg) for arg in args):
        raise _fault(Fault.HEADER, "a stanza has an empty argument or a character that may not stand there")
    body = []
    while True:
        piece = lines.next()[:-1]
        if len(piece) > _COLUMNS:
            raise _fault(Fault.HEADER, "a stanza has a line of more than 64 characters")
        body.append(piece)
        if len(piece) < _COLUMNS:
            return Stanza(tuple(arg.decode("ascii") for arg in args), _decode(b"".join(body)))


@lru_cache(maxsize=1)
def _suite() -> Suite:
    from cryptography.hazmat.primitives import hpke  # noqa: PLC0415 -- 30 ms at start

    return hpke.Suite(hpke.KEM.MLKEM768_X25519, hpke.KDF.HKDF_SHA256, hpke.AEAD.CHACHA20_POLY1305)


def _cipher(key: bytes) -> ChaCha20Poly1305:
    from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305  # noqa: PLC0415 -- 30 ms at start

    return ChaCha20Poly1305(key)


def _open_chunk(cipher: ChaCha20Poly1305, index: int, sealed: bytes, *, last: bool) -> bytes:
    from cryptography.exceptions import InvalidTag  # noqa: PLC0415 -- 30 ms at start

    try:
        return cipher.decrypt(_nonce(index, last=last), sealed, None)
    except InvalidTag as error:
        raise _fault(Fault.PAYLOAD, f"chunk {index} was changed, or the file does not end where it should") from error


def _read(file: BinaryIO, size: int) -> bytes:
    """Read *size* bytes, fewer only at the end: a pipe or a socket may give them in pieces."""
    data = file.read(size)
    while 0 < len(data) < size and (more := file.read(size - len(data))):
        data += more
    return data


def _mac(file_key: bytes, text: bytes) -> bytes:
    return hmac.digest(_derive(file_key, b"", b"header"), text, "sha256")


def _derive(file_key: bytes, salt: bytes, label: bytes) -> bytes:
    """HKDF-SHA-256 with one block of output. Source: RFC 5869, section 2."""
    extracted = hmac.digest(salt or bytes(hashlib.sha256().digest_size), file_key, "sha256")
    return hmac.digest(extracted, label + b"\1", "sha256")


def _nonce(index: int, *, last: bool) -> bytes:
    return index.to_bytes(11, "big") + (b"\1" if last else b"\0")


def _encode(data: bytes) -> bytes:
    return base64.b64encode(data).rstrip(b"=")


def _decode(text: bytes) -> bytes:
    """Decode base64 without padding, in its one spelling."""
    try:
        data = base64.b64decode(text + b"=" * (-len(text) % 4), validate=True)
    except binascii.Error:
        data = b""
    if not _ALPHABET.fullmatch(text) or _encode(data) != text:
        raise _fault(Fault.HEADER, "base64 in an unusual spelling")
    return data


def _fault(fault: Fault, why: str) -> UnreadableError:
    return UnreadableError(file="sealed file", why=why, fault=fault)
