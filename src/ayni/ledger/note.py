"""Signed notes: text that several keys have signed, and the names of those keys.

A note is text, an empty line, and one line a signature:

    — <key name> base64(4-byte key id || signature)

A key is known by its name and id together; a line of an unknown key is ignored,
a line of a known key that does not verify spoils the whole note. Keys are passed
on as one line each (`vkey`): `<name>+<key id in hex>+base64(kind || public key)`.

Reading is strict: what cannot be written back byte for byte is refused, because
two readings of one signature are one too many.

Source: C2SP signed-note, https://c2sp.org/signed-note.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum

from ayni.errors import UnreadableError
from ayni.model.checks import require

MAX_NOTE_BYTES = 1 << 18
"""Longest note read; a checkpoint with sixteen ML-DSA-44 cosignatures has about 54 kB."""
MAX_SIGNATURES = 64
"""C2SP asks for at least 16."""
KEY_ID_BYTES = 4
DASH = "— "
_CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f]")


class Kind(IntEnum):
    """Signature types, by the byte that enters the key id. Source: signed-note, "Signature types"."""

    ED25519 = 0x01
    """A log's Ed25519 signature over the note text."""
    ED25519_COSIGNATURE = 0x04
    """A witness's timestamped Ed25519 signature."""
    ML_DSA_44 = 0x06
    """A timestamped ML-DSA-44 signature over the tree itself; used by logs and witnesses."""


PUBLIC_BYTES = {Kind.ED25519: 32, Kind.ED25519_COSIGNATURE: 32, Kind.ML_DSA_44: 1312}
"""Length of a public key. Source: RFC 8032 section 5.1.5; FIPS 204 table 2."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifierKey:
    """A public key with the name it signs under.

    Raises:
        InvalidValueError: if the name cannot stand in a note or the key has another length.
    """

    name: str
    kind: Kind
    public: bytes

    def __post_init__(self) -> None:
        check_name(self.name)
        require(len(self.public) == PUBLIC_BYTES[self.kind], "public", f"not a key of kind {self.kind.name}")

    @property
    def key_id(self) -> bytes:
        """Four bytes that tell keys of one name apart."""
        return hashlib.sha256(self.name.encode() + b"\n" + bytes([self.kind]) + self.public).digest()[:KEY_ID_BYTES]

    def __str__(self) -> str:
        material = base64.b64encode(bytes([self.kind]) + self.public).decode()
        return f"{self.name}+{self.key_id.hex()}+{material}"

    @staticmethod
    def parse(text: str) -> VerifierKey:
        """Read a key from its one-line form.

        Raises:
            UnreadableError: if it is malformed, of an unknown kind, or its id is not its own.
        """
        try:
            name, key_id, material = text.split("+", 2)
            raw = decode_base64(material)
            key = VerifierKey(name=name, kind=Kind(raw[0]), public=raw[1:])
        except (ValueError, IndexError) as error:
            raise UnreadableError(file="verifier key", why=f"not name+id+key of a known kind ({error})") from error
        if key_id != key.key_id.hex():
            raise UnreadableError(file="verifier key", why=f"the id of {name} is {key.key_id.hex()}, not {key_id}")
        return key


@dataclass(frozen=True, slots=True, kw_only=True)
class SignatureLine:
    """One signature under a note, not yet verified."""

    name: str
    key_id: bytes
    signature: bytes

    def __str__(self) -> str:
        return f"{DASH}{self.name} {base64.b64encode(self.key_id + self.signature).decode()}\n"

    @staticmethod
    def parse(line: str) -> SignatureLine:
        """Read one line, without its line feed.

        Raises:
            UnreadableError: if it is not a signature line.
        """
        name, _, encoded = line.removeprefix(DASH).rpartition(" ")
        if not line.startswith(DASH) or not name:
            raise UnreadableError(file="note", why="a signature line is not `— name base64`")
        try:
            check_name(name)
            raw = decode_base64(encoded)
        except ValueError as error:
            raise UnreadableError(file="note", why=f"signature line of {name}: {error}") from error
        if len(raw) <= KEY_ID_BYTES:
            raise UnreadableError(file="note", why=f"the signature of {name} is empty")
        return SignatureLine(name=name, key_id=raw[:KEY_ID_BYTES], signature=raw[KEY_ID_BYTES:])


def split_note(data: bytes) -> tuple[bytes, Sequence[SignatureLine]]:
    """Return text and signature lines of a note; no signature has been verified.

    Raises:
        UnreadableError: if it is not a note, naming what is wrong.
    """
    if len(data) > MAX_NOTE_BYTES:
        raise UnreadableError(file="note", why=f"longer than {MAX_NOTE_BYTES} bytes")
    try:
        whole = data.decode()
    except UnicodeDecodeError as error:
        raise UnreadableError(file="note", why="not UTF-8") from error
    if _CONTROL.search(whole):
        raise UnreadableError(file="note", why="holds a control character")
    text, gap, tail = whole.rpartition("\n\n")
    if not gap or not text or not tail.endswith("\n"):
        raise UnreadableError(file="note", why="no text, empty line and signature lines, or cut short")
    lines = tail.removesuffix("\n").split("\n")
    if len(lines) > MAX_SIGNATURES:
        raise UnreadableError(file="note", why=f"more than {MAX_SIGNATURES} signatures")
    return (text + "\n").encode(), [SignatureLine.parse(line) for line in lines]


def check_name(name: str) -> None:
    """Refuse a key name that cannot stand in a note.

    Raises:
        InvalidValueError: if it is empty, longer than 255 bytes, or holds a space, plus sign or control character.
    """
    require(0 < len(name.encode()) < 1 << 8, "name", "a key name has 1 to 255 bytes")  # u8 length, tlog-cosignature
    clean = not any(character.isspace() or character == "+" or not character.isprintable() for character in name)
    require(clean, "name", "a key name holds no space, plus sign or control character")


def decode_base64(text: str) -> bytes:
    """Read standard base64 with padding, and nothing that merely looks like it.

    Raises:
        ValueError: if it is not, or not in its one canonical spelling.
    """
    try:
        raw = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        message = "not base64"
        raise ValueError(message) from error
    if base64.b64encode(raw).decode() != text:
        message = "base64 in an unusual spelling"
        raise ValueError(message)
    return raw


def decode_decimal(text: str) -> int:
    """Read a decimal number below 2^63 without sign or leading zeroes.

    Raises:
        ValueError: if it is anything else.
    """
    if not text.isascii() or not text.isdigit() or (len(text) > 1 and text[0] == "0") or int(text) >= 1 << 63:
        message = f"{text[:30]!r} is not a plain decimal number"
        raise ValueError(message)
    return int(text)
