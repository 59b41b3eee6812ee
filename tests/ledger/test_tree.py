"""Laws of the Merkle tree against a recomputation that knows nothing of storage, and the public vectors."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ayni.errors import InvalidValueError
from ayni.ledger.tree import (
    EMPTY_ROOT,
    MemoryHashes,
    consistency_proof,
    grow,
    inclusion_proof,
    leaf_hash,
    root,
    subtree_root,
    verify_consistency,
    verify_inclusion,
    verify_subtree_consistency,
    verify_subtree_inclusion,
)
from tests.shared_data import shared_data, vectors

sizes = st.integers(min_value=1, max_value=300)


def naive_root(entries: Sequence[bytes]) -> bytes:
    """RFC 9162, section 2.1.1, word for word."""
    if not entries:
        return hashlib.sha256(b"").digest()
    if len(entries) == 1:
        return hashlib.sha256(b"\0" + entries[0]).digest()
    split = 1
    while split * 2 < len(entries):
        split *= 2
    return hashlib.sha256(b"\1" + naive_root(entries[:split]) + naive_root(entries[split:])).digest()


def entries_of(size: int) -> list[bytes]:
    """Entries that differ from one another."""
    return [f"entry {index}".encode() for index in range(size)]


def tree_of(entries: Sequence[bytes], batch: int = 7) -> MemoryHashes:
    """Append in batches of *batch*."""
    hashes = MemoryHashes()
    for start in range(0, len(entries), batch):
        hashes.add(grow(hashes, start, [leaf_hash(entry) for entry in entries[start : start + batch]]))
    return hashes


@given(st.lists(st.binary(max_size=40), max_size=70), st.integers(min_value=1, max_value=80))
def test_root_is_that_of_the_standard_however_entries_were_batched(entries: list[bytes], batch: int) -> None:
    """Batches are a matter of speed, never of content."""
    hashes = tree_of(entries, batch)
    for size in range(len(entries) + 1):
        assert root(hashes, size) == naive_root(entries[:size])


@given(sizes, st.data())
def test_every_entry_is_proven_in_every_tree_that_holds_it(size: int, data: st.DataObject) -> None:
    """And the proof has no more hashes than the tree has levels."""
    hashes = tree_of(entries_of(size))
    index = data.draw(st.integers(min_value=0, max_value=size - 1))
    proof = inclusion_proof(hashes, index, size)
    assert len(proof) <= (size - 1).bit_length()
    leaf = leaf_hash(f"entry {index}".encode())
    assert verify_inclusion(leaf, index, size, proof, root(hashes, size))
    other = data.draw(st.integers(min_value=0, max_value=size - 1))
    if other != index:
        assert not verify_inclusion(leaf, other, size, proof, root(hashes, size))


@given(sizes, st.data())
def test_every_prefix_is_proven_and_a_changed_history_never(size: int, data: st.DataObject) -> None:
    """Changing any one entry before the old size breaks every proof from it."""
    old = data.draw(st.integers(min_value=1, max_value=size))
    entries = entries_of(size)
    hashes = tree_of(entries)
    proof = consistency_proof(hashes, old, size)
    assert verify_consistency(old, size, root(hashes, old), root(hashes, size), proof)
    changed = data.draw(st.integers(min_value=0, max_value=old - 1))
    entries[changed] = b"rewritten"
    forged = tree_of(entries)
    forged_proof = consistency_proof(forged, old, size)
    assert not verify_consistency(old, size, root(hashes, old), root(forged, size), forged_proof)
    assert not verify_consistency(old, size, root(hashes, old), root(forged, size), proof)


@given(sizes, st.data())
def test_a_proof_survives_no_damage(size: int, data: st.DataObject) -> None:
    """One bit flipped, one hash more, one hash less: refused."""
    old = data.draw(st.integers(min_value=1, max_value=size))
    hashes = tree_of(entries_of(size))
    old_root, new_root = root(hashes, old), root(hashes, size)
    proof = list(consistency_proof(hashes, old, size))
    assert not verify_consistency(old, size, old_root, new_root, [*proof, EMPTY_ROOT])
    if proof:
        assert not verify_consistency(old, size, old_root, new_root, proof[:-1])
        place = data.draw(st.integers(min_value=0, max_value=len(proof) - 1))
        bit = data.draw(st.integers(min_value=0, max_value=255))
        damaged = bytearray(proof[place])
        damaged[bit // 8] ^= 1 << bit % 8
        proof[place] = bytes(damaged)
        assert not verify_consistency(old, size, old_root, new_root, proof)


def test_all_small_trees() -> None:
    """Exhaustive below forty entries: every index, every prefix."""
    entries = entries_of(40)
    hashes = tree_of(entries)
    roots = [naive_root(entries[:size]) for size in range(41)]
    for size in range(1, 41):
        for index in range(size):
            proof = inclusion_proof(hashes, index, size)
            assert verify_inclusion(leaf_hash(entries[index]), index, size, proof, roots[size])
        for old in range(1, size + 1):
            assert verify_consistency(old, size, roots[old], roots[size], consistency_proof(hashes, old, size))


def test_proofs_of_what_is_not_there_are_not_made() -> None:
    """An index outside, or an old tree larger than the new one, is the caller's mistake."""
    hashes = tree_of(entries_of(3))
    with pytest.raises(InvalidValueError, match="no entry 3"):
        inclusion_proof(hashes, 3, 3)
    with pytest.raises(InvalidValueError, match="never had 4"):
        consistency_proof(hashes, 4, 3)
    assert subtree_root(hashes, 2, 2) == EMPTY_ROOT


def _cases(kind: str) -> list[Path]:
    return sorted(vectors("exchange", "rfc6962", "testdata", kind).rglob("*.json"))


def _bytes(text: str | None) -> bytes:
    return base64.b64decode(text or "")


def _proof(case: dict[str, Any]) -> list[bytes]:
    return [_bytes(step) for step in case["proof"] or []]


@pytest.mark.shared_data
@shared_data
def test_inclusion_vectors() -> None:
    """98 public cases, happy and broken."""
    cases = _cases("inclusion")
    assert len(cases) == 98
    for path in cases:
        case = json.loads(path.read_text())
        held = verify_inclusion(
            _bytes(case["leafHash"]), case["leafIdx"], case["treeSize"], _proof(case), _bytes(case["root"])
        )
        assert held is not case["wantErr"], path


@pytest.mark.shared_data
@shared_data
def test_consistency_vectors() -> None:
    """98 public cases, among them empty trees and sizes that run backwards."""
    cases = _cases("consistency")
    assert len(cases) == 98
    for path in cases:
        case = json.loads(path.read_text())
        held = verify_consistency(
            case["size1"], case["size2"], _bytes(case["root1"]), _bytes(case["root2"]), _proof(case)
        )
        assert held is not case["wantErr"], path


@pytest.mark.shared_data
@shared_data
def test_subtree_vectors() -> None:
    """204 and 118 public cases over subtrees, as ML-DSA cosignatures may sign them."""
    inclusion, consistency = _cases("subtreeinclusion"), _cases("subtreeconsistency")
    assert (len(inclusion), len(consistency)) == (204, 118)
    for path in inclusion:
        case = json.loads(path.read_text())
        held = verify_subtree_inclusion(
            _bytes(case["leafHash"]), case["leafIdx"], case["start"], case["end"], _proof(case), _bytes(case["root"])
        )
        assert held is not case["wantErr"], path
    for path in consistency:
        case = json.loads(path.read_text())
        held = verify_subtree_consistency(
            case["start"], case["end"], case["size"], _bytes(case["root1"]), _bytes(case["root2"]), _proof(case)
        )
        assert held is not case["wantErr"], path
