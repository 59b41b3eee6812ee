"""Bech32: keys as text that a person can copy and a program can check.

A human-readable part, the digit 1, and the data in 32 letters and digits without
1, b, i and o, the last six of which are a checksum that finds any four wrong
characters. Ayni writes age recipients and identities in it; those are longer than
the 90 characters of Bitcoin addresses, so there is no limit on length.

Source: BIP 173; C2SP age, https://c2sp.org/age.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ayni.errors import UnreadableError

ALPHABET = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
_GENERATOR = (0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)
_CHECKSUM = 6


def encode(readable: str, data: bytes) -> str:
    """Return *data* as Bech32 in lower case."""
    values = _regroup(data, 8, 5, pad=True)
    checked = _polymod([*_expand(readable), *values, *[0] * _CHECKSUM]) ^ 1
    values += [checked >> 5 * (_CHECKSUM - 1 - place) & 31 for place in range(_CHECKSUM)]
    return f"{readable}1{''.join(ALPHABET[value] for value in values)}"


def decode(text: str, readable: str) -> bytes:
    """Return the data of a Bech32 text with this human-readable part; all upper or all lower case.

    Raises:
        UnreadableError: if it is of another kind, mixes cases, or has a wrong character.
    """
    if text not in {text.lower(), text.upper()}:
        raise UnreadableError(file="key", why="it mixes upper and lower case")
    found, one, body = text.lower().rpartition("1")
    if not one or found != readable.lower() or len(body) < _CHECKSUM:
        raise UnreadableError(file="key", why=f"it does not begin with {readable}1")
    values = [ALPHABET.find(character) for character in body]
    if min(values) < 0 or _polymod([*_expand(found), *values]) != 1:
        raise UnreadableError(file="key", why="a character is wrong or missing: its checksum does not fit")
    whole = _regroup(values[:-_CHECKSUM], 5, 8, pad=False)
    data = bytes(whole)
    if encode(found, data) != text.lower():
        raise UnreadableError(file="key", why="it has bits left over")
    return data


def _expand(readable: str) -> list[int]:
    return [ord(character) >> 5 for character in readable] + [0] + [ord(character) & 31 for character in readable]


def _polymod(values: Iterable[int]) -> int:
    checked = 1
    for value in values:
        top = checked >> 25
        checked = (checked & 0x1FFFFFF) << 5 ^ value
        for bit, generator in enumerate(_GENERATOR):
            checked ^= generator if top >> bit & 1 else 0
    return checked


def _regroup(data: Sequence[int] | bytes, width: int, to: int, *, pad: bool) -> list[int]:
    """Regroup numbers of *width* bits into numbers of *to* bits."""
    held, bits, out = 0, 0, []
    for value in data:
        held, bits = held << width | value, bits + width
        while bits >= to:
            bits -= to
            out.append(held >> bits & (1 << to) - 1)
        held &= (1 << bits) - 1
    if pad and bits:
        out.append(held << to - bits & (1 << to) - 1)
    return out
