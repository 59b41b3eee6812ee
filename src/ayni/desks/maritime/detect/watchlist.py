"""A vessel whose number or name two officers put on the watchlist.

Compared are the hull's number (IMO), the radio's (MMSI), the call sign and the name, each
as sent. All four can be typed in by anybody, and a name is borne by many: every hit says
which of them agreed, which did not, and how many vessels bear such a name. What tells a
ship from its namesake is another number, not a better likeness.

A hit is told once an entry, vessel and day. Whom the entry names, why and what to do
stand in its record, which the signal names; the signal repeats nothing of it.
"""

from __future__ import annotations

from ayni.desks.maritime.detect.sql import read_sql
from ayni.model.desk import Clue, Detector

WATCHLIST = Detector(
    rule="maritime.watchlist/1",
    title="Watchlist hit",
    asks="A vessel was heard whose number or name is on the watchlist.",
    counts_for="which numbers agree: the hull's, the radio's, the call sign, the name",
    counts_against="a number that differs, a name alone, several vessels of such a name",
    innocent=(
        "another vessel bears the same name",
        "a number or a name typed in wrongly on board, or left from a former owner",
        "the vessel was sold, renamed or reflagged since it was listed",
        "somebody else sends the listed vessel's identity",
        "the reason for listing it has passed",
    ),
    requires={
        "watch": ("entry_id",),
        "calling": ("mmsi", "day", "first_ms", "last_ms"),
        "track": ("mmsi", "ship", "ts", "lat_udeg", "lon_udeg"),
        "hourly": ("mmsi", "ship", "hour", "first_ms", "last_ms"),
        "vessel": ("mmsi",),
        "identity": (),
        "position": ("mmsi", "ts"),
    },
    sql=read_sql("watchlist.sql"),
    clues=(
        Clue(says="it sends the IMO number that is listed, which stays with the hull", weight=0.35, holds="by_imo"),
        Clue(says="it sends under the MMSI that is listed", weight=0.3, holds="by_mmsi"),
        Clue(says="it sends the call sign that is listed", weight=0.2, holds="by_call"),
        Clue(says="it sends the name that is listed", weight=0.15, holds="same_name"),
        Clue(
            says="its name is like the one listed: {edits:plural one{# letter differs} other{# letters differ}},"
            " {likeness:percent} alike",
            facts=("edits", "likeness"),
            weight=0.05,
            holds="alike_name",
        ),
        Clue(says="listed in record {entry_record}", facts=("entry_record",), weight=0),
        Clue(says="its IMO number is another than the one listed", weight=-0.3, holds="other_imo"),
        Clue(says="its MMSI is another than the one listed", weight=-0.05, holds="other_mmsi"),
        Clue(says="its call sign is another than the one listed", weight=-0.1, holds="other_call"),
        Clue(says="its name is another than the one listed", weight=-0.05, holds="other_name"),
        Clue(says="nothing but the name agrees", weight=-0.05, holds="only_name"),
        Clue(
            says="nothing but the MMSI agrees, and it can be set by hand",
            weight=-0.05,
            holds="only_mmsi",
        ),
        Clue(
            says="{bearers:plural one{# vessel bears} other{# vessels bear}} such a name in this data",
            facts=("bearers",),
            weight=-0.1,
            holds="has_homonyms",
        ),
        Clue(says="several ships send under this MMSI", weight=-0.1, holds="is_shared"),
        Clue(says="what a vessel says of itself is not verified, and can be false", weight=0, quality=True),
    ),
    subjects=("mmsi",),
    evidence=read_sql("watchlist_evidence.sql"),
    cise="Other",
)

DETECTORS = (WATCHLIST,)
