"""Settings are obeyed to the letter, or refused with the line that is wrong."""

from __future__ import annotations

import dataclasses
import subprocess
import sys
from pathlib import Path

import pytest
from babel import Locale
from hypothesis import given
from hypothesis import strategies as st

from ayni.errors import AyniError, InvalidValueError, SettingsError
from ayni.node.settings import COUNTRIES, FeedKind, Settings, read_secret, read_settings
from ayni.node.settings_file import node_id, parse_settings, settings_reference, settings_text

NODE = '[node]\nid = "ec-test"\nname = "Capitanía de prueba"\ncountry = "EC"\n'
PAGE = Path(__file__).parents[2] / "docs" / "reference" / "settings.md"


def test_the_page_describes_exactly_what_the_code_reads() -> None:
    """Every key, its type and its default; regenerate the page when this fails."""
    assert PAGE.read_text(encoding="utf-8") == settings_reference()


def test_every_key_says_what_it_means() -> None:
    """A key without a description cannot be obeyed."""
    for line in settings_reference().splitlines():
        if line.startswith("| `"):
            assert line.rstrip(" |").rsplit(" | ", 1)[1].endswith("."), line


def test_a_whole_file() -> None:
    """Everything an institution can decide."""
    settings = parse_settings(
        NODE
        + """
languages = ["es", "en"]
viewpoint = "EC"
[storage]
engine = "postgresql"
url_env = "AYNI_DATABASE"
[retention]
records_days = 1825
[retention.sources]
coast = 30
[keys]
protection = "passphrase"
passphrase_file = "/run/credentials/ayni/passphrase"
[serve]
listen = "[::]:443"
hosts = ["ayni.example.org"]
tls_certificate = "tls.pem"
tls_key = "tls.key"
[[oidc]]
id = "armada"
name = "Armada"
issuer = "https://id.example.org"
client_id = "ayni"
secret_env = "OIDC_SECRET"
[[feeds]]
name = "coast"
desk = "maritime"
kind = "tcp"
address = "10.0.0.7:4001"
clock_offset_s = -2
""",
        file="settings.toml",
    )
    assert settings.serve.host == "::"
    assert settings.serve.port == 443
    assert not settings.serve.loopback
    assert settings.retention.sources == {"coast": 30}
    assert settings.feeds[0].kind is FeedKind.TCP


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        (NODE + "[serve]\nlisen = '127.0.0.1:1'\n", 6, "lisen is not a key of [serve]; did you mean listen?"),
        (NODE + "[server]\n", 5, "server is not a key of this file; did you mean serve?"),
        ('[node]\nname = "X"\ncountry = "EC"\n', 1, "node.id is missing"),
        (NODE.replace('"EC"', '"XX"'), 4, "not an ISO 3166-1"),
        (NODE.replace('"EC"', "593"), 4, "node.country is text in quotes, not 593"),
        (NODE + '[retention]\n\n# years\nrecords_days = "long"\n', 8, "a whole number, not 'long'"),
        (NODE + "[retention]\nrecords_days = true\n", 6, "a whole number, not True"),
        (NODE + "[retention]\nrecords_days = 0\n", 6, "from 1 to"),
        (NODE + "[retention.sources]\ncoast = -1\n", 6, "from 1 to"),
        (NODE + '[storage]\nengine = "oracle"\n', 6, "is not one of sqlite, postgresql"),
        (NODE + '[storage]\nengine = "postgresql"\n', 6, "either url_env or url_file"),
        (NODE + '[keys]\nprotection = "passphrase"\n', 6, "either passphrase_env or passphrase_file"),
        (NODE + 'desks = "maritime"\n', 5, "is a list"),
        (NODE + 'languages = ["es", "qu"]\n', 5, "“qu” is not one of"),
        (NODE + '[serve]\nlisten = "8743"\n', 6, "address:port"),
        (NODE + '[serve]\nlisten = "0.0.0.0:70000"\n', 6, "a port is at most"),
        (NODE + '[serve]\ntls_key = "x"\n', 5, "go together"),
        (
            NODE + '[[feeds]]\nname = "one"\ndesk = "maritime"\nkind = "serial"\ndevice = "/dev/x"\n'
            '[[feeds]]\nname = "two"\ndesk = "maritime"\nkind = "udp"\nadress = "h:1"\n',
            14,
            "adress is not a key of [feeds.2]; did you mean address?",
        ),
        (
            NODE + '[[feeds]]\nname = "one"\ndesk = "air"\nkind = "serial"\ndevice = "d"\n',
            7,
            "feeds.1.desk: desk air is not among",
        ),
        ("[node\n", 0, "not valid TOML"),
        (
            NODE
            + '[[oidc]]\nid = "abc"\nname = "A"\nissuer = "http://id.example.org"\nclient_id = "c"\nsecret_env="S"\n',
            8,
            "must begin with https://",
        ),
    ],
)
def test_a_mistake_is_named_with_its_line(text: str, line: int, said: str) -> None:
    """File, line, key, and what to do."""
    with pytest.raises(SettingsError) as caught:
        parse_settings(text, file="settings.toml")
    assert said in str(caught.value)
    assert caught.value.facts.get("line", 0) == line
    assert "docs/reference/settings.md" in str(caught.value)


@given(st.text())
def test_any_text_is_settings_or_a_settings_error(text: str) -> None:
    """Nothing else comes out, whatever goes in."""
    try:
        parse_settings(text, file="x")
    except SettingsError:
        return
    raise AssertionError(text)


@given(st.text(min_size=1).filter(lambda text: bool(text.strip())))
def test_any_name_survives_the_file(name: str) -> None:
    """Quotes, backslashes, control characters, any script."""
    read = parse_settings(settings_text(name=name, country="EC", id="ec-node"), file="x")
    assert read.node.name == name


def test_a_short_name_is_made_of_country_and_name() -> None:
    """Accents folded, words joined."""
    assert node_id("Armada del Ecuador — Dirección Nº 1", "EC") == "ec-armada-del-ecuador-direccion-no-1"


def test_country_codes_are_those_of_the_standard() -> None:
    """249 codes, every one known to CLDR too."""
    assert len(COUNTRIES) == 249
    assert set(Locale("en").territories) >= COUNTRIES


def test_a_missing_file_says_so(tmp_path: Path) -> None:
    """No traceback, a sentence."""
    with pytest.raises(SettingsError, match="No such file"):
        read_settings(tmp_path)


def test_a_file_that_is_not_text_says_so(tmp_path: Path) -> None:
    """A settings file saved in another encoding."""
    (tmp_path / "settings.toml").write_bytes(NODE.encode("latin-1"))
    with pytest.raises(SettingsError, match="not UTF-8"):
        read_settings(tmp_path)


def test_secrets_come_from_the_environment_or_a_private_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Anything else is refused with the reason."""
    monkeypatch.setenv("GIVEN", "s3cret")
    assert read_secret(env="GIVEN", file="", folder=tmp_path, what="x") == "s3cret"
    with pytest.raises(SettingsError, match="ABSENT is not set"):
        read_secret(env="ABSENT", file="", folder=tmp_path, what="x")
    path = tmp_path / "secret"
    path.write_text("line one\nline two\n")
    path.chmod(0o644)
    with pytest.raises(SettingsError, match="chmod 600"):
        read_secret(env="", file="secret", folder=tmp_path, what="x")
    path.chmod(0o600)
    assert read_secret(env="", file="secret", folder=tmp_path, what="x") == "line one"
    path.write_text("\n")
    with pytest.raises(SettingsError, match="empty"):
        read_secret(env="", file="secret", folder=tmp_path, what="x")


def test_settings_are_frozen() -> None:
    """What was read is what holds until the next start."""
    settings = parse_settings(NODE, file="x")
    with pytest.raises(dataclasses.FrozenInstanceError):
        settings.node.name = "other"  # type: ignore[misc]
    with pytest.raises(InvalidValueError):
        dataclasses.replace(settings.node, country="??")
    assert isinstance(settings, Settings)
    assert issubclass(SettingsError, AyniError)


def test_reading_settings_imports_neither_django_nor_cryptography() -> None:
    """Half of the commands read settings and nothing else."""
    code = (
        "import sys, ayni.node.settings;"
        "heavy = {'django', 'cryptography', 'polars', 'duckdb', 'followthemoney'} & set(sys.modules);"
        "assert not heavy, heavy"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
