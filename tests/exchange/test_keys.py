"""Keys: made from seeds, kept sealed, announced in windows, opened by others' tools."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hpke
from hypothesis import given, settings
from hypothesis import strategies as st

from ayni.errors import InvalidValueError, KeysError, UnreadableError
from ayni.exchange import bech32
from ayni.exchange.keys import (
    Identity,
    KeyRing,
    SealingKey,
    SealingSecret,
    Use,
    recipient_bytes,
    recipient_of,
    seed_of,
)
from ayni.ledger.checkpoint import Checkpoint, SignedCheckpoint
from ayni.ledger.tree import EMPTY_ROOT
from tests.shared_data import shared_data, vectors

NOW = datetime(2027, 1, 1, tzinfo=UTC)
NODE = "armada.ec.example"
SUITE = hpke.Suite(hpke.KEM.MLKEM768_X25519, hpke.KDF.HKDF_SHA256, hpke.AEAD.CHACHA20_POLY1305)
INFO = b"age-encryption.org/mlkem768x25519"
SPECIFIED_IDENTITY = "AGE-SECRET-KEY-PQ-1XX76JRALNLXDMEW0CRK45QMCCH4X06SE84UN3VPM33W6HWDX0H3SK3ZQFR"
SPECIFIED_RECIPIENT = (
    "age1pq1x34nzsvr0rxjsgdn8zgyhfe8j7ceq5r9rdelkjuh3y235jzxshfg87pzf5zrqtzdxz95paef6caq5aapdmwjjqpjfdyxnzr2z"
)
"""Source: C2SP age, example of the recipient type `mlkem768x25519`; the recipient's beginning."""


def seeded(node: str = NODE, epoch: int = 0) -> Identity:
    """The same identity in every run."""
    return Identity.generate(node, epoch, _source(f"{node}/{epoch}"))


def _source(label: str):  # type: ignore[no-untyped-def] # noqa: ANN202
    count = iter(range(1000))
    return lambda size: hashlib.shake_256(f"{label} {next(count)}".encode()).digest(size)


class Box:
    """A keeper that can be wrong: XOR with a keyed stream and a keyed check, enough to notice context and change."""

    def __init__(self, key: bytes) -> None:
        self.key = key

    def seal(self, secret: bytes, context: str) -> bytes:
        """Seal."""
        body = self._mix(secret, context)
        return hashlib.sha256(self.key + context.encode() + body).digest() + body

    def open(self, sealed: bytes, context: str) -> bytes:
        """Open, or refuse."""
        if hashlib.sha256(self.key + context.encode() + sealed[32:]).digest() != sealed[:32]:
            raise KeysError(folder="test", why="it was changed or is of another node")
        return self._mix(sealed[32:], context)

    def _mix(self, data: bytes, context: str) -> bytes:
        stream = hashlib.shake_256(self.key + context.encode()).digest(len(data))
        return bytes(one ^ two for one, two in zip(data, stream, strict=True))


@given(st.binary(max_size=200))
def test_bech32_comes_back(data: bytes) -> None:
    """In both cases, and never in a mixture."""
    text = bech32.encode("age1pq", data)
    assert bech32.decode(text, "age1pq") == data
    assert bech32.decode(text.upper(), "age1pq") == data
    with pytest.raises(UnreadableError, match="mixes"):
        bech32.decode(text[:-1].upper() + text[-1] + "q", "age1pq")
    with pytest.raises(UnreadableError, match="begin with"):
        bech32.decode(text, "age")


@given(st.binary(min_size=1, max_size=60), st.data())
def test_a_wrong_character_in_bech32_is_noticed(data: bytes, chosen: st.DataObject) -> None:
    """Any one of them; four are promised."""
    text = bech32.encode("x", data)
    places = st.integers(min_value=2, max_value=len(text) - 1)
    changed = list(text)
    for place in chosen.draw(st.sets(places, min_size=1, max_size=4)):
        changed[place] = chosen.draw(st.sampled_from([one for one in bech32.ALPHABET if one != text[place]]))
    with pytest.raises(UnreadableError):
        bech32.decode("".join(changed), "x")


def test_bech32_vectors_of_the_standard() -> None:
    """Source: BIP 173, test vectors."""
    assert bech32.decode("A12UEL5L", "a") == b""
    assert bech32.decode("abcdef1qpzry9x8gf2tvdw0s3jn54khce6mua7lmqqqxw", "abcdef") == bytes.fromhex(
        "00443214c74254b635cf84653a56d7c675be77df"
    )
    for wrong in ("A1G7SGD8", "10a06t8", "1qzzfhee", "de1lg7wt\xff", "x1b4n0q5v", "li1dgmt3"):
        with pytest.raises(UnreadableError):
            bech32.decode(wrong, wrong.lower().rpartition("1")[0] or "a")


def test_the_recipient_of_the_specification() -> None:
    """The published identity gives the published recipient, and comes back as text."""
    seed = seed_of(SPECIFIED_IDENTITY)
    assert recipient_of(seed).startswith(SPECIFIED_RECIPIENT)
    key = SealingKey(recipient=recipient_of(seed), not_before=NOW, not_after=NOW + timedelta(days=1))
    assert SealingSecret(seed=seed, key=key).to_age() == SPECIFIED_IDENTITY


@pytest.mark.shared_data
@shared_data
def test_a_public_age_file_opens_with_our_key() -> None:
    """The stanza of a public post-quantum vector gives its published file key."""
    head = vectors("exchange", "age_vectors", "testdata", "hybrid").read_bytes().split(b"\n---")[0].decode("latin-1")
    facts = dict(line.split(": ", 1) for line in head.split("\n\n")[0].splitlines())
    lines = head.split("\n\n", 1)[1].splitlines()
    seed = seed_of(facts["identity"])
    key = SealingKey(recipient=recipient_of(seed), not_before=NOW, not_after=NOW + timedelta(days=1))
    enc, body = lines[1].split(" ")[2], "".join(lines[2:])
    sealed = base64.b64decode(enc + "==") + base64.b64decode(body + "==")
    opened = SUITE.decrypt(sealed, SealingSecret(seed=seed, key=key).private(), INFO)
    assert opened.hex() == facts["file key"]


def test_what_is_sealed_for_a_key_opens_with_its_secret() -> None:
    """And with no other."""
    one, two = SealingSecret.generate(NOW), SealingSecret.generate(NOW)
    sealed = SUITE.encrypt(b"a file key", one.key.public(), INFO)
    assert SUITE.decrypt(sealed, one.private(), INFO) == b"a file key"
    with pytest.raises(InvalidTag):
        SUITE.decrypt(sealed, two.private(), INFO)


def test_recipients_that_are_none_are_refused() -> None:
    """A classical recipient, a short one, an identity in its place."""
    for wrong in (bech32.encode("age", bytes(32)), bech32.encode("age1pq", bytes(32)), SPECIFIED_IDENTITY, ""):
        with pytest.raises(UnreadableError):
            recipient_bytes(wrong)
        with pytest.raises(UnreadableError):
            SealingKey(recipient=wrong, not_before=NOW, not_after=NOW + timedelta(days=1))
    with pytest.raises(UnreadableError):
        seed_of(bech32.encode("age-secret-key-pq-", bytes(31)))


def test_sealing_keys_have_windows() -> None:
    """90 days to seal, 30 more to open, then the secret goes."""
    ring = KeyRing.begin(NODE, NOW)
    key = ring.sealing[0].key
    assert key.open_at(NOW)
    assert not key.open_at(NOW - timedelta(seconds=1))
    assert not key.open_at(NOW + timedelta(days=90))
    assert ring.destroying(NOW + timedelta(days=120) - timedelta(seconds=1)).sealing == ring.sealing
    assert ring.destroying(NOW + timedelta(days=120)).sealing == ()
    with pytest.raises(InvalidValueError, match="90 days"):
        replace(key, not_after=NOW + timedelta(days=91))
    with pytest.raises(InvalidValueError):
        replace(key, not_after=NOW)


def test_an_identity_signs_checkpoints_as_log_and_as_witness() -> None:
    """With keys that share nothing."""
    identity = seeded()
    public = identity.public
    checkpoint = Checkpoint(origin=f"{NODE}/ledger", size=0, root=EMPTY_ROOT)
    lines = [signer.sign(checkpoint, 1) for signer in (*identity.log_signers(), *identity.witness_signers())]
    signed = SignedCheckpoint(checkpoint=checkpoint, signatures=tuple(lines))
    signed.require_signed([*public.log_keys(), *public.witness_keys()])
    assert {key.name for key in public.witness_keys()} == {f"{NODE}/witness"}
    assert len({public.raw(use) for use in Use}) == len(Use)


def test_identities_that_cannot_be_are_refused() -> None:
    """A key missing, short, or used twice."""
    public = seeded().public
    keys = dict(public.keys)
    with pytest.raises(InvalidValueError, match="one key for each use"):
        replace(public, keys={use: keys[use] for use in list(Use)[1:]})
    with pytest.raises(InvalidValueError, match="two things"):
        replace(public, keys={**keys, Use.LOG_ED25519: keys[Use.SIGN_ED25519]})
    with pytest.raises(InvalidValueError, match="length"):
        replace(public, keys={**keys, Use.LOG_ED25519: "AAAA"})
    with pytest.raises(InvalidValueError, match="domain"):
        replace(public, node="two words")
    with pytest.raises(InvalidValueError, match="32 bytes"):
        Identity(node=NODE, epoch=0, seeds=dict.fromkeys(Use, b"short"))


@settings(max_examples=10, deadline=None)
@given(st.booleans(), st.integers(min_value=0, max_value=2))
def test_key_rings_are_kept_sealed(with_next: bool, more: int) -> None:  # noqa: FBT001 -- a drawn value
    """They come back whole, and only with the same key and for the same node."""
    ring = KeyRing.begin(NODE, NOW)
    ring = replace(ring, sealing=ring.sealing + tuple(SealingSecret.generate(NOW) for _ in range(more)))
    ring = ring if with_next else ring.without_next()
    sealed = ring.to_bytes(Box(b"root"))
    assert KeyRing.from_bytes(sealed, NODE, Box(b"root")) == ring
    for seed in (*ring.current.seeds.values(), *(one.seed for one in ring.sealing)):
        assert seed not in sealed
        assert seed.hex().encode() not in sealed
        assert seed.hex() not in repr(ring)
        assert repr(seed) not in repr(ring)
    with pytest.raises(KeysError):
        KeyRing.from_bytes(sealed, NODE, Box(b"another"))
    with pytest.raises(KeysError):
        KeyRing.from_bytes(sealed, "other.example", Box(b"root"))
    with pytest.raises(UnreadableError):
        KeyRing.from_bytes(Box(b"root").seal(b"{}", f"ayni-key-ring/1|{NODE}"), NODE, Box(b"root"))
