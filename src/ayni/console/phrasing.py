"""What a desk, a rule or an error says, in the reader's language: phrases of every package the node runs."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from functools import cache

from django.utils.translation import get_language

from ayni.console.words import ACTS, word
from ayni.errors import AyniError, NotEntitledError, UnreadableError
from ayni.model.desk import Desk, Detector
from ayni.model.signal import Reason
from ayni.node.running import running
from ayni.toolkit.phrases import LANGUAGES, Catalogue, errors_catalogue, render, render_error

PACKAGES = ("ayni.casework.phrases", "ayni.evaluation.phrases", "ayni.ledger.phrases", "ayni.node.phrases")
FORMATS = (
    "{at:instant}",
    "{lat:lat} {lon:lon}",
    "{value:m}",
    "{value:nm}",
    "{value:kn}",
    "{s:duration}",
    "{x:percent}",
)
"""Sentences that are nothing but a fact: the same in every language, written as each writes it."""


def language() -> str:
    """Return the reader's language as phrases name it: es, pt, en or fr."""
    return (get_language() or "en")[:2]


def say(sentence: Reason | str, desk: str = "", **facts: object) -> str:
    """Return a sentence of *desk*, or of the node, in the reader's language."""
    return render(sentence, facts, language(), catalogue_of(_phrases(desk))).text


def told(error: AyniError) -> str:
    """Return what went wrong and what to do next; an act is named in words."""
    if isinstance(error, NotEntitledError):
        act = str(error.facts.get("act", ""))
        error = NotEntitledError(**{**error.facts, "act": word(ACTS, act)})
    return render_error(error, language()).text


def instant(at: datetime) -> str:
    """Return an instant as the reader writes it, UTC."""
    return say("{at:instant}", at=at.isoformat())


def position(lat_deg: float, lon_deg: float) -> str:
    """Return a position in degrees and minutes."""
    return say("{lat:lat} {lon:lon}", lat=round(lat_deg * 1e6), lon=round(lon_deg * 1e6))


def detector_of(rule: str) -> Detector | None:
    """Return the rule's detector, if a desk of this node has it."""
    desk = running().desk(rule.partition(".")[0])
    return _detectors(desk).get(rule) if desk else None


@cache
def catalogue_of(package: str) -> Catalogue:
    """Return the phrases of the node and of one desk, put together once."""
    found = errors_catalogue().merge(Catalogue(entries={one: dict.fromkeys(LANGUAGES, one) for one in FORMATS}))
    for name in (*PACKAGES, *((package,) if package else ())):
        try:
            found = found.merge(Catalogue.load(name))
        except UnreadableError:
            continue
    return found


def _phrases(desk: str) -> str:
    card = running().desk(desk) if desk else None
    return card.phrases if card else ""


def _detectors(desk: Desk) -> Mapping[str, Detector]:
    return {detector.rule: detector for detector in desk.detectors}
