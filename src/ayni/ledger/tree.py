"""The Merkle tree: one hash that stands for a whole history, and short proofs against it.

Leaves are hashed with a leading byte 0x00, inner nodes with 0x01, so that no leaf
can be passed off as a node. The tree over *n* leaves splits at the largest power
of two below *n*; every subtree over a full power of two never changes again, so
only those **complete** subtrees are stored, each under `(level, index)`:

    level 2   ┌───── (2,0) ─────┐
    level 1   (1,0)         (1,1)            (1,2)
    level 0   (0,0) (0,1)   (0,2) (0,3)      (0,4) (0,5)     (0,6)
    entry       0     1       2     3          4     5         6

Appending costs two hashes an entry on average; a proof over a million entries has
twenty hashes. Nothing here knows where hashes are kept: see `Hashes`.

Source: RFC 9162 (Certificate Transparency 2.0), sections 2.1.1 to 2.1.4, SHA-256;
subtrees: draft-ietf-plants-merkle-tree-certs, section 4.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from ayni.model.checks import require

HASH_BYTES = 32
EMPTY_ROOT = hashlib.sha256(b"").digest()
"""Root of a tree without entries."""


class Hashes(Protocol):
    """Where the hashes of complete subtrees are kept."""

    def hash_at(self, level: int, index: int) -> bytes:
        """Return the hash over entries `[index · 2^level, (index + 1) · 2^level)`."""
        ...


@dataclass(frozen=True, slots=True)
class StoredHash:
    """One complete subtree that an append brought into being."""

    level: int
    index: int
    hash: bytes


@dataclass(slots=True)
class MemoryHashes:
    """Hashes in a dictionary: for tests, and for the proofs of an export held in memory."""

    known: dict[tuple[int, int], bytes] = field(default_factory=dict[tuple[int, int], bytes])

    def hash_at(self, level: int, index: int) -> bytes:
        """Return a stored hash."""
        return self.known[level, index]

    def add(self, new: Iterable[StoredHash]) -> None:
        """Keep what `grow` returned."""
        self.known.update({(one.level, one.index): one.hash for one in new})


def leaf_hash(entry: bytes) -> bytes:
    """Return the hash of one entry as a leaf."""
    return hashlib.sha256(b"\0" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Return the hash of an inner node."""
    return hashlib.sha256(b"\1" + left + right).digest()


def grow(hashes: Hashes, size: int, leaves: Iterable[bytes]) -> Sequence[StoredHash]:
    """Return the hashes that appending leaf hashes to a tree of *size* entries brings into being.

    Nothing is stored here; the caller keeps the result together with the entries,
    in one transaction. The order is that in which subtrees become complete.
    """
    new: list[StoredHash] = []
    fresh: dict[tuple[int, int], bytes] = {}
    for offset, leaf in enumerate(leaves):
        level, index, hashed = 0, size + offset, leaf
        fresh[level, index] = hashed
        new.append(StoredHash(level, index, hashed))
        while index & 1:
            left = fresh.get((level, index - 1)) or hashes.hash_at(level, index - 1)
            level, index, hashed = level + 1, index >> 1, node_hash(left, hashed)
            fresh[level, index] = hashed
            new.append(StoredHash(level, index, hashed))
    return new


def subtree_root(hashes: Hashes, start: int, end: int) -> bytes:
    """Return the Merkle tree hash of entries `[start, end)`.

    Source: RFC 9162, section 2.1.1.
    """
    count = end - start
    if count == 0:
        return EMPTY_ROOT
    if count & (count - 1) == 0 and start % count == 0:
        return hashes.hash_at(count.bit_length() - 1, start // count)
    split = start + _split(count)
    return node_hash(subtree_root(hashes, start, split), subtree_root(hashes, split, end))


def root(hashes: Hashes, size: int) -> bytes:
    """Return the root of the tree over the first *size* entries."""
    return subtree_root(hashes, 0, size)


def inclusion_proof(hashes: Hashes, index: int, size: int) -> Sequence[bytes]:
    """Return the hashes that lead from entry *index* to the root of the first *size* entries.

    Raises:
        InvalidValueError: if the tree has no such entry.
    """
    require(0 <= index < size, "index", f"a tree of {size} entries has no entry {index}")
    path: list[bytes] = []
    start, end = 0, size
    while end - start > 1:
        split = start + _split(end - start)
        if index < split:
            path.append(subtree_root(hashes, split, end))
            end = split
        else:
            path.append(subtree_root(hashes, start, split))
            start = split
    return path[::-1]


def consistency_proof(hashes: Hashes, old: int, new: int) -> Sequence[bytes]:
    """Return the hashes that show the first *old* entries to be a prefix of the first *new*.

    Empty where `old` is 0 or equals `new`: there is nothing to show.

    Raises:
        InvalidValueError: if *old* is larger than *new*.
    """
    require(0 <= old <= new, "old", f"a tree of {new} entries never had {old}")
    if old in {0, new}:
        return ()
    path: list[bytes] = []
    start, end = 0, new
    while old < end:
        split = start + _split(end - start)
        if old <= split:
            path.append(subtree_root(hashes, split, end))
            end = split
        else:
            path.append(subtree_root(hashes, start, split))
            start = split
    if start:
        path.append(subtree_root(hashes, start, end))
    return path[::-1]


def verify_inclusion(leaf: bytes, index: int, size: int, proof: Sequence[bytes], expected: bytes) -> bool:
    """Say whether *proof* leads from the leaf hash at *index* to the root *expected*.

    Source: RFC 9162, section 2.1.3.2.
    """
    if not 0 <= index < size or not _all_hashes(leaf, expected, *proof):
        return False
    at, last, hashed = index, size - 1, leaf
    for step in proof:
        if last == 0:
            return False
        if at & 1 or at == last:
            hashed = node_hash(step, hashed)
            while at and not at & 1:
                at, last = at >> 1, last >> 1
        else:
            hashed = node_hash(hashed, step)
        at, last = at >> 1, last >> 1
    return last == 0 and hashed == expected


def verify_consistency(old: int, new: int, old_root: bytes, new_root: bytes, proof: Sequence[bytes]) -> bool:
    """Say whether *proof* shows that the tree of *old* entries is a prefix of the tree of *new*.

    An empty old tree is a prefix of everything and proves nothing: the answer is no.

    Source: RFC 9162, section 2.1.4.2.
    """
    if old < 1:
        return False
    return verify_subtree_consistency(0, old, new, old_root, new_root, proof)


def is_subtree(start: int, end: int) -> bool:
    """Say whether `[start, end)` may be a subtree.

    Its start is a multiple of its size, the size rounded up to a power of two.
    """
    if not 0 <= start < end:
        return False
    return start % (1 << (end - start - 1).bit_length()) == 0


def verify_subtree_inclusion(
    leaf: bytes, index: int, start: int, end: int, proof: Sequence[bytes], expected: bytes
) -> bool:
    """Say whether *proof* leads from the leaf at *index* to the root of the subtree `[start, end)`."""
    return is_subtree(start, end) and verify_inclusion(leaf, index - start, end - start, proof, expected)


def verify_subtree_consistency(
    start: int, end: int, size: int, part: bytes, whole: bytes, proof: Sequence[bytes]
) -> bool:
    """Say whether *proof* shows that *part*, over `[start, end)`, belongs to the tree *whole* over *size* entries.

    An empty subtree belongs to every tree that reaches its start, if its root is the empty one.
    """
    if 0 <= start == end <= size:
        return part == EMPTY_ROOT and not proof
    if not is_subtree(start, end) or end > size:
        return False
    if start == 0 and end == size:
        return part == whole and not proof
    return _all_hashes(part, whole, *proof) and _walk(start, end, size, part, whole, proof)


def _walk(start: int, end: int, size: int, part: bytes, whole: bytes, proof: Sequence[bytes]) -> bool:
    """Rebuild both roots from one proof; `at` and `tip` bound the subtree, `last` is the tree's end."""
    at, tip, last = start, end - 1, size - 1
    while at != tip and (tip & 1 or tip == last):
        at, tip, last = at >> 1, tip >> 1, last >> 1
    steps = iter(proof)
    seed = part if at == tip else next(steps, None)
    if seed is None:
        return False
    inner = outer = seed
    for step in steps:
        if last == 0:
            return False
        if tip & 1 or tip == last:
            if at < tip:
                inner = node_hash(step, inner)
            outer = node_hash(step, outer)
            while tip and not tip & 1:
                at, tip, last = at >> 1, tip >> 1, last >> 1
        else:
            outer = node_hash(outer, step)
        at, tip, last = at >> 1, tip >> 1, last >> 1
    return last == 0 and inner == part and outer == whole


def _split(count: int) -> int:
    """Return the largest power of two below *count*."""
    return 1 << (count - 1).bit_length() - 1


def _all_hashes(*values: bytes) -> bool:
    return all(len(value) == HASH_BYTES for value in values)
