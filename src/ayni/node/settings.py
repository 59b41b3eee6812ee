"""What an institution decides about its node: the file `settings.toml` in the node's folder.

The file is read once, strictly (see `strict_toml`): an unknown key, a wrong type or
a value out of range is an error that names the line. Secrets never stand in it;
it names the environment variable or the file that holds them. Every key is
described in `docs/reference/settings.md`, which is made from this module.
"""

# ruff: noqa: RUF009 -- `key` is `dataclasses.field` with a description; it is called once per class on purpose

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from ayni.errors import SettingsError
from ayni.model.checks import require
from ayni.model.handling import TLP, Purpose
from ayni.node.strict_toml import key, read_toml

FILE_NAME = "settings.toml"
LANGUAGES = ("es", "pt", "en", "fr")
"""Languages every phrase is written in."""

COUNTRIES = frozenset(
    """AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BV BW BY
    BZ CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK FM
    FO FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT
    JE JM JO JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN
    MO MP MQ MR MS MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT
    PW PY QA RE RO RS RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL
    TM TN TO TR TT TV TW TZ UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS YE YT ZA ZM ZW""".split()  # noqa: SIM905 -- 249 quoted codes would hide the list
)
"""Country codes. Source: ISO 3166-1 alpha-2, the 249 officially assigned codes."""

_ID = re.compile(r"^[a-z][a-z0-9-]{1,62}[a-z0-9]$")
_LISTEN = re.compile(r"^(\[[0-9a-fA-F:]+\]|[^:\s]+):(\d{1,5})$")
_ENV = re.compile(r"^[A-Z][A-Z0-9_]*$")
MAX_PORT = 65535
MAX_DAYS = 36_525
"""A hundred years."""
DAY_S = 86_400


class Engine(StrEnum):
    """Where records are kept."""

    SQLITE = "sqlite"
    POSTGRESQL = "postgresql"


class Protection(StrEnum):
    """What guards the node's key at rest."""

    FILE = "file"
    PASSPHRASE = "passphrase"  # noqa: S105 -- the name of a kind of protection
    PKCS11 = "pkcs11"


class FeedKind(StrEnum):
    """How a feed reaches the node."""

    UDP = "udp"
    TCP = "tcp"
    SERIAL = "serial"
    FOLDER = "folder"


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeSettings:
    """Who this institution is, to its officers and to its partners."""

    id: str = key(
        "Short name that partners know the node by: lower-case letters, digits and hyphens. It never changes."
    )
    name: str = key("Full name of the institution, as people read it.")
    country: str = key("Country of the institution, ISO 3166-1 alpha-2, e.g. `EC`.")
    languages: tuple[str, ...] = key(
        "Languages of the console in order of preference: `es`, `pt`, `en`, `fr`.", default=("es", "en")
    )
    viewpoint: str = key(
        "Country whose official view of borders the map shows; empty draws disputed borders as disputed.", default=""
    )
    desks: tuple[str, ...] = key(
        "Desks this node runs, e.g. `maritime`; see `ayni desk list`.", default=("maritime",)
    )

    def __post_init__(self) -> None:
        require(
            bool(_ID.match(self.id)), "id", "3 to 64 lower-case letters, digits and hyphens, starting with a letter"
        )
        require(bool(self.name.strip()), "name", "the institution needs its name")
        require(
            self.country in COUNTRIES, "country", f"“{self.country}” is not an ISO 3166-1 alpha-2 code such as EC"
        )
        require(bool(self.languages), "languages", f"name at least one of {', '.join(LANGUAGES)}")
        for language in self.languages:
            require(language in LANGUAGES, "languages", f"“{language}” is not one of {', '.join(LANGUAGES)}")
        require(not self.viewpoint or self.viewpoint in COUNTRIES, "viewpoint", "an ISO 3166-1 alpha-2 code or empty")
        require(bool(self.desks), "desks", "a node runs at least one desk")
        require(len(set(self.desks)) == len(self.desks), "desks", "a desk is named twice")


@dataclass(frozen=True, slots=True, kw_only=True)
class StorageSettings:
    """Where records are kept. SQLite needs nothing else; PostgreSQL is for large institutions."""

    engine: Engine = key("`sqlite` (a file in the node's folder) or `postgresql`.", default=Engine.SQLITE)
    url_env: str = key("Environment variable with the PostgreSQL address `postgresql://user@host/name`.", default="")
    url_file: str = key("File (0600) whose first line is the PostgreSQL address.", default="")

    def __post_init__(self) -> None:
        named = bool(self.url_env) + bool(self.url_file)
        require(
            self.engine is not Engine.SQLITE or named == 0, "engine", "sqlite has no address: remove url_env/url_file"
        )
        require(
            self.engine is not Engine.POSTGRESQL or named == 1,
            "engine",
            "postgresql needs either url_env or url_file, so that no password stands in this file",
        )
        require(not self.url_env or bool(_ENV.match(self.url_env)), "url_env", "the name of an environment variable")


@dataclass(frozen=True, slots=True, kw_only=True)
class RetentionSettings:
    """How long things are kept when nothing stricter applies. A record's own `keep_until` is set from here."""

    records_days: int = key("Days a record is kept from its making.", default=365)
    observations_days: int = key("Days raw observations are kept.", default=90)
    sources: Mapping[str, int] = key("Days per source, by feed or table name, e.g. `ais_coast = 30`.", factory=dict)

    def __post_init__(self) -> None:
        require(1 <= self.records_days <= MAX_DAYS, "records_days", f"from 1 to {MAX_DAYS} days")
        require(1 <= self.observations_days <= MAX_DAYS, "observations_days", f"from 1 to {MAX_DAYS} days")
        for source, days in self.sources.items():
            require(1 <= days <= MAX_DAYS, f"sources.{source}", f"from 1 to {MAX_DAYS} days")


@dataclass(frozen=True, slots=True, kw_only=True)
class KeySettings:
    """What guards the node's key at rest; `docs/explanation/threat-model.md` says what each resists."""

    protection: Protection = key("`file` (0600), `passphrase` or `pkcs11` (a token).", default=Protection.FILE)
    passphrase_env: str = key("Environment variable with the passphrase.", default="")
    passphrase_file: str = key("File whose first line is the passphrase, e.g. a systemd credential.", default="")
    module: str = key("PKCS#11 library of the token, e.g. `/usr/lib/softhsm/libsofthsm2.so`.", default="")
    token: str = key("Label of the PKCS#11 token.", default="")
    label: str = key("Label of the AES key on the token.", default="ayni-node")
    pin_env: str = key("Environment variable with the PIN of the token.", default="")
    pin_file: str = key("File whose first line is the PIN of the token.", default="")

    def __post_init__(self) -> None:
        if self.protection is Protection.PASSPHRASE:
            one = bool(self.passphrase_env) != bool(self.passphrase_file)
            require(one, "protection", "a passphrase needs either passphrase_env or passphrase_file")
        if self.protection is Protection.PKCS11:
            require(bool(self.module), "module", "pkcs11 needs the library of the token")
            require(bool(self.token), "token", "pkcs11 needs the label of the token")
            require(
                bool(self.pin_env) != bool(self.pin_file), "protection", "pkcs11 needs either pin_env or pin_file"
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class ServeSettings:
    """Where people and partners reach the node."""

    listen: str = key(
        "Address and port to listen on; anything but loopback needs a certificate.", default="127.0.0.1:8743"
    )
    hosts: tuple[str, ...] = key("Names under which the console is reached, besides loopback.", default=())
    tls_certificate: str = key("PEM file with the certificate chain.", default="")
    tls_key: str = key("PEM file with its private key (0600).", default="")

    def __post_init__(self) -> None:
        found = _LISTEN.match(self.listen)
        require(found is not None, "listen", "write it as address:port, e.g. 127.0.0.1:8743")
        require(found is None or int(found.group(2)) <= MAX_PORT, "listen", f"a port is at most {MAX_PORT}")
        require(
            bool(self.tls_certificate) == bool(self.tls_key), "tls_certificate", "certificate and key go together"
        )

    @property
    def host(self) -> str:
        """Address to bind, without brackets."""
        return self.listen.rpartition(":")[0].strip("[]")

    @property
    def port(self) -> int:
        """Port to bind; 0 lets the system choose."""
        return int(self.listen.rpartition(":")[2])

    @property
    def loopback(self) -> bool:
        """True when only this machine can reach it."""
        return self.host in {"localhost", "::1"} or self.host.startswith("127.")


@dataclass(frozen=True, slots=True, kw_only=True)
class ExchangeSettings:
    """How much each partner may send, so that none floods the others out; and whether this node fetches."""

    envelopes_per_minute: int = key("Envelopes taken from one partner in a minute.", default=60_000)
    bytes_per_hour: int = key("Bytes taken from one partner in an hour, attachments included.", default=16 << 30)
    fetch_every_s: int = key(
        "Seconds between asking each partner what waits there, for a node that partners cannot reach; 0 never asks.",
        default=0,
    )

    def __post_init__(self) -> None:
        require(self.envelopes_per_minute >= 1, "envelopes_per_minute", "at least 1")
        require(self.bytes_per_hour >= 1 << 20, "bytes_per_hour", "at least 1048576: one envelope must pass")
        require(0 <= self.fetch_every_s <= DAY_S, "fetch_every_s", f"0 to {DAY_S}")


@dataclass(frozen=True, slots=True, kw_only=True)
class OidcSettings:
    """A sign-in service of the institution (OpenID Connect)."""

    id: str = key("Short name, part of the return address: lower-case letters, digits and hyphens.")
    name: str = key("What the button says.")
    issuer: str = key("Issuer address; must be https, except on loopback.")
    client_id: str = key("Client id the service gave this node.")
    secret_env: str = key("Environment variable with the client secret.", default="")
    secret_file: str = key("File whose first line is the client secret.", default="")

    def __post_init__(self) -> None:
        require(bool(_ID.match(self.id)), "id", "3 to 64 lower-case letters, digits and hyphens")
        local = self.issuer.startswith(("http://127.0.0.1", "http://localhost", "http://[::1]"))
        require(self.issuer.startswith("https://") or local, "issuer", "must begin with https://")
        require(bool(self.client_id), "client_id", "must not be empty")
        require(
            bool(self.secret_env) != bool(self.secret_file), "secret_env", "name either secret_env or secret_file"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedSettings:
    """One feed that `ayni node serve` reads and supervises."""

    name: str = key("Name of the feed; also the source that retention and health speak of.")
    desk: str = key("Desk that reads it.")
    kind: FeedKind = key("`udp`, `tcp`, `serial` or `folder`.")
    layout: str = key("Named layout of what arrives, e.g. `nmea/1`; empty lets the desk recognise it.", default="")
    address: str = key("`host:port` to bind (udp) or to connect to (tcp).", default="")
    device: str = key("Serial device, e.g. `/dev/ttyUSB0`.", default="")
    baud: int = key("Serial speed in bit/s.", default=38400)
    path: str = key("Folder to watch; relative to the node's folder unless absolute.", default="")
    pattern: str = key("Files of the folder to read, e.g. `*.csv`.", default="*")
    receiver: str = key("Name of the receiving station, shown in evidence.", default="")
    clock_offset_s: int = key("Seconds to add to the times of this source.", default=0)
    purpose: Purpose = key(
        "Purpose that its signals are raised for; they are used and shared for no other.",
        default=Purpose.LAW_MONITORING,
    )
    legal_basis: str = key("Legal basis of that purpose; empty means the one that the desk states.", default="")
    tlp: TLP = key("Who may see its signals, by the Traffic Light Protocol 2.0.", default=TLP.AMBER_STRICT)

    def __post_init__(self) -> None:
        require(bool(_ID.match(self.name.replace("_", "-"))), "name", "3 to 64 lower-case letters, digits, - and _")
        require(bool(self.desk), "desk", "must not be empty")
        networked = self.kind in {FeedKind.UDP, FeedKind.TCP}
        require(not networked or bool(_LISTEN.match(self.address)), "address", f"{self.kind} needs host:port")
        require(self.kind is not FeedKind.SERIAL or bool(self.device), "device", "serial needs its device")
        require(self.kind is not FeedKind.FOLDER or bool(self.path), "path", "folder needs its path")
        require(self.baud > 0, "baud", "more than 0")


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The whole of `settings.toml`."""

    node: NodeSettings = key("Who this institution is.")
    storage: StorageSettings = key("Where records are kept.", factory=StorageSettings)
    retention: RetentionSettings = key("How long things are kept.", factory=RetentionSettings)
    keys: KeySettings = key("What guards the node's key.", factory=KeySettings)
    serve: ServeSettings = key("Where people and partners reach the node.", factory=ServeSettings)
    exchange: ExchangeSettings = key(
        "How much each partner may send, and whether to fetch.", factory=ExchangeSettings
    )
    oidc: tuple[OidcSettings, ...] = key("Sign-in services.", default=())
    feeds: tuple[FeedSettings, ...] = key("Feeds.", default=())

    def __post_init__(self) -> None:
        names = [feed.name for feed in self.feeds]
        require(len(set(names)) == len(names), "feeds", "two feeds have the same name")
        for number, feed in enumerate(self.feeds):
            run = feed.desk in self.node.desks
            require(run, f"feeds.{number}.desk", f"desk {feed.desk} is not among those this node runs")


def read_settings(folder: Path) -> Settings:
    """Read the settings of the node at *folder*.

    Raises:
        SettingsError: naming file, line and key.
    """
    return read_toml(folder / FILE_NAME, Settings)


def read_secret(*, env: str, file: str, folder: Path, what: str) -> str:
    """Return a secret that settings name by environment variable or by file.

    Raises:
        SettingsError: if the variable is not set, or the file is missing, empty or open to others.
    """
    if env:
        value = os.environ.get(env, "")
        if not value:
            raise SettingsError(
                file=str(folder / FILE_NAME), why=f"{what}: the environment variable {env} is not set"
            )
        return value
    path = folder / file
    try:
        if path.stat().st_mode & 0o077:
            raise SettingsError(file=str(path), why=f"{what}: others may read this file; run chmod 600 on it")
        value = path.read_text(encoding="utf-8").partition("\n")[0].strip()
    except OSError as error:
        raise SettingsError(file=str(path), why=f"{what}: {error.strerror}") from error
    if not value:
        raise SettingsError(file=str(path), why=f"{what}: the file is empty")
    return value
