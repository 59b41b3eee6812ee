"""A ledger in memory over a node's entries, for tests that need proofs of them."""

from __future__ import annotations

from collections.abc import Sequence

from ayni.exchange.keys import Identity, origin_of
from ayni.exchange.recalled import prove
from ayni.ledger.checkpoint import Checkpoint, SignedCheckpoint
from ayni.ledger.proof import receipt_for
from ayni.ledger.tree import MemoryHashes, grow, leaf_hash, root
from ayni.model.act import Entry, leaf_of
from tests.exchange.two_nodes import INBOX, Node


def proof_of(entry: str, entries: Sequence[Entry], identity: Identity, origin: str = "") -> bytes | None:
    """Return the proof of one entry in a log of *entries* that *identity* signed."""
    leaves = [leaf_of(one).to_bytes() for one in entries]
    index = next((number for number, one in enumerate(entries) if one.id == entry), None)
    if index is None:
        return None
    hashes = MemoryHashes()
    hashes.add(grow(hashes, 0, [leaf_hash(leaf) for leaf in leaves]))
    name = origin or origin_of(identity.node)
    checkpoint = Checkpoint(origin=name, size=len(leaves), root=root(hashes, len(leaves)))
    lines = tuple(signer.sign(checkpoint, 0) for signer in identity.log_signers(name))
    signed = SignedCheckpoint(checkpoint=checkpoint, signatures=lines)
    return receipt_for(hashes, index, leaves[index], signed).to_bytes()


def prove_all(node: Node) -> int:
    """Let a node prove what it answered, under its ledger as it stands."""
    entries = node.store.entries
    with node.working() as work:
        return prove(lambda entry: proof_of(entry, entries, node.identity), by=INBOX, work=work, house=node.house)
