"""The agreements a node holds, and every agreement a record came through.

A record may reach an officer along several agreements: it arrived under one, it was made
from records that arrived under others, and it is now shared under a third. Each of them
must permit what is asked; the strictest wins, because all refusals count.

Sender and receiver ask the same text (`both_ends`): may I share it, may you receive it.
If their texts differ by a single byte, nothing passes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from ayni.agreements.decide import Alarm, Decision, Slice, compile_core, compile_text
from ayni.agreements.drafting import words
from ayni.agreements.request import NO_AGREEMENT, Ask, Standing, facts_of
from ayni.agreements.text import AgreementText
from ayni.agreements.vocabulary import Action
from ayni.errors import InvalidValueError
from ayni.model.record import Header
from ayni.model.signal import Reason
from ayni.toolkit.phrases import phrase, render

LEAVES = frozenset({Action.SHARE, Action.RECEIVE, Action.FORWARD})
"""Actions by which a record reaches another institution: for the agreement it came through, that is passing it on."""

UNKNOWN_AGREEMENT = phrase("there is no agreement {agreement} here, so nothing is permitted under it")
UNKNOWN_PARENT = phrase(
    "record {parent}, from which it was made, is no longer here, so its agreement cannot be asked"
)
STRANGE_FACT = phrase("the request cannot be put to agreement {agreement}: {why}")
TEXTS_DIFFER = phrase("sender and receiver hold different texts of agreement {agreement}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """The answer of every agreement that had to be asked."""

    permitted: bool
    decisions: tuple[Decision, ...]
    refusals: tuple[Reason, ...] = ()
    """Refusals that no policy stands for: an agreement or a parent that is not there."""

    @property
    def articles(self) -> tuple[str, ...]:
        """Policies that decided: all that permit when permitted, all that refuse when not."""
        chosen = (decision for decision in self.decisions if decision.permitted is self.permitted)
        return tuple(dict.fromkeys(name for decision in chosen for name in decision.articles))

    @property
    def alarms(self) -> tuple[Alarm, ...]:
        """What failed while deciding; the node shows it to a person."""
        return tuple(decision.alarm for decision in self.decisions if decision.alarm is not None)

    @property
    def reasons(self) -> tuple[Reason, ...]:
        """Every reason for the answer."""
        chosen = (decision for decision in self.decisions if decision.permitted is self.permitted)
        return (*self.refusals, *(reason for decision in chosen for reason in decision.reasons))

    def explain(self, language: str) -> tuple[str, ...]:
        """Return every reason in *language*."""
        first = (render(reason, language=language, catalogue=words()).text for reason in self.refusals)
        chosen = (decision for decision in self.decisions if decision.permitted is self.permitted)
        return (*first, *(line for decision in chosen for line in decision.explain(language)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """One agreement a node holds: its text, compiled, and where it stands."""

    text: AgreementText
    slice: Slice
    standing: Standing


Parents = Callable[[str], Header | None]
"""Id of a record to its header, or None if it is not there."""


class Book:
    """Every agreement of a node, each compiled once."""

    def __init__(self) -> None:
        self._held: dict[str, Held] = {}

    def __len__(self) -> int:
        return len(self._held)

    def enter(self, text: AgreementText, standing: Standing) -> None:
        """Hold a text, or note that one already held now stands elsewhere. Compiles only what is new.

        Raises:
            UnsoundAgreementError: if a policy does not parse or cannot be proven.
        """
        known = self._held.get(text.id)
        slice_ = known.slice if known is not None and known.text == text else compile_text(text)
        self._held[text.id] = Held(text=text, slice=slice_, standing=standing)

    def find(self, agreement: str) -> Held | None:
        """Return one agreement, or None."""
        return self._held.get(agreement)

    def between(self, *parties: str) -> tuple[Held, ...]:
        """Return the agreements to which all of *parties* belong, in any state."""
        return tuple(held for held in self._held.values() if set(parties) <= set(held.text.party_ids))

    def decide(self, ask: Ask, header: Header, *, under: str = "", parents: Parents = lambda _: None) -> Verdict:
        """Return whether all agreements concerned permit it.

        `under` is the agreement the officer names; without it the one the record arrived under
        decides, and for an institution's own record the core rules alone. Every record in the
        lineage adds the agreement it arrived under.
        """
        lineage, missing = walk(header, parents)
        came_through = tuple(dict.fromkeys(each.agreement for each in (header, *lineage) if each.agreement))
        refusals = [_refusal(UNKNOWN_PARENT, parent=parent) for parent in missing]
        decisions: list[Decision] = []
        for agreement, record, action in _questions(ask, header, lineage, under):
            try:
                asked = ask if action is ask.action else replace(ask, action=action)
                decision = self._one(agreement, asked, record, came_through)
            except InvalidValueError as error:
                refusals.append(_refusal(STRANGE_FACT, agreement=agreement or "-", why=str(error)))
                continue
            if decision is None:
                refusals.append(_refusal(UNKNOWN_AGREEMENT, agreement=agreement))
            else:
                decisions.append(decision)
        permitted = bool(decisions) and not refusals and all(decision.permitted for decision in decisions)
        return Verdict(permitted=permitted, decisions=tuple(decisions), refusals=tuple(refusals))

    def _one(self, agreement: str, ask: Ask, header: Header, lineage: Sequence[str]) -> Decision | None:
        if not agreement:
            return compile_core().decide(facts_of(ask, header, NO_AGREEMENT, lineage))
        held = self._held.get(agreement)
        return None if held is None else held.slice.decide(facts_of(ask, header, held.standing, lineage))


def walk(header: Header, parents: Parents) -> tuple[tuple[Header, ...], tuple[str, ...]]:
    """Return every record it was made from, however far back, and the ids of those that are not there."""
    found: dict[str, Header] = {}
    missing: list[str] = []
    waiting = list(header.parents)
    while waiting:
        name = waiting.pop()
        if name in found or name in missing or name == header.id:
            continue
        parent = parents(name)
        if parent is None:
            missing.append(name)
        else:
            found[name] = parent
            waiting += parent.parents
    return tuple(found.values()), tuple(missing)


def _questions(
    ask: Ask, header: Header, lineage: Iterable[Header], under: str
) -> Iterator[tuple[str, Header, Action]]:
    """Yield each agreement to ask, about which record, for which action."""
    passed_on = Action.FORWARD if ask.action in LEAVES else ask.action
    if under or not header.agreement:
        yield under, header, ask.action
    if header.agreement and header.agreement != under:
        yield header.agreement, header, passed_on if under else ask.action
    for parent in lineage:
        if parent.agreement:
            yield parent.agreement, parent, ask.action if parent.agreement == under else passed_on


def _refusal(says: str, **facts: str) -> Reason:
    return Reason(says=says, facts=facts, weight=0.0)


def both_ends(sender: Held, receiver: Held, ask: Ask, header: Header) -> Verdict:
    """Return what sender and receiver decide together about one share: both must permit, under one text."""
    share = sender.slice.decide(facts_of(replace(ask, action=Action.SHARE), header, sender.standing))
    receive = receiver.slice.decide(facts_of(replace(ask, action=Action.RECEIVE), header, receiver.standing))
    same = sender.slice.sha256 == receiver.slice.sha256
    refusals = () if same else (_refusal(TEXTS_DIFFER, agreement=sender.text.id),)
    return Verdict(
        permitted=same and share.permitted and receive.permitted, decisions=(share, receive), refusals=refusals
    )


def who_could_see(
    book: Book, ask: Ask, header: Header, *, parents: Parents = lambda _: None
) -> Mapping[tuple[str, str], Verdict]:
    """Return the answer for every agreement of the holder and every other party to it: (agreement, party)."""
    answers: dict[tuple[str, str], Verdict] = {}
    for held in book.between(ask.holder):
        for party in held.text.party_ids:
            if party != ask.holder:
                asked = replace(ask, principal=party)
                answers[held.text.id, party] = book.decide(asked, header, under=held.text.id, parents=parents)
    return answers
