"""What must hold of every agreement, in twenty sentences and a few more.

Each invariant is a sentence and a formula of what would break it. The prover looks for a
request that the policies permit and that breaks one; there must be none. The formulas are
written from the agreement's data (parties, purposes, tables of what its articles cover),
never from its policies: two accounts of the same promise that must agree.

A `promise` looks the other way: what a grant's table covers, and nothing speaks against,
must be permitted. Without promises an agreement that permits nothing would be perfect.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import z3

from ayni.agreements.logic import Formula, Space
from ayni.agreements.text import AgreementText, Article, Clause
from ayni.agreements.vocabulary import HANDLE, Action, Effect
from ayni.model.handling import Purpose
from ayni.toolkit.phrases import phrase

H3_ACTIONS = (Action.USE, Action.LOOKUP, Action.ACT, Action.COURT, Action.FORWARD)
MEASURES = (Action.ACT, Action.COURT, Action.FORWARD)
TWO_OFFICERS = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Invariant:
    """A sentence that must hold, and what would break it."""

    id: str
    says: str
    broken: Callable[[Space, AgreementText], Formula]
    bars: bool = True
    """False for those that are not a reason to refuse a covered request."""


def own(s: Space) -> Formula:
    """Return whether the principal made the record itself."""
    return s["principal"] == s["resource.originator"]


def handle(s: Space, *actions: Action) -> Formula:
    """Return whether the action is one of *actions*, by default anything but recall and correction."""
    return s.among("action", actions or HANDLE)


def foreign(s: Space, *actions: Action) -> Formula:
    """Return whether another institution than the originator asks for one of *actions*."""
    return z3.And(handle(s, *actions), z3.Not(own(s)))


def covers(s: Space, article: Article) -> Formula:
    """Return whether the table of an article covers the request."""
    table = article.covers
    if table is None:
        return z3.BoolVal(val=False)
    parts = [s.among("action", table.actions)]
    for path, values in (
        ("resource.kind", table.kinds),
        ("context.purpose", table.purposes),
        ("resource.originator", table.originators),
        ("resource.desk", table.desks),
    ):
        parts += [s.among(path, values)] if values else []
    parts += [s.holds_any("resource.categories", table.categories)] if table.categories else []
    parts += [s["resource.ageDays"] <= table.max_age_days] if table.max_age_days else []
    parts += [z3.Not(s["context.automated"])] if table.by_officer else []
    return z3.And(parts)


def _parties(s: Space, text: AgreementText) -> Formula:
    parties = text.party_ids
    right = z3.And(
        s.among("context.holder", parties),
        z3.Or(handle(s, Action.FORWARD), s.among("principal", parties)),
        z3.Or(s.among("resource.originator", parties), s["context.onwardConsent"]),
    )
    return z3.And(handle(s), z3.Not(right))


def _not_in_force(s: Space, _: AgreementText) -> Formula:
    begun = s.among("context.agreementState", ("in-force", "suspended", "terminated"))
    return z3.And(foreign(s), z3.Or(z3.Not(begun), z3.Not(s["context.inTerm"])))


def _state(state: str) -> Callable[[Space, AgreementText], Formula]:
    return lambda s, _: z3.And(foreign(s), s.among("context.agreementState", (state,)))


def _record_purpose(s: Space, _: AgreementText) -> Formula:
    oversight = z3.And(own(s), s.among("context.purpose", (Purpose.OVERSIGHT,)))
    served = s.holds_word_at("resource.purposes", "context.purpose")
    return z3.And(handle(s), z3.Not(z3.Or(served, oversight)))


def _h3(s: Space, _: AgreementText) -> Formula:
    unread = z3.Or(s["context.automated"], z3.Not(s["context.acknowledged"]))
    return z3.And(foreign(s, *H3_ACTIONS), s.holds("resource.codes", "H3"), unread)


def _pap(s: Space, _: AgreementText) -> Formula:
    return z3.Or(
        z3.And(foreign(s, Action.LOOKUP, Action.ACT), s.among("resource.pap", ("RED",))),
        z3.And(foreign(s, Action.ACT), s.among("resource.pap", ("AMBER",))),
    )


def _retention(s: Space, text: AgreementText) -> Formula:
    for_court = z3.And(own(s), s["resource.held"], handle(s, Action.COURT))
    expired = z3.And(s["resource.expired"], z3.Not(for_court))
    return z3.And(handle(s), z3.Or(expired, s["resource.ageDays"] > text.retention_days))


def _beyond_tables(s: Space, text: AgreementText) -> Formula:
    return z3.And(foreign(s), z3.Not(z3.Or([covers(s, article) for article in text.of_clause(Clause.GRANT)])))


def _refusals(s: Space, text: AgreementText) -> Formula:
    return z3.And(handle(s), z3.Or([covers(s, article) for article in text.of_clause(Clause.REFUSAL)]))


def _effect(effect: Effect) -> Callable[[Space, AgreementText], Formula]:
    return lambda s, _: z3.And(handle(s), s.holds("context.effects", effect))


INVARIANTS: tuple[Invariant, ...] = (
    Invariant(id="parties", says=phrase("only the parties share and use"), broken=_parties),
    Invariant(
        id="in-force", says=phrase("nothing is permitted before the agreement is in force"), broken=_not_in_force
    ),
    Invariant(
        id="signatures",
        says=phrase("nothing is permitted until two officers of each party have signed"),
        broken=lambda s, _: z3.And(handle(s), s["context.signatures"] < TWO_OFFICERS),
    ),
    Invariant(
        id="suspended",
        says=phrase("a suspended agreement permits nothing but recall and correction"),
        broken=_state("suspended"),
    ),
    Invariant(
        id="terminated",
        says=phrase("a terminated agreement permits nothing but recall and correction"),
        broken=_state("terminated"),
    ),
    Invariant(
        id="purpose-agreement",
        says=phrase("only purposes of the agreement are served"),
        broken=lambda s, text: z3.And(handle(s), z3.Not(s.among("context.purpose", text.purposes))),
    ),
    Invariant(
        id="purpose-record", says=phrase("a record serves only the purposes it was made for"), broken=_record_purpose
    ),
    Invariant(
        id="legal-basis",
        says=phrase("nothing is used without a rule of law that allows it"),
        broken=lambda s, _: z3.And(handle(s), s.among("context.legalBasis", ("",))),
    ),
    Invariant(
        id="article-table",
        says=phrase("nothing is permitted beyond what the tables of the articles cover"),
        broken=_beyond_tables,
        bars=False,
    ),
    Invariant(
        id="h1",
        says=phrase("H1: not in judicial proceedings without the originator's permission"),
        broken=lambda s, _: z3.And(
            foreign(s, Action.COURT), s.holds("resource.codes", "H1"), z3.Not(s["context.courtConsent"])
        ),
    ),
    Invariant(
        id="h2",
        says=phrase("H2: not passed on without the originator's permission"),
        broken=lambda s, _: z3.And(
            foreign(s, Action.FORWARD), s.holds("resource.codes", "H2"), z3.Not(s["context.onwardConsent"])
        ),
    ),
    Invariant(
        id="h3",
        says=phrase("H3: a named officer must first acknowledge the originator's restrictions"),
        broken=_h3,
    ),
    Invariant(
        id="tlp-red",
        says=phrase("TLP:RED: for named recipients only, not listed, looked up or passed on"),
        broken=lambda s, _: z3.And(
            foreign(s, Action.SEARCH, Action.LOOKUP, Action.FORWARD), s.among("resource.tlp", ("RED",))
        ),
    ),
    Invariant(
        id="tlp-amber-strict",
        says=phrase("TLP:AMBER+STRICT: stays within the institution that received it"),
        broken=lambda s, _: z3.And(foreign(s, Action.FORWARD), s.among("resource.tlp", ("AMBER+STRICT",))),
    ),
    Invariant(
        id="pap-red",
        says=phrase("PAP:RED: passive use only, no outside query and nothing the subject could notice"),
        broken=_pap,
    ),
    Invariant(
        id="recalled",
        says=phrase("what its originator recalled is used by nobody else"),
        broken=lambda s, _: z3.And(foreign(s), s["resource.recalled"]),
    ),
    Invariant(id="retention", says=phrase("nothing is used past its retention"), broken=_retention),
    Invariant(
        id="recall",
        says=phrase("the originator, and nobody else, may always recall and correct"),
        broken=lambda s, _: z3.And(z3.Not(own(s)), s.among("action", (Action.RECALL, Action.CORRECT))),
        bars=False,
    ),
    Invariant(
        id="excluded",
        says=phrase("excluded categories are neither shared nor used"),
        broken=lambda s, text: z3.And(handle(s), s.holds_any("resource.categories", text.excluded)),
    ),
    Invariant(
        id="both-ends",
        says=phrase("the receiver never permits what the sender's copy forbids"),
        broken=lambda s, _: s.among("action", (Action.RECEIVE,)),
        bars=False,
    ),
    Invariant(
        id="onward",
        says=phrase("nothing is passed on without the originator's signed consent"),
        broken=lambda s, _: z3.And(foreign(s, Action.FORWARD), z3.Not(s["context.onwardConsent"])),
    ),
    Invariant(
        id="machine",
        says=phrase("no measure, proceedings or passing on by a machine alone"),
        broken=lambda s, _: z3.And(handle(s, *MEASURES), s["context.automated"]),
    ),
    Invariant(id="lethal", says=phrase("no use for lethal targeting"), broken=_effect(Effect.LETHAL_TARGETING)),
    Invariant(
        id="migration", says=phrase("no use for migration enforcement"), broken=_effect(Effect.MIGRATION_ENFORCEMENT)
    ),
    Invariant(id="refusals", says=phrase("what an article refuses is refused"), broken=_refusals),
)
"""The twenty of the agreement's design in their order, then five that follow from the core rules and the text."""

PROMISE = phrase("what the table of article {article} covers is permitted where nothing speaks against it")
OWN = phrase("an institution uses its own records by its own law")
"""The promises: sentences of the same kind, looked for from the other side."""
