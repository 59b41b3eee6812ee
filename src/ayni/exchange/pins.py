"""Fingerprints on paper: how two institutions come to know each other's keys without anybody above them.

The fingerprint of an institution is the SHA-256 of its first identity, written in
thirteen groups of four characters from an alphabet without I, L, O and U:

    4TQ2-9XKD-…-7B3C

It is printed in the signed agreement, beside a QR code that holds the same. Reading
it aloud takes half a minute; whoever types it may confuse O and 0, or I, L and 1.

Source: Crockford's Base32; ISO/IEC 18004 (QR code), error correction level M.
"""

from __future__ import annotations

import hmac
import io
from dataclasses import dataclass

from ayni.errors import KeyHistoryError, UnreadableError
from ayni.exchange.keys import PublicIdentity

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_ALIKE = {ord("O"): "0", ord("I"): "1", ord("L"): "1", **dict.fromkeys(map(ord, " -\n\t\u2013\u2011"))}
_GROUP, _CHARACTERS, _BITS = 4, 52, 256
PREFIX = "AYNI-PIN/1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Pin:
    """What was exchanged on paper: a node and its fingerprint."""

    node: str
    digest: str
    """SHA-256 of its first identity, in hex."""

    @staticmethod
    def of(identity: PublicIdentity) -> Pin:
        """Return the pin of a first identity."""
        return Pin(node=identity.node, digest=identity.digest)

    @property
    def groups(self) -> str:
        """The fingerprint as it is printed and read aloud."""
        number = int(self.digest, 16) << _CHARACTERS * 5 - _BITS
        text = "".join(ALPHABET[number >> 5 * place & 31] for place in range(_CHARACTERS - 1, -1, -1))
        return "-".join(text[at : at + _GROUP] for at in range(0, _CHARACTERS, _GROUP))

    @property
    def code(self) -> str:
        """What the QR code holds."""
        return f"{PREFIX} {self.node} {self.groups}"

    def to_svg(self, scale: int = 4) -> str:
        """Return the QR code as an SVG image, with the fingerprint as its title."""
        import segno  # noqa: PLC0415 -- only where a pin is printed

        out = io.BytesIO()
        segno.make(self.code, error="m", micro=False).save(
            out, kind="svg", scale=scale, title=self.code, xmldecl=False, nl=False
        )
        return out.getvalue().decode()

    @staticmethod
    def parse(code: str) -> Pin:
        """Read what a QR code holds.

        Raises:
            UnreadableError: if it is no pin, or not a whole one.
        """
        prefix, _, rest = code.strip().partition(" ")
        node, _, groups = rest.partition(" ")
        if prefix != PREFIX or not node:
            raise UnreadableError(file="pin", why=f"it does not begin with {PREFIX}")
        return Pin(node=node, digest=read_fingerprint(groups))

    def check(self, identity: PublicIdentity) -> None:
        """Refuse an identity that is not the one on paper.

        Raises:
            KeyHistoryError: if node or fingerprint differ.
        """
        if identity.node != self.node or not hmac.compare_digest(identity.digest, self.digest):
            raise KeyHistoryError(node=self.node, why="the fingerprint on paper is not that of its first identity")


def read_fingerprint(groups: str) -> str:
    """Return the digest, in hex, of a fingerprint typed by a person.

    Raises:
        UnreadableError: if it has not 52 characters of the alphabet, naming how many it has.
    """
    text = groups.upper().translate(_ALIKE)
    if len(text) != _CHARACTERS or set(text) - set(ALPHABET):
        raise UnreadableError(
            file="fingerprint", why=f"{len(text)} characters; it has {_CHARACTERS} in groups of four"
        )
    number = 0
    for character in text:
        number = number << 5 | ALPHABET.index(character)
    spare = _CHARACTERS * 5 - _BITS
    if number & (1 << spare) - 1:
        raise UnreadableError(file="fingerprint", why="its last character cannot be right")
    return f"{number >> spare:064x}"
