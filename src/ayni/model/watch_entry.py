"""An entry of the watchlist: a vessel that one officer proposed and a second one confirmed.

Nobody is listed on one person's word, without a ground and a legal basis, for ever, or
without saying what the watch should do. What is listed are numbers and a name that
anybody can send: a hit is a reason to look, never proof of who it is.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from ayni.model.checks import aware, require

MOST_EDITS: Final = 2
"""Letters that a name may differ by: ours; with three, every fourth short name of a real day is like another."""
MOST_WORDS: Final = 2000
MOST_NAME: Final = 120
MMSI: Final = re.compile(r"^[0-9]{9}$")
IMO: Final = re.compile(r"^[0-9]{7}$")
CALL_SIGN: Final = re.compile(r"^[A-Z0-9]{3,7}$")
"""Source: ITU Radio Regulations, article 19; AIS carries seven signs."""
ID_BYTES: Final = 7


class WatchState(StrEnum):
    """Where an entry stands; also the record's clear `state`."""

    PROPOSED = "proposed"
    LIVE = "live"
    """A second officer confirmed it, and it is watched for."""
    REFUSED = "refused"
    """A second officer turned it down."""
    ENDED = "ended"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchEntry:
    """Body of a record of kind `watch_entry`; its purpose and legal basis stand in the header.

    Raises:
        InvalidValueError: without any identifier, ground, instruction or owner, for a number of another
            shape, or when it was confirmed by whoever proposed it.
    """

    mmsi: str = ""
    imo: str = ""
    call_sign: str = ""
    name: str = ""
    name_edits: int = 0
    """How many letters a name heard may differ by and still be taken for it: 0, 1 or 2."""
    ground: str
    """Why it is listed."""
    instruction: str
    """What the watch does when it is heard."""
    owner: str
    """Id of the officer who proposed it, answers for it and is told of hits."""
    until: datetime
    """When it expires by itself."""
    confirmed_by: str = ""
    confirmed_at: datetime | None = None
    ended_at: datetime | None = None
    words: str = ""
    """Why it was refused or ended."""

    def __post_init__(self) -> None:
        require(bool(self.mmsi or self.imo or self.call_sign or self.name), "imo", "say whom: a number or a name")
        for field, shape, why in (
            ("mmsi", MMSI, "nine digits"),
            ("imo", IMO, "seven digits"),
            ("call_sign", CALL_SIGN, "three to seven capital letters and digits"),
        ):
            value = getattr(self, field)
            require(not value or shape.match(value) is not None, field, f"{value!r} is not {why}")
        require(len(self.name) <= MOST_NAME, "name", f"a name has at most {MOST_NAME} letters")
        require(0 <= self.name_edits <= MOST_EDITS, "name_edits", f"0 to {MOST_EDITS} letters may differ")
        require(not self.name_edits or bool(self.name), "name_edits", "there is no name to differ from")
        for field in ("ground", "instruction"):
            said = len(getattr(self, field).strip())
            require(0 < said <= MOST_WORDS, field, f"1 to {MOST_WORDS} letters")
        require(bool(self.owner.strip()), "owner", "an entry has an officer who answers for it")
        aware(self.until, "until")
        require(
            self.confirmed_by != self.owner, "confirmed_by", "a second officer confirms, not the one who proposed"
        )
        for field in ("confirmed_at", "ended_at"):
            if getattr(self, field) is not None:
                aware(getattr(self, field), field)


def entry_number(record: str) -> int:
    """Return the whole number under which rules know an entry: always the same, 56 bits."""
    return int.from_bytes(hashlib.sha256(f"watch|{record}".encode()).digest()[:ID_BYTES], "big")
