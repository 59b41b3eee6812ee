"""The node's key and the ring of record keys: guarded three ways, and truly forgotten."""

from __future__ import annotations

import json
import os
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from ayni.errors import KeysError, SettingsError
from ayni.node.key_ring import SLOT, KeyRing, slot_name
from ayni.node.keys import create_keys, fingerprint, open_keys, protect_keys
from ayni.node.settings import KeySettings, Protection, Settings
from ayni.node.settings_file import parse_settings
from tests.node.stores import SETTINGS

SOFTHSM = Path("/usr/lib/softhsm/libsofthsm2.so")
PLAIN = parse_settings(SETTINGS, file="x")


def guarded(protection: Protection, **keys: str) -> Settings:
    """Return settings with another protection."""
    return replace(PLAIN, keys=KeySettings(protection=protection, **keys))


def test_a_key_file_is_private_and_opens_again(tmp_path: Path) -> None:
    """0600 in a folder 0700, the same keys each time."""
    made = create_keys(tmp_path, PLAIN)
    path = tmp_path / "keys" / "node.key"
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700
    assert open_keys(tmp_path, PLAIN) == made
    assert len({made.root, made.wrapping, made.tokens, made.history}) == 4


def test_keys_do_not_show_in_a_traceback(tmp_path: Path) -> None:
    """A log is no place for them."""
    made = create_keys(tmp_path, PLAIN)
    assert made.root.hex() not in repr(made)
    assert repr(made.root) not in repr(made)


def test_a_key_is_never_overwritten(tmp_path: Path) -> None:
    """The one mistake that loses everything."""
    made = create_keys(tmp_path, PLAIN)
    with pytest.raises(KeysError, match="never overwritten"):
        create_keys(tmp_path, PLAIN)
    assert open_keys(tmp_path, PLAIN) == made


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda path: path.unlink(), "is missing"),
        (lambda path: path.chmod(0o640), "chmod 600"),
        (lambda path: path.write_text("{"), "damaged"),
        (lambda path: path.write_text("[]"), "not of format"),
        (lambda path: path.write_text(path.read_text().replace("ec-test", "pe-test")), "belongs to node pe-test"),
        (lambda path: path.write_text(json.dumps(json.loads(path.read_text()) | {"root": "00" * 32})), "own check"),
        (lambda path: path.write_text(json.dumps(json.loads(path.read_text()) | {"root": "zz"})), "damaged"),
    ],
)
def test_an_unusable_key_file_says_why(tmp_path: Path, spoil: object, said: str) -> None:
    """And what to do: restore it from its own backup."""
    create_keys(tmp_path, PLAIN)
    spoil(tmp_path / "keys" / "node.key")  # type: ignore[operator]  # one of the callables above
    with pytest.raises(KeysError, match=said) as caught:
        open_keys(tmp_path, PLAIN)
    assert "backup" in str(caught.value)


def test_a_passphrase_guards_the_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The file alone opens nothing; a wrong passphrase is told from a damaged file."""
    chosen = guarded(Protection.PASSPHRASE, passphrase_env="TEST_PASSPHRASE")
    monkeypatch.setenv("TEST_PASSPHRASE", "cinco gaviotas sobre el muelle")
    made = create_keys(tmp_path, chosen)
    assert made.root.hex() not in (tmp_path / "keys" / "node.key").read_text()
    assert open_keys(tmp_path, chosen) == made
    monkeypatch.setenv("TEST_PASSPHRASE", "cuatro gaviotas")
    with pytest.raises(KeysError, match="passphrase does not open"):
        open_keys(tmp_path, chosen)
    monkeypatch.delenv("TEST_PASSPHRASE")
    with pytest.raises(SettingsError, match="TEST_PASSPHRASE is not set"):
        open_keys(tmp_path, chosen)
    with pytest.raises(KeysError, match="guarded by passphrase, but settings"):
        open_keys(tmp_path, PLAIN)


@pytest.fixture
def token(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """A software token of Debian's softhsm2, empty but for its PIN."""
    if not SOFTHSM.exists():
        pytest.fail("the PKCS#11 test needs Debian's package softhsm2: apt-get install softhsm2")
    (tmp_path / "tokens").mkdir()
    (tmp_path / "softhsm2.conf").write_text(f"directories.tokendir = {tmp_path / 'tokens'}\n")
    monkeypatch.setenv("SOFTHSM2_CONF", str(tmp_path / "softhsm2.conf"))
    monkeypatch.setenv("TEST_PIN", "271828")
    subprocess.run(
        ["softhsm2-util", "--init-token", "--free", "--label", "ayni-test", "--so-pin", "314159", "--pin", "271828"],
        check=True,
        capture_output=True,
    )
    return guarded(Protection.PKCS11, module=str(SOFTHSM), token="ayni-test", pin_env="TEST_PIN")


def test_a_token_guards_the_key(tmp_path: Path, token: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """Made on the token, sealed by it, opened by it; not without it, nor with a wrong PIN.

    SoftHSM reads its configuration once per process, so all of it is one test.
    """
    made = create_keys(tmp_path, token)
    assert made.root.hex() not in (tmp_path / "keys" / "node.key").read_text()
    assert open_keys(tmp_path, token) == made
    protect_keys(tmp_path, now=token, then=PLAIN)
    assert open_keys(tmp_path, PLAIN) == made
    protect_keys(tmp_path, now=PLAIN, then=token)
    assert open_keys(tmp_path, token) == made
    with pytest.raises(KeysError, match="refused"):
        open_keys(tmp_path, replace(token, keys=replace(token.keys, token="another")))
    with pytest.raises(KeysError, match="no key lost"):
        open_keys(tmp_path, replace(token, keys=replace(token.keys, label="lost")))
    monkeypatch.setenv("TEST_PIN", "000000")
    with pytest.raises(KeysError, match="refused"):
        open_keys(tmp_path, token)
    with pytest.raises(KeysError, match="refused"):
        open_keys(tmp_path, replace(token, keys=replace(token.keys, module=str(tmp_path / "no.so"))))


def test_a_fingerprint_names_a_node_without_its_key(tmp_path: Path) -> None:
    """Two nodes differ, one is itself."""
    one = create_keys(tmp_path / "one", PLAIN)
    other = create_keys(tmp_path / "other", PLAIN)
    assert fingerprint(one) == fingerprint(open_keys(tmp_path / "one", PLAIN)) != fingerprint(other)


def test_a_destroyed_key_leaves_only_zeros(tmp_path: Path) -> None:
    """Its slot is overwritten in the file, and used again."""
    ring = KeyRing(tmp_path / "ring", bytes(32))
    ring.add({"a": b"a" * 32, "b": b"b" * 32, "c": b"c" * 32})
    before = (tmp_path / "ring").read_bytes()
    ring.destroy(["b"])
    after = (tmp_path / "ring").read_bytes()
    assert after[SLOT : 2 * SLOT] == bytes(SLOT)
    assert before[:SLOT] == after[:SLOT]
    assert ring.get("b") is None
    assert (ring.get("a"), ring.get("c")) == (b"a" * 32, b"c" * 32)
    ring.add({"d": b"d" * 32})
    assert len((tmp_path / "ring").read_bytes()) == 3 * SLOT
    ring.close()
    again = KeyRing(tmp_path / "ring", bytes(32))
    assert (again.get("a"), again.get("b"), again.get("d")) == (b"a" * 32, None, b"d" * 32)
    again.close()


def test_a_torn_slot_is_no_key(tmp_path: Path) -> None:
    """Power fails while the last slot is written: what was confirmed before is whole."""
    ring = KeyRing(tmp_path / "ring", bytes(32))
    ring.add({"a": b"a" * 32, "b": b"b" * 32})
    ring.close()
    for cut in (1, SLOT // 2, SLOT - 1):
        with (tmp_path / "ring").open("r+b") as file:
            file.truncate(2 * SLOT - cut)
        ring = KeyRing(tmp_path / "ring", bytes(32))
        assert ring.get("a") == b"a" * 32
        assert ring.get("b") is None
        ring.add({"b": b"c" * 32})
        assert ring.get("b") == b"c" * 32
        ring.close()


def test_a_ring_of_another_node_does_not_open(tmp_path: Path) -> None:
    """It says so instead of returning noise."""
    ring = KeyRing(tmp_path / "ring", bytes(32))
    ring.add({"a": b"a" * 32})
    ring.close()
    other = KeyRing(tmp_path / "ring", b"x" * 32)
    with pytest.raises(KeysError, match="another node"):
        other.get("a")
    other.close()


def test_the_sweeper_spares_the_young_and_the_living(tmp_path: Path) -> None:
    """A key whose record is about to commit is left alone."""
    ring = KeyRing(tmp_path / "ring", bytes(32))
    ring.add({"living": os.urandom(32), "orphan": os.urandom(32)})
    assert ring.sweep(lambda: ["living"], older_than_s=3600) == 0
    assert ring.sweep(lambda: ["living"], older_than_s=-1) == 1
    assert "living" in ring
    assert "orphan" not in ring
    ring.close()


NAMES = st.sampled_from([f"r{n}" for n in range(12)])


class TwoProcesses(RuleBasedStateMachine):
    """Two open rings on one file, as a server and a command have, against a plain dictionary."""

    def __init__(self) -> None:
        super().__init__()
        self.path = Path(f"/dev/shm/ayni-ring-{os.getpid()}-{id(self)}")  # noqa: S108 -- removed at teardown
        self.rings = [KeyRing(self.path, bytes(32)), KeyRing(self.path, bytes(32))]
        self.model: dict[str, bytes] = {}

    @rule(which=st.integers(0, 1), names=st.sets(NAMES, max_size=4), fill=st.binary(min_size=32, max_size=32))
    def add(self, which: int, names: set[str], fill: bytes) -> None:
        """Add keys through either."""
        self.rings[which].add(dict.fromkeys(names, fill))
        self.model.update(dict.fromkeys(names, fill))

    @rule(which=st.integers(0, 1), names=st.sets(NAMES, max_size=4))
    def destroy(self, which: int, names: set[str]) -> None:
        """Destroy keys through either."""
        self.rings[which].destroy(names)
        for name in names:
            self.model.pop(name, None)

    @rule(which=st.integers(0, 1))
    def reopen(self, which: int) -> None:
        """Start one anew."""
        self.rings[which].close()
        self.rings[which] = KeyRing(self.path, bytes(32))

    @invariant()
    def both_agree_with_the_dictionary(self) -> None:
        """Whoever asks."""
        for ring in self.rings:
            assert {name: ring.get(name) for name in self.model} == self.model
            assert all(ring.get(f"r{n}") is None for n in range(12) if f"r{n}" not in self.model)
        assert sum(1 for name in map(slot_name, self.model) if name in self.path.read_bytes()) == len(self.model)

    def teardown(self) -> None:
        """Remove the file."""
        for ring in self.rings:
            ring.close()
        self.path.unlink()


TestTwoProcesses = TwoProcesses.TestCase
TestTwoProcesses.settings = settings(max_examples=30, stateful_step_count=20, deadline=None)


@given(st.text(min_size=1), st.text(min_size=1))
@settings(deadline=None)
def test_tokens_tell_identifiers_apart_and_nothing_else(one: str, other: str) -> None:
    """Equal exactly when the identifiers are; never under another node's key."""
    from ayni.node.keys import NodeKeys

    here, there = NodeKeys.of(bytes(32)), NodeKeys.of(b"x" * 32)
    assert (here.token(one) == here.token(other)) is (one == other)
    assert here.token(one) != there.token(one)
