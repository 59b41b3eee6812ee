"""Who asks for what: one request, and the flat facts that policies see of it.

A request joins three things: what the officer or partner asks (`Ask`), the header of the
record, and where the agreement stands (`Standing`). Together they become `Facts`, one
value for each attribute of the closed list, every one present and every word of a closed
list checked, so that no policy ever meets a missing or strange attribute.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import lru_cache
from json import dumps

from ayni.agreements.syntax import stated
from ayni.agreements.text import AgreementText, Term
from ayni.agreements.vocabulary import ATTRIBUTES, Action, Attribute, Effect, Facts, Sort, State, Value
from ayni.errors import InvalidValueError
from ayni.model.checks import aware, require
from ayni.model.columns import age_days, percent
from ayni.model.handling import Mandate, Purpose
from ayni.model.record import Header


class ConsentKind(StrEnum):
    """What an originator may consent to."""

    ONWARD = "onward"
    COURT = "court"


@dataclass(frozen=True, slots=True, kw_only=True)
class Consent:
    """The originator's signed consent; whoever builds it has verified the signature."""

    kind: ConsentKind
    record: str
    originator: str
    to: str
    """Institution that may receive it, or may use it in proceedings."""
    purpose: Purpose
    until: datetime

    def __post_init__(self) -> None:
        aware(self.until, "until")

    def holds(self, kind: ConsentKind, header: Header, ask: Ask) -> bool:
        """Return whether it covers this record, recipient and purpose at this instant."""
        return (
            self.kind is kind
            and self.record == header.id
            and self.originator == header.originator
            and self.to == ask.principal
            and self.purpose == ask.under.purpose
            and ask.at < self.until
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """What is asked, by whom, for what, by what right, when. Purpose and legal basis have no default.

    Raises:
        InvalidValueError: without institution or holder, or for a naive instant.
    """

    action: Action
    principal: str
    """Institution that would receive or use the record."""
    holder: str
    """Institution that holds the copy: the sender of a share, the user of what it keeps."""
    under: Mandate
    at: datetime
    automated: bool = False
    """True when no named officer stands behind this request."""
    acknowledged: bool = False
    """True when the officer has acknowledged the restrictions that H3 refers to."""
    effects: tuple[Effect, ...] = ()
    consents: tuple[Consent, ...] = ()

    def __post_init__(self) -> None:
        require(bool(self.principal) and bool(self.holder), "principal", "a request names both institutions")
        aware(self.at, "at")


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Where an agreement stands: its state, its term, and how far it is signed."""

    state: State
    signatures: int
    """Fewest distinct officers who signed for one party."""
    term: Term | None = None

    def in_term(self, at: datetime) -> bool:
        """Return whether *at* (UTC day) lies within the term; True where no agreement is asked."""
        return self.term is None or self.term.starts_on <= at.date() < self.term.ends_on


NO_AGREEMENT = Standing(state=State.NONE, signatures=0)


def in_force(text: AgreementText) -> Standing:
    """Return the standing of a text that every party has signed twice: for trials and proofs."""
    return Standing(state=State.IN_FORCE, signatures=2, term=text.term)


def facts_of(ask: Ask, header: Header, standing: Standing, lineage: Sequence[str] = ()) -> dict[str, Value]:
    """Return every fact a policy may read of one request.

    Raises:
        InvalidValueError: if a word of a closed list is not on it; the request is not evaluated.
    """
    facts: dict[str, Value] = {
        "principal": ask.principal,
        "action": ask.action,
        "resource.kind": header.kind,
        "resource.desk": header.rule.partition(".")[0],
        "resource.rule": header.rule,
        "resource.state": header.state,
        "resource.originator": header.originator,
        "resource.purposes": header.purposes,
        "resource.codes": header.handling.codes,
        "resource.tlp": header.handling.tlp,
        "resource.pap": header.handling.pap,
        "resource.categories": header.categories,
        "resource.ageDays": age_days(header.made_at, ask.at),
        "resource.priority": percent(header.priority),
        "resource.expired": ask.at >= header.keep_until,
        "resource.recalled": header.recalled_at is not None,
        "resource.held": header.hold is not None,
        "resource.agreement": header.agreement,
        "resource.lineage": tuple(lineage),
        "context.holder": ask.holder,
        "context.purpose": ask.under.purpose,
        "context.legalBasis": ask.under.legal_basis.strip(),
        "context.automated": ask.automated,
        "context.acknowledged": ask.acknowledged,
        "context.onwardConsent": _consented(ConsentKind.ONWARD, header, ask),
        "context.courtConsent": _consented(ConsentKind.COURT, header, ask),
        "context.effects": ask.effects,
        "context.agreementState": standing.state,
        "context.inTerm": standing.in_term(ask.at),
        "context.signatures": standing.signatures,
    }
    check_closed(facts)
    return facts


def _consented(kind: ConsentKind, header: Header, ask: Ask) -> bool:
    return any(consent.holds(kind, header, ask) for consent in ask.consents)


_CLOSED: tuple[tuple[str, frozenset[str], bool], ...] = tuple(
    (attribute.path, frozenset(attribute.values), attribute.sort is Sort.WORDS)
    for attribute in ATTRIBUTES
    if attribute.values is not None
)


def check_closed(facts: Facts) -> None:
    """Refuse a word that its closed list does not hold.

    Raises:
        InvalidValueError: naming attribute and word.
    """
    for path, known, several in _CLOSED:
        value = facts[path]
        if not (known.issuperset(value) if several and isinstance(value, tuple) else value in known):
            raise InvalidValueError(field=path, why=f"{value!r} is not a word of this list")


def encoder(reads: frozenset[str]) -> Callable[[Facts], str]:
    """Return a function that writes facts as one Cedar entity, holding what *reads* names.

    What the request states stands beside what the record holds, under `stated(path)`: the policies
    are compiled to look there, so that one parsed entity serves many requests.
    """
    written: Sequence[tuple[str, Attribute]] = [(stated(a.path), a) for a in ATTRIBUTES if a.path in reads]

    def write(facts: Facts) -> str:
        attributes = ",".join([f'"{name}":{_WRITE[a.sort](facts[a.path])}' for name, a in written])
        return f'[{{"uid":{{"type":"Record","id":"r"}},"parents":[],"attrs":{{{attributes}}}}}]'

    return write


def holder_context(facts: Facts) -> str:
    """Return the one part of the context that differs from partner to partner."""
    return f'{{"holder":{_node(facts["context.holder"])}}}'


@lru_cache(maxsize=4096)
def _quoted(value: Value) -> str:
    return dumps(str(value))


@lru_cache(maxsize=4096)
def _node(value: Value) -> str:
    return f'{{"__entity":{{"type":"Node","id":{dumps(str(value))}}}}}'


@lru_cache(maxsize=4096)
def _set(value: Value) -> str:
    return dumps([str(part) for part in value] if isinstance(value, tuple) else [], separators=(",", ":"))


_WRITE: Mapping[Sort, Callable[[Value], str]] = {
    Sort.NODE: _node,
    Sort.WORD: _quoted,
    Sort.WORDS: _set,
    Sort.NUMBER: str,
    Sort.TRUTH: lambda value: "true" if value else "false",
}


def sample(**changes: Value) -> dict[str, Value]:
    """Return the facts of a plain request that nothing speaks against, with *changes* (`.` written as `__`)."""
    plain: dict[str, Value] = {attribute.path: _PLAIN[attribute.sort] for attribute in ATTRIBUTES}
    plain |= {
        "principal": "b",
        "action": Action.USE,
        "resource.kind": "signal",
        "resource.originator": "a",
        "resource.purposes": (Purpose.SAFETY,),
        "resource.codes": ("H0",),
        "resource.tlp": "CLEAR",
        "resource.pap": "CLEAR",
        "context.holder": "b",
        "context.purpose": Purpose.SAFETY,
        "context.legalBasis": "-",
        "context.agreementState": State.IN_FORCE,
        "context.inTerm": True,
        "context.signatures": 2,
    }
    plain |= {path.replace("__", "."): value for path, value in changes.items()}
    check_closed(plain)
    return plain


_PLAIN: Mapping[Sort, Value] = {Sort.NODE: "a", Sort.WORD: "", Sort.WORDS: (), Sort.NUMBER: 0, Sort.TRUTH: False}
