"""What every value checks when it is made."""

from __future__ import annotations

import math
import os
import time
from typing import TYPE_CHECKING
from uuid import UUID

from ayni.errors import InvalidValueError

if TYPE_CHECKING:
    from datetime import datetime


UUID_VERSION = 7
"""Ids are sortable by time of making. Source: RFC 9562, section 5.7."""


def require(holds: bool, field: str, why: str) -> None:  # noqa: FBT001 -- reads as a sentence
    """Refuse a value unless *holds*.

    Raises:
        InvalidValueError: naming the field and what it should have been.
    """
    if not holds:
        raise InvalidValueError(field=field, why=why)


def aware(at: datetime, field: str) -> None:
    """Refuse an instant without a time zone.

    Raises:
        InvalidValueError: if *at* is naive.
    """
    require(at.utcoffset() is not None, field, "an instant needs its time zone")


def finite(value: float, field: str, low: float = -math.inf, high: float = math.inf) -> None:
    """Refuse a number that is not finite or lies outside [*low*, *high*].

    Raises:
        InvalidValueError: with the bounds.
    """
    require(math.isfinite(value) and low <= value <= high, field, f"{value} is not between {low:g} and {high:g}")


def uuid7(at_ms: int | None = None) -> str:
    """Return a new UUIDv7: sortable by time of making, 74 random bits.

    Source: RFC 9562, section 5.7.
    """
    ms = int(time.time() * 1000) if at_ms is None else at_ms
    tail = int.from_bytes(os.urandom(10), "big")
    number = (ms & ((1 << 48) - 1)) << 80 | tail
    number = number & ~(0xF << 76) | 7 << 76
    number = number & ~(0x3 << 62) | 2 << 62
    return str(UUID(int=number))


def is_uuid7(text: str) -> bool:
    """Say whether *text* is a UUIDv7 in lower case."""
    try:
        known = UUID(text)
    except ValueError:
        return False
    return known.version == UUID_VERSION and str(known) == text
