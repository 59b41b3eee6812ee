"""The text of a new node's `settings.toml`, and the page that describes every key."""

from __future__ import annotations

import dataclasses
import json
import re
import types
import unicodedata
from enum import StrEnum
from typing import Any, Union, get_args, get_origin, get_type_hints

from ayni.node.settings import Settings
from ayni.node.strict_toml import parse_toml

_WORDS = {str: "text", int: "whole number", bool: "true or false"}


def parse_settings(text: str, *, file: str) -> Settings:
    """Read the text of a settings file.

    Raises:
        SettingsError: naming file, line and key.
    """
    return parse_toml(text, Settings, file=file)


def node_id(name: str, country: str) -> str:
    """Return a short id made of country and name: `ec-armada-del-ecuador`."""
    plain = unicodedata.normalize("NFKD", f"{country} {name}").encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:64].rstrip("-")


def settings_text(*, name: str, country: str, id: str = "") -> str:  # noqa: A002 -- the word every officer uses
    """Return the settings of a new node, with a word on what most will want to change."""
    lines = [
        "# Settings of this node. Every key is described in docs/reference/settings.md;",
        "# a key that does not exist is refused, so a slip of the pen is never silent.",
        "",
        "[node]",
        f"id = {_quoted(id or node_id(name, country))}  # partners know the node by it; never change it",
        f"name = {_quoted(name)}",
        f"country = {_quoted(country)}",
        'languages = ["es", "en"]',
        'desks = ["maritime"]',
        "",
        "[serve]",
        'listen = "127.0.0.1:8743"',
        "",
        "# [[feeds]]",
        '# name = "coast-ais"',
        '# desk = "maritime"',
        '# kind = "udp"',
        '# address = "0.0.0.0:10110"',
    ]
    return "\n".join(lines) + "\n"


def settings_reference() -> str:
    """Return `docs/reference/settings.md`."""
    lines = [
        "# Settings",
        "",
        "`settings.toml` in a node's folder. A key that is not on this page is refused with the line it stands on",
        "and the nearest key that exists. No secret stands in the file: `…_env` names an environment variable,",
        "`…_file` a file (0600) whose first line is the secret; a relative path starts at the node's folder.",
        "",
    ]
    hints = get_type_hints(Settings)
    for field in dataclasses.fields(Settings):
        hint = hints[field.name]
        listed = get_origin(hint) is tuple
        kind = get_args(hint)[0] if listed else hint
        lines += [f"## `[[{field.name}]]`" if listed else f"## `[{field.name}]`", ""]
        lines += [f"{(kind.__doc__ or '').strip()}" + (" One table each." if listed else ""), ""]
        lines += ["| key | type | default | meaning |", "|---|---|---|---|"]
        lines += [_row(each, get_type_hints(kind)[each.name]) for each in dataclasses.fields(kind)]
        lines.append("")
    return "\n".join(lines)


def _row(field: dataclasses.Field[Any], hint: Any) -> str:  # noqa: ANN401 -- a type expression
    return f"| `{field.name}` | {_type(hint)} | {_default(field)} | {field.metadata['says']} |"


def _default(field: dataclasses.Field[Any]) -> str:
    if field.default is not dataclasses.MISSING:
        value = field.default
        return f"`{json.dumps(list(value) if isinstance(value, tuple) else value, ensure_ascii=False)}`"
    return "empty" if field.default_factory is not dataclasses.MISSING else "required"


def _type(hint: Any) -> str:  # noqa: ANN401 -- a type expression
    origin, args = get_origin(hint), get_args(hint)
    if origin in {Union, types.UnionType}:
        return _type(next(each for each in args if each is not type(None)))
    if origin is tuple:
        return f"list of {_type(args[0])}"
    if origin is not None:
        return f"table of {_type(args[1])}"
    if issubclass(hint, StrEnum):
        return " \\| ".join(f"`{each}`" for each in hint)
    return _WORDS[hint]


def _quoted(text: str) -> str:
    """Return a TOML basic string; JSON's escapes are a subset of TOML's except for DEL."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
