"""Everything an auditor needs, in one folder or zip file: tiles, entries, checkpoints, keys, and the verifier.

    README.txt         how to verify, in four languages
    verifier.py        the program that does it
    policy             keys of the log and its witnesses, and the quorum
    checkpoint         the newest one, with all cosignatures
    checkpoints/N      every other that was kept, N entries with 15 digits
    tile/…             tiles and entry bundles
    manifest           SHA-256 of every file above

The manifest finds accidents; intent is found by the signatures and the tree. The
format is written down in docs/reference/protocols/ayni-ledger-1.md.
"""

from __future__ import annotations

import hashlib
import shutil
import zipfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from ayni.errors import LedgerError, WrongStateError
from ayni.ledger import verifier
from ayni.ledger.checkpoint import SignedCheckpoint
from ayni.ledger.log import LogView
from ayni.ledger.policy import Policy
from ayni.ledger.tiles import TILE_HASHES, TILE_LEVELS, bundle_of, tile_path, tiles_of

README = """\
Ayni ledger export
==================
EN  To verify:    python verifier.py .      (needs Python 3.11 and the package `cryptography`)
    Better still: take verifier.py and the policy (keys) from a partner, not from this folder.
ES  Para verificar:  python verifier.py . --lang es
    Mejor aún: obtenga verifier.py y la policy (claves) de un socio, no de esta carpeta.
PT  Para verificar:  python verifier.py . --lang pt
    Melhor ainda: obtenha verifier.py e a policy (chaves) de um parceiro, não desta pasta.
FR  Pour vérifier :  python verifier.py . --lang fr
    Mieux encore : obtenez verifier.py et la policy (clés) d'un partenaire, pas de ce dossier.
"""


class _Target(Protocol):
    def write(self, name: str, data: bytes) -> None: ...


@dataclass(slots=True)
class _Manifest:
    """Writes files and remembers their digests."""

    target: _Target
    lines: list[str]

    def add(self, name: str, data: bytes) -> None:
        self.target.write(name, data)
        self.lines.append(f"{hashlib.sha256(data).hexdigest()}  {name}\n")


def export_ledger(log: LogView, policy: Policy, to: Path, checkpoints: Iterable[bytes] = ()) -> SignedCheckpoint:
    """Write the log up to its newest checkpoint into *to*: a zip file if it ends in `.zip`, else a new folder.

    *checkpoints* are older signed checkpoints to include. Returns the newest, to which the export reaches.

    Raises:
        LedgerError: if nothing was signed yet, or a signature or the quorum of *policy* is lacking.
        WrongStateError: if *to* is there already; nothing is overwritten.
    """
    note = log.latest()
    if note is None:
        raise LedgerError(ledger=str(to), why="it has no checkpoint yet; there is nothing to export")
    signed = SignedCheckpoint.parse(note)
    policy.check(signed)
    size = signed.checkpoint.size
    with _target(to) as target:
        files = _Manifest(target, [])
        files.add("README.txt", README.encode())
        files.add("verifier.py", Path(verifier.__file__).read_bytes())
        files.add("policy", policy.to_bytes())
        files.add("checkpoint", note)
        for older in checkpoints:
            at = SignedCheckpoint.parse(older).checkpoint.size
            if at < size:
                files.add(f"checkpoints/{at:015}", older)
        for level, index, width in tiles_of(size):
            files.add(tile_path(level, index, width), _tile(log, level, index, width))
            if level == 0:
                first = index * TILE_HASHES
                files.add(tile_path("entries", index, width), bundle_of(log.leaves(first, first + width)))
        target.write("manifest", "".join(files.lines).encode())
    return signed


def verify_export(place: Path, policy: bytes | None = None) -> verifier.Verdict:
    """Verify an export with the very program that it contains.

    Raises:
        LedgerError: saying what does not hold.
    """
    try:
        return verifier.verify_export(place, policy)
    except verifier.Refuted as refuted:
        raise LedgerError(ledger=str(place), why=refuted.says("en")) from refuted


def _tile(log: LogView, level: int, index: int, width: int) -> bytes:
    first = index * TILE_HASHES
    return b"".join(log.hash_at(level * TILE_LEVELS, at) for at in range(first, first + width))


@contextmanager
def _target(to: Path) -> Iterator[_Target]:
    """Write beside *to* and rename at the end, so that a half-written export never looks whole."""
    if to.exists():
        raise WrongStateError(thing=str(to), state="there already", act="the export", needs="absent")
    fresh = to.with_name(to.name + ".new")
    to.parent.mkdir(parents=True, exist_ok=True)
    try:
        if to.suffix == ".zip":
            with zipfile.ZipFile(fresh, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
                yield _Zip(archive)
        else:
            fresh.mkdir()
            yield _Folder(fresh)
        fresh.rename(to)
    finally:
        if fresh.is_dir():
            shutil.rmtree(fresh)
        else:
            fresh.unlink(missing_ok=True)


@dataclass(frozen=True, slots=True)
class _Folder:
    place: Path

    def write(self, name: str, data: bytes) -> None:
        path = self.place / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)


@dataclass(frozen=True, slots=True)
class _Zip:
    archive: zipfile.ZipFile

    def write(self, name: str, data: bytes) -> None:
        entry = zipfile.ZipInfo(name)
        entry.compress_type = zipfile.ZIP_DEFLATED
        self.archive.writestr(entry, data)
