"""Django as the node uses it: an ORM over SQLite or PostgreSQL, and what web pages stand on.

Django is configured once per process. The first node opened becomes the database
`default`, which officers and sessions use; a process that opens more nodes (a
demonstration with partners, a test) gets one further alias for each.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, unquote, urlsplit

from ayni.errors import SettingsError
from ayni.node.settings import FILE_NAME, Engine, Settings, read_secret

if TYPE_CHECKING:
    from ayni.node.keys import NodeKeys

APPS: tuple[str, ...] = ("ayni.node.records", "ayni.node.merkle")
"""Applications of every process that opens a node; doors name theirs when they configure."""

STORAGE = "storage"
SQLITE_FILE = "node.sqlite"
BUSY_TIMEOUT_S = 30
PRAGMAS = (
    "PRAGMA journal_mode=WAL;"
    "PRAGMA synchronous=FULL;"
    "PRAGMA secure_delete=ON;"
    "PRAGMA temp_store=MEMORY;"
    "PRAGMA cache_size=-16384"
)
"""WAL, FULL: confirmed means on disk. secure_delete: freed cells are zeroed. temp_store: no sort spills to a file."""

_AUTO = "django.db.models.BigAutoField"
_COMMON: dict[str, Any] = {
    "ATOMIC_REQUESTS": False,
    "AUTOCOMMIT": True,
    "CONN_MAX_AGE": None,
    "CONN_HEALTH_CHECKS": True,
    "TIME_ZONE": None,
    "TEST": {"CHARSET": None, "COLLATION": None, "MIGRATE": True, "MIRROR": None, "NAME": None},
}
_aliases: dict[str, str] = {}
"""Folder of an open node → its database alias."""
_uses: Counter[str] = Counter()
"""Folder → how often it is open in this process."""
_forgotten: list[str] = []
"""Aliases free to be used again; `default` first of all, because officers and sessions use it."""


def configure(
    folder: Path, settings: Settings, *, more: Mapping[str, object] | None = None, keys: NodeKeys | None = None
) -> str:
    """Make Django know the storage of the node at *folder* and return its database alias.

    *more* replaces the Django settings of the doors (`doors.door_settings`), *keys* sign
    their sessions; both count only for the first node of the process.

    Raises:
        SettingsError: if the PostgreSQL address cannot be read or is not one.
    """
    import django  # noqa: PLC0415 -- 0.1 s that commands without a node never pay
    from django.conf import settings as django_settings  # noqa: PLC0415 -- as above

    database = database_of(folder, settings)
    place = str(folder.resolve())
    _uses[place] += 1
    if not django_settings.configured:
        from ayni.node.doors import door_settings  # noqa: PLC0415 -- as above

        doors = door_settings(folder, settings, keys) if more is None else more
        chosen: dict[str, Any] = {"USE_TZ": True, "TIME_ZONE": "UTC", "DEFAULT_AUTO_FIELD": _AUTO, **doors}
        chosen["INSTALLED_APPS"] = [*APPS, *chosen.get("INSTALLED_APPS", ())]
        django_settings.configure(DATABASES={"default": database}, **chosen)
        django.setup()
        _aliases[place] = "default"
        return "default"
    from django.db import connections  # noqa: PLC0415 -- as above

    alias = _aliases.get(place) or (_forgotten.pop() if _forgotten else f"node{len(_aliases) + 1}")
    if connections.settings.get(alias) != database:
        if alias in connections.settings:
            connections[alias].close()
            del connections[alias]
        connections.settings[alias] = database
    _aliases[place] = alias
    return alias


def forget(folder: Path) -> None:
    """Undo one `configure`: with the last one, close this thread's connection and free the alias."""
    from django.db import connections  # noqa: PLC0415 -- needs Django configured

    place = str(folder.resolve())
    _uses[place] -= 1
    if _uses[place] > 0:
        return
    del _uses[place]
    alias = _aliases.pop(place)
    connections[alias].close()
    _forgotten.append(alias)


def database_of(folder: Path, settings: Settings) -> dict[str, Any]:
    """Return Django's description of the node's database.

    Raises:
        SettingsError: if the PostgreSQL address cannot be read or is not one.
    """
    if settings.storage.engine is Engine.SQLITE:
        return sqlite_at(folder.resolve() / STORAGE / SQLITE_FILE)
    chosen = settings.storage
    url = read_secret(env=chosen.url_env, file=chosen.url_file, folder=folder, what="storage")
    return _COMMON | _postgresql(url, folder)


def sqlite_at(path: Path) -> dict[str, Any]:
    """Return Django's description of a SQLite file."""
    return _COMMON | {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": str(path),
        "USER": "",
        "PASSWORD": "",
        "HOST": "",
        "PORT": "",
        "OPTIONS": {"timeout": BUSY_TIMEOUT_S, "transaction_mode": "IMMEDIATE", "init_command": PRAGMAS},
    }


def _postgresql(url: str, folder: Path) -> dict[str, Any]:
    parts = urlsplit(url)
    if parts.scheme not in {"postgresql", "postgres"} or not parts.path.strip("/"):
        why = "storage: the address is not of the form postgresql://user@host:port/name"
        raise SettingsError(file=str(folder / FILE_NAME), why=why)
    options = dict(parse_qsl(parts.query))
    # An act runs a handful of statements again and again: the server parses each once per connection.
    prepared = {"server_side_binding": True, "prepare_threshold": 2}
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(parts.path.strip("/")),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": options.pop("host", "") or parts.hostname or "",
        "PORT": options.pop("port", "") or str(parts.port or ""),
        "OPTIONS": prepared | options,
    }
