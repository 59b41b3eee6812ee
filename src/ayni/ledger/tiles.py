"""Tiles: the tree and its entries as files that never change once they are full.

A tile holds 256 consecutive hashes of one level, eight levels of the tree apart:
level 0 the leaf hashes, level 1 the roots of full tiles of level 0, and so on. An
entry bundle holds the 256 entries under one tile of level 0, each after its length
as a big-endian 16-bit number. The last tile of a level may be partial.

    tile/0/000   tile/0/001   tile/0/002.p/17      leaf hashes
    tile/1/000.p/2                                 roots of the two full tiles
    tile/entries/000  …  tile/entries/002.p/17     entries

So any static web server, or a folder on a stick, can answer for a ledger, and a
node keeps its tree as one row a tile instead of two rows an entry.

Source: C2SP tlog-tiles, https://c2sp.org/tlog-tiles.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Protocol

from ayni.errors import LedgerError, UnreadableError
from ayni.ledger.tree import HASH_BYTES, StoredHash, node_hash

TILE_LEVELS = 8
TILE_HASHES = 1 << TILE_LEVELS
MAX_ENTRY_BYTES = (1 << 16) - 1
_KEPT_TILES = 64


class Tiles(Protocol):
    """Where tiles are kept: the widest tile there is for each place."""

    def tile(self, level: int, index: int) -> bytes:
        """Return the hashes of tile *index* at tile level *level*, one after the other; empty if there is none."""
        ...


class TiledHashes:
    """Hashes of complete subtrees, computed from tiles. The tiles of one tree at one size, never reused after."""

    def __init__(self, tiles: Tiles) -> None:
        self._tile = lru_cache(maxsize=_KEPT_TILES)(tiles.tile)

    def hash_at(self, level: int, index: int) -> bytes:
        """Return the hash over entries `[index · 2^level, (index + 1) · 2^level)`.

        Raises:
            LedgerError: if the tile is missing or too short: the ledger was cut.
        """
        tile_level, above = divmod(level, TILE_LEVELS)
        width = 1 << above
        tile_index, offset = divmod(index * width, TILE_HASHES)
        hashes = self._tile(tile_level, tile_index)[offset * HASH_BYTES : (offset + width) * HASH_BYTES]
        if len(hashes) != width * HASH_BYTES:
            raise LedgerError(
                ledger="on this node", why=f"{tile_path(tile_level, tile_index)} is missing or was cut short"
            )
        return _fold([hashes[at : at + HASH_BYTES] for at in range(0, len(hashes), HASH_BYTES)])


def tile_rows(new: Iterable[StoredHash]) -> Mapping[tuple[int, int], bytes]:
    """Return what is to be appended to each tile `(level, index)` after `grow`."""
    rows: dict[tuple[int, int], bytearray] = {}
    for one in new:
        tile_level, above = divmod(one.level, TILE_LEVELS)
        if above == 0:
            rows.setdefault((tile_level, one.index // TILE_HASHES), bytearray()).extend(one.hash)
    return {place: bytes(hashes) for place, hashes in rows.items()}


def tiles_of(size: int) -> Iterator[tuple[int, int, int]]:
    """Yield level, index and width of every tile of a tree with *size* entries."""
    level, count = 0, size
    while count:
        full, rest = divmod(count, TILE_HASHES)
        yield from ((level, index, TILE_HASHES) for index in range(full))
        if rest:
            yield level, full, rest
        level, count = level + 1, full


def tile_path(level: int | str, index: int, width: int = TILE_HASHES) -> str:
    """Return the path of a tile, or of an entry bundle where *level* is `entries`."""
    groups = [f"{index % 1000:03}"]
    while index := index // 1000:
        groups.append(f"x{index % 1000:03}")
    partial = "" if width == TILE_HASHES else f".p/{width}"
    return f"tile/{level}/{'/'.join(reversed(groups))}{partial}"


def bundle_of(entries: Iterable[bytes]) -> bytes:
    """Return entries as an entry bundle.

    Raises:
        UnreadableError: if an entry is longer than 65,535 bytes.
    """
    parts: list[bytes] = []
    for entry in entries:
        if len(entry) > MAX_ENTRY_BYTES:
            raise UnreadableError(file="ledger entry", why=f"longer than {MAX_ENTRY_BYTES} bytes")
        parts.append(struct.pack(">H", len(entry)) + entry)
    return b"".join(parts)


def entries_of(bundle: bytes, width: int) -> Sequence[bytes]:
    """Return the *width* entries of a bundle.

    Raises:
        UnreadableError: if there are fewer or more, or the last one is cut short.
    """
    entries: list[bytes] = []
    at = 0
    while at < len(bundle):
        end = at + 2 + int.from_bytes(bundle[at : at + 2], "big")
        entries.append(bundle[at + 2 : end])
        at = end
    if at != len(bundle) or len(entries) != width:
        raise UnreadableError(file="entry bundle", why=f"{len(entries)} entries instead of {width}, or cut short")
    return entries


def _fold(hashes: Sequence[bytes]) -> bytes:
    """Return the root over a power of two of hashes."""
    while len(hashes) > 1:
        hashes = [node_hash(hashes[at], hashes[at + 1]) for at in range(0, len(hashes), 2)]
    return hashes[0]
