"""Units as the professions use them, and exact ways between them.

At sea and in the air: knots and nautical miles. On the ground: metres. Inside
tables and ids: integers, namely milliseconds since 1970 in UTC and microdegrees,
because integers add up the same on every machine and every engine.

Every function takes a number or a numpy array and returns the same.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Number = TypeVar("Number", float, Floats)

METRES_A_NAUTICAL_MILE = 1852.0
"""Exact. Source: BIPM, The International System of Units, 8th edition, table 8."""
METRES_A_FOOT = 0.3048
"""Exact: the international foot. Source: ICAO Annex 5, table 3-3."""
SECONDS_AN_HOUR = 3600.0
METRES_PER_SECOND_A_KNOT = METRES_A_NAUTICAL_MILE / SECONDS_AN_HOUR
MICRODEGREES = 1_000_000
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MILLISECOND = timedelta(milliseconds=1)


def kn_to_mps(speed_kn: Number) -> Number:
    """Return knots as metres per second."""
    return speed_kn * METRES_PER_SECOND_A_KNOT


def mps_to_kn(speed_mps: Number) -> Number:
    """Return metres per second as knots."""
    return speed_mps / METRES_PER_SECOND_A_KNOT


def nm_to_m(distance_nm: Number) -> Number:
    """Return nautical miles as metres."""
    return distance_nm * METRES_A_NAUTICAL_MILE


def m_to_nm(distance_m: Number) -> Number:
    """Return metres as nautical miles."""
    return distance_m / METRES_A_NAUTICAL_MILE


def ft_to_m(height_ft: Number) -> Number:
    """Return feet as metres."""
    return height_ft * METRES_A_FOOT


def m_to_ft(height_m: Number) -> Number:
    """Return metres as feet."""
    return height_m / METRES_A_FOOT


def deg_to_udeg(degrees: float) -> int:
    """Return degrees as whole microdegrees, half to even; 1 µ° of latitude is 0.11 m."""
    return round(degrees * MICRODEGREES)


def udeg_to_deg(microdegrees: int) -> float:
    """Return microdegrees as degrees."""
    return microdegrees / MICRODEGREES


def to_ms(at: datetime) -> int:
    """Return an aware instant as milliseconds since 1970 in UTC, rounded down; exact, no floating point."""
    return (at - EPOCH) // MILLISECOND


def from_ms(at_ms: int) -> datetime:
    """Return milliseconds since 1970 as an instant in UTC."""
    return EPOCH + at_ms * MILLISECOND


def rfc3339(at: datetime) -> str:
    """Return an aware instant as RFC 3339 text in UTC with `Z`, milliseconds only where there are any."""
    utc = at.astimezone(UTC)
    return utc.isoformat(timespec="milliseconds" if utc.microsecond else "seconds").replace("+00:00", "Z")
