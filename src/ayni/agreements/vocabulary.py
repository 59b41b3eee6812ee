"""The closed list of what a policy may read, and the Cedar schema made from it.

A policy decides on facts that lie in clear columns of a record's header, or that the
request itself states; it never opens a body. The list is closed for three reasons: a
database can answer the same question first, the prover can turn every policy into a
formula, and a jurist can learn all of it on one page.

Every attribute is required. Cedar skips a `forbid` whose attribute is missing, which
would open the door in silence; so a request without one of them is never evaluated.

Source: Cedar language, schema and evaluation semantics, version 4.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import TYPE_CHECKING

from ayni.model.handling import PAP, TLP, Category, HandlingCode, Purpose

if TYPE_CHECKING:
    import cedarpy


class Action(StrEnum):
    """What is asked. The first eight are the group `handle`; the last two belong to the originator."""

    SHARE = "share"
    """Send it to the principal for the first time."""
    RECEIVE = "receive"
    """Take it in and keep it."""
    SEARCH = "search"
    """Show it in a list or among the hits of a search."""
    USE = "use"
    """Open it, read it, analyse it."""
    LOOKUP = "lookup"
    """Query an outside service about what it names."""
    ACT = "act"
    """Task a patrol, board, stop, freeze: what the subject can notice."""
    COURT = "court"
    """Disclose it in judicial proceedings."""
    FORWARD = "forward"
    """Send to a third party what was received."""
    RECALL = "recall"
    CORRECT = "correct"


HANDLE = tuple(action for action in Action if action not in {Action.RECALL, Action.CORRECT})


class Effect(StrEnum):
    """What a use leads to, where that must be said; the request names every one that applies."""

    LETHAL_TARGETING = "lethal-targeting"
    MIGRATION_ENFORCEMENT = "migration-enforcement"


class State(StrEnum):
    """Where an agreement stands. `none`: the record is the institution's own and no agreement is asked."""

    NONE = "none"
    PROPOSED = "proposed"
    COUNTERED = "countered"
    ACCEPTED = "accepted"
    SIGNED = "signed"
    IN_FORCE = "in-force"
    SUSPENDED = "suspended"
    TERMINATED = "terminated"


KNOWN_KINDS = (
    "agreement",
    "area",
    "bundle",
    "case",
    "evidence",
    "message",
    "room",
    "outcome",
    "report",
    "request",
    "room",
    "signal",
    "task",
    "tracks",
    "watch_entry",
)
"""Kinds of record an article may name without a warning; desks of the future add theirs."""


class Sort(StrEnum):
    """What kind of value an attribute holds."""

    NODE = "node"
    """Id of an institution."""
    WORD = "word"
    WORDS = "words"
    """A set of words."""
    NUMBER = "number"
    TRUTH = "truth"


Value = str | int | bool | tuple[str, ...]
Facts = Mapping[str, Value]
"""The whole of one request: `principal`, `action`, and every attribute by its path."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Attribute:
    """One thing a policy may read."""

    path: str
    """`resource.tlp`, `context.purpose`…"""
    sort: Sort
    holds: str
    values: tuple[str, ...] | None = None
    """The only words it may hold; None where any word may stand."""
    column: str = ""
    """Clear columns of the header it is made from; empty for what the request states."""
    high: int = 2**53
    """Numbers lie between 0 and this."""

    @property
    def holder(self) -> str:
        """`resource` or `context`."""
        return self.path.partition(".")[0]

    @property
    def name(self) -> str:
        """The attribute without its holder."""
        return self.path.partition(".")[2]


def _words(kind: type[StrEnum]) -> tuple[str, ...]:
    return tuple(str(value) for value in kind)


ATTRIBUTES: tuple[Attribute, ...] = (
    Attribute(path="resource.kind", sort=Sort.WORD, holds="kind of record", column="kind"),
    Attribute(path="resource.desk", sort=Sort.WORD, holds="desk whose rule made it", column="rule"),
    Attribute(path="resource.rule", sort=Sort.WORD, holds="rule that made it", column="rule"),
    Attribute(path="resource.state", sort=Sort.WORD, holds="where it stands", column="state"),
    Attribute(path="resource.originator", sort=Sort.NODE, holds="institution that made it", column="originator"),
    Attribute(
        path="resource.purposes",
        sort=Sort.WORDS,
        holds="purposes it may serve",
        values=_words(Purpose),
        column="purposes",
    ),
    Attribute(
        path="resource.codes",
        sort=Sort.WORDS,
        holds="handling codes",
        values=_words(HandlingCode),
        column="handling.codes",
    ),
    Attribute(path="resource.tlp", sort=Sort.WORD, holds="TLP 2.0", values=_words(TLP), column="handling.tlp"),
    Attribute(path="resource.pap", sort=Sort.WORD, holds="PAP", values=_words(PAP), column="handling.pap"),
    Attribute(
        path="resource.categories",
        sort=Sort.WORDS,
        holds="special categories",
        values=_words(Category),
        column="categories",
    ),
    Attribute(
        path="resource.ageDays", sort=Sort.NUMBER, holds="whole days since it was made", column="made_at", high=36_600
    ),
    Attribute(path="resource.priority", sort=Sort.NUMBER, holds="priority, percent", column="priority", high=100),
    Attribute(path="resource.expired", sort=Sort.TRUTH, holds="past its retention", column="keep_until"),
    Attribute(path="resource.recalled", sort=Sort.TRUTH, holds="recalled by its originator", column="recalled_at"),
    Attribute(path="resource.held", sort=Sort.TRUTH, holds="under a judicial hold", column="hold"),
    Attribute(path="resource.agreement", sort=Sort.WORD, holds="agreement it arrived under", column="agreement"),
    Attribute(
        path="resource.lineage", sort=Sort.WORDS, holds="agreements its parents arrived under", column="parents"
    ),
    Attribute(path="context.holder", sort=Sort.NODE, holds="institution that holds the copy"),
    Attribute(path="context.purpose", sort=Sort.WORD, holds="purpose named by the officer", values=_words(Purpose)),
    Attribute(path="context.legalBasis", sort=Sort.WORD, holds="rule of law named; empty if none"),
    Attribute(path="context.automated", sort=Sort.TRUTH, holds="a machine acts, no named officer"),
    Attribute(path="context.acknowledged", sort=Sort.TRUTH, holds="the officer acknowledged the caveats of H3"),
    Attribute(path="context.onwardConsent", sort=Sort.TRUTH, holds="originator's signed consent to this recipient"),
    Attribute(path="context.courtConsent", sort=Sort.TRUTH, holds="originator's signed permission for proceedings"),
    Attribute(path="context.effects", sort=Sort.WORDS, holds="what the use leads to", values=_words(Effect)),
    Attribute(
        path="context.agreementState", sort=Sort.WORD, holds="where the agreement stands", values=_words(State)
    ),
    Attribute(path="context.inTerm", sort=Sort.TRUTH, holds="the instant lies within the agreement's term"),
    Attribute(
        path="context.signatures",
        sort=Sort.NUMBER,
        holds="fewest officers who signed for one party, each counted once",
        high=1_000,
    ),
)

BY_PATH: Mapping[str, Attribute] = {attribute.path: attribute for attribute in ATTRIBUTES}

_CEDAR_TYPES = {
    Sort.NODE: "Node",
    Sort.WORD: "String",
    Sort.WORDS: "Set<String>",
    Sort.NUMBER: "Long",
    Sort.TRUTH: "Bool",
}


def schema_text() -> str:
    """Return the Cedar schema: every attribute required, nothing else known."""
    fields = {
        holder: ",\n".join(
            f"  {attribute.name}: {_CEDAR_TYPES[attribute.sort]}"
            for attribute in ATTRIBUTES
            if attribute.holder == holder
        )
        for holder in ("resource", "context")
    }
    handle = ", ".join(f'"{action}"' for action in HANDLE)
    applies = "appliesTo { principal: Node, resource: Record, context: Circumstances }"
    return (
        "entity Node;\n"
        f"entity Record {{\n{fields['resource']}\n}};\n"
        f"type Circumstances = {{\n{fields['context']}\n}};\n"
        'action "handle";\n'
        f'action {handle} in ["handle"] {applies};\n'
        f'action "recall", "correct" {applies};\n'
    )


@lru_cache(maxsize=1)
def schema() -> cedarpy.Schema:
    """Return the compiled schema."""
    import cedarpy  # noqa: PLC0415 -- a compiled extension that most commands never need

    return cedarpy.Schema.from_str(schema_text())
