"""A long silence far out, of a ship that had been heard well, where ships are heard well.

What Global Fishing Watch's study of disabling at sea (Welch and others, 2022) keeps of
all silences: those that poor reception hardly explains. Intent remains an analyst's
word; the rule says that the usual explanation is weaker here.
"""

from __future__ import annotations

from ayni.desks.maritime.detect import _common as common
from ayni.desks.maritime.detect.gap import GAP
from ayni.desks.maritime.detect.sql import read_sql
from ayni.model.desk import Clue, Detector, Parameter

WELCH = "Global Fishing Watch, AIS-disabling-high-seas, configuration (Welch and others, Science Advances 2022)"

DISABLING = Detector(
    rule="maritime.disabling/1",
    title="Long silence that reception hardly explains",
    asks="A vessel that had been heard well far from shore was not heard for half a day or longer.",
    counts_for="the length of the silence, good reception there, distance covered meanwhile",
    counts_against="nobody else heard there meanwhile, receivers of unknown kind",
    innocent=(
        "the transponder or its power supply failed",
        "the master switched it off for fear of piracy, as SOLAS allows",
        "many transmitters at once crowded it out for the satellite",
        "a fishing vessel kept its ground to itself",
    ),
    parameters=(
        Parameter(name="silence_h", default=12.0, unit="h", source=WELCH, low=1, high=720),
        Parameter(name="shore_nm", default=50.0, unit="nm", source=WELCH, low=0, high=200),
        Parameter(name="before_h", default=12.0, unit="h", source=WELCH, low=1, high=72),
        Parameter(name="before_positions", default=14, unit="positions", source=WELCH, low=1, high=10_000),
        Parameter(name="reception_a_day", default=10.0, unit="positions a day", source=WELCH, low=0, high=100_000),
    ),
    requires=GAP.requires,
    sql=read_sql("disabling.sql"),
    clues=(
        Clue(says=common.ASK_DISTRESS, weight=0),
        Clue(
            says="no position received for {silence_s:duration}, then one again",
            facts=("silence_s",),
            weight=0.3,
        ),
        Clue(
            says="{before_count:integer} positions received in the {before_s:duration} before:"
            " it was heard regularly",
            facts=("before_count", "before_s"),
            weight=0.15,
        ),
        Clue(
            says="reception is good there: {a_day:integer} positions a day from all vessels",
            facts=("a_day",),
            weight=0.15,
        ),
        Clue(says="last heard {shore_nm:nm} from the coast", facts=("shore_nm",), weight=0.1),
        Clue(
            says="{others_during:plural one{# other vessel was} other{# other vessels were}}"
            " heard near that place meanwhile",
            facts=("others_during",),
            weight=0.15,
            holds="others_heard",
        ),
        Clue(
            says="it reappeared {moved_nm:nm} away, {implied_kn:kn} on average",
            facts=("moved_nm", "implied_kn"),
            weight=0.1,
            holds="moved_on",
        ),
        Clue(
            says="no other vessel was heard near that place meanwhile: reception may be poor there",
            weight=-0.25,
            holds="nobody_heard",
        ),
        Clue(
            says="it is a fishing vessel: some hide a good ground from others",
            weight=-0.1,
            holds="is_fishing",
        ),
        Clue(
            says="it is a small fishing vessel: artisanal boats often save their battery",
            weight=-0.2,
            holds="is_artisanal",
        ),
        Clue(
            says="the source does not say which positions came by satellite; all were counted",
            weight=0,
            holds="no_satellite",
            quality=True,
        ),
    ),
    subjects=("mmsi",),
    absence="silence_h",
    evidence=read_sql("gap_evidence.sql"),
    distress=True,
    cise="WithoutAISTransmission",
)

DETECTORS = (DISABLING,)
