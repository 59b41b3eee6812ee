"""An aircraft's 24-bit address, and the State whose block it is from.

Each State of registry has one block; its first bits are the State's. Source: ICAO Annex 10,
Volume III, Part I, Chapter 9, appendix (table 9-1); the blocks are in `icao24.toml`.
"""

from __future__ import annotations

import re
import tomllib
from bisect import bisect_right
from functools import lru_cache
from importlib import resources

from ayni.toolkit.codes.checked import NO_CODE, Checked, plain, wrong
from ayni.toolkit.phrases import phrase

UNALLOCATED = phrase("no State has been given the block of the address {text}")
NOT_AN_AIRCRAFT = phrase("the address {text} is not that of an aircraft")
ICAO_ITSELF = "ZZ"
"""ISO 3166 user-assigned code, here for ICAO's own temporary addresses."""


def check_icao24(text: object) -> Checked:
    """Check a 24-bit address in hex (with or without `0x`; `~` marks one that is not ICAO's) and find its State."""
    given = plain(text).removeprefix("0X")
    if not re.fullmatch(r"[0-9A-F]{6}", given):
        return Checked(kind="icao24", code=given, wrong=(wrong(NO_CODE, text=given),))
    if given in {"000000", "FFFFFF"}:
        return Checked(kind="icao24", code=given, wrong=(wrong(NOT_AN_AIRCRAFT, text=given),))
    country = state_of(int(given, 16))
    return Checked(
        kind="icao24", code=given, country=country, wrong=() if country else (wrong(UNALLOCATED, text=given),)
    )


def state_of(address: int) -> str:
    """Return the State of registry's alpha-2 code for a 24-bit address, or an empty string."""
    starts, ends, states = _blocks()
    at = bisect_right(starts, address) - 1
    return states[at] if at >= 0 and address <= ends[at] else ""


@lru_cache(maxsize=1)
def _blocks() -> tuple[list[int], list[int], list[str]]:
    table = tomllib.loads(resources.files(__package__).joinpath("icao24.toml").read_text("utf-8"))
    blocks = sorted(
        (int(first, 16), int(first, 16) + (1 << int(bits.removeprefix("bits_"))) - 1, state)
        for bits, states in table["blocks"].items()
        for state, first in states.items()
    )
    return [first for first, _, _ in blocks], [last for _, last, _ in blocks], [state for _, _, state in blocks]
