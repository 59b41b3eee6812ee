"""The node's own TLS certificate: made with the node, pinned by its partners, no authority in between.

Partners compare the SHA-256 of the certificate's public key, told when the agreement
is signed; browsers of the institution's own officers trust the certificate once it is
installed on their machines. The key is ECDSA P-256, which every TLS stack since 2010
speaks; TLS protects the way only, and what partners send each other is sealed besides.
An institution with its own authority names its certificate in the settings instead.
"""

from __future__ import annotations

import ipaddress
import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from ayni.errors import KeysError

if TYPE_CHECKING:
    from cryptography.x509 import GeneralName

CERTIFICATE = "tls.crt"
KEY = "tls.key"
LIFE = timedelta(days=3650)
"""Ten years: a pinned certificate is replaced by agreement with partners, not by the calendar. Ours."""
LOCAL = ("localhost", "127.0.0.1", "::1")


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificate:
    """Where certificate and key lie, and what partners pin."""

    certificate: Path
    key: Path
    pin: str
    """SHA-256 of the public key (SubjectPublicKeyInfo), hex. Source: RFC 7858, section 4.2, and RFC 7469."""
    ends_at: datetime


def ensure_certificate(folder: Path, *, name: str, hosts: Sequence[str], now: datetime) -> Certificate:
    """Return the certificate in *folder*, making it first if there is none. The key file is 0600.

    Raises:
        KeysError: if the files are there but cannot be read, or do not belong together.
    """
    if not (folder / CERTIFICATE).exists() and not (folder / KEY).exists():
        _make(folder, name=name, hosts=hosts, now=now)
    return read_certificate(folder / CERTIFICATE, folder / KEY)


def read_certificate(certificate: Path, key: Path) -> Certificate:
    """Read a certificate and its key.

    Raises:
        KeysError: if they cannot be read, do not belong together, or others may read the key.
    """
    from cryptography import x509  # noqa: PLC0415 -- 60 ms that most commands never need
    from cryptography.hazmat.primitives import serialization  # noqa: PLC0415 -- as above
    from cryptography.hazmat.primitives.hashes import SHA256, Hash  # noqa: PLC0415 -- as above

    folder = str(certificate.parent)
    try:
        found = x509.load_pem_x509_certificate(certificate.read_bytes())
        private = serialization.load_pem_private_key(key.read_bytes(), password=None)
        mode = key.stat().st_mode & 0o077
    except (OSError, ValueError, TypeError) as error:
        raise KeysError(folder=folder, why=f"{certificate.name} and {key.name}: {error}") from error
    form = (serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    public = found.public_key().public_bytes(*form)
    if private.public_key().public_bytes(*form) != public:
        raise KeysError(folder=folder, why=f"{key.name} is not the key of {certificate.name}")
    if mode:
        raise KeysError(folder=folder, why=f"others may read {key.name}; run chmod 600 on it")
    digest = Hash(SHA256())
    digest.update(public)
    return Certificate(
        certificate=certificate, key=key, pin=digest.finalize().hex(), ends_at=found.not_valid_after_utc
    )


def _make(folder: Path, *, name: str, hosts: Sequence[str], now: datetime) -> None:
    from cryptography import x509  # noqa: PLC0415 -- as above
    from cryptography.hazmat.primitives import hashes, serialization  # noqa: PLC0415 -- as above
    from cryptography.hazmat.primitives.asymmetric import ec  # noqa: PLC0415 -- as above
    from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID  # noqa: PLC0415 -- as above

    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name[:64])])
    begin = now.astimezone(UTC) - timedelta(hours=1)
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(begin)
        .not_valid_after(begin + LIFE)
        .add_extension(x509.SubjectAlternativeName([_alternative(host) for host in _names(hosts)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(
            x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH]), critical=False
        )
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    _write(folder / KEY, private)
    _write(folder / CERTIFICATE, made.public_bytes(serialization.Encoding.PEM))


def _names(hosts: Sequence[str]) -> list[str]:
    return list(dict.fromkeys([*hosts, *LOCAL]))


def _alternative(host: str) -> GeneralName:
    from cryptography import x509  # noqa: PLC0415 -- as above

    try:
        return x509.IPAddress(ipaddress.ip_address(host.strip("[]")))
    except ValueError:
        return x509.DNSName(host)


def _write(path: Path, data: bytes) -> None:
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        os.write(handle, data)
        os.fsync(handle)
    finally:
        os.close(handle)
