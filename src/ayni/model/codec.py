"""Values to JSON and back without loss, checked on the way in, and their JSON Schemas."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import Any, TypeVar

import msgspec

from ayni.errors import InvalidValueError, UnreadableError
from ayni.model.area import Area
from ayni.model.outcome import Outcome
from ayni.model.report import Report
from ayni.model.signal import Signal
from ayni.model.task import Task
from ayni.model.triage import TriagedSignal
from ayni.model.watch_entry import WatchEntry

T = TypeVar("T")

KINDS: Mapping[str, type[object]] = {
    "signal": TriagedSignal,
    "report": Report,
    "task": Task,
    "outcome": Outcome,
    "area": Area,
    "watch_entry": WatchEntry,
}
"""Record kinds of the vocabulary and the type of their body; agreements and exchange add theirs in the node."""


def to_json(value: object) -> bytes:
    """Return *value* as compact UTF-8 JSON, keys in declaration order."""
    return msgspec.json.encode(value)


def from_json(data: bytes | str, kind: type[T]) -> T:
    """Read a value of type *kind*; nothing in the text is passed over in silence.

    Raises:
        UnreadableError: if the JSON is malformed, a field is missing, unknown or of another type, or a
            value is outside what its field allows; the message names the field.
    """
    value = from_own_json(data, kind)
    if to_json(value) == (data.encode() if isinstance(data, str) else data):
        return value  # written as we write it, so there is nothing in it that was not understood
    unknown = _unknown(msgspec.json.decode(data), msgspec.to_builtins(value), "$")
    if unknown:
        raise UnreadableError(file=f"JSON of {_name(kind)}", why=f"unknown field {unknown}")
    return value


def from_own_json(data: bytes | str, kind: type[T]) -> T:
    """Read back what `to_json` wrote here, twice as fast: fields this version does not know are not looked for.

    Raises:
        UnreadableError: as `from_json`, unknown fields apart.
    """
    try:
        return msgspec.json.decode(data, type=kind)
    except (msgspec.DecodeError, InvalidValueError, UnicodeDecodeError) as error:
        raise UnreadableError(file=f"JSON of {_name(kind)}", why=str(error)) from error


def _name(kind: type[object]) -> str:
    return getattr(kind, "__name__", str(kind))


def _unknown(said: object, understood: object, where: str) -> str:
    """Return the path of the first field that is in the text and not in the value, or an empty string."""
    if isinstance(said, dict) and isinstance(understood, dict):
        pairs = [(f"{where}.{name}", value, understood.get(name, _ABSENT)) for name, value in said.items()]
    elif isinstance(said, list) and isinstance(understood, list | tuple):
        pairs = [(f"{where}[{at}]", *both) for at, both in enumerate(zip(said, understood, strict=False))]
    else:
        return ""
    for path, value, known in pairs:
        if known is _ABSENT:
            return path
        if deeper := _unknown(value, known, path):
            return deeper
    return ""


_ABSENT = object()


def schema_of(kind: type[object]) -> dict[str, Any]:
    """Return the JSON Schema (2020-12) of one kind of value; objects are closed, as `from_json` reads them."""
    schema = {"$schema": "https://json-schema.org/draft/2020-12/schema", **msgspec.json.schema(kind)}
    for part in schema.get("$defs", {}).values():
        if "properties" in part:
            part["additionalProperties"] = False
            part["description"] = inspect.cleandoc(part.get("description", ""))
    return schema


def published_schemas(kinds: Mapping[str, type[object]] = KINDS) -> dict[str, dict[str, Any]]:
    """Return the schema of a signal and of every record kind, by the stem of its file in the reference."""
    return {"signal": schema_of(Signal), **{f"record-{name}": schema_of(kind) for name, kind in kinds.items()}}
