"""From a node's settings to its doors: what Django serves, under which names, with which providers."""

from __future__ import annotations

import secrets
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ayni.model.record import House
from ayni.node.certificate import LOCAL
from ayni.node.settings import Settings, read_secret
from ayni.node.web_settings import Front, IdentityProvider, web_settings

if TYPE_CHECKING:
    from ayni.node.keys import NodeKeys

_DJANGO_CODES = {"pt": "pt-br"}


def front_of(folder: Path, settings: Settings, keys: NodeKeys | None = None) -> Front:
    """Return what the doors need to know of the node at *folder*.

    Sessions are signed with a key derived from the node's own; without *keys* (a storage
    that is only being upgraded) with one that ends with the process.

    Raises:
        SettingsError: if the secret of an identity provider cannot be read.
        InvalidValueError: if the node would serve plain HTTP beyond loopback.
    """
    from ayni.node.keys import derive  # noqa: PLC0415 -- keys are opened by whoever has them

    return Front(
        node=settings.node.name,
        secret_key=derive(keys.root, "web").hex() if keys else secrets.token_hex(32),
        hosts=tuple(dict.fromkeys((*settings.serve.hosts, *LOCAL, "[::1]", settings.serve.host))),
        port=settings.serve.port,
        tls=not settings.serve.loopback,
        language=_DJANGO_CODES.get(settings.node.languages[0], settings.node.languages[0]),
        providers=tuple(
            IdentityProvider(
                name=one.id,
                title=one.name,
                issuer=one.issuer,
                client_id=one.client_id,
                client_secret=read_secret(env=one.secret_env, file=one.secret_file, folder=folder, what=one.id),
            )
            for one in settings.oidc
        ),
    )


def door_settings(folder: Path, settings: Settings, keys: NodeKeys | None = None) -> dict[str, Any]:
    """Return the Django settings of the doors. See `front_of`."""
    return web_settings(front_of(folder, settings, keys))


def house_of(settings: Settings) -> House:
    """Return what every record of this node begins with."""
    return House(node=settings.node.id, keep=timedelta(days=settings.retention.records_days))
