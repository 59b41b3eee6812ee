"""Receipts: proof that an entry is in a witnessed ledger, in one file that verifies without the node.

    c2sp.org/tlog-proof@v1
    extra <base64 of the leaf>
    index 73894
    <one base64 hash a line, from the leaf's sibling up>

    <checkpoint with the signatures of the log and of its witnesses>

The leaf travels as extra data, so that the file alone shows what was proven; it is
believed only because its hash leads to the root that was signed.

Source: C2SP tlog-proof, https://c2sp.org/tlog-proof.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass

from ayni.errors import LedgerError, UnreadableError
from ayni.ledger.checkpoint import SignedCheckpoint
from ayni.ledger.note import MAX_NOTE_BYTES, decode_base64, decode_decimal
from ayni.ledger.policy import Policy
from ayni.ledger.tree import HASH_BYTES, Hashes, inclusion_proof, leaf_hash, verify_inclusion

HEADER = "c2sp.org/tlog-proof@v1"
MAX_STEPS = 63
"""A tree below 2^63 entries has no longer path."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """One entry, its place, the path to the root, and the checkpoint that vouches for the root."""

    leaf: bytes
    index: int
    path: tuple[bytes, ...]
    signed: SignedCheckpoint

    def to_bytes(self) -> bytes:
        """Return the receipt as a `.tlog-proof` file."""
        lines = [HEADER, f"extra {base64.b64encode(self.leaf).decode()}", f"index {self.index}"]
        lines += [base64.b64encode(step).decode() for step in self.path]
        return "\n".join(lines).encode() + b"\n\n" + self.signed.to_bytes()

    @staticmethod
    def parse(data: bytes) -> Receipt:
        """Read a receipt; nothing is verified yet.

        Raises:
            UnreadableError: if it is malformed, saying where.
        """
        head, gap, note = data.partition(b"\n\n")
        if not gap or len(head) > MAX_NOTE_BYTES:
            raise UnreadableError(file="receipt", why="no empty line before the checkpoint, or cut short")
        try:
            lines = head.decode("ascii").split("\n")
            header, extra, index = lines[:3]
            path = tuple(decode_base64(line) for line in lines[3:])
            leaf, number = decode_base64(_after("extra ", extra)), decode_decimal(_after("index ", index))
        except ValueError as error:
            raise UnreadableError(file="receipt", why=f"not {HEADER}, leaf, index and hashes ({error})") from error
        if header != HEADER or len(path) > MAX_STEPS or any(len(step) != HASH_BYTES for step in path):
            raise UnreadableError(file="receipt", why=f"not of format {HEADER}, or a hash has not 32 bytes")
        return Receipt(leaf=leaf, index=number, path=path, signed=SignedCheckpoint.parse(note))

    def verify(self, policy: Policy) -> None:
        """Check path, signatures and quorum.

        Raises:
            LedgerError: naming what does not hold.
        """
        policy.check(self.signed)
        at = self.signed.checkpoint
        if not verify_inclusion(leaf_hash(self.leaf), self.index, at.size, self.path, at.root):
            raise LedgerError(ledger=at.origin, why=f"the entry is not number {self.index} of this history")


def receipt_for(hashes: Hashes, index: int, leaf: bytes, signed: SignedCheckpoint) -> Receipt:
    """Return the receipt for the entry at *index* under a signed checkpoint.

    Raises:
        InvalidValueError: if the checkpoint does not reach that entry.
    """
    path = tuple(inclusion_proof(hashes, index, signed.checkpoint.size))
    return Receipt(leaf=leaf, index=index, path=path, signed=signed)


def _after(word: str, line: str) -> str:
    if not line.startswith(word):
        message = f"no line `{word.strip()} …`"
        raise ValueError(message)
    return line.removeprefix(word)
