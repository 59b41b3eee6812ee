"""Cedar policies taken apart: which actions each one speaks of, and its condition as a tree.

Only the part of Cedar is read that can be proven without approximation: comparisons,
sets, `&&`, `||`, `!`, `if`. Arithmetic (it may overflow), `like`, `has`, records, tags,
templates and extension functions are refused by name. What cannot be proven is not signed.

Source: Cedar, JSON policy format (EST).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias, cast

from ayni.agreements.vocabulary import BY_PATH, HANDLE, Action
from ayni.errors import UnsoundAgreementError

Json: TypeAlias = "str | int | float | bool | list[Json] | dict[str, Json] | None"

BINARY = frozenset({"&&", "||", "==", "!=", "<", "<=", ">", ">=", "contains", "containsAll", "containsAny"})
HOLDER = "context.holder"
HOLDER_NAME = "holder"
UNARY = frozenset({"!", "isEmpty"})


@dataclass(frozen=True, slots=True)
class Expr:
    """One node of a condition.

    `op` is an operator of Cedar, or one of: `path` (attribute, `principal` or `action`),
    `word`, `number`, `truth`, `node`, `action` (literals), `set`, `if`.
    """

    op: str
    args: tuple[Expr, ...] = ()
    value: str | int | bool = ""

    def walk(self) -> Iterator[Expr]:
        """Yield this node and all below it."""
        yield self
        for arg in self.args:
            yield from arg.walk()


TRUE = Expr("truth", value=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """One policy: the article it stands for, whether it permits, for which actions, when."""

    id: str
    article: str
    permits: bool
    actions: frozenset[Action]
    condition: Expr
    source: Mapping[str, Json] = field(hash=False)
    """The policy in Cedar's JSON form."""


def read_policies(text: str, agreement: str) -> tuple[Policy, ...]:
    """Return the policies of a Cedar text, in order.

    Raises:
        UnsoundAgreementError: if the text does not parse, a policy has no `@id` or shares it with
            another, or it uses a part of Cedar that cannot be proven.
    """
    import cedarpy  # noqa: PLC0415 -- a compiled extension that most commands never need

    try:
        parsed = cast("dict[str, Json]", json.loads(cedarpy.policies_to_json_str(text)))
    except ValueError as error:
        raise UnsoundAgreementError(agreement=agreement, why=f"a policy does not parse: {error}") from error
    if parsed.get("templates") or parsed.get("templateLinks"):
        raise UnsoundAgreementError(agreement=agreement, why="a policy has open slots (?principal, ?resource)")
    found = cast("dict[str, dict[str, Json]]", parsed["staticPolicies"])
    numbered = sorted(found.items(), key=lambda item: int(item[0].removeprefix("policy")))
    policies = tuple(_policy(source, agreement) for _, source in numbered)
    ids = [policy.id for policy in policies]
    for name in ids:
        if ids.count(name) > 1:
            raise UnsoundAgreementError(agreement=agreement, why=f"two policies have the id {name}")
    return policies


def write_policies(policies: Iterable[Policy]) -> str:
    """Return policies in Cedar's JSON form, keyed by their ids, as they are compiled.

    The scope of actions is written out one by one: without the entities of the action groups, Cedar
    takes `action in Action::"handle"` for false and would skip a `forbid`.
    """
    written = {
        policy.id: {
            **policy.source,
            "action": _scope_of(policy.actions),
            "conditions": _moved(policy.source.get("conditions")),
        }
        for policy in policies
    }
    return json.dumps({"staticPolicies": written, "templates": {}, "templateLinks": []})


def _scope_of(actions: frozenset[Action]) -> Json:
    if len(actions) == len(Action):
        return {"op": "All"}
    return {"op": "in", "entities": [{"type": "Action", "id": str(action)} for action in sorted(actions)]}


def stated(path: str) -> str:
    """Return the name under which the compiled record holds an attribute: `tlp`, `context_purpose`."""
    holder, _, name = path.partition(".")
    return name if holder == "resource" else f"{holder}_{name}"


def _moved(tree: Json) -> Json:
    """Return a condition that reads what the request states from the record, but for the holder."""
    if isinstance(tree, list):
        return [_moved(part) for part in tree]
    if not isinstance(tree, dict):
        return tree
    inner = tree.get(".")
    if isinstance(inner, dict) and inner.get("left") == {"Var": "context"} and inner["attr"] != HOLDER_NAME:
        return {".": {"left": {"Var": "resource"}, "attr": stated(f"context.{inner['attr']}")}}
    return {key: _moved(part) for key, part in tree.items()}


def _policy(source: dict[str, Json], agreement: str) -> Policy:
    notes = cast("dict[str, str]", source.get("annotations") or {})
    name = notes.get("id") or ""
    if not name:
        raise UnsoundAgreementError(agreement=agreement, why="a policy has no @id")
    try:
        scope = _scope(cast("dict[str, Json]", source["principal"]), "principal", "Node")
        _scope(cast("dict[str, Json]", source["resource"]), "resource", "Record")
        parts = [scope] if scope is not None else []
        for each in cast("list[dict[str, Json]]", source.get("conditions") or []):
            body = _expr(each["body"])
            parts.append(body if each["kind"] == "when" else Expr("!", (body,)))
        actions = _actions(cast("dict[str, Json]", source["action"]))
    except _UnprovableError as error:
        raise UnsoundAgreementError(agreement=agreement, why=f"policy {name} uses {error}") from error
    return Policy(
        id=name,
        article=notes.get("article") or "",
        permits=source["effect"] == "permit",
        actions=actions,
        condition=conjunction(parts),
        source=source,
    )


def conjunction(parts: Sequence[Expr]) -> Expr:
    """Return all parts joined by `&&`."""
    if not parts:
        return TRUE
    whole = parts[0]
    for part in parts[1:]:
        whole = Expr("&&", (whole, part))
    return whole


class _UnprovableError(Exception):
    """A part of Cedar outside the subset."""


def _scope(scope: dict[str, Json], variable: str, kind: str) -> Expr | None:
    operator = scope["op"]
    if operator == "All" or (operator == "is" and scope.get("entity_type") == kind and "in" not in scope):
        return None
    if operator == "==" and variable == "principal" and "entity" in scope:
        return Expr("==", (Expr("path", value="principal"), _entity(scope["entity"])))
    message = f"the scope `{variable} {operator}`, which cannot be proven"
    raise _UnprovableError(message)


def _actions(scope: dict[str, Json]) -> frozenset[Action]:
    if scope["op"] == "All":
        return frozenset(Action)
    named = scope.get("entities") or [scope["entity"]]
    found: set[Action] = set()
    for entity in cast("list[Json]", named):
        found |= _group(str(_entity(entity).value))
    return frozenset(found)


def _group(name: str) -> frozenset[Action]:
    if name == "handle":
        return frozenset(HANDLE)
    try:
        return frozenset({Action(name)})
    except ValueError as error:
        message = f"the action {name}, which does not exist"
        raise _UnprovableError(message) from error


def _entity(entity: Json) -> Expr:
    inner = cast("dict[str, Json]", entity)
    inner = cast("dict[str, Json]", inner.get("__entity", inner))
    kinds = {"Node": "node", "Action": "action"}
    kind = kinds.get(str(inner.get("type")))
    if kind is None:
        message = f"an entity of type {inner.get('type')}, which does not exist"
        raise _UnprovableError(message)
    return Expr(kind, value=str(inner["id"]))


def _expr(tree: Json) -> Expr:
    ((operator, inner),) = cast("dict[str, Json]", tree).items()
    if operator == "Value":
        return _value(inner)
    if operator == "Var":
        return Expr("path", value=str(inner)) if inner in {"principal", "action"} else _refuse(str(inner))
    if operator == "Set":
        return Expr("set", tuple(_expr(part) for part in cast("list[Json]", inner)))
    return _operation(operator, cast("dict[str, Json]", inner))


def _operation(operator: str, parts: dict[str, Json]) -> Expr:
    if operator == ".":
        return _path(parts)
    if operator in BINARY:
        return Expr(operator, (_expr(parts["left"]), _expr(parts["right"])))
    if operator in UNARY:
        return Expr(operator, (_expr(parts["arg"]),))
    if operator == "if-then-else":
        return Expr("if", (_expr(parts["if"]), _expr(parts["then"]), _expr(parts["else"])))
    return _refuse(operator)


def _refuse(operator: str) -> Expr:
    message = f"`{operator}`, which cannot be proven"
    raise _UnprovableError(message)


def _path(parts: dict[str, Json]) -> Expr:
    left = cast("dict[str, Json]", parts["left"])
    path = f"{left.get('Var', '?')}.{parts['attr']}"
    if path not in BY_PATH:
        message = f"`{path}`, which is not on the list of attributes"
        raise _UnprovableError(message)
    return Expr("path", value=path)


def _value(inner: Json) -> Expr:
    if isinstance(inner, bool):
        return Expr("truth", value=inner)
    if isinstance(inner, int):
        return Expr("number", value=inner)
    if isinstance(inner, str):
        return Expr("word", value=inner)
    if isinstance(inner, dict) and "__entity" in inner:
        return _entity(inner)
    message = f"a literal {json.dumps(inner)}, which cannot be proven"
    raise _UnprovableError(message)
