"""Agreements changed on purpose: one small named change to one policy, chosen by a seed.

Each operator yields every variant it can make of one policy in Cedar's JSON form, or of
the whole set. They are the slips that drafting makes: a forbid left out, an `unless`
forgotten, one party too many, `<` for `<=`.
"""

from __future__ import annotations

import copy
import json
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TypeAlias, cast

import cedarpy

from ayni.agreements.core import core_policies
from ayni.agreements.text import AgreementText
from ayni.agreements.vocabulary import ATTRIBUTES, HANDLE, Sort
from ayni.model.handling import Purpose

Json: TypeAlias = "str | int | float | bool | list[Json] | dict[str, Json] | None"
Source: TypeAlias = "dict[str, Json]"
COMPARISONS = {"<": "<=", "<=": "<", ">": ">=", ">=": ">", "==": "!=", "!=": "=="}
PURPOSES = [str(purpose) for purpose in Purpose]


@dataclass(frozen=True, slots=True, kw_only=True)
class Mutant:
    """One changed set of policies."""

    operator: str
    policy: str
    """Id of the policy that was changed."""
    sources: dict[str, Source]
    """All policies in Cedar's JSON form, core included."""

    @property
    def text(self) -> str:
        """Cedar text of all policies."""
        whole = json.dumps({"staticPolicies": self.sources, "templates": {}, "templateLinks": []})
        return cedarpy.policies_from_json_str(whole)


def all_mutants(text: AgreementText) -> list[Mutant]:
    """Return every mutant of a text and the core rules under it."""
    parsed = json.loads(cedarpy.policies_to_json_str(core_policies() + text.policies()))
    sources: dict[str, Source] = parsed["staticPolicies"]
    found: list[Mutant] = []
    for key, source in sources.items():
        name = str(cast("Source", source["annotations"])["id"])
        rest = {other: each for other, each in sources.items() if other != key}
        found.append(Mutant(operator="drop-policy", policy=name, sources=rest))
        for operator, make in OPERATORS.items():
            found += [
                Mutant(operator=operator, policy=name, sources={**rest, key: variant})
                for variant in make(copy.deepcopy(source))
            ]
    return found


def chosen(text: AgreementText, count: int, seed: int) -> list[Mutant]:
    """Return *count* mutants, operators in turn so that none is drowned by another."""
    by_operator: dict[str, list[Mutant]] = {}
    for mutant in all_mutants(text):
        by_operator.setdefault(mutant.operator, []).append(mutant)
    source = random.Random(seed)
    for mutants in by_operator.values():
        source.shuffle(mutants)
    picked: list[Mutant] = []
    while len(picked) < count and any(by_operator.values()):
        for operator in sorted(by_operator):
            if by_operator[operator] and len(picked) < count:
                picked.append(by_operator[operator].pop())
    return picked


def _conditions(source: Source) -> list[Source]:
    return cast("list[Source]", source.get("conditions") or [])


def _variants(tree: Json, change: Callable[[Json], list[Json]]) -> Iterator[Json]:
    """Yield the tree once for every replacement that *change* offers anywhere in it."""
    yield from change(tree)
    if isinstance(tree, dict):
        for key, inner in tree.items():
            yield from ({**tree, key: variant} for variant in _variants(inner, change))
    elif isinstance(tree, list):
        for at, inner in enumerate(tree):
            yield from ([*tree[:at], variant, *tree[at + 1 :]] for variant in _variants(inner, change))


def _rewrite(source: Source, change: Callable[[Json], list[Json]]) -> Iterator[Source]:
    """Yield the policy once for every replacement that *change* offers anywhere in its conditions."""
    for conditions in _variants(source.get("conditions") or [], change):
        yield {**source, "conditions": conditions}


def _flip_effect(source: Source) -> Iterator[Source]:
    yield {**source, "effect": "forbid" if source["effect"] == "permit" else "permit"}


def _negate_condition(source: Source) -> Iterator[Source]:
    for at, condition in enumerate(_conditions(source)):
        variant = copy.deepcopy(source)
        _conditions(variant)[at]["body"] = {"!": {"arg": condition["body"]}}
        yield variant


def _drop_condition(source: Source) -> Iterator[Source]:
    for at in range(len(_conditions(source))):
        variant = copy.deepcopy(source)
        del _conditions(variant)[at]
        yield variant


def _swap_when_unless(source: Source) -> Iterator[Source]:
    for at, condition in enumerate(_conditions(source)):
        variant = copy.deepcopy(source)
        _conditions(variant)[at]["kind"] = "unless" if condition["kind"] == "when" else "when"
        yield variant


def _binary(here: Json, *operators: str) -> tuple[str, dict[str, Json]] | None:
    if isinstance(here, dict) and len(here) == 1:
        ((name, inner),) = here.items()
        if name in operators and isinstance(inner, dict):
            return name, inner
    return None


def _drop_side(source: Source) -> Iterator[Source]:
    def change(here: Json) -> list[Json]:
        found = _binary(here, "&&", "||")
        return [found[1]["left"], found[1]["right"]] if found else []

    return _rewrite(source, change)


def _swap_and_or(source: Source) -> Iterator[Source]:
    def change(here: Json) -> list[Json]:
        found = _binary(here, "&&", "||")
        return [{"||" if found[0] == "&&" else "&&": found[1]}] if found else []

    return _rewrite(source, change)


def _change_comparison(source: Source) -> Iterator[Source]:
    def change(here: Json) -> list[Json]:
        found = _binary(here, *COMPARISONS)
        return [{COMPARISONS[found[0]]: found[1]}] if found else []

    return _rewrite(source, change)


def _shift_number(source: Source) -> Iterator[Source]:
    def change(here: Json) -> list[Json]:
        value = here.get("Value") if isinstance(here, dict) else None
        return [{"Value": value - 1}, {"Value": value + 1}] if type(value) is int else []

    return _rewrite(source, change)


def _swap_purpose(source: Source) -> Iterator[Source]:
    def change(here: Json) -> list[Json]:
        value = here.get("Value") if isinstance(here, dict) else None
        if value not in PURPOSES:
            return []
        return [{"Value": PURPOSES[(PURPOSES.index(str(value)) + 7) % len(PURPOSES)]}]

    return _rewrite(source, change)


def _misspell(source: Source) -> Iterator[Source]:
    def change(here: Json) -> list[Json]:
        found = _binary(here, ".")
        return [{".": {**found[1], "attr": f"{found[1]['attr']}s"}}] if found else []

    return _rewrite(source, change)


def _set_of(here: Json, kind: type[object]) -> list[Json] | None:
    members = here.get("Set") if isinstance(here, dict) else None
    if isinstance(members, list) and members and all(_is_of(member, kind) for member in members):
        return members
    return None


def _is_of(member: Json, kind: type[object]) -> bool:
    return isinstance(member, dict) and isinstance(member.get("Value"), kind)


def _widen_party(source: Source) -> Iterator[Source]:
    def change(here: Json) -> list[Json]:
        members = _set_of(here, dict)
        stranger: Json = {"Value": {"__entity": {"type": "Node", "id": "xx.stranger"}}}
        return [{"Set": [*members, stranger]}] if members else []

    return _rewrite(source, change)


def _drop_member(source: Source) -> Iterator[Source]:
    def change(here: Json) -> list[Json]:
        members = _set_of(here, object)
        return [{"Set": [*members[:at], *members[at + 1 :]]} for at in range(len(members))] if members else []

    return (variant for variant in _rewrite(source, change) if '"Set": []' not in json.dumps(variant))


def _widen_words(source: Source) -> Iterator[Source]:
    def change(here: Json) -> list[Json]:
        members = _set_of(here, str)
        if not members:
            return []
        known = {str(cast("Source", member)["Value"]) for member in members}
        extra = "fugitives" if known & set(PURPOSES) else "case"
        return [{"Set": [*members, {"Value": extra}]}] if extra not in known else []

    return _rewrite(source, change)


def _swap_attribute(source: Source) -> Iterator[Source]:
    truths = [attribute for attribute in ATTRIBUTES if attribute.sort is Sort.TRUTH]

    def change(here: Json) -> list[Json]:
        found = _binary(here, ".")
        for at, attribute in enumerate(truths):
            if found and found[1] == {"left": {"Var": attribute.holder}, "attr": attribute.name}:
                other = truths[(at + 1) % len(truths)]
                return [{".": {"left": {"Var": other.holder}, "attr": other.name}}]
        return []

    return _rewrite(source, change)


def _swap_nodes(source: Source) -> Iterator[Source]:
    holder: Json = {".": {"left": {"Var": "context"}, "attr": "holder"}}

    def change(here: Json) -> list[Json]:
        return [holder] if here == {"Var": "principal"} else []

    return _rewrite(source, change)


def _named_actions(source: Source) -> list[str]:
    scope = cast("Source", source["action"])
    named = cast("list[Source]", scope.get("entities") or ([scope["entity"]] if "entity" in scope else []))
    names = [str(entity["id"]) for entity in named]
    return [str(action) for action in HANDLE] if names == ["handle"] else names


def _with_actions(source: Source, names: list[str]) -> Source:
    entities: list[Json] = [{"type": "Action", "id": name} for name in names]
    return {**source, "action": {"op": "in", "entities": entities}}


def _drop_action(source: Source) -> Iterator[Source]:
    names = _named_actions(source)
    if len(names) > 1:
        yield from (_with_actions(source, [name for name in names if name != gone]) for gone in names)


def _add_action(source: Source) -> Iterator[Source]:
    names = _named_actions(source)
    yield from (_with_actions(source, [*names, str(new)]) for new in HANDLE if str(new) not in names)


def _any_action(source: Source) -> Iterator[Source]:
    yield {**source, "action": {"op": "All"}}


OPERATORS: dict[str, Callable[[Source], Iterator[Source]]] = {
    "flip-effect": _flip_effect,
    "negate-condition": _negate_condition,
    "drop-condition": _drop_condition,
    "swap-when-unless": _swap_when_unless,
    "drop-side": _drop_side,
    "swap-and-or": _swap_and_or,
    "change-comparison": _change_comparison,
    "shift-number": _shift_number,
    "swap-purpose": _swap_purpose,
    "misspell-attribute": _misspell,
    "widen-party": _widen_party,
    "drop-member": _drop_member,
    "widen-words": _widen_words,
    "swap-attribute": _swap_attribute,
    "swap-nodes": _swap_nodes,
    "drop-action": _drop_action,
    "add-action": _add_action,
    "any-action": _any_action,
}
