"""Reading a TOML file into frozen dataclasses, refusing whatever it does not understand.

A misspelt key that is silently ignored is the worst kind of setting: the
administrator believes it holds. So every key must be a field of its dataclass,
every value of the field's type, and an error names the file, the line, the key
and the nearest key that exists.

Each field carries its own description, which is also what the reference page prints:

    @dataclass(frozen=True, slots=True, kw_only=True)
    class ServeSettings:
        listen: str = key("Address and port.", default="127.0.0.1:8743")
"""

from __future__ import annotations

import dataclasses
import difflib
import re
import tomllib
import types
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

from ayni.errors import InvalidValueError, SettingsError

S = TypeVar("S")

_NAMES = {str: "text in quotes", int: "a whole number", bool: "true or false", float: "a number"}
_HEADER = re.compile(r"^\s*\[{1,2}\s*([A-Za-z0-9_.\-\"' ]+?)\s*\]{1,2}")
_ASSIGNMENT = re.compile(r"^\s*([A-Za-z0-9_\-]+|\"[^\"]+\"|'[^']+')\s*[=.]")


def key(says: str, *, default: object = dataclasses.MISSING, factory: Any = dataclasses.MISSING) -> Any:  # noqa: ANN401 -- as dataclasses.field
    """Declare one key of the file: what it means, and its default if it may be left out."""
    if factory is not dataclasses.MISSING:
        return dataclasses.field(default_factory=factory, metadata={"says": says})
    if default is not dataclasses.MISSING:
        return dataclasses.field(default=default, metadata={"says": says})
    return dataclasses.field(metadata={"says": says})


@dataclass(frozen=True, slots=True)
class _Source:
    """The file being read, to say where a mistake stands."""

    file: str
    text: str

    def refuse(self, path: tuple[str | int, ...], why: str) -> SettingsError:
        line = _line_of(self.text, path)
        where = f"line {line}: " if line else ""
        return SettingsError(file=self.file, why=f"{where}{why}", key=_dotted(path), line=line)


def read_toml(path: Path, kind: type[S]) -> S:
    """Read *path* as a value of the dataclass *kind*.

    Raises:
        SettingsError: if the file is missing, unreadable or not TOML, has an unknown key, lacks a needed
            one, or holds a value of the wrong type or outside what its field allows.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise SettingsError(file=str(path), why=f"not UTF-8 text (byte {error.start})") from error
    except OSError as error:
        raise SettingsError(file=str(path), why=error.strerror or str(error)) from error
    return parse_toml(text, kind, file=str(path))


def parse_toml(text: str, kind: type[S], *, file: str) -> S:
    """Read TOML text as `read_toml` does; *file* is how errors call it.

    Raises:
        SettingsError: as `read_toml`.
    """
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(file=file, why=f"not valid TOML: {error}") from error
    built: S = _build(kind, data, (), _Source(file, text))
    return built


def _build(kind: type[Any], data: Mapping[str, object], path: tuple[str | int, ...], source: _Source) -> Any:  # noqa: ANN401 -- a value of kind
    hints = get_type_hints(kind)
    fields = {field.name: field for field in dataclasses.fields(kind)}
    for name in data:
        if name not in fields:
            raise source.refuse((*path, name), _unknown(name, path, list(fields)))
    values: dict[str, Any] = {}
    for name, field in fields.items():
        if name in data:
            values[name] = _convert(data[name], hints[name], (*path, name), source)
        elif field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING:
            raise source.refuse((*path, name), f"{_dotted((*path, name))} is missing: {field.metadata['says']}")
    try:
        return kind(**values)
    except InvalidValueError as error:
        field_name = str(error.facts.get("field", ""))
        parts = (int(part) if part.isdigit() else part for part in field_name.split(".") if part)
        where = (*path, *parts)
        raise source.refuse(where, f"{_dotted(where)}: {error.facts.get('why')}") from error


def _convert(value: object, hint: Any, path: tuple[str | int, ...], source: _Source) -> object:  # noqa: ANN401 -- a type expression
    origin, args = get_origin(hint), get_args(hint)
    if origin in {Union, types.UnionType}:
        hint = next(each for each in args if each is not type(None))
        return _convert(value, hint, path, source)
    if dataclasses.is_dataclass(hint):
        if not isinstance(value, dict):
            raise source.refuse(path, f"{_dotted(path)} is a table: write [{_dotted(path)}]")
        return _build(hint, value, path, source)  # type: ignore[arg-type]  # is_dataclass also accepts instances
    if origin is tuple:
        if not isinstance(value, list):
            raise source.refuse(path, f"{_dotted(path)} is a list: write it in square brackets")
        return tuple(_convert(item, args[0], (*path, number), source) for number, item in enumerate(value))
    if origin is Mapping:
        if not isinstance(value, dict):
            raise source.refuse(path, f"{_dotted(path)} is a table: write [{_dotted(path)}]")
        return {name: _convert(item, args[1], (*path, name), source) for name, item in value.items()}
    return _plain(value, hint, path, source)


def _plain(value: object, hint: type[object], path: tuple[str | int, ...], source: _Source) -> object:
    if issubclass(hint, str) and isinstance(value, str):
        try:
            return hint(value)
        except ValueError:
            allowed = ", ".join(str(each) for each in hint)  # type: ignore[attr-defined]  # only a StrEnum refuses text
            raise source.refuse(path, f"{_dotted(path)}: “{value}” is not one of {allowed}") from None
    if type(value) is hint:
        return value
    raise source.refuse(path, f"{_dotted(path)} is {_NAMES.get(hint, hint.__name__)}, not {value!r}")


def _unknown(name: str, path: tuple[str | int, ...], known: list[str]) -> str:
    table = f"[{_dotted(path)}]" if path else "this file"
    near = difflib.get_close_matches(name, known, n=1)
    advice = f"did you mean {near[0]}?" if near else f"it knows {', '.join(known)}"
    return f"{name} is not a key of {table}; {advice}"


def _dotted(path: tuple[str | int, ...]) -> str:
    return ".".join(str(part + 1) if isinstance(part, int) else part for part in path)


def _line_of(text: str, path: tuple[str | int, ...]) -> int:
    """Return the line (from 1) on which *path* is written, or that of the nearest table above it, or 0."""
    best, best_depth = 0, 0
    here: tuple[str | int, ...] = ()
    seen: dict[str, int] = {}
    for number, line in enumerate(text.splitlines(), start=1):
        if header := _HEADER.match(line):
            name = header.group(1).replace('"', "").replace("'", "").replace(" ", "")
            here = tuple(name.split("."))
            if line.lstrip().startswith("[["):
                seen[name] = seen.get(name, -1) + 1
                here = (*here, seen[name])
            found = here
        elif assignment := _ASSIGNMENT.match(line):
            found = (*here, assignment.group(1).strip("\"'"))
        else:
            continue
        depth = len(found)
        if found == path[:depth] and depth > best_depth:
            best, best_depth = number, depth
    return best
