"""Notes, checkpoints, policies and receipts: written, read back, and refused when anything is off."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import replace

import pytest
from cryptography.hazmat.primitives.asymmetric import mldsa
from hypothesis import given, settings
from hypothesis import strategies as st

from ayni.errors import AyniError, InvalidValueError, LedgerError, UnreadableError
from ayni.ledger.checkpoint import Checkpoint, SignedCheckpoint, Signer
from ayni.ledger.note import Kind, SignatureLine, VerifierKey, split_note
from ayni.ledger.policy import Group, Policy, quorum_of
from ayni.ledger.proof import Receipt, receipt_for
from ayni.ledger.tiles import TiledHashes, bundle_of, entries_of, tile_path, tile_rows, tiles_of
from ayni.ledger.tree import EMPTY_ROOT, MemoryHashes, grow, leaf_hash, root

ORIGIN = "pe.ayni.example/ledger"
AT_S = 1_800_000_000


def seed(number: int) -> bytes:
    """A fixed seed: tests are to be repeatable."""
    return hashlib.sha256(b"test seed %d" % number).digest()


LOG = (
    Signer(name=ORIGIN, kind=Kind.ED25519, seed=seed(1)),
    Signer(name=ORIGIN, kind=Kind.ML_DSA_44, seed=seed(2)),
)
WITNESSES = {
    country: (
        Signer(name=f"{country}.ayni.example/witness", kind=Kind.ED25519_COSIGNATURE, seed=seed(10 * number)),
        Signer(name=f"{country}.ayni.example/witness", kind=Kind.ML_DSA_44, seed=seed(10 * number + 1)),
    )
    for number, country in enumerate(("bo", "co", "ec"), start=1)
}
LOG_KEYS = [signer.verifier for signer in LOG]
PARTNER_KEYS = {name: [signer.verifier for signer in pair] for name, pair in WITNESSES.items()}


def tree_of(size: int) -> MemoryHashes:
    """A tree over entries that differ."""
    hashes = MemoryHashes()
    hashes.add(grow(hashes, 0, [leaf_hash(b"entry %d" % index) for index in range(size)]))
    return hashes


def signed_by(checkpoint: Checkpoint, *signers: Signer) -> SignedCheckpoint:
    """A checkpoint with these signatures."""
    return SignedCheckpoint(
        checkpoint=checkpoint, signatures=tuple(signer.sign(checkpoint, AT_S) for signer in signers)
    )


HASHES = tree_of(100)
CHECKPOINT = Checkpoint(origin=ORIGIN, size=100, root=root(HASHES, 100))
COSIGNED = signed_by(CHECKPOINT, *LOG, *(signer for pair in WITNESSES.values() for signer in pair))


def test_a_key_is_its_line() -> None:
    """And a line whose id is not that of the key is refused."""
    for signer in (*LOG, *WITNESSES["bo"]):
        key = signer.verifier
        assert VerifierKey.parse(str(key)) == key
        name, key_id, material = str(key).split("+", 2)
        wrong = f"{int(key_id, 16) ^ 1:08x}"
        with pytest.raises(UnreadableError, match="the id of"):
            VerifierKey.parse(f"{name}+{wrong}+{material}")
    with pytest.raises(UnreadableError):
        VerifierKey.parse("name only")
    with pytest.raises(InvalidValueError):
        VerifierKey(name="two words", kind=Kind.ED25519, public=bytes(32))


def test_ml_dsa_message_is_that_of_the_standard() -> None:
    """Laid out by hand from tlog-cosignature, and checked with the bare primitive."""
    signer = WITNESSES["bo"][1]
    line = signer.sign(CHECKPOINT, AT_S)
    message = (
        b"subtree/v1\n\x00"
        b"\x17bo.ayni.example/witness"
        + AT_S.to_bytes(8, "big")
        + b"\x16pe.ayni.example/ledger"
        + bytes(8)
        + (100).to_bytes(8, "big")
        + CHECKPOINT.root
    )
    public = mldsa.MLDSA44PublicKey.from_public_bytes(signer.verifier.public)
    public.verify(line.signature[8:], message)
    assert line.signature[:8] == AT_S.to_bytes(8, "big")
    assert line.key_id == hashlib.sha256(b"bo.ayni.example/witness\n\x06" + signer.verifier.public).digest()[:4]


def test_cosigned_checkpoint_survives_the_wire() -> None:
    """Bytes out, bytes in, every signature verified; a signer listed twice counts once."""
    data = COSIGNED.to_bytes()
    read = SignedCheckpoint.parse(data)
    assert read.to_bytes() == data
    keys = [*LOG_KEYS, *(key for pair in PARTNER_KEYS.values() for key in pair)]
    assert {one.key for one in read.verify(keys)} == set(keys)
    assert [one.at_s for one in read.verify(LOG_KEYS)] == [None, AT_S]
    twice = replace(read, signatures=read.signatures + read.signatures)
    assert len(twice.verify(keys)) == len(keys)
    read.require_signed(LOG_KEYS)


def test_unknown_keys_are_ignored_and_bad_signatures_are_not() -> None:
    """As the note format demands: another name is nobody's business, a known one must verify."""
    stranger = signed_by(CHECKPOINT, *WITNESSES["bo"])
    assert stranger.verify(LOG_KEYS) == ()
    with pytest.raises(LedgerError, match="no ED25519 signature"):
        stranger.require_signed(LOG_KEYS)
    with pytest.raises(LedgerError, match="no key was given"):
        stranger.require_signed([])
    moved = replace(COSIGNED, checkpoint=replace(CHECKPOINT, size=101))
    with pytest.raises(LedgerError, match="does not verify"):
        moved.verify(LOG_KEYS)


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"origin\n1\n",
        b"origin\n01\n" + base64.b64encode(EMPTY_ROOT) + b"\n",
        b"origin\n-1\n" + base64.b64encode(EMPTY_ROOT) + b"\n",
        b"origin\n9223372036854775808\n" + base64.b64encode(EMPTY_ROOT) + b"\n",
        b"origin\n1\n" + base64.b64encode(EMPTY_ROOT)[:-4] + b"\n",
        b"origin\n1\n" + base64.b64encode(EMPTY_ROOT[:-1]) + b"\n",
        b"origin\n0\n" + base64.b64encode(bytes(32)) + b"\n",
        b"origin\n1\n" + base64.b64encode(EMPTY_ROOT) + b"\nextension\n",
        b"two words\n1\n" + base64.b64encode(EMPTY_ROOT) + b"\n",
        b"\n1\n" + base64.b64encode(EMPTY_ROOT) + b"\n",
        b"origin\n1\n" + base64.b64encode(EMPTY_ROOT),
        "origin\n\u0661\n".encode() + base64.b64encode(EMPTY_ROOT) + b"\n",
    ],
)
def test_malformed_checkpoints_are_refused(text: bytes) -> None:
    """With a sentence, never with a guess."""
    with pytest.raises(UnreadableError, match="checkpoint cannot be read"):
        Checkpoint.parse(text)


@pytest.mark.parametrize(
    "note",
    [
        b"",
        b"text\n",
        b"text\n\n",
        b"text\n\n- name AAAAAAA=\n",
        "text\n\n— name AAAAAAA=".encode(),
        "text\n\n— name AAAA\n".encode(),
        "text\n\n— name AAAAAAB=\n".encode(),
        "text\n\n— na+me AAAAAAA=\n".encode(),
        "te\txt\n\n— name AAAAAAA=\n".encode(),
        "text\n\n— name AAAAAAA=\n\n".encode(),
        b"text\xff\n\n",
        b"text\n\n" + "— name AAAAAAA=\n".encode() * 65,
        b"x" * (1 << 18) + b"\n",
    ],
)
def test_malformed_notes_are_refused(note: bytes) -> None:
    """Cut short, of other dashes, of base64 that is spelled in an unusual way."""
    with pytest.raises(UnreadableError, match="note cannot be read"):
        split_note(note)


@settings(max_examples=60)
@given(st.data())
def test_any_change_to_a_checkpoint_is_noticed(data: st.DataObject) -> None:
    """Flip any bit: it is unreadable, or unverified, or a signature that counted is gone."""
    whole = bytearray(signed_by(CHECKPOINT, *LOG).to_bytes())
    place = data.draw(st.integers(min_value=0, max_value=len(whole) - 1))
    whole[place] ^= 1 << data.draw(st.integers(min_value=0, max_value=7))
    with pytest.raises(AyniError):
        SignedCheckpoint.parse(bytes(whole)).require_signed(LOG_KEYS)


def test_quorum_counts_partners_not_lines() -> None:
    """Two of three, each with both of its keys; half a partner is nobody."""
    policy = quorum_of(2, PARTNER_KEYS, LOG_KEYS)
    assert Policy.parse(policy.to_bytes()) == policy
    policy.check(signed_by(CHECKPOINT, *LOG, *WITNESSES["bo"], *WITNESSES["ec"]))
    with pytest.raises(LedgerError, match="quorum"):
        policy.check(signed_by(CHECKPOINT, *LOG, *WITNESSES["bo"]))
    with pytest.raises(LedgerError, match="quorum"):
        policy.check(signed_by(CHECKPOINT, *LOG, *WITNESSES["bo"], WITNESSES["ec"][0], WITNESSES["co"][1]))
    with pytest.raises(LedgerError, match="no ML_DSA_44 signature"):
        policy.check(signed_by(CHECKPOINT, LOG[0], *WITNESSES["bo"], *WITNESSES["ec"]))
    other = replace(CHECKPOINT, origin="xx.ayni.example/ledger")
    with pytest.raises(LedgerError, match="no key was given"):
        policy.check(signed_by(other, *LOG))
    quorum_of(0, PARTNER_KEYS, LOG_KEYS).check(signed_by(CHECKPOINT, *LOG))


@pytest.mark.parametrize(
    ("policy", "why"),
    [
        ("", "no quorum"),
        ("quorum nobody\n", "not defined above"),
        ("quorum none\nquorum none\n", "single quorum"),
        ("group g any a\nquorum g\n", "not defined above"),
        ("group g any g\nquorum g\n", "not defined above"),
        ("witness none {key}\nquorum none\n", "taken"),
        ("witness a {key}\nwitness a {key}\nquorum a\n", "taken"),
        ("witness a {key}\nwitness b {key}\nquorum a\n", "listed twice"),
        ("witness a {key}\ngroup g 2 a\nquorum g\n", "1 to 1 members"),
        ("witness a {key}\ngroup g 0 a\nquorum g\n", "1 to 1 members"),
        ("witness a {key}\ngroup g 2 a a\nquorum g\n", "listed twice"),
        ("witness a {key}\ngroup g any a\ngroup h any a\nquorum g\n", "two groups"),
        ("witness a {log}\nquorum a\n", "cannot be used here"),
        ("log {key4}\nquorum none\n", "cannot be used here"),
        ("log {log}\nlog {log}\nquorum none\n", "listed twice"),
        ("permit everything\nquorum none\n", "no log, witness"),
    ],
)
def test_a_policy_that_cannot_be_meant_is_refused(policy: str, why: str) -> None:
    """Circular, doubled, impossible or empty."""
    keys = {"key": PARTNER_KEYS["bo"][1], "key4": PARTNER_KEYS["bo"][0], "log": LOG_KEYS[0]}
    with pytest.raises(UnreadableError, match=why):
        Policy.parse(policy.format(**keys).encode())


def test_a_policy_made_in_code_obeys_the_same_rules() -> None:
    """A group cannot hold itself, and a quorum needs enough members."""
    with pytest.raises(InvalidValueError, match="not defined before"):
        Policy(logs=(), groups={"g": Group(needed=1, members=("g",))}, quorum="g")
    with pytest.raises(InvalidValueError):
        quorum_of(4, PARTNER_KEYS, LOG_KEYS)


@given(st.integers(min_value=0, max_value=99))
@settings(max_examples=20)
def test_receipts_verify_and_are_small(index: int) -> None:
    """A receipt with the log's and three partners' ML-DSA-44 signatures is below 15 kB."""
    leaf = b"entry %d" % index
    receipt = receipt_for(HASHES, index, leaf, COSIGNED)
    data = receipt.to_bytes()
    assert len(data) < 15_000
    policy = quorum_of(3, PARTNER_KEYS, LOG_KEYS)
    read = Receipt.parse(data)
    assert read == receipt
    read.verify(policy)
    with pytest.raises(LedgerError, match="not number"):
        replace(read, leaf=b"another").verify(policy)
    with pytest.raises(LedgerError, match="not number"):
        replace(read, index=(index + 1) % 100).verify(policy)


@given(st.data())
@settings(max_examples=60)
def test_a_damaged_receipt_is_refused(data: st.DataObject) -> None:
    """Any bit before the witnesses' lines; those are covered by the quorum."""
    policy = quorum_of(3, PARTNER_KEYS, LOG_KEYS)
    whole = bytearray(receipt_for(HASHES, 42, b"entry 42", COSIGNED).to_bytes())
    place = data.draw(st.integers(min_value=0, max_value=len(whole) - 1))
    whole[place] ^= 1 << data.draw(st.integers(min_value=0, max_value=7))
    with pytest.raises(AyniError):
        Receipt.parse(bytes(whole)).verify(policy)
    with pytest.raises(AyniError):
        Receipt.parse(bytes(whole[:place])).verify(policy)


def test_tile_paths_are_those_of_the_standard() -> None:
    """Groups of three digits, all but the last with an x."""
    assert tile_path(0, 1234067) == "tile/0/x001/x234/067"
    assert tile_path(1, 5, 17) == "tile/1/005.p/17"
    assert tile_path("entries", 1000) == "tile/entries/x001/000"


def test_tiles_of_a_tree_of_70000() -> None:
    """The example of the standard: 273 and one of 112, one and one of 17, one of width 1."""
    shape = list(tiles_of(70_000))
    assert [width for level, _, width in shape if level == 0] == [256] * 273 + [112]
    assert [width for level, _, width in shape if level == 1] == [256, 17]
    assert [width for level, _, width in shape if level == 2] == [1]
    assert list(tiles_of(256)) == [(0, 0, 256), (1, 0, 1)]
    assert list(tiles_of(0)) == []


class _Rows:
    def __init__(self) -> None:
        self.rows: dict[tuple[int, int], bytes] = {}

    def tile(self, level: int, index: int) -> bytes:
        return self.rows.get((level, index), b"")


@settings(max_examples=15, deadline=None)
@given(st.lists(st.integers(min_value=1, max_value=400), min_size=1, max_size=5))
def test_tiles_hold_the_whole_tree(batches: list[int]) -> None:
    """Roots from tiles are those from single hashes, at every size, however they grew."""
    rows, plain = _Rows(), MemoryHashes()
    size = 0
    for batch in batches:
        leaves = [leaf_hash(b"entry %d" % index) for index in range(size, size + batch)]
        for place, more in tile_rows(grow(TiledHashes(rows), size, leaves)).items():
            rows.rows[place] = rows.rows.get(place, b"") + more
        plain.add(grow(plain, size, leaves))
        size += batch
        assert root(TiledHashes(rows), size) == root(plain, size)
    assert {(level, index, width) for level, index, width in tiles_of(size)} == {
        (level, index, len(held) // 32) for (level, index), held in rows.rows.items()
    }
    del rows.rows[0, 0]
    with pytest.raises(LedgerError, match="tile/0/000 is missing"):
        TiledHashes(rows).hash_at(0, 0)


@given(st.lists(st.binary(max_size=300), max_size=20))
def test_entry_bundles_come_back(entries: list[bytes]) -> None:
    """And one byte less, or one entry more than announced, is refused."""
    bundle = bundle_of(entries)
    assert entries_of(bundle, len(entries)) == entries
    with pytest.raises(UnreadableError):
        entries_of(bundle, len(entries) + 1)
    if bundle:
        with pytest.raises(UnreadableError):
            entries_of(bundle[:-1], len(entries))


def test_an_entry_that_does_not_fit_is_refused() -> None:
    """The length has two bytes."""
    with pytest.raises(UnreadableError, match="longer than"):
        bundle_of([bytes(1 << 16)])


def test_seeds_do_not_show() -> None:
    """A signer may end up in a log line; its seed may not."""
    assert LOG[0].seed.hex() not in repr(LOG[0])
    assert repr(LOG[0].seed) not in repr(LOG[0])
    with pytest.raises(InvalidValueError):
        Signer(name=ORIGIN, kind=Kind.ED25519, seed=b"short")
    with pytest.raises(UnreadableError):
        SignatureLine.parse("— ")
