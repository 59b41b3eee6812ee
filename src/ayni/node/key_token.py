"""Guarding the node's root secret by a PKCS#11 token: a smart card, a USB key, an HSM.

The token holds an AES-256 key that never leaves it and seals the root secret with
AES-256-GCM. Starting the node needs the token and its PIN; a copy of the folder
alone opens nothing. Once open, the root is in the memory of the process, as with
every other protection.

Needs the extra `token` (python-pkcs11) and the library of the token.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from ayni.errors import KeysError
from ayni.node.settings import Settings, read_secret

NONCE: Final = 12
TAG_BITS: Final = 128


def wrap_on_token(root: bytes, folder: Path, settings: Settings) -> bytes:
    """Return *root* sealed by the token's key; the key is made on the token if it is not there.

    Raises:
        KeysError: if the token cannot be used.
        SettingsError: if the PIN cannot be read.
    """
    import pkcs11  # noqa: PLC0415 -- an extra

    nonce = os.urandom(NONCE)
    with _session(folder, settings) as session:
        key = _key(session, settings, make=True)
        sealed: bytes = key.encrypt(
            root, mechanism=pkcs11.Mechanism.AES_GCM, mechanism_param=_gcm(nonce, settings.node.id)
        )
    return nonce + sealed


def unwrap_on_token(sealed: bytes, folder: Path, settings: Settings) -> bytes:
    """Return the root secret that the token sealed.

    Raises:
        KeysError: if the token cannot be used, or has another key.
        SettingsError: if the PIN cannot be read.
    """
    import pkcs11  # noqa: PLC0415 -- an extra

    with _session(folder, settings) as session:
        key = _key(session, settings, make=False)
        if key is None:
            why = f"the token {settings.keys.token} has no key {settings.keys.label}"
            raise KeysError(folder=str(folder), why=why)
        root: bytes = key.decrypt(
            sealed[NONCE:],
            mechanism=pkcs11.Mechanism.AES_GCM,
            mechanism_param=_gcm(sealed[:NONCE], settings.node.id),
        )
    return root


@contextmanager
def _session(folder: Path, settings: Settings) -> Iterator[Any]:
    try:
        import pkcs11  # noqa: PLC0415 -- an extra
    except ImportError as error:
        raise KeysError(
            folder=str(folder), why="pkcs11 needs the extra `token`: pip install 'ayni[token]'"
        ) from error
    chosen = settings.keys
    pin = read_secret(env=chosen.pin_env, file=chosen.pin_file, folder=folder, what="keys.pin")
    try:
        token = pkcs11.lib(chosen.module).get_token(token_label=chosen.token)
        with token.open(user_pin=pin, rw=True) as session:
            yield session
    except (pkcs11.PKCS11Error, RuntimeError) as error:
        said = str(error) or type(error).__name__
        raise KeysError(folder=str(folder), why=f"the token {chosen.token} refused: {said}") from error


def _key(session: Any, settings: Settings, *, make: bool) -> Any:  # noqa: ANN401 -- the package ships no types
    import pkcs11  # noqa: PLC0415 -- an extra

    label = settings.keys.label
    try:
        return session.get_key(object_class=pkcs11.ObjectClass.SECRET_KEY, label=label)
    except pkcs11.NoSuchKey:
        if not make:
            return None
    never_leaves = {pkcs11.Attribute.EXTRACTABLE: False, pkcs11.Attribute.SENSITIVE: True}
    return session.generate_key(pkcs11.KeyType.AES, 256, label=label, store=True, template=never_leaves)


def _gcm(nonce: bytes, node: str) -> Any:  # noqa: ANN401 -- the package ships no types
    from pkcs11 import GCMParams  # noqa: PLC0415 -- an extra

    return GCMParams(nonce, f"ayni-node-key/1|{node}".encode(), TAG_BITS)
