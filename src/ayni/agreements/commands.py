"""What `ayni agreement` does, as functions: each returns a value that prints as text or JSON.

    new      a complete text from a template, ready to be read and changed
    check    schema and lint
    prove    every invariant, or the request that slips through
    diff     what an amendment newly allows or forbids

`read`, `propose`, `counter`, `sign` and the other acts are in `writing` and `life_cycle`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from ayni.agreements.check import Problem, check
from ayni.agreements.drafting import new_text, words
from ayni.agreements.text import AgreementText, Party, read_file, sha256
from ayni.agreements.writing import write_text
from ayni.errors import InvalidValueError
from ayni.model.signal import Reason
from ayni.toolkit.phrases import phrase, render

if TYPE_CHECKING:
    from ayni.agreements.diff import Difference
    from ayni.agreements.prove import Proof

JsonValue = str | int | float | bool | None | list["JsonValue"] | dict[str, "JsonValue"]

SOUND = phrase("{agreement}: nothing to put right ({articles:integer} articles, SHA-256 {sha256})")
ERROR = phrase("error: {what}")
WARNING = phrase("warning: {what}")
PROVEN = phrase("{agreement}: proven, {count:integer} sentences hold for every request ({seconds:number} s)")
NOT_PROVEN = phrase("{agreement}: {broken:integer} of {count:integer} sentences do not hold")
SAME = phrase("every request is decided as before")
CHANGED = phrase(
    "changes: {allowed:integer} newly allowed, {forbidden:integer} newly forbidden; everything else as before"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """The answer of `check`."""

    text: AgreementText
    problems: tuple[Problem, ...]

    @property
    def good(self) -> bool:
        """True when nothing bars the text."""
        return not any(problem.error for problem in self.problems)

    def as_text(self, language: str) -> str:
        """Return a line a problem, or one that says there is none."""
        if not self.problems:
            whole = {"agreement": self.text.id, "articles": len(self.text.articles), "sha256": sha256(self.text)}
            return _say(SOUND, language, **whole)
        return "\n".join(
            _say(ERROR if problem.error else WARNING, language, what=problem.told(language))
            for problem in self.problems
        )

    def as_json(self, language: str) -> JsonValue:
        """Return the same for a program."""
        return {
            "agreement": self.text.id,
            "version": self.text.version,
            "sha256": sha256(self.text),
            "good": self.good,
            "problems": [
                {"article": problem.article, "error": problem.error, "says": problem.told(language)}
                for problem in self.problems
            ],
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Proven:
    """The answer of `prove`."""

    proof: Proof

    @property
    def good(self) -> bool:
        """True when every sentence holds."""
        return self.proof.clean

    def as_text(self, language: str) -> str:
        """Return every sentence that does not hold with its request, or one line that all do."""
        count, broken = len(self.proof.findings), self.proof.loopholes
        whole = {"agreement": self.proof.agreement, "count": count, "seconds": round(self.proof.seconds, 2)}
        if not broken:
            return _say(PROVEN, language, **whole)
        lines = [_say(NOT_PROVEN, language, broken=len(broken), **whole)]
        for finding in broken:
            first, *rest = [_told(reason, language) for reason in finding.loophole or (finding.says,)]
            lines += [f"- {first}", *(f"    {line}" for line in rest)]
        return "\n".join(lines)

    def as_json(self, language: str) -> JsonValue:
        """Return the same for a program, with the whole request of each loophole."""
        return {
            "agreement": self.proof.agreement,
            "sha256": self.proof.sha256,
            "good": self.good,
            "seconds": self.proof.seconds,
            "findings": [
                {
                    "invariant": finding.invariant,
                    "holds": finding.holds,
                    "says": _told(finding.says, language),
                    "loophole": [_told(reason, language) for reason in finding.loophole],
                    "request": _plain(finding.facts),
                }
                for finding in self.proof.findings
            ],
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """The answer of `diff`."""

    difference: Difference

    @property
    def good(self) -> bool:
        """True: a difference is an answer, not a fault."""
        return True

    def as_text(self, language: str) -> str:
        """Return a line a change, with what is unusual about its example below it."""
        allowed, forbidden = self.difference.allowed, self.difference.forbidden
        if not self.difference.changes:
            return _say(SAME, language)
        lines: list[str] = []
        for change in self.difference.changes:
            first, *rest = change.told(language)
            lines += [f"{'+' if change.allows else '-'} {first}", *(f"    {line}" for line in rest)]
        return "\n".join([*lines, _say(CHANGED, language, allowed=len(allowed), forbidden=len(forbidden))])

    def as_json(self, language: str) -> JsonValue:
        """Return the same for a program."""
        return {
            "old": self.difference.old,
            "new": self.difference.new,
            "changes": [
                {
                    "allows": change.allows,
                    "actions": list(change.actions),
                    "kinds": list(change.kinds),
                    "purposes": list(change.purposes),
                    "says": list(change.told(language)),
                    "example": _plain(change.example),
                }
                for change in self.difference.changes
            ],
        }


def new(
    template: str, *, agreement: str, parties: Sequence[str], starts_on: date, ends_on: date | None = None
) -> str:
    """Return a draft as TOML. A party is written `id=Name`, `id=Name@CC` or `id=Name@CC^parent`.

    Raises:
        UnknownError: if there is no such template.
        InvalidValueError: if a party is not written so, or their number does not fit the template.
    """
    signing = [party_of(each) for each in parties]
    text = new_text(template, agreement=agreement, parties=signing, starts_on=starts_on, ends_on=ends_on)
    return write_text(text)


def party_of(written: str) -> Party:
    """Read `id=Name@CC^parent`; country and parent institution may be left out.

    Raises:
        InvalidValueError: if id or name is missing.
    """
    name, equals, rest = written.partition("=")
    if not equals or not name.strip() or not rest.strip():
        raise InvalidValueError(field="party", why=f"{written!r} is not like ec.armada=Armada@EC")
    rest, _, parent = rest.partition("^")
    title, _, country = rest.partition("@")
    return Party(id=name.strip(), name=title.strip(), country=country.strip().upper(), parent=parent.strip())


def check_file(file: Path) -> Checked:
    """Check a text.

    Raises:
        UnreadableError: if the file is not an agreement: cut short, without a term, with an unknown purpose…
    """
    text = read_file(file)
    return Checked(text=text, problems=check(text))


def prove_file(file: Path) -> Proven:
    """Prove a text.

    Raises:
        UnreadableError: as `check_file`.
        UnsoundAgreementError: if a policy cannot be proven.
    """
    from ayni.agreements.prove import prove  # noqa: PLC0415 -- loads the solver

    return Proven(proof=prove(read_file(file)))


def diff_files(old: Path, new: Path) -> Compared:
    """Compare two versions of a text.

    Raises:
        UnreadableError: as `check_file`.
        UnsoundAgreementError: if a policy cannot be proven.
    """
    from ayni.agreements.diff import compare  # noqa: PLC0415 -- loads the solver

    return Compared(difference=compare(read_file(old), read_file(new)))


def _say(says: str, language: str, **facts: object) -> str:
    return render(says, facts, language, words()).text


def _told(reason: Reason, language: str) -> str:
    return render(reason, language=language, catalogue=words()).text


def _plain(facts: object) -> JsonValue:
    if not isinstance(facts, dict):
        return None
    return {path: list(value) if isinstance(value, tuple) else value for path, value in facts.items()}
