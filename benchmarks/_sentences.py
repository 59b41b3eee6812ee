"""AIS sentences from columns of numbers, for benchmarks that need many of them."""

from __future__ import annotations

import numpy as np

ARMOUR = np.frombuffer(b"0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVW`abcdefghijklmnopqrstuvw", np.uint8)
START_S = 1_709_251_200


def _put(bits: np.ndarray, rows: np.ndarray, start: int, length: int, value: np.ndarray) -> None:
    shifts = np.arange(length - 1, -1, -1)
    bits[rows, start : start + length] = (np.asarray(value)[:, None] >> shifts) & 1


def position_bits(
    kind: np.ndarray,
    mmsi: np.ndarray,
    speed: np.ndarray,
    course: np.ndarray,
    lat: np.ndarray,
    lon: np.ndarray,
    at: np.ndarray,
) -> np.ndarray:
    """Return the bits of types 1, 3, 4 and 18, a row each: speed and course in tenths, place in 1/10,000 minute."""
    bits = np.zeros((len(kind), 168), np.uint8)
    every = np.arange(len(kind))
    _put(bits, every, 0, 6, kind)
    _put(bits, every, 8, 30, mmsi)
    for rows, speed_at, lon_at, lat_at, course_at in (
        (np.flatnonzero((kind == 1) | (kind == 3)), 50, 61, 89, 116),
        (np.flatnonzero(kind == 18), 46, 57, 85, 112),
    ):
        _put(bits, rows, speed_at, 10, speed[rows])
        _put(bits, rows, lon_at, 28, lon[rows])
        _put(bits, rows, lat_at, 27, lat[rows])
        _put(bits, rows, course_at, 12, course[rows])
        _put(bits, rows, course_at + 12, 9, course[rows] // 10)
        _put(bits, rows, course_at + 21, 6, at[rows] % 60)
    base = np.flatnonzero(kind == 4)
    seconds = at[base] - START_S
    for start, length, value in (
        (38, 14, np.full(len(base), 2024)),
        (52, 4, np.full(len(base), 3)),
        (56, 5, np.full(len(base), 1)),
        (61, 5, seconds // 3600),
        (66, 6, seconds // 60 % 60),
        (72, 6, seconds % 60),
        (79, 28, lon[base]),
        (107, 27, lat[base]),
    ):
        _put(bits, base, start, length, value)
    return bits


def static_bits(mmsi: np.ndarray) -> np.ndarray:
    """Return the bits of type 5, with letters and measures that follow from the MMSI."""
    bits = np.zeros((len(mmsi), 426), np.uint8)
    every = np.arange(len(mmsi))
    _put(bits, every, 0, 6, np.full(len(mmsi), 5))
    _put(bits, every, 8, 30, mmsi)
    _put(bits, every, 40, 30, 9_000_000 + mmsi % 999_999)
    for start, length in ((70, 7), (112, 20), (302, 20)):
        for letter in range(length):
            _put(bits, every, start + 6 * letter, 6, 1 + (mmsi // (letter + 1)) % 26)
    _put(bits, every, 232, 8, np.full(len(mmsi), 70))
    _put(bits, every, 240, 9, 20 + mmsi % 200)
    _put(bits, every, 258, 6, 5 + mmsi % 20)
    _put(bits, every, 294, 8, 30 + mmsi % 100)
    return bits


def armoured(bits: np.ndarray) -> list[str]:
    """Return rows of bits in the six-bit letters of a payload."""
    six = bits.reshape(len(bits), -1, 6) @ np.array([32, 16, 8, 4, 2, 1], np.uint8)
    letters = np.ascontiguousarray(ARMOUR[six])
    return [text.decode() for text in letters.view(f"S{letters.shape[1]}")[:, 0].tolist()]


def checked(sentence: str) -> str:
    """Return a sentence with its checksum."""
    total = 0
    for byte in sentence.encode():
        total ^= byte
    return f"{sentence}*{total:02X}"
