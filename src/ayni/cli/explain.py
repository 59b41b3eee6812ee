"""A signal in words, in the reader's language: what, where, when, and both sides."""

from __future__ import annotations

from typing import Protocol

from ayni.desks import find_desks
from ayni.errors import AyniError
from ayni.model.desk import Desk, Detector
from ayni.model.signal import Reason, Signal
from ayni.toolkit.phrases import Catalogue, phrase, render

FOR = phrase("speaks for it")
AGAINST = phrase("speaks against it")
INNOCENT = phrase("ordinary explanations")
LIMITS = phrase("limits of the data")
NO_VERDICT = phrase("a reason to look, never a verdict")
SPAN = phrase("from {started:instant} to {ended:instant}")
OPEN = phrase("since {started:instant}, not ended")
HELP = phrase("first of all: does somebody need help? Call the maritime rescue coordination centre")


def explain(signal: Signal, language: str) -> str:
    """Return the whole explanation of a signal, one line a reason, weights shown."""
    desk = _desk_of(signal)
    catalogue = catalogue_of(desk)
    detector = _detector_of(signal, desk)

    def say(sentence: str | Reason, **facts: object) -> str:
        return render(sentence, facts, language, catalogue).text

    lines = [f"{signal.rule}  {', '.join(_subject(signal))}", ""]
    if detector is not None:
        lines.insert(0, say(detector.title))
        if detector.distress:
            lines += [f"! {say(HELP)}", ""]
        lines.append(say(detector.asks))
    started = signal.started_at.isoformat()
    ended = signal.ended_at.isoformat() if signal.ended_at else ""
    lines.append(say(SPAN, started=started, ended=ended) if ended else say(OPEN, started=started))
    lines += _side(say(FOR), [reason for reason in signal.reasons if reason.weight > 0], say)
    lines += _side(say(AGAINST), [reason for reason in signal.reasons if reason.weight <= 0], say)
    if detector is not None:
        lines += ["", f"{say(INNOCENT)}:", *(f"  · {say(text)}" for text in detector.innocent)]
    lines += _side(say(LIMITS), list(signal.quality), say)
    return "\n".join([*lines, "", say(NO_VERDICT)])


def catalogue_of(desk: Desk | None) -> Catalogue:
    """Return the phrases of a desk, of casework and of the command line."""
    packages = ["ayni.cli.phrases", "ayni.casework.phrases"]
    if desk is not None and desk.phrases:
        packages.append(desk.phrases)
    first, *others = (Catalogue.load(package) for package in packages)
    return first.merge(*others)


def _side(title: str, reasons: list[Reason], say: _Say) -> list[str]:
    if not reasons:
        return []
    ordered = sorted(reasons, key=lambda reason: -abs(reason.weight))
    return ["", f"{title}:", *(f"  {reason.weight:+.2f}  {say(reason)}" for reason in ordered)]


class _Say(Protocol):
    def __call__(self, sentence: str | Reason, **facts: object) -> str: ...


def _subject(signal: Signal) -> list[str]:
    return [entity.first("name") or entity.first("mmsi") or entity.id for entity in signal.subjects]


def _desk_of(signal: Signal) -> Desk | None:
    try:
        return find_desks().get(signal.desk)
    except AyniError:
        return None


def _detector_of(signal: Signal, desk: Desk | None) -> Detector | None:
    if desk is None:
        return None
    return next((detector for detector in desk.detectors if detector.rule == signal.rule), None)
