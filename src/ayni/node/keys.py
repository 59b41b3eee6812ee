"""The keys of a node: one root secret, and everything derived from it.

    root (256 bits, in keys/node.key, guarded as settings say)
    ├── wrapping   seals the data key of each record (see `key_ring`)
    ├── tokens     turns identifiers into keyed hashes, so that `mmsi:…` never lies in clear
    └── history    seals what a ledger entry says beyond its salted hash

The derived keys come from the root by HKDF-SHA-256 (RFC 5869) with one label
each, so that only the root needs guarding and no key serves two purposes. What
each protection resists is written in `docs/explanation/threat-model.md`.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from ayni.errors import KeysError
from ayni.node.files import make_private_folder, write_private
from ayni.node.settings import Protection, Settings, read_secret

FORMAT = "ayni-node-key/1"
FOLDER = "keys"
FILE_NAME = "node.key"
EXCHANGE_FILES = ("exchange.keys", "next.keys")
"""Keys towards partners: those in use, and the promised next identity. Written by `ayni.node.ledger`."""
KEY_BYTES = 32
NONCE_BYTES = 12
ARGON2_PASSES = 3
ARGON2_LANES = 4
ARGON2_MEMORY_KIB = 65_536
"""Source: RFC 9106, section 4, second recommended option."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeKeys:
    """The keys of an open node. They live in this process's memory until it ends."""

    root: bytes = field(repr=False)
    wrapping: bytes = field(repr=False)
    tokens: bytes = field(repr=False)
    history: bytes = field(repr=False)

    @staticmethod
    def of(root: bytes) -> NodeKeys:
        """Derive the working keys from *root*."""
        return NodeKeys(
            root=root,
            wrapping=derive(root, "wrapping"),
            tokens=derive(root, "tokens"),
            history=derive(root, "history"),
        )

    def token(self, identifier: str) -> bytes:
        """Return the keyed hash (HMAC-SHA-256, 32 bytes) under which *identifier* is stored."""
        return hmac.digest(self.tokens, identifier.encode(), "sha256")


def derive(root: bytes, label: str) -> bytes:
    """Return the 256-bit key for one purpose. Source: RFC 5869 with SHA-256, empty salt, one block."""
    extracted = hmac.digest(bytes(KEY_BYTES), root, "sha256")
    return hmac.digest(extracted, f"ayni/1 {label}".encode() + b"\x01", "sha256")


def create_keys(folder: Path, settings: Settings) -> NodeKeys:
    """Make the root secret of a new node and write it, guarded as *settings* say, to `keys/node.key`.

    Raises:
        KeysError: if there is a key already, or the token refuses.
        SettingsError: if passphrase or PIN cannot be read.
    """
    path = folder / FOLDER / FILE_NAME
    if path.exists():
        raise KeysError(folder=str(folder), why="there is a node key already; it is never overwritten")
    root = os.urandom(KEY_BYTES)
    make_private_folder(path.parent)
    write_private(path, _guarded(root, folder, settings))
    return NodeKeys.of(root)


def protect_keys(folder: Path, *, now: Settings, then: Settings) -> None:
    """Guard the root secret in another way; records need no change. The caller then writes the settings *then*.

    Raises:
        KeysError: if the key cannot be opened under *now*.
        SettingsError: if passphrase or PIN cannot be read.
    """
    root = open_keys(folder, now).root
    write_private(folder / FOLDER / FILE_NAME, _guarded(root, folder, then))


def open_keys(folder: Path, settings: Settings) -> NodeKeys:
    """Open the root secret of the node at *folder* and derive its keys.

    Raises:
        KeysError: if the file is missing, damaged, open to others, of another node, or guarded by
            another passphrase or token than the one given.
        SettingsError: if passphrase or PIN cannot be read.
    """
    path = folder / FOLDER / FILE_NAME
    try:
        if path.stat().st_mode & 0o077:
            raise KeysError(folder=str(folder), why=f"others may read {path.name}; run chmod 600 {path}")
        held = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise KeysError(folder=str(folder), why=f"{path} is missing") from error
    except OSError as error:
        raise KeysError(folder=str(folder), why=f"{path}: {error.strerror}") from error
    except ValueError as error:
        raise KeysError(folder=str(folder), why=f"{path.name} is damaged: {error}") from error
    if not isinstance(held, dict) or held.get("format") != FORMAT:
        raise KeysError(folder=str(folder), why=f"{path.name} is not of format {FORMAT}")
    if held.get("node") != settings.node.id:
        raise KeysError(folder=str(folder), why=f"{path.name} belongs to node {held.get('node')}")
    root = _unguarded(held, folder, settings)
    if not hmac.compare_digest(_check(root), str(held.get("check"))):
        raise KeysError(folder=str(folder), why="the key does not match its own check: wrong passphrase or damage")
    return NodeKeys.of(root)


def _guarded(root: bytes, folder: Path, settings: Settings) -> bytes:
    protection = settings.keys.protection
    held: dict[str, object] = {
        "format": FORMAT,
        "node": settings.node.id,
        "protection": protection.value,
        "check": _check(root),
    }
    if protection is Protection.FILE:
        held["root"] = root.hex()
    elif protection is Protection.PASSPHRASE:
        salt = os.urandom(16)
        held |= {"salt": salt.hex(), "passes": ARGON2_PASSES, "lanes": ARGON2_LANES, "memory_kib": ARGON2_MEMORY_KIB}
        held["sealed"] = _seal(_stretch(_passphrase(folder, settings), held), root, settings.node.id).hex()
    else:
        from ayni.node.key_token import wrap_on_token  # noqa: PLC0415 -- the extra `token` may be absent

        held["sealed"] = wrap_on_token(root, folder, settings).hex()
    return json.dumps(held, indent=1).encode() + b"\n"


def _unguarded(held: Mapping[str, object], folder: Path, settings: Settings) -> bytes:
    guard, asked = held.get("protection"), settings.keys.protection
    if guard != asked.value:
        raise KeysError(folder=str(folder), why=f"the key is guarded by {guard}, but settings.toml says {asked}")
    try:
        if asked is Protection.FILE:
            return bytes.fromhex(str(held["root"]))
        sealed = bytes.fromhex(str(held["sealed"]))
        if asked is Protection.PASSPHRASE:
            return _open(_stretch(_passphrase(folder, settings), held), sealed, folder, settings.node.id)
    except (KeyError, ValueError) as error:
        raise KeysError(folder=str(folder), why=f"{FILE_NAME} is damaged: {error}") from error
    from ayni.node.key_token import unwrap_on_token  # noqa: PLC0415 -- the extra `token` may be absent

    return unwrap_on_token(sealed, folder, settings)


def _check(root: bytes) -> str:
    """Return 64 bits that tell the right root from a wrong one and say nothing else about it."""
    return derive(root, "check")[:8].hex()


def _passphrase(folder: Path, settings: Settings) -> bytes:
    chosen = settings.keys
    secret = read_secret(
        env=chosen.passphrase_env, file=chosen.passphrase_file, folder=folder, what="keys.passphrase"
    )
    return secret.encode()


def _stretch(passphrase: bytes, held: Mapping[str, object]) -> bytes:
    from cryptography.hazmat.primitives.kdf.argon2 import Argon2id  # noqa: PLC0415 -- most nodes never need it

    return Argon2id(
        salt=bytes.fromhex(str(held["salt"])),
        length=KEY_BYTES,
        iterations=int(str(held["passes"])),
        lanes=int(str(held["lanes"])),
        memory_cost=int(str(held["memory_kib"])),
    ).derive(passphrase)


def _seal(kek: bytes, root: bytes, node: str) -> bytes:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM  # noqa: PLC0415 -- most nodes never need it

    nonce = os.urandom(NONCE_BYTES)
    return nonce + AESGCM(kek).encrypt(nonce, root, f"{FORMAT}|{node}".encode())


def _open(kek: bytes, sealed: bytes, folder: Path, node: str) -> bytes:
    from cryptography.exceptions import InvalidTag  # noqa: PLC0415 -- most nodes never need it
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM  # noqa: PLC0415 -- most nodes never need it

    try:
        return AESGCM(kek).decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], f"{FORMAT}|{node}".encode())
    except InvalidTag as error:
        raise KeysError(folder=str(folder), why="the passphrase does not open the node key") from error


def fingerprint(keys: NodeKeys) -> str:
    """Return 32 hex digits that name this root without revealing it, to tell backups of different nodes apart."""
    return hashlib.sha256(derive(keys.root, "fingerprint")).hexdigest()[:32]
