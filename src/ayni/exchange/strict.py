"""JSON in one spelling: what could be read in two ways, or not at all in little memory, is refused.

Length and nesting are checked over the bytes, before any parser sees them. A value is
believed only if writing it again gives the very bytes that came: so no field is unknown,
named twice, out of order or passed over, and no number or instant has a second form.

Source: RFC 7493 (I-JSON) forbids duplicate names; the spelling of strings is that of
ECMA-262, `JSON.stringify`.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from typing import TypeVar

from ayni.errors import UnreadableError
from ayni.model.codec import from_own_json, to_json

T = TypeVar("T")

_STRING = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+(?:"|\\?\Z)', re.DOTALL)
"""A string, also one that never ends: then no second reading begins inside it, and the search stays linear."""


def bounded(data: bytes, size: int, depth: int) -> None:
    """Refuse JSON longer than *size* bytes or nested more deeply than *depth*, without parsing it.

    Raises:
        UnreadableError: saying which.
    """
    if len(data) > size:
        raise UnreadableError(file="JSON", why=f"{len(data)} bytes, at most {size} are read")
    if data.count(b"{") + data.count(b"[") <= depth:
        return
    deep = 0
    for mark in re.findall(rb"[\[{\]}]", _STRING.sub(b"", data)):
        deep += 1 if mark in b"[{" else -1
        if deep > depth:
            raise UnreadableError(file="JSON", why=f"nested more than {depth} levels deep")


def read_strictly(data: bytes, kind: type[T], *, depth: int) -> T:
    """Return a value of type *kind* that is written as `to_json` writes it.

    Raises:
        UnreadableError: if it is malformed, too deep, or not in its one spelling.
    """
    bounded(data, len(data), depth)
    value = from_own_json(data, kind)
    if to_json(value) != data:
        raise UnreadableError(
            file=f"JSON of {kind.__name__}",
            why="not in its one spelling: an unknown or repeated field, another order, or white space",
        )
    return value


def unambiguous(data: bytes, depth: int) -> None:
    """Refuse free JSON that names a field twice, at any level.

    Raises:
        UnreadableError: naming the field.
    """
    bounded(data, len(data), depth)
    try:
        json.loads(data, object_pairs_hook=_once, parse_int=len, parse_float=len, parse_constant=_no_constant)
    except ValueError as error:
        raise UnreadableError(file="JSON", why=str(error)) from error


def unbase64url(text: str) -> bytes:
    """Decode base64url without padding, in its one spelling.

    Raises:
        UnreadableError: in any other.
    """
    try:
        data = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError) as error:
        raise UnreadableError(file="base64url", why="a character that may not stand there") from error
    if base64.urlsafe_b64encode(data).rstrip(b"=").decode() != text:
        raise UnreadableError(file="base64url", why="in an unusual spelling")
    return data


def _once(pairs: list[tuple[str, object]]) -> None:
    names = [name for name, _ in pairs]
    if len(set(names)) != len(names):
        message = f"field {next(name for name in names if names.count(name) > 1)} stands twice"
        raise ValueError(message)


def _no_constant(name: str) -> float:
    message = f"{name} is not JSON"
    raise ValueError(message)
