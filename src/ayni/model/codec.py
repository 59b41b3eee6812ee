"""Values to JSON and back without loss, checked on the way in, and their JSON Schemas."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

import msgspec

from ayni.errors import InvalidValueError, UnreadableError
from ayni.model.outcome import Outcome
from ayni.model.report import Report
from ayni.model.signal import Signal
from ayni.model.task import Task
from ayni.model.triage import TriagedSignal

T = TypeVar("T")

KINDS: Mapping[str, type[object]] = {
    "signal": TriagedSignal,
    "report": Report,
    "task": Task,
    "outcome": Outcome,
}
"""Record kinds of the vocabulary and the type of their body; agreements and exchange add theirs in the node."""


def to_json(value: object) -> bytes:
    """Return *value* as compact UTF-8 JSON, keys in declaration order."""
    return msgspec.json.encode(value)


def from_json(data: bytes | str, kind: type[T]) -> T:
    """Read a value of type *kind*.

    Raises:
        UnreadableError: if the JSON is malformed, a field is missing or of another type, or a value
            is outside what its field allows; the message names the field.
    """
    try:
        return msgspec.json.decode(data, type=kind)
    except (msgspec.DecodeError, InvalidValueError, UnicodeDecodeError) as error:
        raise UnreadableError(file=f"JSON of {kind.__name__}", why=str(error)) from error


def schema_of(kind: type[object]) -> dict[str, Any]:
    """Return the JSON Schema (2020-12) of one kind of value."""
    return msgspec.json.schema(kind)


def published_schemas() -> dict[str, dict[str, Any]]:
    """Return every schema that `docs/reference/schemas/` publishes, by file stem."""
    return {"signal": schema_of(Signal), **{f"record-{name}": schema_of(kind) for name, kind in KINDS.items()}}
